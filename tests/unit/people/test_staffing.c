#include "../check.h"

#include "people/agency/agency.h"

#define FROM YH_S("2020-01-01")
#define TO   YH_S("2024-01-01")
#define OPEN YH_S("9999-12-31")

static struct agency_person person(agency_post post, agency_status status, bool enforcement)
{
    return (struct agency_person){.agency = 1, .work_agency = status == AGENCY_LOAN ? 2 : 1, .post = post, .status = status,
                                  .enforcement = enforcement, .from = FROM, .to = OPEN};
}

static void each_person_counts_once_and_in_one_place(void **state)
{
    (void)state;
    const struct agency_approved approved[] = {{1, AGENCY_POST_ADMINISTRATIVE, 5, FROM, TO},
                                               {1, AGENCY_POST_ADMINISTRATIVE, 7, TO, OPEN},
                                               {1, AGENCY_POST_WORKER, 1, FROM, OPEN},
                                               {2, AGENCY_POST_WORKER, 9, FROM, OPEN}};
    struct agency_person people[] = {
        person(AGENCY_POST_ADMINISTRATIVE, AGENCY_ON_POST, true), person(AGENCY_POST_ADMINISTRATIVE, AGENCY_ON_POST, false),
        person(AGENCY_POST_ADMINISTRATIVE, AGENCY_MIXED, true),   person(AGENCY_POST_ADMINISTRATIVE, AGENCY_LOAN, true),
        person(AGENCY_POST_WORKER, AGENCY_LEAVE, true),           person(AGENCY_POST_NONE, AGENCY_ON_POST, true),
    };
    struct agency_staffing s = agency_staffing_of(1, YH_S("2022-05-05"), approved, YH_LEN(approved), people, YH_LEN(people));
    assert_int_equal(s.approved, 6);
    assert_int_equal(s.used, 5);
    assert_int_equal(s.on_duty, 1);
    assert_int_equal(s.on_duty + s.other + s.mixed + s.loaned_out + s.on_leave, s.used);
    assert_int_equal(s.without_post, 1);
    assert_int_equal(s.used_by_kind[AGENCY_POST_WORKER], 1);
    s = agency_staffing_of(2, YH_S("2022-05-05"), approved, YH_LEN(approved), people, YH_LEN(people));
    assert_int_equal(s.used, 0);
    assert_int_equal(s.loaned_in, 1);
    s = agency_staffing_of(1, TO, approved, YH_LEN(approved), people, YH_LEN(people));
    assert_int_equal(s.approved, 8); /* the new number holds from its first day */
    s = agency_staffing_of(1, YH_S("2019-12-31"), approved, YH_LEN(approved), people, YH_LEN(people));
    assert_int_equal(s.approved + s.used + s.without_post, 0);
}

static void rates_round_half_up_and_need_a_denominator(void **state)
{
    (void)state;
    static const struct {
        int64_t part, whole;
        const char *text;
    } rows[] = {{998, 1189, "83.9"}, {601, 998, "60.2"}, {1, 3, "33.3"}, {2, 3, "66.7"}, {1, 2000, "0.1"}, {1, 2001, "0.0"},
                {0, 4, "0.0"},       {4, 4, "100.0"},    {5, 4, "125.0"}};
    char text[24] = "";
    for (size_t i = 0; i < YH_LEN(rows); i++) {
        assert_true(agency_rate(rows[i].part, rows[i].whole, text));
        assert_string_equal(text, rows[i].text);
    }
    assert_false(agency_rate(0, 0, text));
    assert_false(agency_rate(1, 0, text));
}

/* 支队 of the districts in the plan: 1,189 posts, 83.9 % used, 60.2 % of those on duty, 15.5 people each. */
static void the_figures_of_the_plan_come_out(void **state)
{
    (void)state;
    struct agency_staffing sum = {0};
    const struct agency_staffing one = {.approved = 1189, .used = 998, .on_duty = 601};
    char text[24] = "";
    agency_staffing_add(&sum, &one);
    assert_true(agency_rate(sum.used, sum.approved, text));
    assert_string_equal(text, "83.9");
    assert_true(agency_rate(sum.on_duty, sum.used, text));
    assert_string_equal(text, "60.2");
    assert_true(sum.on_duty * 10 / 39 >= 153 && sum.on_duty * 10 / 39 <= 155); /* 39 teams */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_person_counts_once_and_in_one_place),
        cmocka_unit_test(rates_round_half_up_and_need_a_denominator),
        cmocka_unit_test(the_figures_of_the_plan_come_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
