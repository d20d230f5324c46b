/* Growth figures: the same whether segments are packed, sealed or still growing; by origin and local day. */
#include "support.h"

#include "chain/growth.h"
#include "chain/record.h"

#define MIDNIGHT INT64_C(1700064000000) /* 2023-11-16 00:00 +08:00 */
#define DAY INT64_C(86400000)

static const struct chain_config config = {.segment_bytes = 4000, .retry_ms = 1};

struct expected {
    uint64_t records, bytes;
};

static yh_str origins[] = {{"MN-A", 4}, {"MN-B", 4}, {"", 0}};

/* Record `i`: three origins in turn, an hour apart; every 7th is a note, which is nobody's. */
static struct chain_record make(uint64_t i)
{
    static const char text[] = "0123456789012345678901234567890123456789012345678901234567890123456789";
    return (struct chain_record){
        .received = MIDNIGHT - 1 + (yh_time)i * 3600000,
        .kind = i % 7 == 0 ? CHAIN_NOTE : CHAIN_FRAME,
        .origin = origins[i % 3],
        .payload = {text, (size_t)(i % 60) + 1},
    };
}

static void append(struct chain *c, uint64_t from, uint64_t count)
{
    uint64_t seq = 0;
    for (uint64_t i = from; i < from + count; i++) {
        struct chain_record r = make(i);
        must_ok(chain_append(c, &r, &seq));
        if (i % 5 == 0)
            must_ok(chain_wait_durable(c, seq, 60000));
    }
    must_ok(chain_wait_durable(c, seq, 60000));
}

static struct expected count_by_hand(uint64_t records, int32_t day, yh_str origin)
{
    struct expected e = {0};
    for (uint64_t i = 0; i < records; i++) {
        struct chain_record r = make(i);
        yh_str whose = r.kind == CHAIN_NOTE ? YH_S("") : r.origin;
        int64_t since = r.received - MIDNIGHT;
        if ((since < 0 ? -1 : since / DAY) != day || !yh_str_eq(whose, origin))
            continue;
        e.records++;
        e.bytes += 36 + r.origin.n + r.payload.n;
    }
    return e;
}

static void expect_table(struct chain *c, uint64_t records, int32_t from, int32_t to)
{
    struct chain_growth g = {0};
    struct chain_growth_row **rows;
    size_t n;
    uint64_t counted = 0, wanted = 0;
    int32_t zero = chain_growth_day(MIDNIGHT);
    assert_int_equal(zero, 19677); /* days from 1970-01-01 to 2023-11-16 */
    must_ok(chain_growth_read(c, zero + from, zero + to, &g));
    must_ok(chain_growth_sorted(&g, &rows, &n));
    for (size_t i = 0; i < n; i++) {
        struct expected e = count_by_hand(records, rows[i]->day - zero, rows[i]->origin);
        assert_int_equal(rows[i]->records, e.records);
        assert_int_equal(rows[i]->bytes, e.bytes);
        assert_in_range(rows[i]->day - zero + 10, from + 10, to + 10);
        if (i)
            assert_true(rows[i - 1]->day < rows[i]->day || yh_str_cmp(rows[i - 1]->origin, rows[i]->origin) < 0);
        counted += rows[i]->records;
    }
    for (int32_t day = from; day <= to; day++)
        for (size_t k = 0; k < YH_LEN(origins); k++)
            wanted += count_by_hand(records, day, origins[k]).records;
    assert_int_equal(counted, wanted);
    free(rows);
    chain_growth_done(&g);
}

static void figures_do_not_depend_on_packing(void **state)
{
    (void)state;
    struct test_dir d = test_dir_make();
    struct chain *c = test_open(&d, &config);
    append(c, 0, 150);
    expect_table(c, 150, -2, 9);
    expect_table(c, 150, 2, 4);
    expect_table(c, 150, -1, -1);
    expect_table(c, 150, 8, 9);
    append(c, 150, 7); /* the last segment goes on from where it was counted */
    expect_table(c, 157, -2, 9);
    chain_close(c);
    struct chain_config pack = config;
    pack.pack = true;
    c = test_open(&d, &pack);
    test_wait_packed(c);
    expect_table(c, 157, -2, 9);
    expect_table(c, 157, 2, 4);
    append(c, 157, 60); /* counted segments are sealed and packed */
    expect_table(c, 217, -2, 12);
    test_wait_packed(c);
    expect_table(c, 217, -2, 12);
    struct chain_config ro = {.read_only = true};
    struct chain *reader = test_open(&d, &ro); /* beside the writer */
    expect_table(reader, 217, -2, 12);
    append(c, 217, 40);
    test_wait_packed(c);
    expect_table(reader, 257, -2, 12);
    chain_close(reader);
    chain_close(c);
    test_dir_remove(&d);
}

static void what_is_stored_is_checked(void **state)
{
    (void)state;
    struct chain_growth g = {0}, back = {0};
    yh_buf_auto stored = yh_buf_make(65536), again = yh_buf_make(65536);
    for (uint64_t i = 0; i < 100; i++) {
        struct chain_record r = make(i);
        must_ok(chain_growth_count(&g, &r));
    }
    must_ok(chain_growth_write(&g, &stored));
    must_ok(chain_growth_parse(&back, yh_buf_view(&stored), INT32_MIN, INT32_MAX));
    must_ok(chain_growth_write(&back, &again));
    assert_true(yh_str_eq(yh_buf_view(&stored), yh_buf_view(&again)));
    for (size_t cut = 1; cut < 24; cut++) {
        struct chain_growth part = {0};
        assert_int_equal(chain_growth_parse(&part, yh_str_sub(yh_buf_view(&stored), 0, stored.n - cut), INT32_MIN, INT32_MAX),
                         YH_E_CORRUPT);
        chain_growth_done(&part);
    }
    chain_put_u32(stored.p + 4, UINT32_MAX); /* length of the first origin */
    assert_int_equal(chain_growth_parse(&back, yh_buf_view(&stored), INT32_MIN, INT32_MAX), YH_E_CORRUPT);
    chain_growth_done(&g);
    chain_growth_done(&back);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_do_not_depend_on_packing),
        cmocka_unit_test(what_is_stored_is_checked),
    };
    return cmocka_run_group_tests_name("chain-growth", tests, NULL, NULL);
}
