/* Append, read, reopen, group commit, seek, bad input. */
#include <pthread.h>
#include <unistd.h>

#include "support.h"

static void append_read_reopen(void **state)
{
    (void)state;
    struct test_dir d = test_dir_make();
    struct chain_recovery found;
    struct chain *c;
    must_ok(chain_open(d.path, NULL, &found, &c));
    assert_int_equal(found.records, 0);
    test_expect(c, 0);
    test_append(c, 0, 200);
    test_expect(c, 200);
    must_ok(chain_health(c));
    chain_close(c);
    must_ok(chain_open(d.path, NULL, &found, &c));
    assert_int_equal(found.records, 200);
    assert_int_equal(found.cut_bytes, 0);
    test_expect(c, 200);
    test_append(c, 200, 55);
    test_expect(c, 255);
    chain_close(c);
    test_dir_remove(&d);
}

static void segments_are_sealed_and_read_across(void **state)
{
    (void)state;
    struct test_dir d = test_dir_make();
    struct chain_config small = {.segment_bytes = 4096};
    struct chain *c = test_open(&d, &small);
    for (uint64_t i = 0; i < 600; i += 20)
        test_append(c, i, 20);
    test_expect(c, 600);
    chain_close(c);
    char name[TEST_PATH];
    size_t files = 0;
    while (test_dir_file(&d, files, name))
        files++;
    assert_in_range(files, 15, 60);
    c = test_open(&d, &small);
    test_expect(c, 600);
    test_append(c, 600, 1);
    test_expect(c, 601);
    chain_close(c);
    test_dir_remove(&d);
}

static void close_commits_what_is_pending(void **state)
{
    (void)state;
    struct test_dir d = test_dir_make();
    struct chain_config slow = {.commit_ms = 60000};
    struct chain *c = test_open(&d, &slow);
    struct test_record t;
    uint64_t seq;
    for (uint64_t i = 0; i < 50; i++) {
        test_record_make(&t, i);
        must_ok(chain_append(c, &t.r, &seq));
    }
    assert_int_equal(chain_durable(c), 0);
    assert_int_equal(chain_wait_durable(c, 0, 1), YH_E_TIMEOUT);
    chain_close(c);
    c = test_open(&d, NULL);
    test_expect(c, 50);
    chain_close(c);
    test_dir_remove(&d);
}

#define THREADS 8
#define EACH 1000

struct shared {
    struct chain *c;
    _Atomic uint64_t reported; /* by on_durable */
    unsigned char seen[THREADS * EACH];
    pthread_mutex_t mu;
};

static void note_durable(void *user, uint64_t durable)
{
    struct shared *s = user;
    s->reported = durable;
}

static void *appender(void *arg)
{
    struct shared *s = arg;
    struct test_record t;
    for (uint64_t i = 0; i < EACH; i++) {
        uint64_t seq;
        test_record_make(&t, i);
        if (chain_append(s->c, &t.r, &seq) != YH_OK || chain_wait_durable(s->c, seq, 60000) != YH_OK)
            return arg;
        if (chain_durable(s->c) <= seq || seq >= sizeof s->seen)
            return arg;
        pthread_mutex_lock(&s->mu);
        s->seen[seq]++;
        pthread_mutex_unlock(&s->mu);
    }
    return NULL;
}

static void eight_threads_commit_together(void **state)
{
    (void)state;
    struct test_dir d = test_dir_make();
    static struct shared s = {.mu = PTHREAD_MUTEX_INITIALIZER};
    struct chain_config config = {.commit_ms = 1, .segment_bytes = 100000, .on_durable = note_durable, .user = &s};
    s.c = test_open(&d, &config);
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, appender, &s), 0);
    for (size_t i = 0; i < THREADS; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    for (size_t i = 0; i < sizeof s.seen; i++)
        assert_int_equal(s.seen[i], 1);
    assert_int_equal(chain_durable(s.c), THREADS * EACH);
    chain_close(s.c);
    assert_int_equal(s.reported, THREADS * EACH);
    struct chain_recovery found;
    must_ok(chain_open(d.path, NULL, &found, &s.c));
    assert_int_equal(found.records, THREADS * EACH);
    chain_close(s.c);
    test_dir_remove(&d);
}

static void bad_records_are_refused(void **state)
{
    (void)state;
    struct test_dir d = test_dir_make();
    struct chain *c = test_open(&d, NULL);
    static char big[CHAIN_PAYLOAD_MAX + 1];
    uint64_t seq = 77;
    struct chain_record r = {.kind = CHAIN_FRAME, .payload = {big, sizeof big}};
    assert_int_equal(chain_append(c, &r, &seq), YH_E_TOO_LARGE);
    r.payload.n = 10;
    r.origin = (yh_str){big, CHAIN_ORIGIN_MAX + 1};
    assert_int_equal(chain_append(c, &r, &seq), YH_E_TOO_LARGE);
    r.origin.n = 0;
    r.peer = (yh_str){big, 65};
    assert_int_equal(chain_append(c, &r, &seq), YH_E_TOO_LARGE);
    r.peer.n = 0;
    r.kind = (chain_kind)9;
    assert_int_equal(chain_append(c, &r, &seq), YH_E_INVALID);
    assert_int_equal(seq, 77);
    r.kind = CHAIN_NOTE;
    r.payload.n = CHAIN_PAYLOAD_MAX;
    r.origin = (yh_str){big, CHAIN_ORIGIN_MAX};
    r.peer = (yh_str){big, 64};
    must_ok(chain_append(c, &r, &seq));
    must_ok(chain_wait_durable(c, seq, 60000));
    yh_buf_auto bytes = yh_buf_make(2u << 20);
    struct chain_record back;
    must_ok(chain_get(c, seq, &bytes, &back, NULL));
    assert_int_equal(back.payload.n, CHAIN_PAYLOAD_MAX);
    assert_int_equal(chain_get(c, 1, &bytes, &back, NULL), YH_E_NOT_FOUND);
    chain_close(c);
    test_dir_remove(&d);
}

static void a_full_queue_is_busy(void **state)
{
    (void)state;
    struct test_dir d = test_dir_make();
    struct chain_config tight = {.commit_ms = 60000, .pending_max = 5000};
    struct chain *c = test_open(&d, &tight);
    struct test_record t;
    uint64_t seq, taken = 0;
    yh_err e = YH_OK;
    while (taken < 1000 && e == YH_OK) {
        test_record_make(&t, taken);
        e = chain_append(c, &t.r, &seq);
        taken += e == YH_OK;
    }
    assert_int_equal(e, YH_E_BUSY);
    assert_in_range(taken, 20, 200);
    chain_close(c);
    c = test_open(&d, NULL);
    test_expect(c, taken);
    chain_close(c);
    test_dir_remove(&d);
}

static void one_writer_only(void **state)
{
    (void)state;
    struct test_dir d = test_dir_make();
    struct chain *c = test_open(&d, NULL), *second;
    assert_int_equal(chain_open(d.path, NULL, NULL, &second), YH_E_CONFLICT);
    chain_close(c);
    must_ok(chain_open(d.path, NULL, NULL, &second));
    chain_close(second);
    test_dir_remove(&d);
}

static void seek_by_time(void **state)
{
    (void)state;
    struct test_dir d = test_dir_make();
    struct chain_config small = {.segment_bytes = 20000};
    struct chain *c = test_open(&d, &small);
    for (uint64_t i = 0; i < 1000; i += 50)
        test_append(c, i, 50);
    yh_time base = 1700000000000;
    for (uint64_t i = 0; i < 1000; i += 17) {
        uint64_t seq;
        must_ok(chain_seek_time(c, base + (yh_time)i * 10, &seq));
        assert_int_equal(seq, i);
        must_ok(chain_seek_time(c, base + (yh_time)i * 10 - 9, &seq));
        assert_int_equal(seq, i);
    }
    uint64_t seq;
    must_ok(chain_seek_time(c, base + 10000, &seq));
    assert_int_equal(seq, 1000);
    must_ok(chain_seek_time(c, YH_TIME_NONE, &seq));
    assert_int_equal(seq, 0);
    chain_close(c);
    struct chain_config ro = {.read_only = true};
    c = test_open(&d, &ro);
    must_ok(chain_seek_time(c, base + 7770, &seq));
    assert_int_equal(seq, 777);
    chain_close(c);
    test_dir_remove(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(append_read_reopen),        cmocka_unit_test(segments_are_sealed_and_read_across),
        cmocka_unit_test(close_commits_what_is_pending), cmocka_unit_test(eight_threads_commit_together),
        cmocka_unit_test(bad_records_are_refused),   cmocka_unit_test(a_full_queue_is_busy),
        cmocka_unit_test(one_writer_only),           cmocka_unit_test(seek_by_time),
    };
    return cmocka_run_group_tests_name("chain-log", tests, NULL, NULL);
}
