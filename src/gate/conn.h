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
#define CONN_OUT_MAX  65536u /* answers not yet sent; beyond, nothing more is taken from the peer */
#define CONN_ANSWER_MAX 4096u

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
    bool paused;              /* log or answers could not take the next span: it stays in hold */
    bool ended;               /* the peer sent all it will */
    bool detached;            /* the socket is broken; only what is held remains to be logged */
    yh_buf out;               /* may be sent now */
    yh_buf wait;              /* may be sent later, in order */
    struct conn_wait *waits;
    size_t wait_n, wait_cap;
    int64_t last_us;          /* monotonic time of the last byte received */
    int64_t sent_us;          /* of the last byte sent, or of the first that has to wait for the peer */
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
    pthread_t thread;
    bool thread_runs;
    _Atomic bool durable_posted;
    int64_t complained_us;
    uint64_t unsaid; /* refusals since the last complaint */
};

void conn_link_init(struct conn_link *l);
bool conn_link_empty(const struct conn_link *head);
void conn_link_add(struct conn_link *head, struct conn_link *l);
void conn_link_drop(struct conn_link *l);

#define conn_of(link, member) ((struct conn *)(void *)((char *)(link) - offsetof(struct conn, member)))

yh_must yh_err conn_open(struct gate *g, int fd, const char *peer);
void conn_close(struct conn *c);

/* The log moved on: sends the answers whose records are durable, and reads on after a pause. May close the connection. */
void conn_continue(struct conn *c, uint64_t durable);
void conn_answer(struct conn *c, uint64_t durable); /* only sends */

#endif
