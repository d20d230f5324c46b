/* The made values of the store bench are what they are said to be: their shares, and the entropy they are judged by. */
#include "check.h"

#include <math.h>

#include "app/bench_habits.h"

#define DRAWS 200000

/* Of hundred columns, how many never change in a day of 30 s. */
static void half_of_the_columns_stand_still(void **state)
{
    (void)state;
    unsigned still = 0;
    for (unsigned number = 300; number < 400; number++) {
        struct bench_dice dice = {.state = number};
        struct bench_column c;
        bench_column_start(number, &dice, &c);
        int64_t first = bench_column_next(&c, &dice);
        bool same = true;
        for (unsigned i = 1; i < 2880; i++)
            same = bench_column_next(&c, &dice) == first && same;
        still += same;
    }
    assert_int_equal(still, 49);
}

static double seen_bits(const unsigned *seen, size_t n)
{
    double bits = 0;
    for (size_t i = 0; i < n; i++)
        if (seen[i])
            bits -= seen[i] / (double)DRAWS * log2(seen[i] / (double)DRAWS);
    return bits;
}

/* A column that hovers without holding draws each value anew: what was seen of it must have the entropy that is told. */
static void floors_are_the_entropy_of_the_draws(void **state)
{
    (void)state;
    unsigned compared = 0;
    for (unsigned number = 0; number < 100; number++) {
        static unsigned seen[16384];
        struct bench_dice dice = {.state = number};
        struct bench_column c;
        bench_column_start(number, &dice, &c);
        double told = bench_column_bits(&c);
        if (told < 3.5 || told > 3.8) /* those with a deviation of three digits */
            continue;
        memset(seen, 0, sizeof seen);
        for (unsigned i = 0; i < DRAWS; i++) {
            int64_t v = bench_column_next(&c, &dice);
            assert_true(v >= 0 && (size_t)v < YH_LEN(seen));
            seen[v]++;
        }
        double bits = seen_bits(seen, YH_LEN(seen));
        assert_true(bits > told * 0.99 && bits < told * 1.01);
        compared++;
    }
    assert_int_equal(compared, 3);
}

static void the_same_dice_give_the_same_values(void **state)
{
    (void)state;
    struct bench_dice a = {.state = 5}, b = {.state = 5};
    struct bench_column x, y;
    bench_column_start(8, &a, &x);
    bench_column_start(8, &b, &y);
    for (unsigned i = 0; i < 1000; i++)
        assert_int_equal(bench_column_next(&x, &a), bench_column_next(&y, &b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(half_of_the_columns_stand_still),
        cmocka_unit_test(floors_are_the_entropy_of_the_draws),
        cmocka_unit_test(the_same_dice_give_the_same_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
