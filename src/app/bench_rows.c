/* A plain table in SQLite: one row for each value, committed every ten thousand. */
#include <sys/stat.h>
#include <unistd.h>

#include "app/bench_store.h"
#include "db/db.h"

#define COMMIT_VALUES 10000u

static const struct db_migration migrations[] = {
    {1, "rows",
     "CREATE TABLE value (mn TEXT NOT NULL, kind INTEGER NOT NULL, factor TEXT NOT NULL, field INTEGER NOT NULL,"
     " time BIGINT NOT NULL, seq BIGINT NOT NULL, received BIGINT NOT NULL, mantissa BIGINT NOT NULL, scale INTEGER NOT NULL, flag INTEGER NOT NULL,"
     " PRIMARY KEY (mn, kind, factor, field, time)) WITHOUT ROWID"},
};
static const char sql_begin[] = "BEGIN IMMEDIATE";
static const char sql_commit[] = "COMMIT";
static const char sql_put[] =
    "INSERT INTO value (mn, kind, factor, field, time, seq, received, mantissa, scale, flag)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
static const char sql_range[] =
    "SELECT time, mantissa, scale, flag FROM value WHERE mn = ? AND kind = ? AND factor = ? AND field = ? AND time >= ?"
    " AND time < ? ORDER BY time";
static const char sql_above[] =
    "SELECT mn, factor, time / 86400000, COUNT(*) FROM value WHERE kind = ? AND mantissa > ?"
    " GROUP BY mn, factor, time / 86400000";

struct store {
    struct db *db;
    const struct bench_data *data;
    unsigned open; /* values since the last commit */
};

static yh_err exec(struct store *r, const char *sql)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(r->db, sql, &s));
    return db_exec(s);
}

static yh_err commit(struct store *r)
{
    if (r->open == 0)
        return YH_OK;
    r->open = 0;
    return exec(r, sql_commit);
}

static yh_err put(struct store *r, const struct series_record *record, const struct series_cell *cell)
{
    db_stmt_auto *s = NULL;
    if (r->open++ == 0)
        YH_TRY(exec(r, sql_begin));
    YH_TRY(db_prepare(r->db, sql_put, &s));
    db_bind_str(s, 1, record->mn);
    db_bind_i64(s, 2, record->kind);
    db_bind_str(s, 3, cell->factor);
    db_bind_i64(s, 4, cell->field);
    db_bind_i64(s, 5, record->time);
    db_bind_i64(s, 6, (int64_t)record->seq);
    db_bind_i64(s, 7, record->received);
    db_bind_i64(s, 8, cell->value.m);
    db_bind_i64(s, 9, cell->value.scale);
    db_bind_i64(s, 10, cell->flag);
    YH_TRY(db_exec(s));
    return r->open == COMMIT_VALUES ? commit(r) : YH_OK;
}

static yh_err take(void *store, const struct series_record *r)
{
    for (size_t i = 0; i < r->cell_count; i++)
        YH_TRY(put(store, r, &r->cells[i]));
    return YH_OK;
}

static yh_err range(struct store *r, unsigned outlet, unsigned factor, series_kind kind, yh_time from, yh_time to,
                    uint64_t *ret_n)
{
    db_stmt_auto *s = NULL;
    char mn[32];
    bool row;
    bench_mn(outlet, mn);
    YH_TRY(db_prepare(r->db, sql_range, &s));
    db_bind_z(s, 1, mn);
    db_bind_i64(s, 2, kind);
    db_bind_z(s, 3, bench_factor(factor));
    db_bind_i64(s, 4, bench_field(kind));
    db_bind_i64(s, 5, from);
    db_bind_i64(s, 6, to);
    for (;;) {
        YH_TRY(db_step(s, &row));
        if (!row)
            return YH_OK;
        *ret_n += db_i64(s, 0) >= from && db_i64(s, 2) == BENCH_DECIMALS;
    }
}

static yh_err day(void *store, unsigned outlet, unsigned factor, uint64_t *ret_n)
{
    return range(store, outlet, factor, SERIES_RTD, BENCH_START, BENCH_START + YH_DAY, ret_n);
}

static yh_err month(void *store, unsigned outlet, uint64_t *ret_n)
{
    for (unsigned f = 0; f < BENCH_FACTORS; f++)
        YH_TRY(range(store, outlet, f, SERIES_HOUR, BENCH_START, BENCH_START + BENCH_HOUR_DAYS * YH_DAY, ret_n));
    return YH_OK;
}

static yh_err above(void *store, uint64_t *ret_n)
{
    struct store *r = store;
    db_stmt_auto *s = NULL;
    bool row;
    YH_TRY(db_prepare(r->db, sql_above, &s));
    db_bind_i64(s, 1, SERIES_RTD);
    db_bind_i64(s, 2, r->data->limit);
    for (;;) {
        YH_TRY(db_step(s, &row));
        if (!row)
            return YH_OK;
        *ret_n += (uint64_t)db_i64(s, 3);
    }
}

static double cpu(const void *store)
{
    (void)store;
    return (double)bench_thread_ns() / 1e9;
}

static const struct bench_reader reader = {day, month, above, cpu};

static yh_err fill(struct store *r, struct bench_store_times *ret)
{
    struct bench_taker t = {.take = take, .store = r};
    double wall = bench_seconds(), used = cpu(r);
    YH_TRY(db_migrate(r->db, migrations, YH_LEN(migrations)));
    YH_TRY(bench_data_give(r->data, &t));
    YH_TRY(commit(r));
    ret->load_s = bench_seconds() - wall;
    ret->load_cpu_s = cpu(r) - used;
    return YH_OK;
}

yh_err bench_rows(const struct bench *b, const struct bench_data *d, bool *ret_there, struct bench_store_times *ret)
{
    char path[sizeof b->dir + 32];
    snprintf(path, sizeof path, "%s/rows.db", b->dir);
    struct store r = {.data = d};
    struct stat st = {0};
    *ret_there = true;
    *ret = (struct bench_store_times){0};
    YH_TRY(db_open(path, false, &r.db));
    yh_err e = fill(&r, ret);
    if (e == YH_OK)
        e = bench_store_read(d, &reader, &r, ret);
    db_close(r.db);
    if (e == YH_OK && stat(path, &st) != 0)
        e = yh_fail_errno("cannot stat %s", path);
    (void)unlink(path);
    ret->bytes = ret->file_bytes = (double)st.st_size / (double)d->values;
    return e;
}
