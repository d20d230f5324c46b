/*
 * Officers (人员): who, and for every day what holds of them: whose post (编制), which job, enforcement or not, on duty, mixed
 * (混岗), on loan (借调) or on leave, and where the work is done. A change states everything anew from a day on; the row before
 * it ends there. Nothing is overwritten, so any day can be asked for.
 *
 * Changes belong into the caller's transaction, together with kit_access_refresh: what a person may see follows the posting.
 */
#ifndef YH_PEOPLE_OFFICER_H
#define YH_PEOPLE_OFFICER_H

#include "kit/scope.h"
#include "people/agency/agency.h"

struct officer_span {
    int64_t agency_id, work_agency_id, work_department_id; /* department 0: none */
    yh_str establishment, post, status, basis;
    bool enforcement;
    yh_str from, to, cause;
    yh_str agency_name, work_agency_name, work_department_name; /* when read */
};

struct officer {
    int64_t id;
    yh_str staff_no, name;
    struct officer_span now; /* of the day asked for */
};

struct officer_filter {
    yh_str day;
    yh_str q;              /* part of name or staff number; empty: all */
    int64_t agency_id;     /* post or work there; 0: all */
    yh_str status;         /* empty: all */
    yh_str establishment;  /* empty: all */
    int enforcement;       /* 1, 0; -1: all */
    yh_str after;          /* staff number of the last row seen */
    size_t limit;
};

/* Those with a row on the day whom the scope reaches, in order of staff number. */
yh_must yh_err officer_list(struct db *d, const struct officer_filter *f, const struct kit_scope *scope,
                            bool (*each)(void *user, const struct officer *o), void *user);
yh_must yh_err officer_count(struct db *d, const struct officer_filter *f, const struct kit_scope *scope, uint64_t *ret);

/* Does the scope reach the officer, by the row of that day or, without one, by the last before it? */
yh_must yh_err officer_reached(struct db *d, int64_t id, const struct kit_scope *scope, bool *ret);

/* Name and number; then all rows, newest first. NOT_FOUND. Views in the arena. */
yh_must yh_err officer_get(struct db *d, int64_t id, struct yh_arena *arena, struct officer *ret);
yh_must yh_err officer_history(struct db *d, int64_t id, bool (*each)(void *user, const struct officer_span *s), void *user);

yh_must yh_err officer_add(struct db *d, yh_str staff_no, yh_str name, const struct officer_span *first, yh_time now,
                           int64_t *ret_id, struct people_problem *p);
yh_must yh_err officer_change(struct db *d, int64_t id, const struct officer_span *next, yh_time now, struct people_problem *p);
yh_must yh_err officer_leave(struct db *d, int64_t id, yh_str from, struct people_problem *p);

#endif
