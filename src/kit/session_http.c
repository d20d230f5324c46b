#include "kit/session_http.h"

#include <strings.h>

#include "base/clock.h"
#include "kit/kit_internal.h"
#include "kit/machine.h"
#include "kit/role.h"

/* ---- callbacks ---- */

static yh_err show(struct http_request *rq);
static yh_err sign_out(struct http_request *rq);
static yh_err change_password(struct http_request *rq);

/* What is left to an account whose password somebody else knows. */
static bool is_open_before_change(const struct http_route *route)
{
    return route->handler == show || route->handler == sign_out || route->handler == change_password;
}

static yh_err user_of(struct http_request *rq, const struct kit_session *s, const struct http_user **ret)
{
    struct http_user *u = YH_NEW(rq->arena, struct http_user);
    struct kit_session *kept = YH_NEW(rq->arena, struct kit_session);
    const char *id = yh_arena_printf(rq->arena, "%lld", (long long)s->account_id);
    if (!u || !kept || !id)
        return yh_fail(YH_E_NO_MEMORY, "no memory for a session");
    *kept = *s;
    *u = (struct http_user){.id = yh_str_of(id),
                            .name = s->username,
                            .role = s->role,
                            .csrf = s->csrf,
                            .via_cookie = s->granted.p == NULL,
                            .session = kept};
    *ret = u;
    return YH_OK;
}

/* A program that sends a token is judged by it alone, whatever cookie comes along. */
static yh_err find_session(struct http_request *rq, struct kit_session *ret)
{
    static const char scheme[] = "Bearer ";
    yh_str given = http_header(rq, "Authorization");
    yh_time now = yh_clock_now();
    if (given.n == 0)
        return kit_session_find(kit_of(rq), http_cookie(rq, KIT_COOKIE), now, rq->arena, ret);
    if (given.n < sizeof scheme || strncasecmp(given.p, scheme, sizeof scheme - 1) != 0)
        return yh_fail(YH_E_NOT_FOUND, "no bearer token");
    yh_str token = yh_str_trim(yh_str_sub(given, sizeof scheme - 1, given.n));
    return kit_machine_find(kit_of(rq), token, yh_str_of(rq->peer), now, rq->arena, ret);
}

yh_err kit_authenticate(struct http_request *rq, const struct http_user **ret)
{
    struct kit_session s = {0};
    yh_err e = find_session(rq, &s);
    if (e == YH_E_NOT_FOUND) {
        *ret = NULL;
        return YH_OK;
    }
    YH_TRY(e);
    *ret = NULL; /* on public rows such an account is nobody */
    if (s.must_change && !is_open_before_change(rq->route))
        return rq->route->permission
                   ? http_problem(rq, 403, "must_change", "密码由他人设定,请先修改密码,再办理其他事项。")
                   : YH_OK;
    return user_of(rq, &s, ret);
}

bool kit_permitted(const struct http_user *user, const char *permission)
{
    const struct kit_session *s = user->session;
    size_t at;
    return permission[0] == '\0' || (kit_permission_find(yh_str_of(permission), &at) && s->rights >> at & 1);
}

yh_err kit_need_person(struct http_request *rq)
{
    return rq->user->via_cookie ? YH_OK : http_problem(rq, 403, "person_only", "此项只能由本人登录后办理,不能使用接口令牌。");
}

/* ---- answers ---- */

static void write_permissions(struct yh_json *j, const struct kit_session *s)
{
    size_t n;
    const struct kit_permission *all = kit_permissions(&n);
    yh_json_key(j, "permissions");
    yh_json_arr(j);
    for (size_t i = 0; i < n; i++)
        if (s->rights >> i & 1)
            yh_json_z(j, all[i].name);
    yh_json_arr_end(j);
}

static void write_roles(struct yh_json *j, yh_str roles)
{
    yh_str name;
    yh_json_key(j, "roles");
    yh_json_arr(j);
    while (yh_str_split(&roles, ' ', &name)) {
        const struct kit_role *r = kit_role_find(name);
        yh_json_obj(j);
        yh_json_kstr(j, "name", name);
        yh_json_kz(j, "title", r ? r->title : "");
        yh_json_obj_end(j);
    }
    yh_json_arr_end(j);
}

static void write_session(struct http_request *rq, const struct kit_session *s)
{
    struct yh_json *j = http_json(rq);
    yh_json_obj(j);
    yh_json_key(j, "user");
    yh_json_obj(j);
    yh_json_kstr(j, "username", s->username);
    yh_json_kstr(j, "name", s->display_name);
    yh_json_kstr(j, "role", s->role);
    write_roles(j, s->roles);
    write_permissions(j, s);
    yh_json_kbool(j, "must_change", s->must_change);
    yh_json_obj_end(j);
    yh_json_kstr(j, "csrf", s->csrf);
    yh_json_ktime(j, "expires", s->expires);
    yh_json_obj_end(j);
}

void kit_write_empty(struct http_request *rq)
{
    struct yh_json *j = http_json(rq);
    yh_json_obj(j);
    yh_json_obj_end(j);
}

yh_err kit_set_cookie(struct http_request *rq, const char *name, yh_str value, const char *path, const char *same_site,
                      yh_time age)
{
    bool secure = kit_of(rq)->config.secure_cookie;
    const char *text = yh_arena_printf(rq->arena, "%s=%.*s; Path=%s; HttpOnly; SameSite=%s; Max-Age=%lld%s", name,
                                       YH_FMT(value), path, same_site, (long long)(age / YH_SECOND), secure ? "; Secure" : "");
    if (!text)
        return yh_fail(YH_E_NO_MEMORY, "no memory for a cookie");
    http_set_header(rq, "Set-Cookie", text);
    return YH_OK;
}

/* The browser's session; age 0 takes it away. */
static yh_err set_session(struct http_request *rq, const char *token, yh_time age)
{
    return kit_set_cookie(rq, KIT_COOKIE, yh_str_of(token), "/", "Strict", age);
}

static yh_err locked(struct http_request *rq, yh_time left)
{
    yh_time seconds = (left + YH_SECOND - 1) / YH_SECOND;
    const char *retry = yh_arena_printf(rq->arena, "%lld", (long long)seconds);
    const char *title = yh_arena_printf(rq->arena, "密码错误次数过多,登录已暂停。请在 %lld %s后再试。",
                                        (long long)(seconds < 60 ? seconds : (seconds + 59) / 60),
                                        seconds < 60 ? "秒" : "分钟");
    if (!retry || !title)
        return yh_fail(YH_E_NO_MEMORY, "no memory for an answer");
    http_set_header(rq, "Retry-After", retry);
    return http_problem(rq, 429, "locked", title);
}

yh_err kit_answer_refusal(struct http_request *rq, yh_err e, yh_time now, yh_time until, int status, const char *wrong)
{
    if (e == YH_E_UNAUTH)
        return http_problem(rq, status, "bad_credentials", wrong);
    if (e == YH_E_BUSY && until > now)
        return locked(rq, until - now);
    if (e == YH_E_TIMEOUT)
        return http_problem(rq, 503, "busy", "当前登录人数较多,请稍后再试。");
    return e;
}

/* ---- handlers ---- */

static yh_err sign_in(struct http_request *rq)
{
    const struct kit_credentials c = {http_body_str(rq, "username"), http_body_str(rq, "password"), yh_str_of(rq->peer),
                                      http_header(rq, "User-Agent"), http_body_str(rq, "code")};
    yh_time now = yh_clock_now(), until = 0;
    char token[KIT_TOKEN_SIZE];
    struct kit_session s = {0};
    yh_err e = kit_sign_in(kit_of(rq), &c, now, rq->arena, token, &s, &until);
    if (e == YH_E_DENIED)
        return http_problem(rq, 401, "code_wanted", "请输入动态口令。");
    if (e != YH_OK)
        return kit_answer_refusal(rq, e, now, until, 401,
                                  c.code.n ? "密码或动态口令不正确,请核对后重新输入。"
                                           : "用户名或密码不正确,请核对后重新输入。");
    YH_TRY(set_session(rq, token, KIT_SESSION_LONG));
    write_session(rq, &s);
    return YH_OK;
}

static yh_err show(struct http_request *rq)
{
    const struct kit_session *s = rq->user->session;
    write_session(rq, s);
    return YH_OK;
}

static yh_err sign_out(struct http_request *rq)
{
    yh_err e = kit_sign_out(kit_of(rq), http_cookie(rq, KIT_COOKIE), yh_str_of(rq->peer), yh_clock_now());
    if (e != YH_E_NOT_FOUND)
        YH_TRY(e);
    YH_TRY(set_session(rq, "", 0));
    kit_write_empty(rq);
    return YH_OK;
}

static yh_err change_password(struct http_request *rq)
{
    YH_TRY(kit_need_person(rq));
    const struct kit_session *s = rq->user->session;
    yh_time now = yh_clock_now(), until = 0;
    yh_err e = kit_change_password(kit_of(rq), s, http_body_str(rq, "current"), http_body_str(rq, "password"),
                                   yh_str_of(rq->peer), now, &until);
    if (e == YH_E_INVALID) {
        const char *why = yh_arena_printf(rq->arena, "%s", yh_cause());
        http_problem_field(rq, "password", why ? why : "");
        return http_problem(rq, 422, "invalid", "新密码不符合要求,请按提示修改。");
    }
    if (e != YH_OK)
        return kit_answer_refusal(rq, e, now, until, 403, "原密码不正确,请核对后重新输入。");
    YH_TRY(set_session(rq, "", 0));
    kit_write_empty(rq);
    return YH_OK;
}

/* ---- rows ---- */

static const struct http_field f_credentials[] = {
    {.name = "username", .type = HTTP_T_STRING, .required = true, .min = 1, .max = 64, .title = "用户名"},
    {.name = "password", .type = HTTP_T_STRING, .required = true, .min = 1, .max = 128, .title = "密码"},
    {.name = "code", .type = HTTP_T_STRING, .max = 24, .title = "动态口令或恢复码"},
    {0},
};
static const struct http_schema body_credentials = {.name = "Credentials", .fields = f_credentials};

static const struct http_field f_password[] = {
    {.name = "current", .type = HTTP_T_STRING, .required = true, .min = 1, .max = 128, .title = "原密码"},
    {.name = "password", .type = HTTP_T_STRING, .required = true, .min = 1, .max = 128, .title = "新密码"},
    {0},
};
static const struct http_schema body_password = {.name = "PasswordChange", .fields = f_password};

static const struct http_field f_role[] = {
    {.name = "name", .type = HTTP_T_STRING, .required = true, .title = "角色"},
    {.name = "title", .type = HTTP_T_STRING, .required = true, .title = "名称"},
    {0},
};
static const struct http_schema role_schema = {.name = "HeldRole", .fields = f_role};
static const struct http_schema permission_names = {.name = "PermissionNames", .item = HTTP_T_STRING};
static const struct http_field f_user[] = {
    {.name = "username", .type = HTTP_T_STRING, .required = true, .title = "用户名"},
    {.name = "name", .type = HTTP_T_STRING, .required = true, .title = "姓名"},
    {.name = "role", .type = HTTP_T_STRING, .required = true, .title = "角色,多个时为第一个"},
    {.name = "roles", .type = HTTP_T_ARRAY, .required = true, .of = &role_schema, .title = "全部角色"},
    {.name = "permissions", .type = HTTP_T_ARRAY, .required = true, .of = &permission_names, .title = "权限"},
    {.name = "must_change", .type = HTTP_T_BOOL, .required = true, .title = "须修改密码"},
    {0},
};
static const struct http_schema user_schema = {.name = "SignedInUser", .fields = f_user};
static const struct http_field f_session[] = {
    {.name = "user", .type = HTTP_T_OBJECT, .required = true, .of = &user_schema, .title = "用户"},
    {.name = "csrf", .type = HTTP_T_STRING, .required = true, .title = "跨站请求令牌"},
    {.name = "expires", .type = HTTP_T_TIME, .required = true, .title = "到期时间"},
    {0},
};
static const struct http_schema session_schema = {.name = "Session", .fields = f_session};
static const struct http_field f_none[] = {{0}};
const struct http_schema kit_nothing = {.name = "Nothing", .fields = f_none};

#define PATH "/api/v1/session"
#define TAG  "登录"

const struct http_route kit_session_routes[] = {
    {HTTP_POST, PATH, NULL, NULL, &body_credentials, &session_schema, 4096, sign_in, "登录", TAG},
    {HTTP_GET, PATH, "", NULL, NULL, &session_schema, 0, show, "当前登录信息", TAG},
    {HTTP_DELETE, PATH, "", NULL, NULL, &kit_nothing, 0, sign_out, "退出登录", TAG},
    {HTTP_PUT, PATH "/password", "", NULL, &body_password, &kit_nothing, 4096, change_password, "修改本人密码", TAG},
    {0},
};
