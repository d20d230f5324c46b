/*
 * A part of a log, copied away: sealed segments, the public key, the checkpoints up to the first one that covers them,
 * and the file `part`, which ties them together without the rest of the log:
 *
 *   yuheng part of an evidence log
 *   first <record>                     where the first segment begins
 *   end <record>                       behind the last segment
 *   checkpoint <number>                the one that covers the end
 *   peak <level> <hash, hex>           complete subtrees over everything before `first`, lowest level first
 *   path <hash, hex>                   consistency proof from `end` to what the checkpoint signed
 *
 * The peaks need no trust: with the records they have to give the root that was signed.
 */
#ifndef YH_CHAIN_PART_H
#define YH_CHAIN_PART_H

#include "chain/chain.h"
#include "chain/merkle.h"

struct chain_part {
    uint64_t first, end, checkpoint;
    struct merkle_edge before;
    struct chain_proof path;
};

yh_must yh_err chain_part_write(const struct chain_part *part, yh_buf *out);
yh_must yh_err chain_part_parse(yh_str text, struct chain_part *ret); /* CORRUPT unless written exactly so */

/* Of the folder `dir`; YH_E_NOT_FOUND when it holds no part. */
yh_must yh_err chain_part_read(const char *dir, struct chain_part *ret);

struct chain_copied {
    uint64_t first, end;          /* records of the part as it is now */
    uint64_t segments, bytes;     /* copied by this call */
    uint64_t next_segment;        /* number of the first segment that was not ready */
};

/*
 * Copies the sealed segments of log `from` that a checkpoint covers, from segment number `number` on, into the folder
 * `to`, or goes on where an earlier copy ended (then `number` is 0 or that copy's first). Every file is read back. May
 * run beside a writer. YH_E_NOT_FOUND: nothing is ready; YH_E_CONFLICT: `to` holds something else.
 */
yh_must yh_err chain_copy(const char *from, const char *to, uint64_t number, struct chain_copied *ret);

#endif
