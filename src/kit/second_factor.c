#include "kit/second_factor.h"

#include <ctype.h>
#include <stdio.h>

#include "base/clock.h"
#include "kit/kit_internal.h"

#define FACTOR_ARENA (32u << 10)

static const char sql_state[] =
    "SELECT f.confirmed_at, (SELECT COUNT(*) FROM recovery_code r WHERE r.account_id = f.account_id AND r.used_at IS NULL)"
    " FROM second_factor f WHERE f.account_id = ?";
static const char sql_read[] = "SELECT secret, last_step, confirmed_at FROM second_factor WHERE account_id = ?";
static const char sql_offer[] =
    "INSERT INTO second_factor (account_id, secret, last_step, created_at, confirmed_at) VALUES (?, ?, 0, ?, NULL)"
    " ON CONFLICT (account_id) DO UPDATE SET secret = excluded.secret, last_step = 0, created_at = excluded.created_at"
    " WHERE second_factor.confirmed_at IS NULL";
static const char sql_confirm[] = "UPDATE second_factor SET confirmed_at = ?, last_step = ?"
                                  " WHERE account_id = ? AND confirmed_at IS NULL AND secret = ?";
/* Two sign-ins with the same code at the same time: one of them changes the row. */
static const char sql_use_step[] = "UPDATE second_factor SET last_step = ? WHERE account_id = ? AND last_step < ?";
static const char sql_use_code[] =
    "UPDATE recovery_code SET used_at = ? WHERE account_id = ? AND code_hash = ? AND used_at IS NULL";
static const char sql_drop_codes[] = "DELETE FROM recovery_code WHERE account_id = ?";
static const char sql_add_code[] = "INSERT INTO recovery_code (account_id, code_hash, used_at) VALUES (?, ?, NULL)";
static const char sql_drop[] = "DELETE FROM second_factor WHERE account_id = ?";
static const char sql_end_sessions[] = "DELETE FROM account_session WHERE account_id = ?";

static yh_err no_factor(void)
{
    return yh_fail(YH_E_CONFLICT, "该账号没有启用动态口令。");
}

static yh_err run_for_account(struct db *d, const char *sql, int64_t account)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql, &s));
    db_bind_i64(s, 1, account);
    return db_exec(s);
}

yh_err kit_factor_state(struct kit *k, int64_t account, struct kit_factor_state *ret)
{
    kit_loan_auto l = kit_reader(k);
    db_stmt_auto *s = NULL;
    bool row = false;
    YH_TRY(db_prepare(l.d, sql_state, &s));
    db_bind_i64(s, 1, account);
    YH_TRY(db_step(s, &row));
    *ret = (struct kit_factor_state){0};
    if (row && !db_is_null(s, 0))
        *ret = (struct kit_factor_state){true, db_i64(s, 0), db_i64(s, 1)};
    return YH_OK;
}

/* ---- the stored secret ---- */

struct factor {
    bool there, confirmed;
    yh_str sealed;
    int64_t last_step;
    uint8_t secret[KIT_TOTP_SECRET];
};

static void forget_factor(struct factor *f)
{
    explicit_bzero(f->secret, sizeof f->secret);
}
#define factor_auto yh_cleanup(forget_factor) struct factor

static yh_str owner_of(int64_t account, char buf[48])
{
    snprintf(buf, 48, "second_factor:%lld", (long long)account);
    return yh_str_of(buf);
}

static yh_err read_row(struct kit *k, int64_t account, struct yh_arena *arena, struct factor *ret)
{
    kit_loan_auto l = kit_reader(k);
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(l.d, sql_read, &s));
    db_bind_i64(s, 1, account);
    YH_TRY(db_step(s, &ret->there));
    if (!ret->there)
        return YH_OK;
    ret->sealed = yh_arena_str(arena, db_str(s, 0));
    ret->last_step = db_i64(s, 1);
    ret->confirmed = !db_is_null(s, 2);
    return ret->sealed.p ? YH_OK : yh_fail(YH_E_NO_MEMORY, "no memory for a second factor");
}

static yh_err read_factor(struct kit *k, int64_t account, struct yh_arena *arena, struct factor *ret)
{
    char owner[48];
    yh_str secret = {0};
    YH_TRY(read_row(k, account, arena, ret));
    if (!ret->there)
        return YH_OK;
    if (!k->vault)
        return yh_fail(YH_E_UNSUPPORTED, "no key to open second factors with");
    YH_TRY(kit_vault_open_text(k->vault, owner_of(account, owner), ret->sealed, arena, &secret));
    if (secret.n != sizeof ret->secret)
        return yh_fail(YH_E_CORRUPT, "a second factor's secret has %zu bytes", secret.n);
    memcpy(ret->secret, secret.p, sizeof ret->secret);
    return YH_OK;
}

/* ---- codes ---- */

/* People type blanks, dashes and small letters. */
static yh_str fold_code(yh_str typed, char buf[24])
{
    size_t n = 0;
    for (size_t i = 0; i < typed.n; i++) {
        unsigned char c = (unsigned char)typed.p[i];
        if (c == ' ' || c == '-')
            continue;
        if (n == 24 || c > 126)
            return YH_S("");
        buf[n++] = (char)toupper(c);
    }
    return (yh_str){buf, n};
}

static yh_err change_one(struct db *d, const char *sql, const int64_t first, int64_t account, yh_str text, int64_t number,
                         bool *ret_changed)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql, &s));
    db_bind_i64(s, 1, first);
    db_bind_i64(s, 2, account);
    if (text.n)
        db_bind_str(s, 3, text);
    else
        db_bind_i64(s, 3, number);
    YH_TRY(db_exec(s));
    *ret_changed = db_changes(d) == 1;
    return YH_OK;
}

static yh_err use_app_code(struct kit *k, int64_t account, const struct factor *f, yh_str code, yh_time now, bool *ret_right)
{
    int64_t step = kit_totp_match(f->secret, code, now, f->last_step);
    if (step < 0)
        return YH_OK;
    kit_loan_auto l = kit_writer(k);
    return change_one(l.d, sql_use_step, step, account, YH_S(""), step, ret_right);
}

static yh_err use_recovery_code(struct kit *k, int64_t account, yh_str code, yh_time now, bool *ret_right)
{
    char hash[KIT_HEX_SIZE];
    YH_TRY(kit_hash_hex("recovery", code, hash));
    kit_loan_auto l = kit_writer(k);
    return change_one(l.d, sql_use_code, now, account, yh_str_of(hash), 0, ret_right);
}

yh_err kit_factor_check(struct kit *k, int64_t account, yh_str typed, yh_time now, bool *ret_wanted, bool *ret_right)
{
    yh_arena_auto arena = yh_arena_make(FACTOR_ARENA);
    factor_auto f = {0};
    char buf[24];
    bool right = false;
    YH_TRY(read_factor(k, account, &arena, &f));
    yh_str code = fold_code(typed, buf);
    if (!f.confirmed)
        right = true;
    else if (code.n == KIT_TOTP_DIGITS)
        YH_TRY(use_app_code(k, account, &f, code, now, &right));
    else if (code.n == KIT_RECOVERY_SIZE - 2)
        YH_TRY(use_recovery_code(k, account, code, now, &right));
    *ret_wanted = f.confirmed;
    *ret_right = right;
    return YH_OK;
}

/* ---- changing ---- */

static yh_err put_note(struct db *d, const char *event, yh_str username, yh_str by, yh_time now)
{
    const struct kit_note note = {event, by, now, {{"username", username}, {"by", by}}};
    return kit_note_put(d, &note);
}

/* The password again; what went wrong counts like a failed sign-in. */
static yh_err prove_again(struct kit *k, struct kit_proof *p, const struct kit_session *who, yh_str password, yh_time now,
                          struct yh_arena *arena, yh_time *ret_until)
{
    YH_TRY(kit_prove(k, p, who->username, password, now, arena, ret_until));
    return p->right && p->enabled ? YH_OK : kit_refuse(k, p, now);
}

static yh_err forgive(struct kit *k, const struct kit_proof *p)
{
    kit_loan_auto l = kit_writer(k);
    return kit_guard_clear(l.d, yh_str_of(p->name_hash), p->peer);
}

static yh_err store_offer(struct kit *k, int64_t account, yh_str sealed, yh_time now)
{
    kit_loan_auto l = kit_writer(k);
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(l.d, sql_offer, &s));
    db_bind_i64(s, 1, account);
    db_bind_str(s, 2, sealed);
    db_bind_i64(s, 3, now);
    YH_TRY(db_exec(s));
    return db_changes(l.d) == 1 ? YH_OK : yh_fail(YH_E_CONFLICT, "动态口令已经启用。如需更换,请先停用。");
}

yh_err kit_factor_offer(struct kit *k, const struct kit_session *who, yh_str password, yh_str peer, yh_time now,
                        char ret_secret[KIT_TOTP_BASE32], yh_time *ret_until)
{
    yh_arena_auto arena = yh_arena_make(FACTOR_ARENA);
    struct kit_proof p = {.peer = kit_clip_text(peer, 64)};
    factor_auto f = {0};
    char owner[48];
    yh_str sealed = {0};
    if (!k->vault)
        return yh_fail(YH_E_UNSUPPORTED, "no folder for the key of second factors");
    YH_TRY(prove_again(k, &p, who, password, now, &arena, ret_until));
    YH_TRY(forgive(k, &p));
    yh_random(f.secret, sizeof f.secret);
    yh_str secret = {(const char *)f.secret, sizeof f.secret};
    YH_TRY(kit_vault_seal(k->vault, owner_of(who->account_id, owner), secret, &arena, &sealed));
    YH_TRY(store_offer(k, who->account_id, sealed, now));
    kit_totp_base32(f.secret, ret_secret);
    return YH_OK;
}

struct confirming {
    const struct kit_session *who;
    const struct factor *f;
    int64_t step;
    yh_time now;
    char (*codes)[KIT_RECOVERY_SIZE];
};

/* Half of a Base32 text from as many random bytes: "ABCDE-FGHIJ". */
static void make_recovery_code(char ret[KIT_RECOVERY_SIZE])
{
    uint8_t bits[KIT_TOTP_SECRET];
    char letters[KIT_TOTP_BASE32];
    yh_random(bits, sizeof bits);
    kit_totp_base32(bits, letters);
    snprintf(ret, KIT_RECOVERY_SIZE, "%.5s-%.5s", letters, letters + 5);
}

static yh_err put_code(struct db *d, int64_t account, const char *code)
{
    char hash[KIT_HEX_SIZE], buf[24];
    db_stmt_auto *s = NULL;
    YH_TRY(kit_hash_hex("recovery", fold_code(yh_str_of(code), buf), hash));
    YH_TRY(db_prepare(d, sql_add_code, &s));
    db_bind_i64(s, 1, account);
    db_bind_z(s, 2, hash);
    return db_exec(s);
}

static yh_err confirm(struct db *d, void *user)
{
    const struct confirming *c = user;
    int64_t account = c->who->account_id;
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_confirm, &s));
    db_bind_i64(s, 1, c->now);
    db_bind_i64(s, 2, c->step);
    db_bind_i64(s, 3, account);
    db_bind_str(s, 4, c->f->sealed);
    YH_TRY(db_exec(s));
    if (db_changes(d) != 1)
        return yh_fail(YH_E_CONFLICT, "动态口令的设置已在别处更改,请重新开始。");
    YH_TRY(run_for_account(d, sql_drop_codes, account));
    for (unsigned i = 0; i < KIT_RECOVERY_CODES; i++)
        YH_TRY(put_code(d, account, c->codes[i]));
    return put_note(d, "account.second_factor", c->who->username, c->who->username, c->now);
}

yh_err kit_factor_confirm(struct kit *k, const struct kit_session *who, yh_str typed, yh_time now,
                          char ret_codes[KIT_RECOVERY_CODES][KIT_RECOVERY_SIZE])
{
    yh_arena_auto arena = yh_arena_make(FACTOR_ARENA);
    factor_auto f = {0};
    char buf[24], codes[KIT_RECOVERY_CODES][KIT_RECOVERY_SIZE];
    YH_TRY(read_factor(k, who->account_id, &arena, &f));
    if (!f.there || f.confirmed)
        return yh_fail(YH_E_CONFLICT, f.there ? "动态口令已经启用。" : "请先开始设置动态口令。");
    int64_t step = kit_totp_match(f.secret, fold_code(typed, buf), now, f.last_step);
    if (step < 0)
        return yh_fail(YH_E_UNAUTH, "the code is wrong");
    for (unsigned i = 0; i < KIT_RECOVERY_CODES; i++)
        make_recovery_code(codes[i]);
    struct confirming c = {who, &f, step, now, codes};
    {
        kit_loan_auto l = kit_writer(k);
        YH_TRY(db_txn(l.d, confirm, &c));
    }
    kit_note_send(k);
    memcpy(ret_codes, codes, sizeof codes);
    return YH_OK;
}

struct removing {
    int64_t account;
    yh_str username, by;
    yh_time now;
    bool end_sessions;
};

static yh_err take_out(struct db *d, void *user)
{
    const struct removing *r = user;
    YH_TRY(run_for_account(d, sql_drop, r->account));
    if (db_changes(d) != 1)
        return no_factor();
    YH_TRY(run_for_account(d, sql_drop_codes, r->account));
    if (r->end_sessions)
        YH_TRY(run_for_account(d, sql_end_sessions, r->account));
    return put_note(d, "account.second_factor_removed", r->username, r->by, r->now);
}

static yh_err remove_factor(struct kit *k, struct removing *r)
{
    {
        kit_loan_auto l = kit_writer(k);
        YH_TRY(db_txn(l.d, take_out, r));
    }
    kit_note_send(k);
    return YH_OK;
}

yh_err kit_factor_remove(struct kit *k, const struct kit_session *who, yh_str password, yh_str code, yh_str peer, yh_time now,
                         yh_time *ret_until)
{
    yh_arena_auto arena = yh_arena_make(FACTOR_ARENA);
    struct kit_proof p = {.peer = kit_clip_text(peer, 64)};
    struct removing r = {who->account_id, who->username, who->username, now, false};
    bool wanted = false, right = false;
    YH_TRY(prove_again(k, &p, who, password, now, &arena, ret_until));
    YH_TRY(kit_factor_check(k, who->account_id, code, now, &wanted, &right));
    p.wrong_code = !right;
    if (!right)
        return kit_refuse(k, &p, now);
    YH_TRY(forgive(k, &p));
    return wanted ? remove_factor(k, &r) : no_factor();
}

yh_err kit_factor_reset(struct kit *k, yh_str username, yh_str by, yh_time now)
{
    struct removing r = {0, username, by, now, true};
    {
        kit_loan_auto l = kit_reader(k);
        YH_TRY(kit_account_find(l.d, username, &r.account));
    }
    YH_TRY(remove_factor(k, &r));
    kit_cache_clear(k);
    kit_sessions_ended(k, r.account);
    return YH_OK;
}
