/*
 * Sessions: a signed-in browser. The token is 256 random bits; the database keeps its SM3 hash only, and the CSRF token
 * is derived from it. A session ends 30 minutes after the last request, 12 hours after signing in, when its account is
 * disabled or gets a new password, and at sign-out. An account has at most ten; the oldest go first.
 */
#ifndef YH_KIT_SESSION_H
#define YH_KIT_SESSION_H

#include "base/arena.h"
#include "base/timestamp.h"
#include "kit/kit.h"

#define KIT_SESSION_IDLE (30 * YH_MINUTE)
#define KIT_SESSION_LONG (12 * YH_HOUR)
#define KIT_TOKEN_SIZE   65 /* 64 hex digits and NUL */

struct kit_session {
    int64_t account_id;
    yh_str username, display_name;
    yh_str role, roles; /* granted now, separated by blanks; the first of them, "" without */
    uint64_t rights;    /* permissions it has: bits by place in the table of kit/role.h */
    uint64_t wide;      /* those of them that reach all data */
    bool must_change;   /* the password was set by somebody else */
    yh_time expires;    /* when nothing more is asked */
    yh_str csrf;
    yh_str granted;     /* of a machine token: its permissions, blanks between; {NULL, 0} for a person */
};

/* What a person typed, and from where. */
struct kit_credentials {
    yh_str username, password;
    yh_str peer, user_agent;
    yh_str code; /* of the second factor, or a recovery code; may be empty */
};

/*
 * UNAUTH: unknown name, wrong password, disabled account and wrong code alike, after the same work.
 * DENIED: the password is right; the account has a second factor, and no code came along.
 * BUSY: locked until *ret_until; nothing was checked. TIMEOUT: too many sign-ins at the same time.
 */
yh_must yh_err kit_sign_in(struct kit *k, const struct kit_credentials *c, yh_time now, struct yh_arena *arena,
                           char ret_token[KIT_TOKEN_SIZE], struct kit_session *ret, yh_time *ret_until);

/* NOT_FOUND when there is no such session (any more). What another process ended may be found for one more second. */
yh_must yh_err kit_session_find(struct kit *k, yh_str token, yh_time now, struct yh_arena *arena, struct kit_session *ret);

yh_must yh_err kit_sign_out(struct kit *k, yh_str token, yh_str peer, yh_time now);

/* The signed-in person's own change: the current password is checked like a sign-in (UNAUTH, BUSY), the new one by the
 * rules (INVALID with a Chinese cause). All sessions of the account end. */
yh_must yh_err kit_change_password(struct kit *k, const struct kit_session *who, yh_str current, yh_str fresh, yh_str peer,
                                   yh_time now, yh_time *ret_until);

#endif
