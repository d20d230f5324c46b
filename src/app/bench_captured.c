/* The size of captured traffic in the series: every frame with values of the files given, as the server would store it. */
#include <unistd.h>

#include "app/bench_store.h"
#include "monitor/ingest.h"

struct store {
    struct ingest *ingest;
    struct series *series;
    uint64_t seq;
    bool only_rtd;
};

static bool is_rtd(yh_str frame)
{
    return memmem(frame.p, frame.n, ";CN=2011;", 9) != NULL;
}

/* A capture does not say when its bytes came: its frames are spread over its hour. */
static yh_err put_capture(const struct capture *c, struct store *s)
{
    const struct ingest_profile profile = {.known = true};
    for (size_t i = 0; i < c->span_count; i++) {
        if (c->spans[i].kind != HJ212_FRAME)
            continue;
        if (s->only_rtd && !is_rtd(c->spans[i].raw))
            continue;
        struct ingest_result result;
        struct chain_record record = {.kind = CHAIN_FRAME, .seq = s->seq++, .payload = c->spans[i].raw,
                                      .received = c->hour + (yh_time)(i * (size_t)YH_HOUR / c->span_count)};
        YH_TRY(ingest_record(s->ingest, &record, &profile, s->series, &result));
    }
    return YH_OK;
}

static yh_err fill(const struct bench *b, struct store *s, struct series_totals *ret)
{
    for (size_t i = 0; i < b->capture_count; i++)
        YH_TRY(put_capture(&b->captures[i], s));
    YH_TRY(series_flush(s->series, s->seq));
    return series_totals(s->series, ret);
}

yh_err bench_captured(const struct bench *b, bool only_rtd, double *ret_bytes, uint64_t *ret_values)
{
    char path[sizeof b->dir + 32];
    snprintf(path, sizeof path, "%s/captured.db", b->dir);
    struct series_config config = {.path = path};
    struct store s = {.only_rtd = only_rtd};
    struct series_totals totals = {0};
    YH_TRY(ingest_new(&s.ingest));
    yh_err e = series_open(&config, &s.series);
    if (e == YH_OK) {
        e = fill(b, &s, &totals);
        series_close(s.series);
    }
    ingest_free(s.ingest);
    (void)unlink(path);
    *ret_values = totals.values;
    *ret_bytes = (double)totals.block_bytes / (double)(totals.values ? totals.values : 1);
    return e;
}
