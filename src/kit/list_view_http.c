/* Views: what somebody has set up of a list, by name, to find it again. Everybody sees only their own. */
#include "base/clock.h"
#include "kit/id.h"
#include "kit/kit_internal.h"
#include "kit/list_http.h"

#define VIEWS_MAX 50
#define SETUP_MAX 8192

static const char sql_views[] =
    "SELECT id, name, setup, updated_at FROM saved_view WHERE account_id = ? AND list = ? ORDER BY name";
static const char sql_count[] = "SELECT COUNT(*) FROM saved_view WHERE account_id = ? AND list = ? AND name <> ?";
static const char sql_save[] =
    "INSERT INTO saved_view (id, account_id, list, name, setup, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (account_id, list, name) DO UPDATE SET setup = excluded.setup, updated_at = excluded.updated_at"
    " RETURNING id, name, setup, updated_at";
static const char sql_delete[] = "DELETE FROM saved_view WHERE id = ? AND account_id = ? AND list = ?";

/* ---- schemas ---- */

static const struct http_schema column_key_schema = {.name = NULL, .item = HTTP_T_STRING};
static const struct http_field filter_fields[] = {
    {.name = "name", .type = HTTP_T_STRING, .required = true, .min = 1, .max = 48, .title = "筛选项"},
    {.name = "value", .type = HTTP_T_STRING, .required = true, .min = 1, .max = 200, .title = "取值"},
    {.name = NULL},
};
static const struct http_schema filter_schema = {.name = "ViewFilter", .fields = filter_fields};
static const struct http_field setup_fields[] = {
    {.name = "columns", .type = HTTP_T_ARRAY, .required = true, .min = 1, .max = LIST_COLUMNS_MAX, .of = &column_key_schema,
     .title = "显示的列"},
    {.name = "filters", .type = HTTP_T_ARRAY, .required = true, .max = LIST_CONDITIONS_MAX, .of = &filter_schema, .title = "筛选"},
    {.name = "sort", .type = HTTP_T_STRING, .required = true, .max = 48, .title = "排序"},
    {.name = NULL},
};
static const struct http_schema setup_schema = {.name = "ViewSetup", .fields = setup_fields};

static const struct http_field body_fields[] = {
    {.name = "name", .type = HTTP_T_STRING, .required = true, .min = 1, .max = 40, .title = "视图名称"},
    {.name = "setup", .type = HTTP_T_OBJECT, .required = true, .of = &setup_schema},
    {.name = NULL},
};
const struct http_schema list_view_body_schema = {.name = "NewView", .fields = body_fields};

static const struct http_field view_fields[] = {
    {.name = "id", .type = HTTP_T_INT, .required = true},
    {.name = "name", .type = HTTP_T_STRING, .required = true, .title = "视图名称"},
    {.name = "updated_at", .type = HTTP_T_TIME, .required = true, .title = "保存时间"},
    {.name = "setup", .type = HTTP_T_OBJECT, .required = true, .of = &setup_schema},
    {.name = NULL},
};
const struct http_schema list_view_schema = {.name = "View", .fields = view_fields};
static const struct http_field views_fields[] = {
    {.name = "items", .type = HTTP_T_ARRAY, .required = true, .of = &list_view_schema},
    {.name = NULL},
};
const struct http_schema list_views_schema = {.name = "ViewList", .fields = views_fields};

/* ---- reading ---- */

static void put_view(struct yh_json *j, const struct db_stmt *s)
{
    yh_json_obj(j);
    yh_json_ki64(j, "id", db_i64(s, 0));
    yh_json_kstr(j, "name", db_str(s, 1));
    yh_json_ktime(j, "updated_at", db_i64(s, 3));
    yh_json_key(j, "setup");
    yh_json_raw(j, db_str(s, 2));
    yh_json_obj_end(j);
}

static yh_err put_views(struct http_request *rq, struct db *d, const struct list *l)
{
    struct yh_json *j = http_json(rq);
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_views, &s));
    db_bind_i64(s, 1, list_account(rq));
    db_bind_z(s, 2, l->name);
    yh_json_obj(j);
    yh_json_key(j, "items");
    yh_json_arr(j);
    for (;;) {
        bool row = false;
        YH_TRY(db_step(s, &row));
        if (!row)
            break;
        put_view(j, s);
    }
    yh_json_arr_end(j);
    yh_json_obj_end(j);
    return YH_OK;
}

yh_err list_views_handler(struct http_request *rq)
{
    const struct list *l = NULL;
    YH_TRY(list_of_name(rq, &l));
    if (!l)
        return YH_OK;
    kit_loan_auto loan = {list_pool(rq), db_pool_reader(list_pool(rq))};
    return put_views(rq, loan.d, l);
}

/* ---- saving ---- */

static bool is_parameter(const struct list *l, const char *name)
{
    const struct list_plan *p = l->memo->plan;
    for (size_t i = 0; i < p->condition_n; i++)
        if (strcmp(p->conditions[i].param, name) == 0)
            return true;
    return false;
}

static bool is_order(const struct list *l, const char *sort)
{
    const struct list_column *c = list_column_find(l, yh_str_of(sort + (sort[0] == '-')));
    return sort[0] == '\0' || (c && c->sortable);
}

/* What names a column or filter that this list does not have, NULL when all is well. */
static const char *stranger_in(const struct list *l, const json_t *setup)
{
    size_t i;
    json_t *v;
    json_array_foreach(json_object_get(setup, "columns"), i, v)
        if (!list_column_find(l, yh_str_of(json_string_value(v))))
            return "setup.columns";
    json_array_foreach(json_object_get(setup, "filters"), i, v)
        if (!is_parameter(l, json_string_value(json_object_get(v, "name"))))
            return "setup.filters";
    return is_order(l, json_string_value(json_object_get(setup, "sort"))) ? NULL : "setup.sort";
}

struct saving {
    struct http_request *rq;
    const struct list *l;
    yh_str name, setup;
    bool full;
};

static yh_err check_room(struct db *d, struct saving *v)
{
    db_stmt_auto *s = NULL;
    bool row = false;
    YH_TRY(db_prepare(d, sql_count, &s));
    db_bind_i64(s, 1, list_account(v->rq));
    db_bind_z(s, 2, v->l->name);
    db_bind_str(s, 3, v->name);
    YH_TRY(db_step(s, &row));
    v->full = db_i64(s, 0) >= VIEWS_MAX;
    return YH_OK;
}

static yh_err save(struct db *d, void *user)
{
    struct saving *v = user;
    yh_time now = yh_clock_now();
    db_stmt_auto *s = NULL;
    bool row = false;
    YH_TRY(check_room(d, v));
    if (v->full)
        return YH_OK;
    YH_TRY(db_prepare(d, sql_save, &s));
    db_bind_i64(s, 1, kit_id_next());
    db_bind_i64(s, 2, list_account(v->rq));
    db_bind_z(s, 3, v->l->name);
    db_bind_str(s, 4, v->name);
    db_bind_str(s, 5, v->setup);
    db_bind_i64(s, 6, now);
    db_bind_i64(s, 7, now);
    YH_TRY(db_step(s, &row));
    yh_buf_auto text = yh_buf_make(2 * SETUP_MAX);
    struct yh_json j = yh_json_to(&text);
    put_view(&j, s);
    YH_TRY(yh_buf_check(&text));
    yh_json_raw(http_json(v->rq), yh_arena_str(v->rq->arena, yh_buf_view(&text)));
    return db_exec(s);
}

yh_err list_view_save_handler(struct http_request *rq)
{
    struct saving v = {.rq = rq, .name = http_body_str(rq, "name")};
    YH_TRY(list_of_name(rq, &v.l));
    if (!v.l)
        return YH_OK;
    const json_t *setup = json_object_get(rq->body, "setup");
    const char *stranger = stranger_in(v.l, setup);
    if (stranger) {
        http_problem_field(rq, stranger, "列表中没有这一项");
        return http_problem(rq, 422, "invalid", "视图引用了列表中没有的列,请刷新页面后重新保存。");
    }
    char *text = json_dumps(setup, JSON_COMPACT);
    v.setup = text ? yh_arena_str(rq->arena, yh_str_of(text)) : (yh_str){NULL, 0};
    free(text);
    if (!v.setup.p)
        return yh_fail(YH_E_NO_MEMORY, "no memory for a view");
    if (v.setup.n > SETUP_MAX)
        return http_problem(rq, 422, "too_large", "视图的内容过多,请减少筛选条件。");
    kit_loan_auto loan = {list_pool(rq), db_pool_writer(list_pool(rq))};
    YH_TRY(db_txn(loan.d, save, &v));
    return v.full ? http_problem(rq, 409, "conflict", "每个列表最多保存 50 个视图,请先删除不用的。") : YH_OK;
}

yh_err list_view_delete_handler(struct http_request *rq)
{
    const struct list *l = NULL;
    int64_t id = 0;
    YH_TRY(list_of_name(rq, &l));
    if (!l)
        return YH_OK;
    kit_loan_auto loan = {list_pool(rq), db_pool_writer(list_pool(rq))};
    db_stmt_auto *s = NULL;
    if (!yh_str_to_i64(http_path_param(rq, "id"), &id))
        return http_problem(rq, 404, "not_found", "没有这个视图,它可能已被删除。");
    YH_TRY(db_prepare(loan.d, sql_delete, &s));
    db_bind_i64(s, 1, id);
    db_bind_i64(s, 2, list_account(rq));
    db_bind_z(s, 3, l->name);
    YH_TRY(db_exec(s));
    return db_changes(loan.d) ? YH_OK : http_problem(rq, 404, "not_found", "没有这个视图,它可能已被删除。");
}
