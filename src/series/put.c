#include "series/internal.h"

#define CELLS_MAX ((size_t)1 << 16)

static yh_err check_record(const struct series_record *r)
{
    assert((unsigned)r->kind < SERIES_KIND_COUNT);
    if (r->mn.n == 0 || r->mn.n > SERIES_MN_MAX)
        return yh_fail(YH_E_INVALID, "a station number of %zu bytes", r->mn.n);
    if (r->time < SERIES_TIME_MIN || r->time >= SERIES_TIME_MAX)
        return yh_fail(YH_E_INVALID, "a data time outside of the years 1 to 9999");
    if (r->seq > INT64_MAX)
        return yh_fail(YH_E_INVALID, "log record %llu is out of range", (unsigned long long)r->seq);
    if (r->cell_count > CELLS_MAX)
        return yh_fail(YH_E_TOO_LARGE, "a record of %zu values", r->cell_count);
    for (size_t i = 0; i < r->cell_count; i++) {
        const struct series_cell *c = &r->cells[i];
        if (c->factor.n == 0 || c->factor.n > SERIES_FACTOR_MAX)
            return yh_fail(YH_E_INVALID, "a factor code of %zu bytes", c->factor.n);
        if (c->value.scale > YH_DEC_MAX_SCALE)
            return yh_fail(YH_E_INVALID, "a value with %u decimals", c->value.scale);
    }
    return YH_OK;
}

static yh_err find_or_add_point(struct series *s, yh_str mn, struct series_point **ret)
{
    *ret = yh_map_get(&s->points, mn);
    if (*ret)
        return YH_OK;
    pthread_rwlock_wrlock(&s->lock);
    yh_err e = series_point_add(s, mn, s->next_point, ret);
    pthread_rwlock_unlock(&s->lock);
    return e;
}

static yh_err column_of(struct series *s, struct series_point *p, const struct series_cell *c, uint32_t guess,
                        uint32_t *ret)
{
    *ret = series_columns_find(&p->columns, c->factor, c->field, guess);
    if (*ret != SERIES_NO_COLUMN)
        return YH_OK;
    pthread_rwlock_wrlock(&s->lock);
    yh_err e = series_columns_add(&p->columns, c->factor, c->field, ret);
    pthread_rwlock_unlock(&s->lock);
    return e;
}

static int compare_cells(const void *a, const void *b)
{
    const struct series_cell_at *x = a, *y = b;
    if (x->column != y->column)
        return x->column < y->column ? -1 : 1;
    return series_content_cmp(x, y);
}

/* Whether the record's new columns still fit; asked before the first is added, so that a refused record adds none. */
static yh_err check_columns(const struct series_point *p, const struct series_record *r)
{
    const struct series_columns *columns = &p->columns;
    size_t fresh = 0;
    if (columns->n + r->cell_count <= SERIES_POINT_COLUMNS_MAX)
        return YH_OK;
    for (size_t i = 0; i < r->cell_count; i++)
        fresh += series_columns_find(columns, r->cells[i].factor, r->cells[i].field, 0) == SERIES_NO_COLUMN;
    if (columns->n + fresh > SERIES_POINT_COLUMNS_MAX)
        return yh_fail(YH_E_TOO_LARGE, "more than %u columns of one station", SERIES_POINT_COLUMNS_MAX);
    return YH_OK;
}

/* The record's cells with column numbers, sorted by column, in s->scratch. */
static yh_err take_cells(struct series *s, struct series_point *p, const struct series_record *r)
{
    if (r->cell_count > s->scratch_cap) {
        struct series_cell_at *more = reallocarray(s->scratch, r->cell_count, sizeof *more);
        if (!more)
            return yh_fail(YH_E_NO_MEMORY, "no memory for a record of %zu values", r->cell_count);
        s->scratch = more;
        s->scratch_cap = r->cell_count;
    }
    bool sorted = true;
    uint32_t column = UINT32_MAX;
    for (size_t i = 0; i < r->cell_count; i++) {
        const struct series_cell *c = &r->cells[i];
        YH_TRY(column_of(s, p, c, column + 1, &column));
        s->scratch[i] = (struct series_cell_at){c->value.m, column, c->value.scale, c->flag};
        sorted = sorted && (i == 0 || compare_cells(&s->scratch[i - 1], &s->scratch[i]) <= 0);
    }
    if (!sorted)
        qsort(s->scratch, r->cell_count, sizeof *s->scratch, compare_cells);
    return YH_OK;
}

/* What is known of one key before a fact is added. */
struct known {
    bool any;  /* the key has a value */
    bool same; /* with this very content */
    uint64_t same_first, same_last;
    uint64_t other_last;         /* newest record with another content */
    struct series_cell_at other; /* that content */
};

static void look_at(const struct series_rows *rows, yh_time time, const struct series_cell_at *cell,
                    struct known *k)
{
    for (size_t i = series_rows_from(rows, time); i < rows->n && rows->rows[i].time == time; i++) {
        uint64_t seq = rows->rows[i].seq;
        const struct series_cell_at *had = series_rows_cell(rows, &rows->rows[i], cell->column);
        if (!had)
            continue;
        if (series_content_cmp(had, cell) == 0) {
            k->same_first = k->same && k->same_first < seq ? k->same_first : seq;
            k->same_last = k->same && k->same_last > seq ? k->same_last : seq;
            k->same = true;
        } else if (!k->any || seq >= k->other_last) {
            if (!k->any || seq > k->other_last || series_content_cmp(had, &k->other) > 0)
                k->other = *had;
            k->other_last = seq;
            k->any = true;
        }
    }
}

/* Would this content be the current one when its newest record is `last`? */
static bool is_current(const struct known *k, const struct series_cell_at *cell, uint64_t last)
{
    return !k->any || last > k->other_last ||
           (last == k->other_last && series_content_cmp(cell, &k->other) > 0);
}

static series_effect effect_of(const struct known *k, const struct series_cell_at *cell, uint64_t seq)
{
    if (!k->same)
        return k->any ? SERIES_VERSION : SERIES_NEW;
    bool was = is_current(k, cell, k->same_last);
    bool is = is_current(k, cell, seq > k->same_last ? seq : k->same_last);
    return was == is ? SERIES_SAME : SERIES_VERSION;
}

static bool covered(const struct known *k, uint64_t seq)
{
    return k->same && k->same_first <= seq && seq <= k->same_last;
}

static series_effect stronger(series_effect a, series_effect b)
{
    static const unsigned char rank[] = {[SERIES_SAME] = 0, [SERIES_NEW] = 1, [SERIES_VERSION] = 2};
    return rank[a] > rank[b] ? a : b;
}

static void note_columns(struct series_window *w, const struct series_cell_at *cells, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        yh_time *newest = &w->point->columns.uses[cells[i].column].newest[w->kind];
        if (*newest < w->start) {
            *newest = w->start;
            w->point->columns_changed = true;
        }
    }
}

static yh_err add_row(struct series *s, struct series_window *w, const struct series_record *r, size_t n,
                      const struct series_cell_at *cells)
{
    struct series_row row = {.time = r->time, .seq = r->seq, .received = r->received, .cell_n = (uint32_t)n};
    YH_TRY(series_window_queue(s, w));
    pthread_rwlock_wrlock(&s->lock);
    yh_err e = series_rows_add(&w->tail, &row, cells);
    note_columns(w, cells, n);
    pthread_rwlock_unlock(&s->lock);
    s->tail_bytes += sizeof row + n * sizeof *cells;
    return e;
}

/* Adds the cells, which are sorted; a column that occurs twice (a frame can name a factor twice) needs a row
 * each. */
static yh_err add_cells(struct series *s, struct series_window *w, const struct series_record *r,
                        const struct series_cell_at *cells, size_t n)
{
    size_t from = 0;
    for (size_t i = 1; i <= n; i++) {
        if (i < n && cells[i].column > cells[i - 1].column)
            continue;
        YH_TRY(add_row(s, w, r, i - from, cells + from));
        from = i;
    }
    return YH_OK;
}

/* Removes from the sorted cells what the window holds already; the rest counts for the effect. */
static size_t sift(const struct series_window *w, const struct series_record *r, struct series_cell_at *cells,
                   size_t n, series_effect *effect)
{
    bool stored = w->pieces && r->time >= w->first && r->time <= w->last;
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        struct known k = {0};
        look_at(&w->tail, r->time, &cells[i], &k);
        if (stored)
            look_at(&w->flushed, r->time, &cells[i], &k);
        bool repeated = kept && compare_cells(&cells[kept - 1], &cells[i]) == 0;
        *effect = stronger(*effect, repeated ? SERIES_SAME : effect_of(&k, &cells[i], r->seq));
        if (!repeated && !covered(&k, r->seq))
            cells[kept++] = cells[i];
    }
    return kept;
}

yh_err series_put(struct series *s, const struct series_record *r, series_effect *ret)
{
    YH_TRY(check_record(r));
    series_effect effect = SERIES_SAME;
    if (r->cell_count) {
        struct series_point *p;
        struct series_window *w;
        YH_TRY(find_or_add_point(s, r->mn, &p));
        YH_TRY(check_columns(p, r));
        YH_TRY(take_cells(s, p, r));
        YH_TRY(series_window_open(s, p, r->kind, r->time, &w));
        if (w->pieces && r->time >= w->first && r->time <= w->last)
            YH_TRY(series_window_load(s, w));
        bool fresh = (w->tail.n == 0 || r->time > w->tail.rows[w->tail.n - 1].time) &&
                     (w->pieces == 0 || r->time > w->last || r->time < w->first);
        size_t n = r->cell_count;
        if (!fresh)
            n = sift(w, r, s->scratch, n, &effect);
        else
            effect = SERIES_NEW;
        if (n)
            YH_TRY(add_cells(s, w, r, s->scratch, n));
    }
    *ret = effect;
    return YH_OK;
}

bool series_flush_due(const struct series *s)
{
    return !s->read_only && s->tail_bytes >= s->tail_max;
}
