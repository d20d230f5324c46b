/*
 * Accounts: who may sign in. Names are lower case ASCII ([a-z][a-z0-9._-]{1,31}); passwords are kept as Argon2id hashes.
 * `by` says who did it (an account's name, "cli", "first-start"); it is stored and noted.
 * Errors: INVALID (name, role or password against the rules), CONFLICT (name taken; last administrator), NOT_FOUND.
 */
#ifndef YH_KIT_ACCOUNT_H
#define YH_KIT_ACCOUNT_H

#include "base/timestamp.h"
#include "kit/kit.h"

#define KIT_PASSWORD_MAX  256 /* bytes */
#define KIT_PASSWORD_MADE 24  /* length of a generated one: 100 random bits */

struct kit_account {
    int64_t id;
    yh_str username, display_name, role, cause;
    bool must_change, disabled;
    yh_time created_at;
};

struct kit_new_account {
    yh_str username, display_name, role, password;
    bool must_change;
};

/* Why the password is not acceptable, a Chinese sentence; NULL when it is. Pure. */
const char *kit_password_problem(yh_str username, yh_str password);
void kit_password_make(char ret[KIT_PASSWORD_MADE + 1]);

yh_must yh_err kit_account_add(struct kit *k, const struct kit_new_account *a, yh_str by, yh_time now, int64_t *ret_id);

/* When there is no account at all: creates the administrator "admin" with a made-up password, must_change set. */
yh_must yh_err kit_account_first(struct kit *k, yh_time now, char ret_password[KIT_PASSWORD_MADE + 1], bool *ret_created);

/* New password; all sessions of the account end, and its lock-out too. */
yh_must yh_err kit_account_passwd(struct kit *k, yh_str username, yh_str password, bool must_change, yh_str by, yh_time now);

/* Disabling ends all sessions. The last enabled administrator cannot be disabled. */
yh_must yh_err kit_account_disable(struct kit *k, yh_str username, bool disabled, yh_str by, yh_time now);

/* By name; `each` returns false to stop; views are valid during the call. */
yh_must yh_err kit_account_list(struct kit *k, bool (*each)(void *user, const struct kit_account *a), void *user);

#endif
