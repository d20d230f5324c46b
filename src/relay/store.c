#include "relay/store.h"

const char *const relay_scope_words[] = {"all", "region", "list", NULL};
const char *const relay_mode_words[] = {"raw", "rewrite", NULL};
const char *const relay_edition_words[] = {"keep", "2005", "2017", "2025", NULL};

#define COLUMNS                                                                                              \
    "id, name, host, port, paused, scope, COALESCE(region_code, ''), mode, edition, ask_ack,"                \
    " COALESCE(password, ''), pace_ms, rate_per_s, answer_ms, tries, created_at, cause, updated_at"
static const char sql_list[] = "SELECT " COLUMNS " FROM relay ORDER BY created_at, id";
static const char sql_get[] = "SELECT " COLUMNS " FROM relay WHERE id = ?";
static const char sql_mns[] = "SELECT mn FROM relay_station WHERE relay_id = ? ORDER BY mn";
static const char sql_count_mns[] = "SELECT count(*) FROM relay_station WHERE relay_id = ?";
static const char sql_count_names[] = "SELECT count(*) FROM relay_mn WHERE relay_id = ?";
static const char sql_names[] = "SELECT mn, upstream_mn FROM relay_mn WHERE relay_id = ? ORDER BY mn";
static const char sql_same_name[] = "SELECT id FROM relay WHERE name = ? AND id <> ?";
static const char sql_add[] =
    "INSERT INTO relay (name, host, port, paused, scope, region_code, mode, edition, ask_ack, password, pace_ms,"
    " rate_per_s, answer_ms, tries, updated_at, id, due, created_at, cause)"
    " VALUES (?, ?, ?, ?, ?, NULLIF(?, ''), ?, ?, ?, NULLIF(?, ''), ?, ?, ?, ?, ?, ?, ?, ?, ?)";
static const char sql_change[] =
    "UPDATE relay SET name = ?, host = ?, port = ?, paused = ?, scope = ?, region_code = NULLIF(?, ''), mode = ?,"
    " edition = ?, ask_ack = ?, password = NULLIF(?, ''), pace_ms = ?, rate_per_s = ?, answer_ms = ?, tries = ?,"
    " updated_at = ? WHERE id = ?";
static const char sql_drop_mns[] = "DELETE FROM relay_station WHERE relay_id = ?";
static const char sql_drop_names[] = "DELETE FROM relay_mn WHERE relay_id = ?";
static const char sql_drop_open[] = "DELETE FROM relay_open WHERE relay_id = ?";
static const char sql_drop_aside[] = "DELETE FROM relay_aside WHERE relay_id = ?";
static const char sql_drop[] = "DELETE FROM relay WHERE id = ?";
static const char sql_add_mn[] = "INSERT INTO relay_station (relay_id, mn) VALUES (?, ?) ON CONFLICT (relay_id, mn) DO NOTHING";
static const char sql_add_name[] = "INSERT INTO relay_mn (relay_id, mn, upstream_mn) VALUES (?, ?, ?)";
static const char sql_region_mns[] =
    "SELECT s.mn FROM station s JOIN outlet o ON o.id = s.outlet_id JOIN enterprise e ON e.id = o.enterprise_id"
    " WHERE e.region_code = ?";

/* A word of ours read back from the database. */
static unsigned place_of(const char *const *words, yh_str word)
{
    for (unsigned i = 0; words[i]; i++)
        if (yh_str_is(word, words[i]))
            return i;
    return 0;
}

/* ---- reading ---- */

static void read_row(const struct db_stmt *s, struct yh_arena *arena, struct relay_setup *r)
{
    *r = (struct relay_setup){
        .id = db_i64(s, 0),
        .name = yh_arena_str(arena, db_str(s, 1)),
        .host = yh_arena_str(arena, db_str(s, 2)),
        .port = (uint16_t)db_i64(s, 3),
        .paused = db_i64(s, 4) != 0,
        .scope = (relay_scope)place_of(relay_scope_words, db_str(s, 5)),
        .region_code = yh_arena_str(arena, db_str(s, 6)),
        .mode = (relay_mode)place_of(relay_mode_words, db_str(s, 7)),
        .edition = (hj212_edition)place_of(relay_edition_words, db_str(s, 8)),
        .ask_ack = db_i64(s, 9) != 0,
        .password = yh_arena_str(arena, db_str(s, 10)),
        .pace_ms = (unsigned)db_i64(s, 11),
        .rate_per_s = (unsigned)db_i64(s, 12),
        .answer_ms = (unsigned)db_i64(s, 13),
        .tries = (unsigned)db_i64(s, 14),
        .created_at = db_i64(s, 15),
        .cause = yh_arena_str(arena, db_str(s, 16)),
        .updated_at = db_i64(s, 17),
    };
}

static yh_err count(struct db *d, const char *sql, int64_t id, size_t *ret)
{
    db_stmt_auto *s = NULL;
    bool row = false;
    YH_TRY(db_prepare(d, sql, &s));
    db_bind_i64(s, 1, id);
    YH_TRY(db_step(s, &row));
    *ret = row ? (size_t)db_i64(s, 0) : 0;
    return YH_OK;
}

static yh_err read_mns(struct db *d, struct yh_arena *arena, struct relay_setup *r)
{
    size_t max = 0;
    bool row = false;
    YH_TRY(count(d, sql_count_mns, r->id, &max));
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_mns, &s));
    db_bind_i64(s, 1, r->id);
    r->mns = YH_NEW_N(arena, yh_str, max + 1);
    if (!r->mns)
        return yh_fail(YH_E_NO_MEMORY, "no memory for the stations of a target");
    while (r->mn_n < max) {
        YH_TRY(db_step(s, &row));
        if (!row)
            break;
        r->mns[r->mn_n++] = yh_arena_str(arena, db_str(s, 0));
    }
    return YH_OK;
}

static yh_err read_names(struct db *d, struct yh_arena *arena, struct relay_setup *r)
{
    size_t max = 0;
    bool row = false;
    YH_TRY(count(d, sql_count_names, r->id, &max));
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_names, &s));
    db_bind_i64(s, 1, r->id);
    r->names = YH_NEW_N(arena, struct relay_name, max + 1);
    if (!r->names)
        return yh_fail(YH_E_NO_MEMORY, "no memory for the names of a target");
    while (r->name_n < max) {
        YH_TRY(db_step(s, &row));
        if (!row)
            break;
        r->names[r->name_n++] = (struct relay_name){yh_arena_str(arena, db_str(s, 0)), yh_arena_str(arena, db_str(s, 1))};
    }
    return YH_OK;
}

static yh_err read_lists(struct db *d, struct yh_arena *arena, struct relay_setup *r)
{
    YH_TRY(read_mns(d, arena, r));
    return read_names(d, arena, r);
}

yh_err relay_store_list(struct db *d, struct yh_arena *arena, struct relay_setup **ret, size_t *ret_n)
{
    struct relay_setup *rows = YH_NEW_N(arena, struct relay_setup, RELAY_TARGETS_MAX);
    size_t n = 0;
    if (!rows)
        return yh_fail(YH_E_NO_MEMORY, "no memory for the targets");
    {
        db_stmt_auto *s = NULL;
        YH_TRY(db_prepare(d, sql_list, &s));
        for (bool row = true; n < RELAY_TARGETS_MAX; n++) {
            YH_TRY(db_step(s, &row));
            if (!row)
                break;
            read_row(s, arena, &rows[n]);
        }
    }
    for (size_t i = 0; i < n; i++)
        YH_TRY(read_lists(d, arena, &rows[i]));
    *ret = rows;
    *ret_n = n;
    return YH_OK;
}

yh_err relay_store_get(struct db *d, int64_t id, struct yh_arena *arena, struct relay_setup *ret)
{
    {
        db_stmt_auto *s = NULL;
        bool row = false;
        YH_TRY(db_prepare(d, sql_get, &s));
        db_bind_i64(s, 1, id);
        YH_TRY(db_step(s, &row));
        if (!row)
            return yh_fail(YH_E_NOT_FOUND, "no such target");
        read_row(s, arena, ret);
    }
    return read_lists(d, arena, ret);
}

/* ---- changing ---- */

static void bind_setup(struct db_stmt *s, const struct relay_setup *r, yh_time now)
{
    db_bind_str(s, 1, r->name);
    db_bind_str(s, 2, r->host);
    db_bind_i64(s, 3, r->port);
    db_bind_i64(s, 4, r->paused);
    db_bind_z(s, 5, relay_scope_words[r->scope]);
    db_bind_str(s, 6, r->scope == RELAY_REGION ? r->region_code : YH_S(""));
    db_bind_z(s, 7, relay_mode_words[r->mode]);
    db_bind_z(s, 8, relay_edition_words[r->edition]);
    db_bind_i64(s, 9, r->ask_ack);
    db_bind_str(s, 10, r->password);
    db_bind_i64(s, 11, r->pace_ms);
    db_bind_i64(s, 12, r->rate_per_s);
    db_bind_i64(s, 13, r->answer_ms);
    db_bind_i64(s, 14, r->tries);
    db_bind_i64(s, 15, now);
    db_bind_i64(s, 16, r->id);
}

static yh_err check_name(struct db *d, const struct relay_setup *r)
{
    db_stmt_auto *s = NULL;
    bool row = false;
    YH_TRY(db_prepare(d, sql_same_name, &s));
    db_bind_str(s, 1, r->name);
    db_bind_i64(s, 2, r->id);
    YH_TRY(db_step(s, &row));
    return row ? yh_fail(YH_E_CONFLICT, "a target of this name exists") : YH_OK;
}

static yh_err drop(struct db *d, const char *sql, int64_t id)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql, &s));
    db_bind_i64(s, 1, id);
    return db_exec(s);
}

static yh_err add_mn(struct db *d, int64_t id, yh_str mn)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_add_mn, &s));
    db_bind_i64(s, 1, id);
    db_bind_str(s, 2, mn);
    return db_exec(s);
}

static yh_err add_name(struct db *d, int64_t id, const struct relay_name *name)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_add_name, &s));
    db_bind_i64(s, 1, id);
    db_bind_str(s, 2, name->mn);
    db_bind_str(s, 3, name->upstream_mn);
    return db_exec(s);
}

static yh_err put_lists(struct db *d, const struct relay_setup *r)
{
    YH_TRY(drop(d, sql_drop_mns, r->id));
    YH_TRY(drop(d, sql_drop_names, r->id));
    for (size_t i = 0; i < r->mn_n; i++)
        YH_TRY(add_mn(d, r->id, r->mns[i]));
    for (size_t i = 0; i < r->name_n; i++)
        YH_TRY(add_name(d, r->id, &r->names[i]));
    return YH_OK;
}

yh_err relay_store_add(struct db *d, const struct relay_setup *r, yh_str due, yh_time now)
{
    YH_TRY(check_name(d, r));
    {
        db_stmt_auto *s = NULL;
        YH_TRY(db_prepare(d, sql_add, &s));
        bind_setup(s, r, now);
        db_bind_str(s, 17, due);
        db_bind_i64(s, 18, now);
        db_bind_str(s, 19, r->cause);
        YH_TRY(db_exec(s));
    }
    return put_lists(d, r);
}

yh_err relay_store_change(struct db *d, const struct relay_setup *r, yh_time now)
{
    YH_TRY(check_name(d, r));
    {
        db_stmt_auto *s = NULL;
        YH_TRY(db_prepare(d, sql_change, &s));
        bind_setup(s, r, now);
        YH_TRY(db_exec(s));
        if (db_changes(d) == 0)
            return yh_fail(YH_E_NOT_FOUND, "no such target");
    }
    return put_lists(d, r);
}

yh_err relay_store_remove(struct db *d, int64_t id)
{
    YH_TRY(drop(d, sql_drop_mns, id));
    YH_TRY(drop(d, sql_drop_names, id));
    YH_TRY(drop(d, sql_drop_open, id));
    YH_TRY(drop(d, sql_drop_aside, id));
    YH_TRY(drop(d, sql_drop, id));
    return db_changes(d) ? YH_OK : yh_fail(YH_E_NOT_FOUND, "no such target");
}

static yh_err each_region_mn(struct db *d, yh_str region, bool (*each)(void *user, yh_str mn), void *user)
{
    db_stmt_auto *s = NULL;
    bool row = false;
    YH_TRY(db_prepare(d, sql_region_mns, &s));
    db_bind_str(s, 1, region);
    for (;;) {
        YH_TRY(db_step(s, &row));
        if (!row || !each(user, db_str(s, 0)))
            return YH_OK;
    }
}

yh_err relay_store_stations(struct db *d, const struct relay_setup *r, bool (*each)(void *user, yh_str mn), void *user)
{
    if (r->scope == RELAY_REGION)
        return each_region_mn(d, r->region_code, each, user);
    for (size_t i = 0; r->scope == RELAY_LIST && i < r->mn_n; i++)
        if (!each(user, r->mns[i]))
            break;
    return YH_OK;
}
