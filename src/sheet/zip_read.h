/*
 * A zip archive in memory, read by name: deflated or stored entries of a single-disk archive. Built against bombs: the
 * number of entries, what is inflated of all of them together and how far one may swell have bounds, entries may not overlap
 * each other, and nothing is ever written to a disk. Checks the CRC of what is read to its end.
 */
#ifndef YH_SHEET_ZIP_READ_H
#define YH_SHEET_ZIP_READ_H

#include <zlib.h>

#include "base/arena.h"
#include "sheet/read.h"

struct zip_part {
    yh_str name;
    uint32_t crc;
    uint16_t method;
    size_t packed, plain, offset;
};

struct zip_archive {
    yh_str file;
    const struct sheet_limits *limits;
    struct zip_part *parts;
    size_t n;
    size_t inflated; /* so far, of all parts */
};

struct zip_stream {
    struct zip_archive *a;
    const struct zip_part *part;
    z_stream z;
    bool open, ended;
    size_t out;
    uint32_t crc;
};

yh_must yh_err zip_archive_open(yh_str file, const struct sheet_limits *limits, struct yh_arena *arena,
                                struct zip_archive *ret);
const struct zip_part *zip_find(const struct zip_archive *a, yh_str name); /* NULL when absent; ASCII case is ignored */

yh_must yh_err zip_stream_open(struct zip_archive *a, const struct zip_part *part, struct zip_stream *ret);
void zip_stream_done(struct zip_stream *s);
yh_must yh_err zip_stream_read(struct zip_stream *s, void *to, size_t room, size_t *ret_n); /* 0: the end */

#endif
