#include "app/config.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "app/business.h"
#include "base/buf.h"
#include "base/file.h"
#include "db/db.h"

#define FILE_MAX (64u << 10)
#define SHOWN_MAX 60 /* of a wrong value, in a message */

enum kind { NUMBER, ADDRESS, FOLDER, TEXT, URL, SAFE_URL /* enciphered, or on this machine */, DATABASE };

struct row {
    const char *key;
    enum kind kind;
    bool live;           /* can change while the server runs */
    size_t at;           /* in struct config */
    const char *unit;
    uint64_t scale;      /* stored = written * scale */
    const char *by_default;
    uint64_t min, max;   /* as written */
    const char *help;
};

#define AT(member) offsetof(struct config, member)

static const struct row rows[] = {
    {"http", ADDRESS, false, AT(http), "HOST:PORT", 0, "127.0.0.1:8080", 0, 0, "网页与接口监听地址"},
    {"gate", ADDRESS, false, AT(gate), "HOST:PORT", 0, "127.0.0.1:9212", 0, 0, "数采网关监听地址"},
    {"web", FOLDER, false, AT(web), "DIR", 0, "", 0, 0, "前端文件目录,空为在程序旁查找"},
    {"db", DATABASE, false, AT(db), "postgresql://…", 0, "", 0, 0,
     "业务数据库:空为数据目录中的 yuheng.db(SQLite),或 postgresql://用户@主机:端口/库名"},
    {"max-connections", NUMBER, false, AT(max_connections), "", 1, "20000", 1, 200000,
     "数采仪连接总数;另留十六分之一给连接不足 4 条的来源地址"},
    {"connections-per-address", NUMBER, true, AT(limits.per_address), "", 1, "0", 0, 200000,
     "同一来源地址的连接数,0 为不单独限制(许多站点可能在同一出口地址之后)"},
    {"connects-per-address", NUMBER, true, AT(limits.address_rate), "1/s", 1, "2000", 0, 1000000,
     "同一来源地址每秒新连接数,0 为不限;超出者被关闭"},
    {"connects-per-address-burst", NUMBER, true, AT(limits.address_burst), "", 1, "20000", 1, 1000000,
     "同一来源地址可一次建立的新连接数"},
    {"connects", NUMBER, true, AT(limits.accept_rate), "1/s", 1, "5000", 0, 1000000,
     "全部来源每秒新连接数,0 为不限;超出者在内核队列中等待"},
    {"connects-burst", NUMBER, true, AT(limits.accept_burst), "", 1, "5000", 1, 1000000, "全部来源可一次建立的新连接数"},
    {"frames-per-station", NUMBER, true, AT(limits.station_rate), "1/s", 1, "2000", 0, 1000000,
     "同一站点(MN)每秒报文数,0 为不限;超出者暂缓读取,不丢弃"},
    {"frames-per-station-burst", NUMBER, true, AT(limits.station_burst), "", 1, "50000", 1, 1000000,
     "同一站点可连续上报的报文数(补传)"},
    {"idle", NUMBER, true, AT(limits.idle_ms), "s", 1000, "1800", 1, 604800, "无数据的连接在此时间后关闭"},
    {"partial", NUMBER, true, AT(limits.partial_ms), "s", 1000, "60", 1, 3600,
     "未收完的报文在此时间后原样存证,连接保留"},
    {"unread-answers", NUMBER, true, AT(limits.answer_ms), "s", 1000, "30", 1, 3600,
     "对方一直不取应答的连接在此时间后关闭"},
    {"held-per-connection", NUMBER, true, AT(limits.held_each), "KiB", 1024, "256", 64, 1024,
     "每条连接未取走的应答上限,超出后暂停读取该连接"},
    {"held", NUMBER, true, AT(limits.held_all), "MiB", 1 << 20, "256", 8, 65536,
     "全部连接占用内存的界线,超出后暂停读取占用最多的连接;最多达到它的两倍"},
    {"drain", NUMBER, true, AT(drain_ms), "s", 1000, "5", 0, 300, "停止时读完、存证并应答已到数据的最长时间"},
    {"log-segment", NUMBER, false, AT(segment_bytes), "MiB", 1 << 20, "64", 1, 1024, "存证日志每段的大小,写满即封存并压缩"},
    {"public-url", URL, false, AT(public_url), "URL", 0, "", 0, 0, "浏览器访问本系统的地址,如 https://zf.example.gov.cn"},
    {"portal-issuer", SAFE_URL, false, AT(portal_issuer), "URL", 0, "", 0, 0,
     "统一门户(OpenID Connect)的地址,空为不用;须为 https,另须设置 public-url 与 portal-client"},
    {"portal-client", TEXT, false, AT(portal_client), "", 0, "", 0, 0, "在统一门户登记的客户端编号"},
    {"portal-secret-file", FOLDER, false, AT(portal_secret_file), "FILE", 0, "", 0, 0,
     "存放客户端密钥的文件(一行),空为公开客户端"},
    {"portal-title", TEXT, false, AT(portal_title), "", 0, "统一门户登录", 0, 0, "登录页上的按钮文字"},
};
_Static_assert(YH_LEN(rows) <= CONFIG_ROWS, "struct config has too few sources");

static const char *const source_words[] = {
    [CONFIG_DEFAULT] = "default", [CONFIG_FILE] = "file", [CONFIG_LINE] = "command line"};

static const struct row *find_row(yh_str key)
{
    for (size_t i = 0; i < YH_LEN(rows); i++)
        if (yh_str_is(key, rows[i].key))
            return &rows[i];
    return NULL;
}

static char *text_of(struct config *c, const struct row *r)
{
    return (char *)c + r->at;
}

static uint64_t *number_of(struct config *c, const struct row *r)
{
    return (uint64_t *)(void *)((char *)c + r->at);
}

/* A value as it would be written, less a password. */
static void show(const struct config *c, const struct row *r, char ret[CONFIG_TEXT_MAX])
{
    const char *at = (const char *)c + r->at;
    uint64_t number;
    if (r->kind == NUMBER) {
        memcpy(&number, at, sizeof number);
        snprintf(ret, CONFIG_TEXT_MAX, "%llu", (unsigned long long)(number / r->scale));
    } else {
        business_shown(at, ret, CONFIG_TEXT_MAX);
    }
}

/* ---- one value ---- */

/* What somebody wrote, fit for a line on a terminal. */
static const char *shown(yh_str value, char ret[SHOWN_MAX + 4])
{
    size_t n = yh_min_size(value.n, SHOWN_MAX);
    for (size_t i = 0; i < n; i++)
        ret[i] = (unsigned char)value.p[i] < 0x20 || value.p[i] == 0x7F ? '?' : value.p[i];
    memcpy(ret + n, value.n > n ? "..." : "", value.n > n ? 4 : 1);
    return ret;
}

static yh_err set_number(struct config *c, const struct row *r, yh_str value)
{
    uint64_t number;
    char text[SHOWN_MAX + 4];
    if (!yh_str_to_u64(value, &number) || number < r->min || number > r->max)
        return yh_fail(YH_E_INVALID, "%s must be a whole number from %llu to %llu%s%s, not '%s'", r->key,
                       (unsigned long long)r->min, (unsigned long long)r->max, *r->unit ? " " : "", r->unit,
                       shown(value, text));
    *number_of(c, r) = number * r->scale;
    return YH_OK;
}

static bool is_plain(yh_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7F)
            return false;
    return yh_str_is_utf8(s);
}

/* "http://127.0.0.1:8080", "https://zf.example.gov.cn": no "/" at the end, so that paths can be put behind it. */
static bool is_url(const char *url, bool safe)
{
    static const char *const anywhere[] = {"https://", "http://"};
    static const char *const on_this_machine[] = {"https://", "http://127.0.0.1:", "http://localhost:"};
    const char *const *begins = safe ? on_this_machine : anywhere;
    size_t n = strlen(url), prefixes = safe ? YH_LEN(on_this_machine) : YH_LEN(anywhere);
    bool known = n == 0;
    for (size_t i = 0; i < prefixes; i++)
        known = known || (strncmp(url, begins[i], strlen(begins[i])) == 0 && n > strlen(begins[i]));
    return known && strcspn(url, " \"'<>\\?#") == n && (n == 0 || url[n - 1] != '/');
}

static yh_err check_text(const struct row *r, const char *value)
{
    char host[256], text[SHOWN_MAX + 4];
    uint16_t port;
    if (r->kind == ADDRESS && cli_host_port(value, host, sizeof host, &port) != YH_OK)
        return yh_fail(YH_E_INVALID, "%s must be HOST:PORT, not '%s'", r->key, shown(yh_str_of(value), text));
    if ((r->kind == URL || r->kind == SAFE_URL) && !is_url(value, r->kind == SAFE_URL))
        return yh_fail(YH_E_INVALID, "%s must be an address that begins with https://%s and does not end with '/', not '%s'",
                       r->key, r->kind == URL ? " or http://" : "", shown(yh_str_of(value), text));
    if (r->kind == DATABASE && *value && !db_is_server(value)) /* not shown: it may hold a password */
        return yh_fail(YH_E_INVALID, "%s must be postgresql://user@host:port/name, or empty for the file", r->key);
    return YH_OK;
}

static yh_err set_text(struct config *c, const struct row *r, yh_str value)
{
    char copy[CONFIG_TEXT_MAX], text[SHOWN_MAX + 4];
    if (value.n >= sizeof copy)
        return yh_fail(YH_E_INVALID, "%s must be shorter than %d bytes", r->key, CONFIG_TEXT_MAX);
    if (!is_plain(value))
        return yh_fail(YH_E_INVALID, "%s must be plain text in UTF-8, not '%s'", r->key, shown(value, text));
    memcpy(copy, value.p, value.n);
    copy[value.n] = '\0';
    YH_TRY(check_text(r, copy));
    memcpy(text_of(c, r), copy, value.n + 1);
    return YH_OK;
}

static yh_err set(struct config *c, const struct row *r, yh_str value, config_source source)
{
    YH_TRY(r->kind == NUMBER ? set_number(c, r, value) : set_text(c, r, value));
    c->source[r - rows] = source;
    return YH_OK;
}

/* ---- the file ---- */

struct reading {
    struct config *config;
    unsigned seen[CONFIG_ROWS]; /* line of each key, 0: not yet */
};

static yh_err take_line(struct reading *r, yh_str line, unsigned number)
{
    char text[SHOWN_MAX + 4];
    size_t equals = yh_str_find(line, '=', 0);
    if (equals == line.n)
        return yh_fail(YH_E_INVALID, "'%s' is not 'key = value'", shown(line, text));
    yh_str key = yh_str_trim(yh_str_sub(line, 0, equals)), value = yh_str_trim(yh_str_sub(line, equals + 1, line.n));
    const struct row *row = find_row(key);
    if (!row)
        return yh_fail(YH_E_INVALID, "unknown key '%s' ('yuheng config --table' lists all)", shown(key, text));
    if (r->seen[row - rows])
        return yh_fail(YH_E_INVALID, "%s stands in line %u already", row->key, r->seen[row - rows]);
    r->seen[row - rows] = number;
    return set(r->config, row, value, CONFIG_FILE);
}

yh_err config_parse(yh_str content, const char *path, struct config *c)
{
    struct reading r = {.config = c};
    yh_str line;
    if (yh_str_starts(content, YH_S("\xEF\xBB\xBF"))) /* editors of other systems begin files with it */
        content = yh_str_sub(content, 3, content.n);
    for (unsigned number = 1; yh_str_split(&content, '\n', &line); number++) {
        line = yh_str_trim(yh_str_sub(line, 0, yh_str_find(line, '#', 0)));
        yh_err e = line.n ? take_line(&r, line, number) : YH_OK;
        if (e != YH_OK) {
            char cause[512];
            snprintf(cause, sizeof cause, "%s", yh_cause());
            return yh_fail(e, "%s:%u: %s", path, number, cause);
        }
    }
    return YH_OK;
}

static yh_err file_path(const char *dir, char ret[PATH_MAX])
{
    if (snprintf(ret, PATH_MAX, "%s/yuheng.conf", dir) >= PATH_MAX)
        return yh_fail(YH_E_TOO_LARGE, "the path of the data directory is too long");
    return YH_OK;
}

static yh_err read_file(struct config *c, const char *dir)
{
    char path[PATH_MAX];
    YH_TRY(file_path(dir, path));
    if (access(path, F_OK) != 0)
        return errno == ENOENT ? YH_OK : yh_fail_errno("cannot read %s", path);
    yh_buf_auto content = yh_buf_make(FILE_MAX);
    YH_TRY(yh_file_read(path, &content));
    return config_parse(yh_buf_view(&content), path, c);
}

/* ---- all together ---- */

void config_options(struct config_line *line, struct cli_option ret[CONFIG_OPTIONS])
{
    const struct cli_option options[CONFIG_OPTIONS] = {
        {"--data", CLI_TEXT, &line->data, "DIR", "数据目录,设置在其中的 yuheng.conf", false},
        {"--http", CLI_TEXT, &line->http, "HOST:PORT", "网页与接口地址,默认 127.0.0.1:8080", false},
        {"--gate", CLI_TEXT, &line->gate, "HOST:PORT", "数采网关地址,默认 127.0.0.1:9212", false},
        {"--web", CLI_TEXT, &line->web, "DIR", "前端文件目录,默认在程序旁查找", false},
        {"--max-connections", CLI_TEXT, &line->max_connections, "N", "数采仪连接总数,默认 20000", false},
        {"--log-segment", CLI_TEXT, &line->log_segment, "MiB", "存证日志每段的大小,写满即封存并压缩,默认 64", false},
        business_option(&line->db),
    };
    memcpy(ret, options, sizeof options);
}

static yh_err take_command_line(struct config *c, const struct config_line *line)
{
    const struct {
        const char *key, *value;
    } given[] = {
        {"http", line->http}, {"gate", line->gate}, {"web", line->web}, {"max-connections", line->max_connections},
        {"log-segment", line->log_segment}, {"db", line->db}};
    for (size_t i = 0; i < YH_LEN(given); i++)
        if (given[i].value)
            YH_TRY(set(c, find_row(yh_str_of(given[i].key)), yh_str_of(given[i].value), CONFIG_LINE));
    return YH_OK;
}

yh_err config_defaults(struct config *c)
{
    *c = (struct config){0};
    for (size_t i = 0; i < YH_LEN(rows); i++)
        YH_TRY(set(c, &rows[i], yh_str_of(rows[i].by_default), CONFIG_DEFAULT));
    return YH_OK;
}

yh_err config_load(const struct config_line *line, struct config *ret)
{
    struct config c;
    YH_TRY(config_defaults(&c));
    if (line->data)
        YH_TRY(read_file(&c, line->data));
    YH_TRY(take_command_line(&c, line));
    *ret = c;
    return YH_OK;
}

static void adopt_row(struct config *now, const struct config *newer, const struct row *r)
{
    size_t size = r->kind == NUMBER ? sizeof(uint64_t) : CONFIG_TEXT_MAX;
    memcpy((char *)now + r->at, (const char *)newer + r->at, size);
    now->source[r - rows] = newer->source[r - rows];
}

size_t config_adopt(struct config *now, const struct config *newer, struct yh_json *changes)
{
    size_t n = 0;
    char from[CONFIG_TEXT_MAX], to[CONFIG_TEXT_MAX];
    yh_json_arr(changes);
    for (const struct row *r = rows; r < rows + YH_LEN(rows); r++) {
        show(now, r, from);
        show(newer, r, to);
        if (strcmp(from, to) == 0)
            continue;
        n++;
        yh_json_obj(changes);
        yh_json_kz(changes, "key", r->key);
        yh_json_kz(changes, "from", from);
        yh_json_kz(changes, "to", to);
        yh_json_kbool(changes, "in_force", r->live);
        yh_json_obj_end(changes);
        if (r->live)
            adopt_row(now, newer, r);
    }
    yh_json_arr_end(changes);
    return n;
}

/* ---- showing ---- */

static void value_json(struct yh_json *j, const char *key, const struct row *r, const char *text)
{
    uint64_t number;
    if (r->kind == NUMBER && yh_str_to_u64(yh_str_of(text), &number))
        yh_json_ku64(j, key, number);
    else
        yh_json_kz(j, key, text);
}

static void row_json(const struct config *c, const struct row *r, struct yh_json *j)
{
    char value[CONFIG_TEXT_MAX];
    show(c, r, value);
    yh_json_obj(j);
    yh_json_kz(j, "key", r->key);
    value_json(j, "value", r, value);
    value_json(j, "default", r, r->by_default);
    yh_json_kz(j, "unit", r->unit);
    if (r->kind == NUMBER) {
        yh_json_ku64(j, "min", r->min);
        yh_json_ku64(j, "max", r->max);
    }
    yh_json_kz(j, "source", source_words[c->source[r - rows]]);
    yh_json_kbool(j, "live", r->live);
    yh_json_kz(j, "help", r->help);
    yh_json_obj_end(j);
}

void config_json(const struct config *c, const char *dir, struct yh_json *j)
{
    char path[PATH_MAX] = "";
    bool there = file_path(dir, path) == YH_OK && access(path, F_OK) == 0;
    yh_json_obj(j);
    yh_json_kz(j, "file", there ? path : NULL);
    yh_json_key(j, "items");
    yh_json_arr(j);
    for (size_t i = 0; i < YH_LEN(rows); i++)
        row_json(c, &rows[i], j);
    yh_json_arr_end(j);
    yh_json_obj_end(j);
}

void config_table(yh_buf *out)
{
    yh_buf_puts(out, "| 键 | 默认 | 允许 | 运行中可改 | 含义 |\n|---|---|---|---|---|\n");
    for (const struct row *r = rows; r < rows + YH_LEN(rows); r++) {
        yh_buf_printf(out, "| `%s` | `%s` | ", r->key, *r->by_default ? r->by_default : " ");
        if (r->kind == NUMBER)
            yh_buf_printf(out, "%llu–%llu%s%s", (unsigned long long)r->min, (unsigned long long)r->max,
                          *r->unit ? " " : "", r->unit);
        else
            yh_buf_puts(out, r->unit);
        yh_buf_printf(out, " | %s | %s |\n", r->live ? "是" : "否,须重启", r->help);
    }
}
