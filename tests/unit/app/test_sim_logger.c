#include "sim_box.h"

#include "hj212/framer.h"

static const struct sim_group water_2017 = {
    .count = 1, .edition = HJ212_ED_2017, .medium = "water", .login = "9021", .beat = "9015", .asks = true};
static const struct sim_group air_2025 = {
    .count = 1, .edition = HJ212_ED_2025, .medium = "air", .login = "", .beat = "9015", .asks = true, .enciphers = true};
static const struct sim_group water_2005 = {
    .count = 1, .edition = HJ212_ED_2005, .medium = "water", .login = "9021", .beat = "8013"};

static void open_line(struct box *b)
{
    check_ok(sim_logger_opened(&b->context, &b->logger, BOX_START));
}

static void every_frame_is_well_formed(void **state)
{
    (void)state;
    static const struct sim_group *const groups[] = {&water_2017, &air_2025, &water_2005};
    for (size_t g = 0; g < YH_LEN(groups); g++) {
        struct box *b = box_new(groups[g], "{}");
        open_line(b);
        box_run(b, BOX_START, BOX_START + 26 * YH_HOUR);
        assert_true(b->n > 26 * 60);
        for (size_t i = 0; i < b->n; i++) {
            const struct hj212_frame *f = box_frame(b, i);
            assert_int_equal(f->status, HJ212_OK);
            assert_int_equal(f->edition, groups[g]->edition);
            assert_true(yh_str_is(f->header[HJ212_MN], b->logger.station.mn));
            /* Names of the dictionary's dialects and the order of fields are the decoder's business; shape is ours. */
            assert_int_equal(f->warnings & (1ull << HJ212_W_CP_DUPLICATE_KEY | 1ull << HJ212_W_FLAG_SPLIT_MISMATCH), 0);
            assert_true(f->segment.n <= HJ212_SEGMENT_NORMAL + 100);
            assert_int_equal(b->what[i], groups[g]->asks ? WIRE_ASKING : WIRE_FRAME);
        }
        box_free(b);
    }
}

static void a_day_has_every_kind_of_data(void **state)
{
    (void)state;
    struct box *b = box_new(&water_2017, "{}");
    open_line(b);
    box_run(b, BOX_START, BOX_START + YH_DAY);
    assert_int_equal(box_count(b, "9021"), 1);
    assert_int_equal(box_count(b, "2081"), 1);
    assert_int_equal(box_count(b, "2011"), 1440);
    assert_int_equal(box_count(b, "2051"), 144);
    assert_int_equal(box_count(b, "2061"), 24);
    assert_int_equal(box_count(b, "2031"), 2); /* yesterday's at the start, today's at midnight */
    assert_int_equal(box_count(b, "2041"), 2);
    assert_int_equal(box_count(b, "2021"), 288);
    assert_int_equal(box_count(b, "3020"), 24);
    assert_int_equal(box_count(b, "9015"), 1440);
    /* Minutes carry the start of their period and follow without a hole. */
    yh_time before = BOX_START - 20 * YH_MINUTE, t;
    const struct hj212_frame *f;
    for (size_t i = 0; (f = box_find(b, "2051", i)); i++) {
        assert_true(hj212_time_parse(hj212_field(f, "DataTime"), YH_CST, &t));
        assert_int_equal(t, before + 10 * YH_MINUTE);
        before = t;
    }
    box_free(b);
}

static void the_hour_is_what_the_minutes_say(void **state)
{
    (void)state;
    struct box *b = box_new(&water_2017, "{}");
    open_line(b);
    box_run(b, BOX_START + 1, BOX_START + YH_HOUR + YH_MINUTE);
    int64_t sum = 0;
    unsigned n = 0;
    yh_time t;
    struct hj212_measure m;
    const struct hj212_frame *f;
    for (size_t i = 0; (f = box_find(b, "2051", i)); i++) {
        assert_true(hj212_time_parse(hj212_field(f, "DataTime"), YH_CST, &t));
        for (unsigned at = 0; t >= BOX_START && n < 6 && hj212_next_measure(f, &at, &m);)
            if (yh_str_is(m.factor, "w01018") && yh_str_is(m.field, "Avg"))
                sum += m.value.m, n++;
    }
    assert_int_equal(n, 6);
    f = box_find(b, "2061", 1);
    assert_non_null(f);
    for (unsigned at = 0; hj212_next_measure(f, &at, &m);)
        if (yh_str_is(m.factor, "w01018") && yh_str_is(m.field, "Avg"))
            assert_true(llabs(m.value.m * 6 - sum) <= 6);
    box_free(b);
}

static void many_factors_are_split_and_every_part_has_its_number(void **state)
{
    (void)state;
    struct sim_group g = water_2017;
    g.factors = 40;
    struct box *b = box_new(&g, "{}");
    open_line(b);
    box_forget(b);
    box_act(b, BOX_START);
    unsigned seen = 0, parts = 0;
    uint64_t pnum = 0, pno = 0, first = 0;
    const struct hj212_frame *f;
    for (size_t i = 0; (f = box_find(b, "2011", i)); i++) {
        struct hj212_measure m;
        assert_true(f->split && (f->flag & 2));
        assert_true(yh_str_to_u64(f->header[HJ212_PNUM], &pnum) && yh_str_to_u64(f->header[HJ212_PNO], &pno));
        assert_true(f->cp.n <= 950 && hj212_field(f, "DataTime").n == 14);
        first = first ? first : pnum;
        assert_true(pnum == first && pno == ++parts);
        for (unsigned at = 0; hj212_next_measure(f, &at, &m);)
            seen += yh_str_is(m.field, "Rtd");
    }
    assert_true(parts == pnum && parts >= 2);
    assert_int_equal(seen, 40);
    box_free(b);
}

static void only_what_must_be_is_enciphered(void **state)
{
    (void)state;
    struct box *b = box_new(&air_2025, "{}");
    open_line(b);
    box_run(b, BOX_START, BOX_START + YH_HOUR);
    for (size_t i = 0; i < b->n; i++) {
        const struct hj212_frame *f = box_frame(b, i);
        bool secret = f->header[HJ212_CN].p[0] == '2' || yh_str_is(f->header[HJ212_CN], "3020");
        assert_true(f->encrypted == secret && f->decrypted == secret);
    }
    box_free(b);
}

static void history_is_back_filled_and_marked_in_2025_only(void **state)
{
    (void)state;
    static const struct sim_group *const groups[] = {&water_2017, &air_2025};
    for (size_t g = 0; g < YH_LEN(groups); g++) {
        struct box *b = box_new(groups[g], "{}");
        b->context.history = 2 * YH_HOUR;
        b->context.hour_history = 2 * YH_DAY;
        struct sim_station station = b->logger.station;
        sim_logger_init(&b->context, &station, 0, BOX_START, &b->logger);
        open_line(b);
        box_run(b, BOX_START, BOX_START + 30 * YH_SECOND);
        assert_int_equal(box_count(b, "2051"), groups[g]->edition == HJ212_ED_2025 ? 120 : 12);
        assert_int_equal(box_count(b, "2061"), 48);
        assert_int_equal(box_count(b, "2031"), 2);
        bool marked = groups[g]->edition == HJ212_ED_2025;
        assert_true((box_find(b, "2061", 5)->header[HJ212_RF].p != NULL) == marked);
        assert_null(box_find(b, "2061", 0)->header[HJ212_RF].p); /* the live one comes first */
        box_free(b);
    }
}

static void what_the_line_cost_comes_afterwards(void **state)
{
    (void)state;
    struct box *b = box_new(&air_2025, "{}");
    open_line(b);
    box_run(b, BOX_START, BOX_START + YH_MINUTE);
    b->logger.up = false;
    box_forget(b);
    box_run(b, BOX_START + YH_MINUTE, BOX_START + 21 * YH_MINUTE);
    assert_int_equal(b->n, 0);
    check_ok(sim_logger_opened(&b->context, &b->logger, BOX_START + 21 * YH_MINUTE));
    box_run(b, BOX_START + 21 * YH_MINUTE, BOX_START + 22 * YH_MINUTE);
    assert_int_equal(box_count(b, "2051"), 21); /* 20 missed ones and the live one */
    assert_true(box_count(b, "2011") <= 2);      /* moments are lost */
    unsigned marked = 0;
    const struct hj212_frame *f;
    for (size_t i = 0; (f = box_find(b, "2051", i)); i++)
        marked += f->header[HJ212_RF].p != NULL;
    assert_int_equal(marked, 20);
    box_free(b);
}

static void a_full_line_holds_back(void **state)
{
    (void)state;
    struct box *b = box_new(&water_2017, "{}");
    open_line(b);
    box_forget(b);
    b->full = true;
    box_run(b, BOX_START, BOX_START + 30 * YH_MINUTE);
    assert_int_equal(b->n, 0);
    b->full = false;
    box_run(b, BOX_START + 30 * YH_MINUTE, BOX_START + 31 * YH_MINUTE);
    assert_int_equal(box_count(b, "2051"), 4);
    box_free(b);
}

static void gap_late_and_offline(void **state)
{
    (void)state;
    struct box *b = box_new(&water_2017, "{\"faults\":[{\"kind\":\"gap\",\"from\":60,\"to\":1860},"
                                         "{\"kind\":\"late\",\"from\":3600,\"to\":5400},"
                                         "{\"kind\":\"offline\",\"from\":7200,\"to\":7260}]}");
    open_line(b);
    box_run(b, BOX_START, BOX_START + 5 * YH_MINUTE);
    box_forget(b);
    box_run(b, BOX_START + 5 * YH_MINUTE, BOX_START + 30 * YH_MINUTE);
    assert_int_equal(box_count(b, "2011"), 0);
    box_run(b, BOX_START + 31 * YH_MINUTE, BOX_START + YH_HOUR);
    assert_int_equal(box_count(b, "2011"), 29); /* and what was in the gap never comes */
    box_forget(b);
    box_run(b, BOX_START + YH_HOUR, BOX_START + 90 * YH_MINUTE);
    assert_int_equal(b->n, 0);
    box_run(b, BOX_START + 90 * YH_MINUTE, BOX_START + 91 * YH_MINUTE);
    assert_true(box_count(b, "2011") >= 30 && box_count(b, "2051") >= 3);
    box_run(b, BOX_START + 91 * YH_MINUTE, BOX_START + 120 * YH_MINUTE + 1);
    assert_int_equal(b->hung_up, 1);
    assert_in_range(b->pause_ms, 59000, 60000);
    box_free(b);
}

static void a_clock_falls_back_and_returns(void **state)
{
    (void)state;
    struct box *b = box_new(
        &water_2017, "{\"faults\":[{\"kind\":\"clock\",\"from\":90,\"to\":210,\"clock\":\"2000-02-01T00:00:00\"}]}");
    open_line(b);
    box_run(b, BOX_START, BOX_START + 5 * YH_MINUTE);
    static const char *const years[] = {"2026", "2026", "2000", "2000", "2026"};
    for (size_t i = 0; i < YH_LEN(years); i++)
        check_str(yh_str_sub(hj212_field(box_find(b, "2011", i), "DataTime"), 0, 4), years[i]);
    box_free(b);
}

static void storm_junk_trickle_and_repeat(void **state)
{
    (void)state;
    struct box *b = box_new(&water_2017, "{\"faults\":[{\"kind\":\"junk\",\"to\":10,\"every\":2},"
                                         "{\"kind\":\"trickle\",\"from\":1,\"to\":3},"
                                         "{\"kind\":\"repeat\",\"to\":1},"
                                         "{\"kind\":\"storm\",\"from\":20,\"to\":25}]}");
    open_line(b);
    assert_true(b->n == 4 && yh_str_eq(box_raw(b, 0), box_raw(b, 1)));
    box_run(b, BOX_START, BOX_START + 2 * YH_SECOND);
    assert_true(b->trickles);
    box_run(b, BOX_START + 2 * YH_SECOND, BOX_START + 10 * YH_SECOND);
    assert_false(b->trickles);
    size_t junk = 0;
    for (size_t i = 0; i < b->n; i++)
        junk += b->what[i] == WIRE_BYTES;
    assert_in_range(junk, 4, 5);
    for (yh_time t = BOX_START + 20 * YH_SECOND; t < BOX_START + 25 * YH_SECOND; t += 100) {
        b->logger.up = true; /* the line is back at once */
        box_act(b, t);
    }
    assert_int_equal(b->hung_up, 5);
    box_free(b);
}

static void damaged_frames_are_not_waited_for(void **state)
{
    (void)state;
    struct box *b = box_new(&water_2017, "{\"faults\":[{\"kind\":\"frame\",\"damage\":\"crc-modbus\",\"nth\":2}]}");
    open_line(b);
    box_run(b, BOX_START, BOX_START + 10 * YH_MINUTE);
    size_t bad = 0;
    for (size_t i = 0; i < b->n; i++) {
        bool ok = box_frame(b, i)->status == HJ212_OK;
        assert_int_equal(b->what[i], ok ? WIRE_ASKING : WIRE_FRAME);
        bad += !ok;
    }
    assert_in_range(bad, b->n / 2 - 1, b->n / 2 + 1);
    box_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_frame_is_well_formed),
        cmocka_unit_test(a_day_has_every_kind_of_data),
        cmocka_unit_test(the_hour_is_what_the_minutes_say),
        cmocka_unit_test(many_factors_are_split_and_every_part_has_its_number),
        cmocka_unit_test(only_what_must_be_is_enciphered),
        cmocka_unit_test(history_is_back_filled_and_marked_in_2025_only),
        cmocka_unit_test(what_the_line_cost_comes_afterwards),
        cmocka_unit_test(a_full_line_holds_back),
        cmocka_unit_test(gap_late_and_offline),
        cmocka_unit_test(a_clock_falls_back_and_returns),
        cmocka_unit_test(storm_junk_trickle_and_repeat),
        cmocka_unit_test(damaged_frames_are_not_waited_for),
    };
    return cmocka_run_group_tests_name("sim-logger", tests, NULL, NULL);
}
