/*
 * Deriving the series from the log without a server: for the commands `series` and `rebuild`, and for deriving one
 * station again after its admission. The same ingest as the live worker's, so the result is the same.
 */
#ifndef YH_MONITOR_DERIVE_H
#define YH_MONITOR_DERIVE_H

#include <stdatomic.h>

#include "chain/chain.h"
#include "monitor/live.h"
#include "series/series.h"

/*
 * Feeds records from..to-1 (to = UINT64_MAX: the durable end); only of one MN when `mn` is not empty.
 * `live` supplies the profiles. Flushes when due if `flush`: up to the record read, or to `flush_at` when that is set,
 * because the series hold every other station up to there. CLOSED when `stop` (may be NULL) becomes true.
 */
struct derive_range {
    uint64_t from, to;
    yh_str mn;
    bool flush;
    uint64_t flush_at;
    const atomic_bool *stop;
};
yh_must yh_err derive_run(struct chain *chain, struct live *live, struct series *series, struct derive_range range,
                          uint64_t *ret_position);

#endif
