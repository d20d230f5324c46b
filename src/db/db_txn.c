#include <time.h>

#include "base/clock.h"
#include "db/db_internal.h"

#define ATTEMPTS 5

/* Waits 1..16 ms, longer with each attempt, so that two competitors do not meet again. */
static void back_off(unsigned attempt)
{
    uint8_t r;
    yh_random(&r, sizeof r);
    long ms = 1 + r % (1L << (attempt < 4 ? attempt + 1 : 4));
    struct timespec pause = {.tv_nsec = ms * 1000000L};
    nanosleep(&pause, NULL);
}

/* After some failures SQLite has rolled back already; then there is nothing left to undo. The cause stays. */
static void roll_back(struct db *d, const char *sql)
{
    if (!sqlite3_get_autocommit(d->h))
        sqlite3_exec(d->h, sql, NULL, NULL, NULL);
}

static yh_err commit(struct db *d, const char *sql)
{
    if (sqlite3_get_autocommit(d->h))
        return yh_fail(YH_E_IO, "the transaction was rolled back by an earlier failure");
    return db_run(d, sql, "cannot commit");
}

static yh_err attempt(struct db *d, const char *begin, const char *end, const char *undo,
                      yh_err (*work)(struct db *d, void *user), void *user)
{
    YH_TRY(db_run(d, begin, "cannot begin a transaction"));
    d->txn_depth++;
    yh_err e = work(d, user);
    d->txn_depth--;
    if (e == YH_OK)
        e = commit(d, end);
    if (e != YH_OK)
        roll_back(d, undo);
    return e;
}

/* Inside another transaction: all of the inner work or nothing of it, but the outer one decides. */
static yh_err nested(struct db *d, yh_err (*work)(struct db *d, void *user), void *user)
{
    return attempt(d, "SAVEPOINT yh", "RELEASE yh", "ROLLBACK TO yh; RELEASE yh", work, user);
}

yh_err db_txn(struct db *d, yh_err (*work)(struct db *d, void *user), void *user)
{
    if (d->txn_depth)
        return nested(d, work, user);
    yh_err e = YH_E_BUSY;
    for (unsigned i = 0; i < ATTEMPTS && e == YH_E_BUSY; i++) {
        if (i)
            back_off(i);
        e = attempt(d, "BEGIN IMMEDIATE", "COMMIT", "ROLLBACK", work, user);
    }
    return e;
}
