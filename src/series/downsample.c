#include "series/scan.h"
#include "series/summary.h"

struct sampler {
    yh_time from, width;
    uint64_t at; /* bucket being filled; count 0 = none */
    struct series_bucket bucket;
    bool (*each)(void *user, const struct series_bucket *b);
    void *user;
    bool stopped;
};

static uint64_t bucket_of(const struct sampler *s, yh_time t)
{
    return (uint64_t)(t - s->from) / (uint64_t)s->width;
}

static void give_bucket(struct sampler *s)
{
    if (s->bucket.count && !s->stopped)
        s->stopped = !s->each(s->user, &s->bucket);
    s->bucket.count = 0;
}

/* Adds `count` values of one bucket, later than all before. */
static void add(struct sampler *s, const struct series_bucket *more)
{
    uint64_t at = bucket_of(s, more->first.time);
    if (at != s->at)
        give_bucket(s);
    s->at = at;
    struct series_bucket *b = &s->bucket;
    if (b->count == 0) {
        *b = *more;
        b->from = s->from + (yh_time)at * s->width;
        return;
    }
    if (yh_dec_cmp(more->min.value, b->min.value) < 0)
        b->min = more->min;
    if (yh_dec_cmp(more->max.value, b->max.value) > 0)
        b->max = more->max;
    b->last = more->last;
    b->count += more->count;
}

static bool add_value(void *user, const struct series_fact *versions, size_t n)
{
    struct sampler *s = user;
    struct series_value v = series_value_of(&versions[n - 1], n);
    add(s, &(struct series_bucket){.min = v, .max = v, .first = v, .last = v, .count = 1});
    return !s->stopped;
}

static void add_summary(struct sampler *s, const struct series_summary *m)
{
    if (m->count == 0)
        return;
    struct series_bucket b = {.count = m->count};
    b.min = series_value_of(&m->min, 1);
    b.max = series_value_of(&m->max, 1);
    b.first = series_value_of(&m->first, 1);
    b.last = series_value_of(&m->last, 1);
    add(s, &b);
}

/* ---- windows that need not be opened ---- */

struct window_summary {
    yh_time start;
    unsigned pieces;
    bool known;
    struct series_summary summary;
};

struct summaries {
    bool stored; /* the station has blocks at all */
    int64_t point;
    yh_time *open; /* windows with a tail, ascending */
    size_t open_n;
    struct window_summary *p;
    size_t n, cap;
};

static yh_err list_open_locked(struct series *s, const struct series_scan *q, struct summaries *all)
{
    const struct series_point *p = yh_map_get(&s->points, q->mn);
    if (!p)
        return YH_OK;
    const struct series_windows *w = &p->windows[q->kind];
    all->stored = p->stored;
    all->point = p->id;
    all->open = calloc(w->n + 1, sizeof *all->open);
    if (!all->open)
        return yh_fail(YH_E_NO_MEMORY, "no memory to list %zu windows", w->n);
    for (size_t i = 0; i < w->n; i++)
        if (w->p[i]->tail.n)
            all->open[all->open_n++] = w->p[i]->start;
    return YH_OK;
}

static bool is_open(const struct summaries *all, yh_time start)
{
    for (size_t i = 0; i < all->open_n; i++)
        if (all->open[i] == start)
            return true;
    return false;
}

static yh_err add_window(struct summaries *all, yh_time start)
{
    if (all->n && all->p[all->n - 1].start == start) {
        all->p[all->n - 1].pieces++;
        return YH_OK;
    }
    if (all->n == all->cap) {
        size_t cap = all->cap ? all->cap * 2 : 64;
        struct window_summary *p = reallocarray(all->p, cap, sizeof *p);
        if (!p)
            return yh_fail(YH_E_NO_MEMORY, "no memory to list %zu windows", cap);
        all->p = p;
        all->cap = cap;
    }
    all->p[all->n++] = (struct window_summary){.start = start, .pieces = 1};
    return YH_OK;
}

/* Is the window within the span, and all of it in one bucket? */
static bool fits(const struct sampler *sm, const struct series_scan *q, yh_time start)
{
    yh_time end = start + series_window_length(q->kind);
    return start >= q->from && end <= q->to && bucket_of(sm, start) == bucket_of(sm, end - 1);
}

static yh_err read_summaries(struct series_reader *r, const struct series_scan *q, const struct sampler *sm,
                             struct summaries *all)
{
    struct series_column_name name;
    if (!series_column_name_make(q->factor, q->field, &name))
        return YH_OK;
    db_stmt_auto *st = NULL;
    YH_TRY(series_store_summaries(r->db, all->point, q->kind, q->from, q->to, &st));
    for (;;) {
        yh_time start;
        yh_str bytes;
        bool any;
        YH_TRY(series_store_summary_next(st, &any, &start, &bytes));
        if (!any)
            return YH_OK;
        YH_TRY(add_window(all, start));
        struct window_summary *w = &all->p[all->n - 1];
        if (w->pieces == 1 && fits(sm, q, start) && !is_open(all, start))
            YH_TRY(series_summary_find(bytes, &name, &w->known, &w->summary));
    }
}

/* The tail is looked at first: what leaves it meanwhile is then found in the database. */
static yh_err take_summaries(struct series *s, const struct series_scan *q, const struct sampler *sm,
                             struct summaries *all)
{
    pthread_rwlock_rdlock(&s->lock);
    yh_err e = list_open_locked(s, q, all);
    pthread_rwlock_unlock(&s->lock);
    if (e != YH_OK || !all->stored || sm->width < series_window_length(q->kind))
        return e;
    struct series_reader *r;
    YH_TRY(series_reader_take(s, &r));
    e = read_summaries(r, q, sm, all);
    series_reader_give(s, r);
    return e;
}

/* Summaries where they serve, a scan over everything in between. */
static yh_err sample(struct series *s, struct series_scan q, const struct summaries *all, struct sampler *sm)
{
    yh_time to = q.to;
    for (size_t i = 0; i < all->n && !sm->stopped; i++) {
        const struct window_summary *w = &all->p[i];
        if (!w->known || w->pieces != 1)
            continue;
        q.to = w->start;
        if (q.from < q.to)
            YH_TRY(series_scan_run(s, &q, add_value, sm));
        add_summary(sm, &w->summary);
        q.from = w->start + series_window_length(q.kind);
    }
    q.to = to;
    return sm->stopped ? YH_OK : series_scan_run(s, &q, add_value, sm);
}

yh_err series_downsample(struct series *s, yh_str mn, series_kind kind, yh_str factor, series_field field,
                         yh_time from, yh_time to, unsigned buckets,
                         bool (*each)(void *user, const struct series_bucket *b), void *user)
{
    if (buckets == 0)
        return yh_fail(YH_E_INVALID, "a curve of 0 buckets");
    struct series_scan q = {mn,
                            kind,
                            factor,
                            field,
                            from < SERIES_TIME_MIN ? SERIES_TIME_MIN : from,
                            to > SERIES_TIME_MAX ? SERIES_TIME_MAX : to};
    if (q.from >= q.to)
        return YH_OK;
    struct sampler sm = {.from = q.from, .each = each, .user = user};
    sm.width = (q.to - q.from + buckets - 1) / buckets;
    struct summaries all = {0};
    yh_err e = take_summaries(s, &q, &sm, &all);
    if (e == YH_OK)
        e = sample(s, q, &all, &sm);
    if (e == YH_OK)
        give_bucket(&sm);
    free(all.open);
    free(all.p);
    return e;
}
