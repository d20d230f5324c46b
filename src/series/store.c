#include "series/internal.h"

#define IDLE_READERS_MAX  8
#define READER_KEEPS_MAX  ((size_t)1 << 20) /* scratch memory of an idle reader */
#define COLUMNS_BYTES_MAX ((size_t)SERIES_POINT_COLUMNS_MAX * 80)

static const struct db_migration migrations[] = {
    {1, "series",
     "CREATE TABLE series_point (" /* a station */
     "  id BIGINT PRIMARY KEY,"
     "  mn TEXT NOT NULL UNIQUE,"
     "  columns BLOB NOT NULL);"   /* factors and fields ever seen, and their newest window: see columns.h */
     "CREATE TABLE series_block (" /* facts of a station, kind and window; pieces complete one another */
     "  point BIGINT NOT NULL REFERENCES series_point(id),"
     "  kind INTEGER NOT NULL,"
     "  window_start BIGINT NOT NULL,"
     "  piece BIGINT NOT NULL,"
     "  first_time BIGINT NOT NULL,"
     "  last_time BIGINT NOT NULL,"
     "  row_count BIGINT NOT NULL,"
     "  cell_count BIGINT NOT NULL,"
     "  summary BLOB NOT NULL," /* see summary.h; empty for small pieces */
     "  data BLOB NOT NULL,"    /* see codec.h */
     "  PRIMARY KEY (point, kind, window_start, piece));"
     "CREATE TABLE series_state (" /* name 'position': the next log record to read */
     "  name TEXT PRIMARY KEY,"
     "  value BIGINT NOT NULL);"},
};

static const char sql_points[] = "SELECT id, mn, columns FROM series_point";
static const char sql_point_save[] = "INSERT INTO series_point (id, mn, columns) VALUES (?, ?, ?) "
                                     "ON CONFLICT (id) DO UPDATE SET columns = excluded.columns";
static const char sql_position[] = "SELECT value FROM series_state WHERE name = 'position'";
static const char sql_position_set[] = "INSERT INTO series_state (name, value) VALUES ('position', ?) "
                                       "ON CONFLICT (name) DO UPDATE SET value = excluded.value";
static const char sql_clear_blocks[] = "DELETE FROM series_block";
static const char sql_clear_points[] = "DELETE FROM series_point";
static const char sql_clear_state[] = "DELETE FROM series_state";
static const char sql_clear_blocks_of[] = "DELETE FROM series_block WHERE point = ?";
static const char sql_clear_point[] = "DELETE FROM series_point WHERE id = ?";
static const char sql_extent[] = "SELECT COUNT(*), MIN(first_time), MAX(last_time) FROM series_block "
                                 "WHERE point = ? AND kind = ? AND window_start = ?";
static const char sql_previous[] = "SELECT window_start, COUNT(*) FROM series_block "
                                   "WHERE point = ? AND kind = ? AND window_start < ? "
                                   "GROUP BY window_start ORDER BY window_start DESC LIMIT 1";
static const char sql_pieces[] =
    "SELECT window_start, piece, first_time, last_time, row_count, cell_count, data "
    "FROM series_block WHERE point = ? AND kind = ? "
    "AND window_start >= ? AND window_start < ? AND last_time >= ? AND first_time <= ? "
    "AND piece >= ? ORDER BY window_start, piece";
static const char sql_summaries[] =
    "SELECT window_start, summary FROM series_block WHERE point = ? AND kind = ? "
    "AND window_start >= ? AND window_start < ? ORDER BY window_start, piece";
static const char sql_size[] =
    "SELECT COUNT(*), COALESCE(SUM(LENGTH(data) + LENGTH(summary)), 0) FROM series_block";
static const char sql_piece_insert[] =
    "INSERT INTO series_block (point, kind, window_start, piece, first_time, "
    "last_time, row_count, cell_count, summary, data) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
static const char sql_piece_list[] = "SELECT piece, row_count, cell_count FROM series_block "
                                     "WHERE point = ? AND kind = ? AND window_start = ? ORDER BY piece";
static const char sql_piece_delete[] = "DELETE FROM series_block "
                                       "WHERE point = ? AND kind = ? AND window_start = ? AND piece = ?";

yh_err series_store_migrate(struct db *d)
{
    return db_migrate(d, migrations, YH_LEN(migrations));
}

yh_err series_store_points(struct db *d, struct series *s)
{
    db_stmt_auto *st = NULL;
    YH_TRY(db_prepare(d, sql_points, &st));
    for (;;) {
        bool any;
        YH_TRY(db_step(st, &any));
        if (!any)
            return YH_OK;
        yh_str mn = db_str(st, 1);
        if (mn.n == 0 || mn.n > SERIES_MN_MAX)
            return yh_fail(YH_E_CORRUPT, "series: a stored station number of %zu bytes", mn.n);
        struct series_point *p;
        YH_TRY(series_point_add(s, mn, db_i64(st, 0), &p));
        p->stored = true;
        YH_TRY(series_columns_decode(db_str(st, 2), &p->columns));
    }
}

yh_err series_store_point_save(struct db *d, const struct series_point *p)
{
    yh_buf_auto columns = yh_buf_make(COLUMNS_BYTES_MAX);
    series_columns_encode(&p->columns, &columns);
    YH_TRY(yh_buf_check(&columns));
    db_stmt_auto *st = NULL;
    YH_TRY(db_prepare(d, sql_point_save, &st));
    db_bind_i64(st, 1, p->id);
    db_bind_str(st, 2, series_point_mn(p));
    db_bind_blob(st, 3, yh_buf_view(&columns));
    return db_exec(st);
}

yh_err series_store_position(struct db *d, uint64_t *ret)
{
    db_stmt_auto *st = NULL;
    bool any;
    YH_TRY(db_prepare(d, sql_position, &st));
    YH_TRY(db_step(st, &any));
    *ret = any ? (uint64_t)db_i64(st, 0) : 0;
    return YH_OK;
}

yh_err series_store_position_set(struct db *d, uint64_t position)
{
    db_stmt_auto *st = NULL;
    YH_TRY(db_prepare(d, sql_position_set, &st));
    db_bind_i64(st, 1, (int64_t)position);
    return db_exec(st);
}

static yh_err run(struct db *d, const char *sql, const int64_t *arguments, int n)
{
    db_stmt_auto *st = NULL;
    YH_TRY(db_prepare(d, sql, &st));
    for (int i = 0; i < n; i++)
        db_bind_i64(st, i + 1, arguments[i]);
    return db_exec(st);
}

yh_err series_store_clear(struct db *d)
{
    YH_TRY(run(d, sql_clear_blocks, NULL, 0));
    YH_TRY(run(d, sql_clear_points, NULL, 0));
    return run(d, sql_clear_state, NULL, 0);
}

yh_err series_store_clear_point(struct db *d, int64_t point)
{
    YH_TRY(run(d, sql_clear_blocks_of, &point, 1));
    return run(d, sql_clear_point, &point, 1);
}

yh_err series_store_extent(struct db *d, int64_t point, series_kind kind, yh_time start,
                           struct series_extent *ret)
{
    db_stmt_auto *st = NULL;
    bool any;
    YH_TRY(db_prepare(d, sql_extent, &st));
    db_bind_i64(st, 1, point);
    db_bind_i64(st, 2, kind);
    db_bind_i64(st, 3, start);
    YH_TRY(db_step(st, &any));
    *ret = (struct series_extent){0};
    if (any)
        *ret = (struct series_extent){(unsigned)db_i64(st, 0), db_i64(st, 1), db_i64(st, 2)};
    return YH_OK;
}

yh_err series_store_previous(struct db *d, int64_t point, series_kind kind, yh_time start, yh_time *ret_start,
                             unsigned *ret_pieces)
{
    db_stmt_auto *st = NULL;
    bool any;
    YH_TRY(db_prepare(d, sql_previous, &st));
    db_bind_i64(st, 1, point);
    db_bind_i64(st, 2, kind);
    db_bind_i64(st, 3, start);
    YH_TRY(db_step(st, &any));
    *ret_pieces = 0;
    if (any) {
        *ret_start = db_i64(st, 0);
        *ret_pieces = (unsigned)db_i64(st, 1);
    }
    return YH_OK;
}

yh_err series_store_piece_insert(struct db *d, const struct series_window *w,
                                 const struct series_piece *piece)
{
    db_stmt_auto *st = NULL;
    YH_TRY(db_prepare(d, sql_piece_insert, &st));
    db_bind_i64(st, 1, w->point->id);
    db_bind_i64(st, 2, w->kind);
    db_bind_i64(st, 3, w->start);
    db_bind_i64(st, 4, piece->number);
    db_bind_i64(st, 5, piece->first);
    db_bind_i64(st, 6, piece->last);
    db_bind_i64(st, 7, (int64_t)piece->row_n);
    db_bind_i64(st, 8, (int64_t)piece->cell_n);
    db_bind_blob(st, 9, piece->summary);
    db_bind_blob(st, 10, piece->data);
    return db_exec(st);
}

yh_err series_store_piece_list(struct db *d, const struct series_window *w, struct db_stmt **ret)
{
    struct db_stmt *st;
    YH_TRY(db_prepare(d, sql_piece_list, &st));
    db_bind_i64(st, 1, w->point->id);
    db_bind_i64(st, 2, w->kind);
    db_bind_i64(st, 3, w->start);
    *ret = st;
    return YH_OK;
}

yh_err series_store_piece_list_next(struct db_stmt *st, bool *ret_any, struct series_piece *ret)
{
    YH_TRY(db_step(st, ret_any));
    if (*ret_any)
        *ret = (struct series_piece){
            .number = db_i64(st, 0), .row_n = (size_t)db_i64(st, 1), .cell_n = (size_t)db_i64(st, 2)};
    return YH_OK;
}

yh_err series_store_piece_delete(struct db *d, const struct series_window *w, int64_t number)
{
    const int64_t arguments[] = {w->point->id, w->kind, w->start, number};
    return run(d, sql_piece_delete, arguments, YH_LEN(arguments));
}

yh_err series_store_pieces(struct db *d, const struct series_piece_query *q, struct db_stmt **ret)
{
    struct db_stmt *st;
    YH_TRY(db_prepare(d, sql_pieces, &st));
    db_bind_i64(st, 1, q->point);
    db_bind_i64(st, 2, q->kind);
    db_bind_i64(st, 3, q->from);
    db_bind_i64(st, 4, q->to);
    db_bind_i64(st, 5, q->first);
    db_bind_i64(st, 6, q->last);
    db_bind_i64(st, 7, q->piece);
    *ret = st;
    return YH_OK;
}

yh_err series_store_piece_next(struct db_stmt *st, bool *ret_any, yh_time *ret_window,
                               struct series_piece *ret)
{
    YH_TRY(db_step(st, ret_any));
    if (!*ret_any)
        return YH_OK;
    *ret_window = db_i64(st, 0);
    *ret = (struct series_piece){
        .number = db_i64(st, 1),
        .first = db_i64(st, 2),
        .last = db_i64(st, 3),
        .row_n = (size_t)db_i64(st, 4),
        .cell_n = (size_t)db_i64(st, 5),
        .data = db_str(st, 6),
    };
    return YH_OK;
}

yh_err series_store_summaries(struct db *d, int64_t point, series_kind kind, yh_time from, yh_time to,
                              struct db_stmt **ret)
{
    struct db_stmt *st;
    YH_TRY(db_prepare(d, sql_summaries, &st));
    db_bind_i64(st, 1, point);
    db_bind_i64(st, 2, kind);
    db_bind_i64(st, 3, from);
    db_bind_i64(st, 4, to);
    *ret = st;
    return YH_OK;
}

yh_err series_store_summary_next(struct db_stmt *st, bool *ret_any, yh_time *ret_window, yh_str *ret_summary)
{
    YH_TRY(db_step(st, ret_any));
    if (*ret_any) {
        *ret_window = db_i64(st, 0);
        *ret_summary = db_str(st, 1);
    }
    return YH_OK;
}

yh_err series_store_size(struct db *d, uint64_t *ret_blocks, uint64_t *ret_bytes)
{
    db_stmt_auto *st = NULL;
    bool any;
    YH_TRY(db_prepare(d, sql_size, &st));
    YH_TRY(db_step(st, &any));
    *ret_blocks = any ? (uint64_t)db_i64(st, 0) : 0;
    *ret_bytes = any ? (uint64_t)db_i64(st, 1) : 0;
    return YH_OK;
}

static void reader_free(struct series_reader *r)
{
    db_close(r->db);
    series_codec_free(r->codec);
    yh_arena_done(&r->arena);
    series_facts_done(&r->facts);
    free(r);
}

yh_err series_reader_take(struct series *s, struct series_reader **ret)
{
    pthread_mutex_lock(&s->readers_lock);
    struct series_reader *r = s->readers;
    if (r) {
        s->readers = r->next;
        s->reader_n--;
    }
    pthread_mutex_unlock(&s->readers_lock);
    if (!r) {
        r = calloc(1, sizeof *r);
        if (!r)
            return yh_fail(YH_E_NO_MEMORY, "no memory for a reader");
        r->arena = yh_arena_make(SERIES_READ_MAX);
        yh_err e = db_open(s->path, true, &r->db);
        if (e == YH_OK)
            e = series_codec_new(&r->codec);
        if (e != YH_OK) {
            reader_free(r);
            return e;
        }
    }
    *ret = r;
    return YH_OK;
}

void series_reader_give(struct series *s, struct series_reader *r)
{
    if (r->arena.used > READER_KEEPS_MAX)
        yh_arena_done(&r->arena);
    if (r->facts.cap > READER_KEEPS_MAX / sizeof *r->facts.p)
        series_facts_done(&r->facts);
    pthread_mutex_lock(&s->readers_lock);
    bool keep = s->reader_n < IDLE_READERS_MAX;
    if (keep) {
        r->next = s->readers;
        s->readers = r;
        s->reader_n++;
    }
    pthread_mutex_unlock(&s->readers_lock);
    if (!keep)
        reader_free(r);
}

void series_readers_close(struct series *s)
{
    while (s->readers) {
        struct series_reader *r = s->readers;
        s->readers = r->next;
        reader_free(r);
    }
}
