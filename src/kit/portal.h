/*
 * Sign-in by a portal (门户统一登录): OpenID Connect Core 1.0, authorization code with PKCE (RFC 7636). A person of the portal
 * is let in as the account that is linked with it; nobody becomes an account by being known to the portal. What must be
 * remembered between leaving for the portal and coming back travels sealed in a cookie of the browser.
 *
 * One call to the portal at a time, each within seconds: a portal that hangs cannot take the pages' threads.
 */
#ifndef YH_KIT_PORTAL_H
#define YH_KIT_PORTAL_H

#include "kit/session.h"

#define KIT_PORTAL_COOKIE "yh_portal"
#define KIT_PORTAL_TIME   (10 * YH_MINUTE) /* from leaving to coming back */
#define KIT_PORTAL_BACK   "/api/v1/session/portal/callback"

bool kit_portal_enabled(const struct kit *k);
const char *kit_portal_title(const struct kit *k);

/* Leaving. `back`: path of the page to come back to; `account`: the account to be linked, 0 for a sign-in. */
yh_must yh_err kit_portal_begin(struct kit *k, yh_str back, int64_t account, yh_time now, struct yh_arena *arena,
                                yh_str *ret_url, yh_str *ret_cookie);

struct kit_portal_return {
    yh_str cookie, state, code;
    yh_str peer, user_agent;
};

struct kit_portal_result {
    bool linked;                 /* it was about linking; no session was opened */
    yh_str back;
    char token[KIT_TOKEN_SIZE];  /* of the new session */
    struct kit_session session;
};

/*
 * Coming back. INVALID: not what was begun in this browser, or too late; UNAUTH: the portal does not stand for this person
 * (code or token refused); NOT_FOUND: the person is linked with no account; DENIED: the account is disabled; CONFLICT: the
 * person or the account is linked with another one; CLOSED, TIMEOUT: the portal cannot be reached; BUSY: somebody else is
 * just coming back.
 */
yh_must yh_err kit_portal_finish(struct kit *k, const struct kit_portal_return *r, yh_time now, struct yh_arena *arena,
                                 struct kit_portal_result *ret);

yh_must yh_err kit_portal_linked(struct kit *k, int64_t account, bool *ret);
yh_must yh_err kit_portal_unlink(struct kit *k, const struct kit_session *who, yh_time now); /* NOT_FOUND: not linked */

/* By an administrator. NOT_FOUND: no such account; CONFLICT as above; the cause is a Chinese sentence. */
yh_must yh_err kit_portal_link(struct kit *k, yh_str issuer, yh_str username, yh_str subject, yh_str by, yh_time now);

#endif
