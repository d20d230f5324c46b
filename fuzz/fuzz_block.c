/*
 * Bytes of a stored block. Whatever they are: no crash, no read or write out of bounds, no endless work; what does
 * decode is well-formed and comes back the same after encoding it again.
 */
#include "fuzz.h"
#include "series/columns.h"
#include "series/internal.h"

static struct series_codec *codec;

static void check_rows(const struct series_rows *r, const struct series_columns *names)
{
    for (size_t i = 0; i < r->n; i++) {
        const struct series_row *row = &r->rows[i];
        CHECK((size_t)row->cell_at + row->cell_n <= r->cell_n);
        for (uint32_t k = 0; k < row->cell_n; k++) {
            const struct series_cell_at *c = &r->cells[row->cell_at + k];
            CHECK(c->column < names->n && c->scale <= YH_DEC_MAX_SCALE);
            CHECK(k == 0 || c[-1].column < c->column);
        }
    }
}

static bool same_rows(const struct series_rows *a, const struct series_rows *b)
{
    if (a->n != b->n || a->cell_n != b->cell_n)
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (a->rows[i].time != b->rows[i].time || a->rows[i].seq != b->rows[i].seq ||
            a->rows[i].received != b->rows[i].received || a->rows[i].cell_n != b->rows[i].cell_n)
            return false;
    for (size_t i = 0; i < a->cell_n; i++)
        if (a->cells[i].column != b->cells[i].column || series_content_cmp(&a->cells[i], &b->cells[i]) != 0)
            return false;
    return true;
}

static void encode_again(const struct series_rows *rows, struct series_columns *names)
{
    yh_buf_auto blob = yh_buf_make((size_t)1 << 28);
    struct series_rows back = {0};
    CHECK(series_block_encode(codec, rows, names->names, names->n, &blob) == YH_OK);
    CHECK(series_rows_load(codec, yh_buf_view(&blob), names, NULL, &back) == YH_OK);
    CHECK(same_rows(rows, &back));
    series_rows_done(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!codec)
        CHECK(series_codec_new(&codec) == YH_OK);
    struct series_rows rows = {0};
    struct series_columns names = {0};
    if (series_rows_load(codec, (yh_str){(const char *)data, size}, &names, NULL, &rows) == YH_OK) {
        check_rows(&rows, &names);
        if (rows.cell_n < 100000)
            encode_again(&rows, &names);
    }
    series_rows_done(&rows);
    series_columns_done(&names);
    return 0;
}
