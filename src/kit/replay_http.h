/*
 * Idempotency-Key: the callbacks of http_config.replay. Keys belong to the account that sent them and to one call (method,
 * path, body); the same key with another call is refused. Answers are kept for a day. Public routes (sign-in) keep none.
 */
#ifndef YH_KIT_REPLAY_HTTP_H
#define YH_KIT_REPLAY_HTTP_H

#include "kit/kit.h"
#include "net/http.h"

yh_err kit_replay_find(struct http_request *rq, yh_str key, bool *ret_found, int *ret_status, yh_str *ret_json);
yh_err kit_replay_keep(struct http_request *rq, yh_str key, int status, yh_str json);

#endif
