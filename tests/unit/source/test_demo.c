#include "registry.h"

#include <stdio.h>

#define MANY 400

static const yh_str water[] = {{"011", 3}, {"060", 3}, {"B01", 3}, {"001", 3}, {"011", 3}};
static const yh_str air[] = {{"01", 2}, {"02", 2}, {"03", 2}, {"S01", 3}, {"20160824B01;", 12}};

struct crowd {
    char mns[MANY][16];
    struct source_demo_station rows[MANY];
};

static struct crowd *crowd_make(bool reversed)
{
    struct crowd *c = calloc(1, sizeof *c);
    assert_non_null(c);
    for (size_t i = 0; i < MANY; i++) {
        size_t at = reversed ? MANY - 1 - i : i;
        bool is_air = i % 2 == 0;
        snprintf(c->mns[at], sizeof c->mns[at], "ZG13%010zu", i * 7919);
        c->rows[at] = (struct source_demo_station){yh_str_of(c->mns[at]), is_air ? YH_S("31") : YH_S("32"),
                                                   is_air ? air : water, 5};
    }
    return c;
}

static bool check_station(void *user, const struct source_station *s)
{
    char expected;
    unsigned *n = user;
    assert_true(yh_str_starts(s->enterprise_name, YH_S("示范·")));
    assert_true(yh_str_starts(s->name, YH_S("示范·")));
    assert_int_equal(source_credit_check(s->credit_code, &expected), SOURCE_CREDIT_OK);
    assert_true(yh_str_eq(yh_str_sub(s->credit_code, 2, 6), s->region_code));
    assert_true(yh_str_eq(yh_str_sub(s->credit_code, 8, 3), YH_S("DEM")));
    assert_true(yh_str_is(s->medium, source_outlet_medium(s->outlet_code)));
    assert_true(yh_str_is(s->medium, source_st_medium(s->st)));
    assert_true(s->demo);
    ++*n;
    return true;
}

static void firms_are_fictional_and_valid(void **state)
{
    struct registry *r = *state;
    struct crowd *c = crowd_make(false);
    size_t created = 0;
    unsigned seen = 0;
    OK(source_seed_demo(r->d, c->rows, MANY, NOW, &created));
    assert_int_equal(created, MANY);
    OK(source_station_list(r->d, NULL, check_station, &seen));
    assert_int_equal(seen, MANY);
    assert_true(registry_number(r->d, "SELECT COUNT(DISTINCT region_code) FROM enterprise") > 30);
    assert_int_equal(registry_number(r->d, "SELECT COUNT(*) FROM enterprise"), MANY);
    free(c);
}

static bool print_station(void *user, const struct source_station *s)
{
    yh_buf_printf(user, "%.*s %.*s %.*s\n", YH_FMT(s->mn), YH_FMT(s->enterprise_name), YH_FMT(s->credit_code));
    return true;
}

static void same_senders_give_the_same_firms(void **state)
{
    struct registry *r = *state;
    struct registry *other;
    void *other_state = NULL;
    struct crowd *one = crowd_make(false), *two = crowd_make(true);
    size_t created;
    yh_buf_auto a = yh_buf_make(1 << 20), b = yh_buf_make(1 << 20);
    registry_setup(&other_state);
    other = other_state;
    OK(source_seed_demo(r->d, one->rows, MANY, NOW, &created));
    OK(source_seed_demo(other->d, two->rows, MANY, NOW + 1, &created));
    OK(source_station_list(r->d, NULL, print_station, &a));
    OK(source_station_list(other->d, NULL, print_station, &b));
    assert_string_equal(yh_buf_z(&a), yh_buf_z(&b));
    registry_teardown(&other_state);
    free(one);
    free(two);
}

static void seeding_again_creates_nothing(void **state)
{
    struct registry *r = *state;
    struct crowd *c = crowd_make(false);
    size_t created = 9;
    OK(source_seed_demo(r->d, c->rows, 10, NOW, &created));
    assert_int_equal(created, 10);
    OK(source_seed_demo(r->d, c->rows, 10, NOW, &created));
    assert_int_equal(created, 0);
    OK(source_seed_demo(r->d, c->rows, 0, NOW, &created));
    assert_int_equal(created, 0);
    free(c);
}

struct found {
    unsigned factors, limits;
};

static bool check_factor(void *user, const struct source_factor *f)
{
    struct found *n = user;
    n->factors++;
    n->limits += f->has_limit;
    if (f->has_limit)
        assert_true(yh_str_is(f->basis, "示范限值"));
    if (yh_str_is(f->code, "011"))
        assert_true(f->has_limit && f->limit.m == 50 && f->limit.scale == 0);
    if (yh_str_is(f->code, "001"))
        assert_true(f->has_low && f->low.m == 6 && f->limit.m == 9);
    if (yh_str_is(f->code, "01"))
        assert_true(f->limit.m >= 10 && f->limit.m <= 30);
    if (yh_str_is(f->code, "02"))
        assert_true(f->limit.m >= 35 && f->limit.m <= 100);
    if (yh_str_is(f->code, "03"))
        assert_true(f->limit.m >= 50 && f->limit.m <= 200);
    if (yh_str_is(f->code, "B01") || yh_str_is(f->code, "S01"))
        assert_false(f->has_limit);
    return true;
}

static void factors_are_those_seen_with_plausible_limits(void **state)
{
    struct registry *r = *state;
    struct crowd *c = crowd_make(false);
    struct found n = {0};
    size_t created;
    OK(source_seed_demo(r->d, c->rows, MANY, NOW, &created));
    OK(source_factors(r->d, YH_S(""), NOW, check_factor, &n));
    assert_int_equal(n.factors, MANY * 4); /* one code of each list is repeated or damaged */
    assert_int_equal(n.limits, MANY * 3);
    free(c);
}

static void what_measures_nothing_is_left_unknown(void **state)
{
    struct registry *r = *state;
    const struct source_demo_station rows[] = {
        {YH_S("ZG130182201401"), YH_S("91"), NULL, 0},
        {YH_S("ZG130182201402"), YH_S(""), NULL, 0},
        {YH_S("not an mn"), YH_S("32"), NULL, 0},
        {YH_S("ZG130182201404"), YH_S("32"), NULL, 0},
        {YH_S("ZG130182201404"), YH_S("31"), NULL, 0},
    };
    size_t created;
    OK(source_seed_demo(r->d, rows, YH_LEN(rows), NOW, &created));
    assert_int_equal(created, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(firms_are_fictional_and_valid),
        T(same_senders_give_the_same_firms),
        T(seeding_again_creates_nothing),
        T(factors_are_those_seen_with_plausible_limits),
        T(what_measures_nothing_is_left_unknown),
    };
    return cmocka_run_group_tests_name("source-demo", tests, NULL, NULL);
}
