#include "support.h"

#include "hj212/framer.h"
#include "hj212/text.h"

#define TEXT_MAX ((size_t)32 << 20)

/* Feeds a framer as a connection does, and writes every event as a line "frame ##0101...\r\n" (escaped). */
struct feed {
    struct hj212_framer framer;
    yh_buf held, events;
    size_t counts[HJ212_JUNK + 1];
    size_t seen, longest_held;
    bool cut_line_ends; /* whether the line end was there is a matter of chunks */
};

static struct feed feed_new(void)
{
    return (struct feed){.held = yh_buf_make(TEXT_MAX), .events = yh_buf_make(TEXT_MAX)};
}

static void feed_done(struct feed *f)
{
    yh_buf_done(&f->held);
    yh_buf_done(&f->events);
}

static void feed_bytes(struct feed *f, yh_str bytes, bool end)
{
    static const char *const names[] = {[HJ212_FRAME] = "frame ", [HJ212_BAD] = "bad ", [HJ212_JUNK] = "junk "};
    size_t done = 0;
    struct hj212_event e;
    yh_buf_str(&f->held, bytes);
    while (hj212_framer_next(&f->framer, yh_str_sub(yh_buf_view(&f->held), done, f->held.n), end, &e) !=
           HJ212_NEED_MORE) {
        yh_str raw = e.raw;
        assert_true(e.consumed >= raw.n && e.consumed > 0);
        while (f->cut_line_ends && e.kind == HJ212_FRAME && raw.n && (raw.p[raw.n - 1] == '\n' || raw.p[raw.n - 1] == '\r'))
            raw.n--;
        yh_buf_puts(&f->events, names[e.kind]);
        hj212_escape(raw, &f->events);
        yh_buf_putc(&f->events, '\n');
        f->counts[e.kind]++;
        f->seen += e.raw.n;
        done += e.consumed;
    }
    yh_buf_consume(&f->held, done + e.consumed);
    if (f->held.n > f->longest_held)
        f->longest_held = f->held.n;
}

static void feed_in_chunks(struct feed *f, yh_str bytes, uint32_t seed, size_t largest)
{
    for (size_t at = 0; at < bytes.n;) {
        size_t n = 1 + next_random(&seed) % largest;
        feed_bytes(f, yh_str_sub(bytes, at, n), false);
        at += n;
    }
    feed_bytes(f, (yh_str){"", 0}, true);
}

static void assert_events(struct feed *f, const char *want)
{
    assert_string_equal(yh_buf_z(&f->events), want);
}

/* All chunkings of `bytes` must give the events of the whole. */
static void same_in_any_chunks(yh_str bytes)
{
    struct feed whole = feed_new();
    whole.cut_line_ends = true;
    feed_bytes(&whole, bytes, true);
    static const size_t sizes[] = {1, 2, 3, 7, 64, 300, 5000};
    for (uint32_t i = 0; i < YH_LEN(sizes); i++) {
        struct feed parts = feed_new();
        parts.cut_line_ends = true;
        feed_in_chunks(&parts, bytes, i + 1, sizes[i]);
        assert_string_equal(yh_buf_z(&parts.events), yh_buf_z(&whole.events));
        assert_true(parts.longest_held <= HJ212_BUFFER_MAX);
        feed_done(&parts);
    }
    feed_done(&whole);
}

static void stream_bytes(json_t *chunks, yh_buf *out)
{
    size_t i;
    json_t *chunk;
    json_array_foreach(chunks, i, chunk)
        assert_true(hj212_unescape(yh_str_of(json_string_value(chunk)), out));
}

static void stream_events(json_t *events, yh_buf *out)
{
    size_t i;
    json_t *event;
    json_array_foreach(events, i, event) {
        yh_buf_auto bytes = yh_buf_make(TEXT_MAX);
        assert_true(hj212_unescape(yh_str_of(json_string_value(json_array_get(event, 1))), &bytes));
        yh_buf_printf(out, "%s ", json_string_value(json_array_get(event, 0)));
        hj212_escape(yh_buf_view(&bytes), out);
        yh_buf_putc(out, '\n');
    }
}

static void check_stream(json_t *stream)
{
    yh_buf_auto bytes = yh_buf_make(TEXT_MAX), want = yh_buf_make(TEXT_MAX);
    stream_bytes(json_object_get(stream, "chunks"), &bytes);
    stream_events(json_object_get(stream, "events"), &want);
    struct feed given = feed_new();
    size_t i;
    json_t *chunk;
    json_array_foreach(json_object_get(stream, "chunks"), i, chunk) {
        yh_buf_auto one = yh_buf_make(TEXT_MAX);
        assert_true(hj212_unescape(yh_str_of(json_string_value(chunk)), &one));
        feed_bytes(&given, yh_buf_view(&one), false);
    }
    feed_bytes(&given, (yh_str){"", 0}, true);
    assert_events(&given, yh_buf_z(&want));
    feed_done(&given);
    same_in_any_chunks(yh_buf_view(&bytes));
}

static void streams(void **state)
{
    (void)state;
    yh_buf_auto text = yh_buf_make(TEXT_MAX);
    vectors_read("streams.jsonl", &text);
    yh_str rest = yh_buf_view(&text), line;
    size_t n = 0;
    while (yh_str_split(&rest, '\n', &line)) {
        if (!line.n)
            continue;
        yh_json_auto *stream = NULL;
        assert_int_equal(yh_json_parse(line, &stream), YH_OK);
        check_stream(stream);
        n++;
    }
    assert_int_equal(n, 10);
}

static void check_hour(const char *name, size_t frames, size_t bad, size_t junk)
{
    yh_buf_auto bytes = yh_buf_make(TEXT_MAX);
    vectors_read(name, &bytes);
    static const size_t sizes[] = {1, 100, 4096, 65536};
    for (uint32_t i = 0; i < YH_LEN(sizes); i++) {
        struct feed f = feed_new();
        feed_in_chunks(&f, yh_buf_view(&bytes), i, sizes[i]);
        assert_int_equal(f.counts[HJ212_FRAME], frames);
        assert_int_equal(f.counts[HJ212_BAD], bad);
        assert_int_equal(f.counts[HJ212_JUNK], junk);
        feed_done(&f);
    }
}

static void captured_hours(void **state)
{
    (void)state;
    check_hour("field/2016-08-24_10.h212.gz", 9128, 3, 2);
    check_hour("field/2016-08-24_17.h212.gz", 9246, 4, 1);
}

/* A small good frame, and what the rules make of texts around it. */
#define A "##0050ST=32;CN=2011;PW=123456;MN=A;CP=&&w01018-Rtd=1.0&&"
#define GOOD A "3E80"

static void check(const char *input, const char *want)
{
    struct feed f = feed_new();
    feed_bytes(&f, yh_str_of(input), true);
    assert_events(&f, want);
    feed_done(&f);
    same_in_any_chunks(yh_str_of(input));
}

static void line_ends(void **state)
{
    (void)state;
    assert_int_equal(hj212_crc(&A[6], 50), 0x3E80);
    check(GOOD, "frame " GOOD "\n");
    check(GOOD "\r\n", "frame " GOOD "\\r\\n\n");
    check(GOOD "\n" GOOD "\r" GOOD, "frame " GOOD "\\n\nframe " GOOD "\\r\nframe " GOOD "\n");
    check("\r\n\r\n\n" GOOD "\r\n\r\n", "frame " GOOD "\\r\\n\n");
    check("\r\n\r\n", "");
    check("", "");
}

static void junk_between(void **state)
{
    (void)state;
    check("abc" GOOD "\r\nxyz", "junk abc\nframe " GOOD "\\r\\n\njunk xyz\n");
    check("##12" GOOD, "junk ##12\nframe " GOOD "\n");
    check("#" GOOD, "junk #\nframe " GOOD "\n");
    check("a\r\nb\r\n" GOOD, "junk a\\r\\nb\\r\\n\nframe " GOOD "\n");
    check("##0003ab\r\n" GOOD, "junk ##0003ab\\r\\n\nframe " GOOD "\n");
    check("##0100ab" GOOD, "junk ##0100ab\nframe " GOOD "\n");
    check("##00", "junk ##00\n");
}

static void wrong_lengths_swallow_nothing(void **state)
{
    (void)state;
    static const char body[] = "ST=32;CN=2011;PW=123456;MN=A;CP=&&w01018-Rtd=1.0&&3E80\r\n";
    static const char *const lengths[] = {"0000", "0049", "0051", "0052", "0107", "0114", "4096", "4097", "9999"};
    for (size_t i = 0; i < YH_LEN(lengths); i++) {
        yh_buf_auto input = yh_buf_make(1024), want = yh_buf_make(1024);
        yh_buf_printf(&input, "##%s%s" GOOD "\r\n" GOOD, lengths[i], body);
        yh_buf_printf(&want, "frame ##%s", lengths[i]);
        hj212_escape(yh_str_of(body), &want);
        yh_buf_puts(&want, "\nframe " GOOD "\\r\\n\nframe " GOOD "\n");
        check(yh_buf_z(&input), yh_buf_z(&want));
    }
}

static void bad_crc(void **state)
{
    (void)state;
    check(A "3E81\r\n" GOOD, "bad " A "3E81\\r\\n\nframe " GOOD "\n");
    check(A "3Eg0\r\n" GOOD, "junk " A "3Eg0\\r\\n\nframe " GOOD "\n");
    check(A "\r\n", "junk " A "\\r\\n\n");
    check(A "3E8" GOOD, "junk " A "3E8\nframe " GOOD "\n");
    check(A "3E81" GOOD, "bad " A "3E81\nframe " GOOD "\n");
}

static void six_digit_length(void **state)
{
    (void)state;
    check("##000050ST=32;CN=2011;PW=123456;MN=A;CP=&&w01018-Rtd=1.0&&3E80\r\n",
          "frame ##000050ST=32;CN=2011;PW=123456;MN=A;CP=&&w01018-Rtd=1.0&&3E80\\r\\n\n");
}

/* A frame is answered before anything else comes: it must not wait for its line end or for the next frame. */
static void frame_is_not_held_back(void **state)
{
    (void)state;
    struct feed f = feed_new();
    feed_bytes(&f, YH_S(GOOD), false);
    assert_events(&f, "frame " GOOD "\n");
    feed_bytes(&f, YH_S("\r"), false);
    feed_bytes(&f, YH_S("\n"), false);
    feed_bytes(&f, YH_S(GOOD "\r\n"), false);
    assert_events(&f, "frame " GOOD "\nframe " GOOD "\\r\\n\n");
    assert_int_equal(f.held.n, 0);
    feed_done(&f);
}

static void segment_of(yh_buf *out, size_t n, bool crc)
{
    yh_buf_printf(out, "##%04zu", n);
    size_t from = out->n;
    yh_buf_puts(out, "CP=&&");
    while (out->n - from < n - 2)
        yh_buf_putc(out, 'x');
    yh_buf_puts(out, "&&");
    yh_buf_printf(out, "%04X\r\n", crc ? hj212_crc(out->p + from, n) : 0x1234);
}

static void longest_segment(void **state)
{
    (void)state;
    for (size_t n = HJ212_SEGMENT_MAX - 2; n <= HJ212_SEGMENT_MAX + 2; n++) {
        yh_buf_auto bytes = yh_buf_make(TEXT_MAX);
        struct feed f = feed_new();
        segment_of(&bytes, n, true);
        yh_buf_puts(&bytes, GOOD);
        feed_bytes(&f, yh_buf_view(&bytes), true);
        bool fits = n <= HJ212_SEGMENT_MAX;
        assert_int_equal(f.counts[HJ212_FRAME], fits ? 2 : 1);
        assert_int_equal(f.counts[HJ212_JUNK], fits ? 0 : 2);
        feed_done(&f);
        same_in_any_chunks(yh_buf_view(&bytes));
    }
}

/* Endless input without a frame must neither be held nor lost. */
static void garbage_cannot_stall(void **state)
{
    (void)state;
    static const char *const patterns[] = {"x", "#", "##12", "##4094", "##0050ST", "##9999ab", "\r\nab"};
    for (size_t i = 0; i < YH_LEN(patterns); i++) {
        struct feed f = feed_new();
        size_t fed = 0;
        for (size_t k = 0; k < 20000; k++) {
            feed_bytes(&f, yh_str_of(patterns[i]), false);
            fed += strlen(patterns[i]);
        }
        assert_true(f.longest_held <= HJ212_BUFFER_MAX);
        feed_bytes(&f, YH_S(GOOD), true);
        assert_int_equal(f.counts[HJ212_FRAME], 1);
        assert_true(f.seen <= fed + sizeof GOOD - 1);
        if (!strchr(patterns[i], '\n'))
            assert_int_equal(f.seen, fed + sizeof GOOD - 1);
        feed_done(&f);
    }
}

static void vectors_in_any_chunks(void **state)
{
    (void)state;
    struct vectors all = vectors_load();
    yh_buf_auto bytes = yh_buf_make(TEXT_MAX);
    for (size_t i = 0; i < all.n; i++)
        yh_buf_str(&bytes, all.v[i].raw);
    same_in_any_chunks(yh_buf_view(&bytes));
    struct feed f = feed_new();
    feed_bytes(&f, yh_buf_view(&bytes), true);
    assert_int_equal(f.counts[HJ212_FRAME], 649);
    assert_int_equal(f.counts[HJ212_BAD], 61);
    assert_int_equal(f.counts[HJ212_JUNK], 0);
    feed_done(&f);
    vectors_free(&all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams),
        cmocka_unit_test(captured_hours),
        cmocka_unit_test(line_ends),
        cmocka_unit_test(junk_between),
        cmocka_unit_test(wrong_lengths_swallow_nothing),
        cmocka_unit_test(bad_crc),
        cmocka_unit_test(six_digit_length),
        cmocka_unit_test(frame_is_not_held_back),
        cmocka_unit_test(longest_segment),
        cmocka_unit_test(garbage_cannot_stall),
        cmocka_unit_test(vectors_in_any_chunks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
