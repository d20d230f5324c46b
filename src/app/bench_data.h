/*
 * The made data of the store bench: real-time values of ten factors an outlet every 30 s and thirty days of hourly means,
 * made before anything is timed and given to every store in the same order.
 *
 *   usual  as monitoring data are. How many columns stand still, move in steps of a converter, hover about a level or
 *          wander, and how far, was measured on captured traffic of stations that report every minute or
 *          oftener (docs/internals/performance.md says what that leaves out); the model is
 *          bench_habits.c. Records arrive late by a second or two and never in the same order.
 *   hard   every value carries six random bits: no store can do well, and it shows what the worst costs.
 */
#ifndef YH_APP_BENCH_DATA_H
#define YH_APP_BENCH_DATA_H

#include "series/series.h"

#define BENCH_FACTORS   10u
#define BENCH_DECIMALS  2
#define BENCH_STEP      (30 * YH_SECOND)
#define BENCH_HOUR_DAYS 30
#define BENCH_START     1704038400000 /* 2024-01-01 00:00 +08:00 */

typedef enum bench_data_kind { BENCH_USUAL, BENCH_HARD } bench_data_kind;

struct bench_data {
    bench_data_kind kind;
    unsigned outlets;
    size_t steps[SERIES_KIND_COUNT];  /* of SERIES_RTD and SERIES_HOUR; the others have none */
    int32_t *m[SERIES_KIND_COUNT];    /* [step][outlet][factor] */
    char *flag[SERIES_KIND_COUNT];    /* the same */
    int32_t *late[SERIES_KIND_COUNT]; /* [step][outlet]: ms from the data time to the reception */
    int32_t *slip[SERIES_KIND_COUNT]; /* [step][outlet]: ms of the data time beyond the step's */
    uint32_t *order[SERIES_KIND_COUNT]; /* [step]: outlets as they arrive */
    uint64_t values;
    int64_t limit;       /* about one real-time value in a hundred is above */
    double floor_bits;   /* no code can be smaller than this, on average over all such data; without the order of arrival */
};

yh_must yh_err bench_data_make(bench_data_kind kind, unsigned outlets, int64_t days, struct bench_data **ret);
void bench_data_free(struct bench_data *d);

const char *bench_factor(unsigned factor);
series_field bench_field(series_kind kind);
void bench_mn(unsigned outlet, char ret[32]);

/* A store's side of being filled. */
struct bench_taker {
    yh_err (*take)(void *store, const struct series_record *r);
    void *store;
    uint64_t seq; /* of the next record */
};

/* Every record: first the hours, then the real-time values, all outlets in step. */
yh_must yh_err bench_data_give(const struct bench_data *d, struct bench_taker *t);

#endif
