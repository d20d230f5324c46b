/* Roles and what they may do: one table, read by the permission check, the session answer and the permission page. */
#ifndef YH_KIT_ROLE_H
#define YH_KIT_ROLE_H

#include "base/str.h"

struct kit_role {
    const char *name;               /* "duty" */
    const char *title;              /* Chinese */
    const char *const *permissions; /* NULL-terminated */
};

const struct kit_role *kit_roles(size_t *ret_n);
const struct kit_role *kit_role_find(yh_str name); /* NULL: no such role */

/* "" is what every signed-in user may; an unknown role may nothing else. */
bool kit_role_may(yh_str role, const char *permission);

#endif
