/*
 * The HJ 212 server: accepts loggers, cuts their bytes into frames, appends every span to the evidence log and answers.
 *
 * The loggers dial, the platform listens. What arrives is appended first, whatever it is: frame, broken frame or junk.
 * An answer is queued with the number of its record and leaves only when the log says that the record is durable
 * (promise 1). A resend (the same bytes again, with the QN of the first try and asking for an answer) is answered again and
 * stored once. When the log cannot take more, or a peer does not read its answers, reading stops and TCP makes the sender
 * wait; nothing is dropped. A peer that takes none of its answers for half a minute is closed. When a connection ends,
 * what it left unfinished is logged as it stands. Who takes more than its share (gate/limits.h) waits in the same way; only a
 * new connection beyond the limits is turned away.
 *
 * Threads: one event-loop thread owns all connections. gate_durable(), gate_stats_get(), gate_metrics(), gate_limits_set(),
 * gate_each_peer() and gate_refusals_get() may be called by any thread.
 */
#ifndef YH_GATE_GATE_H
#define YH_GATE_GATE_H

#include "chain/chain.h"
#include "gate/limits.h"
#include "hj212/frame.h"

typedef enum gate_answer { GATE_ANSWER_STANDARD /* as Flag asks */, GATE_ANSWER_ALWAYS, GATE_ANSWER_NEVER } gate_answer;

/* What the platform knows about a sender, asked once per frame. */
struct gate_verdict {
    bool accept_bad_crc;   /* commissioning: a wrong CRC is answered like a good one */
    bool refuse_password;  /* registered with another password: stored, not answered with 9014 */
    gate_answer answer;
};

/* Counters since start; read at any time from any thread. */
struct gate_stats {
    uint64_t frames, bad, junk, junk_bytes, bytes;
    uint64_t answered;    /* answers that left */
    uint64_t repeated;    /* resends that were answered again and not stored again */
    uint64_t refused;     /* wrong password */
    uint64_t connections; /* now */
    uint64_t accepted;    /* in all */
    uint64_t waiting;     /* answers waiting for the log */
    uint64_t paused;      /* connections held back, by the log, by their peer or by a limit */
    uint64_t held;        /* bytes held in memory for all connections */
};

struct gate_config {
    const char *host;
    uint16_t port;            /* 0: the system chooses */
    unsigned max_connections; /* default 20000 */
    const struct gate_limits *limits; /* NULL: gate_limits_default */
    struct chain *chain;
    /* On the gate's thread; must not block. */
    void (*judge)(void *user, const struct hj212_brief *brief, struct gate_verdict *ret);
    void (*repeated)(void *user, const struct hj212_brief *brief); /* may be NULL */
    /* The connection speaks for an MN for the first time (its last good frame), or no longer. May be NULL. */
    void (*connected)(void *user, yh_str mn, const char *peer, bool on);
    void *user;
};

#define GATE_MN_SIZE  33
#define GATE_REFUSALS 16

/* What a connection is waiting for. */
typedef enum gate_peer_state {
    GATE_PEER_SERVED,  /* nothing */
    GATE_PEER_WAITING, /* answers wait for the log */
    GATE_PEER_PAUSED,  /* not read from: the log is behind */
    GATE_PEER_CLOGGED, /* not read from: it does not take its answers */
    GATE_PEER_LIMITED, /* not read from for a moment: its station, or all together, are at a limit */
} gate_peer_state;

/* A connection as it stands; views live during the call. */
struct gate_peer {
    uint64_t id; /* grows with every connection */
    const char *peer;
    yh_time since, last_frame; /* last_frame: of a good one, YH_TIME_NONE before the first */
    const char (*mns)[GATE_MN_SIZE]; /* it speaks for */
    size_t mn_n;
    hj212_edition edition;
    gate_peer_state state;
    char cn[8]; /* of the last good frame, no NUL when full */
    uint64_t frames, bad, junk, bytes, waiting;
};

struct gate_refusal {
    yh_time at;
    char peer[64];
    const char *why; /* machine word, the cause in the metrics */
};

struct gate;

/* gate_new listens but serves nobody yet; gate_run starts the thread. Between the two, gate_remember() may feed logged
 * frames, oldest first, so that a resend across a restart is recognised. */
yh_must yh_err gate_new(const struct gate_config *config, struct gate **ret);
void gate_remember(struct gate *g, yh_str raw, uint64_t seq);
yh_must yh_err gate_run(struct gate *g);

/*
 * The end, in four steps. Drain: nobody is let in any more; what has arrived is read, logged and answered, then each
 * connection is closed; returns when all are, or after `ms`, with the number of those left. Halt: nothing is read any
 * more; unfinished bytes are appended, after which nothing is. Settle, when the log has written what it holds: sends the
 * answers that it allows. Free closes all connections; it does not touch the log, so the log may be closed first, after
 * which nobody calls gate_durable() any more. NULL is fine for free.
 */
uint64_t gate_drain(struct gate *g, uint64_t ms);
void gate_halt(struct gate *g);
void gate_settle(struct gate *g);
void gate_free(struct gate *g);

uint16_t gate_port(const struct gate *g);
void gate_durable(struct gate *g); /* the log's durable mark moved; any thread */
void gate_stats_get(const struct gate *g, struct gate_stats *ret);
void gate_metrics(const struct gate *g, yh_buf *out); /* what was refused, delayed, dropped: Prometheus text */

/* New limits, for what is open already as well; any thread. */
yh_must yh_err gate_limits_set(struct gate *g, const struct gate_limits *limits);

/* All connections, oldest first. The gate can neither admit nor close one meanwhile: copy and return. */
void gate_each_peer(struct gate *g, void (*each)(void *user, const struct gate_peer *peer), void *user);

/* Who was not let in, newest first; the number since start. */
size_t gate_refusals_get(struct gate *g, struct gate_refusal ret[GATE_REFUSALS], uint64_t *ret_total);

#endif
