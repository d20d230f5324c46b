/*
 * Merkle tree of the evidence log: pure arithmetic on SM3 hashes, shape and proofs as RFC 6962 section 2.1
 * (leaf = SM3(0x00 || bytes), node = SM3(0x01 || left || right)). A verifier needs this file alone.
 */
#ifndef YH_CHAIN_MERKLE_H
#define YH_CHAIN_MERKLE_H

#include "base/sm3.h"

#define MERKLE_PROOF_MAX 64

/* The right edge of a growing tree: one hash per complete subtree; append is amortised O(1). */
struct merkle_edge {
    uint64_t size;
    yh_sm3_hash peak[64]; /* peak[k]: root of the complete subtree of 2^k leaves, valid when bit k of size is set */
};

yh_sm3_hash merkle_leaf(struct yh_sm3 *sm3, yh_str bytes);
/* Of many: what yh_sm3_many makes the leaf and the node of. `children` are two hashes side by side. */
static inline struct yh_sm3_text merkle_leaf_text(yh_str bytes)
{
    return (struct yh_sm3_text){0x00, bytes};
}
static inline struct yh_sm3_text merkle_node_text(const yh_sm3_hash *children)
{
    return (struct yh_sm3_text){0x01, {(const char *)children->b, 2 * sizeof *children}};
}
yh_sm3_hash merkle_node(struct yh_sm3 *sm3, const yh_sm3_hash *left, const yh_sm3_hash *right);
void merkle_edge_add(struct yh_sm3 *sm3, struct merkle_edge *e, const yh_sm3_hash *leaf);
yh_sm3_hash merkle_edge_root(struct yh_sm3 *sm3, const struct merkle_edge *e); /* empty tree: SM3 of nothing */

bool merkle_verify_inclusion(struct yh_sm3 *sm3, const yh_sm3_hash *leaf, uint64_t index, uint64_t size,
                             const yh_sm3_hash *path, unsigned n, const yh_sm3_hash *root);
bool merkle_verify_consistency(struct yh_sm3 *sm3, uint64_t old_size, const yh_sm3_hash *old_root, uint64_t new_size,
                               const yh_sm3_hash *new_root, const yh_sm3_hash *path, unsigned n);

#endif
