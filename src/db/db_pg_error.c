#include "db/db_pg.h"

/* By the longest beginning of the SQLSTATE that stands here. */
static const struct {
    const char *state;
    yh_err err;
} codes[] = {
    {"40001", YH_E_BUSY},       /* serialisation failure */
    {"40P01", YH_E_BUSY},       /* deadlock */
    {"55P03", YH_E_BUSY},       /* lock not to be had in time */
    {"57P01", YH_E_AWAY},       /* shutting down */
    {"57P02", YH_E_AWAY},
    {"57P03", YH_E_AWAY},       /* starting up */
    {"53300", YH_E_AWAY},       /* too many connections */
    {"08", YH_E_AWAY},
    {"23", YH_E_CONFLICT},
    {"25P02", YH_E_IO},         /* after a failure in the same transaction */
    {"25006", YH_E_DENIED},     /* read-only */
    {"42501", YH_E_DENIED},
    {"28", YH_E_DENIED},
    {"53100", YH_E_NO_SPACE},
    {"53200", YH_E_NO_MEMORY},
    {"54", YH_E_TOO_LARGE},
    {"57014", YH_E_TIMEOUT},
    {"58", YH_E_IO},
    {"22021", YH_E_INVALID},    /* not UTF-8 */
    {"22P05", YH_E_INVALID},
    {"XX001", YH_E_CORRUPT},
    {"XX002", YH_E_CORRUPT},
};

static yh_err err_of(const char *state)
{
    for (size_t i = 0; i < YH_LEN(codes); i++)
        if (yh_str_starts(yh_str_of(state), yh_str_of(codes[i].state)))
            return codes[i].err;
    return YH_E_INTERNAL;
}

/* libpq ends its messages with a line feed and may use several lines. */
static void one_line(const char *message, char *ret, size_t size)
{
    size_t n = 0;
    for (; *message && n + 1 < size; message++)
        ret[n++] = *message == '\n' || *message == '\t' ? ' ' : *message;
    while (n && ret[n - 1] == ' ')
        n--;
    ret[n] = '\0';
}

yh_err db_pg_away(struct db_pg *d)
{
    char reason[300];
    one_line(d->c ? d->pq->errorMessage(d->c) : "not connected", reason, sizeof reason);
    return yh_fail(YH_E_AWAY, "%.150s is not available: %s", d->shown, reason);
}

yh_err db_pg_result(struct db_pg *d, const PGresult *r, const char *what)
{
    enum { SQLSTATE = 'C', PRIMARY = 'M' };
    char reason[300];
    int status = r ? d->pq->resultStatus(r) : PQ_FATAL_ERROR;
    if (status != PQ_FATAL_ERROR && status != PQ_BAD_RESPONSE)
        return YH_OK;
    const char *state = r ? d->pq->resultErrorField(r, SQLSTATE) : NULL;
    const char *message = r ? d->pq->resultErrorField(r, PRIMARY) : NULL;
    if (d->pq->status(d->c) != PQ_CONNECTION_OK && (!state || err_of(state) != YH_E_AWAY))
        return db_pg_away(d);
    one_line(message ? message : d->pq->errorMessage(d->c), reason, sizeof reason);
    return yh_fail(state ? err_of(state) : YH_E_INTERNAL, "%.200s: %s", what, reason);
}
