/* Which cell styles show a date: number formats by id, then the list of cell styles that refer to them. */
#include "sheet/sheet_internal.h"
#include "sheet/xlsx_book.h"

struct formats {
    int64_t ids[BOOK_FORMATS_MAX];
    bool is_date[BOOK_FORMATS_MAX];
    size_t n;
};

static int64_t attribute_i64(const struct xml *x, const char *name, int64_t otherwise)
{
    yh_buf_auto v = yh_buf_make(64);
    int64_t n;
    return xml_attribute(x, name, &v) && yh_str_to_i64(yh_buf_view(&v), &n) ? n : otherwise;
}

static yh_err add_format(struct formats *f, const struct xml *x)
{
    yh_buf_auto code = yh_buf_make(4096);
    if (f->n == BOOK_FORMATS_MAX)
        return yh_fail(YH_E_TOO_LARGE, "表格的数字格式过多(超过 %u 种)", BOOK_FORMATS_MAX);
    if (!xml_attribute(x, "formatCode", &code))
        return YH_OK;
    f->ids[f->n] = attribute_i64(x, "numFmtId", -1);
    f->is_date[f->n++] = sheet_format_is_date(yh_buf_view(&code));
    return YH_OK;
}

static bool shows_date(const struct formats *f, int64_t id)
{
    for (size_t i = 0; i < f->n; i++)
        if (f->ids[i] == id)
            return f->is_date[i];
    return sheet_builtin_is_date(id);
}

static yh_err add_style(struct xlsx_book *b, const struct formats *f, const struct xml *x)
{
    if (b->style_n == BOOK_STYLES_MAX)
        return yh_fail(YH_E_TOO_LARGE, "表格的单元格样式过多(超过 %u 种)", BOOK_STYLES_MAX);
    b->style_is_date[b->style_n++] = shows_date(f, attribute_i64(x, "numFmtId", 0));
    return YH_OK;
}

yh_err xlsx_styles_read(struct xlsx_book *b, struct xml *x)
{
    struct formats *f = YH_NEW(b->arena, struct formats);
    b->style_is_date = YH_NEW_N(b->arena, bool, BOOK_STYLES_MAX);
    if (!f || !b->style_is_date)
        return yh_fail(YH_E_NO_MEMORY, "no memory to read a sheet");
    bool in_styles = false;
    for (;;) {
        YH_TRY(xml_next(x));
        if (x->kind == XML_DONE)
            return YH_OK;
        if (x->kind == XML_START && yh_str_is(x->name, "numFmt"))
            YH_TRY(add_format(f, x));
        if (x->kind != XML_TEXT && yh_str_is(x->name, "cellXfs"))
            in_styles = x->kind == XML_START;
        if (x->kind == XML_START && in_styles && yh_str_is(x->name, "xf"))
            YH_TRY(add_style(b, f, x));
    }
}
