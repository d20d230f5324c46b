#include "base/sm3.h"

#include <openssl/evp.h>

struct yh_sm3 {
    EVP_MD *md;
    EVP_MD_CTX *ctx;
};

yh_err yh_sm3_new(struct yh_sm3 **ret)
{
    struct yh_sm3 *s = calloc(1, sizeof *s);
    if (!s)
        return yh_fail(YH_E_NO_MEMORY, "no memory to hash");
    s->md = EVP_MD_fetch(NULL, "SM3", NULL);
    s->ctx = EVP_MD_CTX_new();
    if (!s->md || !s->ctx) {
        yh_sm3_free(s);
        return yh_fail(YH_E_UNSUPPORTED, "the crypto library offers no SM3");
    }
    *ret = s;
    return YH_OK;
}

void yh_sm3_free(struct yh_sm3 *s)
{
    if (!s)
        return;
    EVP_MD_CTX_free(s->ctx);
    EVP_MD_free(s->md);
    free(s);
}

void yh_sm3_freep(struct yh_sm3 **s)
{
    yh_sm3_free(*s);
}

/* After a successful yh_sm3_new the EVP calls can only fail when memory is gone; then nothing may be signed. */
static void must(int ok)
{
    if (ok != 1)
        abort();
}

void yh_sm3_begin(struct yh_sm3 *s)
{
    must(EVP_DigestInit_ex2(s->ctx, s->md, NULL));
}

void yh_sm3_add(struct yh_sm3 *s, const void *bytes, size_t n)
{
    must(EVP_DigestUpdate(s->ctx, bytes, n));
}

yh_sm3_hash yh_sm3_end(struct yh_sm3 *s)
{
    yh_sm3_hash h;
    unsigned n = 0;
    must(EVP_DigestFinal_ex(s->ctx, h.b, &n));
    return h;
}

yh_err yh_sm3_of(yh_str bytes, yh_sm3_hash *ret)
{
    yh_cleanup(yh_sm3_freep) struct yh_sm3 *s = NULL;
    YH_TRY(yh_sm3_new(&s));
    yh_sm3_begin(s);
    yh_sm3_add(s, bytes.p, bytes.n);
    *ret = yh_sm3_end(s);
    return YH_OK;
}
