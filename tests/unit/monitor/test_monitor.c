/* The worker over a real log: what it derives, when it derives again, and where it goes on. */
#include "box.h"

#include <poll.h>

#include "base/clock.h"

static struct box *b;

static int set_up(void **state)
{
    (void)state;
    b = box_open();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    box_close(b);
    return 0;
}

/* A real-time value `minute` minutes before 09:00 of today (UTC+8 as written), received now. */
static uint64_t hear(const char *mn, unsigned minute, const char *value)
{
    char segment[256];
    snprintf(segment, sizeof segment, "QN=20200101080000%03u;ST=32;CN=2011;PW=123456;MN=%s;Flag=4;"
             "CP=&&DataTime=2020010108%02u00;w01018-Rtd=%s,w01018-Flag=N&&", minute, mn, minute, value);
    return box_append(b, yh_str_of(mn), segment, yh_clock_now());
}

static struct live_station *station(const char *mn)
{
    struct live_station *s = live_find(b->live, yh_str_of(mn));
    assert_non_null(s);
    return s;
}

static bool take_one(void *user, const struct series_value *v)
{
    *(struct series_value *)user = *v;
    return false;
}

static struct series_value first_value(const char *mn)
{
    struct series_value v = {.time = YH_TIME_NONE};
    check_ok(series_range(b->series, yh_str_of(mn), SERIES_RTD, YH_S("w01018"), SERIES_F_RTD, 0, INT64_MAX, take_one, &v));
    return v;
}

static yh_time at(const char *text)
{
    yh_time t;
    assert_true(yh_time_parse(yh_str_of(text), YH_CST, &t));
    return t;
}

static void admission_derives_the_past(void **state)
{
    (void)state;
    box_run(b);
    hear("M1", 1, "7.50");
    uint64_t second = hear("M1", 2, "8.50");
    hear("M2", 1, "1.00");
    box_wait(b);
    assert_int_equal(box_values(b), 0);
    assert_int_equal(b->unknown, 2);
    live_lock(b->live);
    assert_int_equal(station("M1")->issues[INGEST_UNKNOWN], 2);
    assert_int_equal(live_recent(station("M1"), 0)->issue, INGEST_UNKNOWN);
    live_unlock(b->live);

    box_admit(b, "M1", "DW001");
    box_wait(b);
    assert_int_equal(box_values(b), 2);
    /* The request leaves the database before memory follows. */
    int64_t end = yh_clock_mono_us() + 60000000;
    for (bool shown = false; !shown; poll(NULL, 0, 1)) {
        assert_true(yh_clock_mono_us() < end);
        live_lock(b->live);
        shown = station("M1")->latest_n == 1;
        live_unlock(b->live);
    }
    live_lock(b->live);
    const struct live_station *s = station("M1");
    assert_int_equal(s->latest[0].value.m, 850);
    assert_int_equal(s->latest[0].seq, second);
    assert_true(s->last_data_time == at("2020-01-01T08:02:00+08:00"));
    assert_int_equal(live_recent(s, 0)->issue, INGEST_FINE);
    assert_int_equal(live_factor_find(s, YH_S("w01018"))->kinds, 1u << SERIES_RTD);
    live_unlock(b->live);
}

static void a_request_survives_a_crash(void **state)
{
    (void)state;
    box_run(b);
    hear("M1", 1, "7.50");
    box_wait(b);
    box_halt(b);
    box_admit(b, "M1", "DW001"); /* the program ends before anybody follows */
    assert_int_equal(box_number(b, "SELECT COUNT(*) FROM rederivation"), 1);
    box_run(b);
    box_wait(b);
    assert_int_equal(box_values(b), 1);
}

static void only_what_values_depend_on_derives_again(void **state)
{
    (void)state;
    box_admit(b, "M1", "DW001");
    box_run(b);
    hear("M1", 1, "7.50");
    box_wait(b);
    assert_true(first_value("M1").time == at("2020-01-01T08:01:00+08:00"));
    box_halt(b);
    box_patch(b, "M1", "{\"interval_minutes\":5,\"answer_policy\":\"never\",\"period_stamp\":\"end\"}");
    assert_int_equal(box_number(b, "SELECT COUNT(*) FROM rederivation"), 0);
    box_run(b);
    box_patch(b, "M1", "{\"time_offset_minutes\":0}"); /* its clock is UTC */
    box_wait(b);
    assert_true(first_value("M1").time == at("2020-01-01T08:01:00Z"));
    assert_int_equal(box_values(b), 1);
    box_patch(b, "M1", "{\"password\":\"654321\"}");
    box_wait(b);
    assert_int_equal(box_values(b), 0);
}

static void a_restart_goes_on_behind_what_is_stored(void **state)
{
    (void)state;
    box_admit(b, "M1", "DW001");
    box_run(b);
    hear("M1", 1, "7.50");
    hear("M1", 2, "8.50");
    box_halt(b); /* reads to the durable end and flushes */
    uint64_t position;
    check_ok(series_position(b->series, &position));
    assert_int_equal(position, 2);
    assert_int_equal(box_values(b), 2);
    b->values = 0;
    box_run(b);
    live_lock(b->live);
    assert_int_equal(station("M1")->latest_n, 1);
    assert_int_equal(station("M1")->latest[0].value.m, 850);
    live_unlock(b->live);
    hear("M1", 3, "9.50");
    box_wait(b);
    assert_int_equal(box_values(b), 3);
    struct monitor_stats s;
    monitor_stats_get(b->monitor, &s);
    assert_int_equal(s.position, 3);
    assert_int_equal(s.values, 1); /* the two before were not read again */
}

static void unknown_frames_are_counted_once(void **state)
{
    (void)state;
    box_run(b);
    hear("M1", 1, "1");
    hear("M1", 2, "2");
    box_wait(b);
    box_halt(b);
    assert_int_equal(box_number(b, "SELECT frames FROM unknown_station WHERE mn = 'M1'"), 2);
    check_ok(series_flush(b->series, 0)); /* as after a crash: the counts are further than the series */
    hear("M1", 3, "3");
    box_run(b);
    box_wait(b);
    box_halt(b);
    assert_int_equal(box_number(b, "SELECT frames FROM unknown_station WHERE mn = 'M1'"), 3);
    assert_int_equal(b->unknown, 1);
}

static void part(const char *mn, unsigned pno, yh_time received)
{
    char segment[256];
    snprintf(segment, sizeof segment, "QN=20200101080000000;ST=32;CN=2011;PW=1;MN=%s;PNUM=2;PNO=%u;Flag=7;"
             "CP=&&DataTime=20200101080000;a0%u-Rtd=1.0&&", mn, pno, pno);
    box_append(b, yh_str_of(mn), segment, received);
}

static uint64_t split_issues(const char *mn)
{
    live_lock(b->live);
    uint64_t n = station(mn)->issues[INGEST_SPLIT];
    live_unlock(b->live);
    return n;
}

static void a_split_upload_that_stays_incomplete_is_said(void **state)
{
    (void)state;
    yh_time old = yh_clock_now() - YH_HOUR;
    box_admit(b, "M1", "DW001");
    box_admit(b, "M2", "DW002");
    part("M1", 1, old);
    part("M2", 1, old);
    part("M2", 2, old + YH_MINUTE);
    box_run(b);
    box_wait(b);
    int64_t end = yh_clock_mono_us() + 60000000;
    while (split_issues("M1") == 0) {
        assert_true(yh_clock_mono_us() < end);
        poll(NULL, 0, 5);
    }
    assert_int_equal(split_issues("M1"), 1);
    assert_int_equal(split_issues("M2"), 0);
    assert_int_equal(box_values(b), 3); /* what came is stored */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(admission_derives_the_past, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_request_survives_a_crash, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_what_values_depend_on_derives_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_restart_goes_on_behind_what_is_stored, set_up, tear_down),
        cmocka_unit_test_setup_teardown(unknown_frames_are_counted_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_split_upload_that_stays_incomplete_is_said, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
