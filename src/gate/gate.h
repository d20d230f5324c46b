/*
 * The HJ 212 server: accepts loggers, cuts their bytes into frames, appends every span to the evidence log and answers.
 *
 * The loggers dial, the platform listens. What arrives is appended first, whatever it is: frame, broken frame or junk.
 * An answer is queued with the number of its record and leaves only when the log says that the record is durable
 * (promise 1). A repeated frame that asks for an answer (the same bytes again: a resend) is answered again and stored
 * once. When the log cannot take more, or a peer leaves too many answers unread, reading stops and TCP makes the logger
 * wait; nothing is dropped. A peer that reads none of its answers for half a minute is closed.
 *
 * Threads: one event-loop thread owns all connections. gate_durable() may be called by any thread.
 */
#ifndef YH_GATE_GATE_H
#define YH_GATE_GATE_H

#include "chain/chain.h"
#include "hj212/frame.h"

typedef enum gate_answer { GATE_ANSWER_STANDARD /* as Flag asks */, GATE_ANSWER_ALWAYS, GATE_ANSWER_NEVER } gate_answer;

/* What the platform knows about a sender, asked once per frame. */
struct gate_verdict {
    bool known;            /* the MN is registered */
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
    uint64_t paused;      /* connections held back because the log is behind, or the peer with its answers */
};

struct gate_config {
    const char *host;
    uint16_t port;            /* 0: the system chooses */
    unsigned max_connections; /* default 20000 */
    unsigned idle_ms;         /* a silent connection is closed after this; default 30 min */
    struct chain *chain;
    /* On the gate's thread; must not block. */
    void (*judge)(void *user, const struct hj212_brief *brief, struct gate_verdict *ret);
    void (*repeated)(void *user, const struct hj212_brief *brief);
    void (*connected)(void *user, yh_str mn, const char *peer, bool on); /* an MN was first seen on, or left, a connection */
    void *user;
};

struct gate;

/* gate_new listens but serves nobody yet; gate_run starts the thread. Between the two, gate_remember() may feed logged
 * frames, oldest first, so that a resend across a restart is recognised. */
yh_must yh_err gate_new(const struct gate_config *config, struct gate **ret);
void gate_remember(struct gate *g, yh_str raw, uint64_t seq);
yh_must yh_err gate_run(struct gate *g);

/* Stops reading: nothing is appended any more. */
void gate_halt(struct gate *g);

/* Sends the answers that the log allows, closes all connections and frees. NULL is fine. */
void gate_stop(struct gate *g);

uint16_t gate_port(const struct gate *g);
void gate_durable(struct gate *g); /* the log's durable mark moved; any thread */
void gate_stats_get(const struct gate *g, struct gate_stats *ret);

#endif
