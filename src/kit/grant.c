#include "kit/grant.h"

#include "kit/id.h"
#include "kit/kit_internal.h"

static const char sql_account[] = "SELECT username, COALESCE(officer_id, 0), COALESCE(enterprise_id, 0) FROM account WHERE id = ?";
static const char sql_overlap[] = "SELECT role FROM account_grant WHERE account_id = ? AND valid_from < ? AND valid_to > ?"
                                  " ORDER BY id";
static const char sql_add[] = "INSERT INTO account_grant (id, account_id, role, scope, valid_from, valid_to, reason,"
                              " granted_by, granted_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
static const char sql_add_item[] = "INSERT INTO account_grant_item (grant_id, kind, scope_key) VALUES (?, ?, ?)"
                                   " ON CONFLICT (grant_id, kind, scope_key) DO NOTHING";
static const char sql_find[] = "SELECT g.account_id, g.role, g.valid_from, g.valid_to, a.username FROM account_grant g"
                               " JOIN account a ON a.id = g.account_id WHERE g.id = ?";
static const char sql_end[] = "UPDATE account_grant SET valid_to = ?, ended_by = ?, ended_at = ? WHERE id = ?";
static const char sql_held[] = "SELECT DISTINCT role FROM account_grant WHERE account_id = ? AND valid_from <= ? AND valid_to > ?";
static const char sql_others[] =
    "SELECT COUNT(*) FROM account_grant g JOIN account a ON a.id = g.account_id"
    " WHERE g.role = ? AND g.valid_from <= ? AND g.valid_to > ? AND a.disabled_at IS NULL AND a.id <> ?";
static const char sql_has_region[] = "SELECT 1 FROM region WHERE code = ? AND kind <> '省级(直辖市)'";
static const char sql_has_agency[] = "SELECT 1 FROM agency WHERE id = ?";
static const char sql_has_enterprise[] = "SELECT 1 FROM enterprise WHERE id = ?";
static const char sql_has_station[] = "SELECT 1 FROM station WHERE mn = ?";
#define GRANT_COLUMNS                                                                                        \
    "SELECT g.id, g.account_id, a.username, a.display_name, g.role, g.scope, g.valid_from, g.valid_to, g.reason," \
    " g.granted_by, g.granted_at, g.ended_by, g.ended_at FROM account_grant g JOIN account a ON a.id = g.account_id"
static const char sql_list[] = GRANT_COLUMNS " WHERE g.id > ? ORDER BY g.id LIMIT ?";
static const char sql_list_of[] = GRANT_COLUMNS " WHERE g.account_id = ? AND g.id > ? ORDER BY g.id LIMIT ?";
static const char sql_items[] = "SELECT kind, scope_key FROM account_grant_item WHERE grant_id = ? ORDER BY kind, scope_key";

/* ---- rules ---- */

static bool clean_text(yh_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
            return false;
    return yh_str_is_utf8(s);
}

static yh_err check_words(const struct kit_new_grant *g, const struct kit_role *role, yh_time now)
{
    bool names = g->reach == KIT_REACH_REGION || g->reach == KIT_REACH_LIST;
    if (!(role->reaches >> g->reach & 1))
        return yh_fail(YH_E_INVALID, "角色“%s”不能按“%s”授权。", role->title, kit_reach_title(g->reach));
    if (names && g->item_n == 0)
        return yh_fail(YH_E_INVALID, "请写明授权范围包括哪些对象。");
    if (!names && g->item_n)
        return yh_fail(YH_E_INVALID, "范围“%s”不带名单。", kit_reach_title(g->reach));
    if (g->item_n > KIT_GRANT_ITEMS_MAX)
        return yh_fail(YH_E_INVALID, "名单最多 %d 项。", KIT_GRANT_ITEMS_MAX);
    if (g->to <= g->from || g->to <= now || g->to > KIT_FOREVER)
        return yh_fail(YH_E_INVALID, "授权的截止时间应晚于开始时间和现在。");
    if (!clean_text(g->reason) || yh_utf8_count(g->reason) > 200)
        return yh_fail(YH_E_INVALID, "授权理由应不超过 200 个字符,且不含控制字符。");
    return YH_OK;
}

static const struct {
    const char *kind, *title, *sql;
    bool by_id;
} item_kinds[] = {
    {"region", "行政区划", sql_has_region, false},
    {"agency", "机构", sql_has_agency, true},
    {"enterprise", "企业", sql_has_enterprise, true},
    {"station", "站点", sql_has_station, false},
};

static yh_err check_item(struct db *d, const struct access_item *item, kit_reach reach)
{
    size_t i = 0;
    int64_t id = 0;
    bool row = false;
    db_stmt_auto *s = NULL;
    while (i < YH_LEN(item_kinds) && !yh_str_is(item->kind, item_kinds[i].kind))
        i++;
    if (i == YH_LEN(item_kinds) || (reach == KIT_REACH_REGION && i != 0))
        return yh_fail(YH_E_INVALID, "授权范围不能包括“%.*s”。", YH_FMT(yh_str_sub(item->kind, 0, 40)));
    if (item_kinds[i].by_id && !yh_str_to_i64(item->key, &id))
        return yh_fail(YH_E_INVALID, "%s编号应为数字。", item_kinds[i].title);
    YH_TRY(db_prepare(d, item_kinds[i].sql, &s));
    if (item_kinds[i].by_id)
        db_bind_i64(s, 1, id);
    else
        db_bind_str(s, 1, item->key);
    YH_TRY(db_step(s, &row));
    if (!row)
        return yh_fail(YH_E_INVALID, "没有%s %.*s。", item_kinds[i].title, YH_FMT(yh_str_sub(item->key, 0, 40)));
    return YH_OK;
}

/* The three administrators stand alone. */
static yh_err check_separation(struct db *d, const struct kit_new_grant *g, const struct kit_role *role)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_overlap, &s));
    db_bind_i64(s, 1, g->account_id);
    db_bind_i64(s, 2, g->to);
    db_bind_i64(s, 3, g->from);
    for (;;) {
        bool row = false;
        YH_TRY(db_step(s, &row));
        if (!row)
            return YH_OK;
        const struct kit_role *other = kit_role_find(db_str(s, 0));
        if (other && other != role && (other->alone || role->alone))
            return yh_fail(YH_E_CONFLICT, "三员分立:“%s”与“%s”不能由同一账号兼任。", other->title, role->title);
    }
}

static yh_err check_account(struct db *d, const struct kit_new_grant *g, yh_str *ret_name, struct db_stmt **ret_stmt)
{
    bool row = false;
    YH_TRY(db_prepare(d, sql_account, ret_stmt));
    db_bind_i64(*ret_stmt, 1, g->account_id);
    YH_TRY(db_step(*ret_stmt, &row));
    if (!row)
        return yh_fail(YH_E_NOT_FOUND, "没有这个账号。");
    bool officer = db_i64(*ret_stmt, 1) != 0, firm = db_i64(*ret_stmt, 2) != 0;
    bool by_post = g->reach == KIT_REACH_DEPARTMENT || g->reach == KIT_REACH_AGENCY || g->reach == KIT_REACH_AGENCY_BELOW;
    if (by_post && !officer)
        return yh_fail(YH_E_INVALID, "账号未对应人员,不能按本部门、本机构授权。请先由系统管理员对应人员。");
    if (g->reach == KIT_REACH_SELF && !officer && !firm)
        return yh_fail(YH_E_INVALID, "账号未对应人员或企业,不能按本人(本企业)授权。");
    *ret_name = db_str(*ret_stmt, 0);
    return YH_OK;
}

/* ---- giving ---- */

static yh_err insert(struct db *d, const struct kit_new_grant *g, const struct kit_actor *by, yh_time now, int64_t id)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_add, &s));
    db_bind_i64(s, 1, id);
    db_bind_i64(s, 2, g->account_id);
    db_bind_str(s, 3, g->role);
    db_bind_z(s, 4, kit_reach_word(g->reach));
    db_bind_i64(s, 5, g->from);
    db_bind_i64(s, 6, g->to);
    db_bind_str(s, 7, g->reason);
    db_bind_str(s, 8, by->name);
    db_bind_i64(s, 9, now);
    return db_exec(s);
}

static yh_err insert_items(struct db *d, const struct kit_new_grant *g, int64_t id)
{
    for (size_t i = 0; i < g->item_n; i++) {
        db_stmt_auto *s = NULL;
        YH_TRY(check_item(d, &g->items[i], g->reach));
        YH_TRY(db_prepare(d, sql_add_item, &s));
        db_bind_i64(s, 1, id);
        db_bind_str(s, 2, g->items[i].kind);
        db_bind_str(s, 3, g->items[i].key);
        YH_TRY(db_exec(s));
    }
    return YH_OK;
}

static yh_err note(struct db *d, const char *event, yh_str username, yh_str role, const char *reach, const struct kit_actor *by,
                   yh_time now)
{
    const struct kit_note n = {event, by->name, now,
                               {{"username", username}, {"role", role}, {"scope", yh_str_of(reach)}, {"by", by->name}}};
    return kit_note_put(d, &n);
}

yh_err kit_grant_put(struct db *d, const struct kit_new_grant *asked, const struct kit_actor *by, yh_time now, int64_t *ret_id)
{
    struct kit_new_grant g = *asked;
    g.from = g.from < now ? now : g.from;
    const struct kit_role *role = kit_role_find(g.role);
    db_stmt_auto *account = NULL;
    yh_str username;
    int64_t id = kit_id_next();
    if (!role)
        return yh_fail(YH_E_INVALID, "没有角色 %.*s。", YH_FMT(yh_str_sub(g.role, 0, 40)));
    if (by->account_id && by->account_id == g.account_id)
        return yh_fail(YH_E_DENIED, "不能给自己授权。");
    YH_TRY(check_words(&g, role, now));
    YH_TRY(check_account(d, &g, &username, &account));
    YH_TRY(check_separation(d, &g, role));
    YH_TRY(insert(d, &g, by, now, id));
    YH_TRY(insert_items(d, &g, id));
    YH_TRY(kit_access_refresh(d, g.account_id, now));
    *ret_id = id;
    return note(d, "grant.given", username, g.role, kit_reach_word(g.reach), by, now);
}

struct giving {
    const struct kit_new_grant *g;
    const struct kit_actor *by;
    yh_time now;
    int64_t id, account;
};

static yh_err give(struct db *d, void *user)
{
    struct giving *w = user;
    return kit_grant_put(d, w->g, w->by, w->now, &w->id);
}

yh_err kit_grant_add(struct kit *k, const struct kit_new_grant *g, const struct kit_actor *by, yh_time now, int64_t *ret_id)
{
    struct giving w = {.g = g, .by = by, .now = now};
    {
        kit_loan_auto l = kit_writer(k);
        YH_TRY(db_txn(l.d, give, &w));
    }
    kit_rights_changed(k, g->account_id);
    *ret_id = w.id;
    return YH_OK;
}

/* ---- ending ---- */

static yh_err others_with(struct db *d, yh_str role, int64_t account, yh_time now, int64_t *ret)
{
    db_stmt_auto *s = NULL;
    bool row = false;
    YH_TRY(db_prepare(d, sql_others, &s));
    db_bind_str(s, 1, role);
    db_bind_i64(s, 2, now);
    db_bind_i64(s, 3, now);
    db_bind_i64(s, 4, account);
    YH_TRY(db_step(s, &row));
    *ret = db_i64(s, 0);
    return YH_OK;
}

yh_err kit_grant_keep_last(struct db *d, int64_t account, yh_time now)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_held, &s));
    db_bind_i64(s, 1, account);
    db_bind_i64(s, 2, now);
    db_bind_i64(s, 3, now);
    for (;;) {
        bool row = false;
        int64_t others = 0;
        YH_TRY(db_step(s, &row));
        if (!row)
            return YH_OK;
        const struct kit_role *role = kit_role_find(db_str(s, 0));
        if (!role || !role->alone)
            continue;
        YH_TRY(others_with(d, db_str(s, 0), account, now, &others));
        if (others == 0)
            return yh_fail(YH_E_CONFLICT, "这是最后一名可用的%s,不能停用或收回。", role->title);
    }
}

static yh_err find_grant(struct db *d, struct giving *w, struct db_stmt **ret)
{
    bool row = false;
    YH_TRY(db_prepare(d, sql_find, ret));
    db_bind_i64(*ret, 1, w->id);
    YH_TRY(db_step(*ret, &row));
    if (!row)
        return yh_fail(YH_E_NOT_FOUND, "没有这项授权。");
    w->account = db_i64(*ret, 0);
    if (w->by->account_id && w->by->account_id == w->account)
        return yh_fail(YH_E_DENIED, "不能收回自己的授权。");
    if (db_i64(*ret, 3) <= w->now)
        return yh_fail(YH_E_CONFLICT, "这项授权已经终止。");
    return YH_OK;
}

static yh_err end_grant(struct db *d, void *user)
{
    struct giving *w = user;
    db_stmt_auto *found = NULL, *s = NULL;
    YH_TRY(find_grant(d, w, &found));
    const struct kit_role *role = kit_role_find(db_str(found, 1));
    if (role && role->alone)
        YH_TRY(kit_grant_keep_last(d, w->account, w->now));
    YH_TRY(db_prepare(d, sql_end, &s));
    db_bind_i64(s, 1, db_i64(found, 2) > w->now ? db_i64(found, 2) : w->now); /* one that never began is empty */
    db_bind_str(s, 2, w->by->name);
    db_bind_i64(s, 3, w->now);
    db_bind_i64(s, 4, w->id);
    YH_TRY(db_exec(s));
    YH_TRY(kit_access_refresh(d, w->account, w->now));
    return note(d, "grant.ended", db_str(found, 4), db_str(found, 1), "", w->by, w->now);
}

yh_err kit_grant_end(struct kit *k, int64_t grant, const struct kit_actor *by, yh_time now)
{
    struct giving w = {.by = by, .now = now, .id = grant};
    {
        kit_loan_auto l = kit_writer(k);
        YH_TRY(db_txn(l.d, end_grant, &w));
    }
    kit_rights_changed(k, w.account);
    return YH_OK;
}

/* ---- listing ---- */

static struct kit_grant read_grant(const struct db_stmt *s)
{
    return (struct kit_grant){
        .id = db_i64(s, 0), .account_id = db_i64(s, 1), .username = db_str(s, 2), .display_name = db_str(s, 3),
        .role = db_str(s, 4), .scope = db_str(s, 5), .from = db_i64(s, 6), .to = db_i64(s, 7), .reason = db_str(s, 8),
        .granted_by = db_str(s, 9), .granted_at = db_i64(s, 10), .ended_by = db_str(s, 11),
        .ended_at = db_is_null(s, 12) ? YH_TIME_NONE : db_i64(s, 12),
    };
}

yh_err kit_grant_list(struct db *d, int64_t account, int64_t after, size_t limit,
                      bool (*each)(void *user, const struct kit_grant *g), void *user)
{
    db_stmt_auto *s = NULL;
    int at = 1;
    YH_TRY(db_prepare(d, account ? sql_list_of : sql_list, &s));
    if (account)
        db_bind_i64(s, at++, account);
    db_bind_i64(s, at, after);
    db_bind_i64(s, at + 1, (int64_t)limit);
    for (;;) {
        bool row = false;
        YH_TRY(db_step(s, &row));
        if (!row)
            return YH_OK;
        struct kit_grant g = read_grant(s);
        if (!each(user, &g))
            return YH_OK;
    }
}

yh_err kit_grant_items(struct db *d, int64_t grant, bool (*each)(void *user, const struct access_item *item), void *user)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_items, &s));
    db_bind_i64(s, 1, grant);
    for (;;) {
        bool row = false;
        YH_TRY(db_step(s, &row));
        if (!row)
            return YH_OK;
        struct access_item item = {db_str(s, 0), db_str(s, 1)};
        if (!each(user, &item))
            return YH_OK;
    }
}
