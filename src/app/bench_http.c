/* HTTP: a small JSON answer through the facade (route, query check, JSON, headers), against libmicrohttpd alone. */
#include <microhttpd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/bench.h"
#include "app/bench_load.h"
#include "base/file.h"
#include "net/http.h"
#include "net/tcp.h"

#define THREADS         2u
#define CONNECTIONS_MAX 64u

struct work {
    struct bench_child ours, bare;
    struct bench_stream stream;
    unsigned ours_marks, bare_marks;
};

/* ---- the facade ---- */

static yh_err get_status(struct http_request *rq)
{
    struct yh_json *j = http_json(rq);
    yh_json_obj(j);
    yh_json_kz(j, "status", "ok");
    yh_json_ku64(j, "records", 1234567);
    yh_json_ki64(j, "limit", http_query_int(rq, "limit", 0));
    yh_json_obj_end(j);
    return YH_OK;
}

static const struct http_field status_query[] = {
    {.name = "limit", .type = HTTP_T_INT, .min = 1, .max = 500, .title = "条数"},
    {.name = NULL},
};
static const struct http_field status_fields[] = {
    {.name = "status", .type = HTTP_T_STRING, .required = true, .title = "状态"},
    {.name = "records", .type = HTTP_T_INT, .required = true, .max = INT64_MAX, .title = "记录数"},
    {.name = "limit", .type = HTTP_T_INT, .required = true, .max = 500, .title = "条数"},
    {.name = NULL},
};
static const struct http_schema status_schema = {.name = "BenchStatus", .fields = status_fields};
static const struct http_route status_routes_of_bench[] = {
    {.method = HTTP_GET, .path = "/api/v1/bench/{name}", .query = status_query, .reply = &status_schema,
     .handler = get_status, .summary = "性能测试", .tag = "系统"},
    {.path = NULL},
};

static yh_err serve_ours(int control, void *user)
{
    (void)user;
    static const struct http_route *const tables[] = {status_routes_of_bench, NULL};
    const struct http_config config = {.host = "127.0.0.1", .threads = THREADS, .per_address = 2 * CONNECTIONS_MAX};
    struct http_server *server;
    YH_TRY(http_start(&config, tables, &server));
    yh_err e = bench_serve_ready(control, http_port(server));
    while (e == YH_OK && bench_serve_asked(control))
        ;
    http_stop(server);
    return e;
}

/* ---- libmicrohttpd as its manual shows it ---- */

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *upload, size_t *upload_n, void **seen)
{
    static const char body[] = "{\"status\":\"ok\",\"records\":1234567,\"limit\":20}";
    static int first;
    (void)cls, (void)url, (void)method, (void)version, (void)upload, (void)upload_n;
    if (!*seen) {
        *seen = &first;
        return MHD_YES;
    }
    struct MHD_Response *response =
        MHD_create_response_from_buffer(sizeof body - 1, (void *)(uintptr_t)body, MHD_RESPMEM_MUST_COPY);
    if (!response)
        return MHD_NO;
    enum MHD_Result result = MHD_add_response_header(response, "Content-Type", "application/json");
    if (result == MHD_YES)
        result = MHD_queue_response(connection, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return result;
}

static yh_err serve_bare(int control, void *user)
{
    (void)user;
    int fd;
    YH_TRY(net_listen("127.0.0.1", 0, 1024, &fd));
    struct MHD_Daemon *daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, on_request, NULL,
                                                 MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_THREAD_POOL_SIZE, THREADS,
                                                 MHD_OPTION_END);
    if (!daemon)
        return yh_fail(YH_E_IO, "cannot start libmicrohttpd");
    yh_err e = bench_serve_ready(control, net_local_port(fd));
    while (e == YH_OK && bench_serve_asked(control))
        ;
    MHD_stop_daemon(daemon);
    return e;
}

/* ---- the load ---- */

static const char request[] = "GET /api/v1/bench/small?limit=20 HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n\r\n";

/* One request by hand: the answer must be a 200, and its line feeds tell later where an answer ends. */
static yh_err probe(uint16_t port, unsigned *ret_marks)
{
    char text[4096];
    size_t n = 0;
    yh_fd_auto fd = -1;
    YH_TRY(net_connect("127.0.0.1", port, 5000, &fd));
    YH_TRY(yh_write_full(fd, "the server", request, sizeof request - 1));
    while (n < sizeof text - 1 && (n == 0 || text[n - 1] != '}')) {
        ssize_t got = recv(fd, text + n, sizeof text - 1 - n, 0);
        if (got <= 0)
            return yh_fail(YH_E_CLOSED, "the server does not answer");
        n += (size_t)got;
    }
    text[n] = '\0';
    if (strncmp(text, "HTTP/1.1 200", 12) != 0)
        return yh_fail(YH_E_INTERNAL, "the server answered: %.60s", text);
    *ret_marks = 0;
    for (size_t i = 0; i < n; i++)
        *ret_marks += text[i] == '\n';
    return YH_OK;
}

static yh_err fill(struct bench_stream *s)
{
    s->bytes = yh_buf_make(sizeof request);
    yh_buf_puts(&s->bytes, request);
    return bench_stream_end(s);
}

static yh_err prepare(struct bench *b)
{
    struct work *w = calloc(1, sizeof *w);
    b->own = w;
    if (!w)
        return yh_fail(YH_E_NO_MEMORY, "no memory for the load");
    YH_TRY(fill(&w->stream));
    YH_TRY(bench_child_start(serve_bare, NULL, &w->bare));
    YH_TRY(bench_child_start(serve_ours, NULL, &w->ours));
    YH_TRY(probe(w->bare.port, &w->bare_marks));
    return probe(w->ours.port, &w->ours_marks);
}

static void done(struct bench *b)
{
    struct work *w = b->own;
    if (!w)
        return;
    bench_child_stop(&w->ours);
    bench_child_stop(&w->bare);
    bench_stream_done(&w->stream);
    free(w);
}

static yh_err measure(const struct bench *b, const struct bench_child *child, unsigned marks, double *ret_per_s,
                      double *ret_cpu_us)
{
    const struct work *w = b->own;
    struct bench_load load = {
        .port = child->port, .window = 1, .marks = marks, .seconds = (double)b->options.seconds,
        .connections = (unsigned)yh_min_size((size_t)b->options.connections, CONNECTIONS_MAX),
        .streams = &w->stream, .stream_count = 1};
    struct bench_loaded loaded;
    double cpu = bench_child_cpu(child);
    YH_TRY(bench_load_run(&load, &loaded));
    *ret_per_s = (double)loaded.answered / loaded.seconds;
    *ret_cpu_us = (bench_child_cpu(child) - cpu) * 1e6 / (double)(loaded.answered ? loaded.answered : 1);
    return YH_OK;
}

static yh_err run(struct bench *b, unsigned number, double *ret)
{
    const struct work *w = b->own;
    double bare, bare_us, ours, ours_us;
    (void)number;
    YH_TRY(measure(b, &w->bare, w->bare_marks, &bare, &bare_us));
    YH_TRY(measure(b, &w->ours, w->ours_marks, &ours, &ours_us));
    const double figures[] = {ours, ours / bare, bare, ours_us, bare_us};
    memcpy(ret, figures, sizeof figures);
    return YH_OK;
}

const struct bench_row bench_http = {
    .name = "http",
    .figures = {"requests_per_s", "ratio_to_bare", "bare_per_s", "cpu_us_per_request", "bare_cpu_us_per_request"},
    .prepare = prepare, .run = run, .done = done,
};
