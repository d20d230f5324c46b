#include "check.h"

#include "base/json.h"

static void writes_nested_values_with_commas(void **state)
{
    (void)state;
    yh_buf_auto b = yh_buf_make(1000);
    struct yh_json j = yh_json_to(&b);
    yh_json_obj(&j);
    yh_json_kz(&j, "a", "x");
    yh_json_kz(&j, "none", NULL);
    yh_json_key(&j, "list");
    yh_json_arr(&j);
    yh_json_i64(&j, -1);
    yh_json_obj(&j);
    yh_json_obj_end(&j);
    yh_json_arr(&j);
    yh_json_arr_end(&j);
    yh_json_bool(&j, true);
    yh_json_null(&j);
    yh_json_arr_end(&j);
    yh_json_ku64(&j, "u", UINT64_MAX);
    yh_json_kbool(&j, "f", false);
    yh_json_kdec(&j, "d", (yh_dec){1250, 2});
    yh_json_ktime(&j, "t", 0);
    yh_json_ktime(&j, "never", YH_TIME_NONE);
    yh_json_key(&j, "hex");
    yh_json_hex(&j, "\x0F\xA0", 2);
    yh_json_key(&j, "raw");
    yh_json_raw(&j, YH_S("{\"in\":1}"));
    yh_json_obj_end(&j);
    check_ok(yh_buf_check(&b));
    check_buf(&b, "{\"a\":\"x\",\"none\":null,\"list\":[-1,{},[],true,null],\"u\":18446744073709551615,\"f\":false,"
                  "\"d\":\"12.50\",\"t\":\"1970-01-01T08:00:00+08:00\",\"never\":null,\"hex\":\"0FA0\","
                  "\"raw\":{\"in\":1}}");
}

static void top_level_values_stand_alone(void **state)
{
    (void)state;
    yh_buf_auto b = yh_buf_make(100);
    struct yh_json j = yh_json_to(&b);
    yh_json_str(&j, YH_S("only"));
    check_buf(&b, "\"only\"");
}

static void check_string(yh_str in, const char *want)
{
    yh_buf_auto b = yh_buf_make(1000);
    struct yh_json j = yh_json_to(&b);
    yh_json_str(&j, in);
    check_ok(yh_buf_check(&b));
    check_buf(&b, want);
    json_t *back = json_loadb(b.p, b.n, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    assert_non_null(back);
    json_decref(back);
}

static void escapes_and_replaces(void **state)
{
    (void)state;
    check_string((yh_str){NULL, 0}, "\"\"");
    check_string(YH_S("a\"b\\c/d"), "\"a\\\"b\\\\c/d\"");
    check_string(YH_S("\n\r\t\b\x1f"), "\"\\n\\r\\t\\u0008\\u001f\"");
    check_string(YH_S("a\0b"), "\"a\\u0000b\"");
    check_string(YH_S("渝衡\xF0\x9F\x8F\xAD\x7F"), "\"渝衡\xF0\x9F\x8F\xAD\x7F\"");
    check_string(YH_S("\xFF"), "\"\xEF\xBF\xBD\"");
    check_string(YH_S("a\xD3\xE5z"), "\"a\xEF\xBF\xBD\xEF\xBF\xBDz\""); /* GB 18030 bytes */
    check_string(YH_S("\xE6\xB8"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");      /* cut in the middle */
    check_string(YH_S("\xED\xA0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
    check_string(YH_S("\xC0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
    check_string(YH_S("\xE6\xB8\x9D\x80"), "\"\xE6\xB8\x9D\xEF\xBF\xBD\"");
}

/* Whatever bytes go in, valid JSON comes out. */
static void random_bytes_give_valid_json(void **state)
{
    (void)state;
    uint64_t seed = 4242;
    for (int i = 0; i < 3000; i++) {
        char bytes[64];
        size_t n = check_random(&seed) % sizeof bytes;
        for (size_t k = 0; k < n; k++)
            bytes[k] = (char)check_random(&seed);
        yh_buf_auto b = yh_buf_make(1000);
        struct yh_json j = yh_json_to(&b);
        yh_json_obj(&j);
        yh_json_key_str(&j, (yh_str){bytes, n / 2});
        yh_json_str(&j, (yh_str){bytes + n / 2, n - n / 2});
        yh_json_obj_end(&j);
        check_ok(yh_buf_check(&b));
        assert_true(yh_str_is_utf8(yh_buf_view(&b)));
        json_error_t error;
        json_t *back = json_loadb(b.p, b.n, JSON_ALLOW_NUL, &error);
        if (!back && !strstr(error.text, "NUL byte in object key"))
            fail_msg("round %d: %s in %s", i, error.text, yh_buf_z(&b));
        json_decref(back);
    }
}

static void numbers_that_json_cannot_say_are_null(void **state)
{
    (void)state;
    yh_buf_auto b = yh_buf_make(200);
    struct yh_json j = yh_json_to(&b);
    yh_json_arr(&j);
    yh_json_double(&j, 1.5);
    yh_json_double(&j, (double)__builtin_inff());
    yh_json_double(&j, __builtin_nan(""));
    yh_json_i64(&j, INT64_MIN);
    yh_json_arr_end(&j);
    check_buf(&b, "[1.5,null,null,-9223372036854775808]");
}

static void depth_and_size_fail_in_the_buffer(void **state)
{
    (void)state;
    yh_buf_auto b = yh_buf_make(1000);
    struct yh_json j = yh_json_to(&b);
    for (int i = 0; i < YH_JSON_DEPTH; i++)
        yh_json_arr(&j);
    check_ok(yh_buf_check(&b));
    yh_json_arr(&j);
    check_err(yh_buf_check(&b), YH_E_TOO_LARGE);
    for (int i = 0; i < YH_JSON_DEPTH + 9; i++)
        yh_json_arr_end(&j);
    yh_buf_auto small = yh_buf_make(8);
    j = yh_json_to(&small);
    yh_json_z(&j, "longer than eight");
    check_err(yh_buf_check(&small), YH_E_TOO_LARGE);
}

static void reads_valid_text(void **state)
{
    (void)state;
    yh_json_auto *v = NULL;
    check_ok(yh_json_parse(YH_S(" {\"a\":[1,2.5,\"渝\"],\"b\":null} "), &v));
    assert_int_equal(json_array_size(json_object_get(v, "a")), 3);
    assert_true(json_is_null(json_object_get(v, "b")));
    yh_json_auto *scalar = NULL;
    check_ok(yh_json_parse(YH_S("\"text\""), &scalar));
    assert_string_equal(json_string_value(scalar), "text");
}

static void refuses_bad_text(void **state)
{
    static const char *const bad[] = {
        "", " ", "{", "[1,]", "{\"a\":1,}", "{\"a\":1,\"a\":2}", "{} x", "[1] [2]", "{'a':1}", "{a:1}", "nul",
        "\"\xFF\"", "\"\xED\xA0\x80\"", "\"\\ud800\"", "\"\\u0000\"", "\"a\nb\"", "01", "1e999",
        "99999999999999999999", "\"open", "\xEF\xBB\xBF{}"};
    (void)state;
    for (size_t i = 0; i < YH_LEN(bad); i++) {
        json_t *v = NULL;
        if (yh_json_parse(yh_str_of(bad[i]), &v) != YH_E_INVALID)
            fail_msg("row %zu (%s) was not refused", i, bad[i]);
        assert_null(v);
        assert_true(strlen(yh_cause()) > 0);
    }
    json_t *v = NULL;
    check_err(yh_json_parse((yh_str){NULL, 0}, &v), YH_E_INVALID);
    check_err(yh_json_parse(YH_S("{}\0"), &v), YH_E_INVALID);
}

static void nest(yh_buf *b, size_t depth)
{
    yh_buf_clear(b);
    for (size_t i = 0; i < depth; i++)
        yh_buf_puts(b, "[");
    for (size_t i = 0; i < depth; i++)
        yh_buf_puts(b, "]");
}

static void bounds_the_nesting(void **state)
{
    (void)state;
    yh_buf_auto b = yh_buf_make(300000);
    yh_json_auto *v = NULL;
    nest(&b, 64);
    check_ok(yh_json_parse(yh_buf_view(&b), &v));
    json_t *none = NULL;
    nest(&b, 65);
    check_err(yh_json_parse(yh_buf_view(&b), &none), YH_E_INVALID);
    nest(&b, 100000);
    check_err(yh_json_parse(yh_buf_view(&b), &none), YH_E_INVALID);
    yh_json_auto *text = NULL;
    check_ok(yh_json_parse(YH_S("\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[\""), &text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_nested_values_with_commas),
        cmocka_unit_test(top_level_values_stand_alone),
        cmocka_unit_test(escapes_and_replaces),
        cmocka_unit_test(random_bytes_give_valid_json),
        cmocka_unit_test(numbers_that_json_cannot_say_are_null),
        cmocka_unit_test(depth_and_size_fail_in_the_buffer),
        cmocka_unit_test(reads_valid_text),
        cmocka_unit_test(refuses_bad_text),
        cmocka_unit_test(bounds_the_nesting),
    };
    return cmocka_run_group_tests_name("base json", tests, NULL, NULL);
}
