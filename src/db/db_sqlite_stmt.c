#include <assert.h>

#include "db/db_sqlite.h"

static struct db_sqlite_stmt *of(const struct db_stmt *s)
{
    return (struct db_sqlite_stmt *)(uintptr_t)s;
}

yh_err db_sqlite_stmt_new(struct db *d, const char *sql, bool cache, struct db_stmt **ret)
{
    struct db_sqlite_stmt *s = calloc(1, sizeof *s);
    if (!s)
        return yh_fail(YH_E_NO_MEMORY, "no memory for a statement");
    const char *rest = "";
    int rc = sqlite3_prepare_v3(db_sqlite_of(d)->h, sql, -1, cache ? SQLITE_PREPARE_PERSISTENT : 0, &s->s, &rest);
    if (rc != SQLITE_OK || !s->s) {
        free(s);
        return db_sqlite_error(db_sqlite_of(d), rc != SQLITE_OK ? rc : SQLITE_MISUSE, sql);
    }
    assert(rest[strspn(rest, " \t\r\n;")] == '\0'); /* one statement per text */
    *ret = &s->base;
    return YH_OK;
}

void db_sqlite_stmt_free(struct db_stmt *s)
{
    sqlite3_finalize(of(s)->s);
    free(s);
}

void db_sqlite_stmt_reset(struct db_stmt *s, bool forget_values)
{
    sqlite3_reset(of(s)->s);
    if (!forget_values)
        return;
    sqlite3_clear_bindings(of(s)->s);
    of(s)->bind_rc = SQLITE_OK;
}

/* ---- binding ---- */

static void bound(struct db_stmt *s, int rc)
{
    if (of(s)->bind_rc == SQLITE_OK)
        of(s)->bind_rc = rc;
}

void db_sqlite_bind_i64(struct db_stmt *s, int at, int64_t v)
{
    bound(s, sqlite3_bind_int64(of(s)->s, at, v));
}

void db_sqlite_bind_text(struct db_stmt *s, int at, yh_str v)
{
    bound(s, sqlite3_bind_text64(of(s)->s, at, v.p ? v.p : "", v.n, SQLITE_TRANSIENT, SQLITE_UTF8));
}

void db_sqlite_bind_blob(struct db_stmt *s, int at, yh_str v)
{
    bound(s, sqlite3_bind_blob64(of(s)->s, at, v.p ? v.p : "", v.n, SQLITE_TRANSIENT));
}

void db_sqlite_bind_null(struct db_stmt *s, int at)
{
    bound(s, sqlite3_bind_null(of(s)->s, at));
}

/* ---- running ---- */

yh_err db_sqlite_step(struct db_stmt *s, bool *ret_row)
{
    struct db_sqlite *d = db_sqlite_of(s->d);
    if (of(s)->bind_rc != SQLITE_OK)
        return db_sqlite_error(d, of(s)->bind_rc, s->sql);
    /* A full disk and the like make SQLite roll the whole transaction back; nothing may then run outside of it. */
    if (s->d->txn_depth && sqlite3_get_autocommit(d->h))
        return yh_fail(YH_E_IO, "the transaction was rolled back by an earlier failure");
    int rc = sqlite3_step(of(s)->s);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
        yh_err e = db_sqlite_error(d, rc, s->sql);
        sqlite3_reset(of(s)->s);
        return e;
    }
    *ret_row = rc == SQLITE_ROW;
    return YH_OK;
}

/* ---- columns ---- */

int64_t db_sqlite_i64(const struct db_stmt *s, int column)
{
    return sqlite3_column_int64(of(s)->s, column);
}

yh_str db_sqlite_str(const struct db_stmt *s, int column)
{
    sqlite3_stmt *h = of(s)->s;
    bool blob = sqlite3_column_type(h, column) == SQLITE_BLOB;
    const void *p = blob ? sqlite3_column_blob(h, column) : (const void *)sqlite3_column_text(h, column);
    int n = sqlite3_column_bytes(h, column);
    return p ? (yh_str){p, (size_t)n} : YH_S("");
}

bool db_sqlite_is_null(const struct db_stmt *s, int column)
{
    return sqlite3_column_type(of(s)->s, column) == SQLITE_NULL;
}
