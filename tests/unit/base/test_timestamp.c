#include "check.h"

#include "base/timestamp.h"

static yh_time at(const char *text)
{
    yh_time t;
    if (!yh_time_parse(yh_str_of(text), YH_CST, &t))
        fail_msg("\"%s\" is not read as a time", text);
    return t;
}

#define check_time(t, offset, want)                                                                          \
    do {                                                                                                     \
        yh_buf_auto check_b_ = yh_buf_make(64);                                                              \
        yh_time_rfc3339((t), (offset), &check_b_);                                                           \
        check_buf(&check_b_, want);                                                                          \
    } while (0)

static void knows_fixed_points(void **state)
{
    (void)state;
    assert_true(at("1970-01-01T00:00:00Z") == 0);
    assert_true(at("2000-02-29T12:00:00Z") == 951825600000);
    assert_true(at("2016-08-24T10:03:31.000+08:00") == 1472004211000);
    assert_true(at("1969-12-31T23:59:59.999Z") == -1);
    assert_true(at("0001-01-01T00:00:00Z") == -62135596800000);
    assert_true(at("9999-12-31T23:59:59.999Z") == 253402300799999);
}

static void writes_rfc3339(void **state)
{
    (void)state;
    check_time(0, 0, "1970-01-01T00:00:00Z");
    check_time(0, YH_CST, "1970-01-01T08:00:00+08:00");
    check_time(-1, 0, "1969-12-31T23:59:59.999Z");
    check_time(1472004211007, YH_CST, "2016-08-24T10:03:31.007+08:00");
    check_time(0, -210, "1969-12-31T20:30:00-03:30");
}

static void takes_the_offset_or_the_default(void **state)
{
    (void)state;
    yh_time utc = at("2026-01-01T00:00:00Z"), t;
    assert_true(at("2026-01-01T08:00:00+08:00") == utc);
    assert_true(at("2025-12-31T20:30:00-03:30") == utc);
    assert_true(at("2026-01-01T08:00:00") == utc);
    assert_true(at("2026-01-01 08:00") == utc);
    assert_true(at("2026-01-01t08:00:00") == utc);
    assert_true(at("2026-01-01T00:00:00z") == utc);
    assert_true(at("2026-01-01T00:00:00-00:00") == utc);
    assert_true(at("2026-01-01T08:00:00 08:00") == utc); /* a '+' lost in a query string */
    assert_true(at("2026-01-01") == utc - 8 * YH_HOUR);
    assert_true(yh_time_parse(YH_S("2026-01-01"), 0, &t) && t == utc);
}

static void fractions_are_cut_to_milliseconds(void **state)
{
    (void)state;
    yh_time utc = at("2026-01-01T00:00:00Z");
    assert_true(at("2026-01-01T00:00:00.5Z") == utc + 500);
    assert_true(at("2026-01-01T00:00:00.05Z") == utc + 50);
    assert_true(at("2026-01-01T00:00:00.0019Z") == utc + 1);
    assert_true(at("2026-01-01T00:00:00.999999999Z") == utc + 999);
}

static void refuses_what_is_no_time(void **state)
{
    static const char *const bad[] = {
        "", "2026", "2026-1-01", "2026-01-1", "26-01-01", "2026-13-01", "2026-00-10", "2026-01-00", "2026-01-32",
        "2026-04-31", "2026-02-29", "1900-02-29", "0000-01-01", "2026-01-01T", "2026-01-01Z", "2026-01-01T24:00",
        "2026-01-01T10", "2026-01-01T10:60", "2026-01-01T10:00:60Z", "2026-01-01T10:00:00.Z",
        "2026-01-01T10:00:00.1234567890Z", "2026-01-01T10:00:00+0800", "2026-01-01T10:00:00+24:00",
        "2026-01-01T10:00:00+08:60", "2026-01-01T10:00:00+8:00", "2026-01-01T10:00:00Zx", "2026-01-01T10:00:00,5Z",
        " 2026-01-01", "2026-01-01 ", "2026/01/01", "2026-01-01T-1:00", "20260101", "+2026-01-01"};
    (void)state;
    for (size_t i = 0; i < YH_LEN(bad); i++) {
        yh_time t = 42;
        if (yh_time_parse(yh_str_of(bad[i]), YH_CST, &t))
            fail_msg("\"%s\" was read as a time", bad[i]);
        assert_true(t == 42);
    }
}

static void leap_years(void **state)
{
    (void)state;
    assert_true(at("2024-02-29") + YH_DAY == at("2024-03-01"));
    assert_true(at("2000-02-29") + YH_DAY == at("2000-03-01"));
    assert_true(at("1900-02-28") + YH_DAY == at("1900-03-01"));
    assert_true(at("2100-02-28") + YH_DAY == at("2100-03-01"));
    assert_true(at("2025-01-01") - at("2024-01-01") == 366 * YH_DAY);
    assert_true(at("2026-01-01") - at("2025-01-01") == 365 * YH_DAY);
}

/* Every day from year 1 to 9999 follows the one before it, and converts back to itself. */
static void the_calendar_has_no_gaps(void **state)
{
    (void)state;
    yh_time t = at("0001-01-01T00:00:00Z"), end = at("9999-12-31T00:00:00Z");
    int year = 1, month = 1, day = 1;
    for (; t <= end; t += YH_DAY) {
        struct yh_civil c = yh_civil_of(t + 3 * YH_HOUR + 7, 0);
        if (c.year != year || c.month != month || c.day != day || c.hour != 3 || c.ms != 7)
            fail_msg("%04d-%02d-%02d came out as %04d-%02d-%02d", year, month, day, c.year, c.month, c.day);
        assert_true(yh_civil_valid(&c) && yh_time_of(&c, 0) == t + 3 * YH_HOUR + 7);
        struct yh_civil next = {.year = year, .month = month, .day = day + 1};
        if (yh_civil_valid(&next)) {
            day++;
        } else {
            day = 1;
            month = month % 12 + 1;
            year += month == 1;
        }
    }
    assert_int_equal(year, 10000);
}

static void validity_names_each_field(void **state)
{
    static const struct yh_civil bad[] = {
        {.year = 0, .month = 1, .day = 1},     {.year = 10000, .month = 1, .day = 1},
        {.year = 2026, .month = 0, .day = 1},  {.year = 2026, .month = 13, .day = 1},
        {.year = 2026, .month = 2, .day = 29}, {.year = 2026, .month = 1, .day = 0},
        {.year = 2026, .month = 1, .day = 1, .hour = 24},   {.year = 2026, .month = 1, .day = 1, .hour = -1},
        {.year = 2026, .month = 1, .day = 1, .minute = 60}, {.year = 2026, .month = 1, .day = 1, .second = 60},
        {.year = 2026, .month = 1, .day = 1, .ms = 1000},   {.year = 2026, .month = 1, .day = 1, .ms = -1},
    };
    (void)state;
    for (size_t i = 0; i < YH_LEN(bad); i++)
        if (yh_civil_valid(&bad[i]))
            fail_msg("row %zu is taken for a valid date", i);
}

static void floors_to_local_steps(void **state)
{
    (void)state;
    yh_time t = at("2026-03-01T07:59:59.999+08:00");
    assert_true(yh_time_floor(t, YH_DAY, YH_CST) == at("2026-03-01"));
    assert_true(yh_time_floor(t, YH_DAY, 0) == at("2026-02-28T00:00:00Z"));
    assert_true(yh_time_floor(t, YH_HOUR, YH_CST) == at("2026-03-01T07:00"));
    assert_true(yh_time_floor(t, 10 * YH_MINUTE, YH_CST) == at("2026-03-01T07:50"));
    assert_true(yh_time_floor(at("2026-03-01"), YH_DAY, YH_CST) == at("2026-03-01"));
    assert_true(yh_time_floor(-1, YH_HOUR, 0) == -YH_HOUR);
    assert_true(yh_time_floor(-1, YH_DAY, YH_CST) == -8 * YH_HOUR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_fixed_points),
        cmocka_unit_test(writes_rfc3339),
        cmocka_unit_test(takes_the_offset_or_the_default),
        cmocka_unit_test(fractions_are_cut_to_milliseconds),
        cmocka_unit_test(refuses_what_is_no_time),
        cmocka_unit_test(leap_years),
        cmocka_unit_test(the_calendar_has_no_gaps),
        cmocka_unit_test(validity_names_each_field),
        cmocka_unit_test(floors_to_local_steps),
    };
    return cmocka_run_group_tests_name("base timestamp", tests, NULL, NULL);
}
