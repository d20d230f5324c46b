/* A store that is somebody else's server: found, started, filled, asked and thrown away alike for each of them. */
#ifndef YH_APP_BENCH_RIVAL_H
#define YH_APP_BENCH_RIVAL_H

#include "app/bench_server.h"
#include "app/bench_store.h"

#define BENCH_RIVAL_BATCH 1000u /* records, of ten values */

struct bench_rival {
    const struct bench_rival_kind *how;
    struct bench_server server;
    const struct bench_data *data;
    yh_buf batch;
    unsigned records;
    series_kind kind; /* of the batch */
};

/* What is its own. */
struct bench_rival_kind {
    const char *program, *folder;
    size_t batch_bytes;
    yh_err (*start)(const char *program, const char *dir, struct bench_server *ret);
    yh_err (*fill)(struct bench_rival *r, struct bench_store_times *ret);
    /* One or all (factor < 0) factors of an outlet; *ret_n counts values. */
    yh_err (*range)(struct bench_rival *r, unsigned outlet, int factor, series_kind kind, yh_time from, yh_time to,
                    uint64_t *ret_n);
    yh_err (*above)(void *rival, uint64_t *ret_n);
};

/* As a bench_store_measure. */
yh_must yh_err bench_rival_measure(const struct bench *b, const struct bench_data *d, const struct bench_rival_kind *how,
                                   bool *ret_there, struct bench_store_times *ret);

#endif
