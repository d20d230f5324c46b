/* Lists over HTTP: the page, the description, and the rows of both made from the tables. */
#include "kit/list_http.h"

#include <stdio.h>

#include "base/clock.h"
#include "kit/kit_internal.h"
#include "kit/session_http.h"

struct db_pool *list_pool(const struct http_request *rq)
{
    const struct kit_host *host = rq->app;
    return host->kit->config.pool;
}

int64_t list_account(const struct http_request *rq)
{
    int64_t id = 0;
    return yh_str_to_i64(rq->user->id, &id) ? id : 0;
}

const struct list *list_of_route(const struct http_request *rq)
{
    const struct kit_host *host = rq->app;
    yh_str path = yh_str_of(rq->route->path);
    for (const struct list *const *l = host->lists; *l; l++) {
        yh_str own = yh_str_of((*l)->path);
        if (yh_str_starts(path, own) && (path.n == own.n || yh_str_is(yh_str_sub(path, own.n, path.n), "/export")))
            return *l;
    }
    return NULL;
}

yh_err list_of_name(struct http_request *rq, const struct list **ret)
{
    const struct kit_host *host = rq->app;
    const struct list *l = list_find(host->lists, http_path_param(rq, "name"));
    *ret = NULL;
    if (!l)
        return http_problem(rq, 404, "not_found", "没有这个列表,请核对后重试。");
    if (!kit_permitted(rq->user, l->permission))
        return http_problem(rq, 403, "denied", "没有查看这个列表的权限,如确需办理请联系管理员授权。");
    *ret = l;
    return YH_OK;
}

yh_str list_shown(const struct list_column *c, yh_str value)
{
    for (const struct list_choice *k = c->choices; k && k->value; k++)
        if (yh_str_is(value, k->value))
            return yh_str_of(k->title);
    return value;
}

/* ---- a page ---- */

static bool param_of(void *user, const char *name, yh_str *ret)
{
    return http_query(user, name, ret);
}

struct list_query list_query_of(struct http_request *rq)
{
    struct list_query q = {.account = list_account(rq), .at = yh_clock_now(), .param = param_of, .user = rq};
    q.limit = (size_t)http_query_int(rq, "limit", 50);
    http_query(rq, "sort", &q.sort);
    http_query(rq, "cursor", &q.cursor);
    http_query(rq, "q", &q.q);
    return q;
}

yh_err list_refused(struct http_request *rq, yh_err e)
{
    if (e != YH_E_INVALID && e != YH_E_TOO_LARGE)
        return e;
    char cause[256];
    snprintf(cause, sizeof cause, "%s。", yh_cause());
    return http_problem(rq, e == YH_E_INVALID ? 400 : 422, "invalid_query", cause);
}

static void put_value(struct yh_json *j, const struct list_column *c, const struct db_stmt *s, int at)
{
    yh_json_key(j, c->key);
    if (db_is_null(s, at))
        yh_json_null(j);
    else if (c->type == LIST_INT)
        yh_json_i64(j, db_i64(s, at));
    else if (c->type == LIST_TIME)
        yh_json_time(j, db_i64(s, at));
    else if (c->type == LIST_BOOL)
        yh_json_bool(j, db_i64(s, at) != 0);
    else
        yh_json_str(j, db_str(s, at));
}

struct page {
    const struct list *l;
    struct yh_json *j;
    uint64_t rows;
};

static yh_err put_row(void *user, const struct db_stmt *s)
{
    struct page *p = user;
    p->rows++;
    yh_json_obj(p->j);
    int at = 0;
    for (const struct list_column *c = p->l->columns; c->key; c++)
        put_value(p->j, c, s, at++);
    yh_json_obj_end(p->j);
    return YH_OK;
}

static yh_err put_page(struct http_request *rq, struct db *d, const struct list *l)
{
    struct list_query q = list_query_of(rq);
    struct page p = {l, http_json(rq), 0};
    yh_str next = {NULL, 0};
    uint64_t total = 0;
    bool exact = false;
    yh_json_obj(p.j);
    yh_json_key(p.j, "items");
    yh_json_arr(p.j);
    YH_TRY(list_page(d, l, &q, rq->arena, put_row, &p, &next));
    yh_json_arr_end(p.j);
    bool all = !q.cursor.n && !next.n; /* they fit on this page */
    if (!all)
        YH_TRY(list_count(d, l, &q, &total, &exact));
    total = all ? p.rows : total;
    exact |= all;
    yh_json_ku64(p.j, "total", total);
    yh_json_kbool(p.j, "total_exact", exact);
    yh_json_kz(p.j, "next", next.n ? next.p : NULL);
    yh_json_obj_end(p.j);
    return YH_OK;
}

static yh_err get_page(struct http_request *rq)
{
    kit_loan_auto loan = {list_pool(rq), db_pool_reader(list_pool(rq))};
    yh_err e = put_page(rq, loan.d, list_of_route(rq));
    return e == YH_OK ? YH_OK : list_refused(rq, e);
}

/* ---- what a list looks like ---- */

static const char *filter_word(unsigned filters)
{
    return filters & LIST_EQUAL ? "equal" : filters & LIST_CONTAINS ? "contains" : filters & LIST_IN ? "in" : NULL;
}

static const char *type_word(list_type t)
{
    static const char *const words[] = {"text", "int", "decimal", "time", "bool"};
    return words[t];
}

static void put_choices(struct yh_json *j, const struct list_choice *c)
{
    yh_json_key(j, "choices");
    yh_json_arr(j);
    for (; c && c->value; c++) {
        yh_json_obj(j);
        yh_json_kz(j, "value", c->value);
        yh_json_kz(j, "title", c->title);
        yh_json_obj_end(j);
    }
    yh_json_arr_end(j);
}

static void put_column(struct yh_json *j, const struct list_column *c)
{
    yh_json_obj(j);
    yh_json_kz(j, "key", c->key);
    yh_json_kz(j, "title", c->title);
    yh_json_kz(j, "type", type_word(c->type));
    yh_json_kz(j, "filter", filter_word(c->filters));
    yh_json_kbool(j, "range", (c->filters & LIST_RANGE) != 0);
    yh_json_kbool(j, "sortable", c->sortable);
    yh_json_kbool(j, "aside", c->aside);
    yh_json_kbool(j, "exported", !c->unexported);
    yh_json_ki64(j, "width", c->width ? c->width : 12);
    yh_json_kz(j, "group", c->group);
    put_choices(j, c->choices);
    yh_json_obj_end(j);
}

static void put_searched(struct yh_json *j, const struct list *l)
{
    yh_json_key(j, "search");
    yh_json_arr(j);
    for (const struct list_column *c = l->columns; c->key; c++)
        if (c->search)
            yh_json_z(j, c->title);
    yh_json_arr_end(j);
}

static yh_err get_description(struct http_request *rq)
{
    const struct list *l = NULL;
    YH_TRY(list_of_name(rq, &l));
    if (!l)
        return YH_OK;
    struct yh_json *j = http_json(rq);
    yh_json_obj(j);
    yh_json_kz(j, "name", l->name);
    yh_json_kz(j, "title", l->title);
    yh_json_kz(j, "path", l->path);
    yh_json_kz(j, "key", l->key);
    yh_json_kz(j, "sort", l->sort);
    yh_json_kz(j, "import", l->import);
    put_searched(j, l);
    yh_json_key(j, "columns");
    yh_json_arr(j);
    for (const struct list_column *c = l->columns; c->key; c++)
        put_column(j, c);
    yh_json_arr_end(j);
    yh_json_obj_end(j);
    return YH_OK;
}

/* ---- schemas of the description ---- */

static const struct http_field choice_fields[] = {
    {.name = "value", .type = HTTP_T_STRING, .required = true, .title = "取值"},
    {.name = "title", .type = HTTP_T_STRING, .required = true, .title = "名称"},
    {.name = NULL},
};
static const struct http_schema choice_schema = {.name = "ListChoice", .fields = choice_fields};
static const char *const type_words[] = {"text", "int", "decimal", "time", "bool", NULL};
static const char *const filter_words[] = {"equal", "contains", "in", NULL};
static const struct http_field column_fields[] = {
    {.name = "key", .type = HTTP_T_STRING, .required = true, .title = "列"},
    {.name = "title", .type = HTTP_T_STRING, .required = true, .title = "列名"},
    {.name = "type", .type = HTTP_T_STRING, .required = true, .values = type_words},
    {.name = "filter", .type = HTTP_T_STRING, .required = true, .nullable = true, .values = filter_words, .title = "筛选方式"},
    {.name = "range", .type = HTTP_T_BOOL, .required = true, .title = "可按起止筛选"},
    {.name = "sortable", .type = HTTP_T_BOOL, .required = true, .title = "可排序"},
    {.name = "aside", .type = HTTP_T_BOOL, .required = true, .title = "默认不显示"},
    {.name = "exported", .type = HTTP_T_BOOL, .required = true, .title = "可导出"},
    {.name = "width", .type = HTTP_T_INT, .required = true, .title = "宽度(字)"},
    {.name = "group", .type = HTTP_T_STRING, .required = true, .nullable = true, .title = "表头分组"},
    {.name = "choices", .type = HTTP_T_ARRAY, .required = true, .of = &choice_schema},
    {.name = NULL},
};
static const struct http_schema column_schema = {.name = "ListColumn", .fields = column_fields};
static const struct http_schema title_schema = {.name = NULL, .item = HTTP_T_STRING};
static const struct http_field description_fields[] = {
    {.name = "name", .type = HTTP_T_STRING, .required = true},
    {.name = "title", .type = HTTP_T_STRING, .required = true},
    {.name = "path", .type = HTTP_T_STRING, .required = true, .title = "取数地址"},
    {.name = "key", .type = HTTP_T_STRING, .required = true},
    {.name = "sort", .type = HTTP_T_STRING, .required = true, .title = "默认排序"},
    {.name = "import", .type = HTTP_T_STRING, .required = true, .nullable = true, .title = "导入地址"},
    {.name = "search", .type = HTTP_T_ARRAY, .required = true, .of = &title_schema, .title = "关键词查找的列"},
    {.name = "columns", .type = HTTP_T_ARRAY, .required = true, .of = &column_schema},
    {.name = NULL},
};
static const struct http_schema description_schema = {.name = "ListDescription", .fields = description_fields};

/* ---- rows ---- */

static const struct http_route common_routes[] = {
    {.method = HTTP_GET, .path = "/api/v1/lists/{name}", .permission = "", .reply = &description_schema,
     .handler = get_description, .summary = "列表的列、筛选和排序", .tag = "列表"},
    {.method = HTTP_GET, .path = "/api/v1/lists/{name}/views", .permission = "", .reply = &list_views_schema,
     .handler = list_views_handler, .summary = "本人保存的视图", .tag = "列表"},
    {.method = HTTP_POST, .path = "/api/v1/lists/{name}/views", .permission = "", .body = &list_view_body_schema,
     .reply = &list_view_schema, .handler = list_view_save_handler, .summary = "保存视图,同名则更新", .tag = "列表"},
    {.method = HTTP_DELETE, .path = "/api/v1/lists/{name}/views/{id}", .permission = "", .handler = list_view_delete_handler,
     .summary = "删除视图", .tag = "列表"},
};

static yh_err keep_z(const char *before, const char *after, const char **ret)
{
    yh_buf_auto text = yh_buf_make(512);
    yh_buf_printf(&text, "%s%s", before, after);
    YH_TRY(yh_buf_check(&text));
    *ret = strdup(yh_buf_z(&text));
    return *ret ? YH_OK : yh_fail(YH_E_NO_MEMORY, "no memory for a list");
}

/* Page and export of one list, filled once; texts belong to its plan. */
static yh_err make_rows(const struct list *l)
{
    struct list_plan *p = l->memo->plan;
    const char *export_path = NULL, *export_summary = NULL;
    if (p->routes)
        return YH_OK;
    YH_TRY(list_describe(l));
    YH_TRY(keep_z(l->path, "/export", &export_path));
    YH_TRY(keep_z(l->title, "导出为 Excel 或 CSV", &export_summary));
    struct http_route *rows = calloc(2, sizeof *rows);
    if (!rows)
        return yh_fail(YH_E_NO_MEMORY, "no memory for a list");
    rows[0] = (struct http_route){.method = HTTP_GET, .path = l->path, .permission = l->permission, .query = p->fields,
                                  .reply = p->page, .handler = get_page, .summary = l->title, .tag = l->tag};
    rows[1] = (struct http_route){.method = HTTP_GET, .path = export_path, .permission = l->permission,
                                  .query = p->export_fields, .handler = list_export_handler, .summary = export_summary,
                                  .tag = l->tag};
    p->routes = rows;
    return YH_OK;
}

yh_err list_routes(const struct list *const *lists, struct http_route **ret)
{
    size_t n = 0, common = YH_LEN(common_routes);
    while (lists[n])
        n++;
    YH_TRY(list_prepare(lists));
    for (size_t i = 0; i < n; i++)
        YH_TRY(make_rows(lists[i]));
    struct http_route *rows = calloc(common + 2 * n + 1, sizeof *rows);
    if (!rows)
        return yh_fail(YH_E_NO_MEMORY, "no memory for a list");
    memcpy(rows, common_routes, sizeof common_routes);
    for (size_t i = 0; i < n; i++)
        memcpy(rows + common + 2 * i, lists[i]->memo->plan->routes, 2 * sizeof *rows);
    *ret = rows;
    return YH_OK;
}
