#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/json.h"
#include "kit/jwt.h"

#define NOW ((yh_time)1795600000000)

static yh_err decode(const char *text, yh_arena *arena, yh_str *ret)
{
    return kit_base64url_decode(yh_str_of(text), arena, ret);
}

/* RFC 4648 section 10, without padding. */
static void base64url_goes_both_ways(void **state)
{
    (void)state;
    static const char *const rows[][2] = {{"", ""},           {"f", "Zg"},         {"fo", "Zm8"},      {"foo", "Zm9v"},
                                          {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"},
                                          {"\xfb\xff\xfe", "-__-"}};
    yh_arena_auto arena = yh_arena_make(1 << 16);
    for (size_t i = 0; i < YH_LEN(rows); i++) {
        yh_str out;
        assert_int_equal(decode(rows[i][1], &arena, &out), YH_OK);
        assert_true(yh_str_is(out, rows[i][0]));
        assert_true(yh_str_is(kit_base64url(yh_str_of(rows[i][0]), &arena), rows[i][1]));
    }
}

static void what_is_no_base64url_is_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {"Z", "Zg==", "Zm9vY", "Zh", "Zm9", "Zm 8", "Zm+v", "Zm/v", "Zm9v\n"};
    yh_arena_auto arena = yh_arena_make(1 << 16);
    for (size_t i = 0; i < YH_LEN(rows); i++) {
        yh_str out;
        if (decode(rows[i], &arena, &out) != YH_E_INVALID)
            fail_msg("%s", rows[i]);
    }
}

/* The ES256 example of RFC 7515 appendix A.3: the signature is right, and then its claims are looked at. */
static const char rfc_token[] =
    "eyJhbGciOiJFUzI1NiJ9"
    ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
static const char rfc_keys[] = "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\","
                               "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
                               "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}";

static yh_err check(const char *token, const char *keys_text, json_t **ret)
{
    const struct kit_jwt_expected x = {YH_S("joe"), YH_S("yuheng"), YH_S("n"), NOW};
    json_t *keys = NULL;
    assert_int_equal(yh_json_parse(yh_str_of(keys_text), &keys), YH_OK);
    yh_err e = kit_jwt_check(yh_str_of(token), keys, &x, ret);
    json_decref(keys);
    return e;
}

static void the_example_of_the_rfc_verifies(void **state)
{
    (void)state;
    json_t *claims = NULL;
    assert_int_equal(check(rfc_token, rfc_keys, &claims), YH_E_INVALID);
    assert_non_null(strstr(yh_cause(), "client")); /* it is for nobody in particular */
    assert_null(claims);
}

static void every_changed_letter_of_the_signature_is_seen(void **state)
{
    (void)state;
    char token[sizeof rfc_token];
    size_t begin = (size_t)(strrchr(rfc_token, '.') - rfc_token) + 1;
    for (size_t i = begin; i < sizeof rfc_token - 1; i++) {
        json_t *claims = NULL;
        memcpy(token, rfc_token, sizeof token);
        token[i] = token[i] == 'A' ? 'B' : 'A';
        yh_err e = check(token, rfc_keys, &claims);
        if (e != YH_E_UNAUTH && !(e == YH_E_INVALID && strstr(yh_cause(), "base64url")))
            fail_msg("letter %zu: %d %s", i, e, yh_cause());
    }
}

static void keys_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *keys;
        yh_err e;
    } rows[] = {
        {"{}", YH_E_NOT_FOUND},
        {"{\"keys\":[]}", YH_E_NOT_FOUND},
        {"{\"keys\":7}", YH_E_NOT_FOUND},
        {"[]", YH_E_NOT_FOUND},
        {"{\"keys\":[1,null,{}]}", YH_E_NOT_FOUND},
        {"{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}]}", YH_E_NOT_FOUND},
        {"{\"keys\":[{\"kty\":\"EC\"},{\"kty\":\"EC\"}]}", YH_E_NOT_FOUND}, /* which of them? */
        {"{\"keys\":[{\"kty\":\"EC\"}]}", YH_E_INVALID},
        {"{\"keys\":[{\"kty\":\"EC\",\"use\":\"enc\"}]}", YH_E_NOT_FOUND},
        {"{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AQAB\",\"y\":\"AQAB\"}]}", YH_E_INVALID},
        {"{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
         "\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}]}", YH_E_INVALID}, /* not on the curve */
    };
    for (size_t i = 0; i < YH_LEN(rows); i++) {
        json_t *claims = NULL;
        assert_int_equal(check(rfc_token, rows[i].keys, &claims), rows[i].e);
        assert_null(claims);
    }
}

static void what_is_no_token_is_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {"", ".", "..", "...", "a.b.c.d", "e30.e30.", "W10.e30.AA", "eyJhbGciOjF9.e30.AA",
                                       "eyJhbGciOiJub25lIn0.e30.", "eyJhbGciOiJFUzI1NiJ9.e30."};
    for (size_t i = 0; i < YH_LEN(rows); i++) {
        json_t *claims = NULL;
        yh_err e = check(rows[i], rfc_keys, &claims);
        assert_true(e == YH_E_INVALID || e == YH_E_UNAUTH);
        assert_null(claims);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base64url_goes_both_ways),
        cmocka_unit_test(what_is_no_base64url_is_refused),
        cmocka_unit_test(the_example_of_the_rfc_verifies),
        cmocka_unit_test(every_changed_letter_of_the_signature_is_seen),
        cmocka_unit_test(keys_that_do_not_fit_are_refused),
        cmocka_unit_test(what_is_no_token_is_refused),
    };
    return cmocka_run_group_tests_name("kit-jwt", tests, NULL, NULL);
}
