/* Segments as files: names, listing, opening, bytes of plain and packed ones. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "chain/log_file.h"
#include "chain/packed.h"

#define SUFFIX ".seg"
#define PACKED_SUFFIX ".seg.zst"
#define DIGITS 20

void chain_segment_name(uint64_t first, char ret_name[CHAIN_NAME])
{
    snprintf(ret_name, CHAIN_NAME, "%0*" PRIu64 SUFFIX, DIGITS, first);
}

void chain_packed_name(uint64_t first, char ret_name[CHAIN_NAME])
{
    snprintf(ret_name, CHAIN_NAME, "%0*" PRIu64 PACKED_SUFFIX, DIGITS, first);
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
    yh_str s = yh_str_of(name), suffix = yh_str_sub(s, DIGITS, s.n);
    return (yh_str_is(suffix, SUFFIX) || yh_str_is(suffix, PACKED_SUFFIX)) && name[0] >= '0' && name[0] <= '9' &&
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

static size_t sort_and_unite(uint64_t *firsts, size_t n)
{
    size_t kept = 0;
    if (n)
        qsort(firsts, n, sizeof *firsts, by_value);
    for (size_t i = 0; i < n; i++) /* for a moment, and after a crash while packing, both files are there */
        if (kept == 0 || firsts[kept - 1] != firsts[i])
            firsts[kept++] = firsts[i];
    return kept;
}

struct listing {
    uint64_t *firsts;
    size_t n, cap;
};

static void listing_done(struct listing *l)
{
    free(l->firsts);
}

static yh_err list_once(const char *dir, struct listing *l)
{
    yh_cleanup(close_dir) DIR *d = opendir(dir);
    if (!d)
        return yh_fail_errno("cannot open the log folder %s", dir);
    for (struct dirent *e; (e = readdir(d));) {
        uint64_t first;
        if (!name_to_first(e->d_name, &first))
            continue;
        if (l->n == l->cap) {
            size_t cap = l->cap ? l->cap * 2 : 64;
            uint64_t *more = reallocarray(l->firsts, cap, sizeof *more);
            if (!more)
                return yh_fail(YH_E_NO_MEMORY, "no memory to list %s", dir);
            l->firsts = more;
            l->cap = cap;
        }
        l->firsts[l->n++] = first;
    }
    return YH_OK;
}

/*
 * One listing may see neither file of a segment, the packed one put in place behind and the plain one removed in front
 * of where it stands; a second one then sees the packed one, since segments never go.
 */
yh_err chain_segment_list(const char *dir, uint64_t **ret_firsts, size_t *ret_n)
{
    yh_cleanup(listing_done) struct listing l = {0};
    YH_TRY(list_once(dir, &l));
    YH_TRY(list_once(dir, &l));
    *ret_n = sort_and_unite(l.firsts, l.n);
    *ret_firsts = yh_steal(&l.firsts);
    return YH_OK;
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

/* The plain file is looked for first: the packed one is put in place before the plain one goes. */
yh_err chain_file_open(const char *dir, uint64_t first, struct chain_file *ret)
{
    char plain[CHAIN_PATH], name[CHAIN_NAME], packed[CHAIN_PATH];
    YH_TRY(chain_segment_path(dir, first, plain));
    chain_packed_name(first, name);
    YH_TRY(chain_path(dir, name, packed));
    struct chain_file f = {.fd = open(plain, O_RDONLY | O_CLOEXEC)};
    if (f.fd < 0 && errno != ENOENT)
        return yh_fail_errno("cannot open %s", plain);
    if (f.fd < 0) {
        f.fd = open(packed, O_RDONLY | O_CLOEXEC);
        if (f.fd < 0)
            return yh_fail_errno("cannot open %s", errno == ENOENT ? plain : packed);
        yh_err e = chain_packed_open(f.fd, first, &f.packed);
        if (e != YH_OK) {
            close(f.fd);
            return e;
        }
    }
    *ret = f;
    return YH_OK;
}

void chain_file_close(struct chain_file *f)
{
    yh_fd_close(&f->fd);
    chain_packed_free(f->packed);
    f->packed = NULL;
}

void chain_file_name(const struct chain_file *f, uint64_t first, char ret_name[CHAIN_NAME])
{
    if (f->packed)
        chain_packed_name(first, ret_name);
    else
        chain_segment_name(first, ret_name);
}

yh_err chain_file_stored(const struct chain_file *f, uint64_t *ret)
{
    struct stat st;
    if (fstat(f->fd, &st) != 0)
        return yh_fail_errno("cannot stat a segment");
    *ret = (uint64_t)st.st_size;
    return YH_OK;
}

yh_err chain_file_size(const struct chain_file *f, uint64_t *ret)
{
    if (!f->packed)
        return chain_file_stored(f, ret);
    *ret = f->packed->plain_size;
    return YH_OK;
}

yh_err chain_file_read(const struct chain_file *f, const char *name, void *to, size_t n, uint64_t offset, size_t *ret_n)
{
    return f->packed ? chain_packed_read(f->packed, f->fd, to, n, offset, ret_n)
                     : chain_pread(f->fd, name, to, n, offset, ret_n);
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
