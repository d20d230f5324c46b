/*
 * One-time codes by time (RFC 6238 over RFC 4226: HMAC-SHA-1, 6 digits, steps of 30 s), as every authenticator app makes
 * them, and the Base32 (RFC 4648) in which apps take the secret. Pure.
 */
#ifndef YH_KIT_TOTP_H
#define YH_KIT_TOTP_H

#include "base/str.h"
#include "base/timestamp.h"

#define KIT_TOTP_SECRET 20 /* bytes; as long as the hash, RFC 4226 section 4 R6 */
#define KIT_TOTP_BASE32 33 /* 32 letters and NUL */
#define KIT_TOTP_DIGITS 6
#define KIT_TOTP_STEP   (30 * YH_SECOND)

/* The code of one step, NUL-terminated; false when the hash is not to be had. */
bool kit_totp_code(const uint8_t secret[KIT_TOTP_SECRET], int64_t step, char ret[KIT_TOTP_DIGITS + 1]);

/*
 * Looks for the code in the present step, the one before and the one after (clocks of phones), but only in steps later than
 * `last_step`: a code that was used once, or one older than it, is never right again (RFC 6238 section 5.2). Returns the step
 * to remember, or -1.
 */
int64_t kit_totp_match(const uint8_t secret[KIT_TOTP_SECRET], yh_str code, yh_time now, int64_t last_step);

void kit_totp_base32(const uint8_t secret[KIT_TOTP_SECRET], char ret[KIT_TOTP_BASE32]);

#endif
