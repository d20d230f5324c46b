#include "check.h"

#include "hj212/compose.h"
#include "hj212/framer.h"
#include "relay/message.h"

#define SEGMENT(flag) "QN=20261101085857223;ST=32;CN=2011;PW=123456;MN=010000A8900016F000169DC0;" flag "CP=&&DataTime=20261101085857;w01018-Rtd=12.50,w01018-Flag=N&&"

static struct hj212_frame f;

static yh_err remake(const struct relay_rule *rule, const char *segment, const struct relay_stamp *stamp, yh_buf *out)
{
    yh_buf_auto raw = yh_buf_make(8192);
    yh_buf_auto scratch = yh_buf_make(8192);
    yh_err e = hj212_wrap(yh_str_of(segment), &raw);
    return e == YH_OK ? relay_message(rule, yh_buf_view(&raw), stamp, &scratch, &f, out) : e;
}

static void reread(yh_buf *message, const struct hj212_key *key, yh_buf *scratch)
{
    static const struct hj212_key none;
    hj212_parse(yh_buf_view(message), key ? key : &none, scratch, &f);
    assert_int_equal(f.status, HJ212_OK);
}

static void byte_for_byte_adds_only_the_end_of_line(void **state)
{
    (void)state;
    static const struct relay_stamp none;
    yh_buf_auto scratch = yh_buf_make(8192);
    yh_buf_auto out = yh_buf_make(8192);
    check_ok(relay_message(&(struct relay_rule){0}, YH_S("##0002ab1234"), &none, &scratch, &f, &out));
    check_buf(&out, "##0002ab1234\r\n");
    yh_buf_clear(&out);
    check_ok(relay_message(&(struct relay_rule){0}, YH_S("##0002ab1234\r\n"), &none, &scratch, &f, &out));
    check_buf(&out, "##0002ab1234\r\n");
}

static void re_written_fields_change_and_the_content_stays(void **state)
{
    (void)state;
    yh_buf_auto out = yh_buf_make(8192);
    yh_buf_auto scratch = yh_buf_make(8192);
    struct relay_rule rule = {.rewrite = true, .edition = HJ212_ED_2017, .ask_ack = true, .pw = YH_S("CITY")};
    struct relay_stamp stamp = {.qn = YH_S("20270101000000001"), .mn = YH_S("CQ0001")};
    check_ok(remake(&rule, SEGMENT(""), &stamp, &out));
    reread(&out, NULL, &scratch);
    check_str(f.header[HJ212_QN], "20270101000000001");
    check_str(f.header[HJ212_MN], "CQ0001");
    check_str(f.header[HJ212_PW], "CITY");
    check_str(f.header[HJ212_FLAG], "5");
    check_str(f.cp, "DataTime=20261101085857;w01018-Rtd=12.50,w01018-Flag=N");
    assert_int_equal(f.edition, HJ212_ED_2017);
    yh_buf_auto again = yh_buf_make(8192);
    check_ok(remake(&rule, SEGMENT(""), &stamp, &again));
    assert_true(yh_str_eq(yh_buf_view(&out), yh_buf_view(&again)));
}

static void flags_follow_the_rule(void **state)
{
    (void)state;
    static const struct {
        const char *segment, *want; /* NULL: no Flag */
        hj212_edition edition;
        bool ask;
    } rows[] = {
        {SEGMENT(""), NULL, HJ212_ED_UNKNOWN, false},       {SEGMENT(""), "1", HJ212_ED_UNKNOWN, true},
        {SEGMENT("Flag=5;"), "5", HJ212_ED_UNKNOWN, false}, {SEGMENT("Flag=4;"), "5", HJ212_ED_UNKNOWN, true},
        {SEGMENT("Flag=5;"), "1", HJ212_ED_2005, false},    {SEGMENT("Flag=4;"), "0", HJ212_ED_2005, false},
        {SEGMENT("Flag=5;"), "9", HJ212_ED_2025, false},    {SEGMENT("Flag=9;"), "5", HJ212_ED_2017, false},
        {SEGMENT("Flag=7;PNUM=3;PNO=2;"), "7", HJ212_ED_2017, false},
        {SEGMENT("PNUM=3;PNO=2;"), "6", HJ212_ED_2017, false},
    };
    static const struct relay_stamp none;
    for (size_t i = 0; i < YH_LEN(rows); i++) {
        yh_buf_auto out = yh_buf_make(8192);
        yh_buf_auto scratch = yh_buf_make(8192);
        struct relay_rule rule = {.rewrite = true, .edition = rows[i].edition, .ask_ack = rows[i].ask};
        check_ok(remake(&rule, rows[i].segment, &none, &out));
        reread(&out, NULL, &scratch);
        assert_int_equal(f.header[HJ212_FLAG].p != NULL, rows[i].want != NULL);
        if (rows[i].want && !yh_str_is(f.header[HJ212_FLAG], rows[i].want))
            fail_msg("row %zu: Flag=%.*s", i, YH_FMT(f.header[HJ212_FLAG]));
    }
}

static void enciphered_content_needs_the_key_and_stays_enciphered(void **state)
{
    (void)state;
    struct hj212_key key = {.set = true};
    memset(key.b, 0x30, sizeof key.b);
    struct hj212_message m = {.qn = YH_S("20261101085857223"), .st = YH_S("32"), .cn = YH_S("2011"), .pw = YH_S("123456"),
                              .mn = YH_S("010000A8900016F000169DC0"), .flag = 9, .key = &key,
                              .cp = YH_S("DataTime=20261101085857;w01018-Rtd=12.50,w01018-Flag=N")};
    yh_buf_auto raw = yh_buf_make(8192);
    yh_buf_auto out = yh_buf_make(8192);
    yh_buf_auto scratch = yh_buf_make(8192);
    check_ok(hj212_compose(&m, &raw));
    struct relay_rule rule = {.rewrite = true};
    struct relay_stamp stamp = {.mn = YH_S("CQ0001")};
    check_err(relay_message(&rule, yh_buf_view(&raw), &stamp, &scratch, &f, &out), YH_E_UNSUPPORTED);
    assert_int_equal(out.n, 0);
    stamp.key = &key;
    check_ok(relay_message(&rule, yh_buf_view(&raw), &stamp, &scratch, &f, &out));
    assert_null(memmem(out.p, out.n, "w01018", 6));
    reread(&out, &key, &scratch);
    check_str(f.header[HJ212_MN], "CQ0001");
    check_str(f.cp, "DataTime=20261101085857;w01018-Rtd=12.50,w01018-Flag=N");
    rule.edition = HJ212_ED_2017; /* knows no enciphered areas */
    yh_buf_clear(&out);
    check_ok(relay_message(&rule, yh_buf_view(&raw), &stamp, &scratch, &f, &out));
    assert_non_null(memmem(out.p, out.n, "w01018-Rtd=12.50", 16));
}

static void what_cannot_be_composed_is_refused(void **state)
{
    (void)state;
    static const struct relay_stamp none;
    struct relay_rule rule = {.rewrite = true};
    yh_buf_auto out = yh_buf_make(8192);
    check_err(remake(&rule, "QN=1;ST=32;CN=2011;MN=M1;Flag=4", &none, &out), YH_E_INVALID);
    assert_int_equal(out.n, 0);
}

static struct relay_reply reply_to(const char *segment)
{
    struct relay_reply r;
    static yh_buf raw, scratch;
    yh_buf_done(&raw);
    yh_buf_done(&scratch);
    raw = scratch = yh_buf_make(8192);
    check_ok(hj212_wrap(yh_str_of(segment), &raw));
    relay_reply_read(yh_buf_view(&raw), &scratch, &f, &r);
    return r;
}

static void answers_of_both_editions_are_understood(void **state)
{
    (void)state;
    struct relay_reply r = reply_to("QN=20270101000000001;ST=91;CN=9014;PW=1;MN=M1;Flag=4;CP=&&&&");
    assert_int_equal(r.kind, RELAY_REPLY_ACK);
    check_str(r.mn, "M1");
    check_str(r.qn, "20270101000000001");
    r = reply_to("ST=91;CN=9014;PW=1;MN=M1;CP=&&QN=20270101000000002;CN=2011&&");
    assert_int_equal(r.kind, RELAY_REPLY_ACK);
    check_str(r.qn, "20270101000000002");
    assert_int_equal(reply_to("QN=2;ST=91;CN=9013;PW=1;MN=M1;Flag=4;CP=&&&&").kind, RELAY_REPLY_ACK);
    r = reply_to("QN=3;ST=91;CN=9011;PW=1;MN=M1;Flag=4;CP=&&QnRtn=3&&");
    assert_int_equal(r.kind, RELAY_REPLY_REFUSAL);
    assert_int_equal(r.code, 3);
    assert_int_equal(reply_to("QN=3;ST=91;CN=9011;PW=1;MN=M1;Flag=4;CP=&&QnRtn=1&&").kind, RELAY_REPLY_OTHER);
    assert_int_equal(reply_to("QN=3;ST=32;CN=1012;PW=1;MN=M1;Flag=5;CP=&&SystemTime=1&&").kind, RELAY_REPLY_OTHER);
}

static void what_is_forwarded(void **state)
{
    (void)state;
    static const char *const yes[] = {"2011", "2051", "2061", "2031", "2021", "2072", "3020", "2073"};
    static const char *const no[] = {"", "9014", "9015", "9021", "8013", "9011", "1013", "1014"};
    for (size_t i = 0; i < YH_LEN(yes); i++)
        assert_true(relay_forwards(yh_str_of(yes[i])));
    for (size_t i = 0; i < YH_LEN(no); i++)
        assert_false(relay_forwards(yh_str_of(no[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(byte_for_byte_adds_only_the_end_of_line),
        cmocka_unit_test(re_written_fields_change_and_the_content_stays),
        cmocka_unit_test(flags_follow_the_rule),
        cmocka_unit_test(enciphered_content_needs_the_key_and_stays_enciphered),
        cmocka_unit_test(what_cannot_be_composed_is_refused),
        cmocka_unit_test(answers_of_both_editions_are_understood),
        cmocka_unit_test(what_is_forwarded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
