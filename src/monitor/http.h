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

/* The door as it stands, copied in by the program into the request's arena; oldest connection first. */
struct monitor_peer {
    uint64_t id;
    yh_str peer, cn;
    yh_time since, last_frame; /* last_frame: YH_TIME_NONE before the first good one */
    const char *state;         /* "served" "waiting" "paused" "clogged" "limited" */
    hj212_edition edition;
    yh_str *mns;
    size_t mn_n, mn_total;     /* of those it speaks for the first few are listed */
    uint64_t frames, bad, junk, bytes, waiting;
};

struct monitor_refusal {
    yh_time at;
    yh_str peer;
    const char *why;
};

struct monitor_door {
    yh_str host;
    uint16_t port;
    struct monitor_peer *peers;
    size_t peer_n;
    struct monitor_refusal *refusals; /* newest first */
    size_t refusal_n;
    uint64_t accepted, refused;
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
    yh_err (*door)(void *user, struct yh_arena *arena, struct monitor_door *ret);
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
extern const struct http_route frame_log_routes[];
extern const struct http_route inspect_routes[];
extern const struct http_route connection_routes[];
extern const struct http_route growth_routes[];
extern const struct http_route station_routes[];
extern const struct http_route series_routes[];
extern const struct http_route overview_routes[];
extern const struct http_route trace_routes[];

#endif
