#include "block_v1.h"
#include "util.h"

#include "base/arena.h"
#include "series/columns.h"
#include "series/internal.h"
#include "series/ints.h"
#include "series/summary.h"

static void round_trip_ints(const uint64_t *v, size_t n)
{
    yh_buf_auto b = yh_buf_make(1 << 22);
    uint64_t *copy = calloc(n + 1, sizeof *copy);
    memcpy(copy, v, n * sizeof *v);
    series_ints_encode(copy, n, &b, &(struct series_cuts){0});
    free(copy);
    OK(yh_buf_check(&b));
    uint64_t *back = calloc(n + 1, sizeof *back);
    yh_str in = yh_buf_view(&b);
    assert_true(series_ints_decode(&in, n, back));
    assert_int_equal(in.n, 0);
    assert_memory_equal(v, back, n * sizeof *v);
    if (n && b.n > 1) { /* cut short anywhere: refused, never read beyond */
        in = (yh_str){b.p, b.n - 1};
        assert_false(series_ints_decode(&in, n, back));
    }
    free(back);
}

static void ints_are_exact(void **state)
{
    (void)state;
    uint64_t seed = 1, v[300];
    static const uint64_t edges[] = {0, 1, UINT64_MAX, 1ull << 63, (1ull << 63) - 1, 255, 256, 65535, 65536};
    for (unsigned round = 0; round < 500; round++) {
        size_t n = next_random(&seed) % YH_LEN(v);
        unsigned how = (unsigned)(next_random(&seed) % 10), bits = (unsigned)(next_random(&seed) % 64);
        for (size_t i = 0; i < n; i++) {
            uint64_t x = next_random(&seed);
            v[i] = how == 0   ? x
                   : how == 1 ? edges[x % YH_LEN(edges)]
                   : how == 2 ? 1000000 * i + (x >> 56)
                   : how == 3 ? 42
                   : how == 4 ? (x >> 52) * 10000 - 7
                   : how == 5 ? (1ull << 63) * (x & 1)
                   : how == 8 ? x % 5 * (bits + 1000003)
                   : how == 9 ? 30000 * i + (x % 7 ? 0 : 1000)
                   : how == 6 ? (x >> (i % 20 ? bits : 0)) * 3
                              : x >> bits;
        }
        round_trip_ints(v, n);
    }
}

static void a_regular_clock_takes_no_room(void **state)
{
    (void)state;
    uint64_t v[2880];
    for (size_t i = 0; i < YH_LEN(v); i++)
        v[i] = (uint64_t)T0 + 30000 * i;
    yh_buf_auto b = yh_buf_make(1 << 16);
    series_ints_encode(v, YH_LEN(v), &b, &(struct series_cuts){0});
    assert_true(b.n < 20);
}

static size_t encoded_size(const uint64_t *v, size_t n)
{
    static uint64_t copy[4096];
    yh_buf_auto b = yh_buf_make(1 << 16);
    memcpy(copy, v, n * sizeof *v);
    series_ints_encode(copy, n, &b, &(struct series_cuts){0});
    return b.n;
}

/* What instruments do: each is laid out in the way that suits it, and comes back. */
static void layouts_suit_what_they_hold(void **state)
{
    (void)state;
    uint64_t slips[2880], converter[2880], noise[2880], few[2880], seed = 3;
    for (size_t i = 0; i < YH_LEN(slips); i++) {
        slips[i] = (uint64_t)T0 + 30000 * i + (next_random(&seed) % 20 == 0 ? 1000 : 0);
        converter[i] = (200 + next_random(&seed) % 9) * 27466 / 10;
        noise[i] = 5000 + next_random(&seed) % 16384;
        few[i] = 700 - next_random(&seed) % 4;
    }
    round_trip_ints(slips, YH_LEN(slips));
    round_trip_ints(converter, YH_LEN(converter));
    round_trip_ints(noise, YH_LEN(noise));
    round_trip_ints(few, YH_LEN(few));
    assert_true(encoded_size(slips, YH_LEN(slips)) < 2880 / 4 + 32);         /* a line, and two bits for each second late */
    assert_true(encoded_size(converter, YH_LEN(converter)) < 2880 + 64);     /* one byte a place in a palette, where the values take two */
    assert_true(encoded_size(noise, YH_LEN(noise)) < 2880 * 15 / 8 + 32);    /* seven low bits and a plane at most */
    assert_true(encoded_size(few, YH_LEN(few)) < 2880 / 4 + 32);
}

static void odd_palettes_are_refused(void **state)
{
    (void)state;
    uint64_t back[64];
    static const char empty[] = "\x0f\x00\x00\x00\x00\x00", large[] = "\x0f\xff\x01\x00\x00\x00\x00";
    static const char beyond[] = "\x0f\x01\x00\x0a\x01\x00\x02"; /* one value, and a place 2 */
    static const char nested[] = "\x0f\x01\x0f\x01\x00\x02\x00\x00";
    const yh_str streams[] = {{empty, 6}, {large, 7}, {beyond, 7}, {nested, 8}};
    for (size_t i = 0; i < YH_LEN(streams); i++) {
        yh_str in = streams[i];
        assert_false(series_ints_decode(&in, 1, back));
    }
}

/* ---- blocks ---- */

struct sample {
    struct series_columns columns;
    struct series_rows rows;
};

static void sample_done(struct sample *s)
{
    series_columns_done(&s->columns);
    series_rows_done(&s->rows);
}

static int64_t random_mantissa(uint64_t *seed, unsigned style)
{
    uint64_t x = next_random(seed);
    if (style == 0)
        return (int64_t)x;
    if (style == 1)
        return (int64_t)(x % 2000) - 1000;
    return (int64_t)(x % 100) * 100;
}

/* Rows with columns of different tempers: some always there, some rarely, with mixed scales and flags. */
static void make_sample(struct sample *s, size_t rows, unsigned columns, uint64_t seed)
{
    *s = (struct sample){0};
    uint32_t number;
    for (unsigned c = 0; c < columns; c++) {
        char factor[16];
        snprintf(factor, sizeof factor, "f%02u", (c * 7) % 100);
        OK(series_columns_add(&s->columns, yh_str_of(factor), (series_field)(c % SERIES_FIELD_COUNT),
                              &number));
    }
    yh_time time = T0;
    for (size_t i = 0; i < rows; i++) {
        struct series_cell_at cells[64];
        uint32_t n = 0;
        for (uint32_t c = 0; c < columns; c++) {
            if (c % 3 == 1 && next_random(&seed) % 4)
                continue;
            uint8_t scale = (uint8_t)(c % 4 == 0 ? 2 : next_random(&seed) % (YH_DEC_MAX_SCALE + 1));
            char flag = c % 5 == 0 ? 'N' : "ND\0M"[next_random(&seed) % 4];
            cells[n++] = (struct series_cell_at){random_mantissa(&seed, c % 3), c, scale, flag};
        }
        time += (yh_time)(next_random(&seed) % 3) * 30000;
        struct series_row row = {.time = time,
                                 .seq = 1000 + i * 3,
                                 .cell_n = n,
                                 .received = time + (yh_time)(next_random(&seed) % 9999)};
        OK(series_rows_append(&s->rows, &row, cells));
    }
    series_rows_sort(&s->rows);
}

static void assert_same_rows(const struct sample *a, const struct series_rows *b,
                             const struct series_columns *names)
{
    assert_int_equal(a->rows.n, b->n);
    for (size_t i = 0; i < b->n; i++) {
        const struct series_row *x = &a->rows.rows[i], *y = &b->rows[i];
        assert_int_equal(x->time, y->time);
        assert_int_equal(x->seq, y->seq);
        assert_int_equal(x->received, y->received);
        assert_int_equal(x->cell_n, y->cell_n);
        for (uint32_t k = 0; k < x->cell_n; k++) {
            const struct series_cell_at *c = &a->rows.cells[x->cell_at + k];
            const struct series_column_name *name = &a->columns.names[c->column];
            uint32_t number =
                series_columns_find(names, series_column_factor(name), (series_field)name->field, 0);
            const struct series_cell_at *d = series_rows_cell(b, y, number);
            assert_non_null(d);
            assert_int_equal(c->m, d->m);
            assert_int_equal(c->scale, d->scale);
            assert_int_equal(c->flag, d->flag);
        }
    }
}

static void round_trip_block(size_t rows, unsigned columns, uint64_t seed)
{
    struct series_codec *codec;
    OK(series_codec_new(&codec));
    struct sample s;
    make_sample(&s, rows, columns, seed);
    yh_buf_auto blob = yh_buf_make((size_t)1 << 30);
    OK(series_block_encode(codec, &s.rows, s.columns.names, s.columns.n, &blob));
    struct series_columns names = {0};
    struct series_rows back = {0};
    OK(series_rows_load(codec, yh_buf_view(&blob), &names, NULL, &back));
    series_rows_sort(&back);
    assert_same_rows(&s, &back, &names);
    series_rows_done(&back);
    series_columns_done(&names);
    sample_done(&s);
    series_codec_free(codec);
}

static void blocks_are_exact(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 200; round++)
        round_trip_block(1 + round % 97, 1 + round % 60, round);
}

static void a_block_of_many_rows(void **state)
{
    (void)state;
    round_trip_block(70000, 3, 7);
}

static void blocks_of_version_1_are_read(void **state)
{
    (void)state;
    struct series_codec *codec;
    OK(series_codec_new(&codec));
    struct sample s;
    make_sample(&s, 70, 5, 7);
    struct series_columns names = {0};
    struct series_rows back = {0};
    OK(series_rows_load(codec, (yh_str){(const char *)block_v1, sizeof block_v1}, &names, NULL, &back));
    series_rows_sort(&back);
    assert_same_rows(&s, &back, &names);
    char newer[sizeof block_v1];
    memcpy(newer, block_v1, sizeof newer);
    newer[0] = 3;
    yh_arena_auto arena = yh_arena_make(1 << 20);
    struct series_block b;
    assert_int_equal(series_block_open((yh_str){newer, sizeof newer}, &arena, &b), YH_E_CORRUPT);
    series_rows_done(&back);
    series_columns_done(&names);
    sample_done(&s);
    series_codec_free(codec);
}

static void trimmed_digits_come_back(void **state)
{
    (void)state;
    static const char *const texts[] = {"12.5", "12", "0", "-0.25", "100", "7.125"};
    struct sample s = {0};
    uint32_t number;
    OK(series_columns_add(&s.columns, YH_S("011"), SERIES_F_RTD, &number));
    for (size_t i = 0; i < YH_LEN(texts); i++) {
        yh_dec d = dec(texts[i]);
        struct series_cell_at c = {d.m, number, d.scale, 'N'};
        struct series_row row = {.time = T0 + (yh_time)i, .seq = i, .received = T0, .cell_n = 1};
        OK(series_rows_append(&s.rows, &row, &c));
    }
    struct series_codec *codec;
    OK(series_codec_new(&codec));
    yh_buf_auto blob = yh_buf_make(1 << 16);
    OK(series_block_encode(codec, &s.rows, s.columns.names, s.columns.n, &blob));
    struct series_rows back = {0};
    OK(series_rows_load(codec, yh_buf_view(&blob), &s.columns, NULL, &back));
    for (size_t i = 0; i < YH_LEN(texts); i++)
        assert_dec((yh_dec){back.cells[i].m, back.cells[i].scale}, texts[i]);
    series_rows_done(&back);
    sample_done(&s);
    series_codec_free(codec);
}

/* Every flipped bit and every cut is found: the hashes cover all that is not checked otherwise. */
static void damage_is_found(void **state)
{
    (void)state;
    struct series_codec *codec;
    OK(series_codec_new(&codec));
    struct sample s;
    make_sample(&s, 50, 8, 3);
    yh_buf_auto blob = yh_buf_make(1 << 20);
    OK(series_block_encode(codec, &s.rows, s.columns.names, s.columns.n, &blob));
    for (size_t i = 0; i < blob.n * 8; i++) {
        blob.p[i / 8] = (char)(blob.p[i / 8] ^ 1 << i % 8);
        struct series_columns names = {0};
        struct series_rows rows = {0};
        assert_int_equal(series_rows_load(codec, yh_buf_view(&blob), &names, NULL, &rows), YH_E_CORRUPT);
        series_rows_done(&rows);
        series_columns_done(&names);
        blob.p[i / 8] = (char)(blob.p[i / 8] ^ 1 << i % 8);
    }
    for (size_t n = 0; n < blob.n; n++) {
        yh_arena_auto arena = yh_arena_make(1 << 20);
        struct series_block b;
        assert_int_equal(series_block_open((yh_str){blob.p, n}, &arena, &b), YH_E_CORRUPT);
    }
    sample_done(&s);
    series_codec_free(codec);
}

static void reduce_keeps_first_and_last(void **state)
{
    (void)state;
    struct series_rows r = {0};
    static const struct {
        uint64_t seq;
        int64_t m;
    } facts[] = {{1, 5}, {2, 6}, {3, 5}, {4, 5}, {4, 5}, {6, 6}, {7, 6}};
    for (size_t i = YH_LEN(facts); i-- > 0;) {
        struct series_cell_at c = {facts[i].m, 0, 0, 'N'};
        struct series_row row = {.time = T0, .seq = facts[i].seq, .cell_n = 1};
        OK(series_rows_add(&r, &row, &c));
    }
    OK(series_rows_reduce(&r));
    static const struct {
        uint64_t seq;
        int64_t m;
    } want[] = {{1, 5}, {2, 6}, {4, 5}, {7, 6}};
    assert_int_equal(r.n, YH_LEN(want));
    for (size_t i = 0; i < YH_LEN(want); i++) {
        assert_int_equal(r.rows[i].seq, want[i].seq);
        assert_int_equal(r.cells[r.rows[i].cell_at].m, want[i].m);
    }
    series_rows_done(&r);
}

static void summaries_say_what_the_rows_say(void **state)
{
    (void)state;
    struct series_columns columns = {0};
    struct series_rows rows = {0};
    uint32_t number;
    OK(series_columns_add(&columns, YH_S("011"), SERIES_F_RTD, &number));
    OK(series_columns_add(&columns, YH_S("060"), SERIES_F_RTD, &number));
    for (uint64_t i = 0; i < 1000; i++) {
        struct series_cell_at c[] = {{(int64_t)((i * 37) % 1000) - 100, 0, 1, 0}, {5, 1, 0, 0}};
        struct series_row row = {
            .time = T0 + (yh_time)i, .seq = i + 10, .received = T0, .cell_n = i == 500 ? 2 : 1};
        OK(series_rows_append(&rows, &row, c));
    }
    yh_buf_auto b = yh_buf_make(1 << 16);
    OK(series_summary_encode(&rows, &columns, &b));
    struct series_summary s;
    bool known;
    OK(series_summary_find(yh_buf_view(&b), &columns.names[0], &known, &s));
    assert_true(known);
    assert_int_equal(s.count, 1000);
    assert_int_equal(s.first.time, T0);
    assert_int_equal(s.last.time, T0 + 999);
    assert_int_equal(s.last.seq, 1009);
    assert_int_equal(s.min.m, -100);
    assert_int_equal(s.max.m, 899);
    assert_int_equal((s.max.seq - 10) * 37 % 1000, 999);
    assert_int_equal(s.max.received, T0);
    OK(series_summary_find(yh_buf_view(&b), &columns.names[1], &known, &s));
    assert_true(known);
    assert_int_equal(s.count, 1);
    struct series_column_name absent;
    assert_true(series_column_name_make(YH_S("zzz"), SERIES_F_RTD, &absent));
    OK(series_summary_find(yh_buf_view(&b), &absent, &known, &s));
    assert_true(known);
    assert_int_equal(s.count, 0);
    OK(series_summary_find(YH_S(""), &absent, &known, &s));
    assert_false(known);
    for (size_t i = 0; i < b.n; i++) {
        b.p[i] = (char)(b.p[i] ^ 4);
        assert_int_equal(series_summary_find(yh_buf_view(&b), &absent, &known, &s), YH_E_CORRUPT);
        b.p[i] = (char)(b.p[i] ^ 4);
    }
    rows.rows[1].time = T0; /* two reports for one time: not for a summary to decide */
    yh_buf_clear(&b);
    OK(series_summary_encode(&rows, &columns, &b));
    OK(series_summary_find(yh_buf_view(&b), &columns.names[0], &known, &s));
    assert_false(known);
    series_rows_done(&rows);
    series_columns_done(&columns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ints_are_exact),
        cmocka_unit_test(a_regular_clock_takes_no_room),
        cmocka_unit_test(layouts_suit_what_they_hold),
        cmocka_unit_test(odd_palettes_are_refused),
        cmocka_unit_test(blocks_are_exact),
        cmocka_unit_test(a_block_of_many_rows),
        cmocka_unit_test(blocks_of_version_1_are_read),
        cmocka_unit_test(trimmed_digits_come_back),
        cmocka_unit_test(damage_is_found),
        cmocka_unit_test(reduce_keeps_first_and_last),
        cmocka_unit_test(summaries_say_what_the_rows_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
