/*
 * The input is the XML of a worksheet; first byte: 1 shared texts, 2 styles instead. It is packed into an archive here,
 * because a fuzzer cannot guess a CRC.
 */
#include "fuzz.h"
#include "sheet/read.h"
#include "sheet/zip_write.h"

static const struct sheet_limits limits = {.file_bytes = 8u << 20,
                                           .entries = 20,
                                           .inflated_bytes = 16u << 20,
                                           .ratio = 2000,
                                           .string_bytes = 1u << 20,
                                           .rows = 1000,
                                           .columns = 30,
                                           .cell_bytes = 4096,
                                           .merges = 50};

#define OFFICE "http://schemas.openxmlformats.org/officeDocument/2006/relationships"

static yh_err check_row(void *user, size_t row, const struct sheet_cell *cells, size_t n)
{
    size_t *last = user;
    CHECK(row > *last && n >= 1 && n <= limits.columns);
    *last = row;
    for (size_t i = 0; i < n; i++)
        CHECK(yh_str_is_utf8(cells[i].text));
    return YH_OK;
}

static yh_err keep(void *user, yh_str bytes)
{
    yh_buf_str(user, bytes);
    return YH_OK;
}

static void put(struct zip_writer *w, const char *name, yh_str text)
{
    CHECK(zip_begin(w, name) == YH_OK && zip_put(w, text) == YH_OK && zip_end(w) == YH_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    yh_buf_auto file = yh_buf_make(8u << 20);
    struct zip_writer w = {.sink = keep, .user = &file};
    size_t last = 0;
    if (size == 0 || size > 1u << 20)
        return 0;
    yh_str input = {(const char *)data + 1, size - 1};
    yh_str sheet = YH_S("<w><sheetData><row><c t=\"s\" s=\"1\"><v>0</v></c><c s=\"1\"><v>45000.5</v></c></row></sheetData></w>");
    put(&w, "_rels/.rels", YH_S("<R><Relationship Id=\"a\" Type=\"" OFFICE "/officeDocument\" Target=\"book.xml\"/></R>"));
    put(&w, "_rels/book.xml.rels", YH_S("<R><Relationship Id=\"a\" Type=\"" OFFICE "/worksheet\" Target=\"s.xml\"/>"
                                        "<Relationship Id=\"b\" Type=\"" OFFICE "/sharedStrings\" Target=\"t.xml\"/>"
                                        "<Relationship Id=\"c\" Type=\"" OFFICE "/styles\" Target=\"u.xml\"/></R>"));
    put(&w, "book.xml", YH_S("<b><sheets><sheet r:id=\"a\"/></sheets></b>"));
    put(&w, "t.xml", data[0] == 1 ? input : YH_S("<sst><si><t>x</t></si></sst>"));
    put(&w, "u.xml", data[0] == 2 ? input : YH_S("<s><cellXfs><xf/><xf numFmtId=\"14\"/></cellXfs></s>"));
    put(&w, "s.xml", data[0] == 1 || data[0] == 2 ? sheet : input);
    CHECK(zip_finish(&w) == YH_OK);
    yh_err e = sheet_read(yh_buf_view(&file), &limits, check_row, &last);
    CHECK(e == YH_OK || e == YH_E_INVALID || e == YH_E_TOO_LARGE);
    return 0;
}
