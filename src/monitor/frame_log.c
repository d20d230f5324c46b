#include "monitor/frame_log.h"

#include "base/clock.h"

#define CHUNK    4096u
#define SCAN_MAX 500000u /* records of one call */
#define SCAN_US  400000  /* and its time, looked at after each chunk */

struct search {
    const struct frame_log_query *q;
    struct live_frame *rows; /* found so far, newest first */
    size_t n;
    struct live_frame *chunk; /* of the present chunk, oldest first, a ring of q->limit */
    size_t chunk_n;
    struct ingest *ingest;
    struct ingest_profile profile;
};

bool frame_log_is_fault(const struct live_frame *f)
{
    return f->kind != CHAIN_FRAME || f->issue >= INGEST_BAD_CRC;
}

static bool wanted(const struct frame_log_query *q, const struct live_frame *f)
{
    return (!q->kind || f->kind == q->kind) && (!q->cn.n || yh_str_is(q->cn, f->cn)) &&
           (!q->faults || frame_log_is_fault(f));
}

/* What the book holds below `before`; *ret_floor is the oldest record it holds of this sender. */
static void take_recent(struct search *s, const struct live_station *station, uint64_t *ret_floor)
{
    const struct live_frame *f;
    for (size_t i = 0; (f = live_recent(station, i)) != NULL && s->n < s->q->limit; i++) {
        *ret_floor = f->seq;
        if (f->seq < s->q->before && wanted(s->q, f))
            s->rows[s->n++] = *f;
    }
}

static yh_err look_in_book(struct search *s, struct live *live, uint64_t *floor)
{
    live_lock(live);
    const struct live_station *station = live_find(live, s->q->mn);
    if (station) {
        s->profile = station->profile;
        take_recent(s, station, floor);
    }
    live_unlock(live);
    return station ? YH_OK : yh_fail(YH_E_NOT_FOUND, "no sender of that name");
}

static yh_err take_record(struct search *s, const struct chain_record *r)
{
    bool received = r->kind == CHAIN_FRAME || r->kind == CHAIN_BAD || r->kind == CHAIN_JUNK;
    if (!received || !yh_str_eq(r->origin, s->q->mn) || (s->q->kind && r->kind != s->q->kind))
        return YH_OK;
    struct ingest_result result;
    YH_TRY(ingest_record(s->ingest, r, &s->profile, NULL, &result));
    struct live_frame f = live_frame_of(r, &result);
    if (wanted(s->q, &f))
        s->chunk[s->chunk_n++ % s->q->limit] = f;
    return YH_OK;
}

/* Records [from, to), of which the newest wanted ones are taken over. */
static yh_err scan_chunk(struct search *s, struct chain *chain, uint64_t from, uint64_t to)
{
    struct chain_cursor *cursor;
    struct chain_record r;
    YH_TRY(chain_cursor_open(chain, from, &cursor));
    s->chunk_n = 0;
    yh_err e = YH_OK;
    for (uint64_t seq = from; e == YH_OK && seq < to; seq++) {
        e = chain_cursor_next(cursor, &r, NULL);
        if (e == YH_OK)
            e = take_record(s, &r);
    }
    chain_cursor_close(cursor);
    for (size_t i = 0; e == YH_OK && i < s->chunk_n && i < s->q->limit && s->n < s->q->limit; i++)
        s->rows[s->n++] = s->chunk[(s->chunk_n - 1 - i) % s->q->limit];
    return e;
}

static yh_err scan(struct search *s, struct chain *chain, uint64_t to, uint64_t *ret_next)
{
    uint64_t most = s->q->scan_max ? s->q->scan_max : SCAN_MAX;
    uint64_t lowest = to > most ? to - most : 0;
    int64_t end_us = yh_clock_mono_us() + SCAN_US;
    YH_TRY(ingest_new(&s->ingest));
    yh_err e = YH_OK;
    while (e == YH_OK && to > lowest && s->n < s->q->limit && yh_clock_mono_us() < end_us) {
        uint64_t from = to - lowest > CHUNK ? to - CHUNK : lowest;
        e = scan_chunk(s, chain, from, to);
        to = from;
    }
    ingest_free(s->ingest);
    *ret_next = to;
    return e;
}

yh_err frame_log_page(struct chain *chain, struct live *live, const struct frame_log_query *q, struct yh_arena *arena,
                      struct frame_log_page *ret)
{
    uint64_t durable = chain_durable(chain), floor = UINT64_MAX, next = 0;
    struct search s = {.q = q, .rows = YH_NEW_N(arena, struct live_frame, q->limit),
                       .chunk = YH_NEW_N(arena, struct live_frame, q->limit)};
    if (!s.rows || !s.chunk)
        return yh_fail(YH_E_NO_MEMORY, "no memory for a page of frames");
    YH_TRY(look_in_book(&s, live, &floor));
    uint64_t to = floor < q->before ? floor : q->before;
    if (to > durable)
        to = durable;
    if (s.n < q->limit)
        YH_TRY(scan(&s, chain, to, &next));
    if (s.n == q->limit)
        next = s.rows[s.n - 1].seq;
    *ret = (struct frame_log_page){.rows = s.rows, .n = s.n, .next = next};
    return YH_OK;
}
