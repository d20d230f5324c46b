/*
 * Streams of 64-bit integers as bytes that compress well. A common step is divided out; each value is
 * predicted (from the smallest value, from its predecessor, or from the last step); low bits that are mere
 * noise are bit-packed, what is above them is laid out byte plane by byte plane for the compressor. Exact for
 * every input, arithmetic is modulo 2^64. Pure.
 */
#ifndef YH_SERIES_INTS_H
#define YH_SERIES_INTS_H

#include "base/buf.h"

/* Where in a buffer the statistics change: the compressor starts a new block there. */
struct series_cuts {
    size_t at[48];
    unsigned n;
};

/* Overwrites `values`. Planes are marked in `cuts`. */
void series_ints_encode(uint64_t *values, size_t n, yh_buf *out, struct series_cuts *cuts);

static inline void series_cut(struct series_cuts *c, const yh_buf *b)
{
    if (c->n < YH_LEN(c->at) && b->n > (c->n ? c->at[c->n - 1] : 0))
        c->at[c->n++] = b->n;
}

/* Cuts a stream of n values off *in; false when the bytes are no such stream. */
bool series_ints_decode(yh_str *in, size_t n, uint64_t *values);

void series_varint_put(yh_buf *out, uint64_t v);
bool series_varint_take(yh_str *in, uint64_t *ret);

static inline uint64_t series_zigzag(uint64_t v)
{
    return (v << 1) ^ (0 - (v >> 63));
}

static inline uint64_t series_unzigzag(uint64_t v)
{
    return (v >> 1) ^ (0 - (v & 1));
}

#endif
