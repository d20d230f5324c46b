/* Stations whose values must be derived again: asked with the change, worked off by the monitor. */
#include "kit/id.h"
#include "source/source_internal.h"

static const char sql_ask[] = "INSERT INTO rederivation (mn, asked) VALUES (?, ?)"
                              " ON CONFLICT (mn) DO UPDATE SET asked = excluded.asked";
static const char sql_list[] = "SELECT mn, asked FROM rederivation ORDER BY asked";
static const char sql_done[] = "DELETE FROM rederivation WHERE mn = ? AND asked = ?";

yh_err source_rederive_ask(struct db *d, yh_str mn)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_ask, &s));
    db_bind_str(s, 1, mn);
    db_bind_i64(s, 2, kit_id_next());
    return db_exec(s);
}

yh_err source_rederive_list(struct db *d, bool (*each)(void *user, yh_str mn, int64_t asked), void *user)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_list, &s));
    for (;;) {
        bool row = false;
        YH_TRY(db_step(s, &row));
        if (!row || !each(user, db_str(s, 0), db_i64(s, 1)))
            return YH_OK;
    }
}

yh_err source_rederive_done(struct db *d, yh_str mn, int64_t asked)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_done, &s));
    db_bind_str(s, 1, mn);
    db_bind_i64(s, 2, asked);
    return db_exec(s);
}
