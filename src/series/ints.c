#include "series/ints.h"

/* How a value is predicted; stored, append only. */
enum predictor { FROM_LEAST, FROM_PREVIOUS, FROM_STEP, PREDICTOR_COUNT };

static uint64_t least_of(const uint64_t *v, size_t n)
{
    int64_t least = INT64_MAX;
    for (size_t i = 0; i < n; i++)
        if ((int64_t)v[i] < least)
            least = (int64_t)v[i];
    return (uint64_t)least;
}

static unsigned bits_of(uint64_t v)
{
    return v ? 64 - (unsigned)__builtin_clzll(v) : 0;
}

/* Estimated bits under each predictor; the lowest wins. */
static enum predictor choose(const uint64_t *v, size_t n, uint64_t least)
{
    uint64_t cost[PREDICTOR_COUNT] = {0};
    for (size_t i = 2; i < n; i++) {
        uint64_t step = v[i] - v[i - 1];
        cost[FROM_LEAST] += bits_of(v[i] - least);
        cost[FROM_PREVIOUS] += bits_of(series_zigzag(step));
        cost[FROM_STEP] += bits_of(series_zigzag(step - (v[i - 1] - v[i - 2])));
    }
    enum predictor best = FROM_LEAST;
    for (unsigned p = 1; p < PREDICTOR_COUNT; p++)
        if (cost[p] < cost[best])
            best = (enum predictor)p;
    return best;
}

/* How many leading values are stored as they are. */
static size_t seeds_of(enum predictor p, size_t n)
{
    return yh_min_size((size_t)p, n);
}

static uint64_t difference(const uint64_t *v, size_t i, enum predictor p, uint64_t least)
{
    if (p == FROM_LEAST)
        return v[i] - least;
    uint64_t step = v[i] - v[i - 1];
    return series_zigzag(p == FROM_PREVIOUS ? step : step - (v[i - 1] - v[i - 2]));
}

static void put_planes(const uint64_t *v, size_t n, enum predictor p, uint64_t least, unsigned width, yh_buf *out)
{
    size_t from = seeds_of(p, n), rest = n - from;
    char *to = yh_buf_reserve(out, rest * width);
    if (!to)
        return;
    for (size_t i = 0; i < rest; i++) {
        uint64_t d = difference(v, from + i, p, least);
        for (unsigned plane = 0; plane < width; plane++)
            to[plane * rest + i] = (char)(d >> (8 * plane));
    }
    out->n += rest * width;
}

void series_ints_encode(const uint64_t *v, size_t n, yh_buf *out)
{
    if (n == 0)
        return;
    uint64_t least = least_of(v, n), all = 0;
    enum predictor p = choose(v, n, least);
    size_t from = seeds_of(p, n);
    for (size_t i = from; i < n; i++)
        all |= difference(v, i, p, least);
    unsigned width = (bits_of(all) + 7) / 8;
    yh_buf_putc(out, (char)(p * 16 + width));
    if (p == FROM_LEAST)
        series_varint_put(out, series_zigzag(least));
    for (size_t i = 0; i < from; i++)
        series_varint_put(out, series_zigzag(v[i]));
    put_planes(v, n, p, least, width, out);
}

static bool take_seeds(yh_str *in, enum predictor p, size_t n, uint64_t *v, uint64_t *ret_least)
{
    size_t seeds = p == FROM_LEAST ? 1 : seeds_of(p, n);
    for (size_t i = 0; i < seeds; i++) {
        uint64_t z;
        if (!series_varint_take(in, &z))
            return false;
        if (p == FROM_LEAST)
            *ret_least = series_unzigzag(z);
        else
            v[i] = series_unzigzag(z);
    }
    return true;
}

static void join_planes(const uint8_t *planes, unsigned width, size_t rest, uint64_t *v)
{
    memset(v, 0, rest * sizeof *v);
    for (unsigned plane = 0; plane < width; plane++)
        for (size_t i = 0; i < rest; i++)
            v[i] |= (uint64_t)planes[plane * rest + i] << (8 * plane);
}

static void undo(uint64_t *v, size_t from, size_t n, enum predictor p, uint64_t least)
{
    for (size_t i = from; i < n; i++) {
        if (p == FROM_LEAST)
            v[i] += least;
        else if (p == FROM_PREVIOUS)
            v[i] = v[i - 1] + series_unzigzag(v[i]);
        else
            v[i] = 2 * v[i - 1] - v[i - 2] + series_unzigzag(v[i]);
    }
}

bool series_ints_decode(yh_str *in, size_t n, uint64_t *v)
{
    if (n == 0)
        return true;
    if (in->n == 0)
        return false;
    unsigned head = (unsigned char)in->p[0];
    unsigned width = head % 16;
    *in = yh_str_sub(*in, 1, in->n);
    if (head / 16 >= PREDICTOR_COUNT || width > 8)
        return false;
    enum predictor p = (enum predictor)(head / 16);
    uint64_t least = 0;
    if (!take_seeds(in, p, n, v, &least))
        return false;
    size_t from = seeds_of(p, n), rest = n - from;
    if (width && in->n / width < rest)
        return false;
    join_planes((const uint8_t *)in->p, width, rest, v + from);
    *in = yh_str_sub(*in, rest * width, in->n);
    undo(v, from, n, p, least);
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
