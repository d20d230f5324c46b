#include "../check.h"

#include "gate/events.h"

#define MINUTE 60000000

static bool says(struct events *e, gate_event what, const char *who, int64_t now, const char *expected)
{
    yh_buf_auto line = yh_buf_make(512);
    bool said = events_tell(e, what, who, now, &line);
    if (expected)
        check_buf(&line, expected);
    return said;
}

static void a_flood_is_one_line_a_minute_with_its_number(void **state)
{
    (void)state;
    struct events e = {0};
    assert_true(says(&e, GATE_CUT_LATE, "192.0.2.7:1", 5, "192.0.2.7:1 a frame was not finished in time and is logged as it stands"));
    for (int i = 1; i <= 100; i++)
        assert_false(says(&e, GATE_CUT_LATE, "192.0.2.7:2", 5 + i, ""));
    assert_false(says(&e, GATE_CUT_LATE, "x", MINUTE + 4, ""));
    assert_true(says(&e, GATE_CUT_LATE, "192.0.2.7:3", MINUTE + 5,
                     "192.0.2.7:3 a frame was not finished in time and is logged as it stands"
                     " (and 101 more like it since the last line)"));
    assert_false(says(&e, GATE_CUT_LATE, "x", MINUTE + 6, ""));
}

static void causes_do_not_silence_each_other(void **state)
{
    (void)state;
    struct events e = {0};
    assert_true(says(&e, GATE_REFUSED_FULL, "a", 1, NULL));
    assert_true(says(&e, GATE_REFUSED_ADDRESS_OPEN, "a", 2, NULL));
    assert_true(says(&e, GATE_DELAYED_ACCEPT_RATE, "", 3, "new connections wait: more arrive than allowed per second"));
    assert_false(says(&e, GATE_DELAYED_LOG, "a", 4, "")); /* the server speaks of the log itself */
}

static void every_event_has_its_row_in_the_metrics(void **state)
{
    (void)state;
    struct events e = {0};
    for (unsigned i = 0; i < GATE_EVENT_COUNT; i++)
        events_count(&e, (gate_event)i, 1000 + i);
    yh_buf_auto out = yh_buf_make(16384);
    events_metrics(&e, &out);
    check_ok(yh_buf_check(&out));
    for (unsigned i = 0; i < GATE_EVENT_COUNT; i++) {
        char value[32];
        snprintf(value, sizeof value, "\"} %u\n", 1000 + i);
        assert_non_null(strstr(yh_buf_z(&out), value));
    }
    assert_non_null(strstr(yh_buf_z(&out), "yuheng_gate_refused_connections_total{cause=\"full\"} 1000\n"));
    assert_null(strstr(yh_buf_z(&out), "cause=\"\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flood_is_one_line_a_minute_with_its_number),
        cmocka_unit_test(causes_do_not_silence_each_other),
        cmocka_unit_test(every_event_has_its_row_in_the_metrics),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
