/*
 * Measured values: what stations reported, digit by digit, and what the platform recomputes beside it.
 *
 * A point is a station (its MN). Per point and kind (rtd, minute, hour, day) there are records keyed by their data
 * time; a record holds cells: (factor, field) -> value as scaled integer, with the factor's flag. Every cell names the
 * log record (seq) it came from. The same content again is the same fact; different content for the same key is a new
 * version, and the version with the highest seq is the current one. What is stored is therefore a function of the set
 * of log records, whatever the order in which they came. (Of every distinct content the first and the last record are
 * kept; versions are the distinct contents in the order of their last record, so A, B, A makes A current. version.h)
 *
 * Storage: compressed column blocks in SQLite (table series_block) plus an in-memory tail that is rebuilt from the
 * evidence log: series_flush() writes the tail and the log position in one transaction; after a crash the caller reads
 * series_position() and feeds the log again from there (series_put is idempotent).
 *
 * Threads: one writer (put, flush, clear); any number of readers, which see the tail and the blocks together. A callback
 * must not call back into the series.
 */
#ifndef YH_SERIES_SERIES_H
#define YH_SERIES_SERIES_H

#include "base/buf.h"
#include "base/dec.h"
#include "base/timestamp.h"

typedef enum series_kind { SERIES_RTD, SERIES_MINUTE, SERIES_HOUR, SERIES_DAY, SERIES_KIND_COUNT } series_kind;

/* Fields of a factor. The order is stored: append only. */
typedef enum series_field {
    SERIES_F_RTD, SERIES_F_MIN, SERIES_F_AVG, SERIES_F_MAX, SERIES_F_COU,
    SERIES_F_ZS_RTD, SERIES_F_ZS_MIN, SERIES_F_ZS_AVG, SERIES_F_ZS_MAX, SERIES_F_OTHER,
    SERIES_FIELD_COUNT
} series_field;

const char *series_kind_name(series_kind k);  /* "rtd" "minute" "hour" "day" */
bool series_kind_of(yh_str name, series_kind *ret);
const char *series_field_name(series_field f); /* "Rtd" "Min" ... "ZsRtd" ... */

#define SERIES_MN_MAX     32
#define SERIES_FACTOR_MAX 24

struct series_cell {
    yh_str factor;      /* code as reported, e.g. "w01018" or "011" */
    series_field field;
    yh_dec value;       /* digits as reported: scale = decimals written */
    char flag;          /* data flag letter, 0 = none reported */
};

struct series_record {
    yh_str mn;
    series_kind kind;
    yh_time time;       /* data time */
    uint64_t seq;       /* log record */
    yh_time received;
    const struct series_cell *cells;
    size_t cell_count;
};

struct series;

struct series_config {
    const char *path;      /* SQLite file */
    bool read_only;
    size_t tail_max_bytes; /* flush is due beyond; default 32 MiB */
};

yh_must yh_err series_open(const struct series_config *config, struct series **ret);
void series_close(struct series *s); /* does not flush */

/* What a put did, for counters and for deciding whether anything downstream must be judged again. VERSION: a key has a
 * new content, or another current one; else NEW: a key has its first value; else SAME. */
typedef enum series_effect { SERIES_NEW, SERIES_SAME, SERIES_VERSION } series_effect;

yh_must yh_err series_put(struct series *s, const struct series_record *r, series_effect *ret);
bool series_flush_due(const struct series *s);

/* Writes the tail and `position` (next log seq to read) in one transaction. */
yh_must yh_err series_flush(struct series *s, uint64_t position);
yh_must yh_err series_position(struct series *s, uint64_t *ret);

/* Drops everything stored (rebuild), or everything of one station. */
yh_must yh_err series_clear(struct series *s);
yh_must yh_err series_clear_point(struct series *s, yh_str mn);

/* ---- reading ---- */

struct series_value {
    yh_time time;
    yh_dec value;
    char flag;
    uint64_t seq;
    unsigned versions; /* distinct contents; 1 = never corrected */
    uint64_t last_seq; /* newest log record with this content; seq is the first one */
    yh_time received;  /* of record seq */
};

/* Calls `each` in time order for the current version of one (factor, field) with from <= time < to.
 * `each` returns false to stop. */
yh_must yh_err series_range(struct series *s, yh_str mn, series_kind kind, yh_str factor, series_field field,
                            yh_time from, yh_time to, bool (*each)(void *user, const struct series_value *v), void *user);

/* All versions of one value, oldest first. */
yh_must yh_err series_versions(struct series *s, yh_str mn, series_kind kind, yh_str factor, series_field field,
                               yh_time time, bool (*each)(void *user, const struct series_value *v), void *user);

/* The newest by data time (not by arrival), for every factor of the station, at the main field of its kind. */
struct series_latest {
    char factor[SERIES_FACTOR_MAX + 1];
    series_field field;
    struct series_value v;
};
yh_must yh_err series_latest(struct series *s, yh_str mn, series_kind kind, yh_time not_after,
                             struct series_latest *out, size_t max, size_t *ret_n);

/* min, max, first, last and count of the current values per bucket of (to-from)/buckets, rounded up; empty buckets are
 * not reported (missing is a gap). */
struct series_bucket {
    yh_time from;
    struct series_value min, max, first, last;
    uint64_t count;
};
yh_must yh_err series_downsample(struct series *s, yh_str mn, series_kind kind, yh_str factor, series_field field,
                                 yh_time from, yh_time to, unsigned buckets,
                                 bool (*each)(void *user, const struct series_bucket *b), void *user);

/*
 * Aggregates recomputed from the finer kind: minute from rtd, hour from minute (or rtd where there is none), day from
 * hour. Arithmetic mean over values whose flag is normal ('N', 0), rounded half to even at the decimals of the most
 * precise one; min and max of the values, and of the finer kind's own Min and Max where it reports them; counts. `step`
 * gives the period length of the result (for minutes the station's interval, e.g. 10 min); periods count from local
 * midnight and those that begin in [from, to) are given. `stamp` says what the times of the finer minutes and hours
 * mark. Recomputed on read: never stored, never stale.
 */
typedef enum series_stamp {
    SERIES_STAMP_START, /* HJ 212-2017, 6.6: DataTime is the start of the period */
    SERIES_STAMP_END    /* many 2005 loggers: its end */
} series_stamp;


struct series_aggregate {
    yh_time from;
    yh_dec avg, min, max;  /* nothing when valid is 0: missing is not zero */
    uint32_t valid, total; /* values used, values seen */
    char flag;             /* 'N', or 'D' when fewer than 75 % are valid */
    series_kind source;    /* kind it was computed from */
};
yh_must yh_err series_recompute(struct series *s, yh_str mn, series_kind kind, yh_str factor, bool zs, yh_time step,
                                series_stamp stamp, yh_time from, yh_time to,
                                bool (*each)(void *user, const struct series_aggregate *a), void *user);

/* Order-free digest of everything stored (all versions), to compare a rebuild with what is there. */
struct series_totals {
    uint64_t points, records, values; /* stations; (station, kind, time); with factor, field */
    uint64_t versions;                /* distinct contents, at least one per value */
    uint64_t blocks, block_bytes;
    uint8_t digest[32];
};
yh_must yh_err series_totals(struct series *s, struct series_totals *ret);

/* Opens every stored block and compares what stands beside it with what it holds: CORRUPT names the first that differs. */
yh_must yh_err series_check(struct series *s);

/* Walks every stored value in a fixed order (mn, kind, time, factor, field, seq): for finding the first difference. */
struct series_walk_item {
    yh_str mn;
    series_kind kind;
    yh_str factor;
    series_field field;
    struct series_value v;
};
yh_must yh_err series_walk(struct series *s, bool (*each)(void *user, const struct series_walk_item *i), void *user);

#endif
