/*
 * The open HTTP connections and their deadlines. libmicrohttpd restarts its own time-out at every byte, so a header that
 * trickles would live for ever; here every phase of a connection has one fixed end, and who passes it is cut.
 *
 * Threads: workers move a connection from phase to phase; one clock thread cuts. A connection that was cut refuses to
 * move on, so a worker never answers on it.
 */
#ifndef YH_NET_HTTP_CONN_H
#define YH_NET_HTTP_CONN_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/err.h"
#include "net/tcp.h"

typedef enum http_phase { HTTP_IDLE, HTTP_HEADER, HTTP_BODY, HTTP_ANSWER, HTTP_STREAM, HTTP_CUT } http_phase;

struct http_conn {
    struct http_conn *prev, *next;
    int fd;
    atomic_int_fast64_t state; /* end of the phase in ms << 3 | phase */
    char peer[NET_PEER_MAX];
};

struct http_conns {
    pthread_mutex_t lock; /* guards the list, and with it the life of each fd in it */
    struct http_conn *first;
    size_t n;
    atomic_uint_fast64_t cut;
};

void http_conns_init(struct http_conns *l);
void http_conns_done(struct http_conns *l);
struct http_conn *http_conn_new(struct http_conns *l, int fd, const struct sockaddr *peer, unsigned header_ms);
void http_conn_free(struct http_conns *l, struct http_conn *c);

/* `ms` 0: without an end. False when the connection was cut. */
bool http_conn_enter(struct http_conn *c, http_phase phase, unsigned ms);
http_phase http_conn_phase(const struct http_conn *c);
void http_conn_cut(struct http_conn *c); /* while its fd is certainly open */

void http_conns_cut_late(struct http_conns *l);
size_t http_conns_count(struct http_conns *l);

#endif
