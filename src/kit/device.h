/*
 * Where an account is signed in: the list a person looks at after losing a phone, and the end of what stands in it. A device
 * is named by the beginning of its token's hash, which tells nothing about the token.
 */
#ifndef YH_KIT_DEVICE_H
#define YH_KIT_DEVICE_H

#include "kit/session.h"

#define KIT_DEVICE_ID 16 /* hex digits */

struct kit_device {
    yh_str id;
    yh_str peer, user_agent; /* at sign-in */
    yh_time created, last_seen;
    bool current; /* the one that asks */
};

/* Newest first, without those that have expired; views are valid during the call. `token`: of the one that asks. */
yh_must yh_err kit_device_list(struct kit *k, int64_t account, yh_str token, yh_time now,
                               void (*each)(void *user, const struct kit_device *d), void *user);

/* NOT_FOUND: this account has no such device. */
yh_must yh_err kit_device_end(struct kit *k, const struct kit_session *who, yh_str id, yh_str peer, yh_time now);

/* All but the one that asks. */
yh_must yh_err kit_device_end_others(struct kit *k, const struct kit_session *who, yh_str token, yh_str peer, yh_time now,
                                     int64_t *ret_ended);

#endif
