#include "source/lists.h"

static const struct list_choice media[] = {
    {"water", "废水"}, {"air", "废气"}, {"noise", "噪声"}, {"other", "其他"}, {NULL, NULL}};
static const struct list_choice editions[] = {
    {"auto", "自动识别"}, {"2005", "HJ/T 212-2005"}, {"2017", "HJ 212-2017"}, {"2025", "HJ 212-2025"}, {NULL, NULL}};
static const struct list_choice answers[] = {
    {"standard", "按标志位"}, {"always", "总是应答"}, {"never", "从不应答"}, {NULL, NULL}};

/* Pages in the order of enterprises begin at the index of their names or regions. */
#define BY_ENTERPRISE                                                                                        \
    .from = " FROM enterprise e CROSS JOIN outlet o CROSS JOIN station s CROSS JOIN region r",               \
    .on = " AND o.enterprise_id = e.id AND s.outlet_id = o.id AND r.code = e.region_code"

static const struct list_column station_columns[] = {
    {.key = "mn", .title = "设备编码", .sql = "s.mn", .filters = LIST_CONTAINS, .sortable = true, .search = true, .width = 28},
    {.key = "name", .title = "站点名称", .sql = "s.name", .filters = LIST_CONTAINS, .sortable = true, .search = true, .width = 30},
    {.key = "enterprise_name", .title = "企业名称", .sql = "e.name", .filters = LIST_CONTAINS, .sortable = true, .search = true,
     .width = 34, .group = "企业", BY_ENTERPRISE},
    {.key = "credit_code", .title = "统一社会信用代码", .sql = "e.credit_code", .filters = LIST_CONTAINS, .nullable = true,
     .aside = true, .width = 22, .group = "企业"},
    {.key = "region_name", .title = "区县", .sql = "r.name", .search = true, .width = 14, .group = "企业"},
    {.key = "region_code", .title = "区划代码", .sql = "e.region_code", .filters = LIST_IN, .sortable = true, .aside = true,
     .width = 10, .group = "企业", BY_ENTERPRISE},
    {.key = "outlet_code", .title = "排口编号", .sql = "o.code", .filters = LIST_CONTAINS, .width = 10, .group = "排口"},
    {.key = "outlet_name", .title = "排口名称", .sql = "o.name", .filters = LIST_CONTAINS, .width = 24, .aside = true, .group = "排口"},
    {.key = "medium", .title = "介质", .sql = "o.medium", .filters = LIST_IN, .choices = media, .width = 8, .group = "排口"},
    {.key = "edition", .title = "协议版本", .sql = "s.edition", .filters = LIST_IN, .choices = editions, .width = 14, .group = "通信"},
    {.key = "st", .title = "系统编码", .sql = "s.st", .filters = LIST_IN, .aside = true, .width = 9, .group = "通信"},
    {.key = "answer_policy", .title = "应答策略", .sql = "s.answer_policy", .filters = LIST_IN, .choices = answers, .aside = true,
     .width = 10, .group = "通信"},
    {.key = "interval_minutes", .title = "分钟数据间隔", .type = LIST_INT, .sql = "s.interval_minutes", .filters = LIST_RANGE,
     .aside = true, .width = 12, .group = "通信"},
    {.key = "demo", .title = "示范", .type = LIST_BOOL, .sql = "e.demo", .filters = LIST_EQUAL, .aside = true, .width = 6},
    {.key = "created_at", .title = "登记时间", .type = LIST_TIME, .sql = "s.created_at", .filters = LIST_RANGE, .sortable = true,
     .width = 20},
    {.key = "cause", .title = "登记人", .sql = "s.cause", .filters = LIST_CONTAINS, .aside = true, .width = 12},
    {.key = NULL},
};

static struct list_memo stations_memo;
const struct list source_stations = {
    .name = "stations",
    .schema = "RegisteredStation",
    .title = "站点台账",
    .tag = "台账",
    .path = "/api/v1/registry/stations",
    .permission = "station:read",
    .columns = station_columns,
    .from = " FROM station s JOIN outlet o ON o.id = s.outlet_id JOIN enterprise e ON e.id = o.enterprise_id"
            " JOIN region r ON r.code = e.region_code",
    .where = " WHERE " LIST_SCOPE("(v.kind = 'region' AND v.scope_key = e.region_code)"
                                  " OR (v.kind = 'enterprise' AND v.scope_key = CAST(e.id AS TEXT))"
                                  " OR (v.kind = 'station' AND v.scope_key = s.mn)"),
    .key = "mn",
    .sort = "enterprise_name",
    .import = "/api/v1/registry/stations/import",
    .memo = &stations_memo,
};

static const struct list_column unknown_columns[] = {
    {.key = "mn", .title = "设备编码", .sql = "u.mn", .filters = LIST_CONTAINS, .sortable = true, .search = true, .width = 28},
    {.key = "st", .title = "系统编码", .sql = "u.st", .filters = LIST_IN, .width = 9},
    {.key = "edition", .title = "协议版本", .sql = "u.edition", .filters = LIST_IN, .width = 12},
    {.key = "frames", .title = "帧数", .type = LIST_INT, .sql = "u.frames", .filters = LIST_RANGE, .width = 9},
    {.key = "first_seen", .title = "首次收到", .type = LIST_TIME, .sql = "u.first_seen", .width = 20},
    {.key = "last_seen", .title = "最近收到", .type = LIST_TIME, .sql = "u.last_seen", .filters = LIST_RANGE, .sortable = true,
     .width = 20},
    {.key = "peer", .title = "来源地址", .sql = "u.peer", .filters = LIST_CONTAINS, .search = true, .width = 22},
    {.key = "last_cn", .title = "最近命令", .sql = "u.last_cn", .width = 9},
    {.key = "last_seq", .title = "最近存证编号", .type = LIST_INT, .sql = "u.last_seq", .width = 12},
    {.key = NULL},
};

static struct list_memo unknown_memo;
const struct list source_unknown_senders = {
    .name = "unknown-stations",
    .schema = "UnknownStation",
    .title = "待接入的发送方",
    .tag = "接入",
    .path = "/api/v1/stations/unknown",
    .permission = "station:read",
    .columns = unknown_columns,
    .from = " FROM unknown_station u",
    /* they lie in no region: only who reaches everything sees them */
    .where = " WHERE " LIST_SCOPE("1 = 0"),
    .key = "mn",
    .sort = "-last_seen",
    .count_most = SOURCE_UNKNOWN_MAX,
    .memo = &unknown_memo,
};
