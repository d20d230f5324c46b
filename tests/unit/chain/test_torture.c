/*
 * The disk fails at the 1st, 2nd, 3rd ... call that changes a file, once or until it is repaired; whatever is hit, no
 * record is lost, doubled or acknowledged too early, and the log verifies afterwards.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "chain/verify.h"
#include "support.h"

#define RECORDS 14

enum mode { ONCE, UNTIL_REPAIRED };

static atomic_int calls, fail_at; /* 0: never */
static atomic_int fail_mode, fail_errno;
static atomic_bool hit;
static bool drops; /* a failed sync loses what it was given */

static bool fails(void)
{
    int call = ++calls, at = fail_at;
    if (at == 0 || call < at || (fail_mode == ONCE && call > at))
        return false;
    hit = true;
    errno = fail_errno;
    return true;
}

/* These stand in front of the C library's for the whole test program. */
ssize_t pwrite(int fd, const void *bytes, size_t n, off_t offset)
{
    if (fails()) {
        if (n < 2 || fail_errno != ENOSPC)
            return -1;
        n /= 2; /* a disk that fills up takes some of it first; the next call finds it full */
        if (fail_mode == ONCE)
            fail_at++;
    }
    return syscall(SYS_pwrite64, fd, bytes, n, offset);
}

/* Files as they were at their last good sync. */
#define FILES 64
#define FILE_BYTES 65536

static struct synced {
    ino_t inode;
    ssize_t n;
    char bytes[FILE_BYTES];
} synced[FILES];
static pthread_mutex_t synced_lock = PTHREAD_MUTEX_INITIALIZER;

static struct synced *synced_of(ino_t inode)
{
    for (size_t i = 0; i < FILES; i++)
        if (synced[i].inode == inode || synced[i].inode == 0) {
            synced[i].inode = inode;
            return &synced[i];
        }
    abort(); /* more files than the test can follow */
}

static void take_copy(int fd, struct synced *s)
{
    char name[64];
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd); /* some are open for writing only */
    int again = open(name, O_RDONLY | O_CLOEXEC);
    s->n = pread(again, s->bytes, FILE_BYTES, 0);
    close(again);
    if (s->n < 0 || s->n == FILE_BYTES)
        abort();
}

/* A sync that fails may take with it what was written since the last good one: the kernel drops the pages and keeps the
 * length. A good one has nothing to do here, where nobody cuts the power. */
static int sync_file(int fd)
{
    struct stat st;
    bool failed = fails();
    if (!drops || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return failed ? -1 : 0;
    pthread_mutex_lock(&synced_lock);
    struct synced *s = synced_of(st.st_ino);
    if (failed) {
        memset(s->bytes + s->n, 0, (size_t)(FILE_BYTES - s->n));
        if (syscall(SYS_pwrite64, fd, s->bytes, st.st_size, 0) != st.st_size)
            abort();
    } else {
        take_copy(fd, s);
    }
    pthread_mutex_unlock(&synced_lock);
    if (failed)
        errno = EIO;
    return failed ? -1 : 0;
}

int fdatasync(int fd)
{
    return sync_file(fd);
}

int fsync(int fd)
{
    return sync_file(fd);
}

int ftruncate(int fd, off_t size)
{
    return fails() ? -1 : (int)syscall(SYS_ftruncate, fd, size);
}

int rename(const char *from, const char *to)
{
    return fails() ? -1 : (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

static const struct chain_config config = {.segment_bytes = 700, .checkpoint_records = 5, .retry_ms = 1};

static void arm(int at, enum mode mode, int error)
{
    calls = 0;
    hit = false;
    fail_mode = mode;
    fail_errno = error;
    fail_at = at;
}

static void pause_until(int64_t deadline)
{
    assert_true(yh_clock_mono_us() < deadline);
    struct timespec turn = {.tv_nsec = 200000};
    nanosleep(&turn, NULL);
}

static void append_stubbornly(struct chain *c, uint64_t number, bool repair)
{
    int64_t deadline = yh_clock_mono_us() + 60 * 1000000;
    struct test_record t;
    uint64_t seq;
    test_record_make(&t, number);
    while (chain_append(c, &t.r, &seq) != YH_OK) {
        if (repair)
            fail_at = 0;
        pause_until(deadline);
    }
    assert_int_equal(seq, number);
    while (chain_wait_durable(c, seq, 60000) != YH_OK) {
        if (repair)
            fail_at = 0;
        pause_until(deadline);
    }
}

static void expect_good(const struct test_dir *d, uint64_t at_least, uint64_t at_most)
{
    struct chain_verdict v;
    yh_err e = chain_verify(d->path, YH_S(""), &v);
    if (e != YH_OK)
        fail_msg("verify: %s", yh_cause());
    assert_in_range(v.records, at_least, at_most);
    struct chain_recovery found;
    struct chain *c;
    must_ok(chain_open(d->path, &config, &found, &c));
    assert_in_range(found.records, at_least, at_most);
    test_expect(c, found.records);
    test_append(c, found.records, 3);
    chain_close(c);
    must_ok(chain_verify(d->path, YH_S(""), &v));
}

/* False when the script ended before call number `at`. */
static bool survive(int at, enum mode mode, int error)
{
    memset(synced, 0, sizeof synced);
    struct test_dir d = test_dir_make();
    struct chain *c = test_open(&d, &config);
    arm(at, mode, error);
    for (uint64_t i = 0; i < RECORDS; i++)
        append_stubbornly(c, i, mode == UNTIL_REPAIRED);
    bool was_hit = hit;
    fail_at = 0;
    int64_t deadline = yh_clock_mono_us() + 60 * 1000000;
    while (chain_health(c) != YH_OK)
        pause_until(deadline);
    chain_close(c);
    expect_good(&d, RECORDS, RECORDS);
    test_dir_remove(&d);
    return was_hit;
}

static void every_failing_call_is_survived(enum mode mode, int error)
{
    int at = 1;
    while (survive(at, mode, error))
        at++;
    assert_in_range(at, 40, 1000);
}

static void sync_errors_once(void **state)
{
    (void)state;
    every_failing_call_is_survived(ONCE, EIO);
}

static void syncs_that_lose(void **state)
{
    (void)state;
    drops = true;
    every_failing_call_is_survived(ONCE, EIO);
    every_failing_call_is_survived(UNTIL_REPAIRED, EIO);
    drops = false;
}

static void full_disk_once(void **state)
{
    (void)state;
    every_failing_call_is_survived(ONCE, ENOSPC);
}

static void errors_until_repaired(void **state)
{
    (void)state;
    every_failing_call_is_survived(UNTIL_REPAIRED, EIO);
}

/* The process gives up while the disk still fails; the next start finds a good log. */
static bool give_up(int at, enum mode mode)
{
    struct test_dir d = test_dir_make();
    struct chain *c = test_open(&d, &config);
    struct test_record t;
    uint64_t seq, appended = 0;
    arm(at, mode, EIO);
    for (yh_err e = YH_OK; e == YH_OK && appended < RECORDS;) {
        test_record_make(&t, appended);
        e = chain_append(c, &t.r, &seq);
        if (e == YH_OK && seq == appended++)
            e = chain_wait_durable(c, seq, 60000);
    }
    uint64_t durable = chain_durable(c);
    bool was_hit = hit;
    chain_close(c);
    fail_at = 0;
    expect_good(&d, durable, appended);
    test_dir_remove(&d);
    return was_hit;
}

static void giving_up_leaves_a_good_log(void **state)
{
    (void)state;
    for (int at = 1; give_up(at, UNTIL_REPAIRED); at++)
        ;
    for (int at = 1; give_up(at, ONCE); at++)
        ;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sync_errors_once),
        cmocka_unit_test(syncs_that_lose),
        cmocka_unit_test(full_disk_once),
        cmocka_unit_test(errors_until_repaired),
        cmocka_unit_test(giving_up_leaves_a_good_log),
    };
    return cmocka_run_group_tests_name("chain-torture", tests, NULL, NULL);
}
