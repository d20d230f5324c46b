#include "check.h"

#include <sys/wait.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/map.h"

static void equal_text_equal_hash(void **state)
{
    (void)state;
    char a[] = "0123456789ABCDEF01234567", b[] = "x0123456789ABCDEF01234567";
    assert_int_equal(yh_hash_secret(yh_str_of(a)), yh_hash_secret(yh_str_of(b + 1)));
    assert_int_equal(yh_hash_secret((yh_str){NULL, 0}), yh_hash_secret(YH_S("")));
}

static void length_and_every_byte_count(void **state)
{
    (void)state;
    char text[40] = {0};
    for (size_t n = 1; n <= sizeof text; n++) {
        uint64_t whole = yh_hash_secret((yh_str){text, n});
        assert_int_not_equal(whole, yh_hash_secret((yh_str){text, n - 1}));
        for (size_t at = 0; at < n; at++) {
            text[at] = 1;
            assert_int_not_equal(whole, yh_hash_secret((yh_str){text, n}));
            text[at] = 0;
        }
    }
}

/* Spread: 4096 neighbouring names over 256 slots, none of which gets four times its share. */
static void neighbours_spread(void **state)
{
    (void)state;
    unsigned slot[256] = {0};
    char name[16];
    for (unsigned i = 0; i < 4096; i++) {
        int n = snprintf(name, sizeof name, "STATION%04u", i);
        slot[yh_hash_secret((yh_str){name, (size_t)n}) % 256]++;
    }
    for (unsigned i = 0; i < 256; i++)
        assert_in_range(slot[i], 1, 64);
}

/* The key is drawn at the first use, so each child that hashes for the first time hashes differently. */
static uint64_t hash_of_a_new_process(void)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        uint64_t h = yh_hash_secret(YH_S("M1"));
        _exit(write(ends[1], &h, sizeof h) == (ssize_t)sizeof h ? 0 : 1);
    }
    uint64_t h = 0;
    int status;
    close(ends[1]);
    assert_int_equal(read(ends[0], &h, sizeof h), sizeof h);
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    return h;
}

static void each_process_has_its_own_key(void **state)
{
    (void)state;
    assert_int_not_equal(hash_of_a_new_process(), hash_of_a_new_process());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_process_has_its_own_key), /* first: this process must not have drawn yet */
        cmocka_unit_test(equal_text_equal_hash),
        cmocka_unit_test(length_and_every_byte_count),
        cmocka_unit_test(neighbours_spread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
