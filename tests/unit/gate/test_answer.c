#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "gate/answer.h"
#include "hj212/framer.h"

/* Composes the answer to a segment and returns the CN of it, "" when there is none; *ret is parsed from out. */
static const char *answer_cn(const char *segment, struct gate_verdict verdict, struct hj212_frame *ret)
{
    static char cn[8];
    static yh_buf out, scratch;
    struct hj212_brief brief;
    struct hj212_key none = {0};
    yh_buf_done(&out);
    out = yh_buf_make(4096);
    scratch = yh_buf_make(4096);
    cn[0] = '\0';
    hj212_peek(yh_str_of(segment), &brief);
    assert_int_equal(answer_compose(&brief, &verdict, &out), YH_OK);
    if (out.n == 0)
        return cn;
    hj212_parse(yh_buf_view(&out), &none, &scratch, ret);
    assert_int_equal(ret->status, HJ212_OK);
    snprintf(cn, sizeof cn, "%.*s", YH_FMT(ret->header[HJ212_CN]));
    return cn;
}

#define DATA_2017 "QN=20261101085857223;ST=32;CN=2011;PW=123456;MN=010000A8900016F000169DC0;Flag=5;CP=&&DataTime=20261101085857&&"
#define DATA_2005 "QN=20261101085857223;ST=32;CN=2011;PW=123456;MN=88888880000001;Flag=1;CP=&&DataTime=20261101085857&&"

static void data_is_acknowledged_in_its_edition(void **state)
{
    (void)state;
    struct hj212_frame f;
    assert_string_equal(answer_cn(DATA_2017, (struct gate_verdict){0}, &f), "9014");
    assert_true(yh_str_is(f.header[HJ212_QN], "20261101085857223"));
    assert_int_equal(f.edition, HJ212_ED_2017);
    assert_string_equal(answer_cn(DATA_2005, (struct gate_verdict){0}, &f), "9014");
    assert_true(yh_str_is(f.header[HJ212_ST], "91"));
    assert_true(yh_str_is(hj212_field(&f, "QN"), "20261101085857223"));
    assert_true(yh_str_is(hj212_field(&f, "CN"), "2011"));
}

static void nothing_is_sent_unasked(void **state)
{
    (void)state;
    struct hj212_frame f;
    const char *silent = "QN=1;ST=32;CN=2011;PW=1;MN=M1;Flag=4;CP=&&DataTime=20261101085857&&";
    assert_string_equal(answer_cn(silent, (struct gate_verdict){0}, &f), "");
    assert_string_equal(answer_cn("ST=32;CN=2011;PW=1;MN=M1;CP=&&a-Rtd=1&&", (struct gate_verdict){0}, &f), "");
    assert_string_equal(answer_cn(silent, (struct gate_verdict){.answer = GATE_ANSWER_ALWAYS}, &f), "9014");
    assert_string_equal(answer_cn(DATA_2017, (struct gate_verdict){.answer = GATE_ANSWER_NEVER}, &f), "");
}

static void notices_and_heartbeats_get_9013(void **state)
{
    (void)state;
    struct hj212_frame f;
    assert_string_equal(answer_cn("QN=1;ST=91;CN=1013;PW=1;MN=M1;Flag=5;CP=&&&&", (struct gate_verdict){0}, &f), "9013");
    assert_string_equal(answer_cn("QN=1;ST=91;CN=9015;PW=1;MN=M1;Flag=9;CP=&&&&", (struct gate_verdict){0}, &f), "9013");
}

static void requests_of_a_logger_are_refused_not_executed(void **state)
{
    (void)state;
    struct hj212_frame f;
    const char *ask = "QN=20260101000000000;ST=32;CN=1014;PW=1;MN=M1;Flag=9;CP=&&SKCreateTime=20260101000000&&";
    assert_string_equal(answer_cn(ask, (struct gate_verdict){0}, &f), "9011");
    assert_true(yh_str_is(hj212_field(&f, "QnRtn"), "2"));
    assert_string_equal(answer_cn(ask, (struct gate_verdict){.refuse_password = true}, &f), "9011");
    assert_true(yh_str_is(hj212_field(&f, "QnRtn"), "3"));
}

static void a_wrong_password_is_not_acknowledged(void **state)
{
    (void)state;
    struct hj212_frame f;
    assert_string_equal(answer_cn(DATA_2017, (struct gate_verdict){.refuse_password = true}, &f), "");
}

static void acknowledgements_end_the_talk(void **state)
{
    (void)state;
    struct hj212_frame f;
    assert_string_equal(answer_cn("QN=1;ST=91;CN=9014;PW=1;MN=M1;Flag=5;CP=&&&&", (struct gate_verdict){0}, &f), "");
    assert_string_equal(answer_cn("QN=1;ST=91;CN=9013;PW=1;MN=M1;Flag=5;CP=&&&&", (struct gate_verdict){0}, &f), "");
    assert_string_equal(answer_cn("QN=1;ST=91;CN=9012;PW=1;MN=M1;Flag=5;CP=&&ExeRtn=1&&", (struct gate_verdict){0}, &f),
                        "9014");
}

static void nobody_is_not_answered(void **state)
{
    (void)state;
    struct hj212_frame f;
    assert_string_equal(answer_cn("QN=1;ST=32;CN=2011;PW=1;Flag=5;CP=&&&&", (struct gate_verdict){0}, &f), "");
    assert_string_equal(answer_cn("QN=1;ST=32;PW=1;MN=M1;Flag=5;CP=&&&&", (struct gate_verdict){0}, &f), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(data_is_acknowledged_in_its_edition),
        cmocka_unit_test(nothing_is_sent_unasked),
        cmocka_unit_test(notices_and_heartbeats_get_9013),
        cmocka_unit_test(requests_of_a_logger_are_refused_not_executed),
        cmocka_unit_test(a_wrong_password_is_not_acknowledged),
        cmocka_unit_test(acknowledgements_end_the_talk),
        cmocka_unit_test(nobody_is_not_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
