/* Tree shape, proofs and their verifier; checked against a plain recursive definition of the tree. */
#include "support.h"

#include "base/clock.h"
#include "chain/merkle.h"
#include "chain/tree.h"

#define SMALL 130

static struct yh_sm3 *sm3;
static yh_sm3_hash leaves[SMALL + 1];
static yh_sm3_hash many[70 + CHAIN_TREE_MANY]; /* any bytes are a leaf */

/* MTH of RFC 6962, word for word. */
static yh_sm3_hash plain_root(const yh_sm3_hash *leaf, uint64_t n)
{
    if (n == 1)
        return leaf[0];
    uint64_t k = 1;
    while (k * 2 < n)
        k *= 2;
    yh_sm3_hash left = plain_root(leaf, k), right = plain_root(leaf + k, n - k);
    return merkle_node(sm3, &left, &right);
}

static struct chain *log_of(const struct test_dir *d, uint64_t count)
{
    struct chain *c = test_open(d, NULL);
    test_append(c, 0, count);
    return c;
}

static void read_leaves(struct chain *c, uint64_t count)
{
    struct chain_cursor *cur;
    struct chain_record r;
    must_ok(chain_cursor_open(c, 0, &cur));
    for (uint64_t i = 0; i < count; i++)
        must_ok(chain_cursor_next(cur, &r, &leaves[i]));
    chain_cursor_close(cur);
}

/* Every size to begin with, every count: the same nodes in the same order, and the same edge to go on from. */
static void many_leaves_at_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < YH_LEN(many); i++)
        memset(many[i].b, (int)i + 1, sizeof many[i].b);
    for (uint64_t size = 0; size <= 70; size++) {
        for (size_t n = 0; n <= CHAIN_TREE_MANY; n += n < 20 ? 1 : 9) {
            struct chain_tree one = {.fd = -1, .pending = yh_buf_make(1 << 20)};
            for (uint64_t i = 0; i < size; i++)
                must_ok(chain_tree_add(&one, sm3, &many[i]));
            struct chain_tree all = {.fd = -1, .pending = yh_buf_make(1 << 20), .edge = one.edge};
            yh_buf_clear(&one.pending);
            for (uint64_t i = size; i < size + n; i++)
                must_ok(chain_tree_add(&one, sm3, &many[i]));
            must_ok(chain_tree_add_many(&all, many + size, n));
            assert_int_equal(all.pending.n, one.pending.n);
            if (n)
                assert_memory_equal(all.pending.p, one.pending.p, one.pending.n);
            yh_sm3_hash want = merkle_edge_root(sm3, &one.edge), got = merkle_edge_root(sm3, &all.edge);
            assert_int_equal(all.edge.size, one.edge.size);
            assert_true(yh_sm3_eq(&got, &want));
            yh_buf_done(&one.pending);
            yh_buf_done(&all.pending);
        }
    }
}

static void known_answers(void **state)
{
    (void)state;
    /* SM3 of nothing, and leaf and node marks, computed with another implementation of SM3. */
    struct merkle_edge e = {0};
    yh_sm3_hash root = merkle_edge_root(sm3, &e), want, leaf = merkle_leaf(sm3, YH_S("abc"));
    assert_true(yh_hex_decode(YH_S("1AB21D8355CFA17F8E61194831E81A8F22BEC8C728FEFB747ED035EB5082AA2B"), want.b, 32));
    assert_true(yh_sm3_eq(&root, &want));
    yh_sm3_hash direct;
    must_ok(yh_sm3_of((yh_str){"\0abc", 4}, &direct));
    assert_true(yh_sm3_eq(&leaf, &direct));
    char joined[65] = {1};
    memcpy(joined + 1, leaf.b, 32);
    memcpy(joined + 33, direct.b, 32);
    must_ok(yh_sm3_of((yh_str){joined, sizeof joined}, &want));
    root = merkle_node(sm3, &leaf, &direct);
    assert_true(yh_sm3_eq(&root, &want));
}

static void roots_of_all_sizes(void **state)
{
    (void)state;
    struct test_dir d = test_dir_make();
    struct chain *c = log_of(&d, SMALL);
    struct merkle_edge e = {0};
    read_leaves(c, SMALL);
    for (uint64_t n = 1; n <= SMALL; n++) {
        yh_sm3_hash stored, want = plain_root(leaves, n);
        merkle_edge_add(sm3, &e, &leaves[n - 1]);
        yh_sm3_hash edge = merkle_edge_root(sm3, &e);
        must_ok(chain_root(c, n, &stored));
        assert_true(yh_sm3_eq(&stored, &want));
        assert_true(yh_sm3_eq(&edge, &want));
    }
    yh_sm3_hash out;
    assert_int_equal(chain_root(c, SMALL + 1, &out), YH_E_INVALID);
    chain_close(c);
    test_dir_remove(&d);
}

static void refuse_changed(const struct chain_proof *p, uint64_t index, uint64_t size, const yh_sm3_hash *root)
{
    struct chain_proof bad = *p;
    yh_sm3_hash other = leaves[(index + 1) % size];
    assert_false(merkle_verify_inclusion(sm3, &leaves[index], index, size, p->path, p->n + 1, root));
    if (size > 1)
        assert_false(merkle_verify_inclusion(sm3, &other, index, size, p->path, p->n, root));
    assert_false(merkle_verify_inclusion(sm3, &leaves[index], size, size, p->path, p->n, root));
    if (p->n == 0)
        return;
    assert_false(merkle_verify_inclusion(sm3, &leaves[index], index, size, p->path, p->n - 1, root));
    bad.path[(index + size) % p->n].b[index % 32] ^= 1;
    assert_false(merkle_verify_inclusion(sm3, &leaves[index], index, size, bad.path, bad.n, root));
}

static void inclusion_of_all(void **state)
{
    (void)state;
    struct test_dir d = test_dir_make();
    struct chain *c = log_of(&d, SMALL);
    struct chain_proof p;
    read_leaves(c, SMALL);
    for (uint64_t size = 1; size <= SMALL; size++) {
        yh_sm3_hash root = plain_root(leaves, size);
        for (uint64_t i = 0; i < size; i++) {
            must_ok(chain_prove_inclusion(c, i, size, &p));
            assert_true(merkle_verify_inclusion(sm3, &leaves[i], i, size, p.path, p.n, &root));
            refuse_changed(&p, i, size, &root);
        }
        assert_int_equal(chain_prove_inclusion(c, size, size, &p), YH_E_INVALID);
    }
    chain_close(c);
    test_dir_remove(&d);
}

static void consistency_of_all(void **state)
{
    (void)state;
    struct test_dir d = test_dir_make();
    struct chain *c = log_of(&d, SMALL);
    struct chain_proof p;
    read_leaves(c, SMALL);
    for (uint64_t new_size = 1; new_size <= SMALL; new_size++) {
        yh_sm3_hash new_root = plain_root(leaves, new_size);
        for (uint64_t old_size = 1; old_size <= new_size; old_size++) {
            yh_sm3_hash old_root = plain_root(leaves, old_size), wrong = old_root;
            wrong.b[old_size % 32] ^= 0x10;
            must_ok(chain_prove_consistency(c, old_size, new_size, &p));
            assert_true(merkle_verify_consistency(sm3, old_size, &old_root, new_size, &new_root, p.path, p.n));
            assert_false(merkle_verify_consistency(sm3, old_size, &wrong, new_size, &new_root, p.path, p.n));
            assert_false(merkle_verify_consistency(sm3, old_size, &old_root, new_size, &wrong, p.path, p.n));
            if (p.n) {
                p.path[old_size % p.n].b[0] ^= 1;
                assert_false(merkle_verify_consistency(sm3, old_size, &old_root, new_size, &new_root, p.path, p.n));
                assert_false(merkle_verify_consistency(sm3, old_size, &old_root, new_size, &new_root, p.path, p.n - 1));
            }
        }
    }
    assert_int_equal(chain_prove_consistency(c, 3, 2, &p), YH_E_INVALID);
    chain_close(c);
    test_dir_remove(&d);
}

static void random_in_a_larger_log(void **state)
{
    (void)state;
    enum { COUNT = 30000 };
    struct test_dir d = test_dir_make();
    struct chain_config config = {.segment_bytes = 1u << 20};
    struct chain *c = test_open(&d, &config);
    test_append(c, 0, COUNT);
    uint64_t seed = 0x9E3779B97F4A7C15;
    for (int i = 0; i < 500; i++) {
        seed = seed * 6364136223846793005 + 1442695040888963407;
        uint64_t size = 1 + (seed >> 33) % COUNT, old_size = 1 + (seed >> 13) % size, index = (seed >> 23) % size;
        yh_buf_auto bytes = yh_buf_make(4096);
        struct chain_record r;
        struct chain_proof p;
        yh_sm3_hash leaf, root, old_root;
        must_ok(chain_get(c, index, &bytes, &r, &leaf));
        must_ok(chain_root(c, size, &root));
        must_ok(chain_root(c, old_size, &old_root));
        must_ok(chain_prove_inclusion(c, index, size, &p));
        assert_true(merkle_verify_inclusion(sm3, &leaf, index, size, p.path, p.n, &root));
        must_ok(chain_prove_consistency(c, old_size, size, &p));
        assert_true(merkle_verify_consistency(sm3, old_size, &old_root, size, &root, p.path, p.n));
    }
    chain_close(c);
    test_dir_remove(&d);
}

int main(void)
{
    must_ok(yh_sm3_new(&sm3));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),      cmocka_unit_test(roots_of_all_sizes),
        cmocka_unit_test(inclusion_of_all),   cmocka_unit_test(consistency_of_all),
        cmocka_unit_test(random_in_a_larger_log), cmocka_unit_test(many_leaves_at_once),
    };
    int failed = cmocka_run_group_tests_name("chain-merkle", tests, NULL, NULL);
    yh_sm3_free(sm3);
    return failed;
}
