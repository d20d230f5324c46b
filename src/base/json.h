/*
 * JSON: a streaming writer on yh_buf that places the commas, and small readers over jansson.
 *
 * Writer: keys and values in order; errors (depth, size) are sticky in the buffer. Strings that are not valid UTF-8
 * are written with every bad byte as U+FFFD, so the output is always valid JSON.
 */
#ifndef YH_BASE_JSON_H
#define YH_BASE_JSON_H

#include <jansson.h>

#include "base/buf.h"
#include "base/dec.h"
#include "base/timestamp.h"

#define YH_JSON_DEPTH 32

struct yh_json {
    yh_buf *out;
    unsigned depth;
    bool first[YH_JSON_DEPTH + 1];
    bool after_key;
};

static inline struct yh_json yh_json_to(yh_buf *out)
{
    return (struct yh_json){.out = out, .first = {true}};
}

void yh_json_obj(struct yh_json *j);
void yh_json_obj_end(struct yh_json *j);
void yh_json_arr(struct yh_json *j);
void yh_json_arr_end(struct yh_json *j);
void yh_json_key(struct yh_json *j, const char *key);
void yh_json_key_str(struct yh_json *j, yh_str key);

void yh_json_str(struct yh_json *j, yh_str s);
void yh_json_z(struct yh_json *j, const char *z); /* NULL writes null */
void yh_json_i64(struct yh_json *j, int64_t v);
void yh_json_u64(struct yh_json *j, uint64_t v);
void yh_json_bool(struct yh_json *j, bool v);
void yh_json_null(struct yh_json *j);
void yh_json_double(struct yh_json *j, double v);        /* rates and ratios only */
void yh_json_dec(struct yh_json *j, yh_dec d);           /* as a string: "12.50" */
void yh_json_time(struct yh_json *j, yh_time t);         /* RFC 3339 +08:00; YH_TIME_NONE writes null */
void yh_json_hex(struct yh_json *j, const void *p, size_t n);
void yh_json_raw(struct yh_json *j, yh_str json);        /* text that is JSON already */

/* key + value in one call, for the common case */
void yh_json_kstr(struct yh_json *j, const char *key, yh_str s);
void yh_json_kz(struct yh_json *j, const char *key, const char *z);
void yh_json_ki64(struct yh_json *j, const char *key, int64_t v);
void yh_json_ku64(struct yh_json *j, const char *key, uint64_t v);
void yh_json_kbool(struct yh_json *j, const char *key, bool v);
void yh_json_kdec(struct yh_json *j, const char *key, yh_dec d);
void yh_json_ktime(struct yh_json *j, const char *key, yh_time t);

/* Reading: rejects duplicate keys, trailing bytes, nesting over 64 and invalid UTF-8. The caller json_decref()s. */
yh_must yh_err yh_json_parse(yh_str text, json_t **ret);

static inline void yh_json_unref(json_t **v)
{
    json_decref(*v);
}
#define yh_json_auto yh_cleanup(yh_json_unref) json_t

#endif
