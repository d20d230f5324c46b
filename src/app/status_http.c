#include "app/status_http.h"

#include "hj212/dict.h"
#include "kit/session_http.h"
#include "monitor/http.h"
#include "relay/relay_http.h"
#include "source/source.h"

/* ---- health ---- */

static yh_err get_health(struct http_request *rq)
{
    const struct monitor_http *m = monitor_http_of(rq);
    struct monitor_stats worker;
    monitor_stats_get(m->monitor, &worker);
    bool log_works = chain_health(m->chain) == YH_OK, worker_works = !worker.cause[0];
    const char *why = !log_works      ? yh_arena_z(rq->arena, yh_str_of(yh_cause()))
                      : !worker_works ? yh_arena_z(rq->arena, yh_str_of(worker.cause))
                                      : NULL;
    struct yh_json *j = http_json(rq);
    http_status(rq, log_works && worker_works ? 200 : 503);
    yh_json_obj(j);
    yh_json_kz(j, "status", !log_works ? "evidence_log_stopped" : !worker_works ? "monitor_stopped" : "ok");
    yh_json_kz(j, "cause", why);
    yh_json_kbool(j, "demo", m->demo);
    yh_json_kz(j, "version", "0.1.0");
    yh_json_obj_end(j);
    return YH_OK;
}

/* ---- metrics ---- */

struct metric {
    const char *name, *type, *help;
    uint64_t value;
};

static void put_metrics(yh_buf *out, const struct metric *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        yh_buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n%s %llu\n", rows[i].name, rows[i].help, rows[i].name,
                      rows[i].type, rows[i].name, (unsigned long long)rows[i].value);
}

static void put_gate(const struct monitor_http *m, yh_buf *out)
{
    struct monitor_traffic t;
    m->traffic(m->user, &t);
    const struct metric rows[] = {
        {"yuheng_gate_frames_total", "counter", "frames with a good CRC written to the evidence log", t.frames},
        {"yuheng_gate_bad_total", "counter", "frames with a wrong CRC written to the evidence log", t.bad},
        {"yuheng_gate_junk_total", "counter", "pieces of bytes that are no frame", t.junk},
        {"yuheng_gate_answers_total", "counter", "answers sent after their record was durable", t.acknowledged},
        {"yuheng_gate_repeated_total", "counter", "resends answered again and stored once", t.repeated},
        {"yuheng_gate_refused_total", "counter", "frames with a wrong password", t.refused},
        {"yuheng_gate_bytes_total", "counter", "bytes received", t.bytes},
        {"yuheng_gate_connections", "gauge", "open connections", t.connections},
        {"yuheng_gate_paused", "gauge", "connections held back by the log, by their peer or by a limit", t.paused},
    };
    put_metrics(out, rows, YH_LEN(rows));
    m->gate_metrics(m->user, out);
}

static bool count_one(void *user, yh_str mn, int64_t asked)
{
    (void)mn, (void)asked;
    ++*(uint64_t *)user;
    return true;
}

static yh_err stations_to_derive(const struct monitor_http *m, uint64_t *ret)
{
    struct db *db = db_pool_reader(m->pool);
    yh_err e = source_rederive_list(db, count_one, ret);
    db_pool_put(m->pool, db);
    return e;
}

static yh_err put_log(const struct monitor_http *m, yh_buf *out)
{
    struct chain_space space;
    YH_TRY(chain_space_get(m->chain, &space));
    const struct metric rows[] = {
        {"yuheng_log_records", "gauge", "durable records of the evidence log", chain_durable(m->chain)},
        {"yuheng_log_healthy", "gauge", "1 while the evidence log takes records", chain_health(m->chain) == YH_OK},
        {"yuheng_log_pack_healthy", "gauge", "1 while sealed segments can be packed", chain_pack_health(m->chain) == YH_OK},
        {"yuheng_log_segments", "gauge", "segments of the evidence log", space.segments},
        {"yuheng_log_packed_segments", "gauge", "of them packed", space.packed},
        {"yuheng_log_bytes", "gauge", "bytes of all segments before packing", space.plain_bytes},
        {"yuheng_log_stored_bytes", "gauge", "bytes of all segments as they are on disk", space.stored_bytes},
    };
    put_metrics(out, rows, YH_LEN(rows));
    return YH_OK;
}

static yh_err put_monitor(const struct monitor_http *m, yh_buf *out)
{
    struct monitor_stats s;
    monitor_stats_get(m->monitor, &s);
    uint64_t to_derive = 0;
    YH_TRY(stations_to_derive(m, &to_derive));
    const struct metric rows[] = {
        {"yuheng_monitor_healthy", "gauge", "1 while the worker stores what the log holds", s.cause[0] == '\0'},
        {"yuheng_monitor_position", "gauge", "records read by the worker", s.position},
        {"yuheng_monitor_values_total", "counter", "values taken from frames", s.values},
        {"yuheng_monitor_repeated_total", "counter", "records whose content was known", s.repeated_records},
        {"yuheng_monitor_versions_total", "counter", "records that corrected earlier ones", s.versions},
        {"yuheng_monitor_stations_to_derive", "gauge", "stations whose values must be derived from the log again", to_derive},
    };
    put_metrics(out, rows, YH_LEN(rows));
    yh_buf_puts(out, "# HELP yuheng_monitor_issues_total records by what kept them from giving values\n"
                     "# TYPE yuheng_monitor_issues_total counter\n");
    for (unsigned i = 0; i < INGEST_ISSUE_COUNT; i++)
        yh_buf_printf(out, "yuheng_monitor_issues_total{issue=\"%s\"} %llu\n", ingest_issue_word((ingest_issue)i),
                      (unsigned long long)s.issues[i]);
    return YH_OK;
}

/* Prometheus scrapes from the same machine without an account; everybody else needs the permission. */
static bool may_read_metrics(const struct http_request *rq)
{
    return strncmp(rq->peer, "127.", 4) == 0 || strcmp(rq->peer, "::1") == 0 ||
           (rq->user && kit_permitted(rq->user, "metrics:read"));
}

static yh_err get_metrics(struct http_request *rq)
{
    const struct monitor_http *m = monitor_http_of(rq);
    if (!may_read_metrics(rq))
        return http_problem(rq, 403, "denied", "运行指标只对本机或有权限的账号开放。");
    yh_buf_auto out = yh_buf_make(65536);
    put_gate(m, &out);
    YH_TRY(put_log(m, &out));
    YH_TRY(put_monitor(m, &out));
    relay_metrics(((const struct relay_host *)rq->app)->relay, &out);
    YH_TRY(yh_buf_check(&out));
    http_raw(rq, "text/plain; version=0.0.4; charset=utf-8", yh_buf_view(&out));
    return YH_OK;
}

/* ---- dictionaries ---- */

static yh_err get_factors(struct http_request *rq)
{
    size_t n;
    const struct hj212_factor *rows = hj212_factors(&n);
    struct yh_json *j = http_json(rq);
    yh_json_obj(j);
    yh_json_key(j, "items");
    yh_json_arr(j);
    for (size_t i = 0; i < n; i++) {
        yh_json_obj(j);
        yh_json_kz(j, "code", rows[i].code);
        yh_json_kz(j, "code_2005", rows[i].code_2005);
        yh_json_kz(j, "name", rows[i].name);
        yh_json_kz(j, "medium", rows[i].medium);
        yh_json_kz(j, "unit", rows[i].unit);
        yh_json_obj_end(j);
    }
    yh_json_arr_end(j);
    yh_json_ku64(j, "total", n);
    yh_json_kz(j, "next", NULL);
    yh_json_obj_end(j);
    return YH_OK;
}

/* ---- rows ---- */

static const struct http_field health_fields[] = {
    {.name = "status", .type = HTTP_T_STRING, .required = true, .title = "状态"},
    {.name = "cause", .type = HTTP_T_STRING, .required = true, .nullable = true, .title = "原因"},
    {.name = "demo", .type = HTTP_T_BOOL, .required = true, .title = "示范数据"},
    {.name = "version", .type = HTTP_T_STRING, .required = true, .title = "版本"},
    {.name = NULL},
};
static const struct http_schema health_schema = {.name = "Health", .fields = health_fields};

static const struct http_field factor_fields[] = {
    {.name = "code", .type = HTTP_T_STRING, .required = true, .title = "编码(2017)"},
    {.name = "code_2005", .type = HTTP_T_STRING, .required = true, .title = "编码(2005)"},
    {.name = "name", .type = HTTP_T_STRING, .required = true, .title = "名称"},
    {.name = "medium", .type = HTTP_T_STRING, .required = true, .title = "介质"},
    {.name = "unit", .type = HTTP_T_STRING, .required = true, .title = "单位"},
    {.name = NULL},
};
static const struct http_schema factor_schema = {.name = "DictionaryFactor", .fields = factor_fields};

static const struct http_field factor_list_fields[] = {
    {.name = "items", .type = HTTP_T_ARRAY, .required = true, .of = &factor_schema},
    {.name = "total", .type = HTTP_T_INT, .required = true},
    {.name = "next", .type = HTTP_T_STRING, .required = true, .nullable = true},
    {.name = NULL},
};
static const struct http_schema factor_list_schema = {.name = "DictionaryFactorList", .fields = factor_list_fields};

const struct http_route status_routes[] = {
    {.method = HTTP_GET, .path = "/healthz", .permission = NULL, .reply = &health_schema, .handler = get_health,
     .summary = "服务是否正常", .tag = "运维"},
    {.method = HTTP_GET, .path = "/metrics", .permission = NULL, .handler = get_metrics,
     .summary = "运行指标(Prometheus 文本)", .tag = "运维"},
    {.method = HTTP_GET, .path = "/api/v1/dictionaries/factors", .permission = "", .reply = &factor_list_schema,
     .handler = get_factors, .summary = "监测因子字典", .tag = "字典"},
    {.path = NULL},
};
