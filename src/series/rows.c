#include "series/rows.h"

#define DROPPED UINT32_MAX

void series_rows_done(struct series_rows *r)
{
    free(r->rows);
    free(r->cells);
    *r = (struct series_rows){0};
}

void series_rows_clear(struct series_rows *r)
{
    r->n = 0;
    r->cell_n = 0;
}

size_t series_rows_bytes(const struct series_rows *r)
{
    return r->cap * sizeof *r->rows + r->cell_cap * sizeof *r->cells;
}

/* Grows *array (of `size` bytes each) to hold `want` elements. */
static yh_err grow(void *array, size_t size, size_t *cap, size_t want)
{
    if (want <= *cap)
        return YH_OK;
    size_t more = *cap ? *cap + *cap / 2 : 8;
    if (more < want)
        more = want;
    void *old;
    memcpy(&old, array, sizeof old);
    void *p = reallocarray(old, more, size);
    if (!p)
        return yh_fail(YH_E_NO_MEMORY, "no memory for %zu rows of a window", more);
    memcpy(array, &p, sizeof p);
    *cap = more;
    return YH_OK;
}

static bool row_before(const struct series_row *a, const struct series_row *b)
{
    return a->time != b->time ? a->time < b->time : a->seq < b->seq;
}

/* Room for one more row; its cells are stored, the row itself is not placed yet. */
static yh_err store_cells(struct series_rows *r, const struct series_row *row,
                          const struct series_cell_at *cells, struct series_row *ret)
{
    size_t cell_n = r->cell_n + row->cell_n;
    if (cell_n > UINT32_MAX)
        return yh_fail(YH_E_TOO_LARGE, "a window of more than %u values", UINT32_MAX);
    YH_TRY(grow(&r->rows, sizeof *r->rows, &r->cap, r->n + 1));
    YH_TRY(grow(&r->cells, sizeof *r->cells, &r->cell_cap, cell_n));
    *ret = *row;
    ret->cell_at = (uint32_t)r->cell_n;
    if (row->cell_n)
        memcpy(r->cells + r->cell_n, cells, row->cell_n * sizeof *cells);
    r->cell_n = cell_n;
    return YH_OK;
}

yh_err series_rows_append(struct series_rows *r, const struct series_row *row,
                          const struct series_cell_at *cells)
{
    struct series_row placed;
    YH_TRY(store_cells(r, row, cells, &placed));
    r->rows[r->n++] = placed;
    return YH_OK;
}

yh_err series_rows_add(struct series_rows *r, const struct series_row *row,
                       const struct series_cell_at *cells)
{
    struct series_row placed;
    YH_TRY(store_cells(r, row, cells, &placed));
    size_t at = r->n;
    if (at && row_before(&placed, &r->rows[at - 1])) {
        at = series_rows_from(r, placed.time);
        while (at < r->n && !row_before(&placed, &r->rows[at]))
            at++;
        memmove(r->rows + at + 1, r->rows + at, (r->n - at) * sizeof *r->rows);
    }
    r->rows[at] = placed;
    r->n++;
    return YH_OK;
}

static int compare_rows(const void *a, const void *b)
{
    const struct series_row *x = a, *y = b;
    if (row_before(x, y))
        return -1;
    return row_before(y, x);
}

void series_rows_sort(struct series_rows *r)
{
    for (size_t i = 1; i < r->n; i++) {
        if (row_before(&r->rows[i], &r->rows[i - 1])) {
            qsort(r->rows, r->n, sizeof *r->rows, compare_rows);
            return;
        }
    }
}

size_t series_rows_from(const struct series_rows *r, yh_time time)
{
    size_t low = 0, high = r->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (r->rows[middle].time < time)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct series_cell_at *series_rows_cell(const struct series_rows *r, const struct series_row *row,
                                              uint32_t column)
{
    const struct series_cell_at *cells = r->cells + row->cell_at;
    size_t low = 0, high = row->cell_n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (cells[middle].column < column)
            low = middle + 1;
        else
            high = middle;
    }
    return low < row->cell_n && cells[low].column == column ? &cells[low] : NULL;
}

int series_content_cmp(const struct series_cell_at *a, const struct series_cell_at *b)
{
    if (a->m != b->m)
        return a->m < b->m ? -1 : 1;
    if (a->scale != b->scale)
        return a->scale < b->scale ? -1 : 1;
    return (a->flag > b->flag) - (a->flag < b->flag);
}

/* ---- reduce ---- */

struct claim {
    struct series_cell_at *cell;
    uint64_t seq;
    struct series_cell_at *drop; /* list of the cells to drop; its own use, beside the claim */
};

static int compare_claims(const void *a, const void *b)
{
    const struct claim *x = a, *y = b;
    if (x->cell->column != y->cell->column)
        return x->cell->column < y->cell->column ? -1 : 1;
    int by_content = series_content_cmp(x->cell, y->cell);
    if (by_content)
        return by_content;
    if (x->seq != y->seq)
        return x->seq < y->seq ? -1 : 1;
    return (x->cell > y->cell) - (x->cell < y->cell);
}

static bool same_claim(const struct claim *a, const struct claim *b)
{
    return a->cell->column == b->cell->column && series_content_cmp(a->cell, b->cell) == 0;
}

/* Marks what stands between the first and the last claim of a content, and repeats of the same claim. The
 * marks are set after all comparing is done: they destroy the column. */
static void drop_middles(struct claim *claims, size_t n)
{
    size_t dropped = 0;
    for (size_t from = 0, to; from < n; from = to) {
        to = from + 1;
        while (to < n && same_claim(&claims[from], &claims[to]))
            to++;
        size_t end = claims[to - 1].seq != claims[from].seq ? to - 1 : to;
        for (size_t i = from + 1; i < end; i++)
            claims[dropped++].drop = claims[i].cell;
    }
    for (size_t i = 0; i < dropped; i++)
        claims[i].drop->column = DROPPED;
}

static yh_err reduce_time(struct series_rows *r, size_t from, size_t to)
{
    size_t n = 0;
    for (size_t i = from; i < to; i++)
        n += r->rows[i].cell_n;
    yh_free_auto struct claim *claims = calloc(n ? n : 1, sizeof *claims);
    if (!claims)
        return yh_fail(YH_E_NO_MEMORY, "no memory to merge %zu values", n);
    size_t at = 0;
    for (size_t i = from; i < to; i++)
        for (size_t k = 0; k < r->rows[i].cell_n; k++)
            claims[at++] = (struct claim){&r->cells[r->rows[i].cell_at + k], r->rows[i].seq, NULL};
    qsort(claims, n, sizeof *claims, compare_claims);
    drop_middles(claims, n);
    return YH_OK;
}

static void close_gaps(struct series_rows *r)
{
    size_t kept = 0;
    for (size_t i = 0; i < r->n; i++) {
        struct series_row row = r->rows[i];
        struct series_cell_at *cells = r->cells + row.cell_at;
        uint32_t n = 0;
        for (uint32_t k = 0; k < row.cell_n; k++)
            if (cells[k].column != DROPPED)
                cells[n++] = cells[k];
        row.cell_n = n;
        if (n)
            r->rows[kept++] = row;
    }
    r->n = kept;
}

yh_err series_rows_reduce(struct series_rows *r)
{
    bool any = false;
    for (size_t from = 0, to; from < r->n; from = to) {
        to = from + 1;
        while (to < r->n && r->rows[to].time == r->rows[from].time)
            to++;
        if (to - from == 1)
            continue;
        YH_TRY(reduce_time(r, from, to));
        any = true;
    }
    if (any)
        close_gaps(r);
    return YH_OK;
}
