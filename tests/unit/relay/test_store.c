#include "check.h"

#include <stdlib.h>
#include <unistd.h>

#include "kit/kit.h"
#include "relay/store.h"

struct fixture {
    char dir[64];
    struct db_pool *pool;
    struct db *d;
    struct yh_arena arena;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    snprintf(f->dir, sizeof f->dir, "/tmp/yuheng-relay-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    check_ok(kit_database_open(f->dir, true, 1, &f->pool));
    f->d = db_pool_writer(f->pool);
    f->arena = yh_arena_make(1 << 20);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    static const char *const names[] = {"yuheng.db", "yuheng.db-wal", "yuheng.db-shm"};
    char path[128];
    db_pool_put(f->pool, f->d);
    db_pool_close(f->pool);
    for (size_t i = 0; i < YH_LEN(names); i++) {
        snprintf(path, sizeof path, "%s/%s", f->dir, names[i]);
        unlink(path);
    }
    rmdir(f->dir);
    yh_arena_done(&f->arena);
    free(f);
    return 0;
}

static yh_str mns[] = {{"M1", 2}, {"M2", 2}};
static struct relay_name names[] = {{{"M1", 2}, {"U1", 2}}};

static struct relay_setup sample(int64_t id, yh_str name)
{
    return (struct relay_setup){
        .id = id, .name = name, .host = YH_S("192.0.2.1"), .port = 9212, .scope = RELAY_LIST, .mns = mns, .mn_n = 2,
        .names = names, .name_n = 1, .mode = RELAY_REWRITE, .edition = HJ212_ED_2017, .ask_ack = true,
        .password = YH_S("PW"), .pace_ms = 3000, .rate_per_s = 50, .answer_ms = 5000, .tries = 3, .cause = YH_S("boss"),
    };
}

static void a_target_is_kept_changed_and_removed(void **state)
{
    struct fixture *f = *state;
    struct relay_setup s = sample(7, YH_S("市平台")), got, *rows;
    size_t n;
    check_ok(relay_store_add(f->d, &s, YH_S("5-"), 1000));
    check_ok(relay_store_get(f->d, 7, &f->arena, &got));
    check_str(got.name, "市平台");
    check_str(got.password, "PW");
    check_str(got.mns[1], "M2");
    check_str(got.names[0].upstream_mn, "U1");
    assert_int_equal(got.edition, HJ212_ED_2017);
    assert_int_equal(got.created_at, 1000);
    got.mn_n = 1;
    got.name_n = 0;
    got.password = YH_S("");
    got.paused = true;
    check_ok(relay_store_change(f->d, &got, 2000));
    check_ok(relay_store_list(f->d, &f->arena, &rows, &n));
    assert_int_equal(n, 1);
    assert_true(rows[0].paused && rows[0].mn_n == 1 && rows[0].name_n == 0 && rows[0].password.n == 0);
    assert_int_equal(rows[0].updated_at, 2000);
    check_ok(relay_store_remove(f->d, 7));
    check_err(relay_store_get(f->d, 7, &f->arena, &got), YH_E_NOT_FOUND);
    check_err(relay_store_remove(f->d, 7), YH_E_NOT_FOUND);
}

static void names_are_unique(void **state)
{
    struct fixture *f = *state;
    struct relay_setup a = sample(1, YH_S("甲")), b = sample(2, YH_S("甲"));
    check_ok(relay_store_add(f->d, &a, YH_S("0-"), 1));
    check_err(relay_store_add(f->d, &b, YH_S("0-"), 1), YH_E_CONFLICT);
    b.name = YH_S("乙");
    check_ok(relay_store_add(f->d, &b, YH_S("0-"), 1));
    b.name = YH_S("甲");
    check_err(relay_store_change(f->d, &b, 2), YH_E_CONFLICT);
}

static bool count_open(void *user, const struct relay_open_row *r)
{
    assert_int_equal(r->seq, 12);
    check_str(r->qn, "20270101000000002");
    ++*(int *)user;
    return true;
}

static void progress_is_what_was_saved(void **state)
{
    struct fixture *f = *state;
    struct relay_setup s = sample(7, YH_S("市平台"));
    struct relay_counts c = {9, 8, 7, 6}, got;
    yh_str due;
    int opened = 0;
    check_ok(relay_store_add(f->d, &s, YH_S("5-"), 1));
    check_ok(relay_store_save(f->d, 7, YH_S("6,9-"), &c));
    check_ok(relay_store_progress(f->d, 7, &f->arena, &due, &got));
    check_str(due, "6,9-");
    assert_memory_equal(&got, &c, sizeof c);
    check_ok(relay_store_open(f->d, 7, 11, YH_S("20270101000000001")));
    check_ok(relay_store_open(f->d, 7, 12, YH_S("20270101000000002")));
    check_ok(relay_store_open(f->d, 99, 12, YH_S("20270101000000002"))); /* a target that is gone takes none */
    check_ok(relay_store_close(f->d, 7, 11));
    check_ok(relay_store_opened(f->d, 7, count_open, &opened));
    assert_int_equal(opened, 1);
    check_err(relay_store_progress(f->d, 99, &f->arena, &due, &got), YH_E_NOT_FOUND);
}

static bool see_seq(void *user, uint64_t seq)
{
    *(uint64_t *)user += seq;
    return true;
}

static bool see_aside(void *user, const struct relay_aside *a)
{
    check_str(a->mn, "M1");
    assert_int_equal(a->reason, RELAY_REFUSED);
    assert_int_equal(a->code, 9);
    ++*(int *)user;
    return true;
}

static void what_is_set_aside_is_taken_back_once(void **state)
{
    struct fixture *f = *state;
    struct relay_setup s = sample(7, YH_S("市平台"));
    struct relay_aside a = {.seq = 40, .mn = YH_S("M1"), .cn = YH_S("2011"), .reason = RELAY_REFUSED, .code = 9, .tries = 3, .at = 5};
    uint64_t total, sum = 0;
    int64_t marked;
    int seen = 0;
    check_ok(relay_store_add(f->d, &s, YH_S("5-"), 1));
    check_ok(relay_store_set_aside(f->d, 7, &a));
    check_ok(relay_store_set_aside(f->d, 7, &a));
    check_ok(relay_store_aside_list(f->d, 7, 10, see_aside, &seen));
    assert_int_equal(seen, 1);
    check_ok(relay_store_take_again(f->d, 7, see_seq, &sum));
    assert_int_equal(sum, 0);
    check_ok(relay_store_mark_again(f->d, 7, &marked));
    assert_int_equal(marked, 1);
    check_ok(relay_store_take_again(f->d, 7, see_seq, &sum));
    check_ok(relay_store_take_again(f->d, 7, see_seq, &sum));
    assert_int_equal(sum, 40);
    check_ok(relay_store_aside_count(f->d, 7, &total));
    assert_int_equal(total, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_target_is_kept_changed_and_removed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_are_unique, set_up, tear_down),
        cmocka_unit_test_setup_teardown(progress_is_what_was_saved, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_set_aside_is_taken_back_once, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
