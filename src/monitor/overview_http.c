/* The overview: figures that open the day, each computed from the same records as the pages behind it. */
#include "monitor/http.h"

#include "base/clock.h"
#include "monitor/registry.h"
#include "monitor/station_scope.h"
#include "source/source.h"

static const struct {
    const char *field, *title;
} field_titles[] = {
    {"Rtd", "实时值"},       {"Min", "最小值"},       {"Avg", "平均值"},       {"Max", "最大值"},
    {"Cou", "累计值"},       {"ZsRtd", "折算实时值"}, {"ZsMin", "折算最小值"}, {"ZsAvg", "折算平均值"},
    {"ZsMax", "折算最大值"}, {"Flag", "数据标志"},    {"RS", "设备运行状态"},  {"RT", "设备运行时间"},
    {"Ala", "报警值"},       {"SampleTime", "采样时间"}, {"DataTime", "数据时间"}, {"BeginTime", "开始时间"},
    {"EndTime", "截止时间"}, {"SystemTime", "系统时间"}, {"QnRtn", "请求应答"},  {"ExeRtn", "执行结果"},
    {"PolId", "因子编码"},   {"HeartbeatTime", "心跳间隔"}, {"Info", "设备信息"}, {"SN", "设备序列号"},
    {"RestartTime", "开机时间"}, {"VaseNo", "采样瓶编号"},
};

const char *monitor_field_title(yh_str field)
{
    for (size_t i = 0; i < YH_LEN(field_titles); i++)
        if (yh_str_eq_nocase(field, yh_str_of(field_titles[i].field)))
            return field_titles[i].title;
    return NULL;
}

void monitor_traffic_json(const struct monitor_http *m, struct yh_json *j)
{
    struct monitor_traffic t;
    struct monitor_stats s;
    m->traffic(m->user, &t);
    monitor_stats_get(m->monitor, &s);
    yh_json_obj(j);
    yh_json_ku64(j, "frames", t.frames);
    yh_json_ku64(j, "bad", t.bad);
    yh_json_ku64(j, "junk", t.junk);
    yh_json_ku64(j, "acknowledged", t.acknowledged);
    yh_json_ku64(j, "repeated", t.repeated);
    yh_json_ku64(j, "values", s.values);
    yh_json_ku64(j, "bytes", t.bytes);
    yh_json_ku64(j, "connections", t.connections);
    yh_json_key(j, "frames_per_s");
    yh_json_double(j, m->frames_per_s(m->user));
    yh_json_ku64(j, "durable", chain_durable(m->chain));
    yh_json_obj_end(j);
}

#define MEDIA_MAX 16

struct media {
    char name[16];
    uint64_t total, online;
};

struct tally {
    uint64_t by_state[LIVE_STATE_COUNT], total;
    struct media media[MEDIA_MAX];
    size_t media_n;
};

static void tally_media(struct tally *t, const struct live_station *s)
{
    size_t i = 0;
    while (i < t->media_n && !yh_str_is(s->info->medium, t->media[i].name))
        i++;
    if (i == MEDIA_MAX)
        return;
    if (i == t->media_n) {
        snprintf(t->media[i].name, sizeof t->media[i].name, "%.*s", YH_FMT(s->info->medium));
        t->media_n++;
    }
    t->media[i].total++;
    t->media[i].online += s->state == LIVE_ONLINE || s->state == LIVE_LATE || s->state == LIVE_ABNORMAL;
}

static void count_stations(struct live *live, const struct kit_scope *scope, struct tally *t)
{
    size_t at = 0;
    struct live_station *s;
    while (live_next(live, &at, &s)) {
        if (!s->known || !s->info || !station_in_scope(scope, s))
            continue;
        t->total++;
        t->by_state[s->state]++;
        tally_media(t, s);
    }
}

/* As the page of unknown senders counts them: those whose name can be admitted. */
static yh_err count_unknown(struct db_pool *pool, uint64_t *ret)
{
    struct db *db = db_pool_reader(pool);
    yh_err e = source_unknown_count(db, ret);
    db_pool_put(pool, db);
    return e;
}

static void put_stations(struct yh_json *j, const struct tally *t, uint64_t unknown)
{
    yh_json_key(j, "stations");
    yh_json_obj(j);
    yh_json_ku64(j, "total", t->total);
    for (unsigned i = 0; i < LIVE_STATE_COUNT; i++)
        yh_json_ku64(j, live_state_word((live_state)i), t->by_state[i]);
    yh_json_ku64(j, "unknown_mn", unknown);
    yh_json_obj_end(j);
    yh_json_key(j, "media");
    yh_json_arr(j);
    for (size_t i = 0; i < t->media_n; i++) {
        yh_json_obj(j);
        yh_json_kz(j, "medium", t->media[i].name);
        yh_json_ku64(j, "total", t->media[i].total);
        yh_json_ku64(j, "online", t->media[i].online);
        yh_json_obj_end(j);
    }
    yh_json_arr_end(j);
}

static yh_err put_evidence(struct chain *chain, struct yh_json *j)
{
    uint64_t durable = chain_durable(chain);
    yh_sm3_hash root;
    yh_buf_auto text = yh_buf_make(16384);
    struct chain_checkpoint c = {.head = {.at = YH_TIME_NONE}};
    YH_TRY(chain_root(chain, durable, &root));
    if (chain_checkpoint_latest(chain, &text, &c) != YH_OK)
        c.head.at = YH_TIME_NONE;
    yh_json_key(j, "evidence");
    yh_json_obj(j);
    yh_json_ku64(j, "records", durable);
    yh_json_ku64(j, "durable", durable);
    yh_json_key(j, "root");
    yh_json_hex(j, root.b, sizeof root.b);
    yh_json_ku64(j, "checkpoints", chain_checkpoint_count(chain));
    yh_json_ktime(j, "last_checkpoint_at", c.head.at);
    yh_json_kz(j, "health", chain_health(chain) == YH_OK ? "ok" : yh_cause());
    yh_json_obj_end(j);
    return YH_OK;
}

static yh_err get_overview(struct http_request *rq)
{
    const struct monitor_http *m = monitor_http_of(rq);
    struct tally t = {0};
    struct kit_scope scope;
    YH_TRY(kit_scope_of(rq, &scope));
    live_lock(m->live);
    count_stations(m->live, &scope, &t);
    live_unlock(m->live);
    uint64_t unknown = 0;
    if (scope.all)
        YH_TRY(count_unknown(m->pool, &unknown));
    struct yh_json *j = http_json(rq);
    yh_json_obj(j);
    yh_json_ktime(j, "as_of", yh_clock_now());
    yh_json_kbool(j, "demo", m->demo);
    put_stations(j, &t, unknown);
    yh_json_key(j, "traffic");
    monitor_traffic_json(m, j);
    YH_TRY(put_evidence(m->chain, j));
    yh_json_obj_end(j);
    return YH_OK;
}

/* ---- rows ---- */

static const struct http_field station_count_fields[] = {
    {.name = "total", .type = HTTP_T_INT, .required = true, .title = "已接入"},
    {.name = "never", .type = HTTP_T_INT, .required = true, .title = "未上报"},
    {.name = "online", .type = HTTP_T_INT, .required = true, .title = "在线"},
    {.name = "late", .type = HTTP_T_INT, .required = true, .title = "迟报"},
    {.name = "abnormal", .type = HTTP_T_INT, .required = true, .title = "异常"},
    {.name = "offline", .type = HTTP_T_INT, .required = true, .title = "离线"},
    {.name = "unknown_mn", .type = HTTP_T_INT, .required = true, .title = "待接入"},
    {.name = NULL},
};
static const struct http_schema station_count_schema = {.name = "StationCounts", .fields = station_count_fields};

static const struct http_field media_fields[] = {
    {.name = "medium", .type = HTTP_T_STRING, .required = true, .title = "介质"},
    {.name = "total", .type = HTTP_T_INT, .required = true, .title = "站点数"},
    {.name = "online", .type = HTTP_T_INT, .required = true, .title = "在报数"},
    {.name = NULL},
};
static const struct http_schema media_schema = {.name = "MediumCount", .fields = media_fields};

static const struct http_field traffic_fields[] = {
    {.name = "frames", .type = HTTP_T_INT, .required = true, .title = "有效帧"},
    {.name = "bad", .type = HTTP_T_INT, .required = true, .title = "校验错误帧"},
    {.name = "junk", .type = HTTP_T_INT, .required = true, .title = "杂散字节段"},
    {.name = "acknowledged", .type = HTTP_T_INT, .required = true, .title = "已应答"},
    {.name = "repeated", .type = HTTP_T_INT, .required = true, .title = "重发"},
    {.name = "values", .type = HTTP_T_INT, .required = true, .title = "数据个数"},
    {.name = "bytes", .type = HTTP_T_INT, .required = true, .title = "字节"},
    {.name = "connections", .type = HTTP_T_INT, .required = true, .title = "连接"},
    {.name = "frames_per_s", .type = HTTP_T_ANY, .required = true, .title = "每秒帧数"},
    {.name = "durable", .type = HTTP_T_INT, .required = true, .title = "已存证"},
    {.name = NULL},
};
static const struct http_schema traffic_schema = {.name = "Traffic", .fields = traffic_fields};

static const struct http_field evidence_box_fields[] = {
    {.name = "records", .type = HTTP_T_INT, .required = true, .title = "记录数"},
    {.name = "durable", .type = HTTP_T_INT, .required = true, .title = "已落盘"},
    {.name = "root", .type = HTTP_T_STRING, .required = true, .title = "根哈希"},
    {.name = "checkpoints", .type = HTTP_T_INT, .required = true, .title = "检查点数"},
    {.name = "last_checkpoint_at", .type = HTTP_T_TIME, .required = true, .nullable = true, .title = "最近检查点"},
    {.name = "health", .type = HTTP_T_STRING, .required = true, .title = "状态"},
    {.name = NULL},
};
static const struct http_schema evidence_box_schema = {.name = "EvidenceBox", .fields = evidence_box_fields};

static const struct http_field overview_fields[] = {
    {.name = "as_of", .type = HTTP_T_TIME, .required = true, .title = "截至"},
    {.name = "demo", .type = HTTP_T_BOOL, .required = true, .title = "示范数据"},
    {.name = "stations", .type = HTTP_T_OBJECT, .required = true, .of = &station_count_schema},
    {.name = "media", .type = HTTP_T_ARRAY, .required = true, .of = &media_schema},
    {.name = "traffic", .type = HTTP_T_OBJECT, .required = true, .of = &traffic_schema},
    {.name = "evidence", .type = HTTP_T_OBJECT, .required = true, .of = &evidence_box_schema},
    {.name = NULL},
};
static const struct http_schema overview_schema = {.name = "Overview", .fields = overview_fields};

const struct http_route overview_routes[] = {
    {.method = HTTP_GET, .path = "/api/v1/overview", .permission = "station:read", .reply = &overview_schema,
     .handler = get_overview, .summary = "监测总览", .tag = "监测"},
    {.path = NULL},
};
