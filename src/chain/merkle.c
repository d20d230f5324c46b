#include "chain/merkle.h"

yh_sm3_hash merkle_leaf(struct yh_sm3 *sm3, yh_str bytes)
{
    static const uint8_t mark = 0x00;
    yh_sm3_begin(sm3);
    yh_sm3_add(sm3, &mark, 1);
    yh_sm3_add(sm3, bytes.p, bytes.n);
    return yh_sm3_end(sm3);
}

yh_sm3_hash merkle_node(struct yh_sm3 *sm3, const yh_sm3_hash *left, const yh_sm3_hash *right)
{
    uint8_t bytes[1 + 2 * YH_SM3_LEN];
    bytes[0] = 0x01;
    memcpy(bytes + 1, left->b, YH_SM3_LEN);
    memcpy(bytes + 1 + YH_SM3_LEN, right->b, YH_SM3_LEN);
    yh_sm3_begin(sm3);
    yh_sm3_add(sm3, bytes, sizeof bytes);
    return yh_sm3_end(sm3);
}

void merkle_edge_add(struct yh_sm3 *sm3, struct merkle_edge *e, const yh_sm3_hash *leaf)
{
    yh_sm3_hash node = *leaf;
    unsigned level = 0;
    for (; e->size >> level & 1; level++)
        node = merkle_node(sm3, &e->peak[level], &node);
    e->peak[level] = node;
    e->size++;
}

yh_sm3_hash merkle_edge_root(struct yh_sm3 *sm3, const struct merkle_edge *e)
{
    yh_sm3_hash root;
    bool any = false;
    for (unsigned level = 0; level < 64; level++) {
        if (!(e->size >> level & 1))
            continue;
        root = any ? merkle_node(sm3, &e->peak[level], &root) : e->peak[level];
        any = true;
    }
    if (!any) {
        yh_sm3_begin(sm3);
        root = yh_sm3_end(sm3);
    }
    return root;
}

static void up(uint64_t *at, uint64_t *last)
{
    *at >>= 1;
    *last >>= 1;
}

/* A node without a right neighbour climbs to the level where it is a right child. */
static void up_to_right_child(uint64_t *at, uint64_t *last)
{
    while (!(*at & 1) && *at != 0)
        up(at, last);
}

bool merkle_verify_inclusion(struct yh_sm3 *sm3, const yh_sm3_hash *leaf, uint64_t index, uint64_t size,
                             const yh_sm3_hash *path, unsigned n, const yh_sm3_hash *root)
{
    if (index >= size || n > MERKLE_PROOF_MAX)
        return false;
    uint64_t at = index, last = size - 1;
    yh_sm3_hash node = *leaf;
    for (unsigned i = 0; i < n; i++) {
        if (last == 0)
            return false;
        if ((at & 1) || at == last) {
            node = merkle_node(sm3, &path[i], &node);
            up_to_right_child(&at, &last);
        } else {
            node = merkle_node(sm3, &node, &path[i]);
        }
        up(&at, &last);
    }
    return last == 0 && yh_sm3_eq(&node, root);
}

/* Folds path[0..n-1] into both roots at once, starting from `node`, the common subtree at position `at`. */
static bool fold_both(struct yh_sm3 *sm3, uint64_t at, uint64_t last, const yh_sm3_hash *path, unsigned n,
                      yh_sm3_hash *old_root, yh_sm3_hash *new_root)
{
    for (unsigned i = 0; i < n; i++) {
        if (last == 0)
            return false;
        if ((at & 1) || at == last) {
            *old_root = merkle_node(sm3, &path[i], old_root);
            *new_root = merkle_node(sm3, &path[i], new_root);
            up_to_right_child(&at, &last);
        } else {
            *new_root = merkle_node(sm3, new_root, &path[i]);
        }
        up(&at, &last);
    }
    return last == 0;
}

bool merkle_verify_consistency(struct yh_sm3 *sm3, uint64_t old_size, const yh_sm3_hash *old_root, uint64_t new_size,
                               const yh_sm3_hash *new_root, const yh_sm3_hash *path, unsigned n)
{
    if (old_size > new_size || n > MERKLE_PROOF_MAX)
        return false;
    if (old_size == new_size)
        return n == 0 && yh_sm3_eq(old_root, new_root);
    if (old_size == 0) {
        yh_sm3_begin(sm3);
        yh_sm3_hash nothing = yh_sm3_end(sm3);
        return n == 0 && yh_sm3_eq(old_root, &nothing);
    }
    bool complete = (old_size & (old_size - 1)) == 0; /* the old tree is itself the common subtree */
    if (!complete && n == 0)
        return false;
    yh_sm3_hash from_old = complete ? *old_root : path[0], from_new = from_old;
    unsigned skip = complete ? 0 : 1;
    uint64_t at = old_size - 1, last = new_size - 1;
    while (at & 1)
        up(&at, &last);
    return fold_both(sm3, at, last, path + skip, n - skip, &from_old, &from_new) && yh_sm3_eq(&from_old, old_root) &&
           yh_sm3_eq(&from_new, new_root);
}
