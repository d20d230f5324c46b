#include <assert.h>

#include "series/series.h"

static const char *const kind_names[SERIES_KIND_COUNT] = {"rtd", "minute", "hour", "day"};

static const char *const field_names[SERIES_FIELD_COUNT] = {"Rtd",   "Min",   "Avg",   "Max",   "Cou",
                                                            "ZsRtd", "ZsMin", "ZsAvg", "ZsMax", "Other"};

const char *series_kind_name(series_kind k)
{
    assert((unsigned)k < SERIES_KIND_COUNT);
    return kind_names[k];
}

bool series_kind_of(yh_str name, series_kind *ret)
{
    for (unsigned k = 0; k < SERIES_KIND_COUNT; k++) {
        if (yh_str_is(name, kind_names[k])) {
            *ret = (series_kind)k;
            return true;
        }
    }
    return false;
}

const char *series_field_name(series_field f)
{
    assert((unsigned)f < SERIES_FIELD_COUNT);
    return field_names[f];
}
