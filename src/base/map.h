/*
 * yh_map: bytes -> pointer, open addressing. Keys are copied; values are the caller's. Owned by one thread (or guarded
 * by its owner's lock). Iteration order is unspecified.
 */
#ifndef YH_BASE_MAP_H
#define YH_BASE_MAP_H

#include "base/err.h"
#include "base/str.h"

struct yh_map_slot {
    char *key; /* NULL: empty */
    uint32_t key_n;
    uint32_t hash;
    void *value;
};

typedef struct yh_map {
    struct yh_map_slot *slots;
    size_t cap; /* power of two, 0 before the first insert */
    size_t n;
} yh_map;

void yh_map_done(yh_map *m);
void *yh_map_get(const yh_map *m, yh_str key); /* NULL when absent */
yh_must yh_err yh_map_put(yh_map *m, yh_str key, void *value); /* replaces */
void *yh_map_remove(yh_map *m, yh_str key); /* the old value, NULL when absent */

/* Walks all entries: start with *at = 0; false at the end. The map must not change meanwhile. */
bool yh_map_next(const yh_map *m, size_t *at, yh_str *ret_key, void **ret_value);

uint32_t yh_hash32(yh_str s); /* FNV-1a with a final mix; stable across runs and machines */

#endif
