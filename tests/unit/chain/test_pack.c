/* Packed segments: the same log, in less space; every flipped byte is found; nothing is packed that does not verify. */
#include <errno.h>
#include <pthread.h>
#include <unistd.h>
#include <zstd.h>

#include "base/clock.h"
#include "base/file.h"
#include "chain/log_file.h"
#include "chain/merkle.h"
#include "chain/packed.h"
#include "chain/verify.h"
#include "support.h"

#define FILE_MAX ((size_t)64 << 20)
#define RECORDS 700

static const struct chain_config plain_config = {.segment_bytes = 30000, .checkpoint_records = 250};
static const struct chain_config pack_config = {
    .segment_bytes = 30000, .checkpoint_records = 250, .retry_ms = 1, .pack = true};

static void make_log(const struct test_dir *d, uint64_t records)
{
    struct chain *c = test_open(d, &plain_config);
    for (uint64_t i = 0; i < records; i += 10)
        test_append(c, i, records - i < 10 ? records - i : 10);
    chain_close(c);
}

static uint64_t pack_log(const struct test_dir *d)
{
    struct chain_space space;
    struct chain *c = test_open(d, &pack_config);
    test_wait_packed(c);
    must_ok(chain_space_get(c, &space));
    assert_int_equal(space.sealed, space.segments - 1);
    assert_int_equal(space.packed, space.sealed);
    assert_true(space.stored_bytes < space.plain_bytes);
    chain_close(c);
    return space.packed;
}

static void read_file(const struct test_dir *d, const char *name, yh_buf *out)
{
    char path[2 * TEST_PATH];
    snprintf(path, sizeof path, "%s/%s", d->path, name);
    must_ok(yh_file_read(path, out));
}

static bool is_packed_name(const char *name)
{
    return yh_str_ends(yh_str_of(name), YH_S(".seg.zst"));
}

static void unpack(yh_str packed, yh_buf *out)
{
    ZSTD_DCtx *unpacker = ZSTD_createDCtx();
    ZSTD_inBuffer in = {packed.p, packed.n, 0};
    assert_non_null(unpacker);
    while (in.pos < in.size) {
        ZSTD_outBuffer to = {yh_buf_reserve(out, 65536), 65536, 0};
        assert_non_null(to.dst);
        assert_false(ZSTD_isError(ZSTD_decompressStream(unpacker, &to, &in)));
        out->n += to.pos;
    }
    ZSTD_freeDCtx(unpacker);
}

/* What any zstd gives back is the plain segment, byte for byte. */
static void expect_same_bytes(const struct test_dir *plain, const struct test_dir *packed, uint64_t count)
{
    char name[TEST_PATH];
    uint64_t found = 0;
    for (size_t i = 0; test_dir_file(packed, i, name); i++) {
        if (!is_packed_name(name))
            continue;
        yh_buf_auto before = yh_buf_make(FILE_MAX), stored = yh_buf_make(FILE_MAX), after = yh_buf_make(FILE_MAX);
        read_file(packed, name, &stored);
        name[strlen(name) - 4] = '\0';
        read_file(plain, name, &before);
        unpack(yh_buf_view(&stored), &after);
        assert_true(yh_str_eq(yh_buf_view(&before), yh_buf_view(&after)));
        found++;
    }
    assert_int_equal(found, count);
}

static void expect_proofs(struct chain *c, uint64_t records)
{
    struct yh_sm3 *sm3;
    yh_sm3_hash root, leaf;
    struct chain_record r;
    struct chain_proof proof;
    yh_buf_auto bytes = yh_buf_make(4096);
    must_ok(yh_sm3_new(&sm3));
    must_ok(chain_root(c, records, &root));
    for (uint64_t seq = 0; seq < records; seq += 41) {
        yh_buf_clear(&bytes);
        must_ok(chain_get(c, seq, &bytes, &r, &leaf));
        must_ok(chain_prove_inclusion(c, seq, records, &proof));
        assert_true(merkle_verify_inclusion(sm3, &leaf, seq, records, proof.path, proof.n, &root));
    }
    yh_sm3_free(sm3);
}

static void expect_seek(struct chain *c, uint64_t records)
{
    for (uint64_t number = 0; number < records; number += 37) {
        uint64_t seq;
        must_ok(chain_seek_time(c, 1700000000000 + (yh_time)number * 10, &seq));
        assert_int_equal(seq, number);
    }
}

static void the_log_stays_the_same(void **state)
{
    (void)state;
    struct test_dir plain = test_dir_make(), d = test_dir_make();
    struct chain_verdict before, v;
    make_log(&plain, RECORDS);
    test_dir_copy(&plain, &d);
    must_ok(chain_verify(plain.path, YH_S(""), &before));
    assert_int_equal(before.packed, 0);
    uint64_t packed = pack_log(&d);
    assert_in_range(packed, 3, 10);
    expect_same_bytes(&plain, &d, packed);
    must_ok(chain_verify(d.path, YH_S(""), &v));
    assert_int_equal(v.records, RECORDS);
    assert_int_equal(v.packed, packed);
    assert_int_equal(v.segments, before.segments);
    assert_int_equal(v.signatures, before.signatures);
    assert_true(yh_sm3_eq(&v.root, &before.root));
    struct chain *c = test_open(&d, &plain_config);
    test_expect(c, RECORDS);
    expect_proofs(c, RECORDS);
    expect_seek(c, RECORDS);
    test_append(c, RECORDS, 300);
    test_expect(c, RECORDS + 300);
    chain_close(c);
    must_ok(chain_verify(d.path, YH_S(""), &v));
    assert_int_equal(v.records, RECORDS + 300);
    test_dir_remove(&d);
    test_dir_remove(&plain);
}

static void the_tree_is_built_again_from_packed_segments(void **state)
{
    (void)state;
    struct test_dir d = test_dir_make();
    char path[2 * TEST_PATH];
    struct chain_verdict before, v;
    make_log(&d, RECORDS);
    pack_log(&d);
    must_ok(chain_verify(d.path, YH_S(""), &before));
    snprintf(path, sizeof path, "%s/tree", d.path);
    assert_int_equal(unlink(path), 0);
    struct chain *c = test_open(&d, &plain_config);
    test_expect(c, RECORDS);
    chain_close(c);
    must_ok(chain_verify(d.path, YH_S(""), &v));
    assert_true(yh_sm3_eq(&v.root, &before.root));
    test_dir_remove(&d);
}

/* ---- damage ---- */

struct frames {
    char name[TEST_PATH];
    uint64_t first, n;
    struct chain_packed_frame at[64]; /* the last one is where the frames end */
};

static void read_frames(const struct test_dir *d, const char *name, struct frames *ret)
{
    struct chain_file f;
    snprintf(ret->name, sizeof ret->name, "%s", name);
    assert_true(yh_str_to_u64(yh_str_sub(yh_str_of(name), 0, 20), &ret->first));
    must_ok(chain_file_open(d->path, ret->first, &f));
    assert_non_null(f.packed);
    ret->n = f.packed->n;
    assert_true(ret->n < YH_LEN(ret->at));
    memcpy(ret->at, f.packed->frames, (f.packed->n + 1) * sizeof ret->at[0]);
    chain_file_close(&f);
}

/* The records a flipped byte of the file may be blamed on: those of its frame. */
static void blamed(const struct frames *f, uint64_t offset, uint64_t *ret_from, uint64_t *ret_end)
{
    *ret_from = f->first;
    *ret_end = f->first + 1;
    for (uint64_t i = 0; i < f->n; i++) {
        if (offset < f->at[i].stored_at || offset >= f->at[i + 1].stored_at)
            continue;
        *ret_from = f->at[i].seq;
        *ret_end = f->at[i + 1].seq > f->at[i].seq ? f->at[i + 1].seq : f->at[i].seq + 1;
    }
}

static bool reads(struct chain *c, uint64_t seq)
{
    yh_buf_auto bytes = yh_buf_make(4096);
    struct chain_record r;
    return chain_get(c, seq, &bytes, &r, NULL) == YH_OK;
}

static void flip_one(const struct test_dir *d, struct chain *c, const struct frames *f, uint64_t offset)
{
    static const uint8_t masks[] = {0x01, 0x80, 0xFF, 0x0A};
    uint8_t mask = masks[offset % YH_LEN(masks)];
    struct chain_verdict v;
    uint64_t from, end;
    blamed(f, offset, &from, &end);
    test_file_flip(d, f->name, offset, mask);
    yh_err e = chain_verify(d->path, YH_S(""), &v);
    if (e != YH_E_CORRUPT || !v.damage.found || !v.damage.cause[0])
        fail_msg("%s offset %" PRIu64 " mask %02x: %s", f->name, offset, mask, yh_err_name(e));
    assert_string_equal(v.damage.file, f->name);
    if (v.damage.seq < from || v.damage.seq >= end)
        fail_msg("%s offset %" PRIu64 ": record %" PRIu64 " is blamed", f->name, offset, v.damage.seq);
    if (v.damage.has_record) /* what cannot be unpacked is not described as a record of nobody in 1970 */
        assert_true(v.damage.received != 0 || v.damage.origin[0]);
    if (offset < f->at[f->n].stored_at) /* one frame is lost, the others are read */
        for (uint64_t i = 1; f->at[i].seq < f->at[f->n].seq; i++)
            assert_int_equal(reads(c, f->at[i].seq), offset < f->at[i].stored_at || offset >= f->at[i + 1].stored_at);
    if (offset >= f->at[1].stored_at && offset < f->at[3].stored_at) { /* damaged records keep nobody from starting */
        struct chain *again;
        must_ok(chain_open(d->path, &plain_config, NULL, &again));
        chain_close(again);
    }
    test_file_flip(d, f->name, offset, mask);
}

/* One sealed segment of two frames in few bytes, each of which will be flipped. */
static void make_short_log(const struct test_dir *d)
{
    struct chain_config config = {.segment_bytes = 5500};
    struct chain *c = test_open(d, &config);
    uint64_t seq = 0;
    for (yh_time i = 0; i < 176; i++) {
        struct chain_record r = {.received = 1700000000000 + i, .kind = CHAIN_JUNK, .payload = YH_S("x")};
        must_ok(chain_append(c, &r, &seq));
        if (i % 16 == 15)
            must_ok(chain_wait_durable(c, seq, 60000));
    }
    chain_close(c);
}

static void every_flipped_byte_is_found(void **state)
{
    (void)state;
    struct test_dir d = test_dir_make();
    struct chain_config ro = {.read_only = true};
    char name[TEST_PATH];
    struct chain_verdict v;
    uint64_t flipped = 0, segments = 0;
    make_short_log(&d);
    pack_log(&d);
    struct chain *c = test_open(&d, &ro);
    for (size_t i = 0; test_dir_file(&d, i, name); i++) {
        struct frames f;
        if (!is_packed_name(name))
            continue;
        read_frames(&d, name, &f);
        assert_int_equal(f.n, 4); /* header, two of records, footer */
        segments++;
        for (uint64_t offset = 0, size = test_file_size(&d, name); offset < size; offset++, flipped++)
            flip_one(&d, c, &f, offset);
    }
    assert_int_equal(segments, 1);
    assert_in_range(flipped, 500, 100000);
    chain_close(c);
    must_ok(chain_verify(d.path, YH_S(""), &v));
    test_dir_remove(&d);
}

static void every_cut_is_found(void **state)
{
    (void)state;
    struct test_dir d = test_dir_make(), copy = test_dir_make();
    char name[TEST_PATH], path[2 * TEST_PATH];
    struct chain_verdict v;
    make_log(&d, 300);
    pack_log(&d);
    for (size_t i = 0; test_dir_file(&d, i, name); i++) {
        if (!is_packed_name(name))
            continue;
        for (uint64_t size = test_file_size(&d, name), cut = 1; cut <= size; cut += 1 + cut / 8) {
            test_dir_copy(&d, &copy);
            test_file_truncate(&copy, name, size - cut);
            assert_int_equal(chain_verify(copy.path, YH_S(""), &v), YH_E_CORRUPT);
            assert_string_equal(v.damage.file, name);
        }
        test_dir_copy(&d, &copy);
        test_file_append(&copy, name, "\0", 1);
        assert_int_equal(chain_verify(copy.path, YH_S(""), &v), YH_E_CORRUPT);
        test_dir_copy(&d, &copy);
        snprintf(path, sizeof path, "%s/%s", copy.path, name);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(chain_verify(copy.path, YH_S(""), &v), YH_E_CORRUPT);
        struct chain *c;
        assert_int_equal(chain_open(copy.path, NULL, NULL, &c), YH_E_CORRUPT);
    }
    test_dir_remove(&copy);
    test_dir_remove(&d);
}

/* ---- what is not packed ---- */

static void wait_pack_health(struct chain *c, yh_err wanted)
{
    int64_t deadline = yh_clock_mono_us() + 60 * 1000000;
    while (chain_pack_health(c) != wanted) {
        assert_true(yh_clock_mono_us() < deadline);
        struct timespec turn = {.tv_nsec = 1000000};
        nanosleep(&turn, NULL);
    }
}

static bool is_there(const struct test_dir *d, const char *name)
{
    char path[2 * TEST_PATH];
    snprintf(path, sizeof path, "%s/%s", d->path, name);
    return access(path, F_OK) == 0;
}

static void a_damaged_segment_stays_as_it_is(void **state)
{
    (void)state;
    static const char name[] = "00000000000000000000.seg";
    struct test_dir d = test_dir_make();
    struct chain_space space;
    struct chain_verdict v;
    make_log(&d, RECORDS);
    test_file_flip(&d, name, 5000, 0x10);
    struct chain *c = test_open(&d, &pack_config);
    wait_pack_health(c, YH_E_CORRUPT);
    assert_non_null(strstr(yh_cause(), "00000000000000000000.seg"));
    do
        must_ok(chain_space_get(c, &space));
    while (space.packed + 2 < space.segments); /* the others do not wait for it */
    assert_int_equal(chain_pack_health(c), YH_E_CORRUPT);
    assert_true(is_there(&d, name));
    assert_false(is_there(&d, "00000000000000000000.seg.zst"));
    assert_int_equal(chain_verify(d.path, YH_S(""), &v), YH_E_CORRUPT);
    assert_string_equal(v.damage.file, name);
    test_file_flip(&d, name, 5000, 0x10);
    test_wait_packed(c);
    must_ok(chain_pack_health(c));
    chain_close(c);
    must_ok(chain_verify(d.path, YH_S(""), &v));
    assert_int_equal(v.records, RECORDS);
    test_dir_remove(&d);
}

/* A record that verifies by itself, footer too, and is not the one that was acknowledged. */
static void a_forged_record_is_not_packed(void **state)
{
    (void)state;
    struct test_dir d = test_dir_make(), other = test_dir_make();
    char from[2 * TEST_PATH], to[2 * TEST_PATH];
    make_log(&d, 300);
    struct chain *c = test_open(&other, &plain_config);
    struct test_record t;
    for (uint64_t i = 0; i < 300; i++) {
        uint64_t seq;
        test_record_make(&t, i);
        t.payload[10] ^= i == 70;
        must_ok(chain_append(c, &t.r, &seq));
        if (i % 10 == 9)
            must_ok(chain_wait_durable(c, seq, 60000));
    }
    chain_close(c);
    snprintf(from, sizeof from, "%s/00000000000000000000.seg", other.path);
    snprintf(to, sizeof to, "%s/00000000000000000000.seg", d.path);
    test_file_copy(from, to);
    c = test_open(&d, &pack_config);
    wait_pack_health(c, YH_E_CORRUPT);
    assert_non_null(strstr(yh_cause(), "record 70 "));
    chain_close(c);
    assert_true(is_there(&d, "00000000000000000000.seg"));
    test_dir_remove(&other);
    test_dir_remove(&d);
}

static void put_file(const struct test_dir *d, const char *name, yh_str bytes)
{
    char path[2 * TEST_PATH];
    snprintf(path, sizeof path, "%s/%s", d->path, name);
    must_ok(yh_file_replace(path, bytes, 0640));
}

/* Stopped before the packed file was in place, and before the plain one was removed. */
static void leftovers_are_replaced(void **state)
{
    (void)state;
    static const char plain_name[] = "00000000000000000000.seg", packed_name[] = "00000000000000000000.seg.zst";
    struct test_dir d = test_dir_make(), plain = test_dir_make();
    yh_buf_auto bytes = yh_buf_make(FILE_MAX);
    struct chain_verdict v;
    make_log(&plain, RECORDS);
    test_dir_copy(&plain, &d);
    pack_log(&d);
    read_file(&plain, plain_name, &bytes);
    put_file(&d, plain_name, yh_buf_view(&bytes));
    put_file(&d, "00000000000000000000.seg.zst.new", YH_S("half of it"));
    test_file_truncate(&d, packed_name, 100);
    must_ok(chain_verify(d.path, YH_S(""), &v));
    assert_int_equal(v.records, RECORDS);
    struct chain *c = test_open(&d, &pack_config);
    test_expect(c, RECORDS);
    test_wait_packed(c);
    test_expect(c, RECORDS);
    chain_close(c);
    assert_false(is_there(&d, plain_name));
    assert_false(is_there(&d, "00000000000000000000.seg.zst.new"));
    must_ok(chain_verify(d.path, YH_S(""), &v));
    assert_int_equal(v.packed, v.segments - 1);
    test_dir_remove(&plain);
    test_dir_remove(&d);
}

/* ---- beside readers ---- */

#define LIVE 12000

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

/* Every record in order, with older ones by number and whole audits in between, through a log of its own. */
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
        if (seen % 40 == 0)
            assert_true(reads(c, seen / 3));
        if (seen++ % 1500 != 0)
            continue;
        struct chain_verdict v;
        must_ok(chain_verify(d->path, YH_S(""), &v));
        assert_true(v.records >= seen);
    }
    chain_cursor_close(cur);
    test_expect(c, LIVE);
    chain_close(c);
}

static void readers_beside_the_packer(void **state)
{
    (void)state;
    struct test_dir d = test_dir_make();
    struct chain *c = test_open(&d, &pack_config);
    struct chain_verdict v;
    pthread_t thread;
    void *failed;
    assert_int_equal(pthread_create(&thread, NULL, write_live, c), 0);
    follow(&d);
    pthread_join(thread, &failed);
    assert_null(failed);
    test_wait_packed(c);
    test_expect(c, LIVE);
    expect_proofs(c, LIVE);
    must_ok(chain_pack_health(c));
    chain_close(c);
    must_ok(chain_verify(d.path, YH_S(""), &v));
    assert_int_equal(v.packed, v.segments - 1);
    test_dir_remove(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_log_stays_the_same),
        cmocka_unit_test(the_tree_is_built_again_from_packed_segments),
        cmocka_unit_test(every_flipped_byte_is_found),
        cmocka_unit_test(every_cut_is_found),
        cmocka_unit_test(a_damaged_segment_stays_as_it_is),
        cmocka_unit_test(a_forged_record_is_not_packed),
        cmocka_unit_test(leftovers_are_replaced),
        cmocka_unit_test(readers_beside_the_packer),
    };
    return cmocka_run_group_tests_name("chain-pack", tests, NULL, NULL);
}
