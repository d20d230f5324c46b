#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <unistd.h>

#include "hj212/compose.h"
#include "monitor/ingest.h"

static struct ingest *in;
static yh_buf bytes;

static int set_up(void **state)
{
    (void)state;
    bytes = yh_buf_make(8192);
    return ingest_new(&in) == YH_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    ingest_free(in);
    yh_buf_done(&bytes);
    return 0;
}

static struct ingest_result take(const char *segment, chain_kind kind, struct ingest_profile profile)
{
    struct ingest_result result;
    yh_buf_clear(&bytes);
    assert_int_equal(hj212_wrap(yh_str_of(segment), &bytes), YH_OK);
    yh_time received;
    assert_true(yh_time_parse(YH_S("2026-11-02T09:00:00+08:00"), YH_CST, &received));
    struct chain_record r = {.seq = 1, .received = received, .kind = kind, .origin = YH_S("M1"),
                             .payload = yh_buf_view(&bytes)};
    assert_int_equal(ingest_record(in, &r, &profile, NULL, &result), YH_OK);
    return result;
}

static const struct ingest_profile ordinary = {.known = true};

/* What no series can hold is the sender's fault, not the store's: the worker goes on. */
static void what_the_series_refuse_is_an_issue(void **state)
{
    (void)state;
    char dir[] = "/tmp/yuheng-ingest-XXXXXX", path[64];
    struct series *s;
    struct ingest_result result;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/series.db", dir);
    assert_int_equal(series_open(&(struct series_config){.path = path}, &s), YH_OK);
    static const struct {
        const char *time;
        ingest_issue issue;
    } rows[] = {{"00010101000000", INGEST_BEYOND}, {"00010102000000", INGEST_FINE}, {"99991231235959", INGEST_FUTURE},
                {"19700101000000", INGEST_FINE}, {"2016110208590", INGEST_FINE}, {"20161102085900123", INGEST_FINE},
                {"00000101000000", INGEST_NO_TIME}};
    for (size_t i = 0; i < YH_LEN(rows); i++) {
        yh_buf_auto segment = yh_buf_make(256);
        yh_buf_printf(&segment, "ST=32;CN=2011;PW=1;MN=M1;CP=&&DataTime=%s;011-Rtd=1.0&&", rows[i].time);
        yh_buf_clear(&bytes);
        assert_int_equal(hj212_wrap(yh_buf_view(&segment), &bytes), YH_OK);
        struct chain_record r = {.seq = i, .received = 1793600000000, .kind = CHAIN_FRAME, .origin = YH_S("M1"),
                                 .payload = yh_buf_view(&bytes)};
        assert_int_equal(ingest_record(in, &r, &(struct ingest_profile){.known = true}, s, &result), YH_OK);
        assert_int_equal(result.issue, rows[i].issue);
        assert_int_equal(result.cell_count, rows[i].issue == INGEST_FINE || rows[i].issue == INGEST_FUTURE);
    }
    series_close(s);
    static const char *const tails[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < YH_LEN(tails); i++) {
        char name[80];
        snprintf(name, sizeof name, "%s%s", path, tails[i]);
        unlink(name);
    }
    assert_int_equal(rmdir(dir), 0);
}

static void values_and_flags(void **state)
{
    (void)state;
    struct ingest_result r = take("ST=32;CN=2011;PW=1;MN=M1;CP=&&DataTime=20261102085900;011-Rtd=12.50,011-Flag=N;"
                                  "060-Rtd=-0.30,060-Flag=D;xyz-Odd=3&&", CHAIN_FRAME, ordinary);
    assert_int_equal(r.issue, INGEST_FINE);
    assert_int_equal(r.kind, SERIES_RTD);
    assert_int_equal(r.cell_count, 2);
    assert_true(yh_str_is(r.cells[0].factor, "011"));
    assert_int_equal(r.cells[0].value.m, 1250);
    assert_int_equal(r.cells[0].value.scale, 2);
    assert_int_equal(r.cells[0].flag, 'N');
    assert_int_equal(r.cells[1].value.m, -30);
    assert_int_equal(r.cells[1].flag, 'D');
}

static void kinds_by_command(void **state)
{
    (void)state;
    static const struct { const char *segment; series_kind kind; } rows[] = {
        {"ST=31;CN=2051;PW=1;MN=M1;CP=&&DataTime=20261102085000;01-Min=1,01-Avg=2,01-Max=3,01-Cou=4&&", SERIES_MINUTE},
        {"ST=31;CN=2061;PW=1;MN=M1;CP=&&DataTime=20261102080000;01-Avg=2&&", SERIES_HOUR},
        {"ST=31;CN=2031;PW=1;MN=M1;CP=&&DataTime=20261101000000;01-Avg=2&&", SERIES_DAY},
    };
    for (size_t i = 0; i < YH_LEN(rows); i++) {
        struct ingest_result r = take(rows[i].segment, CHAIN_FRAME, ordinary);
        assert_int_equal(r.issue, INGEST_FINE);
        assert_int_equal(r.kind, rows[i].kind);
    }
}

static void the_later_of_two_equal_keys_counts(void **state)
{
    (void)state;
    struct ingest_result r = take("ST=31;CN=2011;PW=1;MN=M1;CP=&&DataTime=20261102085900;01-Rtd=1.0;01-Rtd=2.0&&",
                                  CHAIN_FRAME, ordinary);
    assert_int_equal(r.cell_count, 1);
    assert_int_equal(r.cells[0].value.m, 20);
}

#define GOOD "ST=31;CN=2011;PW=1;MN=M1;CP=&&DataTime=20261102085900;01-Rtd=1.0&&"

static void what_gives_no_values_says_why(void **state)
{
    (void)state;
    struct ingest_profile locked = {.known = true, .password = "654321"};
    assert_int_equal(take(GOOD, CHAIN_FRAME, (struct ingest_profile){0}).issue, INGEST_UNKNOWN);
    assert_int_equal(take(GOOD, CHAIN_FRAME, locked).issue, INGEST_PASSWORD);
    assert_int_equal(take(GOOD, CHAIN_BAD, ordinary).issue, INGEST_BAD_CRC);
    assert_int_equal(take(GOOD, CHAIN_JUNK, ordinary).issue, INGEST_JUNK);
    assert_int_equal(take("ST=31;CN=2011;PW=1;CP=&&DataTime=20261102085900;01-Rtd=1.0&&", CHAIN_FRAME, ordinary).issue,
                     INGEST_MALFORMED);
    assert_int_equal(take("ST=31;CN=2011;PW=1;MN=M1;CP=&&01-Rtd=1.0&&", CHAIN_FRAME, ordinary).issue, INGEST_NO_TIME);
    assert_int_equal(take("ST=31;CN=2011;PW=1;MN=M1;CP=&&DataTime=20261399085900;01-Rtd=1.0&&", CHAIN_FRAME, ordinary).issue,
                     INGEST_NO_TIME);
    assert_int_equal(take("ST=91;CN=9015;PW=1;MN=M1;CP=&&&&", CHAIN_FRAME, ordinary).issue, INGEST_NO_VALUES);
}

static void a_time_far_ahead_is_stored_and_said(void **state)
{
    (void)state;
    struct ingest_result r =
        take("ST=31;CN=2011;PW=1;MN=M1;CP=&&DataTime=20261102111500;01-Rtd=1.0&&", CHAIN_FRAME, ordinary);
    assert_int_equal(r.issue, INGEST_FUTURE);
    assert_int_equal(r.cell_count, 1);
}

static void commissioning_takes_a_bad_crc(void **state)
{
    (void)state;
    struct ingest_profile open = {.known = true, .accept_bad_crc = true};
    assert_int_equal(take(GOOD, CHAIN_BAD, open).issue, INGEST_FINE);
}

static void seventeen_digits_are_a_time(void **state)
{
    (void)state;
    struct ingest_result r =
        take("ST=31;CN=2011;PW=1;MN=M1;CP=&&DataTime=20261102085900123;01-Rtd=1.0&&", CHAIN_FRAME, ordinary);
    yh_time expected;
    assert_true(yh_time_parse(YH_S("2026-11-02T08:59:00.123+08:00"), YH_CST, &expected));
    assert_true(r.has_time);
    assert_true(r.data_time == expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_series_refuse_is_an_issue),
        cmocka_unit_test(values_and_flags),
        cmocka_unit_test(kinds_by_command),
        cmocka_unit_test(the_later_of_two_equal_keys_counts),
        cmocka_unit_test(what_gives_no_values_says_why),
        cmocka_unit_test(a_time_far_ahead_is_stored_and_said),
        cmocka_unit_test(commissioning_takes_a_bad_crc),
        cmocka_unit_test(seventeen_digits_are_a_time),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
