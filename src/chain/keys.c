#include "chain/keys.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/sm3.h"
#include "chain/log_file.h"

#define KEY_FILE_MAX 8192
#define SIGNER_ID "1234567812345678" /* the default identity of GB/T 35276 */
#define ID_DIGITS 16

struct chain_keys {
    EVP_PKEY *pkey;
    char id[ID_DIGITS + 1];
};

static void free_pkey(EVP_PKEY **p)
{
    EVP_PKEY_free(*p);
}

static void free_bio(BIO **b)
{
    BIO_free(*b);
}

static void free_md(EVP_MD_CTX **m)
{
    EVP_MD_CTX_free(*m);
}

static void free_pctx(EVP_PKEY_CTX **p)
{
    EVP_PKEY_CTX_free(*p);
}

void chain_keys_free(struct chain_keys *k)
{
    if (!k)
        return;
    EVP_PKEY_free(k->pkey);
    free(k);
}

void chain_keys_freep(struct chain_keys **k)
{
    chain_keys_free(*k);
}

static yh_err key_paths(const char *dir, char priv[CHAIN_PATH], char pub[CHAIN_PATH])
{
    YH_TRY(chain_path(dir, "keys/sm2.key", priv));
    return chain_path(dir, "keys/sm2.pub", pub);
}

static yh_err to_pem(EVP_PKEY *pkey, bool private_half, yh_buf *out)
{
    yh_cleanup(free_bio) BIO *bio = BIO_new(BIO_s_mem());
    int ok = !bio           ? 0
             : private_half ? PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL)
                            : PEM_write_bio_PUBKEY(bio, pkey);
    char *text;
    long n = ok == 1 ? BIO_get_mem_data(bio, &text) : 0;
    if (n <= 0)
        return yh_fail(YH_E_INTERNAL, "cannot encode the SM2 key");
    yh_buf_add(out, text, (size_t)n);
    return yh_buf_check(out);
}

static yh_err from_pem(const char *path, bool private_half, EVP_PKEY **ret)
{
    yh_buf_auto text = yh_buf_make(KEY_FILE_MAX);
    yh_buf_auto again = yh_buf_make(KEY_FILE_MAX);
    YH_TRY(yh_file_read(path, &text));
    yh_cleanup(free_bio) BIO *bio = BIO_new_mem_buf(text.p ? text.p : "", (int)text.n);
    yh_cleanup(free_pkey) EVP_PKEY *pkey = !bio           ? NULL
                                           : private_half ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL)
                                                          : PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
    if (!pkey || !EVP_PKEY_is_a(pkey, "SM2"))
        return yh_fail(YH_E_CORRUPT, "%s holds no SM2 key", path);
    YH_TRY(to_pem(pkey, private_half, &again));
    if (!yh_str_eq(yh_buf_view(&text), yh_buf_view(&again)))
        return yh_fail(YH_E_CORRUPT, "%s is not as it was written", path);
    *ret = yh_steal(&pkey);
    return YH_OK;
}

static yh_err make_keys(const char *priv, const char *pub)
{
    yh_cleanup(free_pkey) EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "SM2");
    if (!pkey)
        return yh_fail(YH_E_UNSUPPORTED, "the crypto library makes no SM2 key");
    yh_buf_auto text = yh_buf_make(KEY_FILE_MAX);
    char dir[CHAIN_PATH];
    snprintf(dir, sizeof dir, "%.*s", (int)(strrchr(priv, '/') - priv), priv);
    YH_TRY(yh_dir_make(dir));
    if (chmod(dir, 0700) != 0)
        return yh_fail_errno("cannot protect %s", dir);
    YH_TRY(to_pem(pkey, true, &text));
    yh_err e = yh_file_replace(priv, yh_buf_view(&text), 0600);
    if (text.p)
        explicit_bzero(text.p, text.n);
    YH_TRY(e);
    yh_buf_clear(&text);
    YH_TRY(to_pem(pkey, false, &text));
    return yh_file_replace(pub, yh_buf_view(&text), 0644);
}

static yh_err same_key(EVP_PKEY *both, EVP_PKEY *public_half)
{
    yh_cleanup(free_pctx) EVP_PKEY_CTX *pctx = EVP_PKEY_CTX_new(both, NULL);
    if (!pctx || EVP_PKEY_pairwise_check(pctx) != 1 || EVP_PKEY_eq(both, public_half) != 1)
        return yh_fail(YH_E_CORRUPT, "keys/sm2.key and keys/sm2.pub do not belong together");
    return YH_OK;
}

/* A key file that exists is never replaced: with a lost half, the person in charge has to decide. */
static yh_err load_pair(const char *priv, const char *pub, EVP_PKEY **ret)
{
    if (access(priv, F_OK) != 0 && errno == ENOENT && access(pub, F_OK) != 0 && errno == ENOENT)
        YH_TRY(make_keys(priv, pub));
    yh_cleanup(free_pkey) EVP_PKEY *both = NULL, *public_half = NULL;
    YH_TRY(from_pem(priv, true, &both));
    yh_err e = from_pem(pub, false, &public_half);
    if (e == YH_E_NOT_FOUND) { /* stopped between the two files at first start; derived from the private half */
        yh_buf_auto text = yh_buf_make(KEY_FILE_MAX);
        YH_TRY(to_pem(both, false, &text));
        YH_TRY(yh_file_replace(pub, yh_buf_view(&text), 0644));
        e = from_pem(pub, false, &public_half);
    }
    YH_TRY(e);
    YH_TRY(same_key(both, public_half));
    *ret = yh_steal(&both);
    return YH_OK;
}

static yh_err set_id(struct chain_keys *k)
{
    unsigned char *der = NULL;
    int n = i2d_PUBKEY(k->pkey, &der);
    if (n <= 0)
        return yh_fail(YH_E_INTERNAL, "cannot encode the SM2 key");
    yh_sm3_hash h;
    yh_err e = yh_sm3_of((yh_str){(const char *)der, (size_t)n}, &h);
    OPENSSL_free(der);
    YH_TRY(e);
    yh_hex_encode(h.b, ID_DIGITS / 2, k->id);
    return YH_OK;
}

yh_err chain_keys_open(const char *dir, bool signing, struct chain_keys **ret)
{
    char priv[CHAIN_PATH], pub[CHAIN_PATH];
    YH_TRY(key_paths(dir, priv, pub));
    yh_cleanup(chain_keys_freep) struct chain_keys *k = calloc(1, sizeof *k);
    if (!k)
        return yh_fail(YH_E_NO_MEMORY, "no memory for the key");
    YH_TRY(signing ? load_pair(priv, pub, &k->pkey) : from_pem(pub, false, &k->pkey));
    YH_TRY(set_id(k));
    *ret = yh_steal(&k);
    return YH_OK;
}

yh_err chain_keys_verify(const struct chain_keys *k, const char *dir)
{
    char priv[CHAIN_PATH], pub[CHAIN_PATH];
    YH_TRY(key_paths(dir, priv, pub));
    yh_cleanup(free_pkey) EVP_PKEY *both = NULL;
    if (access(priv, R_OK) != 0) /* an auditor's copy has none */
        return YH_OK;
    YH_TRY(from_pem(priv, true, &both));
    return same_key(both, k->pkey);
}

yh_err chain_keys_public_pem(const struct chain_keys *k, yh_buf *out)
{
    return to_pem(k->pkey, false, out);
}

const char *chain_keys_id(const struct chain_keys *k)
{
    return k->id;
}

/* The signer's identity must be in the key context before the digest starts. */
static bool begin(EVP_PKEY *pkey, EVP_MD_CTX *md, EVP_PKEY_CTX *pctx, bool signing)
{
    if (!md || !pctx || EVP_PKEY_CTX_set1_id(pctx, SIGNER_ID, (int)sizeof SIGNER_ID - 1) <= 0)
        return false;
    EVP_MD_CTX_set_pkey_ctx(md, pctx);
    return (signing ? EVP_DigestSignInit(md, NULL, EVP_sm3(), NULL, pkey)
                    : EVP_DigestVerifyInit(md, NULL, EVP_sm3(), NULL, pkey)) == 1;
}

yh_err chain_keys_sign(const struct chain_keys *k, yh_str text, yh_buf *der)
{
    yh_cleanup(free_pctx) EVP_PKEY_CTX *pctx = EVP_PKEY_CTX_new(k->pkey, NULL);
    yh_cleanup(free_md) EVP_MD_CTX *md = EVP_MD_CTX_new();
    unsigned char sig[128];
    size_t n = sizeof sig;
    if (!begin(k->pkey, md, pctx, true) || EVP_DigestSign(md, sig, &n, (const unsigned char *)text.p, text.n) != 1)
        return yh_fail(YH_E_INTERNAL, "cannot sign a checkpoint");
    yh_buf_add(der, sig, n);
    return yh_buf_check(der);
}

yh_err chain_keys_check(const struct chain_keys *k, yh_str text, yh_str der)
{
    yh_cleanup(free_pctx) EVP_PKEY_CTX *pctx = EVP_PKEY_CTX_new(k->pkey, NULL);
    yh_cleanup(free_md) EVP_MD_CTX *md = EVP_MD_CTX_new();
    if (!begin(k->pkey, md, pctx, false))
        return yh_fail(YH_E_INTERNAL, "cannot check a signature");
    if (EVP_DigestVerify(md, (const unsigned char *)der.p, der.n, (const unsigned char *)text.p, text.n) != 1)
        return yh_fail(YH_E_CORRUPT, "the signature does not verify");
    return YH_OK;
}
