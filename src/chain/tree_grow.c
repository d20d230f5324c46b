/* Many leaves at once: level by level, so that the hashes of a level are made side by side. */
#include <assert.h>

#include "chain/tree.h"

#define LEVELS 64u

/* The nodes of one level that these leaves complete: numbers first .. first+n-1 at `node`. The place in front of the
 * first is kept for its left neighbour, so that the two children of a parent always lie side by side. */
struct level {
    uint64_t first;
    size_t n;
    yh_sm3_hash *node;
};

struct growth {
    yh_sm3_hash nodes[2 * CHAIN_TREE_MANY + 2 * LEVELS];
    struct level level[LEVELS];
    unsigned levels; /* with nodes */
};

static void hash_parents(const struct level *children, struct level *parents)
{
    struct yh_sm3_text texts[CHAIN_TREE_MANY / 2 + 1];
    const yh_sm3_hash *child = children->node - (children->first & 1);
    for (size_t i = 0; i < parents->n; i++)
        texts[i] = merkle_node_text(&child[2 * i]);
    yh_sm3_many(texts, parents->n, parents->node);
}

static void grow(struct growth *g, const struct merkle_edge *e, const yh_sm3_hash *leaves, size_t n)
{
    yh_sm3_hash *room = g->nodes;
    for (g->levels = 0; g->levels < LEVELS; g->levels++) {
        unsigned k = g->levels;
        struct level *l = &g->level[k];
        *l = (struct level){.first = e->size >> k, .node = room + 1};
        l->n = (size_t)(((e->size + n) >> k) - l->first);
        if (l->n == 0)
            return;
        if (l->first & 1)
            room[0] = e->peak[k];
        room += l->n + 1;
        if (k == 0)
            memcpy(l->node, leaves, n * sizeof *leaves);
        else
            hash_parents(l - 1, l);
    }
}

/* In the order of the file: each leaf, then every parent it completes. */
static void put_nodes(const struct growth *g, uint64_t size, size_t n, yh_buf *out)
{
    for (uint64_t seq = size; seq < size + n; seq++) {
        for (unsigned k = 0; k < g->levels && ((seq + 1) & (((uint64_t)1 << k) - 1)) == 0; k++)
            yh_buf_add(out, g->level[k].node[(seq >> k) - g->level[k].first].b, YH_SM3_LEN);
    }
}

yh_err chain_tree_add_many(struct chain_tree *t, const yh_sm3_hash *leaves, size_t n)
{
    struct growth g;
    struct merkle_edge *e = &t->edge;
    assert(n <= CHAIN_TREE_MANY);
    grow(&g, e, leaves, n);
    put_nodes(&g, e->size, n, &t->pending);
    e->size += n;
    for (unsigned k = 0; k < g.levels; k++)
        if (e->size >> k & 1)
            e->peak[k] = g.level[k].node[g.level[k].n - 1];
    return yh_buf_check(&t->pending);
}
