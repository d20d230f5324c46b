/*
 * Machine tokens: a program calls the interface with "Authorization: Bearer …" in the name of an account. A token has part of
 * the account's permissions, an end within a year, and can be revoked; when the account is disabled or loses a permission, so
 * does the token. It opens nothing that belongs to a person (password, second factor, devices, tokens).
 */
#ifndef YH_KIT_MACHINE_H
#define YH_KIT_MACHINE_H

#include "kit/session.h"

#define KIT_MACHINE_PREFIX  "yht_" /* so that a token is known for one where it has leaked to */
#define KIT_MACHINE_SIZE    (4 + 64 + 1)
#define KIT_MACHINE_LONGEST (366 * YH_DAY)
#define KIT_MACHINE_MOST    20 /* in force, for each account */

struct kit_machine {
    int64_t id;
    yh_str name, permissions; /* blanks between */
    yh_time created, expires;
    yh_time revoked, last_used; /* YH_TIME_NONE: not yet */
    yh_str last_peer;
};

struct kit_new_machine {
    yh_str name;
    const yh_str *permissions;
    size_t permission_count;
    yh_time expires;
};

/* The token is told once. INVALID with a Chinese cause: name, a permission that the account does not have, the end. CONFLICT:
 * too many. */
yh_must yh_err kit_machine_add(struct kit *k, const struct kit_session *who, const struct kit_new_machine *m, yh_time now,
                               char ret_token[KIT_MACHINE_SIZE], int64_t *ret_id);

/* Newest first; views are valid during the call. */
yh_must yh_err kit_machine_list(struct kit *k, int64_t account, void (*each)(void *user, const struct kit_machine *m),
                                void *user);

/* NOT_FOUND: this account has no such token, or it is revoked already. */
yh_must yh_err kit_machine_revoke(struct kit *k, const struct kit_session *who, int64_t id, yh_time now);

/* Who calls with this token. NOT_FOUND: nobody. */
yh_must yh_err kit_machine_find(struct kit *k, yh_str token, yh_str peer, yh_time now, struct yh_arena *arena,
                                struct kit_session *ret);

/* Is the permission among those of a list with blanks between? */
bool kit_machine_grants(yh_str granted, const char *permission);

#endif
