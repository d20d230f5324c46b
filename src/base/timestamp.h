/*
 * yh_time: milliseconds since 1970-01-01T00:00:00Z. Pure arithmetic on the proleptic Gregorian calendar; where a civil
 * date is meant the offset is stated. China keeps +08:00 without daylight saving, so YH_CST is an offset, not a zone.
 */
#ifndef YH_BASE_TIMESTAMP_H
#define YH_BASE_TIMESTAMP_H

#include "base/buf.h"
#include "base/str.h"

typedef int64_t yh_time;

#define YH_SECOND ((yh_time)1000)
#define YH_MINUTE (60 * YH_SECOND)
#define YH_HOUR   (60 * YH_MINUTE)
#define YH_DAY    (24 * YH_HOUR)
#define YH_CST    480 /* minutes east of UTC */
#define YH_TIME_NONE INT64_MIN

struct yh_civil {
    int year;
    int month; /* 1..12 */
    int day;   /* 1..31 */
    int hour, minute, second, ms;
};

struct yh_civil yh_civil_of(yh_time t, int offset_minutes);
bool yh_civil_valid(const struct yh_civil *c);           /* 0001-01-01 .. 9999-12-31, no leap second */
yh_time yh_time_of(const struct yh_civil *c, int offset_minutes);

/* Start of the day, hour ... that holds t at that offset: floor to a multiple of `step` from local midnight. */
yh_time yh_time_floor(yh_time t, yh_time step, int offset_minutes);

/* "2026-11-23T08:15:00.250+08:00"; milliseconds are written only when not zero. */
void yh_time_rfc3339(yh_time t, int offset_minutes, yh_buf *out);

/* RFC 3339 with offset (Z or +hh:mm), fraction optional; also "YYYY-MM-DD" and "YYYY-MM-DDThh:mm[:ss]" taken at
 * `default_offset`. */
bool yh_time_parse(yh_str s, int default_offset, yh_time *ret);

#endif
