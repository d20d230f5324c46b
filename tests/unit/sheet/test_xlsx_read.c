#include "rows.h"

static void reads_book(const char *sheet, const struct part *more, const char *want)
{
    yh_buf_auto file = yh_buf_make(1 << 20), rows = yh_buf_make(1 << 20);
    rows_book(sheet, more, &file);
    check_ok(rows_read(yh_buf_view(&file), NULL, &rows));
    check_buf(&rows, want);
}

static void refuses(yh_str file, const struct sheet_limits *l, yh_err code, const char *cause)
{
    yh_buf_auto rows = yh_buf_make(1 << 20);
    check_err(rows_read(file, l, &rows), code);
    if (!strstr(yh_cause(), cause))
        fail_msg("\"%s\" does not say \"%s\"", yh_cause(), cause);
}

static void refuses_book(const char *sheet, const struct sheet_limits *l, yh_err code, const char *cause)
{
    yh_buf_auto file = yh_buf_make(8 << 20);
    rows_book(sheet, NULL, &file);
    refuses(yh_buf_view(&file), l, code, cause);
}

static const struct part shared[] = {
    {"xl/sharedStrings.xml", "<sst><si><t>企业</t></si><si><r><t>a</t></r><r><rPr/><t xml:space=\"preserve\"> b_x000D_</t></r>"
                             "<rPh><t>read</t></rPh></si><si/></sst>"},
    {"xl/styles.xml", "<styleSheet><numFmts><numFmt numFmtId=\"170\" formatCode=\"yyyy&quot;年&quot;m&quot;月&quot;\"/>"
                      "<numFmt numFmtId=\"171\" formatCode=\"0.00&quot;days&quot;\"/></numFmts>"
                      "<cellStyleXfs><xf numFmtId=\"14\"/></cellStyleXfs><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/>"
                      "<xf numFmtId=\"170\"/><xf numFmtId=\"171\"/><xf numFmtId=\"22\"/></cellXfs></styleSheet>"},
    {NULL, NULL},
};

static void every_kind_of_cell(void **state)
{
    (void)state;
    reads_book("<sheetData><row r=\"2\"><c r=\"A2\" t=\"s\"><v>0</v></c><c r=\"C2\" t=\"s\"><v>1</v></c><c r=\"D2\" t=\"s\"><v>2</v></c>"
               "</row><row r=\"5\"><c t=\"inlineStr\"><is><t>x</t></is></c><c t=\"b\"><v>1</v></c><c t=\"e\"><v>#REF!</v></c>"
               "<c t=\"str\"><f>A1&amp;\"y\"</f><v>xy</v></c><c><v>12.50</v></c><c t=\"d\"><v>2026-11-25T08:30:00</v></c>"
               "<c s=\"1\"/></row><row/></sheetData>",
               shared, "2: 企业||a b\r||\n5: x|b:TRUE|e:#REF!|xy|n:12.50|d:2026-11-25 08:30:00|\n");
}

static void numbers_as_a_spreadsheet_shows_them(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"0.30000000000000004", "n:0.3"}, {"1.5E-7", "n:0.00000015"}, {"1E3", "n:1000"}, {"-2.5", "n:-2.5"},
        {"50.00", "n:50.00"}, {"9.15001160000005E+17", "n:915001160000005000~"}, {"88888888888888", "n:88888888888888"},
        {"5", "n:5"}, {"9.9499999999999993", "n:9.95"}, {" 7 ", "n:7"},
    };
    for (size_t i = 0; i < YH_LEN(pairs); i++) {
        yh_buf_auto sheet = yh_buf_make(4096), want = yh_buf_make(4096);
        yh_buf_printf(&sheet, "<sheetData><row><c><v>%s</v></c></row></sheetData>", pairs[i][0]);
        yh_buf_printf(&want, "1: %s|\n", pairs[i][1]);
        reads_book(yh_buf_z(&sheet), NULL, yh_buf_z(&want));
    }
    static const char *const wrong[] = {"abc", "0x10", "1e999", "nan", "1 2", "--1"};
    for (size_t i = 0; i < YH_LEN(wrong); i++) {
        yh_buf_auto sheet = yh_buf_make(4096);
        yh_buf_printf(&sheet, "<sheetData><row r=\"3\"><c><v>%s</v></c></row></sheetData>", wrong[i]);
        refuses_book(yh_buf_z(&sheet), NULL, YH_E_INVALID, "第 3 行");
    }
}

static void dates_of_both_systems(void **state)
{
    (void)state;
    static const char sheet[] = "<sheetData><row><c s=\"1\"><v>46351</v></c><c s=\"4\"><v>46351.354166666664</v></c><c s=\"2\"><v>1</v></c>"
                                "<c s=\"1\"><v>60</v></c><c s=\"1\"><v>61</v></c><c s=\"4\"><v>0.5</v></c><c s=\"3\"><v>4</v></c>"
                                "<c s=\"1\"><v>-1</v></c><c s=\"1\"><v>9999999</v></c><c s=\"4\"><v>46350.9999999</v></c></row></sheetData>";
    reads_book(sheet, shared,
               "1: d:2026-11-25|d:2026-11-25 08:30:00|d:1900-01-01|n:60|d:1900-03-01|d:12:00:00|n:4|n:-1|n:9999999|d:2026-11-25|\n");
    const struct part with_1904[] = {
        shared[0], shared[1],
        {"xl/workbook.xml", "<w:workbook xmlns:w=\"u\"><w:workbookPr date1904=\"true\"/><w:sheets><w:sheet name=\"s\" ns1:id=\"r1\"/>"
                            "</w:sheets></w:workbook>"},
        {NULL, NULL},
    };
    reads_book("<sheetData><row><c s=\"1\"><v>44889</v></c></row></sheetData>", with_1904, "1: d:2026-11-25|\n");
}

static void merged_blocks_carry_their_value(void **state)
{
    (void)state;
    reads_book("<sheetData><row r=\"1\"><c r=\"A1\" t=\"str\"><v>企业</v></c><c r=\"C1\"><v>1</v></c></row>"
               "<row r=\"2\"><c r=\"C2\"><v>2</v></c></row><row r=\"4\"><c r=\"C4\"><v>4</v></c></row></sheetData>"
               "<mergeCells><mergeCell ref=\"A1:B2\"/><mergeCell ref=\"Z9:XFD1048576\"/></mergeCells>",
               NULL, "1: 企业|企业|n:1|\n2: 企业|企业|n:2|\n4: ||n:4|\n");
    refuses_book("<sheetData/><mergeCells><mergeCell ref=\"B2:A1\"/></mergeCells>", NULL, YH_E_INVALID, "合并");
    refuses_book("<sheetData/><mergeCells><mergeCell ref=\"A1\"/></mergeCells>", NULL, YH_E_INVALID, "合并");
}

static void broken_cells(void **state)
{
    (void)state;
    static const char *const sheets[] = {
        "<sheetData><row r=\"7\"><c t=\"s\"><v>0</v></c></row></sheetData>",
        "<sheetData><row r=\"7\"><c t=\"b\"><v>2</v></c></row></sheetData>",
        "<sheetData><row r=\"7\"><c t=\"q\"><v>2</v></c></row></sheetData>",
        "<sheetData><row r=\"7\"><c r=\"A8\"><v>2</v></c></row></sheetData>",
        "<sheetData><row r=\"7\"><c r=\"B7\"><v>2</v></c><c r=\"A7\"><v>2</v></c></row></sheetData>",
        "<sheetData><row r=\"7\"><c r=\"7\"><v>2</v></c></row></sheetData>",
        "<sheetData><row r=\"7\"/><row r=\"7\"/></sheetData>",
        "<sheetData><row r=\"7\"><c t=\"d\"><v>gestern</v></c></row></sheetData>",
    };
    for (size_t i = 0; i < YH_LEN(sheets); i++)
        refuses_book(sheets[i], NULL, YH_E_INVALID, "第 7 行");
    refuses_book("<sheetData><row r=\"0\"/></sheetData>", NULL, YH_E_INVALID, "不合规范");
    refuses_book("<sheetData><row r=\"1048577\"/></sheetData>", NULL, YH_E_INVALID, "不合规范");
    refuses_book("<!DOCTYPE x [<!ENTITY a \"b\">]><sheetData/>", NULL, YH_E_INVALID, "文档类型");
}

static void bounds(void **state)
{
    (void)state;
    static const char two_rows[] = "<sheetData><row><c><v>1</v></c></row><row><c r=\"C2\"><v>1</v></c></row></sheetData>";
    struct sheet_limits l = sheet_limits_default;
    l.rows = 1;
    refuses_book(two_rows, &l, YH_E_TOO_LARGE, "行过多");
    l = sheet_limits_default;
    l.columns = 2;
    refuses_book(two_rows, &l, YH_E_TOO_LARGE, "列过多");
    l = sheet_limits_default;
    l.entries = 2;
    refuses_book(two_rows, &l, YH_E_TOO_LARGE, "部件过多");
    l = sheet_limits_default;
    l.cell_bytes = 3;
    refuses_book("<sheetData><row><c t=\"str\"><v>abcd</v></c></row></sheetData>", &l, YH_E_TOO_LARGE, "单元格过大");
    l = sheet_limits_default;
    l.merges = 1;
    refuses_book("<sheetData/><mergeCell ref=\"A1:B1\"/><mergeCell ref=\"A2:B2\"/>", &l, YH_E_TOO_LARGE, "合并单元格过多");
}

static void bombs(void **state)
{
    (void)state;
    yh_buf_auto sheet = yh_buf_make(8 << 20);
    yh_buf_puts(&sheet, "<sheetData>");
    for (int i = 0; i < 3000000; i++)
        yh_buf_putc(&sheet, ' ');
    yh_buf_puts(&sheet, "</sheetData>");
    refuses_book(yh_buf_z(&sheet), NULL, YH_E_TOO_LARGE, "压缩炸弹");
    struct sheet_limits l = sheet_limits_default;
    l.inflated_bytes = 1 << 20;
    l.ratio = 2000;
    refuses_book(yh_buf_z(&sheet), &l, YH_E_TOO_LARGE, "展开后过大");
}

/* Changes `n` bytes at the k-th place where `mark` stands. */
static void patch(yh_buf *file, yh_str mark, unsigned k, size_t at, const char *bytes, size_t n)
{
    char *p = file->p;
    for (unsigned i = 0; i <= k && p; i++)
        p = memmem(p + (i > 0), file->n - (size_t)(p + (i > 0) - file->p), mark.p, mark.n);
    assert_non_null(p);
    memcpy(p + at, bytes, n);
}

static void damaged_archives(void **state)
{
    (void)state;
    static const char sheet[] = "<sheetData><row><c><v>1</v></c></row></sheetData>";
    static const yh_str listed = {"PK\x01\x02", 4}, end = {"PK\x05\x06", 4};
    yh_buf_auto good = yh_buf_make(1 << 20), file = yh_buf_make(1 << 20);
    rows_book(sheet, NULL, &good);
    yh_str all = yh_buf_view(&good);
    for (size_t n = 0; n < all.n; n += 7) {
        yh_buf_auto rows = yh_buf_make(1 << 20);
        assert_int_not_equal(rows_read(yh_str_sub(all, 0, n), NULL, &rows), YH_OK);
    }
    const struct {
        yh_str mark;
        size_t at;
        const char *bytes;
        size_t n;
        yh_err code;
        const char *cause;
    } damages[] = {
        {listed, 8, "\x01", 1, YH_E_UNSUPPORTED, "加密"},       {listed, 42, "\xFF\xFF", 2, YH_E_INVALID, "条目"},
        {listed, 16, "\x01\x02\x03", 3, YH_E_INVALID, "校验"},  {listed, 20, "\xFF\xFF", 2, YH_E_INVALID, "条目"},
        {listed, 10, "\x0C", 1, YH_E_UNSUPPORTED, "压缩方法"},  {listed, 24, "\x01\x00", 2, YH_E_INVALID, "大小"},
        {end, 4, "\x01", 1, YH_E_UNSUPPORTED, "分卷"},          {end, 16, "\xFF\xFF\xFF\x7F", 4, YH_E_INVALID, "目录"},
        {end, 10, "\x09", 1, YH_E_INVALID, "目录"},
    };
    for (size_t i = 0; i < YH_LEN(damages); i++) {
        yh_buf_clear(&file);
        yh_buf_str(&file, all);
        patch(&file, damages[i].mark, 0, damages[i].at, damages[i].bytes, damages[i].n);
        refuses(yh_buf_view(&file), NULL, damages[i].code, damages[i].cause);
    }
    yh_buf_clear(&file);
    yh_buf_str(&file, all);
    patch(&file, listed, 1, 42, "\0\0\0\0", 4); /* the second entry stands where the first one does */
    refuses(yh_buf_view(&file), NULL, YH_E_INVALID, "重叠");
}

static void not_a_workbook(void **state)
{
    (void)state;
    yh_buf_auto file = yh_buf_make(1 << 20);
    const struct part docx[] = {{"word/document.xml", "<w/>"}};
    rows_archive(docx, 1, &file);
    refuses(yh_buf_view(&file), NULL, YH_E_INVALID, "缺少工作簿");
    const struct part only_hidden[] = {
        {"xl/workbook.xml", "<workbook><sheets><sheet state=\"veryHidden\" r:id=\"r1\"/></sheets></workbook>"}, {NULL, NULL}};
    yh_buf_clear(&file);
    rows_book("<sheetData/>", only_hidden, &file);
    refuses(yh_buf_view(&file), NULL, YH_E_INVALID, "缺少工作表");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_cell),  cmocka_unit_test(numbers_as_a_spreadsheet_shows_them),
        cmocka_unit_test(dates_of_both_systems), cmocka_unit_test(merged_blocks_carry_their_value),
        cmocka_unit_test(broken_cells),        cmocka_unit_test(bounds),
        cmocka_unit_test(bombs),               cmocka_unit_test(damaged_archives),
        cmocka_unit_test(not_a_workbook),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
