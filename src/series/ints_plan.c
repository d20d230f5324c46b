#include "series/ints_plan.h"

/* Estimates look at runs of neighbours all over the values: enough to tell layouts apart, and a fraction of the work. */
#define RUN   64
#define RUNS  16
#define WHOLE ((size_t)RUN * RUNS) /* as few as that are all looked at */

#define SLOTS       512u /* four times as many as are ever used */
#define PALETTE_FEW 16   /* a value of a palette must stand for so many */
#define PLANE_COST  (256u * 8 * 6) /* what a plane costs the compressor however little is in it */

static unsigned bits_of(uint64_t v)
{
    return v ? 64 - (unsigned)__builtin_clzll(v) : 0;
}

static uint64_t least_of(const uint64_t *v, size_t n)
{
    int64_t least = INT64_MAX;
    for (size_t i = 0; i < n; i++)
        if ((int64_t)v[i] < least)
            least = (int64_t)v[i];
    return (uint64_t)least;
}

/* From the first to the last value, to the nearest. */
static uint64_t slope_of(const uint64_t *v, size_t n)
{
    if (n < 2)
        return 0;
    __int128 way = (__int128)(int64_t)v[n - 1] - (int64_t)v[0], half = (__int128)(n - 1) / 2;
    return (uint64_t)(int64_t)((way + (way < 0 ? -half : half)) / (__int128)(n - 1));
}

/* log2 in 1/256, straight between powers of two: good enough to compare estimates. */
static uint64_t log2_256(uint32_t v)
{
    unsigned whole = 31 - (unsigned)__builtin_clz(v);
    uint32_t fraction = (uint32_t)(((uint64_t)v << (31 - whole)) & 0x7fffffff);
    return 256 * whole + (fraction >> 23);
}

/* The differences of the sample. */
struct sample {
    uint64_t d[WHOLE];
    size_t n;
};

static void take_sample(const uint64_t *v, size_t n, const struct series_plan *p, struct sample *s)
{
    size_t from = series_plan_seeds(p->predictor, n), rest = n - from;
    size_t runs = rest <= WHOLE ? 1 : RUNS, run = rest <= WHOLE ? rest : RUN;
    s->n = 0;
    for (size_t r = 0; r < runs; r++) {
        size_t start = from + (runs > 1 ? r * (rest - RUN) / (RUNS - 1) : 0);
        for (size_t i = start; i < start + run; i++)
            s->d[s->n++] = series_difference(v, i, p);
    }
}

/* Estimated size of bytes by how often each was seen, in 1/256 bits: their entropy as it is when few were seen of many
 * kinds (Miller and Madow), at least a bit for each as long as there is more than one kind, and the table of their codes. */
static uint64_t coded(const uint32_t seen[256], size_t n, size_t all)
{
    uint64_t total = 0, whole = log2_256((uint32_t)n), kinds = 0;
    for (unsigned b = 0; b < 256; b++) {
        if (!seen[b])
            continue;
        total += seen[b] * (whole - log2_256(seen[b]));
        kinds++;
    }
    total += (kinds - 1) * 185;
    uint64_t bit = (uint64_t)256 * n;
    total = total < bit ? yh_min_size(bit, 2 * total) : total;
    return total * all / n + kinds * 256 * 4 + PLANE_COST;
}

static uint64_t coded_plane(const struct sample *s, size_t all, unsigned shift)
{
    uint32_t seen[256] = {0};
    for (size_t i = 0; i < s->n; i++)
        seen[s->d[i] >> shift & 255]++;
    return coded(seen, s->n, all);
}

/* Low bits that fill a byte together are coded like one; no others. */
static uint64_t coded_low(const struct sample *s, size_t all, unsigned low)
{
    uint64_t plain = (uint64_t)256 * low * all;
    unsigned each = low ? 8 / low : 0;
    if (each < 2 || 8 % low || s->n < each)
        return plain;
    uint32_t seen[256] = {0};
    for (size_t i = 0; i + each <= s->n; i += each) {
        unsigned byte = 0;
        for (unsigned k = 0; k < each; k++)
            byte |= (unsigned)(s->d[i + k] & ((1u << low) - 1)) << (k * low);
        seen[byte]++;
    }
    uint64_t cost = coded(seen, s->n / each, all / each);
    return cost < plain ? cost : plain;
}

/* Estimated size, in 1/256 bits, of the low bits and of the byte planes above them. */
static uint64_t estimate(const struct sample *s, size_t n, unsigned low, unsigned bits)
{
    uint64_t total = s->n ? coded_low(s, n, low) : 0;
    for (unsigned shift = low; shift < bits && s->n; shift += 8)
        total += coded_plane(s, n, shift);
    return total;
}

/* The bits that all but one in twenty differences need; *ret_bits: that all need. */
static unsigned usual_bits(const struct sample *s, unsigned *ret_bits)
{
    size_t count[65] = {0}, above = 0;
    for (size_t i = 0; i < s->n; i++)
        count[bits_of(s->d[i])]++;
    unsigned bits = 64;
    while (bits > 0 && count[bits] == 0)
        bits--;
    *ret_bits = bits;
    while (bits > 0 && above + count[bits] <= s->n / 20)
        above += count[bits--];
    return bits;
}

/* How many low bits are worth being packed apart: noise of many bits, or so few that several make a byte; 0 ends it. */
static void low_choices(unsigned usual, unsigned ret[3])
{
    unsigned noise = usual - 7 < SERIES_LOW_MAX ? usual - 7 : SERIES_LOW_MAX;
    ret[0] = usual > 8 ? noise : usual > 0 && usual <= 6 ? 4 : 0;
    ret[1] = usual > 0 && usual <= 3 ? 2 : 0;
    ret[2] = 0;
}

/* Chooses the low bits; returns the estimate. */
static uint64_t cost_of(const uint64_t *v, size_t n, struct series_plan *p)
{
    struct sample s;
    unsigned bits, choices[3];
    take_sample(v, n, p, &s);
    low_choices(usual_bits(&s, &bits), choices);
    uint64_t least = estimate(&s, n, 0, bits);
    for (unsigned i = 0; choices[i]; i++) {
        uint64_t cost = estimate(&s, n, choices[i], bits);
        if (cost >= least)
            continue;
        least = cost;
        p->low = choices[i];
    }
    return least;
}

struct series_plan series_plan_make(const uint64_t *v, size_t n, uint64_t *ret_cost)
{
    struct series_plan best = {0};
    *ret_cost = UINT64_MAX;
    for (unsigned i = 0; i < SERIES_PREDICTORS; i++) {
        struct series_plan p = {.predictor = (enum series_predictor)i};
        p.least = p.predictor == SERIES_FROM_LEAST ? least_of(v, n) : v[0];
        p.slope = p.predictor == SERIES_FROM_LINE ? slope_of(v, n) : 0;
        uint64_t cost = cost_of(v, n, &p);
        if (cost < *ret_cost) {
            *ret_cost = cost;
            best = p;
        }
        if (cost == 0)
            break;
    }
    uint64_t all = 0;
    for (size_t i = series_plan_seeds(best.predictor, n); i < n; i++)
        all |= series_difference(v, i, &best);
    unsigned bits = bits_of(all);
    best.planes = bits > best.low ? (bits - best.low + 7) / 8 : 0;
    return best;
}

/* ---- palettes ---- */

static int compare(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

size_t series_palette_find(const uint64_t *v, size_t n, uint64_t *ret)
{
    uint8_t slots[SLOTS] = {0}; /* number in ret + 1 */
    size_t count = 0, most = yh_min_size(SERIES_PALETTE_MAX, n / PALETTE_FEW);
    for (size_t i = 0; i < n; i++) {
        unsigned at = (unsigned)(v[i] * 0x9e3779b97f4a7c15u >> 55);
        while (slots[at] && ret[slots[at] - 1] != v[i])
            at = (at + 1) % SLOTS;
        if (slots[at])
            continue;
        if (count == most)
            return 0;
        ret[count++] = v[i];
        slots[at] = (uint8_t)count;
    }
    qsort(ret, count, sizeof *ret, compare);
    return count;
}

uint64_t series_palette_place(const uint64_t *palette, size_t count, uint64_t value)
{
    size_t low = 0, high = count;
    while (low + 1 < high) {
        size_t middle = low + (high - low) / 2;
        if ((int64_t)palette[middle] <= (int64_t)value)
            low = middle;
        else
            high = middle;
    }
    return low;
}
