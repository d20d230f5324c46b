/*
 * Handlers that wait for somebody outside (http_config.slow) run on threads of their own while libmicrohttpd lets the
 * connection sleep: otherwise each of them would hold up every other connection of its worker thread.
 */
#ifndef YH_NET_HTTP_SLOW_H
#define YH_NET_HTTP_SLOW_H

#include "net/http_internal.h"

#define HTTP_SLOW_THREADS 2
#define HTTP_SLOW_WAITING 32 /* requests beyond are told to come again */

yh_must yh_err http_slow_start(struct http_slow **ret);

/* From the connection's worker thread. The connection sleeps until the handler has run, then its access callback is called
 * again. False when too many wait, or the server stops. */
bool http_slow_give(struct http_slow *s, struct http_reply *r);

/* Runs what waits, then ends. NULL is fine. */
void http_slow_stop(struct http_slow *s);

#endif
