#include "util.h"

/* ---- downsample ---- */

struct buckets {
    struct series_bucket b[512];
    size_t n;
};

static bool take_bucket(void *user, const struct series_bucket *b)
{
    struct buckets *all = user;
    assert_true(all->n < YH_LEN(all->b));
    all->b[all->n++] = *b;
    return true;
}

static void check_bucket(const struct series_bucket *b, const struct values *v, yh_time width)
{
    const struct series_value *first = NULL, *last = NULL, *min = NULL, *max = NULL;
    uint64_t count = 0;
    for (size_t i = 0; i < v->n; i++) {
        const struct series_value *x = &v->v[i];
        if (x->time < b->from || x->time >= b->from + width)
            continue;
        first = first ? first : x;
        last = x;
        min = !min || yh_dec_cmp(x->value, min->value) < 0 ? x : min;
        max = !max || yh_dec_cmp(x->value, max->value) > 0 ? x : max;
        count++;
    }
    assert_int_equal(b->count, count);
    assert_true(count > 0);
    assert_int_equal(b->first.time, first->time);
    assert_int_equal(b->last.time, last->time);
    assert_int_equal(b->min.time, min->time);
    assert_int_equal(b->min.value.m, min->value.m);
    assert_int_equal(b->max.time, max->time);
    assert_int_equal(b->max.value.m, max->value.m);
}

static void fill(struct box *b, uint64_t seed, size_t n)
{
    uint64_t seq = 0;
    for (size_t i = 0; i < n; i++) {
        struct series_cell c = {
            YH_S("w01018"),
            SERIES_F_RTD,
            {(int64_t)(next_random(&seed) % 2000) - 1000, (uint8_t)(next_random(&seed) % 4)},
            'N'};
        yh_time t = T0 + (yh_time)(next_random(&seed) % (10 * 24 * 60)) * YH_MINUTE;
        put_cells(b->s, "MN1", SERIES_RTD, t, ++seq, &c, 1);
        if (i % 400 == 399)
            OK(series_flush(b->s, seq + 1));
    }
}

static void curves_keep_their_extremes(void **state)
{
    struct box *b = *state;
    fill(b, 3, 1500);
    static struct values v;
    static struct buckets all;
    static const unsigned counts[] = {1, 2, 7, 100, 400};
    for (size_t i = 0; i < YH_LEN(counts); i++) {
        yh_time from = T0 + YH_HOUR, to = T0 + 9 * YH_DAY + 12345;
        read1(b->s, from, to, &v);
        all.n = 0;
        OK(series_downsample(b->s, YH_S("MN1"), SERIES_RTD, YH_S("w01018"), SERIES_F_RTD, from, to, counts[i],
                             take_bucket, &all));
        assert_true(all.n <= counts[i]);
        yh_time width = (to - from + counts[i] - 1) / counts[i];
        uint64_t seen = 0;
        for (size_t k = 0; k < all.n; k++) {
            check_bucket(&all.b[k], &v, width);
            assert_true(k == 0 || all.b[k - 1].from < all.b[k].from);
            seen += all.b[k].count;
        }
        assert_int_equal(seen, v.n);
    }
}

/* Whole days lie in one bucket: their summaries must say the same as their values. One day has a correction,
 * one a late value that is not flushed yet, one is in pieces. */
static void curves_from_summaries(void **state)
{
    struct box *b = *state;
    uint64_t seed = 4, seq = 0;
    for (unsigned i = 0; i < 5 * 720; i++) {
        struct series_cell c[] = {{YH_S("w01018"),
                                   SERIES_F_RTD,
                                   {(int64_t)(next_random(&seed) % 5000) - 500, (uint8_t)(i % 3)},
                                   "ND"[i % 9 == 0]},
                                  {YH_S("011"), SERIES_F_RTD, {7, 0}, 0}};
        put_cells(b->s, "MN1", SERIES_RTD, T0 + (yh_time)i * 2 * YH_MINUTE, ++seq, c, i < 720 ? 2 : 1);
        if (i == 3 * 720 + 600 || i == 3 * 720 + 650 || i == 5 * 720 - 1)
            OK(series_flush(b->s, seq + 1));
    }
    put1(b->s, T0 + YH_DAY, ++seq, "9999");
    OK(series_flush(b->s, seq + 1));
    put1(b->s, T0 + 2 * YH_DAY + 1000, ++seq, "-9999");
    static struct values v;
    static struct buckets all;
    static const unsigned counts[] = {1, 2, 3, 5};
    for (size_t i = 0; i < YH_LEN(counts); i++) {
        yh_time from = T0 - (yh_time)i * YH_HOUR, to = T0 + 5 * YH_DAY;
        yh_time width = (to - from + counts[i] - 1) / counts[i];
        read1(b->s, from, to, &v);
        assert_int_equal(v.n, 5 * 720 + 1);
        all.n = 0;
        OK(series_downsample(b->s, YH_S("MN1"), SERIES_RTD, YH_S("w01018"), SERIES_F_RTD, from, to, counts[i],
                             take_bucket, &all));
        assert_int_equal(all.n, counts[i]);
        uint64_t seen = 0;
        for (size_t k = 0; k < all.n; k++) {
            check_bucket(&all.b[k], &v, width);
            seen += all.b[k].count;
        }
        assert_int_equal(seen, v.n);
        all.n = 0;
        OK(series_downsample(b->s, YH_S("MN1"), SERIES_RTD, YH_S("011"), SERIES_F_RTD, T0, to, 1, take_bucket,
                             &all));
        assert_int_equal(all.n, 1);
        assert_int_equal(all.b[0].count, 720);
        assert_int_equal(all.b[0].last.time, T0 + 1438 * YH_MINUTE);
        assert_int_equal(all.b[0].last.seq, 720);
        assert_int_equal(all.b[0].last.received, T0 + 720 * 1000);
    }
}

static void curves_at_the_edges(void **state)
{
    struct box *b = *state;
    static struct buckets all;
    all.n = 0;
    OK(series_downsample(b->s, YH_S("MN1"), SERIES_RTD, YH_S("w01018"), SERIES_F_RTD, 0, INT64_MAX, 10,
                         take_bucket, &all));
    assert_int_equal(all.n, 0);
    put1(b->s, T0, 1, "1");
    put1(b->s, T0 + 1000, 2, "2");
    OK(series_downsample(b->s, YH_S("MN1"), SERIES_RTD, YH_S("w01018"), SERIES_F_RTD, INT64_MIN, INT64_MAX,
                         10, take_bucket, &all));
    assert_int_equal(all.n, 1);
    assert_int_equal(all.b[0].count, 2);
    all.n = 0; /* more buckets than milliseconds */
    OK(series_downsample(b->s, YH_S("MN1"), SERIES_RTD, YH_S("w01018"), SERIES_F_RTD, T0, T0 + 2, 1000,
                         take_bucket, &all));
    assert_int_equal(all.n, 1);
    assert_int_equal(series_downsample(b->s, YH_S("MN1"), SERIES_RTD, YH_S("w01018"), SERIES_F_RTD, T0,
                                       T0 + 2, 0, take_bucket, &all),
                     YH_E_INVALID);
}

/* ---- latest ---- */

static void latest_is_by_data_time(void **state)
{
    struct box *b = *state;
    put1(b->s, T0 + YH_DAY, 1, "2");
    OK(series_flush(b->s, 2));
    put1(b->s, T0, 2, "1"); /* arrives later, is older */
    struct series_latest got[4];
    size_t n = 0;
    OK(series_latest(b->s, YH_S("MN1"), SERIES_RTD, INT64_MAX, got, YH_LEN(got), &n));
    assert_int_equal(n, 1);
    assert_dec(got[0].v.value, "2");
    OK(series_latest(b->s, YH_S("MN1"), SERIES_RTD, T0 + YH_DAY - 1, got, YH_LEN(got), &n));
    assert_int_equal(n, 1);
    assert_dec(got[0].v.value, "1");
    OK(series_latest(b->s, YH_S("nobody"), SERIES_RTD, INT64_MAX, got, YH_LEN(got), &n));
    assert_int_equal(n, 0);
}

static void latest_finds_a_factor_that_fell_silent(void **state)
{
    struct box *b = *state;
    struct series_cell old[] = {cell("011", SERIES_F_AVG, "7", 'N'), cell("011", SERIES_F_MAX, "9", 'N'),
                                cell("060", SERIES_F_AVG, "3", 'N')};
    put_cells(b->s, "MN1", SERIES_HOUR, T0, 1, old, 3);
    uint64_t seq = 1;
    for (unsigned i = 1; i < 400; i += 30) {
        struct series_cell c = cell("060", SERIES_F_AVG, "4", 'N');
        put_cells(b->s, "MN1", SERIES_HOUR, T0 + i * YH_DAY, ++seq, &c, 1);
    }
    OK(series_flush(b->s, seq + 1));
    for (unsigned round = 0; round < 2; round++) {
        struct series_latest got[4];
        size_t n = 0;
        OK(series_latest(b->s, YH_S("MN1"), SERIES_HOUR, INT64_MAX, got, YH_LEN(got), &n));
        assert_int_equal(n, 2);
        assert_string_equal(got[0].factor, "011");
        assert_int_equal(got[0].field, SERIES_F_AVG);
        assert_int_equal(got[0].v.time, T0);
        assert_string_equal(got[1].factor, "060");
        assert_int_equal(got[1].v.time, T0 + 391 * YH_DAY);
        OK(series_latest(b->s, YH_S("MN1"), SERIES_HOUR, INT64_MAX, got, 1, &n));
        assert_int_equal(n, 1);
        box_reopen(b);
    }
}

/* ---- recompute ---- */

struct aggregates {
    struct series_aggregate a[64];
    size_t n;
};

static bool take_aggregate(void *user, const struct series_aggregate *a)
{
    struct aggregates *all = user;
    assert_true(all->n < YH_LEN(all->a));
    all->a[all->n++] = *a;
    return true;
}

static void recompute(struct box *b, series_kind kind, yh_time step, yh_time from, yh_time to,
                      struct aggregates *out)
{
    out->n = 0;
    OK(series_recompute(b->s, YH_S("MN1"), kind, YH_S("w01018"), false, step, SERIES_STAMP_START, from, to, take_aggregate, out));
}

static void put_rtd(struct box *b, yh_time t, const char *text, char flag)
{
    static uint64_t seq = 0;
    struct series_cell c = cell("w01018", SERIES_F_RTD, text, flag);
    put_cells(b->s, "MN1", SERIES_RTD, t, ++seq, &c, 1);
}

static void minutes_from_readings(void **state)
{
    struct box *b = *state;
    static const struct {
        int at;
        const char *text;
        char flag;
    } rtd[] = {
        {0, "1.0", 'N'},   {60, "2.5", 0},    {300, "3.25", 'N'},
        {599, "99", 'D'},                                        /* three of four: 75 % are enough */
        {600, "0.5", 'N'}, {700, "1.0", 'D'}, {800, "1.0", 'M'}, /* one of three */
        {1800, "5", 'F'},                                        /* nothing usable */
    };
    for (size_t i = 0; i < YH_LEN(rtd); i++)
        put_rtd(b, T0 + rtd[i].at * YH_SECOND, rtd[i].text, rtd[i].flag);
    static struct aggregates got;
    for (unsigned round = 0; round < 2; round++) {
        recompute(b, SERIES_MINUTE, 10 * YH_MINUTE, T0, T0 + YH_HOUR, &got);
        assert_int_equal(got.n, 3);
        assert_int_equal(got.a[0].from, T0);
        assert_dec(got.a[0].avg, "2.25");
        assert_dec(got.a[0].min, "1.0");
        assert_dec(got.a[0].max, "3.25");
        assert_int_equal(got.a[0].valid, 3);
        assert_int_equal(got.a[0].total, 4);
        assert_int_equal(got.a[0].flag, 'N');
        assert_int_equal(got.a[0].source, SERIES_RTD);
        assert_int_equal(got.a[1].from, T0 + 600 * YH_SECOND);
        assert_dec(got.a[1].avg, "0.5");
        assert_int_equal(got.a[1].flag, 'D');
        assert_int_equal(got.a[2].valid, 0);
        assert_int_equal(got.a[2].total, 1);
        assert_int_equal(got.a[2].flag, 'D');
        OK(series_flush(b->s, 100));
    }
    recompute(b, SERIES_MINUTE, 10 * YH_MINUTE, T0 + 1, T0 + 600 * YH_SECOND + 1,
              &got); /* whole periods only */
    assert_int_equal(got.n, 1);
    assert_int_equal(got.a[0].from, T0 + 600 * YH_SECOND);
    recompute(b, SERIES_DAY, YH_DAY, INT64_MIN, INT64_MAX, &got); /* no hours, no days */
    assert_int_equal(got.n, 0);
    assert_int_equal(
        series_recompute(b->s, YH_S("MN1"), SERIES_RTD, YH_S("w01018"), false, 1, SERIES_STAMP_START, 0, 1, take_aggregate, &got),
        YH_E_INVALID);
    assert_int_equal(series_recompute(b->s, YH_S("MN1"), SERIES_HOUR, YH_S("w01018"), false, 0, SERIES_STAMP_START, 0, 1,
                                      take_aggregate, &got),
                     YH_E_INVALID);
}

/* Ten-minute means that name the end of their period: 08:10 .. 09:00 make the hour from 08:00. */
static void end_stamps_fall_into_their_own_period(void **state)
{
    struct box *b = *state;
    static struct aggregates got;
    const yh_time hour = yh_time_floor(T0, YH_HOUR, YH_CST);
    for (int i = 0; i <= 7; i++) {
        char text[8];
        snprintf(text, sizeof text, "%d", i);
        struct series_cell c = cell("w01018", SERIES_F_AVG, text, 'N');
        put_cells(b->s, "MN1", SERIES_MINUTE, hour + i * 10 * YH_MINUTE, 5000 + (uint64_t)i, &c, 1);
    }
    OK(series_recompute(b->s, YH_S("MN1"), SERIES_HOUR, YH_S("w01018"), false, YH_HOUR, SERIES_STAMP_END, hour,
                        hour + YH_HOUR, take_aggregate, (got.n = 0, &got)));
    assert_int_equal(got.n, 1);
    assert_int_equal(got.a[0].from, hour);
    assert_int_equal(got.a[0].valid, 6);
    assert_dec(got.a[0].avg, "4"); /* (1+2+3+4+5+6)/6 = 3.5, half to even */
    OK(series_recompute(b->s, YH_S("MN1"), SERIES_HOUR, YH_S("w01018"), false, YH_HOUR, SERIES_STAMP_START, hour,
                        hour + YH_HOUR, take_aggregate, (got.n = 0, &got)));
    assert_int_equal(got.n, 1);
    assert_dec(got.a[0].avg, "2"); /* (0+1+2+3+4+5)/6 = 2.5, half to even */
}

static void means_round_half_to_even(void **state)
{
    struct box *b = *state;
    static const struct {
        const char *a, *b, *want;
    } pairs[] = {
        {"0.1", "0.2", "0.2"},
        {"0.3", "0.4", "0.4"},
        {"-0.1", "-0.2", "-0.2"},
        {"-0.3", "-0.2", "-0.2"},
        {"1", "2", "2"},
        {"2", "3", "2"},
        {"0.10", "0.2", "0.15"},
        {"999999999999999999", "0.000000000001",
         "500000000000000000"}, /* decimals give way, digits do not wrap */
    };
    for (size_t i = 0; i < YH_LEN(pairs); i++) {
        put_rtd(b, T0 + (yh_time)i * YH_MINUTE, pairs[i].a, 'N');
        put_rtd(b, T0 + (yh_time)i * YH_MINUTE + 1000, pairs[i].b, 'N');
    }
    static struct aggregates got;
    recompute(b, SERIES_MINUTE, YH_MINUTE, T0, T0 + YH_HOUR, &got);
    assert_int_equal(got.n, YH_LEN(pairs));
    for (size_t i = 0; i + 1 < YH_LEN(pairs); i++)
        assert_dec(got.a[i].avg, pairs[i].want);
    yh_dec exact, want = dec("500000000000000000");
    assert_true(yh_dec_sub(got.a[7].avg, want, &exact) && yh_dec_cmp(exact, dec("1")) < 0);
    assert_true(yh_dec_cmp(exact, dec("-1")) > 0);
}

static void put_minute(struct box *b, yh_time t, const char *min, const char *avg, const char *max, char flag)
{
    static uint64_t seq = 1000;
    struct series_cell c[] = {cell("w01018", SERIES_F_MIN, min, flag),
                              cell("w01018", SERIES_F_AVG, avg, flag),
                              cell("w01018", SERIES_F_MAX, max, flag)};
    put_cells(b->s, "MN1", SERIES_MINUTE, t, ++seq, c, 3);
}

static void hours_from_minutes_or_readings(void **state)
{
    struct box *b = *state;
    put_minute(b, T0, "1", "2", "9", 'N');
    put_minute(b, T0 + 10 * YH_MINUTE, "0.5", "4", "5", 'N');
    put_minute(b, T0 + 20 * YH_MINUTE, "-7", "4", "99", 'D'); /* not used: below 75 % */
    put_rtd(b, T0, "1000", 'N');
    put_rtd(b, T0 + YH_HOUR + YH_MINUTE, "8", 'N'); /* an hour without minutes */
    put_minute(b, T0 + 2 * YH_HOUR, "1", "1", "1", 'N');
    static struct aggregates got;
    recompute(b, SERIES_HOUR, YH_HOUR, T0, T0 + YH_DAY, &got);
    assert_int_equal(got.n, 3);
    assert_int_equal(got.a[0].source, SERIES_MINUTE);
    assert_dec(got.a[0].avg, "3");
    assert_dec(got.a[0].min, "0.5");
    assert_dec(got.a[0].max, "9");
    assert_int_equal(got.a[0].flag, 'D');
    assert_int_equal(got.a[1].from, T0 + YH_HOUR);
    assert_int_equal(got.a[1].source, SERIES_RTD);
    assert_dec(got.a[1].avg, "8");
    assert_int_equal(got.a[2].from, T0 + 2 * YH_HOUR);
    assert_int_equal(got.a[2].source, SERIES_MINUTE);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, box_setup, box_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(curves_keep_their_extremes),
        TEST(curves_from_summaries),
        TEST(curves_at_the_edges),
        TEST(latest_is_by_data_time),
        TEST(latest_finds_a_factor_that_fell_silent),
        TEST(minutes_from_readings),
        TEST(end_stamps_fall_into_their_own_period),
        TEST(means_round_half_to_even),
        TEST(hours_from_minutes_or_readings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
