#include "app/bench_data.h"

#include <math.h>

#include "app/bench_habits.h"

#define LATE_LEAST   300  /* ms */
#define LATE_SPREAD  1500 /* ms between outlets */
#define LATE_MEAN    200  /* ms of what varies from record to record */
#define LATE_MAX     20000
#define SLIP_PART    0.05 /* of records whose data time is a second late; captured gaps are off by a second in about 3 of 100 */
#define FLAG_PART    0.0005 /* of values with a flag of their own */

static const char *const codes[BENCH_FACTORS] = {"a34013", "a21026", "a21002", "a19001", "a01011",
                                                 "a01012", "a01013", "a01014", "a00000", "a21005"};

const char *bench_factor(unsigned factor)
{
    return codes[factor];
}

series_field bench_field(series_kind kind)
{
    return kind == SERIES_HOUR ? SERIES_F_AVG : SERIES_F_RTD;
}

void bench_mn(unsigned outlet, char ret[32])
{
    snprintf(ret, 32, "BENCH%019u", outlet);
}

/* ---- the hard values ---- */

/* Slow drift, noise and now and then a peak. */
static int32_t hard_value(unsigned outlet, unsigned factor, int64_t step)
{
    uint64_t h = ((uint64_t)outlet * 1000003 + factor) * 0x9E3779B97F4A7C15u + (uint64_t)step * 0xD1B54A32D192ED03u;
    h ^= h >> 29;
    h *= 0xBF58476D1CE4E5B9u;
    h ^= h >> 32;
    int64_t base = 3000 + (int64_t)(outlet * 37 + factor * 211) % 2000 + (step % 2880 < 1440 ? step % 2880 : 2880 - step % 2880);
    return (int32_t)(h % 97 == 0 ? 9000 + (int64_t)(h >> 8 & 1023) : base + (int64_t)(h & 63));
}

static void make_hard(struct bench_data *d, series_kind kind)
{
    int32_t *m = d->m[kind];
    for (size_t s = 0; s < d->steps[kind]; s++) {
        for (unsigned o = 0; o < d->outlets; o++) {
            d->late[kind][s * d->outlets + o] = 1500;
            d->order[kind][s * d->outlets + o] = o;
            for (unsigned f = 0; f < BENCH_FACTORS; f++)
                *m++ = hard_value(o, f, (int64_t)s);
        }
    }
    memset(d->flag[kind], 'N', d->steps[kind] * d->outlets * BENCH_FACTORS);
    double peak = 1 / 97.0, bits = bench_choice_bits(peak) + peak * 10 + (1 - peak) * 6;
    d->floor_bits += bits * (double)(d->steps[kind] * d->outlets * BENCH_FACTORS);
}

/* ---- the usual ones ---- */

static void make_column(struct bench_data *d, series_kind kind, unsigned number)
{
    struct bench_dice dice = {.state = 1000003 * (uint64_t)number + kind};
    struct bench_column c;
    bench_column_start(number, &dice, &c);
    size_t stride = (size_t)d->outlets * BENCH_FACTORS;
    for (size_t s = 0; s < d->steps[kind]; s++) {
        d->m[kind][s * stride + number] = (int32_t)bench_column_next(&c, &dice);
        d->flag[kind][s * stride + number] = bench_roll_part(&dice) < FLAG_PART ? 'D' : 'N';
    }
    d->floor_bits += (bench_column_bits(&c) + bench_choice_bits(FLAG_PART)) * (double)d->steps[kind];
}

/* By time of reception; they are nearly in order, as they were the last time. */
static void sort_arrivals(const int32_t *arrived, uint32_t *order, unsigned n)
{
    for (unsigned i = 1; i < n; i++) {
        uint32_t one = order[i];
        unsigned at = i;
        for (; at > 0 && arrived[order[at - 1]] > arrived[one]; at--)
            order[at] = order[at - 1];
        order[at] = one;
    }
}

static void make_arrivals(struct bench_data *d, series_kind kind, size_t step, struct bench_dice *dice, int32_t *arrived)
{
    uint32_t *order = d->order[kind] + step * d->outlets;
    for (unsigned o = 0; o < d->outlets; o++) {
        struct bench_dice own = {.state = o};
        int32_t usual = LATE_LEAST + (int32_t)(bench_roll(&own) % LATE_SPREAD);
        double more = -LATE_MEAN * log(1 - bench_roll_part(dice));
        d->slip[kind][step * d->outlets + o] = kind == SERIES_RTD && bench_roll_part(dice) < SLIP_PART ? 1000 : 0;
        d->late[kind][step * d->outlets + o] = usual + (int32_t)(more < LATE_MAX ? more : LATE_MAX);
        arrived[o] = d->late[kind][step * d->outlets + o] + d->slip[kind][step * d->outlets + o];
        order[o] = o;
    }
    if (step)
        memcpy(order, order - d->outlets, d->outlets * sizeof *order);
    sort_arrivals(arrived, order, d->outlets);
}

static yh_err make_usual(struct bench_data *d, series_kind kind)
{
    int32_t *arrived = calloc(d->outlets, sizeof *arrived);
    if (!arrived)
        return yh_fail(YH_E_NO_MEMORY, "no memory for %u outlets", d->outlets);
    struct bench_dice dice = {.state = kind};
    for (size_t s = 0; s < d->steps[kind]; s++)
        make_arrivals(d, kind, s, &dice, arrived);
    free(arrived);
    for (unsigned n = 0; n < d->outlets * BENCH_FACTORS; n++)
        make_column(d, kind, n);
    double row = log2(M_E * LATE_MEAN) + (kind == SERIES_RTD ? bench_choice_bits(SLIP_PART) : 0);
    d->floor_bits += row * (double)(d->steps[kind] * d->outlets);
    return YH_OK;
}

/* ---- both ---- */

static int compare(const void *a, const void *b)
{
    const int32_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static yh_err find_limit(struct bench_data *d)
{
    size_t n = d->steps[SERIES_RTD] * d->outlets * BENCH_FACTORS;
    int32_t *sorted = malloc(n * sizeof *sorted);
    if (!sorted)
        return yh_fail(YH_E_NO_MEMORY, "no memory for %zu values", n);
    memcpy(sorted, d->m[SERIES_RTD], n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, compare);
    d->limit = sorted[n - 1 - n / 100];
    free(sorted);
    return YH_OK;
}

static yh_err make_kind(struct bench_data *d, series_kind kind, size_t steps)
{
    size_t records = steps * d->outlets, values = records * BENCH_FACTORS;
    d->steps[kind] = steps;
    d->m[kind] = calloc(values, sizeof *d->m[kind]);
    d->flag[kind] = calloc(values, 1);
    d->late[kind] = calloc(records, sizeof *d->late[kind]);
    d->slip[kind] = calloc(records, sizeof *d->slip[kind]);
    d->order[kind] = calloc(records, sizeof *d->order[kind]);
    if (!d->m[kind] || !d->flag[kind] || !d->late[kind] || !d->slip[kind] || !d->order[kind])
        return yh_fail(YH_E_NO_MEMORY, "no memory for %zu values", values);
    d->values += values;
    if (d->kind == BENCH_USUAL)
        return make_usual(d, kind);
    make_hard(d, kind);
    return YH_OK;
}

yh_err bench_data_make(bench_data_kind kind, unsigned outlets, int64_t days, struct bench_data **ret)
{
    struct bench_data *d = calloc(1, sizeof *d);
    if (!d)
        return yh_fail(YH_E_NO_MEMORY, "no memory for data");
    d->kind = kind;
    d->outlets = outlets;
    yh_err e = make_kind(d, SERIES_HOUR, BENCH_HOUR_DAYS * 24);
    if (e == YH_OK)
        e = make_kind(d, SERIES_RTD, (size_t)(days * (YH_DAY / BENCH_STEP)));
    if (e == YH_OK)
        e = find_limit(d);
    if (e != YH_OK) {
        bench_data_free(d);
        return e;
    }
    *ret = d;
    return YH_OK;
}

void bench_data_free(struct bench_data *d)
{
    if (!d)
        return;
    for (unsigned k = 0; k < SERIES_KIND_COUNT; k++) {
        free(d->m[k]);
        free(d->flag[k]);
        free(d->late[k]);
        free(d->slip[k]);
        free(d->order[k]);
    }
    free(d);
}

static yh_err give_record(const struct bench_data *d, struct bench_taker *t, series_kind kind, size_t step, unsigned outlet)
{
    struct series_cell cells[BENCH_FACTORS];
    char mn[32];
    size_t record = step * d->outlets + outlet;
    bench_mn(outlet, mn);
    for (unsigned f = 0; f < BENCH_FACTORS; f++)
        cells[f] = (struct series_cell){yh_str_of(codes[f]), bench_field(kind),
                                        {d->m[kind][record * BENCH_FACTORS + f], BENCH_DECIMALS},
                                        d->flag[kind][record * BENCH_FACTORS + f]};
    yh_time every = kind == SERIES_HOUR ? YH_HOUR : BENCH_STEP;
    yh_time time = BENCH_START + (yh_time)step * every + d->slip[kind][record];
    struct series_record r = {.mn = yh_str_of(mn), .kind = kind, .time = time, .seq = t->seq++,
                              .received = time + d->late[kind][record], .cells = cells, .cell_count = BENCH_FACTORS};
    return t->take(t->store, &r);
}

yh_err bench_data_give(const struct bench_data *d, struct bench_taker *t)
{
    static const series_kind kinds[] = {SERIES_HOUR, SERIES_RTD};
    for (size_t k = 0; k < YH_LEN(kinds); k++)
        for (size_t s = 0; s < d->steps[kinds[k]]; s++)
            for (unsigned o = 0; o < d->outlets; o++)
                YH_TRY(give_record(d, t, kinds[k], s, d->order[kinds[k]][s * d->outlets + o]));
    return YH_OK;
}
