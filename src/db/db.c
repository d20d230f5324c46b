/* Which driver, and the calls that only pass on. */
#include "db/db_internal.h"

bool db_is_server(const char *where)
{
    yh_str s = yh_str_of(where);
    return yh_str_starts(s, YH_S("postgresql://")) || yh_str_starts(s, YH_S("postgres://"));
}

static const struct db_driver *driver_of(const char *where)
{
    return db_is_server(where) ? &db_pg_driver : &db_sqlite_driver;
}

yh_err db_open(const char *where, bool read_only, struct db **ret)
{
    const struct db_driver *driver = driver_of(where);
    struct db *d = NULL;
    YH_TRY(driver->open(where, read_only, &d));
    *ret = d;
    return YH_OK;
}

yh_err db_check(const char *where)
{
    return driver_of(where)->check(where);
}

yh_err db_run(struct db *d, const char *sql, const char *what)
{
    return d->driver->run(d, sql, what);
}

int64_t db_changes(const struct db *d)
{
    return d->driver->changes(d);
}

void db_bind_i64(struct db_stmt *s, int at, int64_t v)
{
    s->d->driver->bind_i64(s, at, v);
}

void db_bind_str(struct db_stmt *s, int at, yh_str v)
{
    s->d->driver->bind_text(s, at, v);
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
    s->d->driver->bind_blob(s, at, v);
}

void db_bind_null(struct db_stmt *s, int at)
{
    s->d->driver->bind_null(s, at);
}

yh_err db_step(struct db_stmt *s, bool *ret_row)
{
    return s->d->driver->step(s, ret_row);
}

yh_err db_exec(struct db_stmt *s)
{
    bool row = true;
    while (row)
        YH_TRY(db_step(s, &row));
    s->d->driver->stmt_reset(s, false);
    return YH_OK;
}

int64_t db_i64(const struct db_stmt *s, int column)
{
    return s->d->driver->i64(s, column);
}

yh_str db_str(const struct db_stmt *s, int column)
{
    return s->d->driver->str(s, column);
}

bool db_is_null(const struct db_stmt *s, int column)
{
    return s->d->driver->is_null(s, column);
}
