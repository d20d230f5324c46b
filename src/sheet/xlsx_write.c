/*
 * A workbook with one worksheet: headings frozen, texts inline. The parts come out in the order in which
 * they can be written without looking back; the worksheet is the last one.
 */
#include "sheet/sheet_internal.h"
#include "sheet/zip_write.h"

#define OUT_SEND 32768u

enum style {
    STYLE_PLAIN,
    STYLE_TITLE,
    STYLE_HEAD,
    STYLE_TEXT,
    STYLE_DATE,
    STYLE_TIME,
    STYLE_WHOLE,
    STYLE_DECIMALS /* and so many more */
};

struct xlsx_writer {
    struct sheet_writer common; /* first */
    struct zip_writer zip;
    size_t head_rows;
    yh_buf after; /* merged cells, which follow the rows */
};

static struct xlsx_writer *of(struct sheet_writer *w)
{
    return (struct xlsx_writer *)(void *)w;
}

/* ---- fixed parts ---- */

#define XML "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
#define MAIN "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
#define OFFICE "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
#define PACKAGE "http://schemas.openxmlformats.org/package/2006/"
#define TYPE "application/vnd.openxmlformats-officedocument.spreadsheetml."

static const char types[] = XML
    "<Types xmlns=\"" PACKAGE "content-types\">"
    "<Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>"
    "<Default Extension=\"xml\" ContentType=\"application/xml\"/>"
    "<Override PartName=\"/xl/workbook.xml\" ContentType=\"" TYPE "sheet.main+xml\"/>"
    "<Override PartName=\"/xl/worksheets/sheet1.xml\" ContentType=\"" TYPE "worksheet+xml\"/>"
    "<Override PartName=\"/xl/styles.xml\" ContentType=\"" TYPE "styles+xml\"/>"
    "</Types>";

static const char root_rels[] = XML
    "<Relationships xmlns=\"" PACKAGE "relationships\">"
    "<Relationship Id=\"rId1\" Type=\"" OFFICE "/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>";

static const char book_rels[] = XML
    "<Relationships xmlns=\"" PACKAGE "relationships\">"
    "<Relationship Id=\"rId1\" Type=\"" OFFICE "/worksheet\" Target=\"worksheets/sheet1.xml\"/>"
    "<Relationship Id=\"rId2\" Type=\"" OFFICE "/styles\" Target=\"styles.xml\"/></Relationships>";

static void put_escaped(yh_buf *out, yh_str s)
{
    size_t from = 0;
    for (size_t i = 0; i < s.n; i++) {
        const char *as = s.p[i] == '&' ? "&amp;" : s.p[i] == '<' ? "&lt;" : s.p[i] == '>' ? "&gt;"
                         : s.p[i] == '"' ? "&quot;" : s.p[i] == '\r' ? "_x000D_" : NULL;
        bool escape = s.p[i] == '_' && i + 6 < s.n && s.p[i + 1] == 'x' && s.p[i + 6] == '_';
        if (!as && !escape)
            continue;
        yh_buf_str(out, yh_str_sub(s, from, i - from));
        yh_buf_puts(out, as ? as : "_x005F_"); /* "_x0041_" itself would be read as "A" */
        from = i + 1;
    }
    yh_buf_str(out, yh_str_sub(s, from, s.n));
}

static void put_book(yh_buf *out, const char *name)
{
    yh_buf_puts(out, XML "<workbook xmlns=\"" MAIN "\" xmlns:r=\"" OFFICE "\"><sheets><sheet name=\"");
    put_escaped(out, yh_str_of(name));
    yh_buf_puts(out, "\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>");
}

#define FIRST_FORMAT 164u /* lower numbers are built in */

static void put_formats(yh_buf *out)
{
    yh_buf_printf(out, "<numFmts count=\"%d\"><numFmt numFmtId=\"164\" formatCode=\"yyyy\\-mm\\-dd\"/>"
                  "<numFmt numFmtId=\"165\" formatCode=\"yyyy\\-mm\\-dd\\ hh:mm:ss\"/>", YH_DEC_MAX_SCALE + 2);
    for (unsigned scale = 1; scale <= YH_DEC_MAX_SCALE; scale++)
        yh_buf_printf(out, "<numFmt numFmtId=\"%u\" formatCode=\"0.%.*s\"/>", FIRST_FORMAT + 1 + scale, (int)scale,
                      "000000000000");
    yh_buf_puts(out, "</numFmts>");
}

static void put_style(yh_buf *out, unsigned format, unsigned font, unsigned fill, unsigned border, const char *align)
{
    yh_buf_printf(out, "<xf numFmtId=\"%u\" fontId=\"%u\" fillId=\"%u\" borderId=\"%u\" xfId=\"0\" applyNumberFormat=\"1\""
                  " applyFont=\"1\" applyFill=\"1\" applyBorder=\"1\" applyAlignment=\"1\">%s</xf>",
                  format, font, fill, border, align);
}

static void put_cell_styles(yh_buf *out)
{
    static const char centre[] = "<alignment horizontal=\"center\" vertical=\"center\" wrapText=\"1\"/>";
    yh_buf_printf(out, "<cellXfs count=\"%d\">", STYLE_DECIMALS + YH_DEC_MAX_SCALE + 1);
    put_style(out, 0, 0, 0, 0, "");
    put_style(out, 0, 2, 0, 0, centre);
    put_style(out, 0, 1, 2, 1, centre);
    put_style(out, 49, 0, 0, 0, "");
    put_style(out, FIRST_FORMAT, 0, 0, 0, "");
    put_style(out, FIRST_FORMAT + 1, 0, 0, 0, "");
    put_style(out, 1, 0, 0, 0, "");
    put_style(out, 1, 0, 0, 0, ""); /* no decimals */
    for (unsigned scale = 1; scale <= YH_DEC_MAX_SCALE; scale++)
        put_style(out, FIRST_FORMAT + 1 + scale, 0, 0, 0, "");
    yh_buf_puts(out, "</cellXfs>");
}

static void put_styles(yh_buf *out)
{
    yh_buf_puts(out, XML "<styleSheet xmlns=\"" MAIN "\">");
    put_formats(out);
    yh_buf_puts(out,
                "<fonts count=\"3\"><font><sz val=\"11\"/><name val=\"宋体\"/></font>"
                "<font><b/><sz val=\"11\"/><name val=\"宋体\"/></font><font><b/><sz val=\"14\"/><name val=\"宋体\"/></font></fonts>"
                "<fills count=\"3\"><fill><patternFill patternType=\"none\"/></fill>"
                "<fill><patternFill patternType=\"gray125\"/></fill>"
                "<fill><patternFill patternType=\"solid\"><fgColor rgb=\"FFE8EEF4\"/></patternFill></fill></fills>"
                "<borders count=\"2\"><border><left/><right/><top/><bottom/><diagonal/></border>"
                "<border><left style=\"thin\"/><right style=\"thin\"/><top style=\"thin\"/><bottom style=\"thin\"/><diagonal/>"
                "</border></borders>"
                "<cellStyleXfs count=\"1\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\"/></cellStyleXfs>");
    put_cell_styles(out);
    yh_buf_puts(out, "<cellStyles count=\"1\"><cellStyle name=\"Normal\" xfId=\"0\" builtinId=\"0\"/></cellStyles></styleSheet>");
}

/* ---- cells ---- */

static void open_cell(struct sheet_writer *w, size_t row, size_t column, unsigned style)
{
    yh_buf_puts(&w->out, "<c r=\"");
    sheet_column_name(column, &w->out);
    yh_buf_u64(&w->out, row + 1);
    if (style) {
        yh_buf_puts(&w->out, "\" s=\"");
        yh_buf_u64(&w->out, style);
    }
}

static void put_text_cell(struct sheet_writer *w, size_t row, size_t column, unsigned style, yh_str s)
{
    yh_buf_auto clean = yh_buf_make(SHEET_CELL_MAX * 4);
    sheet_clean_text(s, &clean);
    open_cell(w, row, column, style);
    yh_buf_puts(&w->out, "\" t=\"inlineStr\"><is><t xml:space=\"preserve\">");
    put_escaped(&w->out, yh_buf_view(&clean));
    yh_buf_puts(&w->out, "</t></is></c>");
    if (clean.failed)
        sheet_fail(w, yh_buf_check(&clean));
}

static void put_number_cell(struct sheet_writer *w, unsigned style, yh_str digits)
{
    open_cell(w, w->row, w->column, style);
    yh_buf_puts(&w->out, "\"><v>");
    yh_buf_str(&w->out, digits);
    yh_buf_puts(&w->out, "</v></c>");
}

static void put_text(struct sheet_writer *w, yh_str s)
{
    if (s.n)
        put_text_cell(w, w->row, w->column, STYLE_TEXT, s);
}

static void put_number(struct sheet_writer *w, yh_str digits, int decimals)
{
    put_number_cell(w, decimals < 0 ? STYLE_WHOLE : STYLE_DECIMALS + (unsigned)decimals, digits);
}

static void put_time(struct sheet_writer *w, yh_time t, bool whole_day)
{
    yh_buf_auto serial = yh_buf_make(64);
    if (sheet_serial_of(t, whole_day, &serial)) {
        put_number_cell(w, whole_day ? STYLE_DATE : STYLE_TIME, yh_buf_view(&serial));
        return;
    }
    yh_time_rfc3339(t, YH_CST, &serial);
    put_text(w, yh_str_sub(yh_buf_view(&serial), 0, whole_day ? 10 : serial.n));
}

static void row_begin(struct sheet_writer *w)
{
    yh_buf_puts(&w->out, "<row r=\"");
    yh_buf_u64(&w->out, w->row + 1);
    yh_buf_puts(&w->out, "\">");
}

static void row_end(struct sheet_writer *w)
{
    yh_buf_puts(&w->out, "</row>");
}

static void pack(struct sheet_writer *w)
{
    if (w->failed == YH_OK && !w->out.failed)
        sheet_fail(w, zip_put(&of(w)->zip, yh_buf_view(&w->out)));
    yh_buf_clear(&w->out);
}

static void flush(struct sheet_writer *w)
{
    if (w->out.n >= OUT_SEND && !w->out.failed)
        pack(w);
}

/* ---- headings ---- */

static void put_merge(struct xlsx_writer *x, size_t row, size_t column, size_t last_row, size_t last_column)
{
    yh_buf_puts(&x->after, "<mergeCell ref=\"");
    sheet_column_name(column, &x->after);
    yh_buf_u64(&x->after, row + 1);
    yh_buf_putc(&x->after, ':');
    sheet_column_name(last_column, &x->after);
    yh_buf_u64(&x->after, last_row + 1);
    yh_buf_puts(&x->after, "\"/>");
}

static void put_title(struct xlsx_writer *x, const struct sheet_layout *l)
{
    struct sheet_writer *w = &x->common;
    row_begin(w);
    put_text_cell(w, w->row, 0, STYLE_TITLE, yh_str_of(l->title));
    row_end(w);
    if (l->n > 1)
        put_merge(x, w->row, 0, w->row, l->n - 1);
    w->row++;
}

static bool same_group(const struct sheet_column *a, const struct sheet_column *b)
{
    return a->group && b->group && strcmp(a->group, b->group) == 0;
}

/* The upper of two rows of headings: groups over their columns, other headings over both rows. */
static void put_groups(struct xlsx_writer *x, const struct sheet_layout *l)
{
    struct sheet_writer *w = &x->common;
    row_begin(w);
    for (size_t i = 0; i < l->n;) {
        const struct sheet_column *c = &l->columns[i];
        size_t end = i + 1;
        while (end < l->n && same_group(c, &l->columns[end]))
            end++;
        for (size_t k = i; k < end; k++)
            put_text_cell(w, w->row, k, STYLE_HEAD, yh_str_of(k > i ? "" : c->group ? c->group : c->title));
        if (!c->group)
            put_merge(x, w->row, i, w->row + 1, i);
        else if (end > i + 1)
            put_merge(x, w->row, i, w->row, end - 1);
        i = end;
    }
    row_end(w);
    w->row++;
}

static void put_titles(struct xlsx_writer *x, const struct sheet_layout *l, bool below_groups)
{
    struct sheet_writer *w = &x->common;
    row_begin(w);
    for (size_t i = 0; i < l->n; i++)
        put_text_cell(w, w->row, i, STYLE_HEAD,
                      yh_str_of(below_groups && !l->columns[i].group ? "" : l->columns[i].title));
    row_end(w);
    w->row++;
}

static void put_columns(yh_buf *out, const struct sheet_layout *l)
{
    yh_buf_puts(out, "<cols>");
    for (size_t i = 0; i < l->n; i++)
        yh_buf_printf(out, "<col min=\"%zu\" max=\"%zu\" width=\"%u\" customWidth=\"1\"/>", i + 1, i + 1,
                      l->columns[i].width ? l->columns[i].width : 12);
    yh_buf_puts(out, "</cols>");
}

static void put_sheet_head(struct xlsx_writer *x, const struct sheet_layout *l, bool grouped)
{
    yh_buf *out = &x->common.out;
    x->head_rows = (size_t)(1 + (l->title != NULL) + grouped);
    yh_buf_puts(out, XML "<worksheet xmlns=\"" MAIN "\"><sheetViews><sheetView workbookViewId=\"0\"><pane");
    yh_buf_printf(out, " ySplit=\"%zu\" topLeftCell=\"A%zu\" activePane=\"bottomLeft\" state=\"frozen\"/>", x->head_rows,
                  x->head_rows + 1);
    yh_buf_puts(out, "</sheetView></sheetViews><sheetFormatPr defaultRowHeight=\"15\"/>");
    put_columns(out, l);
    yh_buf_puts(out, "<sheetData>");
    if (l->title)
        put_title(x, l);
    if (grouped)
        put_groups(x, l);
    put_titles(x, l, grouped);
}

/* ---- the whole ---- */

static yh_err put_part(struct zip_writer *z, const char *name, yh_str content)
{
    YH_TRY(zip_begin(z, name));
    YH_TRY(zip_put(z, content));
    return zip_end(z);
}

static yh_err relay(void *user, yh_str bytes)
{
    struct sheet_writer *w = user;
    return w->sink(w->user, bytes);
}


static yh_err put_parts(struct xlsx_writer *x, yh_str book, yh_str styles)
{
    struct zip_writer *z = &x->zip;
    YH_TRY(put_part(z, "[Content_Types].xml", yh_str_of(types)));
    YH_TRY(put_part(z, "_rels/.rels", yh_str_of(root_rels)));
    YH_TRY(put_part(z, "xl/_rels/workbook.xml.rels", yh_str_of(book_rels)));
    YH_TRY(put_part(z, "xl/styles.xml", styles));
    YH_TRY(put_part(z, "xl/workbook.xml", book));
    return zip_begin(z, "xl/worksheets/sheet1.xml");
}

static void finish(struct sheet_writer *w)
{
    struct xlsx_writer *x = of(w);
    yh_buf_puts(&w->out, "</sheetData>");
    if (x->after.n) {
        yh_buf_puts(&w->out, "<mergeCells>");
        yh_buf_str(&w->out, yh_buf_view(&x->after));
        yh_buf_puts(&w->out, "</mergeCells>");
    }
    yh_buf_puts(&w->out, "</worksheet>");
    pack(w);
    if (w->failed == YH_OK)
        sheet_fail(w, zip_end(&x->zip));
    if (w->failed == YH_OK)
        sheet_fail(w, zip_finish(&x->zip));
}

static void done(struct sheet_writer *w)
{
    struct xlsx_writer *x = of(w);
    zip_writer_done(&x->zip);
    yh_buf_done(&x->after);
    free(x);
}

static const struct sheet_form_ops xlsx_ops = {put_text, put_number, put_time, row_begin, row_end, flush, finish, done};

static bool has_groups(const struct sheet_layout *l)
{
    bool grouped = false;
    for (size_t i = 0; i < l->n; i++)
        grouped |= l->columns[i].group != NULL;
    return grouped;
}

static yh_err begin(struct xlsx_writer *x, const struct sheet_layout *l)
{
    yh_buf_auto book = yh_buf_make(8192), styles = yh_buf_make(65536);
    put_book(&book, l->name);
    put_styles(&styles);
    YH_TRY(yh_buf_check(&book));
    YH_TRY(yh_buf_check(&styles));
    YH_TRY(put_parts(x, yh_buf_view(&book), yh_buf_view(&styles)));
    put_sheet_head(x, l, has_groups(l));
    return x->common.failed == YH_OK ? yh_buf_check(&x->common.out) : x->common.failed;
}

yh_err sheet_xlsx_writer(const struct sheet_layout *l, sheet_sink sink, void *user, struct sheet_writer **ret)
{
    struct xlsx_writer *x = calloc(1, sizeof *x);
    if (!x)
        return yh_fail(YH_E_NO_MEMORY, "no memory for a sheet");
    x->common = (struct sheet_writer){
        .ops = &xlsx_ops, .sink = sink, .user = user, .columns = l->n, .out = yh_buf_make(SHEET_ROW_MAX)};
    x->zip.sink = relay;
    x->zip.user = &x->common;
    x->after = yh_buf_make(65536);
    yh_err e = begin(x, l);
    if (e != YH_OK) {
        sheet_writer_free(&x->common);
        return e;
    }
    *ret = &x->common;
    return YH_OK;
}
