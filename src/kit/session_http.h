/* Sign-in over HTTP: the two callbacks of http_config and the rows of /api/v1/session. http_config.app begins with
 * struct kit_host. http_user.name is the account's name; http_user.session is a struct kit_session. */
#ifndef YH_KIT_SESSION_HTTP_H
#define YH_KIT_SESSION_HTTP_H

#include "kit/session.h"
#include "net/http.h"

#define KIT_COOKIE "yh_session"

static inline struct kit *kit_of(const struct http_request *rq)
{
    return ((const struct kit_host *)rq->app)->kit;
}

/* An account that must change its password is nobody outside of its own session: 403 "must_change" on every row that wants
 * a signed-in user, except those that show the session, end it and change the password. */
yh_err kit_authenticate(struct http_request *rq, const struct http_user **ret);
bool kit_permitted(const struct http_user *user, const char *permission);

/*
 * http_config.listen: a stream hears the events its person may see. Topics: "" everybody signed in; the others are a kind, a
 * tab, and
 *   station      region code, tab, enterprise id, tab, MN: whoever reaches it; all empty: who reaches everything
 *   permission   its name: whoever has it
 *   account      its id: that person alone
 */
#define KIT_TOPIC_STATION    "station"
#define KIT_TOPIC_PERMISSION "permission"
#define KIT_TOPIC_ACCOUNT    "account"
yh_err kit_listen(struct http_request *rq, struct http_listener *ret);

extern const struct http_route kit_session_routes[];
extern const struct http_route kit_account_routes[]; /* second factor, devices, machine tokens of the one who asks */

extern const struct http_route kit_portal_routes[];  /* sign-in by a portal */

extern const http_handler kit_slow_handlers[]; /* for http_config.slow */

/* What the handlers of these tables share. */
extern const struct http_schema kit_nothing; /* {} */
yh_err kit_set_cookie(struct http_request *rq, const char *name, yh_str value, const char *path, const char *same_site,
                      yh_time age);
void kit_write_empty(struct http_request *rq);
yh_err kit_need_person(struct http_request *rq); /* 403 "person_only" for machine tokens */
/* UNAUTH becomes `status` bad_credentials with the sentence `wrong`, locked 429, too many at once 503. */
yh_err kit_answer_refusal(struct http_request *rq, yh_err e, yh_time now, yh_time until, int status, const char *wrong);

#endif
