/*
 * The HTTP facade over libmicrohttpd: routes are rows, and from the rows come dispatch, checks, OpenAPI, the permission
 * page and the test that walks all routes.
 *
 * A request is handled in this order: header deadline and size, route match, sign-in (the `authenticate` callback),
 * permission of the row, CSRF for mutating calls that came with a cookie, body size and deadline, body schema, handler.
 * What fails there never reaches the handler. Answers are JSON; errors are RFC 9457 problem+json with `code`, a Chinese
 * `title` and `fields`.
 *
 * Threads: handlers run on the server's worker threads, several at once; a request and its arena belong to one thread.
 */
#ifndef YH_NET_HTTP_H
#define YH_NET_HTTP_H

#include "base/arena.h"
#include "base/json.h"

typedef enum http_method { HTTP_GET, HTTP_POST, HTTP_PUT, HTTP_PATCH, HTTP_DELETE } http_method;

typedef enum http_type {
    HTTP_T_STRING, HTTP_T_INT, HTTP_T_BOOL, HTTP_T_DECIMAL /* string of digits */, HTTP_T_TIME /* RFC 3339 string */,
    HTTP_T_OBJECT, HTTP_T_ARRAY, HTTP_T_ANY, HTTP_T_NUMBER /* rates and ratios only */
} http_type;

/* One field of a body, a reply or a query. Tables of these are checked at entry and printed as OpenAPI. */
struct http_field {
    const char *name;         /* NULL ends the table */
    http_type type;
    bool required;
    bool nullable;
    int64_t min, max;         /* numbers: value; strings: code points (max 0 = 200); arrays: items */
    const char *pattern;      /* POSIX extended regular expression, whole value */
    const char *const *values; /* NULL-terminated enumeration */
    const struct http_schema *of; /* OBJECT: its fields; ARRAY: its items */
    const char *title;        /* Chinese, for messages and documentation */
};

struct http_schema {
    const char *name;         /* component name in OpenAPI, e.g. "Station" */
    const struct http_field *fields;
    http_type item;           /* for arrays of scalars: type of the item when fields is NULL */
};

extern const struct http_schema http_file;

struct http_request;
typedef yh_err (*http_handler)(struct http_request *rq);

struct http_route {
    http_method method;
    const char *path;               /* "/api/v1/stations/{mn}" */
    const char *permission;         /* "station:read"; "" = any signed-in user; NULL = public */
    const struct http_field *query; /* NULL: none */
    const struct http_schema *body; /* NULL: no body; &http_file: a file as it is, of any type, in rq->raw */
    const struct http_schema *reply;
    size_t max_body;                /* 0 = 64 KiB */
    http_handler handler;
    const char *summary;            /* Chinese */
    const char *tag;
};

/* Who asks; filled by `authenticate`, lives in the request's arena. */
struct http_user {
    yh_str id, name, role;
    yh_str csrf;          /* expected X-CSRF-Token; empty for bearer tokens */
    bool via_cookie;
    void *session;        /* of the kit */
};

struct http_request {
    http_method method;
    yh_str path;
    const struct http_route *route;
    struct yh_arena *arena;
    const struct http_user *user;  /* NULL on public routes without session */
    const char *peer;              /* address of the client */
    json_t *body;                  /* parsed and checked; NULL without one */
    yh_str raw;                    /* of a row whose body is &http_file */
    void *app;                     /* http_config.app */
    struct http_reply *reply;
};

/* Reading the request. Query values were checked against the row. */
yh_str http_path_param(const struct http_request *rq, const char *name);
bool http_query(const struct http_request *rq, const char *name, yh_str *ret);
int64_t http_query_int(const struct http_request *rq, const char *name, int64_t otherwise);
yh_time http_query_time(const struct http_request *rq, const char *name, yh_time otherwise);
yh_str http_header(const struct http_request *rq, const char *name);
yh_str http_cookie(const struct http_request *rq, const char *name);
yh_str http_body_str(const struct http_request *rq, const char *name); /* empty when absent */

/* Answering: write JSON into the reply (status 200 unless set), or fail with a problem. */
struct yh_json *http_json(struct http_request *rq);
void http_status(struct http_request *rq, int status);
void http_keep_nothing(struct http_request *rq); /* nothing was changed: the answer is not kept for a repeat (see http_replay) */
void http_set_header(struct http_request *rq, const char *name, const char *value);
yh_err http_problem(struct http_request *rq, int status, const char *code, const char *title_zh);
void http_problem_field(struct http_request *rq, const char *field, const char *message_zh); /* before http_problem */
/* A handler that returns any other error gets the status of the table (NOT_FOUND 404, CONFLICT 409, ...). */

/* Raw answers for /metrics and downloads. */
void http_raw(struct http_request *rq, const char *content_type, yh_str bytes);
/* The answer's bytes, to be appended one piece after the other, at most `max`; a problem afterwards takes their place. */
yh_buf *http_output(struct http_request *rq, const char *content_type, size_t max);
/* As a file to be kept: the name may be Chinese. */
void http_attachment(struct http_request *rq, yh_str file_name);
/* An event on the streams of the server that handles this request. */
void http_tell(struct http_request *rq, const char *event, yh_str json);

/* Remembers answers by Idempotency-Key, so that a repeated call gets the first answer. Filled in by the kit. */
struct http_replay {
    /* Before the handler: *ret_found and the first answer, which lives in rq->arena. */
    yh_err (*find)(struct http_request *rq, yh_str key, bool *ret_found, int *ret_status, yh_str *ret_json);
    /* After a handler that answered below 500; the handler may have stored the key in its own transaction instead. */
    yh_err (*keep)(struct http_request *rq, yh_str key, int status, yh_str json);
};

/* What one event stream is told: events whose topic it hears, as long as it may. */
struct http_listener {
    void *user;
    bool (*hears)(void *user, yh_str topic); /* called under the hub's lock: quick, no calls back; NULL: everything */
    void (*done)(void *user);                /* the stream has ended; may be NULL */
    unsigned lives_ms;                       /* ends earlier than stream_ms; 0: no */
};

struct http_config {
    const char *host;
    uint16_t port;            /* 0: the system chooses */
    unsigned threads;         /* default 2 */
    unsigned header_ms;       /* whole header must be there, default 10 s */
    unsigned body_ms;         /* whole body must be there, default 30 s */
    unsigned connections;     /* in all, default 8192 */
    unsigned per_address;     /* connections, default 1024, at most half of all: a bureau may come through one address */
    const char *static_dir;   /* built front end: d/ m/ ..., served with .br/.gz siblings and ETag; NULL: none */
    void *app;
    yh_err (*authenticate)(struct http_request *rq, const struct http_user **ret); /* NULL user = not signed in */
    bool (*permitted)(const struct http_user *user, const char *permission);
    yh_err (*listen)(struct http_request *rq, struct http_listener *ret); /* who asks for events; NULL: all hear all */
    struct http_replay replay; /* optional */
    const http_handler *slow; /* handlers that wait for somebody outside, NULL at the end; they run on threads of their own */
    unsigned idle_ms;         /* between two requests of a connection, default 60 s */
    unsigned answer_ms;       /* whole answer must be taken, default 120 s */
    unsigned beat_ms;         /* comment line on quiet event streams, default 15 s */
    unsigned stream_ms;       /* an event stream ends after this (and resumes, signed in anew), default 30 min */
    size_t events_kept;       /* default 4096, at most 4 MiB */
    bool check_replies;       /* for tests: a JSON answer that does not fit its row becomes a 500 */
};

struct http_server;
yh_must yh_err http_start(const struct http_config *config, const struct http_route *const *tables, /* NULL-terminated,
                          each table ends with path NULL */ struct http_server **ret);
void http_stop(struct http_server *s); /* waits for running handlers; nobody may publish any more */
uint16_t http_port(const struct http_server *s);

/* OpenAPI 3.1 of all rows (also served at GET /api/v1/openapi.json by the facade itself). */
yh_must yh_err http_openapi(const struct http_route *const *tables, yh_buf *out);

/*
 * Server-sent events: GET /api/v1/events is served by the facade (permission "" = any signed-in user). Events carry
 * growing ids; the last `http_events_kept` are kept, so that Last-Event-ID resumes; a client that cannot follow is
 * dropped and resumes the same way. A comment line every 15 s. Any thread may publish.
 */
void http_publish(struct http_server *s, const char *event, yh_str json); /* to all */
#define HTTP_TOPIC_MAX 256
void http_publish_to(struct http_server *s, const char *event, yh_str topic, yh_str json); /* to those who hear the topic */
size_t http_event_clients(const struct http_server *s);

/* Ends the event streams of one user, or of all (empty id), who signed out or sees something else now; a browser still signed in reconnects by itself. */
void http_events_end(struct http_server *s, yh_str user_id);

struct http_stats {
    uint64_t answers[6];      /* by class: [2] = 2xx ... [5] = 5xx; [0] and [1] stay 0 */
    uint64_t cut;             /* connections ended by a deadline */
    uint64_t connections;     /* open now */
    uint64_t events;          /* published */
    uint64_t events_refused;  /* too large to be kept */
    uint64_t streams_dropped; /* event streams that could not follow */
};
struct http_stats http_stats(struct http_server *s);

#endif
