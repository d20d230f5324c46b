/* SM3 (GB/T 32905): one text over OpenSSL, many by our own code. Contexts are cheap to reuse; one per thread. */
#ifndef YH_BASE_SM3_H
#define YH_BASE_SM3_H

#include "base/err.h"
#include "base/str.h"

#define YH_SM3_LEN 32

typedef struct yh_sm3_hash {
    uint8_t b[YH_SM3_LEN];
} yh_sm3_hash;

struct yh_sm3;

yh_must yh_err yh_sm3_new(struct yh_sm3 **ret);
void yh_sm3_free(struct yh_sm3 *s);
void yh_sm3_freep(struct yh_sm3 **s);

void yh_sm3_begin(struct yh_sm3 *s);
void yh_sm3_add(struct yh_sm3 *s, const void *bytes, size_t n);
yh_sm3_hash yh_sm3_end(struct yh_sm3 *s);

/* One shot, with a context of its own; for rare use. */
yh_must yh_err yh_sm3_of(yh_str bytes, yh_sm3_hash *ret);

/* The hashes of `mark` followed by the bytes, for many texts at once: several times as fast as one by one. */
struct yh_sm3_text {
    uint8_t mark;
    yh_str bytes;
};
void yh_sm3_many(const struct yh_sm3_text *texts, size_t n, yh_sm3_hash *ret);

static inline bool yh_sm3_eq(const yh_sm3_hash *a, const yh_sm3_hash *b)
{
    return memcmp(a->b, b->b, YH_SM3_LEN) == 0;
}

#endif
