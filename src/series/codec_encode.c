#include "series/codec_impl.h"
#include "series/ints.h"

#define ZSTD_LEVEL  1 /* with long matches only: residues are coded byte by byte, and matches among them are chance */
#define ZSTD_MATCH  7
#define STRETCH_MIN 48 /* bytes: less is not worth a block of its own */
#define BLOCK_MAX   ((size_t)1 << 30)

yh_err series_codec_new(struct series_codec **ret)
{
    struct series_codec *c = calloc(1, sizeof *c);
    if (c) {
        c->raw = yh_buf_make(BLOCK_MAX);
        c->compress = ZSTD_createCCtx();
        c->decompress = ZSTD_createDCtx();
    }
    if (!c || !c->compress || !c->decompress) {
        series_codec_free(c);
        return yh_fail(YH_E_NO_MEMORY, "no memory for a block codec");
    }
    ZSTD_CCtx_setParameter(c->compress, ZSTD_c_compressionLevel, ZSTD_LEVEL);
    ZSTD_CCtx_setParameter(c->compress, ZSTD_c_minMatch, ZSTD_MATCH);
    *ret = c;
    return YH_OK;
}

void series_codec_free(struct series_codec *c)
{
    if (!c)
        return;
    ZSTD_freeCCtx(c->compress);
    ZSTD_freeDCtx(c->decompress);
    yh_buf_done(&c->raw);
    free(c);
}

int series_column_cmp(const struct series_column_name *a, const struct series_column_name *b)
{
    int c = yh_str_cmp(series_column_factor(a), series_column_factor(b));
    return c ? c : (a->field > b->field) - (a->field < b->field);
}

/* The cells of one column, in row order. */
struct column {
    const struct series_column_name *name;
    struct placed *cells;
    uint32_t n;
};

struct placed {
    uint32_t row;
    const struct series_cell_at *cell;
};

struct encoder {
    struct series_codec *codec;
    const struct series_rows *rows;
    yh_buf *directory;
    yh_buf *sections;
    uint64_t *numbers;       /* one stream: as many as there are rows */
    struct series_cuts cuts; /* of codec->raw */
};

/* Compresses codec->raw to `to`, a block of its own for each stretch between cuts, so that each gets its own
 * codes. */
static yh_err compress(struct encoder *e, char *to, size_t room, size_t *ret_n)
{
    const yh_buf *raw = &e->codec->raw;
    ZSTD_CCtx *z = e->codec->compress;
    ZSTD_outBuffer out = {to, room, 0};
    ZSTD_CCtx_reset(z, ZSTD_reset_session_only);
    ZSTD_CCtx_setPledgedSrcSize(z, raw->n);
    size_t from = 0;
    for (unsigned i = 0; i <= e->cuts.n; i++) {
        size_t end = i < e->cuts.n ? e->cuts.at[i] : raw->n;
        if (end < raw->n && end - from < STRETCH_MIN)
            continue;
        ZSTD_inBuffer in = {raw->p + from, end - from, 0};
        size_t left = ZSTD_compressStream2(z, &out, &in, end == raw->n ? ZSTD_e_end : ZSTD_e_flush);
        if (ZSTD_isError(left))
            return yh_fail(YH_E_INTERNAL, "compressing a block: %s", ZSTD_getErrorName(left));
        if (left || in.pos < in.size)
            return yh_fail(YH_E_INTERNAL, "compressing a block: no room");
        from = end;
        if (end == raw->n)
            break;
    }
    *ret_n = out.pos;
    return YH_OK;
}

/* Stores codec->raw as a section and its lengths and hash in the directory. */
static yh_err put_section(struct encoder *e)
{
    const yh_buf *raw = &e->codec->raw;
    YH_TRY(yh_buf_check(raw));
    size_t room = ZSTD_compressBound(raw->n) + 64 * (e->cuts.n + 1), n = raw->n;
    char *to = yh_buf_reserve(e->sections, room);
    if (!to)
        return yh_buf_check(e->sections);
    if (raw->n >= STRETCH_MIN)
        YH_TRY(compress(e, to, room, &n));
    if (n >= raw->n && raw->n) {
        n = raw->n;
        memcpy(to, raw->p, n);
    }
    series_varint_put(e->directory, raw->n);
    series_varint_put(e->directory, n);
    uint32_t hash = series_block_hash(SERIES_BLOCK_VERSION, (yh_str){to, n});
    yh_buf_add(e->directory, &hash, sizeof hash);
    e->sections->n += n;
    return YH_OK;
}

static yh_err put_rows(struct encoder *e)
{
    const struct series_rows *r = e->rows;
    yh_buf_clear(&e->codec->raw);
    e->cuts.n = 0;
    for (size_t i = 0; i < r->n; i++)
        e->numbers[i] = (uint64_t)r->rows[i].time;
    series_ints_encode(e->numbers, r->n, &e->codec->raw, &e->cuts);
    for (size_t i = 0; i < r->n; i++)
        e->numbers[i] = r->rows[i].seq;
    series_ints_encode(e->numbers, r->n, &e->codec->raw, &e->cuts);
    for (size_t i = 0; i < r->n; i++) /* how long after its data time the record came */
        e->numbers[i] = (uint64_t)r->rows[i].received - (uint64_t)r->rows[i].time;
    series_ints_encode(e->numbers, r->n, &e->codec->raw, &e->cuts);
    return put_section(e);
}

static void put_bitmap(const struct column *c, size_t rows, yh_buf *out)
{
    size_t n = (rows + 7) / 8;
    char *to = yh_buf_reserve(out, n);
    if (!to)
        return;
    memset(to, 0, n);
    for (uint32_t i = 0; i < c->n; i++)
        to[c->cells[i].row / 8] = (char)(to[c->cells[i].row / 8] | 1 << (c->cells[i].row % 8));
    out->n += n;
}

static bool is_trimmed(yh_dec normal, uint8_t scale)
{
    while (normal.scale > 0 && normal.m % 10 == 0) {
        normal.m /= 10;
        normal.scale--;
    }
    return normal.scale == scale;
}

/* Brings the mantissas to the column's largest scale; decides how the written scales are kept. */
static unsigned normalise(const struct column *c, uint8_t scale, uint64_t *numbers)
{
    bool same = true, trimmed = true;
    for (uint32_t i = 0; i < c->n; i++) {
        const struct series_cell_at *cell = c->cells[i].cell;
        yh_dec normal;
        if (!yh_dec_rescale((yh_dec){cell->m, cell->scale}, scale, YH_ROUND_DOWN, &normal)) {
            for (uint32_t k = 0; k < c->n; k++)
                numbers[k] = (uint64_t)c->cells[k].cell->m;
            return SERIES_MODE_SCALES | SERIES_MODE_RAW;
        }
        numbers[i] = (uint64_t)normal.m;
        same = same && cell->scale == scale;
        trimmed = trimmed && is_trimmed(normal, cell->scale);
    }
    return same ? 0 : trimmed ? SERIES_MODE_TRIMMED : SERIES_MODE_SCALES;
}

static unsigned survey(const struct column *c, uint8_t *ret_scale)
{
    unsigned mode = 0;
    for (uint32_t i = 0; i < c->n; i++) {
        if (c->cells[i].cell->scale > *ret_scale)
            *ret_scale = c->cells[i].cell->scale;
        if (c->cells[i].cell->flag != c->cells[0].cell->flag)
            mode |= SERIES_MODE_FLAGS;
    }
    return mode;
}

static yh_err put_column(struct encoder *e, const struct column *c)
{
    yh_buf *raw = &e->codec->raw;
    uint8_t scale = 0;
    unsigned mode = survey(c, &scale);
    mode |= normalise(c, scale, e->numbers);
    if (c->n < e->rows->n)
        mode |= SERIES_MODE_BITMAP;

    yh_buf_clear(raw);
    e->cuts.n = 0;
    if (mode & SERIES_MODE_BITMAP)
        put_bitmap(c, e->rows->n, raw);
    series_cut(&e->cuts, raw);
    for (uint32_t i = 0; i < c->n && mode & SERIES_MODE_FLAGS; i++)
        yh_buf_putc(raw, c->cells[i].cell->flag);
    series_cut(&e->cuts, raw);
    for (uint32_t i = 0; i < c->n && mode & SERIES_MODE_SCALES; i++)
        yh_buf_putc(raw, (char)c->cells[i].cell->scale);
    series_ints_encode(e->numbers, c->n, raw, &e->cuts);

    yh_buf *d = e->directory;
    yh_buf_putc(d, (char)c->name->factor_n);
    yh_buf_add(d, c->name->factor, c->name->factor_n);
    yh_buf_putc(d, (char)c->name->field);
    yh_buf_putc(d, (char)mode);
    yh_buf_putc(d, (char)scale);
    yh_buf_putc(d, c->cells[0].cell->flag);
    series_varint_put(d, c->n);
    return put_section(e);
}

static int compare_columns(const void *a, const void *b)
{
    const struct column *x = a, *y = b;
    return series_column_cmp(x->name, y->name);
}

/* Sorts the cells by column, keeping the order of rows: counts, then places. Returns the columns in use, by
 * name. */
static yh_err gather(const struct series_rows *r, const struct series_column_name *names, size_t name_count,
                     yh_arena *arena, struct column **ret, size_t *ret_n)
{
    struct column *all = YH_NEW_N(arena, struct column, name_count);
    struct placed *places = YH_NEW_N(arena, struct placed, r->cell_n);
    if (!all || !places)
        return yh_fail(YH_E_NO_MEMORY, "no memory to encode %zu values", r->cell_n);
    for (size_t i = 0; i < r->n; i++)
        for (uint32_t k = 0; k < r->rows[i].cell_n; k++)
            all[r->cells[r->rows[i].cell_at + k].column].n++;
    for (size_t i = 0; i < name_count; i++) {
        all[i].name = &names[i];
        all[i].cells = places;
        places += all[i].n;
        all[i].n = 0;
    }
    for (size_t i = 0; i < r->n; i++) {
        for (uint32_t k = 0; k < r->rows[i].cell_n; k++) {
            const struct series_cell_at *cell = &r->cells[r->rows[i].cell_at + k];
            struct column *c = &all[cell->column];
            c->cells[c->n++] = (struct placed){(uint32_t)i, cell};
        }
    }
    size_t used = 0;
    for (size_t i = 0; i < name_count; i++)
        if (all[i].n)
            all[used++] = all[i];
    qsort(all, used, sizeof *all, compare_columns);
    *ret = all;
    *ret_n = used;
    return YH_OK;
}

static yh_err encode_into(struct encoder *e, const struct column *columns, size_t n, yh_buf *out)
{
    series_varint_put(e->directory, e->rows->n);
    series_varint_put(e->directory, n);
    YH_TRY(put_rows(e));
    for (size_t i = 0; i < n; i++)
        YH_TRY(put_column(e, &columns[i]));
    YH_TRY(yh_buf_check(e->directory));
    uint32_t hash = series_block_hash(SERIES_BLOCK_VERSION, yh_buf_view(e->directory));
    yh_buf_putc(out, SERIES_BLOCK_VERSION);
    series_varint_put(out, e->directory->n);
    yh_buf_str(out, yh_buf_view(e->directory));
    yh_buf_add(out, &hash, sizeof hash);
    yh_buf_str(out, yh_buf_view(e->sections));
    return yh_buf_check(out);
}

yh_err series_block_encode(struct series_codec *c, const struct series_rows *rows,
                           const struct series_column_name *names, size_t name_count, yh_buf *out)
{
    if (rows->n == 0 || rows->n > SERIES_PIECE_ROWS_MAX || rows->cell_n > SERIES_PIECE_CELLS_MAX)
        return yh_fail(YH_E_TOO_LARGE, "a block of %zu rows and %zu values", rows->n, rows->cell_n);
    yh_arena_auto arena = yh_arena_make(BLOCK_MAX);
    yh_buf_auto directory = yh_buf_make(BLOCK_MAX), sections = yh_buf_make(BLOCK_MAX);
    struct column *columns = NULL;
    size_t column_n = 0;
    YH_TRY(gather(rows, names, name_count, &arena, &columns, &column_n));
    struct encoder e = {.codec = c, .rows = rows, .directory = &directory, .sections = &sections};
    e.numbers = YH_NEW_N(&arena, uint64_t, rows->n);
    if (!e.numbers)
        return yh_fail(YH_E_NO_MEMORY, "no memory to encode %zu rows", rows->n);
    return encode_into(&e, columns, column_n, out);
}
