/* What a signed-in person does with the own account: second factor, devices, machine tokens. */
#include "base/clock.h"
#include "kit/device.h"
#include "kit/kit_internal.h"
#include "kit/machine.h"
#include "kit/second_factor.h"
#include "kit/session_http.h"

static const struct kit_session *who_asks(const struct http_request *rq)
{
    return rq->user->session;
}

/* Causes of CONFLICT, INVALID and NOT_FOUND here are sentences for the person. */
static yh_err answer_cause(struct http_request *rq, yh_err e, int status, const char *code)
{
    const char *why = yh_arena_printf(rq->arena, "%s", yh_cause());
    return why ? http_problem(rq, status, code, why) : e;
}

/* ---- second factor ---- */

static yh_err show_factor(struct http_request *rq)
{
    struct kit_factor_state state;
    YH_TRY(kit_factor_state(kit_of(rq), who_asks(rq)->account_id, &state));
    struct yh_json *j = http_json(rq);
    yh_json_obj(j);
    yh_json_kbool(j, "enabled", state.confirmed);
    yh_json_ktime(j, "since", state.confirmed ? state.since : YH_TIME_NONE);
    yh_json_ki64(j, "recovery_left", state.recovery_left);
    yh_json_obj_end(j);
    return YH_OK;
}

static yh_err refuse_factor(struct http_request *rq, yh_err e, yh_time now, yh_time until, const char *wrong)
{
    if (e == YH_E_CONFLICT)
        return answer_cause(rq, e, 409, "conflict");
    if (e == YH_E_UNSUPPORTED)
        return http_problem(rq, 501, "unsupported", "本系统未配置密钥目录,不能启用动态口令。请联系系统管理员。");
    return kit_answer_refusal(rq, e, now, until, 403, wrong);
}

/* As authenticator apps read it from a QR code. */
static const char *uri_of(struct http_request *rq, const char *secret)
{
    return yh_arena_printf(rq->arena, "otpauth://totp/yuheng:%.*s?secret=%s&issuer=yuheng&algorithm=SHA1&digits=%d&period=%d",
                           YH_FMT(who_asks(rq)->username), secret, KIT_TOTP_DIGITS, (int)(KIT_TOTP_STEP / YH_SECOND));
}

static yh_err offer_factor(struct http_request *rq)
{
    char secret[KIT_TOTP_BASE32];
    yh_time now = yh_clock_now(), until = 0;
    YH_TRY(kit_need_person(rq));
    http_keep_nothing(rq); /* a secret does not wait in the database for a repeat; a repeat offers another one */
    yh_err e = kit_factor_offer(kit_of(rq), who_asks(rq), http_body_str(rq, "password"), yh_str_of(rq->peer), now, secret,
                                &until);
    if (e != YH_OK)
        return refuse_factor(rq, e, now, until, "密码不正确,请核对后重新输入。");
    const char *uri = uri_of(rq, secret);
    if (!uri)
        return yh_fail(YH_E_NO_MEMORY, "no memory for an answer");
    struct yh_json *j = http_json(rq);
    yh_json_obj(j);
    yh_json_kz(j, "secret", secret);
    yh_json_kz(j, "uri", uri);
    yh_json_obj_end(j);
    explicit_bzero(secret, sizeof secret);
    return YH_OK;
}

static yh_err confirm_factor(struct http_request *rq)
{
    char codes[KIT_RECOVERY_CODES][KIT_RECOVERY_SIZE];
    yh_time now = yh_clock_now();
    YH_TRY(kit_need_person(rq));
    http_keep_nothing(rq);
    yh_err e = kit_factor_confirm(kit_of(rq), who_asks(rq), http_body_str(rq, "code"), now, codes);
    if (e != YH_OK)
        return refuse_factor(rq, e, now, 0, "动态口令不正确。请核对手机时间,输入当前显示的 6 位数字。");
    struct yh_json *j = http_json(rq);
    yh_json_obj(j);
    yh_json_key(j, "recovery_codes");
    yh_json_arr(j);
    for (unsigned i = 0; i < KIT_RECOVERY_CODES; i++)
        yh_json_z(j, codes[i]);
    yh_json_arr_end(j);
    yh_json_obj_end(j);
    explicit_bzero(codes, sizeof codes);
    return YH_OK;
}

static yh_err remove_factor(struct http_request *rq)
{
    yh_time now = yh_clock_now(), until = 0;
    YH_TRY(kit_need_person(rq));
    yh_err e = kit_factor_remove(kit_of(rq), who_asks(rq), http_body_str(rq, "password"), http_body_str(rq, "code"),
                                 yh_str_of(rq->peer), now, &until);
    if (e != YH_OK)
        return refuse_factor(rq, e, now, until, "密码或动态口令不正确,请核对后重新输入。");
    kit_write_empty(rq);
    return YH_OK;
}

/* ---- devices ---- */

static void write_device(void *user, const struct kit_device *d)
{
    struct yh_json *j = user;
    yh_json_obj(j);
    yh_json_kstr(j, "id", d->id);
    yh_json_kstr(j, "address", d->peer);
    yh_json_kstr(j, "browser", d->user_agent);
    yh_json_ktime(j, "signed_in", d->created);
    yh_json_ktime(j, "last_seen", d->last_seen);
    yh_json_kbool(j, "current", d->current);
    yh_json_obj_end(j);
}

static struct yh_json *begin_items(struct http_request *rq)
{
    struct yh_json *j = http_json(rq);
    yh_json_obj(j);
    yh_json_key(j, "items");
    yh_json_arr(j);
    return j;
}

static void end_items(struct yh_json *j)
{
    yh_json_arr_end(j);
    yh_json_obj_end(j);
}

static yh_err list_devices(struct http_request *rq)
{
    struct yh_json *j = begin_items(rq);
    YH_TRY(kit_device_list(kit_of(rq), who_asks(rq)->account_id, http_cookie(rq, KIT_COOKIE), yh_clock_now(), write_device, j));
    end_items(j);
    return YH_OK;
}

static yh_err end_device(struct http_request *rq)
{
    YH_TRY(kit_need_person(rq));
    yh_err e = kit_device_end(kit_of(rq), who_asks(rq), http_path_param(rq, "id"), yh_str_of(rq->peer), yh_clock_now());
    if (e == YH_E_NOT_FOUND)
        return answer_cause(rq, e, 404, "not_found");
    YH_TRY(e);
    kit_write_empty(rq);
    return YH_OK;
}

static yh_err end_other_devices(struct http_request *rq)
{
    int64_t ended = 0;
    YH_TRY(kit_need_person(rq));
    YH_TRY(kit_device_end_others(kit_of(rq), who_asks(rq), http_cookie(rq, KIT_COOKIE), yh_str_of(rq->peer), yh_clock_now(),
                                 &ended));
    struct yh_json *j = http_json(rq);
    yh_json_obj(j);
    yh_json_ki64(j, "ended", ended);
    yh_json_obj_end(j);
    return YH_OK;
}

/* ---- machine tokens ---- */

static void write_permissions(struct yh_json *j, yh_str all)
{
    yh_json_key(j, "permissions");
    yh_json_arr(j);
    for (yh_str one; yh_str_split(&all, ' ', &one);)
        yh_json_str(j, one);
    yh_json_arr_end(j);
}

static void write_machine(void *user, const struct kit_machine *m)
{
    struct yh_json *j = user;
    yh_json_obj(j);
    yh_json_ki64(j, "id", m->id);
    yh_json_kstr(j, "name", m->name);
    write_permissions(j, m->permissions);
    yh_json_ktime(j, "created", m->created);
    yh_json_ktime(j, "expires", m->expires);
    yh_json_ktime(j, "revoked", m->revoked);
    yh_json_ktime(j, "last_used", m->last_used);
    yh_json_kstr(j, "last_address", m->last_peer);
    yh_json_obj_end(j);
}

static yh_err list_machines(struct http_request *rq)
{
    YH_TRY(kit_need_person(rq));
    struct yh_json *j = begin_items(rq);
    YH_TRY(kit_machine_list(kit_of(rq), who_asks(rq)->account_id, write_machine, j));
    end_items(j);
    return YH_OK;
}

static yh_err read_permissions(struct http_request *rq, const yh_str **ret, size_t *ret_n)
{
    const json_t *list = json_object_get(rq->body, "permissions");
    size_t n = json_array_size(list);
    yh_str *names = YH_NEW_N(rq->arena, yh_str, n + 1);
    if (!names)
        return yh_fail(YH_E_NO_MEMORY, "no memory for permissions");
    for (size_t i = 0; i < n; i++)
        names[i] = yh_str_of(json_string_value(json_array_get(list, i)));
    *ret = names;
    *ret_n = n;
    return YH_OK;
}

static yh_err add_machine(struct http_request *rq)
{
    char token[KIT_MACHINE_SIZE];
    int64_t id = 0;
    yh_time now = yh_clock_now();
    struct kit_new_machine m = {.name = yh_str_trim(http_body_str(rq, "name"))};
    YH_TRY(kit_need_person(rq));
    YH_TRY(read_permissions(rq, &m.permissions, &m.permission_count));
    if (!yh_time_parse(http_body_str(rq, "expires"), YH_CST, &m.expires))
        m.expires = now;
    http_keep_nothing(rq); /* a token does not wait in the database for a repeat; a repeat makes another one, seen in the list */
    yh_err e = kit_machine_add(kit_of(rq), who_asks(rq), &m, now, token, &id);
    if (e == YH_E_INVALID || e == YH_E_CONFLICT)
        return answer_cause(rq, e, e == YH_E_INVALID ? 422 : 409, e == YH_E_INVALID ? "invalid" : "conflict");
    YH_TRY(e);
    struct yh_json *j = http_json(rq);
    http_status(rq, 201);
    yh_json_obj(j);
    yh_json_ki64(j, "id", id);
    yh_json_kz(j, "token", token);
    yh_json_obj_end(j);
    explicit_bzero(token, sizeof token);
    return YH_OK;
}

static yh_err revoke_machine(struct http_request *rq)
{
    int64_t id = 0;
    YH_TRY(kit_need_person(rq));
    bool number = yh_str_to_i64(http_path_param(rq, "id"), &id);
    yh_err e = number ? kit_machine_revoke(kit_of(rq), who_asks(rq), id, yh_clock_now())
                      : yh_fail(YH_E_NOT_FOUND, "没有这个接口令牌。");
    if (e == YH_E_NOT_FOUND)
        return answer_cause(rq, e, 404, "not_found");
    YH_TRY(e);
    kit_write_empty(rq);
    return YH_OK;
}

/* ---- rows ---- */

static const struct http_field f_factor[] = {
    {.name = "enabled", .type = HTTP_T_BOOL, .required = true, .title = "已启用"},
    {.name = "since", .type = HTTP_T_TIME, .required = true, .nullable = true, .title = "启用时间"},
    {.name = "recovery_left", .type = HTTP_T_INT, .required = true, .title = "剩余恢复码"},
    {0},
};
static const struct http_schema factor_schema = {.name = "SecondFactor", .fields = f_factor};

static const struct http_field f_offer[] = {
    {.name = "secret", .type = HTTP_T_STRING, .required = true, .title = "密钥"},
    {.name = "uri", .type = HTTP_T_STRING, .required = true, .title = "供手机应用读取的地址"},
    {0},
};
static const struct http_schema offer_schema = {.name = "SecondFactorOffer", .fields = f_offer};

static const struct http_schema code_list = {.name = "RecoveryCodeList", .item = HTTP_T_STRING};
static const struct http_field f_codes[] = {
    {.name = "recovery_codes", .type = HTTP_T_ARRAY, .required = true, .of = &code_list, .title = "恢复码"},
    {0},
};
static const struct http_schema codes_schema = {.name = "RecoveryCodes", .fields = f_codes};

#define PASSWORD {.name = "password", .type = HTTP_T_STRING, .required = true, .min = 1, .max = 128, .title = "密码"}
#define CODE     {.name = "code", .type = HTTP_T_STRING, .required = true, .min = 6, .max = 24, .title = "动态口令"}

static const struct http_field f_password[] = {PASSWORD, {0}};
static const struct http_schema body_password = {.name = "PasswordAgain", .fields = f_password};
static const struct http_field f_code[] = {CODE, {0}};
static const struct http_schema body_code = {.name = "OneTimeCode", .fields = f_code};
static const struct http_field f_both[] = {PASSWORD, CODE, {0}};
static const struct http_schema body_both = {.name = "PasswordAndCode", .fields = f_both};

static const struct http_field f_device[] = {
    {.name = "id", .type = HTTP_T_STRING, .required = true, .title = "编号"},
    {.name = "address", .type = HTTP_T_STRING, .required = true, .title = "登录地址"},
    {.name = "browser", .type = HTTP_T_STRING, .required = true, .title = "浏览器"},
    {.name = "signed_in", .type = HTTP_T_TIME, .required = true, .title = "登录时间"},
    {.name = "last_seen", .type = HTTP_T_TIME, .required = true, .title = "最近使用"},
    {.name = "current", .type = HTTP_T_BOOL, .required = true, .title = "本机"},
    {0},
};
static const struct http_schema device_schema = {.name = "Device", .fields = f_device};
static const struct http_field f_devices[] = {
    {.name = "items", .type = HTTP_T_ARRAY, .required = true, .of = &device_schema}, {0}};
static const struct http_schema devices_schema = {.name = "DeviceList", .fields = f_devices};
static const struct http_field f_ended[] = {
    {.name = "ended", .type = HTTP_T_INT, .required = true, .title = "退出的登录数"}, {0}};
static const struct http_schema ended_schema = {.name = "DevicesEnded", .fields = f_ended};

static const struct http_schema granted_names = {.name = "GrantedNames", .item = HTTP_T_STRING};
static const struct http_field f_machine[] = {
    {.name = "id", .type = HTTP_T_INT, .required = true, .title = "编号"},
    {.name = "name", .type = HTTP_T_STRING, .required = true, .title = "用途"},
    {.name = "permissions", .type = HTTP_T_ARRAY, .required = true, .of = &granted_names, .title = "权限"},
    {.name = "created", .type = HTTP_T_TIME, .required = true, .title = "创建时间"},
    {.name = "expires", .type = HTTP_T_TIME, .required = true, .title = "有效期至"},
    {.name = "revoked", .type = HTTP_T_TIME, .required = true, .nullable = true, .title = "停用时间"},
    {.name = "last_used", .type = HTTP_T_TIME, .required = true, .nullable = true, .title = "最近使用"},
    {.name = "last_address", .type = HTTP_T_STRING, .required = true, .title = "最近使用的地址"},
    {0},
};
static const struct http_schema machine_schema = {.name = "MachineToken", .fields = f_machine};
static const struct http_field f_machines[] = {
    {.name = "items", .type = HTTP_T_ARRAY, .required = true, .of = &machine_schema}, {0}};
static const struct http_schema machines_schema = {.name = "MachineTokenList", .fields = f_machines};

static const struct http_field f_new_machine[] = {
    {.name = "name", .type = HTTP_T_STRING, .required = true, .min = 1, .max = 50, .title = "用途"},
    {.name = "permissions", .type = HTTP_T_ARRAY, .required = true, .min = 1, .max = 50, .of = &granted_names, .title = "权限"},
    {.name = "expires", .type = HTTP_T_TIME, .required = true, .title = "有效期至"},
    {0},
};
static const struct http_schema body_machine = {.name = "MachineTokenDraft", .fields = f_new_machine};
static const struct http_field f_made[] = {
    {.name = "id", .type = HTTP_T_INT, .required = true, .title = "编号"},
    {.name = "token", .type = HTTP_T_STRING, .required = true, .title = "令牌,只显示这一次"},
    {0},
};
static const struct http_schema made_schema = {.name = "MachineTokenMade", .fields = f_made};

#define FACTOR  "/api/v1/session/second-factor"
#define DEVICES "/api/v1/session/devices"
#define TOKENS  "/api/v1/tokens"

const struct http_route kit_account_routes[] = {
    {HTTP_GET, FACTOR, "", NULL, NULL, &factor_schema, 0, show_factor, "本人动态口令状态", "登录"},
    {HTTP_POST, FACTOR, "", NULL, &body_password, &offer_schema, 4096, offer_factor, "开始设置动态口令", "登录"},
    {HTTP_PUT, FACTOR, "", NULL, &body_code, &codes_schema, 4096, confirm_factor, "确认启用动态口令", "登录"},
    {HTTP_POST, FACTOR "/removal", "", NULL, &body_both, &kit_nothing, 4096, remove_factor, "停用动态口令", "登录"},
    {HTTP_GET, DEVICES, "", NULL, NULL, &devices_schema, 0, list_devices, "本人登录设备", "登录"},
    {HTTP_DELETE, DEVICES, "", NULL, NULL, &ended_schema, 0, end_other_devices, "退出其他设备上的登录", "登录"},
    {HTTP_DELETE, DEVICES "/{id}", "", NULL, NULL, &kit_nothing, 0, end_device, "退出一台设备上的登录", "登录"},
    {HTTP_GET, TOKENS, "", NULL, NULL, &machines_schema, 0, list_machines, "本人接口令牌", "登录"},
    {HTTP_POST, TOKENS, "", NULL, &body_machine, &made_schema, 8192, add_machine, "新增接口令牌", "登录"},
    {HTTP_DELETE, TOKENS "/{id}", "", NULL, NULL, &kit_nothing, 0, revoke_machine, "停用接口令牌", "登录"},
    {0},
};
