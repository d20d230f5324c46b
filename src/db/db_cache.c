/* Statements by the address of their text. */
#include <assert.h>

#include "db/db_internal.h"

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

static yh_err make(struct db *d, const char *sql, bool cache, struct db_stmt **ret)
{
    struct db_stmt *s;
    YH_TRY(d->driver->stmt_new(d, sql, cache, &s));
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
        YH_TRY(make(d, sql_literal, s == NULL, &s));
    s->in_use = true;
    *ret = s;
    return YH_OK;
}

void db_release(struct db_stmt *s)
{
    if (!s)
        return;
    if (!s->cached) {
        s->d->driver->stmt_free(s);
        return;
    }
    s->d->driver->stmt_reset(s, true);
    s->in_use = false;
}

void db_releasep(struct db_stmt **s)
{
    db_release(*s);
    *s = NULL;
}

static void cache_free(struct db *d)
{
    for (size_t i = 0; i < DB_CACHE_BUCKETS; i++) {
        while (d->cache[i]) {
            struct db_stmt *s = d->cache[i];
            assert(!s->in_use);
            d->cache[i] = s->next;
            d->driver->stmt_free(s);
        }
    }
}

void db_close(struct db *d)
{
    if (!d)
        return;
    cache_free(d);
    d->driver->close(d);
}
