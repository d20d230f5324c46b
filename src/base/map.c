#include "base/map.h"

#include "base/hash.h"

uint32_t yh_hash32(yh_str s)
{
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < s.n; i++)
        h = (h ^ (unsigned char)s.p[i]) * 16777619u;
    h ^= h >> 16;
    h *= 0x85ebca6bu;
    h ^= h >> 13;
    return h;
}

/* Keys come from outside: with a hash that can be computed elsewhere they could all be sent into one run. */
static uint32_t hash_of(yh_str key)
{
    return (uint32_t)yh_hash_secret(key);
}

void yh_map_done(yh_map *m)
{
    for (size_t i = 0; i < m->cap; i++)
        free(m->slots[i].key);
    free(m->slots);
    *m = (yh_map){0};
}

/* The slot that holds key, or the empty one where it would go. */
static size_t slot_of(const yh_map *m, yh_str key, uint32_t hash)
{
    size_t i = hash & (m->cap - 1);
    while (m->slots[i].key) {
        const struct yh_map_slot *s = &m->slots[i];
        if (s->hash == hash && yh_str_eq((yh_str){s->key, s->key_n}, key))
            break;
        i = (i + 1) & (m->cap - 1);
    }
    return i;
}

void *yh_map_get(const yh_map *m, yh_str key)
{
    if (m->n == 0)
        return NULL;
    const struct yh_map_slot *s = &m->slots[slot_of(m, key, hash_of(key))];
    return s->key ? s->value : NULL;
}

static yh_err grow(yh_map *m)
{
    yh_map bigger = {.cap = m->cap ? m->cap * 2 : 16, .n = m->n};
    bigger.slots = calloc(bigger.cap, sizeof *bigger.slots);
    if (!bigger.slots)
        return yh_fail(YH_E_NO_MEMORY, "no memory for a map of %zu entries", bigger.cap);
    for (size_t i = 0; i < m->cap; i++) {
        const struct yh_map_slot *s = &m->slots[i];
        if (s->key)
            bigger.slots[slot_of(&bigger, (yh_str){s->key, s->key_n}, s->hash)] = *s;
    }
    free(m->slots);
    *m = bigger;
    return YH_OK;
}

yh_err yh_map_put(yh_map *m, yh_str key, void *value)
{
    if (key.n > UINT32_MAX)
        return yh_fail(YH_E_TOO_LARGE, "map key of %zu bytes", key.n);
    if (m->n * 4 >= m->cap * 3)
        YH_TRY(grow(m));
    uint32_t hash = hash_of(key);
    struct yh_map_slot *s = &m->slots[slot_of(m, key, hash)];
    if (!s->key) {
        char *copy = malloc(key.n + 1);
        if (!copy)
            return yh_fail(YH_E_NO_MEMORY, "no memory for a map key");
        if (key.n)
            memcpy(copy, key.p, key.n);
        copy[key.n] = '\0';
        *s = (struct yh_map_slot){copy, (uint32_t)key.n, hash, NULL};
        m->n++;
    }
    s->value = value;
    return YH_OK;
}

void *yh_map_remove(yh_map *m, yh_str key)
{
    if (m->n == 0)
        return NULL;
    size_t hole = slot_of(m, key, hash_of(key));
    if (!m->slots[hole].key)
        return NULL;
    void *value = m->slots[hole].value;
    free(m->slots[hole].key);
    m->slots[hole].key = NULL;
    m->n--;
    /* Close the gap: move back every later entry of the run whose home is not past the hole. */
    for (size_t i = (hole + 1) & (m->cap - 1); m->slots[i].key; i = (i + 1) & (m->cap - 1)) {
        size_t home = m->slots[i].hash & (m->cap - 1);
        if (((i - home) & (m->cap - 1)) >= ((i - hole) & (m->cap - 1))) {
            m->slots[hole] = m->slots[i];
            m->slots[i].key = NULL;
            hole = i;
        }
    }
    return value;
}

bool yh_map_next(const yh_map *m, size_t *at, yh_str *ret_key, void **ret_value)
{
    while (*at < m->cap && !m->slots[*at].key)
        (*at)++;
    if (*at >= m->cap)
        return false;
    const struct yh_map_slot *s = &m->slots[(*at)++];
    *ret_key = (yh_str){s->key, s->key_n};
    *ret_value = s->value;
    return true;
}
