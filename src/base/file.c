#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

void yh_fd_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

yh_err yh_file_read_fd(int fd, const char *name, yh_buf *out)
{
    for (;;) {
        size_t room = yh_min_size(65536, out->max - out->n);
        char probe; /* a full buffer may still stand exactly at the end of the file */
        char *to = room ? yh_buf_reserve(out, room) : &probe;
        if (!to)
            return yh_fail(YH_E_NO_MEMORY, "no memory to read %s", name);
        ssize_t got = read(fd, to, room ? room : 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return yh_fail_errno("cannot read %s", name);
        if (got == 0)
            return YH_OK;
        if (room == 0)
            return yh_fail(YH_E_TOO_LARGE, "%s is larger than %zu bytes", name, out->max);
        out->n += (size_t)got;
    }
}

yh_err yh_file_read(const char *path, yh_buf *out)
{
    yh_fd_auto fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return yh_fail_errno("cannot open %s", path);
    return yh_file_read_fd(fd, path, out);
}

yh_err yh_write_full(int fd, const char *name, const void *bytes, size_t n)
{
    const char *p = bytes;
    while (n) {
        ssize_t put = write(fd, p, n);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return yh_fail_errno("cannot write %s", name);
        p += put;
        n -= (size_t)put;
    }
    return YH_OK;
}

yh_err yh_dir_sync(const char *path)
{
    yh_fd_auto fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        return yh_fail_errno("cannot sync folder %s", path);
    return YH_OK;
}

static yh_err sync_parent(const char *path)
{
    char dir[PATH_MAX];
    const char *slash = strrchr(path, '/');
    int n = slash ? (int)(slash - path) : 0;
    snprintf(dir, sizeof dir, "%.*s", n ? n : 1, n ? path : slash ? "/" : ".");
    return yh_dir_sync(dir);
}

static yh_err write_beside(const char *beside, yh_str content, unsigned mode)
{
    /* A file left over from a crash may carry another mode or be a link: never write into it. */
    if (unlink(beside) != 0 && errno != ENOENT)
        return yh_fail_errno("cannot remove the leftover %s", beside);
    yh_fd_auto fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0)
        return yh_fail_errno("cannot create %s", beside);
    YH_TRY(yh_write_full(fd, beside, content.p, content.n));
    if (fsync(fd) != 0)
        return yh_fail_errno("cannot sync %s", beside);
    return YH_OK;
}

yh_err yh_file_replace(const char *path, yh_str content, unsigned mode)
{
    char beside[PATH_MAX];
    if (snprintf(beside, sizeof beside, "%s.new", path) >= (int)sizeof beside)
        return yh_fail(YH_E_TOO_LARGE, "path too long: %s", path);
    yh_err e = write_beside(beside, content, mode);
    if (e == YH_OK && rename(beside, path) != 0)
        e = yh_fail_errno("cannot put %s in place", path);
    if (e != YH_OK) {
        unlink(beside);
        return e;
    }
    return sync_parent(path);
}

/* Makes one folder durable together with its entry in the parent; an existing one is fine. */
static yh_err make_one(const char *path)
{
    if (mkdir(path, 0750) == 0)
        return sync_parent(path);
    return errno == EEXIST ? YH_OK : yh_fail_errno("cannot make folder %s", path);
}

yh_err yh_dir_make(const char *path)
{
    char at[PATH_MAX];
    if (*path == '\0')
        return yh_fail(YH_E_INVALID, "the folder has no name");
    if (snprintf(at, sizeof at, "%s", path) >= (int)sizeof at)
        return yh_fail(YH_E_TOO_LARGE, "path too long: %s", path);
    for (char *c = at + 1;; c++) {
        if (*c != '/' && *c != '\0')
            continue;
        char kept = *c;
        *c = '\0';
        YH_TRY(make_one(at));
        *c = kept;
        if (kept == '\0')
            break;
    }
    struct stat st;
    if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
        return yh_fail(YH_E_CONFLICT, "%s is not a folder", path);
    return YH_OK;
}
