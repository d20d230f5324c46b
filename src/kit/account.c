#include "kit/account.h"

#include "base/clock.h"
#include "kit/grant.h"
#include "kit/id.h"
#include "kit/kit_internal.h"
#include "kit/role.h"

static const char sql_add[] =
    "INSERT INTO account (id, username, display_name, password_hash, must_change, created_at, updated_at, cause, officer_id,"
    " enterprise_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (username) DO NOTHING";
static const char sql_ever[] = "SELECT COUNT(*) FROM account_grant WHERE role = ?";
static const char sql_passwd[] =
    "UPDATE account SET password_hash = ?, must_change = ?, updated_at = ? WHERE username = ?";
static const char sql_disable[] = "UPDATE account SET disabled_at = ?, updated_at = ? WHERE username = ?";
static const char sql_id_of[] = "SELECT id FROM account WHERE username = ?";
static const char sql_link[] = "UPDATE account SET officer_id = ?, enterprise_id = ?, updated_at = ? WHERE id = ?";
static const char sql_granted[] = "SELECT COUNT(*) FROM account_grant WHERE account_id = ? AND valid_to > ?";
static const char sql_has_officer[] = "SELECT 1 FROM officer WHERE id = ?";
static const char sql_has_enterprise[] = "SELECT 1 FROM enterprise WHERE id = ?";
static const char sql_end_sessions[] =
    "DELETE FROM account_session WHERE account_id = (SELECT id FROM account WHERE username = ?)";
static const char sql_unlock[] = "DELETE FROM sign_in_guard WHERE kind = 'account' AND subject = ?";
static const char sql_list[] = "SELECT id, username, display_name, must_change, disabled_at, created_at, cause,"
                               " COALESCE(officer_id, 0), COALESCE(enterprise_id, 0) FROM account ORDER BY username";

/* ---- rules ---- */

static bool username_valid(yh_str s)
{
    if (s.n < 2 || s.n > 32 || s.p[0] < 'a' || s.p[0] > 'z')
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '.' && c != '_' && c != '-')
            return false;
    }
    return true;
}

static yh_err check_password(yh_str username, yh_str password)
{
    const char *problem = kit_password_problem(username, password);
    return problem ? yh_fail(YH_E_INVALID, "%s", problem) : YH_OK;
}

static yh_err check_new(const struct kit_new_account *a)
{
    if (!username_valid(a->username))
        return yh_fail(YH_E_INVALID, "用户名应以小写字母开头,由 2 至 32 个小写字母、数字、点、下划线或短横组成。");
    size_t letters = yh_str_is_utf8(a->display_name) ? yh_utf8_count(a->display_name) : 0;
    if (letters < 1 || letters > 50)
        return yh_fail(YH_E_INVALID, "姓名应为 1 至 50 个字符。");
    if (a->role.n && !kit_role_find(a->role))
        return yh_fail(YH_E_INVALID, "没有角色 %.*s。", YH_FMT(yh_str_sub(a->role, 0, 40)));
    return check_password(a->username, a->password);
}

/* ---- adding ---- */

struct adding {
    const struct kit_new_account *a;
    const char *phc;
    yh_str by;
    yh_time now;
    int64_t id;
    bool only_first; /* refuse when the role was ever granted */
    bool done;
};

static yh_err count_with(struct db *d, const char *sql, yh_str name, int64_t *ret)
{
    db_stmt_auto *s = NULL;
    bool row = false;
    YH_TRY(db_prepare(d, sql, &s));
    db_bind_str(s, 1, name);
    YH_TRY(db_step(s, &row));
    *ret = db_i64(s, 0);
    return YH_OK;
}

static yh_err check_there(struct db *d, const char *sql, int64_t id, const char *what)
{
    db_stmt_auto *s = NULL;
    bool row = false;
    if (id == 0)
        return YH_OK;
    YH_TRY(db_prepare(d, sql, &s));
    db_bind_i64(s, 1, id);
    YH_TRY(db_step(s, &row));
    return row ? YH_OK : yh_fail(YH_E_INVALID, "没有这个%s,请核对编号。", what);
}

static yh_err check_owner(struct db *d, int64_t officer, int64_t enterprise)
{
    if (officer && enterprise)
        return yh_fail(YH_E_INVALID, "账号只能对应人员或企业之一。");
    YH_TRY(check_there(d, sql_has_officer, officer, "人员"));
    return check_there(d, sql_has_enterprise, enterprise, "企业");
}

static void bind_id(struct db_stmt *s, int at, int64_t id)
{
    if (id)
        db_bind_i64(s, at, id);
    else
        db_bind_null(s, at);
}

static yh_err insert_account(struct db *d, struct adding *w)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_add, &s));
    db_bind_i64(s, 1, w->id);
    db_bind_str(s, 2, w->a->username);
    db_bind_str(s, 3, w->a->display_name);
    db_bind_z(s, 4, w->phc);
    db_bind_i64(s, 5, w->a->must_change);
    db_bind_i64(s, 6, w->now);
    db_bind_i64(s, 7, w->now);
    db_bind_str(s, 8, w->by);
    bind_id(s, 9, w->a->officer_id);
    bind_id(s, 10, w->a->enterprise_id);
    YH_TRY(db_exec(s));
    w->done = db_changes(d) == 1;
    return YH_OK;
}

static yh_err grant_first_role(struct db *d, struct adding *w)
{
    const struct kit_new_grant g = {.account_id = w->id, .role = w->a->role, .from = w->now, .to = KIT_FOREVER,
                                    .reach = kit_role_widest(kit_role_find(w->a->role))};
    const struct kit_actor by = {0, w->by};
    int64_t id;
    return kit_grant_put(d, &g, &by, w->now, &id);
}

static yh_err add(struct db *d, void *user)
{
    struct adding *w = user;
    int64_t there = 0;
    w->done = false;
    if (w->only_first)
        YH_TRY(count_with(d, sql_ever, w->a->role, &there));
    if (there > 0)
        return YH_OK;
    YH_TRY(check_owner(d, w->a->officer_id, w->a->enterprise_id));
    YH_TRY(insert_account(d, w));
    if (!w->done)
        return YH_OK;
    if (w->a->role.n)
        YH_TRY(grant_first_role(d, w));
    const struct kit_note note = {"account.created", w->by, w->now,
                                  {{"username", w->a->username}, {"role", w->a->role}, {"by", w->by}}};
    return kit_note_put(d, &note);
}

static yh_err store_new(struct kit *k, struct adding *w)
{
    char phc[KIT_PHC_SIZE];
    YH_TRY(kit_password_hash(k, w->a->password, phc));
    w->phc = phc;
    w->id = kit_id_next();
    {
        kit_loan_auto l = kit_writer(k);
        YH_TRY(db_txn(l.d, add, w));
    }
    kit_note_send(k);
    return YH_OK;
}

yh_err kit_account_add(struct kit *k, const struct kit_new_account *a, yh_str by, yh_time now, int64_t *ret_id)
{
    struct adding w = {.a = a, .by = by, .now = now};
    YH_TRY(check_new(a));
    YH_TRY(store_new(k, &w));
    if (!w.done)
        return yh_fail(YH_E_CONFLICT, "用户名 %.*s 已被使用。", YH_FMT(a->username));
    *ret_id = w.id;
    return YH_OK;
}

/* Where somebody else has that name already nothing is made; the command line can. */
static yh_err make_first(struct kit *k, const struct kit_role *role, yh_time now, struct kit_first_account *f, bool *ret_made)
{
    kit_password_make(f->password);
    const struct kit_new_account a = {.username = yh_str_of(role->name), .display_name = yh_str_of(role->title),
                                      .role = yh_str_of(role->name), .password = yh_str_of(f->password), .must_change = true};
    struct adding w = {.a = &a, .by = YH_S("first-start"), .now = now, .only_first = true};
    int64_t ever = 0;
    {
        kit_loan_auto l = kit_reader(k);
        YH_TRY(count_with(l.d, sql_ever, a.role, &ever));
    }
    *ret_made = false;
    if (ever > 0)
        return YH_OK;
    YH_TRY(check_new(&a));
    YH_TRY(store_new(k, &w));
    f->username = role->name;
    f->title = role->title;
    *ret_made = w.done;
    return YH_OK;
}

yh_err kit_account_first(struct kit *k, yh_time now, struct kit_first_account ret[KIT_FIRST_ACCOUNTS], size_t *ret_n)
{
    size_t n, made = 0;
    const struct kit_role *roles = kit_roles(&n);
    for (size_t i = 0; i < n && made < KIT_FIRST_ACCOUNTS; i++) {
        bool one = false;
        if (roles[i].alone)
            YH_TRY(make_first(k, &roles[i], now, &ret[made], &one));
        made += one;
    }
    *ret_n = made;
    return YH_OK;
}

/* ---- changing ---- */

struct change {
    yh_str username, by;
    const char *phc;
    char name_hash[KIT_HEX_SIZE];
    bool flag; /* must_change or disabled */
    yh_time now;
};

static yh_err run_with_name(struct db *d, const char *sql, yh_str name)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql, &s));
    db_bind_str(s, 1, name);
    return db_exec(s);
}

static yh_err put_change_note(struct db *d, const struct change *c, const char *event)
{
    const struct kit_note note = {event, c->by, c->now, {{"username", c->username}, {"by", c->by}}};
    return kit_note_put(d, &note);
}

static yh_err no_account(yh_str username)
{
    return yh_fail(YH_E_NOT_FOUND, "没有用户 %.*s。", YH_FMT(yh_str_sub(username, 0, 40)));
}

static yh_err passwd(struct db *d, void *user)
{
    const struct change *c = user;
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_passwd, &s));
    db_bind_z(s, 1, c->phc);
    db_bind_i64(s, 2, c->flag);
    db_bind_i64(s, 3, c->now);
    db_bind_str(s, 4, c->username);
    YH_TRY(db_exec(s));
    if (db_changes(d) != 1)
        return no_account(c->username);
    YH_TRY(run_with_name(d, sql_end_sessions, c->username));
    YH_TRY(run_with_name(d, sql_unlock, yh_str_of(c->name_hash)));
    return put_change_note(d, c, "account.password");
}

yh_err kit_account_passwd(struct kit *k, yh_str username, yh_str password, bool must_change, yh_str by, yh_time now)
{
    struct change c = {.username = username, .by = by, .flag = must_change, .now = now};
    char phc[KIT_PHC_SIZE];
    YH_TRY(check_password(username, password));
    YH_TRY(kit_hash_hex("account", username, c.name_hash));
    YH_TRY(kit_password_hash(k, password, phc));
    c.phc = phc;
    {
        kit_loan_auto l = kit_writer(k);
        YH_TRY(db_txn(l.d, passwd, &c));
    }
    kit_cache_clear(k);
    kit_note_send(k);
    return YH_OK;
}

yh_err kit_account_find(struct db *d, yh_str username, int64_t *ret)
{
    db_stmt_auto *s = NULL;
    bool row = false;
    YH_TRY(db_prepare(d, sql_id_of, &s));
    db_bind_str(s, 1, username);
    YH_TRY(db_step(s, &row));
    if (!row)
        return no_account(username);
    *ret = db_i64(s, 0);
    return YH_OK;
}

static yh_err disable(struct db *d, void *user)
{
    const struct change *c = user;
    db_stmt_auto *s = NULL;
    int64_t id = 0;
    YH_TRY(kit_account_find(d, c->username, &id));
    if (c->flag)
        YH_TRY(kit_grant_keep_last(d, id, c->now)); /* somebody must remain who can let others in */
    YH_TRY(db_prepare(d, sql_disable, &s));
    if (c->flag)
        db_bind_i64(s, 1, c->now);
    else
        db_bind_null(s, 1);
    db_bind_i64(s, 2, c->now);
    db_bind_str(s, 3, c->username);
    YH_TRY(db_exec(s));
    YH_TRY(run_with_name(d, sql_end_sessions, c->username));
    YH_TRY(kit_access_refresh(d, id, c->now));
    return put_change_note(d, c, c->flag ? "account.disabled" : "account.enabled");
}

yh_err kit_account_disable(struct kit *k, yh_str username, bool disabled, yh_str by, yh_time now)
{
    struct change c = {.username = username, .by = by, .flag = disabled, .now = now};
    {
        kit_loan_auto l = kit_writer(k);
        YH_TRY(db_txn(l.d, disable, &c));
    }
    kit_cache_clear(k);
    kit_note_send(k);
    return YH_OK;
}

/* ---- whose it is ---- */

struct linking {
    yh_str username, by;
    int64_t officer, enterprise;
    yh_time now;
};

static yh_err refuse_granted(struct db *d, int64_t account, yh_time now)
{
    db_stmt_auto *s = NULL;
    bool row = false;
    YH_TRY(db_prepare(d, sql_granted, &s));
    db_bind_i64(s, 1, account);
    db_bind_i64(s, 2, now);
    YH_TRY(db_step(s, &row));
    if (db_i64(s, 0))
        return yh_fail(YH_E_CONFLICT, "账号已有授权,对应的人员或企业不能更换。请先由安全管理员收回授权。");
    return YH_OK;
}

static yh_err link_account(struct db *d, void *user)
{
    const struct linking *w = user;
    db_stmt_auto *s = NULL;
    int64_t id = 0;
    YH_TRY(kit_account_find(d, w->username, &id));
    YH_TRY(check_owner(d, w->officer, w->enterprise));
    YH_TRY(refuse_granted(d, id, w->now));
    YH_TRY(db_prepare(d, sql_link, &s));
    bind_id(s, 1, w->officer);
    bind_id(s, 2, w->enterprise);
    db_bind_i64(s, 3, w->now);
    db_bind_i64(s, 4, id);
    YH_TRY(db_exec(s));
    const struct kit_note note = {"account.linked", w->by, w->now, {{"username", w->username}, {"by", w->by}}};
    return kit_note_put(d, &note);
}

yh_err kit_account_link(struct kit *k, yh_str username, int64_t officer_id, int64_t enterprise_id, yh_str by, yh_time now)
{
    struct linking w = {username, by, officer_id, enterprise_id, now};
    {
        kit_loan_auto l = kit_writer(k);
        YH_TRY(db_txn(l.d, link_account, &w));
    }
    kit_note_send(k);
    return YH_OK;
}

yh_err kit_account_is_administrator(struct kit *k, yh_str username, yh_time now, bool *ret)
{
    char roles[KIT_ROLES_MAX];
    int64_t id = 0;
    kit_loan_auto l = kit_reader(k);
    YH_TRY(kit_account_find(l.d, username, &id));
    YH_TRY(kit_roles_of(l.d, id, now, roles));
    const struct kit_role *first = kit_role_find(kit_first_role(yh_str_of(roles)));
    *ret = first && first->alone;
    return YH_OK;
}

/* ---- list ---- */

static struct kit_account read_account(const struct db_stmt *s, yh_str roles)
{
    return (struct kit_account){.id = db_i64(s, 0),
                                .username = db_str(s, 1),
                                .display_name = db_str(s, 2),
                                .role = kit_first_role(roles),
                                .roles = roles,
                                .must_change = db_i64(s, 3) != 0,
                                .disabled = !db_is_null(s, 4),
                                .created_at = db_i64(s, 5),
                                .cause = db_str(s, 6),
                                .officer_id = db_i64(s, 7),
                                .enterprise_id = db_i64(s, 8)};
}

yh_err kit_account_list(struct kit *k, bool (*each)(void *user, const struct kit_account *a), void *user)
{
    kit_loan_auto l = kit_reader(k);
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(l.d, sql_list, &s));
    for (;;) {
        char roles[KIT_ROLES_MAX];
        bool row = false;
        YH_TRY(db_step(s, &row));
        if (!row)
            return YH_OK;
        YH_TRY(kit_roles_of(l.d, db_i64(s, 0), yh_clock_now(), roles));
        struct kit_account a = read_account(s, yh_str_of(roles));
        if (!each(user, &a))
            return YH_OK;
    }
}
