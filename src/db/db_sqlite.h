/* Inside the db room: what stands behind struct db and struct db_stmt for SQLite. */
#ifndef YH_DB_DB_SQLITE_H
#define YH_DB_DB_SQLITE_H

#include <sqlite3.h>

#include "db/db_internal.h"

struct db_sqlite_stmt {
    struct db_stmt base; /* first */
    sqlite3_stmt *s;
    int bind_rc; /* first failed bind */
};

struct db_sqlite {
    struct db base; /* first */
    sqlite3 *h;
};

static inline struct db_sqlite *db_sqlite_of(const struct db *d)
{
    return (struct db_sqlite *)(uintptr_t)d;
}

/* The yh_err for an SQLite result code, with "what: reason" as cause. */
yh_err db_sqlite_error(const struct db_sqlite *d, int rc, const char *what);

yh_must yh_err db_sqlite_check(const char *path);

yh_must yh_err db_sqlite_stmt_new(struct db *d, const char *sql, bool cache, struct db_stmt **ret);
void db_sqlite_stmt_free(struct db_stmt *s);
void db_sqlite_stmt_reset(struct db_stmt *s, bool forget_values);
void db_sqlite_bind_i64(struct db_stmt *s, int at, int64_t v);
void db_sqlite_bind_text(struct db_stmt *s, int at, yh_str v);
void db_sqlite_bind_blob(struct db_stmt *s, int at, yh_str v);
void db_sqlite_bind_null(struct db_stmt *s, int at);
yh_must yh_err db_sqlite_step(struct db_stmt *s, bool *ret_row);
int64_t db_sqlite_i64(const struct db_stmt *s, int column);
yh_str db_sqlite_str(const struct db_stmt *s, int column);
bool db_sqlite_is_null(const struct db_stmt *s, int column);

#endif
