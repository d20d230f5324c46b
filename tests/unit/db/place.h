/* Where a test's database lives: an SQLite file of its own, or a database of its own on the server in YUHENG_TEST_PG. */
#ifndef TESTS_UNIT_DB_PLACE_H
#define TESTS_UNIT_DB_PLACE_H

#include "../check.h"
#include "db/db.h"

struct place {
    char dir[64]; /* of the file; "" on a server */
    char where[512];
    struct db *d;
};

#define PLACE_SKIPPED 77 /* exit status by which meson knows that a test could not run here */

bool place_is_server(void);      /* what place_use chose */
bool place_use(const char *word); /* "sqlite", "postgresql"; false: there is no server */

int place_setup(void **state); /* an empty database, open for writing */
int place_table(void **state); /* that, with the table t (id, v TEXT) */
int place_teardown(void **state);
yh_err place_insert(struct db *d, int64_t id, const char *text); /* into t */

/* A database of the server, made with `options` ("" for none), and its address. */
void place_make(const char *name, const char *options, char ret_where[512]);
void place_drop(const char *name);

void place_run(struct db *d, const char *sql);
int64_t place_number(struct db *d, const char *sql);

#endif
