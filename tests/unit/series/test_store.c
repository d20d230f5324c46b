#include "util.h"

#include "series/columns.h"

static void what_was_put_can_be_read(void **state)
{
    struct box *b = *state;
    struct series_cell cells[] = {cell("w01018", SERIES_F_RTD, "12.50", 'N'),
                                  cell("011", SERIES_F_RTD, "-3", 'D')};
    assert_int_equal(put_cells(b->s, "MN1", SERIES_RTD, T0, 7, cells, 2), SERIES_NEW);
    static struct values v;
    for (unsigned round = 0; round < 3; round++) { /* from the tail, from a block, after opening again */
        read1(b->s, T0, T0 + 1, &v);
        assert_int_equal(v.n, 1);
        assert_int_equal(v.v[0].time, T0);
        assert_dec(v.v[0].value, "12.50");
        assert_int_equal(v.v[0].flag, 'N');
        assert_int_equal(v.v[0].seq, 7);
        assert_int_equal(v.v[0].last_seq, 7);
        assert_int_equal(v.v[0].received, T0 + 7000);
        assert_int_equal(v.v[0].versions, 1);
        if (round == 0)
            OK(series_flush(b->s, 8));
        else
            box_reopen(b);
    }
    v.n = 0;
    OK(series_range(b->s, YH_S("MN1"), SERIES_RTD, YH_S("011"), SERIES_F_RTD, INT64_MIN, INT64_MAX,
                    take_value, &v));
    assert_int_equal(v.n, 1);
    assert_dec(v.v[0].value, "-3");
    assert_int_equal(v.v[0].flag, 'D');
}

static void empty_and_foreign_ranges(void **state)
{
    struct box *b = *state;
    static struct values v;
    read1(b->s, INT64_MIN, INT64_MAX, &v);
    assert_int_equal(v.n, 0);
    put1(b->s, T0, 1, "1");
    OK(series_flush(b->s, 2));
    put1(b->s, T0 + 1000, 2, "2");
    read1(b->s, T0 + 2000, T0 + 9000, &v);
    assert_int_equal(v.n, 0);
    read1(b->s, T0 + 1000, T0, &v);
    assert_int_equal(v.n, 0);
    read1(b->s, T0, T0 + 1000, &v); /* the end is not part of it */
    assert_int_equal(v.n, 1);
    read1(b->s, INT64_MIN, INT64_MAX, &v);
    assert_int_equal(v.n, 2);
    v.n = 0;
    OK(series_range(b->s, YH_S("MN2"), SERIES_RTD, YH_S("w01018"), SERIES_F_RTD, 0, INT64_MAX, take_value,
                    &v));
    OK(series_range(b->s, YH_S("MN1"), SERIES_DAY, YH_S("w01018"), SERIES_F_RTD, 0, INT64_MAX, take_value,
                    &v));
    OK(series_range(b->s, YH_S("MN1"), SERIES_RTD, YH_S("w01018"), SERIES_F_AVG, 0, INT64_MAX, take_value,
                    &v));
    OK(series_range(b->s, YH_S("MN1"), SERIES_RTD, YH_S(""), SERIES_F_RTD, 0, INT64_MAX, take_value, &v));
    assert_int_equal(v.n, 0);
}

static void the_caller_can_stop(void **state)
{
    struct box *b = *state;
    for (unsigned i = 0; i < 10; i++)
        put1(b->s, T0 + i * YH_DAY, i + 1, "1.0");
    OK(series_flush(b->s, 11));
    put1(b->s, T0 + 10 * YH_DAY, 11, "1.0");
    static struct values v;
    v = (struct values){.stop_after = 4};
    OK(series_range(b->s, YH_S("MN1"), SERIES_RTD, YH_S("w01018"), SERIES_F_RTD, 0, INT64_MAX, take_value,
                    &v));
    assert_int_equal(v.n, 4);
}

static void bad_records_are_refused(void **state)
{
    struct box *b = *state;
    struct series_cell good = cell("w01018", SERIES_F_RTD, "1", 0);
    struct series_record r = {YH_S("MN1"), SERIES_RTD, T0, 1, T0, &good, 1};
    struct series_record bad = r;
    series_effect e;
    bad.mn = YH_S("");
    assert_int_equal(series_put(b->s, &bad, &e), YH_E_INVALID);
    bad.mn = YH_S("123456789012345678901234567890123");
    assert_int_equal(series_put(b->s, &bad, &e), YH_E_INVALID);
    bad = r;
    bad.time = INT64_MAX;
    assert_int_equal(series_put(b->s, &bad, &e), YH_E_INVALID);
    bad = r;
    struct series_cell wide = good;
    wide.factor = YH_S("1234567890123456789012345");
    bad.cells = &wide;
    assert_int_equal(series_put(b->s, &bad, &e), YH_E_INVALID);
    wide = good;
    wide.value.scale = YH_DEC_MAX_SCALE + 1;
    assert_int_equal(series_put(b->s, &bad, &e), YH_E_INVALID);
    bad = r;
    bad.cell_count = 0;
    OK(series_put(b->s, &bad, &e));
    assert_int_equal(e, SERIES_SAME);
    struct series_totals t;
    OK(series_totals(b->s, &t));
    assert_int_equal(t.versions, 0);
}

static void repeats_are_the_same_fact(void **state)
{
    struct box *b = *state;
    assert_int_equal(put1(b->s, T0, 1, "5.0"), SERIES_NEW);
    assert_int_equal(put1(b->s, T0, 1, "5.0"), SERIES_SAME); /* the same record again */
    assert_int_equal(put1(b->s, T0, 2, "5.0"), SERIES_SAME); /* a repeated frame */
    OK(series_flush(b->s, 3));
    assert_int_equal(put1(b->s, T0, 2, "5.0"), SERIES_SAME);
    assert_int_equal(put1(b->s, T0, 3, "5.0"), SERIES_SAME);
    box_reopen(b);
    assert_int_equal(put1(b->s, T0, 3, "5.0"), SERIES_SAME);
    static struct values v;
    read1(b->s, T0, T0 + 1, &v);
    assert_int_equal(v.n, 1);
    assert_int_equal(v.v[0].versions, 1);
    assert_int_equal(v.v[0].seq, 1);
    assert_int_equal(v.v[0].last_seq, 3);
    /* other digits of an equal number are another report */
    assert_int_equal(put1(b->s, T0, 4, "5.00"), SERIES_VERSION);
}

static void corrections_are_versions(void **state)
{
    struct box *b = *state;
    static struct values v;
    assert_int_equal(put1(b->s, T0, 1, "1"), SERIES_NEW);
    OK(series_flush(b->s, 2));
    assert_int_equal(put1(b->s, T0, 2, "2"), SERIES_VERSION);
    read1(b->s, T0, T0 + 1, &v);
    assert_dec(v.v[0].value, "2");
    assert_int_equal(v.v[0].versions, 2);
    OK(series_flush(b->s, 3));
    assert_int_equal(put1(b->s, T0, 3, "1"), SERIES_VERSION); /* back to the first: current changes */
    assert_int_equal(put1(b->s, T0, 3, "1"), SERIES_SAME);
    for (unsigned round = 0; round < 2; round++) {
        read1(b->s, T0, T0 + 1, &v);
        assert_int_equal(v.n, 1);
        assert_dec(v.v[0].value, "1");
        assert_int_equal(v.v[0].seq, 1);
        assert_int_equal(v.v[0].last_seq, 3);
        v.n = 0;
        OK(series_versions(b->s, YH_S("MN1"), SERIES_RTD, YH_S("w01018"), SERIES_F_RTD, T0, take_value, &v));
        assert_int_equal(v.n, 2);
        assert_dec(v.v[0].value, "2");
        assert_dec(v.v[1].value, "1");
        OK(series_flush(b->s, 4));
    }
}

static void one_record_with_a_factor_twice(void **state)
{
    struct box *b = *state;
    struct series_cell cells[] = {cell("w01018", SERIES_F_RTD, "2", 'N'),
                                  cell("w01018", SERIES_F_RTD, "1", 'N'),
                                  cell("w01018", SERIES_F_RTD, "2", 'N')};
    assert_int_equal(put_cells(b->s, "MN1", SERIES_RTD, T0, 1, cells, 3), SERIES_NEW);
    static struct values v;
    for (unsigned round = 0; round < 2; round++) {
        read1(b->s, T0, T0 + 1, &v);
        assert_int_equal(v.n, 1);
        assert_int_equal(v.v[0].versions, 2);
        assert_dec(v.v[0].value, "2");
        assert_int_equal(put_cells(b->s, "MN1", SERIES_RTD, T0, 1, cells, 3), SERIES_SAME);
        OK(series_flush(b->s, 2));
    }
}

static void late_data_goes_to_its_window(void **state)
{
    struct box *b = *state;
    static struct values v;
    uint64_t seq = 0;
    for (int day = 5; day >= 0; day--) {
        for (unsigned i = 0; i < 20; i++)
            assert_int_equal(put1(b->s, T0 + day * YH_DAY + (19 - i) * YH_MINUTE, ++seq, "1.5"), SERIES_NEW);
        if (day % 2)
            OK(series_flush(b->s, seq + 1));
    }
    read1(b->s, T0, T0 + 6 * YH_DAY, &v);
    assert_int_equal(v.n, 120);
    for (size_t i = 1; i < v.n; i++)
        assert_true(v.v[i - 1].time < v.v[i].time);
}

static void position_moves_with_the_flush(void **state)
{
    struct box *b = *state;
    uint64_t position;
    OK(series_position(b->s, &position));
    assert_int_equal(position, 0);
    put1(b->s, T0, 1, "1");
    OK(series_flush(b->s, 17));
    put1(b->s, T0 + 1000, 17, "2");
    OK(series_position(b->s, &position));
    assert_int_equal(position, 17);
    struct series_totals before, after;
    OK(series_totals(b->s, &before));
    box_reopen(b); /* the tail is lost, the position says what to read again */
    OK(series_position(b->s, &position));
    assert_int_equal(position, 17);
    put1(b->s, T0 + 1000, 17, "2");
    OK(series_totals(b->s, &after));
    assert_memory_equal(before.digest, after.digest, sizeof before.digest);
}

static void clearing(void **state)
{
    struct box *b = *state;
    static struct values v;
    struct series_cell c = cell("w01018", SERIES_F_RTD, "1", 'N');
    put1(b->s, T0, 1, "1");
    put_cells(b->s, "MN2", SERIES_RTD, T0, 2, &c, 1);
    OK(series_flush(b->s, 3));
    put1(b->s, T0 + 1, 3, "1");
    put_cells(b->s, "MN2", SERIES_RTD, T0 + 1, 4, &c, 1);
    OK(series_clear_point(b->s, YH_S("MN1")));
    OK(series_clear_point(b->s, YH_S("never seen")));
    read1(b->s, 0, INT64_MAX, &v);
    assert_int_equal(v.n, 0);
    struct series_totals t;
    OK(series_totals(b->s, &t));
    assert_int_equal(t.points, 1);
    assert_int_equal(t.values, 2);
    assert_int_equal(put1(b->s, T0, 1, "1"), SERIES_NEW);
    OK(series_flush(b->s, 5));
    OK(series_clear(b->s));
    OK(series_totals(b->s, &t));
    assert_int_equal(t.points, 0);
    assert_int_equal(t.blocks, 0);
    uint64_t position;
    OK(series_position(b->s, &position));
    assert_int_equal(position, 0);
    assert_int_equal(put1(b->s, T0, 1, "1"), SERIES_NEW);
}

/* Many small flushes leave few pieces, and one when the next window has begun; the content stays. */
static void pieces_are_merged(void **state)
{
    struct box *b = *state;
    uint64_t seq = 0;
    struct series_totals t;
    for (unsigned i = 0; i < 300; i++) {
        put1(b->s, T0 + i * YH_MINUTE, ++seq, i % 7 ? "1.5" : "2.25");
        if (i % 50 == 49)
            put1(b->s, T0 + i * YH_MINUTE, ++seq, "9");
        OK(series_flush(b->s, seq + 1));
        OK(series_totals(b->s, &t));
        assert_true(t.blocks <= 10);
        assert_int_equal(t.values, i + 1);
    }
    assert_int_equal(t.versions, 306);
    put1(b->s, T0 + YH_DAY, ++seq, "1.5");
    OK(series_flush(b->s, seq + 1));
    OK(series_totals(b->s, &t));
    assert_int_equal(t.blocks, 2);
    assert_int_equal(t.versions, 307);
    static struct values v;
    read1(b->s, 0, INT64_MAX, &v);
    assert_int_equal(v.n, 301);
    assert_dec(v.v[49].value, "9");
    assert_int_equal(v.v[49].versions, 2);
}

static void a_window_is_closed_after_a_restart_too(void **state)
{
    struct box *b = *state;
    uint64_t seq = 0;
    for (unsigned i = 0; i < 40; i++)
        put1(b->s, T0 + i * YH_MINUTE, ++seq, "1.5");
    OK(series_flush(b->s, seq + 1));
    put1(b->s, T0 + 50 * YH_MINUTE, ++seq, "1.5");
    OK(series_flush(b->s, seq + 1));
    struct series_totals t;
    OK(series_totals(b->s, &t));
    assert_int_equal(t.blocks, 2);
    box_reopen(b);
    put1(b->s, T0 + YH_DAY, ++seq, "1.5");
    OK(series_flush(b->s, seq + 1));
    OK(series_totals(b->s, &t));
    assert_int_equal(t.blocks, 2);
    assert_int_equal(t.values, 42);
}

static void a_read_only_series_has_a_tail_of_its_own(void **state)
{
    struct box *b = *state;
    put1(b->s, T0, 1, "1");
    OK(series_flush(b->s, 2));
    put1(b->s, T0 + 1000, 2, "2");
    struct series *view;
    OK(series_open(&(struct series_config){.path = b->path, .read_only = true}, &view));
    uint64_t position;
    OK(series_position(view, &position));
    assert_int_equal(position, 2);
    struct series_cell c = cell("w01018", SERIES_F_RTD, "7", 'N');
    assert_int_equal(put1(view, T0, 1, "1"), SERIES_SAME);
    assert_int_equal(put1(view, T0 + 1000, 2, "2"), SERIES_NEW);
    assert_int_equal(put_cells(view, "MN9", SERIES_RTD, T0, 3, &c, 1), SERIES_NEW);
    assert_int_equal(series_flush(view, 4), YH_E_CONFLICT);
    assert_int_equal(series_clear(view), YH_E_CONFLICT);
    assert_false(series_flush_due(view));
    /* the server goes on meanwhile: another station takes the next number */
    put_cells(b->s, "MN5", SERIES_RTD, T0, 9, &c, 1);
    OK(series_flush(b->s, 10));
    static struct values v;
    read1(view, 0, INT64_MAX, &v);
    assert_int_equal(v.n, 2);
    v.n = 0;
    OK(series_range(view, YH_S("MN9"), SERIES_RTD, YH_S("w01018"), SERIES_F_RTD, 0, INT64_MAX, take_value,
                    &v));
    assert_int_equal(v.n, 1);
    series_close(view);
    assert_int_equal(
        series_open(&(struct series_config){.path = "/nonexistent/series.db", .read_only = true}, &view),
        YH_E_NOT_FOUND);
}

static void flush_is_due_when_the_tail_is_full(void **state)
{
    struct box *b = *state;
    series_close(b->s);
    OK(series_open(&(struct series_config){.path = b->path, .tail_max_bytes = 4096}, &b->s));
    unsigned n = 0;
    while (!series_flush_due(b->s)) {
        put1(b->s, T0 + n * YH_SECOND, n + 1, "1");
        assert_true(++n < 1000);
    }
    assert_true(n > 10);
    OK(series_flush(b->s, n + 1));
    assert_false(series_flush_due(b->s));
}

static void names(void **state)
{
    (void)state;
    for (unsigned k = 0; k < SERIES_KIND_COUNT; k++) {
        series_kind back;
        assert_true(series_kind_of(yh_str_of(series_kind_name((series_kind)k)), &back));
        assert_int_equal(back, k);
    }
    series_kind none;
    assert_false(series_kind_of(YH_S("week"), &none));
    assert_string_equal(series_field_name(SERIES_F_ZS_AVG), "ZsAvg");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, box_setup, box_teardown)

static yh_err put_factors(struct series *s, uint64_t seq, unsigned first, unsigned n)
{
    static char codes[200][16];
    struct series_cell cells[200];
    for (unsigned i = 0; i < n; i++)
        cells[i] = (struct series_cell){
            .factor = {codes[i], (size_t)snprintf(codes[i], sizeof codes[i], "f%u", first + i)}, .value = {1, 0}};
    const struct series_record r = {.mn = YH_S("M1"), .time = T0 + (yh_time)seq * 1000, .seq = seq, .cells = cells, .cell_count = n};
    series_effect effect;
    return series_put(s, &r, &effect);
}

/* A record whose new columns do not all fit adds none, so that what fits later does not depend on what was refused. */
static void factors_without_end_are_refused_whole(void **state)
{
    struct box *b = *state;
    unsigned n = 0;
    uint64_t seq = 0;
    for (; n + 128 < SERIES_POINT_COLUMNS_MAX; n += 128)
        OK(put_factors(b->s, seq++, n, 128));
    OK(put_factors(b->s, seq++, n, 127));
    assert_int_equal(put_factors(b->s, seq++, n + 127, 2), YH_E_TOO_LARGE);
    OK(put_factors(b->s, seq++, n + 127, 1));
    assert_int_equal(put_factors(b->s, seq++, n + 128, 1), YH_E_TOO_LARGE);
    OK(put_factors(b->s, seq++, 0, 128)); /* known ones go on */
    OK(series_flush(b->s, seq));
    box_reopen(b);
    assert_int_equal(put_factors(b->s, seq++, n + 128, 1), YH_E_TOO_LARGE);
    OK(put_factors(b->s, seq++, n, 128));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_put_can_be_read),
        TEST(empty_and_foreign_ranges),
        TEST(the_caller_can_stop),
        TEST(bad_records_are_refused),
        TEST(factors_without_end_are_refused_whole),
        TEST(repeats_are_the_same_fact),
        TEST(corrections_are_versions),
        TEST(one_record_with_a_factor_twice),
        TEST(late_data_goes_to_its_window),
        TEST(position_moves_with_the_flush),
        TEST(clearing),
        TEST(pieces_are_merged),
        TEST(a_window_is_closed_after_a_restart_too),
        TEST(a_read_only_series_has_a_tail_of_its_own),
        TEST(flush_is_due_when_the_tail_is_full),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
