#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "source/code.h"

static void credit_codes(void **state)
{
    (void)state;
    static const struct {
        const char *code;
        source_credit verdict;
        char expected;
    } rows[] = {
        {"91130200699229617X", SOURCE_CREDIT_OK, 0},
        {"91350100M000100Y43", SOURCE_CREDIT_OK, 0},
        {"91500115DEM0000142", SOURCE_CREDIT_OK, 0},
        {"91500102DEM0000222", SOURCE_CREDIT_OK, 0},
        {"91500107DEM0000305", SOURCE_CREDIT_OK, 0},
        {"91500116DEM0000493", SOURCE_CREDIT_OK, 0},
        {"91500115DEM000057F", SOURCE_CREDIT_OK, 0},
        {"91500102DEM000065F", SOURCE_CREDIT_OK, 0},
        {"91500101DEM000073U", SOURCE_CREDIT_OK, 0},
        {"91500116DEM00009X6", SOURCE_CREDIT_OK, 0},
        {"91500102DEM000102M", SOURCE_CREDIT_OK, 0},
        {"91500114DEM000129R", SOURCE_CREDIT_OK, 0},
        {"91500156DEM000137F", SOURCE_CREDIT_OK, 0},
        {"91500116DEM000145C", SOURCE_CREDIT_OK, 0},
        {"91500156DEM0001535", SOURCE_CREDIT_OK, 0},
        {"91500107DEM000241L", SOURCE_CREDIT_OK, 0},
        {"91500115DEM0000143", SOURCE_CREDIT_CHECK, '2'},
        {"91500115DEM0000152", SOURCE_CREDIT_ORG, '4'},
        {"91500115DEM0000241", SOURCE_CREDIT_ORG, '2'},
        {"9150011SDEM0000142", SOURCE_CREDIT_CHARACTER, 0},
        {"91500115dem0000142", SOURCE_CREDIT_CHARACTER, 0},
        {"91500115DEM00001 2", SOURCE_CREDIT_CHARACTER, 0},
        {"91500115DEM000014", SOURCE_CREDIT_LENGTH, 0},
        {"91500115DEM00001422", SOURCE_CREDIT_LENGTH, 0},
        {"", SOURCE_CREDIT_LENGTH, 0},
    };
    for (size_t i = 0; i < YH_LEN(rows); i++) {
        char expected = 0;
        assert_int_equal(source_credit_check(yh_str_of(rows[i].code), &expected), rows[i].verdict);
        assert_int_equal(expected, rows[i].expected);
    }
    char none = 0;
    assert_int_equal(source_credit_check(YH_S("91500115DEM0000\0" "42"), &none), SOURCE_CREDIT_CHARACTER);
}

/* One wrong character of the first sixteen is always noticed: that is what the check characters are for. */
static void every_single_slip_is_noticed(void **state)
{
    (void)state;
    static const char letters[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    for (size_t at = 0; at < SOURCE_CREDIT_LEN; at++) {
        for (size_t l = 0; l < 31; l++) {
            char code[] = "91500115DEM0000142", expected;
            if (code[at] == letters[l])
                continue;
            code[at] = letters[l];
            assert_int_not_equal(source_credit_check(yh_str_of(code), &expected), SOURCE_CREDIT_OK);
        }
    }
}

static void made_codes_pass(void **state)
{
    (void)state;
    char code[SOURCE_CREDIT_LEN + 1] = "";
    assert_true(source_credit_make(YH_S("91500116"), YH_S("DEM00009"), code));
    assert_string_equal(code, "91500116DEM00009X6");
    assert_false(source_credit_make(YH_S("9150011"), YH_S("DEM00009"), code));
    assert_false(source_credit_make(YH_S("9150011O"), YH_S("DEM00009"), code));
    assert_string_equal(code, "91500116DEM00009X6");
}

static void device_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *mn;
        bool valid, standard;
    } rows[] = {
        {"LD130182000295", true, true},
        {"010000A8900016F000169DC0", true, true},
        {"DE5001150000010100000000", true, true},
        {"010000A8900016F000169DCG", true, false},
        {"JLYP01_AIR01_0001", true, false},
        {"aqms-1100-2020110011", true, false},
        {"7", true, false},
        {"", false, false},
        {"..", false, false},
        {"a/b", false, false},
        {"a b", false, false},
        {"设备一", false, false},
        {"012345678901234567890123456789012", false, false},
    };
    for (size_t i = 0; i < YH_LEN(rows); i++) {
        assert_int_equal(source_mn_valid(yh_str_of(rows[i].mn)), rows[i].valid);
        assert_int_equal(source_mn_standard(yh_str_of(rows[i].mn)), rows[i].standard);
    }
    assert_false(source_mn_valid(YH_S("a\0b")));
}

static void outlets_and_media(void **state)
{
    (void)state;
    assert_string_equal(source_outlet_medium(YH_S("DW001")), "water");
    assert_string_equal(source_outlet_medium(YH_S("DA123")), "air");
    static const char *const none[] = {"DX001", "DW01", "DW0001", "dw001", "DW00A", ""};
    for (size_t i = 0; i < YH_LEN(none); i++)
        assert_null(source_outlet_medium(yh_str_of(none[i])));
    assert_string_equal(source_st_medium(YH_S("32")), "water");
    assert_string_equal(source_st_medium(YH_S("31")), "air");
    assert_string_equal(source_st_medium(YH_S("23")), "noise");
    assert_null(source_st_medium(YH_S("91")));
    assert_true(source_factor_valid(YH_S("w01018")) && source_factor_valid(YH_S("B01")));
    assert_false(source_factor_valid(YH_S("")) || source_factor_valid(YH_S("a;b")) || source_factor_valid(YH_S("因子")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(credit_codes),    cmocka_unit_test(every_single_slip_is_noticed),
        cmocka_unit_test(made_codes_pass), cmocka_unit_test(device_numbers),
        cmocka_unit_test(outlets_and_media),
    };
    return cmocka_run_group_tests_name("source-code", tests, NULL, NULL);
}
