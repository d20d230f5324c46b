/* What an account may right now, read from the grants and from what was computed of them. */
#include "kit/kit_internal.h"
#include "kit/role.h"

static const char sql_roles[] = "SELECT DISTINCT role FROM account_grant WHERE account_id = ? AND valid_from <= ? AND valid_to > ?";
static const char sql_rights[] = "SELECT DISTINCT permission, kind FROM account_scope"
                                 " WHERE account_id = ? AND valid_from <= ? AND valid_to > ? AND kind IN ('right', 'all')";

static yh_err begin(struct db *d, const char *sql, int64_t account, yh_time now, struct db_stmt **ret)
{
    YH_TRY(db_prepare(d, sql, ret));
    db_bind_i64(*ret, 1, account);
    db_bind_i64(*ret, 2, now);
    db_bind_i64(*ret, 3, now);
    return YH_OK;
}

yh_err kit_roles_of(struct db *d, int64_t account, yh_time now, char ret[KIT_ROLES_MAX])
{
    size_t n;
    const struct kit_role *roles = kit_roles(&n);
    uint64_t held = 0;
    db_stmt_auto *s = NULL;
    YH_TRY(begin(d, sql_roles, account, now, &s));
    for (bool row = true;;) {
        YH_TRY(db_step(s, &row));
        if (!row)
            break;
        const struct kit_role *r = kit_role_find(db_str(s, 0));
        held |= r ? (uint64_t)1 << (r - roles) : 0;
    }
    size_t at = 0;
    ret[0] = '\0';
    for (size_t i = 0; i < n; i++)
        if (held >> i & 1 && at < KIT_ROLES_MAX)
            at += (size_t)snprintf(ret + at, KIT_ROLES_MAX - at, "%s%s", at ? " " : "", roles[i].name);
    return at < KIT_ROLES_MAX ? YH_OK : yh_fail(YH_E_INTERNAL, "the names of all roles are too long");
}

yh_err kit_rights_of(struct db *d, int64_t account, yh_time now, uint64_t *ret_rights, uint64_t *ret_wide)
{
    db_stmt_auto *s = NULL;
    uint64_t rights = 0, wide = 0;
    YH_TRY(begin(d, sql_rights, account, now, &s));
    for (bool row = true;;) {
        size_t at;
        YH_TRY(db_step(s, &row));
        if (!row)
            break;
        if (!kit_permission_find(db_str(s, 0), &at))
            continue;
        rights |= (uint64_t)1 << at;
        wide |= yh_str_is(db_str(s, 1), "all") ? (uint64_t)1 << at : 0;
    }
    *ret_rights = rights;
    *ret_wide = wide;
    return YH_OK;
}

yh_str kit_first_role(yh_str roles)
{
    return yh_str_sub(roles, 0, yh_str_find(roles, ' ', 0));
}
