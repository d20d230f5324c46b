/*
 * Who is connected, for those who look from outside: what a connection shows, which MNs it speaks for, and who was not
 * let in. The loop thread writes, any thread may look; figures are atomic, lists stand under the roster's lock.
 */
#ifndef YH_GATE_ROSTER_H
#define YH_GATE_ROSTER_H

#include <pthread.h>
#include <stdatomic.h>

#include "gate/gate.h"

struct conn;

struct roster {
    pthread_mutex_t lock;
    uint64_t last_id;
    uint64_t refused; /* in all */
    struct gate_refusal refusals[GATE_REFUSALS]; /* ring */
};

/* What a connection shows of itself. */
struct roster_entry {
    uint64_t id;
    yh_time since;
    char (*mns)[GATE_MN_SIZE]; /* it speaks for, first heard first */
    size_t mn_n;
    _Atomic uint64_t frames, bad, junk, bytes, waiting;
    _Atomic uint64_t cn; /* of the last good frame, eight bytes */
    _Atomic int64_t last_frame;
    _Atomic uint32_t edition, state;
};

void roster_init(struct roster *r);
void roster_done(struct roster *r);

void roster_join(struct conn *c);  /* into the gate's list */
void roster_leave(struct conn *c); /* out of it, and tells that its MNs are gone */

/* A good frame of `brief` came. Tells when the connection speaks for an MN for the first time. */
void roster_frame(struct conn *c, const struct hj212_brief *brief);

/* What the connection is waiting for, as it stands now. */
void roster_state(struct conn *c);

void roster_refuse(struct roster *r, const char *peer, const char *why);

#endif
