/*
 * Targets in the business database: how they are set up, and how far each has got. Every function works on the connection
 * it is given. Rows live in the arena.
 */
#ifndef YH_RELAY_STORE_H
#define YH_RELAY_STORE_H

#include "base/arena.h"
#include "base/timestamp.h"
#include "db/db.h"
#include "hj212/frame.h"

#define RELAY_TARGETS_MAX  64
#define RELAY_STATIONS_MAX 5000 /* in a list, and names in a map */

typedef enum relay_scope { RELAY_ALL, RELAY_REGION, RELAY_LIST } relay_scope;
typedef enum relay_mode { RELAY_RAW, RELAY_REWRITE } relay_mode;

/* Words of the interface and the database, NULL-terminated, in the order of the enumerations. */
extern const char *const relay_scope_words[];
extern const char *const relay_mode_words[];
extern const char *const relay_edition_words[]; /* keep 2005 2017 2025, in the order of hj212_edition */

struct relay_name {
    yh_str mn, upstream_mn;
};

struct relay_setup {
    int64_t id;
    yh_str name, host;
    uint16_t port;
    bool paused;
    relay_scope scope;
    yh_str region_code; /* empty unless scope is region */
    yh_str *mns;        /* scope list */
    size_t mn_n;
    struct relay_name *names;
    size_t name_n;
    relay_mode mode;
    hj212_edition edition; /* UNKNOWN: keep */
    bool ask_ack;
    yh_str password;    /* empty: as in the frame */
    unsigned pace_ms, rate_per_s, answer_ms, tries;
    yh_time created_at, updated_at;
    yh_str cause;
};

struct relay_counts {
    uint64_t sent, acknowledged, timeouts, refused;
};

/* All, oldest first; or the one of an id (NOT_FOUND). */
yh_must yh_err relay_store_list(struct db *d, struct yh_arena *arena, struct relay_setup **ret, size_t *ret_n);
yh_must yh_err relay_store_get(struct db *d, int64_t id, struct yh_arena *arena, struct relay_setup *ret);

/* Within the caller's transaction. add: `due` is the cursor it begins with. CONFLICT: the name is taken. */
yh_must yh_err relay_store_add(struct db *d, const struct relay_setup *s, yh_str due, yh_time now);
yh_must yh_err relay_store_change(struct db *d, const struct relay_setup *s, yh_time now);
yh_must yh_err relay_store_remove(struct db *d, int64_t id);

/* MNs that belong to the target (scope region and list; none for all). */
yh_must yh_err relay_store_stations(struct db *d, const struct relay_setup *s, bool (*each)(void *user, yh_str mn), void *user);

/* ---- progress ---- */

yh_must yh_err relay_store_progress(struct db *d, int64_t id, struct yh_arena *arena, yh_str *ret_due,
                                    struct relay_counts *ret);
yh_must yh_err relay_store_save(struct db *d, int64_t id, yh_str due, const struct relay_counts *c);

struct relay_open_row {
    uint64_t seq;
    yh_str qn;
};
yh_must yh_err relay_store_opened(struct db *d, int64_t id, bool (*each)(void *user, const struct relay_open_row *r), void *user);
yh_must yh_err relay_store_open(struct db *d, int64_t id, uint64_t seq, yh_str qn);
yh_must yh_err relay_store_close(struct db *d, int64_t id, uint64_t seq);

/* ---- frames set aside ---- */

typedef enum relay_reason { RELAY_UNANSWERED, RELAY_REFUSED, RELAY_ENCIPHERED, RELAY_MALFORMED, RELAY_REASON_COUNT } relay_reason;
extern const char *const relay_reason_words[];

struct relay_aside {
    uint64_t seq;
    yh_str mn, cn;
    relay_reason reason;
    int code;
    unsigned tries;
    yh_time at;
    bool again;
};
yh_must yh_err relay_store_set_aside(struct db *d, int64_t id, const struct relay_aside *a);
yh_must yh_err relay_store_aside_list(struct db *d, int64_t id, size_t limit,
                                      bool (*each)(void *user, const struct relay_aside *a), void *user); /* newest first */
yh_must yh_err relay_store_aside_count(struct db *d, int64_t id, uint64_t *ret);
yh_must yh_err relay_store_mark_again(struct db *d, int64_t id, int64_t *ret_marked); /* all of them */
/* Those marked: told to `each`, then gone from the list. */
yh_must yh_err relay_store_take_again(struct db *d, int64_t id, bool (*each)(void *user, uint64_t seq), void *user);

#endif
