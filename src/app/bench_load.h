/*
 * What the benches with sockets share: a load of many connections on one epoll set, and servers in a process of their
 * own, so that their CPU time and memory can be told from the load's.
 */
#ifndef YH_APP_BENCH_LOAD_H
#define YH_APP_BENCH_LOAD_H

#include "base/buf.h"

/* Messages back to back. */
struct bench_stream {
    yh_buf bytes;
    size_t *ends; /* offset behind each message */
    size_t n, cap;
};

yh_must yh_err bench_stream_end(struct bench_stream *s); /* what was added to bytes since the last end is a message */
void bench_stream_clear(struct bench_stream *s);
void bench_stream_done(struct bench_stream *s);

struct bench_load {
    uint16_t port;
    unsigned connections, window; /* window: messages without answer, per connection */
    unsigned marks;               /* line feeds in one answer */
    double rate;                  /* messages per second over all connections; 0: as many as the window allows */
    double seconds;               /* each connection repeats its stream so long; 0: every stream once */
    const struct bench_stream *streams;
    unsigned stream_count;        /* connection i sends stream i modulo this */
};

struct bench_loaded {
    uint64_t answered;
    double seconds; /* from the first byte to the last answer */
    double ms_p50, ms_p99;
};

yh_must yh_err bench_load_run(const struct bench_load *load, struct bench_loaded *ret);

/* A server in a child process. `serve` runs there: it tells its port with bench_serve_ready, then answers a byte on
 * `control` with what the bench asks of it and returns when `control` is closed. */
struct bench_child {
    int pid; /* 0: none */
    int control;
    uint16_t port;
};

yh_must yh_err bench_child_start(yh_err (*serve)(int control, void *user), void *user, struct bench_child *ret);
void bench_child_stop(struct bench_child *c); /* nothing when there is none */
yh_must yh_err bench_child_ask(const struct bench_child *c, void *reply, size_t n);
double bench_child_cpu(const struct bench_child *c); /* seconds so far */
double bench_child_rss(const struct bench_child *c); /* bytes */

yh_must yh_err bench_serve_ready(int control, uint16_t port);
bool bench_serve_asked(int control); /* waits; false at the end */

/* The bare baseline of a TCP server: sends every byte back. For bench_child_start; `user` is not used. */
yh_err bench_echo_serve(int control, void *user);

/* Blocking connections that stay silent. */
yh_must yh_err bench_idle_open(uint16_t port, size_t n, int *fds);

#endif
