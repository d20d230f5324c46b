#include "chain/packed.h"

#include <inttypes.h>
#include <sys/stat.h>
#include <zstd.h>

#include "base/file.h"
#include "chain/crc32c.h"
#include "chain/log_file.h"

#define SKIP_GROWTH 0x184D2A5Cu
#define SKIP_TABLE 0x184D2A5Du
#define SKIP_HEAD 8u
#define TABLE_FIXED 64u
#define TABLE_ENTRY 32u
#define TABLE_TAIL 16u
#define TABLE_MAX (64u << 20)
#define GROWTH_MAX (64u << 20)
#define LEVEL 6 /* level 9 gains 3 % of size for twice the time */

static const char table_magic[8] = {'Y', 'H', 'P', 'A', 'C', 'K', '\n', 1};
static const char table_mark[8] = {'Y', 'H', 'P', 'A', 'C', 'K', 'E', 'D'};

static yh_err bad(uint64_t first, const char *what)
{
    char name[CHAIN_NAME];
    chain_packed_name(first, name);
    return yh_fail(YH_E_CORRUPT, "segment %s: %s does not verify (seq %" PRIu64 ")", name, what, first);
}

/* ---- reading ---- */

static void take_entry(const char *e, struct chain_packed_frame *ret)
{
    *ret = (struct chain_packed_frame){
        .plain_at = chain_take_u64(e),
        .stored_at = chain_take_u64(e + 8),
        .seq = chain_take_u64(e + 16),
        .crc = chain_take_u32(e + 24),
    };
}

static bool entries_fit(const struct chain_packed *p)
{
    if (p->n == 0 || p->frames[0].plain_at != 0 || p->frames[0].stored_at != 0 || p->frames[0].seq != p->first)
        return false;
    for (size_t i = 0; i < p->n; i++) {
        const struct chain_packed_frame *f = &p->frames[i];
        if (f[1].plain_at <= f->plain_at || f[1].plain_at - f->plain_at > CHAIN_FRAME_MAX ||
            f[1].stored_at <= f->stored_at || f[1].stored_at - f->stored_at > ZSTD_compressBound(CHAIN_FRAME_MAX) ||
            f[1].seq < f->seq)
            return false;
    }
    return true;
}

/* `table`: the whole skippable frame, its guard already checked. */
static yh_err take_table(yh_str table, uint64_t table_at, struct chain_packed *p)
{
    const char *at = table.p + SKIP_HEAD;
    uint64_t n = chain_take_u64(at + 32);
    if (memcmp(at, table_magic, 8) != 0 || chain_take_u64(at + 8) != p->first || n == 0 || n > TABLE_MAX / TABLE_ENTRY ||
        table.n != SKIP_HEAD + TABLE_FIXED + n * TABLE_ENTRY + TABLE_TAIL)
        return bad(p->first, "the table");
    p->count = chain_take_u64(at + 16);
    p->plain_size = chain_take_u64(at + 24);
    p->growth_at = chain_take_u64(at + 40);
    p->growth_n = chain_take_u64(at + 48);
    p->growth_crc = chain_take_u32(at + 56);
    p->n = (size_t)n;
    p->open = p->n;
    p->frames = calloc(p->n + 1, sizeof *p->frames);
    if (!p->frames)
        return yh_fail(YH_E_NO_MEMORY, "no memory for the table of a packed segment");
    for (size_t i = 0; i < p->n; i++)
        take_entry(at + TABLE_FIXED + i * TABLE_ENTRY, &p->frames[i]);
    p->frames[p->n] = (struct chain_packed_frame){p->plain_size, p->growth_at, p->first + p->count, 0};
    bool fits = entries_fit(p) && p->growth_n <= GROWTH_MAX && p->growth_at + SKIP_HEAD + p->growth_n == table_at;
    return fits ? YH_OK : bad(p->first, "the table");
}

static yh_err read_table(int fd, struct chain_packed *p)
{
    struct stat st;
    char tail[TABLE_TAIL];
    size_t n;
    if (fstat(fd, &st) != 0)
        return yh_fail_errno("cannot stat a packed segment");
    uint64_t size = (uint64_t)st.st_size;
    if (size < SKIP_HEAD + TABLE_FIXED + TABLE_TAIL)
        return bad(p->first, "the table");
    YH_TRY(chain_pread(fd, "a packed segment", tail, sizeof tail, size - sizeof tail, &n));
    uint64_t length = chain_take_u32(tail + 4) + (uint64_t)SKIP_HEAD;
    if (n != sizeof tail || memcmp(tail + 8, table_mark, 8) != 0 || length > size || length > TABLE_MAX ||
        length < SKIP_HEAD + TABLE_FIXED + TABLE_TAIL)
        return bad(p->first, "the table");
    yh_free_auto char *table = malloc((size_t)length);
    if (!table)
        return yh_fail(YH_E_NO_MEMORY, "no memory for the table of a packed segment");
    YH_TRY(chain_pread(fd, "a packed segment", table, (size_t)length, size - length, &n));
    if (n != length || chain_take_u32(table) != SKIP_TABLE || chain_take_u32(table + 4) != length - SKIP_HEAD ||
        chain_crc32c(0, table, n - TABLE_TAIL) != chain_take_u32(tail))
        return bad(p->first, "the table");
    return take_table((yh_str){table, n}, size - length, p);
}

yh_err chain_packed_open(int fd, uint64_t first, struct chain_packed **ret)
{
    struct chain_packed *p = calloc(1, sizeof *p);
    if (!p)
        return yh_fail(YH_E_NO_MEMORY, "no memory for a packed segment");
    p->first = first;
    yh_err e = read_table(fd, p);
    if (e == YH_OK) {
        p->unpacker = ZSTD_createDCtx();
        p->plain = malloc(CHAIN_FRAME_MAX);
        if (!p->unpacker || !p->plain)
            e = yh_fail(YH_E_NO_MEMORY, "no memory for a packed segment");
    }
    if (e != YH_OK) {
        chain_packed_free(p);
        return e;
    }
    *ret = p;
    return YH_OK;
}

void chain_packed_free(struct chain_packed *p)
{
    if (!p)
        return;
    ZSTD_freeDCtx(p->unpacker);
    free(p->frames);
    free(p->stored);
    free(p->plain);
    free(p);
}

static yh_err read_stored(struct chain_packed *p, int fd, size_t frame, size_t *ret_n)
{
    const struct chain_packed_frame *f = &p->frames[frame];
    size_t length = (size_t)(f[1].stored_at - f->stored_at);
    if (p->stored_cap < length) {
        char *more = realloc(p->stored, length);
        if (!more)
            return yh_fail(YH_E_NO_MEMORY, "no memory to read a packed segment");
        p->stored = more;
        p->stored_cap = length;
    }
    return chain_pread(fd, "a packed segment", p->stored, length, f->stored_at, ret_n);
}

static yh_err bad_frame(struct chain_packed *p, const struct chain_packed_frame *f)
{
    char name[CHAIN_NAME];
    chain_packed_name(p->first, name);
    if (!p->lenient)
        return yh_fail(YH_E_CORRUPT, "segment %s: the packed records from number %" PRIu64 " on do not verify", name,
                       f->seq);
    if (!p->damaged)
        p->damaged_seq = f->seq;
    p->damaged = true;
    return YH_OK;
}

static yh_err open_frame(struct chain_packed *p, int fd, size_t frame)
{
    const struct chain_packed_frame *f = &p->frames[frame];
    size_t n, plain_n = (size_t)(f[1].plain_at - f->plain_at);
    p->open = p->n;
    YH_TRY(read_stored(p, fd, frame, &n));
    if (chain_crc32c(0, p->stored, n) != f->crc)
        YH_TRY(bad_frame(p, f));
    size_t got = ZSTD_decompressDCtx(p->unpacker, p->plain, CHAIN_FRAME_MAX, p->stored, n);
    if (ZSTD_isError(got) || got != plain_n) {
        YH_TRY(bad_frame(p, f));
        memset(p->plain, 0, plain_n);
    }
    p->open = frame;
    return YH_OK;
}

/* The last frame that begins at or before what is looked for. */
static size_t frame_of_offset(const struct chain_packed *p, uint64_t offset)
{
    size_t low = 0, high = p->n;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (p->frames[middle].plain_at <= offset)
            low = middle;
        else
            high = middle;
    }
    return low;
}

yh_err chain_packed_read(struct chain_packed *p, int fd, void *to, size_t n, uint64_t offset, size_t *ret_n)
{
    size_t have = 0;
    while (have < n && offset < p->plain_size) {
        size_t frame = frame_of_offset(p, offset);
        if (frame != p->open)
            YH_TRY(open_frame(p, fd, frame));
        size_t skip = (size_t)(offset - p->frames[frame].plain_at);
        size_t part = yh_min_size(n - have, (size_t)(p->frames[frame + 1].plain_at - offset));
        memcpy((char *)to + have, p->plain + skip, part);
        have += part;
        offset += part;
    }
    *ret_n = have;
    return YH_OK;
}

size_t chain_packed_rest(const struct chain_packed *p, uint64_t offset)
{
    return offset < p->plain_size ? (size_t)(p->frames[frame_of_offset(p, offset) + 1].plain_at - offset) : 0;
}

uint64_t chain_packed_find(const struct chain_packed *p, uint64_t seq)
{
    size_t low = 0, high = p->n;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (p->frames[middle].seq <= seq)
            low = middle;
        else
            high = middle;
    }
    return p->frames[low].plain_at;
}

yh_err chain_packed_growth(const struct chain_packed *p, int fd, yh_buf *out)
{
    size_t n, length = (size_t)p->growth_n + SKIP_HEAD;
    yh_free_auto char *bytes = malloc(length);
    if (!bytes)
        return yh_fail(YH_E_NO_MEMORY, "no memory to read a packed segment");
    YH_TRY(chain_pread(fd, "a packed segment", bytes, length, p->growth_at, &n));
    if (n != length || chain_crc32c(0, bytes, n) != p->growth_crc || chain_take_u32(bytes) != SKIP_GROWTH ||
        chain_take_u32(bytes + 4) != p->growth_n)
        return bad(p->first, "the growth");
    yh_buf_add(out, bytes + SKIP_HEAD, n - SKIP_HEAD);
    return yh_buf_check(out);
}

/* ---- making ---- */

yh_err chain_pack_begin(int fd, struct chain_pack *ret)
{
    *ret = (struct chain_pack){.fd = fd, .entries = yh_buf_make(TABLE_MAX),
                               .space = yh_buf_make(ZSTD_compressBound(CHAIN_FRAME_MAX))};
    ret->packer = ZSTD_createCCtx();
    if (!ret->packer)
        return yh_fail(YH_E_NO_MEMORY, "no memory to pack a segment");
    return YH_OK;
}

void chain_pack_done(struct chain_pack *p)
{
    ZSTD_freeCCtx(p->packer);
    yh_buf_done(&p->entries);
    yh_buf_done(&p->space);
}

static void put_u32(yh_buf *out, uint32_t v)
{
    char bytes[4];
    chain_put_u32(bytes, v);
    yh_buf_add(out, bytes, sizeof bytes);
}

static void put_u64(yh_buf *out, uint64_t v)
{
    char bytes[8];
    chain_put_u64(bytes, v);
    yh_buf_add(out, bytes, sizeof bytes);
}

static yh_err put_stored(struct chain_pack *p, const void *bytes, size_t n)
{
    YH_TRY(chain_pwrite_full(p->fd, "a packed segment", bytes, n, p->stored_at));
    p->stored_at += n;
    return YH_OK;
}

yh_err chain_pack_add(struct chain_pack *p, yh_str plain, uint64_t seq)
{
    if (plain.n == 0 || plain.n > CHAIN_FRAME_MAX)
        return yh_fail(YH_E_TOO_LARGE, "a frame of %zu bytes cannot be packed", plain.n);
    yh_buf_clear(&p->space);
    size_t bound = ZSTD_compressBound(plain.n);
    char *to = yh_buf_reserve(&p->space, bound);
    if (!to)
        return yh_fail(YH_E_NO_MEMORY, "no memory to pack a segment");
    size_t n = ZSTD_compressCCtx(p->packer, to, bound, plain.p, plain.n, LEVEL);
    if (ZSTD_isError(n))
        return yh_fail(YH_E_NO_MEMORY, "cannot pack a segment: %s", ZSTD_getErrorName(n));
    put_u64(&p->entries, p->plain_at);
    put_u64(&p->entries, p->stored_at);
    put_u64(&p->entries, seq);
    put_u32(&p->entries, chain_crc32c(0, to, n));
    put_u32(&p->entries, 0);
    YH_TRY(yh_buf_check(&p->entries));
    p->plain_at += plain.n;
    p->n++;
    return put_stored(p, to, n);
}

static yh_err put_growth(struct chain_pack *p, yh_str growth, uint32_t *ret_crc)
{
    char head[SKIP_HEAD];
    if (growth.n > GROWTH_MAX)
        return yh_fail(YH_E_TOO_LARGE, "growth figures of %zu bytes are too large", growth.n);
    chain_put_u32(head, SKIP_GROWTH);
    chain_put_u32(head + 4, (uint32_t)growth.n);
    *ret_crc = chain_crc32c(chain_crc32c(0, head, sizeof head), growth.p, growth.n);
    YH_TRY(put_stored(p, head, sizeof head));
    return put_stored(p, growth.p, growth.n);
}

yh_err chain_pack_end(struct chain_pack *p, uint64_t first, uint64_t count, yh_str growth)
{
    yh_buf_auto table = yh_buf_make(TABLE_MAX);
    uint64_t growth_at = p->stored_at;
    uint32_t growth_crc = 0;
    YH_TRY(put_growth(p, growth, &growth_crc));
    uint32_t length = (uint32_t)(TABLE_FIXED + p->entries.n + TABLE_TAIL);
    put_u32(&table, SKIP_TABLE);
    put_u32(&table, length);
    yh_buf_add(&table, table_magic, sizeof table_magic);
    put_u64(&table, first);
    put_u64(&table, count);
    put_u64(&table, p->plain_at);
    put_u64(&table, p->n);
    put_u64(&table, growth_at);
    put_u64(&table, growth.n);
    put_u32(&table, growth_crc);
    put_u32(&table, 0);
    yh_buf_add(&table, p->entries.p, p->entries.n);
    YH_TRY(yh_buf_check(&table));
    put_u32(&table, chain_crc32c(0, table.p, table.n));
    put_u32(&table, length);
    yh_buf_add(&table, table_mark, sizeof table_mark);
    YH_TRY(yh_buf_check(&table));
    return put_stored(p, table.p, table.n);
}
