#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "gate/repeat.h"

static void finds_what_was_added(void **state)
{
    (void)state;
    struct repeat *r;
    uint64_t seq = 0;
    assert_int_equal(repeat_new(&r), YH_OK);
    assert_false(repeat_find(r, repeat_print(r, YH_S("##0001a")), &seq));
    repeat_add(r, repeat_print(r, YH_S("##0001a")), 0);
    repeat_add(r, repeat_print(r, YH_S("##0001b")), 7);
    assert_true(repeat_find(r, repeat_print(r, YH_S("##0001a")), &seq));
    assert_int_equal(seq, 0);
    assert_true(repeat_find(r, repeat_print(r, YH_S("##0001b")), &seq));
    assert_int_equal(seq, 7);
    repeat_free(r);
}

static void a_changed_byte_is_another_frame(void **state)
{
    (void)state;
    struct repeat *r;
    uint64_t seq;
    char frame[200];
    memset(frame, 'x', sizeof frame);
    assert_int_equal(repeat_new(&r), YH_OK);
    for (size_t n = 0; n < sizeof frame; n++)
        repeat_add(r, repeat_print(r, (yh_str){frame, n}), n);
    for (size_t i = 0; i < sizeof frame - 1; i++) {
        frame[i]++;
        assert_false(repeat_find(r, repeat_print(r, (yh_str){frame, sizeof frame - 1}), &seq));
        frame[i]--;
    }
    assert_true(repeat_find(r, repeat_print(r, (yh_str){frame, sizeof frame - 1}), &seq));
    assert_int_equal(seq, sizeof frame - 1);
    repeat_free(r);
}

/* Fixed memory: the newest frames stay, the oldest of a set give way. */
static void keeps_the_newest(void **state)
{
    (void)state;
    enum { N = 1000000, NEWEST = 50000 };
    struct repeat *r;
    uint64_t seq, found = 0;
    char text[32];
    assert_int_equal(repeat_new(&r), YH_OK);
    for (uint64_t i = 0; i < N; i++) {
        yh_str frame = {text, (size_t)snprintf(text, sizeof text, "frame %llu", (unsigned long long)i)};
        repeat_add(r, repeat_print(r, frame), i);
    }
    for (uint64_t i = N - NEWEST; i < N; i++) {
        yh_str frame = {text, (size_t)snprintf(text, sizeof text, "frame %llu", (unsigned long long)i)};
        if (repeat_find(r, repeat_print(r, frame), &seq)) {
            assert_int_equal(seq, i);
            found++;
        }
    }
    assert_true(found > NEWEST * 99 / 100);
    repeat_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_was_added),
        cmocka_unit_test(a_changed_byte_is_another_frame),
        cmocka_unit_test(keeps_the_newest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
