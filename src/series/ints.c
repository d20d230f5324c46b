#include "series/ints_plan.h"

/*
 * A stream: head byte, what the head announces, packed low bits, byte planes.
 *   bits 0-3  number of byte planes, 0 to 8; 15: a palette
 *   bits 4-5  how a value is predicted
 *   bit 6     a byte follows: how many low bits of each difference are packed apart
 *   bit 7     start and step follow: the values are start + step * what the stream says
 * After a palette's head come the number of its values, a stream of them, and a stream of the places in it. Lines and
 * palettes came with the second version of the block.
 */
enum { HEAD_PLANES = 15, HEAD_PREDICTOR = 4, HEAD_LOW = 64, HEAD_STEP = 128, HEAD_PALETTE = 15 };

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

static size_t packed_size(size_t n, unsigned low)
{
    return (n * low + 7) / 8;
}

static void put_low(const uint64_t *v, size_t n, const struct series_plan *p, yh_buf *out)
{
    size_t from = series_plan_seeds(p->predictor, n), size = packed_size(n - from, p->low), at = 0;
    char *to = yh_buf_reserve(out, size);
    if (!to)
        return;
    uint64_t mask = ((uint64_t)1 << p->low) - 1, pending = 0;
    unsigned have = 0;
    for (size_t i = from; i < n; i++) {
        pending |= (series_difference(v, i, p) & mask) << have;
        for (have += p->low; have >= 8; have -= 8) {
            to[at++] = (char)pending;
            pending >>= 8;
        }
    }
    if (have)
        to[at++] = (char)pending;
    out->n += size;
}

static void put_planes(const uint64_t *v, size_t n, const struct series_plan *p, yh_buf *out,
                       struct series_cuts *cuts)
{
    size_t from = series_plan_seeds(p->predictor, n), rest = n - from;
    char *to = yh_buf_reserve(out, rest * p->planes);
    if (!to)
        return;
    for (size_t i = 0; i < rest; i++) {
        uint64_t d = series_difference(v, from + i, p) >> p->low;
        for (unsigned plane = 0; plane < p->planes; plane++)
            to[plane * rest + i] = (char)(d >> (8 * plane));
    }
    for (unsigned plane = 0; plane < p->planes; plane++) {
        series_cut(cuts, out);
        out->n += rest;
    }
    series_cut(cuts, out);
}

static void put_head(const struct series_plan *p, uint64_t start, uint64_t step, yh_buf *out)
{
    unsigned head = p->planes | (unsigned)p->predictor << HEAD_PREDICTOR;
    yh_buf_putc(out, (char)(head | (p->low ? HEAD_LOW : 0) | (step > 1 ? HEAD_STEP : 0)));
    if (p->low)
        yh_buf_putc(out, (char)p->low);
    if (step > 1) {
        series_varint_put(out, series_zigzag(start));
        series_varint_put(out, step);
    }
}

/* Values that are steps from `start` already. */
static void put_stream(const uint64_t *v, size_t n, const struct series_plan *p, uint64_t start, uint64_t step, yh_buf *out,
                       struct series_cuts *cuts)
{
    put_head(p, start, step, out);
    if (p->predictor == SERIES_FROM_LEAST || p->predictor == SERIES_FROM_LINE)
        series_varint_put(out, series_zigzag(p->least));
    if (p->predictor == SERIES_FROM_LINE)
        series_varint_put(out, series_zigzag(p->slope));
    for (size_t i = 0; i < series_plan_seeds(p->predictor, n); i++)
        series_varint_put(out, series_zigzag(v[i]));
    if (p->low) {
        series_cut(cuts, out);
        put_low(v, n, p, out);
    }
    put_planes(v, n, p, out, cuts);
}

/* The values' places in the palette, unless that is no gain: then they stay as they are. */
static bool put_by_palette(uint64_t *v, size_t n, uint64_t cost, uint64_t start, uint64_t step, yh_buf *out,
                           struct series_cuts *cuts)
{
    uint64_t palette[SERIES_PALETTE_MAX], places_cost, list_cost;
    size_t count = series_palette_find(v, n, palette);
    if (count < 2)
        return false;
    for (size_t i = 0; i < n; i++)
        v[i] = series_palette_place(palette, count, v[i]);
    struct series_plan places = series_plan_make(v, n, &places_cost), list = series_plan_make(palette, count, &list_cost);
    if (places_cost + list_cost + (uint64_t)256 * 8 * 32 >= cost) {
        for (size_t i = 0; i < n; i++)
            v[i] = palette[v[i]];
        return false;
    }
    yh_buf_putc(out, HEAD_PALETTE);
    series_varint_put(out, count);
    put_stream(palette, count, &list, start, step, out, cuts);
    put_stream(v, n, &places, 0, 1, out, cuts);
    return true;
}

void series_ints_encode(uint64_t *v, size_t n, yh_buf *out, struct series_cuts *cuts)
{
    if (n == 0)
        return;
    uint64_t start = v[0], step = divide_step(v, n), cost;
    struct series_plan p = series_plan_make(v, n, &cost);
    if (cost == 0 || !put_by_palette(v, n, cost, start, step, out, cuts))
        put_stream(v, n, &p, start, step, out, cuts);
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

static bool take_head(yh_str *in, struct series_plan *p, uint64_t *ret_start, uint64_t *ret_step)
{
    unsigned head;
    if (!take_byte(in, &head))
        return false;
    p->planes = head & HEAD_PLANES;
    unsigned predictor = head >> HEAD_PREDICTOR & 3;
    p->predictor = (enum series_predictor)predictor;
    if (head & HEAD_LOW && (!take_byte(in, &p->low) || p->low == 0 || p->low > SERIES_LOW_MAX))
        return false;
    if (head & HEAD_STEP && (!series_varint_take(in, ret_start) || !series_varint_take(in, ret_step)))
        return false;
    *ret_start = series_unzigzag(*ret_start);
    return p->planes <= 8 && 8 * p->planes + p->low < 64 + 8;
}

static bool take_number(yh_str *in, uint64_t *ret)
{
    uint64_t z;
    if (!series_varint_take(in, &z))
        return false;
    *ret = series_unzigzag(z);
    return true;
}

static bool take_seeds(yh_str *in, struct series_plan *p, size_t n, uint64_t *v)
{
    if (p->predictor == SERIES_FROM_LEAST)
        return take_number(in, &p->least);
    if (p->predictor == SERIES_FROM_LINE)
        return take_number(in, &p->least) && take_number(in, &p->slope);
    for (size_t i = 0; i < series_plan_seeds(p->predictor, n); i++)
        if (!take_number(in, &v[i]))
            return false;
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

static void join_planes(const uint8_t *planes, const struct series_plan *p, size_t rest, uint64_t *v)
{
    for (unsigned plane = 0; plane < p->planes; plane++) {
        const uint8_t *bytes = planes + plane * rest;
        unsigned shift = 8 * plane + p->low;
        for (size_t i = 0; i < rest; i++)
            v[i] |= (uint64_t)bytes[i] << shift;
    }
}

static void undo(uint64_t *v, size_t from, size_t n, const struct series_plan *p)
{
    switch (p->predictor) {
    case SERIES_FROM_LEAST:
        for (size_t i = from; i < n; i++)
            v[i] += p->least;
        break;
    case SERIES_FROM_PREVIOUS:
        for (size_t i = from; i < n; i++)
            v[i] = v[i - 1] + series_unzigzag(v[i]);
        break;
    case SERIES_FROM_STEP:
        for (size_t i = from; i < n; i++)
            v[i] = 2 * v[i - 1] - v[i - 2] + series_unzigzag(v[i]);
        break;
    case SERIES_FROM_LINE:
        for (size_t i = from; i < n; i++)
            v[i] = p->least + p->slope * i + series_unzigzag(v[i]);
        break;
    case SERIES_PREDICTORS:
        break;
    }
}

static bool take_stream(yh_str *in, size_t n, uint64_t *v)
{
    struct series_plan p = {0};
    uint64_t start = 0, step = 1;
    if (!take_head(in, &p, &start, &step) || !take_seeds(in, &p, n, v))
        return false;
    size_t from = series_plan_seeds(p.predictor, n), rest = n - from, low_size = packed_size(rest, p.low);
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

static bool take_palette(yh_str *in, size_t n, uint64_t *v)
{
    uint64_t palette[SERIES_PALETTE_MAX], count;
    *in = (yh_str){in->p + 1, in->n - 1};
    if (!series_varint_take(in, &count) || count == 0 || count > SERIES_PALETTE_MAX ||
        !take_stream(in, (size_t)count, palette) || !take_stream(in, n, v))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (v[i] >= count)
            return false;
        v[i] = palette[v[i]];
    }
    return true;
}

bool series_ints_decode(yh_str *in, size_t n, uint64_t *v)
{
    if (n == 0)
        return true;
    bool palette = in->n > 0 && (uint8_t)in->p[0] == HEAD_PALETTE;
    return palette ? take_palette(in, n, v) : take_stream(in, n, v);
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
