/* Officers in the database: every statement stands at the top. */
#include "kit/id.h"
#include "people/officer/officer.h"

#define Q_MAX 200

#define SPAN                                                                                                 \
    "s.agency_id, s.work_agency_id, COALESCE(s.work_department_id, 0), s.establishment, s.post, s.status, s.basis," \
    " s.enforcement, s.valid_from, s.valid_to, s.cause,"                                                     \
    " COALESCE((SELECT n.name FROM agency_span n WHERE n.agency_id = s.agency_id AND n.valid_from <= s.valid_from" \
    " ORDER BY n.valid_from DESC LIMIT 1), ''),"                                                             \
    " COALESCE((SELECT n.name FROM agency_span n WHERE n.agency_id = s.work_agency_id AND n.valid_from <= s.valid_from" \
    " ORDER BY n.valid_from DESC LIMIT 1), ''),"                                                             \
    " COALESCE((SELECT d.name FROM department d WHERE d.id = s.work_department_id), '')"
#define REACHED                                                                                              \
    KIT_SCOPE_SQL("(v.kind = 'officer' AND v.scope_key = CAST(s.officer_id AS TEXT))"                        \
                  " OR (v.kind = 'agency' AND (v.scope_key = CAST(s.agency_id AS TEXT)"                      \
                  " OR v.scope_key = CAST(s.work_agency_id AS TEXT)))"                                       \
                  " OR (v.kind = 'department' AND v.scope_key = CAST(s.work_department_id AS TEXT))")
#define MATCHING                                                                                             \
    " WHERE s.valid_from <= ? AND s.valid_to > ? AND (? = '' OR LOWER(o.name) LIKE ? ESCAPE '!'"             \
    " OR LOWER(o.staff_no) LIKE ? ESCAPE '!') AND (? = '' OR ? = CAST(s.agency_id AS TEXT)"                  \
    " OR ? = CAST(s.work_agency_id AS TEXT)) AND (? = '' OR s.status = ?) AND (? = '' OR s.establishment = ?)" \
    " AND (? = '' OR ? = CAST(s.enforcement AS TEXT)) AND " REACHED
#define FROM_BOTH " FROM officer_span s JOIN officer o ON o.id = s.officer_id"

static const char sql_list[] =
    "SELECT " SPAN ", o.id, o.staff_no, o.name" FROM_BOTH MATCHING " AND o.staff_no > ? ORDER BY o.staff_no LIMIT ?";
static const char sql_count[] = "SELECT COUNT(*)" FROM_BOTH MATCHING;
/* the newest row that has begun: of one who left it is the last one */
static const char sql_reached[] =
    "SELECT 1 FROM officer_span s WHERE s.officer_id = ? AND s.valid_from = (SELECT MAX(x.valid_from) FROM officer_span x"
    " WHERE x.officer_id = s.officer_id) AND " REACHED;
static const char sql_get[] = "SELECT staff_no, name FROM officer WHERE id = ?";
static const char sql_history[] = "SELECT " SPAN " FROM officer_span s WHERE s.officer_id = ? ORDER BY s.valid_from DESC";

static const char sql_add[] = "INSERT INTO officer (id, staff_no, name, created_at, cause) VALUES (?, ?, ?, ?, ?)"
                              " ON CONFLICT (staff_no) DO NOTHING";
static const char sql_last[] = "SELECT valid_from, valid_to FROM officer_span WHERE officer_id = ? ORDER BY valid_from DESC LIMIT 1";
static const char sql_end[] = "UPDATE officer_span SET valid_to = ? WHERE officer_id = ? AND valid_from < ? AND valid_to = '9999-12-31'";
static const char sql_add_span[] =
    "INSERT INTO officer_span (id, officer_id, agency_id, establishment, post, enforcement, status, work_agency_id,"
    " work_department_id, basis, valid_from, valid_to, created_at, cause)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '9999-12-31', ?, ?)";
static const char sql_department[] = "SELECT 1 FROM department WHERE id = ? AND agency_id = ? AND valid_from <= ? AND valid_to > ?";

/* ---- looking ---- */

static void read_span(const struct db_stmt *s, struct officer_span *ret)
{
    *ret = (struct officer_span){
        .agency_id = db_i64(s, 0), .work_agency_id = db_i64(s, 1), .work_department_id = db_i64(s, 2),
        .establishment = db_str(s, 3), .post = db_str(s, 4), .status = db_str(s, 5), .basis = db_str(s, 6),
        .enforcement = db_i64(s, 7) != 0, .from = db_str(s, 8), .to = db_str(s, 9), .cause = db_str(s, 10),
        .agency_name = db_str(s, 11), .work_agency_name = db_str(s, 12), .work_department_name = db_str(s, 13)};
}

/* "%text%", lower case, with '!' before what LIKE takes for a pattern. */
static void like(yh_str q, char ret[2 * Q_MAX + 3])
{
    size_t n = 0;
    ret[n++] = '%';
    for (size_t i = 0; i < q.n && n < 2 * Q_MAX; i++) {
        char c = q.p[i];
        if (c == '%' || c == '_' || c == '!')
            ret[n++] = '!';
        ret[n++] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    ret[n++] = '%';
    ret[n] = '\0';
}

static int bind_filter(struct db_stmt *s, const struct officer_filter *f, const struct kit_scope *scope)
{
    char pattern[2 * Q_MAX + 3], agency[24] = "";
    const char *enforcement = f->enforcement < 0 ? "" : f->enforcement ? "1" : "0";
    int at = 1;
    like(f->q, pattern);
    if (f->agency_id)
        snprintf(agency, sizeof agency, "%lld", (long long)f->agency_id);
    db_bind_str(s, at++, f->day);
    db_bind_str(s, at++, f->day);
    db_bind_str(s, at++, f->q);
    db_bind_z(s, at++, pattern);
    db_bind_z(s, at++, pattern);
    for (int i = 0; i < 3; i++)
        db_bind_z(s, at++, agency);
    for (int i = 0; i < 2; i++)
        db_bind_str(s, at++, f->status);
    for (int i = 0; i < 2; i++)
        db_bind_str(s, at++, f->establishment);
    for (int i = 0; i < 2; i++)
        db_bind_z(s, at++, enforcement);
    return kit_scope_bind(s, at, scope);
}

yh_err officer_list(struct db *d, const struct officer_filter *f, const struct kit_scope *scope,
                    bool (*each)(void *user, const struct officer *o), void *user)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_list, &s));
    int at = bind_filter(s, f, scope);
    db_bind_str(s, at, f->after);
    db_bind_i64(s, at + 1, (int64_t)f->limit);
    for (;;) {
        bool row = false;
        struct officer o;
        YH_TRY(db_step(s, &row));
        if (!row)
            return YH_OK;
        read_span(s, &o.now);
        o.id = db_i64(s, 14);
        o.staff_no = db_str(s, 15);
        o.name = db_str(s, 16);
        if (!each(user, &o))
            return YH_OK;
    }
}

yh_err officer_count(struct db *d, const struct officer_filter *f, const struct kit_scope *scope, uint64_t *ret)
{
    db_stmt_auto *s = NULL;
    bool row = false;
    YH_TRY(db_prepare(d, sql_count, &s));
    bind_filter(s, f, scope);
    YH_TRY(db_step(s, &row));
    *ret = (uint64_t)db_i64(s, 0);
    return YH_OK;
}

yh_err officer_reached(struct db *d, int64_t id, const struct kit_scope *scope, bool *ret)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_reached, &s));
    db_bind_i64(s, 1, id);
    kit_scope_bind(s, 2, scope);
    return db_step(s, ret);
}

yh_err officer_get(struct db *d, int64_t id, struct yh_arena *arena, struct officer *ret)
{
    db_stmt_auto *s = NULL;
    bool row = false;
    YH_TRY(db_prepare(d, sql_get, &s));
    db_bind_i64(s, 1, id);
    YH_TRY(db_step(s, &row));
    if (!row)
        return yh_fail(YH_E_NOT_FOUND, "no officer %lld", (long long)id);
    struct officer o = {.id = id, .staff_no = yh_arena_str(arena, db_str(s, 0)), .name = yh_arena_str(arena, db_str(s, 1))};
    if (!o.staff_no.p || !o.name.p)
        return yh_fail(YH_E_NO_MEMORY, "no memory for an officer");
    *ret = o;
    return YH_OK;
}

yh_err officer_history(struct db *d, int64_t id, bool (*each)(void *user, const struct officer_span *s), void *user)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_history, &s));
    db_bind_i64(s, 1, id);
    for (;;) {
        bool row = false;
        struct officer_span span;
        YH_TRY(db_step(s, &row));
        if (!row)
            return YH_OK;
        read_span(s, &span);
        if (!each(user, &span))
            return YH_OK;
    }
}

/* ---- changing ---- */

static yh_err check_agencies(struct db *d, const struct officer_span *n, struct people_problem *p)
{
    bool there = false;
    YH_TRY(agency_exists(d, n->agency_id, n->from, &there));
    if (!there)
        return people_refuse(p, YH_E_INVALID, "agency_id", "编制所在机构在 %.*s 不存在。", YH_FMT(n->from));
    YH_TRY(agency_exists(d, n->work_agency_id, n->from, &there));
    if (!there)
        return people_refuse(p, YH_E_INVALID, "work_agency_id", "工作机构在 %.*s 不存在。", YH_FMT(n->from));
    return YH_OK;
}

static yh_err check_department(struct db *d, const struct officer_span *n, struct people_problem *p)
{
    db_stmt_auto *s = NULL;
    bool row = n->work_department_id == 0;
    if (row)
        return YH_OK;
    YH_TRY(db_prepare(d, sql_department, &s));
    db_bind_i64(s, 1, n->work_department_id);
    db_bind_i64(s, 2, n->work_agency_id);
    db_bind_str(s, 3, n->from);
    db_bind_str(s, 4, n->from);
    YH_TRY(db_step(s, &row));
    return row ? YH_OK : people_refuse(p, YH_E_INVALID, "work_department_id", "工作机构届时没有这个部门。");
}

static yh_err check_span(struct db *d, const struct officer_span *n, struct people_problem *p)
{
    agency_post post;
    agency_status status;
    if (!agency_post_of(n->establishment, &post))
        return people_refuse(p, YH_E_INVALID, "establishment", "编制类别应为行政、事业、工勤或不在编。");
    if (!agency_status_of(n->status, &status))
        return people_refuse(p, YH_E_INVALID, "status", "在岗状态应为在岗、混岗、借调或离岗。");
    if (status == AGENCY_LOAN && n->agency_id == n->work_agency_id)
        return people_refuse(p, YH_E_INVALID, "work_agency_id", "借调应写明借入的机构,与编制所在机构不同。");
    if (status == AGENCY_ON_POST && n->agency_id != n->work_agency_id)
        return people_refuse(p, YH_E_INVALID, "status", "在其他机构工作的,状态应为借调或混岗;编制随调的,请一并变更编制所在机构。");
    YH_TRY(check_agencies(d, n, p));
    return check_department(d, n, p);
}

static yh_err add_span(struct db *d, int64_t officer, const struct officer_span *n, yh_time now)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_add_span, &s));
    db_bind_i64(s, 1, kit_id_next());
    db_bind_i64(s, 2, officer);
    db_bind_i64(s, 3, n->agency_id);
    db_bind_str(s, 4, n->establishment);
    db_bind_str(s, 5, n->post);
    db_bind_i64(s, 6, n->enforcement);
    db_bind_str(s, 7, n->status);
    db_bind_i64(s, 8, n->work_agency_id);
    if (n->work_department_id)
        db_bind_i64(s, 9, n->work_department_id);
    else
        db_bind_null(s, 9);
    db_bind_str(s, 10, n->basis);
    db_bind_str(s, 11, n->from);
    db_bind_i64(s, 12, now);
    db_bind_str(s, 13, n->cause);
    return db_exec(s);
}

yh_err officer_add(struct db *d, yh_str staff_no, yh_str name, const struct officer_span *first, yh_time now, int64_t *ret_id,
                   struct people_problem *p)
{
    db_stmt_auto *s = NULL;
    int64_t id = kit_id_next();
    YH_TRY(people_check_text(p, "staff_no", "工号", staff_no, 32));
    YH_TRY(people_check_text(p, "name", "姓名", name, 50));
    YH_TRY(check_span(d, first, p));
    YH_TRY(db_prepare(d, sql_add, &s));
    db_bind_i64(s, 1, id);
    db_bind_str(s, 2, staff_no);
    db_bind_str(s, 3, name);
    db_bind_i64(s, 4, now);
    db_bind_str(s, 5, first->cause);
    YH_TRY(db_exec(s));
    if (db_changes(d) != 1)
        return people_refuse(p, YH_E_CONFLICT, "staff_no", "工号 %.*s 已被使用。", YH_FMT(staff_no));
    YH_TRY(add_span(d, id, first, now));
    *ret_id = id;
    return YH_OK;
}

/* Ends the row without an end. `back`: one who left may come back on or after that day. */
static yh_err end_last(struct db *d, int64_t id, yh_str from, bool back, struct people_problem *p)
{
    db_stmt_auto *s = NULL, *end = NULL;
    bool row = false;
    YH_TRY(db_prepare(d, sql_last, &s));
    db_bind_i64(s, 1, id);
    YH_TRY(db_step(s, &row));
    if (!row)
        return people_refuse(p, YH_E_NOT_FOUND, NULL, "没有这名人员,请核对。");
    bool left = !yh_str_eq(db_str(s, 1), PEOPLE_FOREVER);
    if (left && (!back || yh_str_cmp(from, db_str(s, 1)) < 0))
        return people_refuse(p, YH_E_CONFLICT, "valid_from", "该人员已于 %.*s 离职。", YH_FMT(db_str(s, 1)));
    if (!left && yh_str_cmp(from, db_str(s, 0)) <= 0)
        return people_refuse(p, YH_E_CONFLICT, "valid_from", "日期应晚于最近一次变更(%.*s)。", YH_FMT(db_str(s, 0)));
    YH_TRY(db_prepare(d, sql_end, &end));
    db_bind_str(end, 1, from);
    db_bind_i64(end, 2, id);
    db_bind_str(end, 3, from);
    return db_exec(end);
}

yh_err officer_change(struct db *d, int64_t id, const struct officer_span *next, yh_time now, struct people_problem *p)
{
    YH_TRY(check_span(d, next, p));
    YH_TRY(end_last(d, id, next->from, true, p));
    return add_span(d, id, next, now);
}

yh_err officer_leave(struct db *d, int64_t id, yh_str from, struct people_problem *p)
{
    return end_last(d, id, from, false, p);
}
