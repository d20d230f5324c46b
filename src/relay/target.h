/*
 * One upstream platform: the frames it has to get, the line to it, and what is open on it.
 *
 *   log ──lanes──▶ queues by station ──pace, rate──▶ link ──9014──▶ settled in the plan ──once a second──▶ database
 *
 * A station has at most one frame open; the next one leaves when it is answered and the pace allows. Frames that ask for no
 * answer are settled when the peer's TCP has taken them and the link has stood two seconds longer. A frame without answer is the frame's fault when the peer has
 * acknowledged others since it was first sent: then it is set aside. Otherwise it is the peer's (mute), and the frame waits.
 * All of it belongs to the relay's thread. Private to this room.
 */
#ifndef YH_RELAY_TARGET_H
#define YH_RELAY_TARGET_H

#include "hj212/framer.h"
#include "net/loop.h"
#include "relay/dial.h"
#include "relay/message.h"
#include "relay/plan.h"
#include "relay/relay.h"
#include "relay/store.h"

#define RELAY_MN_SIZE (CHAIN_ORIGIN_MAX + 1)
#define RELAY_QN_SIZE 24

/* What all targets of the thread work with. */
struct relay_works {
    struct relay_config config;
    struct net_loop *loop;
    struct hj212_frame frame; /* working space of one call */
    yh_buf scratch;
};

struct relay_line;

/* Where a frame on its way is: queued, sent and not answered, or taken by the peer's TCP without being answered. */
typedef enum relay_place { RELAY_QUEUED, RELAY_OPEN, RELAY_TAKEN } relay_place;

struct relay_item {
    struct relay_item *next;
    struct relay_line *line;
    uint64_t seq;
    size_t held;         /* what it counts in the target's memory */
    relay_place place;
    bool live;
    bool suspect;        /* went out before without an answer: tries and acks_first are from then */
    bool asks;           /* an answer is due */
    bool refused;        /* this try was answered by a refusal */
    unsigned tries;
    int64_t sent_ms;
    uint64_t sent_end;   /* position in the stream behind it */
    uint64_t acks_first; /* acknowledgements of the target when it was first sent */
    char mn[RELAY_MN_SIZE], cn[8], qn[RELAY_QN_SIZE];
    yh_buf bytes;        /* as logged, then as sent, then none */
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
    bool fill_blocked; /* its queue was full in this pass of the fill lane: what follows waits too */
    char late_qn[RELAY_QN_SIZE]; /* of a frame that was sent more than once: late_n answers to it may come until then */
    unsigned late_n;
    int64_t late_ms;
};

/* Reading position of a lane in the log. */
struct relay_reader {
    struct chain_cursor *cursor;
    uint64_t at;
};

typedef enum relay_link { RELAY_DOWN, RELAY_DIALLING, RELAY_UP } relay_link;

struct relay_target {
    struct relay_works *works;
    struct yh_arena memory; /* of the set-up */
    struct relay_setup setup;
    struct relay_rule rule;
    yh_map members, names;  /* MN -> itself; MN -> MN at the upstream platform (char *) */
    yh_map keys;            /* MN -> struct hj212_key * */
    int64_t members_ms;     /* when members and keys were read */

    struct relay_plan plan;
    struct relay_reader live_reader, fill_reader;
    int64_t pass_ms;        /* beginning of the pass of the fill lane */
    int64_t rest_ms;        /* the pass has ended, the next one begins then; 0: it goes on */
    unsigned live_n, fill_n, open_n;
    unsigned silent_n;      /* open frames that ask for no answer */
    struct relay_queue taken;
    uint64_t soon;          /* timer of the next round of sending before the next tick; 0: none */
    size_t held;            /* bytes of all items */
    struct relay_line **lines;
    size_t line_n, line_cap, turn;
    yh_map line_of;
    yh_map opened;          /* seq -> QN that stands in the database (char *) */
    yh_map suspects;        /* seq -> struct relay_suspect *: sent before, without an answer */
    yh_time last_qn;

    relay_link link;
    struct relay_dial *dial;
    int fd;
    int64_t retry_ms, up_ms;
    unsigned failures;
    bool watching_out;
    yh_buf in, out;
    struct hj212_framer framer;
    uint64_t stream_end;    /* bytes queued on this connection */
    int64_t tokens, tokens_ms; /* thousandths of a frame */

    struct relay_counts counts;
    uint64_t acks;          /* since start */
    bool mute;              /* the peer answers nothing: one frame at a time probes it */
    struct relay_aside *asides; /* to be stored with the cursor; mn and cn of a row are one allocation */
    size_t aside_n, aside_cap;
    uint64_t *closes;       /* QN to be forgotten with the cursor */
    size_t close_n, close_cap;
    bool dirty;
    int64_t saved_ms;
    uint64_t oldest_seq;    /* the record whose reception is known */
    yh_time oldest_at;
    yh_time connected_at, last_ack;
    char cause[200];
};

struct relay_suspect {
    unsigned tries;
    uint64_t acks_first;
};

static inline yh_str relay_seq_key(const uint64_t *seq)
{
    return (yh_str){(const char *)seq, sizeof *seq};
}

/* target.c */
yh_must yh_err relay_target_new(struct relay_works *w, struct db *d, int64_t id, struct relay_target **ret);
void relay_target_free(struct relay_target *t); /* does not save */
void relay_target_tick(struct relay_target *t, int64_t now_ms);
void relay_target_status(struct relay_target *t, struct relay_status *ret);
void relay_target_say(struct relay_target *t, const char *fmt, ...) yh_printf(2, 3); /* "" = all is well */

/* keep.c: what is durable of a target, one transaction each */
yh_must yh_err relay_target_save(struct relay_target *t);
yh_must yh_err relay_target_again(struct relay_target *t); /* takes back what somebody wants sent again */
void relay_asides_clear(struct relay_target *t); /* and the QN to be forgotten */
yh_must yh_err relay_keep_qns(struct relay_target *t, struct relay_item *const *items, size_t n);

/* members.c: whose frames, and under which names and keys */
yh_must yh_err relay_members_read(struct relay_target *t, struct db *d);
void relay_members_done(struct relay_target *t);
bool relay_member_has(const struct relay_target *t, yh_str mn);
yh_str relay_member_name(const struct relay_target *t, yh_str mn); /* at the upstream platform */
const struct hj212_key *relay_member_key(const struct relay_target *t, yh_str mn); /* NULL: none */

/* lane.c: from the log into the queues */
void relay_lanes_read(struct relay_target *t, int64_t now_ms);
void relay_fill_rewind(struct relay_target *t, int64_t now_ms); /* a new pass over what is left */
void relay_reader_close(struct relay_reader *r);

/* queue.c: lines, queues and the end of an item */
struct relay_line *relay_line_take(struct relay_target *t, yh_str upstream_mn); /* NULL: too many, or no memory */
struct relay_line *relay_line_find(const struct relay_target *t, yh_str upstream_mn);
void relay_lines_prune(struct relay_target *t, int64_t now_ms);
void relay_lines_free(struct relay_target *t);
void relay_queue_push(struct relay_queue *q, struct relay_item *i);
struct relay_item *relay_queue_pop(struct relay_queue *q);
yh_must yh_err relay_item_queue(struct relay_target *t, struct relay_line *l, const struct chain_record *r, yh_str cn, bool live);
void relay_item_settle(struct relay_target *t, struct relay_item *i);
void relay_item_open(struct relay_target *t, struct relay_item *i);
void relay_item_take(struct relay_target *t, struct relay_item *i);  /* from open to taken */
void relay_item_set_aside(struct relay_target *t, struct relay_item *i, relay_reason reason, int code);
void relay_item_let_go(struct relay_target *t, struct relay_item *i); /* back to the plan */
void relay_queues_let_go(struct relay_target *t); /* and what was taken */

/* send.c: what leaves, what is answered, what never is */
void relay_send_step(struct relay_target *t, int64_t now_ms);
void relay_send_soon(struct relay_target *t); /* in a moment, together with what else may leave by then */
void relay_send_answered(struct relay_target *t, yh_str raw);
void relay_send_finish(struct relay_target *t); /* a clean end: what the peer has taken is settled */
void relay_send_lost(struct relay_target *t); /* the link is gone: what was open waits again */

/* link.c: the connection */
void relay_link_step(struct relay_target *t, int64_t now_ms);
bool relay_link_has_room(const struct relay_target *t);
void relay_link_write(struct relay_target *t, yh_str bytes);
uint64_t relay_link_taken(const struct relay_target *t); /* position in the stream up to which the peer's TCP has it */
void relay_link_lost(struct relay_target *t, const char *cause); /* and what was on the way waits again */
void relay_link_close(struct relay_target *t);

#endif
