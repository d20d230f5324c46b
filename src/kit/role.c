#include "kit/role.h"

static const char *const of_admin[] = {"station:read", "station:admit", "user:admin", "metrics:read", "relay:admin", NULL};
static const char *const of_duty[] = {"station:read", "station:admit", NULL};
static const char *const of_viewer[] = {"station:read", NULL};

static const struct kit_role roles[] = {
    {"admin", "管理员", of_admin},
    {"duty", "值班员", of_duty},
    {"viewer", "查看人员", of_viewer},
};

const struct kit_role *kit_roles(size_t *ret_n)
{
    *ret_n = YH_LEN(roles);
    return roles;
}

const struct kit_role *kit_role_find(yh_str name)
{
    for (size_t i = 0; i < YH_LEN(roles); i++)
        if (yh_str_is(name, roles[i].name))
            return &roles[i];
    return NULL;
}

bool kit_role_may(yh_str role, const char *permission)
{
    if (permission[0] == '\0')
        return true;
    const struct kit_role *r = kit_role_find(role);
    for (size_t i = 0; r && r->permissions[i]; i++)
        if (strcmp(r->permissions[i], permission) == 0)
            return true;
    return false;
}
