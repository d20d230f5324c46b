#include <limits.h>
#include <unistd.h>

#include "app/business.h"
#include "app/cli.h"
#include "app/cmd.h"
#include "app/offline.h"
#include "base/json.h"
#include "db/db.h"
#include "kit/kit.h"
#include "kit/vault.h"
#include "monitor/derive.h"
#include "series/series.h"

static const struct derive_range whole_log = {.to = UINT64_MAX, .flush = DERIVE_FLUSH};

static void series_closep(struct series **s)
{
    if (*s)
        series_close(*s);
}

static void print_totals(const struct series_totals *t, uint64_t position, const char *state)
{
    char digest[2 * sizeof t->digest + 1] = {0};
    yh_hex_encode(t->digest, sizeof t->digest, digest);
    printf("{\"result\":\"%s\",\"position\":%llu,\"points\":%llu,\"records\":%llu,\"values\":%llu,\"versions\":%llu,"
           "\"digest\":\"%s\"}\n",
           state, (unsigned long long)position, (unsigned long long)t->points, (unsigned long long)t->records,
           (unsigned long long)t->values, (unsigned long long)t->versions, digest);
}

/* Drops the stored series and derives it again. The server must be stopped: it owns the file. */
static yh_err rebuild(const char *data_dir, const char *db)
{
    offline_auto o = {0};
    yh_cleanup(series_closep) struct series *s = NULL;
    YH_TRY(offline_open(data_dir, db, true, &o));
    struct series_config config = {.path = o.paths.series};
    struct series_totals totals;
    uint64_t position;
    YH_TRY(series_open(&config, &s));
    YH_TRY(series_clear(s));
    YH_TRY(derive_run(o.chain, o.live, s, &whole_log, &position));
    YH_TRY(series_flush(s, position));
    YH_TRY(series_totals(s, &totals));
    print_totals(&totals, position, "rebuilt");
    return YH_OK;
}

/* ---- check ---- */

struct walk_entry {
    char mn[SERIES_MN_MAX + 1], factor[SERIES_FACTOR_MAX + 1];
    series_kind kind;
    series_field field;
    struct series_value v;
};

struct walk_list {
    struct walk_entry *items;
    size_t n, cap;
    bool failed;
};

static bool collect(void *user, const struct series_walk_item *item)
{
    struct walk_list *l = user;
    if (l->n == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 4096;
        struct walk_entry *bigger = realloc(l->items, cap * sizeof *bigger);
        if (!bigger) {
            l->failed = true;
            return false;
        }
        l->items = bigger;
        l->cap = cap;
    }
    struct walk_entry *e = &l->items[l->n++];
    memset(e, 0, sizeof *e);
    memcpy(e->mn, item->mn.p, yh_min_size(item->mn.n, SERIES_MN_MAX));
    memcpy(e->factor, item->factor.p, yh_min_size(item->factor.n, SERIES_FACTOR_MAX));
    e->kind = item->kind;
    e->field = item->field;
    e->v = item->v;
    return true;
}

struct compare {
    const struct walk_list *derived;
    size_t at;
    bool differs;
    char what[512];
};

static bool same(const struct walk_entry *e, const struct series_walk_item *i)
{
    return yh_str_is(i->mn, e->mn) && yh_str_is(i->factor, e->factor) && e->kind == i->kind && e->field == i->field &&
           e->v.time == i->v.time && e->v.value.m == i->v.value.m && e->v.value.scale == i->v.value.scale &&
           e->v.flag == i->v.flag && e->v.seq == i->v.seq;
}

static void describe(struct compare *c, const char *side, yh_str mn, series_kind kind, yh_str factor,
                     series_field field, const struct series_value *v)
{
    yh_buf_auto text = yh_buf_make(400);
    yh_time_rfc3339(v->time, YH_CST, &text);
    yh_buf_puts(&text, " = ");
    yh_dec_format(v->value, &text);
    snprintf(c->what, sizeof c->what, "%s: station %.*s, %s, %.*s-%s, %s, from log record %llu", side, YH_FMT(mn),
             series_kind_name(kind), YH_FMT(factor), series_field_name(field), yh_buf_z(&text),
             (unsigned long long)v->seq);
}

static bool compare_item(void *user, const struct series_walk_item *item)
{
    struct compare *c = user;
    if (c->at < c->derived->n && same(&c->derived->items[c->at], item)) {
        c->at++;
        return true;
    }
    c->differs = true;
    describe(c, "stored but not what the log gives", item->mn, item->kind, item->factor, item->field, &item->v);
    return false;
}

/* Names the first value in which the stored series and the derived one differ. */
static yh_err first_difference(struct series *stored, struct series *derived, struct compare *c)
{
    struct walk_list list = {0};
    c->derived = &list;
    yh_err e = series_walk(derived, collect, &list);
    if (e == YH_OK && list.failed)
        e = yh_fail(YH_E_NO_MEMORY, "no memory to compare");
    if (e == YH_OK)
        e = series_walk(stored, compare_item, c);
    if (e == YH_OK && !c->differs && c->at < list.n) {
        const struct walk_entry *missing = &list.items[c->at];
        c->differs = true;
        describe(c, "in the log but not stored", yh_str_of(missing->mn), missing->kind, yh_str_of(missing->factor),
                 missing->field, &missing->v);
    }
    free(list.items);
    return e;
}

static yh_err derive_aside(const struct offline *o, const char *path, struct series **ret, uint64_t *ret_position)
{
    struct series_config config = {.path = path};
    YH_TRY(series_open(&config, ret));
    YH_TRY(derive_run(o->chain, o->live, *ret, &whole_log, ret_position));
    return series_flush(*ret, *ret_position);
}

/* The file is named where the cause does not do it. */
static yh_err in_file(const char *path, yh_err e)
{
    return e == YH_E_CORRUPT && !strstr(yh_cause(), path) ? yh_fail(e, "%.300s: %.200s", path, yh_cause()) : e;
}

static yh_err open_stored(const struct data_paths *paths, struct series **ret)
{
    struct series_config config = {.path = paths->series, .read_only = true};
    YH_TRY(db_check(paths->series));
    YH_TRY(in_file(paths->series, series_open(&config, ret)));
    return in_file(paths->series, series_check(*ret));
}

static yh_err check_against(const char *data_dir, const char *db, const char *aside, bool *ret_same)
{
    offline_auto o = {0};
    yh_cleanup(series_closep) struct series *stored = NULL;
    yh_cleanup(series_closep) struct series *derived = NULL;
    char place[DATA_PATH_MAX];
    YH_TRY(business_place(data_dir, db, place));
    YH_TRY(kit_database_check(place));
    if (db_is_server(place))
        YH_TRY(kit_vault_check(data_dir));
    YH_TRY(offline_open(data_dir, db, false, &o));
    struct series_totals have, want;
    uint64_t position, stored_position;
    YH_TRY(open_stored(&o.paths, &stored));
    YH_TRY(derive_aside(&o, aside, &derived, &position));
    YH_TRY(series_position(stored, &stored_position));
    if (stored_position > position)
        return yh_fail(YH_E_CORRUPT, "%.300s: has read %llu records of a log that holds %llu", o.paths.series,
                       (unsigned long long)stored_position, (unsigned long long)position);
    const struct derive_range rest = {.from = stored_position, .to = position};
    YH_TRY(in_file(o.paths.series, derive_run(o.chain, o.live, stored, &rest, &stored_position)));
    YH_TRY(in_file(o.paths.series, series_totals(stored, &have)));
    YH_TRY(series_totals(derived, &want));
    *ret_same = memcmp(have.digest, want.digest, sizeof have.digest) == 0;
    print_totals(&have, position, *ret_same ? "identical" : "different");
    if (*ret_same)
        return YH_OK;
    struct compare c = {0};
    YH_TRY(first_difference(stored, derived, &c));
    fprintf(stderr, "yuheng: rebuild --check: %s: first difference: %s\n", o.paths.series, c.differs ? c.what : "in the digest alone");
    return YH_OK;
}

static void remove_aside(const char *path)
{
    static const char *const tails[] = {"", "-wal", "-shm", "-journal"};
    char name[PATH_MAX];
    for (size_t i = 0; i < YH_LEN(tails); i++)
        if (snprintf(name, sizeof name, "%s%s", path, tails[i]) < (int)sizeof name)
            unlink(name);
}

int cmd_rebuild(int argc, char **argv)
{
    const char *data = NULL, *db = NULL;
    bool check = false;
    const struct cli_option rows[] = {
        {"--data", CLI_TEXT, &data, "DIR", "数据目录", true},
        business_option(&db),
        {"--check", CLI_FLAG, &check, NULL, "只比较,不改动", false},
    };
    const struct cli_command cmd = {"yuheng rebuild --data DIR [--check]", "由存证日志重新计算派生数据", rows, YH_LEN(rows),
                                    0, 0};
    int n, status;
    if (!cli_parse(&cmd, argc, argv, &n, &status))
        return status;
    if (!check)
        return rebuild(data, db) == YH_OK ? CLI_OK : cli_fail(CLI_USAGE, "rebuild");
    char aside[PATH_MAX];
    const char *tmp = getenv("TMPDIR");
    snprintf(aside, sizeof aside, "%s/yuheng-rebuild-check-%d.db", tmp ? tmp : "/tmp", (int)getpid());
    bool identical = false;
    yh_err e = check_against(data, db, aside, &identical);
    remove_aside(aside);
    if (e != YH_OK)
        return cli_fail(e == YH_E_CORRUPT ? CLI_FAILED : CLI_USAGE, "rebuild --check");
    return identical ? CLI_OK : CLI_FAILED;
}
