#include "chain/log_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "chain/crc32c.h"

#define SUFFIX ".seg"
#define DIGITS 20

static const char header_magic[8] = {'Y', 'H', 'L', 'O', 'G', '\r', '\n', 1};
static const char sealed_mark[8] = {'Y', 'H', 'S', 'E', 'A', 'L', 'E', 'D'};

void chain_segment_name(uint64_t first, char ret_name[CHAIN_NAME])
{
    snprintf(ret_name, CHAIN_NAME, "%0*" PRIu64 SUFFIX, DIGITS, first);
}

yh_err chain_path(const char *dir, const char *name, char ret_path[CHAIN_PATH])
{
    if (snprintf(ret_path, CHAIN_PATH, "%s/%s", dir, name) >= CHAIN_PATH)
        return yh_fail(YH_E_TOO_LARGE, "path too long: %s/%s", dir, name);
    return YH_OK;
}

yh_err chain_segment_path(const char *dir, uint64_t first, char ret_path[CHAIN_PATH])
{
    char name[CHAIN_NAME];
    chain_segment_name(first, name);
    return chain_path(dir, name, ret_path);
}

static bool name_to_first(const char *name, uint64_t *ret)
{
    yh_str s = yh_str_of(name);
    return s.n == DIGITS + sizeof SUFFIX - 1 && yh_str_ends(s, YH_S(SUFFIX)) && name[0] >= '0' && name[0] <= '9' &&
           yh_str_to_u64(yh_str_sub(s, 0, DIGITS), ret);
}

static int by_value(const void *a, const void *b)
{
    uint64_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return x < y ? -1 : x > y;
}

static void close_dir(DIR **d)
{
    if (*d)
        closedir(*d);
}

yh_err chain_segment_list(const char *dir, uint64_t **ret_firsts, size_t *ret_n)
{
    yh_cleanup(close_dir) DIR *d = opendir(dir);
    if (!d)
        return yh_fail_errno("cannot open the log folder %s", dir);
    yh_free_auto uint64_t *firsts = NULL;
    size_t n = 0, cap = 0;
    for (struct dirent *e; (e = readdir(d));) {
        uint64_t first;
        if (!name_to_first(e->d_name, &first))
            continue;
        if (n == cap) {
            cap = cap ? cap * 2 : 64;
            uint64_t *more = reallocarray(firsts, cap, sizeof *more);
            if (!more)
                return yh_fail(YH_E_NO_MEMORY, "no memory to list %s", dir);
            firsts = more;
        }
        firsts[n++] = first;
    }
    if (n)
        qsort(firsts, n, sizeof *firsts, by_value);
    *ret_firsts = yh_steal(&firsts);
    *ret_n = n;
    return YH_OK;
}

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

yh_err chain_segment_open(const char *dir, uint64_t first, bool writable, int *ret_fd)
{
    char path[CHAIN_PATH];
    YH_TRY(chain_segment_path(dir, first, path));
    int fd = open(path, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC);
    if (fd < 0)
        return yh_fail_errno("cannot open %s", path);
    *ret_fd = fd;
    return YH_OK;
}

yh_err chain_pread(int fd, const char *name, void *to, size_t n, uint64_t offset, size_t *ret_n)
{
    size_t have = 0;
    while (have < n) {
        ssize_t got = pread(fd, (char *)to + have, n - have, (off_t)(offset + have));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return yh_fail_errno("cannot read %s", name);
        if (got == 0)
            break;
        have += (size_t)got;
    }
    *ret_n = have;
    return YH_OK;
}

yh_err chain_pwrite_full(int fd, const char *name, const void *bytes, size_t n, uint64_t offset)
{
    const char *p = bytes;
    while (n) {
        ssize_t put = pwrite(fd, p, n, (off_t)offset);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return yh_fail_errno("cannot write %s", name);
        p += put;
        offset += (uint64_t)put;
        n -= (size_t)put;
    }
    return YH_OK;
}

yh_err chain_header_read(int fd, uint64_t first, struct chain_header *ret)
{
    char name[CHAIN_NAME], stored[CHAIN_HEADER], again[CHAIN_HEADER];
    size_t n;
    chain_segment_name(first, name);
    YH_TRY(chain_pread(fd, name, stored, sizeof stored, 0, &n));
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

yh_err chain_footer_read(int fd, uint64_t first, struct chain_segment *ret, struct chain_index *index)
{
    char name[CHAIN_NAME], trailer[CHAIN_TRAILER];
    chain_segment_name(first, name);
    struct stat st;
    if (fstat(fd, &st) != 0)
        return yh_fail_errno("cannot stat %s", name);
    uint64_t size = (uint64_t)st.st_size;
    size_t n;
    if (size < CHAIN_HEADER + CHAIN_PREFIX + CHAIN_TRAILER)
        return yh_fail(YH_E_NOT_FOUND, "segment %s is not sealed", name);
    YH_TRY(chain_pread(fd, name, trailer, sizeof trailer, size - CHAIN_TRAILER, &n));
    uint64_t offset = chain_take_u64(trailer), stop = size - CHAIN_TRAILER;
    if (n != sizeof trailer || memcmp(trailer + 8, sealed_mark, 8) != 0 || offset < CHAIN_HEADER || offset >= stop ||
        stop - offset > CHAIN_PREFIX + CHAIN_FOOTER_MAX)
        return yh_fail(YH_E_NOT_FOUND, "segment %s is not sealed", name);
    size_t length = (size_t)(stop - offset);
    yh_free_auto char *bytes = malloc(length);
    if (!bytes)
        return yh_fail(YH_E_NO_MEMORY, "no memory for the footer of %s", name);
    YH_TRY(chain_pread(fd, name, bytes, length, offset, &n));
    struct chain_found f = chain_look((yh_str){bytes, n}, offset);
    if (f.what != CHAIN_AT_FOOTER || f.size != length)
        return footer_bad(first, offset);
    return footer_parse(f.body, first, offset, ret, index);
}

#define SCAN_BUFFER (256u << 10)

void chain_scan_init(struct chain_scan *s, int fd, uint64_t offset)
{
    s->fd = fd;
    s->offset = offset;
    s->buf_at = offset;
    s->n = 0;
}

void chain_scan_done(struct chain_scan *s)
{
    free(s->buf);
    *s = (struct chain_scan){.fd = -1};
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
    return chain_pread(s->fd, "a segment", s->buf, s->cap, s->offset, &s->n);
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

yh_err chain_segment_reread(int fd, const struct chain_segment *s)
{
    yh_cleanup(chain_scan_done) struct chain_scan scan = {.fd = fd};
    struct chain_header h;
    (void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    YH_TRY(chain_header_read(fd, s->first, &h));
    chain_scan_init(&scan, fd, CHAIN_HEADER);
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
