#include "support.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"

struct test_dir test_dir_make(void)
{
    struct test_dir d;
    const char *base = getenv("TMPDIR");
    snprintf(d.path, sizeof d.path, "%s/yh-chain-XXXXXX", base ? base : "/tmp");
    assert_non_null(mkdtemp(d.path));
    return d;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)type;
    return at->level == 0 ? 0 : remove(path);
}

static void empty(const struct test_dir *d)
{
    assert_int_equal(nftw(d->path, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

void test_dir_remove(const struct test_dir *d)
{
    empty(d);
    assert_int_equal(rmdir(d->path), 0);
}

static char listed[512][TEST_PATH];
static size_t listed_n, list_skip;

static int list_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)at;
    if (type == FTW_F && listed_n < YH_LEN(listed))
        snprintf(listed[listed_n++], TEST_PATH, "%s", path + list_skip);
    return 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

bool test_dir_file(const struct test_dir *d, size_t number, char ret_name[TEST_PATH])
{
    listed_n = 0;
    list_skip = strlen(d->path) + 1;
    assert_int_equal(nftw(d->path, list_one, 16, FTW_PHYS), 0);
    qsort(listed, listed_n, TEST_PATH, by_name);
    if (number >= listed_n)
        return false;
    memcpy(ret_name, listed[number], TEST_PATH);
    return true;
}

void test_file_copy(const char *from, const char *to)
{
    yh_buf_auto bytes = yh_buf_make(256u << 20);
    must_ok(yh_file_read(from, &bytes));
    yh_fd_auto fd = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    must_ok(yh_write_full(fd, to, bytes.p, bytes.n));
}

static void in_dir(const struct test_dir *d, const char *name, char ret[2 * TEST_PATH])
{
    snprintf(ret, 2 * TEST_PATH, "%s/%s", d->path, name);
}

void test_dir_copy(const struct test_dir *from, const struct test_dir *to)
{
    char name[TEST_PATH], source[2 * TEST_PATH], target[2 * TEST_PATH], keys[2 * TEST_PATH];
    empty(to);
    in_dir(to, "keys", keys);
    must_ok(yh_dir_make(keys));
    for (size_t i = 0; test_dir_file(from, i, name); i++) {
        in_dir(from, name, source);
        in_dir(to, name, target);
        test_file_copy(source, target);
    }
}

uint64_t test_file_size(const struct test_dir *d, const char *name)
{
    char path[2 * TEST_PATH];
    struct stat st;
    in_dir(d, name, path);
    assert_int_equal(stat(path, &st), 0);
    return (uint64_t)st.st_size;
}

void test_file_truncate(const struct test_dir *d, const char *name, uint64_t size)
{
    char path[2 * TEST_PATH];
    in_dir(d, name, path);
    assert_int_equal(truncate(path, (off_t)size), 0);
}

void test_file_flip(const struct test_dir *d, const char *name, uint64_t offset, uint8_t mask)
{
    char path[2 * TEST_PATH];
    uint8_t byte;
    in_dir(d, name, path);
    yh_fd_auto fd = open(path, O_RDWR);
    assert_true(fd >= 0);
    assert_int_equal(pread(fd, &byte, 1, (off_t)offset), 1);
    byte ^= mask;
    assert_int_equal(pwrite(fd, &byte, 1, (off_t)offset), 1);
}

void test_file_append(const struct test_dir *d, const char *name, const void *bytes, size_t n)
{
    char path[2 * TEST_PATH];
    in_dir(d, name, path);
    yh_fd_auto fd = open(path, O_WRONLY | O_APPEND);
    assert_true(fd >= 0);
    must_ok(yh_write_full(fd, path, bytes, n));
}

struct chain *test_open(const struct test_dir *d, const struct chain_config *config)
{
    struct chain *c;
    must_ok(chain_open(d->path, config, NULL, &c));
    return c;
}

void test_wait_packed(struct chain *c)
{
    int64_t deadline = yh_clock_mono_us() + 120 * 1000000;
    struct chain_space space;
    for (;;) {
        must_ok(chain_space_get(c, &space));
        if (space.packed + 1 >= space.segments)
            return;
        if (yh_clock_mono_us() > deadline)
            fail_msg("%" PRIu64 " of %" PRIu64 " segments are packed: %s", space.packed, space.segments,
                     chain_pack_health(c) == YH_OK ? "no failure" : yh_cause());
        struct timespec turn = {.tv_nsec = 1000000};
        nanosleep(&turn, NULL);
    }
}

void test_record_make(struct test_record *t, uint64_t number)
{
    int origin_n = snprintf(t->origin, sizeof t->origin, "MN%06" PRIu64, number % 977);
    int peer_n = number % 5 ? snprintf(t->peer, sizeof t->peer, "192.0.2.7:%" PRIu64, 40000 + number % 999) : 0;
    int payload_n = snprintf(t->payload, sizeof t->payload, "##0101QN=%020" PRIu64 ";ST=32;CN=2011;%.*s\r\n", number,
                             (int)(number * 7 % 80),
                             "w01018-Rtd=36.1,w01018-Flag=N;w21003-Rtd=1.02,w21003-Flag=N;w00000-Rtd=12.5,w00000-F");
    t->r = (struct chain_record){
        .received = 1700000000000 + (yh_time)number * 10,
        .kind = number % 13 == 12 ? CHAIN_JUNK : CHAIN_FRAME,
        .origin = {t->origin, (size_t)origin_n},
        .peer = {t->peer, (size_t)peer_n},
        .payload = {t->payload, (size_t)payload_n},
    };
}

void test_append(struct chain *c, uint64_t from, uint64_t count)
{
    struct test_record t;
    uint64_t seq = 0;
    for (uint64_t i = from; i < from + count; i++) {
        test_record_make(&t, i);
        must_ok(chain_append(c, &t.r, &seq));
        assert_int_equal(seq, i);
    }
    if (count)
        must_ok(chain_wait_durable(c, seq, 60000));
}

static void expect_record(const struct chain_record *r, uint64_t number)
{
    struct test_record t;
    test_record_make(&t, number);
    assert_int_equal(r->seq, number);
    assert_int_equal(r->received, t.r.received);
    assert_int_equal(r->kind, t.r.kind);
    assert_true(yh_str_eq(r->origin, t.r.origin));
    assert_true(yh_str_eq(r->peer, t.r.peer));
    assert_true(yh_str_eq(r->payload, t.r.payload));
}

void test_expect(struct chain *c, uint64_t count)
{
    struct chain_cursor *cur;
    struct chain_record r;
    yh_sm3_hash by_cursor, by_number;
    yh_buf_auto bytes = yh_buf_make(4096);
    assert_int_equal(chain_durable(c), count);
    must_ok(chain_cursor_open(c, 0, &cur));
    for (uint64_t i = 0; i < count; i++) {
        must_ok(chain_cursor_next(cur, &r, &by_cursor));
        expect_record(&r, i);
        if (i % 7 != 0)
            continue;
        yh_buf_clear(&bytes);
        must_ok(chain_get(c, i, &bytes, &r, &by_number));
        expect_record(&r, i);
        assert_true(yh_sm3_eq(&by_cursor, &by_number));
    }
    assert_int_equal(chain_cursor_next(cur, &r, NULL), YH_E_NOT_FOUND);
    chain_cursor_close(cur);
}
