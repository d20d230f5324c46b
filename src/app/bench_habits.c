#include "app/bench_habits.h"

#include <math.h>
#include <stddef.h>

#include "base/str.h"

/* What a column does at each report. */
enum motion {
    STILL,     /* the same figure all the time: stopped, not fitted, or an analyser that repeats its last result */
    SAMPLED,   /* a new result about once an hour, repeated in between */
    HOVER,     /* noise about a level */
    WANDER,    /* goes on as it went, and comes back */
    CONVERTED, /* an analogue signal: moves by steps of a converter, which are no whole numbers */
};

struct bench_habit {
    unsigned share; /* of hundred columns */
    enum motion motion;
    double hold;      /* how often the figure stays as it was */
    double deviation; /* of the draw, in units of the last digit, or in steps of the converter */
};

/* From two captured hours with 114 columns of reports at most 70 s apart: 56 never changed, 15 only a few times, and so on; the
 * deviations are their median steps / 0.674, for HOVER / sqrt(2). */
static const struct bench_habit habits[] = {
    {49, STILL, 1, 0},         {13, SAMPLED, 59.0 / 60, 500}, {10, HOVER, 0.65, 1.2},   {8, CONVERTED, 0.1, 1.3},
    {3, HOVER, 0, 3},          {3, HOVER, 0, 30},             {2, HOVER, 0, 90},        {2, HOVER, 0, 270},
    {2, WANDER, 0.1, 33},      {2, WANDER, 0.1, 110},         {2, WANDER, 0, 200},      {2, WANDER, 0, 640},
    {1, WANDER, 0, 1300},      {1, WANDER, 0, 3800},
};

#define CONVERTER_STEPS 4096 /* over the whole range */
#define PULL            32   /* a part of the distance to the level that a wanderer loses at each step */

uint64_t bench_roll(struct bench_dice *d)
{
    uint64_t x = d->state += 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

double bench_roll_part(struct bench_dice *d)
{
    return (double)(bench_roll(d) >> 11) * 0x1p-53;
}

int64_t bench_roll_normal(struct bench_dice *d, double deviation)
{
    double radius = sqrt(-2 * log(1 - bench_roll_part(d)));
    return llround(radius * cos(2 * M_PI * bench_roll_part(d)) * deviation);
}

void bench_column_start(unsigned number, struct bench_dice *d, struct bench_column *ret)
{
    unsigned place = number * 37 % 100; /* 37 and 100 have no common divisor: every place once */
    size_t i = 0;
    while (place >= habits[i].share)
        place -= habits[i++].share;
    int64_t level = 2000 + (int64_t)(bench_roll(d) % 5000) + (int64_t)(20 * habits[i].deviation);
    if (habits[i].motion == STILL && number % 3)
        level = 0;
    *ret = (struct bench_column){.habit = &habits[i], .level = level, .at = level};
    if (habits[i].motion == CONVERTED)
        ret->at = CONVERTER_STEPS / 8;
}

static int64_t at_least_zero(int64_t v)
{
    return v < 0 ? 0 : v;
}

static int64_t converted(const struct bench_column *c)
{
    return c->at * c->level * 10 / CONVERTER_STEPS;
}

static void wander(struct bench_column *c, int64_t draw)
{
    c->last_step = c->last_step / 2 - (c->at - c->level) / PULL + draw;
    c->at = at_least_zero(c->at + c->last_step);
}

int64_t bench_column_next(struct bench_column *c, struct bench_dice *d)
{
    const struct bench_habit *h = c->habit;
    bool holds = h->hold > 0 && bench_roll_part(d) < h->hold;
    int64_t draw = holds ? 0 : bench_roll_normal(d, h->deviation);
    switch (h->motion) {
    case STILL:
        return c->at;
    case SAMPLED:
    case HOVER:
        if (!holds)
            c->at = at_least_zero(c->level + draw);
        return c->at;
    case WANDER:
        if (!holds)
            wander(c, draw);
        return c->at;
    case CONVERTED:
        c->at = at_least_zero(c->at + draw - (c->at - CONVERTER_STEPS / 8) / PULL);
        return converted(c);
    }
    return c->at;
}

static double part_of(int64_t k, double deviation)
{
    double scale = deviation * M_SQRT2;
    return (erf(((double)k + 0.5) / scale) - erf(((double)k - 0.5) / scale)) / 2;
}

static double bits_of_part(double p)
{
    return p > 0 ? -p * log2(p) : 0;
}

double bench_choice_bits(double part)
{
    return bits_of_part(part) + bits_of_part(1 - part);
}

/* What is drawn is seen in the value, but for a draw of the value that is there already, which looks like holding. */
double bench_column_bits(const struct bench_column *c)
{
    const struct bench_habit *h = c->habit;
    if (h->motion == STILL)
        return 0;
    double moves = 1 - h->hold, zero = h->hold + moves * part_of(0, h->deviation), bits = bits_of_part(zero);
    int64_t reach = llround(8 * h->deviation) + 1;
    for (int64_t k = 1; k <= reach; k++)
        bits += 2 * bits_of_part(moves * part_of(k, h->deviation));
    return bits;
}
