#include "kit/jwt.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "base/json.h"

#define SKEW      (2 * YH_MINUTE) /* between the issuer's clock and ours */
#define ARENA_MAX (256u << 10)
#define ES256     32 /* bytes of each half of a signature */
#define RSA_LEAST 256 /* bytes of the modulus: 2048 bits, RFC 7518 section 3.3 */

/* ---- base64url ---- */

static int digit_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '-' ? 62 : c == '_' ? 63 : -1;
}

yh_err kit_base64url_decode(yh_str text, struct yh_arena *arena, yh_str *ret)
{
    char *out = yh_arena_alloc(arena, text.n + 1);
    uint32_t bits = 0;
    unsigned have = 0;
    size_t n = 0;
    if (!out)
        return yh_fail(YH_E_NO_MEMORY, "no memory to decode a token");
    for (size_t i = 0; i < text.n; i++) {
        int digit = digit_of(text.p[i]);
        if (digit < 0)
            return yh_fail(YH_E_INVALID, "not base64url");
        bits = bits << 6 | (uint32_t)digit;
        have += 6;
        if (have >= 8) {
            have -= 8;
            out[n++] = (char)(bits >> have);
            bits &= (1u << have) - 1;
        }
    }
    if (have >= 6 || bits) /* one text for one value: no lost letter, no bits that say nothing */
        return yh_fail(YH_E_INVALID, "not base64url");
    *ret = (yh_str){out, n};
    return YH_OK;
}

yh_str kit_base64url(yh_str bytes, struct yh_arena *arena)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    char *out = yh_arena_alloc(arena, bytes.n * 4 / 3 + 4);
    uint32_t bits = 0;
    unsigned have = 0;
    size_t n = 0;
    for (size_t i = 0; out && i < bytes.n; i++) {
        bits = bits << 8 | (uint8_t)bytes.p[i];
        for (have += 8; have >= 6; have -= 6)
            out[n++] = digits[bits >> (have - 6) & 63];
        bits &= (1u << have) - 1;
    }
    if (out && have)
        out[n++] = digits[bits << (6 - have) & 63];
    return out ? (yh_str){out, n} : (yh_str){0};
}

/* ---- keys ---- */

static void free_key(EVP_PKEY **k)
{
    EVP_PKEY_free(*k);
}
#define key_auto yh_cleanup(free_key) EVP_PKEY

static yh_str text_of(const json_t *object, const char *key)
{
    const json_t *v = json_object_get(object, key);
    return json_is_string(v) ? (yh_str){json_string_value(v), json_string_length(v)} : (yh_str){0};
}

static yh_err bytes_of(const json_t *key, const char *name, struct yh_arena *arena, yh_str *ret)
{
    YH_TRY(kit_base64url_decode(text_of(key, name), arena, ret));
    return ret->n ? YH_OK : yh_fail(YH_E_INVALID, "a key of the issuer has no %s", name);
}

static yh_err key_from(const char *type, OSSL_PARAM *params, EVP_PKEY **ret)
{
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    bool made = c && params && EVP_PKEY_fromdata_init(c) == 1 && EVP_PKEY_fromdata(c, ret, EVP_PKEY_PUBLIC_KEY, params) == 1;
    EVP_PKEY_CTX_free(c);
    return made ? YH_OK : yh_fail(YH_E_INVALID, "a key of the issuer is no %s key", type);
}

static yh_err rsa_key(const json_t *key, struct yh_arena *arena, EVP_PKEY **ret)
{
    yh_str n, e;
    YH_TRY(bytes_of(key, "n", arena, &n));
    YH_TRY(bytes_of(key, "e", arena, &e));
    if (n.n < RSA_LEAST)
        return yh_fail(YH_E_INVALID, "the issuer's RSA key is shorter than 2048 bits");
    BIGNUM *modulus = BN_bin2bn((const uint8_t *)n.p, (int)n.n, NULL), *exponent = BN_bin2bn((const uint8_t *)e.p, (int)e.n, NULL);
    OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
    OSSL_PARAM *params = NULL;
    if (b && modulus && exponent && OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_N, modulus) == 1 &&
        OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_E, exponent) == 1)
        params = OSSL_PARAM_BLD_to_param(b);
    yh_err err = key_from("RSA", params, ret);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(b);
    BN_free(modulus);
    BN_free(exponent);
    return err;
}

static yh_err ec_key(const json_t *key, struct yh_arena *arena, EVP_PKEY **ret)
{
    yh_str x, y;
    char point[1 + 2 * ES256];
    YH_TRY(bytes_of(key, "x", arena, &x));
    YH_TRY(bytes_of(key, "y", arena, &y));
    if (!yh_str_is(text_of(key, "crv"), "P-256") || x.n != ES256 || y.n != ES256)
        return yh_fail(YH_E_INVALID, "a key of the issuer is not on P-256");
    point[0] = 4; /* uncompressed */
    memcpy(point + 1, x.p, ES256);
    memcpy(point + 1 + ES256, y.p, ES256);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char[]){"prime256v1"}, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point),
        OSSL_PARAM_construct_end(),
    };
    return key_from("EC", params, ret);
}

/* ---- algorithms ---- */

/* Two numbers side by side, as the standard has them, to the DER that OpenSSL wants. */
static yh_err ecdsa_der(yh_str raw, struct yh_arena *arena, yh_str *ret)
{
    if (raw.n != 2 * ES256)
        return yh_fail(YH_E_UNAUTH, "a signature of %zu bytes", raw.n);
    ECDSA_SIG *s = ECDSA_SIG_new();
    BIGNUM *first = BN_bin2bn((const uint8_t *)raw.p, ES256, NULL);
    BIGNUM *second = BN_bin2bn((const uint8_t *)raw.p + ES256, ES256, NULL);
    uint8_t *der = yh_arena_alloc(arena, 128), *at = der;
    int n = 0;
    bool given = s && first && second && der && ECDSA_SIG_set0(s, first, second) == 1; /* then they are its own */
    if (given)
        n = i2d_ECDSA_SIG(s, &at);
    else {
        BN_free(first);
        BN_free(second);
    }
    ECDSA_SIG_free(s);
    *ret = (yh_str){(char *)der, n > 0 ? (size_t)n : 0};
    return n > 0 ? YH_OK : yh_fail(YH_E_NO_MEMORY, "no memory for a signature");
}

static yh_err as_it_is(yh_str raw, struct yh_arena *arena, yh_str *ret)
{
    (void)arena;
    *ret = raw;
    return YH_OK;
}

static const struct algorithm {
    const char *name, *key_type;
    yh_err (*key)(const json_t *key, struct yh_arena *arena, EVP_PKEY **ret);
    yh_err (*signature)(yh_str raw, struct yh_arena *arena, yh_str *ret);
} algorithms[] = {
    {"RS256", "RSA", rsa_key, as_it_is},
    {"ES256", "EC", ec_key, ecdsa_der},
};

static const struct algorithm *algorithm_of(yh_str name)
{
    for (size_t i = 0; i < YH_LEN(algorithms); i++)
        if (yh_str_is(name, algorithms[i].name))
            return &algorithms[i];
    return NULL;
}

/* By name; a token without one is good for an issuer with one such key only. */
static const json_t *find_key(const json_t *keys, yh_str kid, const char *type)
{
    const json_t *list = json_object_get(keys, "keys"), *found = NULL;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *k = json_array_get(list, i);
        yh_str use = text_of(k, "use");
        if (!yh_str_is(text_of(k, "kty"), type) || (use.p && !yh_str_is(use, "sig")))
            continue;
        if (kid.p && yh_str_eq(text_of(k, "kid"), kid))
            return k;
        if (!kid.p && found)
            return NULL;
        found = kid.p ? NULL : k;
    }
    return found;
}

static yh_err verify(EVP_PKEY *key, yh_str signed_text, yh_str signature)
{
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    if (!c)
        return yh_fail(YH_E_NO_MEMORY, "no memory to verify a token");
    bool right = EVP_DigestVerifyInit(c, NULL, EVP_sha256(), NULL, key) == 1 &&
                 EVP_DigestVerify(c, (const uint8_t *)signature.p, signature.n, (const uint8_t *)signed_text.p,
                                  signed_text.n) == 1;
    EVP_MD_CTX_free(c);
    return right ? YH_OK : yh_fail(YH_E_UNAUTH, "the token's signature is wrong");
}

/* ---- the token ---- */

struct parts {
    yh_str header, payload, signature, signed_text;
};

static bool cut(yh_str token, struct parts *ret)
{
    size_t first = yh_str_find(token, '.', 0);
    size_t second = first < token.n ? yh_str_find(token, '.', first + 1) : token.n;
    if (token.n > KIT_JWT_MAX || second >= token.n || yh_str_find(token, '.', second + 1) < token.n)
        return false;
    *ret = (struct parts){yh_str_sub(token, 0, first), yh_str_sub(token, first + 1, second - first - 1),
                          yh_str_sub(token, second + 1, token.n), yh_str_sub(token, 0, second)};
    return true;
}

static yh_err parse_part(yh_str part, struct yh_arena *arena, json_t **ret)
{
    yh_str text;
    YH_TRY(kit_base64url_decode(part, arena, &text));
    YH_TRY(yh_json_parse(text, ret));
    if (json_is_object(*ret))
        return YH_OK;
    json_decref(*ret);
    *ret = NULL;
    return yh_fail(YH_E_INVALID, "a part of the token is no object");
}

static yh_err check_signature(const struct parts *p, const json_t *header, const json_t *keys, struct yh_arena *arena)
{
    yh_str kid = text_of(header, "kid"), raw, signature;
    const struct algorithm *a = algorithm_of(text_of(header, "alg"));
    if (!a)
        return yh_fail(YH_E_INVALID, "the token is not signed with RS256 or ES256");
    if (json_object_get(header, "crit"))
        return yh_fail(YH_E_INVALID, "the token demands what is not known here");
    const json_t *found = find_key(keys, kid, a->key_type);
    if (!found)
        return yh_fail(YH_E_NOT_FOUND, "the issuer has no key '%.*s'", YH_FMT(yh_str_sub(kid, 0, 80)));
    key_auto *key = NULL;
    YH_TRY(a->key(found, arena, &key));
    YH_TRY(kit_base64url_decode(p->signature, arena, &raw));
    YH_TRY(a->signature(raw, arena, &signature));
    return verify(key, p->signed_text, signature);
}

/* ---- its claims ---- */

/* "aud" is a name or a list of names; with several, "azp" says for whom it was made. */
static bool is_for(const json_t *claims, yh_str audience)
{
    const json_t *aud = json_object_get(claims, "aud");
    yh_str azp = text_of(claims, "azp");
    bool named = yh_str_eq(text_of(claims, "aud"), audience);
    for (size_t i = 0; i < json_array_size(aud); i++) {
        const json_t *one = json_array_get(aud, i);
        named = named || (json_is_string(one) && yh_str_is(audience, json_string_value(one)));
    }
    return named && (azp.p ? yh_str_eq(azp, audience) : json_array_size(aud) < 2);
}

static bool seconds_of(const json_t *claims, const char *key, yh_time *ret)
{
    const json_t *v = json_object_get(claims, key);
    if (!json_is_integer(v) || json_integer_value(v) < 0 || json_integer_value(v) > (1ll << 40))
        return false;
    *ret = json_integer_value(v) * YH_SECOND;
    return true;
}

static yh_err check_claims(const json_t *claims, const struct kit_jwt_expected *x)
{
    yh_time until = 0, issued = 0, from = 0;
    if (!yh_str_eq(text_of(claims, "iss"), x->issuer))
        return yh_fail(YH_E_INVALID, "the token is from another issuer");
    if (!is_for(claims, x->audience))
        return yh_fail(YH_E_INVALID, "the token is for another client");
    if (!yh_secret_eq(text_of(claims, "nonce"), x->nonce))
        return yh_fail(YH_E_INVALID, "the token belongs to another sign-in");
    if (text_of(claims, "sub").n == 0 || text_of(claims, "sub").n > 255)
        return yh_fail(YH_E_INVALID, "the token names nobody");
    if (!seconds_of(claims, "exp", &until) || x->now >= until + SKEW)
        return yh_fail(YH_E_INVALID, "the token has expired");
    if (!seconds_of(claims, "iat", &issued) || issued > x->now + SKEW)
        return yh_fail(YH_E_INVALID, "the token is from the future");
    if (json_object_get(claims, "nbf") && (!seconds_of(claims, "nbf", &from) || from > x->now + SKEW))
        return yh_fail(YH_E_INVALID, "the token is not valid yet");
    return YH_OK;
}

static void free_json(json_t **j)
{
    json_decref(*j);
}

yh_err kit_jwt_check(yh_str token, const json_t *keys, const struct kit_jwt_expected *expected, json_t **ret_claims)
{
    yh_arena_auto arena = yh_arena_make(ARENA_MAX);
    yh_cleanup(free_json) json_t *header = NULL, *claims = NULL;
    struct parts p;
    if (!cut(token, &p))
        return yh_fail(YH_E_INVALID, "not a signed token of three parts");
    YH_TRY(parse_part(p.header, &arena, &header));
    YH_TRY(check_signature(&p, header, keys, &arena));
    YH_TRY(parse_part(p.payload, &arena, &claims));
    YH_TRY(check_claims(claims, expected));
    *ret_claims = json_incref(claims);
    return YH_OK;
}
