/*
 * Permissions, roles and the scopes of data: tables, read by the permission check, by what a grant may say, and by the
 * page of permissions. A route names its permission; a role is a set of permissions; a grant gives a role to an account
 * for a scope (kit/grant.h).
 */
#ifndef YH_KIT_ROLE_H
#define YH_KIT_ROLE_H

#include "base/str.h"

struct kit_permission {
    const char *name;  /* "station:read" */
    const char *title; /* Chinese */
    bool data;         /* reaches records, each of which lies within a scope or not */
};

/* At most 64: a set of them is a uint64_t with the bit of the place in this table. */
const struct kit_permission *kit_permissions(size_t *ret_n);
bool kit_permission_find(yh_str name, size_t *ret_at);

/* How far a grant reaches. */
typedef enum kit_reach {
    KIT_REACH_NONE,         /* the role reaches no data */
    KIT_REACH_SELF,         /* the officer's or the firm's own */
    KIT_REACH_DEPARTMENT,   /* where the officer works, as posted on the day */
    KIT_REACH_AGENCY,
    KIT_REACH_AGENCY_BELOW,
    KIT_REACH_REGION,       /* the regions named in the grant */
    KIT_REACH_LIST,         /* what is named in the grant: regions, agencies, enterprises, stations */
    KIT_REACH_ALL,
    KIT_REACH_COUNT
} kit_reach;

const char *kit_reach_word(kit_reach r); /* "agency_below" */
const char *kit_reach_title(kit_reach r);
bool kit_reach_of(yh_str word, kit_reach *ret);

struct kit_role {
    const char *name;               /* "duty" */
    const char *title;              /* Chinese */
    const char *const *permissions; /* NULL-terminated */
    unsigned reaches;               /* 1 << kit_reach of each scope it can be granted for; the widest is the default */
    bool alone;                     /* one of the three administrators: an account with it has no other role */
};

const struct kit_role *kit_roles(size_t *ret_n);
const struct kit_role *kit_role_find(yh_str name); /* NULL: no such role */
kit_reach kit_role_widest(const struct kit_role *r);

/* "" is what every signed-in user may; an unknown role may nothing else. */
bool kit_role_may(yh_str role, const char *permission);

#endif
