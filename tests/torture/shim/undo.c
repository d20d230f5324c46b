/*
 * The notes, one after another: {u32 kind, u32 n, u64 inode, u64 at, u64 old_size} and n old bytes (a WRITE or CUT), or
 * with n = 0: SYNC (at = note up to which this file is synced), FORGET (nothing of this inode is taken back).
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shim.h"

enum note_kind { NOTE_WRITE = 1, NOTE_SYNC = 2, NOTE_FORGET = 3 };

struct note {
    uint32_t kind, n;
    uint64_t inode, at, old_size;
};

static int notes = -1;
static uint64_t end; /* of the notes */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

__attribute__((constructor)) static void open_notes(void)
{
    const char *path = getenv("YUHENG_SHIM_UNDO");
    if (!path)
        return;
    notes = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (notes < 0)
        abort();
}

static void must(bool good)
{
    if (!good)
        abort(); /* a test without notes would prove nothing */
}

static void put(const struct note *n, const void *bytes)
{
    must(syscall(SYS_pwrite64, notes, bytes, n->n, end + sizeof *n) == (long)n->n);
    must(syscall(SYS_pwrite64, notes, n, sizeof *n, end) == sizeof *n);
    end += sizeof *n + n->n;
}

/* Regular files that stay where they are; the log's lock and SQLite's shared memory say nothing that must last. */
static bool is_kept(int fd, struct stat *st)
{
    return notes >= 0 && fstat(fd, st) == 0 && S_ISREG(st->st_mode);
}

/* Through the descriptor itself where it reads: closing a second one would drop SQLite's locks on the file. */
static ssize_t read_old(int fd, void *to, size_t n, off_t at)
{
    ssize_t got = syscall(SYS_pread64, fd, to, n, at);
    if (got >= 0 || errno != EBADF)
        return got;
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    int again = (int)syscall(SYS_openat, AT_FDCWD, link, O_RDONLY | O_CLOEXEC, 0);
    got = again < 0 ? -1 : syscall(SYS_pread64, again, to, n, at);
    if (again >= 0)
        syscall(SYS_close, again);
    return got;
}

static void note_old(int fd, const struct stat *st, off_t at, size_t n)
{
    size_t inside = at >= st->st_size ? 0 : (size_t)(st->st_size - at) < n ? (size_t)(st->st_size - at) : n;
    char *old = malloc(inside + 1);
    must(old && read_old(fd, old, inside, at) == (ssize_t)inside);
    struct note note = {NOTE_WRITE, (uint32_t)inside, st->st_ino, (uint64_t)at, (uint64_t)st->st_size};
    put(&note, old);
    free(old);
}

void shim_undo_begin(int fd, off_t at, size_t n)
{
    int error = errno;
    struct stat st;
    if (notes < 0)
        return;
    pthread_mutex_lock(&lock);
    if (is_kept(fd, &st))
        note_old(fd, &st, at >= 0 ? at : lseek(fd, 0, SEEK_CUR), n);
    errno = error;
}

void shim_undo_begin_cut(int fd, off_t size)
{
    struct stat st;
    if (notes < 0)
        return;
    pthread_mutex_lock(&lock);
    if (is_kept(fd, &st))
        note_old(fd, &st, size, size < st.st_size ? (size_t)(st.st_size - size) : 0);
}

void shim_undo_end(void)
{
    if (notes >= 0)
        pthread_mutex_unlock(&lock);
}

uint64_t shim_undo_mark(void)
{
    if (notes < 0)
        return 0;
    pthread_mutex_lock(&lock);
    uint64_t mark = end;
    pthread_mutex_unlock(&lock);
    return mark;
}

static void put_mark(uint32_t kind, ino_t inode, uint64_t at)
{
    struct note note = {.kind = kind, .inode = inode, .at = at};
    pthread_mutex_lock(&lock);
    put(&note, "");
    pthread_mutex_unlock(&lock);
}

void shim_undo_synced(int fd, uint64_t mark)
{
    struct stat st;
    if (is_kept(fd, &st))
        put_mark(NOTE_SYNC, st.st_ino, mark);
}

void shim_undo_forget(const char *path)
{
    struct stat st;
    int error = errno;
    if (notes >= 0 && stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1)
        put_mark(NOTE_FORGET, st.st_ino, 0);
    errno = error;
}

static uint64_t synced_up_to(ino_t inode)
{
    struct note n;
    uint64_t mark = 0;
    for (uint64_t at = 0; at < end; at += sizeof n + n.n) {
        must(syscall(SYS_pread64, notes, &n, sizeof n, at) == sizeof n);
        if (n.inode == inode && n.kind != NOTE_WRITE)
            mark = n.kind == NOTE_SYNC ? n.at : at;
    }
    return mark;
}

/* As far as the file has grown since, it is zeros. */
static void blank(int fd, off_t from)
{
    static const char zeros[65536];
    struct stat st;
    must(fstat(fd, &st) == 0);
    while (from < st.st_size) {
        size_t n = (size_t)(st.st_size - from) < sizeof zeros ? (size_t)(st.st_size - from) : sizeof zeros;
        must(syscall(SYS_pwrite64, fd, zeros, n, from) == (long)n);
        from += (off_t)n;
    }
}

/* Newest first, so that the oldest bytes win. The length stays: the kernel keeps it when it drops pages. */
static void take_back(int fd, ino_t inode, uint64_t from)
{
    struct note n;
    uint64_t places[65536];
    size_t count = 0;
    for (uint64_t at = from; at < end && count < 65536; at += sizeof n + n.n) {
        must(syscall(SYS_pread64, notes, &n, sizeof n, at) == sizeof n);
        if (n.kind == NOTE_WRITE && n.inode == inode)
            places[count++] = at;
    }
    while (count--) {
        must(syscall(SYS_pread64, notes, &n, sizeof n, places[count]) == sizeof n);
        char *old = malloc(n.n + 1u);
        must(old && syscall(SYS_pread64, notes, old, n.n, places[count] + sizeof n) == (long)n.n);
        blank(fd, (off_t)n.old_size);
        must(syscall(SYS_pwrite64, fd, old, n.n, n.at) == (long)n.n);
        free(old);
    }
}

void shim_undo_drop(int fd)
{
    struct stat st;
    int error = errno;
    if (!is_kept(fd, &st))
        return;
    pthread_mutex_lock(&lock);
    take_back(fd, st.st_ino, synced_up_to(st.st_ino));
    struct note note = {.kind = NOTE_SYNC, .inode = st.st_ino, .at = end};
    put(&note, "");
    pthread_mutex_unlock(&lock);
    errno = error;
}
