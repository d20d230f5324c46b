#include "support.h"

#include "hj212/dialect.h"
#include "hj212/dict.h"

static void factors(void **state)
{
    (void)state;
    const struct hj212_factor *f = hj212_factor_find(YH_S("w01018"));
    assert_non_null(f);
    assert_string_equal(f->code_2005, "011");
    assert_string_equal(f->name, "化学需氧量");
    assert_string_equal(f->medium, "water");
    assert_string_equal(f->unit, "mg/L");
    assert_string_equal(f->unit_emission, "kg");
    assert_int_equal(f->decimals, 1);
    assert_ptr_equal(hj212_factor_find(YH_S("011")), f);
    assert_string_equal(hj212_factor_find(YH_S("B03"))->code, "");
    assert_int_equal(hj212_factor_find(YH_S("99"))->decimals, -1);
}

static void every_factor_is_found_by_its_codes(void **state)
{
    (void)state;
    size_t n;
    const struct hj212_factor *all = hj212_factors(&n);
    assert_int_equal(n, 389);
    for (size_t i = 0; i < n; i++) {
        assert_true(*all[i].code || *all[i].code_2005);
        assert_true(strlen(all[i].name) > 0);
        if (*all[i].code)
            assert_string_equal(hj212_factor_find(yh_str_of(all[i].code))->code, all[i].code);
        if (*all[i].code_2005)
            assert_string_equal(hj212_factor_find(yh_str_of(all[i].code_2005))->code_2005, all[i].code_2005);
    }
}

static void equipment_patterns(void **state)
{
    (void)state;
    assert_string_equal(hj212_factor_find(YH_S("e10103"))->code, "e101xx");
    assert_string_equal(hj212_factor_find(YH_S("ea30010112"))->code, "ea300101NN");
    static const char *const unknown[] = {"", "e", "xx", "e101x3", "e1013", "w99999", "zzzzzzzzzzzzzzzzzzzz12", "W01018"};
    for (size_t i = 0; i < YH_LEN(unknown); i++)
        assert_null(hj212_factor_find(yh_str_of(unknown[i])));
}

static void commands(void **state)
{
    (void)state;
    const struct hj212_command *up = hj212_command_find(YH_S("1001"), YH_S("D>P"));
    const struct hj212_command *down = hj212_command_find(YH_S("1001"), YH_S("P>D"));
    assert_true(up->in_2025 && !up->in_2005);
    assert_true(down->in_2005 && !down->in_2025);
    assert_ptr_not_equal(up, down);
    assert_string_equal(hj212_command_find(YH_S("2011"), YH_S("D>P"))->kind, "upload");
    assert_string_equal(hj212_command_find(YH_S("9014"), YH_S("P>D"))->name, "数据应答");
    assert_non_null(hj212_command_find(YH_S("2011"), YH_S("")));
    assert_null(hj212_command_find(YH_S("9012"), YH_S("P>D")));
    assert_null(hj212_command_find(YH_S("4711"), YH_S("")));
}

static void small_tables(void **state)
{
    (void)state;
    assert_string_equal(hj212_system_type_find(YH_S("32"))->name, "地表水体环境污染源");
    assert_null(hj212_system_type_find(YH_S("00")));
    assert_string_equal(hj212_data_flag_find('N')->name, "正常");
    assert_string_equal(hj212_data_flag_find('C')->name, "校准");
    assert_string_equal(hj212_data_flag_find('2')->name, "异常数据");
    assert_null(hj212_data_flag_find('?'));
    assert_string_equal(hj212_code_find("exe_rtn", YH_S("100"))->name, "没有数据");
    assert_string_equal(hj212_code_find("qn_rtn", YH_S("9"))->name_en, "CRC error");
    assert_null(hj212_code_find("exe_rtn", YH_S("99")));
}

static void check_dialect(const char *segment, const char *name)
{
    const struct hj212_dialect *d = hj212_dialect_of(parse_segment_z(segment));
    if (name)
        assert_string_equal(d ? d->name : "none", name);
    else
        assert_null(d);
}

static void dialects(void **state)
{
    (void)state;
    check_dialect("ST=91;CN=9015;PW=1;MN=A;Flag=0;CP=&&DataTime=20160824100331000;CON-RT=0&&", "hebei-keepalive");
    check_dialect("ST=91;CN=8013;PW=1;MN=A;Flag=0;CP=&&HeartbeatTime=120&&", "hebei-heartbeat");
    check_dialect("QN=1;ST=80;CN=2011;PW=1;MN=A;Flag=4;CP=&&DataTime=1;ea30010105-Rtd=1&&", "power-use");
    check_dialect("CN=2061;QN=1;ST=21;PW=1;MN=A;Flag=9;CP=&&DataTime=1;w01001-Avg=7&&", "water-station-9");
    check_dialect("QN=1;CN=2061;ST=21;PW=1;MN=A;Flag=9;CP=&&DataTime=1;w01001-Avg=7&&", NULL);
    check_dialect("ST=39;CN=2011;PW=1;CP=&&a34001-Rtd=1&&", "dust-no-mn");
    check_dialect("QN=1;ST=91;CN=9021;PW=1;MN=A;Flag=5;CP=&&&&", "login-9021");
    check_dialect("QN=1;ST=91;CN=9015;PW=1;MN=A;Flag=9;CP=&&&&", NULL);
    check_dialect("QN=1;ST=31;CN=2011;PW=1;MN=A;Flag=5;CP=&&PM10-Rtd=1&&", "symbolic-codes");
    check_dialect("QN=1;ST=32;CN=2011;PW=1;MN=A;Flag=5;CP=&&w01018-Rtd=1&&", NULL);
    const struct hj212_frame *f = PARSE("##000050ST=32;CN=2011;PW=123456;MN=A;CP=&&w01018-Rtd=1.0&&3E80\r\n");
    assert_int_equal(f->status, HJ212_OK);
    assert_string_equal(hj212_dialect_of(f)->name, "length-six");
    struct hj212_frame copy = *parse_segment_z("ST=xx;CN=2011;MN=A;CP=&&&&");
    copy.header[HJ212_ST] = (yh_str){"\0\0", 2};
    assert_string_equal(hj212_dialect_of(&copy)->name, "hebei-st-nul");
}

static void heartbeats_and_logins(void **state)
{
    (void)state;
    assert_true(hj212_is_heartbeat(YH_S("9015")));
    assert_true(hj212_is_heartbeat(YH_S("8013")));
    assert_true(hj212_is_heartbeat(YH_S("9021")));
    assert_false(hj212_is_heartbeat(YH_S("2011")));
    assert_false(hj212_is_heartbeat(YH_S("")));
    assert_true(hj212_is_login(YH_S("9021")));
    assert_false(hj212_is_login(YH_S("9015")));
}

/* Every condition a row names must exist, or the row could never match. */
static void dialect_rows_are_complete(void **state)
{
    (void)state;
    static const char *const known = " st-nul no-mn qn-after-cn edition-2005 edition-old length-six-digits ";
    size_t n;
    const struct hj212_dialect *all = hj212_dialects(&n);
    assert_true(n > 10);
    for (size_t i = 0; i < n; i++) {
        assert_true(*all[i].name && *all[i].title && *all[i].note);
        yh_str rest = yh_str_of(all[i].has), word;
        while (rest.n && yh_str_split(&rest, ' ', &word)) {
            yh_buf_auto padded = yh_buf_make(64);
            yh_buf_printf(&padded, " %.*s ", YH_FMT(word));
            assert_non_null(strstr(known, yh_buf_z(&padded)));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(factors),
        cmocka_unit_test(every_factor_is_found_by_its_codes),
        cmocka_unit_test(equipment_patterns),
        cmocka_unit_test(commands),
        cmocka_unit_test(small_tables),
        cmocka_unit_test(dialects),
        cmocka_unit_test(heartbeats_and_logins),
        cmocka_unit_test(dialect_rows_are_complete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
