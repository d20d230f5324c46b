/* The registry's import: rows behind the list of stations (source/lists.h). */
#include "base/clock.h"
#include "base/log.h"
#include "base/sm3.h"
#include "kit/import_http.h"
#include "kit/scope.h"
#include "monitor/http.h"
#include "monitor/registry.h"
#include "source/lists.h"

#define ARENA_MAX ((size_t)256 << 20)

/* The file stands for what it says: its hash goes into the evidence log, with who sent it. */
static yh_err compose_note(struct http_request *rq, yh_time now, struct source_note *ret)
{
    yh_buf_auto text = yh_buf_make(4096);
    struct yh_json j = yh_json_to(&text);
    yh_sm3_hash h;
    YH_TRY(yh_sm3_of(rq->raw, &h));
    yh_json_obj(&j);
    yh_json_kz(&j, "event", "station.import");
    yh_json_ktime(&j, "at", now);
    yh_json_kstr(&j, "by", rq->user->name);
    yh_json_kz(&j, "peer", rq->peer);
    yh_json_ku64(&j, "bytes", rq->raw.n);
    yh_json_key(&j, "sm3");
    yh_json_hex(&j, h.b, sizeof h.b);
    yh_json_obj_end(&j);
    YH_TRY(yh_buf_check(&text));
    *ret = (struct source_note){rq->user->name, yh_arena_str(rq->arena, yh_buf_view(&text))};
    return ret->json.p ? YH_OK : yh_fail(YH_E_NO_MEMORY, "no memory for a note");
}

static yh_err follow(struct http_request *rq, const struct import_result *r)
{
    const struct monitor_host *host = rq->app;
    for (size_t i = 0; i < r->n; i++)
        YH_TRY(registry_load_one(host->monitor.pool, host->monitor.live, r->rows[i].values[0]));
    monitor_stations_changed(host->monitor.monitor);
    if (kit_deliver_notes(host->kit.kit) != YH_OK)
        yh_log(YH_LOG_WARN, "monitor", "a note of %.*s waits for the evidence log: %s", YH_FMT(rq->user->name), yh_cause());
    return YH_OK;
}

static yh_err import_stations(struct http_request *rq)
{
    const struct monitor_http *m = monitor_http_of(rq);
    yh_arena_auto arena = yh_arena_make(ARENA_MAX);
    struct source_note note;
    struct source_import im = {.cause = rq->user->name, .now = yh_clock_now(), .note = &note};
    struct import_result r;
    struct kit_scope scope;
    YH_TRY(kit_scope_of(rq, &scope));
    if (!scope.all) /* as with a single sender: it may lie anywhere until it is admitted */
        return http_problem(rq, 403, "out_of_scope", "批量登记站点需要覆盖全市的数据范围,请由市级管理员办理。");
    if (chain_health(m->chain) != YH_OK)
        return http_problem(rq, 503, "evidence_log_stopped", "存证日志暂停写入,变更无法留痕,请待磁盘恢复后重试。");
    YH_TRY(compose_note(rq, im.now, &note));
    YH_TRY(import_answer(rq, m->pool, &source_station_import, &im, &arena, &r));
    return r.committed ? follow(rq, &r) : YH_OK;
}

static yh_err get_template(struct http_request *rq)
{
    return import_template_answer(rq, &source_station_import);
}

const struct http_route registry_routes[] = {
    {.method = HTTP_POST, .path = "/api/v1/registry/stations/import", .permission = "station:admit", .query = import_query,
     .body = &http_file, .reply = &import_schema, .max_body = IMPORT_FILE_MAX, .handler = import_stations,
     .summary = "由表格登记站点:先检查,commit=true 才写入", .tag = "台账"},
    {.method = HTTP_GET, .path = "/api/v1/registry/stations/template", .permission = "station:admit", .handler = get_template,
     .summary = "站点登记表模板", .tag = "台账"},
    {.path = NULL},
};
