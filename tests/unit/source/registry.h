/* A fresh migrated database with the regions loaded, in its own folder. */
#ifndef YH_TESTS_SOURCE_REGISTRY_H
#define YH_TESTS_SOURCE_REGISTRY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "source/factor.h"
#include "source/source.h"

#define OK(call) assert_int_equal((call), YH_OK)
#define NOW      ((yh_time)1795600000000)
#define SAME(str, z) assert_true(yh_str_is((str), (z)))

struct registry {
    char dir[64];
    char path[96];
    struct db_pool *pool;
    struct db *d; /* the pool's writer */
    yh_arena arena;
};

int registry_setup(void **state);
int registry_teardown(void **state);
int64_t registry_number(struct db *d, const char *sql_literal);

#define T(f) cmocka_unit_test_setup_teardown(f, registry_setup, registry_teardown)

#endif
