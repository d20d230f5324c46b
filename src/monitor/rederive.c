#include "monitor/rederive.h"

#include <malloc.h>

#include "base/log.h"
#include "base/map.h"
#include "monitor/derive.h"
#include "monitor/registry.h"
#include "source/source.h"

#define REQUESTS_MAX (4u * 1024u * 1024u) /* bytes; what does not fit is worked off in another pass */

struct request {
    struct request *next;
    yh_str mn;
    int64_t asked;
};

struct requests {
    struct yh_arena arena;
    struct request *first;
    yh_map by_mn;
    bool more; /* did not fit */
};

static void requests_done(struct requests *q)
{
    yh_map_done(&q->by_mn);
    yh_arena_done(&q->arena);
}

static bool take_request(void *user, yh_str mn, int64_t asked)
{
    struct requests *q = user;
    struct request *r = YH_NEW(&q->arena, struct request);
    yh_str kept = yh_arena_str(&q->arena, mn);
    q->more = !r || !kept.p || yh_map_put(&q->by_mn, kept, r) != YH_OK;
    if (q->more)
        return false;
    *r = (struct request){q->first, kept, asked};
    q->first = r;
    return true;
}

static yh_err load(const struct rederive *r, struct requests *q)
{
    struct db *db = db_pool_reader(r->pool);
    yh_err e = source_rederive_list(db, take_request, q);
    db_pool_put(r->pool, db);
    if (e == YH_OK && q->more && !q->first)
        e = yh_fail(YH_E_NO_MEMORY, "no memory for the list of stations to derive");
    return e;
}

static yh_err take_out(const struct rederive *r, const struct requests *q)
{
    struct db *db = db_pool_writer(r->pool);
    yh_err e = YH_OK;
    for (const struct request *i = q->first; i && e == YH_OK; i = i->next)
        e = source_rederive_done(db, i->mn, i->asked);
    db_pool_put(r->pool, db);
    return e;
}

/* The list of newest frames shows what is made of them now. */
static void correct_frame(void *user, const struct chain_record *record, const struct ingest_result *result)
{
    struct live *live = user;
    live_lock(live);
    struct live_station *s = live_find(live, record->origin);
    if (s)
        live_correct(s, record->seq, result);
    live_unlock(live);
}

static yh_err derive_all(const struct rederive *r, const struct requests *q, uint64_t position)
{
    for (const struct request *i = q->first; i; i = i->next) {
        yh_log(YH_LOG_INFO, "monitor", "deriving station %.*s again from the log", YH_FMT(i->mn));
        YH_TRY(series_clear_point(r->series, i->mn));
    }
    const struct derive_range range = {.to = position, .only = &q->by_mn, .flush = DERIVE_FLUSH_AT_END, .stop = r->stop,
                                       .each = correct_frame, .user = r->live};
    uint64_t reached;
    YH_TRY(derive_run(r->chain, r->live, r->series, &range, &reached));
    return series_flush(r->series, position);
}

static yh_err work_off(const struct rederive *r, const struct requests *q, uint64_t position)
{
    YH_TRY(derive_all(r, q, position));
    malloc_trim(0); /* stations of years were in memory */
    YH_TRY(take_out(r, q));
    for (const struct request *i = q->first; i; i = i->next)
        YH_TRY(registry_reload_latest(r->series, r->chain, r->live, i->mn));
    return YH_OK;
}

static yh_err pass(const struct rederive *r, uint64_t position, bool *ret_more)
{
    yh_cleanup(requests_done) struct requests q = {.arena = yh_arena_make(REQUESTS_MAX)};
    YH_TRY(load(r, &q));
    *ret_more = q.more;
    return q.first ? work_off(r, &q, position) : YH_OK;
}

yh_err rederive_run(const struct rederive *r, uint64_t position)
{
    bool more = true;
    while (more)
        YH_TRY(pass(r, position, &more));
    return YH_OK;
}
