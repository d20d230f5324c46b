/* Tree heads: proofs about what is durable, and the signed checkpoints. */
#include <inttypes.h>

#include "base/clock.h"
#include "chain/log.h"

static yh_err check_size(struct chain *c, uint64_t size)
{
    if (size > atomic_load(&c->durable))
        YH_TRY(chain_refresh(c));
    if (size > atomic_load(&c->durable))
        return yh_fail(YH_E_INVALID, "the log has no %" PRIu64 " durable records", size);
    return YH_OK;
}

yh_err chain_root(struct chain *c, uint64_t size, yh_sm3_hash *ret)
{
    yh_cleanup(yh_sm3_freep) struct yh_sm3 *sm3 = NULL;
    YH_TRY(check_size(c, size));
    YH_TRY(yh_sm3_new(&sm3));
    return chain_tree_root(&c->tree, sm3, size, ret);
}

yh_err chain_prove_inclusion(struct chain *c, uint64_t seq, uint64_t size, struct chain_proof *ret)
{
    yh_cleanup(yh_sm3_freep) struct yh_sm3 *sm3 = NULL;
    YH_TRY(check_size(c, size));
    if (seq >= size)
        return yh_fail(YH_E_INVALID, "record %" PRIu64 " is not among the first %" PRIu64, seq, size);
    YH_TRY(yh_sm3_new(&sm3));
    return chain_tree_inclusion(&c->tree, sm3, seq, size, ret);
}

yh_err chain_prove_consistency(struct chain *c, uint64_t old_size, uint64_t new_size, struct chain_proof *ret)
{
    yh_cleanup(yh_sm3_freep) struct yh_sm3 *sm3 = NULL;
    YH_TRY(check_size(c, new_size));
    if (old_size > new_size)
        return yh_fail(YH_E_INVALID, "%" PRIu64 " records cannot grow to %" PRIu64, old_size, new_size);
    YH_TRY(yh_sm3_new(&sm3));
    return chain_tree_consistency(&c->tree, sm3, old_size, new_size, ret);
}

uint64_t chain_checkpoint_count(const struct chain *c)
{
    return atomic_load(&c->checkpoints);
}

yh_err chain_checkpoint_latest(struct chain *c, yh_buf *text, struct chain_checkpoint *ret)
{
    YH_TRY(chain_refresh(c));
    uint64_t count = chain_checkpoint_count(c);
    if (count == 0)
        return yh_fail(YH_E_NOT_FOUND, "the log has no checkpoint yet");
    return chain_checkpoints_get(&c->heads, count - 1, text, ret);
}

yh_err chain_checkpoint_covering(struct chain *c, uint64_t seq, yh_buf *text, struct chain_checkpoint *ret)
{
    YH_TRY(chain_refresh(c));
    return chain_checkpoints_find(&c->heads, chain_checkpoint_count(c), seq, text, ret);
}

yh_err chain_checkpoint_get(struct chain *c, uint64_t number, yh_buf *text, struct chain_checkpoint *ret)
{
    YH_TRY(chain_refresh(c));
    if (number >= chain_checkpoint_count(c))
        return yh_fail(YH_E_NOT_FOUND, "the log has no checkpoint %" PRIu64, number);
    return chain_checkpoints_get(&c->heads, number, text, ret);
}

yh_err chain_checkpoint_verify(struct chain *c, uint64_t number)
{
    struct chain_checkpoint checkpoint;
    yh_buf_auto text = yh_buf_make(CHAIN_SLOT);
    YH_TRY(chain_checkpoint_get(c, number, &text, &checkpoint));
    return chain_checkpoint_check(c->keys, yh_buf_view(&text), &checkpoint);
}

yh_err chain_public_key(struct chain *c, yh_buf *out)
{
    return chain_keys_public_pem(c->keys, out);
}

yh_err chain_head_sign(struct chain *c)
{
    struct chain_head head = {
        .size = c->tree.edge.size,
        .root = merkle_edge_root(c->sm3, &c->tree.edge),
        .at = yh_clock_now(),
    };
    uint64_t number = atomic_load(&c->checkpoints);
    yh_buf_auto text = yh_buf_make(CHAIN_SLOT);
    YH_TRY(chain_tree_sync(&c->tree));
    YH_TRY(chain_checkpoint_write(c->keys, &head, number, &text));
    YH_TRY(chain_checkpoints_put(&c->heads, number, yh_buf_view(&text)));
    c->head_size = head.size;
    c->head_since = yh_clock_mono_us();
    atomic_store(&c->checkpoints, number + 1);
    return YH_OK;
}
