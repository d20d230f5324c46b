#include "series/scan.h"

struct sampler {
    yh_time from, width;
    uint64_t at; /* bucket being filled; count 0 = none */
    struct series_bucket bucket;
    bool (*each)(void *user, const struct series_bucket *b);
    void *user;
};

static bool give_bucket(struct sampler *s)
{
    if (s->bucket.count == 0)
        return true;
    bool more = s->each(s->user, &s->bucket);
    s->bucket.count = 0;
    return more;
}

static bool sample(void *user, const struct series_fact *versions, size_t n)
{
    struct sampler *s = user;
    struct series_value v = series_value_of(&versions[n - 1], n);
    uint64_t at = (uint64_t)(v.time - s->from) / (uint64_t)s->width;
    if (at != s->at && !give_bucket(s))
        return false;
    struct series_bucket *b = &s->bucket;
    if (b->count == 0)
        *b = (struct series_bucket){s->from + (yh_time)at * s->width, v, v, v, v, 0};
    if (yh_dec_cmp(v.value, b->min.value) < 0)
        b->min = v;
    if (yh_dec_cmp(v.value, b->max.value) > 0)
        b->max = v;
    b->last = v;
    b->count++;
    s->at = at;
    return true;
}

yh_err series_downsample(struct series *s, yh_str mn, series_kind kind, yh_str factor, series_field field, yh_time from,
                         yh_time to, unsigned buckets, bool (*each)(void *user, const struct series_bucket *b),
                         void *user)
{
    if (buckets == 0)
        return yh_fail(YH_E_INVALID, "a curve of 0 buckets");
    struct series_scan q = {mn, kind, factor, field, from < SERIES_TIME_MIN ? SERIES_TIME_MIN : from,
                            to > SERIES_TIME_MAX ? SERIES_TIME_MAX : to};
    if (q.from >= q.to)
        return YH_OK;
    struct sampler sm = {.from = q.from, .each = each, .user = user};
    sm.width = (q.to - q.from + buckets - 1) / buckets;
    YH_TRY(series_scan_run(s, &q, sample, &sm));
    give_bucket(&sm);
    return YH_OK;
}
