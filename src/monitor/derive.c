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

yh_err derive_run(struct chain *chain, struct live *live, struct series *series, const struct derive_range *range,
                  uint64_t *ret_position)
{
    yh_cleanup(ingest_freep) struct ingest *in = NULL;
    yh_cleanup(cursor_closep) struct chain_cursor *cursor = NULL;
    YH_TRY(ingest_new(&in));
    YH_TRY(chain_cursor_open(chain, range->from, &cursor));
    struct chain_record r;
    uint64_t position = range->from;
    for (; position < range->to; position = r.seq + 1) {
        yh_err e = chain_cursor_next(cursor, &r, NULL);
        if (e == YH_E_NOT_FOUND)
            break;
        YH_TRY(e);
        if (range->stop && atomic_load(range->stop))
            return yh_fail(YH_E_CLOSED, "stopped while deriving from the log");
        if (range->only && !yh_map_get(range->only, r.origin))
            continue;
        struct ingest_profile profile = live_profile(live, r.origin);
        struct ingest_result result;
        YH_TRY(ingest_record(in, &r, &profile, series, &result));
        if (range->each)
            range->each(range->user, &r, &result);
        if (range->flush != DERIVE_NO_FLUSH && series_flush_due(series))
            YH_TRY(series_flush(series, range->flush == DERIVE_FLUSH ? r.seq + 1 : range->to));
    }
    *ret_position = position;
    return YH_OK;
}
