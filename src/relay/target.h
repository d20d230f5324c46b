/*
 * One upstream platform: the frames it has to get, the line to it, and what is open on it.
 *
 *   log ──lanes──▶ queues by station ──pace, rate──▶ line ──9014──▶ settled in the plan ──once a second──▶ database
 *
 * A station has at most one frame open; the next one leaves when it is answered and the pace allows. Frames that ask for no
 * answer are settled when the peer's TCP has taken them. All of it belongs to the relay's thread.
 */
#ifndef YH_RELAY_TARGET_H
#define YH_RELAY_TARGET_H

#include "chain/chain.h"
#include "hj212/framer.h"
#include "kit/kit.h"
#include "net/loop.h"
#include "relay/dial.h"
#include "relay/message.h"
#include "relay/plan.h"
#include "relay/relay.h"
#include "relay/store.h"

#define RELAY_MN_SIZE (CHAIN_ORIGIN_MAX + 1)
#define RELAY_QN_SIZE 24

struct relay_line;

/* A frame on its way. */
struct relay_item {
    struct relay_item *next;
    struct relay_line *line;
    uint64_t seq;
    yh_time received;
    bool live;
    bool asks;                     /* an answer is due */
    unsigned tries, rounds;        /* rounds: how often all tries ended without any sign of life of the peer */
    int64_t sent_ms;
    uint64_t sent_end;             /* position in the stream behind it */
    uint64_t acks_first, acks_last; /* acknowledgements of the target when it was first and last sent */
    char mn[RELAY_MN_SIZE], cn[8], qn[RELAY_QN_SIZE];
    yh_buf bytes;                  /* as logged, then as sent */
    bool made;                     /* bytes are what is sent */
};

struct relay_queue {
    struct relay_item *head, *tail;
    unsigned n;
};

/* A station by its name at the upstream platform. */
struct relay_line {
    char mn[RELAY_MN_SIZE];
    struct relay_queue live, fill;
    struct relay_item *open;
    int64_t next_ms;   /* pace */
    bool fill_blocked; /* its queue was full in this pass; what follows waits too */
};

/* Reading position of a lane in the log. */
struct relay_reader {
    struct chain_cursor *cursor;
    uint64_t at;
};

typedef enum relay_link { RELAY_DOWN, RELAY_DIALLING, RELAY_UP } relay_link;

struct relay_target {
    const struct relay_config *config;
    struct net_loop *loop;
    struct yh_arena memory; /* of the set-up */
    struct relay_setup setup;
    struct relay_rule rule;
    yh_map members, names;  /* MN -> itself; MN -> MN at the upstream platform (char *) */
    int64_t members_ms;     /* when they were read */

    struct relay_plan plan;
    uint64_t border;        /* the live lane's records begin here */
    struct relay_reader live_reader, fill_reader;
    int64_t fill_rest_ms;
    unsigned live_n, fill_n;
    struct relay_line **lines;
    size_t line_n, line_cap, turn;
    yh_map line_of;
    yh_map opened;          /* seq -> QN given before a restart (char *) */
    yh_time last_qn;

    relay_link link;
    struct relay_dial *dial;
    int fd;
    int64_t retry_ms;
    unsigned failures;
    bool watching_out;
    yh_buf in, out;
    struct hj212_framer framer;
    uint64_t stream_end;    /* bytes queued on this connection */
    struct hj212_frame *frame;
    yh_buf scratch;
    int64_t tokens, tokens_ms; /* thousandths of a frame */

    struct relay_counts counts;
    uint64_t acks;          /* since start */
    struct relay_aside *asides; /* to be stored with the cursor */
    size_t aside_n, aside_cap;
    uint64_t *closes;       /* open QN to be forgotten with the cursor */
    size_t close_n, close_cap;
    bool dirty;
    int64_t saved_ms, aged_ms;
    yh_time connected_at, last_ack;
    bool refused;           /* the peer refuses what it gets */
    char cause[200];
};

/* target.c */
yh_must yh_err relay_target_new(const struct relay_config *c, struct net_loop *loop, struct db *d, int64_t id,
                                struct relay_target **ret);
void relay_target_free(struct relay_target *t); /* does not save */
void relay_target_tick(struct relay_target *t, int64_t now_ms);
yh_must yh_err relay_target_save(struct relay_target *t);
yh_must yh_err relay_target_again(struct relay_target *t); /* takes back what somebody wants sent again */
void relay_target_status(struct relay_target *t, struct relay_status *ret);
void relay_target_say(struct relay_target *t, const char *cause); /* "" = all is well */

/* lane.c: from the log into the queues */
void relay_lanes_read(struct relay_target *t, int64_t now_ms);
void relay_lanes_age(struct relay_target *t, yh_time now); /* what is too old for the live lane goes to the fill lane */
void relay_reader_close(struct relay_reader *r);
yh_must yh_err relay_members_read(struct relay_target *t, struct db *d);

/* queue.c: lines, queues and the end of an item */
struct relay_line *relay_line_take(struct relay_target *t, yh_str upstream_mn);
struct relay_item *relay_item_new(const struct chain_record *r, const struct hj212_brief *b, bool live);
void relay_item_free(struct relay_item *i);
void relay_queue_push(struct relay_queue *q, struct relay_item *i);
void relay_queue_push_front(struct relay_queue *q, struct relay_item *i);
struct relay_item *relay_queue_pop(struct relay_queue *q);
struct relay_queue *relay_queue_of(struct relay_item *i);
void relay_item_settle(struct relay_target *t, struct relay_item *i);
void relay_item_set_aside(struct relay_target *t, struct relay_item *i, relay_reason reason, int code);
void relay_item_let_go(struct relay_target *t, struct relay_item *i); /* back to the plan */

/* send.c: what leaves, what is answered, what never is */
void relay_send_due(struct relay_target *t, int64_t now_ms);
void relay_send_timeouts(struct relay_target *t, int64_t now_ms);
void relay_send_flushed(struct relay_target *t);
void relay_send_answered(struct relay_target *t, yh_str raw);
void relay_send_reopen(struct relay_target *t); /* the line is gone: open frames wait again */

/* link.c: the connection */
void relay_link_step(struct relay_target *t, int64_t now_ms);
void relay_link_write(struct relay_target *t, yh_str bytes);
uint64_t relay_link_taken(const struct relay_target *t); /* position in the stream up to which the peer's TCP has it */
void relay_link_lost(struct relay_target *t, const char *cause);
void relay_link_close(struct relay_target *t);

#endif
