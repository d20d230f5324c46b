#include "rows.h"

#include <zlib.h>

#include "base/arena.h"
#include "sheet/write.h"
#include "sheet/zip_read.h"

static const struct sheet_column columns[] = {
    {.title = "企业", .width = 30}, {.title = "限值", .group = "化学需氧量"}, {.title = "实测", .group = "化学需氧量"},
    {.title = "时间", .width = 20}, {.title = "个数"},
};

static void write_rows(struct sheet_writer *w)
{
    sheet_put_text(w, YH_S("示范·造纸厂 <一> & \"二\""));
    sheet_put_dec(w, (yh_dec){5000, 2});
    sheet_put_dec(w, (yh_dec){-1205, 1});
    sheet_put_time(w, 1764030600000); /* 2025-11-25 08:30:00 +08:00 */
    sheet_put_i64(w, 42);
    check_ok(sheet_row_end(w));
    sheet_put_text(w, YH_S("=1+1"));
    sheet_put_dec(w, (yh_dec){1234567890123456789, 4});
    sheet_put_blank(w);
    sheet_put_date(w, 1764030600000);
    check_ok(sheet_row_end(w));
    sheet_put_text(w, YH_S("_x0041_\x01\xFF末"));
    check_ok(sheet_row_end(w));
    check_ok(sheet_writer_finish(w));
}

static void make(sheet_form form, const char *title, yh_buf *out)
{
    struct sheet_layout l = {
        .form = form, .name = "台账", .title = title, .columns = columns, .n = YH_LEN(columns), .bom = true};
    sheet_writer_auto *w = NULL;
    check_ok(sheet_writer_new(&l, rows_sink, out, &w));
    write_rows(w);
}

static void workbook_comes_back_as_it_was_written(void **state)
{
    (void)state;
    yh_buf_auto file = yh_buf_make(1 << 20), rows = yh_buf_make(1 << 16);
    make(SHEET_XLSX, "站点台账", &file);
    check_ok(rows_read(yh_buf_view(&file), NULL, &rows));
    check_buf(&rows, "1: 站点台账|站点台账|站点台账|站点台账|站点台账|\n"
                     "2: 企业|化学需氧量|化学需氧量|时间|个数|\n"
                     "3: 企业|限值|实测|时间|个数|\n"
                     "4: 示范·造纸厂 <一> & \"二\"|n:50.00|n:-120.5|d:2025-11-25 08:30:00|n:42|\n"
                     "5: =1+1|123456789012345.6789||d:2025-11-25|\n"
                     "6: _x0041_\xEF\xBF\xBD\xEF\xBF\xBD末|\n");
}

/* The worksheet's XML, inflated. */
static void sheet_xml(yh_str file, yh_buf *out)
{
    yh_arena_auto arena = yh_arena_make(1 << 20);
    struct zip_archive zip;
    struct zip_stream s;
    size_t n = 1;
    check_ok(zip_archive_open(file, &sheet_limits_default, &arena, &zip));
    const struct zip_part *part = zip_find(&zip, YH_S("xl/worksheets/sheet1.xml"));
    assert_non_null(part);
    check_ok(zip_stream_open(&zip, part, &s));
    while (n) {
        char *to = yh_buf_reserve(out, 4096);
        assert_non_null(to);
        check_ok(zip_stream_read(&s, to, 4096, &n));
        out->n += n;
    }
    zip_stream_done(&s);
}

static void headings_are_frozen_and_merged_and_digits_are_exact(void **state)
{
    (void)state;
    yh_buf_auto file = yh_buf_make(1 << 20), xml = yh_buf_make(1 << 20);
    make(SHEET_XLSX, NULL, &file);
    sheet_xml(yh_buf_view(&file), &xml);
    static const char *const pieces[] = {
        "ySplit=\"2\" topLeftCell=\"A3\"", "state=\"frozen\"", "<mergeCell ref=\"A1:A2\"/>", "<mergeCell ref=\"B1:C1\"/>",
        "width=\"30\"", "<v>50.00</v>", "<v>-120.5</v>", ">123456789012345.6789</t>", "_x005F_x0041_", "<v>45986.3541666667</v>",
    };
    for (size_t i = 0; i < YH_LEN(pieces); i++)
        if (!strstr(yh_buf_z(&xml), pieces[i]))
            fail_msg("no %s in the worksheet", pieces[i]);
}

static void csv_is_marked_quoted_and_neutral(void **state)
{
    (void)state;
    yh_buf_auto file = yh_buf_make(1 << 20);
    make(SHEET_CSV, "不写", &file);
    check_buf(&file, "\xEF\xBB\xBF企业,化学需氧量/限值,化学需氧量/实测,时间,个数\r\n"
                     "\"示范·造纸厂 <一> & \"\"二\"\"\",50.00,-120.5,2025-11-25 08:30:00,42\r\n"
                     "'=1+1,123456789012345.6789,,2025-11-25,\r\n"
                     "_x0041_\xEF\xBF\xBD\xEF\xBF\xBD末,,,,\r\n");
}

static void csv_text(const char *text, yh_buf *out)
{
    struct sheet_column one = {.title = "a"};
    struct sheet_layout l = {.form = SHEET_CSV, .name = "s", .columns = &one, .n = 1};
    sheet_writer_auto *w = NULL;
    yh_buf_clear(out);
    check_ok(sheet_writer_new(&l, rows_sink, out, &w));
    sheet_put_text(w, yh_str_of(text));
    check_ok(sheet_row_end(w));
    check_ok(sheet_writer_finish(w));
    yh_buf_consume(out, 3);
}

static void formulas_become_text_and_numbers_stay(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0\r\n"}, {"+1+1", "'+1+1\r\n"}, {"-2+3", "'-2+3\r\n"},
        {"@SUM(A1)", "'@SUM(A1)\r\n"}, {"\t=1", "\"'\t=1\"\r\n"}, {"\r=1", "\"'\r=1\"\r\n"}, {"-12.50", "-12.50\r\n"},
        {"+86", "+86\r\n"}, {"-", "'-\r\n"}, {"＝1+1", "'＝1+1\r\n"}, {"a=1", "a=1\r\n"}, {"a;b", "\"a;b\"\r\n"},
        {" a", "\" a\"\r\n"},
    };
    yh_buf_auto out = yh_buf_make(4096);
    for (size_t i = 0; i < YH_LEN(pairs); i++) {
        csv_text(pairs[i][0], &out);
        check_buf(&out, pairs[i][1]);
    }
}

static void long_text_is_cut_and_says_so(void **state)
{
    (void)state;
    yh_buf_auto text = yh_buf_make(1 << 20), out = yh_buf_make(1 << 20);
    for (int i = 0; i < 40000; i++)
        yh_buf_puts(&text, "环");
    csv_text(yh_buf_z(&text), &out);
    assert_true(yh_utf8_count(yh_buf_view(&out)) <= SHEET_CELL_MAX + 2);
    assert_true(yh_str_ends(yh_buf_view(&out), YH_S("…(已截断)\r\n")));
}

static yh_err full_disk(void *user, yh_str bytes)
{
    size_t *left = user;
    if (bytes.n > *left)
        return yh_fail(YH_E_NO_SPACE, "the disk is full");
    *left -= bytes.n;
    return YH_OK;
}

static void failure_of_the_sink_stays(void **state)
{
    (void)state;
    size_t left = 3000;
    struct sheet_column one = {.title = "a"};
    struct sheet_layout l = {.form = SHEET_XLSX, .name = "s", .columns = &one, .n = 1};
    sheet_writer_auto *w = NULL;
    yh_err e = sheet_writer_new(&l, full_disk, &left, &w);
    uint64_t seed = 7;
    for (int i = 0; i < 100000 && e == YH_OK; i++) {
        sheet_put_i64(w, (int64_t)(check_random(&seed) >> 20));
        e = sheet_row_end(w);
    }
    assert_int_equal(e, YH_E_NO_SPACE);
    check_err(sheet_writer_finish(w), YH_E_NO_SPACE);
    assert_string_equal(yh_cause(), "the disk is full");
}

static void more_cells_than_columns_is_our_mistake(void **state)
{
    (void)state;
    yh_buf_auto out = yh_buf_make(1 << 20);
    struct sheet_column one = {.title = "a"};
    struct sheet_layout l = {.form = SHEET_CSV, .name = "s", .columns = &one, .n = 1};
    sheet_writer_auto *w = NULL;
    check_ok(sheet_writer_new(&l, rows_sink, &out, &w));
    sheet_put_i64(w, 1);
    sheet_put_i64(w, 2);
    check_err(sheet_row_end(w), YH_E_INTERNAL);
    l.n = 0;
    struct sheet_writer *none = NULL;
    check_err(sheet_writer_new(&l, rows_sink, &out, &none), YH_E_INTERNAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(workbook_comes_back_as_it_was_written),
        cmocka_unit_test(headings_are_frozen_and_merged_and_digits_are_exact),
        cmocka_unit_test(csv_is_marked_quoted_and_neutral),
        cmocka_unit_test(formulas_become_text_and_numbers_stay),
        cmocka_unit_test(long_text_is_cut_and_says_so),
        cmocka_unit_test(failure_of_the_sink_stays),
        cmocka_unit_test(more_cells_than_columns_is_our_mistake),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
