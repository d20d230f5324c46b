#include "base/map.h"
#include "series/codec_impl.h"
#include "series/ints.h"

static yh_err corrupt(const char *what)
{
    return yh_fail(YH_E_CORRUPT, "stored block: %s", what);
}

/* A fuzzer cannot guess hashes; built for it, what stands behind them must hold on its own. */
static bool hash_fits(unsigned version, yh_str bytes, uint32_t hash)
{
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
    (void)version;
    (void)bytes;
    (void)hash;
    return true;
#else
    return series_block_hash(version, bytes) == hash;
#endif
}

static uint64_t mix(uint64_t h, uint64_t word)
{
    h = (h ^ word) * 0x9fb21c651e98df25u;
    return h ^ h >> 29;
}

/* Version 2 takes eight bytes at a time. */
uint32_t series_block_hash(unsigned version, yh_str bytes)
{
    if (version == 1)
        return yh_hash32(bytes);
    uint64_t h = 0x9e3779b97f4a7c15u ^ bytes.n, word;
    size_t whole = bytes.n & ~(size_t)7;
    for (size_t i = 0; i < whole; i += 8) {
        memcpy(&word, bytes.p + i, 8); /* little-endian, as everything that is stored */
        h = mix(h, word);
    }
    word = 0;
    memcpy(&word, bytes.p + whole, bytes.n - whole);
    h = mix(h, word) * 0xd6e8feb86659fd93u;
    return (uint32_t)(h >> 32);
}

static bool take_byte(yh_str *in, uint8_t *ret)
{
    if (in->n == 0)
        return false;
    *ret = (uint8_t)in->p[0];
    *in = (yh_str){in->p + 1, in->n - 1};
    return true;
}

static bool take_bytes(yh_str *in, void *to, size_t n)
{
    if (in->n < n)
        return false;
    memcpy(to, in->p, n);
    *in = (yh_str){in->p + n, in->n - n};
    return true;
}

static bool take_size(yh_str *in, size_t max, size_t *ret)
{
    uint64_t v;
    if (!series_varint_take(in, &v) || v > max)
        return false;
    *ret = (size_t)v;
    return true;
}

/* Reads a section's row of the directory and cuts its bytes off *body. */
static bool take_section(yh_str *directory, uint8_t version, size_t raw_max, yh_str *body, struct series_section *ret)
{
    if (!take_size(directory, raw_max, &ret->raw_n) || !take_size(directory, ret->raw_n, &ret->stored_n) ||
        !take_bytes(directory, &ret->hash, sizeof ret->hash) || ret->stored_n > body->n)
        return false;
    ret->version = version;
    ret->p = body->p;
    *body = (yh_str){body->p + ret->stored_n, body->n - ret->stored_n};
    return true;
}

static bool take_name(yh_str *in, struct series_column_name *ret)
{
    *ret = (struct series_column_name){0};
    return take_byte(in, &ret->factor_n) && ret->factor_n >= 1 && ret->factor_n <= SERIES_FACTOR_MAX &&
           take_bytes(in, ret->factor, ret->factor_n) && take_byte(in, &ret->field) &&
           ret->field < SERIES_FIELD_COUNT;
}

static bool mode_fits(const struct series_block_column *c, size_t rows)
{
    unsigned scales = c->mode & (SERIES_MODE_TRIMMED | SERIES_MODE_SCALES);
    return (c->mode & ~(unsigned)SERIES_MODE_ALL) == 0 &&
           scales != (SERIES_MODE_TRIMMED | SERIES_MODE_SCALES) &&
           (!(c->mode & SERIES_MODE_RAW) || scales == SERIES_MODE_SCALES) &&
           (c->mode & SERIES_MODE_BITMAP ? c->count < rows : c->count == rows);
}

static bool take_column(yh_str *directory, uint8_t version, size_t rows, yh_str *body, struct series_block_column *ret)
{
    uint8_t flag;
    size_t count;
    if (!take_name(directory, &ret->name) || !take_byte(directory, &ret->mode) ||
        !take_byte(directory, &ret->scale) || ret->scale > YH_DEC_MAX_SCALE || !take_byte(directory, &flag) ||
        !take_size(directory, rows, &count) || count == 0)
        return false;
    ret->flag = (char)flag;
    ret->count = (uint32_t)count;
    return mode_fits(ret, rows) &&
           take_section(directory, version, series_section_max(rows, count), body, &ret->section);
}

static yh_err take_columns(yh_str *directory, yh_str *body, yh_arena *arena, struct series_block *b)
{
    b->columns = YH_NEW_N(arena, struct series_block_column, b->column_n);
    if (!b->columns)
        return yh_fail(YH_E_NO_MEMORY, "no memory for the directory of a block");
    size_t cells = 0;
    for (size_t i = 0; i < b->column_n; i++) {
        struct series_block_column *c = &b->columns[i];
        if (!take_column(directory, b->rows.version, b->row_n, body, c))
            return corrupt("unreadable directory");
        if (i && series_column_cmp(&c[-1].name, &c->name) >= 0)
            return corrupt("columns out of order");
        cells += c->count;
    }
    return cells <= SERIES_PIECE_CELLS_MAX ? YH_OK : corrupt("too many values");
}

yh_err series_block_open(yh_str blob, yh_arena *arena, struct series_block *ret)
{
    uint8_t version;
    size_t directory_n;
    if (!take_byte(&blob, &version) || version == 0 || version > SERIES_BLOCK_VERSION)
        return corrupt("unknown version");
    uint32_t hash;
    if (!take_size(&blob, blob.n, &directory_n) || directory_n > blob.n)
        return corrupt("directory cut short");
    yh_str directory = {blob.p, directory_n};
    yh_str body = {blob.p + directory_n, blob.n - directory_n};
    if (!take_bytes(&body, &hash, sizeof hash) || !hash_fits(version, directory, hash))
        return corrupt("directory does not match its hash");

    struct series_block b = {0};
    if (!take_size(&directory, SERIES_PIECE_ROWS_MAX, &b.row_n) || b.row_n == 0 ||
        !take_size(&directory, yh_min_size(SERIES_COLUMNS_MAX, directory.n), &b.column_n) ||
        !take_section(&directory, version, 3 * series_section_max(0, b.row_n), &body, &b.rows))
        return corrupt("unreadable directory");
    YH_TRY(take_columns(&directory, &body, arena, &b));
    if (directory.n || body.n)
        return corrupt("bytes left over");
    *ret = b;
    return YH_OK;
}

const struct series_block_column *series_block_find(const struct series_block *b,
                                                    const struct series_column_name *name)
{
    size_t low = 0, high = b->column_n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (series_column_cmp(&b->columns[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < b->column_n && series_column_cmp(&b->columns[low].name, name) == 0 ? &b->columns[low] : NULL;
}

/* The plain bytes of a section; they stand in the blob or in codec->raw until the next section is unpacked.
 */
static yh_err unpack(struct series_codec *c, const struct series_section *s, yh_str *ret)
{
    if (!hash_fits(s->version, (yh_str){s->p, s->stored_n}, s->hash))
        return corrupt("section does not match its hash");
    if (s->stored_n == s->raw_n) {
        *ret = (yh_str){s->p, s->raw_n};
        return YH_OK;
    }
    yh_buf_clear(&c->raw);
    char *to = yh_buf_reserve(&c->raw, s->raw_n);
    if (!to)
        return yh_fail(YH_E_NO_MEMORY, "no memory to unpack a block");
    size_t n = ZSTD_decompressDCtx(c->decompress, to, s->raw_n, s->p, s->stored_n);
    if (ZSTD_isError(n) || n != s->raw_n)
        return corrupt("section does not unpack");
    *ret = (yh_str){to, n};
    return YH_OK;
}

static bool rows_sorted(const struct series_block_rows *r, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (r->time[i - 1] > r->time[i] || (r->time[i - 1] == r->time[i] && r->seq[i - 1] > r->seq[i]))
            return false;
    return true;
}

yh_err series_block_rows_decode(struct series_codec *c, const struct series_block *b, yh_arena *arena,
                                struct series_block_rows *ret)
{
    yh_str in;
    YH_TRY(unpack(c, &b->rows, &in));
    uint64_t *time = YH_NEW_N(arena, uint64_t, b->row_n), *seq = YH_NEW_N(arena, uint64_t, b->row_n);
    uint64_t *received = YH_NEW_N(arena, uint64_t, b->row_n);
    if (!time || !seq || !received)
        return yh_fail(YH_E_NO_MEMORY, "no memory for %zu rows", b->row_n);
    if (!series_ints_decode(&in, b->row_n, time) || !series_ints_decode(&in, b->row_n, seq) ||
        !series_ints_decode(&in, b->row_n, received) || in.n)
        return corrupt("unreadable rows");
    for (size_t i = 0; i < b->row_n; i++)
        received[i] += time[i];
    *ret = (struct series_block_rows){(yh_time *)time, seq, (yh_time *)received};
    return rows_sorted(ret, b->row_n) ? YH_OK : corrupt("rows out of order");
}

/* Row numbers of the cells, from the bitmap. */
static bool take_places(yh_str *in, const struct series_block *b, struct series_block_cells *cells,
                        unsigned mode)
{
    if (!(mode & SERIES_MODE_BITMAP)) {
        for (uint32_t i = 0; i < cells->n; i++)
            cells->row[i] = i;
        return true;
    }
    size_t bytes = (b->row_n + 7) / 8, at = 0;
    if (in->n < bytes)
        return false;
    for (size_t i = 0; i < bytes; i++) {
        for (unsigned bits = (uint8_t)in->p[i]; bits; bits &= bits - 1) {
            size_t row = i * 8 + (size_t)__builtin_ctz(bits);
            if (row >= b->row_n || at == cells->n)
                return false;
            cells->row[at++] = (uint32_t)row;
        }
    }
    *in = (yh_str){in->p + bytes, in->n - bytes};
    return at == cells->n;
}

static bool take_flags(yh_str *in, const struct series_block_column *column, struct series_block_cells *cells)
{
    if (column->mode & SERIES_MODE_FLAGS)
        return take_bytes(in, cells->flag, cells->n);
    memset(cells->flag, column->flag, cells->n);
    return true;
}

static bool take_scales(yh_str *in, const struct series_block_column *column,
                        struct series_block_cells *cells)
{
    memset(cells->scale, column->scale, cells->n);
    if (!(column->mode & SERIES_MODE_SCALES))
        return true;
    if (!take_bytes(in, cells->scale, cells->n))
        return false;
    for (uint32_t i = 0; i < cells->n; i++)
        if (cells->scale[i] > column->scale)
            return false;
    return true;
}

/* From the column's scale back to the digits as written. */
static bool denormalise(const struct series_block_column *column, struct series_block_cells *cells)
{
    for (uint32_t i = 0; i < cells->n; i++) {
        unsigned scale = column->scale;
        unsigned least = column->mode & SERIES_MODE_TRIMMED ? 0 : cells->scale[i];
        int64_t m = cells->m[i];
        while (scale > least && m % 10 == 0) {
            m /= 10;
            scale--;
        }
        if (scale > least && !(column->mode & SERIES_MODE_TRIMMED))
            return false;
        cells->m[i] = m;
        cells->scale[i] = (uint8_t)scale;
    }
    return true;
}

static bool take_mantissas(yh_str *in, const struct series_block_column *column,
                           struct series_block_cells *cells, uint64_t *numbers)
{
    if (!series_ints_decode(in, cells->n, numbers) || in->n)
        return false;
    cells->m = (int64_t *)numbers;
    bool normal =
        column->mode & (SERIES_MODE_TRIMMED | SERIES_MODE_SCALES) && !(column->mode & SERIES_MODE_RAW);
    return !normal || denormalise(column, cells);
}

yh_err series_block_cells_decode(struct series_codec *c, const struct series_block *b,
                                 const struct series_block_column *column, yh_arena *arena,
                                 struct series_block_cells *ret)
{
    yh_str in;
    YH_TRY(unpack(c, &column->section, &in));
    struct series_block_cells cells = {.n = column->count};
    cells.row = YH_NEW_N(arena, uint32_t, cells.n);
    cells.scale = YH_NEW_N(arena, uint8_t, cells.n);
    cells.flag = YH_NEW_N(arena, char, cells.n);
    uint64_t *numbers = YH_NEW_N(arena, uint64_t, cells.n);
    if (!cells.row || !cells.scale || !cells.flag || !numbers)
        return yh_fail(YH_E_NO_MEMORY, "no memory for %u values", cells.n);
    if (!take_places(&in, b, &cells, column->mode) || !take_flags(&in, column, &cells) ||
        !take_scales(&in, column, &cells) || !take_mantissas(&in, column, &cells, numbers))
        return corrupt("unreadable column");
    *ret = cells;
    return YH_OK;
}
