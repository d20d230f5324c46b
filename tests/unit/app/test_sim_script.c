#include "sim_box.h"

static yh_err read_script(const char *text, struct sim_script *s)
{
    return sim_script_read(yh_str_of(text), BOX_START, s);
}

static void everything_is_read(void **state)
{
    (void)state;
    static struct sim_script s;
    check_ok(read_script(
        "{\"seed\":7,"
        "\"fleet\":[{\"count\":3,\"edition\":\"2025\",\"sm4\":true,\"heartbeat\":\"9015\",\"factors\":8,\"cp_max\":300},"
        "{\"edition\":\"2005\",\"medium\":\"air\",\"login\":\"9021\",\"ask\":false}],"
        "\"faults\":[{\"kind\":\"constant\",\"outlets\":[0,2],\"factor\":\"w01018\",\"from\":-60,\"to\":60,\"value\":\"36.5\"},"
        "{\"kind\":\"frame\",\"damage\":\"crc-modbus\",\"nth\":3},"
        "{\"kind\":\"clock\",\"from\":5,\"clock\":\"2000-02-01T00:00:00\"}],"
        "\"commands\":[{\"cn\":\"3012\",\"reply\":\"refuse\"},{\"reply\":\"busy\",\"outlets\":[1]}]}", &s));
    assert_true(s.has_seed && s.seed == 7);
    assert_int_equal(sim_script_outlets(&s), 4);
    struct sim_group g = sim_script_group(&s, 2, 5);
    assert_true(g.edition == HJ212_ED_2025 && g.enciphers && g.factors == 8 && g.cp_max == 300 && g.asks);
    g = sim_script_group(&s, 3, 5);
    assert_true(g.edition == HJ212_ED_2005 && g.factors == 5 && !g.asks);
    assert_string_equal(g.medium, "air");
    assert_string_equal(g.login, "9021");
    assert_int_equal(sim_script_group(&s, 4, 0).edition, sim_mix_of(0, 0).edition);

    struct sim_bend bends[4];
    assert_int_equal(sim_script_bends(&s, 0, "w01018", 4, bends), 1);
    assert_true(bends[0].from == BOX_START - YH_MINUTE && bends[0].to == BOX_START + YH_MINUTE && bends[0].value.m == 365);
    assert_int_equal(sim_script_bends(&s, 1, "w01018", 4, bends), 0);
    assert_int_equal(sim_script_bends(&s, 0, "w21003", 4, bends), 0);
    assert_int_equal(s.faults[1].damage, SIM_CRC_MODBUS);
    assert_null(sim_script_fault(&s, 0, SIM_FAULT_CLOCK, BOX_START + 4999));
    assert_non_null(sim_script_fault(&s, 0, SIM_FAULT_CLOCK, BOX_START + 5000));

    assert_int_equal(sim_script_reply(&s, 0, YH_S("3012")), SIM_REPLY_REFUSE);
    assert_int_equal(sim_script_reply(&s, 1, YH_S("1011")), SIM_REPLY_BUSY);
    assert_int_equal(sim_script_reply(&s, 0, YH_S("1011")), SIM_REPLY_DONE);
}

static void wrong_scripts_say_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *text, *cause;
    } rows[] = {
        {"", ""},
        {"[]", "object"},
        {"{\"sead\":1}", "'sead'"},
        {"{\"seed\":-1}", "'seed'"},
        {"{\"faults\":{}}", "'faults'"},
        {"{\"faults\":[1]}", "faults[0]"},
        {"{\"faults\":[{\"kind\":\"gap\"},{\"kind\":\"gapp\"}]}", "faults[1]: 'kind'"},
        {"{\"faults\":[{\"kind\":\"gap\",\"form\":1}]}", "'form'"},
        {"{\"faults\":[{\"kind\":\"gap\",\"from\":1.5}]}", "'from'"},
        {"{\"faults\":[{\"kind\":\"gap\",\"from\":-9223372036854775808}]}", "'from'"},
        {"{\"faults\":[{\"kind\":\"gap\",\"from\":\"0001-01-01\"}]}", "'from'"},
        {"{\"faults\":[{\"kind\":\"gap\",\"from\":5,\"to\":5}]}", "'to'"},
        {"{\"faults\":[{\"kind\":\"gap\",\"outlets\":[]}]}", "'outlets'"},
        {"{\"faults\":[{\"kind\":\"gap\",\"outlets\":[-1]}]}", "'outlets'"},
        {"{\"faults\":[{\"kind\":\"frame\"}]}", "'damage'"},
        {"{\"faults\":[{\"kind\":\"frame\",\"damage\":\"x\"}]}", "'damage'"},
        {"{\"faults\":[{\"kind\":\"flag\"}]}", "'flag'"},
        {"{\"faults\":[{\"kind\":\"flag\",\"flag\":\"NN\"}]}", "'flag'"},
        {"{\"faults\":[{\"kind\":\"drift\"}]}", "'permille'"},
        {"{\"faults\":[{\"kind\":\"clock\"}]}", "'clock'"},
        {"{\"faults\":[{\"kind\":\"constant\",\"value\":36.5}]}", "'value'"},
        {"{\"faults\":[{\"kind\":\"constant\",\"value\":\"much\"}]}", "'value'"},
        {"{\"faults\":[{\"kind\":\"constant\",\"factor\":\"a-very-long-factor-code\"}]}", "'factor'"},
        {"{\"faults\":[{\"kind\":\"junk\",\"every\":0}]}", "'every'"},
        {"{\"fleet\":[{\"edition\":\"2012\"}]}", "'edition'"},
        {"{\"fleet\":[{\"sm4\":true}]}", "'sm4'"},
        {"{\"fleet\":[{\"count\":20000},{\"count\":1}]}", "fleet"},
        {"{\"fleet\":[{\"heartbeat\":\"9999\"}]}", "'heartbeat'"},
        {"{\"commands\":[{\"cn\":\"1\",\"reply\":\"busy\"}]}", "'cn'"},
        {"{\"commands\":[{\"cn\":\"3012\"}]}", "'reply'"},
    };
    static struct sim_script s;
    for (size_t i = 0; i < YH_LEN(rows); i++) {
        check_err(read_script(rows[i].text, &s), YH_E_INVALID);
        if (!strstr(yh_cause(), rows[i].cause))
            fail_msg("%s: \"%s\" does not name %s", rows[i].text, yh_cause(), rows[i].cause);
    }
}

static void flags_hold_for_their_factor_and_time(void **state)
{
    (void)state;
    static struct sim_script s;
    check_ok(read_script("{\"faults\":[{\"kind\":\"flag\",\"flag\":\"M\",\"factor\":\"w01018\",\"to\":10}]}", &s));
    assert_int_equal(sim_script_flag(&s, 3, "w01018", BOX_START), 'M');
    assert_int_equal(sim_script_flag(&s, 3, "w01018", BOX_START + 10000), 'N');
    assert_int_equal(sim_script_flag(&s, 3, "w21003", BOX_START), 'N');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_read),
        cmocka_unit_test(wrong_scripts_say_what_is_wrong),
        cmocka_unit_test(flags_hold_for_their_factor_and_time),
    };
    return cmocka_run_group_tests_name("sim-script", tests, NULL, NULL);
}
