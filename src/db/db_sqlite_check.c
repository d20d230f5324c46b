#include "db/db_sqlite.h"

static yh_err first_answer(struct db *d, const char *sql_literal, const char *path, const char *good)
{
    db_stmt_auto *s = NULL;
    bool row = false;
    YH_TRY(db_prepare(d, sql_literal, &s));
    YH_TRY(db_step(s, &row));
    yh_str answer = row ? db_str(s, 0) : YH_S("");
    if (row ? yh_str_is(answer, good) : !*good)
        return YH_OK;
    return yh_fail(YH_E_CORRUPT, "%.300s: %.*s", path, (int)yh_min_size(answer.n, 200), answer.p);
}

static yh_err check_open(struct db *d, const char *path)
{
    YH_TRY(first_answer(d, "PRAGMA integrity_check(1)", path, "ok"));
    return first_answer(d, "SELECT 'a row of ' || \"table\" || ' refers to none of ' || parent FROM pragma_foreign_key_check",
                        path, "");
}

yh_err db_sqlite_check(const char *path)
{
    struct db *d;
    yh_err e = db_open(path, true, &d);
    if (e == YH_OK) {
        e = check_open(d, path);
        db_close(d);
    }
    return e == YH_E_CORRUPT && !strstr(yh_cause(), path) ? yh_fail(e, "%.300s: %.200s", path, yh_cause()) : e;
}
