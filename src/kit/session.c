#include "kit/session.h"

#include "base/clock.h"
#include "kit/account.h"
#include "kit/kit_internal.h"

#define TOUCH_EVERY YH_MINUTE
#define PER_ACCOUNT 10
#define AGENT_MAX   200

static const char sql_rehash[] = "UPDATE account SET password_hash = ? WHERE id = ? AND password_hash = ?";
static const char sql_expire[] = "DELETE FROM account_session WHERE created_at <= ? OR last_seen <= ?";
static const char sql_crowd[] = "DELETE FROM account_session WHERE account_id = ? AND token_hash NOT IN"
                                " (SELECT token_hash FROM account_session WHERE account_id = ?"
                                " ORDER BY created_at DESC, token_hash LIMIT ?)";
/* The condition again: the account may have changed while the password was being hashed. */
static const char sql_open[] =
    "INSERT INTO account_session (token_hash, account_id, created_at, last_seen, peer, user_agent)"
    " SELECT ?, id, ?, ?, ?, ? FROM account WHERE id = ? AND disabled_at IS NULL AND password_hash = ?";
static const char sql_open_for[] =
    "INSERT INTO account_session (token_hash, account_id, created_at, last_seen, peer, user_agent)"
    " SELECT ?, id, ?, ?, ?, ? FROM account WHERE id = ? AND disabled_at IS NULL";
static const char sql_find[] =
    "SELECT a.id, a.username, a.display_name, a.must_change, s.created_at, s.last_seen"
    " FROM account_session s JOIN account a ON a.id = s.account_id WHERE s.token_hash = ? AND a.disabled_at IS NULL";
static const char sql_touch[] = "UPDATE account_session SET last_seen = ?,"
                                " created_at = CASE WHEN created_at > ? THEN ? ELSE created_at END"
                                " WHERE token_hash = ? AND (last_seen < ? OR last_seen > ?)";
static const char sql_close[] = "DELETE FROM account_session WHERE token_hash = ?";

/* ---- helpers ---- */

/* A time that lies ahead was written before the clock was set back: counted from now on, so that a session neither ends
 * with the change nor outlives its day by as much. */
static yh_time not_after(yh_time now, yh_time t)
{
    return t < now ? t : now;
}

static yh_time ends_at(yh_time created, yh_time seen)
{
    yh_time idle = seen + KIT_SESSION_IDLE, whole = created + KIT_SESSION_LONG;
    return idle < whole ? idle : whole;
}

static yh_err derive_csrf(yh_str token, struct yh_arena *arena, yh_str *ret)
{
    char hex[KIT_HEX_SIZE];
    YH_TRY(kit_hash_hex("csrf", token, hex));
    *ret = yh_arena_str(arena, yh_str_of(hex));
    return ret->p ? YH_OK : yh_fail(YH_E_NO_MEMORY, "no memory for a session");
}

/* ---- opening ---- */

struct opening {
    const struct kit_session *who;
    const struct kit_proof *p; /* the password that let in; NULL: something else did */
    const char *token_hash;
    const char *fresh_phc; /* NULL: the stored hash is up to date */
    yh_str peer, agent;
    yh_time now;
    bool opened;
};

static yh_err make_room(struct db *d, int64_t account, yh_time now)
{
    db_stmt_auto *expire = NULL, *crowd = NULL;
    YH_TRY(db_prepare(d, sql_expire, &expire));
    db_bind_i64(expire, 1, now - KIT_SESSION_LONG);
    db_bind_i64(expire, 2, now - KIT_SESSION_IDLE);
    YH_TRY(db_exec(expire));
    YH_TRY(db_prepare(d, sql_crowd, &crowd));
    db_bind_i64(crowd, 1, account);
    db_bind_i64(crowd, 2, account);
    db_bind_i64(crowd, 3, PER_ACCOUNT - 1);
    return db_exec(crowd);
}

static yh_err insert_session(struct db *d, struct opening *o)
{
    db_stmt_auto *s = NULL;
    YH_TRY(o->p ? db_prepare(d, sql_open, &s) : db_prepare(d, sql_open_for, &s));
    db_bind_z(s, 1, o->token_hash);
    db_bind_i64(s, 2, o->now);
    db_bind_i64(s, 3, o->now);
    db_bind_str(s, 4, o->peer);
    db_bind_str(s, 5, o->agent);
    db_bind_i64(s, 6, o->who->account_id);
    if (o->p)
        db_bind_z(s, 7, o->p->phc);
    YH_TRY(db_exec(s));
    o->opened = db_changes(d) == 1;
    return YH_OK;
}

static yh_err renew_hash(struct db *d, const struct opening *o)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_rehash, &s));
    db_bind_z(s, 1, o->fresh_phc);
    db_bind_i64(s, 2, o->who->account_id);
    db_bind_z(s, 3, o->p->phc);
    return db_exec(s);
}

static yh_err open_session(struct db *d, void *user)
{
    struct opening *o = user;
    YH_TRY(make_room(d, o->who->account_id, o->now));
    YH_TRY(insert_session(d, o));
    if (!o->opened)
        return YH_OK;
    if (o->fresh_phc)
        YH_TRY(renew_hash(d, o));
    const struct kit_session *who = o->who;
    const struct kit_note note = {
        "session.opened", who->username, o->now,
        {{"username", who->username}, {"role", who->roles}, {"peer", o->peer}, {"user_agent", o->agent},
         {"by", o->p ? YH_S("password") : YH_S("portal")}}};
    YH_TRY(kit_note_put(d, &note));
    return o->p ? kit_guard_clear(d, yh_str_of(o->p->name_hash), o->p->peer) : YH_OK;
}

static void make_token(char ret[KIT_TOKEN_SIZE])
{
    uint8_t bits[32];
    yh_random(bits, sizeof bits);
    yh_hex_encode(bits, sizeof bits, ret);
    ret[KIT_TOKEN_SIZE - 1] = '\0';
}

static yh_err store_session(struct kit *k, struct opening *o)
{
    kit_loan_auto l = kit_writer(k);
    YH_TRY(db_txn(l.d, open_session, o));
    kit_cache_clear(k); /* an older session may have made room */
    return YH_OK;
}

/* Opened: what the browser gets to know. */
static yh_err hand_over(struct kit *k, const char *token, yh_time now, struct yh_arena *arena, char ret_token[KIT_TOKEN_SIZE],
                        struct kit_session *ret)
{
    kit_note_send(k);
    YH_TRY(derive_csrf(yh_str_of(token), arena, &ret->csrf));
    ret->expires = ends_at(now, now);
    memcpy(ret_token, token, KIT_TOKEN_SIZE);
    return YH_OK;
}

yh_err kit_session_open(struct kit *k, yh_str peer, yh_str user_agent, yh_time now, struct yh_arena *arena,
                        char ret_token[KIT_TOKEN_SIZE], struct kit_session *who)
{
    char token[KIT_TOKEN_SIZE], token_hash[KIT_HEX_SIZE];
    make_token(token);
    YH_TRY(kit_hash_hex("session", yh_str_of(token), token_hash));
    struct opening o = {.who = who, .token_hash = token_hash, .peer = kit_clip_text(peer, 64),
                        .agent = kit_clip_text(user_agent, AGENT_MAX), .now = now};
    YH_TRY(store_session(k, &o));
    if (!o.opened)
        return yh_fail(YH_E_DENIED, "the account is disabled");
    return hand_over(k, token, now, arena, ret_token, who);
}

/* No code yet: asking for it is no failure, and no success that would forgive earlier ones either. */
static yh_err ask_for_code(struct kit *k, const struct kit_proof *p)
{
    kit_loan_auto l = kit_writer(k);
    YH_TRY(kit_guard_refund(l.d, yh_str_of(p->name_hash), p->peer));
    return yh_fail(YH_E_DENIED, "the account has a second factor");
}

static yh_err prove_factor(struct kit *k, struct kit_proof *p, yh_str code, yh_time now)
{
    bool wanted = false, right = false;
    YH_TRY(kit_factor_check(k, p->person.account_id, code, now, &wanted, &right));
    if (wanted && code.n == 0)
        return ask_for_code(k, p);
    p->wrong_code = !right;
    return right ? YH_OK : kit_refuse(k, p, now);
}

yh_err kit_sign_in(struct kit *k, const struct kit_credentials *c, yh_time now, struct yh_arena *arena,
                   char ret_token[KIT_TOKEN_SIZE], struct kit_session *ret, yh_time *ret_until)
{
    struct kit_proof p = {.peer = kit_clip_text(c->peer, 64)};
    YH_TRY(kit_prove(k, &p, c->username, c->password, now, arena, ret_until));
    if (!p.right || !p.enabled)
        return kit_refuse(k, &p, now);
    YH_TRY(prove_factor(k, &p, c->code, now));

    char token[KIT_TOKEN_SIZE], token_hash[KIT_HEX_SIZE], fresh[KIT_PHC_SIZE];
    make_token(token);
    YH_TRY(kit_hash_hex("session", yh_str_of(token), token_hash));
    if (p.stale)
        YH_TRY(kit_password_hash(k, c->password, fresh));
    struct opening o = {&p.person, &p, token_hash, p.stale ? fresh : NULL, p.peer, kit_clip_text(c->user_agent, AGENT_MAX),
                        now, false};
    YH_TRY(store_session(k, &o));
    if (!o.opened) {
        p.enabled = false;
        return kit_refuse(k, &p, now);
    }
    *ret = p.person;
    return hand_over(k, token, now, arena, ret_token, ret);
}

/* ---- using and closing ---- */

static yh_err read_session(struct kit *k, const char *token_hash, yh_time now, struct yh_arena *arena,
                           struct kit_session *ret, yh_time *ret_created, yh_time *ret_seen)
{
    kit_loan_auto l = kit_reader(k);
    db_stmt_auto *s = NULL;
    bool row = false;
    YH_TRY(db_prepare(l.d, sql_find, &s));
    db_bind_z(s, 1, token_hash);
    YH_TRY(db_step(s, &row));
    yh_time created = row ? not_after(now, db_i64(s, 4)) : 0;
    if (!row || now >= ends_at(created, db_i64(s, 5)))
        return yh_fail(YH_E_NOT_FOUND, "no such session");
    *ret_created = created;
    *ret_seen = db_i64(s, 5);
    ret->expires = ends_at(created, now);
    return kit_read_person(l.d, s, now, arena, ret);
}

static yh_err touch(struct kit *k, const char *token_hash, yh_time now)
{
    kit_loan_auto l = kit_writer(k);
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(l.d, sql_touch, &s));
    for (int at = 1; at <= 3; at++)
        db_bind_i64(s, at, now);
    db_bind_z(s, 4, token_hash);
    db_bind_i64(s, 5, now);
    db_bind_i64(s, 6, now + TOUCH_EVERY);
    return db_exec(s);
}

static yh_err from_cache(const struct kit_cached *c, yh_time now, struct yh_arena *arena, struct kit_session *ret)
{
    *ret = (struct kit_session){.account_id = c->account_id,
                                .username = yh_arena_str(arena, yh_str_of(c->username)),
                                .display_name = yh_arena_str(arena, yh_str_of(c->display_name)),
                                .roles = yh_arena_str(arena, yh_str_of(c->roles)),
                                .rights = c->rights,
                                .wide = c->wide,
                                .csrf = yh_arena_str(arena, yh_str_of(c->csrf)),
                                .must_change = c->must_change,
                                .expires = ends_at(c->created, now)};
    ret->role = kit_first_role(ret->roles);
    bool kept = ret->username.p && ret->display_name.p && ret->roles.p && ret->csrf.p;
    return kept ? YH_OK : yh_fail(YH_E_NO_MEMORY, "no memory for a session");
}

static yh_err from_database(struct kit *k, yh_str token, yh_time now, struct yh_arena *arena, struct kit_session *ret)
{
    char token_hash[KIT_HEX_SIZE];
    yh_time created = now, seen = now;
    uint64_t round = kit_cache_round(k);
    YH_TRY(kit_hash_hex("session", token, token_hash));
    YH_TRY(read_session(k, token_hash, now, arena, ret, &created, &seen));
    YH_TRY(derive_csrf(token, arena, &ret->csrf));
    /* Whoever may read must be able to read on a full disk: a touch that fails only shortens the session. */
    if (seen <= now - TOUCH_EVERY || seen > now + TOUCH_EVERY)
        (void)!touch(k, token_hash, now);
    kit_cache_put(k, round, token, ret, created, now);
    return YH_OK;
}

yh_err kit_session_find(struct kit *k, yh_str token, yh_time now, struct yh_arena *arena, struct kit_session *ret)
{
    struct kit_session found = {0};
    struct kit_cached cached;
    if (token.n != KIT_TOKEN_SIZE - 1)
        return yh_fail(YH_E_NOT_FOUND, "no such session");
    bool hit = kit_cache_get(k, token, now, &cached) && now < ends_at(cached.created, now);
    YH_TRY(hit ? from_cache(&cached, now, arena, &found) : from_database(k, token, now, arena, &found));
    *ret = found;
    return YH_OK;
}

static yh_err delete_session(struct kit *k, const char *token_hash, bool *ret_was_there)
{
    kit_loan_auto l = kit_writer(k);
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(l.d, sql_close, &s));
    db_bind_z(s, 1, token_hash);
    YH_TRY(db_exec(s));
    *ret_was_there = db_changes(l.d) > 0;
    kit_cache_clear(k);
    return YH_OK;
}

yh_err kit_sign_out(struct kit *k, yh_str token, yh_str peer, yh_time now)
{
    yh_arena_auto arena = yh_arena_make(4096);
    struct kit_session who = {0};
    char token_hash[KIT_HEX_SIZE];
    bool was_there = false;
    YH_TRY(kit_session_find(k, token, now, &arena, &who));
    YH_TRY(kit_hash_hex("session", token, token_hash));
    YH_TRY(delete_session(k, token_hash, &was_there));
    if (!was_there)
        return YH_OK;
    kit_sessions_ended(k, who.account_id);
    const struct kit_note note = {"session.closed", who.username, now,
                                  {{"username", who.username}, {"peer", kit_clip_text(peer, 64)}}};
    return kit_note_tell(k, &note);
}

yh_err kit_change_password(struct kit *k, const struct kit_session *who, yh_str current, yh_str fresh, yh_str peer,
                           yh_time now, yh_time *ret_until)
{
    yh_arena_auto arena = yh_arena_make(4096);
    struct kit_proof p = {.peer = kit_clip_text(peer, 64)};
    const char *problem = kit_password_problem(who->username, fresh);
    if (problem || yh_str_eq(current, fresh))
        return yh_fail(YH_E_INVALID, "%s", problem ? problem : "新密码与原密码相同,请更换密码。");
    YH_TRY(kit_prove(k, &p, who->username, current, now, &arena, ret_until));
    if (!p.right || !p.enabled)
        return kit_refuse(k, &p, now);
    YH_TRY(kit_account_passwd(k, who->username, fresh, false, who->username, now));
    kit_sessions_ended(k, who->account_id);
    return YH_OK;
}
