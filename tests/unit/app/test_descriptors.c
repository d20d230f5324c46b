/* Nobody's share of the descriptors can be taken by another, whatever the limit. */
#include "../check.h"

#include "app/descriptors.h"

static void twenty_thousand_loggers_where_the_limit_allows_them(void **state)
{
    (void)state;
    assert_int_equal(descriptors_share(22530, 20000).loggers, 20000);
    assert_int_equal(descriptors_share(22530, 20000).http, DESCRIPTORS_HTTP);
    assert_int_equal(descriptors_share(1u << 20, 20000).loggers, 20000);
    assert_int_equal(descriptors_share(1u << 20, 20000).http, DESCRIPTORS_HTTP_MOST);
}

static void a_limit_of_twenty_thousand_leaves_few_out(void **state)
{
    (void)state;
    struct descriptors d = descriptors_share(20000, 20000);
    assert_int_equal(d.loggers + d.loggers / 16, 20000 - DESCRIPTORS_OWN - DESCRIPTORS_HTTP);
    assert_true(d.loggers >= 17600);
}

static void no_limit_is_a_limit_too(void **state)
{
    (void)state;
    struct descriptors d = descriptors_share(UINT64_MAX, 200000);
    assert_int_equal(d.loggers, 200000);
    assert_int_equal(d.http, DESCRIPTORS_HTTP_MOST);
}

static void few_wanted_leave_the_rest_to_the_pages(void **state)
{
    (void)state;
    struct descriptors d = descriptors_share(4096, 100);
    assert_int_equal(d.loggers, 100);
    assert_int_equal(d.http, 4096 - DESCRIPTORS_OWN - 106);
}

static void the_parts_are_never_more_than_the_whole(void **state)
{
    (void)state;
    for (unsigned limit = 0; limit < 70000; limit += limit < 3000 ? 1 : 37)
        for (unsigned wanted = 1; wanted <= 200000; wanted = wanted * 3 + 1) {
            struct descriptors d = descriptors_share(limit, wanted);
            uint64_t own = limit / 4 < DESCRIPTORS_OWN ? limit / 4 : DESCRIPTORS_OWN;
            assert_true(d.loggers <= wanted);
            assert_true((uint64_t)d.loggers + d.loggers / 16 + d.http + own <= limit);
            assert_true(d.http >= limit / 4 || d.http >= DESCRIPTORS_HTTP);
            assert_true(d.loggers == wanted || d.loggers + d.loggers / 16 + 2 >= limit / 2);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(twenty_thousand_loggers_where_the_limit_allows_them),
        cmocka_unit_test(a_limit_of_twenty_thousand_leaves_few_out),
        cmocka_unit_test(no_limit_is_a_limit_too),
        cmocka_unit_test(few_wanted_leave_the_rest_to_the_pages),
        cmocka_unit_test(the_parts_are_never_more_than_the_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
