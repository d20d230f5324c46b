/*
 * The second factor of an account: an authenticator app (kit/totp.h) and ten recovery codes. It is offered, then confirmed by
 * a first code; from then on sign-in asks for one (kit_credentials.code). Changing it wants the password again.
 * Errors: UNAUTH (password or code wrong), BUSY and *ret_until (locked), CONFLICT (not the state for it; the cause is a
 * Chinese sentence), UNSUPPORTED (the program has no folder for the key).
 */
#ifndef YH_KIT_SECOND_FACTOR_H
#define YH_KIT_SECOND_FACTOR_H

#include "kit/session.h"
#include "kit/totp.h"

#define KIT_RECOVERY_CODES 10
#define KIT_RECOVERY_SIZE  12 /* "ABCDE-FGHIJ" and NUL: 50 random bits */

struct kit_factor_state {
    bool confirmed;
    yh_time since;
    int64_t recovery_left;
};
yh_must yh_err kit_factor_state(struct kit *k, int64_t account, struct kit_factor_state *ret);

/* A new secret for the app; what was offered before and not confirmed is forgotten. */
yh_must yh_err kit_factor_offer(struct kit *k, const struct kit_session *who, yh_str password, yh_str peer, yh_time now,
                                char ret_secret[KIT_TOTP_BASE32], yh_time *ret_until);

/* The first code proves that the app has the secret. All other sessions of the account stay. */
yh_must yh_err kit_factor_confirm(struct kit *k, const struct kit_session *who, yh_str code, yh_time now,
                                  char ret_codes[KIT_RECOVERY_CODES][KIT_RECOVERY_SIZE]);

yh_must yh_err kit_factor_remove(struct kit *k, const struct kit_session *who, yh_str password, yh_str code, yh_str peer,
                                 yh_time now, yh_time *ret_until);

/* By an administrator, when phone and codes are lost: also ends the account's sessions. NOT_FOUND: no such account;
 * CONFLICT: it has none. */
yh_must yh_err kit_factor_reset(struct kit *k, yh_str username, yh_str by, yh_time now);

#endif
