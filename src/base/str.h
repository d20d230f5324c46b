/*
 * yh_str: a view of text from outside, (pointer, length), not owned and not NUL-terminated, until someone decides to
 * keep it. All functions are pure.
 */
#ifndef YH_BASE_STR_H
#define YH_BASE_STR_H

#include "base/yh.h"

typedef struct yh_str {
    const char *p;
    size_t n;
} yh_str;

#define YH_S(lit) ((yh_str){"" lit, sizeof(lit) - 1})
#define YH_FMT(s) (int)(s).n, (s).p /* for "%.*s" */

static inline yh_str yh_str_of(const char *z)
{
    return (yh_str){z ? z : "", z ? strlen(z) : 0};
}

static inline bool yh_str_eq(yh_str a, yh_str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool yh_str_is(yh_str a, const char *z)
{
    return yh_str_eq(a, yh_str_of(z));
}

int yh_str_cmp(yh_str a, yh_str b);            /* bytewise, shorter first */
bool yh_str_eq_nocase(yh_str a, yh_str b);     /* ASCII only */
bool yh_str_starts(yh_str s, yh_str prefix);
bool yh_str_ends(yh_str s, yh_str suffix);
yh_str yh_str_trim(yh_str s);                  /* ASCII white space on both sides */
yh_str yh_str_sub(yh_str s, size_t from, size_t n); /* clipped to the text */

/* Index of c at or after `from`, or s.n when it does not occur. */
size_t yh_str_find(yh_str s, char c, size_t from);

/* Cuts the next piece before `sep` off *rest; false when nothing is left. "a,,b" gives a, "", b. */
bool yh_str_split(yh_str *rest, char sep, yh_str *ret_piece);

/* Whole-text decimal integers, i64 with an optional sign; false on anything else and on overflow. */
bool yh_str_to_i64(yh_str s, int64_t *ret);
bool yh_str_to_u64(yh_str s, uint64_t *ret);

bool yh_str_is_utf8(yh_str s);    /* strict: no overlong forms, no surrogates */
bool yh_str_is_ascii(yh_str s);
size_t yh_utf8_count(yh_str s);   /* code points of valid UTF-8 */

/* Hex: 2*n characters, upper case, no terminator. Decoding wants an even count of hex digits. */
void yh_hex_encode(const void *bytes, size_t n, char *ret_hex);
bool yh_hex_decode(yh_str hex, void *ret_bytes, size_t n);

/* Equal-time comparison of secrets. */
bool yh_secret_eq(yh_str a, yh_str b);

#endif
