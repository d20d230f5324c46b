/*
 * Data scope: which records an account reaches under a permission, right now. What it reaches is kept in the table
 * account_scope (computed by kit/access.h); here it is asked.
 *
 * A list's SQL says it once, as one constant text:
 *
 *     "SELECT … FROM officer o … WHERE " KIT_SCOPE_SQL("(v.kind = 'agency' AND v.scope_key = …)")
 *     at = kit_scope_bind(stmt, at, &scope);
 *
 * What stands in memory asks kit_scope_has. A single record out of scope is answered like one that does not exist.
 */
#ifndef YH_KIT_SCOPE_H
#define YH_KIT_SCOPE_H

#include "base/arena.h"
#include "base/timestamp.h"
#include "kit/kit.h"
#include "net/http.h"

/* Kinds of keys; the words of account_scope.kind. */
#define KIT_SCOPE_REGION     "region"
#define KIT_SCOPE_AGENCY     "agency"
#define KIT_SCOPE_DEPARTMENT "department"
#define KIT_SCOPE_OFFICER    "officer"
#define KIT_SCOPE_ENTERPRISE "enterprise"
#define KIT_SCOPE_STATION    "station"

struct kit_scope_key {
    yh_str kind, key;
};

struct kit_scope {
    int64_t account_id;
    const char *permission;
    yh_time at;
    bool all;
    struct kit_scope_key *keys; /* sorted, in the arena */
    size_t n;
    yh_time until;              /* something of it ends then */
};

#define KIT_SCOPE_SQL(tests)                                                                                 \
    "EXISTS (SELECT 1 FROM account_scope v WHERE v.account_id = ? AND v.permission = ? AND v.valid_from <= ?" \
    " AND v.valid_to > ? AND (v.kind = 'all' OR " tests "))"

/* Binds the four parameters of KIT_SCOPE_SQL from place `at` on; returns the place behind them. */
int kit_scope_bind(struct db_stmt *s, int at, const struct kit_scope *scope);

/* What `account` reaches; keys in the arena. */
yh_must yh_err kit_scope_load(struct db *d, int64_t account, const char *permission, yh_time now, struct yh_arena *arena,
                              struct kit_scope *ret);

/* What the asking person reaches under the request's own permission, or another one. */
yh_must yh_err kit_scope_of(const struct http_request *rq, struct kit_scope *ret);
yh_must yh_err kit_scope_on(struct db *d, const struct http_request *rq, struct kit_scope *ret); /* d: a connection at hand */
yh_must yh_err kit_scope_under(const struct http_request *rq, const char *permission, struct kit_scope *ret);

bool kit_scope_has(const struct kit_scope *scope, const char *kind, yh_str key);
bool kit_scope_has_id(const struct kit_scope *scope, const char *kind, int64_t id);

/* Who could reach, at a time, a record with these keys (a station: its MN, its enterprise, its region)? By name. */
struct kit_witness {
    int64_t account_id;
    yh_str username, display_name;
    yh_str kind, key; /* by what */
    yh_time from, to;
};
#define KIT_WITNESS_KEYS 4
yh_must yh_err kit_scope_witnesses(struct db *d, const char *permission, const struct kit_scope_key *keys, size_t n,
                                   yh_time at, bool (*each)(void *user, const struct kit_witness *w), void *user);

#endif
