/* Inside the kit: its state, borrowed connections, notes, password hashing, guard. */
#ifndef YH_KIT_KIT_INTERNAL_H
#define YH_KIT_KIT_INTERNAL_H

#include <pthread.h>
#include <semaphore.h>

#include "base/json.h"
#include "base/sm3.h"
#include "base/map.h"
#include "kit/account.h"
#include "kit/kit.h"
#include "kit/session.h"
#include "kit/vault.h"

#define KIT_NOTE_MAX 4096
#define KIT_PHC_SIZE 128
#define KIT_HEX_SIZE (2 * YH_SM3_LEN + 1)

#define KIT_CACHE_SLOTS 256
#define KIT_NAME_MAX    64 /* bytes of a name as typed */

struct kit_cached {
    char token[KIT_TOKEN_SIZE], csrf[KIT_HEX_SIZE];
    char username[33], roles[KIT_ROLES_MAX], display_name[201];
    int64_t account_id;
    uint64_t rights, wide;
    bool must_change;
    yh_time created, checked;
};

struct kit {
    struct kit_config config;
    struct kit_vault *vault; /* NULL without a folder for its key */
    struct kit_portal *portal; /* NULL: none */
    sem_t hash_slots;
    pthread_mutex_t deliver_lock; /* one note after the other */
    pthread_mutex_t cache_lock;   /* guards the rest */
    uint64_t cache_round;       /* counts what made the cache forget */
    struct kit_cached cache[KIT_CACHE_SLOTS];
};

/* A connection that goes back by itself: kit_loan_auto l = kit_writer(k); ... l.d ... */
struct kit_loan {
    struct db_pool *pool;
    struct db *d;
};

static inline void kit_loan_end(struct kit_loan *l)
{
    db_pool_put(l->pool, l->d);
}
#define kit_loan_auto yh_cleanup(kit_loan_end) struct kit_loan

static inline struct kit_loan kit_reader(struct kit *k)
{
    return (struct kit_loan){k->config.pool, db_pool_reader(k->config.pool)};
}

static inline struct kit_loan kit_writer(struct kit *k)
{
    return (struct kit_loan){k->config.pool, db_pool_writer(k->config.pool)};
}

/* Tells the application that streams opened by this account must prove themselves again. */
void kit_sessions_ended(struct kit *k, int64_t account);

/* A note about what the kit itself does: {"event":…,"at":…, then the pairs of `fields`}. */
struct kit_note_field {
    const char *key;
    yh_str value;
};
struct kit_note {
    const char *event;
    yh_str origin;
    yh_time at;
    struct kit_note_field fields[6];
};

yh_must yh_err kit_note_put(struct db *d, const struct kit_note *n); /* within the caller's transaction */
void kit_note_send(struct kit *k);                                   /* after it; what the log refuses waits */
yh_must yh_err kit_note_tell(struct kit *k, const struct kit_note *n); /* both, in a transaction of its own */

/* SM3 as NUL-terminated hex of "purpose" || text. */
yh_must yh_err kit_hash_hex(const char *purpose, yh_str text, char ret_hex[KIT_HEX_SIZE]);

yh_must yh_err kit_password_hash(struct kit *k, yh_str password, char ret_phc[KIT_PHC_SIZE]);
/* *ret_stale: right, but made with other parameters than today's. phc NULL: the same work, never right. */
yh_must yh_err kit_password_check(struct kit *k, yh_str password, const char *phc, bool *ret_right, bool *ret_stale);

/* A password typed by somebody, and what it proved (prove.c). `peer` is filled in before. */
struct kit_proof {
    yh_str name, peer;
    char name_buf[KIT_NAME_MAX];
    char name_hash[KIT_HEX_SIZE];
    bool known, enabled, right, stale;
    bool wrong_code; /* the password was right, the second factor was not */
    char phc[KIT_PHC_SIZE];
    struct kit_session person;
};

/* Counts the attempt, then does the same work whether the account exists or not. BUSY and *ret_until when locked. */
yh_must yh_err kit_prove(struct kit *k, struct kit_proof *p, yh_str typed, yh_str password, yh_time now,
                         struct yh_arena *arena, yh_time *ret_until);
yh_must yh_err kit_refuse(struct kit *k, const struct kit_proof *p, yh_time now); /* notes it; UNAUTH, if it could be noted */
/* Columns 0..3: id, username, display_name, must_change; and what the person may. */
yh_must yh_err kit_read_person(struct db *d, const struct db_stmt *s, yh_time now, struct yh_arena *arena, struct kit_session *ret);
yh_must yh_err kit_portal_new(const struct kit_portal_config *config, struct kit_portal **ret); /* NULL when there is none */
void kit_portal_free(struct kit_portal *p);

/* A session for the account of *who, proven by other means than a password; fills in what is missing there. DENIED: it has
 * been disabled meanwhile. */
yh_must yh_err kit_session_open(struct kit *k, yh_str peer, yh_str user_agent, yh_time now, struct yh_arena *arena,
                                char ret_token[KIT_TOKEN_SIZE], struct kit_session *who);

yh_must yh_err kit_account_find(struct db *d, yh_str username, int64_t *ret); /* NOT_FOUND: a sentence that names it */
yh_str kit_clip_text(yh_str s, size_t max); /* whole characters; empty when it is no UTF-8 */

/* Is the code of the second factor right? True without looking when the account has none; then *ret_wanted is false. A right
 * code is used up. */
yh_must yh_err kit_factor_check(struct kit *k, int64_t account, yh_str code, yh_time now, bool *ret_wanted, bool *ret_right);

/* Counts the attempt as failed before the password is looked at, so that parallel guesses cannot outrun the count.
 * YH_E_BUSY and *ret_until when locked. `name_hash` from kit_hash_hex. */
yh_must yh_err kit_guard_charge(struct db *d, yh_str name_hash, yh_str peer, yh_time now, yh_time *ret_until);
yh_must yh_err kit_guard_clear(struct db *d, yh_str name_hash, yh_str peer); /* it was right after all */
/* Takes back this one attempt and forgives no other: the password was right, but nobody is let in yet. */
yh_must yh_err kit_guard_refund(struct db *d, yh_str name_hash, yh_str peer);
yh_str kit_guard_address(yh_str peer, char buf[64]);                         /* without port; IPv6: /64 */

/* The roles granted to an account now, in order of the table, separated by blanks; and its permissions as sets: those it
 * has, and those that reach everything (rights.c). */
yh_must yh_err kit_roles_of(struct db *d, int64_t account, yh_time now, char ret[KIT_ROLES_MAX]);
yh_must yh_err kit_rights_of(struct db *d, int64_t account, yh_time now, uint64_t *ret_rights, uint64_t *ret_wide);
yh_str kit_first_role(yh_str roles);

/* Sessions seen within the last second (session_cache.c). `round` is read before the database is. */
uint64_t kit_cache_round(struct kit *k);
void kit_cache_put(struct kit *k, uint64_t round, yh_str token, const struct kit_session *s, yh_time created, yh_time now);
bool kit_cache_get(struct kit *k, yh_str token, yh_time now, struct kit_cached *ret);
void kit_cache_clear(struct kit *k);

#endif
