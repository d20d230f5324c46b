#include "check.h"

#include "base/sm3.h"

static void check_hash(const yh_sm3_hash *h, const char *want_hex)
{
    char hex[2 * YH_SM3_LEN];
    yh_hex_encode(h->b, YH_SM3_LEN, hex);
    check_str(((yh_str){hex, sizeof hex}), want_hex);
}

#define ABC "66C7F0F462EEEDD9D1F2D46BDC10E4E24167C4875CF2F7A2297DA02B8F4BA8E0"
#define ABCD16 "DEBE9FF92275B8A138604889C18E5A4D6FDB70E5387E5765293DCBA39C0C5732"
#define NOTHING "1AB21D8355CFA17F8E61194831E81A8F22BEC8C728FEFB747ED035EB5082AA2B"

/* The two examples of GB/T 32905, and the hash of the empty text. */
static void standard_vectors(void **state)
{
    (void)state;
    yh_sm3_hash h;
    check_ok(yh_sm3_of(YH_S("abc"), &h));
    check_hash(&h, ABC);
    check_ok(yh_sm3_of(YH_S("abcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcd"), &h));
    check_hash(&h, ABCD16);
    check_ok(yh_sm3_of((yh_str){NULL, 0}, &h));
    check_hash(&h, NOTHING);
}

static void a_context_is_used_again_and_fed_in_pieces(void **state)
{
    (void)state;
    yh_cleanup(yh_sm3_freep) struct yh_sm3 *s = NULL;
    check_ok(yh_sm3_new(&s));
    for (int round = 0; round < 3; round++) {
        yh_sm3_begin(s);
        for (int i = 0; i < 32; i++)
            yh_sm3_add(s, i % 2 ? "cd" : "ab", 2);
        yh_sm3_hash h = yh_sm3_end(s);
        check_hash(&h, ABCD16);
        yh_sm3_begin(s);
        yh_sm3_add(s, "discarded", 9);
    }
}

static void equality_sees_every_byte(void **state)
{
    (void)state;
    yh_sm3_hash a, b;
    check_ok(yh_sm3_of(YH_S("abc"), &a));
    for (size_t i = 0; i < YH_SM3_LEN; i++) {
        b = a;
        assert_true(yh_sm3_eq(&a, &b));
        b.b[i] ^= 0x80;
        assert_false(yh_sm3_eq(&a, &b));
    }
    yh_sm3_free(NULL);
}

/* Every length around the borders of blocks, in groups that fill the lanes, leave some idle and make some wait. */
static void many_at_once_give_the_same_hashes(void **state)
{
    (void)state;
    enum { TEXTS = 41, BYTES = 1500 };
    static char bytes[BYTES];
    struct yh_sm3_text texts[TEXTS];
    yh_sm3_hash got[TEXTS];
    yh_cleanup(yh_sm3_freep) struct yh_sm3 *s = NULL;
    check_ok(yh_sm3_new(&s));
    for (size_t i = 0; i < BYTES; i++)
        bytes[i] = (char)(i * 7 + i / 256);
    for (size_t round = 0; round < 400; round++) {
        size_t n = round % (TEXTS + 1);
        for (size_t i = 0; i < n; i++)
            texts[i] = (struct yh_sm3_text){(uint8_t)(round + i), {bytes + i, (round + i * i * 13) % (BYTES - TEXTS)}};
        yh_sm3_many(texts, n, got);
        for (size_t i = 0; i < n; i++) {
            yh_sm3_begin(s);
            yh_sm3_add(s, &texts[i].mark, 1);
            yh_sm3_add(s, texts[i].bytes.p, texts[i].bytes.n);
            yh_sm3_hash want = yh_sm3_end(s);
            assert_memory_equal(got[i].b, want.b, YH_SM3_LEN);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(standard_vectors),
        cmocka_unit_test(a_context_is_used_again_and_fed_in_pieces),
        cmocka_unit_test(equality_sees_every_byte),
        cmocka_unit_test(many_at_once_give_the_same_hashes),
    };
    return cmocka_run_group_tests_name("base sm3", tests, NULL, NULL);
}
