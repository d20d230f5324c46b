#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "db/db_internal.h"

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

/* SQLite answers the switch with the mode it ended up in, also when it could not. */
static yh_err switch_to_wal(struct db *d)
{
    db_stmt_auto *s = NULL;
    bool row = false;
    YH_TRY(db_prepare(d, "PRAGMA journal_mode=WAL", &s));
    YH_TRY(db_step(s, &row));
    yh_str mode = row ? db_str(s, 0) : YH_S("");
    if (!yh_str_is(mode, "wal") && !yh_str_is(mode, "memory"))
        return yh_fail(YH_E_UNSUPPORTED, "the file system takes no write-ahead log (mode %.*s)", YH_FMT(mode));
    return YH_OK;
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
    return switch_to_wal(d);
}

/*
 * A new file is readable by its owner only; WAL and shared memory take over its mode. An existing one is not opened here:
 * closing any descriptor of it would drop the locks that other connections of this process hold.
 */
static yh_err make_file(const char *path)
{
    if (strcmp(path, ":memory:") == 0)
        return YH_OK;
    yh_fd_auto fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 && errno != EEXIST)
        return yh_fail_errno("cannot create %s", path);
    return YH_OK;
}

yh_err db_open(const char *path, bool read_only, struct db **ret)
{
    if (read_only && access(path, F_OK) != 0 && errno == ENOENT)
        return yh_fail(YH_E_NOT_FOUND, "no database at %s", path);
    if (!read_only)
        YH_TRY(make_file(path));
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
