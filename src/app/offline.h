/* A data directory opened without a server: the log and the station profiles. */
#ifndef YH_APP_OFFLINE_H
#define YH_APP_OFFLINE_H

#include "app/data_dir.h"
#include "chain/chain.h"
#include "monitor/live.h"
#include "series/series.h"

struct offline {
    struct data_paths paths;
    struct chain *chain;
    struct live *live; /* profiles only */
};

/* `exclusive`: takes the log's lock, so that no server runs meanwhile; otherwise read-only, beside whoever writes.
 * `db` as for business_place. */
yh_must yh_err offline_open(const char *data_dir, const char *db, bool exclusive, struct offline *ret);
void offline_done(struct offline *o);
#define offline_auto yh_cleanup(offline_done) struct offline

/* Derives into the private memory of a read-only series what the log holds beyond it, so that a command sees the same as
 * the running server. */
yh_must yh_err catch_up(const char *data_dir, const char *db, struct series *s);

#endif
