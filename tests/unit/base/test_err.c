#include "check.h"

#include <errno.h>
#include <pthread.h>

#include "base/clock.h"

static yh_err passes_on(bool fail)
{
    YH_TRY(fail ? yh_fail(YH_E_DENIED, "no %s", "entry") : YH_OK);
    return YH_E_INTERNAL;
}

static void the_cause_travels_with_the_code(void **state)
{
    (void)state;
    check_err(passes_on(true), YH_E_DENIED);
    assert_string_equal(yh_cause(), "no entry");
    check_err(passes_on(false), YH_E_INTERNAL);
}

static void a_cause_may_quote_the_one_before(void **state)
{
    (void)state;
    check_err(yh_fail(YH_E_IO, "disk"), YH_E_IO);
    check_err(yh_fail(YH_E_INTERNAL, "segment 3: %s", yh_cause()), YH_E_INTERNAL);
    assert_string_equal(yh_cause(), "segment 3: disk");
}

static void system_errors_map_to_codes(void **state)
{
    (void)state;
    errno = ENOSPC;
    check_err(yh_fail_errno("write"), YH_E_NO_SPACE);
    errno = EDQUOT;
    check_err(yh_fail_errno("write"), YH_E_NO_SPACE);
    errno = ENOENT;
    check_err(yh_fail_errno("open %s", "x"), YH_E_NOT_FOUND);
    assert_string_equal(yh_cause(), "open x: No such file or directory");
    errno = EACCES;
    check_err(yh_fail_errno("open"), YH_E_IO);
}

static void long_causes_are_cut_not_overrun(void **state)
{
    (void)state;
    char text[2000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    check_err(yh_fail(YH_E_INVALID, "%s", text), YH_E_INVALID);
    assert_in_range(strlen(yh_cause()), 400, 600);
}

static void *fail_elsewhere(void *user)
{
    (void)user;
    return yh_fail(YH_E_BUSY, "elsewhere") == YH_E_BUSY && strcmp(yh_cause(), "elsewhere") == 0 ? user : NULL;
}

static void each_thread_has_its_own_cause(void **state)
{
    (void)state;
    check_err(yh_fail(YH_E_IO, "here"), YH_E_IO);
    pthread_t thread;
    int mark;
    void *ret;
    assert_int_equal(pthread_create(&thread, NULL, fail_elsewhere, &mark), 0);
    assert_int_equal(pthread_join(thread, &ret), 0);
    assert_ptr_equal(ret, &mark);
    assert_string_equal(yh_cause(), "here");
}

static void every_code_has_a_word(void **state)
{
    (void)state;
    for (int e = 0; e < YH_ERR_COUNT; e++) {
        assert_non_null(yh_err_name((yh_err)e));
        for (int other = 0; other < e; other++)
            assert_string_not_equal(yh_err_name((yh_err)e), yh_err_name((yh_err)other));
    }
    assert_string_equal(yh_err_name((yh_err)999), "internal");
}

static void the_clock_moves_forward_and_random_differs(void **state)
{
    (void)state;
    int64_t before = yh_clock_mono_us();
    assert_true(yh_clock_mono_us() >= before);
    assert_true(yh_clock_now() > 1600000000000);
    unsigned char a[4096] = {0}, b[4096] = {0};
    yh_random(a, sizeof a);
    yh_random(b, sizeof b);
    assert_memory_not_equal(a, b, sizeof a);
    assert_memory_not_equal(a + sizeof a - 32, b + sizeof b - 32, 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_cause_travels_with_the_code),
        cmocka_unit_test(a_cause_may_quote_the_one_before),
        cmocka_unit_test(system_errors_map_to_codes),
        cmocka_unit_test(long_causes_are_cut_not_overrun),
        cmocka_unit_test(each_thread_has_its_own_cause),
        cmocka_unit_test(every_code_has_a_word),
        cmocka_unit_test(the_clock_moves_forward_and_random_differs),
    };
    return cmocka_run_group_tests_name("base err", tests, NULL, NULL);
}
