/* Agencies over HTTP: the tree of a day with its staffing, one agency with its history, changes. */
#include "people/agency/agency.h"
#include "kit/session_http.h"
#include "people/people_http.h"

/* ---- the tree ---- */

struct list {
    struct yh_json *j;
    const struct agency_basis *basis;
    yh_str day;
    struct agency_staffing sum;
    size_t n;
};

static void put_rate(struct yh_json *j, const char *key, int64_t part, int64_t whole)
{
    char text[24];
    yh_json_key(j, key);
    yh_json_obj(j);
    yh_json_ki64(j, "numerator", part);
    yh_json_ki64(j, "denominator", whole);
    yh_json_kz(j, "percent", agency_rate(part, whole, text) ? text : NULL);
    yh_json_obj_end(j);
}

static void put_kinds(struct yh_json *j, const struct agency_staffing *s)
{
    yh_json_key(j, "kinds");
    yh_json_arr(j);
    for (unsigned i = AGENCY_POST_ADMINISTRATIVE; i < AGENCY_POST_COUNT; i++) {
        yh_json_obj(j);
        yh_json_kz(j, "kind", agency_post_word((agency_post)i));
        yh_json_ki64(j, "approved", s->by_kind[i]);
        yh_json_ki64(j, "used", s->used_by_kind[i]);
        yh_json_obj_end(j);
    }
    yh_json_arr_end(j);
}

static void put_staffing(struct yh_json *j, const char *key, const struct agency_staffing *s)
{
    yh_json_key(j, key);
    yh_json_obj(j);
    put_rate(j, "post_use", s->used, s->approved);
    put_rate(j, "on_duty", s->on_duty, s->used);
    put_kinds(j, s);
    yh_json_ki64(j, "mixed", s->mixed);
    yh_json_ki64(j, "loaned_out", s->loaned_out);
    yh_json_ki64(j, "on_leave", s->on_leave);
    yh_json_ki64(j, "other", s->other);
    yh_json_ki64(j, "loaned_in", s->loaned_in);
    yh_json_ki64(j, "without_post", s->without_post);
    yh_json_obj_end(j);
}

static void put_id(struct yh_json *j, const char *key, int64_t id)
{
    yh_json_key(j, key);
    if (id)
        yh_json_i64(j, id);
    else
        yh_json_null(j);
}

static void put_agency(struct yh_json *j, const struct agency *a)
{
    yh_json_ki64(j, "id", a->id);
    yh_json_kstr(j, "code", a->code);
    yh_json_kstr(j, "name", a->name);
    yh_json_kstr(j, "kind", a->kind);
    put_id(j, "parent_id", a->parent_id);
    put_id(j, "successor_id", a->successor_id);
    yh_json_kstr(j, "basis", a->basis);
    people_json_day(j, "valid_from", a->from);
    people_json_day(j, "valid_to", a->to);
}

static bool put_row(void *user, const struct agency *a)
{
    struct list *l = user;
    const struct agency_basis *b = l->basis;
    struct agency_staffing s = agency_staffing_of(a->id, l->day, b->approved, b->approved_n, b->people, b->people_n);
    agency_staffing_add(&l->sum, &s);
    l->n++;
    yh_json_obj(l->j);
    put_agency(l->j, a);
    put_staffing(l->j, "staffing", &s);
    yh_json_obj_end(l->j);
    return true;
}

static yh_err put_tree(struct http_request *rq, struct db *d, yh_str day)
{
    struct agency_basis basis;
    struct list l = {.j = http_json(rq), .basis = &basis, .day = day};
    YH_TRY(agency_basis_load(d, day, rq->arena, &basis));
    yh_json_obj(l.j);
    yh_json_kstr(l.j, "day", day);
    yh_json_key(l.j, "items");
    yh_json_arr(l.j);
    YH_TRY(agency_list(d, day, put_row, &l));
    yh_json_arr_end(l.j);
    yh_json_ku64(l.j, "total", l.n);
    yh_json_kz(l.j, "next", NULL);
    put_staffing(l.j, "staffing", &l.sum);
    yh_json_obj_end(l.j);
    return YH_OK;
}

static yh_err list_agencies(struct http_request *rq)
{
    yh_str day = {0};
    YH_TRY(people_day_asked(rq, &day));
    struct db *d = db_pool_reader(kit_pool(kit_of(rq)));
    yh_err e = put_tree(rq, d, day);
    db_pool_put(kit_pool(kit_of(rq)), d);
    return e;
}

/* ---- one agency ---- */

static bool put_span(void *user, const struct agency *a)
{
    struct yh_json *j = user;
    yh_json_obj(j);
    put_agency(j, a);
    yh_json_obj_end(j);
    return true;
}

static void put_days(struct yh_json *j, const struct agency_fact *f)
{
    people_json_day(j, "valid_from", f->from);
    people_json_day(j, "valid_to", f->to);
    yh_json_obj_end(j);
}

static bool put_region(void *user, const struct agency_fact *f)
{
    yh_json_obj(user);
    yh_json_kstr(user, "code", f->key);
    yh_json_kstr(user, "name", f->name);
    put_days(user, f);
    return true;
}

static bool put_department(void *user, const struct agency_fact *f)
{
    yh_json_obj(user);
    yh_json_ki64(user, "id", f->id);
    yh_json_kstr(user, "name", f->name);
    put_days(user, f);
    return true;
}

static bool put_posts(void *user, const struct agency_fact *f)
{
    yh_json_obj(user);
    yh_json_kstr(user, "kind", f->key);
    yh_json_ki64(user, "approved", f->number);
    yh_json_kstr(user, "basis", f->basis);
    put_days(user, f);
    return true;
}

static yh_err put_part(struct db *d, struct yh_json *j, const char *key, int64_t id,
                       yh_err (*list)(struct db *d, int64_t id, bool (*each)(void *user, const struct agency_fact *f), void *user),
                       bool (*each)(void *user, const struct agency_fact *f))
{
    yh_json_key(j, key);
    yh_json_arr(j);
    YH_TRY(list(d, id, each, j));
    yh_json_arr_end(j);
    return YH_OK;
}

static yh_err put_page(struct http_request *rq, struct db *d, int64_t id, yh_str day)
{
    struct yh_json *j = http_json(rq);
    struct agency_basis b;
    YH_TRY(agency_basis_load(d, day, rq->arena, &b));
    struct agency_staffing s = agency_staffing_of(id, day, b.approved, b.approved_n, b.people, b.people_n);
    yh_json_obj(j);
    yh_json_ki64(j, "id", id);
    yh_json_kstr(j, "day", day);
    yh_json_key(j, "history");
    yh_json_arr(j);
    YH_TRY(agency_history(d, id, put_span, j));
    yh_json_arr_end(j);
    YH_TRY(put_part(d, j, "regions", id, agency_regions, put_region));
    YH_TRY(put_part(d, j, "departments", id, agency_departments, put_department));
    YH_TRY(put_part(d, j, "establishment", id, agency_establishment, put_posts));
    put_staffing(j, "staffing", &s);
    yh_json_obj_end(j);
    return YH_OK;
}

static yh_err page_of(struct http_request *rq, int64_t id, yh_str day)
{
    struct db *d = db_pool_reader(kit_pool(kit_of(rq)));
    yh_err e = put_page(rq, d, id, day);
    db_pool_put(kit_pool(kit_of(rq)), d);
    return e == YH_E_NOT_FOUND ? people_not_found(rq, "机构") : e;
}

static yh_err get_agency(struct http_request *rq)
{
    yh_str day = {0};
    int64_t id;
    if (!people_path_id(rq, "id", &id))
        return people_not_found(rq, "机构");
    YH_TRY(people_day_asked(rq, &day));
    return page_of(rq, id, day);
}

/* ---- changes ---- */

struct change {
    struct http_request *rq;
    struct kit_scope scope;
    int64_t id; /* of the path; 0 without */
    int64_t department, made;
};

static yh_err begin(struct http_request *rq, struct change *c)
{
    c->rq = rq;
    if (http_path_param(rq, "id").n && (!people_path_id(rq, "id", &c->id)))
        return people_not_found(rq, "机构");
    if (http_path_param(rq, "department").n && !people_path_id(rq, "department", &c->department))
        return people_not_found(rq, "部门");
    YH_TRY(kit_scope_of(rq, &c->scope));
    if (c->id && !kit_scope_has_id(&c->scope, KIT_SCOPE_AGENCY, c->id))
        return people_not_found(rq, "机构");
    return YH_OK;
}

static yh_err apply(struct change *c, const char *event, yh_err (*work)(struct db *d, void *user, struct people_problem *p))
{
    yh_str day = {0};
    const struct people_work w = {event, work, c};
    YH_TRY(people_change(c->rq, &w));
    YH_TRY(people_day_asked(c->rq, &day));
    return page_of(c->rq, c->id, day);
}

static size_t read_regions(const struct http_request *rq, yh_str *to, size_t max)
{
    const json_t *list = json_object_get(rq->body, "regions");
    size_t n = 0;
    for (size_t i = 0; i < json_array_size(list) && n < max; i++)
        to[n++] = yh_str_of(json_string_value(json_array_get(list, i)));
    return n;
}

/* Under whom it stands decides who sees it: that too must be within reach. */
static yh_err check_reach(const struct change *c, int64_t parent, struct people_problem *p)
{
    bool reached = parent ? kit_scope_has_id(&c->scope, KIT_SCOPE_AGENCY, parent) : c->scope.all;
    if (!reached)
        return people_refuse(p, YH_E_INVALID, "parent_id", "上级机构不在您的数据范围内。");
    return YH_OK;
}

static yh_err work_put(struct db *d, void *user, struct people_problem *p)
{
    struct change *c = user;
    yh_str regions[100];
    struct agency_change a = {.id = c->id, .code = http_body_str(c->rq, "code"), .name = http_body_str(c->rq, "name"),
                              .kind = http_body_str(c->rq, "kind"), .basis = http_body_str(c->rq, "basis"),
                              .parent_id = people_body_id(c->rq, "parent_id"), .cause = c->rq->user->name};
    YH_TRY(check_reach(c, a.parent_id, p));
    YH_TRY(people_body_day(c->rq, "valid_from", &a.from, p));
    if (json_object_get(c->rq->body, "regions")) {
        a.region_n = read_regions(c->rq, regions, YH_LEN(regions));
        a.regions = regions;
    }
    return agency_put(d, &a, c->scope.at, &c->id, p);
}

static yh_err add_agency(struct http_request *rq)
{
    struct change c = {0};
    YH_TRY(begin(rq, &c));
    return apply(&c, "agency.added", work_put);
}

static yh_err change_agency(struct http_request *rq)
{
    struct change c = {0};
    YH_TRY(begin(rq, &c));
    return apply(&c, "agency.changed", work_put);
}

static yh_err work_end(struct db *d, void *user, struct people_problem *p)
{
    struct change *c = user;
    yh_str day;
    YH_TRY(people_body_day(c->rq, "valid_to", &day, p));
    return agency_end(d, c->id, people_body_id(c->rq, "successor_id"), day, p);
}

static yh_err end_agency(struct http_request *rq)
{
    struct change c = {0};
    YH_TRY(begin(rq, &c));
    return apply(&c, "agency.ended", work_end);
}

static yh_err work_department(struct db *d, void *user, struct people_problem *p)
{
    struct change *c = user;
    yh_str day;
    YH_TRY(people_body_day(c->rq, "valid_from", &day, p));
    return agency_department_add(d, c->id, http_body_str(c->rq, "name"), day, c->rq->user->name, c->scope.at, &c->made, p);
}

static yh_err add_department(struct http_request *rq)
{
    struct change c = {0};
    YH_TRY(begin(rq, &c));
    return apply(&c, "department.added", work_department);
}

static yh_err work_department_end(struct db *d, void *user, struct people_problem *p)
{
    struct change *c = user;
    yh_str day;
    YH_TRY(people_body_day(c->rq, "valid_to", &day, p));
    return agency_department_end(d, c->id, c->department, day, p);
}

static yh_err end_department(struct http_request *rq)
{
    struct change c = {0};
    YH_TRY(begin(rq, &c));
    return apply(&c, "department.ended", work_department_end);
}

static yh_err work_posts(struct db *d, void *user, struct people_problem *p)
{
    struct change *c = user;
    struct agency_posts w = {.agency = c->id, .kind = http_body_str(c->rq, "kind"), .basis = http_body_str(c->rq, "basis"),
                             .cause = c->rq->user->name, .approved = people_body_id(c->rq, "approved")};
    YH_TRY(people_body_day(c->rq, "valid_from", &w.from, p));
    return agency_posts_put(d, &w, c->scope.at, p);
}

static yh_err set_posts(struct http_request *rq)
{
    struct change c = {0};
    YH_TRY(begin(rq, &c));
    return apply(&c, "establishment.set", work_posts);
}

/* ---- rows ---- */

static const char *const post_kinds[] = {"administrative", "institution", "worker", NULL};
#define DAY_PATTERN "[0-9]{4}-[0-9]{2}-[0-9]{2}"
#define ID_MAX ((int64_t)1 << 53)

static const struct http_field day_query[] = {
    {.name = "day", .type = HTTP_T_STRING, .max = 10, .pattern = DAY_PATTERN, .title = "日期,默认今日"},
    {.name = NULL},
};

static const struct http_schema text_item = {.name = NULL, .item = HTTP_T_STRING};

static const struct http_field add_fields[] = {
    {.name = "code", .type = HTTP_T_STRING, .required = true, .min = 1, .max = 40, .title = "机构编码"},
    {.name = "name", .type = HTTP_T_STRING, .required = true, .min = 1, .max = 100, .title = "机构名称"},
    {.name = "kind", .type = HTTP_T_STRING, .required = true, .values = agency_kinds, .title = "机构类别"},
    {.name = "parent_id", .type = HTTP_T_INT, .nullable = true, .min = 1, .max = ID_MAX, .title = "上级机构"},
    {.name = "regions", .type = HTTP_T_ARRAY, .max = 100, .of = &text_item, .title = "管辖区域"},
    {.name = "basis", .type = HTTP_T_STRING, .max = 200, .title = "依据"},
    {.name = "valid_from", .type = HTTP_T_STRING, .max = 10, .pattern = DAY_PATTERN, .title = "生效日期,默认今日"},
    {.name = NULL},
};
static const struct http_schema add_schema = {.name = "NewAgency", .fields = add_fields};
static const struct http_schema change_schema = {.name = "AgencyChange", .fields = add_fields + 1};

static const struct http_field end_fields[] = {
    {.name = "successor_id", .type = HTTP_T_INT, .nullable = true, .min = 1, .max = ID_MAX, .title = "承接机构"},
    {.name = "valid_to", .type = HTTP_T_STRING, .max = 10, .pattern = DAY_PATTERN, .title = "终止日期,默认今日"},
    {.name = "basis", .type = HTTP_T_STRING, .max = 200, .title = "依据"},
    {.name = NULL},
};
static const struct http_schema end_schema = {.name = "AgencyEnd", .fields = end_fields};

static const struct http_field department_fields[] = {
    {.name = "name", .type = HTTP_T_STRING, .required = true, .min = 1, .max = 60, .title = "部门名称"},
    {.name = "valid_from", .type = HTTP_T_STRING, .max = 10, .pattern = DAY_PATTERN, .title = "设立日期,默认今日"},
    {.name = NULL},
};
static const struct http_schema department_schema = {.name = "NewDepartment", .fields = department_fields};
static const struct http_schema department_end_schema = {.name = "DepartmentEnd", .fields = end_fields + 1};

static const struct http_field posts_fields[] = {
    {.name = "kind", .type = HTTP_T_STRING, .required = true, .values = post_kinds, .title = "编制类别"},
    {.name = "approved", .type = HTTP_T_INT, .required = true, .min = 0, .max = 100000, .title = "核定数"},
    {.name = "basis", .type = HTTP_T_STRING, .max = 200, .title = "文号或依据"},
    {.name = "valid_from", .type = HTTP_T_STRING, .max = 10, .pattern = DAY_PATTERN, .title = "生效日期,默认今日"},
    {.name = NULL},
};
static const struct http_schema posts_schema = {.name = "EstablishmentChange", .fields = posts_fields};

static const struct http_field rate_fields[] = {
    {.name = "numerator", .type = HTTP_T_INT, .required = true, .title = "分子"},
    {.name = "denominator", .type = HTTP_T_INT, .required = true, .title = "分母"},
    {.name = "percent", .type = HTTP_T_STRING, .required = true, .nullable = true, .title = "百分比;分母为零时没有"},
    {.name = NULL},
};
static const struct http_schema rate_schema = {.name = "StaffingRate", .fields = rate_fields};

static const struct http_field kind_fields[] = {
    {.name = "kind", .type = HTTP_T_STRING, .required = true, .title = "编制类别"},
    {.name = "approved", .type = HTTP_T_INT, .required = true, .title = "核定"},
    {.name = "used", .type = HTTP_T_INT, .required = true, .title = "在编"},
    {.name = NULL},
};
static const struct http_schema kind_schema = {.name = "StaffingKind", .fields = kind_fields};

static const struct http_field staffing_fields[] = {
    {.name = "post_use", .type = HTTP_T_OBJECT, .required = true, .of = &rate_schema, .title = "用编率:在编人数/核定编制"},
    {.name = "on_duty", .type = HTTP_T_OBJECT, .required = true, .of = &rate_schema, .title = "在岗率:在岗执法人数/在编人数"},
    {.name = "kinds", .type = HTTP_T_ARRAY, .required = true, .of = &kind_schema, .title = "按编制类别"},
    {.name = "mixed", .type = HTTP_T_INT, .required = true, .title = "在编而混岗"},
    {.name = "loaned_out", .type = HTTP_T_INT, .required = true, .title = "在编而借出"},
    {.name = "on_leave", .type = HTTP_T_INT, .required = true, .title = "在编而离岗"},
    {.name = "other", .type = HTTP_T_INT, .required = true, .title = "在编在岗而非执法岗位"},
    {.name = "loaned_in", .type = HTTP_T_INT, .required = true, .title = "借入"},
    {.name = "without_post", .type = HTTP_T_INT, .required = true, .title = "不在编"},
    {.name = NULL},
};
static const struct http_schema staffing_schema = {.name = "Staffing", .fields = staffing_fields};

#define SPAN_FIELDS                                                                                          \
    {.name = "id", .type = HTTP_T_INT, .required = true, .title = "机构"},                                   \
    {.name = "code", .type = HTTP_T_STRING, .required = true, .title = "编码"},                              \
    {.name = "name", .type = HTTP_T_STRING, .required = true, .title = "名称"},                              \
    {.name = "kind", .type = HTTP_T_STRING, .required = true, .title = "类别"},                              \
    {.name = "parent_id", .type = HTTP_T_INT, .required = true, .nullable = true, .title = "上级机构"},      \
    {.name = "successor_id", .type = HTTP_T_INT, .required = true, .nullable = true, .title = "承接机构"},   \
    {.name = "basis", .type = HTTP_T_STRING, .required = true, .title = "依据"},                             \
    {.name = "valid_from", .type = HTTP_T_STRING, .required = true, .nullable = true, .title = "自"},        \
    {.name = "valid_to", .type = HTTP_T_STRING, .required = true, .nullable = true, .title = "至(不含)"}

static const struct http_field row_fields[] = {
    SPAN_FIELDS,
    {.name = "staffing", .type = HTTP_T_OBJECT, .required = true, .of = &staffing_schema, .title = "编制与在岗"},
    {.name = NULL},
};
static const struct http_schema row_schema = {.name = "Agency", .fields = row_fields};
static const struct http_field tree_fields[] = {
    {.name = "day", .type = HTTP_T_STRING, .required = true, .title = "日期"},
    {.name = "items", .type = HTTP_T_ARRAY, .required = true, .of = &row_schema},
    {.name = "total", .type = HTTP_T_INT, .required = true, .title = "总数"},
    {.name = "next", .type = HTTP_T_STRING, .required = true, .nullable = true, .title = "下一页游标"},
    {.name = "staffing", .type = HTTP_T_OBJECT, .required = true, .of = &staffing_schema, .title = "合计"},
    {.name = NULL},
};
static const struct http_schema tree_schema = {.name = "AgencyTree", .fields = tree_fields};

static const struct http_field span_fields[] = {SPAN_FIELDS, {.name = NULL}};
static const struct http_schema span_schema = {.name = "AgencySpan", .fields = span_fields};

#define DAYS                                                                                                 \
    {.name = "valid_from", .type = HTTP_T_STRING, .required = true, .nullable = true, .title = "自"},        \
    {.name = "valid_to", .type = HTTP_T_STRING, .required = true, .nullable = true, .title = "至(不含)"},    \
    {.name = NULL}

static const struct http_field region_fields[] = {
    {.name = "code", .type = HTTP_T_STRING, .required = true, .title = "区划代码"},
    {.name = "name", .type = HTTP_T_STRING, .required = true, .title = "名称"},
    DAYS,
};
static const struct http_schema region_schema = {.name = "AgencyRegion", .fields = region_fields};
static const struct http_field dep_fields[] = {
    {.name = "id", .type = HTTP_T_INT, .required = true, .title = "部门"},
    {.name = "name", .type = HTTP_T_STRING, .required = true, .title = "名称"},
    DAYS,
};
static const struct http_schema dep_schema = {.name = "Department", .fields = dep_fields};
static const struct http_field est_fields[] = {
    {.name = "kind", .type = HTTP_T_STRING, .required = true, .title = "编制类别"},
    {.name = "approved", .type = HTTP_T_INT, .required = true, .title = "核定数"},
    {.name = "basis", .type = HTTP_T_STRING, .required = true, .title = "依据"},
    DAYS,
};
static const struct http_schema est_schema = {.name = "Establishment", .fields = est_fields};

static const struct http_field page_fields[] = {
    {.name = "id", .type = HTTP_T_INT, .required = true, .title = "机构"},
    {.name = "day", .type = HTTP_T_STRING, .required = true, .title = "日期"},
    {.name = "history", .type = HTTP_T_ARRAY, .required = true, .of = &span_schema, .title = "沿革,新的在前"},
    {.name = "regions", .type = HTTP_T_ARRAY, .required = true, .of = &region_schema, .title = "管辖区域"},
    {.name = "departments", .type = HTTP_T_ARRAY, .required = true, .of = &dep_schema, .title = "部门"},
    {.name = "establishment", .type = HTTP_T_ARRAY, .required = true, .of = &est_schema, .title = "编制"},
    {.name = "staffing", .type = HTTP_T_OBJECT, .required = true, .of = &staffing_schema, .title = "编制与在岗"},
    {.name = NULL},
};
static const struct http_schema page_schema = {.name = "AgencyPage", .fields = page_fields};

#define ALL "/api/v1/agencies"
#define ONE ALL "/{id}"
#define TAG "机构"

const struct http_route agency_routes[] = {
    {HTTP_GET, ALL, "agency:read", day_query, NULL, &tree_schema, 0, list_agencies, "某日的机构、编制与在岗", TAG},
    {HTTP_POST, ALL, "agency:write", NULL, &add_schema, &page_schema, 0, add_agency, "设立机构", TAG},
    {HTTP_GET, ONE, "agency:read", day_query, NULL, &page_schema, 0, get_agency, "机构沿革、管辖、部门、编制", TAG},
    {HTTP_PUT, ONE, "agency:write", NULL, &change_schema, &page_schema, 0, change_agency, "变更机构", TAG},
    {HTTP_POST, ONE "/end", "agency:write", NULL, &end_schema, &page_schema, 0, end_agency, "撤销或并入机构", TAG},
    {HTTP_POST, ONE "/departments", "agency:write", NULL, &department_schema, &page_schema, 0, add_department, "设立部门", TAG},
    {HTTP_POST, ONE "/departments/{department}/end", "agency:write", NULL, &department_end_schema, &page_schema, 0,
     end_department, "撤销部门", TAG},
    {HTTP_PUT, ONE "/establishment", "agency:write", NULL, &posts_schema, &page_schema, 0, set_posts, "核定编制", TAG},
    {.path = NULL},
};
