#include <argon2.h>
#include <errno.h>
#include <time.h>

#include "base/clock.h"
#include "kit/account.h"
#include "kit/kit_internal.h"

#define MEMORY_KIB  19456 /* 19 MiB */
#define PASSES      2
#define LANES       1
#define SALT_LEN    16
#define HASH_LEN    32
#define SLOT_WAIT_S 5

/* Today's parameters as they stand at the head of a PHC string; anything else is renewed at the next sign-in. */
static const char today[] = "$argon2id$v=19$m=19456,t=2,p=1$";

/* Checked in place of a missing account, so that its absence takes as long as a wrong password. */
static const char nobody[] = "$argon2id$v=19$m=19456,t=2,p=1$eXVoZW5nLW5vYm9keS4uLg"
                             "$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

static yh_err take_slot(struct kit *k)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += SLOT_WAIT_S;
    while (sem_clockwait(&k->hash_slots, CLOCK_MONOTONIC, &until) != 0)
        if (errno != EINTR)
            return yh_fail(YH_E_TIMEOUT, "too many sign-ins at the same time");
    return YH_OK;
}

yh_err kit_password_hash(struct kit *k, yh_str password, char ret_phc[KIT_PHC_SIZE])
{
    uint8_t salt[SALT_LEN];
    yh_random(salt, sizeof salt);
    YH_TRY(take_slot(k));
    int rc = argon2id_hash_encoded(PASSES, MEMORY_KIB, LANES, password.p, password.n, salt, sizeof salt, HASH_LEN, ret_phc,
                                   KIT_PHC_SIZE);
    sem_post(&k->hash_slots);
    if (rc == ARGON2_MEMORY_ALLOCATION_ERROR)
        return yh_fail(YH_E_NO_MEMORY, "no memory to hash a password");
    if (rc != ARGON2_OK)
        return yh_fail(YH_E_INTERNAL, "cannot hash a password: %s", argon2_error_message(rc));
    return YH_OK;
}

yh_err kit_password_check(struct kit *k, yh_str password, const char *phc, bool *ret_right, bool *ret_stale)
{
    YH_TRY(take_slot(k));
    int rc = argon2id_verify(phc ? phc : nobody, password.p, password.n);
    sem_post(&k->hash_slots);
    if (rc == ARGON2_MEMORY_ALLOCATION_ERROR)
        return yh_fail(YH_E_NO_MEMORY, "no memory to check a password");
    if (rc != ARGON2_OK && rc != ARGON2_VERIFY_MISMATCH)
        return yh_fail(YH_E_CORRUPT, "stored password hash is unreadable: %s", argon2_error_message(rc));
    *ret_right = rc == ARGON2_OK && phc;
    *ret_stale = *ret_right && strncmp(phc, today, sizeof today - 1) != 0;
    return YH_OK;
}

/* ---- what a password must be ---- */

static unsigned classes_of(yh_str s)
{
    bool lower = false, upper = false, digit = false, other = false;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        lower |= c >= 'a' && c <= 'z';
        upper |= c >= 'A' && c <= 'Z';
        digit |= c >= '0' && c <= '9';
        other |= !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9');
    }
    return (unsigned)lower + upper + digit + other;
}

static bool contains_nocase(yh_str s, yh_str part)
{
    for (size_t i = 0; part.n && i + part.n <= s.n; i++)
        if (yh_str_eq_nocase(yh_str_sub(s, i, part.n), part))
            return true;
    return false;
}

const char *kit_password_problem(yh_str username, yh_str password)
{
    if (!yh_str_is_utf8(password) || password.n > KIT_PASSWORD_MAX || memchr(password.p, '\0', password.n))
        return "密码过长或含有无法识别的字符,请更换密码。";
    if (yh_utf8_count(password) < 12)
        return "密码不足 12 位,请加长密码。";
    if (contains_nocase(password, username))
        return "密码中含有用户名,请更换密码。";
    if (yh_utf8_count(password) < 16 && classes_of(password) < 3)
        return "密码须含大写字母、小写字母、数字、其他字符中的三类,或不少于 16 位。";
    return NULL;
}

/* Letters and digits that are not mistaken for one another when read aloud or copied; 32 of them, so no bias. */
void kit_password_make(char ret[KIT_PASSWORD_MADE + 1])
{
    static const char letters[] = "abcdefghjkmnpqrstuvwxyz23456789A";
    uint8_t r[KIT_PASSWORD_MADE];
    yh_random(r, sizeof r);
    for (size_t i = 0; i < sizeof r; i++)
        ret[i] = i % 5 == 4 ? '-' : letters[r[i] % 32];
    ret[KIT_PASSWORD_MADE] = '\0';
}
