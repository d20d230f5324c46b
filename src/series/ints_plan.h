/* How a stream of integers is laid out: the encoder's choice, shared with its decoder. See ints.c for the bytes. */
#ifndef YH_SERIES_INTS_PLAN_H
#define YH_SERIES_INTS_PLAN_H

#include "series/ints.h"

enum series_predictor { SERIES_FROM_LEAST, SERIES_FROM_PREVIOUS, SERIES_FROM_STEP, SERIES_FROM_LINE, SERIES_PREDICTORS };

#define SERIES_LOW_MAX     56
#define SERIES_PALETTE_MAX 128u

struct series_plan {
    enum series_predictor predictor;
    uint64_t least;  /* of FROM_LINE: the first value */
    uint64_t slope;  /* of FROM_LINE: what it grows by from value to value */
    unsigned low;    /* bits packed apart: noise that no compressor can use */
    unsigned planes; /* bytes of what is above them */
};

/* How many leading values are stored as they are. */
static inline size_t series_plan_seeds(enum series_predictor p, size_t n)
{
    return p == SERIES_FROM_PREVIOUS || p == SERIES_FROM_STEP ? yh_min_size((size_t)p, n) : 0;
}

static inline uint64_t series_difference(const uint64_t *v, size_t i, const struct series_plan *p)
{
    if (p->predictor == SERIES_FROM_LEAST)
        return v[i] - p->least;
    if (p->predictor == SERIES_FROM_LINE)
        return series_zigzag(v[i] - p->least - p->slope * i);
    uint64_t step = v[i] - v[i - 1];
    return series_zigzag(p->predictor == SERIES_FROM_PREVIOUS ? step : step - (v[i - 1] - v[i - 2]));
}

/* What compresses best by estimate; *ret_cost is its estimated size in 1/256 bits. */
struct series_plan series_plan_make(const uint64_t *v, size_t n, uint64_t *ret_cost);

/* The distinct values in order; 0 when there are too many of them to be worth a list. */
size_t series_palette_find(const uint64_t *v, size_t n, uint64_t *ret);
uint64_t series_palette_place(const uint64_t *palette, size_t count, uint64_t value);

#endif
