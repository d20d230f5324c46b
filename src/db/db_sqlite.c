#include "db/db_sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"

#define BUSY_TIMEOUT_MS 5000

static yh_err run(struct db *d, const char *sql, const char *what)
{
    int rc = sqlite3_exec(db_sqlite_of(d)->h, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? YH_OK : db_sqlite_error(db_sqlite_of(d), rc, what);
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
    sqlite3 *h = db_sqlite_of(d)->h;
    sqlite3_busy_timeout(h, BUSY_TIMEOUT_MS);
    sqlite3_db_config(h, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(h, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    YH_TRY(run(d, "PRAGMA foreign_keys=ON; PRAGMA synchronous=FULL; PRAGMA journal_size_limit=67108864;",
               "cannot configure the database"));
    if (read_only)
        return run(d, "PRAGMA query_only=ON; SELECT count(*) FROM sqlite_master;", "cannot read the database");
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

static yh_err open_file(const char *path, bool read_only, struct db **ret)
{
    if (read_only && access(path, F_OK) != 0 && errno == ENOENT)
        return yh_fail(YH_E_NOT_FOUND, "no database at %s", path);
    if (!read_only)
        YH_TRY(make_file(path));
    struct db_sqlite *d = calloc(1, sizeof *d);
    if (!d)
        return yh_fail(YH_E_NO_MEMORY, "no memory for a database connection");
    d->base.driver = &db_sqlite_driver;
    int rc = sqlite3_open_v2(path, &d->h, open_flags(read_only), NULL);
    yh_err e = rc == SQLITE_OK ? configure(&d->base, read_only) : db_sqlite_error(d, rc, path);
    if (e != YH_OK) {
        db_close(&d->base);
        return e;
    }
    *ret = &d->base;
    return YH_OK;
}

static void close_file(struct db *d)
{
    sqlite3_close_v2(db_sqlite_of(d)->h);
    free(d);
}

static int64_t changes(const struct db *d)
{
    return sqlite3_changes(db_sqlite_of(d)->h);
}

/* The lock for writing is taken at once, so that what is read first is still true when it is written. */
static yh_err begin(struct db *d, unsigned attempt)
{
    (void)attempt;
    return run(d, "BEGIN IMMEDIATE", "cannot begin a transaction");
}

/* After some failures SQLite has rolled back already; then there is nothing left to undo. */
static db_txn_state state(const struct db *d)
{
    return sqlite3_get_autocommit(db_sqlite_of(d)->h) ? DB_TXN_NONE : DB_TXN_OPEN;
}

/* Every migration looks again inside its own transaction; that is lock enough for a file. */
static yh_err migrations_lock(struct db *d)
{
    (void)d;
    return YH_OK;
}

static void migrations_unlock(struct db *d)
{
    (void)d;
}

const struct db_driver db_sqlite_driver = {
    .open = open_file, .close = close_file, .check = db_sqlite_check,
    .run = run, .define = run, .begin = begin, .state = state, .changes = changes,
    .migrations_lock = migrations_lock, .migrations_unlock = migrations_unlock,
    .stmt_new = db_sqlite_stmt_new, .stmt_free = db_sqlite_stmt_free, .stmt_reset = db_sqlite_stmt_reset,
    .bind_i64 = db_sqlite_bind_i64, .bind_text = db_sqlite_bind_text, .bind_blob = db_sqlite_bind_blob,
    .bind_null = db_sqlite_bind_null, .step = db_sqlite_step,
    .i64 = db_sqlite_i64, .str = db_sqlite_str, .is_null = db_sqlite_is_null,
};
