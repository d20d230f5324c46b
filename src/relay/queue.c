#include "relay/target.h"

#define LINES_MAX      50000
#define PRUNE_ABOVE    4096
#define SUSPECTS_MAX   10000
#define ITEM_BYTES_MAX (HJ212_BUFFER_MAX * 2)

/* ---- queues ---- */

void relay_queue_push(struct relay_queue *q, struct relay_item *i)
{
    i->next = NULL;
    if (q->tail)
        q->tail->next = i;
    else
        q->head = i;
    q->tail = i;
    q->n++;
}

struct relay_item *relay_queue_pop(struct relay_queue *q)
{
    struct relay_item *i = q->head;
    if (!i)
        return NULL;
    q->head = i->next;
    if (!q->head)
        q->tail = NULL;
    q->n--;
    i->next = NULL;
    return i;
}

/* ---- lines ---- */

static yh_str line_key(yh_str mn)
{
    return yh_str_sub(mn, 0, RELAY_MN_SIZE - 1);
}

struct relay_line *relay_line_find(const struct relay_target *t, yh_str upstream_mn)
{
    return yh_map_get(&t->line_of, line_key(upstream_mn));
}

static bool reserve_line(struct relay_target *t)
{
    if (t->line_n < t->line_cap)
        return true;
    size_t cap = t->line_cap ? t->line_cap * 2 : 16;
    struct relay_line **bigger = realloc(t->lines, cap * sizeof *bigger);
    if (!bigger)
        return false;
    t->lines = bigger;
    t->line_cap = cap;
    return true;
}

struct relay_line *relay_line_take(struct relay_target *t, yh_str upstream_mn)
{
    yh_str key = line_key(upstream_mn);
    struct relay_line *l = yh_map_get(&t->line_of, key);
    if (l || t->line_n >= LINES_MAX || !reserve_line(t))
        return l;
    l = calloc(1, sizeof *l);
    if (!l)
        return NULL;
    memcpy(l->mn, key.p, key.n);
    if (yh_map_put(&t->line_of, key, l) != YH_OK) {
        free(l);
        return NULL;
    }
    t->lines[t->line_n++] = l;
    return l;
}

static bool is_idle(const struct relay_line *l, int64_t now_ms)
{
    return !l->open && l->live.n == 0 && l->fill.n == 0 && l->next_ms <= now_ms && !l->fill_blocked;
}

void relay_lines_prune(struct relay_target *t, int64_t now_ms)
{
    if (t->line_n <= PRUNE_ABOVE)
        return;
    for (size_t i = t->line_n; i-- > 0;) {
        struct relay_line *l = t->lines[i];
        if (!is_idle(l, now_ms))
            continue;
        yh_map_remove(&t->line_of, yh_str_of(l->mn));
        t->lines[i] = t->lines[--t->line_n];
        free(l);
    }
}

/* ---- items ---- */

static void leave_place(struct relay_target *t, struct relay_item *i)
{
    switch (i->place) {
    case RELAY_QUEUED:
        *(i->live ? &t->live_n : &t->fill_n) -= 1;
        break;
    case RELAY_OPEN:
        i->line->open = NULL;
        t->open_n--;
        t->silent_n -= !i->asks;
        break;
    case RELAY_TAKEN:
        break;
    }
}

void relay_item_open(struct relay_target *t, struct relay_item *i)
{
    leave_place(t, i);
    i->place = RELAY_OPEN;
    i->line->open = i;
    t->open_n++;
    t->silent_n += !i->asks;
}

void relay_item_take(struct relay_target *t, struct relay_item *i)
{
    leave_place(t, i);
    i->place = RELAY_TAKEN;
    relay_queue_push(&t->taken, i);
    yh_buf_done(&i->bytes);
    t->held -= i->held - sizeof *i;
    i->held = sizeof *i;
}

static void item_free(struct relay_target *t, struct relay_item *i)
{
    if (!i)
        return;
    t->held -= i->held;
    leave_place(t, i);
    yh_buf_done(&i->bytes);
    free(i);
}

static void free_queue(struct relay_target *t, struct relay_queue *q)
{
    for (struct relay_item *i; (i = relay_queue_pop(q)) != NULL;)
        item_free(t, i);
}

void relay_lines_free(struct relay_target *t)
{
    free_queue(t, &t->taken);
    for (size_t i = 0; i < t->line_n; i++) {
        item_free(t, t->lines[i]->open);
        free_queue(t, &t->lines[i]->live);
        free_queue(t, &t->lines[i]->fill);
        free(t->lines[i]);
    }
    free(t->lines);
    yh_map_done(&t->line_of);
}

static void recall(struct relay_target *t, struct relay_item *i)
{
    struct relay_suspect *s = yh_map_remove(&t->suspects, relay_seq_key(&i->seq));
    if (!s)
        return;
    i->suspect = true;
    i->tries = s->tries;
    i->acks_first = s->acks_first;
    free(s);
}

static void remember(struct relay_target *t, const struct relay_item *i)
{
    if (i->sent_end == 0 || t->suspects.n >= SUSPECTS_MAX)
        return;
    struct relay_suspect *s = malloc(sizeof *s);
    if (!s)
        return;
    *s = (struct relay_suspect){i->tries, i->acks_first};
    if (yh_map_put(&t->suspects, relay_seq_key(&i->seq), s) != YH_OK)
        free(s);
}

yh_err relay_item_queue(struct relay_target *t, struct relay_line *l, const struct chain_record *r, yh_str cn, bool live)
{
    struct relay_item *i = calloc(1, sizeof *i);
    if (!i)
        return yh_fail(YH_E_NO_MEMORY, "no memory for a frame to forward");
    *i = (struct relay_item){.line = l, .seq = r->seq, .live = live, .bytes = yh_buf_make(ITEM_BYTES_MAX)};
    yh_buf_str(&i->bytes, r->payload);
    snprintf(i->mn, sizeof i->mn, "%.*s", YH_FMT(r->origin));
    snprintf(i->cn, sizeof i->cn, "%.*s", YH_FMT(cn));
    yh_err e = yh_buf_check(&i->bytes);
    if (e == YH_OK)
        e = relay_plan_hand_out(&t->plan, i->seq, i);
    if (e != YH_OK) {
        yh_buf_done(&i->bytes);
        free(i);
        return e;
    }
    recall(t, i);
    i->held = r->payload.n + sizeof *i;
    t->held += i->held;
    *(live ? &t->live_n : &t->fill_n) += 1;
    relay_queue_push(live ? &l->live : &l->fill, i);
    return YH_OK;
}

/* The QN in the database has done its work once the cursor is saved. */
static void forget_qn(struct relay_target *t, uint64_t seq)
{
    char *qn = yh_map_remove(&t->opened, relay_seq_key(&seq));
    if (!qn)
        return;
    free(qn);
    if (t->close_n == t->close_cap) {
        size_t cap = t->close_cap ? t->close_cap * 2 : 64;
        uint64_t *bigger = realloc(t->closes, cap * sizeof *bigger);
        if (!bigger)
            return; /* a row too many in the database does no harm */
        t->closes = bigger;
        t->close_cap = cap;
    }
    t->closes[t->close_n++] = seq;
}

/* Answers to earlier tries may still come, and the next frame may carry the same QN. */
static void expect_late(const struct relay_target *t, const struct relay_item *i)
{
    struct relay_line *l = i->line;
    if (!i->asks)
        return; /* nor may its line exist any more, once it was taken */
    l->late_ms = net_loop_now_ms(t->works->loop) + t->setup.answer_ms;
    l->late_n = i->tries > 1 ? i->tries - 1 : 0;
    memcpy(l->late_qn, i->qn, sizeof l->late_qn);
}

void relay_item_settle(struct relay_target *t, struct relay_item *i)
{
    t->dirty = true;
    if (relay_plan_settle(&t->plan, i->seq) != YH_OK) {
        relay_item_let_go(t, i);
        return;
    }
    expect_late(t, i);
    forget_qn(t, i->seq);
    item_free(t, i);
}

static bool reserve_aside(struct relay_target *t)
{
    if (t->aside_n < t->aside_cap)
        return true;
    size_t cap = t->aside_cap ? t->aside_cap * 2 : 16;
    struct relay_aside *bigger = realloc(t->asides, cap * sizeof *bigger);
    if (!bigger)
        return false;
    t->asides = bigger;
    t->aside_cap = cap;
    return true;
}

void relay_item_set_aside(struct relay_target *t, struct relay_item *i, relay_reason reason, int code)
{
    char *texts = malloc(sizeof i->mn + sizeof i->cn); /* freed when stored */
    if (!texts || !reserve_aside(t)) {
        free(texts);
        relay_item_let_go(t, i);
        return;
    }
    memcpy(texts, i->mn, sizeof i->mn);
    memcpy(texts + sizeof i->mn, i->cn, sizeof i->cn);
    t->asides[t->aside_n++] = (struct relay_aside){
        .seq = i->seq, .mn = yh_str_of(texts), .cn = yh_str_of(texts + sizeof i->mn), .reason = reason, .code = code,
        .tries = i->tries,
    };
    relay_item_settle(t, i);
}

void relay_item_let_go(struct relay_target *t, struct relay_item *i)
{
    remember(t, i);
    relay_plan_return(&t->plan, i->seq);
    item_free(t, i);
}

static void let_go_queue(struct relay_target *t, struct relay_queue *q)
{
    for (struct relay_item *i; (i = relay_queue_pop(q)) != NULL;)
        relay_item_let_go(t, i);
}

void relay_queues_let_go(struct relay_target *t)
{
    let_go_queue(t, &t->taken);
    for (size_t i = 0; i < t->line_n; i++) {
        let_go_queue(t, &t->lines[i]->live);
        let_go_queue(t, &t->lines[i]->fill);
        t->lines[i]->fill_blocked = false;
    }
}
