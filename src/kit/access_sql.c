/* Loads what a person's access follows from, and writes what has changed of it. */
#include "kit/access.h"

#define ARENA_MAX (64u << 20)

static const char sql_spans[] = "SELECT agency_id, COALESCE(parent_id, 0), valid_from, valid_to FROM agency_span";
static const char sql_regions[] = "SELECT a.agency_id, a.region_code, CASE WHEN r.kind = '省级(直辖市)' THEN 1 ELSE 0 END,"
                                  " a.valid_from, a.valid_to FROM agency_region a JOIN region r ON r.code = a.region_code";
static const char sql_codes[] = "SELECT code FROM region WHERE kind <> '省级(直辖市)' ORDER BY code";
static const char sql_accounts[] = "SELECT id FROM account ORDER BY id";
static const char sql_person[] =
    "SELECT disabled_at, COALESCE(officer_id, 0), COALESCE(enterprise_id, 0) FROM account WHERE id = ?";
static const char sql_postings[] = "SELECT work_agency_id, COALESCE(work_department_id, 0), valid_from, valid_to"
                                   " FROM officer_span WHERE officer_id = ?";
static const char sql_grants[] = "SELECT id, role, scope, valid_from, valid_to FROM account_grant"
                                 " WHERE account_id = ? AND valid_to > ? ORDER BY id";
static const char sql_items[] = "SELECT kind, scope_key FROM account_grant_item WHERE grant_id = ? ORDER BY kind, scope_key";
static const char sql_current[] = "SELECT permission, kind, scope_key, valid_from, valid_to FROM account_scope"
                                  " WHERE account_id = ? AND valid_to > ?";
static const char sql_end[] = "UPDATE account_scope SET valid_to = ?"
                              " WHERE account_id = ? AND permission = ? AND kind = ? AND scope_key = ? AND valid_from = ?";
static const char sql_drop[] = "DELETE FROM account_scope"
                               " WHERE account_id = ? AND permission = ? AND kind = ? AND scope_key = ? AND valid_from = ?";
static const char sql_add[] = "INSERT INTO account_scope (account_id, permission, kind, scope_key, valid_from, valid_to)"
                              " VALUES (?, ?, ?, ?, ?, ?)";

/* ---- rows of a statement into an array of the arena ---- */

struct reading {
    struct yh_arena *arena;
    char *rows;
    size_t n, size;
};

static void *next_row(struct reading *r)
{
    char *rows = yh_arena_more(r->arena, r->rows, r->n, r->size);
    if (!rows)
        return NULL;
    r->rows = rows;
    return rows + r->n++ * r->size;
}

static yh_err read_all(struct db_stmt *s, struct reading *r, bool (*take)(const struct db_stmt *s, struct yh_arena *arena, void *to))
{
    for (;;) {
        bool row = false;
        YH_TRY(db_step(s, &row));
        if (!row)
            return YH_OK;
        void *to = next_row(r);
        if (!to || !take(s, r->arena, to))
            return yh_fail(YH_E_NO_MEMORY, "no memory for what an account may see");
    }
}

static yh_err read_by_id(struct db *d, const char *sql, int64_t id, struct reading *r,
                         bool (*take)(const struct db_stmt *s, struct yh_arena *arena, void *to))
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql, &s));
    if (id)
        db_bind_i64(s, 1, id);
    return read_all(s, r, take);
}

static bool take_span(const struct db_stmt *s, struct yh_arena *arena, void *to)
{
    (void)arena;
    *(struct access_span *)to =
        (struct access_span){db_i64(s, 0), db_i64(s, 1), kit_day_time(db_str(s, 2)), kit_day_time(db_str(s, 3))};
    return true;
}

static bool take_region(const struct db_stmt *s, struct yh_arena *arena, void *to)
{
    yh_str code = yh_arena_str(arena, db_str(s, 1));
    *(struct access_region *)to = (struct access_region){db_i64(s, 0), code, db_i64(s, 2) != 0,
                                                         kit_day_time(db_str(s, 3)), kit_day_time(db_str(s, 4))};
    return code.p != NULL;
}

static bool take_code(const struct db_stmt *s, struct yh_arena *arena, void *to)
{
    *(yh_str *)to = yh_arena_str(arena, db_str(s, 0));
    return ((yh_str *)to)->p != NULL;
}

static bool take_id(const struct db_stmt *s, struct yh_arena *arena, void *to)
{
    (void)arena;
    *(int64_t *)to = db_i64(s, 0);
    return true;
}

static bool take_posting(const struct db_stmt *s, struct yh_arena *arena, void *to)
{
    (void)arena;
    *(struct access_posting *)to =
        (struct access_posting){db_i64(s, 0), db_i64(s, 1), kit_day_time(db_str(s, 2)), kit_day_time(db_str(s, 3))};
    return true;
}

static bool take_item(const struct db_stmt *s, struct yh_arena *arena, void *to)
{
    struct access_item item = {yh_arena_str(arena, db_str(s, 0)), yh_arena_str(arena, db_str(s, 1))};
    *(struct access_item *)to = item;
    return item.kind.p && item.key.p;
}

static bool take_scope(const struct db_stmt *s, struct yh_arena *arena, void *to)
{
    struct access_row row = {yh_arena_z(arena, db_str(s, 0)), yh_arena_str(arena, db_str(s, 1)),
                             yh_arena_str(arena, db_str(s, 2)), db_i64(s, 3), db_i64(s, 4)};
    *(struct access_row *)to = row;
    return row.permission && row.kind.p && row.key.p;
}

/* ---- loading ---- */

static yh_err load_tree(struct db *d, struct yh_arena *arena, struct access_tree *ret)
{
    struct reading spans = {.arena = arena, .size = sizeof(struct access_span)};
    struct reading regions = {.arena = arena, .size = sizeof(struct access_region)};
    struct reading codes = {.arena = arena, .size = sizeof(yh_str)};
    YH_TRY(read_by_id(d, sql_spans, 0, &spans, take_span));
    YH_TRY(read_by_id(d, sql_regions, 0, &regions, take_region));
    YH_TRY(read_by_id(d, sql_codes, 0, &codes, take_code));
    *ret = (struct access_tree){(const void *)spans.rows, spans.n, (const void *)regions.rows, regions.n,
                                (const void *)codes.rows, codes.n};
    return YH_OK;
}

struct raw_grant {
    int64_t id;
    struct access_grant g;
};

static bool take_grant(const struct db_stmt *s, struct yh_arena *arena, void *to)
{
    (void)arena;
    struct raw_grant *raw = to;
    *raw = (struct raw_grant){db_i64(s, 0), {.role = kit_role_find(db_str(s, 1)), .from = db_i64(s, 3), .to = db_i64(s, 4)}};
    if (!kit_reach_of(db_str(s, 2), &raw->g.reach))
        raw->g.role = NULL; /* of a newer program: it gives nothing */
    return true;
}

static yh_err load_grants(struct db *d, int64_t account, yh_time now, struct yh_arena *arena, struct access_person *p)
{
    struct reading raw = {.arena = arena, .size = sizeof(struct raw_grant)};
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_grants, &s));
    db_bind_i64(s, 1, account);
    db_bind_i64(s, 2, now);
    YH_TRY(read_all(s, &raw, take_grant));
    struct access_grant *grants = YH_NEW_N(arena, struct access_grant, raw.n + 1);
    if (!grants)
        return yh_fail(YH_E_NO_MEMORY, "no memory for grants");
    const struct raw_grant *rows = (const void *)raw.rows;
    for (size_t i = 0; i < raw.n; i++) {
        struct reading items = {.arena = arena, .size = sizeof(struct access_item)};
        if (!rows[i].g.role)
            continue;
        YH_TRY(read_by_id(d, sql_items, rows[i].id, &items, take_item));
        struct access_grant g = rows[i].g;
        g.items = (const void *)items.rows;
        g.item_n = items.n;
        grants[p->grant_n++] = g;
    }
    p->grants = grants;
    return YH_OK;
}

static yh_err load_person(struct db *d, int64_t account, yh_time now, struct yh_arena *arena, struct access_person *ret)
{
    struct reading postings = {.arena = arena, .size = sizeof(struct access_posting)};
    db_stmt_auto *s = NULL;
    bool row = false;
    YH_TRY(db_prepare(d, sql_person, &s));
    db_bind_i64(s, 1, account);
    YH_TRY(db_step(s, &row));
    if (!row)
        return yh_fail(YH_E_NOT_FOUND, "no account %lld", (long long)account);
    *ret = (struct access_person){.disabled = !db_is_null(s, 0), .officer = db_i64(s, 1), .enterprise = db_i64(s, 2)};
    if (ret->officer)
        YH_TRY(read_by_id(d, sql_postings, ret->officer, &postings, take_posting));
    ret->postings = (const void *)postings.rows;
    ret->posting_n = postings.n;
    return load_grants(d, account, now, arena, ret);
}

/* ---- writing ---- */

static int bind_key(struct db_stmt *s, int at, int64_t account, const struct access_row *r)
{
    db_bind_i64(s, at, account);
    db_bind_z(s, at + 1, r->permission);
    db_bind_str(s, at + 2, r->kind);
    db_bind_str(s, at + 3, r->key);
    db_bind_i64(s, at + 4, r->from);
    return at + 5;
}

/* What began is ended; what was still to come never was. */
static yh_err end_row(struct db *d, int64_t account, const struct access_row *r, yh_time now)
{
    db_stmt_auto *s = NULL;
    bool began = r->from < now;
    YH_TRY(db_prepare(d, began ? sql_end : sql_drop, &s));
    if (began)
        db_bind_i64(s, 1, now);
    bind_key(s, began ? 2 : 1, account, r);
    return db_exec(s);
}

static yh_err add_row(struct db *d, int64_t account, const struct access_row *r)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_add, &s));
    db_bind_i64(s, bind_key(s, 1, account, r), r->to);
    return db_exec(s);
}

/* As they look from now on, so that what goes on unchanged is equal. */
static int compare(const void *a, const void *b)
{
    const struct access_row *x = a, *y = b;
    int c = strcmp(x->permission, y->permission);
    c = c ? c : yh_str_cmp(x->kind, y->kind);
    c = c ? c : yh_str_cmp(x->key, y->key);
    c = c ? c : x->from < y->from ? -1 : x->from > y->from;
    return c ? c : x->to < y->to ? -1 : x->to > y->to;
}

static bool among(const struct access_row *rows, size_t n, struct access_row r, yh_time now)
{
    r.from = r.from < now ? now : r.from;
    return n && bsearch(&r, rows, n, sizeof *rows, compare);
}

static yh_err load_current(struct db *d, int64_t account, yh_time now, struct yh_arena *arena, struct access_rows *ret)
{
    struct reading current = {.arena = arena, .size = sizeof(struct access_row)};
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_current, &s));
    db_bind_i64(s, 1, account);
    db_bind_i64(s, 2, now);
    YH_TRY(read_all(s, &current, take_scope));
    *ret = (struct access_rows){(void *)current.rows, current.n, current.n};
    return YH_OK;
}

static yh_err end_what_is_over(struct db *d, int64_t account, const struct access_rows *before, const struct access_rows *after,
                               yh_time now)
{
    for (size_t i = 0; i < before->n; i++)
        if (!among(after->rows, after->n, before->rows[i], now))
            YH_TRY(end_row(d, account, &before->rows[i], now));
    return YH_OK;
}

static yh_err add_what_is_new(struct db *d, int64_t account, struct access_rows *before, const struct access_rows *after,
                              yh_time now)
{
    for (size_t i = 0; i < before->n; i++)
        before->rows[i].from = before->rows[i].from < now ? now : before->rows[i].from;
    if (before->n)
        qsort(before->rows, before->n, sizeof *before->rows, compare);
    for (size_t i = 0; i < after->n; i++)
        if (!among(before->rows, before->n, after->rows[i], now))
            YH_TRY(add_row(d, account, &after->rows[i]));
    return YH_OK;
}

static yh_err refresh_one(struct db *d, const struct access_tree *tree, int64_t account, yh_time now)
{
    yh_arena_auto arena = yh_arena_make(ARENA_MAX);
    struct access_person person;
    struct access_rows before, after;
    YH_TRY(load_person(d, account, now, &arena, &person));
    YH_TRY(kit_access_compute(tree, &person, now, &arena, &after));
    YH_TRY(load_current(d, account, now, &arena, &before));
    YH_TRY(end_what_is_over(d, account, &before, &after, now));
    return add_what_is_new(d, account, &before, &after, now);
}

yh_err kit_access_refresh(struct db *d, int64_t account, yh_time now)
{
    yh_arena_auto arena = yh_arena_make(ARENA_MAX);
    struct access_tree tree;
    struct reading ids = {.arena = &arena, .size = sizeof(int64_t)};
    YH_TRY(load_tree(d, &arena, &tree));
    if (account)
        return refresh_one(d, &tree, account, now);
    YH_TRY(read_by_id(d, sql_accounts, 0, &ids, take_id));
    for (size_t i = 0; i < ids.n; i++)
        YH_TRY(refresh_one(d, &tree, ((const int64_t *)(const void *)ids.rows)[i], now));
    return YH_OK;
}
