/*
 * The evidence log: every frame, upload, signature and decision is appended once, and the log is both the write-ahead
 * log of the program and the proof in court.
 *
 * A record is {seq, received, kind, origin, payload}; seq counts from 0 without gaps. Its leaf is
 * SM3(0x00 || record bytes as stored); the leaves form a Merkle tree (shape and proofs as RFC 6962, hash SM3).
 * Every `checkpoint_records` records or `checkpoint_ms` the tree head is signed with SM2 and stored as checkpoint text.
 *
 * Threads: chain_append may be called by any thread and only copies into the open batch; one writer thread writes and
 * fdatasyncs a batch (group commit), then advances the durable mark, wakes chain_wait_durable and calls on_durable.
 * Readers (cursor, get, proofs) may run on any thread beside it and see durable records only.
 *
 * Errors: after a failed write or sync the log stops taking records (YH_E_NO_SPACE or YH_E_IO) and the durable mark
 * stands still; nothing is acknowledged any more. What was appended keeps its seq and is tried again after `retry_ms`; once
 * that succeeds the log is healthy again. chain_open cuts a torn tail (bytes that were never acknowledged) and
 * reports it in struct chain_recovery; anything else that does not verify is YH_E_CORRUPT.
 */
#ifndef YH_CHAIN_CHAIN_H
#define YH_CHAIN_CHAIN_H

#include "base/buf.h"
#include "base/sm3.h"
#include "base/timestamp.h"

typedef enum chain_kind {
    CHAIN_FRAME = 1,  /* HJ 212 frame with a good CRC, raw bytes */
    CHAIN_BAD = 2,    /* framed, CRC wrong; raw bytes */
    CHAIN_JUNK = 3,   /* bytes between frames */
    CHAIN_NOTE = 4,   /* a decision or change of the platform, JSON (sign-in, admission, profile change, ...) */
    CHAIN_SENT = 5,   /* a frame the platform sent that a station must have understood (commands) */
} chain_kind;

#define CHAIN_ORIGIN_MAX 64          /* MN, user name, file name */
#define CHAIN_PAYLOAD_MAX (1u << 20) /* larger things enter by their hash */

struct chain_record {
    uint64_t seq;       /* filled by the log */
    yh_time received;   /* wall clock of reception */
    chain_kind kind;
    yh_str origin;      /* "MN" for frames; views are valid only where the function says so */
    yh_str peer;        /* "192.0.2.7:40123", may be empty; at most 64 bytes */
    yh_str payload;
};

struct chain_config {
    unsigned commit_ms;          /* group commit: longest wait for company, default 5; 0 = commit at once */
    uint64_t checkpoint_records; /* default 10000 */
    unsigned checkpoint_ms;      /* default 60000 */
    uint64_t segment_bytes;      /* default 64 MiB; a full segment is sealed */
    uint64_t pending_max;        /* bytes of records not yet durable; chain_append is YH_E_BUSY beyond; default 64 MiB */
    unsigned retry_ms;           /* pause before a failed commit is tried again; default 1000 */
    bool pack;                   /* sealed segments are compressed in the background */
    bool read_only;              /* for verify/export/series while a server may be writing: no lock, no writer, no cut */
    void (*on_durable)(void *user, uint64_t durable); /* on the writer thread; must not block */
    void *user;
};

struct chain_recovery {
    uint64_t cut_bytes;     /* bytes of the torn tail that was cut (0 = clean) */
    uint64_t records;       /* records found */
};

struct chain_head { /* a tree head and its signature */
    uint64_t size;
    yh_sm3_hash root;
    yh_time at;
};

struct chain;

yh_must yh_err chain_open(const char *dir, const struct chain_config *config, struct chain_recovery *ret_recovery,
                          struct chain **ret);
void chain_close(struct chain *c); /* commits what is pending, writes a checkpoint, releases */

/* Copies r into the open batch and assigns its seq (r->seq is ignored). */
yh_must yh_err chain_append(struct chain *c, const struct chain_record *r, uint64_t *ret_seq);

uint64_t chain_durable(const struct chain *c); /* records 0 .. durable-1 are on disk */

uint64_t chain_size(struct chain *c);          /* records appended, durable or not */

/* Waits until chain_durable() > seq; YH_E_TIMEOUT, or the error that stopped the writer. */
yh_must yh_err chain_wait_durable(struct chain *c, uint64_t seq, unsigned timeout_ms);

/* YH_OK while the writer works, otherwise why it stopped. */
yh_must yh_err chain_health(const struct chain *c);

/* YH_OK while sealed segments can be packed, otherwise why one could not (it stays as it is, and is tried again). */
yh_must yh_err chain_pack_health(const struct chain *c);

/* What the segments take on disk. */
struct chain_space {
    uint64_t segments, sealed, packed;
    uint64_t plain_bytes;  /* before packing */
    uint64_t stored_bytes; /* as they are now */
};
yh_must yh_err chain_space_get(struct chain *c, struct chain_space *ret);

/* The segments, oldest first; the caller frees the array. */
struct chain_segment_info {
    char file[40]; /* in the log's folder */
    uint64_t first, count;
    yh_time from, to; /* received; YH_TIME_NONE when empty, or not known while another process writes */
    uint64_t plain_bytes, stored_bytes;
    bool sealed, packed;
};
yh_must yh_err chain_segments_get(struct chain *c, struct chain_segment_info **ret, size_t *ret_n);

/* One stored record by number; bytes are copied into `arena_buf` and the views point there. */
yh_must yh_err chain_get(struct chain *c, uint64_t seq, yh_buf *arena_buf, struct chain_record *ret, yh_sm3_hash *ret_leaf);

/* Sequential reading. Views of the record stay valid until the next call on the cursor. YH_E_NOT_FOUND = at the durable
 * end for now (call again later). */
struct chain_cursor;
yh_must yh_err chain_cursor_open(struct chain *c, uint64_t from_seq, struct chain_cursor **ret);
yh_must yh_err chain_cursor_next(struct chain_cursor *cur, struct chain_record *ret, yh_sm3_hash *ret_leaf /* or NULL */);
void chain_cursor_close(struct chain_cursor *cur);

/* First seq received at or after t (by segment index, then scan). */
yh_must yh_err chain_seek_time(struct chain *c, yh_time t, uint64_t *ret_seq);

/* Proofs against the tree of `size` leaves (size <= durable). At most 64 hashes. */
struct chain_proof {
    unsigned n;
    yh_sm3_hash path[64];
};
yh_must yh_err chain_prove_inclusion(struct chain *c, uint64_t seq, uint64_t size, struct chain_proof *ret);
yh_must yh_err chain_prove_consistency(struct chain *c, uint64_t old_size, uint64_t new_size, struct chain_proof *ret);
yh_must yh_err chain_root(struct chain *c, uint64_t size, yh_sm3_hash *ret);

/* The newest signed checkpoint (YH_E_NOT_FOUND when none yet), and the smallest one that covers seq. */
struct chain_checkpoint {
    struct chain_head head;
    uint64_t number;   /* counts from 0 */
    yh_str text;       /* the signed text, points into the buffer given */
    yh_str signature;  /* base64 of the DER signature */
};
yh_must yh_err chain_checkpoint_latest(struct chain *c, yh_buf *text, struct chain_checkpoint *ret);
yh_must yh_err chain_checkpoint_covering(struct chain *c, uint64_t seq, yh_buf *text, struct chain_checkpoint *ret);
uint64_t chain_checkpoint_count(const struct chain *c);
yh_must yh_err chain_checkpoint_get(struct chain *c, uint64_t number, yh_buf *text, struct chain_checkpoint *ret);
yh_must yh_err chain_checkpoint_verify(struct chain *c, uint64_t number); /* CORRUPT: key or signature is wrong */

/* The log's public key, PEM, appended to out. */
yh_must yh_err chain_public_key(struct chain *c, yh_buf *out);

#endif
