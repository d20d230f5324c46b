/* What only an SQLite file can be asked. */
#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"
#include "../locks.h"
#include "place.h"

#define OK(call) check_ok(call)

static yh_err two(struct db *d, void *user)
{
    (void)user;
    YH_TRY(place_insert(d, 10, "a"));
    return place_insert(d, 11, "b");
}

static void settings_are_those_promised(void **state)
{
    struct place *b = *state;
    assert_int_equal(place_number(b->d, "PRAGMA foreign_keys"), 1);
    assert_int_equal(place_number(b->d, "PRAGMA synchronous"), 2); /* FULL */
    assert_int_equal(place_number(b->d, "PRAGMA busy_timeout"), 5000);
    db_stmt_auto *s = NULL;
    bool row;
    OK(db_prepare(b->d, "PRAGMA journal_mode", &s));
    OK(db_step(s, &row));
    assert_true(yh_str_is(db_str(s, 0), "wal"));
}

static yh_err fill(struct db *d, void *user)
{
    yh_err *inner = user;
    static char big[4000];
    memset(big, 'x', sizeof big - 1);
    for (int64_t i = 1; i <= 1000; i++) {
        yh_err e = place_insert(d, i, big);
        if (e == YH_OK)
            continue;
        *inner = e;
        return place_insert(d, 5000, "must not slip out of the lost transaction") == YH_OK ? YH_OK : e;
    }
    return YH_OK;
}

static void full_disk_loses_nothing_committed(void **state)
{
    struct place *b = *state;
    yh_err inner = YH_OK;
    OK(place_insert(b->d, 6000, "kept"));
    place_run(b->d, "PRAGMA max_page_count=40");
    assert_int_equal(db_txn(b->d, fill, &inner), YH_E_NO_SPACE);
    assert_int_equal(inner, YH_E_NO_SPACE);
    assert_int_equal(place_number(b->d, "SELECT count(*) FROM t"), 1);
    place_run(b->d, "PRAGMA max_page_count=100000");
    OK(db_txn(b->d, two, NULL));
    assert_int_equal(place_number(b->d, "SELECT count(*) FROM t"), 3);
}

static void missing_and_foreign_files_are_named(void **state)
{
    struct place *b = *state;
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

static void new_files_are_for_their_owner_only(void **state)
{
    struct place *b = *state;
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < YH_LEN(suffixes); i++) {
        char name[600];
        struct stat st;
        snprintf(name, sizeof name, "%s%s", b->where, suffixes[i]);
        assert_int_equal(stat(name, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
    }
}

/* Closing any descriptor of a file drops the process's locks on it, so opening must not touch an existing one. */
static void opening_again_keeps_the_locks(void **state)
{
    struct place *b = *state;
    struct db *other = NULL;
    assert_true(locked_for_others(b->where));
    OK(db_open(b->where, false, &other));
    assert_true(locked_for_others(b->where));
    db_close(other);
    OK(db_open(b->where, true, &other));
    db_close(other);
    assert_true(locked_for_others(b->where));
}

static void pool_that_cannot_open_says_so(void **state)
{
    (void)state;
    struct db_pool *p = NULL;
    assert_int_equal(db_pool_open("/nonexistent-folder/x.db", 2, &p), YH_E_NOT_FOUND);
    assert_null(p);
}

#define T(f) cmocka_unit_test_setup_teardown(f, place_table, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(settings_are_those_promised),
        T(full_disk_loses_nothing_committed),
        T(missing_and_foreign_files_are_named),
        T(new_files_are_for_their_owner_only),
        T(opening_again_keeps_the_locks),
        T(pool_that_cannot_open_says_so),
    };
    return cmocka_run_group_tests_name("db-sqlite", tests, NULL, NULL);
}
