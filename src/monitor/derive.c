#include "monitor/derive.h"

static void ingest_freep(struct ingest **in)
{
    ingest_free(*in);
}

static void cursor_closep(struct chain_cursor **cursor)
{
    if (*cursor)
        chain_cursor_close(*cursor);
}

static struct ingest_profile profile_of(struct live *live, yh_str mn)
{
    live_lock(live);
    const struct live_station *s = live_find(live, mn);
    struct ingest_profile profile = s ? s->profile : (struct ingest_profile){0};
    live_unlock(live);
    return profile;
}

yh_err derive_run(struct chain *chain, struct live *live, struct series *series, struct derive_range range,
                  uint64_t *ret_position)
{
    yh_cleanup(ingest_freep) struct ingest *in = NULL;
    yh_cleanup(cursor_closep) struct chain_cursor *cursor = NULL;
    YH_TRY(ingest_new(&in));
    YH_TRY(chain_cursor_open(chain, range.from, &cursor));
    struct chain_record r;
    uint64_t position = range.from;
    for (; position < range.to; position = r.seq + 1) {
        yh_err e = chain_cursor_next(cursor, &r, NULL);
        if (e == YH_E_NOT_FOUND)
            break;
        YH_TRY(e);
        if (range.stop && atomic_load(range.stop))
            return yh_fail(YH_E_CLOSED, "stopped while deriving from the log");
        if (range.mn.n && !yh_str_eq(r.origin, range.mn))
            continue;
        struct ingest_profile profile = profile_of(live, r.origin);
        struct ingest_result result;
        YH_TRY(ingest_record(in, &r, &profile, series, &result));
        if (range.flush && series_flush_due(series))
            YH_TRY(series_flush(series, range.flush_at ? range.flush_at : r.seq + 1));
    }
    *ret_position = position;
    return YH_OK;
}
