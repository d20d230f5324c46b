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

bool db_try_again(yh_err e, unsigned *attempt)
{
    if (e != YH_E_BUSY || *attempt + 1 >= ATTEMPTS)
        return false;
    back_off(++*attempt);
    return true;
}

/* The cause stays: what the undoing says is of no interest beside it. */
static void roll_back(struct db *d, const char *sql)
{
    char cause[512];
    db_txn_state state = d->driver->state(d);
    if (state == DB_TXN_NONE || state == DB_TXN_LOST)
        return;
    snprintf(cause, sizeof cause, "%s", yh_cause());
    if (db_run(d, sql, "cannot roll back") != YH_OK)
        (void)yh_fail(YH_E_IO, "%s", cause);
}

static yh_err commit(struct db *d, const char *sql)
{
    db_txn_state state = d->driver->state(d);
    if (state == DB_TXN_NONE || state == DB_TXN_FAILED)
        return yh_fail(YH_E_IO, "the transaction was rolled back by an earlier failure");
    return db_run(d, sql, "cannot commit");
}

static yh_err attempt(struct db *d, const char *end, const char *undo, yh_err (*work)(struct db *d, void *user),
                      void *user)
{
    d->txn_depth++;
    yh_err e = work(d, user);
    if (e == YH_OK)
        e = commit(d, end);
    if (e != YH_OK)
        roll_back(d, undo);
    d->txn_depth--;
    return e;
}

/* Inside another transaction: all of the inner work or nothing of it, but the outer one decides. */
static yh_err nested(struct db *d, yh_err (*work)(struct db *d, void *user), void *user)
{
    YH_TRY(db_run(d, "SAVEPOINT yh", "cannot begin a transaction"));
    return attempt(d, "RELEASE yh", "ROLLBACK TO yh; RELEASE yh", work, user);
}

yh_err db_txn(struct db *d, yh_err (*work)(struct db *d, void *user), void *user)
{
    if (d->txn_depth)
        return nested(d, work, user);
    yh_err e;
    unsigned tries = 0;
    do {
        e = d->driver->begin(d, tries);
        if (e == YH_OK)
            e = attempt(d, "COMMIT", "ROLLBACK", work, user);
    } while (db_try_again(e, &tries));
    return e;
}
