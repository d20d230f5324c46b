/*
 * What the versions of a value are, as a function of a set of facts.
 *
 * A fact says: log record `seq` reported this content (digits, scale, flag) for this key. Of every distinct
 * content the lowest seq (`first`) and the highest (`last`) are kept; both are independent of the order of
 * arrival, and a fact between them changes nothing. The versions are the distinct contents ordered by `last`;
 * the current one is the newest in that order. A, B, A reported by records 1, 2, 3 is therefore B (2..2),
 * then A (1..3): A is current, two versions.
 */
#ifndef YH_SERIES_VERSION_H
#define YH_SERIES_VERSION_H

#include "series/rows.h"

struct series_fact {
    yh_time time;
    uint64_t seq;
    yh_time received;
    int64_t m;
    uint64_t last; /* highest seq of the same content; facts as collected carry their own seq */
    uint8_t scale;
    char flag;
};

struct series_facts {
    struct series_fact *p;
    size_t n, cap;
};

void series_facts_done(struct series_facts *f);
yh_must yh_err series_facts_reserve(struct series_facts *f, size_t n); /* room for n more */
yh_must yh_err series_facts_add(struct series_facts *f, const struct series_fact *fact);

/* Orders facts by time, then seq, then content. */
void series_facts_sort(struct series_fact *facts, size_t n);

/* Turns the facts of one key into its versions, in place, oldest first; returns how many (at least 1 for n >=
 * 1). */
size_t series_versions_reduce(struct series_fact *facts, size_t n);

struct series_value series_value_of(const struct series_fact *current, size_t versions);

#endif
