/*
 * Proving a password (and a second factor), for sign-in and for everything that asks for the password again. The attempt
 * counts as failed before the password is looked at, and the work is the same whether the account exists or not.
 */
#include "kit/kit_internal.h"

static const char sql_account[] =
    "SELECT id, username, display_name, must_change, password_hash, disabled_at FROM account WHERE username = ?";

yh_str kit_clip_text(yh_str s, size_t max)
{
    if (!yh_str_is_utf8(s))
        return YH_S("");
    size_t n = yh_min_size(s.n, max);
    while (n > 0 && n < s.n && ((unsigned char)s.p[n] & 0xc0) == 0x80)
        n--;
    return yh_str_sub(s, 0, n);
}

/* Trimmed, ASCII lower case; what is too long cannot be a name and becomes empty. */
static yh_str fold_name(yh_str typed, char buf[KIT_NAME_MAX])
{
    yh_str s = yh_str_trim(typed);
    if (s.n > KIT_NAME_MAX)
        return YH_S("");
    for (size_t i = 0; i < s.n; i++)
        buf[i] = s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] - 'A' + 'a') : s.p[i];
    return (yh_str){buf, s.n};
}

yh_err kit_read_person(struct db *d, const struct db_stmt *s, yh_time now, struct yh_arena *arena, struct kit_session *ret)
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

static yh_err look_up(struct kit *k, struct kit_proof *p, yh_time now, struct yh_arena *arena)
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
    return kit_read_person(l.d, s, now, arena, &p->person);
}

static yh_err charge(struct kit *k, struct kit_proof *p, yh_time now, yh_time *ret_until)
{
    kit_loan_auto l = kit_writer(k);
    return kit_guard_charge(l.d, yh_str_of(p->name_hash), p->peer, now, ret_until);
}

yh_err kit_prove(struct kit *k, struct kit_proof *p, yh_str typed, yh_str password, yh_time now, struct yh_arena *arena,
                 yh_time *ret_until)
{
    p->name = fold_name(typed, p->name_buf);
    YH_TRY(kit_hash_hex("account", p->name, p->name_hash));
    YH_TRY(charge(k, p, now, ret_until));
    YH_TRY(look_up(k, p, now, arena));
    return kit_password_check(k, password, p->known ? p->phc : NULL, &p->right, &p->stale);
}

yh_err kit_refuse(struct kit *k, const struct kit_proof *p, yh_time now)
{
    /* An unknown name is not written down: it may be a password in the wrong field. */
    yh_str who = p->known ? p->name : YH_S("");
    yh_str why = !p->known        ? YH_S("unknown_account")
                 : !p->right      ? YH_S("wrong_password")
                 : !p->enabled    ? YH_S("disabled")
                 : p->wrong_code  ? YH_S("wrong_code")
                                  : YH_S("changed_meanwhile");
    const struct kit_note note = {"session.refused", p->known ? p->name : YH_S("sign-in"), now,
                                  {{"username", who}, {"reason", why}, {"peer", p->peer}}};
    YH_TRY(kit_note_tell(k, &note));
    return yh_fail(YH_E_UNAUTH, "user name or password is wrong");
}
