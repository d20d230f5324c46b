#include "series/summary.h"

#define PAST_PIECES_MAX 4 /* more pieces of a window that is over are made one */
#define PIECE_MAX       ((size_t)1 << 30)

struct flush {
    struct series *s;
    uint64_t position;
};

struct piece_size {
    int64_t number;
    size_t rows, cells;
};

struct merge {
    struct piece_size *pieces; /* what is stored, oldest first */
    size_t n;
    struct series_rows rows;
    yh_buf summary, blob;
};

static void merge_done(struct merge *m)
{
    free(m->pieces);
    series_rows_done(&m->rows);
    yh_buf_done(&m->summary);
    yh_buf_done(&m->blob);
}

static bool is_past(const struct series_window *w)
{
    const struct series_windows *all = &w->point->windows[w->kind];
    return all->p[all->n - 1]->start > w->start;
}

/* How many of the newest pieces become one with the tail. Small ones do, so that their number stays
 * logarithmic. */
static size_t choose(const struct series_window *w, const struct merge *m)
{
    bool all = w->compact || (is_past(w) && m->n >= PAST_PIECES_MAX);
    size_t rows = w->tail.n, cells = w->tail.cell_n, take = 0;
    while (take < m->n) {
        const struct piece_size *next = &m->pieces[m->n - 1 - take];
        if (rows + next->rows > SERIES_PIECE_ROWS_MAX || cells + next->cells > SERIES_PIECE_CELLS_MAX)
            break;
        if (!all && next->rows > 2 * rows)
            break;
        rows += next->rows;
        cells += next->cells;
        take++;
    }
    return take;
}

static yh_err list_pieces(struct db *d, const struct series_window *w, struct merge *m)
{
    if (w->pieces == 0)
        return YH_OK;
    m->pieces = calloc(w->pieces, sizeof *m->pieces);
    if (!m->pieces)
        return yh_fail(YH_E_NO_MEMORY, "no memory to list %u pieces", w->pieces);
    db_stmt_auto *st = NULL;
    YH_TRY(series_store_piece_list(d, w, &st));
    while (m->n < w->pieces) {
        struct series_piece piece;
        bool any;
        YH_TRY(series_store_piece_list_next(st, &any, &piece));
        if (!any)
            break;
        m->pieces[m->n++] = (struct piece_size){piece.number, piece.row_n, piece.cell_n};
    }
    return YH_OK;
}

/* The rows of the pieces from number `from` on, together with the tail. */
static yh_err merge_rows(struct series *s, const struct series_window *w, int64_t from, struct merge *m)
{
    struct series_piece_query q = {w->point->id, w->kind, w->start, w->start + 1, INT64_MIN, INT64_MAX, from};
    db_stmt_auto *st = NULL;
    YH_TRY(series_store_pieces(s->db, &q, &st));
    for (;;) {
        struct series_piece piece;
        yh_time start;
        bool any;
        YH_TRY(series_store_piece_next(st, &any, &start, &piece));
        if (!any)
            break;
        YH_TRY(series_rows_load(s->codec, piece.data, &w->point->columns, &s->lock, &m->rows));
    }
    for (size_t i = 0; i < w->tail.n; i++)
        YH_TRY(series_rows_append(&m->rows, &w->tail.rows[i], w->tail.cells + w->tail.rows[i].cell_at));
    series_rows_sort(&m->rows);
    return series_rows_reduce(&m->rows);
}

static yh_err store_piece(struct series *s, const struct series_window *w, int64_t number,
                          const struct series_rows *rows, struct merge *m)
{
    YH_TRY(series_block_encode(s->codec, rows, w->point->columns.names, w->point->columns.n, &m->blob));
    YH_TRY(series_summary_encode(rows, &w->point->columns, &m->summary));
    size_t cells = 0;
    for (size_t i = 0; i < rows->n; i++)
        cells += rows->rows[i].cell_n;
    struct series_piece piece = {number, rows->rows[0].time,       rows->rows[rows->n - 1].time, rows->n,
                                 cells,  yh_buf_view(&m->summary), yh_buf_view(&m->blob)};
    return series_store_piece_insert(s->db, w, &piece);
}

static yh_err write_window(struct series *s, struct series_window *w, struct merge *m)
{
    YH_TRY(list_pieces(s->db, w, m));
    size_t take = choose(w, m);
    w->pieces_after = (unsigned)(m->n - take + 1);
    if (w->tail.n == 0 && take <= 1) {
        w->pieces_after = (unsigned)m->n;
        return YH_OK;
    }
    int64_t number = m->n == 0 ? 0 : take ? m->pieces[m->n - take].number : m->pieces[m->n - 1].number + 1;
    if (take == 0)
        return store_piece(s, w, number, &w->tail, m);
    YH_TRY(merge_rows(s, w, number, m));
    for (size_t i = m->n - take; i < m->n; i++)
        YH_TRY(series_store_piece_delete(s->db, w, m->pieces[i].number));
    return store_piece(s, w, number, &m->rows, m);
}

static yh_err write_all(struct db *d, void *user)
{
    struct flush *f = user;
    for (size_t i = 0; i < f->s->dirty_n; i++) {
        struct series_window *w = f->s->dirty[i];
        if (w->point->columns_changed)
            YH_TRY(series_store_point_save(d, w->point));
        struct merge m = {.summary = yh_buf_make(PIECE_MAX), .blob = yh_buf_make(PIECE_MAX)};
        yh_err e = write_window(f->s, w, &m);
        merge_done(&m);
        if (e != YH_OK)
            return e;
    }
    return series_store_position_set(d, f->position);
}

/* After the commit: what was in the tail is in the database now. */
static void settle(struct series *s, uint64_t position)
{
    pthread_rwlock_wrlock(&s->lock);
    for (size_t i = 0; i < s->dirty_n; i++) {
        struct series_window *w = s->dirty[i];
        if (w->tail.n) {
            yh_time first = w->tail.rows[0].time, last = w->tail.rows[w->tail.n - 1].time;
            w->first = w->pieces && w->first < first ? w->first : first;
            w->last = w->pieces && w->last > last ? w->last : last;
            w->point->stored = true;
            w->point->columns_changed = false;
        }
        w->pieces = w->pieces_after;
        w->queued = w->compact = false;
        series_rows_done(&w->tail);
    }
    s->dirty_n = 0;
    s->tail_bytes = 0;
    s->position = position;
    series_windows_trim(s);
    pthread_rwlock_unlock(&s->lock);
}

static yh_err check_writable(const struct series *s)
{
    return s->read_only ? yh_fail(YH_E_CONFLICT, "the series are open for reading only") : YH_OK;
}

yh_err series_flush(struct series *s, uint64_t position)
{
    YH_TRY(check_writable(s));
    if (position > INT64_MAX)
        return yh_fail(YH_E_INVALID, "log position %llu is out of range", (unsigned long long)position);
    struct flush f = {s, position};
    YH_TRY(db_txn(s->db, write_all, &f));
    settle(s, position);
    return YH_OK;
}

static yh_err clear_work(struct db *d, void *user)
{
    const struct series_point *only = user;
    return only ? series_store_clear_point(d, only->id) : series_store_clear(d);
}

static yh_err clear(struct series *s, struct series_point *only)
{
    YH_TRY(db_txn(s->db, clear_work, only));
    pthread_rwlock_wrlock(&s->lock);
    series_forget(s, only);
    if (!only)
        s->position = 0;
    pthread_rwlock_unlock(&s->lock);
    return YH_OK;
}

yh_err series_clear(struct series *s)
{
    YH_TRY(check_writable(s));
    return clear(s, NULL);
}

yh_err series_clear_point(struct series *s, yh_str mn)
{
    YH_TRY(check_writable(s));
    struct series_point *p = yh_map_get(&s->points, mn);
    return p ? clear(s, p) : YH_OK;
}

yh_err series_position(struct series *s, uint64_t *ret)
{
    pthread_rwlock_rdlock(&s->lock);
    *ret = s->position;
    pthread_rwlock_unlock(&s->lock);
    return YH_OK;
}
