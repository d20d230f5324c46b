/*
 * The server: opens the stores, starts the worker, the gate and the HTTP door, in that order, and takes them down in the
 * reverse one. Everything that knows more than one room stands here.
 */
#ifndef YH_APP_SERVE_H
#define YH_APP_SERVE_H

#include "base/err.h"

struct serve_config {
    const char *data_dir;
    char http_host[256], gate_host[256];
    uint16_t http_port, gate_port;
    bool check_replies;  /* for tests: an answer that does not fit its documented shape is an error */
    const char *web_dir; /* built front end; NULL: look beside the program */
};

struct server;
yh_must yh_err server_start(const struct serve_config *config, struct server **ret);
void server_stop(struct server *s); /* NULL is fine */
uint16_t server_http_port(const struct server *s);
uint16_t server_gate_port(const struct server *s);

/* How far the work is: records on disk, records derived from, values stored by this process, loggers connected. */
struct server_progress {
    uint64_t logged, derived, values, connections;
};
void server_progress(const struct server *s, struct server_progress *ret);

#endif
