#include "rows.h"

#include "sheet/zip_write.h"

static yh_err note_row(void *user, size_t row, const struct sheet_cell *cells, size_t n)
{
    static const char *const kinds[] = {"", "", "n:", "d:", "b:", "e:"};
    yh_buf *out = user;
    yh_buf_printf(out, "%zu: ", row);
    for (size_t i = 0; i < n; i++) {
        yh_buf_printf(out, "%s%.*s%s|", kinds[cells[i].kind], YH_FMT(cells[i].text), cells[i].rounded ? "~" : "");
        assert_true(cells[i].kind != SHEET_EMPTY || cells[i].text.n == 0);
    }
    yh_buf_putc(out, '\n');
    return YH_OK;
}

yh_err rows_read(yh_str file, const struct sheet_limits *limits, yh_buf *out)
{
    yh_buf_clear(out);
    return sheet_read(file, limits ? limits : &sheet_limits_default, note_row, out);
}

yh_err rows_sink(void *user, yh_str bytes)
{
    yh_buf *out = user;
    yh_buf_str(out, bytes);
    return yh_buf_check(out);
}

void rows_archive(const struct part *parts, size_t n, yh_buf *out)
{
    struct zip_writer w = {.sink = rows_sink, .user = out};
    for (size_t i = 0; i < n; i++) {
        check_ok(zip_begin(&w, parts[i].name));
        check_ok(zip_put(&w, yh_str_of(parts[i].text)));
        check_ok(zip_end(&w));
    }
    check_ok(zip_finish(&w));
}

#define OFFICE "http://schemas.openxmlformats.org/officeDocument/2006/relationships"

void rows_book(const char *sheet, const struct part *more, yh_buf *out)
{
    yh_buf_auto text = yh_buf_make(8 << 20);
    yh_buf_printf(&text, "<worksheet xmlns=\"urn:x\">%s</worksheet>", sheet);
    struct part parts[12] = {
        {"_rels/.rels", "<Relationships><Relationship Id=\"a\" Type=\"" OFFICE "/officeDocument\" Target=\"xl/workbook.xml\"/>"
                        "</Relationships>"},
        {"xl/_rels/workbook.xml.rels",
         "<Relationships><Relationship Id=\"r1\" Type=\"" OFFICE "/worksheet\" Target=\"/xl/worksheets/one.xml\"/>"
         "<Relationship Id=\"r2\" Type=\"" OFFICE "/sharedStrings\" Target=\"sharedStrings.xml\"/>"
         "<Relationship Id=\"r3\" Type=\"" OFFICE "/styles\" Target=\"styles.xml\"/>"
         "<Relationship Id=\"r4\" Type=\"" OFFICE "/worksheet\" Target=\"http://elsewhere/\" TargetMode=\"External\"/>"
         "</Relationships>"},
        {"xl/worksheets/one.xml", yh_buf_z(&text)},
    };
    size_t n = 3;
    bool own_book = false;
    for (; more && more->name; more++) {
        own_book |= strcmp(more->name, "xl/workbook.xml") == 0;
        parts[n++] = *more;
    }
    if (!own_book)
        parts[n++] = (struct part){"xl/workbook.xml", "<workbook xmlns:r=\"" OFFICE "\"><sheets><sheet name=\"h\" state=\"hidden\" "
                                                      "r:id=\"r9\"/><sheet name=\"s\" r:id=\"r1\"/></sheets></workbook>"};
    rows_archive(parts, n, out);
}
