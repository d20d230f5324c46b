/* Readers beside the writer, and a writer killed in the middle. */
#include "util.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>

#define ROWS    3000
#define READERS 3

struct shared {
    struct series *s;
    atomic_int written; /* rows that every reader must see from now on */
    atomic_bool done;
    atomic_int reads;
};

struct counter {
    int n;
    yh_time last;
    bool in_order, right;
};

static const char *text_of(int row, char *buf, size_t size)
{
    snprintf(buf, size, "%d.5", row % 100);
    return buf;
}

static bool count_value(void *user, const struct series_value *v)
{
    struct counter *c = user;
    int row = (int)((v->time - T0) / YH_MINUTE);
    c->in_order = c->in_order && v->time > c->last;
    c->right =
        c->right && v->value.m == row % 100 * 10 + 5 && v->value.scale == 1 && v->seq == (uint64_t)row + 1;
    c->last = v->time;
    c->n++;
    return true;
}

/* cmocka's asserts belong to the main thread; a reader reports what it saw. */
static void *read_all_the_time(void *user)
{
    struct shared *sh = user;
    bool last_round = false;
    while (!last_round) {
        last_round = atomic_load(&sh->done);
        int before = atomic_load(&sh->written);
        struct counter c = {.in_order = true, .right = true, .last = INT64_MIN};
        if (series_range(sh->s, YH_S("MN1"), SERIES_RTD, YH_S("w01018"), SERIES_F_RTD, INT64_MIN, INT64_MAX,
                         count_value, &c) != YH_OK)
            return "range failed";
        int after = atomic_load(&sh->written);
        if (c.n < before || c.n > after + 1 || !c.in_order || !c.right)
            return "a reader missed a value or saw a wrong one";
        struct series_latest latest[2];
        size_t n = 0;
        if (series_latest(sh->s, YH_S("MN1"), SERIES_RTD, INT64_MAX, latest, 2, &n) != YH_OK)
            return "latest failed";
        if (before > 0 && (n != 1 || latest[0].v.time < T0 + (before - 1) * YH_MINUTE))
            return "latest is older than what was written";
        atomic_fetch_add(&sh->reads, 1);
    }
    return NULL;
}

static void *take_totals(void *user)
{
    struct shared *sh = user;
    while (!atomic_load(&sh->done)) {
        int before = atomic_load(&sh->written);
        struct series_totals t;
        if (series_totals(sh->s, &t) != YH_OK)
            return "totals failed";
        if (t.values < (uint64_t)before)
            return "totals missed a value";
    }
    return NULL;
}

/* A station that is dropped and derived again and again: a reader sees all of it or a part, never rubbish. */
static bool count_any(void *user, const struct series_value *v)
{
    struct counter *c = user;
    c->right = c->right && v->value.m == 1;
    c->n++;
    return true;
}

static void *read_the_dropped(void *user)
{
    struct shared *sh = user;
    while (!atomic_load(&sh->done)) {
        struct counter c = {.right = true};
        if (series_range(sh->s, YH_S("MN2"), SERIES_RTD, YH_S("w01018"), SERIES_F_RTD, INT64_MIN, INT64_MAX,
                         count_any, &c) != YH_OK)
            return "range of the dropped station failed";
        if (c.n > 20 || !c.right)
            return "more than was ever put";
    }
    return NULL;
}

static void drop_and_derive(struct shared *sh, uint64_t position)
{
    struct series_cell c = cell("w01018", SERIES_F_RTD, "1", 0);
    OK(series_clear_point(sh->s, YH_S("MN2")));
    for (unsigned i = 0; i < 20; i++) {
        put_cells(sh->s, "MN2", SERIES_RTD, T0 + i * YH_MINUTE, i + 1, &c, 1);
        if (i == 10)
            OK(series_flush(sh->s, position));
    }
}

static void write_rows(struct shared *sh)
{
    char text[16];
    for (int row = 0; row < ROWS; row++) {
        put1(sh->s, T0 + row * YH_MINUTE, (uint64_t)row + 1, text_of(row, text, sizeof text));
        atomic_store(&sh->written, row + 1);
        if (row % 100 == 50)
            OK(series_flush(sh->s, (uint64_t)row + 2));
        if (row % 200 == 120)
            drop_and_derive(sh, (uint64_t)row + 2);
    }
}

static void readers_beside_the_writer(void **state)
{
    struct box *b = *state;
    struct shared sh = {.s = b->s};
    pthread_t readers[READERS + 2];
    for (size_t i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, read_all_the_time, &sh), 0);
    assert_int_equal(pthread_create(&readers[READERS], NULL, take_totals, &sh), 0);
    assert_int_equal(pthread_create(&readers[READERS + 1], NULL, read_the_dropped, &sh), 0);
    write_rows(&sh);
    atomic_store(&sh.done, true);
    for (size_t i = 0; i < YH_LEN(readers); i++) {
        void *complaint = NULL;
        pthread_join(readers[i], &complaint);
        if (complaint)
            fail_msg("%s", (const char *)complaint);
    }
    assert_true(atomic_load(&sh.reads) >= READERS);
}

/* ---- kill ---- */

/* Puts rows for ever, as a derivation from the log does, flushing every few rows; row n is log record n. */
_Noreturn static void derive_for_ever(const char *path)
{
    struct series *s;
    uint64_t from = 0;
    if (series_open(&(struct series_config){.path = path}, &s) != YH_OK || series_position(s, &from) != YH_OK)
        _exit(1);
    char text[16];
    for (uint64_t row = from;; row++) {
        struct series_cell c = {YH_S("w01018"), SERIES_F_RTD, {0}, 'N'};
        if (!yh_dec_parse(yh_str_of(text_of((int)row, text, sizeof text)), &c.value))
            _exit(1);
        struct series_record r = {YH_S("MN1"), SERIES_RTD, T0 + (yh_time)(row % 5000) * YH_MINUTE, row, T0,
                                  &c,          1};
        series_effect e;
        if (series_put(s, &r, &e) != YH_OK || (row % 7 == 6 && series_flush(s, row + 1) != YH_OK))
            _exit(1);
    }
}

static void put_range(struct series *s, uint64_t from, uint64_t to)
{
    char text[16];
    for (uint64_t row = from; row < to; row++) {
        struct series_cell c = cell("w01018", SERIES_F_RTD, text_of((int)row, text, sizeof text), 'N');
        struct series_record r = {YH_S("MN1"), SERIES_RTD, T0 + (yh_time)(row % 5000) * YH_MINUTE, row, T0,
                                  &c,          1};
        series_effect e;
        OK(series_put(s, &r, &e));
    }
}

static uint64_t position_of(const char *path)
{
    struct series *s;
    uint64_t position = 0;
    if (series_open(&(struct series_config){.path = path, .read_only = true}, &s) != YH_OK)
        return 0;
    OK(series_position(s, &position));
    series_close(s);
    return position;
}

/* Lets the child get ahead by some flushes, kills it wherever it is. */
static void run_and_kill(const char *path, uint64_t beyond)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        derive_for_ever(path);
    int status;
    while (position_of(path) < beyond)
        assert_int_equal(waitpid(child, &status, WNOHANG), 0); /* it must not end by itself */
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
}

static void a_killed_writer_loses_nothing(void **state)
{
    struct box *b = *state;
    series_close(b->s);
    uint64_t position = 0;
    for (unsigned round = 0; round < 8; round++) {
        run_and_kill(b->path, position + 40);
        position = position_of(b->path);
    }
    OK(series_open(&(struct series_config){.path = b->path}, &b->s));
    OK(series_position(b->s, &position));
    put_range(b->s, position > 20 ? position - 20 : 0, position + 100); /* some records again, some new */
    char other[128];
    snprintf(other, sizeof other, "%s.want", b->path);
    struct series *want;
    OK(series_open(&(struct series_config){.path = other}, &want));
    put_range(want, 0, position + 100);
    assert_digest_equal(b->s, want);
    series_close(want);
    unlink(other);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, box_setup, box_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(readers_beside_the_writer),
        TEST(a_killed_writer_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
