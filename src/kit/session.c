#include "kit/session.h"

#include "base/clock.h"
#include "kit/account.h"
#include "kit/kit_internal.h"

#define TOUCH_EVERY  YH_MINUTE
#define PER_ACCOUNT  10
#define NAME_MAX_IN  64
#define AGENT_MAX    200

static const char sql_account[] =
    "SELECT id, username, display_name, must_change, password_hash, disabled_at FROM account WHERE username = ?";
static const char sql_rehash[] = "UPDATE account SET password_hash = ? WHERE id = ? AND password_hash = ?";
static const char sql_expire[] = "DELETE FROM account_session WHERE created_at <= ? OR last_seen <= ?";
static const char sql_crowd[] = "DELETE FROM account_session WHERE account_id = ? AND token_hash NOT IN"
                                " (SELECT token_hash FROM account_session WHERE account_id = ?"
                                " ORDER BY created_at DESC, token_hash LIMIT ?)";
/* The condition again: the account may have changed while the password was being hashed. */
static const char sql_open[] =
    "INSERT INTO account_session (token_hash, account_id, created_at, last_seen, peer, user_agent)"
    " SELECT ?, id, ?, ?, ?, ? FROM account WHERE id = ? AND disabled_at IS NULL AND password_hash = ?";
static const char sql_find[] =
    "SELECT a.id, a.username, a.display_name, a.must_change, s.created_at, s.last_seen"
    " FROM account_session s JOIN account a ON a.id = s.account_id WHERE s.token_hash = ? AND a.disabled_at IS NULL";
static const char sql_touch[] = "UPDATE account_session SET last_seen = ?,"
                                " created_at = CASE WHEN created_at > ? THEN ? ELSE created_at END"
                                " WHERE token_hash = ? AND (last_seen < ? OR last_seen > ?)";
static const char sql_close[] = "DELETE FROM account_session WHERE token_hash = ?";

/* ---- helpers ---- */

static yh_str clip_text(yh_str s, size_t max)
{
    if (!yh_str_is_utf8(s))
        return YH_S("");
    size_t n = yh_min_size(s.n, max);
    while (n > 0 && n < s.n && ((unsigned char)s.p[n] & 0xc0) == 0x80)
        n--;
    return yh_str_sub(s, 0, n);
}

/* Trimmed, ASCII lower case; what is too long cannot be a name and becomes empty. */
static yh_str fold_name(yh_str typed, char buf[NAME_MAX_IN])
{
    yh_str s = yh_str_trim(typed);
    if (s.n > NAME_MAX_IN)
        return YH_S("");
    for (size_t i = 0; i < s.n; i++)
        buf[i] = s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] - 'A' + 'a') : s.p[i];
    return (yh_str){buf, s.n};
}

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

/* Columns 0..3 of sql_account and sql_find, and what the person may. */
static yh_err read_person(struct db *d, const struct db_stmt *s, yh_time now, struct yh_arena *arena, struct kit_session *ret)
{
    char roles[KIT_ROLES_MAX];
    ret->account_id = db_i64(s, 0);
    ret->username = yh_arena_str(arena, db_str(s, 1));
    ret->display_name = yh_arena_str(arena, db_str(s, 2));
    ret->must_change = db_i64(s, 3) != 0;
    YH_TRY(kit_roles_of(d, ret->account_id, now, roles));
    YH_TRY(kit_rights_of(d, ret->account_id, now, &ret->rights, &ret->wide));
    ret->roles = yh_arena_str(arena, yh_str_of(roles));
    ret->role = kit_first_role(ret->roles);
    if (!ret->username.p || !ret->display_name.p || !ret->roles.p)
        return yh_fail(YH_E_NO_MEMORY, "no memory for a session");
    return YH_OK;
}

static yh_err derive_csrf(yh_str token, struct yh_arena *arena, yh_str *ret)
{
    char hex[KIT_HEX_SIZE];
    YH_TRY(kit_hash_hex("csrf", token, hex));
    *ret = yh_arena_str(arena, yh_str_of(hex));
    return ret->p ? YH_OK : yh_fail(YH_E_NO_MEMORY, "no memory for a session");
}

/* ---- checking a password ---- */

struct proof {
    yh_str name, peer;
    char name_buf[NAME_MAX_IN];
    char name_hash[KIT_HEX_SIZE];
    bool known, enabled, right, stale;
    char phc[KIT_PHC_SIZE];
    struct kit_session person;
};

static yh_err look_up(struct kit *k, struct proof *p, yh_time now, struct yh_arena *arena)
{
    kit_loan_auto l = kit_reader(k);
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(l.d, sql_account, &s));
    db_bind_str(s, 1, p->name);
    YH_TRY(db_step(s, &p->known));
    if (!p->known)
        return YH_OK;
    yh_str phc = db_str(s, 4);
    if (phc.n >= sizeof p->phc)
        return yh_fail(YH_E_CORRUPT, "stored password hash is too long");
    memcpy(p->phc, phc.p, phc.n);
    p->phc[phc.n] = '\0';
    p->enabled = db_is_null(s, 5);
    return read_person(l.d, s, now, arena, &p->person);
}

static yh_err charge(struct kit *k, struct proof *p, yh_time now, yh_time *ret_until)
{
    kit_loan_auto l = kit_writer(k);
    return kit_guard_charge(l.d, yh_str_of(p->name_hash), p->peer, now, ret_until);
}

/* Counts the attempt, then does the same work whether the account exists or not. */
static yh_err prove(struct kit *k, struct proof *p, yh_str typed, yh_str password, yh_time now, struct yh_arena *arena,
                    yh_time *ret_until)
{
    p->name = fold_name(typed, p->name_buf);
    YH_TRY(kit_hash_hex("account", p->name, p->name_hash));
    YH_TRY(charge(k, p, now, ret_until));
    YH_TRY(look_up(k, p, now, arena));
    return kit_password_check(k, password, p->known ? p->phc : NULL, &p->right, &p->stale);
}

static yh_err refuse(struct kit *k, const struct proof *p, yh_time now)
{
    /* An unknown name is not written down: it may be a password in the wrong field. */
    yh_str who = p->known ? p->name : YH_S("");
    yh_str why = !p->known ? YH_S("unknown_account") : !p->right ? YH_S("wrong_password") : YH_S("disabled");
    const struct kit_note note = {"session.refused", p->known ? p->name : YH_S("sign-in"), now,
                                  {{"username", who}, {"reason", why}, {"peer", p->peer}}};
    YH_TRY(kit_note_tell(k, &note));
    return yh_fail(YH_E_UNAUTH, "user name or password is wrong");
}

/* ---- opening ---- */

struct opening {
    struct proof *p;
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
    YH_TRY(db_prepare(d, sql_open, &s));
    db_bind_z(s, 1, o->token_hash);
    db_bind_i64(s, 2, o->now);
    db_bind_i64(s, 3, o->now);
    db_bind_str(s, 4, o->peer);
    db_bind_str(s, 5, o->agent);
    db_bind_i64(s, 6, o->p->person.account_id);
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
    db_bind_i64(s, 2, o->p->person.account_id);
    db_bind_z(s, 3, o->p->phc);
    return db_exec(s);
}

static yh_err open_session(struct db *d, void *user)
{
    struct opening *o = user;
    YH_TRY(make_room(d, o->p->person.account_id, o->now));
    YH_TRY(insert_session(d, o));
    if (!o->opened)
        return YH_OK;
    if (o->fresh_phc)
        YH_TRY(renew_hash(d, o));
    const struct kit_session *who = &o->p->person;
    const struct kit_note note = {
        "session.opened", who->username, o->now,
        {{"username", who->username}, {"role", who->roles}, {"peer", o->peer}, {"user_agent", o->agent}}};
    YH_TRY(kit_note_put(d, &note));
    return kit_guard_clear(d, yh_str_of(o->p->name_hash), o->p->peer);
}

static void make_token(char ret[KIT_TOKEN_SIZE])
{
    uint8_t bits[32];
    yh_random(bits, sizeof bits);
    yh_hex_encode(bits, sizeof bits, ret);
    ret[KIT_TOKEN_SIZE - 1] = '\0';
}

static yh_err store_session(struct kit *k, struct opening *o, yh_str password)
{
    char fresh[KIT_PHC_SIZE];
    if (o->p->stale) {
        YH_TRY(kit_password_hash(k, password, fresh));
        o->fresh_phc = fresh;
    }
    kit_loan_auto l = kit_writer(k);
    YH_TRY(db_txn(l.d, open_session, o));
    kit_cache_clear(k); /* an older session may have made room */
    return YH_OK;
}

yh_err kit_sign_in(struct kit *k, const struct kit_credentials *c, yh_time now, struct yh_arena *arena,
                   char ret_token[KIT_TOKEN_SIZE], struct kit_session *ret, yh_time *ret_until)
{
    struct proof p = {.peer = clip_text(c->peer, 64)};
    YH_TRY(prove(k, &p, c->username, c->password, now, arena, ret_until));
    if (!p.right || !p.enabled)
        return refuse(k, &p, now);

    char token[KIT_TOKEN_SIZE], token_hash[KIT_HEX_SIZE];
    make_token(token);
    YH_TRY(kit_hash_hex("session", yh_str_of(token), token_hash));
    struct opening o = {&p, token_hash, NULL, p.peer, clip_text(c->user_agent, AGENT_MAX), now, false};
    YH_TRY(store_session(k, &o, c->password));
    if (!o.opened) {
        p.enabled = false;
        return refuse(k, &p, now);
    }
    kit_note_send(k);
    YH_TRY(derive_csrf(yh_str_of(token), arena, &p.person.csrf));
    p.person.expires = ends_at(now, now);
    memcpy(ret_token, token, sizeof token);
    *ret = p.person;
    return YH_OK;
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
    return read_person(l.d, s, now, arena, ret);
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
                                  {{"username", who.username}, {"peer", clip_text(peer, 64)}}};
    return kit_note_tell(k, &note);
}

yh_err kit_change_password(struct kit *k, const struct kit_session *who, yh_str current, yh_str fresh, yh_str peer,
                           yh_time now, yh_time *ret_until)
{
    yh_arena_auto arena = yh_arena_make(4096);
    struct proof p = {.peer = clip_text(peer, 64)};
    const char *problem = kit_password_problem(who->username, fresh);
    if (problem || yh_str_eq(current, fresh))
        return yh_fail(YH_E_INVALID, "%s", problem ? problem : "新密码与原密码相同,请更换密码。");
    YH_TRY(prove(k, &p, who->username, current, now, &arena, ret_until));
    if (!p.right || !p.enabled)
        return refuse(k, &p, now);
    YH_TRY(kit_account_passwd(k, who->username, fresh, false, who->username, now));
    kit_sessions_ended(k, who->account_id);
    return YH_OK;
}
