#include "registry.h"

#include <stdio.h>

static struct source_admission paper_mill(void)
{
    return (struct source_admission){.mn = YH_S("DE5001160000040100000000"),
                                     .name = YH_S("临江造纸厂废水总排口"),
                                     .enterprise_name = YH_S("示范·临江造纸厂"),
                                     .credit_code = YH_S("91500116DEM0000493"),
                                     .outlet_code = YH_S("DW001"),
                                     .outlet_name = YH_S("废水总排口"),
                                     .medium = YH_S("water"),
                                     .region_code = YH_S("500116"),
                                     .st = YH_S("32"),
                                     .cause = YH_S("chief")};
}

static void must_refuse(struct registry *r, const struct source_admission *a, yh_err code, const char *field)
{
    struct source_problem p = {0};
    assert_int_equal(source_admit(r->d, a, NOW, &p), code);
    assert_string_equal(p.field, field);
    assert_true(strlen(p.message) > 10);
    assert_string_equal(p.message, yh_cause());
    assert_true(yh_str_is_utf8(yh_str_of(p.message)));
}

/* ---- admission ---- */

static void admitted_station_is_found_with_everything(void **state)
{
    struct registry *r = *state;
    struct source_admission a = paper_mill();
    struct source_station s;
    OK(source_admit(r->d, &a, NOW, NULL));
    OK(source_station_by_mn(r->d, a.mn, &r->arena, &s));
    SAME(s.name, "临江造纸厂废水总排口");
    SAME(s.enterprise_name, "示范·临江造纸厂");
    SAME(s.credit_code, "91500116DEM0000493");
    SAME(s.outlet_code, "DW001");
    SAME(s.medium, "water");
    SAME(s.region_name, "江津区");
    SAME(s.st, "32");
    SAME(s.cause, "chief");
    SAME(s.profile.edition, "auto");
    SAME(s.profile.clock_policy, "flag");
    SAME(s.profile.answer_policy, "standard");
    assert_int_equal(s.profile.password.n, 0);
    assert_int_equal(s.profile.time_offset_minutes, 480);
    assert_true(s.created_at == NOW && s.enterprise_id > 0 && s.outlet_id > 0 && !s.demo);
    assert_int_equal(source_station_by_mn(r->d, YH_S("nobody"), &r->arena, &s), YH_E_NOT_FOUND);
}

static void admission_again_changes_nothing(void **state)
{
    struct registry *r = *state;
    struct source_admission a = paper_mill();
    OK(source_admit(r->d, &a, NOW, NULL));
    OK(source_admit(r->d, &a, NOW + 1, NULL));
    assert_int_equal(registry_number(r->d, "SELECT COUNT(*) FROM station"), 1);
    assert_true(registry_number(r->d, "SELECT updated_at FROM station") == NOW);
    a.outlet_code = YH_S("DW002");
    must_refuse(r, &a, YH_E_CONFLICT, "mn");
}

static void second_outlet_joins_the_same_enterprise(void **state)
{
    struct registry *r = *state;
    struct source_admission a = paper_mill();
    a.credit_code = YH_S("");
    OK(source_admit(r->d, &a, NOW, NULL));
    a.mn = YH_S("DE5001160000040200000000");
    a.outlet_code = YH_S("DA001");
    a.outlet_name = YH_S("锅炉废气排口");
    a.medium = YH_S("air");
    a.credit_code = YH_S("91500116DEM0000493"); /* known only now */
    OK(source_admit(r->d, &a, NOW, NULL));
    assert_int_equal(registry_number(r->d, "SELECT COUNT(*) FROM enterprise"), 1);
    assert_int_equal(registry_number(r->d, "SELECT COUNT(*) FROM outlet"), 2);
    struct source_station s;
    OK(source_station_by_mn(r->d, YH_S("DE5001160000040100000000"), &r->arena, &s));
    SAME(s.credit_code, "91500116DEM0000493");
}

static void what_belongs_to_others_is_refused(void **state)
{
    struct registry *r = *state;
    struct source_admission a = paper_mill();
    OK(source_admit(r->d, &a, NOW, NULL));
    a.mn = YH_S("OTHER000000001");
    must_refuse(r, &a, YH_E_CONFLICT, "outlet_code"); /* the outlet has its logger */
    a.outlet_code = YH_S("DW002");
    a.credit_code = YH_S("91500115DEM0000142");
    must_refuse(r, &a, YH_E_CONFLICT, "credit_code"); /* the enterprise has another one */
    a.enterprise_name = YH_S("示范·绿能垃圾焚烧发电厂");
    a.credit_code = YH_S("91500116DEM0000493");
    must_refuse(r, &a, YH_E_CONFLICT, "credit_code"); /* the code has another enterprise */
    assert_int_equal(registry_number(r->d, "SELECT COUNT(*) FROM enterprise"), 1);
    assert_int_equal(registry_number(r->d, "SELECT COUNT(*) FROM outlet"), 1);
}

static void wrong_forms_name_their_field(void **state)
{
    struct registry *r = *state;
    static const struct {
        size_t at;
        const char *text, *field;
    } rows[] = {
        {offsetof(struct source_admission, mn), "", "mn"},
        {offsetof(struct source_admission, mn), "a/b", "mn"},
        {offsetof(struct source_admission, name), "", "name"},
        {offsetof(struct source_admission, name), "two\nlines", "name"},
        {offsetof(struct source_admission, name), " blank", "name"},
        {offsetof(struct source_admission, enterprise_name), "\xff\xfe", "enterprise_name"},
        {offsetof(struct source_admission, outlet_name), "", "outlet_name"},
        {offsetof(struct source_admission, outlet_code), "DA001", "outlet_code"},
        {offsetof(struct source_admission, outlet_code), "1", "outlet_code"},
        {offsetof(struct source_admission, medium), "soil", "medium"},
        {offsetof(struct source_admission, region_code), "110000", "region_code"},
        {offsetof(struct source_admission, region_code), "500000", "region_code"},
        {offsetof(struct source_admission, region_code), "500112", "region_code"}, /* dissolved */
        {offsetof(struct source_admission, region_code), "", "region_code"},
        {offsetof(struct source_admission, credit_code), "91500116DEM0000494", "credit_code"},
        {offsetof(struct source_admission, credit_code), "123", "credit_code"},
    };
    for (size_t i = 0; i < YH_LEN(rows); i++) {
        struct source_admission a = paper_mill();
        yh_str text = yh_str_of(rows[i].text);
        memcpy((char *)&a + rows[i].at, &text, sizeof text);
        must_refuse(r, &a, YH_E_INVALID, rows[i].field);
    }
    assert_int_equal(registry_number(r->d, "SELECT COUNT(*) FROM enterprise"), 0);
}

/* ---- lists ---- */

static bool collect(void *user, const struct source_station *s)
{
    yh_buf_printf(user, "%.*s ", YH_FMT(s->mn));
    return true;
}

static bool first_only(void *user, const struct source_station *s)
{
    collect(user, s);
    return false;
}

static void list(struct registry *r, struct source_filter f, const char *expected)
{
    yh_buf_auto out = yh_buf_make(4096);
    OK(source_station_list(r->d, &f, collect, &out));
    assert_string_equal(yh_buf_z(&out), expected);
}

static void admit_three(struct registry *r)
{
    struct source_admission a = paper_mill();
    a.credit_code = YH_S("");
    a.mn = YH_S("MN-c");
    OK(source_admit(r->d, &a, NOW, NULL));
    a.mn = YH_S("MN-a");
    a.name = YH_S("100%_fine Outlet");
    a.outlet_code = YH_S("DA001");
    a.medium = YH_S("air");
    OK(source_admit(r->d, &a, NOW, NULL));
    a.mn = YH_S("MN-b");
    a.enterprise_name = YH_S("示范·云岭电镀厂");
    a.region_code = YH_S("500114");
    OK(source_admit(r->d, &a, NOW, NULL));
}

static void lists_filter_and_page(void **state)
{
    struct registry *r = *state;
    uint64_t n = 0;
    admit_three(r);
    list(r, (struct source_filter){0}, "MN-a MN-b MN-c ");
    list(r, (struct source_filter){.limit = 2}, "MN-a MN-b ");
    list(r, (struct source_filter){.limit = 2, .after = YH_S("MN-b")}, "MN-c ");
    list(r, (struct source_filter){.medium = YH_S("air")}, "MN-a MN-b ");
    list(r, (struct source_filter){.region_code = YH_S("500116")}, "MN-a MN-c ");
    list(r, (struct source_filter){.q = YH_S("电镀")}, "MN-b ");
    list(r, (struct source_filter){.q = YH_S("mn-C")}, "MN-c ");
    list(r, (struct source_filter){.q = YH_S("0%_F")}, "MN-a MN-b ");
    list(r, (struct source_filter){.q = YH_S("0_%f")}, "");
    list(r, (struct source_filter){.q = YH_S("'; DROP TABLE station; --")}, "");
    OK(source_station_count(r->d, &(struct source_filter){.medium = YH_S("air"), .limit = 1}, &n));
    assert_int_equal(n, 2);
    yh_buf_auto out = yh_buf_make(100);
    OK(source_station_list(r->d, NULL, first_only, &out));
    assert_string_equal(yh_buf_z(&out), "MN-a ");
}

/* ---- profile ---- */

static yh_err patch(struct registry *r, const char *mn, const char *json, struct source_problem *p)
{
    yh_json_auto *j = NULL;
    OK(yh_json_parse(yh_str_of(json), &j));
    return source_profile_patch(r->d, yh_str_of(mn), j, NULL, NOW + 5, p);
}

static void profile_takes_what_is_given(void **state)
{
    struct registry *r = *state;
    struct source_admission a = paper_mill();
    struct source_station s;
    OK(source_admit(r->d, &a, NOW, NULL));
    OK(patch(r, "DE5001160000040100000000",
             "{\"edition\":\"2017\",\"password\":\"123456\",\"accept_bad_crc\":true,\"clock_policy\":\"accept\","
             "\"sm4_key\":\"0123456789abcdeffedcba9876543210\",\"time_offset_minutes\":0,\"interval_minutes\":5}",
             NULL));
    OK(source_station_by_mn(r->d, a.mn, &r->arena, &s));
    SAME(s.profile.edition, "2017");
    SAME(s.profile.password, "123456");
    SAME(s.profile.sm4_key, "0123456789abcdeffedcba9876543210");
    SAME(s.profile.clock_policy, "accept");
    SAME(s.profile.answer_policy, "standard");
    assert_true(s.profile.accept_bad_crc);
    assert_int_equal(s.profile.time_offset_minutes, 0);
    assert_int_equal(s.profile.interval_minutes, 5);
    OK(patch(r, "DE5001160000040100000000", "{\"password\":null,\"sm4_key\":\"\"}", NULL));
    OK(source_station_by_mn(r->d, a.mn, &r->arena, &s));
    assert_int_equal(s.profile.password.n + s.profile.sm4_key.n, 0);
    SAME(s.profile.edition, "2017");
    assert_true(registry_number(r->d, "SELECT updated_at FROM station") == NOW + 5);
}

static void wrong_profiles_change_nothing(void **state)
{
    struct registry *r = *state;
    static const char *const rows[][2] = {
        {"{\"edition\":\"2017\",\"clock_policy\":\"perhaps\"}", "clock_policy"},
        {"{\"edition\":\"1999\"}", "edition"},
        {"{\"edition\":null}", "edition"},
        {"{\"edition\":2017}", "edition"},
        {"{\"password\":\"1234567890\"}", "password"},
        {"{\"password\":\"a;b\"}", "password"},
        {"{\"sm4_key\":\"00\"}", "sm4_key"},
        {"{\"sm4_key\":\"0123456789abcdeffedcba987654321g\"}", "sm4_key"},
        {"{\"accept_bad_crc\":1}", "accept_bad_crc"},
        {"{\"time_offset_minutes\":900}", "time_offset_minutes"},
        {"{\"time_offset_minutes\":1.5}", "time_offset_minutes"},
        {"{\"interval_minutes\":0}", "interval_minutes"},
        {"{\"dialect\":\"Not A Word\"}", "dialect"},
        {"{\"owner\":\"me\"}", "profile"},
        {"[]", "profile"},
    };
    struct source_admission a = paper_mill();
    struct source_problem p = {0};
    OK(source_admit(r->d, &a, NOW, NULL));
    for (size_t i = 0; i < YH_LEN(rows); i++) {
        assert_int_equal(patch(r, "DE5001160000040100000000", rows[i][0], &p), YH_E_INVALID);
        assert_string_equal(p.field, rows[i][1]);
    }
    assert_int_equal(registry_number(r->d, "SELECT COUNT(*) FROM station WHERE edition = 'auto'"), 1);
    assert_int_equal(patch(r, "nobody", "{\"edition\":\"2017\"}", &p), YH_E_NOT_FOUND);
}

/* ---- factors and limits ---- */

static bool print_factor(void *user, const struct source_factor *f)
{
    yh_buf_printf(user, "%.*s:", YH_FMT(f->code));
    if (f->has_low) {
        yh_dec_format(f->low, user);
        yh_buf_putc(user, '-');
    }
    if (f->has_limit)
        yh_dec_format(f->limit, user);
    yh_buf_printf(user, "(%.*s) ", YH_FMT(f->basis));
    return true;
}

static void factors_at(struct registry *r, yh_str mn, yh_time t, const char *expected)
{
    yh_buf_auto out = yh_buf_make(4096);
    OK(source_factors(r->d, mn, t, print_factor, &out));
    assert_string_equal(yh_buf_z(&out), expected);
}

static void limits_hold_from_their_time_on(void **state)
{
    struct registry *r = *state;
    struct source_admission a = paper_mill();
    struct source_problem p = {0};
    OK(source_admit(r->d, &a, NOW, NULL));
    static const char *const codes[] = {"w01018", "w01001"};
    for (size_t i = 0; i < 2; i++) {
        struct source_factor_row row = {a.mn, yh_str_of(codes[i]), YH_S(""), YH_S("mg/L"), 1, YH_S("chief")};
        OK(source_factor_add(r->d, &row, NOW));
        OK(source_factor_add(r->d, &row, NOW));
    }
    struct source_limit old = {a.mn, YH_S("w01018"), YH_S(""), YH_S("80.0"), YH_S("GB 3544"), 1000, YH_S("chief")};
    struct source_limit new = {a.mn, YH_S("w01018"), YH_S(""), YH_S("50"), YH_S("排污许可证"), 2000, YH_S("chief")};
    struct source_limit ph = {a.mn, YH_S("w01001"), YH_S("6"), YH_S("9"), YH_S("GB 3544"), 1000, YH_S("chief")};
    OK(source_limit_add(r->d, &old, NOW, NULL));
    OK(source_limit_add(r->d, &new, NOW, NULL));
    OK(source_limit_add(r->d, &ph, NOW, NULL));
    factors_at(r, a.mn, 999, "w01001:() w01018:() ");
    factors_at(r, a.mn, 1000, "w01001:6-9(GB 3544) w01018:80.0(GB 3544) ");
    factors_at(r, a.mn, 1999, "w01001:6-9(GB 3544) w01018:80.0(GB 3544) ");
    factors_at(r, YH_S(""), 2000, "w01001:6-9(GB 3544) w01018:50(排污许可证) ");
    factors_at(r, YH_S("nobody"), 2000, "");
    assert_int_equal(source_limit_add(r->d, &old, NOW, &p), YH_E_CONFLICT);
    assert_string_equal(p.field, "valid_from");

    struct source_factor f;
    bool found = true;
    OK(source_limit_at(r->d, a.mn, YH_S("w01018"), 2000, &found, &f));
    assert_true(found && f.has_limit && !f.has_low && f.limit.m == 50 && f.valid_from == 2000);
    OK(source_limit_at(r->d, a.mn, YH_S("w01018"), 0, &found, &f));
    assert_false(found);
}

static void wrong_limits_are_refused(void **state)
{
    struct registry *r = *state;
    struct source_admission a = paper_mill();
    struct source_problem p = {0};
    OK(source_admit(r->d, &a, NOW, NULL));
    static const struct {
        const char *factor, *low, *limit, *basis, *field;
    } rows[] = {
        {"", "", "50", "x", "factor"},     {"w01018", "", "fifty", "x", "limit"}, {"w01018", "", "", "x", "limit"},
        {"w01018", "", "1e3", "x", "limit"}, {"w01018", "9", "6", "x", "low"},     {"w01018", "", "50", "", "basis"},
    };
    for (size_t i = 0; i < YH_LEN(rows); i++) {
        struct source_limit l = {a.mn, yh_str_of(rows[i].factor), yh_str_of(rows[i].low), yh_str_of(rows[i].limit),
                                 yh_str_of(rows[i].basis), 1000, YH_S("chief")};
        assert_int_equal(source_limit_add(r->d, &l, NOW, &p), YH_E_INVALID);
        assert_string_equal(p.field, rows[i].field);
    }
    struct source_limit nowhere = {YH_S("nobody"), YH_S("w01018"), YH_S(""), YH_S("5"), YH_S("x"), 1000, YH_S("chief")};
    assert_int_equal(source_limit_add(r->d, &nowhere, NOW, &p), YH_E_NOT_FOUND);
    struct source_factor_row stray = {YH_S("nobody"), YH_S("w01018"), YH_S(""), YH_S(""), -1, YH_S("chief")};
    assert_int_equal(source_factor_add(r->d, &stray, NOW), YH_E_CONFLICT);
}

/* ---- unknown senders ---- */

static struct source_unknown unknown(const char *mn, yh_time at, uint64_t frames, uint64_t seq)
{
    return (struct source_unknown){yh_str_of(mn), at, at, frames, seq, YH_S("192.0.2.7:1"), YH_S("2005"), YH_S("32"), YH_S("2011")};
}

static bool print_unknown(void *user, const struct source_unknown *u)
{
    yh_buf_printf(user, "%.*s:%lld-%lld:%llu:%llu ", YH_FMT(u->mn), (long long)u->first_seen, (long long)u->last_seen,
                  (unsigned long long)u->frames, (unsigned long long)u->last_seq);
    return true;
}

static void unknown_list(struct registry *r, const char *after, size_t limit, const char *expected)
{
    yh_buf_auto out = yh_buf_make(4096);
    OK(source_unknown_list(r->d, yh_str_of(after), limit, print_unknown, &out));
    assert_string_equal(yh_buf_z(&out), expected);
}

/* A flood of names gives way to a newcomer, and so do neither who is heard often nor who is heard lately. */
static void unknown_senders_are_bounded(void **state)
{
    struct registry *r = *state;
    static struct source_unknown rows[512];
    static char names[512][16];
    uint64_t n = 0;
    struct source_unknown often = unknown("often", 1, 9, 1), lately = unknown("lately", 99, 1, 2);
    OK(source_unknown_put(r->d, &often, 1));
    OK(source_unknown_put(r->d, &lately, 1));
    for (unsigned at = 0; at < SOURCE_UNKNOWN_MAX + 512; at += 512) {
        for (unsigned i = 0; i < 512; i++) {
            snprintf(names[i], sizeof names[i], "U%u", at + i);
            rows[i] = unknown(names[i], 10, 1, 3 + at + i);
        }
        OK(source_unknown_put(r->d, rows, 512));
        OK(source_unknown_count(r->d, &n));
        assert_true(n <= SOURCE_UNKNOWN_MAX);
    }
    struct source_unknown newcomer = unknown("newcomer", 10, 1, 99999);
    OK(source_unknown_put(r->d, &newcomer, 1));
    assert_int_equal(registry_number(r->d, "SELECT COUNT(*) FROM unknown_station WHERE mn IN ('often', 'lately', 'newcomer')"), 3);
}

static void unknown_senders_add_up(void **state)
{
    struct registry *r = *state;
    struct source_unknown first[] = {unknown("A", 10, 3, 7), unknown("B", 20, 1, 8), unknown("bad mn", 20, 1, 9)};
    struct source_unknown second[] = {unknown("A", 30, 2, 12)};
    uint64_t n;
    OK(source_unknown_put(r->d, first, 3));
    OK(source_unknown_put(r->d, second, 1));
    OK(source_unknown_put(r->d, second, 1)); /* replayed: not newer, not counted */
    OK(source_unknown_put(r->d, NULL, 0));
    OK(source_unknown_count(r->d, &n));
    assert_int_equal(n, 2);
    unknown_list(r, "", 0, "A:10-30:5:12 B:20-20:1:8 ");
    unknown_list(r, "", 1, "A:10-30:5:12 ");
    unknown_list(r, "A", 1, "B:20-20:1:8 ");
    unknown_list(r, "B", 0, "");
}

static void admission_takes_a_sender_off_the_list(void **state)
{
    struct registry *r = *state;
    struct source_admission a = paper_mill();
    struct source_unknown u = unknown("DE5001160000040100000000", 10, 3, 7);
    struct source_station s;
    OK(source_unknown_put(r->d, &u, 1));
    a.st = YH_S("");
    OK(source_admit(r->d, &a, NOW, NULL));
    unknown_list(r, "", 0, "");
    u.last_seq = 99;
    OK(source_unknown_put(r->d, &u, 1)); /* a batch that was under way */
    unknown_list(r, "", 0, "");
    OK(source_station_by_mn(r->d, a.mn, &r->arena, &s));
    SAME(s.st, "32"); /* as heard */
}

/* ---- regions ---- */

static bool print_region(void *user, const struct source_region *region)
{
    yh_buf_printf(user, "%.*s=%.*s ", YH_FMT(region->code), YH_FMT(region->name));
    return true;
}

static void regions_are_those_in_force(void **state)
{
    struct registry *r = *state;
    yh_buf_auto out = yh_buf_make(4096);
    OK(source_prepare(r->d)); /* again, as at every start */
    OK(source_regions(r->d, print_region, &out));
    const char *all = yh_buf_z(&out);
    assert_non_null(strstr(all, "500101=万州区 "));
    assert_non_null(strstr(all, "500243=彭水苗族土家族自治县 "));
    assert_null(strstr(all, "500112")); /* dissolved in 2025 */
    assert_null(strstr(all, "500000")); /* the city as a whole */
    assert_int_equal(registry_number(r->d, "SELECT COUNT(*) FROM region"), 42);
    assert_int_equal(registry_number(r->d, "SELECT COUNT(*) FROM region WHERE active = 0 AND valid_to = '2025-11-06'"), 2);
    assert_int_equal(registry_number(r->d, "SELECT COUNT(*) FROM region WHERE uniform_zone = 'north'"), 9);
}

static void regions_of_the_operator_stay(void **state)
{
    struct registry *r = *state;
    db_stmt_auto *s = NULL;
    OK(db_prepare(r->d, "UPDATE region SET name = 'X', origin = 'operator' WHERE code = '500101'", &s));
    OK(db_exec(s));
    OK(source_prepare(r->d));
    assert_int_equal(registry_number(r->d, "SELECT COUNT(*) FROM region WHERE name = 'X'"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(admitted_station_is_found_with_everything),
        T(admission_again_changes_nothing),
        T(second_outlet_joins_the_same_enterprise),
        T(what_belongs_to_others_is_refused),
        T(wrong_forms_name_their_field),
        T(lists_filter_and_page),
        T(profile_takes_what_is_given),
        T(wrong_profiles_change_nothing),
        T(limits_hold_from_their_time_on),
        T(wrong_limits_are_refused),
        T(unknown_senders_are_bounded),
        T(unknown_senders_add_up),
        T(admission_takes_a_sender_off_the_list),
        T(regions_are_those_in_force),
        T(regions_of_the_operator_stay),
    };
    return cmocka_run_group_tests_name("source-station", tests, NULL, NULL);
}
