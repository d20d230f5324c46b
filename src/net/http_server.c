/* Start and stop, and the callbacks of libmicrohttpd. */
#include <sys/socket.h>

#include "base/clock.h"
#include "net/http_internal.h"
#include "net/http_slow.h"

#define POOL_BYTES (16u << 10)   /* per connection: header and buffers */
#define ARENA_MAX (16u << 20)    /* per request */
#define DRAIN_MAX (1u << 20)     /* bytes of a refused body that are still read, so that the client sees the answer */
#define CLOCK_TICK_MS 100
#define OPENAPI_MAX (8u << 20)

/* ---- one request */

static void request_free(struct http_reply *r)
{
    if (r->rq.body)
        json_decref(r->rq.body);
    yh_buf_done(&r->body);
    yh_buf_done(&r->out);
    yh_arena_done(&r->arena);
    free(r);
}

static struct http_conn *conn_of(struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

static struct http_reply *request_new(struct http_server *s, struct MHD_Connection *mhd, struct http_conn *conn)
{
    struct http_reply *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    r->server = s;
    r->mhd = mhd;
    r->conn = conn;
    r->status = 200;
    r->arena = yh_arena_make(ARENA_MAX);
    r->checker = (struct http_checker){.arena = &r->arena, .patterns = s->patterns};
    r->rq = (struct http_request){.arena = &r->arena, .peer = conn->peer, .app = s->config.app, .reply = r};
    return r;
}

/* The request line as it came: libmicrohttpd's own decoding would hide %00 and %2F. */
static void *on_request_line(void *cls, const char *uri, struct MHD_Connection *mhd)
{
    struct http_server *s = cls;
    struct http_conn *conn = conn_of(mhd);
    struct http_reply *r = conn ? request_new(s, mhd, conn) : NULL;
    if (!r)
        return NULL;
    yh_str whole = yh_arena_str(&r->arena, yh_str_of(uri));
    size_t mark = yh_str_find(whole, '?', 0);
    r->rq.path = yh_str_sub(whole, 0, mark);
    r->query_raw = yh_str_sub(whole, yh_min_size(mark + 1, whole.n), whole.n);
    if (http_conn_phase(conn) == HTTP_IDLE)
        http_conn_enter(conn, HTTP_HEADER, s->config.header_ms);
    return r;
}

static bool sends_more_than(const struct http_reply *r, uint64_t n)
{
    uint64_t length;
    return yh_str_to_u64(http_header(&r->rq, "Content-Length"), &length) && length > n;
}

static enum MHD_Result on_header(struct http_reply *r, const char *method)
{
    r->started = true;
    r->method = yh_arena_z(&r->arena, yh_str_of(method));
    if (!r->method || !http_conn_enter(r->conn, HTTP_BODY, r->server->config.body_ms))
        return MHD_NO;
    http_prepare(r);
    bool holds_back = http_header(&r->rq, "Expect").n > 0;
    if (r->is_problem && (holds_back || r->unclear_end || sends_more_than(r, DRAIN_MAX)))
        return http_send(r);
    return MHD_YES;
}

static enum MHD_Result on_bytes(struct http_reply *r, const char *bytes, size_t n)
{
    r->body_seen += n;
    if (r->body_seen > r->body_max + DRAIN_MAX)
        return MHD_NO;
    if (!r->answered && r->body_seen <= r->body_max)
        yh_buf_add(&r->body, bytes, n);
    return MHD_YES;
}

static bool is_slow(const struct http_reply *r)
{
    const http_handler *h = r->server->config.slow;
    while (h && *h && r->rq.route && *h != r->rq.route->handler)
        h++;
    return h && *h && r->rq.route;
}

/* True: the connection sleeps, and is asked again when the handler has run. */
static bool is_handed_over(struct http_reply *r)
{
    if (!is_slow(r))
        return false;
    r->handed = true; /* before another thread has it */
    if (http_slow_give(r->server->slow, r))
        return true;
    http_fail(r, yh_fail(YH_E_BUSY, "too many slow requests"));
    return false;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *mhd, const char *url, const char *method,
                                  const char *version, const char *upload, size_t *upload_n, void **con_cls)
{
    (void)cls, (void)mhd, (void)url, (void)version;
    struct http_reply *r = *con_cls;
    if (!r)
        return MHD_NO;
    if (!r->started)
        return on_header(r, method);
    if (*upload_n) {
        size_t n = *upload_n;
        *upload_n = 0;
        return on_bytes(r, upload, n);
    }
    if (!http_conn_enter(r->conn, HTTP_ANSWER, r->server->config.answer_ms))
        return MHD_NO;
    if (!r->answered && !r->handed && is_handed_over(r))
        return MHD_YES;
    if (!r->answered && !r->handed)
        http_run(r);
    return http_send(r);
}

static void on_completed(void *cls, struct MHD_Connection *mhd, void **con_cls, enum MHD_RequestTerminationCode how)
{
    (void)mhd, (void)how;
    struct http_server *s = cls;
    struct http_reply *r = *con_cls;
    if (!r)
        return;
    http_conn_enter(r->conn, HTTP_IDLE, s->config.idle_ms);
    request_free(r);
    *con_cls = NULL;
}

static void on_connection(void *cls, struct MHD_Connection *mhd, void **socket_context,
                          enum MHD_ConnectionNotificationCode what)
{
    struct http_server *s = cls;
    if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
        if (*socket_context)
            http_conn_free(&s->conns, *socket_context);
        *socket_context = NULL;
        return;
    }
    const union MHD_ConnectionInfo *fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    const union MHD_ConnectionInfo *peer = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (fd && peer)
        *socket_context = http_conn_new(&s->conns, fd->connect_fd, peer->client_addr, s->config.header_ms);
}

/* Keeps the text as it is; decoding is done segment by segment later. */
static size_t keep_escapes(void *cls, struct MHD_Connection *mhd, char *text)
{
    (void)cls, (void)mhd;
    return strlen(text);
}

/* ---- the clock thread */

static void cut_late(void *user)
{
    struct http_server *s = user;
    http_conns_cut_late(&s->conns);
}

static void beat(void *user)
{
    struct http_server *s = user;
    http_hub_beat(s->hub);
}

static void *run_clock(void *user)
{
    struct http_server *s = user;
    net_loop_run(s->clock);
    return NULL;
}

static yh_err start_clock(struct http_server *s)
{
    YH_TRY(net_loop_new(&s->clock));
    uint64_t first_id = (uint64_t)yh_clock_now() * 1000; /* grows over restarts too */
    YH_TRY(http_hub_new(s->clock, s->config.events_kept, first_id, &s->hub));
    if (!net_loop_timer(s->clock, CLOCK_TICK_MS, true, cut_late, s)
        || !net_loop_timer(s->clock, s->config.beat_ms, true, beat, s))
        return yh_fail(YH_E_NO_MEMORY, "no memory for timers");
    if (pthread_create(&s->clock_thread, NULL, run_clock, s) != 0)
        return yh_fail(YH_E_NO_MEMORY, "cannot start the HTTP clock thread");
    s->clock_runs = true;
    return YH_OK;
}

static void stop_clock(struct http_server *s)
{
    if (s->clock_runs) {
        net_loop_stop(s->clock);
        pthread_join(s->clock_thread, NULL);
    }
    http_hub_free(s->hub);
    net_loop_free(s->clock);
}

/* ---- start and stop */

static void set_default(unsigned *value, unsigned otherwise)
{
    if (*value == 0)
        *value = otherwise;
}

static void fill_defaults(struct http_config *c)
{
    set_default(&c->threads, 2);
    set_default(&c->header_ms, 10000);
    set_default(&c->body_ms, 30000);
    set_default(&c->idle_ms, 60000);
    set_default(&c->answer_ms, 120000);
    set_default(&c->beat_ms, 15000);
    set_default(&c->stream_ms, 30 * 60 * 1000);
    set_default(&c->connections, 8192);
    set_default(&c->per_address, c->connections < 2048 ? c->connections / 2 : 1024);
    if (c->events_kept == 0)
        c->events_kept = HTTP_EVENTS_KEPT;
}

static yh_err add_table(struct http_server *s, const struct http_route *routes)
{
    for (const struct http_route *route = routes; route->path; route++) {
        YH_TRY(http_router_add(s->router, route));
        YH_TRY(http_patterns_add_fields(s->patterns, route->query));
        YH_TRY(http_patterns_add_schema(s->patterns, route->body));
        YH_TRY(http_patterns_add_schema(s->patterns, route->reply));
    }
    return YH_OK;
}

static yh_err load(struct http_server *s, const struct http_route *const *tables)
{
    YH_TRY(http_router_new(&s->router));
    YH_TRY(http_patterns_new(&s->patterns));
    for (size_t i = 0; tables[i]; i++)
        YH_TRY(add_table(s, tables[i]));
    YH_TRY(add_table(s, http_own_routes));
    s->openapi = yh_buf_make(OPENAPI_MAX);
    YH_TRY(http_openapi(tables, &s->openapi));
    return s->config.static_dir ? http_static_load(s->config.static_dir, &s->files) : YH_OK;
}

static yh_err start_daemon(struct http_server *s)
{
    const struct http_config *c = &s->config;
    int fd;
    YH_TRY(net_listen(c->host, c->port, 1024, &fd));
    s->port = net_local_port(fd);
    struct MHD_OptionItem pool[] = {
        {c->threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, (intptr_t)c->threads, NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    s->daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, s,
        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_ARRAY, pool, MHD_OPTION_CONNECTION_LIMIT, c->connections,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, c->per_address, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)POOL_BYTES,
        MHD_OPTION_CONNECTION_TIMEOUT, c->answer_ms / 1000 + 1, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_URI_LOG_CALLBACK, on_request_line, s, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, s, MHD_OPTION_NOTIFY_CONNECTION, on_connection, s, MHD_OPTION_END);
    if (!s->daemon)
        return yh_fail(YH_E_IO, "cannot start the HTTP server on %s port %u", c->host, c->port);
    return YH_OK;
}

static yh_err start(struct http_server *s, const struct http_route *const *tables)
{
    YH_TRY(load(s, tables));
    YH_TRY(start_clock(s));
    YH_TRY(http_slow_start(&s->slow));
    return start_daemon(s);
}

yh_err http_start(const struct http_config *config, const struct http_route *const *tables, struct http_server **ret)
{
    struct http_server *s = calloc(1, sizeof *s);
    if (!s)
        return yh_fail(YH_E_NO_MEMORY, "no memory for the HTTP server");
    s->config = *config;
    fill_defaults(&s->config);
    http_conns_init(&s->conns);
    yh_err e = start(s, tables);
    if (e != YH_OK) {
        http_stop(s);
        return e;
    }
    *ret = s;
    return YH_OK;
}

/* libmicrohttpd must not be stopped while connections sleep, so the streams end first. */
void http_stop(struct http_server *s)
{
    if (!s)
        return;
    if (s->hub)
        http_hub_close(s->hub);
    http_slow_stop(s->slow);
    if (s->daemon)
        MHD_stop_daemon(s->daemon);
    stop_clock(s);
    http_conns_done(&s->conns);
    http_static_free(s->files);
    http_patterns_free(s->patterns);
    http_router_free(s->router);
    yh_buf_done(&s->openapi);
    free(s);
}

uint16_t http_port(const struct http_server *s)
{
    return s->port;
}

/* ---- events and figures */

void http_publish(struct http_server *s, const char *event, yh_str json)
{
    http_hub_publish(s->hub, event, (yh_str){0}, json);
}

void http_publish_to(struct http_server *s, const char *event, yh_str topic, yh_str json)
{
    http_hub_publish(s->hub, event, topic, json);
}

void http_events_end(struct http_server *s, yh_str user_id)
{
    http_hub_end(s->hub, user_id);
}

size_t http_event_clients(const struct http_server *s)
{
    return http_hub_stats(s->hub).streams;
}

struct http_stats http_stats(struct http_server *s)
{
    struct http_hub_stats hub = http_hub_stats(s->hub);
    struct http_stats stats = {.events = hub.published, .events_refused = hub.refused, .streams_dropped = hub.dropped};
    for (size_t i = 0; i < YH_LEN(stats.answers); i++)
        stats.answers[i] = atomic_load(&s->answers[i]);
    stats.cut = atomic_load(&s->conns.cut);
    stats.connections = http_conns_count(&s->conns);
    return stats;
}
