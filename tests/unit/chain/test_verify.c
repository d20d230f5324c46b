/* The auditor: an intact log verifies, every flipped byte, missing file and cut tail is found and named. */
#include "support.h"

#include "base/file.h"
#include "chain/verify.h"

static uint64_t starts[64]; /* offset of each record in its segment */

/* Several segments and checkpoints, closed cleanly. */
static uint64_t make_log(const struct test_dir *d)
{
    struct chain_config small = {.segment_bytes = 1500, .checkpoint_records = 12};
    struct chain *c = test_open(d, &small);
    for (uint64_t i = 0; i < 16; i += 4)
        test_append(c, i, 4);
    test_append(c, 16, 1);
    chain_close(c);
    return 17;
}

static void intact_log_verifies(void **state)
{
    (void)state;
    struct test_dir d = test_dir_make();
    struct chain_verdict v;
    uint64_t records = make_log(&d);
    yh_sm3_hash root;
    must_ok(chain_verify(d.path, YH_S(""), &v));
    assert_int_equal(v.records, records);
    assert_int_equal(v.checkpoints, v.signatures);
    assert_in_range(v.checkpoints, 2, 4);
    assert_in_range(v.segments, 2, 8);
    assert_int_equal(v.torn_bytes, 0);
    assert_false(v.live);
    assert_false(v.damage.found);
    struct chain *c = test_open(&d, NULL);
    must_ok(chain_root(c, records, &root));
    assert_true(yh_sm3_eq(&root, &v.root));
    must_ok(chain_verify(d.path, YH_S(""), &v));
    assert_true(v.live);
    assert_int_equal(v.records, records);
    chain_close(c);
    test_dir_remove(&d);
}

static uint64_t first_of(const char *segment)
{
    uint64_t first = 0;
    assert_true(yh_str_to_u64(yh_str_sub(yh_str_of(segment), 0, 20), &first));
    return first;
}

/* Offsets of the records of one segment, by the sizes that the test records have. */
static uint64_t locate(const char *segment, uint64_t next_first)
{
    uint64_t at = 64, first = first_of(segment);
    for (uint64_t seq = first; seq < next_first; seq++) {
        struct test_record t;
        test_record_make(&t, seq);
        starts[seq] = at;
        at += 36 + t.r.origin.n + t.r.peer.n + t.r.payload.n;
    }
    return at;
}

/* A flipped byte inside a segment has to be blamed on the record it is in. */
static void expect_record(const struct chain_verdict *v, const char *segment, uint64_t next_first, uint64_t offset)
{
    uint64_t end = locate(segment, next_first), seq = first_of(segment);
    if (offset < 64 || offset >= end)
        return;
    while (seq + 1 < next_first && starts[seq + 1] <= offset)
        seq++;
    assert_string_equal(v->damage.file, segment);
    assert_int_equal(v->damage.seq, seq);
    assert_int_equal(v->damage.offset, starts[seq]);
    struct test_record t;
    test_record_make(&t, seq);
    bool in_received = offset >= starts[seq] + 20 && offset < starts[seq] + 28;
    if (v->damage.has_record && !in_received)
        assert_int_equal(v->damage.received, t.r.received);
}

static uint64_t next_first_of(const struct test_dir *d, size_t file, uint64_t records)
{
    char name[TEST_PATH];
    if (test_dir_file(d, file + 1, name) && yh_str_ends(yh_str_of(name), YH_S(".seg")))
        return first_of(name);
    return records;
}

/* Flips every byte of one file in turn; returns how many. */
static uint64_t flip_file(const struct test_dir *d, const char *name, bool segment, uint64_t next)
{
    static const uint8_t masks[] = {0x01, 0x80, 0xFF, 0x0A};
    struct chain_verdict v;
    uint64_t size = test_file_size(d, name);
    for (uint64_t offset = 0; offset < size; offset++) {
        uint8_t mask = masks[offset % YH_LEN(masks)];
        test_file_flip(d, name, offset, mask);
        yh_err e = chain_verify(d->path, YH_S(""), &v);
        if (e != YH_E_CORRUPT || !v.damage.found || !v.damage.cause[0])
            fail_msg("%s offset %" PRIu64 " mask %02x: %s", name, offset, mask, yh_err_name(e));
        if (segment)
            expect_record(&v, name, next, offset);
        test_file_flip(d, name, offset, mask);
    }
    return size;
}

static void every_flipped_byte_is_found(void **state)
{
    (void)state;
    struct test_dir d = test_dir_make();
    uint64_t records = make_log(&d), flipped = flip_file(&d, "keys/sm2.key", false, 0);
    char name[TEST_PATH];
    struct chain_verdict v;
    snprintf(name, sizeof name, "%.500s/keys/sm2.key", d.path);
    assert_int_equal(remove(name), 0); /* the rest is found without it */
    for (size_t i = 0; test_dir_file(&d, i, name); i++) {
        bool segment = yh_str_ends(yh_str_of(name), YH_S(".seg"));
        flipped += flip_file(&d, name, segment, segment ? next_first_of(&d, i, records) : 0);
    }
    assert_in_range(flipped, 4000, 50000);
    must_ok(chain_verify(d.path, YH_S(""), &v));
    assert_int_equal(v.records, records);
    test_dir_remove(&d);
}

static void every_missing_or_cut_file_is_found(void **state)
{
    (void)state;
    struct test_dir d = test_dir_make(), copy = test_dir_make();
    make_log(&d);
    char name[TEST_PATH], path[2 * TEST_PATH];
    struct chain_verdict v;
    for (size_t i = 0; test_dir_file(&d, i, name); i++) {
        /* The lock holds nothing; the private key stays where it is when the log is audited elsewhere. */
        bool optional = strcmp(name, "lock") == 0 || strcmp(name, "keys/sm2.key") == 0;
        test_dir_copy(&d, &copy);
        snprintf(path, sizeof path, "%s/%s", copy.path, name);
        assert_int_equal(remove(path), 0);
        assert_int_equal(chain_verify(copy.path, YH_S(""), &v), optional ? YH_OK : YH_E_CORRUPT);
        for (uint64_t size = test_file_size(&d, name), cut = 1; cut <= size; cut += 1 + cut / 4) {
            test_dir_copy(&d, &copy);
            test_file_truncate(&copy, name, size - cut);
            if (strcmp(name, "checkpoints") == 0 && (size - cut) % 320 == 0)
                continue; /* whole checkpoints gone: only one kept elsewhere can tell */
            if (chain_verify(copy.path, YH_S(""), &v) != YH_E_CORRUPT)
                fail_msg("%s cut by %" PRIu64 " bytes verifies", name, cut);
        }
        test_dir_copy(&d, &copy);
        if (strcmp(name, "lock") == 0)
            continue;
        test_file_append(&copy, name, "\0", 1);
        yh_err e = chain_verify(copy.path, YH_S(""), &v);
        bool torn = e == YH_OK && v.torn_bytes == 1; /* a byte behind the last segment is a torn tail */
        if (e != YH_E_CORRUPT && !torn)
            fail_msg("%s with a byte more verifies", name);
    }
    test_dir_remove(&copy);
    test_dir_remove(&d);
}

static void read_checkpoint(const struct test_dir *d, yh_buf *text)
{
    struct chain_config ro = {.read_only = true};
    struct chain *c = test_open(d, &ro);
    struct chain_checkpoint cp;
    yh_buf_clear(text);
    must_ok(chain_checkpoint_latest(c, text, &cp));
    chain_close(c);
}

static void a_kept_checkpoint_finds_rollback(void **state)
{
    (void)state;
    struct test_dir d = test_dir_make(), early = test_dir_make(), other = test_dir_make();
    yh_buf_auto kept = yh_buf_make(4096);
    struct chain_verdict v;
    uint64_t records = make_log(&d);
    test_dir_copy(&d, &early);
    struct chain *c = test_open(&d, NULL);
    test_append(c, records, 5);
    chain_close(c);
    read_checkpoint(&d, &kept);
    must_ok(chain_verify(d.path, yh_buf_view(&kept), &v));
    must_ok(chain_verify(early.path, YH_S(""), &v)); /* rolled back as a whole: nothing inside tells */
    assert_int_equal(chain_verify(early.path, yh_buf_view(&kept), &v), YH_E_CORRUPT);
    assert_int_equal(v.damage.seq, records);

    c = test_open(&early, NULL); /* another history from the same past */
    test_append(c, records, 1);
    struct chain_record r = {.kind = CHAIN_NOTE, .payload = YH_S("{}")};
    uint64_t seq;
    for (int i = 0; i < 4; i++)
        must_ok(chain_append(c, &r, &seq));
    chain_close(c);
    assert_int_equal(chain_verify(early.path, yh_buf_view(&kept), &v), YH_E_CORRUPT);
    read_checkpoint(&early, &kept);
    must_ok(chain_verify(early.path, yh_buf_view(&kept), &v));

    make_log(&other); /* another key */
    assert_int_equal(chain_verify(other.path, yh_buf_view(&kept), &v), YH_E_CORRUPT);
    kept.p[kept.n / 2] ^= 1;
    yh_err e = chain_verify(early.path, yh_buf_view(&kept), &v);
    assert_true(e == YH_E_CORRUPT || e == YH_E_INVALID);
    assert_int_equal(chain_verify(early.path, YH_S("not a checkpoint\n"), &v), YH_E_INVALID);
    test_dir_remove(&other);
    test_dir_remove(&early);
    test_dir_remove(&d);
}

/* After a crash, before the next start: what was not acknowledged is a torn tail, not damage. */
static void a_crashed_log_verifies(void **state)
{
    (void)state;
    struct test_dir d = test_dir_make(), copy = test_dir_make();
    struct chain_config late = {.checkpoint_records = 1000000, .checkpoint_ms = 3600000};
    struct chain_verdict v;
    make_log(&d);
    struct chain *c = test_open(&d, &late);
    test_append(c, 17, 4);
    test_dir_copy(&d, &copy);
    chain_close(c);
    must_ok(chain_verify(copy.path, YH_S(""), &v));
    assert_int_equal(v.records, 21);
    char name[TEST_PATH], last[TEST_PATH] = "";
    for (size_t i = 0; test_dir_file(&copy, i, name); i++)
        if (yh_str_ends(yh_str_of(name), YH_S(".seg")))
            memcpy(last, name, sizeof last);
    test_file_append(&copy, last, "\x60\0\0\0\0\0\0\0torn", 12);
    must_ok(chain_verify(copy.path, YH_S(""), &v));
    assert_int_equal(v.records, 21);
    assert_int_equal(v.torn_bytes, 12);
    struct chain_recovery found;
    must_ok(chain_open(copy.path, NULL, &found, &c));
    assert_int_equal(found.cut_bytes, 12);
    test_expect(c, 21);
    chain_close(c);
    test_dir_remove(&copy);
    test_dir_remove(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intact_log_verifies),
        cmocka_unit_test(every_flipped_byte_is_found),
        cmocka_unit_test(every_missing_or_cut_file_is_found),
        cmocka_unit_test(a_kept_checkpoint_finds_rollback),
        cmocka_unit_test(a_crashed_log_verifies),
    };
    return cmocka_run_group_tests_name("chain-verify", tests, NULL, NULL);
}
