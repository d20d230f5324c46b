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

#define KIT_ROLES_MAX 256 /* bytes of the names of one account's roles */

struct kit_account {
    int64_t id;
    yh_str username, display_name;
    yh_str role, roles; /* granted now, in order of the table, separated by blanks; the first of them */
    yh_str cause;
    bool must_change, disabled;
    yh_time created_at;
    int64_t officer_id, enterprise_id; /* 0: none */
};

struct kit_new_account {
    yh_str username, display_name;
    yh_str role; /* granted at once, as widely as the role allows; empty: none (the security administrator will) */
    yh_str password;
    bool must_change;
    int64_t officer_id, enterprise_id; /* 0: none */
};

/* Why the password is not acceptable, a Chinese sentence; NULL when it is. Pure. */
const char *kit_password_problem(yh_str username, yh_str password);
void kit_password_make(char ret[KIT_PASSWORD_MADE + 1]);

yh_must yh_err kit_account_add(struct kit *k, const struct kit_new_account *a, yh_str by, yh_time now, int64_t *ret_id);

/*
 * The three administrators (三员: sysadmin, secadmin, auditor): whichever role nobody was ever granted gets its account, named
 * like the role, with a made-up password, must_change set. *ret_n: how many were made.
 */
#define KIT_FIRST_ACCOUNTS 3
struct kit_first_account {
    const char *username, *title;
    char password[KIT_PASSWORD_MADE + 1];
};
yh_must yh_err kit_account_first(struct kit *k, yh_time now, struct kit_first_account ret[KIT_FIRST_ACCOUNTS], size_t *ret_n);

/* New password; all sessions of the account end, and its lock-out too. */
yh_must yh_err kit_account_passwd(struct kit *k, yh_str username, yh_str password, bool must_change, yh_str by, yh_time now);

/* Disabling ends all sessions. The last enabled one of each of the three administrators cannot be disabled. */
yh_must yh_err kit_account_disable(struct kit *k, yh_str username, bool disabled, yh_str by, yh_time now);

/* Whose account it is. CONFLICT while it has a grant: what that reaches would change unseen. INVALID: no such officer or
 * enterprise. */
yh_must yh_err kit_account_link(struct kit *k, yh_str username, int64_t officer_id, int64_t enterprise_id, yh_str by, yh_time now);

/* One of the three administrators, now? What concerns them is not done by one of them alone. */
yh_must yh_err kit_account_is_administrator(struct kit *k, yh_str username, yh_time now, bool *ret);

/* By name; `each` returns false to stop; views are valid during the call. */
yh_must yh_err kit_account_list(struct kit *k, bool (*each)(void *user, const struct kit_account *a), void *user);

#endif
