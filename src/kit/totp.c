#include "kit/totp.h"

#include <stdio.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#define WINDOW 1 /* steps to either side */

bool kit_totp_code(const uint8_t secret[KIT_TOTP_SECRET], int64_t step, char ret[KIT_TOTP_DIGITS + 1])
{
    uint8_t counter[8], hash[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    for (unsigned i = 0; i < sizeof counter; i++)
        counter[i] = (uint8_t)((uint64_t)step >> (56 - 8 * i));
    if (!HMAC(EVP_sha1(), secret, KIT_TOTP_SECRET, counter, sizeof counter, hash, &n) || n != 20)
        return false;
    const uint8_t *at = hash + (hash[19] & 15); /* dynamic truncation, RFC 4226 section 5.3 */
    uint32_t number = (uint32_t)(at[0] & 127) << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
    snprintf(ret, KIT_TOTP_DIGITS + 1, "%06u", number % 1000000);
    return true;
}

int64_t kit_totp_match(const uint8_t secret[KIT_TOTP_SECRET], yh_str code, yh_time now, int64_t last_step)
{
    int64_t present = now / KIT_TOTP_STEP, found = -1;
    if (code.n != KIT_TOTP_DIGITS)
        return -1;
    for (int64_t step = present - WINDOW; step <= present + WINDOW; step++) {
        char right[KIT_TOTP_DIGITS + 1];
        if (step > last_step && kit_totp_code(secret, step, right) && yh_secret_eq(yh_str_of(right), code) && found < 0)
            found = step;
    }
    return found;
}

void kit_totp_base32(const uint8_t secret[KIT_TOTP_SECRET], char ret[KIT_TOTP_BASE32])
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    uint32_t bits = 0;
    unsigned have = 0, at = 0;
    for (unsigned i = 0; i < KIT_TOTP_SECRET; i++) {
        bits = bits << 8 | secret[i];
        for (have += 8; have >= 5; have -= 5)
            ret[at++] = letters[bits >> (have - 5) & 31];
        bits &= (1u << have) - 1;
    }
    ret[at] = '\0';
}
