#include "chain/log_file.h"

#include <fcntl.h>
#include <inttypes.h>

#include "base/file.h"
#include "chain/crc32c.h"
#include "chain/packed.h"

static const char header_magic[8] = {'Y', 'H', 'L', 'O', 'G', '\r', '\n', 1};
static const char sealed_mark[8] = {'Y', 'H', 'S', 'E', 'A', 'L', 'E', 'D'};

static void header_bytes(const struct chain_header *h, char to[CHAIN_HEADER])
{
    memcpy(to, header_magic, 8);
    chain_put_u64(to + 8, h->first);
    chain_put_u64(to + 16, h->checkpoints);
    memcpy(to + 24, h->before.b, YH_SM3_LEN);
    chain_put_u32(to + 56, 0);
    chain_put_u32(to + 60, chain_crc32c(0, to, 60));
}

yh_err chain_segment_create(const char *dir, const struct chain_header *h, int *ret_fd)
{
    char path[CHAIN_PATH], bytes[CHAIN_HEADER];
    YH_TRY(chain_segment_path(dir, h->first, path));
    header_bytes(h, bytes);
    YH_TRY(yh_file_replace(path, (yh_str){bytes, sizeof bytes}, 0640));
    return chain_segment_open(dir, h->first, true, ret_fd);
}

yh_err chain_header_read(const struct chain_file *f, uint64_t first, struct chain_header *ret)
{
    char name[CHAIN_NAME], stored[CHAIN_HEADER], again[CHAIN_HEADER];
    size_t n;
    chain_segment_name(first, name);
    YH_TRY(chain_file_read(f, name, stored, sizeof stored, 0, &n));
    struct chain_header h = {.first = chain_take_u64(stored + 8), .checkpoints = chain_take_u64(stored + 16)};
    memcpy(h.before.b, stored + 24, YH_SM3_LEN);
    header_bytes(&h, again);
    if (n != sizeof stored || memcmp(stored, again, sizeof stored) != 0 || h.first != first)
        return yh_fail(YH_E_CORRUPT, "segment %s: the header does not verify (seq %" PRIu64 ", offset 0)", name, first);
    *ret = h;
    return YH_OK;
}

static yh_err index_add(struct chain_index *x, uint64_t offset, yh_time received)
{
    if (x->n == x->cap) {
        size_t cap = x->cap ? x->cap * 2 : 256;
        struct chain_index_entry *more = reallocarray(x->entries, cap, sizeof *more);
        if (!more)
            return yh_fail(YH_E_NO_MEMORY, "no memory for a segment index");
        x->entries = more;
        x->cap = cap;
    }
    x->entries[x->n++] = (struct chain_index_entry){offset, received};
    return YH_OK;
}

yh_err chain_segment_count(struct chain_segment *s, struct chain_index *x, yh_time received, size_t stored)
{
    if (s->count % CHAIN_STRIDE == 0)
        YH_TRY(index_add(x, s->end, received));
    struct chain_index_entry *e = &x->entries[x->n - 1];
    if (received > e->received_max)
        e->received_max = received;
    if (s->count == 0 || received < s->received_min)
        s->received_min = received;
    if (s->count == 0 || received > s->received_max)
        s->received_max = received;
    s->count++;
    s->end += stored;
    return YH_OK;
}

void chain_index_done(struct chain_index *x)
{
    free(x->entries);
    *x = (struct chain_index){0};
}

#define FOOTER_FIXED 72u

uint64_t chain_footer_entry(const struct chain_segment *s, size_t block)
{
    return s->end + CHAIN_PREFIX + FOOTER_FIXED + block * 16;
}

static void add_u64(yh_buf *out, uint64_t v)
{
    char bytes[8];
    chain_put_u64(bytes, v);
    yh_buf_add(out, bytes, sizeof bytes);
}

yh_err chain_footer_write(const struct chain_segment *s, const struct chain_index *x, const yh_sm3_hash *after,
                          yh_buf *out)
{
    char prefix[CHAIN_PREFIX] = {0};
    size_t length = FOOTER_FIXED + x->n * 16;
    if (length > CHAIN_FOOTER_MAX)
        return yh_fail(YH_E_TOO_LARGE, "segment index of %zu bytes is too large", length);
    chain_put_u32(prefix, (uint32_t)length);
    chain_put_u32(prefix + 4, CHAIN_FOOTER_MARK);
    size_t start = out->n;
    yh_buf_add(out, prefix, sizeof prefix);
    add_u64(out, s->first);
    add_u64(out, s->count);
    add_u64(out, (uint64_t)s->received_min);
    add_u64(out, (uint64_t)s->received_max);
    yh_buf_add(out, after->b, YH_SM3_LEN);
    add_u64(out, x->n);
    for (size_t i = 0; i < x->n; i++) {
        add_u64(out, x->entries[i].offset);
        add_u64(out, (uint64_t)x->entries[i].received_max);
    }
    YH_TRY(yh_buf_check(out));
    chain_guard_set(out->p + start);
    add_u64(out, s->end);
    yh_buf_add(out, sealed_mark, sizeof sealed_mark);
    return yh_buf_check(out);
}

static yh_err footer_bad(uint64_t first, uint64_t offset)
{
    char name[CHAIN_NAME];
    chain_segment_name(first, name);
    return yh_fail(YH_E_CORRUPT, "segment %s: the footer does not verify (seq %" PRIu64 ", offset %" PRIu64 ")", name,
                   first, offset);
}

static yh_err footer_parse(yh_str body, uint64_t first, uint64_t offset, struct chain_segment *ret,
                           struct chain_index *index)
{
    if (body.n < FOOTER_FIXED || chain_take_u64(body.p) != first)
        return footer_bad(first, offset);
    uint64_t entries = chain_take_u64(body.p + 64), count = chain_take_u64(body.p + 8);
    if (entries != (count + CHAIN_STRIDE - 1) / CHAIN_STRIDE || body.n != FOOTER_FIXED + entries * 16)
        return footer_bad(first, offset);
    for (size_t i = 0; index && i < entries; i++) {
        const char *e = body.p + FOOTER_FIXED + i * 16;
        YH_TRY(index_add(index, chain_take_u64(e), (yh_time)chain_take_u64(e + 8)));
    }
    *ret = (struct chain_segment){
        .first = first,
        .count = count,
        .end = offset,
        .received_min = (yh_time)chain_take_u64(body.p + 16),
        .received_max = (yh_time)chain_take_u64(body.p + 24),
        .sealed = true,
    };
    return YH_OK;
}

yh_err chain_footer_read(const struct chain_file *f, uint64_t first, struct chain_segment *ret,
                         struct chain_index *index)
{
    char name[CHAIN_NAME], trailer[CHAIN_TRAILER];
    chain_segment_name(first, name);
    uint64_t size, stored;
    size_t n;
    YH_TRY(chain_file_size(f, &size));
    YH_TRY(chain_file_stored(f, &stored));
    if (size < CHAIN_HEADER + CHAIN_PREFIX + CHAIN_TRAILER)
        return yh_fail(YH_E_NOT_FOUND, "segment %s is not sealed", name);
    YH_TRY(chain_file_read(f, name, trailer, sizeof trailer, size - CHAIN_TRAILER, &n));
    uint64_t offset = chain_take_u64(trailer), stop = size - CHAIN_TRAILER;
    if (n != sizeof trailer || memcmp(trailer + 8, sealed_mark, 8) != 0 || offset < CHAIN_HEADER || offset >= stop ||
        stop - offset > CHAIN_PREFIX + CHAIN_FOOTER_MAX)
        return yh_fail(YH_E_NOT_FOUND, "segment %s is not sealed", name);
    size_t length = (size_t)(stop - offset);
    yh_free_auto char *bytes = malloc(length);
    if (!bytes)
        return yh_fail(YH_E_NO_MEMORY, "no memory for the footer of %s", name);
    YH_TRY(chain_file_read(f, name, bytes, length, offset, &n));
    struct chain_found found = chain_look((yh_str){bytes, n}, offset);
    if (found.what != CHAIN_AT_FOOTER || found.size != length)
        return footer_bad(first, offset);
    YH_TRY(footer_parse(found.body, first, offset, ret, index));
    ret->packed = f->packed != NULL;
    ret->plain = size;
    ret->stored = stored;
    return YH_OK;
}

#define SCAN_BUFFER (256u << 10)

void chain_scan_init(struct chain_scan *s, const struct chain_file *file, uint64_t offset)
{
    s->file = file;
    s->offset = offset;
    s->buf_at = offset;
    s->n = 0;
}

void chain_scan_done(struct chain_scan *s)
{
    free(s->buf);
    *s = (struct chain_scan){0};
}

static yh_err scan_fill(struct chain_scan *s, size_t want)
{
    size_t cap = want > SCAN_BUFFER ? want : SCAN_BUFFER;
    if (s->cap < cap) {
        char *more = realloc(s->buf, cap);
        if (!more)
            return yh_fail(YH_E_NO_MEMORY, "no memory to read the log");
        s->buf = more;
        s->cap = cap;
    }
    s->buf_at = s->offset;
    s->n = 0;
    size_t fill = s->cap;
    if (s->file->packed) { /* what else is unpacked may not be wanted */
        size_t rest = chain_packed_rest(s->file->packed, s->offset);
        fill = yh_min_size(rest > want ? rest : want, s->cap);
    }
    return chain_file_read(s->file, "a segment", s->buf, fill, s->offset, &s->n);
}

static yh_str scan_view(const struct chain_scan *s)
{
    size_t skip = (size_t)(s->offset - s->buf_at);
    return skip >= s->n ? (yh_str){"", 0} : (yh_str){s->buf + skip, s->n - skip};
}

yh_err chain_scan_next(struct chain_scan *s, struct chain_found *ret)
{
    struct chain_found f = chain_look(scan_view(s), s->offset);
    /* A prefix in the buffer tells the size; a body that does not fit into it wants a second look. */
    for (int looks = 0; looks < 2 && (f.what == CHAIN_AT_END || f.what == CHAIN_AT_SHORT); looks++) {
        YH_TRY(scan_fill(s, f.size));
        f = chain_look(scan_view(s), s->offset);
    }
    if (f.what == CHAIN_AT_RECORD)
        s->offset += f.size;
    *ret = f;
    return YH_OK;
}

yh_err chain_bad_record(uint64_t first, uint64_t seq, uint64_t offset, const char *why)
{
    char name[CHAIN_NAME];
    chain_segment_name(first, name);
    return yh_fail(YH_E_CORRUPT, "segment %s: record %" PRIu64 " at offset %" PRIu64 " %s", name, seq, offset, why);
}

yh_err chain_segment_reread(const struct chain_file *file, const struct chain_segment *s)
{
    yh_cleanup(chain_scan_done) struct chain_scan scan = {0};
    struct chain_header h;
    (void)posix_fadvise(file->fd, 0, 0, POSIX_FADV_DONTNEED);
    YH_TRY(chain_header_read(file, s->first, &h));
    chain_scan_init(&scan, file, CHAIN_HEADER);
    for (uint64_t seq = s->first; seq < s->first + s->count; seq++) {
        struct chain_found f;
        YH_TRY(chain_scan_next(&scan, &f));
        if (f.what != CHAIN_AT_RECORD || f.record.seq != seq)
            return chain_bad_record(s->first, seq, f.offset, "does not verify");
    }
    if (scan.offset != s->end)
        return chain_bad_record(s->first, s->first + s->count, scan.offset, "stands in the wrong place");
    return YH_OK;
}
