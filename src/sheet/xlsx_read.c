/* The cells of a worksheet, row by row; merged blocks first, because the file names them after its rows. */
#include <stdio.h>

#include "sheet/sheet_internal.h"
#include "sheet/xlsx_book.h"

#define ARENA_EXTRA ((size_t)16 << 20)

struct merge {
    size_t row, column, last_row, last_column;
    struct sheet_cell value; /* its text lives in the arena of the reading */
};

struct sheet_reading {
    struct xlsx_book book;
    const struct sheet_limits *limits;
    sheet_row_fn each;
    void *user;
    struct merge *merges; /* by first row */
    size_t merge_n, merge_at; /* those before merge_at are active or over */
    size_t *active;
    size_t active_n;
    struct sheet_cell *cells; /* of the row being read */
    size_t cell_n;
    size_t *starts; /* of each text in `texts`, which may move while it grows */
    yh_buf texts, value, attribute;
    size_t row, rows;
    bool any_row;
};

static yh_err too_large(const char *what, size_t most)
{
    return yh_fail(YH_E_TOO_LARGE, "表格的%s过多(最多 %zu),请分批上传", what, most);
}

static yh_err bad_cell(const struct sheet_reading *r)
{
    return yh_fail(YH_E_INVALID, "第 %zu 行有单元格不合规范,请用 Excel 或 WPS 另存为 .xlsx 后重试", r->row + 1);
}

/* ---- merged blocks ---- */

static yh_err add_merge(struct sheet_reading *r, yh_str ref)
{
    struct merge m = {0};
    size_t colon = yh_str_find(ref, ':', 0);
    if (r->merge_n == r->limits->merges)
        return too_large("合并单元格", r->limits->merges);
    if (colon == ref.n || !sheet_ref_parse(yh_str_sub(ref, 0, colon), &m.row, &m.column) ||
        !sheet_ref_parse(yh_str_sub(ref, colon + 1, ref.n), &m.last_row, &m.last_column) || m.last_row < m.row ||
        m.last_column < m.column)
        return yh_fail(YH_E_INVALID, "合并单元格的范围有误,请用 Excel 或 WPS 另存为 .xlsx 后重试");
    r->merges[r->merge_n++] = m;
    return YH_OK;
}

static int by_row(const void *x, const void *y)
{
    const struct merge *a = x, *b = y;
    return (a->row > b->row) - (a->row < b->row);
}

static yh_err collect_merges(struct sheet_reading *r)
{
    part_xml_auto p = {0};
    YH_TRY(part_xml_open(&r->book, r->book.sheet, &p));
    for (;;) {
        YH_TRY(xml_next(&p.xml));
        if (p.xml.kind == XML_DONE)
            break;
        if (p.xml.kind == XML_START && yh_str_is(p.xml.name, "mergeCell") &&
            xml_attribute(&p.xml, "ref", &r->attribute))
            YH_TRY(add_merge(r, yh_buf_view(&r->attribute)));
    }
    qsort(r->merges, r->merge_n, sizeof *r->merges, by_row);
    return YH_OK;
}

/* Cheap: most sheets have none, and then one reading is enough. */
static yh_err mentions_merges(struct sheet_reading *r, bool *ret)
{
    static const char word[] = "mergeCell";
    char piece[65536];
    size_t kept = 0, n = 1;
    struct zip_stream s = {0};
    yh_err e = zip_stream_open(&r->book.zip, r->book.sheet, &s);
    *ret = false;
    while (e == YH_OK && n && !*ret) {
        e = zip_stream_read(&s, piece + kept, sizeof piece - kept, &n);
        *ret = e == YH_OK && memmem(piece, kept + n, word, sizeof word - 1) != NULL;
        size_t have = kept + n;
        kept = yh_min_size(have, sizeof word - 2);
        memmove(piece, piece + have - kept, kept);
    }
    zip_stream_done(&s);
    return e;
}

static yh_err prepare_merges(struct sheet_reading *r)
{
    bool any = false;
    YH_TRY(mentions_merges(r, &any));
    if (!any)
        return YH_OK;
    r->merges = YH_NEW_N(r->book.arena, struct merge, r->limits->merges);
    r->active = YH_NEW_N(r->book.arena, size_t, r->limits->merges);
    if (!r->merges || !r->active)
        return yh_fail(YH_E_NO_MEMORY, "no memory to read a sheet");
    return collect_merges(r);
}

static void follow_merges(struct sheet_reading *r)
{
    size_t kept = 0;
    for (size_t i = 0; i < r->active_n; i++)
        if (r->merges[r->active[i]].last_row >= r->row)
            r->active[kept++] = r->active[i];
    r->active_n = kept;
    for (; r->merge_at < r->merge_n && r->merges[r->merge_at].row <= r->row; r->merge_at++)
        if (r->merges[r->merge_at].last_row >= r->row)
            r->active[r->active_n++] = r->merge_at;
}

static yh_err spread(struct sheet_reading *r, struct merge *m)
{
    if (m->column >= r->limits->columns)
        return YH_OK;
    if (m->row == r->row && m->column < r->cell_n) {
        m->value = r->cells[m->column];
        m->value.text = yh_arena_str(r->book.arena, m->value.text);
        if (!m->value.text.p)
            return yh_fail(YH_E_TOO_LARGE, "合并单元格的内容过多,请取消合并后重试");
    }
    if (m->value.kind == SHEET_EMPTY)
        return YH_OK;
    for (size_t c = m->column; c <= m->last_column && c < r->limits->columns; c++) {
        while (r->cell_n <= c)
            r->cells[r->cell_n++] = (struct sheet_cell){0};
        r->cells[c] = m->value;
    }
    return YH_OK;
}

/* ---- one row ---- */

static yh_err end_row(struct sheet_reading *r)
{
    bool any = r->cell_n > 0;
    for (size_t i = 0; i < r->cell_n; i++)
        if (r->cells[i].kind != SHEET_EMPTY)
            r->cells[i].text = yh_str_sub(yh_buf_view(&r->texts), r->starts[i], r->cells[i].text.n);
    if (any) {
        follow_merges(r);
        for (size_t i = 0; i < r->active_n; i++)
            YH_TRY(spread(r, &r->merges[r->active[i]]));
    }
    if (any && r->rows++ == r->limits->rows)
        return too_large("行", r->limits->rows);
    yh_err e = any ? r->each(r->user, r->row + 1, r->cells, r->cell_n) : YH_OK;
    r->cell_n = 0;
    yh_buf_clear(&r->texts);
    return e;
}

static yh_err begin_row(struct sheet_reading *r, const struct xml *x)
{
    uint64_t number = 0;
    size_t next = r->any_row ? r->row + 1 : 0;
    if (xml_attribute(x, "r", &r->attribute)) {
        if (!yh_str_to_u64(yh_buf_view(&r->attribute), &number) || number == 0 || number > SHEET_ROWS_MAX)
            return bad_cell(r);
        if (number - 1 < next)
            return yh_fail(YH_E_INVALID, "第 %zu 行之后的行次颠倒,请用 Excel 或 WPS 另存为 .xlsx 后重试", r->row + 1);
        next = (size_t)number - 1;
    }
    r->row = next;
    r->any_row = true;
    return r->row < SHEET_ROWS_MAX ? YH_OK : bad_cell(r);
}

/* ---- one cell ---- */

/* "-1.5e-07" becomes -0.00000015. */
static void put_expanded(const char *z, yh_buf *out)
{
    const char *mark = strchr(z, 'e');
    long exponent = mark ? strtol(mark + 1, NULL, 10) : 0;
    char digits[32];
    long n = 0;
    if (!mark) {
        yh_buf_puts(out, z);
        return;
    }
    if (*z == '-')
        yh_buf_putc(out, *z++);
    for (; z < mark; z++)
        if (*z != '.')
            digits[n++] = *z;
    if (exponent < 0)
        yh_buf_puts(out, "0.");
    for (long i = exponent + 1; i < 0; i++)
        yh_buf_putc(out, '0');
    for (long i = 0; i < n || i <= exponent; i++) {
        if (i == exponent + 1 && exponent >= 0)
            yh_buf_putc(out, '.');
        yh_buf_putc(out, i < n ? digits[i] : '0');
    }
}

/* What a spreadsheet shows of a number: at most 15 digits, no exponent. */
static bool plain_number(yh_str raw, yh_buf *out, bool *ret_rounded)
{
    char z[64];
    if (raw.n == 0 || raw.n >= sizeof z)
        return false;
    memcpy(z, raw.p, raw.n);
    z[raw.n] = '\0';
    char *end = NULL;
    double v = strtod(z, &end);
    if (*end != '\0' || strspn(z, "0123456789+-.eE") != raw.n || v - v != 0)
        return false;
    *ret_rounded = v >= 1e15 || v <= -1e15;
    size_t digits = 0;
    for (size_t i = 0; i < raw.n; i++)
        digits += z[i] >= '0' && z[i] <= '9';
    if (sheet_is_number(raw) && digits <= 15) {
        yh_buf_str(out, raw);
        return true;
    }
    snprintf(z, sizeof z, "%.15g", v);
    put_expanded(z, out);
    return true;
}

/* "_x000D_" stands for a character that XML does not like. */
static void put_unescaped(yh_buf *out, yh_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char pair[2];
        bool escape = s.p[i] == '_' && i + 6 < s.n && s.p[i + 1] == 'x' && s.p[i + 6] == '_' &&
                      yh_hex_decode(yh_str_sub(s, i + 2, 4), pair, 2) && pair[0] == 0 && pair[1] > 0 && pair[1] < 0x80;
        yh_buf_putc(out, escape ? (char)pair[1] : s.p[i]);
        i += escape ? 6 : 0;
    }
}

typedef yh_err (*cell_fn)(struct sheet_reading *r, yh_str raw, int64_t style, struct sheet_cell *c);

static yh_err shared_text(struct sheet_reading *r, yh_str raw, int64_t style, struct sheet_cell *c)
{
    (void)style;
    uint64_t at = 0;
    if (!yh_str_to_u64(raw, &at) || at >= r->book.string_n)
        return bad_cell(r);
    put_unescaped(&r->texts, r->book.strings[at]);
    c->kind = SHEET_TEXT;
    return YH_OK;
}

static yh_err own_text(struct sheet_reading *r, yh_str raw, int64_t style, struct sheet_cell *c)
{
    (void)style;
    put_unescaped(&r->texts, raw);
    c->kind = SHEET_TEXT;
    return YH_OK;
}

static yh_err truth(struct sheet_reading *r, yh_str raw, int64_t style, struct sheet_cell *c)
{
    (void)style;
    if (!yh_str_is(raw, "0") && !yh_str_is(raw, "1"))
        return bad_cell(r);
    yh_buf_puts(&r->texts, yh_str_is(raw, "1") ? "TRUE" : "FALSE");
    c->kind = SHEET_BOOL;
    return YH_OK;
}

static yh_err fault(struct sheet_reading *r, yh_str raw, int64_t style, struct sheet_cell *c)
{
    (void)style;
    yh_buf_str(&r->texts, raw);
    c->kind = SHEET_ERROR;
    return YH_OK;
}

static yh_err iso_date(struct sheet_reading *r, yh_str raw, int64_t style, struct sheet_cell *c)
{
    (void)style;
    yh_time t;
    if (!yh_time_parse(raw, 0, &t))
        return bad_cell(r);
    yh_buf_str(&r->texts, yh_str_sub(raw, 0, 10));
    if (raw.n >= 19) {
        yh_buf_putc(&r->texts, ' ');
        yh_buf_str(&r->texts, yh_str_sub(raw, 11, 8));
    }
    c->kind = SHEET_DATE;
    return YH_OK;
}

static yh_err number(struct sheet_reading *r, yh_str raw, int64_t style, struct sheet_cell *c)
{
    bool is_date = style >= 0 && (uint64_t)style < r->book.style_n && r->book.style_is_date[style];
    yh_str digits = yh_str_trim(raw);
    size_t from = r->texts.n;
    if (!plain_number(digits, &r->texts, &c->rounded))
        return bad_cell(r);
    c->kind = SHEET_NUMBER;
    if (!is_date)
        return YH_OK;
    yh_buf_auto date = yh_buf_make(64);
    char z[64] = {0};
    memcpy(z, digits.p, yh_min_size(digits.n, sizeof z - 1));
    if (!sheet_date_text(strtod(z, NULL), r->book.from_1904, &date))
        return YH_OK;
    r->texts.n = from;
    yh_buf_str(&r->texts, yh_buf_view(&date));
    c->kind = SHEET_DATE;
    return YH_OK;
}

static cell_fn reader_of(yh_str type)
{
    static const struct {
        const char *type;
        cell_fn read;
    } readers[] = {{"n", number}, {"s", shared_text}, {"inlineStr", own_text}, {"str", own_text},
                   {"b", truth},  {"e", fault},       {"d", iso_date}};
    for (size_t i = 0; i < YH_LEN(readers); i++)
        if (yh_str_is(type, readers[i].type))
            return readers[i].read;
    return NULL;
}

/* The value of the cell whose start was just read, up to its end. Formulas are passed over. */
static yh_err take_value(struct sheet_reading *r, struct xml *x)
{
    unsigned outside = x->depth - 1;
    yh_buf_clear(&r->value);
    while (x->depth > outside) {
        YH_TRY(xml_next(x));
        if (x->kind == XML_TEXT || x->kind == XML_END)
            continue;
        if (yh_str_is(x->name, "is")) {
            YH_TRY(xlsx_rich_text(x, &r->value));
        } else if (yh_str_is(x->name, "v")) {
            unsigned around = x->depth - 1;
            while (x->depth > around) {
                YH_TRY(xml_next(x));
                if (x->kind == XML_TEXT)
                    yh_buf_str(&r->value, x->text);
            }
        } else {
            YH_TRY(xml_skip(x));
        }
    }
    if (r->value.failed)
        return yh_fail(YH_E_TOO_LARGE, "第 %zu 行有一个单元格过大(超过 %zu 字节),请拆分后重试", r->row + 1, r->limits->cell_bytes);
    return YH_OK;
}

static yh_err read_cell(struct sheet_reading *r, struct xml *x)
{
    size_t row = r->row, column = r->cell_n;
    int64_t style = -1;
    cell_fn read = number;
    if (xml_attribute(x, "r", &r->attribute) &&
        (!sheet_ref_parse(yh_buf_view(&r->attribute), &row, &column) || row != r->row || column < r->cell_n))
        return bad_cell(r);
    if (xml_attribute(x, "s", &r->attribute) && !yh_str_to_i64(yh_buf_view(&r->attribute), &style))
        return bad_cell(r);
    if (xml_attribute(x, "t", &r->attribute) && !(read = reader_of(yh_buf_view(&r->attribute))))
        return bad_cell(r);
    YH_TRY(take_value(r, x));
    if (r->value.n == 0)
        return YH_OK;
    if (column >= r->limits->columns)
        return too_large("列", r->limits->columns);
    while (r->cell_n < column)
        r->cells[r->cell_n++] = (struct sheet_cell){0};
    struct sheet_cell c = {0};
    r->starts[column] = r->texts.n;
    YH_TRY(read(r, yh_buf_view(&r->value), style, &c));
    if (r->texts.failed)
        return yh_fail(YH_E_TOO_LARGE, "第 %zu 行过大,请拆分后重试", r->row + 1);
    c.text.n = r->texts.n - r->starts[column];
    r->cells[r->cell_n++] = c;
    return YH_OK;
}

/* ---- the sheet ---- */

static yh_err read_row(struct sheet_reading *r, struct xml *x)
{
    unsigned outside = x->depth - 1;
    YH_TRY(begin_row(r, x));
    while (x->depth > outside) {
        YH_TRY(xml_next(x));
        if (x->kind != XML_START)
            continue;
        if (yh_str_is(x->name, "c"))
            YH_TRY(read_cell(r, x));
        else
            YH_TRY(xml_skip(x));
    }
    return end_row(r);
}

static yh_err read_rows(struct sheet_reading *r)
{
    bool in_data = false;
    part_xml_auto p = {0};
    YH_TRY(part_xml_open(&r->book, r->book.sheet, &p));
    for (;;) {
        YH_TRY(xml_next(&p.xml));
        if (p.xml.kind == XML_DONE)
            return YH_OK;
        if (p.xml.kind != XML_TEXT && yh_str_is(p.xml.name, "sheetData"))
            in_data = p.xml.kind == XML_START;
        if (in_data && p.xml.kind == XML_START && yh_str_is(p.xml.name, "row"))
            YH_TRY(read_row(r, &p.xml));
    }
}

static yh_err prepare(struct sheet_reading *r)
{
    r->cells = YH_NEW_N(r->book.arena, struct sheet_cell, r->limits->columns + 1);
    r->starts = YH_NEW_N(r->book.arena, size_t, r->limits->columns + 1);
    if (!r->cells || !r->starts)
        return yh_fail(YH_E_NO_MEMORY, "no memory to read a sheet");
    YH_TRY(prepare_merges(r));
    return read_rows(r);
}

yh_err sheet_read_xlsx(yh_str file, const struct sheet_limits *l, sheet_row_fn each, void *user)
{
    yh_arena_auto arena = yh_arena_make(3 * l->string_bytes + ARENA_EXTRA);
    yh_buf_auto texts = yh_buf_make(l->cell_bytes * l->columns), value = yh_buf_make(l->cell_bytes);
    yh_buf_auto attribute = yh_buf_make(256);
    struct sheet_reading r = {.limits = l, .each = each, .user = user};
    YH_TRY(xlsx_book_open(file, l, &arena, &r.book));
    r.texts = texts;
    r.value = value;
    r.attribute = attribute;
    yh_err e = prepare(&r);
    texts = r.texts;
    value = r.value;
    attribute = r.attribute;
    return e;
}
