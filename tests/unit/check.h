/* What every unit test includes: cmocka with the headers it wants before it, and comparisons for our own types. */
#ifndef TESTS_UNIT_CHECK_H
#define TESTS_UNIT_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"

#define check_ok(call)                                                                                       \
    do {                                                                                                     \
        yh_err check_e_ = (call);                                                                            \
        if (check_e_ != YH_OK)                                                                               \
            fail_msg("%s: %s (%s)", #call, yh_err_name(check_e_), yh_cause());                               \
    } while (0)

#define check_err(call, expected)                                                                            \
    do {                                                                                                     \
        yh_err check_e_ = (call);                                                                            \
        if (check_e_ != (expected))                                                                          \
            fail_msg("%s: got %s, want %s", #call, yh_err_name(check_e_), yh_err_name(expected));            \
    } while (0)

#define check_str(got, want)                                                                                 \
    do {                                                                                                     \
        yh_str check_s_ = (got);                                                                             \
        if (!yh_str_is(check_s_, (want)))                                                                    \
            fail_msg("%s: got \"%.*s\", want \"%s\"", #got, YH_FMT(check_s_), (want));                       \
    } while (0)

#define check_buf(buf, want) check_str(yh_buf_view(buf), want)

/* Reproducible random numbers (xorshift64*): a failing property names its seed. */
static inline uint64_t check_random(uint64_t *state)
{
    uint64_t x = *state;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    *state = x;
    return x * 2685821657736338717u;
}

#endif
