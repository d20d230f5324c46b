#include <errno.h>

#include "db/db_sqlite.h"

static const struct {
    int primary;
    yh_err err;
} codes[] = {
    {SQLITE_BUSY, YH_E_BUSY},
    {SQLITE_LOCKED, YH_E_BUSY},
    {SQLITE_CONSTRAINT, YH_E_CONFLICT},
    {SQLITE_FULL, YH_E_NO_SPACE},
    {SQLITE_CORRUPT, YH_E_CORRUPT},
    {SQLITE_NOTADB, YH_E_CORRUPT},
    {SQLITE_NOMEM, YH_E_NO_MEMORY},
    {SQLITE_TOOBIG, YH_E_TOO_LARGE},
    {SQLITE_READONLY, YH_E_DENIED},
    {SQLITE_AUTH, YH_E_DENIED},
    {SQLITE_PERM, YH_E_DENIED},
    {SQLITE_IOERR, YH_E_IO},
    {SQLITE_CANTOPEN, YH_E_IO},
    {SQLITE_INTERRUPT, YH_E_TIMEOUT},
};

static yh_err err_of(sqlite3 *h, int rc)
{
    int primary = rc & 0xff;
    if (primary == SQLITE_IOERR && h && sqlite3_system_errno(h) == ENOSPC)
        return YH_E_NO_SPACE;
    for (size_t i = 0; i < YH_LEN(codes); i++)
        if (codes[i].primary == primary)
            return codes[i].err;
    return YH_E_INTERNAL;
}

yh_err db_sqlite_error(const struct db_sqlite *d, int rc, const char *what)
{
    /* The message belongs to the last call on the handle; a code from elsewhere gets the generic text. */
    const char *reason = d->h && (sqlite3_errcode(d->h) & 0xff) == (rc & 0xff) ? sqlite3_errmsg(d->h)
                                                                               : sqlite3_errstr(rc);
    return yh_fail(err_of(d->h, rc), "%.200s: %s", what, reason);
}
