/* The baseline of the store: one row for each value in SQLite, committed every ten thousand. */
#ifndef YH_APP_BENCH_ROWS_H
#define YH_APP_BENCH_ROWS_H

#include "series/series.h"

struct bench_rows;

yh_must yh_err bench_rows_open(const char *path, struct bench_rows **ret);
void bench_rows_close(struct bench_rows *r);
yh_must yh_err bench_rows_put(struct bench_rows *r, const struct series_record *record, const struct series_cell *cell);
yh_must yh_err bench_rows_commit(struct bench_rows *r);
yh_must yh_err bench_rows_range(struct bench_rows *r, unsigned outlet, const char *factor, series_kind kind, yh_time from,
                                yh_time to, uint64_t *ret_n);
yh_must yh_err bench_rows_above(struct bench_rows *r, int64_t limit, uint64_t *ret_n); /* of the real-time values */

#endif
