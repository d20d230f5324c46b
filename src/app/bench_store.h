/* What every store of the store bench tells, so that they can stand beside each other. */
#ifndef YH_APP_BENCH_STORE_H
#define YH_APP_BENCH_STORE_H

#include "app/bench.h"
#include "app/bench_data.h"

struct bench_store_times {
    double load_s;     /* wall clock, from the first value to the last one taken */
    double load_cpu_s; /* CPU time of that; of all threads of a server, without the client */
    double bytes;      /* of a value, once everything is merged */
    double file_bytes; /* of a value, with what the file keeps for later; 0 where it is not told apart */
    double day_us, month_ms, above_ms;                /* CPU time, client and server */
    double day_wall_us, month_wall_ms, above_wall_ms;
    uint64_t day_values, month_values, above;
};

/* How a store is read. Counts are added to *ret_n. */
struct bench_reader {
    yh_err (*day)(void *store, unsigned outlet, unsigned factor, uint64_t *ret_n); /* real-time values of the first day */
    yh_err (*month)(void *store, unsigned outlet, uint64_t *ret_n);                /* hourly means of all factors */
    yh_err (*above)(void *store, uint64_t *ret_n); /* real-time values above the limit */
    double (*cpu)(const void *store);              /* seconds so far of all who work for an answer */
};

yh_must yh_err bench_store_read(const struct bench_data *d, const struct bench_reader *reader, void *store,
                                struct bench_store_times *ret);

/* Each fills a store of its own with the data, reads it and throws it away. False in *ret_there: not installed; nothing
 * is measured then. */
typedef yh_err bench_store_measure(const struct bench *b, const struct bench_data *d, bool *ret_there,
                                   struct bench_store_times *ret);
bench_store_measure bench_series, bench_rows, bench_clickhouse, bench_victoria;

/* Bytes of a value of captured traffic, stored as the server would: all of it, or the real-time uploads alone. */
yh_must yh_err bench_captured(const struct bench *b, bool only_rtd, double *ret_bytes, uint64_t *ret_values);

#endif
