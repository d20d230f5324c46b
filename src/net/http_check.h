/*
 * The pure half of the HTTP facade: percent decoding, query strings, and checking values against field tables.
 * No socket, clock or global state. What does not fit is collected as faults with a Chinese message that says what to
 * do; a checker without faults means that every value fits its row.
 */
#ifndef YH_NET_HTTP_CHECK_H
#define YH_NET_HTTP_CHECK_H

#include "net/http.h"

#define HTTP_QUERY_MAX 32  /* parameters of one request */
#define HTTP_FAULTS_MAX 20 /* reported at once */

struct http_patterns;

/* Patterns are compiled once, when the server starts; NULL compiles each one for its use. */
yh_must yh_err http_patterns_new(struct http_patterns **ret);
void http_patterns_free(struct http_patterns *p);
yh_must yh_err http_patterns_add_fields(struct http_patterns *p, const struct http_field *fields); /* and below */
yh_must yh_err http_patterns_add_schema(struct http_patterns *p, const struct http_schema *schema);
bool http_patterns_match(const struct http_patterns *p, const char *pattern, const char *value);

struct http_fault {
    struct http_fault *next;
    const char *field; /* "limits[2].value" */
    const char *message;
};

struct http_checker {
    struct yh_arena *arena;
    const struct http_patterns *patterns;
    struct http_fault *first, *last;
    size_t n;
    bool own; /* what is checked is our own answer: texts of records may be long and hold anything */
};

void http_fault_add(struct http_checker *c, const char *field, const char *message);

struct http_param {
    yh_str name;
    yh_str value; /* NUL-terminated */
};

struct http_params {
    struct http_param v[HTTP_QUERY_MAX];
    size_t n;
};

/* %41 -> A, and + -> space when asked. False on a broken escape, %00, bytes that are no UTF-8, control characters. */
bool http_decode(struct yh_arena *arena, yh_str raw, bool plus_is_space, yh_str *ret);

/* "a=1&b=2"; a parameter with an empty value counts as not given. False when it cannot be read or has too many. */
bool http_params_parse(struct yh_arena *arena, yh_str raw, struct http_params *ret);
const struct http_param *http_params_find(const struct http_params *q, const char *name);

void http_check_params(struct http_checker *c, const struct http_field *fields, struct http_params *q);
void http_check_json(struct http_checker *c, const struct http_schema *schema, const json_t *value);

#endif
