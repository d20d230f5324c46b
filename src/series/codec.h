/*
 * The block: the rows of one piece of a window as bytes, column by column.
 *
 *   version byte (2; 1 is read too) | directory length | directory | hash of the directory | sections
 *
 * The directory names the columns (factor, field) in order, and for each section its length, stored length
 * and hash. The first section holds times, seqs and reception times of the rows, then comes one section per
 * column: which rows have it, flags, scales, mantissas. A section is zstd-compressed where that makes it
 * smaller. Sections stand alone, so a reader of one factor decodes the rows and that factor only.
 *
 * Bytes from the file are not trusted: everything is bounded and checked, what does not fit is YH_E_CORRUPT.
 * Pure but for the compressor's scratch memory, which one thread owns (struct series_codec).
 */
#ifndef YH_SERIES_CODEC_H
#define YH_SERIES_CODEC_H

#include "base/arena.h"
#include "series/rows.h"

struct series_codec;

yh_must yh_err series_codec_new(struct series_codec **ret);
void series_codec_free(struct series_codec *c);

struct series_column_name {
    char factor[SERIES_FACTOR_MAX + 1];
    uint8_t factor_n;
    uint8_t field;
};

static inline yh_str series_column_factor(const struct series_column_name *c)
{
    return (yh_str){c->factor, c->factor_n};
}

int series_column_cmp(const struct series_column_name *a, const struct series_column_name *b);

/* Rows must be sorted and not empty; `names` is indexed by the cells' column numbers. */
yh_must yh_err series_block_encode(struct series_codec *c, const struct series_rows *rows,
                                   const struct series_column_name *names, size_t name_count, yh_buf *out);

struct series_section {
    const char *p;
    size_t stored_n, raw_n;
    uint32_t hash;
    uint8_t version; /* of the block */
};

struct series_block_column {
    struct series_column_name name;
    uint32_t count; /* cells */
    uint8_t mode;
    uint8_t scale;
    char flag;
    struct series_section section;
};

/* A block opened for reading: names and places, nothing decoded yet. Points into the blob. */
struct series_block {
    size_t row_n;
    struct series_section rows;
    struct series_block_column *columns;
    size_t column_n;
};

/* Everything decoded is taken from the arena. */
yh_must yh_err series_block_open(yh_str blob, yh_arena *arena, struct series_block *ret);
const struct series_block_column *series_block_find(const struct series_block *b,
                                                    const struct series_column_name *name);

struct series_block_rows {
    yh_time *time;
    uint64_t *seq;
    yh_time *received;
};
yh_must yh_err series_block_rows_decode(struct series_codec *c, const struct series_block *b, yh_arena *arena,
                                        struct series_block_rows *ret);

struct series_block_cells {
    uint32_t n;
    uint32_t *row;
    int64_t *m;
    uint8_t *scale;
    char *flag;
};
yh_must yh_err series_block_cells_decode(struct series_codec *c, const struct series_block *b,
                                         const struct series_block_column *column, yh_arena *arena,
                                         struct series_block_cells *ret);

#endif
