/* The store against a plain list of facts: whatever the order of arrival, the flushes and restarts between,
 * it answers as the definitions say when they are applied to the whole list. */
#include "util.h"

#define FACTS   160
#define FACTORS 3

struct fact {
    yh_time time;
    unsigned factor;
    series_field field;
    yh_dec value;
    char flag;
    uint64_t seq;
};

static const char *const factors[FACTORS] = {"011", "w01018", "w21003"};

/* Few times, few values, many repeats: versions, returns to an old value, late data, several windows. Each
 * fact is a record of its own, as if every factor came in its own frame; some records repeat the one before.
 */
static void make_facts(struct fact *facts, uint64_t seed)
{
    for (uint64_t i = 0; i < FACTS; i++) {
        facts[i] = (struct fact){
            .time = T0 + (yh_time)(next_random(&seed) % 12) * 5 * YH_HOUR,
            .factor = (unsigned)(next_random(&seed) % FACTORS),
            .field = next_random(&seed) % 3 ? SERIES_F_RTD : SERIES_F_ZS_RTD,
            .value = {(int64_t)(next_random(&seed) % 5) * 10 - 20, (uint8_t)(next_random(&seed) % 3)},
            .flag = "NND"[next_random(&seed) % 3],
            .seq = i / 2 + 1,
        };
        if (i && next_random(&seed) % 4 == 0) {
            uint64_t seq = facts[i].seq;
            facts[i] = facts[i - 1];
            facts[i].seq = seq;
        }
    }
}

static void put_fact(struct series *s, const struct fact *f)
{
    struct series_cell c = {yh_str_of(factors[f->factor]), f->field, f->value, f->flag};
    put_cells(s, "MN1", SERIES_RTD, f->time, f->seq, &c, 1);
}

static void shuffle(struct fact *facts, size_t n, uint64_t *seed)
{
    for (size_t i = n; i > 1; i--) {
        size_t k = next_random(seed) % i;
        struct fact f = facts[i - 1];
        facts[i - 1] = facts[k];
        facts[k] = f;
    }
}

/* ---- the definitions, applied naively ---- */

struct version {
    yh_dec value;
    char flag;
    uint64_t first, last;
};

static bool same_content(const struct version *v, const struct fact *f)
{
    return v->value.m == f->value.m && v->value.scale == f->value.scale && v->flag == f->flag;
}

static size_t versions_of(const struct fact *facts, size_t n, yh_time time, unsigned factor,
                          series_field field, struct version *out)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        const struct fact *f = &facts[i];
        if (f->time != time || f->factor != factor || f->field != field)
            continue;
        size_t k = 0;
        while (k < count && !same_content(&out[k], f))
            k++;
        if (k == count)
            out[count++] = (struct version){f->value, f->flag, f->seq, f->seq};
        out[k].first = f->seq < out[k].first ? f->seq : out[k].first;
        out[k].last = f->seq > out[k].last ? f->seq : out[k].last;
    }
    return count;
}

static void check_value(const struct fact *facts, unsigned factor, series_field field,
                        const struct series_value *v)
{
    struct version all[FACTS];
    size_t n = versions_of(facts, FACTS, v->time, factor, field, all);
    assert_int_equal(v->versions, n);
    bool found = false;
    for (size_t i = 0; i < n; i++) {
        assert_true(all[i].last <= v->last_seq); /* the current one was reported last */
        found = found || (all[i].value.m == v->value.m && all[i].value.scale == v->value.scale &&
                          all[i].flag == v->flag && all[i].first == v->seq && all[i].last == v->last_seq);
    }
    assert_true(found);
    assert_int_equal(v->received, T0 + (yh_time)v->seq * 1000);
}

static size_t count_times(const struct fact *facts, unsigned factor, series_field field, yh_time from,
                          yh_time to)
{
    size_t n = 0;
    for (size_t i = 0; i < FACTS; i++) {
        if (facts[i].factor != factor || facts[i].field != field || facts[i].time < from ||
            facts[i].time >= to)
            continue;
        size_t k = 0;
        while (k < i &&
               !(facts[k].factor == factor && facts[k].field == field && facts[k].time == facts[i].time))
            k++;
        n += k == i;
    }
    return n;
}

static void check_ranges(struct series *s, const struct fact *facts, uint64_t *seed)
{
    static struct values v;
    for (unsigned factor = 0; factor < FACTORS; factor++) {
        series_field field = next_random(seed) % 2 ? SERIES_F_RTD : SERIES_F_ZS_RTD;
        yh_time from = T0 + (yh_time)(next_random(seed) % 60) * YH_HOUR;
        yh_time to = from + (yh_time)(next_random(seed) % 60) * YH_HOUR;
        v.n = v.stop_after = 0;
        OK(series_range(s, YH_S("MN1"), SERIES_RTD, yh_str_of(factors[factor]), field, from, to, take_value,
                        &v));
        assert_int_equal(v.n, count_times(facts, factor, field, from, to));
        for (size_t i = 0; i < v.n; i++) {
            assert_true(i == 0 || v.v[i - 1].time < v.v[i].time);
            check_value(facts, factor, field, &v.v[i]);
        }
    }
}

static void check_latest(struct series *s, const struct fact *facts, yh_time not_after)
{
    struct series_latest got[FACTORS + 1];
    size_t n = 0, at = 0;
    OK(series_latest(s, YH_S("MN1"), SERIES_RTD, not_after, got, YH_LEN(got), &n));
    for (unsigned factor = 0; factor < FACTORS; factor++) {
        yh_time newest = INT64_MIN;
        for (size_t i = 0; i < FACTS; i++)
            if (facts[i].factor == factor && facts[i].field == SERIES_F_RTD && facts[i].time <= not_after &&
                facts[i].time > newest)
                newest = facts[i].time;
        if (newest == INT64_MIN)
            continue;
        assert_true(at < n);
        assert_string_equal(got[at].factor, factors[factor]); /* by code, ascending */
        assert_int_equal(got[at].field, SERIES_F_RTD);
        assert_int_equal(got[at].v.time, newest);
        check_value(facts, factor, SERIES_F_RTD, &got[at].v);
        at++;
    }
    assert_int_equal(at, n);
}

static void check_all(struct series *s, const struct fact *facts, uint64_t *seed)
{
    check_ranges(s, facts, seed);
    check_latest(s, facts, INT64_MAX);
    check_latest(s, facts, T0 + (yh_time)(next_random(seed) % 60) * YH_HOUR);
    check_latest(s, facts, T0 - 1);
}

/* Puts the facts in the given order, with flushes and restarts in between, some facts twice. */
static void feed(struct box *b, const struct fact *facts, uint64_t *seed)
{
    size_t flushed = 0;
    for (size_t i = 0; i < FACTS; i++) {
        put_fact(b->s, &facts[i]);
        unsigned dice = (unsigned)(next_random(seed) % 40);
        if (dice == 0)
            put_fact(b->s, &facts[next_random(seed) % (i + 1)]);
        if (dice == 1) {
            OK(series_flush(b->s, 1));
            flushed = i + 1;
        }
        if (dice == 2) { /* a crash: what was not flushed is fed again */
            box_reopen(b);
            i = flushed - 1;
        }
    }
}

static void the_order_of_arrival_does_not_matter(void **state)
{
    struct box *b = *state;
    struct fact facts[FACTS], in_order[FACTS];
    make_facts(in_order, 11);
    struct series_totals want = {0};
    uint64_t seed = 5;
    for (unsigned round = 0; round < 100; round++) {
        memcpy(facts, in_order, sizeof facts);
        if (round)
            shuffle(facts, FACTS, &seed);
        feed(b, facts, &seed);
        struct series_totals got;
        OK(series_totals(b->s, &got));
        if (round == 0)
            want = got;
        assert_memory_equal(want.digest, got.digest, sizeof got.digest);
        assert_int_equal(want.versions, got.versions);
        check_all(b->s, facts, &seed);
        OK(series_flush(b->s, 1));
        OK(series_totals(b->s, &got));
        assert_memory_equal(want.digest, got.digest, sizeof got.digest);
        check_all(b->s, facts, &seed);
        OK(series_clear(b->s));
    }
}

static void different_facts_have_different_digests(void **state)
{
    struct box *b = *state;
    struct fact facts[FACTS];
    make_facts(facts, 12);
    uint64_t seed = 1;
    feed(b, facts, &seed);
    struct series_totals before, after;
    OK(series_totals(b->s, &before));
    struct fact more = facts[0];
    more.seq = 5000; /* the same content again, later: the log holds one record more */
    put_fact(b->s, &more);
    OK(series_totals(b->s, &after));
    assert_memory_not_equal(before.digest, after.digest, sizeof after.digest);
    assert_int_equal(before.versions, after.versions);
    more.value.m += 1;
    put_fact(b->s, &more);
    OK(series_totals(b->s, &after));
    assert_int_equal(before.versions + 1, after.versions);
}

/* ---- walk ---- */

struct walked {
    struct series_walk_item last;
    char factor[SERIES_FACTOR_MAX + 1];
    size_t n;
};

static bool check_step(void *user, const struct series_walk_item *i)
{
    struct walked *w = user;
    if (w->n) {
        int c = i->v.time != w->last.v.time ? (i->v.time > w->last.v.time ? 1 : -1)
                                            : yh_str_cmp(i->factor, yh_str_of(w->factor));
        if (c == 0)
            c = i->field != w->last.field   ? (i->field > w->last.field ? 1 : -1)
                : i->v.seq >= w->last.v.seq ? 1
                                            : -1;
        assert_true(c > 0);
    }
    w->last = *i;
    memcpy(w->factor, i->factor.p, i->factor.n);
    w->factor[i->factor.n] = '\0';
    w->n++;
    return true;
}

static void the_walk_has_a_fixed_order(void **state)
{
    struct box *b = *state;
    struct fact facts[FACTS];
    make_facts(facts, 13);
    uint64_t seed = 2;
    shuffle(facts, FACTS, &seed);
    feed(b, facts, &seed);
    struct walked w = {0};
    OK(series_walk(b->s, check_step, &w));
    struct series_totals t;
    OK(series_totals(b->s, &t));
    assert_int_equal(w.n, t.versions);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, box_setup, box_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_order_of_arrival_does_not_matter),
        TEST(different_facts_have_different_digests),
        TEST(the_walk_has_a_fixed_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
