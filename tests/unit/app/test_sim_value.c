#include "sim_box.h"

static const yh_time start = BOX_START;

static struct sim_factor factor(const char *medium, const char *code)
{
    struct sim_factor all[SIM_FACTORS_MAX];
    size_t n = sim_factors(medium, SIM_FACTORS_MAX, all);
    for (size_t i = 0; i < n; i++)
        if (strcmp(all[i].code, code) == 0)
            return all[i];
    fail_msg("no factor %s", code);
    return all[0];
}

static void the_same_seed_gives_the_same_values(void **state)
{
    (void)state;
    struct sim_factor f = factor("water", "w01018");
    struct sim_series a = {.seed = 7, .factor = &f}, b = {.seed = 8, .factor = &f};
    unsigned differ = 0;
    for (int i = 0; i < 1000; i++) {
        yh_time t = start + i * YH_MINUTE;
        assert_int_equal(sim_minute(&a, t), sim_minute(&a, t + 59999));
        differ += sim_minute(&a, t) != sim_minute(&b, t);
    }
    assert_true(differ > 900);
    /* Written down once: a change here changes every demo. */
    a.seed = sim_mix(1, YH_S("DE5001079000010100000000"));
    assert_int_equal(sim_minute(&a, start), 301);
}

static void values_move_with_the_day_and_stay_near_the_usual(void **state)
{
    (void)state;
    struct sim_factor f = factor("water", "w01018");
    int64_t night = 0, morning = 0;
    for (uint64_t seed = 0; seed < 50; seed++) {
        struct sim_series s = {.seed = seed, .factor = &f};
        night += sim_minute(&s, start - 4 * YH_HOUR); /* 04:00 */
        morning += sim_minute(&s, start + 2 * YH_HOUR);
        for (int i = 0; i < 24 * 60; i += 7) {
            int64_t v = sim_minute(&s, start + i * YH_MINUTE);
            assert_true(v > f.base / 2 && v < f.base * 2);
        }
    }
    assert_true(morning > night * 5 / 4);
}

static void a_period_agrees_with_its_minutes_and_moments(void **state)
{
    (void)state;
    struct sim_factor f = factor("air", "a21026");
    struct sim_series s = {.seed = 3, .factor = &f};
    struct sim_period hour = sim_period(&s, start, start + YH_HOUR);
    int64_t sum = 0;
    for (int i = 0; i < 60; i++) {
        yh_time t = start + i * YH_MINUTE;
        struct sim_period m = sim_period(&s, t, t + YH_MINUTE);
        assert_true(m.min < m.avg && m.avg < m.max);
        assert_true(hour.min <= m.min && m.max <= hour.max);
        assert_int_equal(m.avg, sim_minute(&s, t));
        for (int k = 0; k < 60; k++) {
            int64_t v = sim_moment(&s, t + k * YH_SECOND);
            assert_true(m.min <= v && v <= m.max);
        }
        sum += m.avg;
    }
    assert_true(llabs(sum - hour.avg * 60) <= 30);
}

static void bends_hold_in_their_time_and_only_there(void **state)
{
    (void)state;
    struct sim_factor f = factor("water", "w01018");
    yh_time to = start + YH_HOUR;
    struct sim_bend constant = {.kind = SIM_CONSTANT, .from = start, .to = to, .has_value = true, .value = {365, 1}};
    struct sim_bend stuck = {.kind = SIM_CONSTANT, .from = start, .to = to};
    struct sim_bend drift = {.kind = SIM_DRIFT, .from = start, .to = to, .permille = 100};
    struct sim_bend scale = {.kind = SIM_SCALE, .from = start, .to = to, .permille = 500};
    struct sim_series healthy = {.seed = 3, .factor = &f};
    struct sim_series s = {.seed = 3, .factor = &f, .bends = &constant, .bend_count = 1};
    assert_int_equal(sim_minute(&s, start + 5 * YH_MINUTE), 365);
    struct sim_period p = sim_period(&s, start, to);
    assert_true(p.min == 365 && p.avg == 365 && p.max == 365);
    assert_int_equal(sim_minute(&s, to), sim_minute(&healthy, to));
    assert_int_equal(sim_minute(&s, start - 1), sim_minute(&healthy, start - 1));
    s.bends = &stuck;
    assert_int_equal(sim_moment(&s, start + 30 * YH_MINUTE + 7), sim_minute(&healthy, start));
    s.bends = &drift;
    int64_t before = sim_minute(&healthy, start + 30 * YH_MINUTE), after = sim_minute(&s, start + 30 * YH_MINUTE);
    assert_true(llabs(after - before * 105 / 100) <= 2);
    s.bends = &scale;
    assert_int_equal(sim_minute(&s, start), sim_minute(&healthy, start) / 2);
}

static void nothing_overflows(void **state)
{
    (void)state;
    struct sim_factor flow = factor("air", "a00000"), so2 = factor("air", "a21026");
    struct sim_bend wild[16];
    for (size_t i = 0; i < YH_LEN(wild); i++)
        wild[i] = (struct sim_bend){.kind = i % 2 ? SIM_DRIFT : SIM_SCALE, .from = start - 400 * YH_DAY, .to = INT64_MAX,
                                    .permille = i % 3 ? 100000 : -1000};
    struct sim_series s = {.seed = 3, .factor = &flow, .bends = wild, .bend_count = YH_LEN(wild)};
    struct sim_period q = sim_period(&s, start, start + YH_DAY);
    s.factor = &so2;
    struct sim_period c = sim_period(&s, start, start + YH_DAY);
    assert_true(c.min <= c.avg && c.avg <= c.max);
    yh_dec volume = sim_volume(q.max, flow.decimals, false, YH_DAY);
    yh_dec mass = sim_mass(c.max, so2.decimals, false, volume);
    assert_true(volume.scale == 2 && mass.scale == 3);
    sim_converted(c.max, c.min, 2);
}

static void totals_follow_the_standard(void **state)
{
    (void)state;
    /* 42.00 L/s for an hour: 151.20 m3; with 28.0 mg/L: 4.2336 kg. */
    yh_dec water = sim_volume(4200, 2, true, YH_HOUR);
    assert_true(water.m == 15120 && water.scale == 2);
    yh_dec cod = sim_mass(280, 1, true, water);
    assert_true(cod.m == 4234 && cod.scale == 3);
    /* 46.50 m3/s for an hour: 167,400 m3; with 13.50 mg/m3: 2.2599 kg. */
    yh_dec air = sim_volume(4650, 2, false, YH_HOUR);
    assert_true(air.m == 16740000);
    assert_int_equal(sim_mass(1350, 2, false, air).m, 2260);
    /* (21 - 6) / (21 - 7.8) */
    assert_int_equal(sim_converted(1320, 780, 2), 1500);
    assert_int_equal(sim_converted(1320, 2050, 2), 1320);
}

static void both_media_have_enough_factors(void **state)
{
    (void)state;
    static const char *const media[] = {"water", "air"};
    for (size_t m = 0; m < YH_LEN(media); m++) {
        struct sim_factor all[SIM_FACTORS_MAX];
        size_t n = sim_factors(media[m], SIM_FACTORS_MAX, all);
        assert_true(n >= 20);
        assert_int_equal(sim_factors(media[m], 3, all), 3);
        for (size_t i = 0; i < n; i++)
            for (size_t k = 0; k < i; k++)
                assert_string_not_equal(all[i].code, all[k].code);
    }
}

static void stations_have_valid_names_of_their_own(void **state)
{
    (void)state;
    struct sim_catalog *c = calloc(1, sizeof *c);
    struct sim_station *all = calloc(60, sizeof *all);
    assert_true(c && all);
    sim_catalog_make(c);
    unsigned editions[4] = {0}, enciphering = 0;
    for (size_t i = 0; i < 60; i++) {
        struct sim_group g = sim_mix_of(i, 0);
        sim_station_make(c, &g, 1, SIM_FIRST_DEFAULT, i, &all[i]);
        editions[all[i].edition == HJ212_ED_2005 ? 0 : all[i].edition == HJ212_ED_2017 ? 1 : 2]++;
        assert_int_equal(strlen(all[i].mn), all[i].edition == HJ212_ED_2005 ? 14 : 24);
        assert_true(strncmp(all[i].mn, "DE50", 4) == 0 && all[i].factor_count >= 5);
        assert_true(all[i].enciphers == all[i].key.set);
        enciphering += all[i].enciphers;
        for (size_t k = 0; k < all[i].factor_count; k++)
            assert_true(sim_code(&all[i], all[i].factors[k])[0]);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(all[i].mn, all[k].mn);
    }
    assert_true(editions[0] == 20 && editions[1] == 20 && editions[2] == 20);
    assert_int_equal(enciphering, 10);
    free(all);
    free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_seed_gives_the_same_values),
        cmocka_unit_test(values_move_with_the_day_and_stay_near_the_usual),
        cmocka_unit_test(a_period_agrees_with_its_minutes_and_moments),
        cmocka_unit_test(bends_hold_in_their_time_and_only_there),
        cmocka_unit_test(nothing_overflows),
        cmocka_unit_test(totals_follow_the_standard),
        cmocka_unit_test(both_media_have_enough_factors),
        cmocka_unit_test(stations_have_valid_names_of_their_own),
    };
    return cmocka_run_group_tests_name("sim-value", tests, NULL, NULL);
}
