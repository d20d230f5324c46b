/* The calls themselves. The C library knows most under two names, and fortified programs use a third. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "shim.h"

#define NAMED(type, name, symbol, ...)                    \
    type name(__VA_ARGS__) __asm__(symbol);             \
    type name(__VA_ARGS__)
#define ALSO(symbol, target) __asm__(".globl " symbol "\n.set " symbol ", " target)

static ssize_t write_at(int fd, const void *bytes, size_t n, off_t at)
{
    switch (shim_judge(fd, SHIM_WRITE)) {
    case SHIM_NOTHING: break;
    case SHIM_SHORT: n = n > 1 ? n / 2 : n; break;
    case SHIM_FAIL: case SHIM_DROP: return -1;
    }
    shim_undo_begin(fd, at, n);
    ssize_t done = at >= 0 ? syscall(SYS_pwrite64, fd, bytes, n, at) : syscall(SYS_write, fd, bytes, n);
    shim_undo_end();
    return done;
}

NAMED(ssize_t, shim_write, "write", int fd, const void *bytes, size_t n)
{
    return write_at(fd, bytes, n, -1);
}

NAMED(ssize_t, shim_pwrite, "pwrite64", int fd, const void *bytes, size_t n, off_t at)
{
    return write_at(fd, bytes, n, at);
}
ALSO("pwrite", "pwrite64");

/* Several pieces: the first alone, which is a short write that callers must cope with anyway. */
NAMED(ssize_t, shim_pwritev, "pwritev64", int fd, const struct iovec *v, int n, off_t at)
{
    return n < 1 ? 0 : write_at(fd, v[0].iov_base, v[0].iov_len, at);
}
ALSO("pwritev", "pwritev64");

static ssize_t read_at(int fd, void *to, size_t n, off_t at)
{
    enum shim_effect effect = shim_judge(fd, SHIM_READ);
    if (effect == SHIM_FAIL || effect == SHIM_DROP)
        return -1;
    if (effect == SHIM_SHORT && n > 1)
        n /= 2;
    return at >= 0 ? syscall(SYS_pread64, fd, to, n, at) : syscall(SYS_read, fd, to, n);
}

NAMED(ssize_t, shim_read, "read", int fd, void *to, size_t n)
{
    return read_at(fd, to, n, -1);
}

NAMED(ssize_t, shim_read_chk, "__read_chk", int fd, void *to, size_t n, size_t room)
{
    return read_at(fd, to, n < room ? n : room, -1);
}

NAMED(ssize_t, shim_pread, "pread64", int fd, void *to, size_t n, off_t at)
{
    return read_at(fd, to, n, at);
}
ALSO("pread", "pread64");

NAMED(ssize_t, shim_pread_chk, "__pread64_chk", int fd, void *to, size_t n, off_t at, size_t room)
{
    return read_at(fd, to, n < room ? n : room, at);
}
ALSO("__pread_chk", "__pread64_chk");

static int sync_file(int fd, long call)
{
    enum shim_effect effect = shim_judge(fd, SHIM_SYNC);
    if (effect == SHIM_DROP)
        shim_undo_drop(fd);
    if (effect == SHIM_FAIL || effect == SHIM_DROP)
        return -1;
    uint64_t mark = shim_undo_mark();
    int done = (int)syscall(call, fd);
    if (done == 0)
        shim_undo_synced(fd, mark);
    return done;
}

NAMED(int, shim_fsync, "fsync", int fd)
{
    return sync_file(fd, SYS_fsync);
}

NAMED(int, shim_fdatasync, "fdatasync", int fd)
{
    return sync_file(fd, SYS_fdatasync);
}

NAMED(int, shim_ftruncate, "ftruncate64", int fd, off_t size)
{
    if (shim_judge(fd, SHIM_TRUNCATE) != SHIM_NOTHING)
        return -1;
    shim_undo_begin_cut(fd, size);
    int done = (int)syscall(SYS_ftruncate, fd, size);
    shim_undo_end();
    return done;
}
ALSO("ftruncate", "ftruncate64");

NAMED(int, shim_unlink, "unlink", const char *path)
{
    shim_undo_forget(path);
    return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

NAMED(int, shim_rename, "rename", const char *from, const char *to)
{
    shim_undo_forget(to);
    return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

static int open_at(int dir, const char *path, int flags, mode_t mode)
{
    if (shim_judge_path(path, SHIM_OPEN) != SHIM_NOTHING)
        return -1;
    return (int)syscall(SYS_openat, dir, path, flags, mode);
}

static mode_t mode_of(int flags, va_list more)
{
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0;
}

NAMED(int, shim_open, "open64", const char *path, int flags, ...)
{
    va_list more;
    va_start(more, flags);
    int fd = open_at(AT_FDCWD, path, flags, mode_of(flags, more));
    va_end(more);
    return fd;
}
ALSO("open", "open64");

NAMED(int, shim_openat, "openat64", int dir, const char *path, int flags, ...)
{
    va_list more;
    va_start(more, flags);
    int fd = open_at(dir, path, flags, mode_of(flags, more));
    va_end(more);
    return fd;
}
ALSO("openat", "openat64");

NAMED(int, shim_open_2, "__open64_2", const char *path, int flags)
{
    return open_at(AT_FDCWD, path, flags, 0);
}
ALSO("__open_2", "__open64_2");

/* ---- the wall clock ---- */

NAMED(int, shim_clock_gettime, "clock_gettime", clockid_t clock, struct timespec *ret)
{
    int done = (int)syscall(SYS_clock_gettime, clock, ret);
    int64_t ms = clock == CLOCK_REALTIME ? shim_clock_ms() : 0;
    if (done != 0 || ms == 0)
        return done;
    int64_t ns = ret->tv_nsec + ms % 1000 * 1000000;
    ret->tv_sec += ms / 1000 + (ns >= 1000000000) - (ns < 0);
    ret->tv_nsec = (ns + 1000000000) % 1000000000;
    return 0;
}

NAMED(int, shim_gettimeofday, "gettimeofday", struct timeval *ret, void *zone)
{
    struct timespec ts;
    (void)zone;
    shim_clock_gettime(CLOCK_REALTIME, &ts);
    *ret = (struct timeval){.tv_sec = ts.tv_sec, .tv_usec = ts.tv_nsec / 1000};
    return 0;
}

NAMED(time_t, shim_time, "time", time_t *ret)
{
    struct timespec ts;
    shim_clock_gettime(CLOCK_REALTIME, &ts);
    if (ret)
        *ret = ts.tv_sec;
    return ts.tv_sec;
}
