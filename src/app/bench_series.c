/* The series, as the server has them: values are put as they come and flushed when it is due. */
#include <sys/stat.h>
#include <unistd.h>

#include "app/bench_store.h"
#include "series/series.h"

struct store {
    struct series *series;
    const struct bench_data *data;
};

static yh_err take(void *store, const struct series_record *r)
{
    struct store *s = store;
    series_effect effect;
    YH_TRY(series_put(s->series, r, &effect));
    return series_flush_due(s->series) ? series_flush(s->series, r->seq + 1) : YH_OK;
}

struct seen {
    uint64_t n, above;
    int64_t limit;
};

static bool see(void *user, const struct series_value *v)
{
    struct seen *s = user;
    s->n++;
    s->above += v->value.m > s->limit;
    return true;
}

static yh_err range(struct store *s, unsigned outlet, unsigned factor, series_kind kind, yh_time from, yh_time to,
                    struct seen *seen)
{
    char mn[32];
    bench_mn(outlet, mn);
    return series_range(s->series, yh_str_of(mn), kind, yh_str_of(bench_factor(factor)), bench_field(kind), from, to, see, seen);
}

static yh_err day(void *store, unsigned outlet, unsigned factor, uint64_t *ret_n)
{
    struct seen seen = {0};
    YH_TRY(range(store, outlet, factor, SERIES_RTD, BENCH_START, BENCH_START + YH_DAY, &seen));
    *ret_n += seen.n;
    return YH_OK;
}

static yh_err month(void *store, unsigned outlet, uint64_t *ret_n)
{
    struct seen seen = {0};
    for (unsigned f = 0; f < BENCH_FACTORS; f++)
        YH_TRY(range(store, outlet, f, SERIES_HOUR, BENCH_START, BENCH_START + BENCH_HOUR_DAYS * YH_DAY, &seen));
    *ret_n += seen.n;
    return YH_OK;
}

/* Whether a day of a factor has anything above the limit is known from its summary; only those days are read. */
struct search {
    struct store *store;
    unsigned outlet, factor;
    yh_time days[366];
    size_t n;
};

static bool note_day(void *user, const struct series_bucket *b)
{
    struct search *s = user;
    if (b->max.value.m > s->store->data->limit)
        s->days[s->n++] = b->from;
    return s->n < YH_LEN(s->days);
}

static yh_err above_of(struct search *s, struct seen *seen)
{
    char mn[32];
    struct store *store = s->store;
    unsigned days = (unsigned)(store->data->steps[SERIES_RTD] * BENCH_STEP / YH_DAY);
    bench_mn(s->outlet, mn);
    YH_TRY(series_downsample(store->series, yh_str_of(mn), SERIES_RTD, yh_str_of(bench_factor(s->factor)), SERIES_F_RTD,
                             BENCH_START, BENCH_START + days * YH_DAY, days, note_day, s));
    for (size_t i = 0; i < s->n; i++)
        YH_TRY(range(store, s->outlet, s->factor, SERIES_RTD, s->days[i], s->days[i] + YH_DAY, seen));
    return YH_OK;
}

static yh_err above(void *store, uint64_t *ret_n)
{
    struct store *s = store;
    struct seen seen = {.limit = s->data->limit};
    for (unsigned o = 0; o < s->data->outlets; o++) {
        for (unsigned f = 0; f < BENCH_FACTORS; f++) {
            struct search search = {.store = s, .outlet = o, .factor = f};
            YH_TRY(above_of(&search, &seen));
        }
    }
    *ret_n += seen.above;
    return YH_OK;
}

static double cpu(const void *store)
{
    (void)store;
    return (double)bench_thread_ns() / 1e9;
}

static const struct bench_reader reader = {day, month, above, cpu};

static yh_err fill(struct store *s, struct bench_store_times *ret)
{
    struct bench_taker t = {.take = take, .store = s};
    double wall = bench_seconds(), used = cpu(s);
    YH_TRY(bench_data_give(s->data, &t));
    YH_TRY(series_flush(s->series, t.seq));
    ret->load_s = bench_seconds() - wall;
    ret->load_cpu_s = cpu(s) - used;
    return YH_OK;
}

static yh_err file_size(const char *path, double *ret)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return yh_fail_errno("cannot stat %s", path);
    *ret = (double)st.st_size;
    return YH_OK;
}

/* The file grows by the rest of its last pages and by the page cache of the write-ahead log; the blocks are what lasts. */
yh_err bench_series(const struct bench *b, const struct bench_data *d, bool *ret_there, struct bench_store_times *ret)
{
    char path[sizeof b->dir + 32];
    snprintf(path, sizeof path, "%s/series.db", b->dir);
    struct series_config config = {.path = path};
    struct store s = {.data = d};
    *ret_there = true;
    *ret = (struct bench_store_times){0};
    YH_TRY(series_open(&config, &s.series));
    struct series_totals totals = {0};
    yh_err e = fill(&s, ret);
    if (e == YH_OK)
        e = bench_store_read(d, &reader, &s, ret);
    if (e == YH_OK)
        e = series_totals(s.series, &totals);
    series_close(s.series);
    double file = 0;
    if (e == YH_OK)
        e = file_size(path, &file);
    (void)unlink(path);
    ret->bytes = (double)totals.block_bytes / (double)d->values;
    ret->file_bytes = file / (double)d->values;
    return e;
}
