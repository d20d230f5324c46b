/* The pure part: one SQL text for both. */
#include "../check.h"
#include "db/db_pg_text.h"

static const struct {
    const char *sql, *text;
    unsigned params;
} texts[] = {
    {"SELECT 1", "SELECT 1", 0},
    {"SELECT ?, ? FROM t WHERE a = ?", "SELECT $1, $2 FROM t WHERE a = $3", 3},
    {"SELECT '?', 'it''s ?', ?", "SELECT '?', 'it''s ?', $1", 1},
    {"SELECT \"a?\", \"b\"\"?\" FROM t WHERE c = ?", "SELECT \"a?\", \"b\"\"?\" FROM t WHERE c = $1", 1},
    {"SELECT ? -- why? 'no\n, ?", "SELECT $1 -- why? 'no\n, $2", 2},
    {"SELECT /* ? ' */ ?", "SELECT /* ? ' */ $1", 1},
    {"SELECT 1 - ? -?", "SELECT 1 - $1 -$2", 2},
    {"SELECT 4 / ? /?", "SELECT 4 / $1 /$2", 2},
    {"SELECT 'open ?", "SELECT 'open ?", 0},
    {"SELECT 1 --?", "SELECT 1 --?", 0},
    {"SELECT /*?", "SELECT /*?", 0},
    {"", "", 0},
};

static void question_marks_become_numbers(void **state)
{
    (void)state;
    for (size_t i = 0; i < YH_LEN(texts); i++) {
        yh_buf_auto out = yh_buf_make(DB_PG_TEXT_MAX);
        unsigned params = 99;
        check_ok(db_pg_text(texts[i].sql, &out, &params));
        check_str(yh_buf_view(&out), texts[i].text);
        assert_int_equal(params, texts[i].params);
    }
}

static void too_long_a_text_is_refused(void **state)
{
    (void)state;
    yh_buf_auto out = yh_buf_make(10);
    unsigned params = 99;
    check_err(db_pg_text("SELECT ?, ?, ?, ?", &out, &params), YH_E_TOO_LARGE);
}

static const struct {
    const char *sql, *text;
} types[] = {
    {"CREATE TABLE t (a TEXT NOT NULL, b INTEGER, c BLOB, d BIGINT)",
     "CREATE TABLE t (a TEXT COLLATE \"C\" NOT NULL, b BIGINT, c BYTEA, d BIGINT)"},
    {"ALTER TABLE t ADD COLUMN x TEXT DEFAULT 'TEXT'; -- an INTEGER\nSELECT 1",
     "ALTER TABLE t ADD COLUMN x TEXT COLLATE \"C\" DEFAULT 'TEXT'; -- an INTEGER\nSELECT 1"},
    {"SELECT CAST(n AS TEXT), CAST(b AS BLOB), CAST(t AS INTEGER)", "SELECT CAST(n AS TEXT), CAST(b AS BYTEA), CAST(t AS BIGINT)"},
    {"CREATE TABLE text (limit_TEXT BIGINT, integer BIGINT, BLOBS BIGINT)",
     "CREATE TABLE text (limit_TEXT BIGINT, integer BIGINT, BLOBS BIGINT)"},
};

static void types_are_those_of_the_server(void **state)
{
    (void)state;
    for (size_t i = 0; i < YH_LEN(types); i++) {
        yh_buf_auto out = yh_buf_make(DB_PG_TEXT_MAX);
        check_ok(db_pg_types(types[i].sql, &out));
        check_str(yh_buf_view(&out), types[i].text);
    }
}

static void what_only_reads_is_known(void **state)
{
    (void)state;
    assert_true(db_pg_only_reads("SELECT 1"));
    assert_true(db_pg_only_reads(" -- UPDATE\n (select 1)"));
    assert_false(db_pg_only_reads("UPDATE t SET a = 1 RETURNING a"));
    assert_false(db_pg_only_reads("WITH a AS (SELECT 1) DELETE FROM t"));
    assert_false(db_pg_only_reads("SELECTION"));
    assert_false(db_pg_only_reads(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(question_marks_become_numbers),
        cmocka_unit_test(too_long_a_text_is_refused),
        cmocka_unit_test(types_are_those_of_the_server),
        cmocka_unit_test(what_only_reads_is_known),
    };
    return cmocka_run_group_tests_name("db-pg-text", tests, NULL, NULL);
}
