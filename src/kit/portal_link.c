/* Which account a person of the portal is. */
#include "base/clock.h"
#include "kit/kit_internal.h"
#include "kit/portal_internal.h"

static const char sql_find[] =
    "SELECT a.id, a.username, a.display_name, a.must_change, a.disabled_at"
    " FROM portal_identity p JOIN account a ON a.id = p.account_id WHERE p.issuer = ? AND p.subject = ?";
static const char sql_link[] = "INSERT INTO portal_identity (issuer, subject, account_id, linked_at, cause)"
                               " SELECT ?, ?, id, ?, ? FROM account WHERE id = ? ON CONFLICT DO NOTHING";
static const char sql_linked[] = "SELECT 1 FROM portal_identity WHERE issuer = ? AND account_id = ?";
static const char sql_unlink[] = "DELETE FROM portal_identity WHERE issuer = ? AND account_id = ?";
static const char sql_name[] = "SELECT username FROM account WHERE id = ?";

yh_err kit_portal_person(struct kit *k, yh_str issuer, yh_str subject, struct yh_arena *arena, struct kit_session *ret)
{
    kit_loan_auto l = kit_reader(k);
    db_stmt_auto *s = NULL;
    bool row = false;
    YH_TRY(db_prepare(l.d, sql_find, &s));
    db_bind_str(s, 1, issuer);
    db_bind_str(s, 2, subject);
    YH_TRY(db_step(s, &row));
    if (!row)
        return yh_fail(YH_E_NOT_FOUND, "the portal's person '%.*s' is linked with no account", YH_FMT(subject));
    if (!db_is_null(s, 4))
        return yh_fail(YH_E_DENIED, "the account is disabled");
    return kit_read_person(l.d, s, yh_clock_now(), arena, ret);
}

/* ---- linking ---- */

struct linking {
    yh_str issuer, subject, by;
    int64_t account;
    yh_time now;
};

static yh_err put_note(struct db *d, const char *event, const struct linking *w)
{
    db_stmt_auto *s = NULL;
    bool row = false;
    YH_TRY(db_prepare(d, sql_name, &s));
    db_bind_i64(s, 1, w->account);
    YH_TRY(db_step(s, &row));
    const struct kit_note note = {
        event, w->by, w->now, {{"username", row ? db_str(s, 0) : YH_S("")}, {"subject", w->subject}, {"by", w->by}}};
    return kit_note_put(d, &note);
}

static yh_err is_linked(struct db *d, const struct linking *w, bool *ret)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_linked, &s));
    db_bind_str(s, 1, w->issuer);
    db_bind_i64(s, 2, w->account);
    return db_step(s, ret);
}

static yh_err link_txn(struct db *d, void *user)
{
    const struct linking *w = user;
    bool already = false;
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_link, &s));
    db_bind_str(s, 1, w->issuer);
    db_bind_str(s, 2, w->subject);
    db_bind_i64(s, 3, w->now);
    db_bind_str(s, 4, w->by);
    db_bind_i64(s, 5, w->account);
    YH_TRY(db_exec(s));
    if (db_changes(d) == 1)
        return put_note(d, "account.portal_linked", w);
    YH_TRY(is_linked(d, w, &already));
    return yh_fail(YH_E_CONFLICT, "%s", already ? "该账号已绑定一个门户用户,请先解除绑定。" : "该门户用户已绑定其他账号。");
}

static yh_err run(struct kit *k, yh_err (*work)(struct db *d, void *user), struct linking *w)
{
    {
        kit_loan_auto l = kit_writer(k);
        YH_TRY(db_txn(l.d, work, w));
    }
    kit_note_send(k);
    return YH_OK;
}

yh_err kit_portal_link_account(struct kit *k, yh_str issuer, yh_str subject, int64_t account, yh_str by, yh_time now)
{
    struct linking w = {issuer, subject, by, account, now};
    return run(k, link_txn, &w);
}

yh_err kit_portal_link(struct kit *k, yh_str issuer, yh_str username, yh_str subject, yh_str by, yh_time now)
{
    int64_t account = 0;
    if (issuer.n == 0 || subject.n == 0 || subject.n > 255)
        return yh_fail(YH_E_INVALID, "请给出门户地址和门户中的用户标识。");
    {
        kit_loan_auto l = kit_reader(k);
        YH_TRY(kit_account_find(l.d, username, &account));
    }
    return kit_portal_link_account(k, issuer, subject, account, by, now);
}

static yh_err unlink_txn(struct db *d, void *user)
{
    const struct linking *w = user;
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_unlink, &s));
    db_bind_str(s, 1, w->issuer);
    db_bind_i64(s, 2, w->account);
    YH_TRY(db_exec(s));
    if (db_changes(d) != 1)
        return yh_fail(YH_E_NOT_FOUND, "本账号没有绑定门户用户。");
    return put_note(d, "account.portal_unlinked", w);
}

yh_err kit_portal_unlink(struct kit *k, const struct kit_session *who, yh_time now)
{
    struct linking w = {kit_portal_issuer(k), YH_S(""), who->username, who->account_id, now};
    return run(k, unlink_txn, &w);
}

yh_err kit_portal_linked(struct kit *k, int64_t account, bool *ret)
{
    const struct linking w = {.issuer = kit_portal_issuer(k), .account = account};
    kit_loan_auto l = kit_reader(k);
    return is_linked(l.d, &w, ret);
}
