/* What the tests of the chain room share: a fresh folder, record makers, file helpers. */
#ifndef YH_TEST_CHAIN_SUPPORT_H
#define YH_TEST_CHAIN_SUPPORT_H

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chain/chain.h"

#define TEST_PATH 600
#define must_ok(call)                                                                                        \
    do {                                                                                                     \
        yh_err e_ = (call);                                                                                  \
        if (e_ != YH_OK)                                                                                     \
            fail_msg("%s: %s: %s", #call, yh_err_name(e_), yh_cause());                                      \
    } while (0)

struct test_dir {
    char path[TEST_PATH];
};

struct test_dir test_dir_make(void);
void test_dir_remove(const struct test_dir *d);
void test_dir_copy(const struct test_dir *from, const struct test_dir *to); /* `to` is emptied first */

/* File `number` of the folder tree, sorted by name; false behind the last. Path relative to the folder. */
bool test_dir_file(const struct test_dir *d, size_t number, char ret_name[TEST_PATH]);

uint64_t test_file_size(const struct test_dir *d, const char *name);
void test_file_truncate(const struct test_dir *d, const char *name, uint64_t size);
void test_file_flip(const struct test_dir *d, const char *name, uint64_t offset, uint8_t mask);
void test_file_append(const struct test_dir *d, const char *name, const void *bytes, size_t n);
void test_file_copy(const char *from, const char *to);

struct chain *test_open(const struct test_dir *d, const struct chain_config *config);

/* Until every sealed segment but the last one is packed. */
void test_wait_packed(struct chain *c);

/* A frame-like record made from `number` alone; `space` holds its bytes. */
struct test_record {
    char origin[32], peer[32], payload[160];
    struct chain_record r;
};
void test_record_make(struct test_record *t, uint64_t number);
void test_append(struct chain *c, uint64_t from, uint64_t count); /* appends test records and waits for the last */

/* Fails unless the log holds exactly the test records 0 .. count-1, by cursor and by number. */
void test_expect(struct chain *c, uint64_t count);

#endif
