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
#define LISTINGS 8

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

static yh_err list_once(const char *dir, uint64_t **ret_firsts, size_t *ret_n)
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
    *ret_n = sort_and_unite(firsts, n);
    *ret_firsts = yh_steal(&firsts);
    return YH_OK;
}

static bool has_changed(const char *dir, struct timespec *since)
{
    struct stat st;
    if (stat(dir, &st) != 0)
        return false;
    struct timespec before = *since;
    *since = st.st_mtim;
    return before.tv_sec != since->tv_sec || before.tv_nsec != since->tv_nsec;
}

/* While a packed file takes the place of a plain one, a listing in several steps may see neither. */
yh_err chain_segment_list(const char *dir, uint64_t **ret_firsts, size_t *ret_n)
{
    struct timespec at = {0};
    (void)has_changed(dir, &at);
    for (int i = 0;; i++) {
        yh_free_auto uint64_t *firsts = NULL;
        YH_TRY(list_once(dir, &firsts, ret_n));
        if (has_changed(dir, &at) && i < LISTINGS)
            continue;
        *ret_firsts = yh_steal(&firsts);
        return YH_OK;
    }
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
