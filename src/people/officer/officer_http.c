/* Officers over HTTP: the list of a day within the asking person's reach, one officer with all rows, changes. */
#include "people/officer/officer.h"
#include "people/people_http.h"

static struct db_pool *pool_of(const struct http_request *rq)
{
    return kit_pool(((const struct kit_host *)rq->app)->kit);
}

/* ---- how they look ---- */

static void put_span(struct yh_json *j, const struct officer_span *s)
{
    yh_json_ki64(j, "agency_id", s->agency_id);
    yh_json_kstr(j, "agency_name", s->agency_name);
    yh_json_kstr(j, "establishment", s->establishment);
    yh_json_kstr(j, "post", s->post);
    yh_json_kbool(j, "enforcement", s->enforcement);
    yh_json_kstr(j, "status", s->status);
    yh_json_ki64(j, "work_agency_id", s->work_agency_id);
    yh_json_kstr(j, "work_agency_name", s->work_agency_name);
    yh_json_key(j, "work_department_id");
    if (s->work_department_id)
        yh_json_i64(j, s->work_department_id);
    else
        yh_json_null(j);
    yh_json_kstr(j, "work_department_name", s->work_department_name);
    yh_json_kstr(j, "basis", s->basis);
    people_json_day(j, "valid_from", s->from);
    people_json_day(j, "valid_to", s->to);
    yh_json_kstr(j, "cause", s->cause);
}

static bool put_history(void *user, const struct officer_span *s)
{
    yh_json_obj(user);
    put_span(user, s);
    yh_json_obj_end(user);
    return true;
}

/* ---- list ---- */

struct list {
    struct yh_json *j;
    struct yh_arena *arena;
    size_t n, limit;
    yh_str last;
    bool more;
};

static bool put_row(void *user, const struct officer *o)
{
    struct list *l = user;
    l->more = l->n == l->limit;
    if (l->more)
        return false;
    l->n++;
    l->last = yh_arena_str(l->arena, o->staff_no);
    yh_json_obj(l->j);
    yh_json_ki64(l->j, "id", o->id);
    yh_json_kstr(l->j, "staff_no", o->staff_no);
    yh_json_kstr(l->j, "name", o->name);
    put_span(l->j, &o->now);
    yh_json_obj_end(l->j);
    return true;
}

static yh_err read_filter(struct http_request *rq, struct officer_filter *f)
{
    yh_str enforcement = {0}, agency = {0};
    *f = (struct officer_filter){.enforcement = -1};
    YH_TRY(people_day_asked(rq, &f->day));
    http_query(rq, "q", &f->q);
    http_query(rq, "status", &f->status);
    http_query(rq, "establishment", &f->establishment);
    http_query(rq, "cursor", &f->after);
    if (http_query(rq, "enforcement", &enforcement))
        f->enforcement = yh_str_is(enforcement, "true");
    if (http_query(rq, "agency", &agency))
        f->agency_id = http_query_int(rq, "agency", 0);
    f->limit = (size_t)http_query_int(rq, "limit", 50) + 1;
    return YH_OK;
}

static yh_err put_page(struct http_request *rq, struct db *d, const struct officer_filter *f, const struct kit_scope *scope)
{
    struct list l = {.j = http_json(rq), .arena = rq->arena, .limit = f->limit - 1};
    uint64_t total = 0;
    YH_TRY(officer_count(d, f, scope, &total));
    yh_json_obj(l.j);
    yh_json_kstr(l.j, "day", f->day);
    yh_json_key(l.j, "items");
    yh_json_arr(l.j);
    YH_TRY(officer_list(d, f, scope, put_row, &l));
    yh_json_arr_end(l.j);
    yh_json_ku64(l.j, "total", total);
    yh_json_key(l.j, "next");
    if (l.more)
        yh_json_str(l.j, l.last);
    else
        yh_json_null(l.j);
    yh_json_obj_end(l.j);
    return YH_OK;
}

static yh_err list_officers(struct http_request *rq)
{
    struct officer_filter f;
    struct kit_scope scope;
    YH_TRY(read_filter(rq, &f));
    YH_TRY(kit_scope_of(rq, &scope));
    struct db *d = db_pool_reader(pool_of(rq));
    yh_err e = put_page(rq, d, &f, &scope);
    db_pool_put(pool_of(rq), d);
    return e;
}

/* ---- one officer ---- */

static yh_err put_officer(struct http_request *rq, struct db *d, int64_t id)
{
    struct yh_json *j = http_json(rq);
    struct officer o;
    YH_TRY(officer_get(d, id, rq->arena, &o));
    yh_json_obj(j);
    yh_json_ki64(j, "id", o.id);
    yh_json_kstr(j, "staff_no", o.staff_no);
    yh_json_kstr(j, "name", o.name);
    yh_json_key(j, "history");
    yh_json_arr(j);
    YH_TRY(officer_history(d, id, put_history, j));
    yh_json_arr_end(j);
    yh_json_obj_end(j);
    return YH_OK;
}

static yh_err find_reached(struct http_request *rq, int64_t id, const struct kit_scope *scope, bool *ret)
{
    struct db *d = db_pool_reader(pool_of(rq));
    yh_err e = officer_reached(d, id, scope, ret);
    db_pool_put(pool_of(rq), d);
    return e;
}

static yh_err page_of(struct http_request *rq, int64_t id)
{
    struct db *d = db_pool_reader(pool_of(rq));
    yh_err e = put_officer(rq, d, id);
    db_pool_put(pool_of(rq), d);
    return e;
}

static yh_err get_officer(struct http_request *rq)
{
    struct kit_scope scope;
    int64_t id;
    bool reached = false;
    if (!people_path_id(rq, "id", &id))
        return people_not_found(rq, "人员");
    YH_TRY(kit_scope_of(rq, &scope));
    YH_TRY(find_reached(rq, id, &scope, &reached));
    return reached ? page_of(rq, id) : people_not_found(rq, "人员");
}

/* ---- changes ---- */

struct change {
    struct http_request *rq;
    struct kit_scope scope;
    int64_t id;
};

static yh_err begin(struct http_request *rq, struct change *c)
{
    bool reached = true;
    c->rq = rq;
    YH_TRY(kit_scope_of(rq, &c->scope));
    if (http_path_param(rq, "id").n == 0)
        return YH_OK;
    if (!people_path_id(rq, "id", &c->id))
        return people_not_found(rq, "人员");
    YH_TRY(find_reached(rq, c->id, &c->scope, &reached));
    return reached ? YH_OK : people_not_found(rq, "人员");
}

static yh_err read_span(const struct change *c, struct officer_span *n, struct people_problem *p)
{
    const struct http_request *rq = c->rq;
    *n = (struct officer_span){.agency_id = people_body_id(rq, "agency_id"),
                               .work_agency_id = people_body_id(rq, "work_agency_id"),
                               .work_department_id = people_body_id(rq, "work_department_id"),
                               .establishment = http_body_str(rq, "establishment"),
                               .post = http_body_str(rq, "post"),
                               .status = http_body_str(rq, "status"),
                               .basis = http_body_str(rq, "basis"),
                               .enforcement = json_is_true(json_object_get(rq->body, "enforcement")),
                               .cause = rq->user->name};
    if (n->work_agency_id == 0)
        n->work_agency_id = n->agency_id;
    YH_TRY(people_body_day(c->rq, "valid_from", &n->from, p));
    if (!kit_scope_has_id(&c->scope, KIT_SCOPE_AGENCY, n->agency_id))
        return people_refuse(p, YH_E_INVALID, "agency_id", "编制所在机构不在您的数据范围内。");
    if (!kit_scope_has_id(&c->scope, KIT_SCOPE_AGENCY, n->work_agency_id))
        return people_refuse(p, YH_E_INVALID, "work_agency_id", "工作机构不在您的数据范围内。");
    return YH_OK;
}

static yh_err work_add(struct db *d, void *user, struct people_problem *p)
{
    struct change *c = user;
    struct officer_span first;
    YH_TRY(read_span(c, &first, p));
    return officer_add(d, http_body_str(c->rq, "staff_no"), http_body_str(c->rq, "name"), &first, c->scope.at, &c->id, p);
}

static yh_err work_change(struct db *d, void *user, struct people_problem *p)
{
    struct change *c = user;
    struct officer_span next;
    YH_TRY(read_span(c, &next, p));
    return officer_change(d, c->id, &next, c->scope.at, p);
}

static yh_err work_leave(struct db *d, void *user, struct people_problem *p)
{
    struct change *c = user;
    yh_str day;
    YH_TRY(people_body_day(c->rq, "valid_to", &day, p));
    return officer_leave(d, c->id, day, p);
}

static yh_err apply(struct http_request *rq, const char *event, yh_err (*work)(struct db *d, void *user, struct people_problem *p))
{
    struct change c = {0};
    const struct people_work w = {event, work, &c};
    YH_TRY(begin(rq, &c));
    YH_TRY(people_change(rq, &w));
    return page_of(rq, c.id);
}

static yh_err add_officer(struct http_request *rq)
{
    return apply(rq, "officer.added", work_add);
}

static yh_err change_officer(struct http_request *rq)
{
    return apply(rq, "officer.changed", work_change);
}

static yh_err leave_officer(struct http_request *rq)
{
    return apply(rq, "officer.left", work_leave);
}

/* ---- rows ---- */

static const char *const posts[] = {"administrative", "institution", "worker", "none", NULL};
static const char *const statuses[] = {"on_post", "mixed", "loan", "leave", NULL};
#define DAY_PATTERN "[0-9]{4}-[0-9]{2}-[0-9]{2}"
#define ID_MAX ((int64_t)1 << 53)

static const struct http_field list_query[] = {
    {.name = "day", .type = HTTP_T_STRING, .max = 10, .pattern = DAY_PATTERN, .title = "日期,默认今日"},
    {.name = "q", .type = HTTP_T_STRING, .max = 50, .title = "姓名或工号"},
    {.name = "agency", .type = HTTP_T_INT, .min = 1, .max = ID_MAX, .title = "编制所在或工作机构"},
    {.name = "status", .type = HTTP_T_STRING, .values = statuses, .title = "在岗状态"},
    {.name = "establishment", .type = HTTP_T_STRING, .values = posts, .title = "编制类别"},
    {.name = "enforcement", .type = HTTP_T_BOOL, .title = "是否执法岗位"},
    {.name = "limit", .type = HTTP_T_INT, .min = 1, .max = 500, .title = "每页条数"},
    {.name = "cursor", .type = HTTP_T_STRING, .max = 32, .title = "游标"},
    {.name = NULL},
};

#define WHO                                                                                                  \
    {.name = "staff_no", .type = HTTP_T_STRING, .required = true, .min = 1, .max = 32, .title = "工号"},     \
    {.name = "name", .type = HTTP_T_STRING, .required = true, .min = 1, .max = 50, .title = "姓名"}
#define STATED                                                                                               \
    {.name = "agency_id", .type = HTTP_T_INT, .required = true, .min = 1, .max = ID_MAX, .title = "编制所在机构"}, \
    {.name = "establishment", .type = HTTP_T_STRING, .required = true, .values = posts, .title = "编制类别"}, \
    {.name = "post", .type = HTTP_T_STRING, .max = 50, .title = "职务"},                                     \
    {.name = "enforcement", .type = HTTP_T_BOOL, .required = true, .title = "执法岗位"},                     \
    {.name = "status", .type = HTTP_T_STRING, .required = true, .values = statuses, .title = "在岗状态"},    \
    {.name = "work_agency_id", .type = HTTP_T_INT, .nullable = true, .min = 1, .max = ID_MAX, .title = "工作机构,默认编制所在机构"}, \
    {.name = "work_department_id", .type = HTTP_T_INT, .nullable = true, .min = 1, .max = ID_MAX, .title = "工作部门"}, \
    {.name = "basis", .type = HTTP_T_STRING, .max = 200, .title = "依据"},                                   \
    {.name = "valid_from", .type = HTTP_T_STRING, .max = 10, .pattern = DAY_PATTERN, .title = "自,默认今日"}

static const struct http_field add_fields[] = {WHO, STATED, {.name = NULL}};
static const struct http_schema add_schema = {.name = "NewOfficer", .fields = add_fields};
static const struct http_field change_fields[] = {STATED, {.name = NULL}};
static const struct http_schema change_schema = {.name = "OfficerChange", .fields = change_fields};
static const struct http_field leave_fields[] = {
    {.name = "valid_to", .type = HTTP_T_STRING, .max = 10, .pattern = DAY_PATTERN, .title = "离职日期,默认今日"},
    {.name = "basis", .type = HTTP_T_STRING, .max = 200, .title = "依据"},
    {.name = NULL},
};
static const struct http_schema leave_schema = {.name = "OfficerLeave", .fields = leave_fields};

#define SPAN_FIELDS                                                                                          \
    {.name = "agency_id", .type = HTTP_T_INT, .required = true, .title = "编制所在机构"},                    \
    {.name = "agency_name", .type = HTTP_T_STRING, .required = true, .title = "编制所在机构名称"},           \
    {.name = "establishment", .type = HTTP_T_STRING, .required = true, .title = "编制类别"},                 \
    {.name = "post", .type = HTTP_T_STRING, .required = true, .title = "职务"},                              \
    {.name = "enforcement", .type = HTTP_T_BOOL, .required = true, .title = "执法岗位"},                     \
    {.name = "status", .type = HTTP_T_STRING, .required = true, .title = "在岗状态"},                        \
    {.name = "work_agency_id", .type = HTTP_T_INT, .required = true, .title = "工作机构"},                   \
    {.name = "work_agency_name", .type = HTTP_T_STRING, .required = true, .title = "工作机构名称"},          \
    {.name = "work_department_id", .type = HTTP_T_INT, .required = true, .nullable = true, .title = "工作部门"}, \
    {.name = "work_department_name", .type = HTTP_T_STRING, .required = true, .title = "工作部门名称"},      \
    {.name = "basis", .type = HTTP_T_STRING, .required = true, .title = "依据"},                             \
    {.name = "valid_from", .type = HTTP_T_STRING, .required = true, .nullable = true, .title = "自"},        \
    {.name = "valid_to", .type = HTTP_T_STRING, .required = true, .nullable = true, .title = "至(不含)"},    \
    {.name = "cause", .type = HTTP_T_STRING, .required = true, .title = "登记人"}
#define OFFICER                                                                                              \
    {.name = "id", .type = HTTP_T_INT, .required = true, .title = "人员"},                                   \
    {.name = "staff_no", .type = HTTP_T_STRING, .required = true, .title = "工号"},                          \
    {.name = "name", .type = HTTP_T_STRING, .required = true, .title = "姓名"}

static const struct http_field row_fields[] = {OFFICER, SPAN_FIELDS, {.name = NULL}};
static const struct http_schema row_schema = {.name = "Officer", .fields = row_fields};
static const struct http_field list_fields[] = {
    {.name = "day", .type = HTTP_T_STRING, .required = true, .title = "日期"},
    {.name = "items", .type = HTTP_T_ARRAY, .required = true, .of = &row_schema},
    {.name = "total", .type = HTTP_T_INT, .required = true, .title = "总数"},
    {.name = "next", .type = HTTP_T_STRING, .required = true, .nullable = true, .title = "下一页游标"},
    {.name = NULL},
};
static const struct http_schema list_schema = {.name = "OfficerList", .fields = list_fields};
static const struct http_field span_fields[] = {SPAN_FIELDS, {.name = NULL}};
static const struct http_schema span_schema = {.name = "OfficerSpan", .fields = span_fields};
static const struct http_field page_fields[] = {
    OFFICER,
    {.name = "history", .type = HTTP_T_ARRAY, .required = true, .of = &span_schema, .title = "履历,新的在前"},
    {.name = NULL},
};
static const struct http_schema page_schema = {.name = "OfficerPage", .fields = page_fields};

#define ALL "/api/v1/officers"
#define ONE ALL "/{id}"
#define TAG "人员"

const struct http_route officer_routes[] = {
    {HTTP_GET, ALL, "officer:read", list_query, NULL, &list_schema, 0, list_officers, "某日的人员", TAG},
    {HTTP_POST, ALL, "officer:write", NULL, &add_schema, &page_schema, 0, add_officer, "新增人员", TAG},
    {HTTP_GET, ONE, "officer:read", NULL, NULL, &page_schema, 0, get_officer, "人员及其全部履历", TAG},
    {HTTP_POST, ONE "/changes", "officer:write", NULL, &change_schema, &page_schema, 0, change_officer, "调动、借调、变更", TAG},
    {HTTP_POST, ONE "/leave", "officer:write", NULL, &leave_schema, &page_schema, 0, leave_officer, "离职", TAG},
    {.path = NULL},
};
