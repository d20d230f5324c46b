/*
 * Records that were read one by one, gathered so that their leaves are hashed side by side. Their bytes are copied: what a
 * scan shows lives only until its next step. One thread; memory is kept from one gathering to the next.
 */
#ifndef YH_CHAIN_LEAVES_H
#define YH_CHAIN_LEAVES_H

#include "chain/log_file.h"
#include "chain/tree.h"

#define CHAIN_LEAVES_BYTES (256u << 10) /* enough for full lanes; the last record may go beyond it */

struct chain_leaves {
    size_t n;
    struct {
        uint64_t offset; /* of the record in its segment */
        size_t size;
        yh_time received;
        size_t at, body_n;
    } of[CHAIN_TREE_MANY];
    yh_sm3_hash leaf[CHAIN_TREE_MANY]; /* after chain_leaves_hash */
    yh_buf bodies;
};

struct chain_leaves chain_leaves_make(void);
void chain_leaves_done(struct chain_leaves *l);

bool chain_leaves_full(const struct chain_leaves *l); /* it must be emptied before more are added */
yh_must yh_err chain_leaves_add(struct chain_leaves *l, const struct chain_found *f);
void chain_leaves_hash(struct chain_leaves *l);
void chain_leaves_clear(struct chain_leaves *l);

#endif
