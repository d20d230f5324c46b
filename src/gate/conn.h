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

#include "gate/events.h"
#include "gate/gate.h"
#include "gate/repeat.h"
#include "gate/roster.h"
#include "hj212/framer.h"
#include "net/loop.h"

#define CONN_READ_MAX 65536u
#define CONN_HOLD_MAX (CONN_READ_MAX + HJ212_BUFFER_MAX)
#define CONN_OUT_HIGH_MAX (1u << 20) /* the largest gate_limits.held_each: answers not taken, beyond which it is not read */
#define CONN_OUT_MAX  (CONN_OUT_HIGH_MAX + (3u << 18)) /* one more read full of the smallest frames fits above that */
#define CONN_CHECK_MS 100 /* how soon a connection held back for memory looks again */

struct conn_link {
    struct conn_link *prev, *next;
};

/* An answer that waits for the log: `bytes` of conn.wait leave once the log is durable past `seq`. */
struct conn_wait {
    uint64_t seq;
    size_t bytes;
};

struct conn {
    struct conn_link all;     /* every connection; changed under the roster's lock */
    struct conn_link pending; /* those that wait for the log: answers, or paused */
    struct conn_link resting; /* those held back by a limit, until rest_us */
    struct conn_link partial; /* those with an unfinished frame, the oldest first */
    struct gate *gate;
    int fd;
    char peer[64];
    char mn[GATE_MN_SIZE];    /* of the last good frame; "" before the first */
    struct roster_entry shown;
    uint32_t events;          /* what the loop listens for */
    struct hj212_framer framer;
    char *hold;               /* bytes received and not finished */
    size_t hold_n;
    bool paused;              /* the log could not take the next span: it stays in hold */
    bool rests;               /* its station has sent its share: the next span stays in hold */
    bool clogged;             /* the peer does not take its answers */
    bool choked;              /* it holds more than its share of a memory that is used up */
    bool held_back;           /* counted as such: any of the four */
    bool cut;                 /* the unfinished frame took too long: no more is waited for */
    bool draining;            /* ended as soon as drain_left bytes are read */
    bool ended;               /* nothing more will be read */
    bool detached;            /* the socket is broken: answers are dropped, what is held remains to be logged */
    yh_buf out;               /* may be sent now */
    yh_buf wait;              /* may be sent later, in order */
    struct conn_wait *waits;
    size_t wait_n, wait_cap;
    int64_t sent_us;          /* when the peer last took an answer, or one was first ready */
    int64_t last_us;          /* monotonic time of the last byte */
    int64_t rest_us, partial_us;
    unsigned credit;          /* frames that may be taken without asking for a turn */
    uint32_t place;           /* of its address in the book of limits */
    size_t held;              /* bytes of memory, as counted in gate.count.held */
    size_t drain_left;
};

struct gate_counters {
    _Atomic uint64_t frames, bad, junk, junk_bytes, bytes, answered, repeated, refused, connections, accepted, waiting,
        paused, held, addresses;
};

struct gate {
    struct gate_config config;
    struct net_loop *loop;
    int listen_fd;
    struct repeat *repeat;
    struct gate_limits limits;
    struct limits_book *book;
    struct bucket accepts;
    struct events events;
    struct conn_link all, pending, resting, partial;
    struct roster roster;
    bool rest_timer;
    int drained_fd; /* readable when a drained gate has no connection any more */
    bool draining;
    char *scratch; /* what was held and what was just read, together */
    yh_buf answer;
    struct gate_counters count;
    bool deaf;     /* out of descriptors: new connections wait in the kernel until the next retry */
    pthread_t thread;
    bool thread_runs;
    _Atomic bool durable_posted;
};

void conn_link_init(struct conn_link *l);
bool conn_link_empty(const struct conn_link *head);
void conn_link_add(struct conn_link *head, struct conn_link *l);
void conn_link_drop(struct conn_link *l);

#define conn_of(link, member) ((struct conn *)(void *)((char *)(link) - offsetof(struct conn, member)))

/* `place` belongs to the connection when it could be opened. */
yh_must yh_err conn_open(struct gate *g, int fd, const char *peer, uint32_t place);
void conn_close(struct conn *c);

/* Reads no more; what is held, a partial frame too, is logged as it stands. Closes as soon as nothing is owed any more:
 * to the log, and (unless dropped) to the peer. Both may close the connection at once. */
void conn_end(struct conn *c);
void conn_drop(struct conn *c);

/* The log moved on: sends the answers whose records are durable, and reads on after a pause. May close the connection. */
void conn_continue(struct conn *c, uint64_t durable);
void conn_answer(struct conn *c, uint64_t durable); /* only sends */

/* Its turn has come, or memory may be free again. Both may close the connection. */
void conn_wake(struct conn *c);
void conn_cut(struct conn *c);   /* the unfinished frame took too long: it is logged as it stands, the connection stays */
void conn_drain(struct conn *c); /* reads what has arrived up to now, then ends */

/* Listens for new connections; again after looking away; no more, when those who wait already are let in. */
#define ACCEPT_BACKLOG 4096
yh_must yh_err accept_begin(struct gate *g);
void accept_again(struct gate *g);
void accept_end(struct gate *g);

/* Counts, and says so at most once a minute. */
void gate_tell(struct gate *g, gate_event what, const char *who);
void gate_wake_later(struct gate *g); /* somebody rests */
void gate_drained(struct gate *g);

#endif
