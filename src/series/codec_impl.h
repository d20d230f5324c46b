/* What the two halves of the codec share: modes of a column and the compressor. */
#ifndef YH_SERIES_CODEC_IMPL_H
#define YH_SERIES_CODEC_IMPL_H

#include <zstd.h>

#include "series/codec.h"

#define SERIES_BLOCK_VERSION 2 /* written; version 1 is read too: another hash, and streams without lines and palettes */
#define SERIES_COLUMNS_MAX   65535u

/* Bits of a column's mode; stored. */
enum {
    SERIES_MODE_BITMAP = 1,  /* not every row has it */
    SERIES_MODE_FLAGS = 2,   /* flags differ: one byte a cell */
    SERIES_MODE_TRIMMED = 4, /* mantissas at one scale, written without trailing zeros */
    SERIES_MODE_SCALES = 8,  /* mantissas at one scale, the scale as written in one byte a cell */
    SERIES_MODE_RAW = 16,    /* with SCALES: mantissas as written, because one scale would overflow */
    SERIES_MODE_ALL = 31
};

struct series_codec {
    ZSTD_CCtx *compress;
    ZSTD_DCtx *decompress;
    yh_buf raw;
};

/* Of the directory and of sections, to find bytes that changed on disk. */
uint32_t series_block_hash(unsigned version, yh_str bytes);

/* The longest a section of one column with n cells in `rows` rows can be. */
static inline size_t series_section_max(size_t rows, size_t n)
{
    return rows / 8 + 1 + 2 * n + 8 * n + 64;
}

#endif
