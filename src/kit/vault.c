#include "kit/vault.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/sm3.h"

#define CIPHER_KEY 16
#define MAC_KEY    32
#define CHECK      16
#define BLOCK      16
#define MAC        32

/* The file, as it is. */
struct kit_vault {
    uint8_t cipher[CIPHER_KEY];
    uint8_t mac[MAC_KEY];
    uint8_t check[CHECK]; /* beginning of the SM3 of what stands before: a damaged key says so at once */
};

_Static_assert(sizeof(struct kit_vault) == 64, "the key file's layout");

/* ---- the key ---- */

static yh_err checksum(const struct kit_vault *v, uint8_t ret[CHECK])
{
    yh_sm3_hash h;
    YH_TRY(yh_sm3_of((yh_str){(const char *)v, offsetof(struct kit_vault, check)}, &h));
    memcpy(ret, h.b, CHECK);
    return YH_OK;
}

static yh_err write_key(const char *path)
{
    struct kit_vault v;
    yh_random(&v, sizeof v);
    yh_err e = checksum(&v, v.check);
    if (e == YH_OK)
        e = yh_file_replace(path, (yh_str){(const char *)&v, sizeof v}, 0600);
    explicit_bzero(&v, sizeof v);
    return e;
}

/* Two programs may start at once: the file appears whole or not at all, and the first one stays. */
static yh_err make_key(const char *dir, const char *path)
{
    char fresh[PATH_MAX];
    if (snprintf(fresh, sizeof fresh, "%s/kit.key.%ld", dir, (long)getpid()) >= (int)sizeof fresh)
        return yh_fail(YH_E_TOO_LARGE, "path too long: %s", dir);
    YH_TRY(write_key(fresh));
    bool linked = link(fresh, path) == 0 || errno == EEXIST;
    yh_err e = linked ? yh_dir_sync(dir) : yh_fail_errno("cannot make %s", path);
    unlink(fresh);
    return e;
}

static yh_err read_key(const char *path, struct kit_vault *v)
{
    yh_buf_auto bytes = yh_buf_make(sizeof *v + 1);
    uint8_t check[CHECK] = {0};
    yh_err e = yh_file_read(path, &bytes);
    if (e != YH_OK && e != YH_E_TOO_LARGE)
        return e;
    if (e == YH_OK && bytes.n == sizeof *v) {
        memcpy(v, bytes.p, sizeof *v);
        YH_TRY(checksum(v, check));
    }
    if (bytes.p)
        explicit_bzero(bytes.p, bytes.n);
    bool whole = e == YH_OK && bytes.n == sizeof *v && memcmp(check, v->check, CHECK) == 0;
    return whole ? YH_OK : yh_fail(YH_E_CORRUPT, "%s is damaged", path);
}

static yh_err key_path(const char *dir, char ret[PATH_MAX])
{
    bool fits = snprintf(ret, PATH_MAX, "%s/kit.key", dir) < PATH_MAX;
    return fits ? YH_OK : yh_fail(YH_E_TOO_LARGE, "path too long: %s", dir);
}

yh_err kit_vault_check(const char *dir)
{
    char path[PATH_MAX];
    struct kit_vault v;
    YH_TRY(key_path(dir, path));
    yh_err e = access(path, F_OK) == 0 ? read_key(path, &v) : YH_OK;
    explicit_bzero(&v, sizeof v);
    return e;
}

yh_err kit_vault_open(const char *dir, struct kit_vault **ret)
{
    char path[PATH_MAX];
    YH_TRY(key_path(dir, path));
    if (access(path, F_OK) != 0 && errno == ENOENT)
        YH_TRY(make_key(dir, path));
    struct kit_vault *v = calloc(1, sizeof *v);
    if (!v)
        return yh_fail(YH_E_NO_MEMORY, "no memory for a key");
    yh_err e = read_key(path, v);
    if (e != YH_OK) {
        kit_vault_close(v);
        return e;
    }
    *ret = v;
    return YH_OK;
}

void kit_vault_close(struct kit_vault *v)
{
    if (!v)
        return;
    explicit_bzero(v, sizeof *v);
    free(v);
}

/* ---- sealing ---- */

static void free_cipher(EVP_CIPHER_CTX **c)
{
    EVP_CIPHER_CTX_free(*c);
}

/* CTR: enciphering and deciphering are the same. */
static yh_err run_cipher(const struct kit_vault *v, const uint8_t counter[BLOCK], yh_str in, uint8_t *out)
{
    yh_cleanup(free_cipher) EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    int n = 0;
    if (!c || EVP_EncryptInit_ex(c, EVP_sm4_ctr(), NULL, v->cipher, counter) != 1 ||
        EVP_EncryptUpdate(c, out, &n, (const uint8_t *)in.p, (int)in.n) != 1 || (size_t)n != in.n)
        return yh_fail(YH_E_INTERNAL, "SM4 is not to be had from the crypto library");
    return YH_OK;
}

static yh_err compute_mac(const struct kit_vault *v, yh_str owner, yh_str sealed, uint8_t ret[MAC])
{
    yh_buf_auto text = yh_buf_make(KIT_SECRET_MAX + 512);
    unsigned n = 0;
    yh_buf_u64(&text, owner.n); /* so that no byte can move from one part to the other */
    yh_buf_putc(&text, ':');
    yh_buf_str(&text, owner);
    yh_buf_str(&text, sealed);
    YH_TRY(yh_buf_check(&text));
    if (!HMAC(EVP_sm3(), v->mac, MAC_KEY, (const uint8_t *)text.p, text.n, ret, &n) || n != MAC)
        return yh_fail(YH_E_INTERNAL, "HMAC-SM3 is not to be had from the crypto library");
    return YH_OK;
}

/* Counter block, cipher text, MAC; as hex. */
yh_err kit_vault_seal(const struct kit_vault *v, yh_str owner, yh_str secret, struct yh_arena *arena, yh_str *ret_hex)
{
    size_t n = BLOCK + secret.n + MAC;
    if (secret.n > KIT_SECRET_MAX || owner.n > 200)
        return yh_fail(YH_E_TOO_LARGE, "a secret of %zu bytes", secret.n);
    uint8_t *bytes = yh_arena_alloc(arena, n);
    char *hex = yh_arena_alloc(arena, 2 * n + 1);
    if (!bytes || !hex)
        return yh_fail(YH_E_NO_MEMORY, "no memory to seal a secret");
    yh_random(bytes, BLOCK);
    YH_TRY(run_cipher(v, bytes, secret, bytes + BLOCK));
    YH_TRY(compute_mac(v, owner, (yh_str){(char *)bytes, n - MAC}, bytes + n - MAC));
    yh_hex_encode(bytes, n, hex);
    *ret_hex = (yh_str){hex, 2 * n};
    return YH_OK;
}

yh_err kit_vault_open_text(const struct kit_vault *v, yh_str owner, yh_str hex, struct yh_arena *arena, yh_str *ret)
{
    size_t n = hex.n / 2;
    uint8_t *bytes = yh_arena_alloc(arena, n + 1), *plain = yh_arena_alloc(arena, n + 1), mac[MAC];
    if (!bytes || !plain)
        return yh_fail(YH_E_NO_MEMORY, "no memory to open a secret");
    if (n < BLOCK + MAC || n > BLOCK + KIT_SECRET_MAX + MAC || !yh_hex_decode(hex, bytes, n))
        return yh_fail(YH_E_CORRUPT, "a sealed secret is damaged");
    YH_TRY(compute_mac(v, owner, (yh_str){(char *)bytes, n - MAC}, mac));
    if (!yh_secret_eq((yh_str){(char *)mac, MAC}, (yh_str){(char *)bytes + n - MAC, MAC}))
        return yh_fail(YH_E_CORRUPT, "a sealed secret was changed, or sealed with another key");
    yh_str cipher = {(char *)bytes + BLOCK, n - BLOCK - MAC};
    YH_TRY(run_cipher(v, bytes, cipher, plain));
    *ret = (yh_str){(char *)plain, cipher.n};
    return YH_OK;
}
