/*
 * The HTTP rows of the monitoring wing and what their handlers work with. http_config.app points to a struct
 * monitor_host.
 */
#ifndef YH_MONITOR_HTTP_H
#define YH_MONITOR_HTTP_H

#include "chain/chain.h"
#include "db/db.h"
#include "kit/kit.h"
#include "monitor/live.h"
#include "monitor/monitor.h"
#include "net/http.h"
#include "series/series.h"

/* Counters of the door, copied in by the program (the gate stands below this room). */
struct monitor_traffic {
    uint64_t frames, bad, junk, acknowledged, repeated, refused, bytes, connections, paused;
};

struct monitor_http {
    struct chain *chain;
    struct series *series;
    struct db_pool *pool;
    struct live *live;
    struct monitor *monitor;
    void (*traffic)(void *user, struct monitor_traffic *ret);
    double (*frames_per_s)(void *user);
    void (*gate_metrics)(void *user, yh_buf *out); /* Prometheus text: what the gate refused, delayed, dropped */
    void *user;
    bool demo;
};

struct monitor_host {
    struct kit_host kit; /* first: where the kit looks for itself */
    struct monitor_http monitor;
};

struct monitor_http *monitor_http_of(const struct http_request *rq);

const char *frame_kind_word(unsigned chain_kind);
const char *monitor_field_title(yh_str field); /* "Rtd" -> 实时值; NULL when unknown */

/* {frames, bad, junk, ...}: the figures of the overview and of the "traffic" event. */
void monitor_traffic_json(const struct monitor_http *m, struct yh_json *j);

extern const struct http_route frame_routes[];
extern const struct http_route growth_routes[];
extern const struct http_route station_routes[];
extern const struct http_route series_routes[];
extern const struct http_route overview_routes[];

#endif
