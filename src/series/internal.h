/*
 * Inside the series room: points, windows, and what stands behind struct series.
 *
 * Locking: the one writer thread alone changes points, dictionaries and tails, and does so under the write
 * lock; it reads them without. Readers hold the read lock while they copy what they need from the tails, and
 * let go of it before they look at the database. Facts only ever move from the tail to the database, so a
 * reader who looks at the tail first can see a fact twice, which changes nothing, but never misses one.
 */
#ifndef YH_SERIES_INTERNAL_H
#define YH_SERIES_INTERNAL_H

#include <assert.h>
#include <pthread.h>

#include "base/map.h"
#include "db/db.h"
#include "series/columns.h"
#include "series/version.h"

#define SERIES_TIME_MIN (-62135596800000LL) /* 0001-01-01 */
#define SERIES_TIME_MAX 253402300800000LL   /* 10000-01-01 */

/* Bound on the memory a read may take for one window. */
#define SERIES_READ_MAX ((size_t)1 << 30)

struct series_point;

struct series_window {
    struct series_point *point;
    series_kind kind;
    yh_time start;
    struct series_rows tail; /* not flushed yet */
    bool compact;            /* later windows have begun: make one piece of it */
    bool queued;             /* in series.dirty */
    /* what the database holds of it; writer only */
    unsigned pieces;
    yh_time first, last;
    struct series_rows flushed; /* its facts, while loaded */
    bool loaded;
    struct series_window *next_loaded;
    /* outcome of the flush under way */
    unsigned pieces_after;
    size_t tail_n;
};

struct series_windows {
    struct series_window **p; /* by start */
    size_t n, cap;
    struct series_window *recent; /* the one used last */
};

struct series_point {
    char mn[SERIES_MN_MAX + 1];
    uint8_t mn_n;
    int64_t id;  /* unique in memory and in the database */
    bool stored; /* its row is in the database */
    struct series_columns columns;
    bool columns_changed; /* since the last flush */
    struct series_windows windows[SERIES_KIND_COUNT];
};

static inline yh_str series_point_mn(const struct series_point *p)
{
    return (yh_str){p->mn, p->mn_n};
}

struct series_reader {
    struct db *db;
    struct series_codec *codec;
    yh_arena arena;            /* one block */
    struct series_facts facts; /* one window of one column */
    struct series_reader *next;
};

struct series {
    char *path;
    bool read_only;
    size_t tail_max, tail_bytes;
    pthread_rwlock_t lock;
    yh_map points; /* mn -> struct series_point */
    int64_t next_point;
    uint64_t position;

    /* writer only */
    struct db *db;
    struct series_codec *codec;
    struct series_window **dirty;
    size_t dirty_n, dirty_cap;
    struct series_window *loaded, **loaded_end; /* oldest first */
    size_t loaded_bytes;
    struct series_cell_at *scratch; /* cells of the record being put */
    size_t scratch_cap;

    pthread_mutex_t readers_lock;
    struct series_reader *readers; /* idle */
    unsigned reader_n;
};

/* ---- window.c: points and windows in memory ---- */

yh_time series_window_length(series_kind kind);
yh_time series_window_start(series_kind kind, yh_time t);

yh_must yh_err series_point_add(struct series *s, yh_str mn, int64_t id, struct series_point **ret);
void series_point_free(struct series_point *p);

/* Index of the first window with start >= `start`. */
size_t series_windows_from(const struct series_windows *w, yh_time start);
struct series_window *series_windows_find(const struct series_windows *w, yh_time start);

/* The window of time t, made when missing; the bounds of its stored part are then known. Writer only. */
yh_must yh_err series_window_open(struct series *s, struct series_point *p, series_kind kind, yh_time t,
                                  struct series_window **ret);

/* Puts it on the list of the next flush. */
yh_must yh_err series_window_queue(struct series *s, struct series_window *w);

/* Makes w->flushed available (put compares with it). Writer only. */
yh_must yh_err series_window_load(struct series *s, struct series_window *w);
void series_unload_all(struct series *s);

/* Frees the windows without tail except the most recent ones. */
void series_windows_trim(struct series *s);

/* Drops tails, points (all == true), windows. */
void series_forget(struct series *s, struct series_point *only);

/* ---- store.c: the statements, and readers ---- */

yh_must yh_err series_store_migrate(struct db *d);
yh_must yh_err series_store_points(struct db *d, struct series *s);
yh_must yh_err series_store_point_save(struct db *d, const struct series_point *p);
yh_must yh_err series_store_position(struct db *d, uint64_t *ret);
yh_must yh_err series_store_position_set(struct db *d, uint64_t position);
yh_must yh_err series_store_clear(struct db *d);
yh_must yh_err series_store_clear_point(struct db *d, int64_t point);

struct series_extent {
    unsigned pieces;
    yh_time first, last;
};
yh_must yh_err series_store_extent(struct db *d, int64_t point, series_kind kind, yh_time start,
                                   struct series_extent *ret);

/* The newest window before `start`; pieces == 0 when there is none. */
yh_must yh_err series_store_previous(struct db *d, int64_t point, series_kind kind, yh_time start,
                                     yh_time *ret_start, unsigned *ret_pieces);

struct series_piece {
    int64_t number;
    yh_time first, last;
    size_t row_n, cell_n;
    yh_str summary, data;
};
yh_must yh_err series_store_piece_insert(struct db *d, const struct series_window *w,
                                         const struct series_piece *piece);
/* Number and size of a window's pieces, ascending, without their bytes. */
yh_must yh_err series_store_piece_list(struct db *d, const struct series_window *w, struct db_stmt **ret);
yh_must yh_err series_store_piece_list_next(struct db_stmt *st, bool *ret_any, struct series_piece *ret);
yh_must yh_err series_store_piece_delete(struct db *d, const struct series_window *w, int64_t number);

/* Walks pieces: windows with from <= window_start < to that touch [first, last], by (window_start, piece). */
struct series_piece_query {
    int64_t point;
    series_kind kind;
    yh_time from, to;
    yh_time first, last;
    int64_t piece; /* and numbers from here on */
};
yh_must yh_err series_store_pieces(struct db *d, const struct series_piece_query *q, struct db_stmt **ret);
yh_must yh_err series_store_piece_next(struct db_stmt *st, bool *ret_any, yh_time *ret_window,
                                       struct series_piece *ret);

/* Walks the summaries of the windows that start in [from, to), by (window_start, piece). */
yh_must yh_err series_store_summaries(struct db *d, int64_t point, series_kind kind, yh_time from, yh_time to,
                                      struct db_stmt **ret);
yh_must yh_err series_store_summary_next(struct db_stmt *st, bool *ret_any, yh_time *ret_window,
                                         yh_str *ret_summary);

yh_must yh_err series_store_size(struct db *d, uint64_t *ret_blocks, uint64_t *ret_bytes);

yh_must yh_err series_reader_take(struct series *s, struct series_reader **ret);
void series_reader_give(struct series *s, struct series_reader *r);
void series_readers_close(struct series *s);

/* ---- blocks back to rows (load.c) ---- */

/* Appends all rows of a stored piece; column numbers are those of `columns`, which grows as needed (under
 * `grow_lock` when it is not NULL). series_rows_sort() and _reduce() must follow. */
yh_must yh_err series_rows_load(struct series_codec *codec, yh_str blob, struct series_columns *columns,
                                pthread_rwlock_t *grow_lock, struct series_rows *out);

#endif
