/* Processes that die, disks that fill, readers beside a writer. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "chain/verify.h"
#include "support.h"

/* The child appends and writes every sequence number to the pipe once it is durable. */
static void child_writes(const struct test_dir *d, int out)
{
    struct chain_config config = {.commit_ms = 0, .segment_bytes = 20000, .checkpoint_records = 100, .pack = true};
    struct chain *c;
    if (chain_open(d->path, &config, NULL, &c) != YH_OK)
        _exit(3);
    for (uint64_t i = chain_durable(c);; i++) {
        struct test_record t;
        uint64_t seq;
        test_record_make(&t, i);
        if (chain_append(c, &t.r, &seq) != YH_OK)
            _exit(4);
        if (i % 7 != 0)
            continue;
        if (chain_wait_durable(c, seq, 60000) != YH_OK || write(out, &seq, sizeof seq) != sizeof seq)
            _exit(5);
    }
}

static uint64_t kill_after(const struct test_dir *d, uint64_t acknowledgements)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(ends[0]);
        child_writes(d, ends[1]);
    }
    close(ends[1]);
    uint64_t seq, last = 0;
    for (uint64_t got = 0; got < acknowledgements; got++) {
        assert_int_equal(read(ends[0], &seq, sizeof seq), sizeof seq);
        last = seq;
    }
    kill(child, SIGKILL);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    while (read(ends[0], &seq, sizeof seq) == sizeof seq)
        last = seq;
    close(ends[0]);
    return last;
}

static void killed_writer_loses_nothing(void **state)
{
    (void)state;
    struct test_dir d = test_dir_make();
    struct chain_verdict v;
    for (uint64_t round = 0; round < 10; round++) {
        uint64_t acknowledged = kill_after(&d, 20 + round * 13);
        must_ok(chain_verify(d.path, YH_S(""), &v));
        assert_true(v.records > acknowledged);
        struct chain_recovery found;
        struct chain *c;
        must_ok(chain_open(d.path, NULL, &found, &c));
        assert_int_equal(found.records, v.records);
        test_expect(c, found.records);
        chain_close(c);
    }
    must_ok(chain_verify(d.path, YH_S(""), &v));
    assert_in_range(v.packed, 1, v.segments); /* and was killed while packing, too */
    test_dir_remove(&d);
}

static void limit_files(rlim_t bytes)
{
    struct rlimit l;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &l), 0);
    l.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &l), 0);
}

static void wait_healthy(struct chain *c)
{
    int64_t deadline = yh_clock_mono_us() + 60 * 1000000;
    while (chain_health(c) != YH_OK) {
        assert_true(yh_clock_mono_us() < deadline);
        struct timespec turn = {.tv_nsec = 1000000};
        nanosleep(&turn, NULL);
    }
}

static void a_full_disk_stops_and_resumes(void **state)
{
    (void)state;
    struct test_dir d = test_dir_make();
    struct chain_config config = {.commit_ms = 0};
    struct chain *c = test_open(&d, &config);
    struct test_record t;
    uint64_t seq, next = 50;
    signal(SIGXFSZ, SIG_IGN);
    test_append(c, 0, next);
    limit_files(test_file_size(&d, "00000000000000000000.seg") + 1000);
    yh_err e = YH_OK;
    while (e == YH_OK && next < 1000) {
        test_record_make(&t, next);
        e = chain_append(c, &t.r, &seq);
        if (e == YH_OK && seq == next++)
            e = chain_wait_durable(c, seq, 60000);
    }
    uint64_t durable = chain_durable(c);
    assert_int_equal(e, YH_E_IO); /* EFBIG; a full disk says NO_SPACE */
    assert_true(next < 1000);
    assert_int_equal(chain_health(c), YH_E_IO);
    assert_int_equal(chain_append(c, &t.r, &seq), YH_E_IO);
    assert_int_equal(chain_wait_durable(c, next - 1, 60000), YH_E_IO);
    assert_int_equal(chain_durable(c), durable);
    test_expect(c, durable);

    limit_files(RLIM_INFINITY);
    wait_healthy(c);
    must_ok(chain_wait_durable(c, next - 1, 60000)); /* what was pending is kept under its number */
    test_append(c, next, 30);
    test_expect(c, next + 30);
    chain_close(c);
    struct chain_verdict v;
    must_ok(chain_verify(d.path, YH_S(""), &v));
    assert_int_equal(v.records, next + 30);
    test_dir_remove(&d);
}

static void dying_on_a_full_disk_leaves_a_good_log(void **state)
{
    (void)state;
    struct test_dir d = test_dir_make();
    struct chain_config config = {.commit_ms = 0};
    struct chain *c = test_open(&d, &config);
    struct test_record t;
    uint64_t seq, next = 50;
    signal(SIGXFSZ, SIG_IGN);
    test_append(c, 0, next);
    limit_files(test_file_size(&d, "00000000000000000000.seg") + 700);
    yh_err e = YH_OK;
    while (e == YH_OK && next < 1000) {
        test_record_make(&t, next);
        e = chain_append(c, &t.r, &seq);
        if (e == YH_OK && seq == next++)
            e = chain_wait_durable(c, seq, 60000);
    }
    assert_int_not_equal(e, YH_OK);
    uint64_t durable = chain_durable(c);
    chain_close(c); /* cannot write what is pending */
    limit_files(RLIM_INFINITY);
    c = test_open(&d, NULL);
    test_expect(c, durable);
    test_append(c, durable, 5);
    test_expect(c, durable + 5);
    chain_close(c);
    struct chain_verdict v;
    must_ok(chain_verify(d.path, YH_S(""), &v));
    test_dir_remove(&d);
}

#define LIVE 20000

static void *write_live(void *arg)
{
    struct chain *c = arg;
    for (uint64_t i = 0; i < LIVE; i++) {
        struct test_record t;
        uint64_t seq;
        test_record_make(&t, i);
        if (chain_append(c, &t.r, &seq) != YH_OK || (i % 50 == 0 && chain_wait_durable(c, seq, 60000) != YH_OK))
            return arg;
    }
    return chain_wait_durable(c, LIVE - 1, 60000) == YH_OK ? NULL : arg;
}

/* Reads what a writer is still writing, through an own read-only log, until all of it was seen. */
static void follow(const struct test_dir *d)
{
    struct chain_config ro = {.read_only = true};
    struct chain *c = test_open(d, &ro);
    struct chain_cursor *cur;
    struct chain_record r;
    int64_t deadline = yh_clock_mono_us() + 120 * 1000000;
    must_ok(chain_cursor_open(c, 0, &cur));
    for (uint64_t seen = 0; seen < LIVE;) {
        yh_err e = chain_cursor_next(cur, &r, NULL);
        if (e == YH_E_NOT_FOUND) {
            assert_true(yh_clock_mono_us() < deadline);
            sched_yield();
            continue;
        }
        must_ok(e);
        assert_int_equal(r.seq, seen);
        struct test_record t;
        test_record_make(&t, seen);
        assert_true(yh_str_eq(r.payload, t.r.payload));
        if (seen++ % 1000 == 0) {
            struct chain_verdict v;
            must_ok(chain_verify(d->path, YH_S(""), &v));
            assert_true(v.records >= seen);
        }
    }
    chain_cursor_close(cur);
    uint64_t seq;
    must_ok(chain_seek_time(c, 1700000000000 + 123450, &seq));
    assert_int_equal(seq, 12345);
    test_expect(c, LIVE);
    chain_close(c);
}

static void readers_beside_a_writer(void **state)
{
    (void)state;
    struct test_dir d = test_dir_make();
    struct chain_config config = {.commit_ms = 1, .segment_bytes = 300000, .checkpoint_records = 500};
    struct chain *c = test_open(&d, &config), *second;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, write_live, c), 0);
    follow(&d);
    void *failed;
    pthread_join(thread, &failed);
    assert_null(failed);
    test_expect(c, LIVE);
    struct chain_config ro = {.read_only = true};
    must_ok(chain_open(d.path, &ro, NULL, &second));
    uint64_t seq;
    struct chain_record r = {.kind = CHAIN_NOTE};
    assert_int_equal(chain_append(second, &r, &seq), YH_E_CONFLICT);
    chain_close(second);
    chain_close(c);
    test_dir_remove(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(killed_writer_loses_nothing),
        cmocka_unit_test(a_full_disk_stops_and_resumes),
        cmocka_unit_test(dying_on_a_full_disk_leaves_a_good_log),
        cmocka_unit_test(readers_beside_a_writer),
    };
    return cmocka_run_group_tests_name("chain-faults", tests, NULL, NULL);
}
