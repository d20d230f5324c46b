/* Roles, permissions and the matrix over HTTP. */
#include "kit/accounts_http.h"
#include "kit/matrix.h"

static const struct http_route *const *route_tables; /* set before the server starts, never changed after */

void kit_matrix_routes(const struct http_route *const *tables)
{
    route_tables = tables;
}

/* ---- the matrix ---- */

const char *kit_method_word(http_method m)
{
    static const char *const words[] = {
        [HTTP_GET] = "GET", [HTTP_POST] = "POST", [HTTP_PUT] = "PUT", [HTTP_PATCH] = "PATCH", [HTTP_DELETE] = "DELETE"};
    return words[m];
}

static uint32_t roles_with(const char *permission)
{
    size_t n;
    const struct kit_role *roles = kit_roles(&n);
    uint32_t set = 0;
    for (size_t i = 0; i < n; i++)
        if (!permission || kit_role_may(yh_str_of(roles[i].name), permission))
            set |= (uint32_t)1 << i;
    return set;
}

void kit_matrix_each(const struct http_route *const *tables, bool (*each)(void *user, const struct kit_matrix_row *row),
                     void *user)
{
    for (size_t t = 0; tables && tables[t]; t++)
        for (const struct http_route *r = tables[t]; r->path; r++) {
            const struct kit_matrix_row row = {kit_method_word(r->method), r->path, r->summary, r->tag,
                                               r->permission, roles_with(r->permission)};
            if (!each(user, &row))
                return;
        }
}

/* ---- answers ---- */

static void put_role(struct yh_json *j, const struct kit_role *r)
{
    yh_json_obj(j);
    yh_json_kz(j, "name", r->name);
    yh_json_kz(j, "title", r->title);
    yh_json_kbool(j, "alone", r->alone);
    yh_json_key(j, "permissions");
    yh_json_arr(j);
    for (size_t i = 0; r->permissions[i]; i++)
        yh_json_z(j, r->permissions[i]);
    yh_json_arr_end(j);
    yh_json_key(j, "scopes");
    yh_json_arr(j);
    for (unsigned i = 0; i < KIT_REACH_COUNT; i++)
        if (r->reaches >> i & 1)
            yh_json_z(j, kit_reach_word((kit_reach)i));
    yh_json_arr_end(j);
    yh_json_obj_end(j);
}

static void put_roles(struct yh_json *j)
{
    size_t n;
    const struct kit_role *roles = kit_roles(&n);
    yh_json_key(j, "roles");
    yh_json_arr(j);
    for (size_t i = 0; i < n; i++)
        put_role(j, &roles[i]);
    yh_json_arr_end(j);
}

static void put_permissions(struct yh_json *j)
{
    size_t n;
    const struct kit_permission *all = kit_permissions(&n);
    yh_json_key(j, "permissions");
    yh_json_arr(j);
    for (size_t i = 0; i < n; i++) {
        yh_json_obj(j);
        yh_json_kz(j, "name", all[i].name);
        yh_json_kz(j, "title", all[i].title);
        yh_json_kbool(j, "data", all[i].data);
        yh_json_obj_end(j);
    }
    yh_json_arr_end(j);
}

static bool put_route(void *user, const struct kit_matrix_row *row)
{
    size_t n;
    const struct kit_role *roles = kit_roles(&n);
    yh_json_obj(user);
    yh_json_kz(user, "method", row->method);
    yh_json_kz(user, "path", row->path);
    yh_json_kz(user, "summary", row->summary);
    yh_json_kz(user, "tag", row->tag);
    yh_json_kz(user, "permission", row->permission);
    yh_json_key(user, "roles");
    yh_json_arr(user);
    for (size_t i = 0; i < n; i++)
        if (row->roles >> i & 1)
            yh_json_z(user, roles[i].name);
    yh_json_arr_end(user);
    yh_json_obj_end(user);
    return true;
}

static yh_err get_matrix(struct http_request *rq)
{
    struct yh_json *j = http_json(rq);
    yh_json_obj(j);
    put_roles(j);
    put_permissions(j);
    yh_json_key(j, "routes");
    yh_json_arr(j);
    kit_matrix_each(route_tables, put_route, j);
    yh_json_arr_end(j);
    yh_json_obj_end(j);
    return YH_OK;
}

/* ---- rows ---- */

static const struct http_schema names = {.name = NULL, .item = HTTP_T_STRING};
static const struct http_field role_fields[] = {
    {.name = "name", .type = HTTP_T_STRING, .required = true, .title = "角色"},
    {.name = "title", .type = HTTP_T_STRING, .required = true, .title = "名称"},
    {.name = "alone", .type = HTTP_T_BOOL, .required = true, .title = "三员之一,不得兼任"},
    {.name = "permissions", .type = HTTP_T_ARRAY, .required = true, .of = &names, .title = "权限"},
    {.name = "scopes", .type = HTTP_T_ARRAY, .required = true, .of = &names, .title = "可授的数据范围"},
    {0},
};
static const struct http_schema role_schema = {.name = "Role", .fields = role_fields};
static const struct http_field permission_fields[] = {
    {.name = "name", .type = HTTP_T_STRING, .required = true, .title = "权限"},
    {.name = "title", .type = HTTP_T_STRING, .required = true, .title = "名称"},
    {.name = "data", .type = HTTP_T_BOOL, .required = true, .title = "受数据范围限制"},
    {0},
};
static const struct http_schema permission_schema = {.name = "Permission", .fields = permission_fields};
static const struct http_field route_fields[] = {
    {.name = "method", .type = HTTP_T_STRING, .required = true, .title = "方法"},
    {.name = "path", .type = HTTP_T_STRING, .required = true, .title = "路径"},
    {.name = "summary", .type = HTTP_T_STRING, .required = true, .title = "用途"},
    {.name = "tag", .type = HTTP_T_STRING, .required = true, .title = "模块"},
    {.name = "permission", .type = HTTP_T_STRING, .required = true, .nullable = true, .title = "所需权限;空串为已登录即可"},
    {.name = "roles", .type = HTTP_T_ARRAY, .required = true, .of = &names, .title = "可用的角色"},
    {0},
};
static const struct http_schema route_schema = {.name = "MatrixRoute", .fields = route_fields};
static const struct http_field matrix_fields[] = {
    {.name = "roles", .type = HTTP_T_ARRAY, .required = true, .of = &role_schema},
    {.name = "permissions", .type = HTTP_T_ARRAY, .required = true, .of = &permission_schema},
    {.name = "routes", .type = HTTP_T_ARRAY, .required = true, .of = &route_schema},
    {0},
};
static const struct http_schema matrix_schema = {.name = "PermissionMatrix", .fields = matrix_fields};

const struct http_route kit_role_routes[] = {
    {HTTP_GET, "/api/v1/roles", "role:read", NULL, NULL, &matrix_schema, 0, get_matrix, "权限矩阵:接口与角色", "授权"},
    {0},
};
