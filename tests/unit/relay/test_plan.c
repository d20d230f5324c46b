/* The two lanes over a log that grows, with records settled and returned in any order and crashes between. */
#include "check.h"

#include "relay/plan.h"

#define LOG_MAX 600
#define OUT_MAX 40

struct world {
    uint64_t random, seed;
    struct relay_plan plan;
    uint64_t head;
    unsigned sent[LOG_MAX];
    bool settled[LOG_MAX];
    uint64_t out[OUT_MAX];
    size_t out_n;
};

static char attached; /* what a record handed out points to */

static uint64_t below(struct world *w, uint64_t n)
{
    return check_random(&w->random) % n;
}

static void hand_out(struct world *w, uint64_t seq)
{
    if (seq >= w->head || w->settled[seq] || relay_plan_find(&w->plan, seq))
        fail_msg("seed %llu: record %llu handed out wrongly", (unsigned long long)w->seed, (unsigned long long)seq);
    check_ok(relay_plan_hand_out(&w->plan, seq, &attached));
    w->sent[seq]++;
    w->out[w->out_n++] = seq;
}

static void read_live(struct world *w)
{
    uint64_t seq;
    if (w->out_n == OUT_MAX || !relay_plan_live(&w->plan, w->head, &seq))
        return;
    if (below(w, 4)) /* otherwise it is left to the fill lane */
        hand_out(w, seq);
    relay_plan_pass_live(&w->plan, seq);
}

static void read_fill(struct world *w)
{
    uint64_t seq;
    if (w->out_n == OUT_MAX)
        return;
    if (!relay_plan_fill(&w->plan, w->head, &seq)) {
        relay_plan_rewind_fill(&w->plan);
        return;
    }
    assert_true(seq < w->plan.live_at);
    if (below(w, 4))
        hand_out(w, seq);
    relay_plan_pass_fill(&w->plan, seq);
}

static void end_one(struct world *w, bool settles)
{
    if (w->out_n == 0)
        return;
    size_t at = below(w, w->out_n);
    uint64_t seq = w->out[at];
    w->out[at] = w->out[--w->out_n];
    if (settles) {
        check_ok(relay_plan_settle(&w->plan, seq));
        w->settled[seq] = true;
    } else {
        relay_plan_return(&w->plan, seq);
    }
}

/* What is durable is the set; the live lane begins at the end of the log. */
static void crash(struct world *w)
{
    yh_buf_auto text = yh_buf_make(RELAY_DUE_TEXT);
    struct relay_due due = {0};
    relay_due_write(&w->plan.due, &text);
    relay_plan_done(&w->plan);
    check_ok(relay_due_parse(&due, yh_buf_view(&text)));
    relay_plan_init(&w->plan, &due, w->head);
    w->out_n = 0;
}

static void jump(struct world *w)
{
    uint64_t border = w->head, seq;
    relay_plan_jump(&w->plan, border);
    if (w->head < LOG_MAX)
        w->head++;
    if (relay_plan_live(&w->plan, w->head, &seq))
        assert_true(seq >= border); /* live data first */
}

static void step(struct world *w)
{
    switch (below(w, 20)) {
    case 0: crash(w); break;
    case 1: jump(w); break;
    case 2: case 3: end_one(w, false); break;
    case 4: case 5: case 6: case 7: case 8: end_one(w, true); break;
    case 9: case 10: case 11: read_fill(w); break;
    case 12: case 13: case 14: w->head += w->head < LOG_MAX; break;
    default: read_live(w); break;
    }
}

static void drain(struct world *w)
{
    uint64_t fill;
    for (int i = 0; i < 100000 && relay_plan_behind(&w->plan, w->head, &fill); i++) {
        read_live(w);
        read_fill(w);
        end_one(w, true);
    }
    assert_int_equal(relay_plan_behind(&w->plan, w->head, &fill), 0);
    assert_int_equal(fill, 0);
}

static void every_record_is_sent_at_least_once(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct world w = {.random = seed, .seed = seed, .head = seed % 7};
        struct relay_due due;
        check_ok(relay_due_init(&due, 0));
        relay_plan_init(&w.plan, &due, w.head);
        for (int i = 0; i < 2500; i++)
            step(&w);
        drain(&w);
        for (uint64_t seq = 0; seq < w.head; seq++)
            if (!w.settled[seq] || w.sent[seq] == 0)
                fail_msg("seed %llu: record %llu was not sent", (unsigned long long)seed, (unsigned long long)seq);
        relay_plan_done(&w.plan);
    }
}

static void after_an_outage_new_records_go_first_and_the_rest_follows_in_order(void **state)
{
    (void)state;
    struct relay_plan p;
    struct relay_due due;
    uint64_t seq, fill;
    check_ok(relay_due_init(&due, 10));
    relay_plan_init(&p, &due, 10);
    relay_plan_jump(&p, 5000);
    assert_false(relay_plan_live(&p, 5000, &seq));
    assert_true(relay_plan_live(&p, 5001, &seq));
    assert_int_equal(seq, 5000);
    assert_int_equal(relay_plan_behind(&p, 5001, &fill), 4991);
    assert_int_equal(fill, 4990);
    for (uint64_t want = 10; want < 20; want++) {
        assert_true(relay_plan_fill(&p, 5001, &seq));
        assert_int_equal(seq, want);
        relay_plan_pass_fill(&p, seq);
    }
    relay_plan_done(&p);
}

static void what_is_out_is_not_handed_out_again(void **state)
{
    (void)state;
    struct relay_plan p;
    struct relay_due due;
    uint64_t seq;
    check_ok(relay_due_init(&due, 0));
    relay_plan_init(&p, &due, 3);
    check_ok(relay_plan_hand_out(&p, 0, &attached));
    assert_true(relay_plan_fill(&p, 3, &seq));
    assert_int_equal(seq, 1);
    relay_plan_pass_fill(&p, 2);
    relay_plan_return(&p, 0);
    assert_true(relay_plan_fill(&p, 3, &seq));
    assert_int_equal(seq, 0);
    relay_plan_done(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_record_is_sent_at_least_once),
        cmocka_unit_test(after_an_outage_new_records_go_first_and_the_rest_follows_in_order),
        cmocka_unit_test(what_is_out_is_not_handed_out_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
