/*
 * The built front end, read into memory once: every regular file below a folder, its .br and .gz siblings, content type
 * and ETag. Serving is a map look-up, so no request path ever reaches the file system.
 */
#ifndef YH_NET_HTTP_STATIC_H
#define YH_NET_HTTP_STATIC_H

#include "base/err.h"
#include "base/str.h"

struct http_static;

typedef enum http_coding { HTTP_IDENTITY, HTTP_GZIP, HTTP_BROTLI, HTTP_CODINGS } http_coding;

struct http_file {
    const char *type;
    const char *cache;              /* Cache-Control */
    yh_str bytes[HTTP_CODINGS];     /* {NULL,0}: not there in this coding */
    char etag[HTTP_CODINGS][40];    /* quoted */
};

yh_must yh_err http_static_load(const char *dir, struct http_static **ret);
void http_static_free(struct http_static *s);

/*
 * The file for a decoded path ("/d/assets/x.js"). A path without a file name inside an application ("/d/stations/1")
 * gives that application's index.html. NULL when there is none.
 */
const struct http_file *http_static_find(const struct http_static *s, yh_str path);

/* Where "/" and "/d" should be sent: "/d/" when that application exists; NULL otherwise. */
const char *http_static_redirect(const struct http_static *s, yh_str path);

/* The best coding that the file has and Accept-Encoding takes. */
http_coding http_static_coding(const struct http_file *f, yh_str accept_encoding);

bool http_accepts_coding(yh_str accept_encoding, const char *coding);

/* Does If-None-Match name this tag (or *)? */
bool http_etag_matches(yh_str if_none_match, const char *etag);

#endif
