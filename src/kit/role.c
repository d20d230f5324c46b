#include "kit/role.h"

/* ---- permissions ---- */

static const struct kit_permission permissions[] = {
    {"station:read", "查看监测数据", true},
    {"station:admit", "接入站点与设备档案", true},
    {"relay:admin", "设置数据转发", true},
    {"metrics:read", "查看运行指标", false},
    {"agency:read", "查看机构", false},
    {"agency:write", "维护机构与编制", true},
    {"officer:read", "查看人员", true},
    {"officer:write", "维护人员", true},
    {"account:read", "查看账号", false},
    {"account:write", "维护账号", false},
    {"grant:read", "查看授权", false},
    {"grant:write", "授予与收回角色", false},
    {"role:read", "查看权限矩阵", false},
    {"trace:read", "查询何人可见", false},
    {"audit:read", "查看审计记录", false},
};
_Static_assert(YH_LEN(permissions) <= 64, "a set of permissions is 64 bits");

const struct kit_permission *kit_permissions(size_t *ret_n)
{
    *ret_n = YH_LEN(permissions);
    return permissions;
}

bool kit_permission_find(yh_str name, size_t *ret_at)
{
    for (size_t i = 0; i < YH_LEN(permissions); i++)
        if (yh_str_is(name, permissions[i].name)) {
            *ret_at = i;
            return true;
        }
    return false;
}

/* ---- scopes ---- */

static const struct {
    const char *word, *title;
} reaches[KIT_REACH_COUNT] = {
    [KIT_REACH_NONE] = {"none", "不涉及数据"},
    [KIT_REACH_SELF] = {"self", "本人(本企业)"},
    [KIT_REACH_DEPARTMENT] = {"department", "本部门"},
    [KIT_REACH_AGENCY] = {"agency", "本机构"},
    [KIT_REACH_AGENCY_BELOW] = {"agency_below", "本机构及下级"},
    [KIT_REACH_REGION] = {"region", "指定区县"},
    [KIT_REACH_LIST] = {"list", "指定名单"},
    [KIT_REACH_ALL] = {"all", "全部"},
};

const char *kit_reach_word(kit_reach r)
{
    return reaches[r].word;
}

const char *kit_reach_title(kit_reach r)
{
    return reaches[r].title;
}

bool kit_reach_of(yh_str word, kit_reach *ret)
{
    for (unsigned i = 0; i < KIT_REACH_COUNT; i++)
        if (yh_str_is(word, reaches[i].word)) {
            *ret = (kit_reach)i;
            return true;
        }
    return false;
}

/* ---- roles ---- */

#define BIT(r) (1u << (r))
#define WIDE                                                                                                 \
    (BIT(KIT_REACH_DEPARTMENT) | BIT(KIT_REACH_AGENCY) | BIT(KIT_REACH_AGENCY_BELOW) | BIT(KIT_REACH_REGION) | \
     BIT(KIT_REACH_LIST) | BIT(KIT_REACH_ALL))
#define OFFICER (WIDE | BIT(KIT_REACH_SELF))
#define NAMED   (BIT(KIT_REACH_LIST) | BIT(KIT_REACH_REGION))
#define NOTHING BIT(KIT_REACH_NONE)

static const char *const of_admin[] = {"station:read", "station:admit", "relay:admin", "metrics:read",
                                       "agency:read",  "officer:read",  NULL};
static const char *const of_duty[] = {"station:read", "station:admit", "agency:read", NULL};
static const char *const of_viewer[] = {"station:read", "agency:read", NULL};
static const char *const of_staff[] = {"station:read", "agency:read", "officer:read", NULL};
static const char *const of_personnel[] = {"agency:read", "agency:write", "officer:read", "officer:write", NULL};
static const char *const of_outsider[] = {"station:read", NULL};
static const char *const of_sysadmin[] = {"metrics:read", "agency:read", "account:read", "account:write", NULL};
static const char *const of_secadmin[] = {"agency:read", "account:read", "grant:read", "grant:write", "role:read", NULL};
static const char *const of_auditor[] = {"role:read", "trace:read", "audit:read", NULL};

static const struct kit_role roles[] = {
    {"admin", "业务管理员", of_admin, WIDE, false},
    {"duty", "值班员", of_duty, WIDE, false},
    {"viewer", "查看人员", of_viewer, WIDE, false},
    {"inspector", "执法人员", of_staff, OFFICER, false},
    {"leader", "单位领导", of_staff, WIDE, false},
    {"legal", "法制审核人员", of_staff, WIDE, false},
    {"supervisor", "稽查人员", of_staff, WIDE, false},
    {"personnel", "组织人事", of_personnel, WIDE, false},
    {"firm", "企业用户", of_outsider, BIT(KIT_REACH_SELF), false},
    {"expert", "专家", of_outsider, NAMED, false},
    {"third", "第三方机构", of_outsider, NAMED, false},
    {"sysadmin", "系统管理员", of_sysadmin, NOTHING, true},
    {"secadmin", "安全管理员", of_secadmin, NOTHING, true},
    {"auditor", "审计管理员", of_auditor, NOTHING, true},
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

kit_reach kit_role_widest(const struct kit_role *r)
{
    unsigned i = KIT_REACH_COUNT - 1;
    while (i && !(r->reaches >> i & 1))
        i--;
    return (kit_reach)i;
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
