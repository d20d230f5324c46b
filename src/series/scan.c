#include "series/scan.h"

/* What a scan needs of the point, taken under the lock. */
struct place {
    bool found;
    bool stored;
    int64_t id;
};

static yh_err take_rows(const struct series_rows *rows, uint32_t column, const struct series_scan *q,
                        struct series_facts *out)
{
    for (size_t i = series_rows_from(rows, q->from); i < rows->n && rows->rows[i].time < q->to; i++) {
        const struct series_row *row = &rows->rows[i];
        const struct series_cell_at *cell = series_rows_cell(rows, row, column);
        if (!cell)
            continue;
        struct series_fact f = {row->time, row->seq,    row->received, cell->m,
                                row->seq,  cell->scale, cell->flag};
        YH_TRY(series_facts_add(out, &f));
    }
    return YH_OK;
}

static yh_err take_tail_locked(struct series *s, const struct series_scan *q, struct place *place,
                               struct series_facts *out)
{
    const struct series_point *p = yh_map_get(&s->points, q->mn);
    if (!p)
        return YH_OK;
    *place = (struct place){true, p->stored, p->id};
    uint32_t column = series_columns_find(&p->columns, q->factor, q->field, 0);
    if (column == SERIES_NO_COLUMN)
        return YH_OK;
    const struct series_windows *w = &p->windows[q->kind];
    for (size_t i = series_windows_from(w, series_window_start(q->kind, q->from)); i < w->n; i++) {
        if (w->p[i]->start >= q->to)
            break;
        YH_TRY(take_rows(&w->p[i]->tail, column, q, out));
    }
    return YH_OK;
}

static yh_err take_tail(struct series *s, const struct series_scan *q, struct place *place,
                        struct series_facts *out)
{
    pthread_rwlock_rdlock(&s->lock);
    yh_err e = take_tail_locked(s, q, place, out);
    pthread_rwlock_unlock(&s->lock);
    return e;
}

static yh_err take_cells(const struct series_block_rows *rows, const struct series_block_cells *cells,
                         const struct series_scan *q, struct series_facts *out)
{
    YH_TRY(series_facts_reserve(out, cells->n));
    for (uint32_t i = 0; i < cells->n; i++) {
        uint32_t row = cells->row[i];
        if (rows->time[row] < q->from || rows->time[row] >= q->to)
            continue;
        out->p[out->n++] =
            (struct series_fact){rows->time[row], rows->seq[row],  rows->received[row], cells->m[i],
                                 rows->seq[row],  cells->scale[i], cells->flag[i]};
    }
    return YH_OK;
}

static yh_err take_block(struct series_reader *r, yh_str blob, const struct series_column_name *name,
                         const struct series_scan *q, struct series_facts *out)
{
    struct series_block b;
    struct series_block_rows rows;
    struct series_block_cells cells;
    yh_arena_reset(&r->arena);
    YH_TRY(series_block_open(blob, &r->arena, &b));
    const struct series_block_column *column = series_block_find(&b, name);
    if (!column)
        return YH_OK;
    YH_TRY(series_block_rows_decode(r->codec, &b, &r->arena, &rows));
    YH_TRY(series_block_cells_decode(r->codec, &b, column, &r->arena, &cells));
    return take_cells(&rows, &cells, q, out);
}

/* The facts in hand, and who gets them. */
struct scan {
    const struct series_scan *q;
    struct series_facts tail;   /* all of the tail, in order of windows */
    size_t tail_at;             /* not given out yet */
    struct series_facts *batch; /* one window */
    series_scan_each each;
    void *user;
    bool stopped;
};

/* Moves what the tail holds before `end` to the batch. */
static yh_err join_tail(struct scan *sc, yh_time end)
{
    while (sc->tail_at < sc->tail.n && sc->tail.p[sc->tail_at].time < end)
        YH_TRY(series_facts_add(sc->batch, &sc->tail.p[sc->tail_at++]));
    return YH_OK;
}

static void give_batch(struct scan *sc)
{
    struct series_fact *f = sc->batch->p;
    size_t n = sc->batch->n;
    series_facts_sort(f, n);
    for (size_t from = 0, to; from < n && !sc->stopped; from = to) {
        to = from + 1;
        while (to < n && f[to].time == f[from].time)
            to++;
        size_t versions = series_versions_reduce(f + from, to - from);
        sc->stopped = !sc->each(sc->user, f + from, versions);
    }
    sc->batch->n = 0;
}

/* Gives out the window that was being collected and everything of the tail before `next`. */
static yh_err advance(struct scan *sc, yh_time next)
{
    YH_TRY(join_tail(sc, next));
    give_batch(sc);
    return YH_OK;
}

static yh_err scan_blocks(struct series_reader *r, int64_t point, const struct series_column_name *name,
                          struct scan *sc)
{
    const struct series_scan *q = sc->q;
    struct series_piece_query pieces = {
        point, q->kind, series_window_start(q->kind, q->from), q->to, q->from, q->to - 1, 0};
    db_stmt_auto *st = NULL;
    YH_TRY(series_store_pieces(r->db, &pieces, &st));
    yh_time current = INT64_MIN;
    while (!sc->stopped) {
        struct series_piece piece;
        yh_time window;
        bool any;
        YH_TRY(series_store_piece_next(st, &any, &window, &piece));
        if (!any)
            break;
        if (window != current)
            YH_TRY(advance(sc, window));
        current = window;
        YH_TRY(take_block(r, piece.data, name, q, sc->batch));
    }
    return YH_OK;
}

static yh_err scan_stored(struct series *s, int64_t point, const struct series_column_name *name,
                          struct scan *sc)
{
    struct series_reader *r;
    YH_TRY(series_reader_take(s, &r));
    r->facts.n = 0;
    sc->batch = &r->facts;
    yh_err e = scan_blocks(r, point, name, sc);
    if (e == YH_OK && !sc->stopped)
        e = advance(sc, INT64_MAX);
    series_reader_give(s, r);
    return e;
}

static yh_err scan_tail(struct scan *sc)
{
    struct series_facts batch = {0};
    sc->batch = &batch;
    yh_err e = advance(sc, INT64_MAX);
    series_facts_done(&batch);
    return e;
}

yh_err series_scan_run(struct series *s, const struct series_scan *given, series_scan_each each, void *user)
{
    struct series_scan q = *given;
    q.from = q.from < SERIES_TIME_MIN ? SERIES_TIME_MIN : q.from;
    q.to = q.to > SERIES_TIME_MAX ? SERIES_TIME_MAX : q.to;
    if (q.from >= q.to)
        return YH_OK;
    struct scan sc = {.q = &q, .each = each, .user = user};
    struct place place = {0};
    struct series_column_name name;
    if (!series_column_name_make(q.factor, q.field, &name))
        return YH_OK; /* no such column can have been stored */
    yh_err e = take_tail(s, &q, &place, &sc.tail);
    if (e == YH_OK && place.found)
        e = place.stored ? scan_stored(s, place.id, &name, &sc) : scan_tail(&sc);
    series_facts_done(&sc.tail);
    return e;
}
