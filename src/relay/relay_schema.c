#include "relay/relay_schema.h"

#include "relay/store.h"

#define HOST_PATTERN "[A-Za-z0-9]([A-Za-z0-9._:-]*[A-Za-z0-9])?|::1"

static const char *const scopes[] = {"all", "region", "list", NULL};
static const char *const modes[] = {"raw", "rewrite", NULL};
static const char *const editions[] = {"keep", "2005", "2017", "2025", NULL};
static const char *const states[] = {"paused", "down", "connecting", "up", "mute", NULL};
static const char *const reasons[] = {"unanswered", "refused", "enciphered", "malformed", NULL};

static const struct http_schema mn_schema = {.name = NULL, .item = HTTP_T_STRING};

static const struct http_field name_fields[] = {
    {.name = "mn", .type = HTTP_T_STRING, .required = true, .min = 1, .max = 32, .title = "设备编码"},
    {.name = "upstream_mn", .type = HTTP_T_STRING, .required = true, .min = 1, .max = 32, .title = "上级平台的编码"},
    {.name = NULL},
};
static const struct http_schema name_schema = {.name = "RelayName", .fields = name_fields};

/* ---- requests ---- */

#define SETUP_FIELDS(must)                                                                                   \
    {.name = "name", .type = HTTP_T_STRING, .required = must, .min = 1, .max = 60, .title = "上级平台名称"}, \
        {.name = "host", .type = HTTP_T_STRING, .required = must, .min = 1, .max = 253, .pattern = HOST_PATTERN, \
         .title = "地址(域名或 IP)"},                                                                     \
        {.name = "port", .type = HTTP_T_INT, .required = must, .min = 1, .max = 65535, .title = "端口"},     \
        {.name = "paused", .type = HTTP_T_BOOL, .title = "暂停"},                                            \
        {.name = "scope", .type = HTTP_T_STRING, .values = scopes, .title = "转发范围"},                     \
        {.name = "region_code", .type = HTTP_T_STRING, .nullable = true, .max = 12, .title = "行政区划"},    \
        {.name = "stations", .type = HTTP_T_ARRAY, .max = RELAY_STATIONS_MAX, .of = &mn_schema, .title = "站点名单"}, \
        {.name = "mode", .type = HTTP_T_STRING, .values = modes, .title = "转发方式"},                       \
        {.name = "edition", .type = HTTP_T_STRING, .values = editions, .title = "协议版本"},                 \
        {.name = "ask_ack", .type = HTTP_T_BOOL, .title = "要求上级应答"},                                   \
        {.name = "password", .type = HTTP_T_STRING, .nullable = true, .max = 32, .title = "访问密码"},       \
        {.name = "names", .type = HTTP_T_ARRAY, .max = RELAY_STATIONS_MAX, .of = &name_schema, .title = "编码对照"}, \
        {.name = "pace_ms", .type = HTTP_T_INT, .min = 0, .max = 600000, .title = "同站最小间隔(毫秒)"},   \
        {.name = "rate_per_s", .type = HTTP_T_INT, .min = 1, .max = 20000, .title = "总速率(帧/秒)"},      \
        {.name = "answer_ms", .type = HTTP_T_INT, .min = 100, .max = 600000, .title = "应答超时(毫秒)"},   \
        {.name = "tries", .type = HTTP_T_INT, .min = 1, .max = 20, .title = "发送次数"}

static const struct http_field new_fields[] = {
    SETUP_FIELDS(true),
    {.name = "from", .type = HTTP_T_TIME, .nullable = true, .title = "从何时接收的报文开始;缺省为现在"},
    {.name = NULL},
};
const struct http_schema relay_new_schema = {.name = "NewRelay", .fields = new_fields};

static const struct http_field patch_fields[] = {SETUP_FIELDS(false), {.name = NULL}};
const struct http_schema relay_patch_schema = {.name = "RelayPatch", .fields = patch_fields};

/* ---- replies ---- */

#define RELAY_FIELDS                                                                                         \
    {.name = "id", .type = HTTP_T_INT, .required = true},                                                    \
        {.name = "name", .type = HTTP_T_STRING, .required = true, .title = "上级平台名称"},                  \
        {.name = "host", .type = HTTP_T_STRING, .required = true, .title = "地址"},                          \
        {.name = "port", .type = HTTP_T_INT, .required = true, .title = "端口"},                             \
        {.name = "paused", .type = HTTP_T_BOOL, .required = true, .title = "暂停"},                          \
        {.name = "scope", .type = HTTP_T_STRING, .required = true, .values = scopes, .title = "转发范围"},   \
        {.name = "region_code", .type = HTTP_T_STRING, .required = true, .nullable = true, .title = "行政区划"}, \
        {.name = "mode", .type = HTTP_T_STRING, .required = true, .values = modes, .title = "转发方式"},     \
        {.name = "edition", .type = HTTP_T_STRING, .required = true, .values = editions, .title = "协议版本"}, \
        {.name = "ask_ack", .type = HTTP_T_BOOL, .required = true, .title = "要求上级应答"},                 \
        {.name = "password_set", .type = HTTP_T_BOOL, .required = true, .title = "已设访问密码"},            \
        {.name = "pace_ms", .type = HTTP_T_INT, .required = true, .title = "同站最小间隔(毫秒)"},          \
        {.name = "rate_per_s", .type = HTTP_T_INT, .required = true, .title = "总速率(帧/秒)"},            \
        {.name = "answer_ms", .type = HTTP_T_INT, .required = true, .title = "应答超时(毫秒)"},            \
        {.name = "tries", .type = HTTP_T_INT, .required = true, .title = "发送次数"},                        \
        {.name = "station_count", .type = HTTP_T_INT, .required = true, .title = "名单站点数"},              \
        {.name = "name_count", .type = HTTP_T_INT, .required = true, .title = "编码对照数"},                 \
        {.name = "created_at", .type = HTTP_T_TIME, .required = true, .title = "建立时间"},                  \
        {.name = "created_by", .type = HTTP_T_STRING, .required = true, .title = "建立人"},                  \
        {.name = "updated_at", .type = HTTP_T_TIME, .required = true, .title = "修改时间"},                  \
        {.name = "state", .type = HTTP_T_STRING, .required = true, .values = states, .title = "状态"},       \
        {.name = "cause", .type = HTTP_T_STRING, .required = true, .nullable = true, .title = "受阻原因"},   \
        {.name = "connected_at", .type = HTTP_T_TIME, .required = true, .nullable = true, .title = "连接时间"}, \
        {.name = "last_ack", .type = HTTP_T_TIME, .required = true, .nullable = true, .title = "最近应答"},  \
        {.name = "lag_records", .type = HTTP_T_INT, .required = true, .title = "待转发条数"},                \
        {.name = "lag_seconds", .type = HTTP_T_INT, .required = true, .nullable = true, .title = "滞后(秒)"}, \
        {.name = "fill_records", .type = HTTP_T_INT, .required = true, .title = "其中补传条数"},             \
        {.name = "open", .type = HTTP_T_INT, .required = true, .title = "已发待应答"},                       \
        {.name = "sent", .type = HTTP_T_INT, .required = true, .title = "发送次数累计"},                     \
        {.name = "acknowledged", .type = HTTP_T_INT, .required = true, .title = "已应答"},                   \
        {.name = "timeouts", .type = HTTP_T_INT, .required = true, .title = "应答超时"},                     \
        {.name = "refused", .type = HTTP_T_INT, .required = true, .title = "被拒收"},                        \
        {.name = "aside_total", .type = HTTP_T_INT, .required = true, .title = "搁置报文"}

static const struct http_field relay_fields[] = {RELAY_FIELDS, {.name = NULL}};
static const struct http_schema relay_schema = {.name = "Relay", .fields = relay_fields};

static const struct http_field list_fields[] = {
    {.name = "items", .type = HTTP_T_ARRAY, .required = true, .of = &relay_schema},
    {.name = "total", .type = HTTP_T_INT, .required = true, .title = "总数"},
    {.name = "next", .type = HTTP_T_STRING, .required = true, .nullable = true, .title = "下一页游标"},
    {.name = NULL},
};
const struct http_schema relay_list_schema = {.name = "RelayList", .fields = list_fields};

static const struct http_field aside_fields[] = {
    {.name = "seq", .type = HTTP_T_INT, .required = true, .title = "存证编号"},
    {.name = "mn", .type = HTTP_T_STRING, .required = true, .title = "设备编码"},
    {.name = "cn", .type = HTTP_T_STRING, .required = true, .title = "命令编码"},
    {.name = "cn_name", .type = HTTP_T_STRING, .required = true, .nullable = true, .title = "命令"},
    {.name = "reason", .type = HTTP_T_STRING, .required = true, .values = reasons, .title = "原因"},
    {.name = "code", .type = HTTP_T_INT, .required = true, .title = "返回码"},
    {.name = "tries", .type = HTTP_T_INT, .required = true, .title = "发送次数"},
    {.name = "at", .type = HTTP_T_TIME, .required = true, .title = "搁置时间"},
    {.name = "again", .type = HTTP_T_BOOL, .required = true, .title = "将重新发送"},
    {.name = NULL},
};
static const struct http_schema aside_schema = {.name = "RelayAside", .fields = aside_fields};

static const struct http_field page_fields[] = {
    RELAY_FIELDS,
    {.name = "stations", .type = HTTP_T_ARRAY, .required = true, .of = &mn_schema, .title = "站点名单"},
    {.name = "names", .type = HTTP_T_ARRAY, .required = true, .of = &name_schema, .title = "编码对照"},
    {.name = "aside", .type = HTTP_T_ARRAY, .required = true, .of = &aside_schema, .title = "搁置的报文,新的在前"},
    {.name = NULL},
};
const struct http_schema relay_page_schema = {.name = "RelayPage", .fields = page_fields};

static const struct http_field retry_fields[] = {
    {.name = "marked", .type = HTTP_T_INT, .required = true, .title = "将重新发送的条数"},
    {.name = NULL},
};
const struct http_schema relay_retry_schema = {.name = "RelayRetry", .fields = retry_fields};

static const struct http_field nothing_fields[] = {{.name = NULL}};
const struct http_schema relay_nothing_schema = {.name = "RelayGone", .fields = nothing_fields};
