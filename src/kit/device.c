#include "kit/device.h"

#include <stdio.h>

#include "kit/kit_internal.h"

static const char sql_list[] =
    "SELECT token_hash, peer, user_agent, created_at, last_seen FROM account_session"
    " WHERE account_id = ? AND created_at > ? AND last_seen > ? ORDER BY created_at DESC, token_hash";
static const char sql_end[] = "DELETE FROM account_session WHERE account_id = ? AND substr(token_hash, 1, 16) = ?";
static const char sql_end_others[] = "DELETE FROM account_session WHERE account_id = ? AND token_hash <> ?";

_Static_assert(KIT_DEVICE_ID == 16, "as sql_end has it");

yh_err kit_device_list(struct kit *k, int64_t account, yh_str token, yh_time now,
                       void (*each)(void *user, const struct kit_device *d), void *user)
{
    char own[KIT_HEX_SIZE];
    YH_TRY(kit_hash_hex("session", token, own));
    kit_loan_auto l = kit_reader(k);
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(l.d, sql_list, &s));
    db_bind_i64(s, 1, account);
    db_bind_i64(s, 2, now - KIT_SESSION_LONG);
    db_bind_i64(s, 3, now - KIT_SESSION_IDLE);
    for (bool row = true;;) {
        YH_TRY(db_step(s, &row));
        if (!row)
            return YH_OK;
        yh_str hash = db_str(s, 0);
        const struct kit_device d = {yh_str_sub(hash, 0, KIT_DEVICE_ID), db_str(s, 1), db_str(s, 2),
                                     db_i64(s, 3), db_i64(s, 4), yh_str_is(hash, own)};
        each(user, &d);
    }
}

struct ending {
    const struct kit_session *who;
    const char *sql;
    yh_str what, peer;
    yh_time now;
    int64_t ended;
};

static yh_err end(struct db *d, void *user)
{
    struct ending *e = user;
    char count[24];
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, e->sql, &s));
    db_bind_i64(s, 1, e->who->account_id);
    db_bind_str(s, 2, e->what);
    YH_TRY(db_exec(s));
    e->ended = db_changes(d);
    if (e->ended == 0)
        return YH_OK;
    snprintf(count, sizeof count, "%lld", (long long)e->ended);
    const struct kit_note note = {
        "session.ended_remotely", e->who->username, e->now,
        {{"username", e->who->username}, {"sessions", yh_str_of(count)}, {"peer", e->peer}}};
    return kit_note_put(d, &note);
}

static yh_err run(struct kit *k, struct ending *e)
{
    {
        kit_loan_auto l = kit_writer(k);
        YH_TRY(db_txn(l.d, end, e));
    }
    if (e->ended == 0)
        return YH_OK;
    kit_cache_clear(k);
    kit_sessions_ended(k, e->who->account_id);
    kit_note_send(k);
    return YH_OK;
}

yh_err kit_device_end(struct kit *k, const struct kit_session *who, yh_str id, yh_str peer, yh_time now)
{
    struct ending e = {.who = who, .sql = sql_end, .what = id, .peer = kit_clip_text(peer, 64), .now = now};
    YH_TRY(run(k, &e));
    return e.ended ? YH_OK : yh_fail(YH_E_NOT_FOUND, "没有这条登录记录,可能已经退出。");
}

yh_err kit_device_end_others(struct kit *k, const struct kit_session *who, yh_str token, yh_str peer, yh_time now,
                             int64_t *ret_ended)
{
    char own[KIT_HEX_SIZE];
    YH_TRY(kit_hash_hex("session", token, own));
    struct ending e = {
        .who = who, .sql = sql_end_others, .what = yh_str_of(own), .peer = kit_clip_text(peer, 64), .now = now};
    YH_TRY(run(k, &e));
    *ret_ended = e.ended;
    return YH_OK;
}
