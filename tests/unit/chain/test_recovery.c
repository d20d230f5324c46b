/* What a crash leaves behind, and what is damage instead. */
#include "support.h"

#include "base/file.h"

#define SEGMENT "00000000000000000000.seg"

static const char *const derived[] = {"tree", "checkpoints"};

/*
 * A log as a crash during its last commit finds it: 40 durable records and a checkpoint over them, then 6 records more
 * in the segment of which neither tree nor checkpoints know. ret_ends[i] is the segment's size with 40+i records.
 */
static void crashed_log(const struct test_dir *d, uint64_t ret_ends[7])
{
    struct test_dir before = test_dir_make();
    struct chain *c = test_open(d, NULL);
    test_append(c, 0, 40);
    chain_close(c);
    ret_ends[0] = test_file_size(d, SEGMENT);
    test_dir_copy(d, &before);
    c = test_open(d, NULL);
    test_append(c, 40, 6);
    chain_close(c);
    struct test_record t;
    for (uint64_t i = 0; i < 6; i++) {
        test_record_make(&t, 40 + i);
        ret_ends[i + 1] = ret_ends[i] + 36 + t.r.origin.n + t.r.peer.n + t.r.payload.n;
    }
    assert_int_equal(ret_ends[6], test_file_size(d, SEGMENT));
    for (size_t i = 0; i < YH_LEN(derived); i++) {
        char from[2 * TEST_PATH], to[2 * TEST_PATH];
        snprintf(from, sizeof from, "%s/%s", before.path, derived[i]);
        snprintf(to, sizeof to, "%s/%s", d->path, derived[i]);
        test_file_copy(from, to);
    }
    test_dir_remove(&before);
}

static void torn_at_every_offset(void **state)
{
    (void)state;
    struct test_dir d = test_dir_make(), copy = test_dir_make();
    uint64_t ends[7];
    crashed_log(&d, ends);
    uint64_t complete = 0;
    for (uint64_t size = ends[0]; size <= ends[6]; size++) {
        struct chain_recovery found;
        struct chain *c;
        if (size == ends[complete + 1 < 7 ? complete + 1 : 6] && complete < 6)
            complete++;
        test_dir_copy(&d, &copy);
        test_file_truncate(&copy, SEGMENT, size);
        must_ok(chain_open(copy.path, NULL, &found, &c));
        assert_int_equal(found.records, 40 + complete);
        assert_int_equal(found.cut_bytes, size - ends[complete]);
        if (size % 97 == 0 || found.cut_bytes == 0) {
            test_expect(c, 40 + complete);
            test_append(c, 40 + complete, 3);
            test_expect(c, 43 + complete);
        }
        chain_close(c);
    }
    assert_int_equal(complete, 6);
    test_dir_remove(&copy);
    test_dir_remove(&d);
}

/* Pages of the last, never acknowledged commit may be lost in the middle. */
static void holes_in_the_last_commit(void **state)
{
    (void)state;
    struct test_dir d = test_dir_make(), copy = test_dir_make();
    uint64_t ends[7];
    crashed_log(&d, ends);
    for (uint64_t offset = ends[0]; offset < ends[6]; offset += 31) {
        struct chain_recovery found;
        struct chain *c;
        uint64_t complete = 0;
        while (ends[complete + 1] <= offset)
            complete++;
        test_dir_copy(&d, &copy);
        test_file_flip(&copy, SEGMENT, offset, 0xA5);
        must_ok(chain_open(copy.path, NULL, &found, &c));
        assert_int_equal(found.records, 40 + complete);
        assert_int_equal(found.cut_bytes, ends[6] - ends[complete]);
        chain_close(c);
    }
    test_dir_remove(&copy);
    test_dir_remove(&d);
}

static void expect_corrupt(const struct test_dir *d, const char *must_name)
{
    struct chain *c;
    assert_int_equal(chain_open(d->path, NULL, NULL, &c), YH_E_CORRUPT);
    if (!strstr(yh_cause(), must_name))
        fail_msg("'%s' does not name '%s'", yh_cause(), must_name);
}

/* Signed, in the tree, or followed by a later commit: each alone proves that a record was acknowledged. */
static void acknowledged_records_are_not_cut(void **state)
{
    (void)state;
    struct test_dir d = test_dir_make(), copy = test_dir_make();
    uint64_t ends[7];
    crashed_log(&d, ends);
    test_dir_copy(&d, &copy);
    test_file_truncate(&copy, SEGMENT, ends[0] - 1); /* record 39 is under the checkpoint */
    expect_corrupt(&copy, SEGMENT ": record 39 at offset");

    char tree_was[2 * TEST_PATH], tree[2 * TEST_PATH];
    struct chain_config late = {.checkpoint_records = 1000000, .checkpoint_ms = 3600000};
    struct chain *c = test_open(&d, &late);
    test_append(c, 46, 1);
    test_append(c, 47, 1); /* a second commit */
    test_dir_copy(&d, &copy); /* as SIGKILL leaves it */
    chain_close(c);
    uint64_t end = test_file_size(&copy, SEGMENT);
    test_file_truncate(&copy, SEGMENT, end - 1);
    expect_corrupt(&copy, "record 47 at offset"); /* its leaf is in the tree */

    test_file_truncate(&copy, SEGMENT, end - 1);
    snprintf(tree, sizeof tree, "%s/tree", copy.path);
    snprintf(tree_was, sizeof tree_was, "%s/tree.was", copy.path);
    test_file_copy(tree, tree_was);
    test_file_truncate(&copy, "tree", 32 + 32 * (2 * 40 - 2));
    struct chain_recovery found;
    must_ok(chain_open(copy.path, NULL, &found, &c)); /* a torn 47, if nothing speaks against it */
    assert_int_equal(found.records, 47);
    chain_close(c);
    test_dir_remove(&copy);
    test_dir_remove(&d);
}

static void a_later_commit_proves(void **state)
{
    (void)state;
    struct test_dir d = test_dir_make(), copy = test_dir_make();
    struct chain_config late = {.checkpoint_records = 1000000, .checkpoint_ms = 3600000};
    struct chain *c = test_open(&d, &late);
    for (uint64_t i = 0; i < 6; i++)
        test_append(c, i, 1);
    test_dir_copy(&d, &copy);
    chain_close(c);
    test_file_truncate(&copy, "tree", 32);
    test_file_flip(&copy, SEGMENT, 64 + 36 + 5, 0x01); /* in record 0; 1 .. 5 are later commits */
    expect_corrupt(&copy, "record 0 at offset 64 was acknowledged");
    test_dir_remove(&copy);
    test_dir_remove(&d);
}

static void a_lost_tree_is_built_again(void **state)
{
    (void)state;
    struct test_dir d = test_dir_make();
    struct chain_config small = {.segment_bytes = 4096, .checkpoint_records = 50};
    struct chain *c = test_open(&d, &small);
    for (uint64_t i = 0; i < 500; i += 25)
        test_append(c, i, 25);
    yh_sm3_hash before, after;
    must_ok(chain_root(c, 500, &before));
    chain_close(c);
    char tree[2 * TEST_PATH];
    snprintf(tree, sizeof tree, "%s/tree", d.path);
    assert_int_equal(remove(tree), 0);
    struct chain_config ro = {.read_only = true};
    assert_int_equal(chain_open(d.path, &ro, NULL, &c), YH_E_CORRUPT);
    c = test_open(&d, &small);
    must_ok(chain_root(c, 500, &after));
    assert_true(yh_sm3_eq(&before, &after));
    test_expect(c, 500);
    chain_close(c);
    test_dir_remove(&d);
}

/* Power loss takes node pages that were not synced: zeros are built again, any other value is damage. */
static void tree_behind_the_checkpoint(void **state)
{
    (void)state;
    struct test_dir d = test_dir_make(), copy = test_dir_make(), broken = test_dir_make();
    struct chain_config late = {.checkpoint_records = 1000000, .checkpoint_ms = 3600000};
    struct chain *c = test_open(&d, &late);
    test_append(c, 0, 20);
    chain_close(c); /* signs 20 */
    c = test_open(&d, &late);
    test_append(c, 20, 20);
    test_dir_copy(&d, &copy);
    yh_sm3_hash want, have;
    must_ok(chain_root(c, 40, &want));
    chain_close(c);
    test_dir_copy(&copy, &broken);
    uint64_t signed_end = 32 + 32 * (2 * 20 - 2), end = test_file_size(&copy, "tree");
    test_file_truncate(&copy, "tree", signed_end);
    test_file_truncate(&copy, "tree", end); /* a hole of zeros */
    must_ok(chain_open(copy.path, NULL, NULL, &c));
    must_ok(chain_root(c, 40, &have));
    assert_true(yh_sm3_eq(&want, &have));
    test_expect(c, 40);
    chain_close(c);
    test_file_flip(&broken, "tree", signed_end + 7, 0x40); /* leaf of record 20 */
    expect_corrupt(&broken, "record 20 at offset");
    test_dir_remove(&broken);
    test_dir_remove(&copy);
    test_dir_remove(&d);
}

static void checkpoints_cover(void **state)
{
    (void)state;
    struct test_dir d = test_dir_make();
    struct chain_config often = {.checkpoint_records = 10};
    struct chain *c = test_open(&d, &often);
    yh_buf_auto text = yh_buf_make(4096);
    struct chain_checkpoint cp;
    assert_int_equal(chain_checkpoint_latest(c, &text, &cp), YH_E_NOT_FOUND);
    for (uint64_t i = 0; i < 100; i += 10)
        test_append(c, i, 10);
    test_append(c, 100, 3);
    chain_close(c);
    c = test_open(&d, &often);
    assert_in_range(chain_checkpoint_count(c), 5, 11);
    must_ok(chain_checkpoint_latest(c, &text, &cp));
    assert_int_equal(cp.head.size, 103);
    assert_int_equal(cp.number, chain_checkpoint_count(c) - 1);
    for (uint64_t seq = 0; seq < 103; seq++) {
        yh_sm3_hash root;
        yh_buf_clear(&text);
        must_ok(chain_checkpoint_covering(c, seq, &text, &cp));
        assert_true(cp.head.size > seq);
        must_ok(chain_root(c, cp.head.size, &root));
        assert_true(yh_sm3_eq(&root, &cp.head.root));
        if (cp.number == 0)
            continue;
        struct chain_checkpoint lower;
        must_ok(chain_checkpoint_get(c, cp.number - 1, &text, &lower));
        assert_true(lower.head.size <= seq);
    }
    assert_int_equal(chain_checkpoint_covering(c, 103, &text, &cp), YH_E_NOT_FOUND);
    for (uint64_t i = 0; i < chain_checkpoint_count(c); i++)
        must_ok(chain_checkpoint_verify(c, i));
    yh_buf_auto pem = yh_buf_make(4096);
    must_ok(chain_public_key(c, &pem));
    assert_true(yh_str_starts(yh_buf_view(&pem), YH_S("-----BEGIN PUBLIC KEY-----\n")));
    chain_close(c);
    test_dir_remove(&d);
}

static void missing_files_are_named(void **state)
{
    (void)state;
    struct test_dir d = test_dir_make(), copy = test_dir_make();
    struct chain_config small = {.segment_bytes = 2048};
    struct chain *c = test_open(&d, &small);
    for (uint64_t i = 0; i < 60; i += 10)
        test_append(c, i, 10);
    chain_close(c);
    char name[TEST_PATH], path[2 * TEST_PATH];
    size_t tried = 0;
    for (size_t i = 0; test_dir_file(&d, i, name); i++) {
        if (strcmp(name, "lock") == 0 || strcmp(name, "tree") == 0 || yh_str_starts(yh_str_of(name), YH_S("keys/")))
            continue;
        test_dir_copy(&d, &copy);
        snprintf(path, sizeof path, "%s/%s", copy.path, name);
        assert_int_equal(remove(path), 0);
        assert_int_equal(chain_open(copy.path, NULL, NULL, &c), YH_E_CORRUPT);
        tried++;
    }
    assert_in_range(tried, 4, 20);
    test_dir_remove(&copy);
    test_dir_remove(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(torn_at_every_offset),
        cmocka_unit_test(holes_in_the_last_commit),
        cmocka_unit_test(acknowledged_records_are_not_cut),
        cmocka_unit_test(a_later_commit_proves),
        cmocka_unit_test(a_lost_tree_is_built_again),
        cmocka_unit_test(tree_behind_the_checkpoint),
        cmocka_unit_test(checkpoints_cover),
        cmocka_unit_test(missing_files_are_named),
    };
    return cmocka_run_group_tests_name("chain-recovery", tests, NULL, NULL);
}
