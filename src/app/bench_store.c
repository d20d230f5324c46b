/*
 * Store: the series against a plain table with one row for each value in SQLite, same values, same file system. Real-time
 * values every 30 s (ten factors an outlet, digits that move like measurements) and thirty days of hourly means.
 */
#include <sys/stat.h>

#include "app/bench.h"
#include "app/bench_rows.h"
#include "series/series.h"

#define FACTORS    10u
#define STEP       (30 * YH_SECOND)
#define HOUR_DAYS  30
#define START      1704038400000 /* 2024-01-01 00:00 +08:00 */
#define READ_TIMES 100
#define LIMIT      9500 /* hundredths; about one value in a hundred is above */

static const char *const codes[FACTORS] = {"a34013", "a21026", "a21002", "a19001", "a01011",
                                           "a01012", "a01013", "a01014", "a00000", "a21005"};


/* Slow drift, noise and now and then a peak; the same for every store. */
static int64_t value_at(unsigned outlet, unsigned factor, int64_t step)
{
    uint64_t h = ((uint64_t)outlet * 1000003 + factor) * 0x9E3779B97F4A7C15u + (uint64_t)step * 0xD1B54A32D192ED03u;
    h ^= h >> 29;
    h *= 0xBF58476D1CE4E5B9u;
    h ^= h >> 32;
    int64_t base = 3000 + (int64_t)(outlet * 37 + factor * 211) % 2000 + (step % 2880 < 1440 ? step % 2880 : 2880 - step % 2880);
    return h % 97 == 0 ? 9000 + (int64_t)(h >> 8 & 1023) : base + (int64_t)(h & 63);
}

struct taker {
    yh_err (*take)(void *store, const struct series_record *r);
    void *store;
    uint64_t values, seq;
};

static yh_err give_record(struct taker *t, unsigned outlet, series_kind kind, yh_time time, int64_t step)
{
    struct series_cell cells[FACTORS];
    char mn[32];
    snprintf(mn, sizeof mn, "BENCH%019u", outlet);
    for (unsigned f = 0; f < FACTORS; f++)
        cells[f] = (struct series_cell){yh_str_of(codes[f]), kind == SERIES_HOUR ? SERIES_F_AVG : SERIES_F_RTD,
                                        {value_at(outlet, f, step), 2}, 'N'};
    struct series_record r = {.mn = yh_str_of(mn), .kind = kind, .time = time, .seq = t->seq++,
                              .received = time + 1500, .cells = cells, .cell_count = FACTORS};
    t->values += FACTORS;
    return t->take(t->store, &r);
}

/* All outlets in step, as they would report. */
static yh_err give_all(const struct bench *b, struct taker *t)
{
    unsigned outlets = (unsigned)b->options.outlets;
    int64_t steps = b->options.days * YH_DAY / STEP;
    for (int64_t h = 0; h < HOUR_DAYS * 24; h++)
        for (unsigned o = 0; o < outlets; o++)
            YH_TRY(give_record(t, o, SERIES_HOUR, START + h * YH_HOUR, h));
    for (int64_t s = 0; s < steps; s++)
        for (unsigned o = 0; o < outlets; o++)
            YH_TRY(give_record(t, o, SERIES_RTD, START + s * STEP, s));
    return YH_OK;
}

/* ---- the series ---- */

static yh_err put(void *store, const struct series_record *r)
{
    struct series *s = store;
    series_effect effect;
    YH_TRY(series_put(s, r, &effect));
    return series_flush_due(s) ? series_flush(s, r->seq + 1) : YH_OK;
}

struct seen {
    uint64_t n, above;
};

static bool see(void *user, const struct series_value *v)
{
    struct seen *s = user;
    s->n++;
    s->above += v->value.m > LIMIT;
    return true;
}

static yh_err range(struct series *s, unsigned outlet, unsigned factor, series_kind kind, yh_time from, yh_time to,
                    struct seen *seen)
{
    char mn[32];
    snprintf(mn, sizeof mn, "BENCH%019u", outlet);
    return series_range(s, yh_str_of(mn), kind, yh_str_of(codes[factor]),
                        kind == SERIES_HOUR ? SERIES_F_AVG : SERIES_F_RTD, from, to, see, seen);
}

struct times {
    double load_s, day_us, month_ms, above_ms;
    uint64_t above;
};

/* Reading is pure computing over cached files: CPU time tells it better than the clock of a busy machine. */
static double cpu_seconds(void)
{
    return (double)bench_thread_ns() / 1e9;
}

static yh_err read_series(const struct bench *b, struct series *s, struct times *ret)
{
    struct seen day = {0}, month = {0}, all = {0};
    unsigned outlets = (unsigned)b->options.outlets;
    double start = cpu_seconds();
    for (unsigned i = 0; i < READ_TIMES; i++)
        YH_TRY(range(s, i % outlets, i % FACTORS, SERIES_RTD, START, START + YH_DAY, &day));
    ret->day_us = (cpu_seconds() - start) * 1e6 / READ_TIMES;
    start = cpu_seconds();
    for (unsigned i = 0; i < READ_TIMES; i++)
        for (unsigned f = 0; f < FACTORS; f++)
            YH_TRY(range(s, i % outlets, f, SERIES_HOUR, START, START + HOUR_DAYS * YH_DAY, &month));
    ret->month_ms = (cpu_seconds() - start) * 1e3 / READ_TIMES;
    start = cpu_seconds();
    for (unsigned o = 0; o < outlets; o++)
        for (unsigned f = 0; f < FACTORS; f++)
            YH_TRY(range(s, o, f, SERIES_RTD, START, START + b->options.days * YH_DAY, &all));
    ret->above_ms = (cpu_seconds() - start) * 1e3;
    ret->above = all.above;
    if (day.n != READ_TIMES * (uint64_t)(YH_DAY / STEP) || month.n != (uint64_t)READ_TIMES * FACTORS * HOUR_DAYS * 24)
        return yh_fail(YH_E_INTERNAL, "values are missing: %llu of a day, %llu of a month", (unsigned long long)day.n,
                       (unsigned long long)month.n);
    return YH_OK;
}

static yh_err fill_and_read_series(const struct bench *b, struct series *s, struct taker *t, struct times *ret)
{
    double start = bench_seconds();
    YH_TRY(give_all(b, t));
    YH_TRY(series_flush(s, t->seq));
    ret->load_s = bench_seconds() - start;
    return read_series(b, s, ret);
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
static yh_err measure_series(const struct bench *b, unsigned number, struct times *ret, double *ret_size)
{
    char path[sizeof b->dir + 32];
    snprintf(path, sizeof path, "%s/series-%u.db", b->dir, number);
    struct series *s;
    struct series_config config = {.path = path};
    YH_TRY(series_open(&config, &s));
    struct taker t = {.take = put, .store = s};
    struct series_totals totals = {0};
    yh_err e = fill_and_read_series(b, s, &t, ret);
    if (e == YH_OK)
        e = series_totals(s, &totals);
    series_close(s);
    if (e == YH_OK)
        e = file_size(path, &ret_size[1]);
    ret_size[0] = (double)totals.block_bytes / (double)(t.values ? t.values : 1);
    ret_size[1] /= (double)(t.values ? t.values : 1);
    return e;
}

/* ---- the rows ---- */

static yh_err put_row(void *store, const struct series_record *r)
{
    for (size_t i = 0; i < r->cell_count; i++)
        YH_TRY(bench_rows_put(store, r, &r->cells[i]));
    return YH_OK;
}

static yh_err read_rows(const struct bench *b, struct bench_rows *rows, struct times *ret)
{
    unsigned outlets = (unsigned)b->options.outlets;
    uint64_t n;
    double start = cpu_seconds();
    for (unsigned i = 0; i < READ_TIMES; i++)
        YH_TRY(bench_rows_range(rows, i % outlets, codes[i % FACTORS], SERIES_RTD, START, START + YH_DAY, &n));
    ret->day_us = (cpu_seconds() - start) * 1e6 / READ_TIMES;
    start = cpu_seconds();
    for (unsigned i = 0; i < READ_TIMES; i++)
        for (unsigned f = 0; f < FACTORS; f++)
            YH_TRY(bench_rows_range(rows, i % outlets, codes[f], SERIES_HOUR, START, START + HOUR_DAYS * YH_DAY, &n));
    ret->month_ms = (cpu_seconds() - start) * 1e3 / READ_TIMES;
    start = cpu_seconds();
    YH_TRY(bench_rows_above(rows, LIMIT, &ret->above));
    ret->above_ms = (cpu_seconds() - start) * 1e3;
    return YH_OK;
}

static yh_err measure_rows(const struct bench *b, unsigned number, struct times *ret)
{
    char path[sizeof b->dir + 32];
    snprintf(path, sizeof path, "%s/rows-%u.db", b->dir, number);
    struct bench_rows *rows;
    YH_TRY(bench_rows_open(path, &rows));
    struct taker t = {.take = put_row, .store = rows};
    double start = bench_seconds();
    yh_err e = give_all(b, &t);
    if (e == YH_OK)
        e = bench_rows_commit(rows);
    ret->load_s = bench_seconds() - start;
    if (e == YH_OK)
        e = read_rows(b, rows, ret);
    bench_rows_close(rows);
    return e;
}

/* ---- the bench ---- */

static yh_err prepare(struct bench *b)
{
    (void)b;
    return YH_OK;
}

static void done(struct bench *b)
{
    (void)b;
}

static yh_err run(struct bench *b, unsigned number, double *ret)
{
    struct times ours, rows;
    double size[2];
    YH_TRY(measure_rows(b, number, &rows));
    YH_TRY(measure_series(b, number, &ours, size));
    if (ours.above != rows.above)
        return yh_fail(YH_E_INTERNAL, "the stores differ: %llu values above the limit, or %llu",
                       (unsigned long long)ours.above, (unsigned long long)rows.above);
    double values = (double)(b->options.outlets * FACTORS) * (double)(b->options.days * YH_DAY / STEP + HOUR_DAYS * 24);
    const double figures[] = {values / ours.load_s, size[0], ours.day_us, ours.month_ms, ours.above_ms, size[1],
                              rows.load_s / ours.load_s, rows.day_us / ours.day_us, rows.month_ms / ours.month_ms,
                              rows.above_ms / ours.above_ms};
    memcpy(ret, figures, sizeof figures);
    return YH_OK;
}

const struct bench_row bench_store = {
    .name = "store",
    .figures = {"values_per_s", "bytes_per_value", "day_raw_us", "month_hourly_ms", "exceedance_ms", "file_bytes_per_value",
                "values_ratio_to_rows", "day_ratio_to_rows", "month_ratio_to_rows", "exceedance_ratio_to_rows"},
    .prepare = prepare, .run = run, .done = done,
};
