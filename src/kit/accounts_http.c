#include "kit/accounts_http.h"

#include "base/clock.h"
#include "kit/grant.h"
#include "kit/kit_internal.h"
#include "kit/role.h"
#include "kit/session_http.h"

static int64_t body_id(const struct http_request *rq, const char *name)
{
    const json_t *v = json_object_get(rq->body, name);
    return json_is_integer(v) ? json_integer_value(v) : 0;
}

/* ---- how an account looks ---- */

static void put_id(struct yh_json *j, const char *key, int64_t id)
{
    yh_json_key(j, key);
    if (id)
        yh_json_i64(j, id);
    else
        yh_json_null(j);
}

static void put_roles(struct yh_json *j, yh_str roles)
{
    yh_str name;
    yh_json_key(j, "roles");
    yh_json_arr(j);
    while (yh_str_split(&roles, ' ', &name))
        yh_json_str(j, name);
    yh_json_arr_end(j);
}

static void put_account(struct yh_json *j, const struct kit_account *a)
{
    yh_json_obj(j);
    yh_json_ki64(j, "id", a->id);
    yh_json_kstr(j, "username", a->username);
    yh_json_kstr(j, "name", a->display_name);
    put_roles(j, a->roles);
    yh_json_kbool(j, "disabled", a->disabled);
    yh_json_kbool(j, "must_change", a->must_change);
    put_id(j, "officer_id", a->officer_id);
    put_id(j, "enterprise_id", a->enterprise_id);
    yh_json_ktime(j, "created_at", a->created_at);
    yh_json_kstr(j, "cause", a->cause);
    yh_json_obj_end(j);
}

struct list {
    struct yh_json *j;
    struct yh_arena *arena;
    yh_str q, after, only; /* only: this one */
    size_t n, limit, total;
    yh_str last;
    bool more;
};

static bool fits(const struct list *l, const struct kit_account *a)
{
    if (l->only.n)
        return yh_str_eq(l->only, a->username);
    return l->q.n == 0 || memmem(a->username.p, a->username.n, l->q.p, l->q.n) ||
           memmem(a->display_name.p, a->display_name.n, l->q.p, l->q.n);
}

static bool put_row(void *user, const struct kit_account *a)
{
    struct list *l = user;
    if (!fits(l, a))
        return true;
    l->total++;
    if (yh_str_cmp(a->username, l->after) <= 0)
        return true;
    l->more |= l->n == l->limit;
    if (l->n == l->limit)
        return true;
    l->n++;
    l->last = yh_arena_str(l->arena, a->username);
    put_account(l->j, a);
    return true;
}

static yh_err list_accounts(struct http_request *rq)
{
    struct list l = {.j = http_json(rq), .arena = rq->arena, .limit = (size_t)http_query_int(rq, "limit", 50)};
    http_query(rq, "q", &l.q);
    http_query(rq, "cursor", &l.after);
    yh_json_obj(l.j);
    yh_json_key(l.j, "items");
    yh_json_arr(l.j);
    YH_TRY(kit_account_list(kit_of(rq), put_row, &l));
    yh_json_arr_end(l.j);
    yh_json_ku64(l.j, "total", l.total);
    yh_json_key(l.j, "next");
    if (l.more)
        yh_json_str(l.j, l.last);
    else
        yh_json_null(l.j);
    yh_json_obj_end(l.j);
    return YH_OK;
}

/* {account, password when one was made: that is shown once and kept nowhere, not even for a repeated call} */
static yh_err answer(struct http_request *rq, yh_str username, const char *password)
{
    struct list l = {.j = http_json(rq), .arena = rq->arena, .limit = 1, .only = username};
    yh_json_obj(l.j);
    yh_json_key(l.j, "account");
    YH_TRY(kit_account_list(kit_of(rq), put_row, &l));
    yh_json_kz(l.j, "password", password);
    if (password)
        http_keep_nothing(rq);
    yh_json_obj_end(l.j);
    return YH_OK;
}

/* ---- changes ---- */

static yh_err refused(struct http_request *rq, yh_err e, const char *field)
{
    static const struct {
        yh_err e;
        int status;
    } rows[] = {{YH_E_INVALID, 422}, {YH_E_CONFLICT, 409}, {YH_E_NOT_FOUND, 404}, {YH_E_DENIED, 403}};
    for (size_t i = 0; i < YH_LEN(rows); i++) {
        if (rows[i].e != e)
            continue;
        const char *why = yh_arena_printf(rq->arena, "%s", yh_cause());
        if (e == YH_E_INVALID && field)
            http_problem_field(rq, field, why ? why : "");
        return http_problem(rq, rows[i].status, yh_err_name(e), why ? why : "");
    }
    return e;
}

/* One of the three is not in the hands of another. */
static yh_err check_target(struct http_request *rq, yh_str username)
{
    bool administrator = false;
    yh_err e = kit_account_is_administrator(kit_of(rq), username, yh_clock_now(), &administrator);
    if (e == YH_E_NOT_FOUND)
        return refused(rq, e, NULL);
    YH_TRY(e);
    return administrator ? http_problem(rq, 403, "denied", "三员账号的停用和口令重设须在服务器上用命令行办理,不能由其他管理员代办。")
                         : YH_OK;
}

static yh_err add_account(struct http_request *rq)
{
    char password[KIT_PASSWORD_MADE + 1];
    int64_t id;
    YH_TRY(kit_need_person(rq));
    kit_password_make(password);
    const struct kit_new_account a = {.username = http_body_str(rq, "username"), .display_name = http_body_str(rq, "name"),
                                      .password = yh_str_of(password), .must_change = true,
                                      .officer_id = body_id(rq, "officer_id"), .enterprise_id = body_id(rq, "enterprise_id")};
    yh_err e = kit_account_add(kit_of(rq), &a, rq->user->name, yh_clock_now(), &id);
    e = e == YH_OK ? answer(rq, a.username, password) : refused(rq, e, "username");
    explicit_bzero(password, sizeof password);
    return e;
}

static yh_err reset_password(struct http_request *rq)
{
    char password[KIT_PASSWORD_MADE + 1];
    yh_str username = http_path_param(rq, "username");
    YH_TRY(kit_need_person(rq));
    YH_TRY(check_target(rq, username));
    kit_password_make(password);
    yh_err e = kit_account_passwd(kit_of(rq), username, yh_str_of(password), true, rq->user->name, yh_clock_now());
    e = e == YH_OK ? answer(rq, username, password) : refused(rq, e, NULL);
    explicit_bzero(password, sizeof password);
    return e;
}

static yh_err set_disabled(struct http_request *rq, bool disabled)
{
    yh_str username = http_path_param(rq, "username");
    YH_TRY(kit_need_person(rq));
    YH_TRY(check_target(rq, username));
    yh_err e = kit_account_disable(kit_of(rq), username, disabled, rq->user->name, yh_clock_now());
    return e == YH_OK ? answer(rq, username, NULL) : refused(rq, e, NULL);
}

static yh_err disable(struct http_request *rq)
{
    return set_disabled(rq, true);
}

static yh_err enable(struct http_request *rq)
{
    return set_disabled(rq, false);
}

static yh_err link_account(struct http_request *rq)
{
    yh_str username = http_path_param(rq, "username");
    YH_TRY(kit_need_person(rq));
    yh_err e = kit_account_link(kit_of(rq), username, body_id(rq, "officer_id"), body_id(rq, "enterprise_id"), rq->user->name,
                                yh_clock_now());
    return e == YH_OK ? answer(rq, username, NULL) : refused(rq, e, "officer_id");
}

/* ---- rows ---- */

#define ID_MAX ((int64_t)1 << 53)

static const struct http_field list_query[] = {
    {.name = "q", .type = HTTP_T_STRING, .max = 50, .title = "用户名或姓名"},
    {.name = "limit", .type = HTTP_T_INT, .min = 1, .max = 500, .title = "每页条数"},
    {.name = "cursor", .type = HTTP_T_STRING, .max = 64, .title = "游标"},
    {0},
};

static const struct http_field owner_fields[] = {
    {.name = "username", .type = HTTP_T_STRING, .required = true, .min = 2, .max = 32, .title = "用户名"},
    {.name = "name", .type = HTTP_T_STRING, .required = true, .min = 1, .max = 50, .title = "姓名"},
    {.name = "officer_id", .type = HTTP_T_INT, .nullable = true, .min = 1, .max = ID_MAX, .title = "对应人员"},
    {.name = "enterprise_id", .type = HTTP_T_INT, .nullable = true, .min = 1, .max = ID_MAX, .title = "对应企业"},
    {0},
};
static const struct http_schema new_schema = {.name = "NewAccount", .fields = owner_fields};
static const struct http_schema link_schema = {.name = "AccountOwner", .fields = owner_fields + 2};

static const struct http_schema names = {.name = NULL, .item = HTTP_T_STRING};
static const struct http_field account_fields[] = {
    {.name = "id", .type = HTTP_T_INT, .required = true, .title = "账号"},
    {.name = "username", .type = HTTP_T_STRING, .required = true, .title = "用户名"},
    {.name = "name", .type = HTTP_T_STRING, .required = true, .title = "姓名"},
    {.name = "roles", .type = HTTP_T_ARRAY, .required = true, .of = &names, .title = "现有角色"},
    {.name = "disabled", .type = HTTP_T_BOOL, .required = true, .title = "已停用"},
    {.name = "must_change", .type = HTTP_T_BOOL, .required = true, .title = "须改密码"},
    {.name = "officer_id", .type = HTTP_T_INT, .required = true, .nullable = true, .title = "对应人员"},
    {.name = "enterprise_id", .type = HTTP_T_INT, .required = true, .nullable = true, .title = "对应企业"},
    {.name = "created_at", .type = HTTP_T_TIME, .required = true, .title = "建立时间"},
    {.name = "cause", .type = HTTP_T_STRING, .required = true, .title = "建立人"},
    {0},
};
static const struct http_schema account_schema = {.name = "Account", .fields = account_fields};
static const struct http_field list_fields[] = {
    {.name = "items", .type = HTTP_T_ARRAY, .required = true, .of = &account_schema},
    {.name = "total", .type = HTTP_T_INT, .required = true, .title = "总数"},
    {.name = "next", .type = HTTP_T_STRING, .required = true, .nullable = true, .title = "下一页游标"},
    {0},
};
static const struct http_schema list_schema = {.name = "AccountList", .fields = list_fields};
static const struct http_field answer_fields[] = {
    {.name = "account", .type = HTTP_T_OBJECT, .required = true, .of = &account_schema},
    {.name = "password", .type = HTTP_T_STRING, .required = true, .nullable = true, .title = "一次性口令,只显示这一次"},
    {0},
};
static const struct http_schema answer_schema = {.name = "AccountAnswer", .fields = answer_fields};

#define ALL "/api/v1/accounts"
#define ONE ALL "/{username}"
#define TAG "账号"

const struct http_route kit_accounts_routes[] = {
    {HTTP_GET, ALL, "account:read", list_query, NULL, &list_schema, 0, list_accounts, "账号", TAG},
    {HTTP_POST, ALL, "account:write", NULL, &new_schema, &answer_schema, 4096, add_account, "新建账号(尚无权限)", TAG},
    {HTTP_POST, ONE "/password", "account:write", NULL, NULL, &answer_schema, 0, reset_password, "重设为一次性口令", TAG},
    {HTTP_POST, ONE "/disable", "account:write", NULL, NULL, &answer_schema, 0, disable, "停用账号", TAG},
    {HTTP_POST, ONE "/enable", "account:write", NULL, NULL, &answer_schema, 0, enable, "重新启用账号", TAG},
    {HTTP_PUT, ONE "/owner", "account:write", NULL, &link_schema, &answer_schema, 4096, link_account, "对应人员或企业", TAG},
    {0},
};
