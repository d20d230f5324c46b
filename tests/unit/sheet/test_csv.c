#include "rows.h"

static void reads(yh_str file, const char *want)
{
    yh_buf_auto rows = yh_buf_make(1 << 20);
    check_ok(rows_read(file, NULL, &rows));
    check_buf(&rows, want);
}

static void refuses(yh_str file, yh_err code, const char *cause)
{
    yh_buf_auto rows = yh_buf_make(1 << 20);
    check_err(rows_read(file, NULL, &rows), code);
    if (!strstr(yh_cause(), cause))
        fail_msg("\"%s\" does not say \"%s\"", yh_cause(), cause);
}

static void plain_files(void **state)
{
    (void)state;
    reads(YH_S("a,b\nc,d"), "1: a|b|\n2: c|d|\n");
    reads(YH_S("a,b\r\n\r\n,,\r\nc,,d\r\n"), "1: a|b|\n4: c||d|\n");
    reads(YH_S("\xEF\xBB\xBF\"x\"\"y\",\"1\n2\"\nz\n"), "1: x\"y|1\n2|\n2: z|\n");
    reads(YH_S("a;b;c,d\n1;2;3"), "1: a|b|c,d|\n2: 1|2|3|\n");
    reads(YH_S("a\tb\n1,5\t2"), "1: a|b|\n2: 1,5|2|\n");
    reads(YH_S("a\rb\r"), "1: a|\n2: b|\n");
    reads(YH_S("'=1+1,'x,'-5"), "1: =1+1|'x|'-5|\n");
}

static void encodings(void **state)
{
    (void)state;
    reads(YH_S("\xC6\xF3\xD2\xB5,\xC5\xC5\xBF\xDA\n\xD4\xEC\xD6\xBD\xB3\xA7,DW001\n"), "1: 企业|排口|\n2: 造纸厂|DW001|\n");
    reads(YH_S("\xFF\xFE\x01\x4F\t\x00\x42\x00"), "1: 企|B|\n");
    reads(YH_S("\xFE\xFF\x4F\x01\x00,\x00" "B"), "1: 企|B|\n");
    refuses(YH_S("\x81\xFF\xFF,a"), YH_E_INVALID, "编码");
    refuses(YH_S("a\0b"), YH_E_INVALID, "不是表格");
}

static void broken_files(void **state)
{
    (void)state;
    refuses(YH_S(""), YH_E_INVALID, "空");
    refuses(YH_S("a,b\n\"c,d\n"), YH_E_INVALID, "第 2 行的引号没有成对");
    refuses(YH_S("a\n\"c\"d\n"), YH_E_INVALID, "第 2 行的引号之后");
    refuses(YH_S("\xD0\xCF\x11\xE0 old"), YH_E_UNSUPPORTED, ".xls");
}

static void bounds(void **state)
{
    (void)state;
    struct sheet_limits l = sheet_limits_default;
    yh_buf_auto rows = yh_buf_make(1 << 20);
    l.columns = 2;
    check_ok(rows_read(YH_S("a,b\n"), &l, &rows));
    check_err(rows_read(YH_S("a,b,c\n"), &l, &rows), YH_E_TOO_LARGE);
    l.rows = 2;
    check_ok(rows_read(YH_S("a\nb\n\n"), &l, &rows));
    check_err(rows_read(YH_S("a\nb\nc\n"), &l, &rows), YH_E_TOO_LARGE);
    l.cell_bytes = 4;
    check_err(rows_read(YH_S("abcde\n"), &l, &rows), YH_E_TOO_LARGE);
    l.file_bytes = 3;
    check_err(rows_read(YH_S("abcd"), &l, &rows), YH_E_TOO_LARGE);
}

static yh_err stop_at_two(void *user, size_t row, const struct sheet_cell *cells, size_t n)
{
    (void)cells, (void)n;
    *(size_t *)user = row;
    return row == 2 ? yh_fail(YH_E_CLOSED, "enough") : YH_OK;
}

static void callback_ends_the_reading(void **state)
{
    (void)state;
    size_t last = 0;
    check_err(sheet_read(YH_S("a\nb\nc\n"), &sheet_limits_default, stop_at_two, &last), YH_E_CLOSED);
    assert_int_equal(last, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_files), cmocka_unit_test(encodings), cmocka_unit_test(broken_files),
        cmocka_unit_test(bounds),      cmocka_unit_test(callback_ends_the_reading),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
