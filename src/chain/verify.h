/*
 * The auditor of the evidence log: reads every byte again (guards, leaves, tree nodes, segment headers and footers,
 * every checkpoint's root and signature) and names the first record that does not hold. Needs the public key only and
 * may run beside a writer; then it answers for what was durable when it started.
 */
#ifndef YH_CHAIN_VERIFY_H
#define YH_CHAIN_VERIFY_H

#include "chain/chain.h"

struct chain_damage {
    bool found;
    uint64_t seq; /* first record that does not verify, or that the damaged part speaks of */
    bool has_record;
    yh_time received;                   /* as stored, when has_record */
    char origin[CHAIN_ORIGIN_MAX + 1];  /* as stored, unprintable bytes as '?' */
    char file[48];
    uint64_t offset; /* in the file; of a packed segment, in its plain bytes */
    char cause[400];
};

struct chain_verdict {
    uint64_t first;   /* 0; of a part, its first record */
    uint64_t records; /* up to this one */
    yh_sm3_hash root;
    uint64_t checkpoints;
    uint64_t signatures; /* that were checked and hold */
    uint64_t segments;
    uint64_t packed;     /* of them */
    uint64_t torn_bytes; /* at the end, never acknowledged: a crash; cut at the next start */
    bool live;           /* a writer was at work */
    struct chain_damage damage;
};

/*
 * `against`: text of a checkpoint kept elsewhere, or empty; a log that was cut or rolled back does not contain it.
 * YH_E_CORRUPT: something does not hold, see ret->damage, which is filled then too. YH_E_INVALID: `against` is no
 * checkpoint. Others: the log cannot be read.
 */
yh_must yh_err chain_verify(const char *dir, yh_str against, struct chain_verdict *ret);

/* The same for a part of a log (part.h); YH_E_NOT_FOUND: the folder holds none. */
yh_must yh_err chain_verify_part(const char *dir, yh_str against, struct chain_verdict *ret);

#endif
