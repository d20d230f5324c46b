/* Inside the db room: what stands behind struct db and struct db_stmt for SQLite. */
#ifndef YH_DB_DB_INTERNAL_H
#define YH_DB_DB_INTERNAL_H

#include <sqlite3.h>

#include "db/db.h"

#define DB_CACHE_BUCKETS 128

struct db_stmt {
    sqlite3_stmt *s;
    struct db *d;
    const char *sql;      /* address of the literal: key of the cache */
    struct db_stmt *next; /* in its bucket */
    bool cached;          /* false: finalized at release (the cached one was in use) */
    bool in_use;
    int bind_rc;          /* first failed bind */
};

struct db {
    sqlite3 *h;
    unsigned txn_depth;
    struct db_stmt *cache[DB_CACHE_BUCKETS];
};

/* The yh_err for an SQLite result code, with "what: reason" as cause. */
yh_err db_error(struct db *d, int rc, const char *what);

/* Runs text that may hold several statements; for pragmas, transaction control and migrations. */
yh_must yh_err db_run(struct db *d, const char *sql, const char *what);

void db_cache_free(struct db *d);

#endif
