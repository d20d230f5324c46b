/* A part copied away verifies by itself; whatever is changed in it is found; nothing but what was signed passes. */
#include <unistd.h>

#include "base/file.h"
#include "chain/log_file.h"
#include "chain/part.h"
#include "chain/verify.h"
#include "support.h"

#define FILE_MAX ((size_t)16 << 20)

/* Records a checkpoint is signed over do not end where segments do. */
static const struct chain_config config = {.segment_bytes = 3000, .checkpoint_records = 37};

static void grow(const struct test_dir *d, uint64_t from, uint64_t count, bool pack)
{
    struct chain_config c = config;
    c.pack = pack;
    struct chain *log = test_open(d, &c);
    for (uint64_t i = from; i < from + count; i += 5)
        test_append(log, i, 5);
    if (pack)
        test_wait_packed(log);
    chain_close(log);
}

static uint64_t segment_first(const struct test_dir *d, size_t number)
{
    struct chain_config ro = {.read_only = true};
    struct chain *c = test_open(d, &ro);
    struct chain_segment_info *rows;
    size_t n;
    must_ok(chain_segments_get(c, &rows, &n));
    assert_true(number < n);
    uint64_t first = rows[number].first;
    free(rows);
    chain_close(c);
    return first;
}

static void expect_part(const struct test_dir *d, uint64_t first, uint64_t end)
{
    struct chain_verdict v;
    yh_err e = chain_verify_part(d->path, YH_S(""), &v);
    if (e != YH_OK)
        fail_msg("part: %s: %s", yh_err_name(e), yh_cause());
    assert_int_equal(v.first, first);
    assert_int_equal(v.records, end);
    assert_false(v.damage.found);
}

/* A record of the copy is the record of the log. */
static void expect_bytes(const struct test_dir *log, const struct test_dir *part, uint64_t first)
{
    char name[TEST_PATH], path[2 * TEST_PATH];
    yh_buf_auto a = yh_buf_make(FILE_MAX), b = yh_buf_make(FILE_MAX);
    chain_segment_name(first, name);
    snprintf(path, sizeof path, "%s/%s", log->path, name);
    must_ok(yh_file_read(path, &a));
    snprintf(path, sizeof path, "%s/%s", part->path, name);
    must_ok(yh_file_read(path, &b));
    assert_true(yh_str_eq(yh_buf_view(&a), yh_buf_view(&b)));
}

static void every_start_verifies(void **state)
{
    (void)state;
    struct test_dir d = test_dir_make();
    struct chain_copied done;
    grow(&d, 0, 200, false);
    for (uint64_t number = 0; number < 5; number++) {
        struct test_dir part = test_dir_make();
        uint64_t first = segment_first(&d, number);
        must_ok(chain_copy(d.path, part.path, number, &done));
        assert_int_equal(done.first, first);
        assert_int_equal(done.next_segment - number, done.segments);
        assert_in_range(done.end, first + 10, 200);
        assert_int_equal(done.end, segment_first(&d, done.next_segment));
        expect_part(&part, first, done.end);
        expect_bytes(&d, &part, first);
        test_dir_remove(&part);
    }
    struct test_dir part = test_dir_make();
    assert_int_equal(chain_copy(d.path, part.path, 1000, &done), YH_E_NOT_FOUND);
    struct chain_verdict v;
    assert_int_equal(chain_verify_part(part.path, YH_S(""), &v), YH_E_NOT_FOUND);
    test_dir_remove(&part);
    test_dir_remove(&d);
}

static void a_copy_goes_on(void **state)
{
    (void)state;
    struct test_dir d = test_dir_make(), part = test_dir_make();
    struct chain_copied first, again, more;
    grow(&d, 0, 150, false);
    must_ok(chain_copy(d.path, part.path, 2, &first));
    must_ok(chain_copy(d.path, part.path, 0, &again)); /* nothing new: nothing is copied */
    assert_int_equal(again.segments, 0);
    assert_int_equal(again.end, first.end);
    grow(&d, 150, 100, true); /* packed meanwhile: the copy follows */
    must_ok(chain_copy(d.path, part.path, 0, &more));
    assert_int_equal(more.first, first.first);
    assert_true(more.end > first.end);
    assert_int_equal(more.segments, more.next_segment - 2);
    expect_part(&part, first.first, more.end);
    char name[TEST_PATH];
    size_t files = 0;
    for (size_t i = 0; test_dir_file(&part, i, name); i++)
        files += yh_str_ends(yh_str_of(name), YH_S(".seg")) || yh_str_ends(yh_str_of(name), YH_S(".zst"));
    assert_int_equal(files, more.segments);
    test_dir_remove(&part);
    test_dir_remove(&d);
}

static void what_is_no_copy_is_refused(void **state)
{
    (void)state;
    struct test_dir d = test_dir_make(), other = test_dir_make(), part = test_dir_make();
    struct chain_copied done;
    struct chain_verdict v;
    struct chain *c;
    grow(&d, 0, 150, false);
    grow(&other, 0, 150, false);
    must_ok(chain_copy(d.path, part.path, 1, &done));
    assert_int_equal(chain_copy(other.path, part.path, 1, &done), YH_E_CONFLICT); /* another key */
    assert_int_equal(chain_copy(d.path, part.path, 2, &done), YH_E_CONFLICT);     /* another start */
    assert_int_equal(chain_copy(d.path, other.path, 0, &done), YH_E_CONFLICT);    /* a log */
    assert_int_equal(chain_copy(d.path, d.path, 0, &done), YH_E_CONFLICT);
    expect_part(&part, done.first, done.end);
    assert_int_equal(chain_verify(part.path, YH_S(""), &v), YH_E_INVALID); /* a part is no log */
    assert_int_equal(chain_verify_part(d.path, YH_S(""), &v), YH_E_NOT_FOUND);
    assert_int_not_equal(chain_open(part.path, NULL, NULL, &c), YH_OK); /* and nobody writes to it */
    expect_part(&part, done.first, done.end);
    must_ok(chain_verify(d.path, YH_S(""), &v));
    test_dir_remove(&part);
    test_dir_remove(&other);
    test_dir_remove(&d);
}

/* ---- damage ---- */

static void flip_file(const struct test_dir *part, const char *name)
{
    static const uint8_t masks[] = {0x01, 0x80, 0xFF, 0x0A};
    struct chain_verdict v;
    for (uint64_t offset = 0, size = test_file_size(part, name); offset < size; offset++) {
        uint8_t mask = masks[offset % YH_LEN(masks)];
        test_file_flip(part, name, offset, mask);
        yh_err e = chain_verify_part(part->path, YH_S(""), &v);
        if (e != YH_E_CORRUPT || !v.damage.found || !v.damage.cause[0])
            fail_msg("%s offset %" PRIu64 " mask %02x: %s", name, offset, mask, yh_err_name(e));
        test_file_flip(part, name, offset, mask);
    }
}

static void damage_everything(const struct test_dir *part)
{
    struct test_dir copy = test_dir_make();
    char name[TEST_PATH], path[2 * TEST_PATH];
    struct chain_verdict v;
    for (size_t i = 0; test_dir_file(part, i, name); i++) {
        flip_file(part, name);
        for (uint64_t size = test_file_size(part, name), cut = 1; cut <= size; cut += 1 + cut / 3) {
            test_dir_copy(part, &copy);
            test_file_truncate(&copy, name, size - cut);
            if (chain_verify_part(copy.path, YH_S(""), &v) != YH_E_CORRUPT)
                fail_msg("%s cut by %" PRIu64 " bytes verifies", name, cut);
        }
        test_dir_copy(part, &copy);
        test_file_append(&copy, name, "\n", 1);
        if (chain_verify_part(copy.path, YH_S(""), &v) != YH_E_CORRUPT)
            fail_msg("%s with a byte more verifies", name);
        snprintf(path, sizeof path, "%s/%s", copy.path, name);
        test_dir_copy(part, &copy);
        assert_int_equal(unlink(path), 0);
        yh_err e = chain_verify_part(copy.path, YH_S(""), &v);
        assert_int_equal(e, strcmp(name, "part") == 0 ? YH_E_NOT_FOUND : YH_E_CORRUPT);
    }
    test_dir_remove(&copy);
}

static void every_change_is_found(void **state)
{
    (void)state;
    struct test_dir d = test_dir_make(), part = test_dir_make();
    struct chain_config few = {.segment_bytes = 1200, .checkpoint_records = 19};
    struct chain_copied done;
    struct chain *c = test_open(&d, &few);
    for (uint64_t i = 0; i < 40; i += 2)
        test_append(c, i, 2);
    chain_close(c);
    must_ok(chain_copy(d.path, part.path, 2, &done));
    assert_in_range(done.segments, 1, 4);
    damage_everything(&part);
    expect_part(&part, done.first, done.end);
    few.pack = true;
    c = test_open(&d, &few);
    test_wait_packed(c);
    chain_close(c);
    must_ok(chain_copy(d.path, part.path, 0, &done));
    damage_everything(&part);
    expect_part(&part, done.first, done.end);
    test_dir_remove(&part);
    test_dir_remove(&d);
}

static void put_part(const struct test_dir *d, const struct chain_part *p)
{
    char path[2 * TEST_PATH];
    yh_buf_auto text = yh_buf_make(65536);
    must_ok(chain_part_write(p, &text));
    snprintf(path, sizeof path, "%s/part", d->path);
    must_ok(yh_file_replace(path, yh_buf_view(&text), 0640));
}

static void get_checkpoints(const struct test_dir *from, const struct test_dir *to)
{
    char a[2 * TEST_PATH], b[2 * TEST_PATH];
    snprintf(a, sizeof a, "%s/checkpoints", from->path);
    snprintf(b, sizeof b, "%s/checkpoints", to->path);
    test_file_copy(a, b);
    snprintf(a, sizeof a, "%s/keys/sm2.pub", from->path);
    snprintf(b, sizeof b, "%s/keys/sm2.pub", to->path);
    test_file_copy(a, b);
}

/*
 * Records that were never signed, described as if they were: with the genuine key and checkpoints of the log beside
 * them, whatever checkpoint the description names and however it leads there.
 */
static void records_that_nobody_signed_are_found(void **state)
{
    (void)state;
    struct test_dir d = test_dir_make(), forged = test_dir_make(), part = test_dir_make();
    struct chain_copied done;
    struct chain_part p;
    struct chain_verdict v;
    struct chain_config rare = {.segment_bytes = 3000, .checkpoint_records = 1000000};
    grow(&d, 0, 150, false);
    struct chain *c = test_open(&forged, &rare); /* its headers ask for no more than one checkpoint */
    for (uint64_t i = 0; i < 75; i += 5)
        test_append(c, i, 5);
    struct chain_record r = {.kind = CHAIN_NOTE, .payload = YH_S("another history")};
    uint64_t seq = 0;
    for (int i = 0; i < 90; i++) {
        must_ok(chain_append(c, &r, &seq));
        must_ok(chain_wait_durable(c, seq, 60000));
    }
    chain_close(c);
    must_ok(chain_copy(forged.path, part.path, 3, &done));
    assert_true(done.first >= 75 || done.end > 80);
    must_ok(chain_part_read(part.path, &p));
    get_checkpoints(&d, &part);
    for (unsigned path = 0; path < 2; path++) {
        for (p.checkpoint = 0; p.checkpoint < 8; p.checkpoint++) {
            put_part(&part, &p);
            assert_int_equal(chain_verify_part(part.path, YH_S(""), &v), YH_E_CORRUPT);
        }
        p.path.n = 0;
    }
    test_file_truncate(&part, "checkpoints", 640); /* one checkpoint, signed in front of the part */
    p.checkpoint = 0;
    put_part(&part, &p);
    assert_int_equal(chain_verify_part(part.path, YH_S(""), &v), YH_E_CORRUPT);
    test_dir_remove(&part);
    test_dir_remove(&forged);
    test_dir_remove(&d);
}

static void a_kept_checkpoint_fits(void **state)
{
    (void)state;
    struct test_dir d = test_dir_make(), other = test_dir_make(), part = test_dir_make();
    struct chain_config ro = {.read_only = true};
    struct chain_copied done;
    struct chain_verdict v;
    grow(&d, 0, 200, false);
    grow(&other, 0, 200, false);
    must_ok(chain_copy(d.path, part.path, 1, &done));
    struct chain *c = test_open(&d, &ro);
    unsigned within = 0;
    for (uint64_t i = 0; i < chain_checkpoint_count(c); i++) {
        yh_buf_auto text = yh_buf_make(4096);
        struct chain_checkpoint cp;
        must_ok(chain_checkpoint_get(c, i, &text, &cp));
        bool inside = cp.head.size >= done.first && cp.head.size <= done.end;
        assert_int_equal(chain_verify_part(part.path, yh_buf_view(&text), &v), inside ? YH_OK : YH_E_INVALID);
        within += inside;
    }
    assert_in_range(within, 1, 10);
    chain_close(c);
    c = test_open(&other, &ro);
    yh_buf_auto text = yh_buf_make(4096);
    struct chain_checkpoint cp;
    must_ok(chain_checkpoint_get(c, 1, &text, &cp));
    assert_int_equal(chain_verify_part(part.path, yh_buf_view(&text), &v), YH_E_CORRUPT);
    chain_close(c);
    test_dir_remove(&part);
    test_dir_remove(&other);
    test_dir_remove(&d);
}

static void bad_descriptions_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "yuheng part of an evidence log\n", "yuheng part of an evidence log\nfirst 0\nend 0\ncheckpoint 0\n",
        "yuheng part of an evidence log\nfirst 5\nend 4\ncheckpoint 0\n",
        "yuheng part of an evidence log\nfirst 0\nend 01\ncheckpoint 0\n",
        "yuheng part of an evidence log\nfirst 0\nend 1\ncheckpoint 0\n\n",
        "yuheng part of an evidence log\nfirst 0\nend 1\ncheckpoint 0",
        "yuheng part of an evidence log\nfirst 1\nend 2\ncheckpoint 0\n", /* the peak is missing */
        "yuheng part of an evidence log\nfirst 0\nend 1\ncheckpoint 0\npeak 64 00\n",
        "yuheng part of an evidence log\nfirst 0\nend 1\ncheckpoint 0\npath 0g\n",
        "yuheng part of an evidence log\nfirst 0\nend 1\ncheckpoint 99999999999999999999\n",
    };
    struct chain_part part = {.end = 77};
    for (size_t i = 0; i < YH_LEN(bad); i++)
        if (chain_part_parse(yh_str_of(bad[i]), &part) != YH_E_CORRUPT)
            fail_msg("accepted: %s", bad[i]);
    assert_int_equal(part.end, 77);
    must_ok(chain_part_parse(YH_S("yuheng part of an evidence log\nfirst 0\nend 1\ncheckpoint 0\n"), &part));
    assert_int_equal(part.end, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_start_verifies),
        cmocka_unit_test(a_copy_goes_on),
        cmocka_unit_test(what_is_no_copy_is_refused),
        cmocka_unit_test(every_change_is_found),
        cmocka_unit_test(records_that_nobody_signed_are_found),
        cmocka_unit_test(a_kept_checkpoint_fits),
        cmocka_unit_test(bad_descriptions_are_refused),
    };
    return cmocka_run_group_tests_name("chain-part", tests, NULL, NULL);
}
