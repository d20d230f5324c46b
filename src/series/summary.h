/*
 * What a query can know of a block without opening it: per column how many values, the first and last, the
 * least and greatest. Stored beside the block, for pieces large enough that decoding them costs more than
 * reading this.
 */
#ifndef YH_SERIES_SUMMARY_H
#define YH_SERIES_SUMMARY_H

#include "series/internal.h"

struct series_summary {
    uint64_t count; /* 0: the column does not occur */
    struct series_fact first, last, min, max;
};

/* Nothing is written for a piece that is not worth it. */
yh_must yh_err series_summary_encode(const struct series_rows *rows, const struct series_columns *columns,
                                     yh_buf *out);

/* False in *ret_known: the block has to be opened (no summary, or the column has versions in it). */
yh_must yh_err series_summary_find(yh_str bytes, const struct series_column_name *name, bool *ret_known,
                                   struct series_summary *ret);

#endif
