/*
 * One call to another system over HTTP(S): portals, webhooks, gateways. Over libcurl, which is loaded when the first call is
 * made, so that programs and machines that never call anybody do without it. No redirect is followed, certificates are
 * checked against the system's store, and nothing but http and https is spoken. Any thread; blocks until done.
 */
#ifndef YH_NET_FETCH_H
#define YH_NET_FETCH_H

#include "base/arena.h"
#include "base/err.h"

struct fetch_request {
    const char *url;
    const char *form;        /* NULL: GET; otherwise POST of this application/x-www-form-urlencoded text */
    const char *user;        /* Basic authentication; NULL: none */
    const char *password;
    unsigned timeout_ms;     /* for the whole call; 0: 5 s */
    size_t max;              /* of the answer; 0: 256 KiB */
};

/*
 * The answer, whatever its status. CLOSED: nobody there, or not the one the certificate names; TIMEOUT; TOO_LARGE;
 * INVALID: no URL; UNSUPPORTED: libcurl is not installed.
 */
yh_must yh_err net_fetch(const struct fetch_request *rq, struct yh_arena *arena, int *ret_status, yh_str *ret_body);

#endif
