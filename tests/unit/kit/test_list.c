#include "check.h"

#include <stdio.h>

#include "kit/list.h"

static const struct list_column columns[] = {
    {.key = "id", .title = "编号", .type = LIST_INT, .sql = "t.id", .filters = LIST_RANGE, .sortable = true},
    {.key = "name", .title = "名称", .sql = "t.name", .filters = LIST_CONTAINS, .sortable = true, .search = true},
    {.key = "kind", .title = "类别", .sql = "t.kind", .filters = LIST_IN},
    {.key = "a", .title = "甲", .sql = "t.name", .filters = LIST_EQUAL},
    {.key = "b", .title = "乙", .sql = "t.kind", .filters = LIST_CONTAINS},
    {.key = "c", .title = "丙", .type = LIST_INT, .sql = "t.id", .filters = LIST_EQUAL},
    {.key = NULL},
};
static struct list_memo memo;
static const struct list things = {.name = "things", .schema = "Thing", .title = "东西", .path = "/things", .permission = "thing:read",
                                   .columns = columns, .from = " FROM thing t", .where = " WHERE t.owner = ? AND ? <> 'none' AND ? = ?", .key = "id",
                                   .sort = "name", .count_most = 30, .memo = &memo};

struct param {
    const char *name, *value;
};

static bool param_of(void *user, const char *name, yh_str *ret)
{
    for (const struct param *p = user; p && p->name; p++)
        if (strcmp(p->name, name) == 0) {
            *ret = yh_str_of(p->value);
            return true;
        }
    return false;
}

static yh_err note(void *user, const struct db_stmt *row)
{
    yh_buf_printf(user, "%lld,", (long long)db_i64(row, 0));
    return YH_OK;
}

struct fixture {
    struct db *d;
    struct yh_arena arena;
};

static void run(struct db *d, const char *sql)
{
    db_stmt_auto *s = NULL;
    check_ok(db_prepare(d, sql, &s));
    check_ok(db_exec(s));
}

static int open_things(void **state)
{
    static struct fixture f;
    static const struct list *const lists[] = {&things, NULL};
    static const char sql_add[] = "INSERT INTO thing (id, name, kind, owner) VALUES (?, ?, ?, ?)";
    f.arena = yh_arena_make(1 << 20);
    check_ok(db_open(":memory:", false, &f.d));
    run(f.d, "CREATE TABLE thing (id BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, kind TEXT NOT NULL, owner BIGINT NOT NULL)");
    for (int i = 0; i < 100; i++) {
        db_stmt_auto *s = NULL;
        char name[32];
        snprintf(name, sizeof name, "Name%d%%", i % 10);
        check_ok(db_prepare(f.d, sql_add, &s));
        db_bind_i64(s, 1, i);
        db_bind_z(s, 2, name);
        db_bind_z(s, 3, i % 4 ? "x" : "y");
        db_bind_i64(s, 4, i < 90 ? 7 : 8);
        check_ok(db_exec(s));
    }
    check_ok(list_prepare(lists));
    *state = &f;
    return 0;
}

static int close_things(void **state)
{
    struct fixture *f = *state;
    db_close(f->d);
    yh_arena_done(&f->arena);
    return 0;
}

static void ids(struct fixture *f, struct list_query q, const struct param *params, const char *want)
{
    yh_buf_auto got = yh_buf_make(4096);
    yh_str next;
    q.account = q.account ? q.account : 7;
    q.param = param_of;
    q.user = (void *)(uintptr_t)params;
    check_ok(list_page(f->d, &things, &q, &f->arena, note, &got, &next));
    check_buf(&got, want);
}

#define WITH(...) ((const struct param[]){__VA_ARGS__, {NULL, NULL}})

static void filters_are_bound_and_meant(void **state)
{
    struct fixture *f = *state;
    struct list_query q = {.limit = 5, .sort = YH_S("id")};
    ids(f, q, NULL, "0,1,2,3,4,");
    ids(f, q, WITH({"name", "NAME3"}), "3,13,23,33,43,");
    ids(f, q, WITH({"name", "3%"}, {"kind", "y"}), "");
    ids(f, q, WITH({"name", "_"}), "");
    ids(f, q, WITH({"kind", "y"}, {"id_from", "10"}), "12,16,20,24,28,");
    ids(f, q, WITH({"kind", "x,y"}, {"id_from", "87"}, {"id_to", "89"}), "87,88,");
    ids(f, q, WITH({"kind", "' OR 1=1 --"}), "");
    q.q = YH_S("name9%");
    ids(f, q, NULL, "9,19,29,39,49,");
}

static void scope_is_the_first_parameter(void **state)
{
    struct fixture *f = *state;
    struct list_query q = {.limit = 5, .sort = YH_S("-id"), .account = 8};
    ids(f, q, NULL, "99,98,97,96,95,");
    q.account = 9;
    ids(f, q, NULL, "");
    uint64_t n;
    bool exact;
    check_ok(list_count(f->d, &things, &q, &n, &exact));
    assert_int_equal(n, 0);
}

static void pages_are_complete_in_both_directions_with_equal_values(void **state)
{
    struct fixture *f = *state;
    for (int down = 0; down < 2; down++) {
        struct list_query q = {.account = 7, .limit = 7, .sort = down ? YH_S("-name") : YH_S("name")};
        yh_buf_auto got = yh_buf_make(4096), want = yh_buf_make(4096);
        int pages = 0;
        do {
            check_ok(list_page(f->d, &things, &q, &f->arena, note, &got, &q.cursor));
            pages++;
        } while (q.cursor.n);
        for (int k = 0; k < 90; k++) {
            int i = down ? 89 - k : k;
            yh_buf_printf(&want, "%d,", i % 9 * 10 + i / 9);
        }
        check_buf(&got, yh_buf_z(&want));
        assert_int_equal(pages, 13);
    }
}

static void cursor_is_refused_elsewhere(void **state)
{
    struct fixture *f = *state;
    yh_buf_auto got = yh_buf_make(4096);
    struct list_query q = {.account = 7, .limit = 7, .sort = YH_S("name")};
    yh_str next, cursor;
    check_ok(list_page(f->d, &things, &q, &f->arena, note, &got, &cursor));
    for (size_t i = 0; i < cursor.n; i++) {
        yh_str forged = yh_arena_str(&f->arena, cursor);
        char *c = (char *)(uintptr_t)forged.p + i;
        *c = *c == '0' ? '1' : '0';
        q.cursor = forged;
        check_err(list_page(f->d, &things, &q, &f->arena, note, &got, &next), YH_E_INVALID);
    }
    q.cursor = cursor;
    q.q = YH_S("Name");
    check_err(list_page(f->d, &things, &q, &f->arena, note, &got, &next), YH_E_INVALID);
    q.q = YH_S("");
    q.sort = YH_S("-name");
    check_err(list_page(f->d, &things, &q, &f->arena, note, &got, &next), YH_E_INVALID);
    q.sort = YH_S("kind");
    q.cursor = YH_S("");
    check_err(list_page(f->d, &things, &q, &f->arena, note, &got, &next), YH_E_INVALID);
}

static void count_stops_where_the_list_says(void **state)
{
    struct fixture *f = *state;
    struct list_query q = {.account = 7};
    uint64_t n = 0;
    bool exact = true;
    check_ok(list_count(f->d, &things, &q, &n, &exact));
    assert_int_equal(n, 30);
    assert_false(exact);
    q.account = 8;
    check_ok(list_count(f->d, &things, &q, &n, &exact));
    assert_int_equal(n, 10);
    assert_true(exact);
}

/* More combinations than statements are kept for: the one with switches answers the same. */
static void every_combination_of_filters_agrees(void **state)
{
    struct fixture *f = *state;
    static const struct param all[] = {{"name", "Name2"}, {"kind", "x,y"}, {"a", "Name2%"}, {"b", "y"}, {"id_from", "3"}, {"id_to", "40"}, {"c", "32"}};
    for (unsigned mask = 1; mask < 1u << YH_LEN(all); mask++) {
        struct param some[YH_LEN(all) + 1] = {{NULL, NULL}};
        yh_buf_auto got = yh_buf_make(4096), want = yh_buf_make(4096);
        for (size_t i = 0, n = 0; i < YH_LEN(all); i++)
            if (mask >> i & 1)
                some[n++] = all[i];
        for (int i = 0; i < 90; i++) {
            bool named = i % 10 == 2;
            bool fits = (!(mask & 5) || named) && (!(mask & 8) || i % 4 == 0) && (!(mask & 16) || i >= 3) &&
                        (!(mask & 32) || i < 40) && (!(mask & 64) || i == 32);
            if (fits)
                yh_buf_printf(&want, "%d,", i);
        }
        struct list_query q = {.account = 7, .sort = YH_S("id"), .param = param_of, .user = some};
        check_ok(list_all(f->d, &things, &q, note, &got));
        check_buf(&got, yh_buf_z(&want));
    }
}

static void tables_that_contradict_themselves_are_found(void **state)
{
    (void)state;
    static const struct list_column two_ways[] = {
        {.key = "id", .title = "x", .sql = "x", .filters = LIST_EQUAL | LIST_CONTAINS, .sortable = true}, {.key = NULL}};
    static const struct list_column decimal[] = {
        {.key = "id", .title = "x", .sql = "x", .type = LIST_DECIMAL, .sortable = true}, {.key = NULL}};
    static const struct list_column fine[] = {{.key = "id", .title = "x", .sql = "x"}, {.key = NULL}};
    const struct list_column *const wrong[] = {two_ways, decimal, fine};
    for (size_t i = 0; i < YH_LEN(wrong); i++) {
        struct list_memo own = {NULL};
        struct list l = things;
        const struct list *lists[] = {&l, NULL};
        l.columns = wrong[i];
        l.sort = "id";
        l.memo = &own;
        check_err(list_prepare(lists), YH_E_INTERNAL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters_are_bound_and_meant),
        cmocka_unit_test(scope_is_the_first_parameter),
        cmocka_unit_test(pages_are_complete_in_both_directions_with_equal_values),
        cmocka_unit_test(cursor_is_refused_elsewhere),
        cmocka_unit_test(count_stops_where_the_list_says),
        cmocka_unit_test(every_combination_of_filters_agrees),
        cmocka_unit_test(tables_that_contradict_themselves_are_found),
    };
    return cmocka_run_group_tests(tests, open_things, close_things);
}
