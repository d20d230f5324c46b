#include "base/log.h"
#include "net/http_internal.h"

#define OUT_MAX (32u << 20)

/* One table from errors to answers. */
static const struct {
    int status;
    const char *title;
} answers[YH_ERR_COUNT] = {
    [YH_OK] = {500, "服务器内部错误,请稍后重试并告知管理员"},
    [YH_E_INVALID] = {422, "内容不符合要求,请按提示修改后重试"},
    [YH_E_NOT_FOUND] = {404, "没有找到,可能已被删除或编号有误"},
    [YH_E_CONFLICT] = {409, "当前状态不允许此操作,请刷新后重试"},
    [YH_E_UNAUTH] = {401, "尚未登录或登录已失效,请重新登录"},
    [YH_E_DENIED] = {403, "没有此操作的权限,如确需办理请联系管理员授权"},
    [YH_E_TOO_LARGE] = {413, "内容过大,请缩小范围或分次办理"},
    [YH_E_BUSY] = {503, "系统繁忙,请稍后重试"},
    [YH_E_TIMEOUT] = {504, "处理超时,请稍后重试"},
    [YH_E_CLOSED] = {503, "服务正在停止,请稍后重试"},
    [YH_E_NO_MEMORY] = {503, "系统资源不足,请稍后重试"},
    [YH_E_NO_SPACE] = {507, "存储空间不足,请联系管理员"},
    [YH_E_IO] = {500, "读写数据失败,请稍后重试并告知管理员"},
    [YH_E_CORRUPT] = {500, "存储的数据未通过校验,请告知管理员"},
    [YH_E_UNSUPPORTED] = {501, "暂不支持此操作"},
    [YH_E_INTERNAL] = {500, "服务器内部错误,请稍后重试并告知管理员"},
    [YH_E_AWAY] = {503, "数据库暂时连接不上,数据采集与存证照常进行;请稍后重试,若持续出现请联系管理员检查数据库服务"},
};

static const struct http_header security_headers[] = {
    {"Content-Security-Policy",
     "default-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; "
     "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    {"X-Frame-Options", "DENY"},
    {"Referrer-Policy", "same-origin"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
};

/* ---- what handlers call */

static void start_output(struct http_reply *r, const char *content_type)
{
    yh_buf_clear(&r->out);
    r->out.failed = false;
    r->out.max = OUT_MAX;
    r->shared = (yh_str){NULL, 0};
    r->content_type = content_type;
}

struct yh_json *http_json(struct http_request *rq)
{
    struct http_reply *r = rq->reply;
    if (!r->json_started) {
        start_output(r, "application/json");
        r->json = yh_json_to(&r->out);
        r->json_started = true;
    }
    return &r->json;
}

void http_keep_nothing(struct http_request *rq)
{
    rq->reply->keeps_nothing = true;
}

void http_raw(struct http_request *rq, const char *content_type, yh_str bytes)
{
    struct http_reply *r = rq->reply;
    start_output(r, yh_arena_z(rq->arena, yh_str_of(content_type)));
    yh_buf_str(&r->out, bytes);
    r->json_started = false;
}

void http_status(struct http_request *rq, int status)
{
    rq->reply->status = status;
}

static bool is_header_text(const char *z)
{
    for (; *z; z++)
        if ((unsigned char)*z < 0x20 || *z == 0x7f)
            return false;
    return true;
}

void http_set_header(struct http_request *rq, const char *name, const char *value)
{
    struct http_reply *r = rq->reply;
    char *name_kept = yh_arena_z(rq->arena, yh_str_of(name));
    char *value_kept = yh_arena_z(rq->arena, yh_str_of(value));
    if (!name_kept || !value_kept || r->header_count == HTTP_HEADERS_MAX || !is_header_text(value)
        || !is_header_text(name)) {
        http_problem(rq, 500, "internal", answers[YH_E_INTERNAL].title);
        return;
    }
    r->headers[r->header_count++] = (struct http_header){name_kept, value_kept};
}

/* ---- problems */

static void write_faults(struct http_reply *r, struct yh_json *j)
{
    if (!r->checker.first)
        return;
    yh_json_key(j, "fields");
    yh_json_obj(j);
    for (const struct http_fault *f = r->checker.first; f; f = f->next) {
        bool repeated = false;
        for (const struct http_fault *before = r->checker.first; before != f; before = before->next)
            repeated |= strcmp(before->field, f->field) == 0;
        if (!repeated)
            yh_json_kz(j, f->field, f->message);
    }
    yh_json_obj_end(j);
}

static yh_err error_of(int status)
{
    for (size_t e = 1; e < YH_ERR_COUNT; e++)
        if (answers[e].status == status)
            return (yh_err)e;
    return status >= 500 ? YH_E_INTERNAL : YH_E_INVALID;
}

yh_err http_problem_detail(struct http_request *rq, int status, const char *code, const char *title_zh,
                           const char *detail)
{
    struct http_reply *r = rq->reply;
    start_output(r, "application/problem+json");
    struct yh_json j = yh_json_to(&r->out);
    yh_json_obj(&j);
    yh_json_kz(&j, "type", "about:blank");
    yh_json_kz(&j, "title", title_zh);
    yh_json_ki64(&j, "status", status);
    yh_json_kz(&j, "code", code);
    if (detail && detail[0])
        yh_json_kz(&j, "detail", detail);
    write_faults(r, &j);
    yh_json_obj_end(&j);
    r->status = status;
    r->is_problem = true;
    return error_of(status);
}

yh_err http_problem(struct http_request *rq, int status, const char *code, const char *title_zh)
{
    return http_problem_detail(rq, status, code, title_zh, NULL);
}

void http_problem_field(struct http_request *rq, const char *field, const char *message_zh)
{
    const char *field_kept = yh_arena_z(rq->arena, yh_str_of(field));
    const char *message_kept = yh_arena_z(rq->arena, yh_str_of(message_zh));
    if (field_kept && message_kept)
        http_fault_add(&rq->reply->checker, field_kept, message_kept);
}

void http_fail(struct http_reply *r, yh_err e)
{
    size_t at = (unsigned)e < YH_ERR_COUNT ? e : YH_E_INTERNAL;
    int status = answers[at].status;
    if (status >= 500)
        yh_log(YH_LOG_ERROR, "http", "%s: %s", r->rq.route ? r->rq.route->path : "request", yh_cause());
    /* Causes of our own failures stay in the log; they would tell a stranger about the inside. */
    http_problem_detail(&r->rq, status, yh_err_name((yh_err)at), answers[at].title, status < 500 ? yh_cause() : NULL);
}

/* ---- sending */

static struct MHD_Response *response_of(yh_str bytes, enum MHD_ResponseMemoryMode mode)
{
    return MHD_create_response_from_buffer(bytes.n, (void *)(uintptr_t)bytes.p, mode);
}

static struct MHD_Response *file_response(struct http_reply *r)
{
    const struct http_file *f = r->file;
    http_coding coding = http_static_coding(f, http_header(&r->rq, "Accept-Encoding"));
    const char *etag = f->etag[coding];
    bool fresh = http_etag_matches(http_header(&r->rq, "If-None-Match"), etag);
    r->status = fresh ? 304 : 200;
    struct MHD_Response *response = response_of(fresh ? YH_S("") : f->bytes[coding], MHD_RESPMEM_PERSISTENT);
    if (!response)
        return NULL;
    static const char *const names[HTTP_CODINGS] = {NULL, "gzip", "br"};
    if (names[coding] && !fresh)
        MHD_add_response_header(response, "Content-Encoding", names[coding]);
    MHD_add_response_header(response, "Vary", "Accept-Encoding");
    MHD_add_response_header(response, "ETag", etag);
    r->content_type = fresh ? NULL : f->type;
    r->cache = f->cache;
    return response;
}

static struct MHD_Response *stream_response(struct http_reply *r)
{
    struct http_server *s = r->server;
    struct MHD_Response *response = NULL;
    struct http_listener listener = {0};
    unsigned lives_ms = s->config.stream_ms;
    yh_err e = s->config.listen ? s->config.listen(&r->rq, &listener) : YH_OK;
    if (listener.lives_ms && listener.lives_ms < lives_ms)
        lives_ms = listener.lives_ms;
    if (e == YH_OK)
        e = http_hub_stream(s->hub, r->mhd, r->conn, r->rq.user ? r->rq.user->id : YH_S(""),
                            http_header(&r->rq, "Last-Event-ID"), listener, lives_ms, &response);
    if (e != YH_OK) {
        http_fail(r, e);
        return NULL;
    }
    r->content_type = "text/event-stream";
    r->cache = "no-cache";
    MHD_add_response_header(response, "X-Accel-Buffering", "no");
    http_conn_enter(r->conn, HTTP_STREAM, 0);
    return response;
}

/* The bytes move into the response without a copy. */
static struct MHD_Response *buffer_response(struct http_reply *r)
{
    if (r->shared.p)
        return response_of(r->shared, MHD_RESPMEM_PERSISTENT);
    yh_str bytes = yh_buf_view(&r->out);
    if (!r->out.p)
        return response_of(bytes, MHD_RESPMEM_PERSISTENT);
    struct MHD_Response *response = response_of(bytes, MHD_RESPMEM_MUST_FREE);
    if (response)
        r->out = yh_buf_make(0);
    return response;
}

static struct MHD_Response *make_response(struct http_reply *r)
{
    struct MHD_Response *response = NULL;
    if (!r->is_problem && r->file)
        return file_response(r);
    if (!r->is_problem && r->is_stream)
        response = stream_response(r);
    if (!response)
        response = buffer_response(r);
    return response;
}

static void add_headers(const struct http_reply *r, struct MHD_Response *response)
{
    for (size_t i = 0; i < YH_LEN(security_headers); i++)
        MHD_add_response_header(response, security_headers[i].name, security_headers[i].value);
    if (r->content_type)
        MHD_add_response_header(response, "Content-Type", r->content_type);
    MHD_add_response_header(response, "Cache-Control", r->cache ? r->cache : "no-store");
    for (size_t i = 0; i < r->header_count; i++)
        MHD_add_response_header(response, r->headers[i].name, r->headers[i].value);
}

enum MHD_Result http_send(struct http_reply *r)
{
    if (r->out.failed)
        http_fail(r, yh_buf_check(&r->out));
    http_encode(r);
    struct MHD_Response *response = make_response(r);
    if (!response)
        return MHD_NO;
    add_headers(r, response);
    atomic_fetch_add(&r->server->answers[r->status / 100 % 6], 1);
    enum MHD_Result queued = MHD_queue_response(r->mhd, (unsigned)r->status, response);
    MHD_destroy_response(response);
    if (r->is_stream)
        yh_arena_done(&r->arena); /* a stream lives long and needs nothing of its request any more */
    return queued;
}
