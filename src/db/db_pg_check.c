#include "db/db_pg.h"

/*
 * What can be asked of a server: that it is there, and that nothing of ours is left half made. Rows and references are
 * the server's own to keep (its page checksums, its constraints); what a whole file is for SQLite does not exist here.
 */
static yh_err none(struct db *d, const char *sql_literal, const char *what)
{
    db_stmt_auto *s = NULL;
    bool row = false;
    YH_TRY(db_prepare(d, sql_literal, &s));
    YH_TRY(db_step(s, &row));
    if (!row)
        return YH_OK;
    yh_str name = db_str(s, 0);
    return yh_fail(YH_E_CORRUPT, "%.150s: %s %.*s", db_pg_of(d)->shown, what, (int)yh_min_size(name.n, 100), name.p);
}

static yh_err check_open(struct db *d)
{
    YH_TRY(none(d,
                "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
                " WHERE NOT i.indisvalid AND c.relnamespace = current_schema()::regnamespace ORDER BY c.relname",
                "an index is not usable:"));
    YH_TRY(none(d,
                "SELECT conname FROM pg_constraint WHERE NOT convalidated AND connamespace = current_schema()::regnamespace"
                " ORDER BY conname",
                "a constraint was never checked:"));
    return none(d,
                "SELECT tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE t.tgenabled <> 'O'"
                " AND c.relnamespace = current_schema()::regnamespace ORDER BY tgname",
                "a check is switched off:");
}

yh_err db_pg_check(const char *where)
{
    struct db *d;
    YH_TRY(db_open(where, true, &d));
    yh_err e = check_open(d);
    db_close(d);
    return e;
}
