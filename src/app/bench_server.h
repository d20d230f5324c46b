/*
 * Someone else's server as a baseline: found on the PATH, started with files in the bench's own folder on a loopback port
 * that was free, asked over HTTP/1.1, stopped at the end. One request at a time on one connection.
 */
#ifndef YH_APP_BENCH_SERVER_H
#define YH_APP_BENCH_SERVER_H

#include "base/buf.h"

#define BENCH_SERVER_ARGS 16

struct bench_server {
    int pid; /* 0: none */
    int fd;  /* -1: not connected */
    uint16_t port;
    yh_buf in;
};

bool bench_server_find(const char *program, char *ret, size_t size); /* false: not installed */

yh_must yh_err bench_server_port(uint16_t *ret);

/* Waits until `target` is answered with 200. What the program prints goes to the file `log`. */
yh_must yh_err bench_server_start(char *const *args, uint16_t port, const char *log, const char *target,
                                  struct bench_server *ret);
void bench_server_stop(struct bench_server *s); /* nothing when it runs not */

/* POST with a body, GET without one. Anything but 200 and 204 is an error that tells what the server said. *ret_body stands
 * until the next request. */
yh_must yh_err bench_server_ask(struct bench_server *s, const char *target, yh_str body, yh_str *ret_body);

double bench_server_cpu(const struct bench_server *s); /* seconds of all its threads so far */

void bench_url_escape(yh_buf *out, const char *text);

#endif
