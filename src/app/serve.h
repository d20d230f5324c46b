/*
 * The server: opens the stores, starts the worker, the gate and the HTTP door, in that order, and takes them down in the
 * reverse one. Everything that knows more than one room stands here.
 */
#ifndef YH_APP_SERVE_H
#define YH_APP_SERVE_H

#include "base/str.h"
#include "gate/limits.h"
#include "kit/kit.h"

struct serve_config {
    const char *data_dir;
    const char *business; /* data_dir, or the address of the server that holds the business database */
    char http_host[256], gate_host[256];
    uint16_t http_port, gate_port;
    uint64_t segment_bytes; /* of the evidence log; 0: its default */
    bool check_replies;  /* for tests: an answer that does not fit its documented shape is an error */
    const char *web_dir; /* built front end; NULL: look beside the program */
    unsigned max_connections; /* of loggers; 0: SERVE_LOGGERS; fewer when descriptors are scarce */
    const struct gate_limits *limits; /* NULL: gate_limits_default */
    struct kit_portal_config portal; /* its texts outlive the server */
    uint64_t drain_ms;   /* how long the end may take to answer what has arrived; 0: not at all */
};

#define SERVE_LOGGERS 20000u

struct server;
yh_must yh_err server_start(const struct serve_config *config, struct server **ret);
void server_stop(struct server *s); /* NULL is fine */

/* New limits while the server runs. */
yh_must yh_err server_limits_set(struct server *s, const struct gate_limits *limits, uint64_t drain_ms);

/* Keeps a note (a JSON object with "event") for the evidence log, which has it as soon as it takes records. */
yh_must yh_err server_note(struct server *s, yh_str origin, yh_str json);

uint16_t server_http_port(const struct server *s);
uint16_t server_gate_port(const struct server *s);

/* How far the work is: records on disk, records derived from, values stored by this process, loggers connected. */
struct server_progress {
    uint64_t logged, derived, values, connections;
};
void server_progress(const struct server *s, struct server_progress *ret);

#endif
