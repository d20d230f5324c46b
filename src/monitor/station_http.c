/* Stations: list, page, admission of unknown senders, device profile. Series rows stand in series_http.c. */
#include "monitor/http.h"

#include "base/clock.h"
#include "base/log.h"
#include "kit/kit.h"
#include "monitor/registry.h"
#include "monitor/station_json.h"
#include "monitor/station_list.h"
#include "monitor/station_schema.h"
#include "monitor/station_scope.h"
#include "source/source.h"

struct monitor_http *monitor_http_of(const struct http_request *rq)
{
    return &((struct monitor_host *)rq->app)->monitor;
}

static yh_err no_station(struct http_request *rq)
{
    return http_problem(rq, 404, "not_found", "没有这个监测站点,请核对设备编码(MN)。");
}

/* ---- list ---- */

static void put_page(struct yh_json *j, const struct station_selection *all, size_t from, size_t limit)
{
    size_t end = yh_min_size(all->n, from + limit);
    yh_json_obj(j);
    yh_json_key(j, "items");
    yh_json_arr(j);
    for (size_t i = from; i < end; i++) {
        yh_json_obj(j);
        station_json_fields(j, all->items[i]);
        yh_json_obj_end(j);
    }
    yh_json_arr_end(j);
    yh_json_ku64(j, "total", all->n);
    yh_json_kz(j, "next", end < all->n && end > from ? all->items[end - 1]->mn : NULL);
    yh_json_obj_end(j);
}

static yh_err list_stations(struct http_request *rq)
{
    struct live *live = monitor_http_of(rq)->live;
    struct kit_scope scope;
    struct station_filter f = {.scope = &scope};
    YH_TRY(kit_scope_of(rq, &scope));
    yh_str state = {0}, cursor = {0}, exceeding = {0};
    http_query(rq, "q", &f.q);
    http_query(rq, "medium", &f.medium);
    http_query(rq, "cursor", &cursor);
    f.by_state = http_query(rq, "state", &state) && live_state_of_word(state, &f.state);
    f.exceeding = http_query(rq, "exceeding", &exceeding) && yh_str_is(exceeding, "true");
    size_t limit = (size_t)http_query_int(rq, "limit", 50);
    struct yh_json *j = http_json(rq);
    struct station_selection all;
    live_lock(live);
    yh_err e = station_select(live, &f, rq->arena, &all);
    if (e == YH_OK)
        put_page(j, &all, station_page_start(live, &all, cursor), limit);
    live_unlock(live);
    return e;
}

/* ---- one station ---- */

static void put_factor(void *user, yh_str code)
{
    void **pair = user;
    station_json_factor(pair[0], pair[1], code);
}

static void put_counts(struct yh_json *j, const struct live_station *s)
{
    yh_json_key(j, "counts");
    yh_json_obj(j);
    yh_json_ku64(j, "frames", s->frames);
    yh_json_ku64(j, "bad", s->bad);
    yh_json_ku64(j, "repeated", s->repeated);
    yh_json_ku64(j, "values", s->values);
    yh_json_obj_end(j);
    yh_json_key(j, "issues");
    yh_json_arr(j);
    for (unsigned i = INGEST_BAD_CRC; i < INGEST_ISSUE_COUNT; i++) {
        if (s->issues[i] == 0)
            continue;
        yh_json_obj(j);
        yh_json_kz(j, "word", ingest_issue_word((ingest_issue)i));
        yh_json_kz(j, "text", ingest_issue_text((ingest_issue)i));
        yh_json_ku64(j, "count", s->issues[i]);
        yh_json_obj_end(j);
    }
    yh_json_arr_end(j);
}

static void put_station_page(struct yh_json *j, struct live_station *s)
{
    void *pair[2] = {j, s};
    yh_json_obj(j);
    station_json_fields(j, s);
    yh_json_key(j, "factors");
    yh_json_arr(j);
    station_each_factor(s, put_factor, pair);
    yh_json_arr_end(j);
    yh_json_key(j, "profile");
    station_json_profile(j, s);
    put_counts(j, s);
    yh_json_ki64(j, "interval_minutes", s->info->interval_minutes);
    yh_json_obj_end(j);
}

/* Runs `put` on a known station under the lock, or answers 404. */
static yh_err with_station(struct http_request *rq, void (*put)(struct yh_json *j, struct live_station *s))
{
    struct live *live = monitor_http_of(rq)->live;
    struct yh_json *j = http_json(rq);
    struct kit_scope scope;
    YH_TRY(kit_scope_of(rq, &scope));
    live_lock(live);
    struct live_station *s = live_find(live, http_path_param(rq, "mn"));
    bool found = s && s->known && s->info && station_in_scope(&scope, s);
    if (found)
        put(j, s);
    live_unlock(live);
    return found ? YH_OK : no_station(rq);
}

static yh_err get_station(struct http_request *rq)
{
    return with_station(rq, put_station_page);
}

/* ---- changes ---- */

/* What was asked for, without its secrets: that a password or key was set is a fact, which one is not. */
static void put_change(struct yh_json *j, json_t *body)
{
    const char *key;
    json_t *value;
    yh_json_obj(j);
    json_object_foreach(body, key, value) {
        bool secret = strcmp(key, "password") == 0 || strcmp(key, "sm4_key") == 0;
        char *text = secret ? NULL : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
        yh_json_key(j, key);
        if (text)
            yh_json_raw(j, yh_str_of(text));
        else
            yh_json_z(j, secret && !json_is_null(value) ? "***" : NULL);
        free(text);
    }
    yh_json_obj_end(j);
}

/* Who does what to a station, for the evidence log; in the request's memory. */
static yh_err compose_note(struct http_request *rq, const char *event, yh_str mn, struct source_note *ret)
{
    yh_buf_auto text = yh_buf_make(65536);
    struct yh_json j = yh_json_to(&text);
    yh_json_obj(&j);
    yh_json_kz(&j, "event", event);
    yh_json_ktime(&j, "at", yh_clock_now());
    yh_json_kstr(&j, "mn", mn);
    yh_json_kstr(&j, "by", rq->user->name);
    yh_json_kz(&j, "peer", rq->peer);
    yh_json_key(&j, "change");
    put_change(&j, rq->body);
    yh_json_obj_end(&j);
    YH_TRY(yh_buf_check(&text));
    *ret = (struct source_note){rq->user->name, yh_arena_str(rq->arena, yh_buf_view(&text))};
    return ret->json.p ? YH_OK : yh_fail(YH_E_NO_MEMORY, "no memory for a note");
}

/* What cannot be put on record for the time being is not done. */
static yh_err check_log(struct http_request *rq)
{
    if (chain_health(monitor_http_of(rq)->chain) == YH_OK)
        return YH_OK;
    return http_problem(rq, 503, "evidence_log_stopped", "存证日志暂停写入,变更无法留痕,请待磁盘恢复后重试。");
}

/* After a change in the database: memory follows, and what stands in the same transaction is on its way: the note to the
 * evidence log, the station to the worker. A log that stops just now does not undo the change; the note waits. */
static yh_err follow_change(struct http_request *rq, yh_str mn)
{
    const struct monitor_host *host = rq->app;
    YH_TRY(registry_load_one(host->monitor.pool, host->monitor.live, mn));
    monitor_stations_changed(host->monitor.monitor);
    if (kit_deliver_notes(host->kit.kit) != YH_OK)
        yh_log(YH_LOG_WARN, "monitor", "a note of %.*s waits for the evidence log: %s", YH_FMT(rq->user->name), yh_cause());
    return YH_OK;
}

static void put_profile(struct yh_json *j, struct live_station *s)
{
    station_json_profile(j, s);
}

/* A refusal of the source room, as a problem with its field. */
static yh_err refused(struct http_request *rq, yh_err e, const struct source_problem *problem)
{
    if (e == YH_E_NOT_FOUND)
        return no_station(rq);
    if ((e != YH_E_INVALID && e != YH_E_CONFLICT) || !problem->message[0])
        return e;
    if (problem->field)
        http_problem_field(rq, problem->field, problem->message);
    return http_problem(rq, e == YH_E_CONFLICT ? 409 : 422, yh_err_name(e), problem->message);
}

static yh_err patch_profile(struct http_request *rq)
{
    yh_str mn = http_path_param(rq, "mn");
    struct source_problem problem = {0};
    struct source_note note;
    bool reached = false;
    YH_TRY(station_reached(rq, monitor_http_of(rq)->live, mn, &reached));
    if (!reached)
        return no_station(rq);
    YH_TRY(check_log(rq));
    YH_TRY(compose_note(rq, "station.profile", mn, &note));
    yh_err e = source_profile_patch_pooled(monitor_http_of(rq)->pool, mn, rq->body, &note, yh_clock_now(), &problem);
    if (e != YH_OK)
        return refused(rq, e, &problem);
    YH_TRY(follow_change(rq, mn));
    return with_station(rq, put_profile);
}

static yh_err admit(struct http_request *rq)
{
    yh_str mn = http_path_param(rq, "mn");
    struct source_problem problem = {0};
    struct source_note note;
    bool reached = false;
    YH_TRY(station_reached(rq, monitor_http_of(rq)->live, mn, &reached)); /* who is not admitted yet: by who reaches all */
    if (!reached)
        return no_station(rq);
    YH_TRY(check_log(rq));
    YH_TRY(compose_note(rq, "station.admit", mn, &note));
    struct source_admission a = {
        .mn = mn,
        .name = http_body_str(rq, "name"),
        .enterprise_name = http_body_str(rq, "enterprise_name"),
        .credit_code = http_body_str(rq, "credit_code"),
        .outlet_code = http_body_str(rq, "outlet_code"),
        .outlet_name = http_body_str(rq, "outlet_name"),
        .medium = http_body_str(rq, "medium"),
        .region_code = http_body_str(rq, "region_code"),
        .cause = rq->user->name,
        .note = &note,
    };
    yh_err e = source_admit_pooled(monitor_http_of(rq)->pool, &a, yh_clock_now(), &problem);
    if (e != YH_OK)
        return refused(rq, e, &problem);
    YH_TRY(follow_change(rq, mn));
    return get_station(rq);
}

/* ---- senders nobody has admitted, regions ---- */

struct listing {
    struct yh_json *j;
    size_t n, limit;
    yh_str last; /* MN of the last row written, in the request's memory */
    struct yh_arena *arena;
    bool more;
};

static bool put_unknown(void *user, const struct source_unknown *u)
{
    struct listing *l = user;
    l->more = l->n == l->limit;
    if (l->more)
        return false;
    l->n++;
    l->last = yh_arena_str(l->arena, u->mn);
    yh_json_obj(l->j);
    yh_json_kstr(l->j, "mn", u->mn);
    yh_json_ktime(l->j, "first_seen", u->first_seen);
    yh_json_ktime(l->j, "last_seen", u->last_seen);
    yh_json_ku64(l->j, "frames", u->frames);
    yh_json_kstr(l->j, "peer", u->peer);
    yh_json_kstr(l->j, "edition", u->edition);
    yh_json_kstr(l->j, "st", u->st);
    yh_json_ku64(l->j, "last_seq", u->last_seq);
    yh_json_kstr(l->j, "last_cn", u->last_cn);
    yh_json_obj_end(l->j);
    return true;
}

/* They lie in no region: only who reaches everything sees them. */
static yh_err put_unknown_page(struct db *db, struct http_request *rq, const struct kit_scope *scope, struct listing *l)
{
    yh_str cursor = {0};
    uint64_t total = 0;
    http_query(rq, "cursor", &cursor);
    if (scope->all)
        YH_TRY(source_unknown_count(db, &total));
    yh_json_obj(l->j);
    yh_json_key(l->j, "items");
    yh_json_arr(l->j);
    if (scope->all)
        YH_TRY(source_unknown_list(db, cursor, l->limit + 1, put_unknown, l));
    yh_json_arr_end(l->j);
    yh_json_ku64(l->j, "total", total);
    yh_json_key(l->j, "next");
    if (l->more)
        yh_json_str(l->j, l->last);
    else
        yh_json_null(l->j);
    yh_json_obj_end(l->j);
    return YH_OK;
}

static yh_err list_unknown(struct http_request *rq)
{
    struct db_pool *pool = monitor_http_of(rq)->pool;
    struct listing l = {.j = http_json(rq), .limit = (size_t)http_query_int(rq, "limit", 50), .arena = rq->arena};
    struct kit_scope scope;
    YH_TRY(kit_scope_of(rq, &scope));
    struct db *db = db_pool_reader(pool);
    yh_err e = put_unknown_page(db, rq, &scope, &l);
    db_pool_put(pool, db);
    return e;
}

static bool put_region(void *user, const struct source_region *r)
{
    struct listing *l = user;
    yh_json_obj(l->j);
    yh_json_kstr(l->j, "code", r->code);
    yh_json_kstr(l->j, "name", r->name);
    yh_json_obj_end(l->j);
    l->n++;
    return true;
}

static yh_err list_regions(struct http_request *rq)
{
    struct db_pool *pool = monitor_http_of(rq)->pool;
    struct listing l = {.j = http_json(rq)};
    yh_json_obj(l.j);
    yh_json_key(l.j, "items");
    yh_json_arr(l.j);
    struct db *db = db_pool_reader(pool);
    yh_err e = source_regions(db, put_region, &l);
    db_pool_put(pool, db);
    yh_json_arr_end(l.j);
    yh_json_ku64(l.j, "total", l.n);
    yh_json_kz(l.j, "next", NULL);
    yh_json_obj_end(l.j);
    return e;
}

/* ---- rows ---- */

static const char *const state_values[] = {"never", "online", "late", "abnormal", "offline", NULL};
static const char *const media[] = {"water", "air", "noise", "other", NULL};
static const char *const editions[] = {"auto", "2005", "2017", "2025", NULL};
static const char *const clock_policies[] = {"flag", "accept", NULL};
static const char *const period_stamps[] = {"start", "end", NULL};
static const char *const answer_policies[] = {"standard", "always", "never", NULL};

static const struct http_field station_query[] = {
    {.name = "q", .type = HTTP_T_STRING, .max = 100, .title = "名称、企业、区县或设备编码"},
    {.name = "state", .type = HTTP_T_STRING, .values = state_values, .title = "状态"},
    {.name = "medium", .type = HTTP_T_STRING, .values = media, .title = "介质"},
    {.name = "exceeding", .type = HTTP_T_BOOL, .title = "只看高于限值"},
    {.name = "limit", .type = HTTP_T_INT, .min = 1, .max = 500, .title = "每页条数"},
    {.name = "cursor", .type = HTTP_T_STRING, .max = 64, .title = "游标"},
    {.name = NULL},
};

static const struct http_field page_query[] = {
    {.name = "limit", .type = HTTP_T_INT, .min = 1, .max = 500, .title = "每页条数"},
    {.name = "cursor", .type = HTTP_T_STRING, .max = 64, .title = "游标"},
    {.name = NULL},
};

static const struct http_field admit_fields[] = {
    {.name = "name", .type = HTTP_T_STRING, .required = true, .min = 1, .max = 100, .title = "站点名称"},
    {.name = "enterprise_name", .type = HTTP_T_STRING, .required = true, .min = 1, .max = 100, .title = "企业名称"},
    {.name = "credit_code", .type = HTTP_T_STRING, .max = 18, .title = "统一社会信用代码"},
    {.name = "outlet_code", .type = HTTP_T_STRING, .required = true, .min = 1, .max = 20, .title = "排口编号"},
    {.name = "outlet_name", .type = HTTP_T_STRING, .required = true, .min = 1, .max = 100, .title = "排口名称"},
    {.name = "medium", .type = HTTP_T_STRING, .required = true, .values = media, .title = "介质"},
    {.name = "region_code", .type = HTTP_T_STRING, .required = true, .min = 1, .max = 12, .title = "行政区划"},
    {.name = NULL},
};
static const struct http_schema admit_schema = {.name = "Admission", .fields = admit_fields};

static const struct http_field patch_fields[] = {
    {.name = "edition", .type = HTTP_T_STRING, .values = editions, .title = "协议版本"},
    {.name = "password", .type = HTTP_T_STRING, .nullable = true, .max = 32, .title = "访问密码"},
    {.name = "accept_bad_crc", .type = HTTP_T_BOOL, .title = "容许校验码错误(调试)"},
    {.name = "clock_policy", .type = HTTP_T_STRING, .values = clock_policies, .title = "时钟策略"},
    {.name = "dialect", .type = HTTP_T_STRING, .max = 32, .title = "方言"},
    {.name = "answer_policy", .type = HTTP_T_STRING, .values = answer_policies, .title = "应答策略"},
    {.name = "period_stamp", .type = HTTP_T_STRING, .values = period_stamps, .title = "时段标注方式"},
    {.name = "sm4_key", .type = HTTP_T_STRING, .nullable = true, .max = 32, .title = "SM4 密钥(32 位十六进制)"},
    {.name = "time_offset_minutes", .type = HTTP_T_INT, .min = -720, .max = 840, .title = "时区(分钟)"},
    {.name = "interval_minutes", .type = HTTP_T_INT, .min = 1, .max = 60, .title = "分钟数据间隔"},
    {.name = NULL},
};
static const struct http_schema patch_schema = {.name = "DeviceProfilePatch", .fields = patch_fields};

const struct http_route station_routes[] = {
    {.method = HTTP_GET, .path = "/api/v1/stations", .permission = "station:read", .query = station_query,
     .reply = &station_list_schema, .handler = list_stations, .summary = "监测站点列表与最新值", .tag = "监测"},
    {.method = HTTP_GET, .path = "/api/v1/stations/unknown", .permission = "station:read", .query = page_query,
     .reply = &unknown_list_schema, .handler = list_unknown, .summary = "待接入的发送方", .tag = "接入"},
    {.method = HTTP_POST, .path = "/api/v1/stations/unknown/{mn}/admit", .permission = "station:admit",
     .body = &admit_schema, .reply = &station_page_schema, .handler = admit, .summary = "接入站点", .tag = "接入"},
    {.method = HTTP_GET, .path = "/api/v1/stations/{mn}", .permission = "station:read",
     .reply = &station_page_schema, .handler = get_station, .summary = "站点详情", .tag = "监测"},
    {.method = HTTP_PATCH, .path = "/api/v1/stations/{mn}/profile", .permission = "station:admit",
     .body = &patch_schema, .reply = &station_profile_schema, .handler = patch_profile, .summary = "修改设备档案",
     .tag = "接入"},
    {.method = HTTP_GET, .path = "/api/v1/regions", .permission = "", .reply = &region_list_schema,
     .handler = list_regions, .summary = "行政区划", .tag = "字典"},
    {.path = NULL},
};
