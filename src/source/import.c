/* Stations from a sheet: each row is an admission, and what is known of the device. */
#include <stdio.h>

#include "source/lists.h"
#include "source/source_internal.h"

static const char sql_region_named[] = "SELECT code FROM region WHERE code = ? OR name = ? ORDER BY active DESC, code LIMIT 1";

enum { MN, NAME, ENTERPRISE, CREDIT, REGION, OUTLET, OUTLET_NAME, MEDIUM, ST, EDITION, PASSWORD, INTERVAL };

static const struct import_column columns[] = {
    [MN] = {"mn", "设备编码", true, "88888880000001", "数采仪的 MN,请把本列设为文本格式。", 28, "站点"},
    [NAME] = {"name", "站点名称", true, "示范水务废水总排口", NULL, 28, "站点"},
    [ENTERPRISE] = {"enterprise_name", "企业名称", true, "示范水务有限公司", "与营业执照一致。", 28, "企业"},
    [CREDIT] = {"credit_code", "统一社会信用代码", false, "", "18 位,校验位须正确。", 24, "企业"},
    [REGION] = {"region_code", "区县", true, "北碚区", "区县名称或 6 位代码。", 14, "企业"},
    [OUTLET] = {"outlet_code", "排口编号", true, "DW001", "废水 DW、废气 DA 加三位数字。", 14, "排口"},
    [OUTLET_NAME] = {"outlet_name", "排口名称", true, "废水总排口", NULL, 20, "排口"},
    [MEDIUM] = {"medium", "介质", true, "废水", "废水、废气、噪声、其他。", 12, "排口"},
    [ST] = {"st", "系统编码", false, "32", "两位数字,不填则以报文为准。", 12, "通信"},
    [EDITION] = {"edition", "协议版本", false, "2017", "2005、2017、2025,不填为自动识别。", 14, "通信"},
    [PASSWORD] = {"password", "访问密码", false, "", "不填则不核对。", 14, "通信"},
    [INTERVAL] = {"interval_minutes", "分钟数据间隔", false, "10", "1 到 60。", 14, "通信"},
    {NULL, NULL, false, NULL, NULL, 0, NULL},
};

static yh_err refuse(struct import_problem *p, const char *column, const char *message)
{
    p->column = column;
    snprintf(p->message, sizeof p->message, "%s", message);
    return yh_fail(YH_E_INVALID, "%s", message);
}

/* ---- words of the sheet ---- */

static yh_err medium_of(yh_str word, yh_str *ret, struct import_problem *p)
{
    static const struct {
        const char *word, *medium;
    } words[] = {{"废水", "water"}, {"水", "water"}, {"water", "water"}, {"废气", "air"},    {"气", "air"},
                 {"air", "air"},    {"噪声", "noise"}, {"noise", "noise"}, {"其他", "other"}, {"other", "other"}};
    for (size_t i = 0; i < YH_LEN(words); i++)
        if (yh_str_is(word, words[i].word)) {
            *ret = yh_str_of(words[i].medium);
            return YH_OK;
        }
    return refuse(p, "medium", "介质只能是废水、废气、噪声、其他。");
}

static yh_err region_of(struct db *d, yh_str word, char code[13], struct import_problem *p)
{
    db_stmt_auto *s = NULL;
    bool row = false;
    YH_TRY(db_prepare(d, sql_region_named, &s));
    db_bind_str(s, 1, word);
    db_bind_str(s, 2, word);
    YH_TRY(db_step(s, &row));
    if (!row || db_str(s, 0).n > 12)
        return refuse(p, "region_code", "没有这个区县,请填写区县全称或 6 位代码。");
    yh_str found = db_str(s, 0);
    memcpy(code, found.p, found.n);
    code[found.n] = '\0';
    return YH_OK;
}

/* "HJ 212-2017", "HJ/T 212-2005", "2017", 自动识别. */
static yh_err edition_of(yh_str word, yh_str *ret, struct import_problem *p)
{
    static const char *const editions[] = {"2005", "2017", "2025"};
    for (size_t i = 0; i < YH_LEN(editions); i++)
        if (yh_str_ends(word, yh_str_of(editions[i]))) {
            *ret = yh_str_of(editions[i]);
            return YH_OK;
        }
    *ret = YH_S("auto");
    return yh_str_is(word, "自动识别") || yh_str_is(word, "auto") ? YH_OK
                                                                 : refuse(p, "edition", "协议版本只能是 2005、2017、2025。");
}

/* ---- one row ---- */

static yh_err admit_row(struct db *d, const struct source_import *im, const yh_str *v, struct import_problem *p)
{
    char region[13];
    struct source_admission a = {.mn = v[MN], .name = v[NAME], .enterprise_name = v[ENTERPRISE], .credit_code = v[CREDIT],
                                 .outlet_code = v[OUTLET], .outlet_name = v[OUTLET_NAME], .st = v[ST], .cause = im->cause};
    struct source_problem problem = {0};
    int64_t st = 0;
    if (v[ST].n && (v[ST].n != 2 || !yh_str_to_i64(v[ST], &st)))
        return refuse(p, "st", "系统编码应为两位数字,如 32。");
    YH_TRY(medium_of(v[MEDIUM], &a.medium, p));
    YH_TRY(region_of(d, v[REGION], region, p));
    a.region_code = yh_str_of(region);
    yh_err e = source_admit(d, &a, im->now, &problem);
    if (e != YH_OK && problem.message[0]) {
        p->column = problem.field;
        memcpy(p->message, problem.message, sizeof p->message);
    }
    return e;
}

static bool put_text(json_t *patch, const char *key, yh_str wanted, yh_str present)
{
    return yh_str_eq(wanted, present) || json_object_set_new(patch, key, json_stringn(wanted.p, wanted.n)) == 0;
}

/* What the row says about the device and the registry does not know yet. */
static yh_err collect_patch(json_t *patch, const yh_str *v, const struct source_profile *present, struct import_problem *p)
{
    yh_str edition = present->edition;
    int64_t interval = present->interval_minutes;
    if (v[EDITION].n)
        YH_TRY(edition_of(v[EDITION], &edition, p));
    if (v[INTERVAL].n && (!yh_str_to_i64(v[INTERVAL], &interval) || interval < 1 || interval > 60))
        return refuse(p, "interval_minutes", "分钟数据间隔应为 1 到 60 的整数。");
    bool fine = put_text(patch, "edition", edition, present->edition);
    if (v[PASSWORD].n)
        fine &= put_text(patch, "password", v[PASSWORD], present->password);
    if (interval != present->interval_minutes)
        fine &= json_object_set_new(patch, "interval_minutes", json_integer(interval)) == 0;
    return fine ? YH_OK : yh_fail(YH_E_NO_MEMORY, "no memory for an import");
}

static yh_err patch_row(struct db *d, const struct source_import *im, const yh_str *v, struct import_problem *p)
{
    yh_arena_auto arena = yh_arena_make(65536);
    struct source_station present;
    struct source_problem problem = {0};
    yh_json_auto *patch = json_object();
    if (!v[EDITION].n && !v[PASSWORD].n && !v[INTERVAL].n)
        return YH_OK;
    YH_TRY(source_station_by_mn(d, v[MN], &arena, &present));
    YH_TRY(collect_patch(patch, v, &present.profile, p));
    if (json_object_size(patch) == 0)
        return YH_OK;
    yh_err e = source_profile_patch(d, v[MN], patch, NULL, im->now, &problem);
    if (e != YH_OK && problem.message[0]) {
        p->column = problem.field;
        memcpy(p->message, problem.message, sizeof p->message);
    }
    return e;
}

static yh_err apply(struct db *d, void *user, const yh_str *values, struct import_problem *problem)
{
    YH_TRY(admit_row(d, user, values, problem));
    return patch_row(d, user, values, problem);
}

static yh_err finish(struct db *d, void *user, size_t rows)
{
    const struct source_import *im = user;
    (void)rows;
    return im->note ? kit_note_keep(d, im->note->origin, im->note->json) : YH_OK;
}

const struct import source_station_import = {
    .name = "stations", .title = "站点台账", .columns = columns, .apply = apply, .finish = finish};
