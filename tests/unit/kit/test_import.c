#include "check.h"

#include <stdio.h>

#include "kit/import.h"
#include "sheet/read.h"

static const struct import_column columns[] = {
    {"id", "编号", true, "7", "数字。", 10, "基本"},
    {"name", "名称", true, "示例", NULL, 10, "基本"},
    {"note", "备注", false, NULL, NULL, 10, NULL},
    {NULL, NULL, false, NULL, NULL, 0, NULL},
};

static yh_err apply(struct db *d, void *user, const yh_str *v, struct import_problem *p)
{
    static const char sql_add[] = "INSERT INTO thing (id, name) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET name = excluded.name";
    db_stmt_auto *s = NULL;
    int64_t id = 0;
    (void)user;
    YH_TRY(db_prepare(d, sql_add, &s));
    bool number = yh_str_to_i64(v[0], &id);
    db_bind_i64(s, 1, id);
    db_bind_str(s, 2, v[1]);
    YH_TRY(db_exec(s));
    if (yh_str_is(v[1], "disk"))
        return yh_fail(YH_E_NO_SPACE, "the disk is full");
    if (number)
        return YH_OK;
    p->column = "id"; /* refused after something was written: that must be gone */
    snprintf(p->message, sizeof p->message, "编号应为数字。");
    return yh_fail(YH_E_INVALID, "%s", p->message);
}

static yh_err finish(struct db *d, void *user, size_t rows)
{
    (void)d;
    *(size_t *)user += rows;
    return YH_OK;
}

static const struct import things = {.name = "things", .title = "东西", .columns = columns, .apply = apply, .finish = finish};

struct fixture {
    struct db *d;
    struct yh_arena arena;
    size_t finished;
};

static int64_t count(struct db *d)
{
    db_stmt_auto *s = NULL;
    bool row;
    check_ok(db_prepare(d, "SELECT COUNT(*) FROM thing", &s));
    check_ok(db_step(s, &row));
    return db_i64(s, 0);
}

static int begin(void **state)
{
    static struct fixture f;
    db_stmt_auto *s = NULL;
    f = (struct fixture){.arena = yh_arena_make(4 << 20)};
    check_ok(db_open(":memory:", false, &f.d));
    check_ok(db_prepare(f.d, "CREATE TABLE thing (id BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL)", &s));
    check_ok(db_exec(s));
    *state = &f;
    return 0;
}

static int end(void **state)
{
    struct fixture *f = *state;
    db_close(f->d);
    yh_arena_done(&f->arena);
    return 0;
}

static struct import_result reads(struct fixture *f, const char *text)
{
    struct import_result r = {0};
    check_ok(import_read(&things, yh_str_of(text), &f->arena, &r));
    return r;
}

static void headings_are_found_in_any_order(void **state)
{
    struct import_result r = reads(*state, "某某名单,,\n*名称,颜色,基本/编号\n 甲 ,红,1\n,,\n乙,,2\n");
    assert_int_equal(r.n, 2);
    check_str(r.rows[0].values[0], "1");
    check_str(r.rows[0].values[1], "甲");
    check_str(r.rows[0].values[2], "");
    assert_int_equal(r.rows[1].number, 5);
    check_str(r.ignored, "颜色");
}

static void a_trial_and_a_failed_row_leave_nothing(void **state)
{
    struct fixture *f = *state;
    struct import_result r = reads(f, "编号,名称\n1,甲\nx,乙\n3,\n");
    for (int commit = 0; commit < 2; commit++) {
        check_ok(import_run(&things, f->d, &f->finished, commit, &r));
        assert_false(r.committed);
        assert_int_equal(r.failed, 2);
        assert_int_equal(count(f->d), 0);
        assert_null(r.rows[0].problem);
        assert_string_equal(r.rows[1].problem->message, "编号应为数字。");
        assert_string_equal(r.rows[2].problem->message, "请填写名称。");
    }
    struct import_result good = reads(f, "编号,名称\n1,甲\n2,乙\n");
    check_ok(import_run(&things, f->d, &f->finished, false, &good));
    assert_int_equal(count(f->d), 0);
    assert_int_equal(f->finished, 0);
    for (int again = 0; again < 2; again++) {
        check_ok(import_run(&things, f->d, &f->finished, true, &good));
        assert_true(good.committed);
        assert_int_equal(count(f->d), 2);
    }
    assert_int_equal(f->finished, 4);
}

static void a_failure_of_ours_is_no_fault_of_the_row(void **state)
{
    struct fixture *f = *state;
    struct import_result r = reads(f, "编号,名称\n1,甲\n2,disk\n");
    check_err(import_run(&things, f->d, &f->finished, true, &r), YH_E_NO_SPACE);
    assert_false(r.committed);
    assert_int_equal(count(f->d), 0);
}

static void files_that_cannot_be_used(void **state)
{
    struct fixture *f = *state;
    static const char *const files[][2] = {
        {"甲,乙\n1,2\n", "没有找到表头"}, {"编号\n1\n", "缺少“名称”"}, {"编号,名称\n", "没有内容"}, {"编号,名称,编号\n1,2,3\n", "两次"},
        {"编号,名称\n说明:必填,\n示例:7,示例\n", "没有内容"}, {"", "空"},
    };
    for (size_t i = 0; i < YH_LEN(files); i++) {
        struct import_result r = {0};
        check_err(import_read(&things, yh_str_of(files[i][0]), &f->arena, &r), YH_E_INVALID);
        if (!strstr(yh_cause(), files[i][1]))
            fail_msg("\"%s\" does not say \"%s\"", yh_cause(), files[i][1]);
    }
}

static yh_err append(void *user, yh_str bytes)
{
    yh_buf_str(user, bytes);
    return yh_buf_check(user);
}

static yh_err show(void *user, size_t row, const struct sheet_cell *cells, size_t n)
{
    (void)row;
    for (size_t i = 0; i < n; i++)
        yh_buf_printf(user, "%.*s|", YH_FMT(cells[i].text));
    yh_buf_putc(user, '\n');
    return YH_OK;
}

static void template_and_report_are_sheets(void **state)
{
    struct fixture *f = *state;
    yh_buf_auto file = yh_buf_make(1 << 20), text = yh_buf_make(4096);
    check_ok(import_template(&things, append, &file));
    check_ok(sheet_read(yh_buf_view(&file), &sheet_limits_default, show, &text));
    check_buf(&text, "基本|基本|备注|\n编号|名称|备注|\n说明:必填。数字。|必填。|可不填。|\n示例:7|示例|\n");
    struct import_result r = reads(f, "编号,名称\n1,甲\nx,乙\n");
    check_ok(import_run(&things, f->d, &f->finished, false, &r));
    yh_buf_clear(&file);
    yh_buf_clear(&text);
    check_ok(import_report(&things, &r, append, &file));
    check_ok(sheet_read(yh_buf_view(&file), &sheet_limits_default, show, &text));
    assert_true(yh_str_ends(yh_buf_view(&text), YH_S("3|编号|编号应为数字。|x|乙|\n")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(headings_are_found_in_any_order, begin, end),
        cmocka_unit_test_setup_teardown(a_trial_and_a_failed_row_leave_nothing, begin, end),
        cmocka_unit_test_setup_teardown(a_failure_of_ours_is_no_fault_of_the_row, begin, end),
        cmocka_unit_test_setup_teardown(files_that_cannot_be_used, begin, end),
        cmocka_unit_test_setup_teardown(template_and_report_are_sheets, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
