#include "place.h"

#include <stdio.h>
#include <unistd.h>

static bool on_server;

bool place_is_server(void)
{
    return on_server;
}

bool place_use(const char *word)
{
    on_server = strcmp(word, "postgresql") == 0;
    return !on_server || getenv("YUHENG_TEST_PG");
}

void place_run(struct db *d, const char *sql)
{
    db_stmt_auto *s = NULL;
    check_ok(db_prepare(d, sql, &s));
    check_ok(db_exec(s));
}

int64_t place_number(struct db *d, const char *sql)
{
    db_stmt_auto *s = NULL;
    bool row;
    check_ok(db_prepare(d, sql, &s));
    check_ok(db_step(s, &row));
    assert_true(row);
    return db_i64(s, 0);
}

/* ---- on a server ---- */

static void tell_server(const char *sql)
{
    struct db *d;
    check_ok(db_open(getenv("YUHENG_TEST_PG"), false, &d));
    place_run(d, sql);
    db_close(d);
}

void place_make(const char *name, const char *options, char ret_where[512])
{
    const char *server = getenv("YUHENG_TEST_PG");
    const char *slash = strrchr(server, '/');
    char sql[256];
    snprintf(sql, sizeof sql, "CREATE DATABASE %s %s", name, options);
    tell_server(sql);
    snprintf(ret_where, 512, "%.*s/%s", (int)(slash - server), server, name);
}

void place_drop(const char *name)
{
    char sql[128];
    snprintf(sql, sizeof sql, "DROP DATABASE %s WITH (FORCE)", name);
    tell_server(sql);
}

/* ---- a test's own ---- */

static void server_name(char ret[64])
{
    snprintf(ret, 64, "unit_%d", (int)getpid());
}

int place_setup(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    char name[64];
    if (on_server) {
        server_name(name);
        place_make(name, "", p->where);
    } else {
        snprintf(p->dir, sizeof p->dir, "/tmp/yuheng-db-XXXXXX");
        assert_non_null(mkdtemp(p->dir));
        snprintf(p->where, sizeof p->where, "%s/t.db", p->dir);
    }
    check_ok(db_open(p->where, false, &p->d));
    *state = p;
    return 0;
}

static void remove_files(const struct place *p)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < YH_LEN(suffixes); i++) {
        char name[600];
        snprintf(name, sizeof name, "%s%s", p->where, suffixes[i]);
        unlink(name);
    }
    assert_int_equal(rmdir(p->dir), 0);
}

int place_table(void **state)
{
    place_setup(state);
    struct place *b = *state;
    place_run(b->d, "CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, v TEXT)");
    return 0;
}

yh_err place_insert(struct db *d, int64_t id, const char *text)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, "INSERT INTO t (id, v) VALUES (?, ?)", &s));
    db_bind_i64(s, 1, id);
    db_bind_z(s, 2, text);
    return db_exec(s);
}

int place_teardown(void **state)
{
    struct place *p = *state;
    char name[64];
    db_close(p->d);
    server_name(name);
    if (on_server)
        place_drop(name);
    else
        remove_files(p);
    free(p);
    return 0;
}
