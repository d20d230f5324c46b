#include "sheet/sheet_internal.h"

void sheet_column_name(size_t column, yh_buf *out)
{
    char name[8];
    size_t n = 0;
    for (size_t c = column + 1; c > 0 && n < sizeof name; c = (c - 1) / 26)
        name[n++] = (char)('A' + (c - 1) % 26);
    while (n > 0)
        yh_buf_putc(out, name[--n]);
}

bool sheet_ref_parse(yh_str ref, size_t *ret_row, size_t *ret_column)
{
    size_t i = 0, column = 0, row = 0;
    for (; i < ref.n && ref.p[i] >= 'A' && ref.p[i] <= 'Z' && i < 3; i++)
        column = column * 26 + (size_t)(ref.p[i] - 'A' + 1);
    size_t letters = i;
    for (; i < ref.n && ref.p[i] >= '0' && ref.p[i] <= '9' && i < letters + 7; i++)
        row = row * 10 + (size_t)(ref.p[i] - '0');
    if (letters == 0 || i != ref.n || row == 0 || row > SHEET_ROWS_MAX || column > 16384)
        return false;
    *ret_row = row - 1;
    *ret_column = column - 1;
    return true;
}
