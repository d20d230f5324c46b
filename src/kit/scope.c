#include "kit/scope.h"

#include "base/clock.h"
#include "kit/kit_internal.h"
#include "kit/role.h"

#define KEYS_MAX 100000 /* of one account and permission */

static const char sql_count[] = "SELECT COUNT(*) FROM account_scope"
                                " WHERE account_id = ? AND permission = ? AND valid_from <= ? AND valid_to > ?";
static const char sql_load[] = "SELECT kind, scope_key, valid_to FROM account_scope"
                               " WHERE account_id = ? AND permission = ? AND valid_from <= ? AND valid_to > ?";
static const char sql_witnesses[] =
    "SELECT a.id, a.username, a.display_name, v.kind, v.scope_key, v.valid_from, v.valid_to"
    " FROM account_scope v JOIN account a ON a.id = v.account_id"
    " WHERE v.permission = ? AND v.valid_from <= ? AND v.valid_to > ? AND (v.kind = 'all'"
    " OR (v.kind = ? AND v.scope_key = ?) OR (v.kind = ? AND v.scope_key = ?) OR (v.kind = ? AND v.scope_key = ?)"
    " OR (v.kind = ? AND v.scope_key = ?)) ORDER BY a.username, v.kind, v.scope_key";

int kit_scope_bind(struct db_stmt *s, int at, const struct kit_scope *scope)
{
    db_bind_i64(s, at, scope->account_id);
    db_bind_z(s, at + 1, scope->permission);
    db_bind_i64(s, at + 2, scope->at);
    db_bind_i64(s, at + 3, scope->at);
    return at + 4;
}

static int compare_keys(const void *a, const void *b)
{
    const struct kit_scope_key *x = a, *y = b;
    int c = yh_str_cmp(x->kind, y->kind);
    return c ? c : yh_str_cmp(x->key, y->key);
}

static yh_err count_rows(struct db *d, const struct kit_scope *scope, size_t *ret)
{
    db_stmt_auto *s = NULL;
    bool row = false;
    YH_TRY(db_prepare(d, sql_count, &s));
    kit_scope_bind(s, 1, scope);
    YH_TRY(db_step(s, &row));
    *ret = (size_t)db_i64(s, 0);
    return *ret <= KEYS_MAX ? YH_OK : yh_fail(YH_E_TOO_LARGE, "an account reaches more than %d keys", KEYS_MAX);
}

static yh_err take_rows(struct db_stmt *s, struct yh_arena *arena, size_t max, struct kit_scope *to)
{
    for (bool row = true; to->n < max;) {
        YH_TRY(db_step(s, &row));
        if (!row)
            break;
        if (db_i64(s, 2) < to->until)
            to->until = db_i64(s, 2);
        to->all |= yh_str_is(db_str(s, 0), "all");
        struct kit_scope_key key = {yh_arena_str(arena, db_str(s, 0)), yh_arena_str(arena, db_str(s, 1))};
        if (!key.kind.p || !key.key.p)
            return yh_fail(YH_E_NO_MEMORY, "no memory for a data scope");
        to->keys[to->n++] = key;
    }
    return YH_OK;
}

yh_err kit_scope_load(struct db *d, int64_t account, const char *permission, yh_time now, struct yh_arena *arena,
                      struct kit_scope *ret)
{
    struct kit_scope scope = {.account_id = account, .permission = permission, .at = now, .until = INT64_MAX};
    db_stmt_auto *s = NULL;
    size_t n = 0;
    YH_TRY(count_rows(d, &scope, &n));
    scope.keys = YH_NEW_N(arena, struct kit_scope_key, n + 1);
    if (!scope.keys)
        return yh_fail(YH_E_NO_MEMORY, "no memory for a data scope");
    YH_TRY(db_prepare(d, sql_load, &s));
    kit_scope_bind(s, 1, &scope);
    YH_TRY(take_rows(s, arena, n, &scope));
    qsort(scope.keys, scope.n, sizeof *scope.keys, compare_keys);
    *ret = scope;
    return YH_OK;
}

/* Whoever reaches everything needs no look-up; the session knows. */
yh_err kit_scope_under(const struct http_request *rq, const char *permission, struct kit_scope *ret)
{
    const struct kit_host *host = rq->app;
    const struct kit_session *who = rq->user->session;
    yh_time now = yh_clock_now();
    size_t bit = 0;
    if (kit_permission_find(yh_str_of(permission), &bit) && who->wide >> bit & 1) {
        *ret = (struct kit_scope){who->account_id, permission, now, true, NULL, 0, INT64_MAX};
        return YH_OK;
    }
    kit_loan_auto l = kit_reader(host->kit);
    return kit_scope_load(l.d, who->account_id, permission, now, rq->arena, ret);
}

yh_err kit_scope_on(struct db *d, const struct http_request *rq, struct kit_scope *ret)
{
    const struct kit_session *who = rq->user->session;
    return kit_scope_load(d, who->account_id, rq->route->permission, yh_clock_now(), rq->arena, ret);
}

yh_err kit_scope_of(const struct http_request *rq, struct kit_scope *ret)
{
    return kit_scope_under(rq, rq->route->permission, ret);
}

bool kit_scope_has(const struct kit_scope *scope, const char *kind, yh_str key)
{
    if (scope->all)
        return true;
    const struct kit_scope_key wanted = {yh_str_of(kind), key};
    return scope->n && bsearch(&wanted, scope->keys, scope->n, sizeof *scope->keys, compare_keys);
}

bool kit_scope_has_id(const struct kit_scope *scope, const char *kind, int64_t id)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)id);
    return kit_scope_has(scope, kind, yh_str_of(text));
}

/* ---- who could see it ---- */

yh_err kit_scope_witnesses(struct db *d, const char *permission, const struct kit_scope_key *keys, size_t n, yh_time at,
                           bool (*each)(void *user, const struct kit_witness *w), void *user)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_witnesses, &s));
    db_bind_z(s, 1, permission);
    db_bind_i64(s, 2, at);
    db_bind_i64(s, 3, at);
    for (size_t i = 0; i < KIT_WITNESS_KEYS; i++) {
        db_bind_str(s, (int)(4 + 2 * i), i < n ? keys[i].kind : YH_S("-"));
        db_bind_str(s, (int)(5 + 2 * i), i < n ? keys[i].key : YH_S("-"));
    }
    for (;;) {
        bool row = false;
        YH_TRY(db_step(s, &row));
        if (!row)
            return YH_OK;
        struct kit_witness w = {db_i64(s, 0), db_str(s, 1), db_str(s, 2), db_str(s, 3), db_str(s, 4), db_i64(s, 5), db_i64(s, 6)};
        if (!each(user, &w))
            return YH_OK;
    }
}
