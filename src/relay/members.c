#include "relay/target.h"

#include "source/source.h"

static void free_values(yh_map *m)
{
    yh_str key;
    void *value;
    for (size_t at = 0; yh_map_next(m, &at, &key, &value);)
        free(value);
    yh_map_done(m);
}

void relay_members_done(struct relay_target *t)
{
    yh_map_done(&t->members);
    yh_map_done(&t->names);
    free_values(&t->keys);
}

struct reading {
    yh_map members, keys;
    yh_err error;
};

static bool add_member(void *user, yh_str mn)
{
    struct reading *r = user;
    r->error = yh_map_put(&r->members, mn, r);
    return r->error == YH_OK;
}

static bool add_key(void *user, const struct source_station *s)
{
    struct reading *r = user;
    if (s->profile.sm4_key.n != 32)
        return true;
    struct hj212_key *key = calloc(1, sizeof *key);
    key = key && yh_hex_decode(s->profile.sm4_key, key->b, sizeof key->b) ? key : (free(key), NULL);
    if (!key)
        return true;
    key->set = true;
    r->error = yh_map_put(&r->keys, s->mn, key);
    if (r->error != YH_OK)
        free(key);
    return r->error == YH_OK;
}

static yh_err read_all(struct relay_target *t, struct db *d, struct reading *r)
{
    YH_TRY(relay_store_stations(d, &t->setup, add_member, r));
    YH_TRY(r->error);
    if (t->setup.mode == RELAY_REWRITE)
        YH_TRY(source_station_list(d, NULL, add_key, r));
    return r->error;
}

static yh_err read_names(struct relay_target *t)
{
    for (size_t i = 0; t->names.n == 0 && i < t->setup.name_n; i++)
        YH_TRY(yh_map_put(&t->names, t->setup.names[i].mn, &t->setup.names[i]));
    return YH_OK;
}

yh_err relay_members_read(struct relay_target *t, struct db *d)
{
    struct reading r = {0};
    yh_err e = read_all(t, d, &r);
    if (e == YH_OK)
        e = read_names(t);
    if (e != YH_OK) {
        yh_map_done(&r.members);
        free_values(&r.keys);
        return e;
    }
    yh_map_done(&t->members);
    free_values(&t->keys);
    t->members = r.members;
    t->keys = r.keys;
    return YH_OK;
}

bool relay_member_has(const struct relay_target *t, yh_str mn)
{
    return t->setup.scope == RELAY_ALL || yh_map_get(&t->members, mn);
}

yh_str relay_member_name(const struct relay_target *t, yh_str mn)
{
    const struct relay_name *name = t->setup.mode == RELAY_REWRITE ? yh_map_get(&t->names, mn) : NULL;
    return name ? name->upstream_mn : mn;
}

const struct hj212_key *relay_member_key(const struct relay_target *t, yh_str mn)
{
    return yh_map_get(&t->keys, mn);
}
