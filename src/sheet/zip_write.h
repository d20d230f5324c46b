/*
 * A zip archive written front to back: sizes follow each entry's bytes, so nothing has to be known beforehand and nothing is
 * kept but the list of entries. Deflate. One thread. At most 4 GiB and SHEET_ZIP_ENTRIES entries.
 */
#ifndef YH_SHEET_ZIP_WRITE_H
#define YH_SHEET_ZIP_WRITE_H

#include <zlib.h>

#include "sheet/write.h"

#define SHEET_ZIP_ENTRIES 16

struct zip_entry {
    const char *name; /* a literal */
    uint32_t crc, packed, plain, offset;
};

struct zip_writer {
    sheet_sink sink;
    void *user;
    z_stream z;
    bool deflating;
    uint64_t at;
    struct zip_entry entries[SHEET_ZIP_ENTRIES];
    size_t n;
};

void zip_writer_done(struct zip_writer *w);
yh_must yh_err zip_begin(struct zip_writer *w, const char *name);
yh_must yh_err zip_put(struct zip_writer *w, yh_str bytes);
yh_must yh_err zip_end(struct zip_writer *w);    /* of the entry */
yh_must yh_err zip_finish(struct zip_writer *w); /* of the archive */

#endif
