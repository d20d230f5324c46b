/*
 * The Merkle tree's nodes on disk: one file `tree`, header of 32 bytes, then all nodes in the order in which a growing
 * tree completes them (leaf, then every parent that this leaf completes). Where a node stands follows from its level
 * and number alone, a node is written once and never changes, and n leaves take 2n - popcount(n) nodes of 32 bytes.
 *
 * Derived data: it is written after the records are durable, so a leaf in it proves that its record was; it is synced
 * before every checkpoint; what is behind the newest checkpoint is built again from the segments on open.
 *
 * Threads: add, flush and rollback belong to the writer; reading nodes below a published size is safe on any thread.
 */
#ifndef YH_CHAIN_TREE_H
#define YH_CHAIN_TREE_H

#include "chain/chain.h"
#include "chain/merkle.h"

struct chain_tree {
    int fd;
    struct merkle_edge edge; /* with what is pending */
    uint64_t flushed;        /* leaves in the file */
    yh_buf pending;          /* nodes of the leaves flushed .. edge.size-1 */
    bool distrusted;         /* a sync failed: what was written since the last good one may be gone */
    bool in_memory;          /* read only: the tail stays in pending */
};

/* YH_E_NOT_FOUND when there is no file; the edge is empty until chain_tree_resume. */
yh_must yh_err chain_tree_open(const char *dir, bool writable, struct chain_tree *ret);
yh_must yh_err chain_tree_create(const char *dir, struct chain_tree *ret);
void chain_tree_close(struct chain_tree *t);

uint64_t chain_tree_nodes(uint64_t leaves); /* nodes of a tree of that many leaves */

/* Complete leaves in the file as it is now. */
yh_must yh_err chain_tree_leaves(const struct chain_tree *t, uint64_t *ret);

/* Continues after `size` leaves of the file: loads the edge. */
yh_must yh_err chain_tree_resume(struct chain_tree *t, uint64_t size);

yh_must yh_err chain_tree_add(struct chain_tree *t, struct yh_sm3 *sm3, const yh_sm3_hash *leaf);

/* The same for many leaves, several times as fast. */
#define CHAIN_TREE_MANY 128u
yh_must yh_err chain_tree_add_many(struct chain_tree *t, const yh_sm3_hash *leaves, size_t n /* at most that */);

yh_must yh_err chain_tree_flush(struct chain_tree *t); /* writes, does not sync */
yh_must yh_err chain_tree_sync(struct chain_tree *t);

/* Cuts and syncs away what is in the file behind the flushed leaves. */
yh_must yh_err chain_tree_cut(struct chain_tree *t);

/* Back to `edge`, the state at the last flush. */
void chain_tree_rollback(struct chain_tree *t, const struct merkle_edge *edge);

/* Root of the complete subtree of 2^level leaves that starts at leaf number << level. */
yh_must yh_err chain_tree_node(const struct chain_tree *t, unsigned level, uint64_t number, yh_sm3_hash *ret);

yh_must yh_err chain_tree_root(const struct chain_tree *t, struct yh_sm3 *sm3, uint64_t size, yh_sm3_hash *ret);
yh_must yh_err chain_tree_inclusion(const struct chain_tree *t, struct yh_sm3 *sm3, uint64_t index, uint64_t size,
                                    struct chain_proof *ret);
yh_must yh_err chain_tree_consistency(const struct chain_tree *t, struct yh_sm3 *sm3, uint64_t old_size,
                                      uint64_t new_size, struct chain_proof *ret);

#define CHAIN_TREE_HEADER 32u
extern const char chain_tree_header[CHAIN_TREE_HEADER];

#endif
