/*
 * Errors are values with one cause.
 *
 * A function that can fail returns yh_err; YH_OK is 0. The code says what kind of failure it is (one table maps codes
 * to HTTP status and exit status); the cause, one line for a person, is kept per thread by yh_fail() and read with
 * yh_cause() by the edge that reports it. Results come last in the argument list, are named ret_*, and stay untouched
 * on failure. Libraries never log.
 */
#ifndef YH_BASE_ERR_H
#define YH_BASE_ERR_H

#include "base/yh.h"

typedef enum yh_err {
    YH_OK = 0,
    YH_E_INVALID,     /* the input is wrong */
    YH_E_NOT_FOUND,
    YH_E_CONFLICT,    /* the state does not allow it, or it exists already */
    YH_E_UNAUTH,      /* who are you? */
    YH_E_DENIED,      /* you may not */
    YH_E_TOO_LARGE,   /* a bound was reached */
    YH_E_BUSY,        /* try again later */
    YH_E_TIMEOUT,
    YH_E_CLOSED,      /* peer or queue is gone */
    YH_E_NO_MEMORY,
    YH_E_NO_SPACE,    /* disk full */
    YH_E_IO,
    YH_E_CORRUPT,     /* stored bytes do not verify */
    YH_E_UNSUPPORTED,
    YH_E_INTERNAL,    /* our own mistake */
    YH_E_AWAY,        /* the database server cannot be reached */
    YH_ERR_COUNT
} yh_err;

/* Records the cause for this thread and returns `code`. */
yh_err yh_fail(yh_err code, const char *fmt, ...) yh_printf(2, 3);

/* The same for a failed system call: appends strerror(errno); ENOSPC and EDQUOT become YH_E_NO_SPACE. */
yh_err yh_fail_errno(const char *fmt, ...) yh_printf(1, 2);

/* The cause of the last failure on this thread; never NULL; valid until the next failure on this thread. */
const char *yh_cause(void);

/* Short machine word: "invalid", "not_found", ... */
const char *yh_err_name(yh_err e);

#define YH_TRY(call)                                                                                         \
    do {                                                                                                     \
        yh_err yh_try_ = (call);                                                                             \
        if (yh_try_ != YH_OK)                                                                                \
            return yh_try_;                                                                                  \
    } while (0)

#endif
