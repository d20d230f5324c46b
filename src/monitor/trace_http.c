/* Who could see a station's records at a time: those whose reach then covered it. */
#include "monitor/http.h"

#include "base/clock.h"
#include "kit/access.h"
#include "kit/scope.h"
#include "monitor/registry.h"

struct keys {
    char enterprise[24];
    struct kit_scope_key all[3];
    yh_str name;
};

static bool read_keys(struct live *live, yh_str mn, struct yh_arena *arena, struct keys *ret)
{
    live_lock(live);
    const struct live_station *s = live_find(live, mn);
    bool found = s && s->known && s->info;
    if (found) {
        snprintf(ret->enterprise, sizeof ret->enterprise, "%lld", (long long)s->info->enterprise_id);
        ret->name = yh_arena_str(arena, s->info->name);
        ret->all[0] = (struct kit_scope_key){YH_S(KIT_SCOPE_REGION), yh_arena_str(arena, s->info->region_code)};
        ret->all[1] = (struct kit_scope_key){YH_S(KIT_SCOPE_ENTERPRISE), yh_str_of(ret->enterprise)};
        ret->all[2] = (struct kit_scope_key){YH_S(KIT_SCOPE_STATION), mn};
    }
    live_unlock(live);
    return found;
}

static bool put_witness(void *user, const struct kit_witness *w)
{
    yh_json_obj(user);
    yh_json_kstr(user, "username", w->username);
    yh_json_kstr(user, "name", w->display_name);
    yh_json_kstr(user, "kind", w->kind);
    yh_json_kstr(user, "key", w->key);
    yh_json_ktime(user, "valid_from", w->from);
    yh_json_ktime(user, "valid_to", w->to >= KIT_FOREVER ? YH_TIME_NONE : w->to);
    yh_json_obj_end(user);
    return true;
}

static yh_err trace_station(struct http_request *rq)
{
    const struct monitor_http *m = monitor_http_of(rq);
    struct keys keys;
    struct yh_json *j = http_json(rq);
    yh_time at = http_query_time(rq, "at", yh_clock_now());
    if (!read_keys(m->live, http_path_param(rq, "mn"), rq->arena, &keys))
        return http_problem(rq, 404, "not_found", "没有这个监测站点,请核对设备编码(MN)。");
    yh_json_obj(j);
    yh_json_kstr(j, "mn", http_path_param(rq, "mn"));
    yh_json_kstr(j, "name", keys.name);
    yh_json_ktime(j, "at", at);
    yh_json_key(j, "items");
    yh_json_arr(j);
    struct db *d = db_pool_reader(m->pool);
    yh_err e = kit_scope_witnesses(d, "station:read", keys.all, YH_LEN(keys.all), at, put_witness, j);
    db_pool_put(m->pool, d);
    yh_json_arr_end(j);
    yh_json_obj_end(j);
    return e;
}

/* ---- rows ---- */

static const struct http_field trace_query[] = {
    {.name = "at", .type = HTTP_T_TIME, .title = "时刻,默认现在"},
    {.name = NULL},
};

static const struct http_field witness_fields[] = {
    {.name = "username", .type = HTTP_T_STRING, .required = true, .title = "用户名"},
    {.name = "name", .type = HTTP_T_STRING, .required = true, .title = "姓名"},
    {.name = "kind", .type = HTTP_T_STRING, .required = true, .title = "因何可见"},
    {.name = "key", .type = HTTP_T_STRING, .required = true, .title = "代码或编号"},
    {.name = "valid_from", .type = HTTP_T_TIME, .required = true, .title = "自"},
    {.name = "valid_to", .type = HTTP_T_TIME, .required = true, .nullable = true, .title = "至;空为长期"},
    {.name = NULL},
};
static const struct http_schema witness_schema = {.name = "Witness", .fields = witness_fields};
static const struct http_field trace_fields[] = {
    {.name = "mn", .type = HTTP_T_STRING, .required = true, .title = "设备编码"},
    {.name = "name", .type = HTTP_T_STRING, .required = true, .title = "站点"},
    {.name = "at", .type = HTTP_T_TIME, .required = true, .title = "时刻"},
    {.name = "items", .type = HTTP_T_ARRAY, .required = true, .of = &witness_schema},
    {.name = NULL},
};
static const struct http_schema trace_schema = {.name = "StationTrace", .fields = trace_fields};

const struct http_route trace_routes[] = {
    {.method = HTTP_GET, .path = "/api/v1/trace/stations/{mn}", .permission = "trace:read", .query = trace_query,
     .reply = &trace_schema, .handler = trace_station, .summary = "某时何人可见某站点的数据", .tag = "授权"},
    {.path = NULL},
};
