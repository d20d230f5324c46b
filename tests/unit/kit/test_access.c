/* What follows from grants, postings and the tree: the pure computation, times small numbers; and the table behind it. */
#include "../check.h"

#include <stdio.h>
#include <unistd.h>

#include "kit/access.h"
#include "kit/account.h"
#include "kit/grant.h"
#include "kit/scope.h"

/* Tree: 1 over 2 over 3; from 50 on, 3 stands under 9 instead. 9 begins at 50. Regions: 1 the city, 2 R2, 3 R3, from 60 R4. */
static const struct access_span spans[] = {{1, 0, 0, KIT_FOREVER}, {2, 1, 0, KIT_FOREVER}, {3, 2, 0, 50},
                                           {3, 9, 50, KIT_FOREVER}, {9, 1, 50, KIT_FOREVER}};
static const struct access_region regions[] = {{1, {"C", 1}, true, 0, KIT_FOREVER}, {2, {"R2", 2}, false, 0, KIT_FOREVER},
                                               {3, {"R3", 2}, false, 0, 60},        {3, {"R4", 2}, false, 60, KIT_FOREVER}};
static const yh_str codes[] = {{"R2", 2}, {"R3", 2}, {"R4", 2}};
static const struct access_tree tree = {spans, YH_LEN(spans), regions, YH_LEN(regions), codes, YH_LEN(codes)};

/* "kind:key@from-to " of what the role "viewer" reaches with station:read. */
static const char *reached(const struct access_person *p, yh_time now)
{
    static char text[4096];
    yh_arena_auto arena = yh_arena_make(1 << 20);
    struct access_rows rows;
    size_t n = 0;
    text[0] = '\0';
    check_ok(kit_access_compute(&tree, p, now, &arena, &rows));
    for (size_t i = 0; i < rows.n; i++) {
        const struct access_row *r = &rows.rows[i];
        if (strcmp(r->permission, "station:read") != 0 || yh_str_is(r->kind, "right"))
            continue;
        n += (size_t)snprintf(text + n, sizeof text - n, "%.*s:%.*s@%lld-", YH_FMT(r->kind), YH_FMT(r->key), (long long)r->from);
        if (r->to == KIT_FOREVER)
            n += (size_t)snprintf(text + n, sizeof text - n, "* ");
        else
            n += (size_t)snprintf(text + n, sizeof text - n, "%lld ", (long long)r->to);
    }
    return text;
}

static const char *with(kit_reach reach, const struct access_item *items, size_t n, yh_time from, yh_time to, yh_time now)
{
    static const struct access_posting postings[] = {{2, 7, 10, 40}, {3, 0, 40, KIT_FOREVER}};
    const struct access_grant grant = {kit_role_find(YH_S("viewer")), reach, from, to, items, n};
    const struct access_person p = {false, 77, 0, postings, YH_LEN(postings), &grant, 1};
    return reached(&p, now);
}

static void reach_follows_posting_tree_and_days(void **state)
{
    (void)state;
    assert_string_equal(with(KIT_REACH_ALL, NULL, 0, 0, KIT_FOREVER, 5), "all:@5-* ");
    assert_string_equal(with(KIT_REACH_NONE, NULL, 0, 0, KIT_FOREVER, 5), "");
    assert_string_equal(with(KIT_REACH_SELF, NULL, 0, 0, 30, 5), "officer:77@5-30 ");
    assert_string_equal(with(KIT_REACH_DEPARTMENT, NULL, 0, 0, KIT_FOREVER, 0), "department:7@10-40 ");
    assert_string_equal(with(KIT_REACH_AGENCY, NULL, 0, 0, KIT_FOREVER, 0),
                        "agency:2@10-40 agency:3@40-* region:R2@10-40 region:R3@40-60 region:R4@60-* ");
    assert_string_equal(with(KIT_REACH_AGENCY, NULL, 0, 20, 45, 0), "agency:2@20-40 agency:3@40-45 region:R2@20-40 region:R3@40-45 ");
    assert_string_equal(with(KIT_REACH_AGENCY_BELOW, NULL, 0, 0, 40, 0),
                        "agency:2@10-40 agency:3@10-40 region:R2@10-40 region:R3@10-40 ");
    assert_string_equal(with(KIT_REACH_AGENCY, NULL, 0, 0, 40, 40), ""); /* over */
}

static void lists_reach_what_they_name(void **state)
{
    (void)state;
    const struct access_item some[] = {{YH_S("region"), YH_S("R3")}, {YH_S("enterprise"), YH_S("12")}, {YH_S("station"), YH_S("M1")}};
    const struct access_item nine[] = {{YH_S("agency"), YH_S("9")}};
    const struct access_item city[] = {{YH_S("agency"), YH_S("1")}};
    assert_string_equal(with(KIT_REACH_LIST, some, 3, 0, KIT_FOREVER, 0),
                        "agency:3@0-60 enterprise:12@0-* region:R3@0-* station:M1@0-* ");
    assert_string_equal(with(KIT_REACH_LIST, nine, 1, 0, KIT_FOREVER, 0), "agency:9@50-* "); /* not before it exists */
    assert_string_equal(with(KIT_REACH_LIST, city, 1, 0, KIT_FOREVER, 0), "agency:1@0-* region:R2@0-* region:R3@0-* region:R4@0-* ");
}

static void grants_join_and_a_disabled_account_reaches_nothing(void **state)
{
    (void)state;
    const struct access_grant two[] = {{kit_role_find(YH_S("viewer")), KIT_REACH_ALL, 0, 20, NULL, 0},
                                       {kit_role_find(YH_S("duty")), KIT_REACH_ALL, 15, 30, NULL, 0},
                                       {kit_role_find(YH_S("viewer")), KIT_REACH_ALL, 40, 50, NULL, 0}};
    struct access_person p = {.grants = two, .grant_n = 3};
    assert_string_equal(reached(&p, 0), "all:@0-30 all:@40-50 ");
    p.disabled = true;
    assert_string_equal(reached(&p, 0), "");
}

static void a_circle_in_the_tree_ends(void **state)
{
    (void)state;
    static const struct access_span circle[] = {{1, 2, 0, KIT_FOREVER}, {2, 1, 0, KIT_FOREVER}};
    const struct access_tree bad = {circle, 2, NULL, 0, NULL, 0};
    const struct access_posting at = {1, 0, 0, KIT_FOREVER};
    const struct access_grant grant = {kit_role_find(YH_S("viewer")), KIT_REACH_AGENCY_BELOW, 0, KIT_FOREVER, NULL, 0};
    const struct access_person p = {.officer = 1, .postings = &at, .posting_n = 1, .grants = &grant, .grant_n = 1};
    yh_arena_auto arena = yh_arena_make(1 << 20);
    struct access_rows rows;
    check_ok(kit_access_compute(&bad, &p, 0, &arena, &rows));
    assert_true(rows.n > 0 && rows.n < 10);
}

/* ---- the table ---- */

#define NOW ((yh_time)1800000000000)

static void what_was_true_stays_in_the_table(void **state)
{
    (void)state;
    char dir[] = "/tmp/yuheng-access-XXXXXX", path[96];
    struct db_pool *pool;
    struct kit *kit;
    assert_non_null(mkdtemp(dir));
    check_ok(kit_database_open(dir, true, 1, &pool));
    check_ok(kit_open(&(struct kit_config){.pool = pool}, &kit));
    const struct kit_new_account a = {.username = YH_S("duty1"), .display_name = YH_S("张三"), .password = YH_S("Correct-horse-9")};
    const struct kit_actor by = {0, YH_S("test")};
    int64_t id = 0, grant = 0;
    check_ok(kit_account_add(kit, &a, YH_S("test"), NOW, &id));
    const struct kit_new_grant g = {.account_id = id, .role = YH_S("duty"), .reach = KIT_REACH_ALL, .from = NOW, .to = KIT_FOREVER};
    check_ok(kit_grant_add(kit, &g, &by, NOW + 10, &grant));
    check_ok(kit_account_disable(kit, YH_S("duty1"), true, YH_S("test"), NOW + 20));
    check_ok(kit_account_disable(kit, YH_S("duty1"), false, YH_S("test"), NOW + 30));
    check_ok(kit_grant_end(kit, grant, &by, NOW + 40));
    assert_int_equal(kit_grant_end(kit, grant, &by, NOW + 50), YH_E_CONFLICT);
    static const struct {
        yh_time at;
        bool all;
    } seen[] = {{9, false}, {10, true}, {19, true}, {20, false}, {29, false}, {30, true}, {39, true}, {40, false}, {99999, false}};
    struct db *d = db_pool_reader(pool);
    for (size_t i = 0; i < YH_LEN(seen); i++) {
        yh_arena_auto arena = yh_arena_make(65536);
        struct kit_scope scope;
        check_ok(kit_scope_load(d, id, "station:read", NOW + seen[i].at, &arena, &scope));
        assert_int_equal(scope.all, seen[i].all);
        assert_int_equal(kit_scope_has(&scope, KIT_SCOPE_REGION, YH_S("500101")), seen[i].all);
        check_ok(kit_scope_load(d, id, "relay:admin", NOW + seen[i].at, &arena, &scope));
        assert_int_equal(scope.n, 0);
    }
    db_pool_put(pool, d);
    kit_close(kit);
    db_pool_close(pool);
    static const char *const left[] = {"yuheng.db", "yuheng.db-wal", "yuheng.db-shm"};
    for (size_t i = 0; i < YH_LEN(left); i++) {
        snprintf(path, sizeof path, "%s/%s", dir, left[i]);
        unlink(path);
    }
    assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reach_follows_posting_tree_and_days), cmocka_unit_test(lists_reach_what_they_name),
        cmocka_unit_test(grants_join_and_a_disabled_account_reaches_nothing), cmocka_unit_test(a_circle_in_the_tree_ends),
        cmocka_unit_test(what_was_true_stays_in_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
