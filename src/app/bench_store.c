/*
 * Store: the series against other stores in turn, each with the same data on the same file system and the same questions:
 * a table with one row for each value, and ClickHouse and VictoriaMetrics where they are installed. All must give as many
 * values and count the same exceedances.
 */
#include "app/bench_store.h"

#include <math.h>

#define READS 100 /* of a day, and of a month */

enum { ROWS, CLICKHOUSE, VICTORIA, OTHERS };

/* What every store tells, in the order of the figures. */
enum { VALUES_PER_S, CPU_NS_PER_VALUE, BYTES_PER_VALUE, DAY_RAW_US, MONTH_HOURLY_MS, EXCEEDANCE_MS, DAY_WALL_US,
       MONTH_WALL_MS, EXCEEDANCE_WALL_MS, TOLD };

static const struct {
    bench_store_measure *measure;
    const char *name, *missing;
} others[OTHERS] = {
    [ROWS] = {bench_rows, "rows", "not measured"},
    [CLICKHOUSE] = {bench_clickhouse, "clickhouse", "clickhouse-server is not installed"},
    [VICTORIA] = {bench_victoria, "victoriametrics", "victoria-metrics is not installed"},
};

struct work {
    struct bench_data *usual, *hard;
    bool there[OTHERS];
};

/* ---- reading, the same for all ---- */

static yh_err read_days(const struct bench_data *d, const struct bench_reader *r, void *store, struct bench_store_times *ret)
{
    double cpu = r->cpu(store), wall = bench_seconds();
    for (unsigned i = 0; i < READS; i++)
        YH_TRY(r->day(store, i % d->outlets, i % BENCH_FACTORS, &ret->day_values));
    ret->day_us = (r->cpu(store) - cpu) * 1e6 / READS;
    ret->day_wall_us = (bench_seconds() - wall) * 1e6 / READS;
    return YH_OK;
}

static yh_err read_months(const struct bench_data *d, const struct bench_reader *r, void *store,
                          struct bench_store_times *ret)
{
    double cpu = r->cpu(store), wall = bench_seconds();
    for (unsigned i = 0; i < READS; i++)
        YH_TRY(r->month(store, i % d->outlets, &ret->month_values));
    ret->month_ms = (r->cpu(store) - cpu) * 1e3 / READS;
    ret->month_wall_ms = (bench_seconds() - wall) * 1e3 / READS;
    return YH_OK;
}

yh_err bench_store_read(const struct bench_data *d, const struct bench_reader *r, void *store, struct bench_store_times *ret)
{
    YH_TRY(read_days(d, r, store, ret));
    YH_TRY(read_months(d, r, store, ret));
    double cpu = r->cpu(store), wall = bench_seconds();
    YH_TRY(r->above(store, &ret->above));
    ret->above_ms = (r->cpu(store) - cpu) * 1e3;
    ret->above_wall_ms = (bench_seconds() - wall) * 1e3;
    if (ret->day_values == READS * (uint64_t)(YH_DAY / BENCH_STEP) &&
        ret->month_values == (uint64_t)READS * BENCH_FACTORS * BENCH_HOUR_DAYS * 24)
        return YH_OK;
    return yh_fail(YH_E_INTERNAL, "values are missing: %llu of days, %llu of months", (unsigned long long)ret->day_values,
                   (unsigned long long)ret->month_values);
}

/* ---- the figures ---- */

static double *tell(const struct bench_data *d, const struct bench_store_times *t, double *to)
{
    double values = (double)d->values;
    const double told[TOLD] = {[VALUES_PER_S] = values / t->load_s, [CPU_NS_PER_VALUE] = t->load_cpu_s * 1e9 / values,
                               [BYTES_PER_VALUE] = t->bytes, [DAY_RAW_US] = t->day_us, [MONTH_HOURLY_MS] = t->month_ms,
                               [EXCEEDANCE_MS] = t->above_ms, [DAY_WALL_US] = t->day_wall_us,
                               [MONTH_WALL_MS] = t->month_wall_ms, [EXCEEDANCE_WALL_MS] = t->above_wall_ms};
    memcpy(to, told, sizeof told);
    return to + TOLD;
}

/* How many times better ours is. */
static double *compare(const struct bench_store_times *ours, const struct bench_store_times *theirs, double *to)
{
    *to++ = theirs->load_s / ours->load_s;
    *to++ = theirs->bytes / ours->bytes;
    *to++ = theirs->day_us / ours->day_us;
    *to++ = theirs->month_ms / ours->month_ms;
    *to++ = theirs->above_ms / ours->above_ms;
    return to;
}

static double *nothing(size_t n, double *to)
{
    while (n--)
        *to++ = NAN;
    return to;
}

/* ---- the bench ---- */

static yh_err prepare(struct bench *b)
{
    struct work *w = calloc(1, sizeof *w);
    b->own = w;
    if (!w)
        return yh_fail(YH_E_NO_MEMORY, "no memory for the bench");
    if (b->options.file_count)
        YH_TRY(bench_frames_load(b));
    YH_TRY(bench_data_make(BENCH_USUAL, (unsigned)b->options.outlets, b->options.days, &w->usual));
    return bench_data_make(BENCH_HARD, (unsigned)b->options.outlets, b->options.days, &w->hard);
}

static void done(struct bench *b)
{
    struct work *w = b->own;
    if (!w)
        return;
    bench_data_free(w->usual);
    bench_data_free(w->hard);
    free(w);
}

static yh_err measure_other(const struct bench *b, size_t i, const struct bench_store_times *ours, double **at)
{
    struct work *w = b->own;
    struct bench_store_times theirs;
    YH_TRY(others[i].measure(b, w->usual, &w->there[i], &theirs));
    if (!w->there[i]) {
        *at = nothing(TOLD + 5, *at);
        return YH_OK;
    }
    if (theirs.above != ours->above)
        return yh_fail(YH_E_INTERNAL, "%s counts %llu values above the limit, the series %llu", others[i].name,
                       (unsigned long long)theirs.above, (unsigned long long)ours->above);
    *at = compare(ours, &theirs, tell(w->usual, &theirs, *at));
    return YH_OK;
}

static double floor_of(const struct bench_data *d)
{
    return d->floor_bits / 8 / (double)d->values;
}

static yh_err measure_captured(const struct bench *b, double **at)
{
    if (b->options.file_count == 0) {
        *at = nothing(4, *at);
        return YH_OK;
    }
    for (unsigned only_rtd = 0; only_rtd < 2; only_rtd++) {
        double bytes;
        uint64_t values;
        YH_TRY(bench_captured(b, only_rtd, &bytes, &values));
        *(*at)++ = bytes;
        *(*at)++ = (double)values;
    }
    return YH_OK;
}

static yh_err run(struct bench *b, unsigned number, double *ret)
{
    const struct work *w = b->own;
    struct bench_store_times ours, hard;
    bool there;
    (void)number;
    YH_TRY(bench_series(b, w->usual, &there, &ours));
    ret = tell(w->usual, &ours, ret);
    *ret++ = ours.file_bytes;
    *ret++ = floor_of(w->usual);
    for (size_t i = 0; i < OTHERS; i++)
        YH_TRY(measure_other(b, i, &ours, &ret));
    YH_TRY(bench_series(b, w->hard, &there, &hard));
    ret = tell(w->hard, &hard, ret);
    *ret++ = floor_of(w->hard);
    return measure_captured(b, &ret);
}

static void notes(const struct bench *b, struct yh_json *j)
{
    const struct work *w = b->own;
    yh_json_key(j, "not_measured");
    yh_json_obj(j);
    for (size_t i = 0; i < OTHERS; i++)
        if (!w->there[i])
            yh_json_kz(j, others[i].name, others[i].missing);
    if (b->options.file_count == 0)
        yh_json_kz(j, "field", "no files of captured traffic were given");
    yh_json_obj_end(j);
}

/* clang-format off */
#define TOLD_BY(group) \
    group "values_per_s", group "cpu_ns_per_value", group "bytes_per_value", group "day_raw_us", group "month_hourly_ms", \
    group "exceedance_ms", group "day_wall_us", group "month_wall_ms", group "exceedance_wall_ms"
#define OTHER(group) \
    TOLD_BY(group), group "values_ratio", group "bytes_ratio", group "day_ratio", group "month_ratio", group "exceedance_ratio"
/* clang-format on */

const struct bench_row bench_store = {
    .name = "store",
    .figures = {TOLD_BY(""), "file_bytes_per_value", "floor_bytes_per_value", OTHER("rows."), OTHER("clickhouse."),
                OTHER("victoriametrics."), TOLD_BY("hard."), "hard.floor_bytes_per_value", "field.bytes_per_value",
                "field.values", "field.rtd_bytes_per_value", "field.rtd_values"},
    .prepare = prepare, .run = run, .done = done, .notes = notes,
};
