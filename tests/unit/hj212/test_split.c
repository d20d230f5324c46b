#include "support.h"

#include "hj212/split.h"

static const struct hj212_split_limits limits = {.wait = 10000, .max_sets = 3, .max_bytes = 100000};

static void cleanup(struct hj212_split **s)
{
    hj212_split_free(*s);
}
#define SPLIT yh_cleanup(cleanup) struct hj212_split

static struct hj212_split *new_split(const struct hj212_split_limits *l)
{
    struct hj212_split *s = NULL;
    assert_int_equal(hj212_split_new(l, &s), YH_OK);
    return s;
}

/* Adds one part; the tag is its number. */
static yh_err add(struct hj212_split *s, const char *mn, const char *time, unsigned pnum, unsigned pno, yh_time now,
                  struct hj212_split_set **ret_done)
{
    yh_buf_auto segment = yh_buf_make(1024), raw = yh_buf_make(1024);
    yh_buf_printf(&segment, "QN=2016080108585%04u;ST=32;CN=2061;PW=1;MN=%s;Flag=7;PNUM=%u;PNO=%u;CP=&&DataTime=%s;w%u-Avg=%u&&",
                  pno, mn, pnum, pno, time, pno, pno);
    yh_str frame = wrap_z(yh_buf_z(&segment), &raw);
    const struct hj212_frame *f = parse_z(frame.p, frame.n, NULL);
    *ret_done = NULL;
    return hj212_split_add(s, f, frame, pno, now, ret_done);
}

static void any_order(void **state)
{
    (void)state;
    static const unsigned orders[][3] = {{1, 2, 3}, {1, 3, 2}, {2, 1, 3}, {2, 3, 1}, {3, 1, 2}, {3, 2, 1}};
    for (size_t i = 0; i < YH_LEN(orders); i++) {
        SPLIT *s = new_split(&limits);
        struct hj212_split_set *set;
        for (unsigned k = 0; k < 3; k++) {
            assert_int_equal(add(s, "A", "20160801080000", 3, orders[i][k], k, &set), YH_OK);
            assert_int_equal(set != NULL, k == 2);
        }
        assert_true(set->complete);
        assert_int_equal(set->part_count, 3);
        assert_str(set->mn, "A");
        assert_str(set->st, "32");
        assert_str(set->cn, "2061");
        assert_str(set->data_time, "20160801080000");
        for (unsigned k = 0; k < 3; k++) {
            assert_int_equal(set->parts[k].pno, k + 1);
            assert_int_equal(set->parts[k].tag, k + 1);
        }
        yh_buf_auto joined = yh_buf_make(8192), missing = yh_buf_make(64);
        assert_int_equal(hj212_split_join(set, NULL, &joined), YH_OK);
        assert_str(yh_buf_view(&joined), "DataTime=20160801080000;w1-Avg=1;w2-Avg=2;w3-Avg=3");
        hj212_split_missing(set, &missing);
        assert_int_equal(missing.n, 0);
        hj212_split_set_free(set);
        assert_null(hj212_split_take_oldest(s));
    }
}

static void sets_do_not_mix(void **state)
{
    (void)state;
    SPLIT *s = new_split(&limits);
    struct hj212_split_set *set;
    assert_int_equal(add(s, "A", "20160801080000", 2, 1, 0, &set), YH_OK);
    assert_int_equal(add(s, "B", "20160801080000", 2, 2, 0, &set), YH_OK);
    assert_null(set);
    assert_int_equal(add(s, "A", "20160801090000", 2, 2, 0, &set), YH_OK);
    assert_null(set);
    assert_int_equal(add(s, "A", "20160801080000", 2, 2, 0, &set), YH_OK);
    assert_non_null(set);
    assert_str(set->data_time, "20160801080000");
    hj212_split_set_free(set);
}

static void incomplete_ones_come_back(void **state)
{
    (void)state;
    SPLIT *s = new_split(&limits);
    struct hj212_split_set *set;
    static const unsigned came[] = {2, 3, 5, 9};
    for (size_t i = 0; i < YH_LEN(came); i++)
        assert_int_equal(add(s, "A", "20160801080000", 10, came[i], 1000 * (yh_time)i, &set), YH_OK);
    assert_int_equal(add(s, "B", "20160801080000", 2, 1, 3500, &set), YH_OK);
    assert_null(hj212_split_take_overdue(s, 12999)); /* the last part came at 3000 */
    set = hj212_split_take_overdue(s, 13000);
    assert_non_null(set);
    assert_false(set->complete);
    assert_int_equal(set->part_count, 4);
    yh_buf_auto missing = yh_buf_make(64);
    hj212_split_missing(set, &missing);
    assert_str(yh_buf_view(&missing), "1,4,6-8,10");
    hj212_split_set_free(set);
    assert_null(hj212_split_take_overdue(s, 13000));
    set = hj212_split_take_overdue(s, 13500);
    assert_str(set->mn, "B");
    hj212_split_set_free(set);
}

static void repeated_parts(void **state)
{
    (void)state;
    SPLIT *s = new_split(&limits);
    struct hj212_split_set *set;
    for (int i = 0; i < 5; i++) {
        assert_int_equal(add(s, "A", "20160801080000", 2, 1, i, &set), YH_OK);
        assert_null(set);
    }
    assert_int_equal(add(s, "A", "20160801080000", 2, 2, 9, &set), YH_OK);
    assert_int_equal(set->repeats, 4);
    assert_int_equal(set->part_count, 2);
    assert_int_equal(set->parts[0].received, 4);
    hj212_split_set_free(set);
}

static void bounds(void **state)
{
    (void)state;
    SPLIT *s = new_split(&limits);
    struct hj212_split_set *set;
    assert_int_equal(add(s, "A", "20160801080000", 2, 1, 0, &set), YH_OK);
    assert_int_equal(add(s, "B", "20160801080000", 2, 1, 1, &set), YH_OK);
    assert_int_equal(add(s, "C", "20160801080000", 2, 1, 2, &set), YH_OK);
    assert_int_equal(add(s, "D", "20160801080000", 2, 1, 3, &set), YH_E_TOO_LARGE);
    set = hj212_split_take_oldest(s);
    assert_str(set->mn, "A");
    hj212_split_set_free(set);
    assert_int_equal(add(s, "D", "20160801080000", 2, 1, 3, &set), YH_OK);
    assert_int_equal(add(s, "D", "20160801080000", 2, 2, 3, &set), YH_OK); /* an open set may always grow */
    hj212_split_set_free(set);
    struct hj212_split_limits small = {.wait = 1, .max_sets = 100, .max_bytes = 300};
    SPLIT *t = new_split(&small);
    unsigned added = 0;
    while (add(t, "A", "20160801080000", 9, added + 1, 0, &set) == YH_OK)
        added++;
    assert_in_range(added, 1, 3);
    set = hj212_split_take_oldest(t);
    assert_int_equal(set->part_count, added);
    hj212_split_set_free(set);
}

static void no_parts(void **state)
{
    (void)state;
    SPLIT *s = new_split(&limits);
    static const char *const wrong[] = {"", "PNUM=2;", "PNO=1;", "PNUM=2;PNO=3;", "PNUM=0;PNO=0;", "PNUM=2;PNO=0;",
                                        "PNUM=a;PNO=1;", "PNUM=10000;PNO=1;"};
    for (size_t i = 0; i < YH_LEN(wrong); i++) {
        struct hj212_split_set *set = NULL;
        yh_buf_auto segment = yh_buf_make(1024);
        yh_buf_printf(&segment, "ST=32;CN=2061;MN=A;%sCP=&&DataTime=1&&", wrong[i]);
        const struct hj212_frame *f = parse_segment_z(yh_buf_z(&segment));
        assert_false(hj212_split_is_part(f));
        assert_int_equal(hj212_split_add(s, f, f->segment, 0, 0, &set), YH_E_INVALID);
        assert_null(set);
    }
}

static void vectors_of_the_standard(void **state)
{
    (void)state;
    struct vectors all = vectors_load();
    SPLIT *s = new_split(&limits);
    unsigned sets = 0;
    for (size_t i = 0; i < all.n; i++) {
        const struct hj212_frame *f = parse_z(all.v[i].raw.p, all.v[i].raw.n, &all.v[i].key);
        struct hj212_split_set *set = NULL;
        if (!hj212_split_is_part(f))
            continue;
        assert_int_equal(hj212_split_add(s, f, all.v[i].raw, i, 0, &set), YH_OK);
        sets += set != NULL;
        hj212_split_set_free(set);
    }
    assert_int_equal(sets, 3); /* two of two parts each, one of a single part */
    struct hj212_split_set *left = hj212_split_take_oldest(s);
    yh_buf_auto missing = yh_buf_make(64);
    hj212_split_missing(left, &missing);
    assert_str(yh_buf_view(&missing), "1");
    hj212_split_set_free(left);
    assert_null(hj212_split_take_oldest(s));
    vectors_free(&all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_order),
        cmocka_unit_test(sets_do_not_mix),
        cmocka_unit_test(incomplete_ones_come_back),
        cmocka_unit_test(repeated_parts),
        cmocka_unit_test(bounds),
        cmocka_unit_test(no_parts),
        cmocka_unit_test(vectors_of_the_standard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
