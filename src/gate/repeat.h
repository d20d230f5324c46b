/*
 * Memory of recent frames by content: keyed 128-bit hash of the raw bytes -> log record. Fixed size, set-associative,
 * the oldest entry of a set gives way. A frame is a repeat only when its bytes are the same.
 */
#ifndef YH_GATE_REPEAT_H
#define YH_GATE_REPEAT_H

#include "base/err.h"
#include "base/str.h"

struct repeat;

yh_must yh_err repeat_new(struct repeat **ret); /* about 260,000 frames in 8 MiB */
void repeat_free(struct repeat *r);

/* The hash, made once for both calls. */
struct repeat_print {
    uint64_t a, b;
};
struct repeat_print repeat_print(const struct repeat *r, yh_str bytes);

bool repeat_find(const struct repeat *r, struct repeat_print print, uint64_t *ret_seq);
void repeat_add(struct repeat *r, struct repeat_print print, uint64_t seq);

#endif
