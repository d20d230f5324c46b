#include "series/scan.h"

/* The newest value of one factor: looked for from the newest window backwards. */
struct pick {
    struct series_column_name name;
    uint32_t column; /* in the point's dictionary */
    yh_time newest;  /* newest window that has the column */
    bool settled;
    struct series_facts facts; /* all of one data time, the newest so far */
};

struct picks {
    struct pick *p;
    size_t n;
    series_kind kind;
    yh_time not_after;
    bool stored;
    int64_t point;
};

static const series_field main_fields[SERIES_KIND_COUNT] = {
    [SERIES_RTD] = SERIES_F_RTD,
    [SERIES_MINUTE] = SERIES_F_AVG,
    [SERIES_HOUR] = SERIES_F_AVG,
    [SERIES_DAY] = SERIES_F_AVG,
};

static bool wants(const struct pick *p, yh_time window)
{
    return !p->settled && p->newest >= window;
}

static yh_err offer(struct pick *p, const struct series_fact *f)
{
    if (p->facts.n && f->time < p->facts.p[0].time)
        return YH_OK;
    if (p->facts.n && f->time > p->facts.p[0].time)
        p->facts.n = 0;
    return series_facts_add(&p->facts, f);
}

/* Offers the cells of one tail row; false when every pick has something newer already. */
static yh_err offer_row(struct picks *all, yh_time window, const struct series_rows *rows, size_t at,
                        bool *ret_more)
{
    const struct series_row *row = &rows->rows[at];
    *ret_more = false;
    for (size_t i = 0; i < all->n; i++) {
        struct pick *p = &all->p[i];
        if (!wants(p, window) || (p->facts.n && p->facts.p[0].time > row->time))
            continue;
        *ret_more = true;
        const struct series_cell_at *c = series_rows_cell(rows, row, p->column);
        if (!c)
            continue;
        struct series_fact f = {row->time, row->seq, row->received, c->m, row->seq, c->scale, c->flag};
        YH_TRY(offer(p, &f));
    }
    return YH_OK;
}

static yh_err offer_tail_locked(struct series *s, yh_str mn, yh_time window, struct picks *all)
{
    const struct series_point *p = yh_map_get(&s->points, mn);
    if (!p)
        return YH_OK;
    all->stored = p->stored;
    all->point = p->id;
    const struct series_window *w = series_windows_find(&p->windows[all->kind], window);
    if (!w)
        return YH_OK;
    bool more = true;
    for (size_t at = series_rows_from(&w->tail, all->not_after + 1); at-- > 0 && more;)
        YH_TRY(offer_row(all, window, &w->tail, at, &more));
    return YH_OK;
}

static yh_err offer_column(struct pick *p, const struct series_block_rows *rows,
                           const struct series_block_cells *cells, yh_time not_after)
{
    for (uint32_t i = cells->n; i-- > 0;) {
        uint32_t row = cells->row[i];
        if (rows->time[row] > not_after)
            continue;
        if (p->facts.n && rows->time[row] < p->facts.p[0].time)
            break;
        struct series_fact f = {rows->time[row], rows->seq[row],  rows->received[row], cells->m[i],
                                rows->seq[row],  cells->scale[i], cells->flag[i]};
        YH_TRY(offer(p, &f));
    }
    return YH_OK;
}

static yh_err offer_block(struct series_codec *codec, yh_str blob, yh_time window, struct picks *all)
{
    yh_arena_auto arena = yh_arena_make(SERIES_READ_MAX);
    struct series_block b;
    struct series_block_rows rows;
    YH_TRY(series_block_open(blob, &arena, &b));
    YH_TRY(series_block_rows_decode(codec, &b, &arena, &rows));
    for (size_t i = 0; i < all->n; i++) {
        struct pick *p = &all->p[i];
        const struct series_block_column *column = wants(p, window) ? series_block_find(&b, &p->name) : NULL;
        if (!column)
            continue;
        struct series_block_cells cells;
        YH_TRY(series_block_cells_decode(codec, &b, column, &arena, &cells));
        YH_TRY(offer_column(p, &rows, &cells, all->not_after));
    }
    return YH_OK;
}

static yh_err offer_blocks(struct series_reader *r, yh_time window, struct picks *all)
{
    struct series_piece_query q = {all->point, all->kind, window, window + 1, INT64_MIN, all->not_after, 0};
    db_stmt_auto *st = NULL;
    YH_TRY(series_store_pieces(r->db, &q, &st));
    for (;;) {
        struct series_piece piece;
        yh_time start;
        bool any;
        YH_TRY(series_store_piece_next(st, &any, &start, &piece));
        if (!any)
            return YH_OK;
        YH_TRY(offer_block(r->codec, piece.data, window, all));
    }
}

static yh_err look_into(struct series *s, struct series_reader *r, yh_str mn, yh_time window,
                        struct picks *all)
{
    pthread_rwlock_rdlock(&s->lock);
    yh_err e = offer_tail_locked(s, mn, window, all);
    pthread_rwlock_unlock(&s->lock);
    if (e == YH_OK && all->stored)
        e = offer_blocks(r, window, all);
    for (size_t i = 0; i < all->n; i++)
        if (all->p[i].facts.n)
            all->p[i].settled = true;
    return e;
}

/* The newest window before `window` that holds anything, in the tail or stored; SERIES_NO_WINDOW at the end.
 */
static yh_err window_before(struct series *s, struct series_reader *r, yh_str mn, yh_time window,
                            const struct picks *all, yh_time *ret)
{
    yh_time start = SERIES_NO_WINDOW, stored;
    pthread_rwlock_rdlock(&s->lock);
    const struct series_point *p = yh_map_get(&s->points, mn);
    const struct series_windows *w = p ? &p->windows[all->kind] : NULL;
    for (size_t at = w ? series_windows_from(w, window) : 0; at-- > 0 && start == SERIES_NO_WINDOW;)
        if (w->p[at]->tail.n)
            start = w->p[at]->start;
    pthread_rwlock_unlock(&s->lock);
    unsigned pieces = 0;
    if (all->stored)
        YH_TRY(series_store_previous(r->db, all->point, all->kind, window, &stored, &pieces));
    if (pieces && stored > start)
        start = stored;
    *ret = start;
    return YH_OK;
}

/* Where to look next: the newest window at or before `limit` that an unsettled factor is known to reach up
 * to. */
static yh_time next_window(const struct picks *all, yh_time limit)
{
    yh_time next = SERIES_NO_WINDOW;
    for (size_t i = 0; i < all->n; i++) {
        const struct pick *p = &all->p[i];
        yh_time reach = p->newest < limit ? p->newest : limit;
        if (!p->settled && reach > next)
            next = reach;
    }
    return next;
}

static yh_err look_back(struct series *s, struct series_reader *r, yh_str mn, struct picks *all)
{
    yh_time window = next_window(all, series_window_start(all->kind, all->not_after));
    while (window != SERIES_NO_WINDOW) {
        YH_TRY(look_into(s, r, mn, window, all));
        if (next_window(all, window) == SERIES_NO_WINDOW)
            break;
        yh_time before;
        YH_TRY(window_before(s, r, mn, window, all, &before));
        window = next_window(all, before);
    }
    return YH_OK;
}

static yh_err list_factors_locked(struct series *s, yh_str mn, yh_arena *arena, struct picks *all)
{
    const struct series_point *p = yh_map_get(&s->points, mn);
    if (!p)
        return YH_OK;
    all->p = YH_NEW_N(arena, struct pick, p->columns.n + 1);
    if (!all->p)
        return yh_fail(YH_E_NO_MEMORY, "no memory for %u factors", p->columns.n);
    for (uint32_t i = 0; i < p->columns.n; i++) {
        yh_time newest = p->columns.uses[i].newest[all->kind];
        if (p->columns.names[i].field == main_fields[all->kind] && newest != SERIES_NO_WINDOW)
            all->p[all->n++] = (struct pick){.name = p->columns.names[i], .column = i, .newest = newest};
    }
    return YH_OK;
}

static int compare_picks(const void *a, const void *b)
{
    const struct pick *x = a, *y = b;
    return series_column_cmp(&x->name, &y->name);
}

static size_t deliver(const struct picks *all, struct series_latest *out, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < all->n && n < max; i++) {
        const struct pick *p = &all->p[i];
        if (!p->facts.n)
            continue;
        size_t versions = series_versions_reduce(p->facts.p, p->facts.n);
        out[n] = (struct series_latest){.field = main_fields[all->kind],
                                        .v = series_value_of(&p->facts.p[versions - 1], versions)};
        memcpy(out[n].factor, p->name.factor, sizeof out[n].factor);
        n++;
    }
    return n;
}

static yh_err pick_all(struct series *s, yh_str mn, struct picks *all)
{
    struct series_reader *r;
    YH_TRY(series_reader_take(s, &r));
    yh_err e = look_back(s, r, mn, all);
    series_reader_give(s, r);
    return e;
}

yh_err series_latest(struct series *s, yh_str mn, series_kind kind, yh_time not_after,
                     struct series_latest *out, size_t max, size_t *ret_n)
{
    yh_arena_auto arena = yh_arena_make(SERIES_READ_MAX);
    struct picks all = {.kind = kind};
    all.not_after = not_after >= SERIES_TIME_MAX ? SERIES_TIME_MAX - 1 : not_after;
    if (all.not_after < SERIES_TIME_MIN) {
        *ret_n = 0;
        return YH_OK;
    }
    pthread_rwlock_rdlock(&s->lock);
    yh_err e = list_factors_locked(s, mn, &arena, &all);
    pthread_rwlock_unlock(&s->lock);
    if (e != YH_OK)
        return e;
    if (all.n) {
        qsort(all.p, all.n, sizeof *all.p, compare_picks);
        e = pick_all(s, mn, &all);
    }
    if (e == YH_OK)
        *ret_n = deliver(&all, out, max);
    for (size_t i = 0; i < all.n; i++)
        series_facts_done(&all.p[i].facts);
    return e;
}
