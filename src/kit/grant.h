/*
 * Grants: which role an account has, for which data, from when to when, and who said so. A grant is never changed: it is
 * ended and another one given. What follows from it (permissions, reach) is computed in the same transaction.
 *
 * Three administrators, separated: an account with one of their roles has no other role at any time of its grant, and
 * none of these roles reaches data. Nobody grants to himself or ends his own grants. The last one who can grant, keep
 * accounts or read the audit cannot lose that role.
 *
 * Errors: INVALID (cause is a Chinese sentence), CONFLICT (the same), DENIED (own account), NOT_FOUND.
 */
#ifndef YH_KIT_GRANT_H
#define YH_KIT_GRANT_H

#include "kit/access.h"
#include "kit/kit.h"

#define KIT_GRANT_ITEMS_MAX 500

struct kit_new_grant {
    int64_t account_id;
    yh_str role;
    kit_reach reach;
    const struct access_item *items; /* for REGION and LIST */
    size_t item_n;
    yh_time from, to; /* from in the past: now; to: KIT_FOREVER for until further notice */
    yh_str reason;
};

/* Who acts: an account, or 0 for a program's own doing ("cli", "demo"). */
struct kit_actor {
    int64_t account_id;
    yh_str name;
};

yh_must yh_err kit_grant_add(struct kit *k, const struct kit_new_grant *g, const struct kit_actor *by, yh_time now,
                             int64_t *ret_id);
yh_must yh_err kit_grant_end(struct kit *k, int64_t grant, const struct kit_actor *by, yh_time now);

/* Within the caller's transaction; for a new account that begins with a role. */
yh_must yh_err kit_grant_put(struct db *d, const struct kit_new_grant *g, const struct kit_actor *by, yh_time now,
                             int64_t *ret_id);

/* CONFLICT when no enabled account but this one holds an administrator's role that it holds now. */
yh_must yh_err kit_grant_keep_last(struct db *d, int64_t account, yh_time now);

struct kit_grant {
    int64_t id, account_id;
    yh_str username, display_name, role, scope;
    yh_time from, to;
    yh_str reason, granted_by, ended_by;
    yh_time granted_at, ended_at; /* ended_at: YH_TIME_NONE */
};

/* Oldest first; account 0: of all, after grant `after`, at most `limit`. */
yh_must yh_err kit_grant_list(struct db *d, int64_t account, int64_t after, size_t limit,
                              bool (*each)(void *user, const struct kit_grant *g), void *user);
yh_must yh_err kit_grant_items(struct db *d, int64_t grant, bool (*each)(void *user, const struct access_item *item),
                               void *user);

#endif
