/*
 * series_columns: the dictionary of a point's columns. A column is (factor, field) and gets a small number
 * when first seen; numbers live in memory only, blocks carry the names. Guarded by its owner's lock.
 */
#ifndef YH_SERIES_COLUMNS_H
#define YH_SERIES_COLUMNS_H

#include "series/codec.h"

/* The newest window that holds a value of the column, per kind; SERIES_NO_WINDOW when none does. */
struct series_column_use {
    yh_time newest[SERIES_KIND_COUNT];
};

#define SERIES_NO_WINDOW INT64_MIN

struct series_columns {
    struct series_column_name *names; /* indexed by number */
    struct series_column_use *uses;   /* likewise */
    uint32_t n, cap;
    uint32_t *slots; /* number + 1, 0 = empty; open addressing */
    uint32_t slot_cap;
};

#define SERIES_POINT_COLUMNS_MAX 16384u
#define SERIES_NO_COLUMN         UINT32_MAX

void series_columns_done(struct series_columns *c);

/* `guess` is tried first: stations repeat their factors in the same order. */
uint32_t series_columns_find(const struct series_columns *c, yh_str factor, series_field field,
                             uint32_t guess);
yh_must yh_err series_columns_add(struct series_columns *c, yh_str factor, series_field field, uint32_t *ret);

/* Empty or overlong factors, or no field of ours, make no name. */
bool series_column_name_make(yh_str factor, series_field field, struct series_column_name *ret);

/* Names and uses as bytes, kept with the point; reading them back adds to an empty dictionary. */
void series_columns_encode(const struct series_columns *c, yh_buf *out);
yh_must yh_err series_columns_decode(yh_str bytes, struct series_columns *c);

#endif
