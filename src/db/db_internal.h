/*
 * Inside the db room: what every connection and statement has, and the table of functions that a database server brings.
 * A driver's own structs begin with these.
 */
#ifndef YH_DB_DB_INTERNAL_H
#define YH_DB_DB_INTERNAL_H

#include "db/db.h"

#define DB_CACHE_BUCKETS 128

struct db_stmt {
    struct db *d;
    const char *sql;      /* address of the literal: key of the cache */
    struct db_stmt *next; /* in its bucket */
    bool cached;          /* false: freed at release (the cached one was in use) */
    bool in_use;
};

typedef enum db_txn_state {
    DB_TXN_NONE,
    DB_TXN_OPEN,
    DB_TXN_FAILED, /* open, but the server will only roll it back */
    DB_TXN_LOST,   /* gone with the connection */
} db_txn_state;

struct db_driver {
    yh_err (*open)(const char *where, bool read_only, struct db **ret);
    void (*close)(struct db *d); /* statements are gone already */
    yh_err (*check)(const char *where);

    yh_err (*run)(struct db *d, const char *sql, const char *what);    /* several statements, no values */
    yh_err (*define)(struct db *d, const char *sql, const char *what); /* the text of a migration */
    yh_err (*begin)(struct db *d, unsigned attempt);
    db_txn_state (*state)(const struct db *d);
    yh_err (*migrations_lock)(struct db *d); /* held by one program at a time */
    void (*migrations_unlock)(struct db *d);
    int64_t (*changes)(const struct db *d);

    yh_err (*stmt_new)(struct db *d, const char *sql, bool cache, struct db_stmt **ret);
    void (*stmt_free)(struct db_stmt *s);
    void (*stmt_reset)(struct db_stmt *s, bool forget_values);
    void (*bind_i64)(struct db_stmt *s, int at, int64_t v);
    void (*bind_text)(struct db_stmt *s, int at, yh_str v);
    void (*bind_blob)(struct db_stmt *s, int at, yh_str v);
    void (*bind_null)(struct db_stmt *s, int at);
    yh_err (*step)(struct db_stmt *s, bool *ret_row);
    int64_t (*i64)(const struct db_stmt *s, int column);
    yh_str (*str)(const struct db_stmt *s, int column);
    bool (*is_null)(const struct db_stmt *s, int column);
};

struct db {
    const struct db_driver *driver;
    unsigned txn_depth;
    struct db_stmt *cache[DB_CACHE_BUCKETS];
};

extern const struct db_driver db_sqlite_driver, db_pg_driver;

/* Runs text that may hold several statements; for settings, transaction control and the migrations' table. */
yh_must yh_err db_run(struct db *d, const char *sql, const char *what);

/* Whether something that met another writer is tried once more; then it has waited a little. Counts *attempt up. */
bool db_try_again(yh_err e, unsigned *attempt);

#endif
