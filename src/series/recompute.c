#include "series/scan.h"

typedef __int128 wide;

/* One period being computed; the sum is exact at `scale` decimals. */
struct period {
    yh_time from;
    wide sum;
    uint8_t scale;
    yh_dec min, max;
    uint32_t valid, total;
    series_kind source;
};

struct periods {
    struct period *p;
    size_t n, cap, at;
    yh_time step;
    yh_time shift; /* taken off every time, so that an end stamp falls into its own period */
    series_kind source;
    yh_err error;
};

static bool is_normal(char flag)
{
    return flag == 'N' || flag == 0;
}

static wide power(unsigned n)
{
    wide p = 1;
    while (n--)
        p *= 10;
    return p;
}

static bool add_period(struct periods *all, yh_time from)
{
    if (all->n == all->cap) {
        size_t cap = all->cap ? all->cap * 2 : 64;
        struct period *p = cap <= SERIES_READ_MAX / sizeof *p ? reallocarray(all->p, cap, sizeof *p) : NULL;
        if (!p) {
            all->error = yh_fail(YH_E_NO_MEMORY, "no memory for %zu periods", cap);
            return false;
        }
        all->p = p;
        all->cap = cap;
    }
    all->p[all->n++] = (struct period){.from = from, .source = all->source};
    return true;
}

static void add_value(struct period *p, yh_dec v)
{
    if (v.scale > p->scale) {
        p->sum *= power((unsigned)v.scale - p->scale);
        p->scale = v.scale;
    }
    p->sum += (wide)v.m * power((unsigned)p->scale - v.scale);
    if (p->valid == 0 || yh_dec_cmp(v, p->min) < 0)
        p->min = v;
    if (p->valid == 0 || yh_dec_cmp(v, p->max) > 0)
        p->max = v;
    p->valid++;
}

static bool take_value(void *user, const struct series_fact *versions, size_t n)
{
    struct periods *all = user;
    const struct series_fact *v = &versions[n - 1];
    yh_time from = yh_time_floor(v->time - all->shift, all->step, YH_CST);
    if ((all->n == 0 || all->p[all->n - 1].from != from) && !add_period(all, from))
        return false;
    struct period *p = &all->p[all->n - 1];
    p->total++;
    if (is_normal(v->flag))
        add_value(p, (yh_dec){v->m, v->scale});
    return true;
}

/* The period of an extreme reported by the finer kind; periods and values both come in order. */
static struct period *period_of(struct periods *all, yh_time t)
{
    yh_time from = yh_time_floor(t - all->shift, all->step, YH_CST);
    while (all->at < all->n && all->p[all->at].from < from)
        all->at++;
    return all->at < all->n && all->p[all->at].from == from ? &all->p[all->at] : NULL;
}

static bool take_least(void *user, const struct series_fact *versions, size_t n)
{
    const struct series_fact *v = &versions[n - 1];
    struct period *p = period_of(user, v->time);
    yh_dec d = {v->m, v->scale};
    if (p && p->valid && is_normal(v->flag) && yh_dec_cmp(d, p->min) < 0)
        p->min = d;
    return true;
}

static bool take_greatest(void *user, const struct series_fact *versions, size_t n)
{
    const struct series_fact *v = &versions[n - 1];
    struct period *p = period_of(user, v->time);
    yh_dec d = {v->m, v->scale};
    if (p && p->valid && is_normal(v->flag) && yh_dec_cmp(d, p->max) > 0)
        p->max = d;
    return true;
}

static wide divide_half_even(wide v, wide d)
{
    wide q = v / d, twice = 2 * (v % d);
    if (twice < 0)
        twice = -twice;
    if (twice > d || (twice == d && q % 2 != 0))
        q += v < 0 ? -1 : 1;
    return q;
}

/* The mean with as many decimals as the most precise value; fewer only where it would not fit otherwise. */
static yh_dec mean_of(const struct period *p)
{
    wide divisor = p->valid;
    uint8_t scale = p->scale;
    wide mean = divide_half_even(p->sum, divisor);
    while ((mean > INT64_MAX || mean < INT64_MIN) && scale > 0) {
        divisor *= 10;
        scale--;
        mean = divide_half_even(p->sum, divisor);
    }
    return (yh_dec){(int64_t)mean, scale};
}

static struct series_aggregate finish(const struct period *p)
{
    struct series_aggregate a = {.from = p->from, .valid = p->valid, .total = p->total, .source = p->source};
    a.flag = (uint64_t)p->valid * 4 < (uint64_t)p->total * 3 ? 'D' : 'N';
    if (p->valid) {
        a.avg = mean_of(p);
        a.min = p->min;
        a.max = p->max;
    }
    return a;
}

/* The fields of a kind that feed a coarser one. */
struct source {
    series_field mean, least, greatest;
    bool has_extremes;
};

static struct source source_of(series_kind kind, bool zs)
{
    if (kind == SERIES_RTD)
        return (struct source){.mean = zs ? SERIES_F_ZS_RTD : SERIES_F_RTD};
    if (zs)
        return (struct source){SERIES_F_ZS_AVG, SERIES_F_ZS_MIN, SERIES_F_ZS_MAX, true};
    return (struct source){SERIES_F_AVG, SERIES_F_MIN, SERIES_F_MAX, true};
}

static yh_err compute(struct series *s, struct series_scan q, bool zs, series_stamp stamp, struct periods *out)
{
    struct source from = source_of(q.kind, zs);
    out->source = q.kind;
    out->shift = stamp == SERIES_STAMP_END && q.kind != SERIES_RTD ? 1 : 0;
    q.from += out->shift;
    q.to += out->shift;
    q.field = from.mean;
    YH_TRY(series_scan_run(s, &q, take_value, out));
    if (out->error != YH_OK || !from.has_extremes)
        return out->error;
    out->at = 0;
    q.field = from.least;
    YH_TRY(series_scan_run(s, &q, take_least, out));
    out->at = 0;
    q.field = from.greatest;
    return series_scan_run(s, &q, take_greatest, out);
}

typedef bool (*give)(void *user, const struct series_aggregate *a);

/* Both lists in order of time; where both have a period, the first one counts. */
static void deliver(const struct periods *first, const struct periods *second, give each, void *user)
{
    size_t i = 0, k = 0;
    while (i < first->n || k < second->n) {
        const struct period *p;
        if (k == second->n || (i < first->n && first->p[i].from <= second->p[k].from)) {
            p = &first->p[i++];
            k += k < second->n && second->p[k].from == p->from;
        } else {
            p = &second->p[k++];
        }
        struct series_aggregate a = finish(p);
        if (!each(user, &a))
            return;
    }
}

static yh_err compute_both(struct series *s, const struct series_scan *q, series_kind kind, bool zs,
                           series_stamp stamp, struct periods *first, struct periods *second)
{
    struct series_scan from = *q;
    from.kind = kind == SERIES_MINUTE ? SERIES_RTD : kind == SERIES_HOUR ? SERIES_MINUTE : SERIES_HOUR;
    YH_TRY(compute(s, from, zs, stamp, first));
    if (kind != SERIES_HOUR)
        return YH_OK;
    from.kind = SERIES_RTD;
    return compute(s, from, zs, stamp, second);
}

/* First period start at or after t. */
static yh_time period_from(yh_time t, yh_time step)
{
    yh_time start = yh_time_floor(t, step, YH_CST);
    return start < t ? start + step : start;
}

yh_err series_recompute(struct series *s, yh_str mn, series_kind kind, yh_str factor, bool zs, yh_time step,
                        series_stamp stamp, yh_time from, yh_time to, give each, void *user)
{
    if (kind == SERIES_RTD || step <= 0 || step > 366 * YH_DAY)
        return yh_fail(YH_E_INVALID, "no aggregate of kind %s with this step", series_kind_name(kind));
    struct series_scan q = {.mn = mn, .factor = factor};
    q.from = period_from(from < SERIES_TIME_MIN ? SERIES_TIME_MIN : from, step);
    q.to = period_from(to > SERIES_TIME_MAX ? SERIES_TIME_MAX : to, step);
    if (q.from >= q.to)
        return YH_OK;
    struct periods first = {.step = step}, second = {.step = step};
    yh_err e = compute_both(s, &q, kind, zs, stamp, &first, &second);
    if (e == YH_OK)
        deliver(&first, &second, each, user);
    free(first.p);
    free(second.p);
    return e;
}
