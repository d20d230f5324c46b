#include "check.h"

static void appends_every_kind(void **state)
{
    (void)state;
    yh_buf_auto b = yh_buf_make(1000);
    yh_buf_puts(&b, "a");
    yh_buf_putc(&b, ' ');
    yh_buf_str(&b, YH_S("bc"));
    yh_buf_str(&b, (yh_str){NULL, 0});
    yh_buf_putc(&b, ' ');
    yh_buf_i64(&b, INT64_MIN);
    yh_buf_putc(&b, ' ');
    yh_buf_u64(&b, UINT64_MAX);
    yh_buf_putc(&b, ' ');
    yh_buf_u64(&b, 0);
    yh_buf_hex(&b, "\x0A\xFF", 2);
    yh_buf_printf(&b, " %s-%d", "x", 7);
    check_ok(yh_buf_check(&b));
    check_buf(&b, "a bc -9223372036854775808 18446744073709551615 00AFF x-7");
    assert_string_equal(yh_buf_z(&b), "a bc -9223372036854775808 18446744073709551615 00AFF x-7");
}

static void an_empty_buffer_reads_as_empty_text(void **state)
{
    (void)state;
    yh_buf_auto b = yh_buf_make(10);
    assert_non_null(yh_buf_view(&b).p);
    assert_string_equal(yh_buf_z(&b), "");
    check_ok(yh_buf_check(&b));
}

static void stops_exactly_at_its_maximum(void **state)
{
    (void)state;
    yh_buf_auto b = yh_buf_make(5);
    yh_buf_puts(&b, "12345");
    check_ok(yh_buf_check(&b));
    assert_string_equal(yh_buf_z(&b), "12345"); /* the terminator does not count */
    check_ok(yh_buf_check(&b));
    yh_buf_putc(&b, '6');
    check_err(yh_buf_check(&b), YH_E_TOO_LARGE);
    assert_int_equal(b.n, 5);
    assert_string_equal(yh_buf_z(&b), "");
    yh_buf_clear(&b);
    yh_buf_printf(&b, "%s", "abcde");
    check_ok(yh_buf_check(&b));
    check_buf(&b, "abcde");
    yh_buf_clear(&b);
    yh_buf_printf(&b, "%s", "abcdef");
    check_err(yh_buf_check(&b), YH_E_TOO_LARGE);
}

static void failure_is_sticky(void **state)
{
    (void)state;
    yh_buf_auto b = yh_buf_make(4);
    yh_buf_puts(&b, "too long");
    yh_buf_puts(&b, "ok");
    check_err(yh_buf_check(&b), YH_E_TOO_LARGE);
    assert_int_equal(b.n, 0);
    assert_null(yh_buf_reserve(&b, 1));
    yh_buf_clear(&b);
    yh_buf_puts(&b, "ok");
    check_ok(yh_buf_check(&b));
}

static void refuses_sizes_that_wrap(void **state)
{
    (void)state;
    yh_buf_auto b = yh_buf_make(SIZE_MAX);
    yh_buf_puts(&b, "x");
    assert_null(yh_buf_reserve(&b, SIZE_MAX));
    check_err(yh_buf_check(&b), YH_E_TOO_LARGE);
}

static void reserve_is_filled_by_the_caller(void **state)
{
    (void)state;
    yh_buf_auto b = yh_buf_make(300);
    char *to = yh_buf_reserve(&b, 300);
    assert_non_null(to);
    memset(to, 'z', 300);
    b.n += 300;
    assert_int_equal(strlen(yh_buf_z(&b)), 300);
    assert_null(yh_buf_reserve(&b, 1));
}

static void consume_drops_from_the_front(void **state)
{
    (void)state;
    yh_buf_auto b = yh_buf_make(64);
    yh_buf_puts(&b, "abcdef");
    yh_buf_consume(&b, 0);
    yh_buf_consume(&b, 2);
    check_buf(&b, "cdef");
    yh_buf_consume(&b, 100);
    check_buf(&b, "");
    yh_buf_consume(&b, 1);
    yh_buf_puts(&b, "new");
    check_buf(&b, "new");
}

static void keeps_what_it_was_given_while_growing(void **state)
{
    (void)state;
    yh_buf_auto b = yh_buf_make(100000);
    for (int i = 0; i < 100000; i++)
        yh_buf_putc(&b, (char)('a' + i % 23));
    check_ok(yh_buf_check(&b));
    for (int i = 0; i < 100000; i++)
        if (b.p[i] != (char)('a' + i % 23))
            fail_msg("byte %d changed", i);
    assert_true(b.cap <= b.max + 1);
    yh_buf_done(&b);
    yh_buf_puts(&b, "again");
    check_buf(&b, "again");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends_every_kind),           cmocka_unit_test(an_empty_buffer_reads_as_empty_text),
        cmocka_unit_test(stops_exactly_at_its_maximum), cmocka_unit_test(failure_is_sticky),
        cmocka_unit_test(refuses_sizes_that_wrap),      cmocka_unit_test(reserve_is_filled_by_the_caller),
        cmocka_unit_test(consume_drops_from_the_front), cmocka_unit_test(keeps_what_it_was_given_while_growing),
    };
    return cmocka_run_group_tests_name("base buf", tests, NULL, NULL);
}
