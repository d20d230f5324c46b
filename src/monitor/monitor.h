/*
 * The worker behind the log: reads every durable record once, in order, decodes it, stores its values, keeps the live
 * state and tells the browsers. It is a cursor over the evidence log, so a restart, a replay and normal operation are
 * the same thing: the series remembers up to which record it has been written, and reading goes on from there.
 *
 * Threads: one worker thread; the other calls may come from any thread.
 */
#ifndef YH_MONITOR_MONITOR_H
#define YH_MONITOR_MONITOR_H

#include "chain/chain.h"
#include "db/db.h"
#include "monitor/faults.h"
#include "monitor/live.h"
#include "series/series.h"

struct monitor_config {
    struct chain *chain;
    struct series *series;
    struct db_pool *pool;
    struct live *live;
    /* Events for the browsers ("value", "station", "unknown", and once a second a call of tick). */
    void (*publish)(void *user, const char *event, yh_str topic, yh_str json); /* topics: kit/session_http.h */
    void (*tick)(void *user);
    void *user;
};

struct monitor_stats {
    uint64_t position;  /* records read */
    uint64_t values, repeated_records, versions;
    uint64_t issues[INGEST_ISSUE_COUNT];
    bool caught_up;
    char cause[200]; /* why the worker stands still; empty while it works */
};

struct monitor;
yh_must yh_err monitor_new(const struct monitor_config *config, struct monitor **ret);

/* Walks the newest records once before anything is served: recent frames of each station, and `each` for the gate's
 * memory of frames. */
yh_must yh_err monitor_warm(struct monitor *m, void (*each)(void *user, yh_str raw, uint64_t seq), void *user);

yh_must yh_err monitor_run(struct monitor *m);
/* Ends the thread, reads on for some seconds at most, flushes; nothing is published after. What is left the next start reads. */
void monitor_halt(struct monitor *m);
void monitor_free(struct monitor *m); /* NULL is fine */

/* A station was admitted or its profile changed: the worker looks for requests to derive values again. */
void monitor_stations_changed(struct monitor *m);

void monitor_stats_get(struct monitor *m, struct monitor_stats *ret);
struct faults *monitor_faults(const struct monitor *m);

#endif
