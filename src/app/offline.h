/* A data directory opened read-only: the log and the station profiles, for commands without a server. */
#ifndef YH_APP_OFFLINE_H
#define YH_APP_OFFLINE_H

#include "app/data_dir.h"
#include "chain/chain.h"
#include "monitor/live.h"

struct offline {
    struct data_paths paths;
    struct chain *chain;
    struct live *live; /* profiles only */
};

yh_must yh_err offline_open(const char *data_dir, struct offline *ret);
void offline_done(struct offline *o);
#define offline_auto yh_cleanup(offline_done) struct offline

#endif
