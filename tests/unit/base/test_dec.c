#include "check.h"

#include "base/dec.h"

static yh_dec dec(const char *text)
{
    yh_dec d;
    if (!yh_dec_parse(yh_str_of(text), &d))
        fail_msg("\"%s\" is not read as a decimal", text);
    return d;
}

#define check_dec(d, want)                                                                                   \
    do {                                                                                                     \
        yh_buf_auto check_b_ = yh_buf_make(32);                                                              \
        yh_dec_format((d), &check_b_);                                                                       \
        check_buf(&check_b_, want);                                                                          \
    } while (0)

static void parsing_keeps_the_scale_as_written(void **state)
{
    static const struct {
        const char *text;
        int64_t m;
        uint8_t scale;
        const char *written;
    } rows[] = {
        {"0", 0, 0, "0"}, {"0.50", 50, 2, "0.50"}, {"-0.05", -5, 2, "-0.05"}, {"+12", 12, 0, "12"},
        {"5.", 5, 0, "5"}, {".5", 5, 1, "0.5"}, {"-.5", -5, 1, "-0.5"}, {"007.0", 70, 1, "7.0"},
        {"0.000000000001", 1, 12, "0.000000000001"}, {"-0.0", 0, 1, "0.0"},
        {"999999999999999999", 999999999999999999, 0, "999999999999999999"},
        {"9223372036854775807", INT64_MAX, 0, "9223372036854775807"},
        {"-9223372.036854775808", INT64_MIN, 12, "-9223372.036854775808"},
    };
    (void)state;
    for (size_t i = 0; i < YH_LEN(rows); i++) {
        yh_dec d = dec(rows[i].text);
        assert_true(d.m == rows[i].m);
        assert_int_equal(d.scale, rows[i].scale);
        check_dec(d, rows[i].written);
    }
}

static void refuses_what_is_no_decimal(void **state)
{
    static const char *const bad[] = {"", "+", "-", ".", "-.", "1e5", "1,5", " 1", "1 ", "1.2.3", "--1", "+-1",
                                      "0x1", "NaN", "inf", "１", "0.0000000000001", "9223372036854775808",
                                      "-9223372036854775809", "1000000000000000000000000"};
    (void)state;
    for (size_t i = 0; i < YH_LEN(bad); i++) {
        yh_dec d = {7, 3};
        if (yh_dec_parse(yh_str_of(bad[i]), &d))
            fail_msg("\"%s\" was read as a decimal", bad[i]);
        assert_true(d.m == 7 && d.scale == 3);
    }
    yh_dec d;
    assert_false(yh_dec_parse(YH_S("1\0"), &d));
}

static void comparison_is_exact_across_scales(void **state)
{
    (void)state;
    assert_int_equal(yh_dec_cmp(dec("0.5"), dec("0.500000000000")), 0);
    assert_int_equal(yh_dec_cmp(dec("0.1"), dec("0.100000000001")), -1);
    assert_int_equal(yh_dec_cmp(dec("-0.1"), dec("-0.100000000001")), 1);
    assert_int_equal(yh_dec_cmp(dec("9223372036854775807"), dec("9223372.036854775807")), 1);
    assert_int_equal(yh_dec_cmp((yh_dec){INT64_MIN, 0}, (yh_dec){INT64_MIN, 12}), -1);
    assert_int_equal(yh_dec_cmp((yh_dec){INT64_MAX, 0}, (yh_dec){INT64_MAX, 0}), 0);
}

struct rounding {
    const char *in;
    uint8_t scale;
    const char *even, *up, *down;
};

static void rounding_vectors(void **state)
{
    static const struct rounding rows[] = {
        /* GB/T 8170: on an exact half the kept digit becomes even; anything beyond the half goes away from zero */
        {"12.1498", 1, "12.1", "12.1", "12.1"}, {"12.1498", 0, "12", "12", "12"},
        {"1268", 0, "1268", "1268", "1268"},    {"10.5002", 0, "11", "11", "10"},
        {"1.050", 1, "1.0", "1.1", "1.0"},      {"0.350", 1, "0.4", "0.4", "0.3"},
        {"2.5", 0, "2", "3", "2"},              {"3.5", 0, "4", "4", "3"},
        {"-2.5", 0, "-2", "-3", "-2"},          {"-3.5", 0, "-4", "-4", "-3"},
        {"-0.35", 1, "-0.4", "-0.4", "-0.3"},   {"-0.25", 1, "-0.2", "-0.3", "-0.2"},
        {"0.05", 1, "0.0", "0.1", "0.0"},       {"-0.05", 1, "0.0", "-0.1", "0.0"},
        {"0.0500000001", 1, "0.1", "0.1", "0.0"}, {"50.4999999999", 0, "50", "50", "50"},
        {"1.5", 3, "1.500", "1.500", "1.500"},  {"9.995", 2, "10.00", "10.00", "9.99"},
    };
    (void)state;
    for (size_t i = 0; i < YH_LEN(rows); i++) {
        yh_dec r;
        assert_true(yh_dec_rescale(dec(rows[i].in), rows[i].scale, YH_ROUND_HALF_EVEN, &r));
        check_dec(r, rows[i].even);
        assert_true(yh_dec_rescale(dec(rows[i].in), rows[i].scale, YH_ROUND_HALF_UP, &r));
        check_dec(r, rows[i].up);
        assert_true(yh_dec_rescale(dec(rows[i].in), rows[i].scale, YH_ROUND_DOWN, &r));
        check_dec(r, rows[i].down);
    }
}

static void rescaling_reports_what_does_not_fit(void **state)
{
    (void)state;
    yh_dec r = {1, 1};
    assert_false(yh_dec_rescale(dec("9223372036854775807"), 1, YH_ROUND_DOWN, &r));
    assert_false(yh_dec_rescale(dec("1"), YH_DEC_MAX_SCALE + 1, YH_ROUND_DOWN, &r));
    assert_true(r.m == 1 && r.scale == 1);
    assert_true(yh_dec_rescale((yh_dec){INT64_MIN, 12}, 0, YH_ROUND_HALF_EVEN, &r));
    check_dec(r, "-9223372");
}

static void adds_and_subtracts(void **state)
{
    (void)state;
    yh_dec r = {5, 5};
    assert_true(yh_dec_add(dec("0.1"), dec("0.20"), &r));
    check_dec(r, "0.30");
    assert_true(yh_dec_sub(dec("1"), dec("0.001"), &r));
    check_dec(r, "0.999");
    assert_true(yh_dec_sub(dec("-1"), dec("-1"), &r));
    check_dec(r, "0");
    r = (yh_dec){5, 5};
    assert_false(yh_dec_add(dec("9223372036854775807"), dec("1"), &r));
    assert_false(yh_dec_sub(dec("-9223372036854775807"), dec("2"), &r));
    assert_false(yh_dec_add(dec("9223372036854775807"), dec("0.1"), &r));
    assert_true(r.m == 5 && r.scale == 5);
}

static void multiplies_with_rounding(void **state)
{
    (void)state;
    yh_dec r = {5, 5};
    assert_true(yh_dec_mul(dec("1.2"), dec("50"), 1, YH_ROUND_HALF_EVEN, &r));
    check_dec(r, "60.0");
    assert_true(yh_dec_mul(dec("0.05"), dec("0.5"), 2, YH_ROUND_HALF_EVEN, &r));
    check_dec(r, "0.02");
    assert_true(yh_dec_mul(dec("0.05"), dec("0.5"), 2, YH_ROUND_HALF_UP, &r));
    check_dec(r, "0.03");
    assert_true(yh_dec_mul(dec("-3"), dec("7"), 12, YH_ROUND_DOWN, &r));
    check_dec(r, "-21.000000000000");
    /* the product of the largest numbers stands in the intermediate, the result must still fit */
    assert_true(yh_dec_mul((yh_dec){INT64_MIN, 12}, (yh_dec){INT64_MIN, 12}, 0, YH_ROUND_DOWN, &r));
    check_dec(r, "85070591730234");
    r = (yh_dec){5, 5};
    assert_false(yh_dec_mul((yh_dec){INT64_MIN, 0}, dec("-1"), 0, YH_ROUND_DOWN, &r));
    assert_false(yh_dec_mul((yh_dec){INT64_MAX, 0}, (yh_dec){INT64_MAX, 0}, 12, YH_ROUND_DOWN, &r));
    assert_false(yh_dec_mul(dec("1"), dec("1"), YH_DEC_MAX_SCALE + 1, YH_ROUND_DOWN, &r));
    assert_true(r.m == 5 && r.scale == 5);
}

static void divides_with_rounding(void **state)
{
    (void)state;
    yh_dec r = {5, 5};
    assert_true(yh_dec_div(dec("1"), dec("3"), 12, YH_ROUND_HALF_EVEN, &r));
    check_dec(r, "0.333333333333");
    assert_true(yh_dec_div(dec("-2"), dec("3"), 2, YH_ROUND_HALF_EVEN, &r));
    check_dec(r, "-0.67");
    assert_true(yh_dec_div(dec("1"), dec("-8"), 2, YH_ROUND_HALF_EVEN, &r));
    check_dec(r, "-0.12");
    assert_true(yh_dec_div(dec("1"), dec("8"), 2, YH_ROUND_HALF_UP, &r));
    check_dec(r, "0.13");
    assert_true(yh_dec_div(dec("0"), dec("-5"), 3, YH_ROUND_HALF_UP, &r));
    check_dec(r, "0.000");
    r = (yh_dec){5, 5};
    assert_false(yh_dec_div(dec("1"), dec("0.000"), 2, YH_ROUND_DOWN, &r));
    assert_false(yh_dec_div(dec("9223372036854775807"), dec("0.1"), 0, YH_ROUND_DOWN, &r));
    assert_false(yh_dec_div((yh_dec){INT64_MIN, 0}, dec("-1"), 0, YH_ROUND_DOWN, &r));
    assert_true(r.m == 5 && r.scale == 5);
}

static void division_fails_only_when_the_quotient_does_not_fit(void **state)
{
    (void)state;
    yh_dec r;
    assert_true(yh_dec_div(dec("1000000.000000000000"), dec("1.000000000000"), 12, YH_ROUND_DOWN, &r));
    check_dec(r, "1000000.000000000000");
    assert_true(yh_dec_div((yh_dec){INT64_MAX, 12}, (yh_dec){INT64_MAX, 12}, 12, YH_ROUND_DOWN, &r));
    check_dec(r, "1.000000000000");
    assert_true(yh_dec_div((yh_dec){INT64_MIN, 0}, (yh_dec){INT64_MIN, 0}, 12, YH_ROUND_DOWN, &r));
    check_dec(r, "1.000000000000");
}

/* (a*b)/b = a for random decimals, and the printed text reads back to the same number. */
static void properties_hold_for_random_numbers(void **state)
{
    (void)state;
    uint64_t seed = 20260815;
    for (int i = 0; i < 20000; i++) {
        yh_dec a = {(int64_t)check_random(&seed) >> (16 + check_random(&seed) % 40), (uint8_t)(check_random(&seed) % 7)};
        yh_dec b = {(int64_t)(1 + check_random(&seed) % 9999), (uint8_t)(check_random(&seed) % 3)};
        yh_dec product, back, sum;
        yh_buf_auto text = yh_buf_make(40);
        yh_dec_format(a, &text);
        assert_true(yh_dec_parse(yh_buf_view(&text), &back));
        assert_true(back.m == a.m && back.scale == a.scale);
        if (!yh_dec_mul(a, b, (uint8_t)(a.scale + b.scale), YH_ROUND_HALF_EVEN, &product))
            continue;
        assert_true(yh_dec_div(product, b, a.scale, YH_ROUND_HALF_EVEN, &back));
        assert_int_equal(yh_dec_cmp(a, back), 0);
        assert_true(yh_dec_add(a, b, &sum));
        assert_true(yh_dec_sub(sum, b, &back));
        assert_int_equal(yh_dec_cmp(a, back), 0);
    }
}

static void approximation_is_close(void **state)
{
    (void)state;
    assert_true(yh_dec_approx(dec("-12.25")) == -12.25);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parsing_keeps_the_scale_as_written),
        cmocka_unit_test(refuses_what_is_no_decimal),
        cmocka_unit_test(comparison_is_exact_across_scales),
        cmocka_unit_test(rounding_vectors),
        cmocka_unit_test(rescaling_reports_what_does_not_fit),
        cmocka_unit_test(adds_and_subtracts),
        cmocka_unit_test(multiplies_with_rounding),
        cmocka_unit_test(divides_with_rounding),
        cmocka_unit_test(division_fails_only_when_the_quotient_does_not_fit),
        cmocka_unit_test(properties_hold_for_random_numbers),
        cmocka_unit_test(approximation_is_close),
    };
    return cmocka_run_group_tests_name("base dec", tests, NULL, NULL);
}
