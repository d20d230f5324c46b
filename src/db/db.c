#include "db/db_internal.h"

#include <errno.h>
#include <unistd.h>

#define BUSY_TIMEOUT_MS 5000

yh_err db_run(struct db *d, const char *sql, const char *what)
{
    int rc = sqlite3_exec(d->h, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? YH_OK : db_error(d, rc, what);
}

static int open_flags(bool read_only)
{
    int access = read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    return access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
}

static yh_err configure(struct db *d, bool read_only)
{
    sqlite3_busy_timeout(d->h, BUSY_TIMEOUT_MS);
    sqlite3_db_config(d->h, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(d->h, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    YH_TRY(db_run(d, "PRAGMA foreign_keys=ON; PRAGMA synchronous=FULL; PRAGMA journal_size_limit=67108864;",
                  "cannot configure the database"));
    if (read_only)
        return db_run(d, "PRAGMA query_only=ON; SELECT count(*) FROM sqlite_master;", "cannot read the database");
    return db_run(d, "PRAGMA journal_mode=WAL;", "cannot switch the database to WAL");
}

yh_err db_open(const char *path, bool read_only, struct db **ret)
{
    if (read_only && access(path, F_OK) != 0 && errno == ENOENT)
        return yh_fail(YH_E_NOT_FOUND, "no database at %s", path);
    struct db *d = calloc(1, sizeof *d);
    if (!d)
        return yh_fail(YH_E_NO_MEMORY, "no memory for a database connection");
    int rc = sqlite3_open_v2(path, &d->h, open_flags(read_only), NULL);
    yh_err e = rc == SQLITE_OK ? configure(d, read_only) : db_error(d, rc, path);
    if (e != YH_OK) {
        db_close(d);
        return e;
    }
    *ret = d;
    return YH_OK;
}

void db_close(struct db *d)
{
    if (!d)
        return;
    db_cache_free(d);
    sqlite3_close_v2(d->h);
    free(d);
}

int64_t db_changes(const struct db *d)
{
    return sqlite3_changes(d->h);
}
