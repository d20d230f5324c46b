#include "kit/id.h"
#include "source/source_internal.h"

static const char sql_region[] = "SELECT name, kind, active FROM region WHERE code = ?";
static const char sql_station[] =
    "SELECT s.name, o.code, e.name, e.region_code FROM station s JOIN outlet o ON o.id = s.outlet_id"
    " JOIN enterprise e ON e.id = o.enterprise_id WHERE s.mn = ?";
static const char sql_enterprise[] =
    "SELECT id, COALESCE(credit_code, '') FROM enterprise WHERE region_code = ? AND name = ?";
static const char sql_credit_owner[] = "SELECT name FROM enterprise WHERE credit_code = ?";
static const char sql_add_enterprise[] =
    "INSERT INTO enterprise (id, name, credit_code, region_code, demo, created_at, cause) VALUES (?, ?, ?, ?, ?, ?, ?)";
static const char sql_set_credit[] = "UPDATE enterprise SET credit_code = ? WHERE id = ?";
static const char sql_outlet[] =
    "SELECT o.id, o.medium, s.mn FROM outlet o LEFT JOIN station s ON s.outlet_id = o.id"
    " WHERE o.enterprise_id = ? AND o.code = ?";
static const char sql_add_outlet[] =
    "INSERT INTO outlet (id, enterprise_id, code, name, medium, created_at, cause) VALUES (?, ?, ?, ?, ?, ?, ?)";
static const char sql_add_station[] =
    "INSERT INTO station (mn, name, outlet_id, st, created_at, updated_at, cause)"
    " VALUES (?, ?, ?, COALESCE(NULLIF(?, ''), (SELECT st FROM unknown_station WHERE mn = ?), ''), ?, ?, ?)";
static const char sql_drop_unknown[] = "DELETE FROM unknown_station WHERE mn = ?";

struct work {
    const struct source_admission *a;
    struct source_problem *problem;
    yh_time now;
    int64_t enterprise, outlet;
};

/* ---- what can be said without the database ---- */

static yh_err check_credit(const struct source_admission *a, struct source_problem *p)
{
    char expected = 0;
    switch (source_credit_check(a->credit_code, &expected)) {
    case SOURCE_CREDIT_OK:
        return YH_OK;
    case SOURCE_CREDIT_LENGTH:
        return source_refuse(p, YH_E_INVALID, "credit_code", "统一社会信用代码应为 18 位,请核对。");
    case SOURCE_CREDIT_CHARACTER:
        return source_refuse(p, YH_E_INVALID, "credit_code", "统一社会信用代码含有不应出现的字符,请核对。");
    case SOURCE_CREDIT_ORG:
        return source_refuse(p, YH_E_INVALID, "credit_code", "统一社会信用代码第 17 位校验不符,应为 %c,请核对。", expected);
    case SOURCE_CREDIT_CHECK:
        return source_refuse(p, YH_E_INVALID, "credit_code", "统一社会信用代码校验位不符,应为 %c,请核对。", expected);
    }
    return yh_fail(YH_E_INTERNAL, "no such verdict on a credit code");
}

static yh_err check_medium(const struct source_admission *a, struct source_problem *p)
{
    static const char *const media[] = {"water", "air", "noise", "other"};
    bool known = false;
    for (size_t i = 0; i < YH_LEN(media); i++)
        known |= yh_str_is(a->medium, media[i]);
    if (!known)
        return source_refuse(p, YH_E_INVALID, "medium", "请选择监测介质。");
    const char *by_code = source_outlet_medium(a->outlet_code);
    bool measured = yh_str_is(a->medium, "water") || yh_str_is(a->medium, "air");
    if (measured && (!by_code || !yh_str_is(a->medium, by_code)))
        return source_refuse(p, YH_E_INVALID, "outlet_code", "%s",
                             yh_str_is(a->medium, "water") ? "废水排口编号应为 DW 加三位数字,如 DW001。"
                                                           : "废气排口编号应为 DA 加三位数字,如 DA001。");
    return YH_OK;
}

static yh_err check_form(const struct source_admission *a, struct source_problem *p)
{
    if (!source_mn_valid(a->mn))
        return source_refuse(p, YH_E_INVALID, "mn", "设备编码(MN)应为 1 至 32 位字母、数字或 . _ -,请核对。");
    YH_TRY(source_check_text(p, "name", "站点名称", a->name, 60));
    YH_TRY(source_check_text(p, "enterprise_name", "企业名称", a->enterprise_name, 60));
    YH_TRY(source_check_text(p, "outlet_code", "排口编号", a->outlet_code, 20));
    YH_TRY(source_check_text(p, "outlet_name", "排口名称", a->outlet_name, 60));
    YH_TRY(check_medium(a, p));
    return a->credit_code.n ? check_credit(a, p) : YH_OK;
}

/* ---- what the database knows ---- */

static yh_err check_region(struct db *d, struct work *w)
{
    db_stmt_auto *s = NULL;
    bool row = false;
    YH_TRY(db_prepare(d, sql_region, &s));
    db_bind_str(s, 1, w->a->region_code);
    YH_TRY(db_step(s, &row));
    if (!row || yh_str_is(db_str(s, 1), "省级(直辖市)"))
        return source_refuse(w->problem, YH_E_INVALID, "region_code", "请选择所在区县。");
    if (!db_i64(s, 2))
        return source_refuse(w->problem, YH_E_INVALID, "region_code", "%.*s已撤销,请选择现行区县。",
                             YH_FMT(db_str(s, 0)));
    return YH_OK;
}

/* Admitted already: the same is fine, something else is refused. */
static yh_err look_for_same(struct db *d, struct work *w, bool *ret_same)
{
    const struct source_admission *a = w->a;
    db_stmt_auto *s = NULL;
    bool row = false;
    YH_TRY(db_prepare(d, sql_station, &s));
    db_bind_str(s, 1, a->mn);
    YH_TRY(db_step(s, &row));
    *ret_same = row;
    if (row && !(yh_str_eq(db_str(s, 1), a->outlet_code) && yh_str_eq(db_str(s, 2), a->enterprise_name) &&
                 yh_str_eq(db_str(s, 3), a->region_code)))
        return source_refuse(w->problem, YH_E_CONFLICT, "mn", "该设备编码已接入为“%.*s”(%.*s %.*s),不能重复接入。",
                             YH_FMT(db_str(s, 0)), YH_FMT(db_str(s, 2)), YH_FMT(db_str(s, 1)));
    return YH_OK;
}

static yh_err refuse_foreign_credit(struct db *d, struct work *w)
{
    db_stmt_auto *s = NULL;
    bool row = false;
    YH_TRY(db_prepare(d, sql_credit_owner, &s));
    db_bind_str(s, 1, w->a->credit_code);
    YH_TRY(db_step(s, &row));
    if (row)
        return source_refuse(w->problem, YH_E_CONFLICT, "credit_code", "该统一社会信用代码已登记为“%.*s”,请核对企业名称和区县。",
                             YH_FMT(db_str(s, 0)));
    return YH_OK;
}

static yh_err add_enterprise(struct db *d, struct work *w)
{
    const struct source_admission *a = w->a;
    db_stmt_auto *s = NULL;
    if (a->credit_code.n)
        YH_TRY(refuse_foreign_credit(d, w));
    w->enterprise = kit_id_next();
    YH_TRY(db_prepare(d, sql_add_enterprise, &s));
    db_bind_i64(s, 1, w->enterprise);
    db_bind_str(s, 2, a->enterprise_name);
    if (a->credit_code.n)
        db_bind_str(s, 3, a->credit_code);
    else
        db_bind_null(s, 3);
    db_bind_str(s, 4, a->region_code);
    db_bind_i64(s, 5, a->demo);
    db_bind_i64(s, 6, w->now);
    db_bind_str(s, 7, a->cause);
    return db_exec(s);
}

/* A known enterprise gets the credit code it did not have yet; another one than it has is refused. */
static yh_err reconcile_credit(struct db *d, struct work *w, bool has, bool same)
{
    if (w->a->credit_code.n == 0 || same)
        return YH_OK;
    if (has)
        return source_refuse(w->problem, YH_E_CONFLICT, "credit_code", "该企业已登记另一统一社会信用代码,请核对。");
    YH_TRY(refuse_foreign_credit(d, w));
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_set_credit, &s));
    db_bind_str(s, 1, w->a->credit_code);
    db_bind_i64(s, 2, w->enterprise);
    return db_exec(s);
}

static yh_err ensure_enterprise(struct db *d, struct work *w)
{
    db_stmt_auto *s = NULL;
    bool row = false;
    YH_TRY(db_prepare(d, sql_enterprise, &s));
    db_bind_str(s, 1, w->a->region_code);
    db_bind_str(s, 2, w->a->enterprise_name);
    YH_TRY(db_step(s, &row));
    if (!row)
        return add_enterprise(d, w);
    w->enterprise = db_i64(s, 0);
    return reconcile_credit(d, w, db_str(s, 1).n > 0, yh_str_eq(db_str(s, 1), w->a->credit_code));
}

static yh_err add_outlet(struct db *d, struct work *w)
{
    const struct source_admission *a = w->a;
    db_stmt_auto *s = NULL;
    w->outlet = kit_id_next();
    YH_TRY(db_prepare(d, sql_add_outlet, &s));
    db_bind_i64(s, 1, w->outlet);
    db_bind_i64(s, 2, w->enterprise);
    db_bind_str(s, 3, a->outlet_code);
    db_bind_str(s, 4, a->outlet_name);
    db_bind_str(s, 5, a->medium);
    db_bind_i64(s, 6, w->now);
    db_bind_str(s, 7, a->cause);
    return db_exec(s);
}

static yh_err ensure_outlet(struct db *d, struct work *w)
{
    db_stmt_auto *s = NULL;
    bool row = false;
    YH_TRY(db_prepare(d, sql_outlet, &s));
    db_bind_i64(s, 1, w->enterprise);
    db_bind_str(s, 2, w->a->outlet_code);
    YH_TRY(db_step(s, &row));
    if (!row)
        return add_outlet(d, w);
    if (!db_is_null(s, 2))
        return source_refuse(w->problem, YH_E_CONFLICT, "outlet_code", "该企业排口 %.*s 已有在用设备 %.*s,请核对排口编号。",
                             YH_FMT(w->a->outlet_code), YH_FMT(db_str(s, 2)));
    if (!yh_str_eq(db_str(s, 1), w->a->medium))
        return source_refuse(w->problem, YH_E_CONFLICT, "medium", "该排口已登记为另一监测介质,请核对。");
    w->outlet = db_i64(s, 0);
    return YH_OK;
}

static yh_err add_station(struct db *d, struct work *w)
{
    const struct source_admission *a = w->a;
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_add_station, &s));
    db_bind_str(s, 1, a->mn);
    db_bind_str(s, 2, a->name);
    db_bind_i64(s, 3, w->outlet);
    db_bind_str(s, 4, a->st);
    db_bind_str(s, 5, a->mn);
    db_bind_i64(s, 6, w->now);
    db_bind_i64(s, 7, w->now);
    db_bind_str(s, 8, a->cause);
    return db_exec(s);
}

static yh_err admit(struct db *d, void *user)
{
    struct work *w = user;
    bool same = false;
    YH_TRY(look_for_same(d, w, &same));
    if (same)
        return YH_OK;
    YH_TRY(check_region(d, w));
    YH_TRY(ensure_enterprise(d, w));
    YH_TRY(ensure_outlet(d, w));
    YH_TRY(add_station(d, w));
    YH_TRY(source_run(d, sql_drop_unknown, &w->a->mn, 1));
    return source_changed(d, w->a->mn, w->a->note, true);
}

yh_err source_admit(struct db *d, const struct source_admission *a, yh_time now, struct source_problem *ret_problem)
{
    struct work w = {.a = a, .problem = ret_problem, .now = now};
    YH_TRY(check_form(a, ret_problem));
    return db_txn(d, admit, &w);
}

yh_err source_admit_pooled(struct db_pool *p, const struct source_admission *a, yh_time now,
                           struct source_problem *ret_problem)
{
    source_loan_auto l = {p, db_pool_writer(p)};
    return source_admit(l.d, a, now, ret_problem);
}
