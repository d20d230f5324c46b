/* Leaving for the portal and coming back are pages of the browser: they answer by sending it on, failures by a word that the
 * sign-in page explains. */
#include "base/clock.h"
#include "kit/kit_internal.h"
#include "kit/portal.h"
#include "kit/session_http.h"

#define PATH     "/api/v1/session/portal"
#define BACK_MAX 512

static yh_err send_to(struct http_request *rq, const char *url)
{
    if (!url)
        return yh_fail(YH_E_NO_MEMORY, "no memory for an answer");
    http_status(rq, 302);
    http_set_header(rq, "Location", url);
    http_raw(rq, "text/plain; charset=utf-8", YH_S(""));
    return YH_OK;
}

/* What went wrong, as the sign-in page and the account page know it. */
static const struct {
    yh_err e;
    const char *word;
} words[] = {
    {YH_E_INVALID, "expired"},     {YH_E_UNAUTH, "refused"},     {YH_E_NOT_FOUND, "unlinked"},     {YH_E_DENIED, "disabled"},
    {YH_E_CONFLICT, "conflict"},   {YH_E_CLOSED, "unreachable"}, {YH_E_TIMEOUT, "unreachable"},    {YH_E_BUSY, "busy"},
    {YH_E_TOO_LARGE, "refused"},   {YH_E_UNSUPPORTED, "unsupported"},
};

static const char *word_of(yh_err e)
{
    for (size_t i = 0; i < YH_LEN(words); i++)
        if (words[i].e == e)
            return words[i].word;
    return NULL;
}

static yh_err send_home(struct http_request *rq, yh_err e)
{
    const char *word = word_of(e);
    return word ? send_to(rq, yh_arena_printf(rq->arena, "/d/sign-in?portal=%s", word)) : e;
}

/* ---- handlers ---- */

static yh_err show(struct http_request *rq)
{
    struct kit *k = kit_of(rq);
    const struct kit_session *who = rq->user ? rq->user->session : NULL;
    bool linked = false;
    if (who && kit_portal_enabled(k))
        YH_TRY(kit_portal_linked(k, who->account_id, &linked));
    struct yh_json *j = http_json(rq);
    yh_json_obj(j);
    yh_json_kbool(j, "enabled", kit_portal_enabled(k));
    yh_json_kz(j, "title", kit_portal_title(k));
    yh_json_kbool(j, "linked", linked);
    yh_json_obj_end(j);
    return YH_OK;
}

static yh_err none(struct http_request *rq)
{
    return http_problem(rq, 404, "not_found", "本系统没有设置门户统一登录。");
}

/* A path of this application, no address of another one. */
static bool is_own_path(yh_str s)
{
    if (s.n == 0 || s.n > BACK_MAX || s.p[0] != '/' || (s.n > 1 && (s.p[1] == '/' || s.p[1] == '\\')))
        return false;
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] <= ' ' || (unsigned char)s.p[i] > '~')
            return false;
    return true;
}

static yh_err leave(struct http_request *rq, yh_str back, int64_t account)
{
    yh_str url, cookie;
    yh_err e = kit_portal_begin(kit_of(rq), back, account, yh_clock_now(), rq->arena, &url, &cookie);
    if (e != YH_OK)
        return send_home(rq, e);
    /* Lax: the portal sends the browser back from another site, and the cookie must come along. */
    YH_TRY(kit_set_cookie(rq, KIT_PORTAL_COOKIE, cookie, PATH, "Lax", KIT_PORTAL_TIME));
    return send_to(rq, yh_arena_printf(rq->arena, "%.*s", YH_FMT(url)));
}

static yh_err start(struct http_request *rq)
{
    yh_str back = YH_S("/overview"), wanted;
    if (!kit_portal_enabled(kit_of(rq)))
        return none(rq);
    if (http_query(rq, "return", &wanted) && is_own_path(wanted))
        back = wanted;
    return leave(rq, back, 0);
}

static yh_err start_link(struct http_request *rq)
{
    const struct kit_session *who = rq->user->session;
    if (!kit_portal_enabled(kit_of(rq)))
        return none(rq);
    YH_TRY(kit_need_person(rq));
    return leave(rq, YH_S("/account"), who->account_id);
}

static yh_str query_or_empty(const struct http_request *rq, const char *name)
{
    yh_str s;
    return http_query(rq, name, &s) ? s : YH_S("");
}

static yh_err come_back(struct http_request *rq)
{
    struct kit_portal_result result;
    if (!kit_portal_enabled(kit_of(rq)))
        return none(rq);
    const struct kit_portal_return r = {http_cookie(rq, KIT_PORTAL_COOKIE), query_or_empty(rq, "state"),
                                        query_or_empty(rq, "code"), yh_str_of(rq->peer), http_header(rq, "User-Agent")};
    yh_err e = kit_portal_finish(kit_of(rq), &r, yh_clock_now(), rq->arena, &result);
    YH_TRY(kit_set_cookie(rq, KIT_PORTAL_COOKIE, YH_S(""), PATH, "Lax", 0));
    const char *word = e == YH_OK ? "linked" : word_of(e);
    if (result.linked && word)
        return send_to(rq, yh_arena_printf(rq->arena, "/d/account?portal=%s", word));
    if (e != YH_OK)
        return send_home(rq, e);
    YH_TRY(kit_set_cookie(rq, KIT_COOKIE, yh_str_of(result.token), "/", "Strict", KIT_SESSION_LONG));
    return send_to(rq, yh_arena_printf(rq->arena, "/d/sign-in?portal=done&return=%.*s", YH_FMT(result.back)));
}

static yh_err unlink_own(struct http_request *rq)
{
    const struct kit_session *who = rq->user->session;
    if (!kit_portal_enabled(kit_of(rq)))
        return none(rq);
    YH_TRY(kit_need_person(rq));
    yh_err e = kit_portal_unlink(kit_of(rq), who, yh_clock_now());
    if (e == YH_E_NOT_FOUND)
        return http_problem(rq, 404, "not_found", "本账号没有绑定门户用户。");
    YH_TRY(e);
    kit_write_empty(rq);
    return YH_OK;
}

/* ---- rows ---- */

static const struct http_field f_portal[] = {
    {.name = "enabled", .type = HTTP_T_BOOL, .required = true, .title = "可用"},
    {.name = "title", .type = HTTP_T_STRING, .required = true, .title = "按钮文字"},
    {.name = "linked", .type = HTTP_T_BOOL, .required = true, .title = "本账号已绑定"},
    {0},
};
static const struct http_schema portal_schema = {.name = "Portal", .fields = f_portal};

static const struct http_field q_start[] = {
    {.name = "return", .type = HTTP_T_STRING, .max = BACK_MAX, .title = "登录后回到的页面"}, {0}};

/* What providers add to their answer is known and left alone. */
static const struct http_field q_back[] = {
    {.name = "code", .type = HTTP_T_STRING, .max = 2000, .title = "授权码"},
    {.name = "state", .type = HTTP_T_STRING, .max = 200, .title = "状态"},
    {.name = "error", .type = HTTP_T_STRING, .max = 200, .title = "门户报告的错误"},
    {.name = "error_description", .type = HTTP_T_STRING, .max = 2000, .title = "错误说明"},
    {.name = "error_uri", .type = HTTP_T_STRING, .max = 2000, .title = "错误说明地址"},
    {.name = "iss", .type = HTTP_T_STRING, .max = 1000, .title = "门户地址"},
    {.name = "session_state", .type = HTTP_T_STRING, .max = 1000, .title = "门户会话状态"},
    {.name = "scope", .type = HTTP_T_STRING, .max = 1000, .title = "授权范围"},
    {0},
};

const struct http_route kit_portal_routes[] = {
    {HTTP_GET, PATH, NULL, NULL, NULL, &portal_schema, 0, show, "门户统一登录是否可用", "登录"},
    {HTTP_GET, PATH "/start", NULL, q_start, NULL, NULL, 0, start, "转到门户登录", "登录"},
    {HTTP_GET, PATH "/link", "", NULL, NULL, NULL, 0, start_link, "转到门户绑定本账号", "登录"},
    {HTTP_GET, KIT_PORTAL_BACK, NULL, q_back, NULL, NULL, 0, come_back, "从门户返回", "登录"},
    {HTTP_DELETE, PATH, "", NULL, NULL, &kit_nothing, 0, unlink_own, "解除本账号与门户的绑定", "登录"},
    {0},
};

const http_handler kit_slow_handlers[] = {start, start_link, come_back, NULL};
