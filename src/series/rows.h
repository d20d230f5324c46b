/*
 * series_rows: the facts of one window, row by row. A row is what one log record said about one data time;
 * its cells are (column, content) pairs sorted by column. Rows are sorted by (time, seq). Columns are numbers
 * of the point's dictionary (series_columns). Plain memory, owned by one thread or guarded by its owner's
 * lock.
 */
#ifndef YH_SERIES_ROWS_H
#define YH_SERIES_ROWS_H

#include "series/series.h"

struct series_cell_at {
    int64_t m;
    uint32_t column;
    uint8_t scale;
    char flag;
};

struct series_row {
    yh_time time;
    uint64_t seq;
    yh_time received;
    uint32_t cell_at; /* first cell in series_rows.cells */
    uint32_t cell_n;
};

struct series_rows {
    struct series_row *rows;
    size_t n, cap;
    struct series_cell_at *cells;
    size_t cell_n, cell_cap;
};

/* A window holds at most this many rows and cells in one piece; what is beyond makes another piece. */
#define SERIES_PIECE_ROWS_MAX  ((size_t)1 << 20)
#define SERIES_PIECE_CELLS_MAX ((size_t)1 << 24)

void series_rows_done(struct series_rows *r);
void series_rows_clear(struct series_rows *r); /* keeps the memory */
size_t series_rows_bytes(const struct series_rows *r);

/* Adds a row at its place; `cells` are sorted by column. Appending in order costs nothing extra. */
yh_must yh_err series_rows_add(struct series_rows *r, const struct series_row *row,
                               const struct series_cell_at *cells);

/* Adds at the end whatever the order; series_rows_sort() must follow. */
yh_must yh_err series_rows_append(struct series_rows *r, const struct series_row *row,
                                  const struct series_cell_at *cells);
void series_rows_sort(struct series_rows *r);

/* Index of the first row with row.time >= time. */
size_t series_rows_from(const struct series_rows *r, yh_time time);

/* The cell of that column, NULL when the row has none. */
const struct series_cell_at *series_rows_cell(const struct series_rows *r, const struct series_row *row,
                                              uint32_t column);

/* Drops what says nothing new: of equal contents of one key only the lowest and the highest seq are kept (see
 * version.h), and rows left without cells. */
yh_must yh_err series_rows_reduce(struct series_rows *r);

/* Order of contents where nothing else decides; any fixed order does. */
int series_content_cmp(const struct series_cell_at *a, const struct series_cell_at *b);

#endif
