/*
 * yh_dec: a decimal number as a scaled integer, value = m / 10^scale. No float ever meets a legal limit.
 *
 * Parsing keeps the scale as written ("0.50" is m=50, scale=2). Comparison is exact across scales. Arithmetic that
 * cannot be represented reports failure; nothing wraps silently.
 */
#ifndef YH_BASE_DEC_H
#define YH_BASE_DEC_H

#include "base/buf.h"
#include "base/str.h"

#define YH_DEC_MAX_SCALE 12

typedef struct yh_dec {
    int64_t m;
    uint8_t scale; /* 0..YH_DEC_MAX_SCALE */
} yh_dec;

typedef enum yh_round {
    YH_ROUND_HALF_EVEN, /* 四舍六入五成双 (GB/T 8170) */
    YH_ROUND_HALF_UP,   /* 四舍五入, away from zero on a tie */
    YH_ROUND_DOWN       /* towards zero */
} yh_round;

/* Optional sign, digits, optional fraction; also "5." and ".5". The digits must fit in 64 bits (18 always do), so that
 * whatever yh_dec_format writes can be read again. No exponent. */
bool yh_dec_parse(yh_str s, yh_dec *ret);

/* Writes with exactly d.scale decimals. At most 24 bytes. */
void yh_dec_format(yh_dec d, yh_buf *out);

int yh_dec_cmp(yh_dec a, yh_dec b);                               /* -1, 0, 1; exact */
bool yh_dec_rescale(yh_dec a, uint8_t scale, yh_round how, yh_dec *ret);
bool yh_dec_add(yh_dec a, yh_dec b, yh_dec *ret);                 /* scale = the larger one */
bool yh_dec_sub(yh_dec a, yh_dec b, yh_dec *ret);
bool yh_dec_mul(yh_dec a, yh_dec b, uint8_t scale, yh_round how, yh_dec *ret);
bool yh_dec_div(yh_dec a, yh_dec b, uint8_t scale, yh_round how, yh_dec *ret); /* false when b is 0 */

/* For drawing only: charts and estimates, never a verdict. */
double yh_dec_approx(yh_dec a);

#endif
