#include "../check.h"

#include "monitor/registry.h"
#include "kit/scope.h"
#include "monitor/station_list.h"

static struct live *live;
static struct yh_arena arena;

static int set_up(void **state)
{
    (void)state;
    arena = yh_arena_make(1 << 20);
    return live_new(&live) == YH_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    live_free(live);
    yh_arena_done(&arena);
    return 0;
}

static struct live_station *add(const char *mn, const char *enterprise, const char *medium)
{
    struct live_station *s = live_know(live, yh_str_of(mn));
    struct station_info *i = calloc(1, sizeof *i);
    assert_true(s && i);
    i->enterprise_name = yh_str_of(enterprise);
    i->name = YH_S("排口站");
    i->region_name = YH_S("九龙坡区");
    i->medium = yh_str_of(medium);
    s->info = i;
    return s;
}

static const char *listed(struct station_filter f, const char *cursor)
{
    static const struct kit_scope everything = {.all = true};
    f.scope = f.scope ? f.scope : &everything;
    static char text[256];
    struct station_selection all;
    size_t n = 0;
    text[0] = '\0';
    check_ok(station_select(live, &f, &arena, &all));
    for (size_t i = station_page_start(live, &all, yh_str_of(cursor)); i < all.n; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%s ", all.items[i]->mn);
    return text;
}

static void fill(void)
{
    add("M3", "B厂", "air");
    add("M2", "A厂", "water")->state = LIVE_OFFLINE;
    add("m1", "B厂", "water");
    add("M4", "A厂", "water");
    assert_non_null(live_take(live, YH_S("unknown")));
}

static void in_order_of_enterprise_and_mn(void **state)
{
    (void)state;
    fill();
    assert_string_equal(listed((struct station_filter){0}, ""), "M2 M4 M3 m1 ");
}

static void filters(void **state)
{
    (void)state;
    fill();
    assert_string_equal(listed((struct station_filter){.medium = YH_S("air")}, ""), "M3 ");
    assert_string_equal(listed((struct station_filter){.by_state = true, .state = LIVE_OFFLINE}, ""), "M2 ");
    assert_string_equal(listed((struct station_filter){.by_state = true, .state = LIVE_NEVER}, ""), "M4 M3 m1 ");
    assert_string_equal(listed((struct station_filter){.q = YH_S("M1")}, ""), "m1 ");
    assert_string_equal(listed((struct station_filter){.q = YH_S("b厂")}, ""), "M3 m1 ");
    assert_string_equal(listed((struct station_filter){.q = YH_S("九龙坡"), .medium = YH_S("water")}, ""), "M2 M4 m1 ");
    assert_string_equal(listed((struct station_filter){.q = YH_S("无此")}, ""), "");
}

static void only_above_the_limit(void **state)
{
    (void)state;
    fill();
    struct live_station *s = live_find(live, YH_S("M4"));
    struct station_factor limited = {.code = YH_S("w01018"), .has_limit = true, .limit = {500, 1}};
    struct live_latest *newest = calloc(1, sizeof *newest);
    s->info->factors = &limited;
    s->info->factor_count = 1;
    *newest = (struct live_latest){.factor = "w01018", .field = SERIES_F_RTD, .value = {5000, 2}, .flag = 'N'};
    s->latest = newest;
    s->latest_n = s->latest_cap = 1;
    assert_string_equal(listed((struct station_filter){.exceeding = true}, ""), ""); /* 50.00 keeps a limit of 50.0 */
    newest->value.m = 5001;
    assert_string_equal(listed((struct station_filter){.exceeding = true}, ""), "M4 ");
    newest->flag = 'D'; /* a flagged value is no exceedance */
    assert_string_equal(listed((struct station_filter){.exceeding = true}, ""), "");
}

static void pages_go_on_even_when_the_last_row_has_left(void **state)
{
    (void)state;
    fill();
    assert_string_equal(listed((struct station_filter){0}, "M4"), "M3 m1 ");
    assert_string_equal(listed((struct station_filter){0}, "m1"), "");
    /* M2 went offline and left the filtered list: the page behind it does not begin anew */
    assert_string_equal(listed((struct station_filter){.by_state = true, .state = LIVE_NEVER}, "M2"), "M4 M3 m1 ");
    assert_string_equal(listed((struct station_filter){.medium = YH_S("air")}, "m1"), "");
    assert_string_equal(listed((struct station_filter){0}, "nobody"), "M2 M4 M3 m1 ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(in_order_of_enterprise_and_mn, set_up, tear_down),
        cmocka_unit_test_setup_teardown(filters, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_above_the_limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(pages_go_on_even_when_the_last_row_has_left, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
