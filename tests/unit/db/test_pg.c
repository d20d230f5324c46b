/* What only a PostgreSQL server can be asked: addresses, what it must be, losing it, writers at the same time. */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "place.h"

static int setup(void **state)
{
    place_setup(state);
    struct place *p = *state;
    place_run(p->d, "CREATE TABLE t (id BIGINT NOT NULL PRIMARY KEY, v TEXT)");
    return 0;
}

static yh_err insert(struct db *d, int64_t id, yh_str text)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, "INSERT INTO t (id, v) VALUES (?, ?)", &s));
    db_bind_i64(s, 1, id);
    db_bind_str(s, 2, text);
    return db_exec(s);
}

/* ---- addresses ---- */

static yh_err try_address(const char *where)
{
    struct db *d = NULL;
    yh_err e = db_open(where, false, &d);
    db_close(d);
    return e;
}

static void wrong_addresses_are_named_without_the_password(void **state)
{
    (void)state;
    check_err(try_address("postgresql://u:hush@127.0.0.1:1/x?no-such-option=1"), YH_E_INVALID);
    assert_null(strstr(yh_cause(), "hush"));
    check_err(try_address("postgresql://u:hu[sh@:x:y/z"), YH_E_AWAY);
    assert_null(strstr(yh_cause(), "hu[sh"));
    check_err(try_address("postgresql://u:%zz@h/x"), YH_E_INVALID);
    check_err(try_address("postgresql://u:hush@127.0.0.1:1/x"), YH_E_AWAY);
    assert_non_null(strstr(yh_cause(), "127.0.0.1:1/x"));
    assert_null(strstr(yh_cause(), "hush"));
}

static void wrong_password_is_said(void **state)
{
    (void)state;
    char where[512];
    const char *good = getenv("YUHENG_TEST_PG"), *secret = strstr(good, "secret");
    assert_non_null(secret);
    snprintf(where, sizeof where, "%.*swrong%s", (int)(secret - good), good, secret + strlen("secret"));
    check_err(try_address(where), YH_E_AWAY);
    assert_non_null(strstr(yh_cause(), "password authentication failed"));
}

static void other_encoding_is_refused(void **state)
{
    (void)state;
    char where[512];
    place_make("unit_latin", "ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0", where);
    check_err(try_address(where), YH_E_UNSUPPORTED);
    assert_non_null(strstr(yh_cause(), "LATIN1"));
    place_drop("unit_latin");
}

/* A server that only says its version: enough to be refused. */
static void *old_server(void *user)
{
    static const char hello[] = "R\0\0\0\x08\0\0\0\0"
                                "S\0\0\0\x1aserver_version\0" "9.4.26\0"
                                "S\0\0\0\x19server_encoding\0" "UTF8\0"
                                "Z\0\0\0\x05I";
    char buffer[1024];
    int c = accept(*(int *)user, NULL, NULL);
    ssize_t n = recv(c, buffer, sizeof buffer, 0);
    if (n > 0 && send(c, hello, sizeof hello - 1, MSG_NOSIGNAL) > 0)
        while (recv(c, buffer, sizeof buffer, 0) > 0)
            continue;
    close(c);
    return NULL;
}

static void too_old_a_server_is_refused(void **state)
{
    (void)state;
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof a;
    pthread_t thread;
    char where[128];
    int s = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(s, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(s, 1), 0);
    assert_int_equal(getsockname(s, (struct sockaddr *)&a, &size), 0);
    assert_int_equal(pthread_create(&thread, NULL, old_server, &s), 0);
    snprintf(where, sizeof where, "postgresql://u@127.0.0.1:%u/x?sslmode=disable&gssencmode=disable", ntohs(a.sin_port));
    check_err(try_address(where), YH_E_UNSUPPORTED);
    assert_non_null(strstr(yh_cause(), "9.4"));
    pthread_join(thread, NULL);
    close(s);
}

/* ---- texts ---- */

static const struct db_migration rows_named[] = {{1, "named", "CREATE TABLE named (k TEXT NOT NULL PRIMARY KEY)"}};

/* A database that sorts by the rules of a language still compares our columns by code point. */
static void language_of_the_database_does_not_matter(void **state)
{
    (void)state;
    char where[512];
    struct db *d;
    place_make("unit_zh", "LOCALE_PROVIDER icu ICU_LOCALE 'zh' LOCALE 'C.UTF-8' TEMPLATE template0", where);
    check_ok(db_open(where, false, &d));
    check_ok(db_migrate(d, rows_named, 1));
    place_run(d, "INSERT INTO named (k) VALUES ('a'), ('B'), ('渝'), ('安')");
    assert_int_equal(place_number(d, "SELECT count(*) FROM named WHERE k < 'a'"), 1);
    assert_int_equal(place_number(d, "SELECT CASE WHEN min(k) = 'B' AND max(k) = '渝' THEN 1 ELSE 0 END FROM named"), 1);
    assert_int_equal(place_number(d, "SELECT CASE WHEN 'a' < 'B' THEN 1 ELSE 0 END"), 1); /* its own rule is another */
    db_close(d);
    place_drop("unit_zh");
}

static void text_that_is_none_is_refused(void **state)
{
    struct place *p = *state;
    check_err(insert(p->d, 1, YH_S("a\0b")), YH_E_INVALID);
    check_err(insert(p->d, 1, YH_S("\xff\xfe")), YH_E_INVALID);
    check_ok(insert(p->d, 1, YH_S("fine after that")));
}

static void oversized_values_are_refused(void **state)
{
    struct place *p = *state;
    size_t n = ((size_t)256 << 20) + 1;
    char *big = malloc(n);
    assert_non_null(big);
    memset(big, 'x', n);
    check_err(insert(p->d, 1, (yh_str){big, n}), YH_E_TOO_LARGE);
    place_run(p->d, "CREATE INDEX t_by_text ON t (v)");
    for (size_t i = 0; i < 20000; i++) /* does not compress */
        big[i] = (char)('!' + (i * 7919 + i / 94 * 31 + i * i % 101) % 90);
    check_err(insert(p->d, 1, (yh_str){big, 20000}), YH_E_TOO_LARGE);
    free(big);
    check_ok(insert(p->d, 1, YH_S("fine after that")));
}

/* ---- losing the connection ---- */

static void cut_all_but_this(struct db *d)
{
    (void)place_number(d, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database()"
                          " AND pid <> pg_backend_pid()");
}

static void connection_that_was_cut_comes_back(void **state)
{
    struct place *p = *state;
    struct db *other;
    check_ok(db_open(p->where, false, &other));
    check_ok(insert(other, 1, YH_S("before")));
    db_stmt_auto *open_list = NULL;
    bool row;
    check_ok(db_prepare(other, "SELECT id FROM t", &open_list));
    check_ok(db_step(open_list, &row));
    db_releasep(&open_list);
    cut_all_but_this(p->d);
    yh_err e = YH_E_AWAY;
    for (int i = 0; i < 1000 && e == YH_E_AWAY; i++) /* the server closes its end a moment later */
        e = insert(other, 2, YH_S("after"));
    check_ok(e);
    assert_int_equal(place_number(other, "SELECT count(*) FROM t"), 2);
    db_close(other);
}

struct cut {
    struct place *p;
    unsigned calls;
};

static yh_err cut_in_the_middle(struct db *d, void *user)
{
    struct cut *c = user;
    c->calls++;
    YH_TRY(insert(d, 10, YH_S("lost")));
    cut_all_but_this(c->p->d);
    yh_err e = YH_OK;
    for (int i = 0; i < 100000 && e == YH_OK; i++) {
        db_stmt_auto *s = NULL;
        bool row;
        e = db_prepare(d, "SELECT 1", &s);
        if (e == YH_OK)
            e = db_step(s, &row);
    }
    check_err(insert(d, 11, YH_S("must not slip out of the lost transaction")), YH_E_AWAY);
    return YH_OK;
}

static void transaction_that_was_cut_is_lost_whole(void **state)
{
    struct place *p = *state;
    struct cut c = {.p = p};
    struct db *other;
    check_ok(db_open(p->where, false, &other));
    check_err(db_txn(other, cut_in_the_middle, &c), YH_E_AWAY);
    assert_int_equal(c.calls, 1);
    assert_int_equal(place_number(other, "SELECT count(*) FROM t"), 0);
    db_close(other);
}

static yh_err swallow(struct db *d, void *user)
{
    (void)user;
    check_ok(insert(d, 1, YH_S("x")));
    check_err(insert(d, 1, YH_S("x")), YH_E_CONFLICT);
    return YH_OK;
}

static void failure_that_was_swallowed_is_not_committed(void **state)
{
    struct place *p = *state;
    check_err(db_txn(p->d, swallow, NULL), YH_E_IO);
    assert_int_equal(place_number(p->d, "SELECT count(*) FROM t"), 0);
}

/* ---- writers at the same time ---- */

#define WRITERS 4
#define ROUNDS  20

/* Two rows that together must never be 0: each transaction reads both and takes from its own. Only SERIALIZABLE sees that. */
static yh_err take_one(struct db *d, void *user)
{
    int64_t sum = place_number(d, "SELECT sum(n) FROM w");
    if (sum <= 1)
        return YH_OK;
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, "UPDATE w SET n = n - 1 WHERE id = ?", &s));
    db_bind_i64(s, 1, *(int64_t *)user);
    return db_exec(s);
}

struct writer {
    const char *where;
    int64_t id;
    yh_err e;
};

static void *write_skew(void *user)
{
    struct writer *w = user;
    struct db *d = NULL;
    w->e = db_open(w->where, false, &d);
    for (int i = 0; i < ROUNDS && w->e == YH_OK; i++)
        w->e = db_txn(d, take_one, &w->id);
    db_close(d);
    return NULL;
}

static void writers_at_the_same_time_are_as_if_in_line(void **state)
{
    struct place *p = *state;
    pthread_t threads[WRITERS];
    struct writer w[WRITERS];
    place_run(p->d, "CREATE TABLE w (id BIGINT NOT NULL PRIMARY KEY, n BIGINT NOT NULL)");
    place_run(p->d, "INSERT INTO w (id, n) VALUES (0, 10), (1, 10), (2, 10), (3, 10)");
    for (size_t i = 0; i < WRITERS; i++) {
        w[i] = (struct writer){.where = p->where, .id = (int64_t)i};
        assert_int_equal(pthread_create(&threads[i], NULL, write_skew, &w[i]), 0);
    }
    for (size_t i = 0; i < WRITERS; i++) {
        pthread_join(threads[i], NULL);
        check_ok(w[i].e);
    }
    assert_int_equal(place_number(p->d, "SELECT sum(n) FROM w"), 1);
}

/* ---- check ---- */

static void check_names_what_is_switched_off(void **state)
{
    struct place *p = *state;
    check_ok(db_check(p->where));
    place_run(p->d, "CREATE TABLE u (t BIGINT NOT NULL)");
    place_run(p->d, "ALTER TABLE u ADD CONSTRAINT u_refers FOREIGN KEY (t) REFERENCES t (id) NOT VALID");
    check_err(db_check(p->where), YH_E_CORRUPT);
    assert_non_null(strstr(yh_cause(), "u_refers"));
    place_run(p->d, "ALTER TABLE u VALIDATE CONSTRAINT u_refers");
    check_ok(db_check(p->where));
    place_run(p->d, "ALTER TABLE u DISABLE TRIGGER ALL");
    check_err(db_check(p->where), YH_E_CORRUPT);
}

static void new_database_is_known(void **state)
{
    struct place *p = *state;
    bool is_new = false;
    check_ok(db_is_new(p->d, &is_new));
    assert_true(is_new);
    check_ok(db_migrate(p->d, rows_named, 1));
    check_ok(db_is_new(p->d, &is_new));
    assert_false(is_new);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_addresses_are_named_without_the_password),
        cmocka_unit_test(wrong_password_is_said),
        cmocka_unit_test(other_encoding_is_refused),
        cmocka_unit_test(too_old_a_server_is_refused),
        cmocka_unit_test(language_of_the_database_does_not_matter),
        T(text_that_is_none_is_refused),
        T(oversized_values_are_refused),
        T(connection_that_was_cut_comes_back),
        T(transaction_that_was_cut_is_lost_whole),
        T(failure_that_was_swallowed_is_not_committed),
        T(writers_at_the_same_time_are_as_if_in_line),
        T(check_names_what_is_switched_off),
        T(new_database_is_known),
    };
    if (!place_use("postgresql"))
        return PLACE_SKIPPED;
    return cmocka_run_group_tests_name("db-pg", tests, NULL, NULL);
}
