/*
 * What the rooms of people share: days, problems of a request, and how a change is made.
 *
 * Days are text 'YYYY-MM-DD'; facts hold for valid_from <= day < valid_to. PEOPLE_SINCE: since before the records begin;
 * PEOPLE_FOREVER: until further notice. In JSON both are null.
 *
 * An operation that refuses returns INVALID, CONFLICT or NOT_FOUND and says which field and why in Chinese.
 */
#ifndef YH_PEOPLE_PEOPLE_H
#define YH_PEOPLE_PEOPLE_H

#include "base/arena.h"
#include "base/json.h"
#include "db/db.h"

#define PEOPLE_SINCE   YH_S("0001-01-01")
#define PEOPLE_FOREVER YH_S("9999-12-31")
#define PEOPLE_DAY     11 /* bytes, with NUL */

struct people_problem {
    const char *field;
    char message[256];
};

/* Fills *p and returns `code` with the same text as cause. */
yh_err people_refuse(struct people_problem *p, yh_err code, const char *field, const char *fmt, ...) yh_printf(4, 5);

/* "2026-11-25" of a moment, in China. */
void people_day_of(yh_time t, char ret[PEOPLE_DAY]);
bool people_day_valid(yh_str day); /* a day of the calendar, between the two ends, both excluded */

/* Trimmed, 1..max code points, no control characters. */
yh_must yh_err people_check_text(struct people_problem *p, const char *field, const char *title, yh_str text, size_t max);

/* Brings the agencies of the dictionary into an empty table; on the writer, after the regions are there. */
yh_must yh_err people_prepare(struct db *d, yh_time now);

/* Days in JSON: the two ends are null. */
void people_json_day(struct yh_json *j, const char *key, yh_str day);

#endif
