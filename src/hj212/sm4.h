/*
 * SM4 over the CP area as HJ 212-2025 wants it: ECB without padding over every whole block of 16 bytes, a shorter tail
 * stays in the clear. On the wire as raw bytes, or in the notation the standard prints: {0xE4,0x3E,...}tail.
 * Pure; each call has its own cipher context.
 */
#ifndef YH_HJ212_SM4_H
#define YH_HJ212_SM4_H

#include "base/buf.h"

struct hj212_key;

/* 32 hex digits. */
yh_must yh_err hj212_key_parse(yh_str hex, struct hj212_key *ret);

/* Both append to `out`; `cp` in raw form. */
yh_must yh_err hj212_sm4_encipher(const struct hj212_key *key, yh_str cp, yh_buf *out);
yh_must yh_err hj212_sm4_decipher(const struct hj212_key *key, yh_str cp, yh_buf *out);

/* {0x..} notation to raw bytes and back (appending). Reading is tolerant of case and of spaces after the commas. */
yh_must yh_err hj212_hexlist_read(yh_str text, yh_buf *out);
void hj212_hexlist_write(yh_str cp, yh_buf *out);

#endif
