#include "registry.h"

#include <stdio.h>
#include <unistd.h>

#include "kit/kit.h"

int registry_setup(void **state)
{
    struct registry *r = calloc(1, sizeof *r);
    snprintf(r->dir, sizeof r->dir, "/tmp/yuheng-source-XXXXXX");
    assert_non_null(mkdtemp(r->dir));
    snprintf(r->path, sizeof r->path, "%s/yuheng.db", r->dir);
    OK(kit_database_open(r->dir, true, 1, &r->pool));
    r->d = db_pool_writer(r->pool);
    OK(source_prepare(r->d));
    r->arena = yh_arena_make(1 << 20);
    *state = r;
    return 0;
}

int registry_teardown(void **state)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    struct registry *r = *state;
    db_pool_put(r->pool, r->d);
    db_pool_close(r->pool);
    for (size_t i = 0; i < YH_LEN(suffixes); i++) {
        char name[112];
        snprintf(name, sizeof name, "%s%s", r->path, suffixes[i]);
        unlink(name);
    }
    assert_int_equal(rmdir(r->dir), 0);
    yh_arena_done(&r->arena);
    free(r);
    return 0;
}

int64_t registry_number(struct db *d, const char *sql_literal)
{
    db_stmt_auto *s = NULL;
    bool row = false;
    OK(db_prepare(d, sql_literal, &s));
    OK(db_step(s, &row));
    assert_true(row);
    return db_i64(s, 0);
}
