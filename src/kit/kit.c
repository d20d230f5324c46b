#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "kit/id.h"
#include "kit/kit_internal.h"

#define NOTE_ARENA (2u << 20)

extern const struct db_migration kit_migrations[];
extern const size_t kit_migrations_count;

static const char sql_keep_note[] = "INSERT INTO pending_note (id, origin, json) VALUES (?, ?, ?)";
static const char sql_oldest_note[] = "SELECT id, origin, json FROM pending_note ORDER BY id LIMIT 1";
static const char sql_accounts[] = "SELECT COUNT(*) FROM account";
static const char sql_drop_note[] = "DELETE FROM pending_note WHERE id = ?";

yh_err kit_migrate(struct db *d)
{
    return db_migrate(d, kit_migrations, kit_migrations_count);
}

static yh_err migrate_pool(struct db_pool *p, bool create)
{
    bool is_new = false;
    struct db *w = db_pool_writer(p);
    yh_err e = create ? YH_OK : db_is_new(w, &is_new);
    if (is_new)
        e = yh_fail(YH_E_NOT_FOUND, "the database is empty: nothing was ever set up in it");
    if (e == YH_OK)
        e = kit_migrate(w);
    db_pool_put(p, w);
    return e;
}

/* The file in a folder, made if it is wanted. */
static yh_err file_in(const char *dir, bool create, char ret_path[PATH_MAX])
{
    if (snprintf(ret_path, PATH_MAX, "%s/yuheng.db", dir) >= PATH_MAX)
        return yh_fail(YH_E_TOO_LARGE, "path too long: %s", dir);
    if (create)
        YH_TRY(yh_dir_make(dir));
    else if (access(ret_path, F_OK) != 0)
        return yh_fail_errno("cannot open %s", ret_path);
    return kit_database_unmark(dir);
}

yh_err kit_database_open(const char *place, bool create, unsigned readers, struct db_pool **ret)
{
    char path[PATH_MAX];
    struct db_pool *p = NULL;
    if (!db_is_server(place))
        YH_TRY(file_in(place, create, path));
    YH_TRY(db_pool_open(db_is_server(place) ? place : path, readers, &p));
    yh_err e = migrate_pool(p, create);
    if (e != YH_OK) {
        db_pool_close(p);
        return e;
    }
    *ret = p;
    return YH_OK;
}

yh_err kit_database_is_used(struct db *d, bool *ret)
{
    db_stmt_auto *s = NULL;
    bool row = false;
    YH_TRY(db_prepare(d, sql_accounts, &s));
    YH_TRY(db_step(s, &row));
    *ret = row && db_i64(s, 0) > 0;
    return YH_OK;
}

yh_err kit_open(const struct kit_config *config, struct kit **ret)
{
    struct kit *k = calloc(1, sizeof *k);
    if (!k)
        return yh_fail(YH_E_NO_MEMORY, "no memory for the kit");
    k->config = *config;
    yh_err e = kit_portal_new(&config->portal, &k->portal);
    if (e == YH_OK && config->key_dir)
        e = kit_vault_open(config->key_dir, &k->vault);
    if (e != YH_OK) {
        kit_portal_free(k->portal);
        free(k);
        return e;
    }
    if (k->config.hash_slots == 0)
        k->config.hash_slots = 2;
    sem_init(&k->hash_slots, 0, k->config.hash_slots);
    pthread_mutex_init(&k->deliver_lock, NULL);
    pthread_mutex_init(&k->cache_lock, NULL);
    kit_note_send(k);
    *ret = k;
    return YH_OK;
}

void kit_close(struct kit *k)
{
    if (!k)
        return;
    kit_vault_close(k->vault);
    kit_portal_free(k->portal);
    sem_destroy(&k->hash_slots);
    pthread_mutex_destroy(&k->deliver_lock);
    pthread_mutex_destroy(&k->cache_lock);
    free(k);
}

yh_err kit_hash_hex(const char *purpose, yh_str text, char ret_hex[KIT_HEX_SIZE])
{
    struct yh_sm3 *s yh_cleanup(yh_sm3_freep) = NULL;
    YH_TRY(yh_sm3_new(&s));
    yh_sm3_begin(s);
    yh_sm3_add(s, purpose, strlen(purpose));
    yh_sm3_add(s, text.p, text.n);
    yh_sm3_hash h = yh_sm3_end(s);
    yh_hex_encode(h.b, sizeof h.b, ret_hex);
    ret_hex[KIT_HEX_SIZE - 1] = '\0';
    return YH_OK;
}

/* ---- notes ---- */

yh_err kit_note_keep(struct db *d, yh_str origin, yh_str json)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_keep_note, &s));
    db_bind_i64(s, 1, kit_id_next());
    db_bind_str(s, 2, origin);
    db_bind_str(s, 3, json);
    return db_exec(s);
}

yh_err kit_note_put(struct db *d, const struct kit_note *n)
{
    yh_buf_auto out = yh_buf_make(KIT_NOTE_MAX);
    struct yh_json j = yh_json_to(&out);
    yh_json_obj(&j);
    yh_json_kz(&j, "event", n->event);
    yh_json_ktime(&j, "at", n->at);
    for (size_t i = 0; i < YH_LEN(n->fields) && n->fields[i].key; i++)
        yh_json_kstr(&j, n->fields[i].key, n->fields[i].value);
    yh_json_obj_end(&j);
    YH_TRY(yh_buf_check(&out));
    return kit_note_keep(d, n->origin, yh_buf_view(&out));
}

void kit_note_send(struct kit *k)
{
    (void)!kit_deliver_notes(k);
}

yh_err kit_note_tell(struct kit *k, const struct kit_note *n)
{
    {
        kit_loan_auto l = kit_writer(k);
        YH_TRY(kit_note_put(l.d, n));
    }
    kit_note_send(k);
    return YH_OK;
}

static yh_err drop_note(struct db *d, int64_t id)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_drop_note, &s));
    db_bind_i64(s, 1, id);
    return db_exec(s);
}

/* The connection goes back before the log is waited for: nobody else must wait for the log's disk. */
static yh_err oldest_note(struct kit *k, struct yh_arena *arena, int64_t *ret_id, yh_str *ret_origin, yh_str *ret_json)
{
    kit_loan_auto l = kit_reader(k);
    db_stmt_auto *s = NULL;
    bool row = false;
    YH_TRY(db_prepare(l.d, sql_oldest_note, &s));
    YH_TRY(db_step(s, &row));
    if (!row)
        return yh_fail(YH_E_NOT_FOUND, "no note is waiting");
    *ret_id = db_i64(s, 0);
    *ret_origin = yh_arena_str(arena, db_str(s, 1));
    *ret_json = yh_arena_str(arena, db_str(s, 2));
    return ret_json->p ? YH_OK : yh_fail(YH_E_NO_MEMORY, "no memory for a note");
}

static yh_err deliver_one(struct kit *k)
{
    yh_arena_auto arena = yh_arena_make(NOTE_ARENA);
    int64_t id = 0;
    yh_str origin = {0}, json = {0};
    YH_TRY(oldest_note(k, &arena, &id, &origin, &json));
    YH_TRY(k->config.note(k->config.note_user, origin, json));
    kit_loan_auto l = kit_writer(k);
    return drop_note(l.d, id);
}

yh_err kit_deliver_notes(struct kit *k)
{
    yh_err e = YH_OK;
    if (!k->config.note)
        return YH_OK;
    pthread_mutex_lock(&k->deliver_lock);
    while (e == YH_OK)
        e = deliver_one(k);
    pthread_mutex_unlock(&k->deliver_lock);
    return e == YH_E_NOT_FOUND ? YH_OK : e;
}

struct db_pool *kit_pool(const struct kit *k)
{
    return k->config.pool;
}

void kit_rights_changed(struct kit *k, int64_t account)
{
    kit_cache_clear(k);
    kit_sessions_ended(k, account);
    kit_note_send(k);
}

void kit_sessions_ended(struct kit *k, int64_t account)
{
    char id[24] = "";
    if (!k->config.ended)
        return;
    if (account)
        snprintf(id, sizeof id, "%lld", (long long)account);
    k->config.ended(k->config.ended_user, yh_str_of(id));
}
