#include "source/factor.h"

#include "kit/id.h"
#include "source/source_internal.h"

#define JOINED                                                                                               \
    "SELECT f.mn, f.code, f.name, f.unit, f.decimals, l.limit_text, l.low_text, l.basis, l.valid_from"       \
    " FROM station_factor f JOIN station s ON s.mn = f.mn LEFT JOIN outlet_limit l"                          \
    " ON l.outlet_id = s.outlet_id AND l.factor = f.code AND l.valid_from <= ?"                              \
    " AND (l.valid_to IS NULL OR l.valid_to > ?)"

static const char sql_of_one[] = JOINED " WHERE f.mn = ? ORDER BY f.code";
static const char sql_of_all[] = JOINED " ORDER BY f.mn, f.code";
static const char sql_limit_at[] =
    "SELECT l.limit_text, l.low_text, l.valid_from FROM station s JOIN outlet_limit l ON l.outlet_id = s.outlet_id"
    " WHERE s.mn = ? AND l.factor = ? AND l.valid_from <= ? AND (l.valid_to IS NULL OR l.valid_to > ?)";
static const char sql_add_factor[] =
    "INSERT INTO station_factor (mn, code, name, unit, decimals, created_at, cause) VALUES (?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (mn, code) DO NOTHING";
static const char sql_outlet[] = "SELECT outlet_id FROM station WHERE mn = ?";
static const char sql_later[] =
    "SELECT COUNT(*) FROM outlet_limit WHERE outlet_id = ? AND factor = ? AND valid_from >= ?";
static const char sql_end_before[] = "UPDATE outlet_limit SET valid_to = ? WHERE outlet_id = ? AND factor = ?"
                                     " AND valid_from < ? AND (valid_to IS NULL OR valid_to > ?)";
static const char sql_add_limit[] =
    "INSERT INTO outlet_limit (id, outlet_id, factor, low_text, limit_text, basis, valid_from, created_at, cause)"
    " VALUES (?, ?, ?, NULLIF(?, ''), ?, ?, ?, ?, ?)";

/* Stored limits were checked when they came in; one that cannot be read is damage, never "no limit". */
static yh_err read_decimal(const struct db_stmt *s, int column, bool *ret_has, yh_dec *ret)
{
    *ret_has = !db_is_null(s, column);
    if (*ret_has && !yh_dec_parse(db_str(s, column), ret))
        return yh_fail(YH_E_CORRUPT, "a stored limit is no decimal");
    return YH_OK;
}

static yh_err read_factor(const struct db_stmt *s, struct source_factor *ret)
{
    *ret = (struct source_factor){.mn = db_str(s, 0),
                                  .code = db_str(s, 1),
                                  .name = db_str(s, 2),
                                  .unit = db_str(s, 3),
                                  .decimals = (int)db_i64(s, 4),
                                  .basis = db_str(s, 7),
                                  .valid_from = db_is_null(s, 8) ? YH_TIME_NONE : db_i64(s, 8)};
    YH_TRY(read_decimal(s, 5, &ret->has_limit, &ret->limit));
    return read_decimal(s, 6, &ret->has_low, &ret->low);
}

yh_err source_factors(struct db *d, yh_str mn, yh_time t, bool (*each)(void *user, const struct source_factor *f), void *user)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, mn.n ? sql_of_one : sql_of_all, &s));
    db_bind_i64(s, 1, t);
    db_bind_i64(s, 2, t);
    if (mn.n)
        db_bind_str(s, 3, mn);
    for (;;) {
        bool row = false;
        struct source_factor f;
        YH_TRY(db_step(s, &row));
        if (!row)
            return YH_OK;
        YH_TRY(read_factor(s, &f));
        if (!each(user, &f))
            return YH_OK;
    }
}

yh_err source_limit_at(struct db *d, yh_str mn, yh_str code, yh_time t, bool *ret_found, struct source_factor *ret)
{
    db_stmt_auto *s = NULL;
    bool row = false;
    YH_TRY(db_prepare(d, sql_limit_at, &s));
    db_bind_str(s, 1, mn);
    db_bind_str(s, 2, code);
    db_bind_i64(s, 3, t);
    db_bind_i64(s, 4, t);
    YH_TRY(db_step(s, &row));
    struct source_factor f = {.decimals = -1};
    if (row) {
        YH_TRY(read_decimal(s, 0, &f.has_limit, &f.limit));
        YH_TRY(read_decimal(s, 1, &f.has_low, &f.low));
        f.valid_from = db_i64(s, 2);
        *ret = f;
    }
    *ret_found = row;
    return YH_OK;
}

yh_err source_factor_add(struct db *d, const struct source_factor_row *f, yh_time now)
{
    if (!source_factor_valid(f->code) || !source_text_clean(f->name) || !source_text_clean(f->unit))
        return yh_fail(YH_E_INVALID, "no factor code, name or unit");
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_add_factor, &s));
    db_bind_str(s, 1, f->mn);
    db_bind_str(s, 2, f->code);
    db_bind_str(s, 3, f->name);
    db_bind_str(s, 4, f->unit);
    db_bind_i64(s, 5, f->decimals);
    db_bind_i64(s, 6, now);
    db_bind_str(s, 7, f->cause);
    return db_exec(s);
}

/* ---- a new limit ---- */

struct adding {
    const struct source_limit *l;
    struct source_problem *problem;
    yh_time now;
    int64_t outlet;
};

static yh_err check_limit(const struct source_limit *l, struct source_problem *p)
{
    yh_dec limit, low;
    if (!source_factor_valid(l->factor))
        return source_refuse(p, YH_E_INVALID, "factor", "因子编码不正确,请核对。");
    if (!yh_dec_parse(l->limit, &limit))
        return source_refuse(p, YH_E_INVALID, "limit", "限值应为十进制数,如 50 或 0.5。");
    if (l->low.n && (!yh_dec_parse(l->low, &low) || yh_dec_cmp(low, limit) > 0))
        return source_refuse(p, YH_E_INVALID, "low", "下限应为不大于上限的十进制数。");
    return source_check_text(p, "basis", "限值依据", l->basis, 200);
}

static yh_err find_outlet(struct db *d, struct adding *a)
{
    db_stmt_auto *s = NULL;
    bool row = false;
    YH_TRY(db_prepare(d, sql_outlet, &s));
    db_bind_str(s, 1, a->l->mn);
    YH_TRY(db_step(s, &row));
    if (!row)
        return source_refuse(a->problem, YH_E_NOT_FOUND, "mn", "没有这个监测站点,请核对设备编码(MN)。");
    a->outlet = db_i64(s, 0);
    return YH_OK;
}

static yh_err refuse_later(struct db *d, struct adding *a)
{
    db_stmt_auto *s = NULL;
    bool row = false;
    YH_TRY(db_prepare(d, sql_later, &s));
    db_bind_i64(s, 1, a->outlet);
    db_bind_str(s, 2, a->l->factor);
    db_bind_i64(s, 3, a->l->valid_from);
    YH_TRY(db_step(s, &row));
    if (db_i64(s, 0) > 0)
        return source_refuse(a->problem, YH_E_CONFLICT, "valid_from", "已有同时或更晚生效的限值,请核对生效时间。");
    return YH_OK;
}

static yh_err end_before(struct db *d, const struct adding *a)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_end_before, &s));
    db_bind_i64(s, 1, a->l->valid_from);
    db_bind_i64(s, 2, a->outlet);
    db_bind_str(s, 3, a->l->factor);
    db_bind_i64(s, 4, a->l->valid_from);
    db_bind_i64(s, 5, a->l->valid_from);
    return db_exec(s);
}

static yh_err add_limit(struct db *d, void *user)
{
    struct adding *a = user;
    db_stmt_auto *s = NULL;
    YH_TRY(find_outlet(d, a));
    YH_TRY(refuse_later(d, a));
    YH_TRY(end_before(d, a));
    YH_TRY(db_prepare(d, sql_add_limit, &s));
    db_bind_i64(s, 1, kit_id_next());
    db_bind_i64(s, 2, a->outlet);
    db_bind_str(s, 3, a->l->factor);
    db_bind_str(s, 4, a->l->low);
    db_bind_str(s, 5, a->l->limit);
    db_bind_str(s, 6, a->l->basis);
    db_bind_i64(s, 7, a->l->valid_from);
    db_bind_i64(s, 8, a->now);
    db_bind_str(s, 9, a->l->cause);
    return db_exec(s);
}

yh_err source_limit_add(struct db *d, const struct source_limit *l, yh_time now, struct source_problem *ret_problem)
{
    struct adding a = {.l = l, .problem = ret_problem, .now = now};
    YH_TRY(check_limit(l, ret_problem));
    return db_txn(d, add_limit, &a);
}
