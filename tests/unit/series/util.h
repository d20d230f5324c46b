/* Shared by the tests of the series room: a scratch database, a repeatable random source, short ways to put
 * and read. */
#ifndef YH_TEST_SERIES_UTIL_H
#define YH_TEST_SERIES_UTIL_H

#include <stdio.h>
#include <unistd.h>

#include "check.h"
#include "series/series.h"

#define OK(call) check_ok(call)

/* 2024-03-01T00:00:00+08:00 */
#define T0 ((yh_time)1709222400000)

struct box {
    char dir[64];
    char path[96];
    struct series *s;
};

static inline int box_setup(void **state)
{
    struct box *b = calloc(1, sizeof *b);
    snprintf(b->dir, sizeof b->dir, "/tmp/yuheng-series-XXXXXX");
    assert_non_null(mkdtemp(b->dir));
    snprintf(b->path, sizeof b->path, "%s/series.db", b->dir);
    OK(series_open(&(struct series_config){.path = b->path}, &b->s));
    *state = b;
    return 0;
}

static inline int box_teardown(void **state)
{
    struct box *b = *state;
    series_close(b->s);
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < YH_LEN(suffixes); i++) {
        char path[128];
        snprintf(path, sizeof path, "%s%s", b->path, suffixes[i]);
        unlink(path);
    }
    rmdir(b->dir);
    free(b);
    return 0;
}

/* Forgets the memory, as a crash does, and opens again. */
static inline void box_reopen(struct box *b)
{
    series_close(b->s);
    b->s = NULL;
    OK(series_open(&(struct series_config){.path = b->path}, &b->s));
}

static inline uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static inline yh_dec dec(const char *text)
{
    yh_dec d = {0};
    assert_true(yh_dec_parse(yh_str_of(text), &d));
    return d;
}

static inline struct series_cell cell(const char *factor, series_field field, const char *text, char flag)
{
    return (struct series_cell){yh_str_of(factor), field, dec(text), flag};
}

static inline series_effect put_cells(struct series *s, const char *mn, series_kind kind, yh_time time,
                                      uint64_t seq, const struct series_cell *cells, size_t n)
{
    struct series_record r = {yh_str_of(mn), kind, time, seq, T0 + (yh_time)seq * 1000, cells, n};
    series_effect effect = SERIES_SAME;
    OK(series_put(s, &r, &effect));
    return effect;
}

/* One value of factor w01018, field Rtd. */
static inline series_effect put1(struct series *s, yh_time time, uint64_t seq, const char *text)
{
    struct series_cell c = cell("w01018", SERIES_F_RTD, text, 'N');
    return put_cells(s, "MN1", SERIES_RTD, time, seq, &c, 1);
}

struct values {
    struct series_value v[4096];
    size_t n, stop_after;
};

static inline bool take_value(void *user, const struct series_value *v)
{
    struct values *all = user;
    assert_true(all->n < YH_LEN(all->v));
    all->v[all->n++] = *v;
    return all->n != all->stop_after;
}

static inline void read1(struct series *s, yh_time from, yh_time to, struct values *out)
{
    out->n = out->stop_after = 0;
    OK(series_range(s, YH_S("MN1"), SERIES_RTD, YH_S("w01018"), SERIES_F_RTD, from, to, take_value, out));
}

static inline void assert_dec(yh_dec got, const char *text)
{
    yh_buf_auto b = yh_buf_make(64);
    yh_dec_format(got, &b);
    assert_string_equal(yh_buf_z(&b), text);
}

static inline void assert_digest_equal(struct series *a, struct series *b)
{
    struct series_totals x, y;
    OK(series_totals(a, &x));
    OK(series_totals(b, &y));
    assert_int_equal(x.points, y.points);
    assert_int_equal(x.records, y.records);
    assert_int_equal(x.values, y.values);
    assert_int_equal(x.versions, y.versions);
    assert_memory_equal(x.digest, y.digest, sizeof x.digest);
}

#endif
