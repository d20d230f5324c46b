#include "chain/leaves.h"

#include <assert.h>

#include "chain/record.h"

struct chain_leaves chain_leaves_make(void)
{
    return (struct chain_leaves){.bodies = yh_buf_make(CHAIN_LEAVES_BYTES + CHAIN_BODY_MAX)};
}

void chain_leaves_done(struct chain_leaves *l)
{
    yh_buf_done(&l->bodies);
}

bool chain_leaves_full(const struct chain_leaves *l)
{
    return l->n == CHAIN_TREE_MANY || l->bodies.n >= CHAIN_LEAVES_BYTES;
}

yh_err chain_leaves_add(struct chain_leaves *l, const struct chain_found *f)
{
    assert(!chain_leaves_full(l));
    size_t at = l->bodies.n;
    yh_buf_str(&l->bodies, f->body);
    YH_TRY(yh_buf_check(&l->bodies));
    l->of[l->n].offset = f->offset;
    l->of[l->n].size = f->size;
    l->of[l->n].received = f->record.received;
    l->of[l->n].at = at;
    l->of[l->n].body_n = f->body.n;
    l->n++;
    return YH_OK;
}

void chain_leaves_hash(struct chain_leaves *l)
{
    struct yh_sm3_text texts[CHAIN_TREE_MANY];
    for (size_t i = 0; i < l->n; i++)
        texts[i] = merkle_leaf_text((yh_str){l->bodies.p + l->of[i].at, l->of[i].body_n});
    yh_sm3_many(texts, l->n, l->leaf);
}

void chain_leaves_clear(struct chain_leaves *l)
{
    l->n = 0;
    yh_buf_clear(&l->bodies);
}
