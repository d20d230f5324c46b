/* CSV: encoding first, for the whole file, then fields one by one. */
#include <errno.h>
#include <iconv.h>

#include "sheet/sheet_internal.h"

/* ---- encoding ---- */

static yh_err convert(yh_str in, const char *from, yh_buf *out)
{
    iconv_t cd = iconv_open("UTF-8", from);
    if (cd == (iconv_t)-1)
        return yh_fail(YH_E_UNSUPPORTED, "服务器缺少 %s 编码的支持,请另存为 UTF-8 后重试", from);
    size_t room = in.n * 3 + 16;
    char *to = yh_buf_reserve(out, room), *at = to;
    char *p = (char *)(uintptr_t)in.p;
    size_t left = in.n, space = room;
    bool done = to && iconv(cd, &p, &left, &at, &space) != (size_t)-1 && left == 0;
    iconv_close(cd);
    if (!to)
        return yh_buf_check(out);
    if (!done)
        return yh_fail(YH_E_INVALID, "无法识别文件的文字编码(第 %zu 字节),请另存为 UTF-8 编码的 CSV 后重试", in.n - left + 1);
    out->n += room - space;
    return YH_OK;
}

/* UTF-8 as it is; anything else through `converted`. */
static yh_err to_utf8(yh_str file, yh_buf *converted, yh_str *ret)
{
    const char *from = NULL;
    if (yh_str_starts(file, YH_S("\xFF\xFE")))
        from = "UTF-16LE";
    else if (yh_str_starts(file, YH_S("\xFE\xFF")))
        from = "UTF-16BE";
    if (yh_str_starts(file, YH_S("\xEF\xBB\xBF")))
        file = yh_str_sub(file, 3, file.n);
    else if (from)
        file = yh_str_sub(file, 2, file.n);
    if (!from && !yh_str_is_utf8(file))
        from = "GB18030";
    if (from) {
        YH_TRY(convert(file, from, converted));
        file = yh_buf_view(converted);
    }
    if (memchr(file.p, 0, file.n))
        return yh_fail(YH_E_INVALID, "不是表格文件,请上传 .xlsx 或 .csv");
    *ret = file;
    return YH_OK;
}

/* The separator that the first line has most of. */
static char separator_of(yh_str text)
{
    size_t counts[3] = {0};
    static const char candidates[] = ",;\t";
    for (size_t i = 0; i < text.n && text.p[i] != '\n'; i++)
        for (size_t k = 0; k < YH_LEN(counts); k++)
            counts[k] += text.p[i] == candidates[k];
    size_t best = 0;
    for (size_t k = 1; k < YH_LEN(counts); k++)
        if (counts[k] > counts[best])
            best = k;
    return candidates[best];
}

/* ---- fields ---- */

struct csv {
    yh_str text;
    size_t at, line; /* line: as a spreadsheet counts, from 1 */
    char separator;
    const struct sheet_limits *limits;
    struct sheet_cell *cells;
    size_t *starts, *lengths;
    size_t n;
    yh_buf row;
};

static yh_err take_quoted(struct csv *c)
{
    for (c->at++; c->at < c->text.n; c->at++) {
        char k = c->text.p[c->at];
        bool doubled = k == '"' && c->at + 1 < c->text.n && c->text.p[c->at + 1] == '"';
        if (k == '"' && !doubled) {
            c->at++;
            return YH_OK;
        }
        yh_buf_putc(&c->row, k);
        c->at += doubled;
    }
    return yh_fail(YH_E_INVALID, "第 %zu 行的引号没有成对,请检查后重试", c->line);
}

static bool at_end_of_field(const struct csv *c)
{
    return c->at >= c->text.n || c->text.p[c->at] == c->separator || c->text.p[c->at] == '\n' || c->text.p[c->at] == '\r';
}

static yh_err take_field(struct csv *c)
{
    size_t line = c->line;
    if (c->n == c->limits->columns)
        return yh_fail(YH_E_TOO_LARGE, "第 %zu 行的列过多(最多 %zu 列)", line, c->limits->columns);
    c->starts[c->n] = c->row.n;
    if (c->at < c->text.n && c->text.p[c->at] == '"')
        YH_TRY(take_quoted(c));
    else
        while (!at_end_of_field(c))
            yh_buf_putc(&c->row, c->text.p[c->at++]);
    if (!at_end_of_field(c))
        return yh_fail(YH_E_INVALID, "第 %zu 行的引号之后还有内容,请检查后重试", line);
    c->lengths[c->n] = c->row.n - c->starts[c->n];
    if (c->row.failed || c->lengths[c->n] > c->limits->cell_bytes)
        return yh_fail(YH_E_TOO_LARGE, "第 %zu 行有一个单元格过大(超过 %zu 字节)", line, c->limits->cell_bytes);
    c->n++;
    return YH_OK;
}

static yh_err take_row(struct csv *c)
{
    c->n = 0;
    yh_buf_clear(&c->row);
    for (;;) {
        YH_TRY(take_field(c));
        if (c->at >= c->text.n || c->text.p[c->at] != c->separator)
            break;
        c->at++;
    }
    if (c->at < c->text.n && c->text.p[c->at] == '\r')
        c->at++;
    if (c->at < c->text.n && c->text.p[c->at] == '\n')
        c->at++;
    c->line++;
    return YH_OK;
}

/* What sheet/write.h does against formulas is undone. */
static yh_str without_guard(yh_str s)
{
    bool guarded = s.n > 1 && s.p[0] == '\'' && sheet_looks_like_formula(yh_str_sub(s, 1, s.n));
    return guarded ? yh_str_sub(s, 1, s.n) : s;
}

static bool fill_cells(struct csv *c)
{
    bool any = false;
    for (size_t i = 0; i < c->n; i++) {
        yh_str s = without_guard(yh_str_sub(yh_buf_view(&c->row), c->starts[i], c->lengths[i]));
        c->cells[i] = (struct sheet_cell){.kind = s.n ? SHEET_TEXT : SHEET_EMPTY, .text = s};
        any |= s.n > 0;
    }
    return any;
}

static yh_err read_rows(struct csv *c, sheet_row_fn each, void *user)
{
    size_t rows = 0;
    while (c->at < c->text.n) {
        size_t line = c->line;
        YH_TRY(take_row(c));
        if (!fill_cells(c))
            continue;
        if (rows++ == c->limits->rows)
            return yh_fail(YH_E_TOO_LARGE, "表格的行过多(最多 %zu),请分批上传", c->limits->rows);
        YH_TRY(each(user, line, c->cells, c->n));
    }
    return YH_OK;
}

yh_err sheet_read_csv(yh_str file, const struct sheet_limits *l, sheet_row_fn each, void *user)
{
    yh_arena_auto arena = yh_arena_make((size_t)1 << 20);
    yh_buf_auto converted = yh_buf_make(file.n * 3 + 16);
    struct csv c = {.line = 1, .limits = l, .row = yh_buf_make(l->cell_bytes * 4)};
    YH_TRY(to_utf8(file, &converted, &c.text));
    c.separator = separator_of(c.text);
    c.cells = YH_NEW_N(&arena, struct sheet_cell, l->columns);
    c.starts = YH_NEW_N(&arena, size_t, l->columns);
    c.lengths = YH_NEW_N(&arena, size_t, l->columns);
    if (!c.cells || !c.starts || !c.lengths)
        return yh_fail(YH_E_NO_MEMORY, "no memory to read a sheet");
    yh_err e = read_rows(&c, each, user);
    yh_buf_done(&c.row);
    return e;
}
