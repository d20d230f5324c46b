#include "series/ints.h"

/*
 * A stream: head byte, what the head announces, packed low bits, byte planes.
 *   bits 0-3  number of byte planes, 0 to 8
 *   bits 4-5  how a value is predicted
 *   bit 6     a byte follows: how many low bits of each difference are packed apart
 *   bit 7     start and step follow: the values are start + step * what the stream says
 */
enum predictor { FROM_LEAST, FROM_PREVIOUS, FROM_STEP, PREDICTOR_COUNT };
enum { HEAD_PLANES = 15, HEAD_PREDICTOR = 4, HEAD_LOW = 64, HEAD_STEP = 128 };

#define LOW_MAX 56

struct plan {
    enum predictor predictor;
    uint64_t least;
    unsigned low;    /* bits packed apart: noise that no compressor can use */
    unsigned planes; /* bytes of what is above them */
};

static unsigned bits_of(uint64_t v)
{
    return v ? 64 - (unsigned)__builtin_clzll(v) : 0;
}

/* How many leading values are stored as they are. */
static size_t seeds_of(enum predictor p, size_t n)
{
    return yh_min_size((size_t)p, n);
}

static uint64_t difference(const uint64_t *v, size_t i, const struct plan *p)
{
    if (p->predictor == FROM_LEAST)
        return v[i] - p->least;
    uint64_t step = v[i] - v[i - 1];
    return series_zigzag(p->predictor == FROM_PREVIOUS ? step : step - (v[i - 1] - v[i - 2]));
}

/* ---- encode ---- */

static uint64_t magnitude(uint64_t v)
{
    return v >> 63 ? 0 - v : v;
}

/* Greatest common divisor of all distances to the first value; 0 when there are none. */
static uint64_t common_step(const uint64_t *v, size_t n)
{
    uint64_t g = 0;
    for (size_t i = 1; i < n && g != 1; i++) {
        uint64_t d = magnitude(v[i] - v[0]);
        while (d) {
            uint64_t r = g % d;
            g = d;
            d = r;
        }
    }
    return g;
}

/* Digits written beyond the resolution of an instrument ("0.440000") and clocks that know only seconds leave
 * a common step; the stream then counts steps. */
static uint64_t divide_step(uint64_t *v, size_t n)
{
    uint64_t step = common_step(v, n), start = v[0];
    if (step <= 1 || step >> 63)
        return 1;
    for (size_t i = 0; i < n; i++)
        v[i] = (uint64_t)((int64_t)(v[i] - start) / (int64_t)step);
    return step;
}

static uint64_t least_of(const uint64_t *v, size_t n)
{
    int64_t least = INT64_MAX;
    for (size_t i = 0; i < n; i++)
        if ((int64_t)v[i] < least)
            least = (int64_t)v[i];
    return (uint64_t)least;
}

static uint64_t mean_of(const uint64_t *v, size_t n)
{
    __int128 sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (int64_t)v[i];
    return (uint64_t)(int64_t)(sum / (__int128)n);
}

/* Estimated bits under each predictor, all measured as distances to what was expected; the lowest wins. */
static enum predictor choose_predictor(const uint64_t *v, size_t n)
{
    uint64_t cost[PREDICTOR_COUNT] = {0}, mean = mean_of(v, n);
    for (size_t i = 2; i < n; i++) {
        uint64_t step = v[i] - v[i - 1];
        cost[FROM_LEAST] += bits_of(series_zigzag(v[i] - mean));
        cost[FROM_PREVIOUS] += bits_of(series_zigzag(step));
        cost[FROM_STEP] += bits_of(series_zigzag(step - (v[i - 1] - v[i - 2])));
    }
    enum predictor best = FROM_LEAST;
    for (unsigned p = 1; p < PREDICTOR_COUNT; p++)
        if (cost[p] < cost[best])
            best = (enum predictor)p;
    return best;
}

/* log2 in 1/256, straight between powers of two: good enough to compare estimates. */
static uint64_t log2_256(uint32_t v)
{
    unsigned whole = 31 - (unsigned)__builtin_clz(v);
    uint32_t fraction = (uint32_t)(((uint64_t)v << (31 - whole)) & 0x7fffffff);
    return 256 * whole + (fraction >> 23);
}

/* Estimated size, in 1/256 bits, of the byte planes above `low` bits and of the low bits. */
static uint64_t estimate(const uint64_t *v, size_t n, const struct plan *p, unsigned low, unsigned bits)
{
    size_t from = seeds_of(p->predictor, n), rest = n - from;
    uint64_t total = (uint64_t)256 * low * rest;
    for (unsigned shift = low; shift < bits; shift += 8) {
        uint32_t seen[256] = {0};
        for (size_t i = from; i < n; i++)
            seen[difference(v, i, p) >> shift & 255]++;
        uint64_t whole = log2_256((uint32_t)rest);
        for (unsigned b = 0; b < 256; b++)
            if (seen[b])
                total += seen[b] * (whole - log2_256(seen[b]));
    }
    return total;
}

/* The bits that all but one in twenty differences need. */
static unsigned usual_bits(const uint64_t *v, size_t n, const struct plan *p)
{
    size_t count[65] = {0}, from = seeds_of(p->predictor, n), above = 0;
    for (size_t i = from; i < n; i++)
        count[bits_of(difference(v, i, p))]++;
    unsigned bits = 64;
    while (bits > 0 && above + count[bits] <= (n - from) / 20)
        above += count[bits--];
    return bits;
}

static struct plan make_plan(const uint64_t *v, size_t n)
{
    struct plan p = {.least = least_of(v, n)};
    p.predictor = choose_predictor(v, n);
    uint64_t all = 0;
    for (size_t i = seeds_of(p.predictor, n); i < n; i++)
        all |= difference(v, i, &p);
    unsigned bits = bits_of(all);
    unsigned usual = bits > 8 ? usual_bits(v, n, &p) : 0;
    if (usual > 8) {
        unsigned low = usual - 7 < LOW_MAX ? usual - 7 : LOW_MAX;
        if (estimate(v, n, &p, low, bits) < estimate(v, n, &p, 0, bits))
            p.low = low;
    }
    p.planes = bits > p.low ? (bits - p.low + 7) / 8 : 0;
    return p;
}

static size_t packed_size(size_t n, unsigned low)
{
    return (n * low + 7) / 8;
}

static void put_low(const uint64_t *v, size_t n, const struct plan *p, yh_buf *out)
{
    size_t from = seeds_of(p->predictor, n), size = packed_size(n - from, p->low), at = 0;
    char *to = yh_buf_reserve(out, size);
    if (!to)
        return;
    uint64_t mask = ((uint64_t)1 << p->low) - 1, pending = 0;
    unsigned have = 0;
    for (size_t i = from; i < n; i++) {
        pending |= (difference(v, i, p) & mask) << have;
        for (have += p->low; have >= 8; have -= 8) {
            to[at++] = (char)pending;
            pending >>= 8;
        }
    }
    if (have)
        to[at++] = (char)pending;
    out->n += size;
}

static void put_planes(const uint64_t *v, size_t n, const struct plan *p, yh_buf *out,
                       struct series_cuts *cuts)
{
    size_t from = seeds_of(p->predictor, n), rest = n - from;
    char *to = yh_buf_reserve(out, rest * p->planes);
    if (!to)
        return;
    for (size_t i = 0; i < rest; i++) {
        uint64_t d = difference(v, from + i, p) >> p->low;
        for (unsigned plane = 0; plane < p->planes; plane++)
            to[plane * rest + i] = (char)(d >> (8 * plane));
    }
    for (unsigned plane = 0; plane < p->planes; plane++) {
        series_cut(cuts, out);
        out->n += rest;
    }
    series_cut(cuts, out);
}

void series_ints_encode(uint64_t *v, size_t n, yh_buf *out, struct series_cuts *cuts)
{
    if (n == 0)
        return;
    uint64_t start = v[0], step = divide_step(v, n);
    struct plan p = make_plan(v, n);
    unsigned head = p.planes | (unsigned)p.predictor << HEAD_PREDICTOR;
    yh_buf_putc(out, (char)(head | (p.low ? HEAD_LOW : 0) | (step > 1 ? HEAD_STEP : 0)));
    if (p.low)
        yh_buf_putc(out, (char)p.low);
    if (step > 1) {
        series_varint_put(out, series_zigzag(start));
        series_varint_put(out, step);
    }
    if (p.predictor == FROM_LEAST)
        series_varint_put(out, series_zigzag(p.least));
    for (size_t i = 0; i < seeds_of(p.predictor, n); i++)
        series_varint_put(out, series_zigzag(v[i]));
    if (p.low) {
        series_cut(cuts, out);
        put_low(v, n, &p, out);
    }
    put_planes(v, n, &p, out, cuts);
}

/* ---- decode ---- */

static bool take_byte(yh_str *in, unsigned *ret)
{
    if (in->n == 0)
        return false;
    *ret = (uint8_t)in->p[0];
    *in = (yh_str){in->p + 1, in->n - 1};
    return true;
}

static bool take_head(yh_str *in, struct plan *p, uint64_t *ret_start, uint64_t *ret_step)
{
    unsigned head;
    if (!take_byte(in, &head))
        return false;
    p->planes = head & HEAD_PLANES;
    unsigned predictor = head >> HEAD_PREDICTOR & 3;
    if (predictor >= PREDICTOR_COUNT)
        return false;
    p->predictor = (enum predictor)predictor;
    if (head & HEAD_LOW && (!take_byte(in, &p->low) || p->low == 0 || p->low > LOW_MAX))
        return false;
    if (head & HEAD_STEP && (!series_varint_take(in, ret_start) || !series_varint_take(in, ret_step)))
        return false;
    *ret_start = series_unzigzag(*ret_start);
    return p->planes <= 8 && 8 * p->planes + p->low < 64 + 8;
}

static bool take_seeds(yh_str *in, struct plan *p, size_t n, uint64_t *v)
{
    size_t seeds = p->predictor == FROM_LEAST ? 1 : seeds_of(p->predictor, n);
    for (size_t i = 0; i < seeds; i++) {
        uint64_t z;
        if (!series_varint_take(in, &z))
            return false;
        if (p->predictor == FROM_LEAST)
            p->least = series_unzigzag(z);
        else
            v[i] = series_unzigzag(z);
    }
    return true;
}

static void join_low(const uint8_t *packed, unsigned low, size_t rest, uint64_t *v)
{
    uint64_t mask = ((uint64_t)1 << low) - 1, pending = 0;
    unsigned have = 0;
    for (size_t i = 0; i < rest; i++) {
        for (; have < low; have += 8)
            pending |= (uint64_t)*packed++ << have;
        v[i] = pending & mask;
        pending >>= low;
        have -= low;
    }
}

static void join_planes(const uint8_t *planes, const struct plan *p, size_t rest, uint64_t *v)
{
    for (unsigned plane = 0; plane < p->planes; plane++) {
        const uint8_t *bytes = planes + plane * rest;
        unsigned shift = 8 * plane + p->low;
        for (size_t i = 0; i < rest; i++)
            v[i] |= (uint64_t)bytes[i] << shift;
    }
}

static void undo(uint64_t *v, size_t from, size_t n, const struct plan *p)
{
    for (size_t i = from; i < n; i++) {
        if (p->predictor == FROM_LEAST)
            v[i] += p->least;
        else if (p->predictor == FROM_PREVIOUS)
            v[i] = v[i - 1] + series_unzigzag(v[i]);
        else
            v[i] = 2 * v[i - 1] - v[i - 2] + series_unzigzag(v[i]);
    }
}

bool series_ints_decode(yh_str *in, size_t n, uint64_t *v)
{
    if (n == 0)
        return true;
    struct plan p = {0};
    uint64_t start = 0, step = 1;
    if (!take_head(in, &p, &start, &step) || !take_seeds(in, &p, n, v))
        return false;
    size_t from = seeds_of(p.predictor, n), rest = n - from, low_size = packed_size(rest, p.low);
    if (in->n < low_size || (p.planes && (in->n - low_size) / p.planes < rest))
        return false;
    const uint8_t *bytes = (const uint8_t *)in->p;
    if (p.low)
        join_low(bytes, p.low, rest, v + from);
    else
        memset(v + from, 0, rest * sizeof *v);
    join_planes(bytes + low_size, &p, rest, v + from);
    *in = yh_str_sub(*in, low_size + rest * p.planes, in->n);
    undo(v, from, n, &p);
    for (size_t i = 0; i < n && (step != 1 || start); i++)
        v[i] = start + step * v[i];
    return true;
}

void series_varint_put(yh_buf *out, uint64_t v)
{
    while (v >= 128) {
        yh_buf_putc(out, (char)(v | 128));
        v >>= 7;
    }
    yh_buf_putc(out, (char)v);
}

bool series_varint_take(yh_str *in, uint64_t *ret)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < 10 && i < in->n; i++) {
        uint8_t b = (uint8_t)in->p[i];
        if (i == 9 && b > 1)
            return false;
        v |= (uint64_t)(b & 127) << (7 * i);
        if (b < 128) {
            *in = (yh_str){in->p + i + 1, in->n - i - 1};
            *ret = v;
            return true;
        }
    }
    return false;
}
