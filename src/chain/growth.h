/*
 * How the log grows: records and stored bytes per origin and day of reception (+08:00). What belongs to no station
 * (notes of the platform) counts under the empty origin. Derived: packed segments carry their figures, the others are
 * read. A table belongs to one thread.
 */
#ifndef YH_CHAIN_GROWTH_H
#define YH_CHAIN_GROWTH_H

#include "base/map.h"
#include "chain/chain.h"

struct chain_growth_row {
    int32_t day; /* since 1970-01-01 */
    uint64_t records, bytes;
    yh_str origin; /* points behind the row */
};

struct chain_growth {
    yh_map rows;
};

void chain_growth_done(struct chain_growth *g);

int32_t chain_growth_day(yh_time t);
void chain_growth_day_text(int32_t day, char ret[16]); /* 2026-01-31 */

yh_must yh_err chain_growth_count(struct chain_growth *g, const struct chain_record *r);

/* Adds the rows of `more` whose day is within from <= day <= to. */
yh_must yh_err chain_growth_merge(struct chain_growth *g, const struct chain_growth *more, int32_t from, int32_t to);

/* As stored: i32 day, u32 length of the origin, u64 records, u64 bytes, origin; back to back, by day and origin. */
yh_must yh_err chain_growth_write(const struct chain_growth *g, yh_buf *out);
yh_must yh_err chain_growth_parse(struct chain_growth *g, yh_str stored, int32_t from, int32_t to); /* adds */

/* All rows by day, then origin; the caller frees the array. */
yh_must yh_err chain_growth_sorted(const struct chain_growth *g, struct chain_growth_row ***ret, size_t *ret_n);

/* Adds the figures of the log's durable records received within from <= day <= to. */
yh_must yh_err chain_growth_read(struct chain *c, int32_t from, int32_t to, struct chain_growth *g);

#endif
