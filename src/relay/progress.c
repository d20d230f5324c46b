/* How far a target has got: cursor and counters, open QN, frames set aside. */
#include "relay/store.h"

const char *const relay_reason_words[] = {"unanswered", "refused", "enciphered", "malformed", NULL};

static const char sql_progress[] = "SELECT due, sent, acknowledged, timeouts, refused FROM relay WHERE id = ?";
static const char sql_save[] = "UPDATE relay SET due = ?, sent = ?, acknowledged = ?, timeouts = ?, refused = ? WHERE id = ?";
static const char sql_opened[] = "SELECT seq, qn FROM relay_open WHERE relay_id = ?";
/* A target removed meanwhile takes no more rows. */
static const char sql_open[] = "INSERT INTO relay_open (relay_id, seq, qn) SELECT id, ?, ? FROM relay WHERE id = ?"
                               " ON CONFLICT (relay_id, seq) DO UPDATE SET qn = excluded.qn";
static const char sql_close[] = "DELETE FROM relay_open WHERE relay_id = ? AND seq = ?";
static const char sql_aside[] =
    "INSERT INTO relay_aside (relay_id, seq, mn, cn, reason, code, tries, at) SELECT id, ?, ?, ?, ?, ?, ?, ? FROM relay"
    " WHERE id = ? ON CONFLICT (relay_id, seq) DO UPDATE SET reason = excluded.reason, code = excluded.code,"
    " tries = excluded.tries, at = excluded.at, again = 0";
static const char sql_aside_list[] = "SELECT seq, mn, cn, reason, code, tries, at, again FROM relay_aside WHERE relay_id = ?"
                                     " ORDER BY at DESC, seq DESC LIMIT ?";
static const char sql_aside_count[] = "SELECT count(*) FROM relay_aside WHERE relay_id = ?";
static const char sql_mark[] = "UPDATE relay_aside SET again = 1 WHERE relay_id = ? AND again = 0";
static const char sql_again[] = "SELECT seq FROM relay_aside WHERE relay_id = ? AND again = 1";
static const char sql_drop_again[] = "DELETE FROM relay_aside WHERE relay_id = ? AND again = 1";

yh_err relay_store_progress(struct db *d, int64_t id, struct yh_arena *arena, yh_str *ret_due, struct relay_counts *ret)
{
    db_stmt_auto *s = NULL;
    bool row = false;
    YH_TRY(db_prepare(d, sql_progress, &s));
    db_bind_i64(s, 1, id);
    YH_TRY(db_step(s, &row));
    if (!row)
        return yh_fail(YH_E_NOT_FOUND, "no such target");
    yh_str due = yh_arena_str(arena, db_str(s, 0));
    if (!due.p)
        return yh_fail(YH_E_NO_MEMORY, "no memory for a forwarding cursor");
    *ret_due = due;
    *ret = (struct relay_counts){(uint64_t)db_i64(s, 1), (uint64_t)db_i64(s, 2), (uint64_t)db_i64(s, 3),
                                 (uint64_t)db_i64(s, 4)};
    return YH_OK;
}

yh_err relay_store_save(struct db *d, int64_t id, yh_str due, const struct relay_counts *c)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_save, &s));
    db_bind_str(s, 1, due);
    db_bind_i64(s, 2, (int64_t)c->sent);
    db_bind_i64(s, 3, (int64_t)c->acknowledged);
    db_bind_i64(s, 4, (int64_t)c->timeouts);
    db_bind_i64(s, 5, (int64_t)c->refused);
    db_bind_i64(s, 6, id);
    return db_exec(s);
}

/* ---- open QN ---- */

yh_err relay_store_opened(struct db *d, int64_t id, bool (*each)(void *user, const struct relay_open_row *r), void *user)
{
    db_stmt_auto *s = NULL;
    bool row = false;
    YH_TRY(db_prepare(d, sql_opened, &s));
    db_bind_i64(s, 1, id);
    for (;;) {
        YH_TRY(db_step(s, &row));
        if (!row)
            return YH_OK;
        struct relay_open_row r = {(uint64_t)db_i64(s, 0), db_str(s, 1)};
        if (!each(user, &r))
            return YH_OK;
    }
}

yh_err relay_store_open(struct db *d, int64_t id, uint64_t seq, yh_str qn)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_open, &s));
    db_bind_i64(s, 1, (int64_t)seq);
    db_bind_str(s, 2, qn);
    db_bind_i64(s, 3, id);
    return db_exec(s);
}

yh_err relay_store_close(struct db *d, int64_t id, uint64_t seq)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_close, &s));
    db_bind_i64(s, 1, id);
    db_bind_i64(s, 2, (int64_t)seq);
    return db_exec(s);
}

/* ---- set aside ---- */

/* What senders wrote is shown to people: text that is none is left out. */
static yh_str shown(yh_str s)
{
    return yh_str_is_utf8(s) && yh_str_find(s, '\0', 0) == s.n ? s : YH_S("");
}

yh_err relay_store_set_aside(struct db *d, int64_t id, const struct relay_aside *a)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_aside, &s));
    db_bind_i64(s, 1, (int64_t)a->seq);
    db_bind_str(s, 2, shown(a->mn));
    db_bind_str(s, 3, shown(a->cn));
    db_bind_z(s, 4, relay_reason_words[a->reason]);
    db_bind_i64(s, 5, a->code);
    db_bind_i64(s, 6, a->tries);
    db_bind_i64(s, 7, a->at);
    db_bind_i64(s, 8, id);
    return db_exec(s);
}

static relay_reason reason_of(yh_str word)
{
    for (unsigned i = 0; i < RELAY_REASON_COUNT; i++)
        if (yh_str_is(word, relay_reason_words[i]))
            return (relay_reason)i;
    return RELAY_UNANSWERED;
}

yh_err relay_store_aside_list(struct db *d, int64_t id, size_t limit, bool (*each)(void *user, const struct relay_aside *a),
                              void *user)
{
    db_stmt_auto *s = NULL;
    bool row = false;
    YH_TRY(db_prepare(d, sql_aside_list, &s));
    db_bind_i64(s, 1, id);
    db_bind_i64(s, 2, (int64_t)limit);
    for (;;) {
        YH_TRY(db_step(s, &row));
        if (!row)
            return YH_OK;
        struct relay_aside a = {
            .seq = (uint64_t)db_i64(s, 0), .mn = db_str(s, 1), .cn = db_str(s, 2), .reason = reason_of(db_str(s, 3)),
            .code = (int)db_i64(s, 4), .tries = (unsigned)db_i64(s, 5), .at = db_i64(s, 6), .again = db_i64(s, 7) != 0,
        };
        if (!each(user, &a))
            return YH_OK;
    }
}

yh_err relay_store_aside_count(struct db *d, int64_t id, uint64_t *ret)
{
    db_stmt_auto *s = NULL;
    bool row = false;
    YH_TRY(db_prepare(d, sql_aside_count, &s));
    db_bind_i64(s, 1, id);
    YH_TRY(db_step(s, &row));
    *ret = row ? (uint64_t)db_i64(s, 0) : 0;
    return YH_OK;
}

yh_err relay_store_mark_again(struct db *d, int64_t id, int64_t *ret_marked)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_mark, &s));
    db_bind_i64(s, 1, id);
    YH_TRY(db_exec(s));
    *ret_marked = db_changes(d);
    return YH_OK;
}

static yh_err each_again(struct db *d, int64_t id, bool (*each)(void *user, uint64_t seq), void *user)
{
    db_stmt_auto *s = NULL;
    bool row = false;
    YH_TRY(db_prepare(d, sql_again, &s));
    db_bind_i64(s, 1, id);
    for (;;) {
        YH_TRY(db_step(s, &row));
        if (!row || !each(user, (uint64_t)db_i64(s, 0)))
            return YH_OK;
    }
}

yh_err relay_store_take_again(struct db *d, int64_t id, bool (*each)(void *user, uint64_t seq), void *user)
{
    YH_TRY(each_again(d, id, each, user));
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_drop_again, &s));
    db_bind_i64(s, 1, id);
    return db_exec(s);
}
