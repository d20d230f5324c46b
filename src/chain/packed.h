/*
 * A sealed segment, packed: NNNNNNNNNNNNNNNNNNNN.seg.zst. `zstd -d` gives back the plain segment, byte for byte.
 *
 *   frames   independent zstd frames, cut between records: CHAIN_FRAME_RECORDS or CHAIN_FRAME_BYTES of them, so that one
 *            record costs one frame; header and footer of the segment have frames of their own
 *   growth   skippable frame: records and bytes per origin and day (growth.h)
 *   table    skippable frame: first seq, count, plain size, where and how large the growth is, then per frame its plain
 *            offset, stored offset, first seq and the CRC-32C of its stored bytes; then the CRC-32C of the table, its
 *            length and a mark
 *
 * Every byte of the file is under one of the guards; what the frames hold is guarded by the records' own guards and
 * leaves, which packing does not touch.
 */
#ifndef YH_CHAIN_PACKED_H
#define YH_CHAIN_PACKED_H

#include "chain/record.h"

#define CHAIN_FRAME_RECORDS 128u
#define CHAIN_FRAME_BYTES (256u << 10)
#define CHAIN_FRAME_MAX (CHAIN_FRAME_BYTES + CHAIN_PREFIX + CHAIN_BODY_MAX)

struct chain_packed_frame {
    uint64_t plain_at, stored_at;
    uint64_t seq; /* of the first record in it; behind the last one for the footer */
    uint32_t crc; /* of the stored bytes */
};

struct chain_packed { /* one reader's view; not shared between threads */
    uint64_t first, count, plain_size;
    uint64_t growth_at, growth_n;
    uint32_t growth_crc;
    struct chain_packed_frame *frames; /* one more than n: where the frames end */
    size_t n;
    bool lenient;       /* for the auditor: bytes that do not verify are handed out as far as they can be read, as zeros
                           otherwise, so that the records in them can be told apart; `damaged` then says where */
    bool damaged;
    uint64_t damaged_seq;
    void *unpacker;
    char *stored, *plain;
    size_t stored_cap;
    size_t open;        /* frame that is in `plain`; n: none */
};

/* Reads and checks the table; CORRUPT names the segment. */
yh_must yh_err chain_packed_open(int fd, uint64_t first, struct chain_packed **ret);
void chain_packed_free(struct chain_packed *p);

/* Bytes of the plain segment; fewer only at its end. */
yh_must yh_err chain_packed_read(struct chain_packed *p, int fd, void *to, size_t n, uint64_t offset, size_t *ret_n);

/* Plain bytes from `offset` to the end of its frame. */
size_t chain_packed_rest(const struct chain_packed *p, uint64_t offset);

/* Plain offset of the frame that holds record seq. */
uint64_t chain_packed_find(const struct chain_packed *p, uint64_t seq);

/* The growth as stored, appended; CORRUPT when its guard does not hold. */
yh_must yh_err chain_packed_growth(const struct chain_packed *p, int fd, yh_buf *out);

/* ---- making one ---- */

struct chain_pack { /* frames so far, and the table that will name them */
    int fd;
    void *packer;
    uint64_t plain_at, stored_at;
    size_t n;
    yh_buf entries, space;
};

yh_must yh_err chain_pack_begin(int fd, struct chain_pack *ret);
yh_must yh_err chain_pack_add(struct chain_pack *p, yh_str plain, uint64_t seq); /* one frame */
yh_must yh_err chain_pack_end(struct chain_pack *p, uint64_t first, uint64_t count, yh_str growth);
void chain_pack_done(struct chain_pack *p);

#endif
