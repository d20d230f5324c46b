/* What the files of the HTTP facade share: the server and the inside of a request. Not for other rooms. */
#ifndef YH_NET_HTTP_INTERNAL_H
#define YH_NET_HTTP_INTERNAL_H

#include <microhttpd.h>
#include <pthread.h>

#include "net/http.h"
#include "net/http_check.h"
#include "net/http_conn.h"
#include "net/http_events.h"
#include "net/http_router.h"
#include "net/http_static.h"
#include "net/loop.h"

#define HTTP_HEADERS_MAX 16

struct http_slow;

struct http_server {
    struct http_config config;
    struct MHD_Daemon *daemon;
    struct http_router *router;
    struct http_patterns *patterns;
    struct http_static *files; /* NULL: no front end */
    struct http_conns conns;
    struct http_hub *hub;
    struct http_slow *slow;
    struct net_loop *clock; /* deadlines, comment lines and waking of event streams */
    pthread_t clock_thread;
    bool clock_runs;
    yh_buf openapi;
    uint16_t port;
    atomic_uint_fast64_t answers[6];
};

struct http_header {
    const char *name, *value;
};

/* Everything of one request behind its public face; from the request line to the last byte of the answer. */
struct http_reply {
    struct http_server *server;
    struct MHD_Connection *mhd;
    struct http_conn *conn;
    const char *method;
    struct yh_arena arena;
    struct http_request rq;
    yh_str query_raw;
    struct http_match match;
    struct http_params params;
    struct http_checker checker;
    const struct http_file *file; /* static answer instead of a route */
    yh_str idempotency_key;

    bool started;   /* header seen */
    bool head;      /* HEAD: as GET, without the bytes */
    bool answered;  /* before the handler: a problem, a redirect, a stored answer */
    bool handed;    /* to a thread for slow handlers */
    bool has_body;
    bool unclear_end; /* of the body: answer at once and close */
    size_t body_seen, body_max;
    yh_buf body;

    int status;
    bool is_problem;
    bool is_stream;
    bool keeps_nothing;
    yh_buf out;
    yh_str shared;  /* sent instead of `out`: bytes that outlive the answer */
    struct yh_json json;
    bool json_started;
    const char *content_type;
    const char *cache;
    struct http_header headers[HTTP_HEADERS_MAX];
    size_t header_count;
};

/* http_route.c: everything between the header and the handler, and the handler */
yh_err http_prepare(struct http_reply *r);   /* header is there */
void http_run(struct http_reply *r); /* body is there: check, handler; fills the answer */
extern const struct http_route http_own_routes[];

/* http_reply.c */
yh_err http_problem_detail(struct http_request *rq, int status, const char *code, const char *title_zh,
                           const char *detail);
void http_fail(struct http_reply *r, yh_err e); /* answer for an error that brought no problem of its own */
enum MHD_Result http_send(struct http_reply *r);

/* http_encode.c */
void http_encode(struct http_reply *r);

#endif
