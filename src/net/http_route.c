/* From the header to the handler: steps that each may answer instead. */
#include "net/http_internal.h"

#define BODY_DEFAULT (64u << 10)

const struct http_schema http_file = {.name = "File"};

static const struct {
    const char *name;
    http_method method;
} methods[] = {
    {"GET", HTTP_GET}, {"HEAD", HTTP_GET},    {"POST", HTTP_POST},
    {"PUT", HTTP_PUT}, {"PATCH", HTTP_PATCH}, {"DELETE", HTTP_DELETE},
};

static bool method_named(const char *name, http_method *ret)
{
    for (size_t i = 0; i < YH_LEN(methods); i++)
        if (strcmp(methods[i].name, name) == 0) {
            *ret = methods[i].method;
            return true;
        }
    return false;
}

static bool is_mutating(const struct http_reply *r)
{
    return r->rq.route && r->rq.route->method != HTTP_GET;
}

/* ---- where the request ends */

struct framing {
    unsigned hosts, lengths, codings;
    bool odd_coding;
};

static enum MHD_Result count_header(void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
    (void)kind;
    struct framing *f = cls;
    yh_str s = yh_str_of(name);
    f->hosts += yh_str_eq_nocase(s, YH_S("Host"));
    f->lengths += yh_str_eq_nocase(s, YH_S("Content-Length"));
    if (yh_str_eq_nocase(s, YH_S("Transfer-Encoding"))) {
        f->codings++;
        f->odd_coding |= !yh_str_eq_nocase(yh_str_of(value), YH_S("chunked"));
    }
    return MHD_YES;
}

/* A body with two ends is the way to smuggle a second request past a proxy. */
static yh_err check_framing(struct http_reply *r)
{
    struct framing f = {0};
    MHD_get_connection_values(r->mhd, MHD_HEADER_KIND, count_header, &f);
    r->unclear_end = f.lengths + f.codings > 1 || f.odd_coding;
    if (f.hosts <= 1 && !r->unclear_end)
        return YH_OK;
    return http_problem(&r->rq, 400, "bad_request", "请求头重复或自相矛盾,请改正后重试");
}

/* ---- which route */

static yh_err not_found(struct http_reply *r)
{
    return http_problem(&r->rq, 404, "not_found", "没有这个地址,请核对后重试");
}

static void set_allow(struct http_reply *r, const struct http_match *m)
{
    yh_buf_auto allow = yh_buf_make(128);
    for (size_t i = 0; i < YH_LEN(methods); i++)
        if (m->by_method[methods[i].method])
            yh_buf_printf(&allow, "%s%s", allow.n ? ", " : "", methods[i].name);
    http_set_header(&r->rq, "Allow", yh_buf_z(&allow));
}

static yh_err wrong_method(struct http_reply *r, const struct http_match *m)
{
    set_allow(r, m);
    if (strcmp(r->method, "OPTIONS") != 0)
        return http_problem(&r->rq, 405, "method_not_allowed", "这个地址不支持此操作");
    r->status = 204;
    r->answered = true;
    return YH_OK;
}

static yh_err find_file(struct http_reply *r, bool known_method, http_method method)
{
    static const struct http_route readable = {.path = ""};
    const struct http_match reading = {.by_method = {[HTTP_GET] = &readable}};
    yh_str path;
    if (!r->server->files || !http_decode(r->rq.arena, r->rq.path, false, &path))
        return not_found(r);
    const char *to = http_static_redirect(r->server->files, path);
    r->file = http_static_find(r->server->files, path);
    if (!to && !r->file)
        return not_found(r);
    if (!known_method || method != HTTP_GET) {
        r->file = NULL;
        return wrong_method(r, &reading);
    }
    r->answered = true;
    if (to) {
        http_set_header(&r->rq, "Location", to);
        r->status = 302;
        r->file = NULL;
    }
    return YH_OK;
}

static yh_err find_route(struct http_reply *r)
{
    struct http_path path;
    http_method method = HTTP_GET;
    bool known = method_named(r->method, &method);
    r->head = strcmp(r->method, "HEAD") == 0;
    if (!http_path_parse(r->rq.arena, r->rq.path, &path))
        return http_problem(&r->rq, 400, "bad_path", "地址的写法不对,请核对后重试");
    if (!http_router_find(r->server->router, &path, &r->match))
        return yh_str_starts(r->rq.path, YH_S("/api/")) ? not_found(r) : find_file(r, known, method);
    if (!known || !r->match.by_method[method])
        return wrong_method(r, &r->match);
    r->rq.method = method;
    r->rq.route = r->match.by_method[method];
    return YH_OK;
}

/* ---- who, and may they */

static yh_err sign_in(struct http_reply *r)
{
    const struct http_config *config = &r->server->config;
    const char *permission = r->rq.route->permission;
    const struct http_user *user = NULL;
    yh_err e = config->authenticate ? config->authenticate(&r->rq, &user) : YH_OK;
    if (e != YH_OK && permission)
        return e;
    if (e != YH_OK) { /* a public page answers also when sessions cannot be looked up */
        user = NULL;
        r->is_problem = false;
    }
    r->rq.user = user;
    if (user || !permission)
        return YH_OK;
    http_set_header(&r->rq, "WWW-Authenticate", "Bearer");
    return http_problem(&r->rq, 401, "unauthenticated", "尚未登录或登录已失效,请重新登录");
}

static yh_err check_permission(struct http_reply *r)
{
    const struct http_config *config = &r->server->config;
    const char *permission = r->rq.route->permission;
    if (!permission || !permission[0] || (config->permitted && config->permitted(r->rq.user, permission)))
        return YH_OK;
    return http_problem(&r->rq, 403, "denied", "没有此操作的权限,如确需办理请联系管理员授权");
}

/* A public route grants nothing by the cookie, so only the origin matters there. */
static yh_err check_origin(struct http_reply *r)
{
    const struct http_user *user = r->rq.user;
    if (!is_mutating(r))
        return YH_OK;
    if (yh_str_is(http_header(&r->rq, "Sec-Fetch-Site"), "cross-site"))
        return http_problem(&r->rq, 403, "cross_site", "不接受来自其他网站的操作");
    if (!user || !user->via_cookie || !r->rq.route->permission)
        return YH_OK;
    yh_str token = http_header(&r->rq, "X-CSRF-Token");
    if (user->csrf.n && yh_secret_eq(token, user->csrf))
        return YH_OK;
    return http_problem(&r->rq, 403, "csrf", "页面已过期,请刷新页面后重试");
}

/* ---- what is asked */

static yh_err check_query(struct http_reply *r)
{
    if (!http_params_parse(r->rq.arena, r->query_raw, &r->params))
        return http_problem(&r->rq, 400, "bad_query", "查询参数的写法不对或太多,请核对后重试");
    http_check_params(&r->checker, r->rq.route->query, &r->params);
    return r->checker.n ? http_problem(&r->rq, 400, "invalid_query", "查询参数不符合要求,请按提示修改后重试") : YH_OK;
}

static bool is_json_type(yh_str content_type)
{
    yh_str type = yh_str_trim(yh_str_sub(content_type, 0, yh_str_find(content_type, ';', 0)));
    return yh_str_eq_nocase(type, YH_S("application/json"));
}

static yh_err too_large(struct http_reply *r)
{
    return http_problem(&r->rq, 413, "too_large",
                        yh_arena_printf(r->rq.arena, "提交的内容过大,最多 %zu 字节", r->body_max));
}

static yh_err expect_body(struct http_reply *r)
{
    uint64_t length = 0;
    bool sized = yh_str_to_u64(http_header(&r->rq, "Content-Length"), &length);
    r->body_max = r->rq.route->max_body ? r->rq.route->max_body : BODY_DEFAULT;
    r->body = yh_buf_make(r->body_max);
    r->has_body = sized ? length > 0 : http_header(&r->rq, "Transfer-Encoding").n > 0;
    if (!r->has_body)
        return YH_OK;
    if (length > r->body_max)
        return too_large(r);
    if (r->rq.route->body == &http_file)
        return YH_OK;
    if (!is_json_type(http_header(&r->rq, "Content-Type")) || http_header(&r->rq, "Content-Encoding").n)
        return http_problem(&r->rq, 415, "unsupported_media_type", "请求正文应为 application/json,不压缩");
    return YH_OK;
}

static bool is_key(yh_str key)
{
    if (key.n < 8 || key.n > 128)
        return false;
    for (size_t i = 0; i < key.n; i++)
        if (key.p[i] <= 0x20 || key.p[i] >= 0x7f)
            return false;
    return true;
}

static yh_err check_key(struct http_reply *r)
{
    r->idempotency_key = is_mutating(r) ? http_header(&r->rq, "Idempotency-Key") : YH_S("");
    if (r->idempotency_key.n && !is_key(r->idempotency_key))
        return http_problem(&r->rq, 400, "bad_idempotency_key", "Idempotency-Key 应为 8 到 128 个可见 ASCII 字符");
    return YH_OK;
}

static yh_err run_steps(struct http_reply *r, yh_err (*const *steps)(struct http_reply *), size_t n)
{
    for (size_t i = 0; i < n && !r->answered; i++) {
        yh_err e = steps[i](r);
        if (e != YH_OK && !r->is_problem)
            http_fail(r, e);
        r->answered |= r->is_problem;
        if (e != YH_OK)
            return e;
    }
    return YH_OK;
}

yh_err http_prepare(struct http_reply *r)
{
    static yh_err (*const steps[])(struct http_reply *) = {
        check_framing, find_route, sign_in, check_permission, check_origin, check_query, expect_body, check_key,
    };
    return run_steps(r, steps, YH_LEN(steps));
}

/* ---- the body and the handler */

static yh_err read_body(struct http_reply *r)
{
    static const struct http_field none[] = {{.name = NULL}};
    static const struct http_schema nothing = {.name = "Nothing", .fields = none};
    const struct http_schema *schema = r->rq.route->body;
    if (r->body_seen == 0)
        return schema ? http_problem(&r->rq, 400, "missing_body", "缺少请求正文") : YH_OK;
    if (r->body_seen > r->body_max)
        return too_large(r);
    if (r->body.failed)
        return yh_buf_check(&r->body);
    if (schema == &http_file) {
        r->rq.raw = yh_buf_view(&r->body);
        return YH_OK;
    }
    if (yh_json_parse(yh_buf_view(&r->body), &r->rq.body) != YH_OK)
        return http_problem_detail(&r->rq, 400, "bad_json", "请求正文不是有效的 JSON", yh_cause());
    http_check_json(&r->checker, schema ? schema : &nothing, r->rq.body);
    return r->checker.n ? http_problem(&r->rq, 422, "invalid", "内容不符合要求,请按提示修改后重试") : YH_OK;
}

static yh_err answer_again(struct http_reply *r)
{
    bool found = false;
    int status = 0;
    yh_str json = {NULL, 0};
    if (!r->idempotency_key.n || !r->server->config.replay.find)
        return YH_OK;
    YH_TRY(r->server->config.replay.find(&r->rq, r->idempotency_key, &found, &status, &json));
    if (!found)
        return YH_OK;
    http_raw(&r->rq, status >= 400 ? "application/problem+json" : "application/json", json);
    http_set_header(&r->rq, "Idempotency-Replayed", "true");
    r->status = status;
    r->answered = true;
    return YH_OK;
}

static yh_err check_reply(struct http_reply *r)
{
    const struct http_schema *schema = r->rq.route->reply;
    if (!r->server->config.check_replies || !schema || !r->json_started)
        return YH_OK;
    yh_json_auto *answer = NULL;
    YH_TRY(yh_json_parse(yh_buf_view(&r->out), &answer));
    struct http_checker checker = {.arena = r->rq.arena, .patterns = r->server->patterns, .own = true};
    http_check_json(&checker, schema, answer);
    if (!checker.first)
        return YH_OK;
    return yh_fail(YH_E_INTERNAL, "the answer does not fit its row: %s: %s", checker.first->field,
                   checker.first->message);
}

static yh_err handle(struct http_reply *r)
{
    YH_TRY(r->rq.route->handler(&r->rq));
    if (r->is_problem)
        return YH_OK;
    if (!r->content_type && !r->is_stream && r->status != 204) {
        struct yh_json *j = http_json(&r->rq);
        yh_json_obj(j);
        yh_json_obj_end(j);
    }
    return check_reply(r);
}

static yh_err keep_answer(struct http_reply *r)
{
    bool kept = r->idempotency_key.n && r->server->config.replay.keep && r->status < 500 && !r->is_stream;
    if (!kept || r->keeps_nothing)
        return YH_OK;
    return r->server->config.replay.keep(&r->rq, r->idempotency_key, r->status, yh_buf_view(&r->out));
}

void http_run(struct http_reply *r)
{
    static yh_err (*const steps[])(struct http_reply *) = {read_body, answer_again, handle};
    yh_err e = run_steps(r, steps, YH_LEN(steps));
    bool handled = e == YH_OK && !r->answered;
    if (handled && (e = keep_answer(r)) != YH_OK)
        http_fail(r, e);
}

/* ---- the facade's own routes */

static yh_err get_openapi(struct http_request *rq)
{
    struct http_reply *r = rq->reply;
    r->shared = yh_buf_view(&r->server->openapi);
    r->content_type = "application/json";
    r->cache = "no-cache";
    return YH_OK;
}

static yh_err get_events(struct http_request *rq)
{
    rq->reply->is_stream = true;
    return YH_OK;
}

const struct http_route http_own_routes[] = {
    {.method = HTTP_GET, .path = "/api/v1/openapi.json", .permission = NULL, .handler = get_openapi,
     .summary = "本接口说明(OpenAPI 3.1)", .tag = "系统"},
    {.method = HTTP_GET, .path = "/api/v1/events", .permission = "", .handler = get_events,
     .summary = "实时事件流(SSE),可凭 Last-Event-ID 续接", .tag = "系统"},
    {.path = NULL},
};
