/*
 * Packing and copying while the disk fails at the 1st, 2nd, 3rd ... call that changes a file, or the process ends right
 * there, in the middle of a write too: the log stays good and is packed, the copy is made, in the end. Nothing is put
 * in place before it is synced, and nothing removed before what replaces it is.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "chain/part.h"
#include "chain/verify.h"
#include "support.h"

#define RECORDS 60

enum mode { ONCE, FOR_GOOD, DIE };

static atomic_int calls, fail_at; /* 0: never */
static atomic_int fail_mode, fail_errno;
static atomic_bool spare_main; /* the thread that opens and closes the log */
static atomic_bool hit;
static _Atomic ino_t unsynced;      /* file that was written to since its last sync */
static atomic_bool unsynced_rename; /* a file was put in place since the last sync of a folder */
static atomic_int out_of_order;

static bool fails(void)
{
    if (spare_main && gettid() == getpid())
        return false;
    int call = ++calls, at = fail_at;
    if (at == 0 || call < at || (fail_mode == ONCE && call > at))
        return false;
    hit = true;
    errno = fail_errno;
    return true;
}

static bool is_named(const char *path, const char *end)
{
    return yh_str_ends(yh_str_of(path), yh_str_of(end));
}

/* These stand in front of the C library's for the whole test program. */
ssize_t pwrite(int fd, const void *bytes, size_t n, off_t offset)
{
    bool bad = fails();
    struct stat st;
    if (fstat(fd, &st) == 0)
        unsynced = st.st_ino;
    if (bad && fail_mode != DIE)
        return -1;
    ssize_t put = syscall(SYS_pwrite64, fd, bytes, bad ? n / 2 : n, offset);
    if (bad)
        _exit(0);
    return put;
}

static int change(int (*what)(const char *, const char *), const char *from, const char *to)
{
    if (!fails())
        return what(from, to);
    if (fail_mode == DIE)
        _exit(0);
    return -1;
}

static int put_in_place(const char *from, const char *to)
{
    struct stat st;
    if (is_named(from, ".new") && stat(from, &st) == 0 && st.st_ino == unsynced)
        out_of_order++;
    unsynced_rename = true;
    return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

static int take_away(const char *path, const char *unused)
{
    (void)unused;
    if (is_named(path, ".seg") && unsynced_rename)
        out_of_order++;
    return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

int rename(const char *from, const char *to)
{
    return change(put_in_place, from, to);
}

int unlink(const char *path)
{
    return change(take_away, path, NULL);
}

static int sync_one(int fd)
{
    struct stat st;
    if (fails()) {
        if (fail_mode == DIE)
            _exit(0);
        return -1;
    }
    if (fstat(fd, &st) == 0 && st.st_ino == unsynced)
        unsynced = 0;
    if (S_ISDIR(st.st_mode))
        unsynced_rename = false;
    return 0;
}

int fsync(int fd)
{
    return sync_one(fd);
}

int fdatasync(int fd)
{
    return sync_one(fd);
}

static void arm(int at, enum mode mode, int error)
{
    calls = 0;
    hit = false;
    unsynced = 0;
    unsynced_rename = false;
    fail_mode = mode;
    fail_errno = error;
    fail_at = at;
}

static const struct chain_config plain = {.segment_bytes = 2000, .checkpoint_records = 20};
static const struct chain_config packing = {
    .segment_bytes = 2000, .checkpoint_records = 20, .retry_ms = 1, .pack = true};

static struct test_dir model;

static int make_model(void **state)
{
    (void)state;
    model = test_dir_make();
    struct chain *c = test_open(&model, &plain);
    for (uint64_t i = 0; i < RECORDS; i += 2)
        test_append(c, i, 2);
    chain_close(c);
    return 0;
}

static int remove_model(void **state)
{
    (void)state;
    test_dir_remove(&model);
    return 0;
}

static void expect_good(const struct test_dir *d)
{
    struct chain_verdict v;
    yh_err e = chain_verify(d->path, YH_S(""), &v);
    if (e != YH_OK)
        fail_msg("verify: %s", yh_cause());
    assert_int_equal(v.records, RECORDS);
    struct chain_config ro = {.read_only = true};
    struct chain *c = test_open(d, &ro);
    test_expect(c, RECORDS);
    chain_close(c);
}

/* Packed in the end, one file for each segment and nothing beside. */
static void expect_packed(const struct test_dir *d)
{
    struct chain_space space;
    char name[TEST_PATH];
    size_t segments = 0;
    struct chain *c = test_open(d, &packing);
    test_wait_packed(c);
    test_expect(c, RECORDS);
    must_ok(chain_space_get(c, &space));
    chain_close(c);
    assert_in_range(space.packed, 2, 20);
    for (size_t i = 0; test_dir_file(d, i, name); i++) {
        assert_false(is_named(name, ".new"));
        segments += is_named(name, ".seg") || is_named(name, ".seg.zst");
    }
    assert_int_equal(segments, space.segments);
    expect_good(d);
}

static bool fail_while_packing(int at, enum mode mode, int error)
{
    struct test_dir d = test_dir_make();
    test_dir_copy(&model, &d);
    struct chain *c = test_open(&d, &plain);
    chain_close(c);
    arm(at, mode, error);
    spare_main = true;
    must_ok(chain_open(d.path, &packing, NULL, &c));
    struct chain_space space;
    do
        must_ok(chain_space_get(c, &space));
    while (!hit && space.packed + 1 < space.segments);
    if (mode == FOR_GOOD && hit)
        test_expect(c, RECORDS); /* nobody who reads notices */
    else
        test_wait_packed(c);
    bool was_hit = hit;
    fail_at = 0;
    spare_main = false;
    chain_close(c);
    expect_good(&d);
    expect_packed(&d);
    test_dir_remove(&d);
    return was_hit;
}

static void every_failing_call_is_survived(enum mode mode, int error)
{
    int at = 1;
    while (fail_while_packing(at, mode, error))
        at++;
    assert_in_range(at, 20, 1000);
    assert_int_equal(out_of_order, 0);
}

static void a_full_disk_once(void **state)
{
    (void)state;
    every_failing_call_is_survived(ONCE, ENOSPC);
}

static void a_broken_disk(void **state)
{
    (void)state;
    every_failing_call_is_survived(FOR_GOOD, EIO);
}

/* Runs `work` in a child that ends at its call number `at`; false when it came to its end before. */
static bool die_at(int at, const struct test_dir *d, void (*work)(const struct test_dir *))
{
    pid_t child = fork();
    int status;
    assert_true(child >= 0);
    if (child == 0) {
        arm(at, DIE, EIO);
        work(d);
        _exit(out_of_order ? 8 : 7);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) != 0 && WEXITSTATUS(status) != 7)
        fail_msg("call %d: exit state %d", at, WEXITSTATUS(status));
    return WEXITSTATUS(status) == 0;
}

static void pack_all(const struct test_dir *d)
{
    struct chain *c;
    struct chain_space space = {0};
    if (chain_open(d->path, &packing, NULL, &c) != YH_OK)
        _exit(3);
    do
        if (chain_space_get(c, &space) != YH_OK)
            _exit(4);
    while (space.packed + 1 < space.segments);
    chain_close(c);
}

static void dying_while_packing(void **state)
{
    (void)state;
    int at = 1;
    for (bool died = true; died; at++) {
        struct test_dir d = test_dir_make();
        test_dir_copy(&model, &d);
        died = die_at(at, &d, pack_all);
        expect_good(&d);
        expect_packed(&d);
        test_dir_remove(&d);
    }
    assert_in_range(at, 20, 1000);
}

/* ---- copying ---- */

static struct test_dir source;

static void copy_all(const struct test_dir *to)
{
    struct chain_copied done;
    if (chain_copy(source.path, to->path, 0, &done) != YH_OK)
        _exit(3);
}

/* What is there is a part that holds, or none yet; going on completes it. */
static void expect_copy(const struct test_dir *to, uint64_t had, uint64_t end)
{
    struct chain_verdict v;
    struct chain_copied done;
    yh_err e = chain_verify_part(to->path, YH_S(""), &v);
    if (had == 0 && e == YH_E_NOT_FOUND)
        v.records = 0;
    else
        must_ok(e);
    assert_true(v.records >= had);
    must_ok(chain_copy(source.path, to->path, 0, &done));
    assert_int_equal(done.end, end);
    must_ok(chain_verify_part(to->path, YH_S(""), &v));
    assert_int_equal(v.records, end);
}

static uint64_t copied_end(const struct test_dir *log, const struct test_dir *to)
{
    struct chain_copied done;
    must_ok(chain_copy(log->path, to->path, 0, &done));
    return done.end;
}

static void die_while_copying(const struct test_dir *earlier, uint64_t had, uint64_t end)
{
    int at = 1;
    for (bool died = true; died; at++) {
        struct test_dir to = test_dir_make();
        test_dir_copy(earlier, &to);
        if (had == 0)
            test_dir_remove(&to);
        died = die_at(at, &to, copy_all);
        if (access(to.path, F_OK) != 0)
            assert_true(died);
        else
            expect_copy(&to, had, end);
        if (access(to.path, F_OK) == 0)
            test_dir_remove(&to);
    }
    assert_in_range(at, 12, 1000);
}

static void dying_while_copying(void **state)
{
    (void)state;
    struct test_dir none = test_dir_make(), earlier = test_dir_make(), all = test_dir_make();
    source = test_dir_make();
    test_dir_copy(&model, &source);
    uint64_t had = copied_end(&source, &earlier);
    die_while_copying(&none, 0, had);
    struct chain *c = test_open(&source, &packing); /* longer, and packed meanwhile */
    for (uint64_t i = 0; i < RECORDS; i += 2)
        test_append(c, RECORDS + i, 2);
    test_wait_packed(c);
    chain_close(c);
    uint64_t end = copied_end(&source, &all);
    assert_true(end > had + 20);
    die_while_copying(&earlier, had, end);
    test_dir_remove(&source);
    test_dir_remove(&all);
    test_dir_remove(&earlier);
    test_dir_remove(&none);
}

static void a_failing_disk_while_copying(void **state)
{
    (void)state;
    source = test_dir_make();
    test_dir_copy(&model, &source);
    int at = 1;
    for (bool failed = true; failed; at++) {
        struct test_dir to = test_dir_make();
        struct chain_copied done;
        struct chain_verdict v;
        arm(at, ONCE, ENOSPC);
        yh_err e = chain_copy(source.path, to.path, 0, &done);
        failed = hit;
        fail_at = 0;
        if (failed && e == YH_OK)
            must_ok(chain_verify_part(to.path, YH_S(""), &v));
        must_ok(chain_copy(source.path, to.path, 0, &done));
        must_ok(chain_verify_part(to.path, YH_S(""), &v));
        assert_int_equal(v.records, done.end);
        test_dir_remove(&to);
    }
    assert_in_range(at, 12, 1000);
    assert_int_equal(out_of_order, 0);
    test_dir_remove(&source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_disk_once),
        cmocka_unit_test(a_broken_disk),
        cmocka_unit_test(dying_while_packing),
        cmocka_unit_test(dying_while_copying),
        cmocka_unit_test(a_failing_disk_while_copying),
    };
    return cmocka_run_group_tests_name("chain-pack-faults", tests, make_model, remove_model);
}
