#include "check.h"

static void compares_bytewise_shorter_first(void **state)
{
    (void)state;
    assert_true(yh_str_cmp(YH_S("ab"), YH_S("ab")) == 0);
    assert_true(yh_str_cmp(YH_S("ab"), YH_S("abc")) < 0);
    assert_true(yh_str_cmp(YH_S("b"), YH_S("abc")) > 0);
    assert_true(yh_str_cmp(YH_S("\x80"), YH_S("z")) > 0);
    assert_true(yh_str_cmp((yh_str){NULL, 0}, YH_S("")) == 0);
    assert_true(yh_str_eq((yh_str){NULL, 0}, YH_S("")));
    assert_false(yh_str_eq(YH_S("a\0b"), YH_S("a\0c")));
    assert_true(yh_str_is(yh_str_of(NULL), ""));
}

static void ignores_case_for_ascii_only(void **state)
{
    (void)state;
    assert_true(yh_str_eq_nocase(YH_S("Ab9Z"), YH_S("aB9z")));
    assert_false(yh_str_eq_nocase(YH_S("ab"), YH_S("abc")));
    assert_false(yh_str_eq_nocase(YH_S("@"), YH_S("`")));
    assert_false(yh_str_eq_nocase(YH_S("["), YH_S("{")));
    assert_false(yh_str_eq_nocase(YH_S("\xC3\x84"), YH_S("\xC3\xA4")));
}

static void finds_prefix_and_suffix(void **state)
{
    (void)state;
    assert_true(yh_str_starts(YH_S("w01018-Rtd"), YH_S("w01018")));
    assert_true(yh_str_starts(YH_S("x"), YH_S("")));
    assert_false(yh_str_starts(YH_S("x"), YH_S("xy")));
    assert_true(yh_str_ends(YH_S("w01018-Rtd"), YH_S("-Rtd")));
    assert_false(yh_str_ends(YH_S("td"), YH_S("Rtd")));
}

static void trims_and_clips(void **state)
{
    (void)state;
    check_str(yh_str_trim(YH_S(" \t\r\n a b \n")), "a b");
    check_str(yh_str_trim(YH_S("  ")), "");
    check_str(yh_str_sub(YH_S("abcdef"), 2, 3), "cde");
    check_str(yh_str_sub(YH_S("abcdef"), 4, 99), "ef");
    check_str(yh_str_sub(YH_S("abcdef"), 99, 1), "");
    check_str(yh_str_sub(YH_S("abcdef"), 1, SIZE_MAX), "bcdef");
    yh_str nothing = yh_str_sub((yh_str){NULL, 0}, 3, 5);
    assert_null(nothing.p);
    assert_int_equal(nothing.n, 0);
}

static void finds_a_character(void **state)
{
    (void)state;
    assert_int_equal(yh_str_find(YH_S("a-b-c"), '-', 0), 1);
    assert_int_equal(yh_str_find(YH_S("a-b-c"), '-', 2), 3);
    assert_int_equal(yh_str_find(YH_S("a-b-c"), '-', 4), 5);
    assert_int_equal(yh_str_find(YH_S("a-b-c"), '-', 500), 5);
    assert_int_equal(yh_str_find((yh_str){NULL, 0}, '-', 0), 0);
}

static void expect_pieces(const char *text, char sep, const char *const *want)
{
    yh_str rest = yh_str_of(text), piece;
    while (*want) {
        assert_true(yh_str_split(&rest, sep, &piece));
        check_str(piece, *want++);
    }
    assert_false(yh_str_split(&rest, sep, &piece));
    assert_false(yh_str_split(&rest, sep, &piece));
}

static void splits_keeping_empty_pieces(void **state)
{
    (void)state;
    expect_pieces("a,,b", ',', (const char *const[]){"a", "", "b", NULL});
    expect_pieces("a,", ',', (const char *const[]){"a", "", NULL});
    expect_pieces(",", ',', (const char *const[]){"", "", NULL});
    expect_pieces("alone", ',', (const char *const[]){"alone", NULL});
    expect_pieces("", ',', (const char *const[]){"", NULL});
}

static void reads_signed_integers(void **state)
{
    static const struct {
        const char *text;
        int64_t value;
    } good[] = {
        {"0", 0}, {"-0", 0}, {"+7", 7}, {"-42", -42}, {"0000000000000000000000012", 12},
        {"9223372036854775807", INT64_MAX}, {"-9223372036854775808", INT64_MIN},
    };
    static const char *const bad[] = {"", "+", "-", "--1", "+-1", "1 ", " 1", "1.0", "0x10", "1e3", "１",
                                      "9223372036854775808", "-9223372036854775809", "99999999999999999999999"};
    (void)state;
    for (size_t i = 0; i < YH_LEN(good); i++) {
        int64_t v = 99;
        assert_true(yh_str_to_i64(yh_str_of(good[i].text), &v));
        assert_true(v == good[i].value);
    }
    for (size_t i = 0; i < YH_LEN(bad); i++) {
        int64_t v = 99;
        assert_false(yh_str_to_i64(yh_str_of(bad[i]), &v));
        assert_true(v == 99);
    }
}

static void reads_unsigned_integers(void **state)
{
    (void)state;
    uint64_t v = 5;
    assert_true(yh_str_to_u64(YH_S("18446744073709551615"), &v));
    assert_true(v == UINT64_MAX);
    v = 5;
    assert_false(yh_str_to_u64(YH_S("18446744073709551616"), &v));
    assert_false(yh_str_to_u64(YH_S("+1"), &v));
    assert_false(yh_str_to_u64(YH_S("-1"), &v));
    assert_false(yh_str_to_u64(YH_S("1\0"), &v));
    assert_true(v == 5);
}

static void knows_well_formed_utf8(void **state)
{
    static const char *const good[] = {"", "a", "\xC2\x80", "渝衡", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
                                       "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"};
    static const char *const bad[] = {
        "\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2\x41", "\xE0\x9F\xBF", "\xE6\xB8", "\xE6\xB8\x41",
        "\xED\xA0\x80" /* surrogate */, "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF",
        "ok\xE6\xB8\x9D\xFE"};
    (void)state;
    for (size_t i = 0; i < YH_LEN(good); i++)
        assert_true(yh_str_is_utf8(yh_str_of(good[i])));
    for (size_t i = 0; i < YH_LEN(bad); i++)
        assert_false(yh_str_is_utf8(yh_str_of(bad[i])));
    assert_int_equal(yh_utf8_count(YH_S("渝衡ab\xF0\x9F\x8F\xAD")), 5);
    assert_true(yh_str_is_ascii(YH_S("##0136\r\n\x7F")));
    assert_false(yh_str_is_ascii(YH_S("é")));
}

static void hex_goes_both_ways(void **state)
{
    (void)state;
    unsigned char all[256], back[256];
    char hex[512];
    for (size_t i = 0; i < sizeof all; i++)
        all[i] = (unsigned char)i;
    yh_hex_encode(all, sizeof all, hex);
    assert_memory_equal(hex, "000102", 6);
    assert_memory_equal(hex + 506, "FDFEFF", 6);
    assert_true(yh_hex_decode((yh_str){hex, sizeof hex}, back, sizeof back));
    assert_memory_equal(all, back, sizeof all);
    assert_true(yh_hex_decode(YH_S("aBcD"), back, 2));
    assert_memory_equal(back, "\xAB\xCD", 2);
    assert_false(yh_hex_decode(YH_S("abc"), back, 2));
    assert_false(yh_hex_decode(YH_S("abcg"), back, 2));
    assert_false(yh_hex_decode(YH_S("ab"), back, 2));
}

static void secrets_compare_whole(void **state)
{
    (void)state;
    assert_true(yh_secret_eq(YH_S("token"), YH_S("token")));
    assert_true(yh_secret_eq(YH_S(""), YH_S("")));
    assert_false(yh_secret_eq(YH_S("token"), YH_S("tokeN")));
    assert_false(yh_secret_eq(YH_S("token"), YH_S("toke")));
    assert_false(yh_secret_eq(YH_S("token"), YH_S("")));
    assert_false(yh_secret_eq(YH_S("Token"), YH_S("token")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compares_bytewise_shorter_first), cmocka_unit_test(ignores_case_for_ascii_only),
        cmocka_unit_test(finds_prefix_and_suffix),         cmocka_unit_test(trims_and_clips),
        cmocka_unit_test(finds_a_character),               cmocka_unit_test(splits_keeping_empty_pieces),
        cmocka_unit_test(reads_signed_integers),           cmocka_unit_test(reads_unsigned_integers),
        cmocka_unit_test(knows_well_formed_utf8),          cmocka_unit_test(hex_goes_both_ways),
        cmocka_unit_test(secrets_compare_whole),
    };
    return cmocka_run_group_tests_name("base str", tests, NULL, NULL);
}
