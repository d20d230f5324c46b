/* One column over time, tail and blocks together: what range, versions, downsample and recompute stand on. */
#ifndef YH_SERIES_SCAN_H
#define YH_SERIES_SCAN_H

#include "series/internal.h"

struct series_scan {
    yh_str mn;
    series_kind kind;
    yh_str factor;
    series_field field;
    yh_time from, to; /* from <= time < to */
};

/* Called once per data time, in order, with the versions of the value, oldest first; false stops. */
typedef bool (*series_scan_each)(void *user, const struct series_fact *versions, size_t n);

yh_must yh_err series_scan_run(struct series *s, const struct series_scan *q, series_scan_each each,
                               void *user);

#endif
