/*
 * What a target has still to get: a set of log records as ascending, disjoint spans, the last one open-ended. Settling a
 * record takes it out. As text ("5-9,12,40-") it is the durable cursor of a target. Pure; owned by one thread.
 */
#ifndef YH_RELAY_DUE_H
#define YH_RELAY_DUE_H

#include "base/buf.h"

#define RELAY_SPANS_MAX 65536
#define RELAY_DUE_TEXT (RELAY_SPANS_MAX * 42)

struct relay_span {
    uint64_t from, to; /* to is not part of it; UINT64_MAX: open-ended */
};

struct relay_due {
    struct relay_span *spans;
    size_t n, cap;
};

yh_must yh_err relay_due_init(struct relay_due *t, uint64_t from); /* everything from `from` on */
void relay_due_done(struct relay_due *t);

/* INVALID when the text is no such set. On failure *t stays as it was. */
yh_must yh_err relay_due_parse(struct relay_due *t, yh_str text);
void relay_due_write(const struct relay_due *t, yh_buf *out);

bool relay_due_has(const struct relay_due *t, uint64_t seq);
bool relay_due_next(const struct relay_due *t, uint64_t from, uint64_t *ret_seq); /* the first one >= from */
uint64_t relay_due_count(const struct relay_due *t, uint64_t before);             /* how many are < before */

/* TOO_LARGE when the set would fall into too many pieces; it is unchanged then. What is (not) there is fine. */
yh_must yh_err relay_due_settle(struct relay_due *t, uint64_t seq);
yh_must yh_err relay_due_put_back(struct relay_due *t, uint64_t seq);

#endif
