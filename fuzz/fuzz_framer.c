/*
 * The input is a stream. Fed in chunks it must give the events of the whole, every byte must be delivered exactly once
 * (bare line ends aside), and no more than HJ212_BUFFER_MAX bytes may ever be held.
 */
#include "fuzz.h"
#include "hj212/framer.h"

#define EVENTS_MAX 20000

struct seen {
    hj212_event_kind kind;
    size_t from, n; /* without the line end, for frames */
};

struct run {
    size_t count;
    struct seen seen[EVENTS_MAX];
};

static bool is_line_end(char c)
{
    return c == '\r' || c == '\n';
}

static void check_event(const struct hj212_event *e, const char *front)
{
    const char *raw = e->raw.p;
    CHECK(e->raw.n > 0);
    CHECK(raw >= front && raw + e->raw.n == front + e->consumed);
    for (const char *p = front; p < raw; p++)
        CHECK(is_line_end(*p));
    if (e->kind == HJ212_JUNK)
        return;
    CHECK(e->segment.n <= HJ212_SEGMENT_MAX);
    CHECK(e->segment.p >= raw && e->segment.p + e->segment.n <= raw + e->raw.n);
}

static void note(struct run *r, const struct hj212_event *e, const char *base)
{
    size_t n = e->raw.n;
    while (e->kind == HJ212_FRAME && n && is_line_end(e->raw.p[n - 1]))
        n--;
    CHECK(r->count < EVENTS_MAX);
    r->seen[r->count++] = (struct seen){e->kind, (size_t)(e->raw.p - base), n};
}

/* Takes all events of base[*done..have). */
static void take(struct hj212_framer *f, struct run *r, const char *base, size_t *done, size_t have, bool end)
{
    for (;;) {
        struct hj212_event e;
        yh_str held = {base + *done, have - *done};
        if (hj212_framer_next(f, held, end, &e) == HJ212_NEED_MORE) {
            *done += e.consumed;
            CHECK(have - *done <= HJ212_BUFFER_MAX);
            CHECK(!end || *done == have);
            return;
        }
        check_event(&e, held.p);
        note(r, &e, base);
        *done += e.consumed;
    }
}

static void feed(struct run *r, const char *base, size_t size, uint32_t seed, size_t largest)
{
    struct hj212_framer f = {0};
    size_t done = 0, have = 0;
    r->count = 0;
    while (have < size) {
        seed = seed * 1664525u + 1013904223u;
        have += yh_min_size(1 + (seed >> 8) % largest, size - have);
        take(&f, r, base, &done, have, false);
    }
    take(&f, r, base, &done, have, true);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct run whole, parts;
    static const size_t sizes[] = {1, 5, 200};
    if (size > EVENTS_MAX)
        return 0;
    const char *base = (const char *)data;
    feed(&whole, base, size, 1, size + 1);
    for (size_t i = 0; i < YH_LEN(sizes); i++) {
        feed(&parts, base, size, (uint32_t)size, sizes[i]);
        CHECK(parts.count == whole.count);
        for (size_t k = 0; k < whole.count; k++)
            CHECK(parts.seen[k].kind == whole.seen[k].kind && parts.seen[k].from == whole.seen[k].from &&
                  parts.seen[k].n == whole.seen[k].n);
    }
    return 0;
}
