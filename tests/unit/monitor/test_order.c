/* What is derived depends on the set of records, not on the order in which they are read: a captured hour, shuffled. */
#include "box.h"

#include <zlib.h>

#include "base/clock.h"
#include "hj212/framer.h"
#include "monitor/derive.h"
#include "monitor/registry.h"

static const char *capture_path;

static void read_capture(yh_buf *out)
{
    gzFile f = gzopen(capture_path, "rb");
    assert_non_null(f);
    int got;
    char *room;
    while ((room = yh_buf_reserve(out, 65536)) != NULL && (got = gzread(f, room, 65536)) > 0)
        out->n += (size_t)got;
    assert_non_null(room);
    assert_int_equal(gzclose(f), Z_OK);
}

/* Logs the capture and makes every sender a known one. */
static uint64_t log_capture(struct box *b)
{
    yh_buf_auto bytes = yh_buf_make(64u << 20);
    read_capture(&bytes);
    struct hj212_framer framer = {0};
    struct hj212_event e;
    yh_str rest = yh_buf_view(&bytes);
    uint64_t seq = 0;
    while (rest.n && hj212_framer_next(&framer, rest, true, &e) != HJ212_NEED_MORE) {
        struct hj212_brief brief = {0};
        if (e.kind != HJ212_JUNK)
            hj212_peek(e.segment, &brief);
        struct chain_record r = {.received = yh_clock_now(), .kind = e.kind == HJ212_FRAME ? CHAIN_FRAME : CHAIN_BAD,
                                 .origin = yh_str_sub(brief.mn, 0, CHAIN_ORIGIN_MAX), .payload = e.raw};
        check_ok(chain_append(b->chain, &r, &seq));
        if (e.kind == HJ212_FRAME)
            assert_non_null(live_know(b->live, brief.mn));
        rest = yh_str_sub(rest, e.consumed, rest.n);
    }
    check_ok(chain_wait_durable(b->chain, seq, 60000));
    return seq + 1;
}

static void shuffle(uint64_t *order, uint64_t n, uint64_t *seed)
{
    for (uint64_t i = 0; i < n; i++)
        order[i] = i;
    for (uint64_t i = n; i > 1; i--) {
        uint64_t j = check_random(seed) % i, kept = order[i - 1];
        order[i - 1] = order[j];
        order[j] = kept;
    }
}

/* Reads the records in a random order, some of them twice, and flushes now and then. */
static void derive_shuffled(struct box *b, struct series *s, uint64_t n, uint64_t seed)
{
    uint64_t *order = calloc(n, sizeof *order);
    struct ingest *in;
    struct ingest_result result;
    check_ok(ingest_new(&in));
    shuffle(order, n, &seed);
    for (uint64_t i = 0; i < n; i++) {
        yh_buf_auto bytes = yh_buf_make(CHAIN_PAYLOAD_MAX);
        struct chain_record r;
        check_ok(chain_get(b->chain, order[i], &bytes, &r, NULL));
        struct ingest_profile profile = live_profile(b->live, r.origin);
        for (unsigned times = check_random(&seed) % 8 == 0 ? 2 : 1; times; times--)
            check_ok(ingest_record(in, &r, &profile, s, &result));
        if (check_random(&seed) % 500 == 0)
            check_ok(series_flush(s, 0));
    }
    ingest_free(in);
    free(order);
}

static void shuffled_records_give_the_same_series(void **state)
{
    (void)state;
    struct box *b = box_open();
    check_ok(live_new(&b->live));
    uint64_t position, n = log_capture(b);
    const struct derive_range all = {.to = UINT64_MAX, .flush = DERIVE_FLUSH};
    check_ok(derive_run(b->chain, b->live, b->series, &all, &position));
    assert_int_equal(position, n);
    struct series_totals want, got;
    check_ok(series_totals(b->series, &want));
    assert_true(want.values > 1000);
    for (uint64_t seed = 1; seed <= 3; seed++) {
        char path[96];
        struct series *s;
        snprintf(path, sizeof path, "%s/shuffled-%u.db", b->dir, (unsigned)seed);
        check_ok(series_open(&(struct series_config){.path = path}, &s));
        derive_shuffled(b, s, n, seed);
        check_ok(series_totals(s, &got));
        series_close(s);
        assert_int_equal(got.values, want.values);
        assert_int_equal(got.versions, want.versions);
        assert_memory_equal(got.digest, want.digest, sizeof want.digest);
    }
    box_close(b);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(shuffled_records_give_the_same_series)};
    if (argc != 2)
        return 2;
    capture_path = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
