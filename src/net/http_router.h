/*
 * Finds the route of a path: a tree of segments in which a literal wins over {param}, with a way back when the literal
 * leads nowhere. Built once, read by all threads.
 */
#ifndef YH_NET_HTTP_ROUTER_H
#define YH_NET_HTTP_ROUTER_H

#include "net/http.h"

#define HTTP_METHODS 5
#define HTTP_SEGMENTS_MAX 16
#define HTTP_PATH_PARAMS_MAX 8

struct http_router;

yh_must yh_err http_router_new(struct http_router **ret);
void http_router_free(struct http_router *r);

/* YH_E_CONFLICT when method and path are taken, YH_E_INVALID when the path cannot be one. */
yh_must yh_err http_router_add(struct http_router *r, const struct http_route *route);

struct http_path {
    yh_str segment[HTTP_SEGMENTS_MAX]; /* decoded */
    size_t n;
};

/* "/a/b%20c" -> "a", "b c". False for what no route can have. */
bool http_path_parse(struct yh_arena *arena, yh_str raw, struct http_path *ret);

struct http_match {
    const struct http_route *by_method[HTTP_METHODS];
    yh_str param[HTTP_PATH_PARAMS_MAX]; /* in the order of the path */
    size_t params;
};

bool http_router_find(const struct http_router *r, const struct http_path *path, struct http_match *ret);

#endif
