#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "db/db.h"

#define OK(call) assert_int_equal((call), YH_OK)

struct box {
    char dir[64];
    char path[96];
    struct db *d;
};

static void run(struct db *d, const char *sql)
{
    db_stmt_auto *s = NULL;
    OK(db_prepare(d, sql, &s));
    OK(db_exec(s));
}

static int64_t number(struct db *d, const char *sql)
{
    db_stmt_auto *s = NULL;
    bool row;
    OK(db_prepare(d, sql, &s));
    OK(db_step(s, &row));
    assert_true(row);
    return db_i64(s, 0);
}

static yh_err insert(struct db *d, int64_t id, const char *text)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, "INSERT INTO t (id, v) VALUES (?, ?)", &s));
    db_bind_i64(s, 1, id);
    db_bind_z(s, 2, text);
    return db_exec(s);
}

static int setup(void **state)
{
    struct box *b = calloc(1, sizeof *b);
    snprintf(b->dir, sizeof b->dir, "/tmp/yuheng-db-XXXXXX");
    assert_non_null(mkdtemp(b->dir));
    snprintf(b->path, sizeof b->path, "%s/t.db", b->dir);
    OK(db_open(b->path, false, &b->d));
    run(b->d, "CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, v TEXT)");
    *state = b;
    return 0;
}

static int teardown(void **state)
{
    struct box *b = *state;
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    db_close(b->d);
    for (size_t i = 0; i < YH_LEN(suffixes); i++) {
        char name[112];
        snprintf(name, sizeof name, "%s%s", b->path, suffixes[i]);
        unlink(name);
    }
    assert_int_equal(rmdir(b->dir), 0);
    free(b);
    return 0;
}

static void settings_are_those_promised(void **state)
{
    struct box *b = *state;
    assert_int_equal(number(b->d, "PRAGMA foreign_keys"), 1);
    assert_int_equal(number(b->d, "PRAGMA synchronous"), 2); /* FULL */
    assert_int_equal(number(b->d, "PRAGMA busy_timeout"), 5000);
    db_stmt_auto *s = NULL;
    bool row;
    OK(db_prepare(b->d, "PRAGMA journal_mode", &s));
    OK(db_step(s, &row));
    assert_true(yh_str_is(db_str(s, 0), "wal"));
}

static void values_come_back_as_bound(void **state)
{
    struct box *b = *state;
    db_stmt_auto *s = NULL;
    bool row;
    OK(db_prepare(b->d, "SELECT ?, ?, ?, ?, ?, ?", &s));
    db_bind_i64(s, 1, INT64_MIN);
    db_bind_str(s, 2, YH_S("a\0b"));
    db_bind_z(s, 3, NULL);
    db_bind_blob(s, 4, YH_S("\0\xff"));
    db_bind_str(s, 5, (yh_str){NULL, 0});
    db_bind_null(s, 6);
    OK(db_step(s, &row));
    assert_true(row);
    assert_true(db_i64(s, 0) == INT64_MIN);
    assert_true(yh_str_eq(db_str(s, 1), YH_S("a\0b")));
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
    struct box *b = *state;
    db_stmt_auto *s = NULL;
    bool row = true;
    OK(db_prepare(b->d, "SELECT ?", &s));
    db_bind_i64(s, 2, 1);
    assert_int_equal(db_step(s, &row), YH_E_INTERNAL);
}

static void statement_is_kept_and_clean_after_release(void **state)
{
    struct box *b = *state;
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

static void wrong_sql_is_our_mistake(void **state)
{
    struct box *b = *state;
    struct db_stmt *s = NULL;
    assert_int_equal(db_prepare(b->d, "SELEKT 1", &s), YH_E_INTERNAL);
    assert_null(s);
    assert_non_null(strstr(yh_cause(), "SELEKT"));
}

static void duplicate_key_is_a_conflict(void **state)
{
    struct box *b = *state;
    OK(insert(b->d, 1, "one"));
    assert_int_equal(db_changes(b->d), 1);
    assert_int_equal(insert(b->d, 1, "again"), YH_E_CONFLICT);
    assert_non_null(strstr(yh_cause(), "UNIQUE"));
    OK(insert(b->d, 2, "two"));
}

static void foreign_keys_hold(void **state)
{
    struct box *b = *state;
    run(b->d, "CREATE TABLE u (t BIGINT NOT NULL REFERENCES t (id))");
    db_stmt_auto *s = NULL;
    OK(db_prepare(b->d, "INSERT INTO u (t) VALUES (99)", &s));
    assert_int_equal(db_exec(s), YH_E_CONFLICT);
}

/* ---- transactions ---- */

static yh_err two_then_fail(struct db *d, void *user)
{
    YH_TRY(insert(d, 10, "a"));
    YH_TRY(insert(d, 11, "b"));
    return user ? yh_fail(YH_E_INVALID, "no") : YH_OK;
}

static yh_err outer_keeps_going(struct db *d, void *user)
{
    (void)user;
    YH_TRY(insert(d, 1, "outer"));
    assert_int_equal(db_txn(d, two_then_fail, d), YH_E_INVALID);
    return insert(d, 2, "outer");
}

static yh_err inner_then_fail(struct db *d, void *user)
{
    (void)user;
    YH_TRY(db_txn(d, two_then_fail, NULL));
    return yh_fail(YH_E_DENIED, "outer says no");
}

static void failed_work_leaves_nothing(void **state)
{
    struct box *b = *state;
    assert_int_equal(db_txn(b->d, two_then_fail, b), YH_E_INVALID);
    assert_string_equal(yh_cause(), "no");
    assert_int_equal(number(b->d, "SELECT count(*) FROM t"), 0);
    OK(db_txn(b->d, two_then_fail, NULL));
    assert_int_equal(number(b->d, "SELECT count(*) FROM t"), 2);
}

static void inner_failure_undoes_only_the_inner(void **state)
{
    struct box *b = *state;
    OK(db_txn(b->d, outer_keeps_going, NULL));
    assert_int_equal(number(b->d, "SELECT count(*) FROM t"), 2);
    assert_int_equal(number(b->d, "SELECT count(*) FROM t WHERE id >= 10"), 0);
}

static void outer_failure_undoes_the_inner(void **state)
{
    struct box *b = *state;
    assert_int_equal(db_txn(b->d, inner_then_fail, NULL), YH_E_DENIED);
    assert_int_equal(number(b->d, "SELECT count(*) FROM t"), 0);
}

static yh_err busy_twice(struct db *d, void *user)
{
    unsigned *calls = user;
    YH_TRY(insert(d, 100 + *calls, "x"));
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
    struct box *b = *state;
    unsigned calls = 0;
    OK(db_txn(b->d, busy_twice, &calls));
    assert_int_equal(calls, 3);
    assert_int_equal(number(b->d, "SELECT count(*) FROM t"), 1);
    calls = 0;
    assert_int_equal(db_txn(b->d, always_busy, &calls), YH_E_BUSY);
    assert_int_equal(calls, 5);
}

/* ---- full disk ---- */

static yh_err fill(struct db *d, void *user)
{
    yh_err *inner = user;
    static char big[4000];
    memset(big, 'x', sizeof big - 1);
    for (int64_t i = 1; i <= 1000; i++) {
        yh_err e = insert(d, i, big);
        if (e == YH_OK)
            continue;
        *inner = e;
        return insert(d, 5000, "must not slip out of the lost transaction") == YH_OK ? YH_OK : e;
    }
    return YH_OK;
}

static void full_disk_loses_nothing_committed(void **state)
{
    struct box *b = *state;
    yh_err inner = YH_OK;
    OK(insert(b->d, 6000, "kept"));
    run(b->d, "PRAGMA max_page_count=40");
    assert_int_equal(db_txn(b->d, fill, &inner), YH_E_NO_SPACE);
    assert_int_equal(inner, YH_E_NO_SPACE);
    assert_int_equal(number(b->d, "SELECT count(*) FROM t"), 1);
    run(b->d, "PRAGMA max_page_count=100000");
    OK(db_txn(b->d, two_then_fail, NULL));
    assert_int_equal(number(b->d, "SELECT count(*) FROM t"), 3);
}

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
    struct box *b = *state;
    OK(db_migrate(b->d, rows_good, 2));
    OK(db_migrate(b->d, rows_good, 3));
    OK(db_migrate(b->d, rows_good, 3));
    assert_int_equal(number(b->d, "SELECT sum(x) FROM a"), 4);
    assert_int_equal(number(b->d, "SELECT sum(x) FROM b"), 2);
    assert_int_equal(number(b->d, "SELECT count(*) FROM schema_migration"), 3);
}

static void changed_migration_is_refused(void **state)
{
    struct box *b = *state;
    OK(db_migrate(b->d, rows_good, 1));
    assert_int_equal(db_migrate(b->d, rows_changed, 1), YH_E_CONFLICT);
    assert_non_null(strstr(yh_cause(), "first"));
}

static void broken_migration_leaves_no_half(void **state)
{
    struct box *b = *state;
    assert_int_equal(db_migrate(b->d, rows_broken, 2), YH_E_INTERNAL);
    assert_int_equal(number(b->d, "SELECT count(*) FROM sqlite_master WHERE name = 'half'"), 0);
    assert_int_equal(number(b->d, "SELECT count(*) FROM schema_migration"), 1);
    OK(db_migrate(b->d, rows_good, 3));
}

static void wrong_migration_tables_are_refused(void **state)
{
    struct box *b = *state;
    assert_int_equal(db_migrate(b->d, rows_disordered, 2), YH_E_INTERNAL);
    assert_int_equal(db_migrate(b->d, rows_own_commit, 1), YH_E_INTERNAL);
}

static void newer_database_is_refused(void **state)
{
    struct box *b = *state;
    OK(db_migrate(b->d, rows_good, 3));
    assert_int_equal(db_migrate(b->d, rows_good, 2), YH_E_UNSUPPORTED);
}

/* ---- opening ---- */

static void missing_and_foreign_files_are_named(void **state)
{
    struct box *b = *state;
    struct db *d = NULL;
    char path[112];
    snprintf(path, sizeof path, "%s/none.db", b->dir);
    assert_int_equal(db_open(path, true, &d), YH_E_NOT_FOUND);
    OK(yh_file_replace(path, YH_S("this is no database, only text that is long enough to look at"), 0600));
    assert_int_equal(db_open(path, true, &d), YH_E_CORRUPT);
    assert_int_equal(db_open(path, false, &d), YH_E_CORRUPT);
    unlink(path);
    assert_null(d);
}

static void read_only_cannot_write(void **state)
{
    struct box *b = *state;
    struct db *r = NULL;
    OK(insert(b->d, 1, "x"));
    OK(db_open(b->path, true, &r));
    assert_int_equal(number(r, "SELECT count(*) FROM t"), 1);
    assert_int_equal(insert(r, 2, "y"), YH_E_DENIED);
    db_close(r);
}

static void new_files_are_for_their_owner_only(void **state)
{
    struct box *b = *state;
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < YH_LEN(suffixes); i++) {
        char name[112];
        struct stat st;
        snprintf(name, sizeof name, "%s%s", b->path, suffixes[i]);
        assert_int_equal(stat(name, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
    }
}

/* In another process: is the shared lock of a WAL connection held on this file? */
static bool locked_for_others(const char *path)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0x40000002, .l_len = 510};
        int fd = open(path, O_RDWR);
        _exit(fd >= 0 && fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK ? 1 : 0);
    }
    waitpid(child, &status, 0);
    return WEXITSTATUS(status) == 1;
}

/* Closing any descriptor of a file drops the process's locks on it, so opening must not touch an existing one. */
static void opening_again_keeps_the_locks(void **state)
{
    struct box *b = *state;
    struct db *other = NULL;
    assert_true(locked_for_others(b->path));
    OK(db_open(b->path, false, &other));
    assert_true(locked_for_others(b->path));
    db_close(other);
    OK(db_open(b->path, true, &other));
    db_close(other);
    assert_true(locked_for_others(b->path));
}

/* ---- threads ---- */

#define WRITERS 4
#define ROUNDS  25

static yh_err count_up(struct db *d, void *user)
{
    (void)user;
    int64_t n = number(d, "SELECT count(*) FROM t");
    return insert(d, n + 1, "n");
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
    struct box *b = *state;
    pthread_t threads[WRITERS];
    for (size_t i = 0; i < WRITERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_own_connection, b->path), 0);
    for (size_t i = 0; i < WRITERS; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    assert_int_equal(number(b->d, "SELECT count(*) FROM t"), WRITERS * ROUNDS);
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
        failed |= number(r, "SELECT count(*) FROM t") < i + 1;
        db_pool_put(p, r);
    }
    return (void *)failed;
}

static void pool_serves_more_threads_than_readers(void **state)
{
    struct box *b = *state;
    struct db_pool *p = NULL;
    pthread_t threads[WRITERS];
    OK(db_pool_open(b->path, 2, &p));
    for (size_t i = 0; i < WRITERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, use_pool, p), 0);
    for (size_t i = 0; i < WRITERS; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    db_pool_close(p);
    assert_int_equal(number(b->d, "SELECT count(*) FROM t"), WRITERS * ROUNDS);
}

static void pool_that_cannot_open_says_so(void **state)
{
    (void)state;
    struct db_pool *p = NULL;
    assert_int_equal(db_pool_open("/nonexistent-folder/x.db", 2, &p), YH_E_NOT_FOUND);
    assert_null(p);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(settings_are_those_promised),
        T(values_come_back_as_bound),
        T(bad_parameter_surfaces_at_step),
        T(statement_is_kept_and_clean_after_release),
        T(wrong_sql_is_our_mistake),
        T(duplicate_key_is_a_conflict),
        T(foreign_keys_hold),
        T(failed_work_leaves_nothing),
        T(inner_failure_undoes_only_the_inner),
        T(outer_failure_undoes_the_inner),
        T(busy_is_repeated_up_to_five_times),
        T(full_disk_loses_nothing_committed),
        T(migrations_run_once_in_order),
        T(changed_migration_is_refused),
        T(broken_migration_leaves_no_half),
        T(wrong_migration_tables_are_refused),
        T(newer_database_is_refused),
        T(missing_and_foreign_files_are_named),
        T(read_only_cannot_write),
        T(new_files_are_for_their_owner_only),
        T(opening_again_keeps_the_locks),
        T(writers_of_several_connections_lose_nothing),
        T(pool_serves_more_threads_than_readers),
        T(pool_that_cannot_open_says_so),
    };
    return cmocka_run_group_tests_name("db", tests, NULL, NULL);
}
