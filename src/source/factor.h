/*
 * What a station reports, and the limits of its outlet by time. Codes are kept as reported (2005 or 2017). Limits are
 * decimal text with the basis they stand in; a new limit ends the one before it, none is changed or removed.
 */
#ifndef YH_SOURCE_FACTOR_H
#define YH_SOURCE_FACTOR_H

#include "base/dec.h"
#include "source/source.h"

struct source_factor {
    yh_str mn, code;
    yh_str name, unit; /* empty: the dictionary's */
    int decimals;      /* -1: the dictionary's */
    bool has_limit, has_low;
    yh_dec limit, low; /* effective at the time asked for; a value equal to it keeps it */
    yh_str basis;
    yh_time valid_from;
};

/* By MN and code, with the limits in force at t. mn empty: of all stations. */
yh_must yh_err source_factors(struct db *d, yh_str mn, yh_time t, bool (*each)(void *user, const struct source_factor *f),
                              void *user);

/* *ret_found false: no limit in force at t. Views of *ret (mn, code, name, unit, basis) are empty. */
yh_must yh_err source_limit_at(struct db *d, yh_str mn, yh_str code, yh_time t, bool *ret_found, struct source_factor *ret);

/* Adds a factor to a station; one that is there already is left alone. */
struct source_factor_row {
    yh_str mn, code, name, unit;
    int decimals;
    yh_str cause;
};
yh_must yh_err source_factor_add(struct db *d, const struct source_factor_row *f, yh_time now);

struct source_limit {
    yh_str mn, factor;
    yh_str low, limit; /* decimal text; low empty: none */
    yh_str basis;
    yh_time valid_from;
    yh_str cause;
};

/* CONFLICT when a limit that begins at the same time or later exists. */
yh_must yh_err source_limit_add(struct db *d, const struct source_limit *l, yh_time now, struct source_problem *ret_problem);

#endif
