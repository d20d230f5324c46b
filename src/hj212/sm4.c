#include "hj212/sm4.h"

#include <openssl/evp.h>

#include "hj212/frame.h"

#define BLOCK 16u

yh_err hj212_key_parse(yh_str hex, struct hj212_key *ret)
{
    struct hj212_key key = {.set = true};
    if (!yh_hex_decode(hex, key.b, sizeof key.b))
        return yh_fail(YH_E_INVALID, "an SM4 key is 32 hex digits");
    *ret = key;
    return YH_OK;
}

static void free_context(EVP_CIPHER_CTX **c)
{
    EVP_CIPHER_CTX_free(*c);
}

static yh_err run(const struct hj212_key *key, yh_str cp, yh_buf *out, int encipher)
{
    size_t whole = cp.n - cp.n % BLOCK;
    if (whole == 0) {
        yh_buf_str(out, cp);
        return yh_buf_check(out);
    }
    yh_cleanup(free_context) EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    char *to = yh_buf_reserve(out, cp.n);
    if (!to)
        return yh_buf_check(out);
    int written = 0;
    if (!c || whole > INT32_MAX || !EVP_CipherInit_ex(c, EVP_sm4_ecb(), NULL, key->b, NULL, encipher) ||
        !EVP_CIPHER_CTX_set_padding(c, 0) ||
        !EVP_CipherUpdate(c, (unsigned char *)to, &written, (const unsigned char *)cp.p, (int)whole) ||
        (size_t)written != whole)
        return yh_fail(YH_E_INTERNAL, "SM4 is not available in this OpenSSL");
    memcpy(to + whole, cp.p + whole, cp.n - whole);
    out->n += cp.n;
    return YH_OK;
}

yh_err hj212_sm4_encipher(const struct hj212_key *key, yh_str cp, yh_buf *out)
{
    return run(key, cp, out, 1);
}

yh_err hj212_sm4_decipher(const struct hj212_key *key, yh_str cp, yh_buf *out)
{
    return run(key, cp, out, 0);
}

/* One "0xE4" at *at, then ',' (and spaces) or '}'. */
static bool read_byte(yh_str text, size_t *at, unsigned char *ret, bool *ret_last)
{
    size_t i = *at;
    if (i + 5 > text.n || text.p[i] != '0' || (text.p[i + 1] | 0x20) != 'x' ||
        !yh_hex_decode(yh_str_sub(text, i + 2, 2), ret, 1))
        return false;
    char after = text.p[i + 4];
    i += 5;
    while (i < text.n && after == ',' && text.p[i] == ' ')
        i++;
    *at = i;
    *ret_last = after == '}';
    return after == ',' || after == '}';
}

yh_err hj212_hexlist_read(yh_str text, yh_buf *out)
{
    size_t at = 1;
    bool last = false;
    if (text.n == 0 || text.p[0] != '{')
        return yh_fail(YH_E_INVALID, "the enciphered area does not begin with '{'");
    while (!last) {
        unsigned char byte;
        if (!read_byte(text, &at, &byte, &last))
            return yh_fail(YH_E_INVALID, "the enciphered area has no 0x.. byte at position %zu", at);
        yh_buf_putc(out, (char)byte);
    }
    yh_buf_str(out, yh_str_sub(text, at, text.n));
    return yh_buf_check(out);
}

void hj212_hexlist_write(yh_str cp, yh_buf *out)
{
    size_t whole = cp.n - cp.n % BLOCK;
    for (size_t i = 0; i < whole; i++) {
        yh_buf_puts(out, i ? ",0x" : "{0x");
        yh_buf_hex(out, cp.p + i, 1);
    }
    if (whole)
        yh_buf_putc(out, '}');
    yh_buf_add(out, cp.p + whole, cp.n - whole);
}
