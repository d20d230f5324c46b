#include "app/offline.h"

#include "app/business.h"
#include "db/db.h"
#include "monitor/derive.h"
#include "monitor/registry.h"

void offline_done(struct offline *o)
{
    if (o->chain)
        chain_close(o->chain);
    live_free(o->live);
    o->chain = NULL;
    o->live = NULL;
}

static yh_err load_profiles(struct offline *o, const char *place)
{
    struct db *db;
    YH_TRY(live_new(&o->live));
    YH_TRY(db_open(db_is_server(place) ? place : o->paths.business, true, &db));
    yh_err e = registry_load_profiles(db, o->live);
    db_close(db);
    return e;
}

yh_err offline_open(const char *data_dir, const char *db, bool exclusive, struct offline *ret)
{
    struct offline o = {0};
    struct chain_config config = {.read_only = !exclusive};
    struct chain_recovery recovery;
    char place[DATA_PATH_MAX];
    YH_TRY(data_dir_existing(data_dir, &o.paths));
    YH_TRY(business_place(data_dir, db, place));
    yh_err e = chain_open(o.paths.log, &config, &recovery, &o.chain);
    if (e == YH_OK)
        e = load_profiles(&o, place);
    if (e != YH_OK) {
        offline_done(&o);
        return e;
    }
    *ret = o;
    return YH_OK;
}

yh_err catch_up(const char *data_dir, const char *db, struct series *s)
{
    offline_auto o = {0};
    uint64_t from, to;
    YH_TRY(offline_open(data_dir, db, false, &o));
    YH_TRY(series_position(s, &from));
    const struct derive_range rest = {.from = from, .to = UINT64_MAX};
    return derive_run(o.chain, o.live, s, &rest, &to);
}
