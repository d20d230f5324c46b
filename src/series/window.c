#include "series/internal.h"

#define KEEP_LOADED_SHARE 2 /* loaded windows may take a half of what the tail may take */

/* Long enough that a column fills its block (about a thousand rows at the usual intervals), short enough that
 * a day's curve decodes in microseconds. Fixed lengths from local midnight. */
static const yh_time lengths[SERIES_KIND_COUNT] = {
    [SERIES_RTD] = YH_DAY,        /* 2,880 rows at 30 s */
    [SERIES_MINUTE] = 8 * YH_DAY, /* 1,152 rows at 10 min */
    [SERIES_HOUR] = 32 * YH_DAY,  /* 768 rows */
    [SERIES_DAY] = 512 * YH_DAY,
};

yh_time series_window_length(series_kind kind)
{
    return lengths[kind];
}

yh_time series_window_start(series_kind kind, yh_time t)
{
    return yh_time_floor(t, lengths[kind], YH_CST);
}

yh_err series_point_add(struct series *s, yh_str mn, int64_t id, struct series_point **ret)
{
    struct series_point *p = calloc(1, sizeof *p);
    if (!p)
        return yh_fail(YH_E_NO_MEMORY, "no memory for a station");
    memcpy(p->mn, mn.p, mn.n);
    p->mn_n = (uint8_t)mn.n;
    p->id = id;
    yh_err e = yh_map_put(&s->points, series_point_mn(p), p);
    if (e != YH_OK) {
        free(p);
        return e;
    }
    if (id >= s->next_point)
        s->next_point = id + 1;
    *ret = p;
    return YH_OK;
}

static void window_free(struct series_window *w)
{
    series_rows_done(&w->tail);
    series_rows_done(&w->flushed);
    free(w);
}

static void windows_done(struct series_windows *w)
{
    for (size_t i = 0; i < w->n; i++)
        window_free(w->p[i]);
    free(w->p);
    *w = (struct series_windows){0};
}

void series_point_free(struct series_point *p)
{
    for (unsigned k = 0; k < SERIES_KIND_COUNT; k++)
        windows_done(&p->windows[k]);
    series_columns_done(&p->columns);
    free(p);
}

size_t series_windows_from(const struct series_windows *w, yh_time start)
{
    size_t low = 0, high = w->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (w->p[middle]->start < start)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct series_window *series_windows_find(const struct series_windows *w, yh_time start)
{
    size_t at = series_windows_from(w, start);
    return at < w->n && w->p[at]->start == start ? w->p[at] : NULL;
}

static yh_err windows_insert(struct series_windows *w, struct series_window *window)
{
    if (w->n == w->cap) {
        size_t cap = w->cap ? w->cap * 2 : 2;
        struct series_window **p = reallocarray(w->p, cap, sizeof(struct series_window *));
        if (!p)
            return yh_fail(YH_E_NO_MEMORY, "no memory for %zu windows", cap);
        w->p = p;
        w->cap = cap;
    }
    size_t at = series_windows_from(w, window->start);
    memmove(w->p + at + 1, w->p + at, (w->n - at) * sizeof(struct series_window *));
    w->p[at] = window;
    w->n++;
    return YH_OK;
}

/* The window in memory, made when missing, its stored extent looked up. */
static yh_err window_get(struct series *s, struct series_point *p, series_kind kind, yh_time start,
                         struct series_window **ret, bool *ret_made)
{
    struct series_windows *all = &p->windows[kind];
    *ret_made = false;
    *ret = series_windows_find(all, start);
    if (*ret)
        return YH_OK;
    struct series_extent extent = {0};
    if (p->stored)
        YH_TRY(series_store_extent(s->db, p->id, kind, start, &extent));
    struct series_window *w = calloc(1, sizeof *w);
    if (!w)
        return yh_fail(YH_E_NO_MEMORY, "no memory for a window");
    *w = (struct series_window){.point = p,
                                .kind = kind,
                                .start = start,
                                .pieces = extent.pieces,
                                .first = extent.first,
                                .last = extent.last};
    pthread_rwlock_wrlock(&s->lock);
    yh_err e = windows_insert(all, w);
    pthread_rwlock_unlock(&s->lock);
    if (e != YH_OK) {
        free(w);
        return e;
    }
    *ret = w;
    *ret_made = true;
    return YH_OK;
}

/* A window has begun: the one before it is complete but for late data and deserves to be one piece. */
static yh_err close_previous(struct series *s, struct series_window *begun)
{
    struct series_windows *all = &begun->point->windows[begun->kind];
    size_t at = series_windows_from(all, begun->start);
    if (at + 1 < all->n || s->read_only)
        return YH_OK; /* late data: not the newest */
    yh_time start = at ? all->p[at - 1]->start : INT64_MIN;
    unsigned pieces = 0;
    yh_time stored_start;
    if (begun->point->stored)
        YH_TRY(series_store_previous(s->db, begun->point->id, begun->kind, begun->start, &stored_start,
                                     &pieces));
    if (pieces && stored_start > start)
        start = stored_start;
    else if (start == INT64_MIN)
        return YH_OK;
    struct series_window *previous;
    bool made;
    YH_TRY(window_get(s, begun->point, begun->kind, start, &previous, &made));
    if (previous->pieces + (previous->tail.n > 0) <= 1)
        return YH_OK;
    previous->compact = true;
    return series_window_queue(s, previous);
}

yh_err series_window_open(struct series *s, struct series_point *p, series_kind kind, yh_time t,
                          struct series_window **ret)
{
    struct series_windows *all = &p->windows[kind];
    struct series_window *w = all->recent;
    if (!w || t < w->start || t - w->start >= lengths[kind]) {
        bool made;
        YH_TRY(window_get(s, p, kind, series_window_start(kind, t), &w, &made));
        if (made)
            YH_TRY(close_previous(s, w));
        all->recent = w;
    }
    *ret = w;
    return YH_OK;
}

yh_err series_window_queue(struct series *s, struct series_window *w)
{
    if (w->queued)
        return YH_OK;
    if (s->dirty_n == s->dirty_cap) {
        size_t cap = s->dirty_cap ? s->dirty_cap * 2 : 64;
        struct series_window **p = reallocarray(s->dirty, cap, sizeof(struct series_window *));
        if (!p)
            return yh_fail(YH_E_NO_MEMORY, "no memory to list %zu windows", cap);
        s->dirty = p;
        s->dirty_cap = cap;
    }
    s->dirty[s->dirty_n++] = w;
    w->queued = true;
    s->tail_bytes += sizeof *w;
    return YH_OK;
}

static void unload_oldest(struct series *s)
{
    struct series_window *w = s->loaded;
    s->loaded = w->next_loaded;
    if (!s->loaded)
        s->loaded_end = &s->loaded;
    s->loaded_bytes -= series_rows_bytes(&w->flushed);
    series_rows_done(&w->flushed);
    w->loaded = false;
    w->next_loaded = NULL;
}

void series_unload_all(struct series *s)
{
    while (s->loaded)
        unload_oldest(s);
}

static yh_err load_pieces(struct series *s, const struct series_window *w, struct series_rows *out)
{
    struct series_piece_query q = {w->point->id, w->kind, w->start, w->start + 1, INT64_MIN, INT64_MAX, 0};
    db_stmt_auto *st = NULL;
    YH_TRY(series_store_pieces(s->db, &q, &st));
    for (;;) {
        struct series_piece piece;
        yh_time start;
        bool any;
        YH_TRY(series_store_piece_next(st, &any, &start, &piece));
        if (!any)
            break;
        YH_TRY(series_rows_load(s->codec, piece.data, &w->point->columns, &s->lock, out));
    }
    series_rows_sort(out);
    return YH_OK;
}

yh_err series_window_load(struct series *s, struct series_window *w)
{
    if (w->loaded)
        return YH_OK;
    struct series_rows rows = {0};
    yh_err e = load_pieces(s, w, &rows);
    if (e != YH_OK) {
        series_rows_done(&rows);
        return e;
    }
    w->flushed = rows;
    w->loaded = true;
    *s->loaded_end = w;
    s->loaded_end = &w->next_loaded;
    s->loaded_bytes += series_rows_bytes(&rows);
    while (s->loaded != w && s->loaded_bytes > s->tail_max / KEEP_LOADED_SHARE)
        unload_oldest(s);
    return YH_OK;
}

static void trim(struct series_windows *all)
{
    size_t kept = 0;
    for (size_t i = 0; i < all->n; i++) {
        struct series_window *w = all->p[i];
        if (w->tail.n || w->queued || i + 1 == all->n)
            all->p[kept++] = w;
        else
            window_free(w);
    }
    all->n = kept;
    all->recent = kept ? all->p[kept - 1] : NULL;
}

void series_windows_trim(struct series *s)
{
    series_unload_all(s);
    size_t at = 0;
    yh_str mn;
    void *p;
    while (yh_map_next(&s->points, &at, &mn, &p)) {
        struct series_point *point = p;
        for (unsigned k = 0; k < SERIES_KIND_COUNT; k++)
            trim(&point->windows[k]);
    }
}

void series_forget(struct series *s, struct series_point *only)
{
    series_unload_all(s);
    size_t kept = 0;
    for (size_t i = 0; i < s->dirty_n; i++)
        if (only && s->dirty[i]->point != only)
            s->dirty[kept++] = s->dirty[i];
    s->dirty_n = kept;
    size_t at = 0;
    yh_str mn;
    void *p;
    if (only) {
        yh_map_remove(&s->points, series_point_mn(only));
        series_point_free(only);
    }
    while (!only && yh_map_next(&s->points, &at, &mn, &p))
        series_point_free(p);
    if (!only)
        yh_map_done(&s->points);
    s->tail_bytes = 0;
    for (size_t i = 0; i < s->dirty_n; i++)
        s->tail_bytes += series_rows_bytes(&s->dirty[i]->tail) + sizeof(struct series_window);
}
