/*
 * Agencies (机构): a tree with dates, where each enforces, its departments, its approved posts (编制), and on any day how many
 * of the posts are used and how many people are on duty.
 *
 * Every function works on the connection it is given; changes belong into the caller's transaction, together with
 * kit_access_refresh, because what people may see follows from the tree. Views handed to a callback are valid during the call.
 */
#ifndef YH_PEOPLE_AGENCY_H
#define YH_PEOPLE_AGENCY_H

#include "people/people.h"

/* ---- staffing of a day; pure ---- */

typedef enum agency_post { AGENCY_POST_NONE /* 不在编 */, AGENCY_POST_ADMINISTRATIVE, AGENCY_POST_INSTITUTION, AGENCY_POST_WORKER,
                           AGENCY_POST_COUNT } agency_post;
typedef enum agency_status { AGENCY_ON_POST, AGENCY_MIXED, AGENCY_LOAN, AGENCY_LEAVE, AGENCY_STATUS_COUNT } agency_status;

const char *agency_post_word(agency_post p);
bool agency_post_of(yh_str word, agency_post *ret);
const char *agency_status_word(agency_status s);
bool agency_status_of(yh_str word, agency_status *ret);

struct agency_approved { /* approved posts of one kind, over a period */
    int64_t agency;
    agency_post kind;
    int64_t number;
    yh_str from, to;
};
struct agency_person { /* what holds of one officer over a period */
    int64_t agency, work_agency;
    agency_post post;
    agency_status status;
    bool enforcement;
    yh_str from, to;
};

/*
 * 用编率 = posts used / posts approved. Used: people who hold a post (编制) of the agency, wherever they work.
 * 在岗率 = on duty / posts used. On duty: of these, those who work in this agency, in an enforcement post, with status 在岗;
 * not the borrowed away, not 混岗, not on leave. (The plan's figures fit this: 30.5 posts × 83.9 % × 60.2 % = 15.4 people.)
 * Without a denominator there is no rate.
 */
struct agency_staffing {
    int64_t approved, used, on_duty;             /* numerators and denominators of the two rates */
    int64_t by_kind[AGENCY_POST_COUNT];          /* approved */
    int64_t used_by_kind[AGENCY_POST_COUNT];
    int64_t mixed, loaned_out, on_leave, other;  /* of the used: why not on duty; other: no enforcement post */
    int64_t loaned_in, without_post;             /* work here on another agency's post; 不在编 */
};
struct agency_staffing agency_staffing_of(int64_t agency, yh_str day, const struct agency_approved *approved, size_t approved_n,
                                          const struct agency_person *people, size_t people_n);
void agency_staffing_add(struct agency_staffing *to, const struct agency_staffing *more);

/* "83.9": per cent with one digit, half up; false without a denominator. */
bool agency_rate(int64_t numerator, int64_t denominator, char ret[24]);

/* ---- the tree on a day ---- */

struct agency {
    int64_t id;
    yh_str code, name, kind, basis;
    int64_t parent_id, successor_id; /* 0: none */
    yh_str from, to;
};

extern const char *const agency_kinds[]; /* NULL-terminated */

/* Those that exist on the day, parents before children, then by code. */
yh_must yh_err agency_list(struct db *d, yh_str day, bool (*each)(void *user, const struct agency *a), void *user);
/* All rows of one agency, newest first. NOT_FOUND: never heard of. */
yh_must yh_err agency_history(struct db *d, int64_t id, bool (*each)(void *user, const struct agency *a), void *user);
yh_must yh_err agency_exists(struct db *d, int64_t id, yh_str day, bool *ret);

struct agency_fact { /* a region, a department, or a number of posts, with its dates */
    int64_t id;      /* of a department */
    yh_str key, name;
    int64_t number;
    yh_str from, to;
    yh_str basis;
};
yh_must yh_err agency_regions(struct db *d, int64_t id, bool (*each)(void *user, const struct agency_fact *f), void *user);
yh_must yh_err agency_departments(struct db *d, int64_t id, bool (*each)(void *user, const struct agency_fact *f), void *user);
yh_must yh_err agency_establishment(struct db *d, int64_t id, bool (*each)(void *user, const struct agency_fact *f), void *user);

/* Whatever the rates of the day are made of, of all agencies; rows in the arena. */
struct agency_basis {
    struct agency_approved *approved;
    size_t approved_n;
    struct agency_person *people;
    size_t people_n;
};
yh_must yh_err agency_basis_load(struct db *d, yh_str day, struct yh_arena *arena, struct agency_basis *ret);

/* ---- changes ---- */

struct agency_change {
    int64_t id;   /* 0: a new one */
    yh_str code;  /* of a new one */
    yh_str name, kind, basis;
    int64_t parent_id;
    const yh_str *regions; /* NULL: as before */
    size_t region_n;
    yh_str from;
    yh_str cause;
};
/* From that day on it is called, placed and competent as stated. */
yh_must yh_err agency_put(struct db *d, const struct agency_change *c, yh_time now, int64_t *ret_id, struct people_problem *p);

/* From that day on it does not exist; what is under it or works there must have gone before. successor may be 0. */
yh_must yh_err agency_end(struct db *d, int64_t id, int64_t successor, yh_str from,
                          struct people_problem *p);

yh_must yh_err agency_department_add(struct db *d, int64_t agency, yh_str name, yh_str from, yh_str cause, yh_time now,
                                     int64_t *ret_id, struct people_problem *p);
yh_must yh_err agency_department_end(struct db *d, int64_t agency, int64_t department, yh_str from, struct people_problem *p);

struct agency_posts {
    int64_t agency;
    yh_str kind, basis, from, cause;
    int64_t approved;
};
yh_must yh_err agency_posts_put(struct db *d, const struct agency_posts *posts, yh_time now, struct people_problem *p);

#endif
