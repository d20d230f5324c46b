#include "sim_box.h"

#include "hj212/compose.h"
#include "hj212/dict.h"

static const struct sim_group water_2017 = {.count = 1, .edition = HJ212_ED_2017, .medium = "water", .login = "", .beat = ""};
static const struct sim_group water_2025 = {
    .count = 1, .edition = HJ212_ED_2025, .medium = "water", .login = "", .beat = "", .enciphers = true};
static const struct sim_group water_2005 = {.count = 1, .edition = HJ212_ED_2005, .medium = "water", .login = "", .beat = ""};

static const yh_time now = BOX_START + YH_HOUR;

static struct box *open_box(const struct sim_group *group, const char *script)
{
    struct box *b = box_new(group, script);
    check_ok(sim_logger_opened(&b->context, &b->logger, BOX_START));
    box_act(b, BOX_START);
    box_forget(b);
    return b;
}

static const char *text_of(struct box *b, const char *cn, const char *key)
{
    static char text[4096];
    const struct hj212_frame *f = box_find(b, cn, 0);
    if (!f)
        return "no frame";
    snprintf(text, sizeof text, "%.*s", YH_FMT(hj212_field(f, key)));
    return text;
}

/* Tells a command, lets it be carried out, and checks the two codes ("" for no such answer). */
static void expect(struct box *b, const char *cn, const char *cp, const char *qn_rtn, const char *exe_rtn)
{
    box_forget(b);
    box_tell(b, cn, cp, now);
    for (int i = 0; i < 1000 && b->logger.reading.open; i++) {
        b->logger.next[SIM_RTD] = b->logger.next[SIM_STATE] = now + YH_HOUR;
        box_act(b, now);
    }
    if (strcmp(text_of(b, "9011", "QnRtn"), *qn_rtn ? qn_rtn : "no frame") != 0)
        fail_msg("%s %s: QnRtn %s, want %s", cn, cp, text_of(b, "9011", "QnRtn"), qn_rtn);
    if (strcmp(text_of(b, "9012", "ExeRtn"), *exe_rtn ? exe_rtn : "no frame") != 0)
        fail_msg("%s %s: ExeRtn %s, want %s", cn, cp, text_of(b, "9012", "ExeRtn"), exe_rtn);
}

static void park(struct box *b)
{
    for (sim_kind k = 0; k < SIM_KIND_COUNT; k++)
        b->logger.next[k] = now + YH_DAY;
}

/* A CP area with which the command succeeds. */
static const struct good {
    const char *cn, *cp;
} good[] = {
    {"1000", "OverTime=5;ReCount=3"},
    {"1001", "WarnTime=2"},
    {"1002", "MN=DE5001079000019900000000"},
    {"1012", "SystemTime=20261125090000"},
    {"1014", "SKCreateTime=20261125000000;NewSK=0123456789abcdef"},
    {"1022", "011-LowValue=1.0,011-UpValue=60.0"},
    {"1032", "AlarmTarget=10000000002"},
    {"1042", "ReportTime=0130"},
    {"1062", "RtdInterval=30"},
    {"1064", "MinInterval=5"},
    {"2013", "BeginTime=20261125000000;EndTime=20261125080000"},
    {"2031", "BeginTime=20261120000000;EndTime=20261125080000"},
    {"2041", "BeginTime=20261120000000,EndTime=20261125080000"},
    {"2051", "BeginTime=20261125070000;EndTime=20261125080000"},
    {"2052", "BeginTime=20261125000000;EndTime=20261125080000"},
    {"2061", "BeginTime=20261125000000;EndTime=20261125080000"},
    {"2062", "BeginTime=20261124000000;EndTime=20261125080000"},
    {"2071", "BeginTime=20261124000000;EndTime=20261125080000"},
    {"3016", "PolId=w01018;CstartTime=000000;CTime=2"},
    {"3020", "PolId=w01018;InfoId=i12001;InfoId=i11001"},
    {"3021", "PolId=w01018;InfoId=i13004;i13004-Info=168.0"},
};

static const char *good_cp(const char *cn, bool edition_2005)
{
    if (strcmp(cn, "1072") == 0)
        return edition_2005 ? "PW=654321" : "NewPW=654321";
    for (size_t i = 0; i < YH_LEN(good); i++)
        if (strcmp(good[i].cn, cn) == 0)
            return good[i].cp;
    return "";
}

/* Walks the whole dictionary: what an edition knows is carried out, what it does not is refused with code 8. */
static void every_command_of_the_dictionary_is_answered(void **state)
{
    (void)state;
    static const struct sim_group *const groups[] = {&water_2005, &water_2017, &water_2025};
    unsigned done = 0, foreign = 0;
    for (size_t g = 0; g < YH_LEN(groups); g++) {
        for (unsigned n = 1000; n < 9000; n++) {
            char cn[5];
            snprintf(cn, sizeof cn, "%u", n);
            const struct hj212_command *c = hj212_command_find(yh_str_of(cn), YH_S("P>D"));
            if (!c || strcmp(c->kind, "dialect") == 0)
                continue;
            bool old = groups[g] == &water_2005;
            bool knows = old ? c->in_2005 : groups[g] == &water_2017 ? c->in_2017 : c->in_2025;
            struct box *b = open_box(groups[g], "{}");
            park(b);
            bool none = n == 2013 || n == 2052 || n == 2071;
            if (!knows) {
                expect(b, cn, "", "8", "");
                foreign++;
            } else if (strcmp(c->kind, "notice") == 0) {
                expect(b, cn, "", "", "");
                assert_int_equal(box_count(b, "9013"), 1);
                done++;
            } else {
                expect(b, cn, good_cp(cn, old), "1", old && n == 2011 ? "" : none ? "100" : "1");
                bool gives = strstr(c->answer, cn) && !none;
                assert_true((box_count(b, cn) > 0) == gives);
                done++;
            }
            box_free(b);
        }
    }
    assert_true(done > 70 && foreign > 20);
}

static void answers_stand_in_the_right_place(void **state)
{
    (void)state;
    struct box *b = open_box(&water_2005, "{}");
    expect(b, "1061", "", "1", "1");
    const struct hj212_frame *f = box_find(b, "9011", 0);
    check_str(f->header[HJ212_ST], "91");
    assert_null(f->header[HJ212_QN].p);
    check_str(hj212_field(f, "QN"), "20261125080000123");
    box_free(b);
    b = open_box(&water_2017, "{}");
    expect(b, "1061", "", "1", "1");
    check_str(box_find(b, "9012", 0)->header[HJ212_QN], "20261125080000123");
    f = box_find(b, "1061", 0);
    check_str(f->header[HJ212_ST], "32");
    assert_false(yh_str_is(f->header[HJ212_QN], "20261125080000123")); /* data has a QN of its own */
    assert_int_equal(b->what[1], WIRE_FRAME);
    box_free(b);
}

static void what_is_set_counts_from_then_on(void **state)
{
    (void)state;
    struct box *b = open_box(&water_2017, "{}");
    park(b);
    expect(b, "1062", "RtdInterval=45", "1", "1");
    assert_int_equal(b->logger.next[SIM_RTD], now + 45 * YH_SECOND);
    expect(b, "1061", "", "1", "1");
    assert_string_equal(text_of(b, "1061", "RtdInterval"), "45");
    expect(b, "1064", "MinInterval=20", "1", "1");
    expect(b, "1063", "", "1", "1");
    assert_string_equal(text_of(b, "1063", "MinInterval"), "20");
    expect(b, "1012", "SystemTime=20260101000000", "1", "1");
    expect(b, "1011", "", "1", "1");
    assert_string_equal(text_of(b, "1011", "SystemTime"), "20260101000000");
    expect(b, "3016", "PolId=w01018;CstartTime=010000;Ctime=4", "1", "1");
    expect(b, "3017", "PolId=w01018", "1", "1");
    assert_string_equal(text_of(b, "3017", "CTime"), "4");
    expect(b, "3021", "PolId=w01018;InfoId=i13004;i13004-Info=168.0", "1", "1");
    expect(b, "3020", "PolId=w01018;InfoId=i13004", "1", "1");
    assert_string_equal(text_of(b, "3020", "i13004-Info"), "168.0");
    expect(b, "1072", "NewPW=654321", "1", "1");
    assert_string_equal(b->logger.station.password, "654321");
    expect(b, "1011", "", "1", "1");
    check_str(box_find(b, "1011", 0)->header[HJ212_PW], "654321");
    expect(b, "2012", "", "", "");
    assert_false(b->logger.rtd_on);
    expect(b, "2011", "", "1", "1");
    assert_true(b->logger.rtd_on);
    box_free(b);
    b = open_box(&water_2025, "{}");
    expect(b, "1014", "SKCreateTime=20261125000000;NewSK=30303030303030303030303030303030", "1", "1");
    assert_int_equal(b->logger.station.key.b[7], '0');
    expect(b, "1002", "MN=DE5001079000019900000000", "1", "1");
    expect(b, "1061", "", "1", "1");
    check_str(box_find(b, "1061", 0)->header[HJ212_MN], "DE5001079000019900000000");
    box_free(b);
}

static void history_is_read_back_exactly(void **state)
{
    (void)state;
    struct box *b = open_box(&water_2017, "{\"faults\":[{\"kind\":\"gap\",\"from\":-1200,\"to\":-600}]}");
    park(b);
    expect(b, "2061", "BeginTime=20261125000000;EndTime=20261125040000", "1", "1");
    assert_int_equal(box_count(b, "2061"), 5);
    assert_string_equal(text_of(b, "2061", "DataTime"), "20261125000000");
    expect(b, "2051", "BeginTime=20261125070000;EndTime=20261125080000", "1", "1");
    assert_int_equal(box_count(b, "2051"), 6); /* seven, less the one in the gap */
    expect(b, "2061", "BeginTime=20261125083000;EndTime=20261125235959", "1", "100"); /* not finished, not yet */
    expect(b, "2061", "BeginTime=20271125000000;EndTime=20271126000000", "1", "100");
    expect(b, "2061", "BeginTime=20261125040000;EndTime=20261125000000", "1", "3");
    expect(b, "2061", "BeginTime=tomorrow;EndTime=20261125000000", "1", "3");
    expect(b, "2061", "", "1", "3");
    box_tell(b, "2061", "BeginTime=20261101000000;EndTime=20261125000000", now);
    box_forget(b);
    box_tell(b, "2051", "BeginTime=20261125070000;EndTime=20261125080000", now);
    assert_string_equal(text_of(b, "9012", "ExeRtn"), "5"); /* one at a time */
    box_free(b);
}

static void wrong_commands_are_refused_with_their_code(void **state)
{
    (void)state;
    struct box *b = open_box(&water_2017, "{}");
    park(b);
    expect(b, "7777", "", "8", "");
    expect(b, "1021", "", "8", "");
    static const char *const conditions[][2] = {
        {"1000", "OverTime=5"}, {"1000", "OverTime=0;ReCount=3"}, {"1062", "RtdInterval=29"}, {"1062", ""},
        {"1064", "MinInterval=7"}, {"1012", "SystemTime=yesterday"}, {"1072", "NewPW="},
        {"1072", "NewPW=12345678901234567"}, {"3012", "PolId=w99999"}, {"3017", "PolId=w99999"}, {"3019", "PolId=x"},
        {"3020", "PolId=w01018"}, {"3020", "PolId=w01018;InfoId=i99999"}, {"3021", "PolId=w01018"},
        {"3021", "PolId=w01018;i13004-Info="}, {"3021", "PolId=w01018;i13004xx-Info=1"},
        {"3016", "PolId=w01018;CstartTime=0000000000000000000000000;CTime=2"}, {"3016", "CTime=2"},
    };
    for (size_t i = 0; i < YH_LEN(conditions); i++)
        expect(b, conditions[i][0], conditions[i][1], "1", "3");
    snprintf(b->logger.station.password, sizeof b->logger.station.password, "111111");
    yh_buf_auto out = yh_buf_make(8192);
    struct hj212_message m = {.qn = YH_S("1"), .st = YH_S("32"), .cn = YH_S("1011"), .pw = YH_S("222222"),
                              .mn = yh_str_of(b->logger.station.mn), .flag = 5, .cp = YH_S("")};
    check_ok(hj212_compose(&m, &out));
    box_forget(b);
    check_ok(sim_logger_received(&b->context, &b->logger, yh_buf_view(&out), now));
    assert_string_equal(text_of(b, "9011", "QnRtn"), "3");
    m.mn = YH_S("DE0000000000000000000000");
    yh_buf_clear(&out);
    check_ok(hj212_compose(&m, &out));
    box_forget(b);
    check_ok(sim_logger_received(&b->context, &b->logger, yh_buf_view(&out), now));
    assert_string_equal(text_of(b, "9011", "QnRtn"), "4");
    box_free(b);
}

static void answers_and_written_registers_are_not_answered(void **state)
{
    (void)state;
    struct box *b = open_box(&water_2017, "{}");
    park(b);
    static const char *const silent[] = {"9011", "9012", "9013", "9014", "9022", "3032"};
    for (size_t i = 0; i < YH_LEN(silent); i++)
        box_tell(b, silent[i], "", now);
    assert_int_equal(b->n, 0);
    box_free(b);
}

static void faults_on_request(void **state)
{
    (void)state;
    struct box *b = open_box(&water_2017, "{\"commands\":["
                                          "{\"cn\":\"3011\",\"reply\":\"refuse\"},{\"cn\":\"3012\",\"reply\":\"timeout\"},"
                                          "{\"cn\":\"3013\",\"reply\":\"busy\"},{\"cn\":\"3014\",\"reply\":\"hang\"},"
                                          "{\"cn\":\"1011\",\"reply\":\"silent\"},{\"cn\":\"1061\",\"reply\":\"fail\"},"
                                          "{\"cn\":\"1063\",\"reply\":\"broken\"},{\"cn\":\"2061\",\"reply\":\"no-data\"},"
                                          "{\"cn\":\"3019\",\"reply\":\"condition\"},"
                                          "{\"cn\":\"3018\",\"reply\":\"busy\",\"outlets\":[5]}]}");
    park(b);
    expect(b, "3011", "", "2", "");
    expect(b, "3012", "", "1", "4");
    expect(b, "3013", "", "1", "5");
    expect(b, "3014", "", "1", "");
    expect(b, "1011", "", "", "");
    assert_int_equal(b->n, 0);
    expect(b, "1061", "", "1", "2");
    assert_int_equal(box_count(b, "1061"), 0);
    expect(b, "1063", "", "1", "6");
    expect(b, "2061", "BeginTime=20261125000000;EndTime=20261125040000", "1", "100");
    expect(b, "3019", "", "1", "3");
    expect(b, "3018", "", "1", "1");
    box_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_command_of_the_dictionary_is_answered),
        cmocka_unit_test(answers_stand_in_the_right_place),
        cmocka_unit_test(what_is_set_counts_from_then_on),
        cmocka_unit_test(history_is_read_back_exactly),
        cmocka_unit_test(wrong_commands_are_refused_with_their_code),
        cmocka_unit_test(answers_and_written_registers_are_not_answered),
        cmocka_unit_test(faults_on_request),
    };
    return cmocka_run_group_tests_name("sim-command", tests, NULL, NULL);
}
