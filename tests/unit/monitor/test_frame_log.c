/* The records of one sender, from the newest back to the first; and what goes wrong with records, by cause. */
#include "box.h"

#include "base/clock.h"
#include "monitor/frame_log.h"

static struct box *b;
static struct yh_arena arena;

static int set_up(void **state)
{
    (void)state;
    b = box_open();
    arena = yh_arena_make(16 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    yh_arena_done(&arena);
    box_close(b);
    return 0;
}

static uint64_t hear(const char *mn, const char *cn, unsigned n)
{
    char segment[256];
    snprintf(segment, sizeof segment, "QN=20200101080000%03u;ST=32;CN=%s;PW=123456;MN=%s;Flag=4;"
             "CP=&&DataTime=2020010108%02u00;w01018-Rtd=1.0,w01018-Flag=N&&", n, cn, mn, n % 60);
    return box_append(b, yh_str_of(mn), segment, yh_clock_now());
}

static uint64_t hear_bytes(const char *mn, chain_kind kind, const char *bytes)
{
    uint64_t seq;
    struct chain_record r = {.received = yh_clock_now(), .kind = kind, .origin = yh_str_of(mn), .peer = YH_S("192.0.2.1:5"),
                             .payload = yh_str_of(bytes)};
    check_ok(chain_append(b->chain, &r, &seq));
    check_ok(chain_wait_durable(b->chain, seq, 60000));
    return seq;
}

static struct frame_log_page page_of(struct frame_log_query q)
{
    struct frame_log_page page;
    check_ok(frame_log_page(b->chain, b->live, &q, &arena, &page));
    return page;
}

/* All pages from the newest on; the number of rows, and of calls. */
static size_t walk(struct frame_log_query q, uint64_t *seqs, size_t most, unsigned *ret_calls)
{
    size_t n = 0;
    unsigned calls = 0;
    q.before = UINT64_MAX;
    do {
        struct frame_log_page page = page_of(q);
        for (size_t i = 0; i < page.n; i++) {
            assert_true(n < most);
            seqs[n++] = page.rows[i].seq;
        }
        assert_true(page.next < q.before);
        q.before = page.next;
        calls++;
    } while (q.before);
    *ret_calls = calls;
    return n;
}

static void pages_meet_without_gap_or_repeat(void **state)
{
    (void)state;
    uint64_t seqs[300], mine[200];
    size_t n = 0, total;
    unsigned calls;
    box_run(b);
    for (unsigned i = 0; i < 260; i++) {
        uint64_t seq = hear(i % 2 ? "M1" : "M2", "2011", i);
        if (i % 2)
            mine[n++] = seq;
    }
    box_wait(b);
    for (size_t limit = 1; limit <= 200; limit += limit < 4 ? 1 : 37) {
        total = walk((struct frame_log_query){.mn = YH_S("M1"), .limit = limit}, seqs, YH_LEN(seqs), &calls);
        assert_int_equal(total, n);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(seqs[i], mine[n - 1 - i]);
    }
}

static void a_bound_on_reading_gives_the_place_to_go_on(void **state)
{
    (void)state;
    uint64_t seqs[8];
    unsigned calls;
    box_run(b);
    uint64_t first = hear("M1", "2051", 1);
    for (unsigned i = 0; i < 100; i++)
        hear("M1", "2011", i);
    box_wait(b);
    struct frame_log_query q = {.mn = YH_S("M1"), .limit = 5, .cn = YH_S("2051"), .scan_max = 10};
    struct frame_log_page page = page_of((struct frame_log_query){.mn = q.mn, .limit = 5, .cn = q.cn, .scan_max = 10, .before = UINT64_MAX});
    assert_int_equal(page.n, 0);
    assert_true(page.next > first && page.next <= first + 101);
    assert_int_equal(walk(q, seqs, YH_LEN(seqs), &calls), 1);
    assert_int_equal(seqs[0], first);
    assert_true(calls > 2);
}

static void filters_choose_kind_command_and_faults(void **state)
{
    (void)state;
    uint64_t seqs[8];
    unsigned calls;
    box_run(b);
    box_admit(b, "M1", "DW001");
    hear("M1", "2011", 1);
    uint64_t minute = hear("M1", "2051", 2);
    uint64_t bad = hear_bytes("M1", CHAIN_BAD, "##0022ST=32;CN=2011;MN=M1;&&1234\r\n");
    uint64_t junk = hear_bytes("M1", CHAIN_JUNK, "noise");
    hear_bytes("M1", CHAIN_NOTE, "of the platform");
    box_wait(b);
    struct frame_log_query q = {.mn = YH_S("M1"), .limit = 5};
    assert_int_equal(walk(q, seqs, YH_LEN(seqs), &calls), 4);
    q.faults = true;
    assert_int_equal(walk(q, seqs, YH_LEN(seqs), &calls), 2);
    assert_int_equal(seqs[0], junk);
    assert_int_equal(seqs[1], bad);
    q = (struct frame_log_query){.mn = YH_S("M1"), .limit = 5, .kind = CHAIN_JUNK};
    assert_int_equal(walk(q, seqs, YH_LEN(seqs), &calls), 1);
    q = (struct frame_log_query){.mn = YH_S("M1"), .limit = 5, .cn = YH_S("2051")};
    assert_int_equal(walk(q, seqs, YH_LEN(seqs), &calls), 1);
    assert_int_equal(seqs[0], minute);
}

static void nobody_has_no_log(void **state)
{
    (void)state;
    box_run(b);
    struct frame_log_query q = {.mn = YH_S("M9"), .before = UINT64_MAX, .limit = 5};
    struct frame_log_page page;
    check_err(frame_log_page(b->chain, b->live, &q, &arena, &page), YH_E_NOT_FOUND);
}

static void faults_stand_by_cause_most_frequent_first(void **state)
{
    (void)state;
    static struct fault rows[FAULTS_MAX];
    yh_time since, before = yh_clock_now();
    box_run(b);
    assert_int_equal(faults_get(monitor_faults(b->monitor), rows, &since), 0);
    assert_true(since == YH_TIME_NONE);
    hear("M1", "2011", 1); /* not admitted: no fault */
    hear_bytes("M1", CHAIN_BAD, "##0022ST=32;CN=2011;MN=M1;&&1234\r\n");
    hear_bytes("M1", CHAIN_JUNK, "noise");
    uint64_t last = hear_bytes("M2", CHAIN_JUNK, "more noise");
    box_wait(b);
    size_t n = faults_get(monitor_faults(b->monitor), rows, &since);
    assert_int_equal(n, 2);
    assert_true(since >= before);
    assert_string_equal(rows[0].cause, "no-start");
    assert_int_equal(rows[0].count, 2);
    assert_int_equal(rows[0].last_seq, last);
    assert_string_equal(rows[0].last_mn, "M2");
    assert_true(rows[0].text[0] != '\0');
    assert_int_equal(rows[1].count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(pages_meet_without_gap_or_repeat, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_bound_on_reading_gives_the_place_to_go_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(filters_choose_kind_command_and_faults, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nobody_has_no_log, set_up, tear_down),
        cmocka_unit_test_setup_teardown(faults_stand_by_cause_most_frequent_first, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
