#include "base/clock.h"
#include "base/sm3.h"
#include "db/db_internal.h"

static const char sql_table[] = "CREATE TABLE IF NOT EXISTS schema_migration ("
                                " number INTEGER NOT NULL PRIMARY KEY,"
                                " name TEXT NOT NULL,"
                                " checksum TEXT NOT NULL,"
                                " applied_at BIGINT NOT NULL)";
static const char sql_find[] = "SELECT name, checksum FROM schema_migration WHERE number = ?";
static const char sql_newest[] = "SELECT COALESCE(MAX(number), 0) FROM schema_migration";
static const char sql_record[] =
    "INSERT INTO schema_migration (number, name, checksum, applied_at) VALUES (?, ?, ?, ?)";

static yh_err checksum_of(const struct db_migration *m, char hex[2 * YH_SM3_LEN])
{
    yh_sm3_hash h;
    YH_TRY(yh_sm3_of(yh_str_of(m->sql), &h));
    yh_hex_encode(h.b, sizeof h.b, hex);
    return YH_OK;
}

static yh_err is_applied(struct db *d, const struct db_migration *m, yh_str checksum, bool *ret)
{
    db_stmt_auto *s = NULL;
    bool row;
    YH_TRY(db_prepare(d, sql_find, &s));
    db_bind_i64(s, 1, m->number);
    YH_TRY(db_step(s, &row));
    if (row && !yh_str_eq(db_str(s, 1), checksum))
        return yh_fail(YH_E_CONFLICT, "migration %d (%s) was changed after it had been applied", m->number, m->name);
    *ret = row;
    return YH_OK;
}

static yh_err record(struct db *d, const struct db_migration *m, yh_str checksum)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_record, &s));
    db_bind_i64(s, 1, m->number);
    db_bind_z(s, 2, m->name);
    db_bind_str(s, 3, checksum);
    db_bind_i64(s, 4, yh_clock_now());
    return db_exec(s);
}

/* Looks again inside the transaction: another process may have been faster. */
static yh_err apply(struct db *d, void *user)
{
    const struct db_migration *m = user;
    char hex[2 * YH_SM3_LEN];
    yh_str checksum = {hex, sizeof hex};
    bool done = false;
    YH_TRY(checksum_of(m, hex));
    YH_TRY(is_applied(d, m, checksum, &done));
    if (done)
        return YH_OK;
    YH_TRY(d->driver->define(d, m->sql, m->name));
    if (d->driver->state(d) != DB_TXN_OPEN)
        return yh_fail(YH_E_INTERNAL, "migration %d (%s) ends its transaction itself", m->number, m->name);
    return record(d, m, checksum);
}

static yh_err refuse_newer(struct db *d, int newest_known)
{
    db_stmt_auto *s = NULL;
    bool row;
    YH_TRY(db_prepare(d, sql_newest, &s));
    YH_TRY(db_step(s, &row));
    int64_t found = row ? db_i64(s, 0) : 0;
    if (found > newest_known)
        return yh_fail(YH_E_UNSUPPORTED, "the database is at migration %lld, this program knows %d: it is too old",
                       (long long)found, newest_known);
    return YH_OK;
}

static yh_err check_order(const struct db_migration *rows, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (rows[i].number <= rows[i - 1].number)
            return yh_fail(YH_E_INTERNAL, "migration %d stands after %d", rows[i].number, rows[i - 1].number);
    return YH_OK;
}

static yh_err migrate(struct db *d, const struct db_migration *rows, size_t n)
{
    YH_TRY(db_run(d, sql_table, "cannot create schema_migration"));
    YH_TRY(refuse_newer(d, n ? rows[n - 1].number : 0));
    for (size_t i = 0; i < n; i++) {
        struct db_migration m = rows[i];
        YH_TRY(db_txn(d, apply, &m));
    }
    return YH_OK;
}

yh_err db_migrate(struct db *d, const struct db_migration *rows, size_t n)
{
    YH_TRY(check_order(rows, n));
    YH_TRY(d->driver->migrations_lock(d));
    yh_err e = migrate(d, rows, n);
    d->driver->migrations_unlock(d);
    return e;
}

yh_err db_is_new(struct db *d, bool *ret)
{
    db_stmt_auto *s = NULL;
    bool row;
    yh_err e = db_prepare(d, sql_newest, &s);
    if (e == YH_OK)
        e = db_step(s, &row);
    if (e != YH_OK && e != YH_E_INTERNAL) /* that the table is missing is all that can be wrong with the text */
        return e;
    *ret = e != YH_OK;
    return YH_OK;
}
