/*
 * Streams of 64-bit integers as bytes that compress well: each value is predicted (from the smallest value, from its
 * predecessor, or from the last step) and the differences are laid out byte plane by byte plane. Exact for every input,
 * arithmetic is modulo 2^64. Pure.
 */
#ifndef YH_SERIES_INTS_H
#define YH_SERIES_INTS_H

#include "base/buf.h"

void series_ints_encode(const uint64_t *values, size_t n, yh_buf *out);

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
