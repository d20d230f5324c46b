#include "base/dec.h"

#include <assert.h>

typedef __int128 wide;

static const int64_t powers[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000,
                                10000000000, 100000000000, 1000000000000};
_Static_assert(YH_LEN(powers) == YH_DEC_MAX_SCALE + 1, "one power per scale");

static bool narrow(wide v, uint8_t scale, yh_dec *ret)
{
    if (v > INT64_MAX || v < INT64_MIN)
        return false;
    *ret = (yh_dec){(int64_t)v, scale};
    return true;
}

/* Quotient of v by d > 0, rounded. */
static wide divide(wide v, wide d, yh_round how)
{
    wide q = v / d, r = v % d;
    if (how == YH_ROUND_DOWN || r == 0)
        return q;
    wide twice = r < 0 ? -2 * r : 2 * r;
    wide away = v < 0 ? -1 : 1;
    if (twice > d || (twice == d && (how == YH_ROUND_HALF_UP || q % 2 != 0)))
        q += away;
    return q;
}

static wide power(unsigned n)
{
    wide p = 1;
    while (n--)
        p *= 10;
    return p;
}

bool yh_dec_parse(yh_str s, yh_dec *ret)
{
    bool negative = s.n && s.p[0] == '-';
    size_t i = s.n && (s.p[0] == '-' || s.p[0] == '+') ? 1 : 0;
    int64_t m = 0;
    unsigned digits = 0, scale = 0;
    bool point = false;
    for (; i < s.n; i++) {
        char c = s.p[i];
        if (c == '.' && !point) {
            point = true;
            continue;
        }
        int step = negative ? '0' - c : c - '0';
        if (c < '0' || c > '9' || (point && scale == YH_DEC_MAX_SCALE) || __builtin_mul_overflow(m, 10, &m) ||
            __builtin_add_overflow(m, step, &m))
            return false;
        digits++;
        scale += point;
    }
    if (digits == 0)
        return false;
    *ret = (yh_dec){m, (uint8_t)scale};
    return true;
}

void yh_dec_format(yh_dec d, yh_buf *out)
{
    assert(d.scale <= YH_DEC_MAX_SCALE);
    char digits[24];
    size_t at = sizeof digits;
    uint64_t m = d.m < 0 ? 0 - (uint64_t)d.m : (uint64_t)d.m;
    for (unsigned i = 0; m || i <= d.scale; i++) {
        if (i == d.scale && d.scale > 0)
            digits[--at] = '.';
        digits[--at] = (char)('0' + m % 10);
        m /= 10;
    }
    if (d.m < 0)
        digits[--at] = '-';
    yh_buf_add(out, digits + at, sizeof digits - at);
}

int yh_dec_cmp(yh_dec a, yh_dec b)
{
    wide x = (wide)a.m * powers[b.scale], y = (wide)b.m * powers[a.scale];
    return (x > y) - (x < y);
}

bool yh_dec_rescale(yh_dec a, uint8_t scale, yh_round how, yh_dec *ret)
{
    if (scale > YH_DEC_MAX_SCALE)
        return false;
    if (scale >= a.scale)
        return narrow((wide)a.m * powers[scale - a.scale], scale, ret);
    return narrow(divide(a.m, powers[a.scale - scale], how), scale, ret);
}

bool yh_dec_add(yh_dec a, yh_dec b, yh_dec *ret)
{
    uint8_t scale = a.scale > b.scale ? a.scale : b.scale;
    wide sum = (wide)a.m * powers[scale - a.scale] + (wide)b.m * powers[scale - b.scale];
    return narrow(sum, scale, ret);
}

bool yh_dec_sub(yh_dec a, yh_dec b, yh_dec *ret)
{
    uint8_t scale = a.scale > b.scale ? a.scale : b.scale;
    wide difference = (wide)a.m * powers[scale - a.scale] - (wide)b.m * powers[scale - b.scale];
    return narrow(difference, scale, ret);
}

bool yh_dec_mul(yh_dec a, yh_dec b, uint8_t scale, yh_round how, yh_dec *ret)
{
    if (scale > YH_DEC_MAX_SCALE)
        return false;
    wide product = (wide)a.m * b.m;
    unsigned have = (unsigned)a.scale + b.scale;
    if (have > scale)
        return narrow(divide(product, power(have - scale), how), scale, ret);
    wide scaled;
    return !__builtin_mul_overflow(product, power(scale - have), &scaled) && narrow(scaled, scale, ret);
}

bool yh_dec_div(yh_dec a, yh_dec b, uint8_t scale, yh_round how, yh_dec *ret)
{
    if (b.m == 0 || scale > YH_DEC_MAX_SCALE)
        return false;
    /* a/10^as : b/10^bs at `scale` decimals = a * 10^(scale + bs) / (b * 10^as). Common powers are cancelled first:
     * then only a quotient beyond 64 bits can overflow the numerator. */
    unsigned up = (unsigned)scale + b.scale, down = a.scale;
    unsigned common = up < down ? up : down;
    wide numerator, denominator = (wide)b.m * power(down - common);
    if (__builtin_mul_overflow((wide)a.m, power(up - common), &numerator))
        return false;
    if (denominator < 0) {
        numerator = -numerator;
        denominator = -denominator;
    }
    return narrow(divide(numerator, denominator, how), scale, ret);
}

double yh_dec_approx(yh_dec a)
{
    return (double)a.m / (double)powers[a.scale];
}
