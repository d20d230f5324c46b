/* Agencies in the database: every statement stands at the top. */
#include "kit/id.h"
#include "people/agency/agency.h"

#define DEPTH_MAX 12 /* levels of the tree */

#define COLUMNS                                                                                              \
    "SELECT a.id, a.code, s.name, s.kind, s.basis, COALESCE(s.parent_id, 0), COALESCE(s.successor_id, 0), s.valid_from," \
    " s.valid_to FROM agency_span s JOIN agency a ON a.id = s.agency_id"
static const char sql_on_day[] = COLUMNS " WHERE s.valid_from <= ? AND s.valid_to > ? ORDER BY a.code";
static const char sql_history[] = COLUMNS " WHERE a.id = ? ORDER BY s.valid_from DESC";
static const char sql_exists[] = "SELECT 1 FROM agency_span WHERE agency_id = ? AND valid_from <= ? AND valid_to > ?";
static const char sql_parent[] = "SELECT COALESCE(parent_id, 0) FROM agency_span"
                                 " WHERE agency_id = ? AND valid_from <= ? AND valid_to > ?";
static const char sql_regions[] = "SELECT 0, g.region_code, r.name, 0, g.valid_from, g.valid_to, '' FROM agency_region g"
                                  " JOIN region r ON r.code = g.region_code WHERE g.agency_id = ?"
                                  " ORDER BY g.valid_from DESC, g.region_code";
static const char sql_departments[] = "SELECT id, '', name, 0, valid_from, valid_to, '' FROM department WHERE agency_id = ?"
                                      " ORDER BY valid_to DESC, name, id";
static const char sql_posts[] = "SELECT 0, kind, '', approved, valid_from, valid_to, basis FROM establishment"
                                " WHERE agency_id = ? ORDER BY valid_from DESC, kind";
static const char sql_approved_on[] = "SELECT agency_id, kind, approved, valid_from, valid_to FROM establishment"
                                      " WHERE valid_from <= ? AND valid_to > ?";
static const char sql_people_on[] =
    "SELECT agency_id, work_agency_id, establishment, status, enforcement, valid_from, valid_to FROM officer_span"
    " WHERE valid_from <= ? AND valid_to > ?";

static const char sql_add[] = "INSERT INTO agency (id, code, created_at, cause) VALUES (?, ?, ?, ?)"
                              " ON CONFLICT (code) DO NOTHING";
static const char sql_add_span[] =
    "INSERT INTO agency_span (id, agency_id, name, kind, parent_id, successor_id, basis, valid_from, valid_to, created_at, cause)"
    " VALUES (?, ?, ?, ?, ?, NULL, ?, ?, '9999-12-31', ?, ?)";
static const char sql_end_span[] = "UPDATE agency_span SET valid_to = ?, successor_id = ?"
                                   " WHERE agency_id = ? AND valid_from < ? AND valid_to = '9999-12-31'";
static const char sql_last[] = "SELECT valid_from, valid_to FROM agency_span WHERE agency_id = ? ORDER BY valid_from DESC LIMIT 1";
static const char sql_has_region[] = "SELECT 1 FROM region WHERE code = ?";
static const char sql_open_regions[] = "SELECT region_code, valid_from FROM agency_region"
                                       " WHERE agency_id = ? AND valid_to = '9999-12-31'";
static const char sql_end_region[] = "UPDATE agency_region SET valid_to = ?"
                                     " WHERE agency_id = ? AND region_code = ? AND valid_to = '9999-12-31'";
static const char sql_add_region[] =
    "INSERT INTO agency_region (agency_id, region_code, valid_from, valid_to, created_at, cause)"
    " VALUES (?, ?, ?, '9999-12-31', ?, ?) ON CONFLICT (agency_id, region_code, valid_from) DO UPDATE SET valid_to = '9999-12-31'";
static const char sql_children_after[] = "SELECT COUNT(*) FROM agency_span WHERE parent_id = ? AND valid_to > ?";
static const char sql_people_after[] =
    "SELECT COUNT(*) FROM officer_span WHERE (agency_id = ? OR work_agency_id = ?) AND valid_to > ?";
static const char sql_end_regions[] = "UPDATE agency_region SET valid_to = ? WHERE agency_id = ? AND valid_to > ?";
static const char sql_end_departments[] = "UPDATE department SET valid_to = ? WHERE agency_id = ? AND valid_to > ?";
static const char sql_end_all_posts[] = "UPDATE establishment SET valid_to = ? WHERE agency_id = ? AND valid_to > ?";
static const char sql_add_department[] =
    "INSERT INTO department (id, agency_id, name, valid_from, valid_to, created_at, cause)"
    " VALUES (?, ?, ?, ?, '9999-12-31', ?, ?)";
static const char sql_same_department[] =
    "SELECT COUNT(*) FROM department WHERE agency_id = ? AND name = ? AND valid_to > ?";
static const char sql_department[] = "SELECT valid_from, valid_to FROM department WHERE id = ? AND agency_id = ?";
static const char sql_in_department[] = "SELECT COUNT(*) FROM officer_span WHERE work_department_id = ? AND valid_to > ?";
static const char sql_end_department[] = "UPDATE department SET valid_to = ? WHERE id = ?";
static const char sql_last_posts[] =
    "SELECT valid_from FROM establishment WHERE agency_id = ? AND kind = ? ORDER BY valid_from DESC LIMIT 1";
static const char sql_end_posts[] =
    "UPDATE establishment SET valid_to = ? WHERE agency_id = ? AND kind = ? AND valid_to > ?";
static const char sql_add_posts[] =
    "INSERT INTO establishment (id, agency_id, kind, approved, basis, valid_from, valid_to, created_at, cause)"
    " VALUES (?, ?, ?, ?, ?, ?, '9999-12-31', ?, ?)";

/* ---- small helpers ---- */

static void bind_id(struct db_stmt *s, int at, int64_t id)
{
    if (id)
        db_bind_i64(s, at, id);
    else
        db_bind_null(s, at);
}

static yh_err count_for(struct db *d, const char *sql, int64_t id, int64_t again, yh_str day, int64_t *ret)
{
    db_stmt_auto *s = NULL;
    bool row = false;
    int at = 1;
    YH_TRY(db_prepare(d, sql, &s));
    db_bind_i64(s, at++, id);
    if (again)
        db_bind_i64(s, at++, again);
    db_bind_str(s, at, day);
    YH_TRY(db_step(s, &row));
    *ret = db_i64(s, 0);
    return YH_OK;
}

static yh_err end_for(struct db *d, const char *sql, int64_t id, yh_str day)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql, &s));
    db_bind_str(s, 1, day);
    db_bind_i64(s, 2, id);
    db_bind_str(s, 3, day);
    return db_exec(s);
}

/* ---- looking ---- */

static yh_err each_agency(struct db_stmt *s, bool (*each)(void *user, const struct agency *a), void *user, size_t *ret_n)
{
    for (*ret_n = 0;; ++*ret_n) {
        bool row = false;
        YH_TRY(db_step(s, &row));
        if (!row)
            return YH_OK;
        struct agency a = {.id = db_i64(s, 0), .code = db_str(s, 1), .name = db_str(s, 2), .kind = db_str(s, 3),
                           .basis = db_str(s, 4), .parent_id = db_i64(s, 5), .successor_id = db_i64(s, 6),
                           .from = db_str(s, 7), .to = db_str(s, 8)};
        if (!each(user, &a))
            return YH_OK;
    }
}

yh_err agency_list(struct db *d, yh_str day, bool (*each)(void *user, const struct agency *a), void *user)
{
    db_stmt_auto *s = NULL;
    size_t n;
    YH_TRY(db_prepare(d, sql_on_day, &s));
    db_bind_str(s, 1, day);
    db_bind_str(s, 2, day);
    return each_agency(s, each, user, &n);
}

yh_err agency_history(struct db *d, int64_t id, bool (*each)(void *user, const struct agency *a), void *user)
{
    db_stmt_auto *s = NULL;
    size_t n = 0;
    YH_TRY(db_prepare(d, sql_history, &s));
    db_bind_i64(s, 1, id);
    YH_TRY(each_agency(s, each, user, &n));
    return n ? YH_OK : yh_fail(YH_E_NOT_FOUND, "no agency %lld", (long long)id);
}

yh_err agency_exists(struct db *d, int64_t id, yh_str day, bool *ret)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_exists, &s));
    db_bind_i64(s, 1, id);
    db_bind_str(s, 2, day);
    db_bind_str(s, 3, day);
    return db_step(s, ret);
}

static yh_err each_fact(struct db *d, const char *sql, int64_t id, bool (*each)(void *user, const struct agency_fact *f), void *user)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql, &s));
    db_bind_i64(s, 1, id);
    for (;;) {
        bool row = false;
        YH_TRY(db_step(s, &row));
        if (!row)
            return YH_OK;
        struct agency_fact f = {db_i64(s, 0), db_str(s, 1), db_str(s, 2), db_i64(s, 3), db_str(s, 4), db_str(s, 5), db_str(s, 6)};
        if (!each(user, &f))
            return YH_OK;
    }
}

yh_err agency_regions(struct db *d, int64_t id, bool (*each)(void *user, const struct agency_fact *f), void *user)
{
    return each_fact(d, sql_regions, id, each, user);
}

yh_err agency_departments(struct db *d, int64_t id, bool (*each)(void *user, const struct agency_fact *f), void *user)
{
    return each_fact(d, sql_departments, id, each, user);
}

yh_err agency_establishment(struct db *d, int64_t id, bool (*each)(void *user, const struct agency_fact *f), void *user)
{
    return each_fact(d, sql_posts, id, each, user);
}

/* ---- what the rates are made of ---- */

static yh_err load_approved(struct db *d, yh_str day, struct yh_arena *arena, struct agency_basis *b)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_approved_on, &s));
    db_bind_str(s, 1, day);
    db_bind_str(s, 2, day);
    for (;;) {
        bool row = false;
        YH_TRY(db_step(s, &row));
        if (!row)
            return YH_OK;
        struct agency_approved a = {.agency = db_i64(s, 0), .number = db_i64(s, 2), .from = yh_arena_str(arena, db_str(s, 3)),
                                    .to = yh_arena_str(arena, db_str(s, 4))};
        b->approved = yh_arena_more(arena, b->approved, b->approved_n, sizeof *b->approved);
        if (!b->approved || !a.from.p || !a.to.p)
            return yh_fail(YH_E_NO_MEMORY, "no memory for approved posts");
        if (agency_post_of(db_str(s, 1), &a.kind))
            b->approved[b->approved_n++] = a;
    }
}

static yh_err load_people(struct db *d, yh_str day, struct yh_arena *arena, struct agency_basis *b)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_people_on, &s));
    db_bind_str(s, 1, day);
    db_bind_str(s, 2, day);
    for (;;) {
        bool row = false;
        YH_TRY(db_step(s, &row));
        if (!row)
            return YH_OK;
        struct agency_person p = {.agency = db_i64(s, 0), .work_agency = db_i64(s, 1), .enforcement = db_i64(s, 4) != 0,
                                  .from = yh_arena_str(arena, db_str(s, 5)), .to = yh_arena_str(arena, db_str(s, 6))};
        b->people = yh_arena_more(arena, b->people, b->people_n, sizeof *b->people);
        if (!b->people || !p.from.p || !p.to.p)
            return yh_fail(YH_E_NO_MEMORY, "no memory for the people of all agencies");
        if (agency_post_of(db_str(s, 2), &p.post) && agency_status_of(db_str(s, 3), &p.status))
            b->people[b->people_n++] = p;
    }
}

yh_err agency_basis_load(struct db *d, yh_str day, struct yh_arena *arena, struct agency_basis *ret)
{
    struct agency_basis b = {0};
    YH_TRY(load_approved(d, day, arena, &b));
    YH_TRY(load_people(d, day, arena, &b));
    *ret = b;
    return YH_OK;
}

/* ---- changing an agency ---- */

static yh_err check_kind(struct people_problem *p, yh_str kind)
{
    for (size_t i = 0; agency_kinds[i]; i++)
        if (yh_str_is(kind, agency_kinds[i]))
            return YH_OK;
    return people_refuse(p, YH_E_INVALID, "kind", "没有这种机构类别。");
}

/* Nobody stands below itself on that day. */
static yh_err check_parent(struct db *d, const struct agency_change *c, struct people_problem *p)
{
    int64_t at = c->parent_id;
    for (int depth = 0; at; depth++) {
        db_stmt_auto *s = NULL;
        bool row = false;
        if (at == c->id || depth == DEPTH_MAX)
            return people_refuse(p, YH_E_INVALID, "parent_id", at == c->id ? "机构不能隶属于自己或自己的下级。" : "机构层级过深。");
        YH_TRY(db_prepare(d, sql_parent, &s));
        db_bind_i64(s, 1, at);
        db_bind_str(s, 2, c->from);
        db_bind_str(s, 3, c->from);
        YH_TRY(db_step(s, &row));
        if (!row)
            return people_refuse(p, YH_E_INVALID, "parent_id", "上级机构在 %.*s 不存在。", YH_FMT(c->from));
        at = db_i64(s, 0);
    }
    return YH_OK;
}

static yh_err check_regions(struct db *d, const struct agency_change *c, struct people_problem *p)
{
    for (size_t i = 0; i < c->region_n; i++) {
        db_stmt_auto *s = NULL;
        bool row = false;
        YH_TRY(db_prepare(d, sql_has_region, &s));
        db_bind_str(s, 1, c->regions[i]);
        YH_TRY(db_step(s, &row));
        if (!row)
            return people_refuse(p, YH_E_INVALID, "regions", "没有行政区划 %.*s。", YH_FMT(yh_str_sub(c->regions[i], 0, 40)));
    }
    return YH_OK;
}

/* The row in force without an end, which the change ends; a day before its beginning would rewrite the past. */
static yh_err check_last(struct db *d, int64_t id, yh_str from, struct people_problem *p)
{
    db_stmt_auto *s = NULL;
    bool row = false;
    YH_TRY(db_prepare(d, sql_last, &s));
    db_bind_i64(s, 1, id);
    YH_TRY(db_step(s, &row));
    if (!row)
        return people_refuse(p, YH_E_NOT_FOUND, NULL, "没有这个机构,请核对。");
    if (!yh_str_eq(db_str(s, 1), PEOPLE_FOREVER))
        return people_refuse(p, YH_E_CONFLICT, NULL, "该机构已于 %.*s 终止,不能再变更。", YH_FMT(db_str(s, 1)));
    if (yh_str_cmp(from, db_str(s, 0)) <= 0)
        return people_refuse(p, YH_E_CONFLICT, "valid_from", "变更日期应晚于最近一次变更(%.*s)。", YH_FMT(db_str(s, 0)));
    return YH_OK;
}

static yh_err end_span(struct db *d, int64_t id, int64_t successor, yh_str from)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_end_span, &s));
    db_bind_str(s, 1, from);
    bind_id(s, 2, successor);
    db_bind_i64(s, 3, id);
    db_bind_str(s, 4, from);
    return db_exec(s);
}

static yh_err add_span(struct db *d, const struct agency_change *c, int64_t id, yh_time now)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_add_span, &s));
    db_bind_i64(s, 1, kit_id_next());
    db_bind_i64(s, 2, id);
    db_bind_str(s, 3, c->name);
    db_bind_str(s, 4, c->kind);
    bind_id(s, 5, c->parent_id);
    db_bind_str(s, 6, c->basis);
    db_bind_str(s, 7, c->from);
    db_bind_i64(s, 8, now);
    db_bind_str(s, 9, c->cause);
    return db_exec(s);
}

static bool among(const struct agency_change *c, yh_str code)
{
    for (size_t i = 0; i < c->region_n; i++)
        if (yh_str_eq(c->regions[i], code))
            return true;
    return false;
}

static yh_err end_region(struct db *d, int64_t id, yh_str code, yh_str from)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_end_region, &s));
    db_bind_str(s, 1, from);
    db_bind_i64(s, 2, id);
    db_bind_str(s, 3, code);
    return db_exec(s);
}

static yh_err add_region(struct db *d, const struct agency_change *c, int64_t id, yh_str code, yh_time now)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_add_region, &s));
    db_bind_i64(s, 1, id);
    db_bind_str(s, 2, code);
    db_bind_str(s, 3, c->from);
    db_bind_i64(s, 4, now);
    db_bind_str(s, 5, c->cause);
    return db_exec(s);
}

#define REGIONS_MAX 200

struct open_regions {
    yh_str codes[REGIONS_MAX];
    size_t n;
};

static yh_err load_open(struct db *d, int64_t id, struct yh_arena *arena, struct open_regions *ret)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_open_regions, &s));
    db_bind_i64(s, 1, id);
    for (ret->n = 0; ret->n < REGIONS_MAX;) {
        bool row = false;
        YH_TRY(db_step(s, &row));
        if (!row)
            break;
        ret->codes[ret->n++] = yh_arena_str(arena, db_str(s, 0));
    }
    return YH_OK;
}

static yh_err set_regions(struct db *d, const struct agency_change *c, int64_t id, yh_time now)
{
    yh_arena_auto arena = yh_arena_make(65536);
    struct open_regions open;
    YH_TRY(load_open(d, id, &arena, &open));
    for (size_t i = 0; i < open.n; i++)
        if (!among(c, open.codes[i]))
            YH_TRY(end_region(d, id, open.codes[i], c->from));
    for (size_t i = 0; i < c->region_n; i++) {
        bool there = false;
        for (size_t k = 0; k < open.n; k++)
            there |= yh_str_eq(open.codes[k], c->regions[i]);
        if (!there)
            YH_TRY(add_region(d, c, id, c->regions[i], now));
    }
    return YH_OK;
}

static yh_err add_agency(struct db *d, const struct agency_change *c, yh_time now, int64_t *ret_id, struct people_problem *p)
{
    db_stmt_auto *s = NULL;
    int64_t id = kit_id_next();
    YH_TRY(people_check_text(p, "code", "机构编码", c->code, 40));
    YH_TRY(db_prepare(d, sql_add, &s));
    db_bind_i64(s, 1, id);
    db_bind_str(s, 2, c->code);
    db_bind_i64(s, 3, now);
    db_bind_str(s, 4, c->cause);
    YH_TRY(db_exec(s));
    if (db_changes(d) != 1)
        return people_refuse(p, YH_E_CONFLICT, "code", "机构编码 %.*s 已被使用。", YH_FMT(c->code));
    *ret_id = id;
    return YH_OK;
}

yh_err agency_put(struct db *d, const struct agency_change *c, yh_time now, int64_t *ret_id, struct people_problem *p)
{
    int64_t id = c->id;
    YH_TRY(people_check_text(p, "name", "机构名称", c->name, 100));
    YH_TRY(check_kind(p, c->kind));
    YH_TRY(check_parent(d, c, p));
    YH_TRY(check_regions(d, c, p));
    YH_TRY(id ? check_last(d, id, c->from, p) : add_agency(d, c, now, &id, p));
    YH_TRY(end_span(d, id, 0, c->from));
    YH_TRY(add_span(d, c, id, now));
    if (c->regions)
        YH_TRY(set_regions(d, c, id, now));
    *ret_id = id;
    return YH_OK;
}

yh_err agency_end(struct db *d, int64_t id, int64_t successor, yh_str from, struct people_problem *p)
{
    int64_t n = 0;
    bool there = true;
    YH_TRY(check_last(d, id, from, p));
    if (successor)
        YH_TRY(agency_exists(d, successor, from, &there));
    if (!there || successor == id)
        return people_refuse(p, YH_E_INVALID, "successor_id", "承接机构在 %.*s 不存在,或就是本机构。", YH_FMT(from));
    YH_TRY(count_for(d, sql_children_after, id, 0, from, &n));
    if (n)
        return people_refuse(p, YH_E_CONFLICT, "valid_to", "届时仍有 %lld 条下级机构记录,请先调整其隶属关系。", (long long)n);
    YH_TRY(count_for(d, sql_people_after, id, id, from, &n));
    if (n)
        return people_refuse(p, YH_E_CONFLICT, "valid_to", "届时仍有 %lld 条人员记录在本机构,请先办理调动。", (long long)n);
    YH_TRY(end_span(d, id, successor, from));
    YH_TRY(end_for(d, sql_end_regions, id, from));
    YH_TRY(end_for(d, sql_end_departments, id, from));
    return end_for(d, sql_end_all_posts, id, from);
}

/* ---- departments and posts ---- */

static yh_err check_agency(struct db *d, int64_t id, yh_str day, struct people_problem *p)
{
    bool there = false;
    YH_TRY(agency_exists(d, id, day, &there));
    return there ? YH_OK : people_refuse(p, YH_E_NOT_FOUND, NULL, "没有这个机构,或它在 %.*s 不存在。", YH_FMT(day));
}

static yh_err check_new_department(struct db *d, int64_t agency, yh_str name, yh_str from, struct people_problem *p)
{
    db_stmt_auto *s = NULL;
    bool row = false;
    YH_TRY(people_check_text(p, "name", "部门名称", name, 60));
    YH_TRY(check_agency(d, agency, from, p));
    YH_TRY(db_prepare(d, sql_same_department, &s));
    db_bind_i64(s, 1, agency);
    db_bind_str(s, 2, name);
    db_bind_str(s, 3, from);
    YH_TRY(db_step(s, &row));
    return db_i64(s, 0) ? people_refuse(p, YH_E_CONFLICT, "name", "已有同名部门 %.*s。", YH_FMT(name)) : YH_OK;
}

yh_err agency_department_add(struct db *d, int64_t agency, yh_str name, yh_str from, yh_str cause, yh_time now, int64_t *ret_id,
                             struct people_problem *p)
{
    db_stmt_auto *s = NULL;
    int64_t id = kit_id_next();
    YH_TRY(check_new_department(d, agency, name, from, p));
    YH_TRY(db_prepare(d, sql_add_department, &s));
    db_bind_i64(s, 1, id);
    db_bind_i64(s, 2, agency);
    db_bind_str(s, 3, name);
    db_bind_str(s, 4, from);
    db_bind_i64(s, 5, now);
    db_bind_str(s, 6, cause);
    YH_TRY(db_exec(s));
    *ret_id = id;
    return YH_OK;
}

static yh_err check_department(struct db *d, int64_t agency, int64_t department, yh_str from, struct people_problem *p)
{
    db_stmt_auto *s = NULL;
    bool row = false;
    YH_TRY(db_prepare(d, sql_department, &s));
    db_bind_i64(s, 1, department);
    db_bind_i64(s, 2, agency);
    YH_TRY(db_step(s, &row));
    if (!row)
        return people_refuse(p, YH_E_NOT_FOUND, NULL, "没有这个部门,请核对。");
    if (yh_str_cmp(from, db_str(s, 0)) <= 0 || yh_str_cmp(from, db_str(s, 1)) >= 0)
        return people_refuse(p, YH_E_CONFLICT, "valid_to", "撤销日期应晚于设立日期,且部门届时尚未撤销。");
    return YH_OK;
}

yh_err agency_department_end(struct db *d, int64_t agency, int64_t department, yh_str from, struct people_problem *p)
{
    db_stmt_auto *s = NULL;
    int64_t n = 0;
    YH_TRY(check_department(d, agency, department, from, p));
    YH_TRY(count_for(d, sql_in_department, department, 0, from, &n));
    if (n)
        return people_refuse(p, YH_E_CONFLICT, "valid_to", "届时仍有 %lld 条人员记录在该部门,请先办理调动。", (long long)n);
    YH_TRY(db_prepare(d, sql_end_department, &s));
    db_bind_str(s, 1, from);
    db_bind_i64(s, 2, department);
    return db_exec(s);
}

static yh_err check_posts(struct db *d, const struct agency_posts *w, struct people_problem *p)
{
    db_stmt_auto *s = NULL;
    bool row = false;
    agency_post kind;
    if (!agency_post_of(w->kind, &kind) || kind == AGENCY_POST_NONE)
        return people_refuse(p, YH_E_INVALID, "kind", "编制类别应为行政、事业或工勤。");
    YH_TRY(check_agency(d, w->agency, w->from, p));
    YH_TRY(db_prepare(d, sql_last_posts, &s));
    db_bind_i64(s, 1, w->agency);
    db_bind_str(s, 2, w->kind);
    YH_TRY(db_step(s, &row));
    if (row && yh_str_cmp(w->from, db_str(s, 0)) <= 0)
        return people_refuse(p, YH_E_CONFLICT, "valid_from", "生效日期应晚于该类编制最近一次核定(%.*s)。", YH_FMT(db_str(s, 0)));
    return YH_OK;
}

static yh_err end_posts(struct db *d, const struct agency_posts *w)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_end_posts, &s));
    db_bind_str(s, 1, w->from);
    db_bind_i64(s, 2, w->agency);
    db_bind_str(s, 3, w->kind);
    db_bind_str(s, 4, w->from);
    return db_exec(s);
}

yh_err agency_posts_put(struct db *d, const struct agency_posts *w, yh_time now, struct people_problem *p)
{
    db_stmt_auto *s = NULL;
    YH_TRY(check_posts(d, w, p));
    YH_TRY(end_posts(d, w));
    YH_TRY(db_prepare(d, sql_add_posts, &s));
    db_bind_i64(s, 1, kit_id_next());
    db_bind_i64(s, 2, w->agency);
    db_bind_str(s, 3, w->kind);
    db_bind_i64(s, 4, w->approved);
    db_bind_str(s, 5, w->basis);
    db_bind_str(s, 6, w->from);
    db_bind_i64(s, 7, now);
    db_bind_str(s, 8, w->cause);
    return db_exec(s);
}
