#include "check.h"

#include "relay/due.h"

#define N 400

/* The set beside a plain array of flags; records from N on are always in it. */
static void check_same(const struct relay_due *t, const bool *model, uint64_t seed)
{
    uint64_t count = 0, seq = 0;
    for (uint64_t i = 0; i < N; i++) {
        if (relay_due_has(t, i) != model[i])
            fail_msg("seed %llu: record %llu", (unsigned long long)seed, (unsigned long long)i);
        count += model[i];
        if (!model[i])
            continue;
        assert_true(relay_due_next(t, seq, &seq));
        assert_int_equal(seq, i);
        seq++;
    }
    assert_int_equal(relay_due_count(t, N), count);
    assert_true(relay_due_has(t, N + 1000000));
    for (size_t i = 1; i < t->n; i++)
        assert_true(t->spans[i - 1].to < t->spans[i].from);
}

static void turn_over(struct relay_due *t)
{
    yh_buf_auto text = yh_buf_make(RELAY_DUE_TEXT);
    struct relay_due copy = {0};
    relay_due_write(t, &text);
    check_ok(yh_buf_check(&text));
    check_ok(relay_due_parse(&copy, yh_buf_view(&text)));
    relay_due_done(t);
    *t = copy;
}

static void it_is_a_set(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        uint64_t random = seed;
        struct relay_due t;
        bool model[N];
        memset(model, true, sizeof model);
        check_ok(relay_due_init(&t, 0));
        for (int step = 0; step < 1500; step++) {
            uint64_t seq = check_random(&random) % N;
            bool settles = check_random(&random) % 5 < (step < 900 ? 4u : 1u);
            check_ok(settles ? relay_due_settle(&t, seq) : relay_due_put_back(&t, seq));
            model[seq] = !settles;
            if (step % 100 == 0)
                turn_over(&t);
        }
        check_same(&t, model, seed);
        relay_due_done(&t);
    }
}

static void text_is_read_back(void **state)
{
    (void)state;
    struct relay_due t = {0};
    check_ok(relay_due_parse(&t, YH_S("5-9,12,40-")));
    assert_true(relay_due_has(&t, 9) && relay_due_has(&t, 12) && !relay_due_has(&t, 13) && relay_due_has(&t, UINT64_MAX - 1));
    yh_buf_auto text = yh_buf_make(100);
    relay_due_write(&t, &text);
    check_buf(&text, "5-9,12,40-");
    relay_due_done(&t);
}

static void other_texts_are_refused_and_change_nothing(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "x", "5", "5-9", "5-,7-", "9-5,10-", "5-9,9-", "5-9,7-", "-5", "-1-", "5--", "5-9;12-", "5-9,,12-",
                                      "99999999999999999999-", "18446744073709551615-", "5- ", "5-9,10-"};
    struct relay_due t;
    check_ok(relay_due_init(&t, 3));
    for (size_t i = 0; i < YH_LEN(bad); i++)
        check_err(relay_due_parse(&t, yh_str_of(bad[i])), YH_E_INVALID);
    assert_int_equal(t.n, 1);
    assert_true(!relay_due_has(&t, 2) && relay_due_has(&t, 3));
    relay_due_done(&t);
}

static void it_does_not_fall_into_too_many_pieces(void **state)
{
    (void)state;
    struct relay_due t;
    yh_err e = YH_OK;
    check_ok(relay_due_init(&t, 0));
    for (uint64_t seq = 1; e == YH_OK; seq += 2)
        e = relay_due_settle(&t, seq);
    assert_int_equal(e, YH_E_TOO_LARGE);
    assert_int_equal(t.n, RELAY_SPANS_MAX);
    turn_over(&t);
    assert_int_equal(t.n, RELAY_SPANS_MAX);
    check_ok(relay_due_settle(&t, 0));
    relay_due_done(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_a_set),
        cmocka_unit_test(text_is_read_back),
        cmocka_unit_test(other_texts_are_refused_and_change_nothing),
        cmocka_unit_test(it_does_not_fall_into_too_many_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
