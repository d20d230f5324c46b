#include "check.h"

#include "base/map.h"

#define map_auto yh_cleanup(yh_map_done) struct yh_map

static void absent_is_null(void **state)
{
    (void)state;
    map_auto m = {0};
    assert_null(yh_map_get(&m, YH_S("x")));
    assert_null(yh_map_remove(&m, YH_S("x")));
    size_t i = 0;
    yh_str key;
    void *value;
    assert_false(yh_map_next(&m, &i, &key, &value));
}

static void put_get_replace_remove(void **state)
{
    (void)state;
    map_auto m = {0};
    int one, two;
    check_ok(yh_map_put(&m, YH_S("k"), &one));
    assert_ptr_equal(yh_map_get(&m, YH_S("k")), &one);
    assert_null(yh_map_get(&m, YH_S("K")));
    check_ok(yh_map_put(&m, YH_S("k"), &two));
    assert_int_equal(m.n, 1);
    assert_ptr_equal(yh_map_get(&m, YH_S("k")), &two);
    assert_ptr_equal(yh_map_remove(&m, YH_S("k")), &two);
    assert_int_equal(m.n, 0);
    assert_null(yh_map_remove(&m, YH_S("k")));
}

static void keys_are_bytes_and_copied(void **state)
{
    (void)state;
    map_auto m = {0};
    int a, b, empty;
    char name[] = "MN\0001";
    check_ok(yh_map_put(&m, (yh_str){name, 4}, &a));
    name[3] = '2';
    check_ok(yh_map_put(&m, (yh_str){name, 4}, &b));
    check_ok(yh_map_put(&m, (yh_str){NULL, 0}, &empty));
    assert_ptr_equal(yh_map_get(&m, YH_S("MN\0001")), &a);
    assert_ptr_equal(yh_map_get(&m, YH_S("MN\0002")), &b);
    assert_ptr_equal(yh_map_get(&m, YH_S("")), &empty);
    assert_null(yh_map_get(&m, YH_S("MN")));
}

static void walks_every_entry_once(void **state)
{
    (void)state;
    map_auto m = {0};
    static char seen[1000];
    memset(seen, 0, sizeof seen);
    char name[16];
    for (size_t i = 0; i < YH_LEN(seen); i++) {
        int n = snprintf(name, sizeof name, "key-%zu", i);
        check_ok(yh_map_put(&m, (yh_str){name, (size_t)n}, &seen[i]));
    }
    size_t at = 0, count = 0;
    yh_str key;
    void *value;
    while (yh_map_next(&m, &at, &key, &value)) {
        ++*(char *)value;
        assert_ptr_equal(yh_map_get(&m, key), value);
        count++;
    }
    assert_int_equal(count, YH_LEN(seen));
    for (size_t i = 0; i < YH_LEN(seen); i++)
        assert_int_equal(seen[i], 1);
}

/* Random puts and removes against a plain array; few keys, so that runs collide, wrap around and close their gaps. */
static void behaves_like_an_array(uint64_t seed, size_t keys)
{
    enum { KEYS_MAX = 600 };
    map_auto m = {0};
    int values[KEYS_MAX];
    void *model[KEYS_MAX] = {NULL};
    size_t n = 0;
    for (int step = 0; step < 20000; step++) {
        size_t k = check_random(&seed) % keys;
        char name[16];
        yh_str key = {name, (size_t)snprintf(name, sizeof name, "%zx", k * 2654435761u % 65536)};
        if (check_random(&seed) % 2) {
            check_ok(yh_map_put(&m, key, &values[k]));
            n += model[k] == NULL;
            model[k] = &values[k];
        } else {
            assert_ptr_equal(yh_map_remove(&m, key), model[k]);
            n -= model[k] != NULL;
            model[k] = NULL;
        }
        assert_int_equal(m.n, n);
        size_t probe = check_random(&seed) % keys;
        key.n = (size_t)snprintf(name, sizeof name, "%zx", probe * 2654435761u % 65536);
        assert_ptr_equal(yh_map_get(&m, key), model[probe]);
    }
    for (size_t k = 0; k < keys; k++) {
        char name[16];
        yh_str key = {name, (size_t)snprintf(name, sizeof name, "%zx", k * 2654435761u % 65536)};
        assert_ptr_equal(yh_map_get(&m, key), model[k]);
    }
}

static void removal_never_loses_a_neighbour(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        behaves_like_an_array(seed * 77, 11);
        behaves_like_an_array(seed * 78, 40);
        behaves_like_an_array(seed * 79, 600);
    }
}

static void the_hash_is_stable(void **state)
{
    (void)state;
    /* Shards are chosen by this hash, so it may not change between versions or machines. */
    assert_int_equal(yh_hash32(YH_S("")), 0x5db4a501u);
    assert_int_equal(yh_hash32(YH_S("a")), 0x579640c7u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(absent_is_null),
        cmocka_unit_test(put_get_replace_remove),
        cmocka_unit_test(keys_are_bytes_and_copied),
        cmocka_unit_test(walks_every_entry_once),
        cmocka_unit_test(removal_never_loses_a_neighbour),
        cmocka_unit_test(the_hash_is_stable),
    };
    return cmocka_run_group_tests_name("base map", tests, NULL, NULL);
}
