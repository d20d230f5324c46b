/*
 * The bytes of one record in a segment, all numbers little-endian:
 *
 *   prefix  u32 length of the body, u32 commit_at, u32 guard = CRC-32C of length, commit_at and body
 *   body    u64 seq, i64 received, u8 kind, u8 origin_n, u8 peer_n, u8 0, u32 payload_n, origin, peer, payload
 *
 * The leaf of a record is SM3(0x00 || body). commit_at counts the records before it in the same group commit: since a
 * commit is written only after the one before it is durable, a good record proves that everything in front of
 * seq - commit_at had been acknowledged. CHAIN_FOOTER_MARK in its place says that the body is a segment's footer.
 */
#ifndef YH_CHAIN_RECORD_H
#define YH_CHAIN_RECORD_H

#include "chain/chain.h"

#define CHAIN_PREFIX 12u
#define CHAIN_BODY_FIXED 24u
#define CHAIN_PEER_MAX 64u
#define CHAIN_BODY_MAX (CHAIN_BODY_FIXED + CHAIN_ORIGIN_MAX + CHAIN_PEER_MAX + CHAIN_PAYLOAD_MAX)
#define CHAIN_FOOTER_MARK UINT32_MAX
#define CHAIN_FOOTER_MAX (64u << 20)

void chain_put_u32(char *p, uint32_t v);
void chain_put_u64(char *p, uint64_t v);
uint32_t chain_take_u32(const char *p);
uint64_t chain_take_u64(const char *p);

/* YH_E_INVALID or YH_E_TOO_LARGE when a field does not fit the format. */
yh_must yh_err chain_record_check(const struct chain_record *r);

size_t chain_record_size(const struct chain_record *r); /* stored, with prefix */

/* Writes the stored bytes of a checked record; the guard stays 0 until chain_guard_set. */
void chain_record_write(char *to, const struct chain_record *r, uint64_t seq, uint32_t commit_at);
void chain_guard_set(char *stored);

/* The body's fields as views into it; false when they do not add up. */
bool chain_record_parse(yh_str body, struct chain_record *ret);

typedef enum chain_at {
    CHAIN_AT_RECORD,
    CHAIN_AT_FOOTER,
    CHAIN_AT_END,   /* no byte is left */
    CHAIN_AT_SHORT, /* starts like a record and ends too early */
    CHAIN_AT_BAD,
} chain_at;

struct chain_found {
    chain_at what;
    uint64_t offset; /* in the segment */
    size_t size;     /* stored bytes: wanted ones when SHORT, otherwise good ones */
    uint32_t commit_at;
    yh_str body;
    struct chain_record record; /* for RECORD */
};

/* Looks at the start of `bytes` and checks the guard. */
struct chain_found chain_look(yh_str bytes, uint64_t offset);

#endif
