#include "relay/setup_json.h"

#include <stdarg.h>

#include "base/map.h"

#define PW_MAX 32

void relay_setup_defaults(struct relay_setup *s)
{
    *s = (struct relay_setup){.pace_ms = 3000, .rate_per_s = 100, .answer_ms = 5000, .tries = 3};
}

/* ---- reading ---- */

static yh_err copy(struct yh_arena *arena, const json_t *v, yh_str *ret)
{
    yh_str text = json_is_string(v) ? (yh_str){json_string_value(v), json_string_length(v)} : YH_S("");
    yh_str kept = yh_arena_str(arena, text);
    if (!kept.p)
        return yh_fail(YH_E_NO_MEMORY, "no memory for the set-up of a target");
    *ret = kept;
    return YH_OK;
}

static yh_err merge_texts(json_t *body, struct yh_arena *arena, struct relay_setup *s)
{
    const struct {
        const char *key;
        yh_str *to;
    } rows[] = {{"name", &s->name}, {"host", &s->host}, {"region_code", &s->region_code}, {"password", &s->password}};
    for (size_t i = 0; i < YH_LEN(rows); i++) {
        const json_t *v = json_object_get(body, rows[i].key);
        if (v)
            YH_TRY(copy(arena, v, rows[i].to));
    }
    return YH_OK;
}

static void merge_numbers(json_t *body, struct relay_setup *s)
{
    unsigned port = s->port;
    const struct {
        const char *key;
        unsigned *to;
    } rows[] = {{"port", &port}, {"pace_ms", &s->pace_ms}, {"rate_per_s", &s->rate_per_s}, {"answer_ms", &s->answer_ms},
                {"tries", &s->tries}};
    for (size_t i = 0; i < YH_LEN(rows); i++) {
        const json_t *v = json_object_get(body, rows[i].key);
        if (v)
            *rows[i].to = (unsigned)json_integer_value(v);
    }
    s->port = (uint16_t)port;
}

static unsigned place_of(const char *const *words, const json_t *v, unsigned otherwise)
{
    for (unsigned i = 0; v && words[i]; i++)
        if (strcmp(json_string_value(v), words[i]) == 0)
            return i;
    return otherwise;
}

static void merge_words(json_t *body, struct relay_setup *s)
{
    s->scope = (relay_scope)place_of(relay_scope_words, json_object_get(body, "scope"), s->scope);
    s->mode = (relay_mode)place_of(relay_mode_words, json_object_get(body, "mode"), s->mode);
    s->edition = (hj212_edition)place_of(relay_edition_words, json_object_get(body, "edition"), s->edition);
    const json_t *paused = json_object_get(body, "paused"), *ask = json_object_get(body, "ask_ack");
    if (paused)
        s->paused = json_is_true(paused);
    if (ask)
        s->ask_ack = json_is_true(ask);
}

static yh_err merge_mns(const json_t *list, struct yh_arena *arena, struct relay_setup *s)
{
    size_t n = json_array_size(list);
    if (!list)
        return YH_OK;
    s->mns = YH_NEW_N(arena, yh_str, n + 1);
    if (!s->mns)
        return yh_fail(YH_E_NO_MEMORY, "no memory for the stations of a target");
    for (s->mn_n = 0; s->mn_n < n; s->mn_n++)
        YH_TRY(copy(arena, json_array_get(list, s->mn_n), &s->mns[s->mn_n]));
    return YH_OK;
}

static yh_err merge_names(const json_t *list, struct yh_arena *arena, struct relay_setup *s)
{
    size_t n = json_array_size(list);
    if (!list)
        return YH_OK;
    s->names = YH_NEW_N(arena, struct relay_name, n + 1);
    if (!s->names)
        return yh_fail(YH_E_NO_MEMORY, "no memory for the names of a target");
    for (s->name_n = 0; s->name_n < n; s->name_n++) {
        const json_t *row = json_array_get(list, s->name_n);
        YH_TRY(copy(arena, json_object_get(row, "mn"), &s->names[s->name_n].mn));
        YH_TRY(copy(arena, json_object_get(row, "upstream_mn"), &s->names[s->name_n].upstream_mn));
    }
    return YH_OK;
}

yh_err relay_setup_merge(json_t *body, struct yh_arena *arena, struct relay_setup *s)
{
    YH_TRY(merge_texts(body, arena, s));
    merge_numbers(body, s);
    merge_words(body, s);
    YH_TRY(merge_mns(json_object_get(body, "stations"), arena, s));
    return merge_names(json_object_get(body, "names"), arena, s);
}

/* ---- checking ---- */

static yh_err refuse(struct source_problem *p, const char *field, const char *fmt, ...) yh_printf(3, 4);

static yh_err refuse(struct source_problem *p, const char *field, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(p->message, sizeof p->message, fmt, args);
    va_end(args);
    p->field = field;
    return yh_fail(YH_E_INVALID, "%s", p->message);
}

static bool is_own_host(yh_str host)
{
    return yh_str_is(host, "localhost") || yh_str_is(host, "::1") || yh_str_starts(host, YH_S("127."));
}

struct region_search {
    yh_str code;
    bool found;
};

static bool match_region(void *user, const struct source_region *r)
{
    struct region_search *s = user;
    s->found = yh_str_eq(r->code, s->code);
    return !s->found;
}

static yh_err check_scope(struct db *d, const struct relay_setup *s, struct source_problem *p)
{
    struct region_search search = {.code = s->region_code};
    if (s->scope == RELAY_REGION) {
        YH_TRY(source_regions(d, match_region, &search));
        if (!search.found)
            return refuse(p, "region_code", "请选择一个现行的行政区划。");
    }
    if (s->scope == RELAY_LIST && s->mn_n == 0)
        return refuse(p, "stations", "按名单转发时请至少填写一个设备编码(MN)。");
    for (size_t i = 0; i < s->mn_n; i++)
        if (!source_mn_valid(s->mns[i]))
            return refuse(p, "stations", "设备编码“%.40s”不合规:只能用字母、数字和 . _ -,最长 32 位。", s->mns[i].p);
    return YH_OK;
}

static yh_err check_name(const struct relay_name *n, yh_map *local, yh_map *upstream, struct source_problem *p)
{
    if (!source_mn_valid(n->mn) || !source_mn_valid(n->upstream_mn))
        return refuse(p, "names", "编码对照“%.40s → %.40s”不合规:只能用字母、数字和 . _ -,最长 32 位。", n->mn.p, n->upstream_mn.p);
    if (yh_map_get(local, n->mn))
        return refuse(p, "names", "设备编码 %.40s 在编码对照中出现了两次。", n->mn.p);
    if (yh_map_get(upstream, n->upstream_mn))
        return refuse(p, "names", "上级编码 %.40s 对应了两个站点,上级将无法区分。", n->upstream_mn.p);
    YH_TRY(yh_map_put(local, n->mn, p));
    return yh_map_put(upstream, n->upstream_mn, p);
}

static yh_err check_names(const struct relay_setup *s, struct source_problem *p)
{
    yh_map local = {0}, upstream = {0};
    yh_err e = YH_OK;
    if (s->mode == RELAY_RAW && s->name_n)
        return refuse(p, "names", "原样转发不能改写设备编码,请选择改写后转发,或清空编码对照。");
    for (size_t i = 0; e == YH_OK && i < s->name_n; i++)
        e = check_name(&s->names[i], &local, &upstream, p);
    yh_map_done(&local);
    yh_map_done(&upstream);
    return e;
}

/* Sent in the clear between ';' and ';'. */
static bool password_fits(yh_str pw)
{
    for (size_t i = 0; i < pw.n; i++)
        if (pw.p[i] <= 0x20 || pw.p[i] >= 0x7f || strchr(";,=&#", pw.p[i]))
            return false;
    return pw.n <= PW_MAX;
}

yh_err relay_setup_check(struct db *d, const struct relay_setup *s, uint16_t own_port, struct source_problem *ret_problem)
{
    if (yh_str_trim(s->name).n == 0)
        return refuse(ret_problem, "name", "请填写上级平台名称。");
    if (own_port && s->port == own_port && is_own_host(s->host))
        return refuse(ret_problem, "host", "该地址是本平台自身的数采接口,不能作为转发目标。");
    if (!password_fits(s->password))
        return refuse(ret_problem, "password", "访问密码只能用英文字母、数字和符号(不含 ; , = & #),最长 %d 位。", PW_MAX);
    YH_TRY(check_scope(d, s, ret_problem));
    return check_names(s, ret_problem);
}

/* ---- writing ---- */

static void put_or_null(struct yh_json *j, const char *key, yh_str text)
{
    yh_json_key(j, key);
    if (text.n)
        yh_json_str(j, text);
    else
        yh_json_null(j);
}

static void put_lists(const struct relay_setup *s, struct yh_json *j)
{
    yh_json_key(j, "stations");
    yh_json_arr(j);
    for (size_t i = 0; i < s->mn_n; i++)
        yh_json_str(j, s->mns[i]);
    yh_json_arr_end(j);
    yh_json_key(j, "names");
    yh_json_arr(j);
    for (size_t i = 0; i < s->name_n; i++) {
        yh_json_obj(j);
        yh_json_kstr(j, "mn", s->names[i].mn);
        yh_json_kstr(j, "upstream_mn", s->names[i].upstream_mn);
        yh_json_obj_end(j);
    }
    yh_json_arr_end(j);
}

void relay_setup_json(const struct relay_setup *s, bool lists, struct yh_json *j)
{
    yh_json_kstr(j, "name", s->name);
    yh_json_kstr(j, "host", s->host);
    yh_json_ki64(j, "port", s->port);
    yh_json_kbool(j, "paused", s->paused);
    yh_json_kz(j, "scope", relay_scope_words[s->scope]);
    put_or_null(j, "region_code", s->scope == RELAY_REGION ? s->region_code : YH_S(""));
    yh_json_kz(j, "mode", relay_mode_words[s->mode]);
    yh_json_kz(j, "edition", relay_edition_words[s->edition]);
    yh_json_kbool(j, "ask_ack", s->ask_ack);
    yh_json_kbool(j, "password_set", s->password.n > 0);
    yh_json_ki64(j, "pace_ms", s->pace_ms);
    yh_json_ki64(j, "rate_per_s", s->rate_per_s);
    yh_json_ki64(j, "answer_ms", s->answer_ms);
    yh_json_ki64(j, "tries", s->tries);
    yh_json_ku64(j, "station_count", s->mn_n);
    yh_json_ku64(j, "name_count", s->name_n);
    if (lists)
        put_lists(s, j);
}
