/*
 * Dialects: how regions and vendors deviate from the standard, as data (data/dictionaries/hj212/dialects.csv). The
 * decoder names a dialect where a frame shows it; what a station may do stays with its profile. Pure.
 */
#ifndef YH_HJ212_DIALECT_H
#define YH_HJ212_DIALECT_H

#include "hj212/frame.h"

struct hj212_dialect {
    const char *name;  /* machine word */
    const char *title; /* Chinese */
    const char *cn, *st, *flag, *cp_key, *has; /* how a frame shows it: words, all filled ones must match */
    const char *heartbeat, *login; /* CNs this dialect uses for it, "" when none */
    const char *note;  /* Chinese */
    uint64_t cp_key_first; /* bit (character & 63) of what each word of cp_key begins with */
};

/* The first that matches, NULL when the frame shows none. */
const struct hj212_dialect *hj212_dialect_of(const struct hj212_frame *f);

/* Chinese title of a dialect by its word; NULL when unknown. */
const char *hj212_dialect_title(const char *name);

const struct hj212_dialect *hj212_dialects(size_t *ret_n);

/* CN that keeps a connection alive or logs in (standard 2025 or a dialect), and carries no measurement. */
bool hj212_is_heartbeat(yh_str cn);
bool hj212_is_login(yh_str cn);

#endif
