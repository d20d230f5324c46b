#include "kit/machine.h"

#include <stdio.h>

#include "base/clock.h"
#include "kit/id.h"
#include "kit/kit_internal.h"
#include "kit/role.h"

#define TOUCH_EVERY   YH_MINUTE
#define PERMISSIONS   1024
#define PREFIX_LENGTH (sizeof KIT_MACHINE_PREFIX - 1)

static const char sql_add[] =
    "INSERT INTO machine_token (id, account_id, name, token_hash, permissions, created_at, expires_at)"
    " SELECT ?, a.id, ?, ?, ?, ?, ? FROM account a WHERE a.id = ?"
    " AND (SELECT COUNT(*) FROM machine_token m WHERE m.account_id = a.id AND m.revoked_at IS NULL AND m.expires_at > ?) < ?";
static const char sql_list[] = "SELECT id, name, permissions, created_at, expires_at, revoked_at, last_used, last_peer"
                               " FROM machine_token WHERE account_id = ? ORDER BY id DESC";
static const char sql_revoke[] =
    "UPDATE machine_token SET revoked_at = ? WHERE id = ? AND account_id = ? AND revoked_at IS NULL";
static const char sql_find[] =
    "SELECT a.id, a.username, a.display_name, a.must_change, m.permissions, m.id, m.last_used, m.expires_at"
    " FROM machine_token m JOIN account a ON a.id = m.account_id"
    " WHERE m.token_hash = ? AND m.revoked_at IS NULL AND m.expires_at > ? AND a.disabled_at IS NULL";
static const char sql_touch[] = "UPDATE machine_token SET last_used = ?, last_peer = ? WHERE id = ?";

bool kit_machine_grants(yh_str granted, const char *permission)
{
    for (yh_str one; yh_str_split(&granted, ' ', &one);)
        if (yh_str_is(one, permission))
            return true;
    return false;
}

/* ---- adding ---- */

static yh_err check_new(const struct kit_session *who, const struct kit_new_machine *m, yh_time now, yh_buf *permissions)
{
    size_t letters = yh_str_is_utf8(m->name) ? yh_utf8_count(m->name) : 0;
    if (letters < 1 || letters > 50)
        return yh_fail(YH_E_INVALID, "用途应为 1 至 50 个字符。");
    if (m->expires <= now || m->expires > now + KIT_MACHINE_LONGEST)
        return yh_fail(YH_E_INVALID, "有效期应在今后一年之内。");
    if (m->permission_count == 0)
        return yh_fail(YH_E_INVALID, "请至少选择一项权限。");
    for (size_t i = 0; i < m->permission_count; i++) {
        char z[64];
        snprintf(z, sizeof z, "%.*s", YH_FMT(yh_str_sub(m->permissions[i], 0, sizeof z - 1)));
        size_t bit;
        if (!kit_permission_find(m->permissions[i], &bit) || !(who->rights >> bit & 1))
            return yh_fail(YH_E_INVALID, "本账号没有权限 %s,不能授予令牌。", z);
        if (i > 0)
            yh_buf_putc(permissions, ' ');
        yh_buf_str(permissions, m->permissions[i]);
    }
    return yh_buf_check(permissions);
}

struct adding {
    const struct kit_session *who;
    const struct kit_new_machine *m;
    yh_str permissions;
    const char *hash;
    int64_t id;
    yh_time now;
};

static yh_err put_note(struct db *d, const char *event, const struct kit_session *who, yh_str about, yh_time now)
{
    const struct kit_note note = {event, who->username, now, {{"username", who->username}, {"token", about}}};
    return kit_note_put(d, &note);
}

static yh_err add(struct db *d, void *user)
{
    const struct adding *a = user;
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_add, &s));
    db_bind_i64(s, 1, a->id);
    db_bind_str(s, 2, a->m->name);
    db_bind_z(s, 3, a->hash);
    db_bind_str(s, 4, a->permissions);
    db_bind_i64(s, 5, a->now);
    db_bind_i64(s, 6, a->m->expires);
    db_bind_i64(s, 7, a->who->account_id);
    db_bind_i64(s, 8, a->now);
    db_bind_i64(s, 9, KIT_MACHINE_MOST);
    YH_TRY(db_exec(s));
    if (db_changes(d) != 1)
        return yh_fail(YH_E_CONFLICT, "有效的接口令牌已达 %d 个,请先停用不再使用的。", KIT_MACHINE_MOST);
    return put_note(d, "token.created", a->who, a->m->name, a->now);
}

static void make_token(char ret[KIT_MACHINE_SIZE])
{
    uint8_t bits[32];
    memcpy(ret, KIT_MACHINE_PREFIX, PREFIX_LENGTH);
    yh_random(bits, sizeof bits);
    yh_hex_encode(bits, sizeof bits, ret + PREFIX_LENGTH);
    ret[KIT_MACHINE_SIZE - 1] = '\0';
}

yh_err kit_machine_add(struct kit *k, const struct kit_session *who, const struct kit_new_machine *m, yh_time now,
                       char ret_token[KIT_MACHINE_SIZE], int64_t *ret_id)
{
    char token[KIT_MACHINE_SIZE], hash[KIT_HEX_SIZE];
    yh_buf_auto permissions = yh_buf_make(PERMISSIONS);
    YH_TRY(check_new(who, m, now, &permissions));
    make_token(token);
    YH_TRY(kit_hash_hex("machine", yh_str_of(token), hash));
    struct adding a = {who, m, yh_buf_view(&permissions), hash, kit_id_next(), now};
    {
        kit_loan_auto l = kit_writer(k);
        YH_TRY(db_txn(l.d, add, &a));
    }
    kit_note_send(k);
    memcpy(ret_token, token, sizeof token);
    *ret_id = a.id;
    return YH_OK;
}

/* ---- listing, revoking ---- */

static yh_time time_or_none(const struct db_stmt *s, int column)
{
    return db_is_null(s, column) ? YH_TIME_NONE : db_i64(s, column);
}

yh_err kit_machine_list(struct kit *k, int64_t account, void (*each)(void *user, const struct kit_machine *m), void *user)
{
    kit_loan_auto l = kit_reader(k);
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(l.d, sql_list, &s));
    db_bind_i64(s, 1, account);
    for (bool row = true;;) {
        YH_TRY(db_step(s, &row));
        if (!row)
            return YH_OK;
        const struct kit_machine m = {db_i64(s, 0), db_str(s, 1), db_str(s, 2), db_i64(s, 3), db_i64(s, 4),
                                      time_or_none(s, 5), time_or_none(s, 6), db_str(s, 7)};
        each(user, &m);
    }
}

struct revoking {
    const struct kit_session *who;
    int64_t id;
    yh_time now;
};

static yh_err revoke(struct db *d, void *user)
{
    const struct revoking *r = user;
    char about[24];
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_revoke, &s));
    db_bind_i64(s, 1, r->now);
    db_bind_i64(s, 2, r->id);
    db_bind_i64(s, 3, r->who->account_id);
    YH_TRY(db_exec(s));
    if (db_changes(d) != 1)
        return yh_fail(YH_E_NOT_FOUND, "没有这个接口令牌,可能已经停用。");
    snprintf(about, sizeof about, "%lld", (long long)r->id);
    return put_note(d, "token.revoked", r->who, yh_str_of(about), r->now);
}

yh_err kit_machine_revoke(struct kit *k, const struct kit_session *who, int64_t id, yh_time now)
{
    struct revoking r = {who, id, now};
    {
        kit_loan_auto l = kit_writer(k);
        YH_TRY(db_txn(l.d, revoke, &r));
    }
    kit_note_send(k);
    return YH_OK;
}

/* ---- using ---- */

static yh_err touch(struct kit *k, int64_t id, yh_str peer, yh_time now)
{
    kit_loan_auto l = kit_writer(k);
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(l.d, sql_touch, &s));
    db_bind_i64(s, 1, now);
    db_bind_str(s, 2, kit_clip_text(peer, 64));
    db_bind_i64(s, 3, id);
    return db_exec(s);
}

/* Of what the account may, a token may what it names. */
static void keep_granted(struct kit_session *s)
{
    size_t n;
    const struct kit_permission *all = kit_permissions(&n);
    for (size_t i = 0; i < n; i++)
        if (!kit_machine_grants(s->granted, all[i].name)) {
            s->rights &= ~((uint64_t)1 << i);
            s->wide &= ~((uint64_t)1 << i);
        }
}

static yh_err look_up(struct kit *k, const char *hash, yh_time now, struct yh_arena *arena, struct kit_session *ret,
                      int64_t *ret_id, yh_time *ret_used)
{
    kit_loan_auto l = kit_reader(k);
    db_stmt_auto *s = NULL;
    bool row = false;
    YH_TRY(db_prepare(l.d, sql_find, &s));
    db_bind_z(s, 1, hash);
    db_bind_i64(s, 2, now);
    YH_TRY(db_step(s, &row));
    if (!row)
        return yh_fail(YH_E_NOT_FOUND, "no such token");
    YH_TRY(kit_read_person(l.d, s, now, arena, ret));
    ret->granted = yh_arena_str(arena, db_str(s, 4));
    *ret_id = db_i64(s, 5);
    *ret_used = time_or_none(s, 6);
    ret->expires = db_i64(s, 7);
    if (!ret->granted.p)
        return yh_fail(YH_E_NO_MEMORY, "no memory for a token");
    keep_granted(ret);
    return YH_OK;
}

yh_err kit_machine_find(struct kit *k, yh_str token, yh_str peer, yh_time now, struct yh_arena *arena, struct kit_session *ret)
{
    char hash[KIT_HEX_SIZE];
    struct kit_session found = {0};
    int64_t id = 0;
    yh_time used = 0;
    if (token.n != KIT_MACHINE_SIZE - 1 || memcmp(token.p, KIT_MACHINE_PREFIX, PREFIX_LENGTH) != 0)
        return yh_fail(YH_E_NOT_FOUND, "no such token");
    YH_TRY(kit_hash_hex("machine", token, hash));
    YH_TRY(look_up(k, hash, now, arena, &found, &id, &used));
    /* Whoever may read must be able to read on a full disk. */
    if (used == YH_TIME_NONE || used <= now - TOUCH_EVERY || used > now + TOUCH_EVERY)
        (void)!touch(k, id, peer, now);
    *ret = found;
    return YH_OK;
}
