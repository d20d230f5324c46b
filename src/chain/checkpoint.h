/*
 * Checkpoints: signed tree heads, as text a witness can keep.
 *
 *   yuheng evidence log <key id>
 *   <records>
 *   <root, base64>
 *   time <RFC 3339>
 *   number <N>
 *   <empty line>
 *   — sm2 <signature over the lines above the empty one, DER, base64>
 *
 * The file `checkpoints` holds a header and then one slot of CHAIN_SLOT bytes per checkpoint (filled up with line ends),
 * number N in slot N + 1, so that one is found by number or by a binary search over sizes. Sizes grow strictly.
 */
#ifndef YH_CHAIN_CHECKPOINT_H
#define YH_CHAIN_CHECKPOINT_H

#include "chain/chain.h"
#include "chain/keys.h"

#define CHAIN_SLOT 320u

/* The whole text of a checkpoint: signs. */
yh_must yh_err chain_checkpoint_write(const struct chain_keys *k, const struct chain_head *head, uint64_t number,
                                      yh_buf *out);

/* Parses a checkpoint text, with or without slot filling; views point into `text`. INVALID when it is none. */
yh_must yh_err chain_checkpoint_parse(yh_str text, struct chain_checkpoint *ret, yh_str *ret_key_id);

/* Checks key id and signature: CORRUPT when wrong. */
yh_must yh_err chain_checkpoint_check(const struct chain_keys *k, yh_str text, struct chain_checkpoint *ret);

struct chain_checkpoints {
    int fd;
    bool writable;
};

yh_must yh_err chain_checkpoints_open(const char *dir, bool writable, struct chain_checkpoints *ret);
yh_must yh_err chain_checkpoints_create(const char *dir, struct chain_checkpoints *ret);
void chain_checkpoints_close(struct chain_checkpoints *s);

/* Complete slots now. A slot that was cut short by a crash at the very end does not count. */
yh_must yh_err chain_checkpoints_count(const struct chain_checkpoints *s, uint64_t *ret);

/* Slot by number: appended to `text`, parsed, signature not checked. */
yh_must yh_err chain_checkpoints_get(const struct chain_checkpoints *s, uint64_t number, yh_buf *text,
                                     struct chain_checkpoint *ret);

/* First of `count` checkpoints whose size is above seq; YH_E_NOT_FOUND when none. */
yh_must yh_err chain_checkpoints_find(const struct chain_checkpoints *s, uint64_t count, uint64_t seq, yh_buf *text,
                                      struct chain_checkpoint *ret);

/* Puts the text into slot `number` and syncs; what stands behind is cut. */
yh_must yh_err chain_checkpoints_put(struct chain_checkpoints *s, uint64_t number, yh_str text);

/* Cuts everything behind the first `count` slots. */
yh_must yh_err chain_checkpoints_cut(struct chain_checkpoints *s, uint64_t count);

#endif
