/*
 * How monitored values move, as a table of habits with the share of columns that have each, and the entropy of what they
 * draw. Measured on captured traffic; see docs/internals/performance.md.
 */
#ifndef YH_APP_BENCH_HABITS_H
#define YH_APP_BENCH_HABITS_H

#include <stdint.h>

struct bench_dice {
    uint64_t state;
};

uint64_t bench_roll(struct bench_dice *d);      /* 64 random bits */
double bench_roll_part(struct bench_dice *d);   /* 0 <= x < 1 */
int64_t bench_roll_normal(struct bench_dice *d, double deviation); /* rounded to a whole number */

struct bench_habit;

struct bench_column {
    const struct bench_habit *habit;
    int64_t level, at, last_step;
};

/* Of hundred columns with numbers in a row each habit has its share. */
void bench_column_start(unsigned number, struct bench_dice *d, struct bench_column *ret);
int64_t bench_column_next(struct bench_column *c, struct bench_dice *d);
double bench_column_bits(const struct bench_column *c); /* entropy of one value, knowing those before it and the habit */

double bench_choice_bits(double part); /* entropy of a yes that comes so often */

#endif
