#include "base/err.h"

#include <errno.h>
#include <stdarg.h>

static _Thread_local char cause[512];

static const char *const names[YH_ERR_COUNT] = {
    [YH_OK] = "ok",
    [YH_E_INVALID] = "invalid",
    [YH_E_NOT_FOUND] = "not_found",
    [YH_E_CONFLICT] = "conflict",
    [YH_E_UNAUTH] = "unauthenticated",
    [YH_E_DENIED] = "denied",
    [YH_E_TOO_LARGE] = "too_large",
    [YH_E_BUSY] = "busy",
    [YH_E_TIMEOUT] = "timeout",
    [YH_E_CLOSED] = "closed",
    [YH_E_NO_MEMORY] = "no_memory",
    [YH_E_NO_SPACE] = "no_space",
    [YH_E_IO] = "io",
    [YH_E_CORRUPT] = "corrupt",
    [YH_E_UNSUPPORTED] = "unsupported",
    [YH_E_INTERNAL] = "internal",
    [YH_E_AWAY] = "database_away",
};

yh_err yh_fail(yh_err code, const char *fmt, ...)
{
    /* The arguments may point into the old cause, so write beside it first. */
    char text[sizeof cause];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    memcpy(cause, text, sizeof cause);
    return code;
}

yh_err yh_fail_errno(const char *fmt, ...)
{
    int saved = errno;
    char text[sizeof cause - 80];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    char reason[72];
    const char *why = strerror_r(saved, reason, sizeof reason);
    yh_err code = saved == ENOSPC || saved == EDQUOT ? YH_E_NO_SPACE : saved == ENOENT ? YH_E_NOT_FOUND : YH_E_IO;
    return yh_fail(code, "%s: %.70s", text, why);
}

const char *yh_cause(void)
{
    return cause;
}

const char *yh_err_name(yh_err e)
{
    return (unsigned)e < YH_ERR_COUNT ? names[e] : "internal";
}
