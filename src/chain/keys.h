/*
 * The SM2 key that signs checkpoints: keys/sm2.key (PKCS#8 PEM, 0600) and keys/sm2.pub (PEM), made at first open.
 * Reading and verifying needs the public half only.
 */
#ifndef YH_CHAIN_KEYS_H
#define YH_CHAIN_KEYS_H

#include "base/buf.h"

struct chain_keys;

/* Loads both halves and makes them when neither exists (signing), or loads the public half. */
yh_must yh_err chain_keys_open(const char *dir, bool signing, struct chain_keys **ret);
void chain_keys_free(struct chain_keys *k);
void chain_keys_freep(struct chain_keys **k);

/* CORRUPT when the private half, where it is at hand, is damaged or belongs to another key. */
yh_must yh_err chain_keys_verify(const struct chain_keys *k, const char *dir);

yh_must yh_err chain_keys_public_pem(const struct chain_keys *k, yh_buf *out);
const char *chain_keys_id(const struct chain_keys *k); /* 16 hex digits of SM3 over the public key */

yh_must yh_err chain_keys_sign(const struct chain_keys *k, yh_str text, yh_buf *der);
yh_must yh_err chain_keys_check(const struct chain_keys *k, yh_str text, yh_str der); /* CORRUPT when wrong */

#endif
