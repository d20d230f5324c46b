#include "kit/account.h"

#include "kit/id.h"
#include "kit/kit_internal.h"
#include "kit/role.h"

static const char sql_add[] =
    "INSERT INTO account (id, username, display_name, role, password_hash, must_change, created_at, updated_at, cause)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (username) DO NOTHING";
static const char sql_count[] = "SELECT COUNT(*) FROM account";
static const char sql_passwd[] =
    "UPDATE account SET password_hash = ?, must_change = ?, updated_at = ? WHERE username = ?";
static const char sql_disable[] = "UPDATE account SET disabled_at = ?, updated_at = ? WHERE username = ?";
static const char sql_other_admins[] =
    "SELECT COUNT(*) FROM account WHERE role = 'admin' AND disabled_at IS NULL AND username <> ?";
static const char sql_role_of[] = "SELECT role FROM account WHERE username = ?";
static const char sql_end_sessions[] =
    "DELETE FROM account_session WHERE account_id = (SELECT id FROM account WHERE username = ?)";
static const char sql_unlock[] = "DELETE FROM sign_in_guard WHERE kind = 'account' AND subject = ?";
static const char sql_list[] = "SELECT id, username, display_name, role, must_change, disabled_at, created_at, cause"
                               " FROM account ORDER BY username";

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
    if (!kit_role_find(a->role))
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
    bool only_first; /* refuse when there is any account */
    bool done;
};

static yh_err count_accounts(struct db *d, int64_t *ret)
{
    db_stmt_auto *s = NULL;
    bool row = false;
    YH_TRY(db_prepare(d, sql_count, &s));
    YH_TRY(db_step(s, &row));
    *ret = db_i64(s, 0);
    return YH_OK;
}

static yh_err add(struct db *d, void *user)
{
    struct adding *w = user;
    int64_t there = 0;
    w->done = false;
    if (w->only_first)
        YH_TRY(count_accounts(d, &there));
    if (there > 0)
        return YH_OK;
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_add, &s));
    db_bind_i64(s, 1, w->id);
    db_bind_str(s, 2, w->a->username);
    db_bind_str(s, 3, w->a->display_name);
    db_bind_str(s, 4, w->a->role);
    db_bind_z(s, 5, w->phc);
    db_bind_i64(s, 6, w->a->must_change);
    db_bind_i64(s, 7, w->now);
    db_bind_i64(s, 8, w->now);
    db_bind_str(s, 9, w->by);
    YH_TRY(db_exec(s));
    w->done = db_changes(d) == 1;
    if (!w->done)
        return YH_OK;
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

yh_err kit_account_first(struct kit *k, yh_time now, char ret_password[KIT_PASSWORD_MADE + 1], bool *ret_created)
{
    int64_t there = 0;
    {
        kit_loan_auto l = kit_reader(k);
        YH_TRY(count_accounts(l.d, &there));
    }
    *ret_created = false;
    if (there > 0)
        return YH_OK;
    char password[KIT_PASSWORD_MADE + 1];
    kit_password_make(password);
    const struct kit_new_account a = {YH_S("admin"), YH_S("系统管理员"), YH_S("admin"), yh_str_of(password), true};
    struct adding w = {.a = &a, .by = YH_S("first-start"), .now = now, .only_first = true};
    YH_TRY(store_new(k, &w));
    if (w.done)
        memcpy(ret_password, password, sizeof password);
    explicit_bzero(password, sizeof password);
    *ret_created = w.done;
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

/* Somebody must remain who can let others in. */
static yh_err refuse_last_admin(struct db *d, yh_str username)
{
    db_stmt_auto *role = NULL, *others = NULL;
    bool row = false;
    YH_TRY(db_prepare(d, sql_role_of, &role));
    db_bind_str(role, 1, username);
    YH_TRY(db_step(role, &row));
    if (!row)
        return no_account(username);
    if (!yh_str_is(db_str(role, 0), "admin"))
        return YH_OK;
    YH_TRY(db_prepare(d, sql_other_admins, &others));
    db_bind_str(others, 1, username);
    YH_TRY(db_step(others, &row));
    if (db_i64(others, 0) == 0)
        return yh_fail(YH_E_CONFLICT, "%.*s 是最后一名可用的管理员,不能停用。", YH_FMT(username));
    return YH_OK;
}

static yh_err disable(struct db *d, void *user)
{
    const struct change *c = user;
    db_stmt_auto *s = NULL;
    if (c->flag)
        YH_TRY(refuse_last_admin(d, c->username));
    YH_TRY(db_prepare(d, sql_disable, &s));
    if (c->flag)
        db_bind_i64(s, 1, c->now);
    else
        db_bind_null(s, 1);
    db_bind_i64(s, 2, c->now);
    db_bind_str(s, 3, c->username);
    YH_TRY(db_exec(s));
    if (db_changes(d) != 1)
        return no_account(c->username);
    YH_TRY(run_with_name(d, sql_end_sessions, c->username));
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

yh_err kit_account_list(struct kit *k, bool (*each)(void *user, const struct kit_account *a), void *user)
{
    kit_loan_auto l = kit_reader(k);
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(l.d, sql_list, &s));
    for (;;) {
        bool row = false;
        YH_TRY(db_step(s, &row));
        if (!row)
            return YH_OK;
        struct kit_account a = {.id = db_i64(s, 0),
                                .username = db_str(s, 1),
                                .display_name = db_str(s, 2),
                                .role = db_str(s, 3),
                                .must_change = db_i64(s, 4) != 0,
                                .disabled = !db_is_null(s, 5),
                                .created_at = db_i64(s, 6),
                                .cause = db_str(s, 7)};
        if (!each(user, &a))
            return YH_OK;
    }
}
