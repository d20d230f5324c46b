/*
 * Deriving stations again: after an admission or a change of what is known about a logger, its values are computed anew
 * from the evidence log. The requests stand in the database (source_rederive_list), written with the change itself.
 */
#ifndef YH_MONITOR_REDERIVE_H
#define YH_MONITOR_REDERIVE_H

#include <stdatomic.h>

#include "chain/chain.h"
#include "db/db.h"
#include "monitor/live.h"
#include "series/series.h"

struct rederive {
    struct chain *chain;
    struct series *series;
    struct db_pool *pool;
    struct live *live;
    const atomic_bool *stop; /* CLOSED when it becomes true; the requests stay and the next start begins again */
};

/*
 * Works off all requests in one pass over records 0..position-1, those the series has taken in. On the thread that writes
 * the series. A request is taken out after its values are flushed.
 */
yh_must yh_err rederive_run(const struct rederive *r, uint64_t position);

#endif
