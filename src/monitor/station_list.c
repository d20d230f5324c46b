#include "monitor/station_list.h"

#include "monitor/station_json.h"
#include "monitor/station_scope.h"

static bool contains(yh_str text, yh_str part)
{
    for (size_t i = 0; i + part.n <= text.n; i++)
        if (yh_str_eq_nocase(yh_str_sub(text, i, part.n), part))
            return true;
    return false;
}

static bool matches(const struct live_station *s, const struct station_filter *f)
{
    if (!s->known || !s->info || !station_in_scope(f->scope, s))
        return false;
    if (f->by_state && s->state != f->state)
        return false;
    if (f->medium.n && !yh_str_eq(f->medium, s->info->medium))
        return false;
    if (f->exceeding && !station_exceeding(s))
        return false;
    return contains(yh_str_of(s->mn), f->q) || contains(s->info->name, f->q) ||
           contains(s->info->enterprise_name, f->q) || contains(s->info->region_name, f->q);
}

static int compare(const struct live_station *x, const struct live_station *y)
{
    int c = yh_str_cmp(x->info->enterprise_name, y->info->enterprise_name);
    return c ? c : strcmp(x->mn, y->mn);
}

static int by_name(const void *a, const void *b)
{
    return compare(*(struct live_station *const *)a, *(struct live_station *const *)b);
}

yh_err station_select(struct live *live, const struct station_filter *f, struct yh_arena *arena,
                      struct station_selection *ret)
{
    size_t at = 0, count = 0;
    struct live_station *s;
    while (live_next(live, &at, &s))
        count += matches(s, f);
    struct station_selection all = {.items = YH_NEW_N(arena, struct live_station *, count + 1)};
    if (!all.items)
        return yh_fail(YH_E_NO_MEMORY, "no memory to list %zu stations", count);
    for (at = 0; live_next(live, &at, &s);)
        if (matches(s, f))
            all.items[all.n++] = s;
    qsort(all.items, all.n, sizeof *all.items, by_name);
    *ret = all;
    return YH_OK;
}

size_t station_page_start(struct live *live, const struct station_selection *all, yh_str cursor)
{
    const struct live_station *last = cursor.n ? live_find(live, cursor) : NULL;
    size_t i = 0;
    while (last && last->info && i < all->n && compare(all->items[i], last) <= 0)
        i++;
    return i;
}
