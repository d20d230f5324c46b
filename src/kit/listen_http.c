/* Which events a browser's stream hears: those of records the person reaches, as long as nothing of that reach ends. */
#include "base/clock.h"
#include "kit/kit_internal.h"
#include "kit/role.h"
#include "kit/scope.h"
#include "kit/session_http.h"

#define ARENA_MAX (8u << 20)
#define EVENTS_PERMISSION "station:read" /* of the events about stations */

struct ear {
    struct yh_arena arena;
    struct kit_scope scope;
    uint64_t rights;
};

static bool permitted(const struct ear *ear, yh_str permission)
{
    size_t at;
    return kit_permission_find(permission, &at) && ear->rights >> at & 1;
}

/* "region TAB enterprise TAB mn" */
static bool reaches_station(const struct ear *ear, yh_str rest)
{
    yh_str region = {0}, enterprise = {0}, mn = {0};
    if (ear->scope.all)
        return true;
    yh_str_split(&rest, '\t', &region);
    yh_str_split(&rest, '\t', &enterprise);
    yh_str_split(&rest, '\t', &mn);
    return kit_scope_has(&ear->scope, KIT_SCOPE_REGION, region) || kit_scope_has(&ear->scope, KIT_SCOPE_ENTERPRISE, enterprise) ||
           kit_scope_has(&ear->scope, KIT_SCOPE_STATION, mn);
}

static bool hears(void *user, yh_str topic)
{
    const struct ear *ear = user;
    yh_str kind = {0}, rest = topic;
    if (topic.n == 0)
        return true;
    yh_str_split(&rest, '\t', &kind);
    if (yh_str_is(kind, KIT_TOPIC_PERMISSION))
        return permitted(ear, rest);
    if (yh_str_is(kind, KIT_TOPIC_STATION))
        return permitted(ear, YH_S(EVENTS_PERMISSION)) && reaches_station(ear, rest);
    char id[24];
    snprintf(id, sizeof id, "%lld", (long long)ear->scope.account_id);
    return yh_str_is(kind, KIT_TOPIC_ACCOUNT) && yh_str_is(rest, id);
}

static void done(void *user)
{
    struct ear *ear = user;
    yh_arena_done(&ear->arena);
    free(ear);
}

static unsigned lives(const struct kit_scope *scope, yh_time now)
{
    yh_time left = scope->until - now;
    return left > YH_DAY ? 0 : left < 1 ? 1 : (unsigned)left;
}

yh_err kit_listen(struct http_request *rq, struct http_listener *ret)
{
    struct kit *k = ((const struct kit_host *)rq->app)->kit;
    const struct kit_session *who = rq->user->session;
    yh_time now = yh_clock_now();
    struct ear *ear = calloc(1, sizeof *ear);
    if (!ear)
        return yh_fail(YH_E_NO_MEMORY, "no memory for an event stream");
    ear->arena = yh_arena_make(ARENA_MAX);
    ear->rights = who->rights;
    kit_loan_auto l = kit_reader(k);
    yh_err e = kit_scope_load(l.d, who->account_id, EVENTS_PERMISSION, now, &ear->arena, &ear->scope);
    if (e != YH_OK) {
        done(ear);
        return e;
    }
    *ret = (struct http_listener){ear, hears, done, lives(&ear->scope, now)};
    return YH_OK;
}
