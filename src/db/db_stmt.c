#include <assert.h>

#include "db/db_internal.h"

/* ---- cache: statements by the address of their text ---- */

static struct db_stmt **bucket_of(struct db *d, const char *sql)
{
    uintptr_t a = (uintptr_t)sql;
    return &d->cache[(a ^ a >> 7 ^ a >> 14) % DB_CACHE_BUCKETS];
}

static struct db_stmt *cached(struct db *d, const char *sql)
{
    struct db_stmt *s = *bucket_of(d, sql);
    while (s && s->sql != sql)
        s = s->next;
    return s;
}

static void stmt_free(struct db_stmt *s)
{
    sqlite3_finalize(s->s);
    free(s);
}

void db_cache_free(struct db *d)
{
    for (size_t i = 0; i < DB_CACHE_BUCKETS; i++) {
        while (d->cache[i]) {
            struct db_stmt *s = d->cache[i];
            assert(!s->in_use);
            d->cache[i] = s->next;
            stmt_free(s);
        }
    }
}

static yh_err stmt_new(struct db *d, const char *sql, bool cache, struct db_stmt **ret)
{
    struct db_stmt *s = calloc(1, sizeof *s);
    if (!s)
        return yh_fail(YH_E_NO_MEMORY, "no memory for a statement");
    const char *rest = "";
    int rc = sqlite3_prepare_v3(d->h, sql, -1, cache ? SQLITE_PREPARE_PERSISTENT : 0, &s->s, &rest);
    if (rc != SQLITE_OK || !s->s) {
        free(s);
        return db_error(d, rc != SQLITE_OK ? rc : SQLITE_MISUSE, sql);
    }
    assert(rest[strspn(rest, " \t\r\n;")] == '\0'); /* one statement per text */
    s->d = d;
    s->sql = sql;
    s->cached = cache;
    if (cache) {
        s->next = *bucket_of(d, sql);
        *bucket_of(d, sql) = s;
    }
    *ret = s;
    return YH_OK;
}

yh_err db_prepare(struct db *d, const char *sql_literal, struct db_stmt **ret)
{
    struct db_stmt *s = cached(d, sql_literal);
    if (!s || s->in_use)
        YH_TRY(stmt_new(d, sql_literal, s == NULL, &s));
    s->in_use = true;
    s->bind_rc = SQLITE_OK;
    *ret = s;
    return YH_OK;
}

void db_release(struct db_stmt *s)
{
    if (!s)
        return;
    if (!s->cached) {
        stmt_free(s);
        return;
    }
    sqlite3_reset(s->s);
    sqlite3_clear_bindings(s->s);
    s->in_use = false;
}

void db_releasep(struct db_stmt **s)
{
    db_release(*s);
    *s = NULL;
}

/* ---- binding ---- */

static void bound(struct db_stmt *s, int rc)
{
    if (s->bind_rc == SQLITE_OK)
        s->bind_rc = rc;
}

void db_bind_i64(struct db_stmt *s, int at, int64_t v)
{
    bound(s, sqlite3_bind_int64(s->s, at, v));
}

void db_bind_str(struct db_stmt *s, int at, yh_str v)
{
    bound(s, sqlite3_bind_text64(s->s, at, v.p ? v.p : "", v.n, SQLITE_TRANSIENT, SQLITE_UTF8));
}

void db_bind_z(struct db_stmt *s, int at, const char *z)
{
    if (z)
        db_bind_str(s, at, yh_str_of(z));
    else
        db_bind_null(s, at);
}

void db_bind_blob(struct db_stmt *s, int at, yh_str v)
{
    bound(s, sqlite3_bind_blob64(s->s, at, v.p ? v.p : "", v.n, SQLITE_TRANSIENT));
}

void db_bind_null(struct db_stmt *s, int at)
{
    bound(s, sqlite3_bind_null(s->s, at));
}

/* ---- running ---- */

yh_err db_step(struct db_stmt *s, bool *ret_row)
{
    if (s->bind_rc != SQLITE_OK)
        return db_error(s->d, s->bind_rc, s->sql);
    /* A full disk and the like make SQLite roll the whole transaction back; nothing may then run outside of it. */
    if (s->d->txn_depth && sqlite3_get_autocommit(s->d->h))
        return yh_fail(YH_E_IO, "the transaction was rolled back by an earlier failure");
    int rc = sqlite3_step(s->s);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
        yh_err e = db_error(s->d, rc, s->sql);
        sqlite3_reset(s->s);
        return e;
    }
    *ret_row = rc == SQLITE_ROW;
    return YH_OK;
}

yh_err db_exec(struct db_stmt *s)
{
    bool row = true;
    while (row)
        YH_TRY(db_step(s, &row));
    sqlite3_reset(s->s);
    return YH_OK;
}

/* ---- columns ---- */

int64_t db_i64(const struct db_stmt *s, int column)
{
    return sqlite3_column_int64(s->s, column);
}

yh_str db_str(const struct db_stmt *s, int column)
{
    bool blob = sqlite3_column_type(s->s, column) == SQLITE_BLOB;
    const void *p = blob ? sqlite3_column_blob(s->s, column) : (const void *)sqlite3_column_text(s->s, column);
    int n = sqlite3_column_bytes(s->s, column);
    return p ? (yh_str){p, (size_t)n} : YH_S("");
}

bool db_is_null(const struct db_stmt *s, int column)
{
    return sqlite3_column_type(s->s, column) == SQLITE_NULL;
}
