/* Device profiles: a patch is read against one table of fields, checked, merged with what is stored and written whole. */
#include "source/source_internal.h"

static const char sql_get[] =
    "SELECT edition, clock_policy, answer_policy, dialect, COALESCE(password, ''), COALESCE(sm4_key, ''),"
    " accept_bad_crc, time_offset_minutes, interval_minutes, period_stamp FROM station WHERE mn = ?";
static const char sql_set[] =
    "UPDATE station SET edition = ?, clock_policy = ?, answer_policy = ?, dialect = ?, password = NULLIF(?, ''),"
    " sm4_key = NULLIF(?, ''), accept_bad_crc = ?, time_offset_minutes = ?, interval_minutes = ?, period_stamp = ?,"
    " updated_at = ?"
    " WHERE mn = ?";

/* ---- the fields ---- */

typedef enum kind { WORD /* one of `words` */, NAME /* a-z 0-9 - */, PASSWORD, KEY, FLAG, NUMBER } kind;

struct field {
    const char *key;
    kind kind;
    size_t at; /* in struct source_profile */
    const char *title;
    const char *const *words;
    int64_t min, max;
    bool derives; /* stored values depend on it */
};

static const char *const editions[] = {"auto", "2005", "2017", "2025", NULL};
static const char *const clock_policies[] = {"flag", "accept", NULL};
static const char *const period_stamps[] = {"start", "end", NULL};
static const char *const answer_policies[] = {"standard", "always", "never", NULL};

#define AT(member) offsetof(struct source_profile, member)

static const struct field fields[] = {
    {"edition", WORD, AT(edition), "协议版本", editions, 0, 0, false},
    {"clock_policy", WORD, AT(clock_policy), "时钟策略", clock_policies, 0, 0, false},
    {"answer_policy", WORD, AT(answer_policy), "应答策略", answer_policies, 0, 0, false},
    {"dialect", NAME, AT(dialect), "方言", NULL, 1, 32, false},
    {"password", PASSWORD, AT(password), "设备访问密码", NULL, 0, 9, true},
    {"sm4_key", KEY, AT(sm4_key), "SM4 密钥", NULL, 32, 32, true},
    {"accept_bad_crc", FLAG, AT(accept_bad_crc), "接受校验错误的报文", NULL, 0, 0, true},
    {"time_offset_minutes", NUMBER, AT(time_offset_minutes), "设备时区", NULL, -720, 840, true},
    {"interval_minutes", NUMBER, AT(interval_minutes), "分钟数据周期", NULL, 1, 60, false},
    {"period_stamp", WORD, AT(period_stamp), "时段标注方式", period_stamps, 0, 0, false},
};

/* ---- checking ---- */

static bool word_fits(const struct field *f, yh_str v)
{
    for (size_t i = 0; f->words[i]; i++)
        if (yh_str_is(v, f->words[i]))
            return true;
    return false;
}

static bool name_fits(const struct field *f, yh_str v)
{
    for (size_t i = 0; i < v.n; i++)
        if (!(v.p[i] >= 'a' && v.p[i] <= 'z') && !(v.p[i] >= '0' && v.p[i] <= '9') && v.p[i] != '-')
            return false;
    return v.n >= (size_t)f->min && v.n <= (size_t)f->max;
}

/* Sent in the clear between ';' and ';' of every frame, so it can hold neither that nor anything outside ASCII. */
static bool password_fits(const struct field *f, yh_str v)
{
    for (size_t i = 0; i < v.n; i++)
        if (v.p[i] <= 0x20 || v.p[i] >= 0x7f || v.p[i] == ';' || v.p[i] == '=' || v.p[i] == '&')
            return false;
    return v.n <= (size_t)f->max;
}

static bool key_fits(const struct field *f, yh_str v)
{
    uint8_t bytes[16];
    (void)f;
    return v.n == 0 || (v.n == 32 && yh_hex_decode(v, bytes, sizeof bytes));
}

static yh_err unfit(const struct field *f, struct source_problem *p)
{
    static const char *const advice[] = {
        [WORD] = "不在可选范围内,请重新选择", [NAME] = "应由小写字母、数字或短横组成,不超过 32 位",
        [PASSWORD] = "应为不超过 9 位的字母、数字或符号(不含 ; = &)", [KEY] = "应为 32 位十六进制数字",
        [FLAG] = "应为是或否", [NUMBER] = "超出范围",
    };
    if (f->kind == NUMBER)
        return source_refuse(p, YH_E_INVALID, f->key, "%s应在 %lld 至 %lld 之间。", f->title, (long long)f->min,
                             (long long)f->max);
    return source_refuse(p, YH_E_INVALID, f->key, "%s%s。", f->title, advice[f->kind]);
}

static yh_err take_text(const struct field *f, const json_t *v, char *profile, struct source_problem *p)
{
    static bool (*const fits[])(const struct field *f, yh_str v) = {
        [WORD] = word_fits, [NAME] = name_fits, [PASSWORD] = password_fits, [KEY] = key_fits};
    bool clears = json_is_null(v) && (f->kind == PASSWORD || f->kind == KEY);
    if (!clears && !json_is_string(v))
        return unfit(f, p);
    yh_str text = clears ? YH_S("") : (yh_str){json_string_value(v), json_string_length(v)};
    if (!fits[f->kind](f, text))
        return unfit(f, p);
    memcpy(profile + f->at, &text, sizeof text);
    return YH_OK;
}

static yh_err take_number(const struct field *f, const json_t *v, char *profile, struct source_problem *p)
{
    json_int_t n = json_integer_value(v);
    if (!json_is_integer(v) || n < f->min || n > f->max)
        return unfit(f, p);
    int small = (int)n;
    memcpy(profile + f->at, &small, sizeof small);
    return YH_OK;
}

static yh_err take(const struct field *f, const json_t *v, struct source_profile *profile, struct source_problem *p)
{
    char *bytes = (char *)profile;
    bool on = json_is_true(v);
    if (f->kind == NUMBER)
        return take_number(f, v, bytes, p);
    if (f->kind != FLAG)
        return take_text(f, v, bytes, p);
    if (!json_is_boolean(v))
        return unfit(f, p);
    memcpy(bytes + f->at, &on, sizeof on);
    return YH_OK;
}

static const struct field *field_of(const char *key)
{
    for (size_t i = 0; i < YH_LEN(fields); i++)
        if (strcmp(fields[i].key, key) == 0)
            return &fields[i];
    return NULL;
}

static yh_err merge(json_t *patch, struct source_profile *profile, struct source_problem *p)
{
    const char *key;
    json_t *v;
    json_object_foreach(patch, key, v)
    {
        const struct field *f = field_of(key);
        if (!f)
            return source_refuse(p, YH_E_INVALID, "profile", "没有名为 %.60s 的设备参数。", key);
        YH_TRY(take(f, v, profile, p));
    }
    return YH_OK;
}

/* ---- storing ---- */

struct change {
    yh_str mn;
    json_t *patch;
    const struct source_note *note;
    yh_time now;
    struct source_problem *problem;
};

static bool derives(json_t *patch)
{
    for (size_t i = 0; i < YH_LEN(fields); i++)
        if (fields[i].derives && json_object_get(patch, fields[i].key))
            return true;
    return false;
}

static yh_err write_profile(struct db *d, const struct change *c, const struct source_profile *p)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_set, &s));
    db_bind_str(s, 1, p->edition);
    db_bind_str(s, 2, p->clock_policy);
    db_bind_str(s, 3, p->answer_policy);
    db_bind_str(s, 4, p->dialect);
    db_bind_str(s, 5, p->password);
    db_bind_str(s, 6, p->sm4_key);
    db_bind_i64(s, 7, p->accept_bad_crc);
    db_bind_i64(s, 8, p->time_offset_minutes);
    db_bind_i64(s, 9, p->interval_minutes);
    db_bind_str(s, 10, p->period_stamp);
    db_bind_i64(s, 11, c->now);
    db_bind_str(s, 12, c->mn);
    return db_exec(s);
}

static yh_err change(struct db *d, void *user)
{
    const struct change *c = user;
    db_stmt_auto *s = NULL;
    bool row = false;
    YH_TRY(db_prepare(d, sql_get, &s));
    db_bind_str(s, 1, c->mn);
    YH_TRY(db_step(s, &row));
    if (!row)
        return source_refuse(c->problem, YH_E_NOT_FOUND, "mn", "没有这个监测站点,请核对设备编码(MN)。");
    struct source_profile p = {.edition = db_str(s, 0),
                               .clock_policy = db_str(s, 1),
                               .answer_policy = db_str(s, 2),
                               .dialect = db_str(s, 3),
                               .password = db_str(s, 4),
                               .sm4_key = db_str(s, 5),
                               .accept_bad_crc = db_i64(s, 6) != 0,
                               .time_offset_minutes = (int)db_i64(s, 7),
                               .interval_minutes = (int)db_i64(s, 8),
                               .period_stamp = db_str(s, 9)};
    YH_TRY(merge(c->patch, &p, c->problem));
    YH_TRY(write_profile(d, c, &p)); /* while the row that the views point into is still held */
    return source_changed(d, c->mn, c->note, derives(c->patch));
}

yh_err source_profile_patch(struct db *d, yh_str mn, json_t *patch, const struct source_note *note, yh_time now,
                            struct source_problem *ret_problem)
{
    struct change c = {mn, patch, note, now, ret_problem};
    if (!json_is_object(patch))
        return source_refuse(ret_problem, YH_E_INVALID, "profile", "请填写要修改的设备参数。");
    return db_txn(d, change, &c);
}

yh_err source_profile_patch_pooled(struct db_pool *p, yh_str mn, json_t *patch, const struct source_note *note,
                                   yh_time now, struct source_problem *ret_problem)
{
    source_loan_auto l = {p, db_pool_writer(p)};
    return source_profile_patch(l.d, mn, patch, note, now, ret_problem);
}
