/* Damaged blocks whose hashes fit (the decoder is built without them here): every outcome but a clean one is a bug, and
 * the sanitizers watch. */
#include "util.h"

#include "series/columns.h"
#include "series/internal.h"

static void make_block(struct series_codec *codec, size_t row_n, uint64_t seed, yh_buf *out)
{
    struct series_columns columns = {0};
    struct series_rows rows = {0};
    uint32_t number;
    OK(series_columns_add(&columns, YH_S("011"), SERIES_F_RTD, &number));
    OK(series_columns_add(&columns, YH_S("w01018"), SERIES_F_RTD, &number));
    OK(series_columns_add(&columns, YH_S("w01018"), SERIES_F_ZS_RTD, &number));
    for (size_t i = 0; i < row_n; i++) {
        struct series_cell_at cells[3];
        uint32_t n = 0;
        for (uint32_t c = 0; c < 3; c++)
            if (c != 1 || next_random(&seed) % 3)
                cells[n++] = (struct series_cell_at){(int64_t)(next_random(&seed) % 5000), c,
                                                     (uint8_t)(c == 2 ? next_random(&seed) % 4 : 2), "ND"[i % 7 == 0]};
        struct series_row row = {.time = T0 + (yh_time)i * 30000, .seq = i * 5, .received = T0, .cell_n = n};
        OK(series_rows_append(&rows, &row, cells));
    }
    OK(series_block_encode(codec, &rows, columns.names, columns.n, out));
    series_rows_done(&rows);
    series_columns_done(&columns);
}

static void decode(struct series_codec *codec, yh_str blob)
{
    struct series_columns columns = {0};
    struct series_rows rows = {0};
    yh_err e = series_rows_load(codec, blob, &columns, NULL, &rows);
    assert_true(e == YH_OK || e == YH_E_CORRUPT || e == YH_E_NO_MEMORY || e == YH_E_TOO_LARGE);
    for (size_t i = 0; e == YH_OK && i < rows.cell_n; i++)
        assert_true(rows.cells[i].scale <= YH_DEC_MAX_SCALE && rows.cells[i].column < columns.n);
    series_rows_done(&rows);
    series_columns_done(&columns);
}

static void damaged_blocks_fail_cleanly(void **state)
{
    (void)state;
    struct series_codec *codec;
    OK(series_codec_new(&codec));
    uint64_t seed = 9;
    for (unsigned round = 0; round < 40; round++) {
        yh_buf_auto blob = yh_buf_make(1 << 20), damaged = yh_buf_make(1 << 20);
        make_block(codec, 1 + round * 7, round, &blob);
        for (unsigned k = 0; k < 400; k++) {
            yh_buf_clear(&damaged);
            yh_buf_str(&damaged, yh_buf_view(&blob));
            size_t head = yh_min_size(damaged.n, 90); /* the directory is the more interesting part */
            for (unsigned hits = 1 + (unsigned)(next_random(&seed) % 4); hits; hits--) {
                size_t at = next_random(&seed) % (hits % 2 ? head : damaged.n);
                damaged.p[at] = (char)next_random(&seed);
            }
            if (next_random(&seed) % 8 == 0)
                damaged.n = next_random(&seed) % damaged.n;
            decode(codec, yh_buf_view(&damaged));
        }
    }
    series_codec_free(codec);
}

static void noise_fails_cleanly(void **state)
{
    (void)state;
    struct series_codec *codec;
    OK(series_codec_new(&codec));
    uint64_t seed = 10;
    for (unsigned round = 0; round < 5000; round++) {
        char noise[200];
        for (size_t i = 0; i < sizeof noise; i++)
            noise[i] = (char)(next_random(&seed) % (round % 2 ? 256 : 12));
        noise[0] = 1;
        decode(codec, (yh_str){noise, next_random(&seed) % sizeof noise});
    }
    series_codec_free(codec);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damaged_blocks_fail_cleanly),
        cmocka_unit_test(noise_fails_cleanly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
