/* A kit on a database of its own in a temporary folder, for the tests of this folder. */
#ifndef YH_TESTS_UNIT_KIT_BOX_H
#define YH_TESTS_UNIT_KIT_BOX_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "base/arena.h"
#include "kit/account.h"
#include "kit/kit.h"
#include "kit/session.h"

#define unused __attribute__((unused))

#define OK(call) assert_int_equal((call), YH_OK)
#define NOW      ((yh_time)1795600000000)
#define GOOD     YH_S("Correct-horse-9")
#define BAD      YH_S("Wrong-horse-99")
#define HOME     YH_S("192.0.2.7:40123")

struct box {
    char dir[64];
    char path[96];
    struct db_pool *pool;
    struct kit *kit;
    yh_buf notes; /* one JSON a line, guarded by the test's single thread or by lock */
    pthread_mutex_t lock;
    yh_arena arena;
};

static yh_err take_note(void *user, yh_str origin, yh_str json)
{
    struct box *b = user;
    assert_true(origin.n > 0 && origin.n <= 64);
    pthread_mutex_lock(&b->lock);
    yh_buf_str(&b->notes, json);
    yh_buf_putc(&b->notes, '\n');
    pthread_mutex_unlock(&b->lock);
    return YH_OK;
}

unused static bool noted(struct box *b, const char *what)
{
    return strstr(yh_buf_z(&b->notes), what) != NULL;
}

static int setup(void **state)
{
    struct box *b = calloc(1, sizeof *b);
    snprintf(b->dir, sizeof b->dir, "/tmp/yuheng-kit-XXXXXX");
    assert_non_null(mkdtemp(b->dir));
    snprintf(b->path, sizeof b->path, "%s/yuheng.db", b->dir);
    OK(db_pool_open(b->path, 2, &b->pool));
    struct db *w = db_pool_writer(b->pool);
    OK(kit_migrate(w));
    db_pool_put(b->pool, w);
    b->notes = yh_buf_make(1 << 20);
    b->arena = yh_arena_make(1 << 20);
    pthread_mutex_init(&b->lock, NULL);
    struct kit_config c = {.pool = b->pool, .key_dir = b->dir, .note = take_note, .note_user = b};
    OK(kit_open(&c, &b->kit));
    *state = b;
    return 0;
}

static int teardown(void **state)
{
    struct box *b = *state;
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    kit_close(b->kit);
    db_pool_close(b->pool);
    for (size_t i = 0; i < YH_LEN(suffixes); i++) {
        char name[112];
        snprintf(name, sizeof name, "%s%s", b->path, suffixes[i]);
        unlink(name);
    }
    snprintf(b->path, sizeof b->path, "%s/kit.key", b->dir);
    unlink(b->path);
    assert_int_equal(rmdir(b->dir), 0);
    yh_buf_done(&b->notes);
    yh_arena_done(&b->arena);
    pthread_mutex_destroy(&b->lock);
    free(b);
    return 0;
}

unused static yh_err add(struct box *b, const char *name, const char *role, yh_str password)
{
    int64_t id = 0;
    const struct kit_new_account a = {yh_str_of(name), YH_S("张三"), yh_str_of(role), password, false, 0, 0};
    return kit_account_add(b->kit, &a, YH_S("test"), NOW, &id);
}

struct entry {
    char token[KIT_TOKEN_SIZE];
    struct kit_session session;
    yh_time until;
};

unused static yh_err enter(struct box *b, const char *name, yh_str password, yh_str peer, yh_time now, struct entry *e)
{
    const struct kit_credentials c = {yh_str_of(name), password, peer, YH_S("Browser/1"), YH_S("")};
    *e = (struct entry){0};
    return kit_sign_in(b->kit, &c, now, &b->arena, e->token, &e->session, &e->until);
}

unused static yh_err find(struct box *b, const struct entry *e, yh_time now)
{
    struct kit_session s;
    return kit_session_find(b->kit, yh_str_of(e->token), now, &b->arena, &s);
}

unused static int64_t count(struct box *b, const char *sql)
{
    struct db *d = db_pool_reader(b->pool);
    int64_t n;
    {
        db_stmt_auto *s = NULL;
        bool row;
        OK(db_prepare(d, sql, &s));
        OK(db_step(s, &row));
        n = db_i64(s, 0);
    }
    db_pool_put(b->pool, d);
    return n;
}

#endif
