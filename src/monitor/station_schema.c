#include "monitor/station_schema.h"

#define LIST_OF(variable, schema_name, item)                                                                 \
    static const struct http_field variable##_fields[] = {                                                   \
        {.name = "items", .type = HTTP_T_ARRAY, .required = true, .of = &(item)},                            \
        {.name = "total", .type = HTTP_T_INT, .required = true, .title = "总数"},                            \
        {.name = "next", .type = HTTP_T_STRING, .required = true, .nullable = true, .title = "下一页游标"},  \
        {.name = NULL},                                                                                      \
    };                                                                                                       \
    const struct http_schema variable = {.name = schema_name, .fields = variable##_fields}

static const struct http_field named_id_fields[] = {
    {.name = "id", .type = HTTP_T_INT, .required = true},
    {.name = "name", .type = HTTP_T_STRING, .required = true, .title = "名称"},
    {.name = NULL},
};
static const struct http_schema named_id_schema = {.name = "NamedId", .fields = named_id_fields};

static const struct http_field outlet_fields[] = {
    {.name = "id", .type = HTTP_T_INT, .required = true},
    {.name = "code", .type = HTTP_T_STRING, .required = true, .title = "排口编号"},
    {.name = "name", .type = HTTP_T_STRING, .required = true, .title = "排口名称"},
    {.name = "medium", .type = HTTP_T_STRING, .required = true, .title = "介质"},
    {.name = NULL},
};
static const struct http_schema outlet_schema = {.name = "StationOutlet", .fields = outlet_fields};

static const struct http_field region_fields[] = {
    {.name = "code", .type = HTTP_T_STRING, .required = true, .title = "行政区划代码"},
    {.name = "name", .type = HTTP_T_STRING, .required = true, .title = "行政区划"},
    {.name = NULL},
};
static const struct http_schema region_schema = {.name = "Region", .fields = region_fields};
LIST_OF(region_list_schema, "RegionList", region_schema);

static const struct http_field latest_fields[] = {
    {.name = "factor", .type = HTTP_T_STRING, .required = true, .title = "因子编码"},
    {.name = "name", .type = HTTP_T_STRING, .required = true, .title = "因子"},
    {.name = "field", .type = HTTP_T_STRING, .required = true, .title = "字段"},
    {.name = "unit", .type = HTTP_T_STRING, .required = true, .title = "单位"},
    {.name = "value", .type = HTTP_T_DECIMAL, .required = true, .title = "值"},
    {.name = "flag", .type = HTTP_T_STRING, .required = true, .title = "数据标志"},
    {.name = "flag_name", .type = HTTP_T_STRING, .required = true, .nullable = true, .title = "标志含义"},
    {.name = "time", .type = HTTP_T_TIME, .required = true, .nullable = true, .title = "数据时间"},
    {.name = "limit", .type = HTTP_T_DECIMAL, .required = true, .nullable = true, .title = "限值"},
    {.name = "exceeds", .type = HTTP_T_BOOL, .required = true, .title = "高于限值"},
    {.name = "seq", .type = HTTP_T_INT, .required = true, .title = "存证编号"},
    {.name = NULL},
};
static const struct http_schema latest_schema = {.name = "Latest", .fields = latest_fields};

#define STATION_FIELDS                                                                                       \
    {.name = "mn", .type = HTTP_T_STRING, .required = true, .title = "设备编码"},                            \
        {.name = "name", .type = HTTP_T_STRING, .required = true, .title = "站点名称"},                      \
        {.name = "enterprise", .type = HTTP_T_OBJECT, .required = true, .of = &named_id_schema},             \
        {.name = "outlet", .type = HTTP_T_OBJECT, .required = true, .of = &outlet_schema},                   \
        {.name = "region", .type = HTTP_T_OBJECT, .required = true, .of = &region_schema},                   \
        {.name = "state", .type = HTTP_T_STRING, .required = true, .values = state_words, .title = "状态"},  \
        {.name = "state_since", .type = HTTP_T_TIME, .required = true, .nullable = true},                    \
        {.name = "last_received", .type = HTTP_T_TIME, .required = true, .nullable = true},                  \
        {.name = "last_data_time", .type = HTTP_T_TIME, .required = true, .nullable = true},                 \
        {.name = "clock_offset_s", .type = HTTP_T_INT, .required = true, .nullable = true, .title = "时钟偏差"}, \
        {.name = "edition", .type = HTTP_T_STRING, .required = true, .title = "协议版本"},                   \
        {.name = "dialect", .type = HTTP_T_STRING, .required = true, .title = "方言"},                       \
        {.name = "dialect_name", .type = HTTP_T_STRING, .required = true, .nullable = true, .title = "方言名称"},\
        {.name = "connected", .type = HTTP_T_BOOL, .required = true, .title = "已连接"},                     \
        {.name = "peer", .type = HTTP_T_STRING, .required = true, .nullable = true, .title = "来源地址"},    \
        {.name = "latest", .type = HTTP_T_ARRAY, .required = true, .of = &latest_schema}

static const char *const state_words[] = {"never", "online", "late", "abnormal", "offline", NULL};

static const struct http_field station_fields[] = {STATION_FIELDS, {.name = NULL}};
const struct http_schema station_schema = {.name = "Station", .fields = station_fields};
LIST_OF(station_list_schema, "StationList", station_schema);

static const struct http_schema string_schema = {.name = NULL, .item = HTTP_T_STRING};

static const struct http_field factor_fields[] = {
    {.name = "code", .type = HTTP_T_STRING, .required = true, .title = "因子编码"},
    {.name = "name", .type = HTTP_T_STRING, .required = true, .title = "因子"},
    {.name = "unit", .type = HTTP_T_STRING, .required = true, .title = "单位"},
    {.name = "decimals", .type = HTTP_T_INT, .required = true, .title = "小数位"},
    {.name = "limit", .type = HTTP_T_DECIMAL, .required = true, .nullable = true, .title = "限值"},
    {.name = "limit_low", .type = HTTP_T_DECIMAL, .required = true, .nullable = true, .title = "下限"},
    {.name = "limit_basis", .type = HTTP_T_STRING, .required = true, .nullable = true, .title = "限值依据"},
    {.name = "kinds", .type = HTTP_T_ARRAY, .required = true, .of = &string_schema, .title = "上报的数据类型"},
    {.name = NULL},
};
const struct http_schema station_factor_schema = {.name = "Factor", .fields = factor_fields};

static const struct http_field profile_fields[] = {
    {.name = "edition", .type = HTTP_T_STRING, .required = true, .title = "协议版本"},
    {.name = "password_set", .type = HTTP_T_BOOL, .required = true, .title = "已设访问密码"},
    {.name = "accept_bad_crc", .type = HTTP_T_BOOL, .required = true, .title = "容许校验码错误(调试)"},
    {.name = "clock_policy", .type = HTTP_T_STRING, .required = true, .title = "时钟策略"},
    {.name = "dialect", .type = HTTP_T_STRING, .required = true, .title = "方言"},
    {.name = "answer_policy", .type = HTTP_T_STRING, .required = true, .title = "应答策略"},
    {.name = "period_stamp", .type = HTTP_T_STRING, .required = true, .title = "时段标注方式"},
    {.name = "sm4_key_set", .type = HTTP_T_BOOL, .required = true, .title = "已设 SM4 密钥"},
    {.name = "time_offset_minutes", .type = HTTP_T_INT, .required = true, .title = "时区(分钟)"},
    {.name = NULL},
};
const struct http_schema station_profile_schema = {.name = "DeviceProfile", .fields = profile_fields};

static const struct http_field count_fields[] = {
    {.name = "frames", .type = HTTP_T_INT, .required = true, .title = "有效帧"},
    {.name = "bad", .type = HTTP_T_INT, .required = true, .title = "校验错误帧"},
    {.name = "repeated", .type = HTTP_T_INT, .required = true, .title = "重发"},
    {.name = "values", .type = HTTP_T_INT, .required = true, .title = "数据个数"},
    {.name = NULL},
};
static const struct http_schema count_schema = {.name = "StationTraffic", .fields = count_fields};

static const struct http_field issue_fields[] = {
    {.name = "word", .type = HTTP_T_STRING, .required = true},
    {.name = "text", .type = HTTP_T_STRING, .required = true, .title = "原因"},
    {.name = "count", .type = HTTP_T_INT, .required = true, .title = "次数"},
    {.name = NULL},
};
static const struct http_schema issue_schema = {.name = "StationIssue", .fields = issue_fields};

static const struct http_field page_fields[] = {
    STATION_FIELDS,
    {.name = "factors", .type = HTTP_T_ARRAY, .required = true, .of = &station_factor_schema},
    {.name = "profile", .type = HTTP_T_OBJECT, .required = true, .of = &station_profile_schema},
    {.name = "counts", .type = HTTP_T_OBJECT, .required = true, .of = &count_schema},
    {.name = "issues", .type = HTTP_T_ARRAY, .required = true, .of = &issue_schema},
    {.name = "interval_minutes", .type = HTTP_T_INT, .required = true, .title = "分钟数据间隔"},
    {.name = NULL},
};
const struct http_schema station_page_schema = {.name = "StationPage", .fields = page_fields};
