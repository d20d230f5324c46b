/* Grants over HTTP: who has which role where, giving, ending, and what follows from it. */
#include "kit/accounts_http.h"
#include "kit/grant.h"

#include "base/clock.h"
#include "kit/kit_internal.h"
#include "kit/scope.h"
#include "kit/session_http.h"

static const char sql_account_of[] = "SELECT id FROM account WHERE username = ?";
static const char sql_reach[] = "SELECT permission, kind, scope_key, valid_from, valid_to FROM account_scope"
                                " WHERE account_id = ? AND valid_from <= ? AND valid_to > ?"
                                " ORDER BY permission, kind, scope_key";

static yh_err find_account(struct db *d, yh_str username, int64_t *ret)
{
    db_stmt_auto *s = NULL;
    bool row = false;
    YH_TRY(db_prepare(d, sql_account_of, &s));
    db_bind_str(s, 1, username);
    YH_TRY(db_step(s, &row));
    if (!row)
        return yh_fail(YH_E_NOT_FOUND, "没有这个账号。");
    *ret = db_i64(s, 0);
    return YH_OK;
}

static yh_err refused(struct http_request *rq, yh_err e)
{
    int status = e == YH_E_INVALID ? 422 : e == YH_E_CONFLICT ? 409 : e == YH_E_NOT_FOUND ? 404 : e == YH_E_DENIED ? 403 : 0;
    const char *why = yh_arena_printf(rq->arena, "%s", yh_cause());
    return status && why ? http_problem(rq, status, yh_err_name(e), why) : e;
}

/* ---- list ---- */

struct list {
    struct yh_json *j;
    struct db *d;
    size_t n, limit;
    int64_t last;
    bool more;
    yh_err e;
};

static bool put_item(void *user, const struct access_item *item)
{
    yh_json_obj(user);
    yh_json_kstr(user, "kind", item->kind);
    yh_json_kstr(user, "key", item->key);
    yh_json_obj_end(user);
    return true;
}

static void put_until(struct yh_json *j, const char *key, yh_time t)
{
    yh_json_ktime(j, key, t >= KIT_FOREVER ? YH_TIME_NONE : t);
}

static bool put_grant(void *user, const struct kit_grant *g)
{
    struct list *l = user;
    struct yh_json *j = l->j;
    l->more = l->n == l->limit;
    if (l->more)
        return false;
    l->n++;
    l->last = g->id;
    yh_json_obj(j);
    yh_json_ki64(j, "id", g->id);
    yh_json_kstr(j, "username", g->username);
    yh_json_kstr(j, "name", g->display_name);
    yh_json_kstr(j, "role", g->role);
    yh_json_kstr(j, "scope", g->scope);
    yh_json_key(j, "items");
    yh_json_arr(j);
    l->e = kit_grant_items(l->d, g->id, put_item, j);
    yh_json_arr_end(j);
    yh_json_ktime(j, "valid_from", g->from);
    put_until(j, "valid_to", g->to);
    yh_json_kstr(j, "reason", g->reason);
    yh_json_kstr(j, "granted_by", g->granted_by);
    yh_json_ktime(j, "granted_at", g->granted_at);
    yh_json_kstr(j, "ended_by", g->ended_by);
    yh_json_ktime(j, "ended_at", g->ended_at);
    yh_json_obj_end(j);
    return l->e == YH_OK;
}

static yh_err put_list(struct http_request *rq, struct db *d, yh_str username, int64_t after)
{
    struct list l = {.j = http_json(rq), .d = d, .limit = (size_t)http_query_int(rq, "limit", 50)};
    char next[24];
    int64_t account = 0;
    if (username.n)
        YH_TRY(find_account(d, username, &account));
    yh_json_obj(l.j);
    yh_json_key(l.j, "items");
    yh_json_arr(l.j);
    YH_TRY(kit_grant_list(d, account, after, l.limit + 1, put_grant, &l));
    YH_TRY(l.e);
    yh_json_arr_end(l.j);
    snprintf(next, sizeof next, "%lld", (long long)l.last);
    yh_json_kz(l.j, "next", l.more ? next : NULL);
    yh_json_obj_end(l.j);
    return YH_OK;
}

static yh_err list_grants(struct http_request *rq)
{
    yh_str username = {0}, cursor = {0};
    int64_t after = 0;
    http_query(rq, "username", &username);
    if (http_query(rq, "cursor", &cursor) && !yh_str_to_i64(cursor, &after)) {
        http_problem_field(rq, "cursor", "游标应为上一页给出的值");
        return http_problem(rq, 422, "invalid", "游标不对,请从第一页重新查询。");
    }
    kit_loan_auto l = kit_reader(kit_of(rq));
    yh_err e = put_list(rq, l.d, username, after);
    return e == YH_E_NOT_FOUND ? refused(rq, e) : e;
}

/* ---- giving and ending ---- */

static struct kit_actor actor_of(const struct http_request *rq)
{
    const struct kit_session *s = rq->user->session;
    return (struct kit_actor){s->account_id, s->username};
}

static yh_time body_time(const struct http_request *rq, const char *name, yh_time otherwise)
{
    yh_time t;
    yh_str text = http_body_str(rq, name);
    return text.n && yh_time_parse(text, YH_CST, &t) ? t : otherwise;
}

static yh_err read_items(struct http_request *rq, struct kit_new_grant *g)
{
    const json_t *list = json_object_get(rq->body, "items");
    struct access_item *items = YH_NEW_N(rq->arena, struct access_item, json_array_size(list) + 1);
    if (!items)
        return yh_fail(YH_E_NO_MEMORY, "no memory for a grant");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        items[i] = (struct access_item){yh_str_of(json_string_value(json_object_get(item, "kind"))),
                                        yh_str_of(json_string_value(json_object_get(item, "key")))};
    }
    g->items = items;
    g->item_n = json_array_size(list);
    return YH_OK;
}

static yh_err answer(struct http_request *rq, struct db *d, int64_t id)
{
    struct list l = {.j = http_json(rq), .d = d, .limit = 1};
    YH_TRY(kit_grant_list(d, 0, id - 1, 1, put_grant, &l));
    return l.e;
}

static yh_err give(struct http_request *rq)
{
    struct kit *k = kit_of(rq);
    yh_time now = yh_clock_now();
    struct kit_new_grant g = {.role = http_body_str(rq, "role"), .reason = http_body_str(rq, "reason"),
                              .from = body_time(rq, "valid_from", now), .to = body_time(rq, "valid_to", KIT_FOREVER)};
    const struct kit_actor by = actor_of(rq);
    int64_t id = 0;
    YH_TRY(kit_need_person(rq));
    kit_reach_of(http_body_str(rq, "scope"), &g.reach);
    YH_TRY(read_items(rq, &g));
    {
        kit_loan_auto l = kit_reader(k);
        yh_err e = find_account(l.d, http_body_str(rq, "username"), &g.account_id);
        if (e != YH_OK)
            return refused(rq, e);
    }
    yh_err e = kit_grant_add(k, &g, &by, now, &id);
    if (e != YH_OK)
        return refused(rq, e);
    kit_loan_auto l = kit_reader(k);
    return answer(rq, l.d, id);
}

static yh_err end(struct http_request *rq)
{
    struct kit *k = kit_of(rq);
    const struct kit_actor by = actor_of(rq);
    int64_t id = 0;
    YH_TRY(kit_need_person(rq));
    if (!yh_str_to_i64(http_path_param(rq, "id"), &id) || id <= 0)
        return http_problem(rq, 404, "not_found", "没有这项授权。");
    yh_err e = kit_grant_end(k, id, &by, yh_clock_now());
    if (e != YH_OK)
        return refused(rq, e);
    kit_loan_auto l = kit_reader(k);
    return answer(rq, l.d, id);
}

/* ---- what follows from it ---- */

static yh_err put_reach(struct db *d, struct yh_json *j, int64_t account, yh_time at)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_reach, &s));
    db_bind_i64(s, 1, account);
    db_bind_i64(s, 2, at);
    db_bind_i64(s, 3, at);
    for (bool row = true;;) {
        YH_TRY(db_step(s, &row));
        if (!row)
            return YH_OK;
        yh_json_obj(j);
        yh_json_kstr(j, "permission", db_str(s, 0));
        yh_json_kstr(j, "kind", db_str(s, 1));
        yh_json_kstr(j, "key", db_str(s, 2));
        yh_json_ktime(j, "valid_from", db_i64(s, 3));
        put_until(j, "valid_to", db_i64(s, 4));
        yh_json_obj_end(j);
    }
}

static yh_err get_reach(struct http_request *rq)
{
    struct yh_json *j = http_json(rq);
    yh_time at = http_query_time(rq, "at", yh_clock_now());
    int64_t account = 0;
    kit_loan_auto l = kit_reader(kit_of(rq));
    yh_err e = find_account(l.d, http_path_param(rq, "username"), &account);
    if (e == YH_E_NOT_FOUND)
        return refused(rq, e);
    YH_TRY(e);
    yh_json_obj(j);
    yh_json_ktime(j, "at", at);
    yh_json_key(j, "items");
    yh_json_arr(j);
    YH_TRY(put_reach(l.d, j, account, at));
    yh_json_arr_end(j);
    yh_json_obj_end(j);
    return YH_OK;
}

/* ---- rows ---- */

static const char *const reaches[] = {"none", "self", "department", "agency", "agency_below", "region", "list", "all", NULL};
static const char *const kinds[] = {"region", "agency", "enterprise", "station", NULL};

static const struct http_field list_query[] = {
    {.name = "username", .type = HTTP_T_STRING, .max = 32, .title = "用户名"},
    {.name = "limit", .type = HTTP_T_INT, .min = 1, .max = 500, .title = "每页条数"},
    {.name = "cursor", .type = HTTP_T_STRING, .max = 20, .title = "游标"},
    {0},
};
static const struct http_field at_query[] = {{.name = "at", .type = HTTP_T_TIME, .title = "时刻,默认现在"}, {0}};

static const struct http_field item_fields[] = {
    {.name = "kind", .type = HTTP_T_STRING, .required = true, .values = kinds, .title = "对象类别"},
    {.name = "key", .type = HTTP_T_STRING, .required = true, .min = 1, .max = 64, .title = "代码或编号"},
    {0},
};
static const struct http_schema item_schema = {.name = "GrantItem", .fields = item_fields};

static const struct http_field new_fields[] = {
    {.name = "username", .type = HTTP_T_STRING, .required = true, .min = 2, .max = 32, .title = "用户名"},
    {.name = "role", .type = HTTP_T_STRING, .required = true, .min = 1, .max = 32, .title = "角色"},
    {.name = "scope", .type = HTTP_T_STRING, .required = true, .values = reaches, .title = "数据范围"},
    {.name = "items", .type = HTTP_T_ARRAY, .max = KIT_GRANT_ITEMS_MAX, .of = &item_schema, .title = "指定区县或名单"},
    {.name = "valid_from", .type = HTTP_T_TIME, .nullable = true, .title = "自,默认现在"},
    {.name = "valid_to", .type = HTTP_T_TIME, .nullable = true, .title = "至,默认长期"},
    {.name = "reason", .type = HTTP_T_STRING, .max = 200, .title = "理由"},
    {0},
};
static const struct http_schema new_schema = {.name = "NewGrant", .fields = new_fields};

static const struct http_field grant_fields[] = {
    {.name = "id", .type = HTTP_T_INT, .required = true, .title = "授权"},
    {.name = "username", .type = HTTP_T_STRING, .required = true, .title = "用户名"},
    {.name = "name", .type = HTTP_T_STRING, .required = true, .title = "姓名"},
    {.name = "role", .type = HTTP_T_STRING, .required = true, .title = "角色"},
    {.name = "scope", .type = HTTP_T_STRING, .required = true, .title = "数据范围"},
    {.name = "items", .type = HTTP_T_ARRAY, .required = true, .of = &item_schema, .title = "指定区县或名单"},
    {.name = "valid_from", .type = HTTP_T_TIME, .required = true, .title = "自"},
    {.name = "valid_to", .type = HTTP_T_TIME, .required = true, .nullable = true, .title = "至;空为长期"},
    {.name = "reason", .type = HTTP_T_STRING, .required = true, .title = "理由"},
    {.name = "granted_by", .type = HTTP_T_STRING, .required = true, .title = "授权人"},
    {.name = "granted_at", .type = HTTP_T_TIME, .required = true, .title = "授权时间"},
    {.name = "ended_by", .type = HTTP_T_STRING, .required = true, .title = "收回人"},
    {.name = "ended_at", .type = HTTP_T_TIME, .required = true, .nullable = true, .title = "收回时间"},
    {0},
};
static const struct http_schema grant_schema = {.name = "Grant", .fields = grant_fields};
static const struct http_field list_fields[] = {
    {.name = "items", .type = HTTP_T_ARRAY, .required = true, .of = &grant_schema},
    {.name = "next", .type = HTTP_T_STRING, .required = true, .nullable = true, .title = "下一页游标"},
    {0},
};
static const struct http_schema list_schema = {.name = "GrantList", .fields = list_fields};

static const struct http_field reach_fields[] = {
    {.name = "permission", .type = HTTP_T_STRING, .required = true, .title = "权限"},
    {.name = "kind", .type = HTTP_T_STRING, .required = true, .title = "范围类别;right 表示权限本身,all 表示全部数据"},
    {.name = "key", .type = HTTP_T_STRING, .required = true, .title = "代码或编号"},
    {.name = "valid_from", .type = HTTP_T_TIME, .required = true, .title = "自"},
    {.name = "valid_to", .type = HTTP_T_TIME, .required = true, .nullable = true, .title = "至;空为长期"},
    {0},
};
static const struct http_schema reach_schema = {.name = "Reach", .fields = reach_fields};
static const struct http_field reach_list_fields[] = {
    {.name = "at", .type = HTTP_T_TIME, .required = true, .title = "时刻"},
    {.name = "items", .type = HTTP_T_ARRAY, .required = true, .of = &reach_schema},
    {0},
};
static const struct http_schema reach_list_schema = {.name = "ReachList", .fields = reach_list_fields};

#define ALL "/api/v1/grants"
#define TAG "授权"

const struct http_route kit_grant_routes[] = {
    {HTTP_GET, ALL, "grant:read", list_query, NULL, &list_schema, 0, list_grants, "授权记录", TAG},
    {HTTP_POST, ALL, "grant:write", NULL, &new_schema, &grant_schema, 0, give, "授予角色", TAG},
    {HTTP_POST, ALL "/{id}/end", "grant:write", NULL, NULL, &grant_schema, 0, end, "收回授权", TAG},
    {HTTP_GET, "/api/v1/accounts/{username}/reach", "grant:read", at_query, NULL, &reach_list_schema, 0, get_reach,
     "账号的权限与数据范围", TAG},
    {0},
};
