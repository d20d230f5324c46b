/*
 * The registered facts of stations in memory, beside their live state: read from the source room at start and again when
 * a station is admitted or its profile changes.
 *
 * The live book owns struct station_info and replaces it under its lock, so use it only between live_lock and live_unlock.
 */
#ifndef YH_MONITOR_REGISTRY_H
#define YH_MONITOR_REGISTRY_H

#include "base/arena.h"
#include "chain/chain.h"
#include "db/db.h"
#include "monitor/live.h"
#include "series/series.h"

struct station_factor {
    yh_str code, name, unit; /* unit: of the concentration */
    int decimals;            /* -1: as reported */
    bool has_limit, has_low;
    yh_dec limit, low;
    yh_str basis;
};

struct station_info {
    struct yh_arena arena; /* of everything below */
    yh_str name, enterprise_name, outlet_code, outlet_name, medium, region_code, region_name;
    int64_t enterprise_id, outlet_id;
    yh_str edition, clock_policy, dialect, answer_policy; /* as configured */
    int interval_minutes;
    bool end_stamped; /* DataTime of minute and hour data marks the end of the period */
    struct station_factor *factors;
    size_t factor_count;
};

/* All stations: facts and profiles. */
yh_must yh_err registry_load(struct db_pool *pool, struct live *live);
yh_must yh_err registry_load_profiles(struct db *db, struct live *live); /* for commands: profiles alone */
yh_must yh_err registry_load_one(struct db_pool *pool, struct live *live, yh_str mn);

/* Newest values and reception times from the stores: of all known stations, before anybody else works with the book; of
 * one after its values were derived again, on the thread that writes the series. */
yh_must yh_err registry_load_latest(struct series *series, struct chain *chain, struct live *live);
yh_must yh_err registry_reload_latest(struct series *series, struct chain *chain, struct live *live, yh_str mn);

/* Tells the source room about unknown senders that were heard since the last call. */
yh_must yh_err registry_save_unknown(struct db_pool *pool, struct live *live);

const struct station_factor *station_factor_find(const struct station_info *info, yh_str code);

void station_info_free(struct station_info *info);

#endif
