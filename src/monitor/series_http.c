/* Measured values of a station: curve, buckets, recomputed aggregates, versions. */
#include "monitor/http.h"
#include "monitor/station_scope.h"

#include "base/clock.h"
#include "monitor/station_json.h"
#include "monitor/station_schema.h"

#define POINTS_MAX  20000 /* beyond: ask for buckets */
#define BUCKETS_MAX 2000

struct question {
    yh_str mn, factor;
    series_kind kind;
    series_field field;
    yh_time from, to, step;
    bool end_stamped;
    int64_t buckets;
};

static bool field_by_name(yh_str name, series_field *ret)
{
    for (unsigned f = 0; f < SERIES_FIELD_COUNT; f++) {
        if (yh_str_eq_nocase(name, yh_str_of(series_field_name((series_field)f)))) {
            *ret = (series_field)f;
            return true;
        }
    }
    return false;
}

static yh_time step_of(series_kind kind, int interval_minutes)
{
    switch (kind) {
    case SERIES_MINUTE:
        return (interval_minutes > 0 ? interval_minutes : 10) * YH_MINUTE;
    case SERIES_HOUR:
        return YH_HOUR;
    case SERIES_DAY:
        return YH_DAY;
    case SERIES_RTD:
    case SERIES_KIND_COUNT:
        break;
    }
    return YH_MINUTE;
}

/* Default spans fit what a page shows first: an hour live, a day of minutes, thirty days of hours, a year of days. */
static yh_time default_span(series_kind kind)
{
    static const yh_time spans[SERIES_KIND_COUNT] = {
        [SERIES_RTD] = YH_HOUR, [SERIES_MINUTE] = YH_DAY, [SERIES_HOUR] = 30 * YH_DAY, [SERIES_DAY] = 366 * YH_DAY};
    return spans[kind];
}

static yh_err read_question(struct http_request *rq, struct question *q)
{
    yh_str kind = YH_S("rtd"), field = {0};
    q->mn = http_path_param(rq, "mn");
    http_query(rq, "factor", &q->factor);
    http_query(rq, "kind", &kind);
    if (!series_kind_of(kind, &q->kind))
        return http_problem(rq, 422, "invalid", "数据类型只能是 rtd、minute、hour 或 day。");
    q->field = q->kind == SERIES_RTD ? SERIES_F_RTD : SERIES_F_AVG;
    if (http_query(rq, "field", &field) && !field_by_name(field, &q->field))
        return http_problem(rq, 422, "invalid", "没有这个字段,请使用 Rtd、Avg、Min、Max、Cou 或带 Zs 的折算字段。");
    yh_time now = yh_clock_now();
    q->to = http_query_time(rq, "to", now + YH_MINUTE);
    yh_time first = yh_time_of(&(struct yh_civil){.year = 1, .month = 1, .day = 1}, YH_CST);
    yh_time span = default_span(q->kind);
    q->from = http_query_time(rq, "from", q->to - span > first ? q->to - span : first);
    q->buckets = http_query_int(rq, "buckets", 0);
    if (q->from >= q->to)
        return http_problem(rq, 422, "invalid", "起始时间必须早于结束时间。");
    return YH_OK;
}

static void put_value(struct yh_json *j, const struct series_value *v)
{
    yh_json_obj(j);
    yh_json_ktime(j, "time", v->time);
    yh_json_kdec(j, "value", v->value);
    yh_json_kstr(j, "flag", (yh_str){&v->flag, v->flag ? 1 : 0});
    yh_json_ku64(j, "seq", v->seq);
    yh_json_ki64(j, "versions", v->versions);
    yh_json_obj_end(j);
}

struct writer {
    struct yh_json *j;
    size_t n;
    yh_time stamp; /* what the station adds to the start of a period to name it */
};

static bool put_point(void *user, const struct series_value *v)
{
    struct writer *w = user;
    put_value(w->j, v);
    return ++w->n < POINTS_MAX;
}

static bool put_bucket(void *user, const struct series_bucket *b)
{
    struct writer *w = user;
    yh_json_obj(w->j);
    yh_json_ktime(w->j, "from", b->from);
    yh_json_ku64(w->j, "count", b->count);
    yh_json_key(w->j, "min");
    put_value(w->j, &b->min);
    yh_json_key(w->j, "max");
    put_value(w->j, &b->max);
    yh_json_key(w->j, "first");
    put_value(w->j, &b->first);
    yh_json_key(w->j, "last");
    put_value(w->j, &b->last);
    yh_json_obj_end(w->j);
    return true;
}

static bool put_aggregate(void *user, const struct series_aggregate *a)
{
    const struct writer *w = user;
    struct yh_json *j = w->j;
    yh_json_obj(j);
    yh_json_ktime(j, "from", a->from);
    yh_json_ktime(j, "time", a->from + w->stamp);
    yh_json_key(j, "avg");
    if (a->valid)
        yh_json_dec(j, a->avg);
    else
        yh_json_null(j);
    yh_json_key(j, "min");
    if (a->valid)
        yh_json_dec(j, a->min);
    else
        yh_json_null(j);
    yh_json_key(j, "max");
    if (a->valid)
        yh_json_dec(j, a->max);
    else
        yh_json_null(j);
    yh_json_ki64(j, "valid", a->valid);
    yh_json_ki64(j, "total", a->total);
    yh_json_kstr(j, "flag", (yh_str){&a->flag, a->flag ? 1 : 0});
    yh_json_kz(j, "source", series_kind_name(a->source));
    yh_json_obj_end(j);
    return true;
}

static yh_err put_reported(struct series *s, const struct question *q, struct yh_json *j)
{
    struct writer w = {.j = j};
    bool bucketed = q->buckets > 0;
    yh_json_kbool(j, "bucketed", bucketed);
    yh_json_key(j, bucketed ? "buckets" : "points");
    yh_json_arr(j);
    yh_err e = bucketed ? series_downsample(s, q->mn, q->kind, q->factor, q->field, q->from, q->to,
                                            (unsigned)q->buckets, put_bucket, &w)
                        : series_range(s, q->mn, q->kind, q->factor, q->field, q->from, q->to, put_point, &w);
    yh_json_arr_end(j);
    yh_json_key(j, bucketed ? "points" : "buckets");
    yh_json_arr(j);
    yh_json_arr_end(j);
    yh_json_kbool(j, "truncated", w.n >= POINTS_MAX);
    return e;
}

static bool is_mean_field(series_field f)
{
    return f == SERIES_F_AVG || f == SERIES_F_ZS_AVG || f == SERIES_F_MIN || f == SERIES_F_MAX;
}

static yh_err put_recomputed(struct series *s, const struct question *q, struct yh_json *j)
{
    /* A day is named by its date, whatever the station does with hours. */
    struct writer w = {.j = j, .stamp = q->end_stamped && q->kind != SERIES_DAY ? q->step : 0};
    yh_err e = YH_OK;
    yh_json_key(j, "recomputed");
    yh_json_arr(j);
    if (q->kind != SERIES_RTD && is_mean_field(q->field))
        e = series_recompute(s, q->mn, q->kind, q->factor, q->field == SERIES_F_ZS_AVG, q->step,
                             q->end_stamped ? SERIES_STAMP_END : SERIES_STAMP_START,
                             yh_time_floor(q->from, q->step, YH_CST) - w.stamp, q->to, put_aggregate, &w);
    yh_json_arr_end(j);
    return e;
}

/* Head of the answer, taken from the live book; false when the station is unknown or out of reach. */
static bool put_head(struct http_request *rq, const struct kit_scope *scope, struct question *q, struct yh_json *j)
{
    struct live *live = monitor_http_of(rq)->live;
    live_lock(live);
    const struct live_station *s = live_find(live, q->mn);
    bool found = s && s->known && s->info && station_in_scope(scope, s);
    if (found) {
        q->step = step_of(q->kind, s->info->interval_minutes);
        q->end_stamped = s->info->end_stamped;
        yh_json_kstr(j, "mn", q->mn);
        yh_json_key(j, "factor");
        station_json_factor(j, s, q->factor);
    }
    live_unlock(live);
    return found;
}

static yh_err no_station(struct http_request *rq)
{
    return http_problem(rq, 404, "not_found", "没有这个监测站点,请核对设备编码(MN)。");
}

static yh_err get_series(struct http_request *rq)
{
    struct question q = {0};
    struct kit_scope scope;
    YH_TRY(read_question(rq, &q));
    YH_TRY(kit_scope_of(rq, &scope));
    struct yh_json *j = http_json(rq);
    yh_json_obj(j);
    if (!put_head(rq, &scope, &q, j))
        return no_station(rq);
    yh_json_kz(j, "kind", series_kind_name(q.kind));
    yh_json_kz(j, "field", series_field_name(q.field));
    yh_json_ktime(j, "from", q.from);
    yh_json_ktime(j, "to", q.to);
    yh_json_ki64(j, "step_minutes", q.step / YH_MINUTE);
    struct series *s = monitor_http_of(rq)->series;
    YH_TRY(put_reported(s, &q, j));
    YH_TRY(put_recomputed(s, &q, j));
    yh_json_obj_end(j);
    return YH_OK;
}

/* ---- versions of one value ---- */

struct version_writer {
    struct yh_json *j;
    struct chain *chain;
    uint64_t n;
};

static bool put_version(void *user, const struct series_value *v)
{
    struct version_writer *w = user;
    yh_buf_auto bytes = yh_buf_make(CHAIN_PAYLOAD_MAX + 4096);
    struct chain_record r = {.received = YH_TIME_NONE};
    if (chain_get(w->chain, v->seq, &bytes, &r, NULL) != YH_OK)
        r.received = YH_TIME_NONE;
    yh_json_obj(w->j);
    yh_json_kdec(w->j, "value", v->value);
    yh_json_kstr(w->j, "flag", (yh_str){&v->flag, v->flag ? 1 : 0});
    yh_json_ku64(w->j, "seq", v->seq);
    yh_json_ktime(w->j, "received", r.received);
    yh_json_obj_end(w->j);
    w->n++;
    return true;
}

static yh_err list_versions(struct http_request *rq)
{
    struct question q = {0};
    bool reached = false;
    YH_TRY(read_question(rq, &q));
    const struct monitor_http *m = monitor_http_of(rq);
    YH_TRY(station_reached(rq, m->live, q.mn, &reached));
    if (!reached)
        return no_station(rq);
    struct version_writer w = {.j = http_json(rq), .chain = m->chain};
    yh_json_obj(w.j);
    yh_json_key(w.j, "items");
    yh_json_arr(w.j);
    YH_TRY(series_versions(m->series, q.mn, q.kind, q.factor, q.field, http_query_time(rq, "time", 0), put_version, &w));
    yh_json_arr_end(w.j);
    yh_json_ku64(w.j, "total", w.n);
    yh_json_kz(w.j, "next", NULL);
    yh_json_obj_end(w.j);
    return YH_OK;
}

/* ---- rows ---- */

static const char *const kinds[] = {"rtd", "minute", "hour", "day", NULL};

static const struct http_field series_query[] = {
    {.name = "factor", .type = HTTP_T_STRING, .required = true, .max = SERIES_FACTOR_MAX, .title = "因子编码"},
    {.name = "kind", .type = HTTP_T_STRING, .values = kinds, .title = "数据类型"},
    {.name = "field", .type = HTTP_T_STRING, .max = 16, .title = "字段"},
    {.name = "from", .type = HTTP_T_TIME, .title = "起始时间"},
    {.name = "to", .type = HTTP_T_TIME, .title = "结束时间"},
    {.name = "buckets", .type = HTTP_T_INT, .min = 0, .max = BUCKETS_MAX, .title = "分段数"},
    {.name = NULL},
};

static const struct http_field versions_query[] = {
    {.name = "factor", .type = HTTP_T_STRING, .required = true, .max = SERIES_FACTOR_MAX, .title = "因子编码"},
    {.name = "kind", .type = HTTP_T_STRING, .values = kinds, .title = "数据类型"},
    {.name = "field", .type = HTTP_T_STRING, .max = 16, .title = "字段"},
    {.name = "time", .type = HTTP_T_TIME, .required = true, .title = "数据时间"},
    {.name = NULL},
};

static const struct http_field value_fields[] = {
    {.name = "time", .type = HTTP_T_TIME, .required = true, .title = "数据时间"},
    {.name = "value", .type = HTTP_T_DECIMAL, .required = true, .title = "上报值"},
    {.name = "flag", .type = HTTP_T_STRING, .required = true, .title = "数据标志"},
    {.name = "seq", .type = HTTP_T_INT, .required = true, .title = "存证编号"},
    {.name = "versions", .type = HTTP_T_INT, .required = true, .title = "版本数"},
    {.name = NULL},
};
static const struct http_schema value_schema = {.name = "SeriesValue", .fields = value_fields};

static const struct http_field bucket_fields[] = {
    {.name = "from", .type = HTTP_T_TIME, .required = true},
    {.name = "count", .type = HTTP_T_INT, .required = true},
    {.name = "min", .type = HTTP_T_OBJECT, .required = true, .of = &value_schema},
    {.name = "max", .type = HTTP_T_OBJECT, .required = true, .of = &value_schema},
    {.name = "first", .type = HTTP_T_OBJECT, .required = true, .of = &value_schema},
    {.name = "last", .type = HTTP_T_OBJECT, .required = true, .of = &value_schema},
    {.name = NULL},
};
static const struct http_schema bucket_schema = {.name = "SeriesBucket", .fields = bucket_fields};

static const struct http_field aggregate_fields[] = {
    {.name = "from", .type = HTTP_T_TIME, .required = true, .title = "时段起点"},
    {.name = "time", .type = HTTP_T_TIME, .required = true, .title = "站点对该时段的标注时间"},
    {.name = "avg", .type = HTTP_T_DECIMAL, .required = true, .nullable = true, .title = "复算均值"},
    {.name = "min", .type = HTTP_T_DECIMAL, .required = true, .nullable = true, .title = "复算最小"},
    {.name = "max", .type = HTTP_T_DECIMAL, .required = true, .nullable = true, .title = "复算最大"},
    {.name = "valid", .type = HTTP_T_INT, .required = true, .title = "有效个数"},
    {.name = "total", .type = HTTP_T_INT, .required = true, .title = "总个数"},
    {.name = "flag", .type = HTTP_T_STRING, .required = true, .title = "复算标志"},
    {.name = "source", .type = HTTP_T_STRING, .required = true, .title = "复算依据"},
    {.name = NULL},
};
static const struct http_schema aggregate_schema = {.name = "SeriesAggregate", .fields = aggregate_fields};

static const struct http_field series_fields[] = {
    {.name = "mn", .type = HTTP_T_STRING, .required = true, .title = "设备编码"},
    {.name = "factor", .type = HTTP_T_OBJECT, .required = true, .of = &station_factor_schema},
    {.name = "kind", .type = HTTP_T_STRING, .required = true, .title = "数据类型"},
    {.name = "field", .type = HTTP_T_STRING, .required = true, .title = "字段"},
    {.name = "from", .type = HTTP_T_TIME, .required = true},
    {.name = "to", .type = HTTP_T_TIME, .required = true},
    {.name = "step_minutes", .type = HTTP_T_INT, .required = true, .title = "时段长度(分钟)"},
    {.name = "bucketed", .type = HTTP_T_BOOL, .required = true},
    {.name = "truncated", .type = HTTP_T_BOOL, .required = true, .title = "未列完"},
    {.name = "points", .type = HTTP_T_ARRAY, .required = true, .of = &value_schema},
    {.name = "buckets", .type = HTTP_T_ARRAY, .required = true, .of = &bucket_schema},
    {.name = "recomputed", .type = HTTP_T_ARRAY, .required = true, .of = &aggregate_schema},
    {.name = NULL},
};
static const struct http_schema series_schema = {.name = "Series", .fields = series_fields};

static const struct http_field version_fields[] = {
    {.name = "value", .type = HTTP_T_DECIMAL, .required = true, .title = "值"},
    {.name = "flag", .type = HTTP_T_STRING, .required = true, .title = "数据标志"},
    {.name = "seq", .type = HTTP_T_INT, .required = true, .title = "存证编号"},
    {.name = "received", .type = HTTP_T_TIME, .required = true, .nullable = true, .title = "接收时间"},
    {.name = NULL},
};
static const struct http_schema version_schema = {.name = "SeriesVersion", .fields = version_fields};

static const struct http_field version_list_fields[] = {
    {.name = "items", .type = HTTP_T_ARRAY, .required = true, .of = &version_schema},
    {.name = "total", .type = HTTP_T_INT, .required = true},
    {.name = "next", .type = HTTP_T_STRING, .required = true, .nullable = true},
    {.name = NULL},
};
static const struct http_schema version_list_schema = {.name = "SeriesVersionList", .fields = version_list_fields};

const struct http_route series_routes[] = {
    {.method = HTTP_GET, .path = "/api/v1/stations/{mn}/series", .permission = "station:read", .query = series_query,
     .reply = &series_schema, .handler = get_series, .summary = "站点监测数据:上报值与复算值", .tag = "监测"},
    {.method = HTTP_GET, .path = "/api/v1/stations/{mn}/versions", .permission = "station:read",
     .query = versions_query, .reply = &version_list_schema, .handler = list_versions,
     .summary = "同一数据的全部版本", .tag = "监测"},
    {.path = NULL},
};
