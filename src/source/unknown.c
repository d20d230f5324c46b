#include "source/source_internal.h"

/* The log is replayed after a crash: a batch that is not newer than the row does not count again. */
static const char sql_put[] =
    "INSERT INTO unknown_station (mn, first_seen, last_seen, frames, peer, edition, st, last_cn, last_seq)"
    " SELECT ?, ?, ?, ?, ?, ?, ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM station WHERE mn = ?)"
    " ON CONFLICT (mn) DO UPDATE SET"
    " first_seen = CASE WHEN excluded.first_seen < unknown_station.first_seen THEN excluded.first_seen"
    " ELSE unknown_station.first_seen END,"
    " last_seen = CASE WHEN excluded.last_seen > unknown_station.last_seen THEN excluded.last_seen"
    " ELSE unknown_station.last_seen END,"
    " frames = unknown_station.frames + excluded.frames, peer = excluded.peer, edition = excluded.edition,"
    " st = excluded.st, last_cn = excluded.last_cn, last_seq = excluded.last_seq"
    " WHERE excluded.last_seq > unknown_station.last_seq";
static const char sql_has[] = "SELECT 1 FROM unknown_station WHERE mn = ?";
static const char sql_last[] = "SELECT last_seq FROM unknown_station WHERE mn = ?";
static const char sql_count[] = "SELECT COUNT(*) FROM unknown_station";
/* The senders heard least and longest ago give way to new ones. */
static const char sql_forget[] =
    "DELETE FROM unknown_station WHERE mn IN (SELECT mn FROM unknown_station ORDER BY frames, last_seen, mn LIMIT ?)";
static const char sql_list[] =
    "SELECT u.mn, u.first_seen, u.last_seen, u.frames, u.peer, u.edition, u.st, u.last_cn, u.last_seq"
    " FROM unknown_station u WHERE ? = '' OR EXISTS (SELECT 1 FROM unknown_station c WHERE c.mn = ?"
    " AND (u.last_seen < c.last_seen OR (u.last_seen = c.last_seen AND u.mn > c.mn)))"
    " ORDER BY u.last_seen DESC, u.mn LIMIT ?";

yh_err source_unknown_count(struct db *d, uint64_t *ret)
{
    db_stmt_auto *s = NULL;
    bool row = false;
    YH_TRY(db_prepare(d, sql_count, &s));
    YH_TRY(db_step(s, &row));
    *ret = (uint64_t)db_i64(s, 0);
    return YH_OK;
}

/* What senders wrote is shown to people: text that is none is left out. */
static yh_str shown(yh_str s)
{
    return s.n <= 64 && source_text_clean(s) ? s : YH_S("");
}

static yh_err put_row(struct db *d, const struct source_unknown *u)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_put, &s));
    db_bind_str(s, 1, u->mn);
    db_bind_i64(s, 2, u->first_seen);
    db_bind_i64(s, 3, u->last_seen);
    db_bind_i64(s, 4, (int64_t)u->frames);
    db_bind_str(s, 5, shown(u->peer));
    db_bind_str(s, 6, shown(u->edition));
    db_bind_str(s, 7, shown(u->st));
    db_bind_str(s, 8, shown(u->last_cn));
    db_bind_i64(s, 9, (int64_t)u->last_seq);
    db_bind_str(s, 10, u->mn);
    return db_exec(s);
}

static yh_err is_listed(struct db *d, yh_str mn, bool *ret)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_has, &s));
    db_bind_str(s, 1, mn);
    return db_step(s, ret);
}

yh_err source_unknown_next(struct db *d, yh_str mn, uint64_t *ret)
{
    db_stmt_auto *s = NULL;
    bool row = false;
    YH_TRY(db_prepare(d, sql_last, &s));
    db_bind_str(s, 1, mn);
    YH_TRY(db_step(s, &row));
    *ret = row ? (uint64_t)db_i64(s, 0) + 1 : 0;
    return YH_OK;
}

static yh_err forget_some(struct db *d, uint64_t *there)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_forget, &s));
    db_bind_i64(s, 1, SOURCE_UNKNOWN_MAX / 10);
    YH_TRY(db_exec(s));
    *there -= (uint64_t)db_changes(d);
    return YH_OK;
}

struct batch {
    const struct source_unknown *rows;
    size_t n;
};

static yh_err put_batch(struct db *d, void *user)
{
    const struct batch *b = user;
    uint64_t there = 0;
    YH_TRY(source_unknown_count(d, &there));
    for (size_t i = 0; i < b->n; i++) {
        bool listed = false;
        if (!source_mn_valid(b->rows[i].mn))
            continue;
        YH_TRY(is_listed(d, b->rows[i].mn, &listed));
        if (!listed && there >= SOURCE_UNKNOWN_MAX)
            YH_TRY(forget_some(d, &there));
        YH_TRY(put_row(d, &b->rows[i]));
        there += !listed;
    }
    return YH_OK;
}

yh_err source_unknown_put(struct db *d, const struct source_unknown *rows, size_t n)
{
    struct batch b = {rows, n};
    return n ? db_txn(d, put_batch, &b) : YH_OK;
}

yh_err source_unknown_list(struct db *d, yh_str after_mn, size_t limit,
                           bool (*each)(void *user, const struct source_unknown *u), void *user)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_list, &s));
    db_bind_str(s, 1, after_mn);
    db_bind_str(s, 2, after_mn);
    db_bind_i64(s, 3, limit ? (int64_t)limit : INT64_MAX);
    for (;;) {
        bool row = false;
        YH_TRY(db_step(s, &row));
        if (!row)
            return YH_OK;
        struct source_unknown u = {.mn = db_str(s, 0),
                                   .first_seen = db_i64(s, 1),
                                   .last_seen = db_i64(s, 2),
                                   .frames = (uint64_t)db_i64(s, 3),
                                   .peer = db_str(s, 4),
                                   .edition = db_str(s, 5),
                                   .st = db_str(s, 6),
                                   .last_cn = db_str(s, 7),
                                   .last_seq = (uint64_t)db_i64(s, 8)};
        if (!each(user, &u))
            return YH_OK;
    }
}
