/*
 * What follows from grants: table account_scope. Computed from the roles (kit/role.h), an account's grants, where its
 * officer is posted, the tree of agencies and the regions they enforce in, each with its dates. The computation is pure
 * (kit_access_compute); kit_access_refresh loads, computes and writes what differs.
 *
 * It belongs into the transaction of whatever it follows from: a grant, an account, a posting, the tree. What an account
 * could reach until now is ended, not changed, so the table also answers "who could see this then".
 */
#ifndef YH_KIT_ACCESS_H
#define YH_KIT_ACCESS_H

#include "base/arena.h"
#include "base/timestamp.h"
#include "db/db.h"
#include "kit/role.h"

#define KIT_FOREVER ((yh_time)253402214400000) /* until further notice */

/* Midnight in China of a day 'YYYY-MM-DD'; '9999-12-31' is KIT_FOREVER. */
yh_time kit_day_time(yh_str day);

/* Within the caller's transaction. account 0: all of them. */
yh_must yh_err kit_access_refresh(struct db *d, int64_t account, yh_time now);

/* ---- the pure part; half-open times ---- */

struct access_span { /* an agency under another; parent 0: the top */
    int64_t agency, parent;
    yh_time from, to;
};
struct access_region {
    int64_t agency;
    yh_str code;
    bool whole; /* the city itself: every region */
    yh_time from, to;
};
struct access_tree {
    const struct access_span *spans;
    size_t span_n;
    const struct access_region *regions;
    size_t region_n;
    const yh_str *codes; /* every region that can hold a source */
    size_t code_n;
};

struct access_posting { /* where the account's officer works; department 0: none */
    int64_t agency, department;
    yh_time from, to;
};
struct access_item {
    yh_str kind, key;
};
struct access_grant {
    const struct kit_role *role;
    kit_reach reach;
    yh_time from, to;
    const struct access_item *items;
    size_t item_n;
};
struct access_person {
    bool disabled;
    int64_t officer, enterprise; /* 0: none */
    const struct access_posting *postings;
    size_t posting_n;
    const struct access_grant *grants;
    size_t grant_n;
};

struct access_row {
    const char *permission;
    yh_str kind, key;
    yh_time from, to;
};
struct access_rows {
    struct access_row *rows; /* in the arena; sorted, and none meets another of the same permission and key */
    size_t n, cap;
};

/* What the person reaches from `now` on. */
yh_must yh_err kit_access_compute(const struct access_tree *tree, const struct access_person *person, yh_time now,
                                  struct yh_arena *arena, struct access_rows *ret);

#endif
