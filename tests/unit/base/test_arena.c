#include "check.h"

#include "base/arena.h"

static void gives_zeroed_aligned_memory(void **state)
{
    (void)state;
    yh_arena_auto a = yh_arena_make(1 << 20);
    for (size_t n = 0; n < 300; n++) {
        unsigned char *p = yh_arena_alloc(&a, n);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % 16, 0);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(p[i], 0);
        memset(p, 0xEE, n);
    }
}

static void blocks_do_not_overlap(void **state)
{
    (void)state;
    yh_arena_auto a = yh_arena_make(4 << 20);
    unsigned char *block[200];
    uint64_t seed = 11;
    size_t size[200];
    for (size_t i = 0; i < YH_LEN(block); i++) {
        size[i] = 1 + check_random(&seed) % 12000;
        block[i] = yh_arena_alloc(&a, size[i]);
        assert_non_null(block[i]);
        memset(block[i], (int)i, size[i]);
    }
    for (size_t i = 0; i < YH_LEN(block); i++)
        for (size_t k = 0; k < size[i]; k++)
            if (block[i][k] != (unsigned char)i)
                fail_msg("block %zu was overwritten at %zu", i, k);
}

static void stops_at_its_maximum(void **state)
{
    (void)state;
    yh_arena_auto a = yh_arena_make(20000);
    assert_null(yh_arena_alloc(&a, 20001));
    assert_null(yh_arena_alloc(&a, SIZE_MAX));
    assert_null(yh_arena_alloc(&a, SIZE_MAX - 3));
    size_t got = 0;
    while (yh_arena_alloc(&a, 1000))
        got += 1000;
    assert_in_range(got, 15000, 20000);
    assert_true(a.used <= a.max);
}

static void arrays_refuse_products_that_wrap(void **state)
{
    (void)state;
    yh_arena_auto a = yh_arena_make(SIZE_MAX);
    assert_null(yh_arena_array(&a, SIZE_MAX / 2, 4));
    assert_non_null(yh_arena_array(&a, 0, 8));
    int64_t *v = YH_NEW_N(&a, int64_t, 10);
    assert_non_null(v);
    assert_true(v[9] == 0);
}

static void reset_starts_over_within_the_same_bound(void **state)
{
    (void)state;
    yh_arena_auto a = yh_arena_make(30000);
    for (int unit = 0; unit < 1000; unit++) {
        for (int i = 0; i < 20; i++) {
            char *p = yh_arena_alloc(&a, 1000);
            assert_non_null(p);
            assert_int_equal(p[0], 0);
            memset(p, 1, 1000);
        }
        yh_arena_reset(&a);
        assert_true(a.used <= a.max);
    }
    yh_arena_done(&a);
    yh_arena_reset(&a);
    assert_non_null(yh_arena_alloc(&a, 1));
}

static void copies_text(void **state)
{
    (void)state;
    yh_arena_auto a = yh_arena_make(100);
    yh_str view = YH_S("渝衡 text");
    assert_string_equal(yh_arena_z(&a, view), "渝衡 text");
    yh_str copy = yh_arena_str(&a, (yh_str){NULL, 0});
    assert_int_equal(copy.n, 0);
    assert_non_null(copy.p);
    assert_string_equal(yh_arena_printf(&a, "%d/%s", 3, "x"), "3/x");
    char big[200];
    memset(big, 'b', sizeof big);
    copy = yh_arena_str(&a, (yh_str){big, sizeof big});
    assert_null(copy.p);
    assert_int_equal(copy.n, 0);
}

static void arrays_grow_and_keep_what_they_hold(void **state)
{
    (void)state;
    yh_arena_auto a = yh_arena_make(1 << 16);
    int *rows = NULL;
    for (int n = 0; n < 1000; n++) {
        int *more = yh_arena_more(&a, rows, (size_t)n, sizeof *rows);
        assert_non_null(more);
        if (n & (n - 1))
            assert_ptr_equal(more, rows);
        rows = more;
        rows[n] = n;
    }
    for (int n = 0; n < 1000; n++)
        assert_int_equal(rows[n], n);
    assert_null(yh_arena_more(&a, rows, 1 << 14, sizeof *rows)); /* past the maximum */
    assert_null(yh_arena_more(&a, rows, SIZE_MAX / 2 + 1, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_zeroed_aligned_memory),
        cmocka_unit_test(blocks_do_not_overlap),
        cmocka_unit_test(stops_at_its_maximum),
        cmocka_unit_test(arrays_refuse_products_that_wrap),
        cmocka_unit_test(reset_starts_over_within_the_same_bound),
        cmocka_unit_test(arrays_grow_and_keep_what_they_hold),
        cmocka_unit_test(copies_text),
    };
    return cmocka_run_group_tests_name("base arena", tests, NULL, NULL);
}
