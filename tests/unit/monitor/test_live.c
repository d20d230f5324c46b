#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "monitor/live.h"

#define NOW ((yh_time)1793600000000)

static struct live *live;

static int set_up(void **state)
{
    (void)state;
    return live_new(&live) == YH_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    live_free(live);
    return 0;
}

static struct live_station *station(void)
{
    live_lock(live);
    struct live_station *s = live_know(live, YH_S("M1"));
    live_unlock(live);
    assert_non_null(s);
    return s;
}

/* A real-time value arrives: measured at `time`, received at `received`. */
static void hear(struct live_station *s, uint64_t seq, yh_time time, yh_time received, int64_t m, char flag)
{
    static struct hj212_frame frame;
    struct series_cell cell = {YH_S("011"), SERIES_F_RTD, {m, 1}, flag};
    struct chain_record r = {.seq = seq, .received = received, .kind = CHAIN_FRAME, .origin = YH_S("M1")};
    frame.header[HJ212_CN] = YH_S("2011");
    struct ingest_result result = {.issue = INGEST_FINE, .has_kind = true, .kind = SERIES_RTD, .has_time = true,
                                   .data_time = time, .frame = &frame, .cells = &cell, .cell_count = 1};
    live_note(s, &r, &result);
}

static void latest_is_the_last_measured(void **state)
{
    (void)state;
    struct live_station *s = station();
    hear(s, 1, NOW, NOW, 100, 'N');
    hear(s, 2, NOW - YH_HOUR, NOW + 1000, 999, 'N'); /* back-filled: older data, later arrival */
    assert_int_equal(s->latest_n, 1);
    assert_int_equal(s->latest[0].value.m, 100);
    assert_int_equal(s->latest[0].seq, 1);
    hear(s, 3, NOW, NOW + 2000, 101, 'N'); /* the same moment sent again: the later version */
    assert_int_equal(s->latest[0].value.m, 101);
}

static void a_value_from_the_future_is_not_the_latest(void **state)
{
    (void)state;
    struct live_station *s = station();
    hear(s, 1, NOW, NOW, 100, 'N');
    hear(s, 2, NOW + YH_DAY, NOW, 555, 'N');
    assert_int_equal(s->latest[0].value.m, 100);
    assert_true(live_judge_state(s, NOW));
    assert_int_equal(s->state, LIVE_ABNORMAL);
}

static void states(void **state)
{
    (void)state;
    struct live_station *s = station();
    assert_true(live_judge_state(s, NOW));
    assert_int_equal(s->state, LIVE_NEVER);
    hear(s, 1, NOW, NOW, 100, 'N');
    assert_true(live_judge_state(s, NOW));
    assert_int_equal(s->state, LIVE_ONLINE);
    assert_false(live_judge_state(s, NOW + 1000));
    hear(s, 2, NOW + 1000, NOW + 1000, 100, 'D');
    assert_true(live_judge_state(s, NOW + 1000));
    assert_int_equal(s->state, LIVE_ABNORMAL);
    hear(s, 3, NOW + 2000, NOW + YH_HOUR, 100, 'N'); /* talks, but an hour behind */
    assert_true(live_judge_state(s, NOW + YH_HOUR));
    assert_int_equal(s->state, LIVE_LATE);
    assert_true(live_judge_state(s, NOW + YH_DAY));
    assert_int_equal(s->state, LIVE_OFFLINE);
    assert_true(s->state_since == NOW + YH_DAY);
}

static void a_clock_set_back_does_not_keep_a_station_online(void **state)
{
    (void)state;
    struct live_station *s = station();
    hear(s, 1, NOW, NOW + 10 * YH_DAY, 100, 'N'); /* received while our clock stood ten days ahead */
    assert_true(live_judge_state(s, NOW));
    assert_int_equal(s->state, LIVE_ONLINE);
    assert_true(live_judge_state(s, NOW + YH_HOUR));
    assert_int_equal(s->state, LIVE_OFFLINE);
}

static void recent_frames_newest_first(void **state)
{
    (void)state;
    struct live_station *s = station();
    assert_null(live_recent(s, 0));
    for (uint64_t i = 0; i < LIVE_RECENT + 10; i++)
        hear(s, i, NOW, NOW, 1, 'N');
    assert_int_equal(live_recent(s, 0)->seq, LIVE_RECENT + 9);
    assert_int_equal(live_recent(s, LIVE_RECENT - 1)->seq, 10);
    assert_null(live_recent(s, LIVE_RECENT));
}

/* A flood of names must not hide a logger that waits for its admission: who has sent least gives way. */
static void unknown_senders_are_bounded_and_the_lightest_give_way(void **state)
{
    (void)state;
    char mn[16];
    live_lock(live);
    struct live_station *busy = live_take(live, YH_S("busy"));
    assert_non_null(busy);
    busy->frames = 100;
    for (unsigned i = 0; i < LIVE_UNKNOWN_MAX + 500; i++)
        assert_non_null(live_take(live, (yh_str){mn, (size_t)snprintf(mn, sizeof mn, "U%u", i)}));
    assert_true(live_unknown(live) <= LIVE_UNKNOWN_MAX);
    assert_ptr_equal(live_find(live, YH_S("busy")), busy);
    size_t before = live_unknown(live);
    assert_non_null(live_know(live, YH_S("busy")));
    assert_int_equal(live_unknown(live), before - 1);
    live_unlock(live);
}

static void known_stations_are_not_bounded_by_the_unknown(void **state)
{
    (void)state;
    char mn[16];
    live_lock(live);
    for (unsigned i = 0; i < LIVE_UNKNOWN_MAX; i++)
        assert_non_null(live_take(live, (yh_str){mn, (size_t)snprintf(mn, sizeof mn, "U%u", i)}));
    live_find(live, YH_S("U7"))->frames = 5;
    live_find(live, YH_S("U8"))->last_received = NOW;
    assert_non_null(live_know(live, YH_S("admitted")));
    assert_int_equal(live_unknown(live), LIVE_UNKNOWN_MAX);
    assert_non_null(live_take(live, YH_S("one-more")));
    assert_int_equal(live_unknown(live), LIVE_UNKNOWN_MAX - LIVE_UNKNOWN_MAX / 10 + 1);
    assert_non_null(live_find(live, YH_S("U7"))); /* heard often */
    assert_non_null(live_find(live, YH_S("U8"))); /* heard lately */
    assert_non_null(live_find(live, YH_S("admitted")));
    size_t before = live_unknown(live);
    assert_non_null(live_know(live, YH_S("U7")));
    assert_int_equal(live_unknown(live), before - 1);
    live_unlock(live);
}

static void what_cannot_be_an_mn_is_nobody(void **state)
{
    (void)state;
    live_lock(live);
    assert_null(live_take(live, YH_S("")));
    assert_null(live_take(live, YH_S("a\"b")));
    assert_null(live_take(live, (yh_str){"a\0b", 3}));
    assert_null(live_take(live, YH_S("M12345678901234567890123456789012")));
    assert_int_equal(live_unknown(live), 0);
    live_unlock(live);
    live_connected(live, YH_S("never-heard"), "192.0.2.7:1", false);
    assert_null(live_find(live, YH_S("never-heard")));
}

static void shown_factors_are_bounded(void **state)
{
    (void)state;
    struct live_station *s = station();
    char code[16];
    for (unsigned i = 0; i < LIVE_FACTORS_MAX + 10; i++)
        live_note_factor(s, (yh_str){code, (size_t)snprintf(code, sizeof code, "f%u", i)}, SERIES_RTD);
    assert_int_equal(s->factor_n, LIVE_FACTORS_MAX);
    live_note_factor(s, YH_S("f3"), SERIES_DAY); /* a known one still learns */
    assert_int_equal(live_factor_find(s, YH_S("f3"))->kinds, 1 << SERIES_RTD | 1 << SERIES_DAY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(latest_is_the_last_measured, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_value_from_the_future_is_not_the_latest, set_up, tear_down),
        cmocka_unit_test_setup_teardown(states, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_clock_set_back_does_not_keep_a_station_online, set_up, tear_down),
        cmocka_unit_test_setup_teardown(recent_frames_newest_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(unknown_senders_are_bounded_and_the_lightest_give_way, set_up, tear_down),
        cmocka_unit_test_setup_teardown(known_stations_are_not_bounded_by_the_unknown, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_an_mn_is_nobody, set_up, tear_down),
        cmocka_unit_test_setup_teardown(shown_factors_are_bounded, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
