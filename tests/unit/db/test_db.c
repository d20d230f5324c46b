#include <pthread.h>
#include <stdio.h>

#include "place.h"

#define OK(call) check_ok(call)

static void values_come_back_as_bound(void **state)
{
    struct place *b = *state;
    db_stmt_auto *s = NULL;
    bool row;
    OK(db_prepare(b->d, "SELECT ?, ?, ?, ?, ?, ?", &s));
    db_bind_i64(s, 1, INT64_MIN);
    db_bind_str(s, 2, YH_S("渝'衡"));
    db_bind_z(s, 3, NULL);
    db_bind_blob(s, 4, YH_S("\0\xff"));
    db_bind_str(s, 5, (yh_str){NULL, 0});
    db_bind_null(s, 6);
    OK(db_step(s, &row));
    assert_true(row);
    assert_true(db_i64(s, 0) == INT64_MIN);
    assert_true(yh_str_eq(db_str(s, 1), YH_S("渝'衡")));
    assert_true(db_is_null(s, 2));
    assert_true(yh_str_eq(db_str(s, 3), YH_S("\0\xff")));
    assert_false(db_is_null(s, 4));
    assert_int_equal(db_str(s, 4).n, 0);
    assert_true(db_is_null(s, 5));
    assert_int_equal(db_i64(s, 5), 0);
    assert_int_equal(db_str(s, 5).n, 0);
    OK(db_step(s, &row));
    assert_false(row);
}

static void bad_parameter_surfaces_at_step(void **state)
{
    struct place *b = *state;
    db_stmt_auto *s = NULL;
    bool row = true;
    OK(db_prepare(b->d, "SELECT ?", &s));
    db_bind_i64(s, 2, 1);
    assert_int_equal(db_step(s, &row), YH_E_INTERNAL);
}

static void statement_is_kept_and_clean_after_release(void **state)
{
    struct place *b = *state;
    static const char sql[] = "SELECT ?";
    struct db_stmt *first = NULL, *second = NULL, *third = NULL;
    bool row;
    OK(db_prepare(b->d, sql, &first));
    db_bind_i64(first, 1, 7);
    OK(db_prepare(b->d, sql, &second)); /* the first is in use */
    assert_ptr_not_equal(first, second);
    db_release(second);
    db_release(first);
    OK(db_prepare(b->d, sql, &third));
    assert_ptr_equal(first, third);
    OK(db_step(third, &row));
    assert_true(db_is_null(third, 0));
    db_release(third);
    db_release(NULL);
}

static yh_err try_once(struct db *d, const char *sql)
{
    db_stmt_auto *s = NULL;
    bool row;
    YH_TRY(db_prepare(d, sql, &s));
    return db_step(s, &row);
}

static void wrong_sql_is_our_mistake(void **state)
{
    struct place *b = *state;
    check_err(try_once(b->d, "SELEKT 1"), YH_E_INTERNAL);
    assert_non_null(strstr(yh_cause(), "SELEKT"));
    assert_int_equal(place_number(b->d, "SELECT 1"), 1);
}

static void duplicate_key_is_a_conflict(void **state)
{
    struct place *b = *state;
    OK(place_insert(b->d, 1, "one"));
    assert_int_equal(db_changes(b->d), 1);
    assert_int_equal(place_insert(b->d, 1, "again"), YH_E_CONFLICT);
    assert_non_null(strcasestr(yh_cause(), "unique"));
    OK(place_insert(b->d, 2, "two"));
}

static void foreign_keys_hold(void **state)
{
    struct place *b = *state;
    place_run(b->d, "CREATE TABLE u (t BIGINT NOT NULL REFERENCES t (id))");
    db_stmt_auto *s = NULL;
    OK(db_prepare(b->d, "INSERT INTO u (t) VALUES (99)", &s));
    assert_int_equal(db_exec(s), YH_E_CONFLICT);
}

/* ---- rows ---- */

static void insert_many(struct db *d, int64_t n)
{
    for (int64_t i = 1; i <= n; i++)
        OK(place_insert(d, i, "many"));
}

static yh_err walk(struct db *d, void *user)
{
    db_stmt_auto *list = NULL;
    bool row = true;
    int64_t *seen = user;
    *seen = 0;
    YH_TRY(db_prepare(d, "SELECT id FROM t WHERE id <= 50 ORDER BY id", &list));
    for (;;) {
        YH_TRY(db_step(list, &row));
        if (!row)
            return YH_OK;
        assert_int_equal(db_i64(list, 0), ++*seen);
        YH_TRY(place_insert(d, 1000 + *seen, "beside"));
        assert_int_equal(place_number(d, "SELECT count(*) FROM t WHERE id > 1000"), *seen);
    }
}

static void statements_run_beside_a_list(void **state)
{
    struct place *b = *state;
    int64_t seen;
    insert_many(b->d, 50);
    OK(walk(b->d, &seen));
    assert_int_equal(seen, 50);
    place_run(b->d, "DELETE FROM t WHERE id > 1000");
    OK(db_txn(b->d, walk, &seen));
    assert_int_equal(seen, 50);
    assert_int_equal(place_number(b->d, "SELECT count(*) FROM t"), 100);
}

static void list_left_early_disturbs_nobody(void **state)
{
    struct place *b = *state;
    insert_many(b->d, 20);
    for (int i = 0; i < 3; i++) {
        db_stmt_auto *s = NULL;
        bool row;
        OK(db_prepare(b->d, "SELECT id FROM t ORDER BY id", &s));
        OK(db_step(s, &row));
        assert_int_equal(db_i64(s, 0), 1);
    }
    assert_int_equal(place_number(b->d, "SELECT count(*) FROM t"), 20);
}

static bool next(struct db_stmt *s)
{
    bool row;
    OK(db_step(s, &row));
    return row;
}

static void returned_rows_and_counts_are_those_changed(void **state)
{
    struct place *b = *state;
    db_stmt_auto *s = NULL;
    insert_many(b->d, 3);
    OK(db_prepare(b->d, "UPDATE t SET v = ? WHERE id >= ? RETURNING id, v", &s));
    db_bind_str(s, 1, YH_S("new"));
    db_bind_i64(s, 2, 2);
    int64_t sum = 0;
    while (next(s)) {
        sum += db_i64(s, 0);
        assert_true(yh_str_is(db_str(s, 1), "new"));
    }
    assert_int_equal(sum, 5);
    assert_int_equal(db_changes(b->d), 2);
    assert_int_equal(place_number(b->d, "SELECT count(*) FROM t"), 3);
    assert_int_equal(db_changes(b->d), 2);
    place_run(b->d, "INSERT INTO t (id, v) VALUES (3, 'again') ON CONFLICT (id) DO NOTHING");
    assert_int_equal(db_changes(b->d), 0);
    place_run(b->d, "INSERT INTO t (id, v) VALUES (3, 'again') ON CONFLICT (id) DO UPDATE SET v = excluded.v");
    assert_int_equal(db_changes(b->d), 1);
}

static void statement_is_bound_anew_with_other_types(void **state)
{
    struct place *b = *state;
    db_stmt_auto *s = NULL;
    OK(db_prepare(b->d, "INSERT INTO t (id, v) VALUES (?, ?)", &s));
    for (int64_t i = 1; i <= 20; i++) {
        db_bind_i64(s, 1, i);
        if (i % 2)
            db_bind_null(s, 2);
        else
            db_bind_z(s, 2, "x");
        OK(db_exec(s));
    }
    assert_int_equal(place_number(b->d, "SELECT count(*) FROM t WHERE v IS NULL"), 10);
    assert_int_equal(place_number(b->d, "SELECT count(*) FROM t WHERE v = 'x'"), 10);
}

static const struct db_migration rows_typed[] = {
    {1, "typed", "CREATE TABLE typed (k TEXT NOT NULL PRIMARY KEY, n INTEGER, bytes BLOB); -- TEXT is not INTEGER\n"
                 "INSERT INTO typed (k, n) VALUES ('INTEGER ''BLOB'' ?', 1);"},
};

static void migrated_types_hold_what_they_say(void **state)
{
    struct place *b = *state;
    db_stmt_auto *put = NULL, *get = NULL;
    bool row;
    char bytes[256];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)i;
    OK(db_migrate(b->d, rows_typed, 1));
    assert_int_equal(place_number(b->d, "SELECT count(*) FROM typed WHERE k = 'INTEGER ''BLOB'' ?'"), 1);
    OK(db_prepare(b->d, "INSERT INTO typed (k, n, bytes) VALUES (?, ?, ?)", &put));
    db_bind_str(put, 1, YH_S("k"));
    db_bind_i64(put, 2, INT64_MAX);
    db_bind_blob(put, 3, (yh_str){bytes, sizeof bytes});
    OK(db_exec(put));
    OK(db_prepare(b->d, "SELECT n, bytes, bytes IS NULL FROM typed WHERE k = ? AND n > ? - 1", &get));
    db_bind_str(get, 1, YH_S("k"));
    db_bind_i64(get, 2, INT64_MAX);
    OK(db_step(get, &row));
    assert_true(row);
    assert_true(db_i64(get, 0) == INT64_MAX);
    assert_true(yh_str_eq(db_str(get, 1), (yh_str){bytes, sizeof bytes}));
    assert_int_equal(db_i64(get, 2), 0);
    assert_true(yh_str_is(db_str(get, 2), "0"));
}

/* Small letters after all capitals, Chinese by code point, and only ASCII has a small form. */
static void texts_are_compared_by_code_point(void **state)
{
    struct place *b = *state;
    static const char *const words[] = {"Z", "a", "Ä", "渝", "\xEF\xBC\xA1", "衡"};
    OK(db_migrate(b->d, rows_typed, 1));
    place_run(b->d, "DELETE FROM typed");
    for (size_t i = 0; i < YH_LEN(words); i++) {
        db_stmt_auto *s = NULL;
        OK(db_prepare(b->d, "INSERT INTO typed (k) VALUES (?)", &s));
        db_bind_z(s, 1, words[i]);
        OK(db_exec(s));
    }
    yh_buf_auto got = yh_buf_make(100);
    db_stmt_auto *s = NULL;
    OK(db_prepare(b->d, "SELECT LOWER(k) FROM typed ORDER BY k", &s));
    while (next(s))
        yh_buf_str(&got, db_str(s, 0));
    check_str(yh_buf_view(&got), "zaÄ渝衡\xEF\xBC\xA1");
}

/* ---- transactions ---- */

static yh_err two_then_fail(struct db *d, void *user)
{
    YH_TRY(place_insert(d, 10, "a"));
    YH_TRY(place_insert(d, 11, "b"));
    return user ? yh_fail(YH_E_INVALID, "no") : YH_OK;
}

static yh_err outer_keeps_going(struct db *d, void *user)
{
    (void)user;
    YH_TRY(place_insert(d, 1, "outer"));
    assert_int_equal(db_txn(d, two_then_fail, d), YH_E_INVALID);
    return place_insert(d, 2, "outer");
}

static yh_err inner_then_fail(struct db *d, void *user)
{
    (void)user;
    YH_TRY(db_txn(d, two_then_fail, NULL));
    return yh_fail(YH_E_DENIED, "outer says no");
}

static void failed_work_leaves_nothing(void **state)
{
    struct place *b = *state;
    assert_int_equal(db_txn(b->d, two_then_fail, b), YH_E_INVALID);
    assert_string_equal(yh_cause(), "no");
    assert_int_equal(place_number(b->d, "SELECT count(*) FROM t"), 0);
    OK(db_txn(b->d, two_then_fail, NULL));
    assert_int_equal(place_number(b->d, "SELECT count(*) FROM t"), 2);
}

static void inner_failure_undoes_only_the_inner(void **state)
{
    struct place *b = *state;
    OK(db_txn(b->d, outer_keeps_going, NULL));
    assert_int_equal(place_number(b->d, "SELECT count(*) FROM t"), 2);
    assert_int_equal(place_number(b->d, "SELECT count(*) FROM t WHERE id >= 10"), 0);
}

static void outer_failure_undoes_the_inner(void **state)
{
    struct place *b = *state;
    assert_int_equal(db_txn(b->d, inner_then_fail, NULL), YH_E_DENIED);
    assert_int_equal(place_number(b->d, "SELECT count(*) FROM t"), 0);
}

static yh_err busy_twice(struct db *d, void *user)
{
    unsigned *calls = user;
    YH_TRY(place_insert(d, 100 + *calls, "x"));
    return ++*calls < 3 ? yh_fail(YH_E_BUSY, "locked") : YH_OK;
}

static yh_err always_busy(struct db *d, void *user)
{
    (void)d;
    ++*(unsigned *)user;
    return yh_fail(YH_E_BUSY, "locked");
}

static void busy_is_repeated_up_to_five_times(void **state)
{
    struct place *b = *state;
    unsigned calls = 0;
    OK(db_txn(b->d, busy_twice, &calls));
    assert_int_equal(calls, 3);
    assert_int_equal(place_number(b->d, "SELECT count(*) FROM t"), 1);
    calls = 0;
    assert_int_equal(db_txn(b->d, always_busy, &calls), YH_E_BUSY);
    assert_int_equal(calls, 5);
}

/* ---- full disk ---- */

/* ---- migrations ---- */

static const struct db_migration rows_good[] = {
    {1, "first", "CREATE TABLE a (x BIGINT); INSERT INTO a VALUES (1);"},
    {2, "second", "CREATE TABLE b (x BIGINT); -- comment\nINSERT INTO b VALUES (2);"},
    {3, "third", "INSERT INTO a VALUES (3);"},
};
static const struct db_migration rows_changed[] = {
    {1, "first", "CREATE TABLE a (x BIGINT); INSERT INTO a VALUES (1); "},
};
static const struct db_migration rows_broken[] = {
    {1, "first", "CREATE TABLE a (x BIGINT); INSERT INTO a VALUES (1);"},
    {2, "broken", "CREATE TABLE half (x BIGINT); INSERT INTO nowhere VALUES (1);"},
};
static const struct db_migration rows_disordered[] = {{2, "b", "SELECT 1"}, {1, "a", "SELECT 1"}};
static const struct db_migration rows_own_commit[] = {{1, "a", "CREATE TABLE a (x BIGINT); COMMIT;"}};

static void migrations_run_once_in_order(void **state)
{
    struct place *b = *state;
    OK(db_migrate(b->d, rows_good, 2));
    OK(db_migrate(b->d, rows_good, 3));
    OK(db_migrate(b->d, rows_good, 3));
    assert_int_equal(place_number(b->d, "SELECT sum(x) FROM a"), 4);
    assert_int_equal(place_number(b->d, "SELECT sum(x) FROM b"), 2);
    assert_int_equal(place_number(b->d, "SELECT count(*) FROM schema_migration"), 3);
}

static void changed_migration_is_refused(void **state)
{
    struct place *b = *state;
    OK(db_migrate(b->d, rows_good, 1));
    assert_int_equal(db_migrate(b->d, rows_changed, 1), YH_E_CONFLICT);
    assert_non_null(strstr(yh_cause(), "first"));
}

static void broken_migration_leaves_no_half(void **state)
{
    struct place *b = *state;
    assert_int_equal(db_migrate(b->d, rows_broken, 2), YH_E_INTERNAL);
    check_err(try_once(b->d, "SELECT 1 FROM half"), YH_E_INTERNAL);
    assert_int_equal(place_number(b->d, "SELECT count(*) FROM schema_migration"), 1);
    OK(db_migrate(b->d, rows_good, 3));
}

static void wrong_migration_tables_are_refused(void **state)
{
    struct place *b = *state;
    assert_int_equal(db_migrate(b->d, rows_disordered, 2), YH_E_INTERNAL);
    assert_int_equal(db_migrate(b->d, rows_own_commit, 1), YH_E_INTERNAL);
}

static void newer_database_is_refused(void **state)
{
    struct place *b = *state;
    OK(db_migrate(b->d, rows_good, 3));
    assert_int_equal(db_migrate(b->d, rows_good, 2), YH_E_UNSUPPORTED);
}

/* ---- opening ---- */

static void read_only_cannot_write(void **state)
{
    struct place *b = *state;
    struct db *r = NULL;
    OK(place_insert(b->d, 1, "x"));
    OK(db_open(b->where, true, &r));
    assert_int_equal(place_number(r, "SELECT count(*) FROM t"), 1);
    assert_int_equal(place_insert(r, 2, "y"), YH_E_DENIED);
    db_close(r);
}

/* ---- threads ---- */

#define WRITERS 4
#define ROUNDS  25

static yh_err count_up(struct db *d, void *user)
{
    (void)user;
    int64_t n = place_number(d, "SELECT count(*) FROM t");
    return place_insert(d, n + 1, "n");
}

static void *write_own_connection(void *user)
{
    struct db *d = NULL;
    uintptr_t failed = db_open(user, false, &d) != YH_OK;
    for (int i = 0; i < ROUNDS && !failed; i++)
        failed = db_txn(d, count_up, NULL) != YH_OK;
    db_close(d);
    return (void *)failed;
}

static void writers_of_several_connections_lose_nothing(void **state)
{
    struct place *b = *state;
    pthread_t threads[WRITERS];
    for (size_t i = 0; i < WRITERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_own_connection, b->where), 0);
    for (size_t i = 0; i < WRITERS; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    assert_int_equal(place_number(b->d, "SELECT count(*) FROM t"), WRITERS * ROUNDS);
}

static void *migrate_own_connection(void *user)
{
    struct db *d = NULL;
    uintptr_t failed = db_open(user, false, &d) != YH_OK || db_migrate(d, rows_good, 3) != YH_OK;
    db_close(d);
    return (void *)failed;
}

static void programs_that_start_together_migrate_once(void **state)
{
    struct place *b = *state;
    pthread_t threads[WRITERS];
    for (size_t i = 0; i < WRITERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, migrate_own_connection, b->where), 0);
    for (size_t i = 0; i < WRITERS; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    assert_int_equal(place_number(b->d, "SELECT sum(x) FROM a"), 4);
    assert_int_equal(place_number(b->d, "SELECT count(*) FROM schema_migration"), 3);
}

static void *use_pool(void *user)
{
    struct db_pool *p = user;
    uintptr_t failed = 0;
    for (int i = 0; i < ROUNDS && !failed; i++) {
        struct db *w = db_pool_writer(p);
        failed = db_txn(w, count_up, NULL) != YH_OK;
        db_pool_put(p, w);
        struct db *r = db_pool_reader(p);
        failed |= place_number(r, "SELECT count(*) FROM t") < i + 1;
        db_pool_put(p, r);
    }
    return (void *)failed;
}

static void pool_serves_more_threads_than_readers(void **state)
{
    struct place *b = *state;
    struct db_pool *p = NULL;
    pthread_t threads[WRITERS];
    OK(db_pool_open(b->where, 2, &p));
    for (size_t i = 0; i < WRITERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, use_pool, p), 0);
    for (size_t i = 0; i < WRITERS; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    db_pool_close(p);
    assert_int_equal(place_number(b->d, "SELECT count(*) FROM t"), WRITERS * ROUNDS);
}

#define T(f) cmocka_unit_test_setup_teardown(f, place_table, place_teardown)

int main(int argc, char **argv)
{
    if (!place_use(argc > 1 ? argv[1] : "sqlite"))
        return PLACE_SKIPPED;
    const struct CMUnitTest tests[] = {
        T(values_come_back_as_bound),
        T(bad_parameter_surfaces_at_step),
        T(statement_is_kept_and_clean_after_release),
        T(wrong_sql_is_our_mistake),
        T(duplicate_key_is_a_conflict),
        T(foreign_keys_hold),
        T(statements_run_beside_a_list),
        T(list_left_early_disturbs_nobody),
        T(returned_rows_and_counts_are_those_changed),
        T(statement_is_bound_anew_with_other_types),
        T(migrated_types_hold_what_they_say),
        T(texts_are_compared_by_code_point),
        T(failed_work_leaves_nothing),
        T(inner_failure_undoes_only_the_inner),
        T(outer_failure_undoes_the_inner),
        T(busy_is_repeated_up_to_five_times),
        T(migrations_run_once_in_order),
        T(changed_migration_is_refused),
        T(broken_migration_leaves_no_half),
        T(wrong_migration_tables_are_refused),
        T(newer_database_is_refused),
        T(read_only_cannot_write),
        T(writers_of_several_connections_lose_nothing),
        T(programs_that_start_together_migrate_once),
        T(pool_serves_more_threads_than_readers),
    };
    return cmocka_run_group_tests_name("db", tests, NULL, NULL);
}
