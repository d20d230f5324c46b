/* What stands beside the blocks and is believed without opening them: bounds, counts, summaries, columns. */
#include "series/summary.h"

static const char sql_all[] = "SELECT p.mn, b.kind, b.window_start, b.piece, b.first_time, b.last_time, b.row_count, "
                              "b.cell_count, b.summary, b.data FROM series_block b "
                              "LEFT JOIN series_point p ON p.id = b.point ORDER BY b.point";

static yh_err damaged(struct db_stmt *st, const char *what)
{
    yh_str mn = db_str(st, 0);
    return yh_fail(YH_E_CORRUPT, "series_block of station %.*s, kind %lld, window %lld, piece %lld: %.200s", YH_FMT(mn),
                   (long long)db_i64(st, 1), (long long)db_i64(st, 2), (long long)db_i64(st, 3), what);
}

static bool bounds_hold(struct db_stmt *st, const struct series_rows *r)
{
    int64_t kind = db_i64(st, 1), window = db_i64(st, 2);
    yh_time first = r->rows[0].time, last = r->rows[r->n - 1].time;
    return kind >= 0 && kind < SERIES_KIND_COUNT && series_window_start((series_kind)kind, first) == window &&
           series_window_start((series_kind)kind, last) == window && db_i64(st, 4) == first && db_i64(st, 5) == last &&
           db_i64(st, 6) == (int64_t)r->n && db_i64(st, 7) == (int64_t)r->cell_n;
}

struct check {
    struct series *s;
    struct series_rows rows;       /* of the piece at hand */
    struct series_columns columns; /* of the station at hand, as its pieces have them */
    char mn[SERIES_MN_MAX + 1];
};

static bool same_uses(const struct series_columns *a, const struct series_columns *b)
{
    for (uint32_t i = 0; i < a->n; i++) {
        uint32_t at = series_columns_find(b, series_column_factor(&a->names[i]), (series_field)a->names[i].field, i);
        if (at == SERIES_NO_COLUMN || memcmp(&a->uses[i], &b->uses[at], sizeof a->uses[i]) != 0)
            return false;
    }
    return true;
}

static yh_err check_columns(struct check *c)
{
    const struct series_point *p = yh_map_get(&c->s->points, yh_str_of(c->mn));
    if (!c->mn[0] || (p && same_uses(&p->columns, &c->columns) && same_uses(&c->columns, &p->columns)))
        return YH_OK;
    return yh_fail(YH_E_CORRUPT, "series_point of station %s: its columns are not those of its values", c->mn);
}

/* The next station: what the last one is said to have must be what it had. */
static yh_err change_station(struct check *c, yh_str mn)
{
    if (yh_str_is(mn, c->mn))
        return YH_OK;
    YH_TRY(check_columns(c));
    series_columns_done(&c->columns);
    memset(c->mn, 0, sizeof c->mn);
    memcpy(c->mn, mn.p, yh_min_size(mn.n, SERIES_MN_MAX));
    return YH_OK;
}

static void note_uses(struct check *c, series_kind kind, yh_time window)
{
    for (size_t i = 0; i < c->rows.cell_n; i++) {
        yh_time *newest = &c->columns.uses[c->rows.cells[i].column].newest[kind];
        *newest = *newest < window ? window : *newest;
    }
}

static yh_err check_piece(struct check *c, struct db_stmt *st)
{
    struct series_rows *rows = &c->rows;
    static const struct series_column_name any_name = {.factor = "-", .factor_n = 1};
    struct series_summary summary;
    bool known;
    YH_TRY(change_station(c, db_str(st, 0)));
    series_rows_clear(rows);
    yh_err e = series_rows_load(c->s->codec, db_str(st, 9), &c->columns, NULL, rows);
    if (e == YH_OK)
        e = series_summary_find(db_str(st, 8), &any_name, &known, &summary);
    if (e == YH_E_CORRUPT)
        return damaged(st, yh_cause());
    YH_TRY(e);
    series_rows_sort(rows);
    if (db_is_null(st, 0) || rows->n == 0 || !bounds_hold(st, rows))
        return damaged(st, "station, bounds or counts are not those of the values");
    note_uses(c, (series_kind)db_i64(st, 1), db_i64(st, 2));
    return YH_OK;
}

yh_err series_check(struct series *s)
{
    db_stmt_auto *st = NULL;
    struct check c = {.s = s};
    bool any = true;
    YH_TRY(db_prepare(s->db, sql_all, &st));
    yh_err e = db_step(st, &any);
    while (e == YH_OK && any) {
        e = check_piece(&c, st);
        if (e == YH_OK)
            e = db_step(st, &any);
    }
    if (e == YH_OK)
        e = check_columns(&c);
    series_rows_done(&c.rows);
    series_columns_done(&c.columns);
    return e;
}
