/*
 * Identity tokens of OpenID Connect: a signed JSON Web Token (RFC 7519, RFC 7515) checked against the keys of its issuer (RFC
 * 7517). RS256 and ES256, which every provider offers; a token that names another algorithm, "none" or a shared secret is
 * refused, whatever it says. Pure: the caller brings keys and time.
 */
#ifndef YH_KIT_JWT_H
#define YH_KIT_JWT_H

#include <jansson.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/timestamp.h"

#define KIT_JWT_MAX (16u << 10)

struct kit_jwt_expected {
    yh_str issuer, audience, nonce;
    yh_time now;
};

/*
 * *ret_claims is the payload (the caller json_decref()s it). INVALID: not such a token, or a claim does not fit; NOT_FOUND: no
 * key of that name (the issuer may have new ones); UNAUTH: the signature is wrong. OpenID Connect Core 1.0, 3.1.3.7.
 */
yh_must yh_err kit_jwt_check(yh_str token, const json_t *keys, const struct kit_jwt_expected *expected, json_t **ret_claims);

/* base64url without padding (RFC 4648 section 5). */
yh_must yh_err kit_base64url_decode(yh_str text, struct yh_arena *arena, yh_str *ret);
yh_str kit_base64url(yh_str bytes, struct yh_arena *arena); /* {NULL, 0}: no memory */

#endif
