/*
 * Inside of the gate: a logger's connection, what it holds between reads and what waits to be sent; and what the
 * event-loop thread owns.
 *
 * Memory is taken only while a frame is partial or an answer waits; an idle connection is its struct alone.
 */
#ifndef YH_GATE_CONN_H
#define YH_GATE_CONN_H

#include <pthread.h>
#include <stdatomic.h>

#include "gate/gate.h"
#include "gate/repeat.h"
#include "hj212/framer.h"
#include "net/loop.h"

#define CONN_MN_MAX   32u
#define CONN_READ_MAX 65536u
#define CONN_HOLD_MAX (CONN_READ_MAX + HJ212_BUFFER_MAX)
#define CONN_OUT_HIGH 262144u /* answers not taken by the peer, beyond which it is not read from */
#define CONN_OUT_MAX  (4 * CONN_OUT_HIGH) /* one more read full of the smallest frames fits above that */

struct conn_link {
    struct conn_link *prev, *next;
};

/* An answer that waits for the log: `bytes` of conn.wait leave once the log is durable past `seq`. */
struct conn_wait {
    uint64_t seq;
    size_t bytes;
};

struct conn {
    struct conn_link all;     /* every connection */
    struct conn_link pending; /* those that wait for the log: answers, or paused */
    struct gate *gate;
    int fd;
    char peer[64];
    char mn[CONN_MN_MAX + 1]; /* of the last good frame; "" before the first */
    uint32_t events;          /* what the loop listens for */
    struct hj212_framer framer;
    char *hold;               /* bytes received and not finished */
    size_t hold_n;
    bool paused;              /* the log could not take the next span: it stays in hold */
    bool held_back;           /* counted as such: paused, or the peer does not read its answers */
    bool ended;               /* nothing more will be read */
    bool detached;            /* the socket is broken: answers are dropped, what is held remains to be logged */
    yh_buf out;               /* may be sent now */
    yh_buf wait;              /* may be sent later, in order */
    struct conn_wait *waits;
    size_t wait_n, wait_cap;
    int64_t sent_us;          /* when the peer last took an answer, or one was first ready */
    int64_t last_us;          /* monotonic time of the last byte */
};

struct gate_counters {
    _Atomic uint64_t frames, bad, junk, junk_bytes, bytes, answered, repeated, refused, connections, accepted, waiting,
        paused;
};

struct gate {
    struct gate_config config;
    struct net_loop *loop;
    int listen_fd;
    struct repeat *repeat;
    struct conn_link all, pending;
    char *scratch; /* what was held and what was just read, together */
    yh_buf answer;
    struct gate_counters count;
    bool deaf;     /* out of descriptors: new connections wait in the kernel until the next retry */
    bool full_said;
    pthread_t thread;
    bool thread_runs;
    _Atomic bool durable_posted;
};

void conn_link_init(struct conn_link *l);
bool conn_link_empty(const struct conn_link *head);
void conn_link_add(struct conn_link *head, struct conn_link *l);
void conn_link_drop(struct conn_link *l);

#define conn_of(link, member) ((struct conn *)(void *)((char *)(link) - offsetof(struct conn, member)))

yh_must yh_err conn_open(struct gate *g, int fd, const char *peer);
void conn_close(struct conn *c);

/* Reads no more; what is held, a partial frame too, is logged as it stands. Closes as soon as nothing is owed any more:
 * to the log, and (unless dropped) to the peer. Both may close the connection at once. */
void conn_end(struct conn *c);
void conn_drop(struct conn *c);

/* The log moved on: sends the answers whose records are durable, and reads on after a pause. May close the connection. */
void conn_continue(struct conn *c, uint64_t durable);
void conn_answer(struct conn *c, uint64_t durable); /* only sends */

#endif
