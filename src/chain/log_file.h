/*
 * Segment files: NNNNNNNNNNNNNNNNNNNN.seg, named by the seq of their first record (packed.h: the same, compressed).
 *
 *   header  magic, u64 first seq, u64 checkpoints so far, root of the tree of all earlier records, u32 0, u32 CRC-32C
 *   records back to back (record.h)
 *   footer  once sealed: a guarded body (record.h) with count, received range, root after the segment and a sparse
 *           index (offset and largest received of every CHAIN_STRIDE records), then u64 footer offset and a mark
 *
 * Only the last segment may be unsealed. A sealed segment never changes again; packing keeps its bytes and their offsets.
 */
#ifndef YH_CHAIN_LOG_FILE_H
#define YH_CHAIN_LOG_FILE_H

#include <limits.h>

#include "chain/record.h"

#define CHAIN_PATH 1024
#define CHAIN_NAME 32
#define CHAIN_HEADER 64u
#define CHAIN_STRIDE 64u
#define CHAIN_TRAILER 16u

struct chain_segment {
    uint64_t first;
    uint64_t count;
    uint64_t end; /* offset behind the last record */
    yh_time received_min, received_max; /* YH_TIME_NONE when empty */
    bool sealed;
    bool packed;
    uint64_t plain, stored; /* once sealed: bytes of the file before packing, and as it is */
};

struct chain_header {
    uint64_t first;
    uint64_t checkpoints;
    yh_sm3_hash before; /* root of the tree of records 0 .. first-1 */
};

struct chain_index_entry {
    uint64_t offset;
    yh_time received_max;
};

struct chain_index { /* one entry per CHAIN_STRIDE records */
    struct chain_index_entry *entries;
    size_t n, cap;
};

void chain_segment_name(uint64_t first, char ret_name[CHAIN_NAME]);
void chain_packed_name(uint64_t first, char ret_name[CHAIN_NAME]);
yh_must yh_err chain_path(const char *dir, const char *name, char ret_path[CHAIN_PATH]);
yh_must yh_err chain_segment_path(const char *dir, uint64_t first, char ret_path[CHAIN_PATH]);

/* First seqs of all segments in the folder, plain or packed, ascending; the caller frees. */
yh_must yh_err chain_segment_list(const char *dir, uint64_t **ret_firsts, size_t *ret_n);

/* Writes header and name durably and returns the descriptor, open for writing. */
yh_must yh_err chain_segment_create(const char *dir, const struct chain_header *h, int *ret_fd);
yh_must yh_err chain_segment_open(const char *dir, uint64_t first, bool writable, int *ret_fd); /* plain */

/* A segment to read, plain or packed: its bytes and offsets are the same in both. */
struct chain_file {
    int fd;
    struct chain_packed *packed; /* NULL: plain */
};

#define chain_file_auto yh_cleanup(chain_file_close) struct chain_file
#define CHAIN_FILE_NONE ((struct chain_file){.fd = -1})

yh_must yh_err chain_file_open(const char *dir, uint64_t first, struct chain_file *ret);
void chain_file_close(struct chain_file *f);
void chain_file_name(const struct chain_file *f, uint64_t first, char ret_name[CHAIN_NAME]);
yh_must yh_err chain_file_size(const struct chain_file *f, uint64_t *ret);  /* plain */
yh_must yh_err chain_file_stored(const struct chain_file *f, uint64_t *ret); /* on disk */

/* Up to n bytes; fewer only at the end. */
yh_must yh_err chain_file_read(const struct chain_file *f, const char *name, void *to, size_t n, uint64_t offset,
                               size_t *ret_n);

/* Reads and checks the header; CORRUPT names the segment. */
yh_must yh_err chain_header_read(const struct chain_file *f, uint64_t first, struct chain_header *ret);

/* Counts the record in: range, index, end. */
yh_must yh_err chain_segment_count(struct chain_segment *s, struct chain_index *x, yh_time received, size_t stored);

/* Footer and trailer as they stand at the end of a sealed segment. */
yh_must yh_err chain_footer_write(const struct chain_segment *s, const struct chain_index *x, const yh_sm3_hash *after,
                                  yh_buf *out);

/* Reads the footer: YH_E_NOT_FOUND when the segment is not sealed. The index is filled when `index` is not NULL. */
yh_must yh_err chain_footer_read(const struct chain_file *f, uint64_t first, struct chain_segment *ret,
                                 struct chain_index *index);

/* Offset of an index entry in the footer of a sealed segment. */
uint64_t chain_footer_entry(const struct chain_segment *s, size_t block);

void chain_index_done(struct chain_index *x);

yh_must yh_err chain_pwrite_full(int fd, const char *name, const void *bytes, size_t n, uint64_t offset);

/* Up to n bytes of a plain file; fewer only at its end. */
yh_must yh_err chain_pread(int fd, const char *name, void *to, size_t n, uint64_t offset, size_t *ret_n);

/* Walks the records of one segment through a buffer. */
struct chain_scan {
    const struct chain_file *file; /* borrowed */
    uint64_t offset; /* of what comes next */
    char *buf;
    size_t cap, n;
    uint64_t buf_at; /* offset of buf[0] */
};

void chain_scan_init(struct chain_scan *s, const struct chain_file *file, uint64_t offset); /* buffer is kept */
void chain_scan_done(struct chain_scan *s);

/* Looks at what stands at s->offset; steps over it when it is a good record. Views live until the next call. */
yh_must yh_err chain_scan_next(struct chain_scan *s, struct chain_found *ret);

/* Reads all records of the segment again: CORRUPT unless they are exactly those counted. */
yh_must yh_err chain_segment_reread(const struct chain_file *f, const struct chain_segment *s);

/* CORRUPT, naming record, segment and offset. */
yh_err chain_bad_record(uint64_t first, uint64_t seq, uint64_t offset, const char *why);

#endif
