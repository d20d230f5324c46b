/*
 * Sessions that were looked up within the last second, so that a busy browser does not cost a database read and two
 * hashes per request. Whatever this process ends is forgotten at once; what another process ends (the command line), within
 * a second. One slot per hash: two tokens that share it displace one another.
 */
#include "kit/kit_internal.h"

#define FRESH YH_SECOND

static struct kit_cached *slot_of(struct kit *k, yh_str token)
{
    return &k->cache[yh_hash32(token) % KIT_CACHE_SLOTS];
}

static bool keep_text(char *to, size_t size, yh_str s)
{
    if (s.n >= size)
        return false;
    memcpy(to, s.p, s.n);
    to[s.n] = '\0';
    return true;
}

static bool fill(struct kit_cached *c, yh_str token, const struct kit_session *s, yh_time created, yh_time now)
{
    c->account_id = s->account_id;
    c->must_change = s->must_change;
    c->rights = s->rights;
    c->wide = s->wide;
    c->created = created;
    c->checked = now;
    return keep_text(c->token, sizeof c->token, token) && keep_text(c->username, sizeof c->username, s->username) &&
           keep_text(c->display_name, sizeof c->display_name, s->display_name) &&
           keep_text(c->roles, sizeof c->roles, s->roles) && keep_text(c->csrf, sizeof c->csrf, s->csrf);
}

uint64_t kit_cache_round(struct kit *k)
{
    pthread_mutex_lock(&k->cache_lock);
    uint64_t round = k->cache_round;
    pthread_mutex_unlock(&k->cache_lock);
    return round;
}

void kit_cache_put(struct kit *k, uint64_t round, yh_str token, const struct kit_session *s, yh_time created, yh_time now)
{
    struct kit_cached c = {0};
    if (!fill(&c, token, s, created, now))
        return;
    pthread_mutex_lock(&k->cache_lock);
    if (round == k->cache_round) /* otherwise something ended since the database was read */
        *slot_of(k, token) = c;
    pthread_mutex_unlock(&k->cache_lock);
}

bool kit_cache_get(struct kit *k, yh_str token, yh_time now, struct kit_cached *ret)
{
    pthread_mutex_lock(&k->cache_lock);
    const struct kit_cached *c = slot_of(k, token);
    bool found = yh_secret_eq(yh_str_of(c->token), token) && now >= c->checked && now - c->checked < FRESH;
    if (found)
        *ret = *c;
    pthread_mutex_unlock(&k->cache_lock);
    return found;
}

void kit_cache_clear(struct kit *k)
{
    pthread_mutex_lock(&k->cache_lock);
    k->cache_round++;
    memset(k->cache, 0, sizeof k->cache);
    pthread_mutex_unlock(&k->cache_lock);
}
