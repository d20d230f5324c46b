/* The input is a file somebody uploads. Whatever comes out is clean text within the bounds; no reading takes more. */
#include "fuzz.h"
#include "sheet/read.h"

static const struct sheet_limits limits = {.file_bytes = 1u << 20,
                                           .entries = 20,
                                           .inflated_bytes = 4u << 20,
                                           .ratio = 200,
                                           .string_bytes = 1u << 20,
                                           .rows = 1000,
                                           .columns = 30,
                                           .cell_bytes = 4096,
                                           .merges = 50};

struct seen {
    size_t row, rows;
};

static yh_err check_row(void *user, size_t row, const struct sheet_cell *cells, size_t n)
{
    struct seen *s = user;
    CHECK(row > s->row);
    CHECK(n >= 1 && n <= limits.columns && ++s->rows <= limits.rows);
    s->row = row;
    bool any = false;
    for (size_t i = 0; i < n; i++) {
        CHECK(cells[i].kind <= SHEET_ERROR);
        CHECK(cells[i].text.n <= limits.cell_bytes && yh_str_is_utf8(cells[i].text));
        any |= cells[i].kind != SHEET_EMPTY;
    }
    CHECK(any);
    return YH_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct seen s = {0};
    yh_err e = sheet_read((yh_str){(const char *)data, size}, &limits, check_row, &s);
    CHECK(e == YH_OK || e == YH_E_INVALID || e == YH_E_TOO_LARGE || e == YH_E_UNSUPPORTED);
    return 0;
}
