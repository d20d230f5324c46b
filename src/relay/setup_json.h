/*
 * The set-up of a target as people give it: a JSON object read into struct relay_setup, checked, and what a note says of
 * it. Needs the database only for the region. Texts live in the arena.
 */
#ifndef YH_RELAY_SETUP_JSON_H
#define YH_RELAY_SETUP_JSON_H

#include "base/json.h"
#include "relay/store.h"
#include "source/source.h"

void relay_setup_defaults(struct relay_setup *s);

/* Fields present in `body` (its types are checked already) replace those of *s. NO_MEMORY only. */
yh_must yh_err relay_setup_merge(json_t *body, struct yh_arena *arena, struct relay_setup *s);

/* INVALID with *ret_problem. `own_port`: of our own HJ 212 server. */
yh_must yh_err relay_setup_check(struct db *d, const struct relay_setup *s, uint16_t own_port, struct source_problem *ret_problem);

/* The members of an object: what the pages and the notes show. The password is only said to be set. */
void relay_setup_json(const struct relay_setup *s, bool lists, struct yh_json *j);

#endif
