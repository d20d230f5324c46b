/* Sign-in over HTTP: the two callbacks of http_config and the rows of /api/v1/session. http_config.app begins with
 * struct kit_host. http_user.name is the account's name; http_user.session is a struct kit_session. */
#ifndef YH_KIT_SESSION_HTTP_H
#define YH_KIT_SESSION_HTTP_H

#include "kit/session.h"
#include "net/http.h"

#define KIT_COOKIE "yh_session"

yh_err kit_authenticate(struct http_request *rq, const struct http_user **ret);
bool kit_permitted(const struct http_user *user, const char *permission);

extern const struct http_route kit_session_routes[];

#endif
