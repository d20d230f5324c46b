/*
 * From the log into the queues. The live lane keeps to the end of the log; the fill lane takes what is left before it. A
 * station's live queue holds its newest frames: what it pushes out is the fill lane's. While the link is down nothing is
 * queued, but what the target is not to get is settled, so that the figures say what really waits.
 */
#include "relay/target.h"

#include "base/clock.h"

#define LOOK_US       3000        /* for one lane in one round: the other targets wait meanwhile */
#define LOOK_STEP     64          /* records between two looks at the clock */
#define LAG_MAX       20000       /* records: further behind, the live lane jumps */
#define LIVE_PER_LINE 32
#define FILL_PER_LINE 32
#define FILL_MAX      2048
#define HELD_MAX      (8u << 20)
#define SKIP_MAX      256         /* records read over rather than sought */
#define REST_MS       1000
/* Pieces of the cursor: the fill lane leaves nothing more behind, the live lane leaves all to the fill lane. */
#define FILL_SPANS    (RELAY_SPANS_MAX / 4)
#define LIVE_SPANS    (RELAY_SPANS_MAX * 3 / 4)

void relay_reader_close(struct relay_reader *r)
{
    if (r->cursor)
        chain_cursor_close(r->cursor);
    r->cursor = NULL;
}

static yh_err read_record(struct relay_target *t, struct relay_reader *r, uint64_t seq, struct chain_record *ret)
{
    if (r->cursor && (seq < r->at || seq - r->at > SKIP_MAX))
        relay_reader_close(r);
    if (!r->cursor) {
        YH_TRY(chain_cursor_open(t->works->config.chain, seq, &r->cursor));
        r->at = seq;
    }
    do {
        yh_err e = chain_cursor_next(r->cursor, ret, NULL);
        if (e != YH_OK) {
            relay_reader_close(r);
            return e;
        }
    } while (r->at++ != seq);
    return YH_OK;
}

static bool peek(const struct chain_record *r, struct hj212_brief *ret)
{
    struct hj212_framer framer = {0};
    struct hj212_event event;
    if (r->kind != CHAIN_FRAME || hj212_framer_next(&framer, r->payload, true, &event) != HJ212_FRAME)
        return false;
    hj212_peek(event.segment, ret);
    return true;
}

/* A frame without MN or CN has no recipient and cannot be acknowledged. */
static bool is_wanted(const struct relay_target *t, const struct chain_record *r, struct hj212_brief *ret)
{
    return peek(r, ret) && ret->mn.n && relay_forwards(ret->cn) && relay_member_has(t, r->origin);
}

/* The newest frames stay; the oldest one of a full queue goes to the fill lane. */
static void push_out(struct relay_target *t, struct relay_line *l)
{
    if (l->live.n >= LIVE_PER_LINE)
        relay_item_let_go(t, relay_queue_pop(&l->live));
}

static void queue_live(struct relay_target *t, const struct chain_record *r, const struct hj212_brief *b)
{
    struct relay_line *l = relay_line_take(t, relay_member_name(t, r->origin));
    if (!l)
        return; /* the fill lane finds it */
    push_out(t, l);
    if (relay_item_queue(t, l, r, b->cn, true) != YH_OK)
        relay_target_say(t, "内存不足,部分报文稍后转发");
}

static void queue_fill(struct relay_target *t, const struct chain_record *r, const struct hj212_brief *b)
{
    struct relay_line *l = relay_line_take(t, relay_member_name(t, r->origin));
    if (!l || l->fill_blocked)
        return;
    l->fill_blocked = l->fill.n >= FILL_PER_LINE;
    if (!l->fill_blocked && relay_item_queue(t, l, r, b->cn, false) != YH_OK)
        relay_target_say(t, "内存不足,部分报文稍后转发");
}

/* A mute peer is probed with other frames every second time: maybe it is only this one that it does not answer. */
static bool spares(const struct relay_target *t, uint64_t seq)
{
    return t->mute && t->failures % 2 == 1 && yh_map_get(&t->suspects, relay_seq_key(&seq));
}

/* One record of a lane: settled when it is not for this target, else queued if that is possible now. */
static yh_err look_at(struct relay_target *t, struct relay_reader *reader, uint64_t seq, bool live)
{
    struct chain_record r;
    struct hj212_brief b;
    YH_TRY(read_record(t, reader, seq, &r));
    if (!is_wanted(t, &r, &b)) {
        t->dirty = true;
        return relay_plan_settle(&t->plan, seq);
    }
    if (t->link == RELAY_UP && (live || !spares(t, seq)))
        (live ? queue_live : queue_fill)(t, &r, &b);
    return YH_OK;
}

/* False: nothing to be read now. */
static bool goes_on(struct relay_target *t, yh_err e, uint64_t seq)
{
    if (e == YH_OK)
        return true;
    if (e != YH_E_NOT_FOUND)
        relay_target_say(t, "存证日志第 %llu 条读取失败:%.120s", (unsigned long long)seq, yh_cause());
    return e != YH_E_NOT_FOUND;
}

static bool has_time(unsigned looked, int64_t began_us)
{
    return looked % LOOK_STEP != LOOK_STEP - 1 || yh_clock_mono_us() - began_us < LOOK_US;
}

static void read_live(struct relay_target *t, uint64_t head)
{
    uint64_t seq;
    int64_t began_us = yh_clock_mono_us();
    bool jumps = t->link != RELAY_UP || t->plan.due.n > LIVE_SPANS ||
                 (head > t->plan.live_at && head - t->plan.live_at > LAG_MAX);
    if (jumps)
        relay_plan_jump(&t->plan, head);
    for (unsigned i = 0; has_time(i, began_us) && t->held < HELD_MAX && relay_plan_live(&t->plan, head, &seq); i++) {
        if (!goes_on(t, look_at(t, &t->live_reader, seq, true), seq))
            return;
        relay_plan_pass_live(&t->plan, seq);
    }
}

void relay_fill_rewind(struct relay_target *t, int64_t now_ms)
{
    for (size_t i = 0; i < t->line_n; i++)
        t->lines[i]->fill_blocked = false;
    relay_plan_rewind_fill(&t->plan);
    t->pass_ms = now_ms;
    t->rest_ms = 0;
}

/* The next pass begins later the longer this one took. While the link is down another pass would find the same. */
static void end_pass(struct relay_target *t, int64_t now_ms)
{
    int64_t rest = 4 * (now_ms - t->pass_ms);
    if (t->link == RELAY_UP)
        t->rest_ms = now_ms + (rest > REST_MS ? rest : REST_MS);
}

/* Half of the stations the pass has left behind have sent all they had. */
static bool is_starving(const struct relay_target *t)
{
    size_t blocked = 0, starving = 0;
    for (size_t i = 0; i < t->line_n; i++) {
        blocked += t->lines[i]->fill_blocked;
        starving += t->lines[i]->fill_blocked && t->lines[i]->fill.n == 0;
    }
    return starving && starving * 2 >= blocked;
}

static bool is_left(const struct relay_target *t, uint64_t seq)
{
    return relay_due_has(&t->plan.due, seq) && !relay_plan_find(&t->plan, seq);
}

static bool has_fill_room(const struct relay_target *t)
{
    return t->fill_n < FILL_MAX && t->held < HELD_MAX / 2;
}

static void read_fill(struct relay_target *t, uint64_t head, int64_t now_ms)
{
    uint64_t seq;
    int64_t began_us = yh_clock_mono_us();
    if (is_starving(t) || (t->rest_ms && now_ms >= t->rest_ms))
        relay_fill_rewind(t, now_ms);
    for (unsigned i = 0; has_time(i, began_us) && !t->rest_ms && has_fill_room(t); i++) {
        if (!relay_plan_fill(&t->plan, head, &seq)) {
            end_pass(t, now_ms);
            return;
        }
        if (!goes_on(t, look_at(t, &t->fill_reader, seq, false), seq))
            return;
        if (t->plan.due.n > FILL_SPANS && is_left(t, seq)) {
            end_pass(t, now_ms); /* leaving more behind would take the cursor apart */
            return;
        }
        relay_plan_pass_fill(&t->plan, seq);
    }
}

void relay_lanes_read(struct relay_target *t, int64_t now_ms)
{
    uint64_t head = chain_durable(t->works->config.chain);
    read_live(t, head);
    read_fill(t, head, now_ms);
}
