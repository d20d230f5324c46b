/* How the evidence log grows: what it takes on disk, records and bytes per station and day. */
#include "monitor/http.h"

#include "base/clock.h"
#include "chain/growth.h"
#include "monitor/station_scope.h"

#define DEFAULT_DAYS 7
#define MOST_DAYS 366

struct view {
    struct chain_growth_row **rows; /* newest day first, most bytes first */
    size_t n;
};

static int newest_and_largest_first(const void *a, const void *b)
{
    const struct chain_growth_row *const *x = a, *const *y = b;
    if ((*x)->day != (*y)->day)
        return (*x)->day > (*y)->day ? -1 : 1;
    if ((*x)->bytes != (*y)->bytes)
        return (*x)->bytes > (*y)->bytes ? -1 : 1;
    return yh_str_cmp((*x)->origin, (*y)->origin);
}

static size_t keep_reached(struct live *live, const struct kit_scope *scope, struct chain_growth_row **rows, size_t n)
{
    size_t kept = 0;
    live_lock(live);
    for (size_t i = 0; i < n; i++)
        if (station_in_scope(scope, live_find(live, rows[i]->origin)))
            rows[kept++] = rows[i];
    live_unlock(live);
    return kept;
}

static void put_day(struct yh_json *j, int32_t day)
{
    char text[16];
    chain_growth_day_text(day, text);
    yh_json_kz(j, "day", text);
}

static void put_figures(struct yh_json *j, uint64_t records, uint64_t bytes)
{
    yh_json_ku64(j, "records", records);
    yh_json_ku64(j, "bytes", bytes);
    yh_json_obj_end(j);
}

static void put_days(struct yh_json *j, const struct view *v)
{
    yh_json_key(j, "days");
    yh_json_arr(j);
    for (size_t i = 0; i < v->n;) {
        int32_t day = v->rows[i]->day;
        uint64_t records = 0, bytes = 0;
        for (; i < v->n && v->rows[i]->day == day; i++) {
            records += v->rows[i]->records;
            bytes += v->rows[i]->bytes;
        }
        yh_json_obj(j);
        put_day(j, day);
        put_figures(j, records, bytes);
    }
    yh_json_arr_end(j);
}

static void put_items(struct yh_json *j, const struct view *v, size_t after, size_t limit)
{
    size_t from = yh_min_size(after, v->n), end = from + yh_min_size(limit, v->n - from);
    char next[24];
    yh_json_key(j, "items");
    yh_json_arr(j);
    for (size_t i = from; i < end; i++) {
        yh_json_obj(j);
        put_day(j, v->rows[i]->day);
        yh_json_key(j, "mn");
        if (v->rows[i]->origin.n)
            yh_json_str(j, v->rows[i]->origin);
        else
            yh_json_null(j);
        put_figures(j, v->rows[i]->records, v->rows[i]->bytes);
    }
    yh_json_arr_end(j);
    yh_json_ku64(j, "total", v->n);
    snprintf(next, sizeof next, "%zu", end);
    yh_json_kz(j, "next", end < v->n ? next : NULL);
}

static yh_err put_growth(struct http_request *rq, const struct view *v)
{
    struct chain_space space;
    YH_TRY(chain_space_get(monitor_http_of(rq)->chain, &space));
    struct yh_json *j = http_json(rq);
    yh_json_obj(j);
    yh_json_ku64(j, "segments", space.segments);
    yh_json_ku64(j, "packed", space.packed);
    yh_json_ku64(j, "bytes", space.plain_bytes);
    yh_json_ku64(j, "stored_bytes", space.stored_bytes);
    put_days(j, v);
    put_items(j, v, (size_t)http_query_int(rq, "after", 0), (size_t)http_query_int(rq, "limit", 500));
    yh_json_obj_end(j);
    return YH_OK;
}

static yh_err get_growth(struct http_request *rq)
{
    yh_time now = yh_clock_now();
    yh_time to_time = http_query_time(rq, "to", now);
    yh_time from_time = http_query_time(rq, "from", to_time - (DEFAULT_DAYS - 1) * YH_DAY);
    if (from_time > to_time || to_time - from_time > MOST_DAYS * YH_DAY)
        return http_problem(rq, 422, "invalid", "起始日期应不晚于截止日期,且最多查询 366 天。");
    yh_cleanup(chain_growth_done) struct chain_growth g = {0};
    yh_free_auto struct chain_growth_row **rows = NULL;
    struct view v = {0};
    struct kit_scope scope;
    YH_TRY(kit_scope_of(rq, &scope));
    YH_TRY(chain_growth_read(monitor_http_of(rq)->chain, chain_growth_day(from_time), chain_growth_day(to_time), &g));
    YH_TRY(chain_growth_sorted(&g, &rows, &v.n));
    v.n = keep_reached(monitor_http_of(rq)->live, &scope, rows, v.n);
    qsort(rows, v.n, sizeof(struct chain_growth_row *), newest_and_largest_first);
    v.rows = rows;
    return put_growth(rq, &v);
}

/* ---- rows ---- */

static const struct http_field day_fields[] = {
    {.name = "day", .type = HTTP_T_STRING, .required = true, .title = "接收日期"},
    {.name = "records", .type = HTTP_T_INT, .required = true, .title = "记录数"},
    {.name = "bytes", .type = HTTP_T_INT, .required = true, .title = "字节数(压缩前)"},
    {.name = NULL},
};
static const struct http_schema day_schema = {.name = "EvidenceGrowthDay", .fields = day_fields};

static const struct http_field item_fields[] = {
    {.name = "day", .type = HTTP_T_STRING, .required = true, .title = "接收日期"},
    {.name = "mn", .type = HTTP_T_STRING, .required = true, .nullable = true, .title = "设备编码;空为平台自身及来源不明的记录"},
    {.name = "records", .type = HTTP_T_INT, .required = true, .title = "记录数"},
    {.name = "bytes", .type = HTTP_T_INT, .required = true, .title = "字节数(压缩前)"},
    {.name = NULL},
};
static const struct http_schema item_schema = {.name = "EvidenceGrowthRow", .fields = item_fields};

static const struct http_field growth_fields[] = {
    {.name = "segments", .type = HTTP_T_INT, .required = true, .title = "分段数"},
    {.name = "packed", .type = HTTP_T_INT, .required = true, .title = "已压缩的分段数"},
    {.name = "bytes", .type = HTTP_T_INT, .required = true, .title = "全部分段压缩前的字节数"},
    {.name = "stored_bytes", .type = HTTP_T_INT, .required = true, .title = "全部分段现占的字节数"},
    {.name = "days", .type = HTTP_T_ARRAY, .required = true, .of = &day_schema, .title = "每日合计,新的在前"},
    {.name = "items", .type = HTTP_T_ARRAY, .required = true, .of = &item_schema, .title = "每站每日"},
    {.name = "total", .type = HTTP_T_INT, .required = true},
    {.name = "next", .type = HTTP_T_STRING, .required = true, .nullable = true, .title = "下一页的 after"},
    {.name = NULL},
};
static const struct http_schema growth_schema = {.name = "EvidenceGrowth", .fields = growth_fields};

static const struct http_field growth_query[] = {
    {.name = "from", .type = HTTP_T_TIME, .title = "自该时刻所在日起,默认七日内"},
    {.name = "to", .type = HTTP_T_TIME, .title = "至该时刻所在日止,默认今日"},
    {.name = "after", .type = HTTP_T_INT, .min = 0, .max = 100000000, .title = "跳过的行数"},
    {.name = "limit", .type = HTTP_T_INT, .min = 1, .max = 5000, .title = "行数"},
    {.name = NULL},
};

const struct http_route growth_routes[] = {
    {.method = HTTP_GET, .path = "/api/v1/evidence/growth", .permission = "station:read", .query = growth_query,
     .reply = &growth_schema, .handler = get_growth, .summary = "存证日志的增长:每站每日", .tag = "存证"},
    {.path = NULL},
};
