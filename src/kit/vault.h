/*
 * Secrets that the program itself must read again (keys of second factors): SM4-CTR, then HMAC-SM3 over what they belong to,
 * the counter block and the cipher text. The key is DIR/kit.key: 64 random bytes, for the owner only, made when it is missing.
 * It stands outside the database, so a copied database alone tells nothing; without the key sealed texts cannot be opened
 * again by anybody. Any thread may use an open vault.
 */
#ifndef YH_KIT_VAULT_H
#define YH_KIT_VAULT_H

#include "base/arena.h"
#include "base/err.h"

#define KIT_SECRET_MAX 4096

struct kit_vault;

/* CORRUPT when DIR/kit.key is not such a key: it is never replaced. */
yh_must yh_err kit_vault_open(const char *dir, struct kit_vault **ret);
/* CORRUPT as above; a folder without a key is in order. */
yh_must yh_err kit_vault_check(const char *dir);
void kit_vault_close(struct kit_vault *v);

/* `owner` names the row that the secret belongs to ("second_factor:17"): moved to another row it does not open. */
yh_must yh_err kit_vault_seal(const struct kit_vault *v, yh_str owner, yh_str secret, struct yh_arena *arena, yh_str *ret_hex);

/* CORRUPT when the text was changed, belongs to another row, or was sealed with another key. */
yh_must yh_err kit_vault_open_text(const struct kit_vault *v, yh_str owner, yh_str hex, struct yh_arena *arena, yh_str *ret);

#endif
