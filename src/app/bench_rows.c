#include "app/bench_rows.h"

#include "db/db.h"

#define COMMIT_VALUES 10000u

static const struct db_migration migrations[] = {
    {1, "rows",
     "CREATE TABLE value (mn TEXT NOT NULL, kind INTEGER NOT NULL, factor TEXT NOT NULL, field INTEGER NOT NULL,"
     " time BIGINT NOT NULL, seq BIGINT NOT NULL, mantissa BIGINT NOT NULL, scale INTEGER NOT NULL, flag INTEGER NOT NULL,"
     " PRIMARY KEY (mn, kind, factor, field, time)) WITHOUT ROWID"},
};
static const char sql_begin[] = "BEGIN IMMEDIATE";
static const char sql_commit[] = "COMMIT";
static const char sql_put[] =
    "INSERT INTO value (mn, kind, factor, field, time, seq, mantissa, scale, flag) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
static const char sql_range[] =
    "SELECT time, mantissa, scale, flag FROM value WHERE mn = ? AND kind = ? AND factor = ? AND field = ? AND time >= ?"
    " AND time < ? ORDER BY time";
static const char sql_above[] =
    "SELECT mn, factor, time / 86400000, COUNT(*) FROM value WHERE kind = ? AND mantissa > ?"
    " GROUP BY mn, factor, time / 86400000";

struct bench_rows {
    struct db *db;
    unsigned open; /* values since the last commit */
};

static yh_err exec(struct bench_rows *r, const char *sql)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(r->db, sql, &s));
    return db_exec(s);
}

yh_err bench_rows_open(const char *path, struct bench_rows **ret)
{
    struct bench_rows *r = calloc(1, sizeof *r);
    if (!r)
        return yh_fail(YH_E_NO_MEMORY, "no memory for the rows");
    yh_err e = db_open(path, false, &r->db);
    if (e == YH_OK)
        e = db_migrate(r->db, migrations, YH_LEN(migrations));
    if (e != YH_OK) {
        bench_rows_close(r);
        return e;
    }
    *ret = r;
    return YH_OK;
}

void bench_rows_close(struct bench_rows *r)
{
    if (!r)
        return;
    db_close(r->db);
    free(r);
}

yh_err bench_rows_commit(struct bench_rows *r)
{
    if (r->open == 0)
        return YH_OK;
    r->open = 0;
    return exec(r, sql_commit);
}

yh_err bench_rows_put(struct bench_rows *r, const struct series_record *record, const struct series_cell *cell)
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
    db_bind_i64(s, 7, cell->value.m);
    db_bind_i64(s, 8, cell->value.scale);
    db_bind_i64(s, 9, cell->flag);
    YH_TRY(db_exec(s));
    return r->open == COMMIT_VALUES ? bench_rows_commit(r) : YH_OK;
}

yh_err bench_rows_range(struct bench_rows *r, unsigned outlet, const char *factor, series_kind kind, yh_time from,
                        yh_time to, uint64_t *ret_n)
{
    db_stmt_auto *s = NULL;
    char mn[32];
    bool row;
    snprintf(mn, sizeof mn, "BENCH%019u", outlet);
    YH_TRY(db_prepare(r->db, sql_range, &s));
    db_bind_z(s, 1, mn);
    db_bind_i64(s, 2, kind);
    db_bind_z(s, 3, factor);
    db_bind_i64(s, 4, kind == SERIES_HOUR ? SERIES_F_AVG : SERIES_F_RTD);
    db_bind_i64(s, 5, from);
    db_bind_i64(s, 6, to);
    *ret_n = 0;
    for (;;) {
        YH_TRY(db_step(s, &row));
        if (!row)
            return YH_OK;
        *ret_n += db_i64(s, 0) >= from && db_i64(s, 2) == 2;
    }
}

yh_err bench_rows_above(struct bench_rows *r, int64_t limit, uint64_t *ret_n)
{
    db_stmt_auto *s = NULL;
    bool row;
    YH_TRY(db_prepare(r->db, sql_above, &s));
    db_bind_i64(s, 1, SERIES_RTD);
    db_bind_i64(s, 2, limit);
    *ret_n = 0;
    for (;;) {
        YH_TRY(db_step(s, &row));
        if (!row)
            return YH_OK;
        *ret_n += (uint64_t)db_i64(s, 3);
    }
}
