#include "relay/due.h"

#define FIRST_CAP 16

static yh_err reserve(struct relay_due *t, size_t n)
{
    if (n <= t->cap)
        return YH_OK;
    if (n > RELAY_SPANS_MAX)
        return yh_fail(YH_E_TOO_LARGE, "a forwarding cursor may have %d parts", RELAY_SPANS_MAX);
    size_t cap = t->cap ? t->cap * 2 : FIRST_CAP;
    struct relay_span *bigger = realloc(t->spans, cap * sizeof *bigger);
    if (!bigger)
        return yh_fail(YH_E_NO_MEMORY, "no memory for a forwarding cursor");
    t->spans = bigger;
    t->cap = cap;
    return YH_OK;
}

yh_err relay_due_init(struct relay_due *t, uint64_t from)
{
    struct relay_due fresh = {0};
    YH_TRY(reserve(&fresh, 1));
    fresh.spans[fresh.n++] = (struct relay_span){from, UINT64_MAX};
    *t = fresh;
    return YH_OK;
}

void relay_due_done(struct relay_due *t)
{
    free(t->spans);
    *t = (struct relay_due){0};
}

/* ---- text ---- */

static bool read_span(yh_str piece, struct relay_span *ret)
{
    size_t dash = yh_str_find(piece, '-', 0);
    yh_str last = yh_str_sub(piece, dash + 1, piece.n);
    uint64_t from, to;
    if (!yh_str_to_u64(yh_str_sub(piece, 0, dash), &from))
        return false;
    if (dash == piece.n)
        to = from;
    else if (last.n == 0)
        to = UINT64_MAX - 1;
    else if (!yh_str_to_u64(last, &to))
        return false;
    if (to < from || to == UINT64_MAX)
        return false;
    *ret = (struct relay_span){from, to + 1};
    return true;
}

static yh_err read_spans(struct relay_due *t, yh_str text)
{
    yh_str piece;
    while (yh_str_split(&text, ',', &piece)) {
        struct relay_span s;
        if (!read_span(piece, &s) || (t->n && s.from <= t->spans[t->n - 1].to))
            return yh_fail(YH_E_INVALID, "not a forwarding cursor: %.*s", YH_FMT(yh_str_sub(piece, 0, 60)));
        YH_TRY(reserve(t, t->n + 1));
        t->spans[t->n++] = s;
    }
    if (t->n == 0 || t->spans[t->n - 1].to != UINT64_MAX)
        return yh_fail(YH_E_INVALID, "a forwarding cursor without an open end");
    return YH_OK;
}

yh_err relay_due_parse(struct relay_due *t, yh_str text)
{
    struct relay_due fresh = {0};
    yh_err e = read_spans(&fresh, text);
    if (e != YH_OK) {
        relay_due_done(&fresh);
        return e;
    }
    relay_due_done(t);
    *t = fresh;
    return YH_OK;
}

void relay_due_write(const struct relay_due *t, yh_buf *out)
{
    for (size_t i = 0; i < t->n; i++) {
        const struct relay_span *s = &t->spans[i];
        if (i)
            yh_buf_putc(out, ',');
        yh_buf_u64(out, s->from);
        if (s->to == UINT64_MAX || s->to - s->from > 1)
            yh_buf_putc(out, '-');
        if (s->to != UINT64_MAX && s->to - s->from > 1)
            yh_buf_u64(out, s->to - 1);
    }
}

/* ---- the set ---- */

/* The first span that ends behind seq. */
static size_t place_of(const struct relay_due *t, uint64_t seq)
{
    size_t low = 0, high = t->n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (t->spans[middle].to > seq)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

bool relay_due_has(const struct relay_due *t, uint64_t seq)
{
    size_t i = place_of(t, seq);
    return i < t->n && t->spans[i].from <= seq;
}

bool relay_due_next(const struct relay_due *t, uint64_t from, uint64_t *ret_seq)
{
    size_t i = place_of(t, from);
    if (i == t->n)
        return false;
    *ret_seq = t->spans[i].from > from ? t->spans[i].from : from;
    return true;
}

uint64_t relay_due_count(const struct relay_due *t, uint64_t before)
{
    uint64_t n = 0;
    for (size_t i = 0; i < t->n && t->spans[i].from < before; i++)
        n += (t->spans[i].to < before ? t->spans[i].to : before) - t->spans[i].from;
    return n;
}

static yh_err open_slot(struct relay_due *t, size_t at)
{
    YH_TRY(reserve(t, t->n + 1));
    memmove(&t->spans[at + 1], &t->spans[at], (t->n - at) * sizeof *t->spans);
    t->n++;
    return YH_OK;
}

static void close_slot(struct relay_due *t, size_t at)
{
    memmove(&t->spans[at], &t->spans[at + 1], (t->n - at - 1) * sizeof *t->spans);
    t->n--;
}

yh_err relay_due_settle(struct relay_due *t, uint64_t seq)
{
    size_t i = place_of(t, seq);
    if (i == t->n || t->spans[i].from > seq)
        return YH_OK;
    struct relay_span s = t->spans[i];
    if (s.from == seq && s.to == seq + 1)
        close_slot(t, i);
    else if (s.from == seq)
        t->spans[i].from++;
    else if (s.to == seq + 1)
        t->spans[i].to--;
    else {
        YH_TRY(open_slot(t, i));
        t->spans[i].to = seq;
        t->spans[i + 1].from = seq + 1;
    }
    return YH_OK;
}

yh_err relay_due_put_back(struct relay_due *t, uint64_t seq)
{
    size_t i = place_of(t, seq);
    if (i == t->n || t->spans[i].from <= seq)
        return YH_OK; /* there already; the last span has no end */
    bool joins_before = i > 0 && t->spans[i - 1].to == seq, joins_after = t->spans[i].from == seq + 1;
    if (joins_before && joins_after) {
        t->spans[i - 1].to = t->spans[i].to;
        close_slot(t, i);
    } else if (joins_before) {
        t->spans[i - 1].to++;
    } else if (joins_after) {
        t->spans[i].from--;
    } else {
        YH_TRY(open_slot(t, i));
        t->spans[i] = (struct relay_span){seq, seq + 1};
    }
    return YH_OK;
}
