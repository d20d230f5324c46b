/*
 * net_timers: a heap of deadlines for one loop; ids carry a generation, so an old id never hits a newer timer.
 * Milliseconds of a clock that the caller reads. Owned by one thread.
 */
#ifndef YH_NET_TIMERS_H
#define YH_NET_TIMERS_H

#include "base/err.h"

struct net_timer {
    int64_t at;
    int64_t every; /* 0: once */
    void (*cb)(void *user);
    void *user;
    uint32_t generation;
    uint32_t heap_at; /* while free: the next free slot */
};

struct net_timers {
    struct net_timer *slots;
    uint32_t *heap; /* slot numbers, the earliest first */
    uint32_t n, used, cap;
    uint32_t free_head; /* slot number + 1, 0: none */
};

void net_timers_done(struct net_timers *t);
uint64_t net_timers_add(struct net_timers *t, int64_t at, int64_t every, void (*cb)(void *), void *user);
void net_timers_cancel(struct net_timers *t, uint64_t id);
int64_t net_timers_next(const struct net_timers *t); /* INT64_MAX when none */

/* Calls everything due at `now`, each at most once. */
void net_timers_fire(struct net_timers *t, int64_t now);

#endif
