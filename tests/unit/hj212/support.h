/* Reads the vectors of tests/vectors/hj212 (folder in the environment variable YH_VECTORS) for the tests of this room. */
#ifndef YH_TEST_HJ212_SUPPORT_H
#define YH_TEST_HJ212_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/json.h"
#include "hj212/frame.h"

struct vector {
    yh_str id, raw;
    struct hj212_key key;
    json_t *expected;
};

struct vectors {
    yh_arena arena;
    struct vector *v;
    size_t n;
};

struct vectors vectors_load(void);
void vectors_free(struct vectors *v);

/* A whole file of the vectors' folder, also .gz, into `out`. */
void vectors_read(const char *name, yh_buf *out);

/* Parses with storage of its own: valid until the next call. */
const struct hj212_frame *parse_z(const char *raw, size_t n, const struct hj212_key *key);
#define PARSE(lit) parse_z("" lit, sizeof(lit) - 1, NULL)

/* "##" + length + segment + CRC + CR LF of a plain segment, in `out` (cleared first). */
yh_str wrap_z(const char *segment, yh_buf *out);

/* The same, parsed. */
const struct hj212_frame *parse_segment_z(const char *segment);

void assert_str(yh_str got, const char *want);
void assert_view(yh_str got, yh_str want);

/* Pseudo-random numbers that are the same on every run. */
uint32_t next_random(uint32_t *state);

#endif
