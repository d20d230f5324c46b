#include "series/internal.h"

static yh_err number_of(struct series_columns *columns, pthread_rwlock_t *grow_lock,
                        const struct series_column_name *name, uint32_t guess, uint32_t *ret)
{
    yh_str factor = series_column_factor(name);
    *ret = series_columns_find(columns, factor, (series_field)name->field, guess);
    if (*ret != SERIES_NO_COLUMN)
        return YH_OK;
    if (grow_lock)
        pthread_rwlock_wrlock(grow_lock);
    yh_err e = series_columns_add(columns, factor, (series_field)name->field, ret);
    if (grow_lock)
        pthread_rwlock_unlock(grow_lock);
    return e;
}

/* Where the next cell of each row goes, while the columns are laid out one after the other. */
struct layout {
    struct series_row *rows;
    struct series_cell_at *cells;
    size_t row_n;
};

static void add_column(struct layout *l, const struct series_block_cells *c, uint32_t number)
{
    for (uint32_t i = 0; i < c->n; i++) {
        struct series_row *row = &l->rows[c->row[i]];
        struct series_cell_at *cells = l->cells + row->cell_at;
        uint32_t at = row->cell_n++;
        for (; at > 0 && cells[at - 1].column > number; at--)
            cells[at] = cells[at - 1];
        cells[at] = (struct series_cell_at){c->m[i], number, c->scale[i], c->flag[i]};
    }
}

static yh_err decode_columns(struct series_codec *codec, const struct series_block *b, yh_arena *arena,
                             struct series_block_cells *ret)
{
    for (size_t i = 0; i < b->column_n; i++)
        YH_TRY(series_block_cells_decode(codec, b, &b->columns[i], arena, &ret[i]));
    return YH_OK;
}

static yh_err make_layout(const struct series_block *b, const struct series_block_rows *rows,
                          const struct series_block_cells *cells, yh_arena *arena, struct layout *ret)
{
    size_t cell_n = 0;
    for (size_t i = 0; i < b->column_n; i++)
        cell_n += cells[i].n;
    *ret = (struct layout){YH_NEW_N(arena, struct series_row, b->row_n),
                           YH_NEW_N(arena, struct series_cell_at, cell_n ? cell_n : 1), b->row_n};
    if (!ret->rows || !ret->cells)
        return yh_fail(YH_E_NO_MEMORY, "no memory to load a block of %zu values", cell_n);
    for (size_t i = 0; i < b->row_n; i++)
        ret->rows[i] =
            (struct series_row){.time = rows->time[i], .seq = rows->seq[i], .received = rows->received[i]};
    for (size_t i = 0; i < b->column_n; i++)
        for (uint32_t k = 0; k < cells[i].n; k++)
            ret->rows[cells[i].row[k]].cell_n++;
    uint32_t at = 0;
    for (size_t i = 0; i < b->row_n; i++) {
        ret->rows[i].cell_at = at;
        at += ret->rows[i].cell_n;
        ret->rows[i].cell_n = 0;
    }
    return YH_OK;
}

yh_err series_rows_load(struct series_codec *codec, yh_str blob, struct series_columns *columns,
                        pthread_rwlock_t *grow_lock, struct series_rows *out)
{
    yh_arena_auto arena = yh_arena_make(SERIES_READ_MAX);
    struct series_block b;
    struct series_block_rows rows;
    struct layout l;
    YH_TRY(series_block_open(blob, &arena, &b));
    YH_TRY(series_block_rows_decode(codec, &b, &arena, &rows));
    struct series_block_cells *cells =
        YH_NEW_N(&arena, struct series_block_cells, b.column_n ? b.column_n : 1);
    if (!cells)
        return yh_fail(YH_E_NO_MEMORY, "no memory to load a block of %zu columns", b.column_n);
    YH_TRY(decode_columns(codec, &b, &arena, cells));
    YH_TRY(make_layout(&b, &rows, cells, &arena, &l));
    uint32_t number = 0;
    for (size_t i = 0; i < b.column_n; i++) {
        YH_TRY(number_of(columns, grow_lock, &b.columns[i].name, number + 1, &number));
        add_column(&l, &cells[i], number);
    }
    for (size_t i = 0; i < l.row_n; i++)
        YH_TRY(series_rows_append(out, &l.rows[i], l.cells + l.rows[i].cell_at));
    return YH_OK;
}
