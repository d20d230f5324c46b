#include "series/scan.h"

struct taker {
    bool (*each)(void *user, const struct series_value *v);
    void *user;
};

static bool give_current(void *user, const struct series_fact *versions, size_t n)
{
    const struct taker *t = user;
    struct series_value v = series_value_of(&versions[n - 1], n);
    return t->each(t->user, &v);
}

static bool give_versions(void *user, const struct series_fact *versions, size_t n)
{
    const struct taker *t = user;
    for (size_t i = 0; i < n; i++) {
        struct series_value v = series_value_of(&versions[i], n);
        if (!t->each(t->user, &v))
            return false;
    }
    return true;
}

yh_err series_range(struct series *s, yh_str mn, series_kind kind, yh_str factor, series_field field,
                    yh_time from, yh_time to, bool (*each)(void *user, const struct series_value *v),
                    void *user)
{
    struct taker t = {each, user};
    struct series_scan q = {mn, kind, factor, field, from, to};
    return series_scan_run(s, &q, give_current, &t);
}

yh_err series_versions(struct series *s, yh_str mn, series_kind kind, yh_str factor, series_field field,
                       yh_time time, bool (*each)(void *user, const struct series_value *v), void *user)
{
    if (time == INT64_MAX)
        return YH_OK;
    struct taker t = {each, user};
    struct series_scan q = {mn, kind, factor, field, time, time + 1};
    return series_scan_run(s, &q, give_versions, &t);
}
