#include "sim_box.h"

#include "app/sim_damage.h"
#include "hj212/compose.h"
#include "hj212/diagnose.h"
#include "hj212/framer.h"

static void good_frame(unsigned i, yh_buf *out)
{
    char qn[18];
    snprintf(qn, sizeof qn, "202611250800%05u", i);
    struct hj212_message m = {.qn = yh_str_of(qn), .st = YH_S("32"), .cn = YH_S("2011"), .pw = YH_S("123456"),
                              .mn = YH_S("DE5001079000010100000000"), .flag = 5,
                              .cp = YH_S("DataTime=20261125080000;w01018-Rtd=27.0,w01018-Flag=N")};
    yh_buf_clear(out);
    check_ok(hj212_compose(&m, out));
}

static void words_name_what_they_are(void **state)
{
    (void)state;
    sim_damage d;
    for (sim_damage i = 0; i < SIM_DAMAGE_COUNT; i++) {
        assert_true(sim_damage_of_word(yh_str_of(sim_damage_word(i)), &d));
        assert_int_equal(d, i);
    }
    assert_false(sim_damage_of_word(YH_S("crc"), &d));
    assert_false(sim_damage_of_word(YH_S(""), &d));
}

/* Every damage is seen by the framer, and never costs the frame behind it. */
static void damage_is_seen_and_harms_no_neighbour(void **state)
{
    (void)state;
    yh_buf_auto good = yh_buf_make(4096);
    yh_buf_auto stream = yh_buf_make(65536);
    for (sim_damage d = 0; d < SIM_DAMAGE_COUNT; d++) {
        bool readable = d == SIM_CRC_LOWER || d == SIM_LENGTH_SHORT || d == SIM_LENGTH_LONG;
        for (unsigned i = 0; i < 200; i++) {
            struct hj212_framer framer = {0};
            struct hj212_event event;
            unsigned frames = 0, other = 0;
            good_frame(i, &good);
            yh_buf_clear(&stream);
            sim_damage_write(d, yh_buf_view(&good), i * 7919, &stream);
            if (d == SIM_TRUNCATED)
                assert_true(stream.n < good.n);
            yh_buf_str(&stream, yh_buf_view(&good));
            yh_str rest = yh_buf_view(&stream);
            while (hj212_framer_next(&framer, rest, true, &event) != HJ212_NEED_MORE) {
                frames += event.kind == HJ212_FRAME;
                other += event.kind != HJ212_FRAME;
                rest = yh_str_sub(rest, event.consumed, rest.n);
            }
            /* A flipped bit of 8 passes one CRC of 256: not decided here. */
            if (d != SIM_BYTE_FLIPPED && d != SIM_CRC_SWAPPED)
                assert_int_equal(frames, readable ? 2 : 1);
            assert_true(frames >= 1 && frames + other >= 2);
        }
    }
}

static hj212_cause cause_of(sim_damage d)
{
    yh_buf_auto good = yh_buf_make(4096);
    yh_buf_auto bad = yh_buf_make(4096);
    yh_buf_auto scratch = yh_buf_make(HJ212_BUFFER_MAX);
    struct hj212_frame f;
    const struct hj212_key none = {0};
    good_frame(5, &good);
    sim_damage_write(d, yh_buf_view(&good), 12345, &bad);
    hj212_parse(yh_buf_view(&bad), &none, &scratch, &f);
    return hj212_diagnose(&f, yh_buf_view(&bad));
}

static void the_platform_can_name_the_cause(void **state)
{
    (void)state;
    assert_int_equal(cause_of(SIM_CRC_MODBUS), HJ212_CAUSE_CRC_MODBUS);
    assert_int_equal(cause_of(SIM_CRC_MODBUS_LOW_FIRST), HJ212_CAUSE_CRC_MODBUS_LOW_FIRST);
    assert_int_equal(cause_of(SIM_CRC_SWAPPED), HJ212_CAUSE_CRC_BYTESWAPPED);
    assert_int_equal(cause_of(SIM_CRC_PLACEHOLDER), HJ212_CAUSE_CRC_PLACEHOLDER);
    assert_int_equal(cause_of(SIM_LENGTH_SHORT), HJ212_CAUSE_LENGTH_SHORT);
    assert_int_equal(cause_of(SIM_LENGTH_LONG), HJ212_CAUSE_LENGTH_LONG);
}

static void junk_is_bounded_and_reproducible(void **state)
{
    (void)state;
    yh_buf_auto a = yh_buf_make(4096), b = yh_buf_make(4096);
    for (uint64_t i = 0; i < 100; i++) {
        yh_buf_clear(&a);
        yh_buf_clear(&b);
        sim_junk_write(i, &a);
        sim_junk_write(i, &b);
        assert_true(a.n > 0 && a.n < 200 && yh_str_eq(yh_buf_view(&a), yh_buf_view(&b)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_name_what_they_are),
        cmocka_unit_test(damage_is_seen_and_harms_no_neighbour),
        cmocka_unit_test(the_platform_can_name_the_cause),
        cmocka_unit_test(junk_is_bounded_and_reproducible),
    };
    return cmocka_run_group_tests_name("sim-damage", tests, NULL, NULL);
}
