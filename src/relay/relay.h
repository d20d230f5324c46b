/*
 * Forwarding to upstream platforms over HJ 212: what the evidence log holds goes on to any number of targets, byte for byte
 * or re-written, live data before what is left over, and every frame until it is acknowledged or set aside with a reason.
 *
 * Threads: one thread with an event loop owns all targets. The calls below may come from any thread.
 */
#ifndef YH_RELAY_RELAY_H
#define YH_RELAY_RELAY_H

#include "chain/chain.h"
#include "db/db.h"
#include "relay/store.h"

struct relay;

struct relay_config {
    struct chain *chain;
    struct db_pool *pool;
    uint16_t own_port; /* of our own HJ 212 server: a target must not be ourselves; 0: unknown */
};

struct relay_status {
    const char *state;       /* "paused" "down" "connecting" "up" "mute" (it answers nothing) */
    char cause[200];         /* Chinese, why it does not go on; empty while it does */
    struct relay_counts counts;
    uint64_t head;           /* durable records of the log as of these figures */
    uint64_t behind;         /* records not settled; those it is not to get leave as they are looked at */
    uint64_t fill;           /* of these, how many wait behind the live data */
    uint64_t open;           /* frames sent and not answered */
    yh_time oldest;          /* reception of the oldest record not settled; YH_TIME_NONE: none */
    yh_time connected_at, last_ack; /* YH_TIME_NONE: not (yet) */
};

/* At start targets that cannot be loaded are left out and said in the program's log. */
yh_must yh_err relay_start(const struct relay_config *c, struct relay **ret);
void relay_stop(struct relay *r); /* saves; NULL is fine */

/* The set-up in the database changed, or frames set aside are wanted again. */
void relay_reload(struct relay *r);

/* As of a moment ago; records that came since are counted as not settled. NOT_FOUND: no such target (yet). */
yh_must yh_err relay_status_get(struct relay *r, int64_t id, struct relay_status *ret);

/* The figures of all targets as Prometheus text, labelled by id. */
void relay_metrics(struct relay *r, yh_buf *out);

#endif
