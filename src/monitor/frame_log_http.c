/* Rows about the records of a sender, and about what goes wrong with records at all. */
#include "monitor/http.h"

#include "monitor/frame_json.h"
#include "monitor/frame_log.h"
#include "monitor/station_scope.h"

static const char *const kinds[] = {"frame", "bad", "junk", NULL};

/* ---- records of one sender ---- */

static void put_row(struct yh_json *j, const struct live_frame *f)
{
    bool fault = f->issue >= INGEST_BAD_CRC;
    yh_json_obj(j);
    yh_json_ku64(j, "seq", f->seq);
    yh_json_ktime(j, "received", f->received);
    yh_json_kz(j, "kind", frame_kind_word(f->kind));
    yh_json_kz(j, "cn", f->cn);
    yh_json_kz(j, "cn_name", frame_command_name(yh_str_of(f->cn), YH_S("")));
    yh_json_ktime(j, "data_time", f->data_time);
    yh_json_ki64(j, "size", f->size);
    yh_json_kz(j, "cause", fault ? ingest_issue_word((ingest_issue)f->issue) : NULL);
    yh_json_kz(j, "cause_text", fault ? ingest_issue_text((ingest_issue)f->issue) : NULL);
    yh_json_obj_end(j);
}

static void put_page(struct yh_json *j, const struct frame_log_page *page)
{
    yh_json_obj(j);
    yh_json_key(j, "items");
    yh_json_arr(j);
    for (size_t i = 0; i < page->n; i++)
        put_row(j, &page->rows[i]);
    yh_json_arr_end(j);
    yh_json_key(j, "next");
    if (page->next) {
        yh_buf_auto cursor = yh_buf_make(32);
        yh_buf_u64(&cursor, page->next);
        yh_json_str(j, yh_buf_view(&cursor));
    } else {
        yh_json_null(j);
    }
    yh_json_obj_end(j);
}

static chain_kind kind_of(yh_str word)
{
    return yh_str_is(word, "frame") ? CHAIN_FRAME : yh_str_is(word, "bad") ? CHAIN_BAD : CHAIN_JUNK;
}

static yh_err list_frames(struct http_request *rq)
{
    const struct monitor_http *m = monitor_http_of(rq);
    struct frame_log_query q = {.mn = http_path_param(rq, "mn"), .before = UINT64_MAX};
    yh_str cursor = {0}, kind = {0}, faults = {0};
    if (http_query(rq, "cursor", &cursor) && !yh_str_to_u64(cursor, &q.before)) {
        http_problem_field(rq, "cursor", "游标应为存证编号");
        return http_problem(rq, 422, "invalid", "游标不对,请从第一页重新查询。");
    }
    if (http_query(rq, "kind", &kind))
        q.kind = kind_of(kind);
    http_query(rq, "cn", &q.cn);
    q.faults = http_query(rq, "faults", &faults) && yh_str_is(faults, "true");
    q.limit = (size_t)http_query_int(rq, "limit", 50);
    struct frame_log_page page;
    bool reached = false;
    YH_TRY(station_reached(rq, m->live, q.mn, &reached));
    yh_err e = reached ? frame_log_page(m->chain, m->live, &q, rq->arena, &page) : YH_E_NOT_FOUND;
    if (e == YH_E_NOT_FOUND)
        return http_problem(rq, 404, "not_found", "没有收到过这个设备编码(MN)的报文,请核对。");
    YH_TRY(e);
    put_page(http_json(rq), &page);
    return YH_OK;
}

/* ---- faults ---- */

/* The count is the platform's; the example (its number, sender and figures) is somebody's data. */
static void put_fault(struct yh_json *j, const struct fault *f, bool reached)
{
    yh_json_obj(j);
    yh_json_kz(j, "cause", f->cause);
    yh_json_kz(j, "text", reached ? f->text : "最近一例不在您的数据范围内。");
    yh_json_ku64(j, "count", f->count);
    yh_json_key(j, "last_seq");
    if (reached)
        yh_json_u64(j, f->last_seq);
    else
        yh_json_null(j);
    yh_json_ktime(j, "last_received", f->last_received);
    yh_json_kz(j, "last_mn", reached && f->last_mn[0] ? f->last_mn : NULL);
    yh_json_obj_end(j);
}

static yh_err get_faults(struct http_request *rq)
{
    struct fault *rows = YH_NEW_N(rq->arena, struct fault, FAULTS_MAX);
    struct live *live = monitor_http_of(rq)->live;
    struct kit_scope scope;
    yh_time since;
    YH_TRY(kit_scope_of(rq, &scope));
    if (!rows)
        return yh_fail(YH_E_NO_MEMORY, "no memory for the faults");
    size_t n = faults_get(monitor_faults(monitor_http_of(rq)->monitor), rows, &since);
    struct yh_json *j = http_json(rq);
    yh_json_obj(j);
    yh_json_ktime(j, "since", since);
    yh_json_key(j, "items");
    yh_json_arr(j);
    live_lock(live);
    for (size_t i = 0; i < n; i++)
        put_fault(j, &rows[i], station_in_scope(&scope, live_find(live, yh_str_of(rows[i].last_mn))));
    live_unlock(live);
    yh_json_arr_end(j);
    yh_json_obj_end(j);
    return YH_OK;
}

/* ---- rows ---- */

static const struct http_field frames_query[] = {
    {.name = "kind", .type = HTTP_T_STRING, .values = kinds, .title = "类别"},
    {.name = "cn", .type = HTTP_T_STRING, .max = 7, .title = "命令编码"},
    {.name = "faults", .type = HTTP_T_BOOL, .title = "只看有问题的"},
    {.name = "limit", .type = HTTP_T_INT, .min = 1, .max = 500, .title = "每页条数"},
    {.name = "cursor", .type = HTTP_T_STRING, .max = 20, .title = "游标"},
    {.name = NULL},
};

static const struct http_field row_fields[] = {
    {.name = "seq", .type = HTTP_T_INT, .required = true, .title = "存证编号"},
    {.name = "received", .type = HTTP_T_TIME, .required = true, .title = "接收时间"},
    {.name = "kind", .type = HTTP_T_STRING, .required = true, .title = "类别"},
    {.name = "cn", .type = HTTP_T_STRING, .required = true, .title = "命令编码"},
    {.name = "cn_name", .type = HTTP_T_STRING, .required = true, .nullable = true, .title = "命令"},
    {.name = "data_time", .type = HTTP_T_TIME, .required = true, .nullable = true, .title = "数据时间"},
    {.name = "size", .type = HTTP_T_INT, .required = true, .title = "字节数"},
    {.name = "cause", .type = HTTP_T_STRING, .required = true, .nullable = true},
    {.name = "cause_text", .type = HTTP_T_STRING, .required = true, .nullable = true, .title = "原因"},
    {.name = NULL},
};
static const struct http_schema row_schema = {.name = "FrameRow", .fields = row_fields};

static const struct http_field page_fields[] = {
    {.name = "items", .type = HTTP_T_ARRAY, .required = true, .of = &row_schema},
    {.name = "next", .type = HTTP_T_STRING, .required = true, .nullable = true,
     .title = "下一页游标;一次查找有上限,本页为空而游标不为空时可继续往前查"},
    {.name = NULL},
};
static const struct http_schema page_schema = {.name = "FrameRowPage", .fields = page_fields};

static const struct http_field fault_fields[] = {
    {.name = "cause", .type = HTTP_T_STRING, .required = true, .title = "故障"},
    {.name = "text", .type = HTTP_T_STRING, .required = true, .title = "可能原因"},
    {.name = "count", .type = HTTP_T_INT, .required = true, .title = "次数"},
    {.name = "last_seq", .type = HTTP_T_INT, .required = true, .nullable = true, .title = "最近一次的存证编号"},
    {.name = "last_received", .type = HTTP_T_TIME, .required = true, .title = "最近一次"},
    {.name = "last_mn", .type = HTTP_T_STRING, .required = true, .nullable = true, .title = "最近一次的设备编码"},
    {.name = NULL},
};
static const struct http_schema fault_schema = {.name = "Fault", .fields = fault_fields};

static const struct http_field faults_fields[] = {
    {.name = "since", .type = HTTP_T_TIME, .required = true, .nullable = true, .title = "统计起点"},
    {.name = "items", .type = HTTP_T_ARRAY, .required = true, .of = &fault_schema},
    {.name = NULL},
};
static const struct http_schema faults_schema = {.name = "Faults", .fields = faults_fields};

const struct http_route frame_log_routes[] = {
    {.method = HTTP_GET, .path = "/api/v1/stations/{mn}/frames", .permission = "station:read", .query = frames_query,
     .reply = &page_schema, .handler = list_frames, .summary = "一台设备的报文,新的在前", .tag = "监测"},
    {.method = HTTP_GET, .path = "/api/v1/faults", .permission = "station:read", .reply = &faults_schema,
     .handler = get_faults, .summary = "按原因统计的报文故障", .tag = "报文"},
    {.path = NULL},
};
