/* What leaves, what is answered, and what never is. */
#include "relay/target.h"

#include "base/clock.h"

#define BATCH        128
#define ASIDES_HIGH  512   /* the database is behind: nothing new is sent */
#define SOON_MS      5
#define GRACE_MS     2000
#define TAKEN_MS     30000 /* a peer whose TCP takes nothing for so long is gone */

/* ---- making ---- */

/* QN are unique per target, and the same frame keeps the one that stands in the database. */
static void choose_qn(struct relay_target *t, struct relay_item *i)
{
    const char *known = yh_map_get(&t->opened, relay_seq_key(&i->seq));
    yh_buf_auto qn = yh_buf_make(RELAY_QN_SIZE);
    if (!known) {
        yh_time now = yh_clock_now();
        t->last_qn = now > t->last_qn ? now : t->last_qn + 1;
        hj212_time_format(t->last_qn, YH_CST, true, &qn);
        known = yh_buf_z(&qn);
    }
    snprintf(i->qn, sizeof i->qn, "%s", known);
}

static yh_err make(struct relay_target *t, struct relay_item *i)
{
    yh_buf_auto message = yh_buf_make(i->bytes.max);
    struct relay_stamp stamp = {.key = relay_member_key(t, yh_str_of(i->mn))};
    if (t->rule.rewrite) {
        choose_qn(t, i);
        stamp.qn = yh_str_of(i->qn);
        stamp.mn = yh_str_of(i->line->mn);
    }
    YH_TRY(relay_message(&t->rule, yh_buf_view(&i->bytes), &stamp, &t->works->scratch, &t->works->frame, &message));
    yh_buf_done(&i->bytes);
    i->bytes = message;
    message = yh_buf_make(0);
    return YH_OK;
}

static void read_back(struct relay_item *i)
{
    struct hj212_framer framer = {0};
    struct hj212_event event;
    struct hj212_brief brief = {0};
    if (hj212_framer_next(&framer, yh_buf_view(&i->bytes), true, &event) == HJ212_FRAME)
        hj212_peek(event.segment, &brief);
    i->asks = brief.wants_ack;
    snprintf(i->qn, sizeof i->qn, "%.*s", YH_FMT(brief.qn));
}

/* False: the item is gone. */
static bool prepare(struct relay_target *t, struct relay_item *i)
{
    yh_err e = make(t, i);
    if (e == YH_OK)
        read_back(i);
    else if (e == YH_E_NO_MEMORY)
        relay_item_let_go(t, i);
    else
        relay_item_set_aside(t, i, e == YH_E_UNSUPPORTED ? RELAY_ENCIPHERED : RELAY_MALFORMED, 0);
    return e == YH_OK;
}

/* ---- sending ---- */

static void refill(struct relay_target *t, int64_t now_ms)
{
    int64_t burst = (int64_t)t->setup.rate_per_s * 250, most = burst > 1000 ? burst : 1000;
    int64_t passed = now_ms - t->tokens_ms;
    t->tokens_ms = now_ms;
    t->tokens += (passed < 1000 ? passed : 1000) * (int64_t)t->setup.rate_per_s;
    if (t->tokens > most)
        t->tokens = most;
}

static void put_on_link(struct relay_target *t, struct relay_item *i, int64_t now_ms)
{
    i->tries++;
    i->refused = false;
    i->sent_ms = now_ms;
    i->line->next_ms = now_ms + t->setup.pace_ms;
    t->tokens -= 1000;
    t->counts.sent++;
    t->dirty = true;
    relay_link_write(t, yh_buf_view(&i->bytes));
    i->sent_end = t->stream_end;
}

static void open_item(struct relay_target *t, struct relay_item *i)
{
    relay_item_open(t, i);
    if (!i->suspect)
        i->acks_first = t->acks;
}

/* `n` frames are opened already and will take their tokens. */
static bool may_open(const struct relay_target *t, const struct relay_line *l, size_t n, int64_t now_ms)
{
    return !l->open && now_ms >= l->next_ms && t->tokens >= (int64_t)(n + 1) * 1000 && relay_link_has_room(t) &&
           (!t->mute || t->open_n == 0) && t->aside_n < ASIDES_HIGH;
}

/* Fetches what is due of one lane, station by station, beginning where the last round ended. */
static size_t collect(struct relay_target *t, bool live, int64_t now_ms, struct relay_item **batch)
{
    size_t n = 0, from = t->turn;
    for (size_t k = 0; k < t->line_n && n < BATCH; k++) {
        struct relay_line *l = t->lines[(from + k) % t->line_n];
        struct relay_queue *q = live ? &l->live : &l->fill;
        if (!q->head || (!live && l->live.n) || !may_open(t, l, n, now_ms))
            continue;
        t->turn = (from + k + 1) % t->line_n;
        struct relay_item *i = relay_queue_pop(q);
        if (!prepare(t, i))
            continue;
        open_item(t, i);
        batch[n++] = i;
    }
    return n;
}

static void send_lane(struct relay_target *t, bool live, int64_t now_ms)
{
    struct relay_item *batch[BATCH];
    size_t n = collect(t, live, now_ms, batch);
    /* What cannot be put on record now is not sent: after a crash it would go out as another frame. */
    bool kept = n == 0 || relay_keep_qns(t, batch, n) == YH_OK;
    if (!kept)
        relay_target_say(t, "业务库暂不可写,转发暂停:%.120s", yh_cause());
    for (size_t k = 0; k < n; k++) {
        if (kept)
            put_on_link(t, batch[k], now_ms);
        else
            relay_item_let_go(t, batch[k]);
    }
}

/* ---- the end of a try ---- */

/* All tries are used up. True: the frame is set aside; false: the peer answers nothing at all, and is at fault. */
static bool blame_frame(struct relay_target *t, struct relay_item *i, relay_reason reason, int code)
{
    if (t->acks > i->acks_first) {
        relay_item_set_aside(t, i, reason, code);
        return true;
    }
    i->tries = 0;
    return false;
}

static void give_up(struct relay_target *t, struct relay_item *i, relay_reason reason, int code)
{
    char cause[120];
    if (blame_frame(t, i, reason, code))
        return;
    if (reason == RELAY_REFUSED)
        snprintf(cause, sizeof cause, "上级平台拒收,返回码 %d,请核对访问密码与设备编码", code);
    else
        snprintf(cause, sizeof cause, "上级平台不应答");
    t->mute = true;
    relay_link_lost(t, cause);
}

static void try_again(struct relay_target *t, struct relay_item *i, int64_t now_ms)
{
    if (i->tries >= t->setup.tries)
        give_up(t, i, RELAY_UNANSWERED, 0);
    else if (relay_link_has_room(t))
        put_on_link(t, i, now_ms);
    else
        relay_link_lost(t, "上级平台不接收数据");
}

static void check_open(struct relay_target *t, struct relay_item *i, uint64_t taken, int64_t now_ms)
{
    if (!i->asks && taken >= i->sent_end)
        relay_item_take(t, i);
    else if (!i->asks && now_ms - i->sent_ms >= TAKEN_MS)
        relay_link_lost(t, "上级平台不接收数据");
    else if (i->asks && now_ms - i->sent_ms >= t->setup.answer_ms) {
        t->counts.timeouts += !i->refused;
        try_again(t, i, now_ms);
    }
}

static void check_all(struct relay_target *t, int64_t now_ms)
{
    uint64_t taken = t->silent_n ? relay_link_taken(t) : 0;
    for (size_t k = 0; k < t->line_n && t->open_n && t->link == RELAY_UP; k++)
        if (t->lines[k]->open)
            check_open(t, t->lines[k]->open, taken, now_ms);
}

/* The peer's TCP may have taken what the peer itself never saw: a link that breaks within this time takes it back. */
static void settle_taken(struct relay_target *t, int64_t until_ms)
{
    while (t->taken.head && t->taken.head->sent_ms <= until_ms)
        relay_item_settle(t, relay_queue_pop(&t->taken));
}

void relay_send_finish(struct relay_target *t)
{
    settle_taken(t, INT64_MAX);
}

static void end_open(struct relay_target *t, struct relay_item *i)
{
    if (i->tries < t->setup.tries || !i->asks || !blame_frame(t, i, RELAY_UNANSWERED, 0))
        relay_item_let_go(t, i);
}

void relay_send_lost(struct relay_target *t)
{
    for (size_t k = 0; k < t->line_n; k++)
        if (t->lines[k]->open)
            end_open(t, t->lines[k]->open);
    relay_queues_let_go(t);
}

/* ---- answers ---- */

/* An answer to an earlier try of the frame before, which carried the same QN. */
static bool is_late(struct relay_line *l, yh_str qn, int64_t now_ms)
{
    if (l->late_n == 0 || now_ms >= l->late_ms || !yh_str_is(qn, l->late_qn))
        return false;
    l->late_n--;
    return true;
}

static void acknowledged(struct relay_target *t, struct relay_item *i)
{
    t->acks++;
    t->counts.acknowledged++;
    t->last_ack = yh_clock_now();
    t->mute = false;
    t->failures = 0;
    relay_target_say(t, "%s", "");
    relay_item_settle(t, i);
}

/* The try has failed; the next one is made when the time for an answer is over. */
static void refused(struct relay_target *t, struct relay_item *i, int code)
{
    t->counts.refused++;
    t->dirty = true;
    i->refused = true;
    if (i->tries >= t->setup.tries)
        give_up(t, i, RELAY_REFUSED, code);
}

void relay_send_answered(struct relay_target *t, yh_str raw)
{
    struct relay_reply reply;
    relay_reply_read(raw, &t->works->scratch, &t->works->frame, &reply);
    struct relay_line *l = reply.kind == RELAY_REPLY_OTHER ? NULL : relay_line_find(t, reply.mn);
    if (!l || is_late(l, reply.qn, net_loop_now_ms(t->works->loop)) || !l->open || !l->open->asks)
        return;
    if (!yh_str_is(reply.qn, l->open->qn))
        return;
    if (reply.kind == RELAY_REPLY_ACK)
        acknowledged(t, l->open);
    else
        refused(t, l->open, reply.code);
}

void relay_send_step(struct relay_target *t, int64_t now_ms)
{
    if (t->link != RELAY_UP)
        return;
    refill(t, now_ms);
    check_all(t, now_ms);
    settle_taken(t, now_ms - GRACE_MS);
    if (t->link == RELAY_UP && t->live_n)
        send_lane(t, true, now_ms);
    if (t->link == RELAY_UP && t->fill_n)
        send_lane(t, false, now_ms);
    if (t->silent_n && t->live_n + t->fill_n) /* nobody says when TCP has taken them */
        relay_send_soon(t);
}

static void on_soon(void *user)
{
    struct relay_target *t = user;
    t->soon = 0;
    relay_send_step(t, net_loop_now_ms(t->works->loop));
}

void relay_send_soon(struct relay_target *t)
{
    if (!t->soon)
        t->soon = net_loop_timer(t->works->loop, SOON_MS, false, on_soon, t);
}
