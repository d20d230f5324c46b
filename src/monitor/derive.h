/*
 * Deriving the series from the log: for the commands `series` and `rebuild`, and for deriving stations again. The same
 * ingest as the live worker's, so the result is the same.
 */
#ifndef YH_MONITOR_DERIVE_H
#define YH_MONITOR_DERIVE_H

#include <stdatomic.h>

#include "base/map.h"
#include "chain/chain.h"
#include "monitor/live.h"
#include "series/series.h"

/* Whether the series is flushed when it is due, and up to which record it then says to be derived. */
typedef enum derive_flush {
    DERIVE_NO_FLUSH,
    DERIVE_FLUSH,        /* behind the record just read */
    DERIVE_FLUSH_AT_END, /* at `to`: the other stations are that far already */
} derive_flush;

struct derive_range {
    uint64_t from, to;  /* records from..to-1; to = UINT64_MAX: the durable end */
    const yh_map *only; /* MNs; NULL: all */
    derive_flush flush;
    const atomic_bool *stop; /* CLOSED when it becomes true; may be NULL */
    void (*each)(void *user, const struct chain_record *r, const struct ingest_result *result); /* may be NULL */
    void *user;
};

/* `live` supplies the profiles. *ret_position: the first record not read. */
yh_must yh_err derive_run(struct chain *chain, struct live *live, struct series *series, const struct derive_range *range,
                          uint64_t *ret_position);

#endif
