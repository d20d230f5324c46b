/*
 * Thin database layer: connection, statement, transaction, migration, over SQLite and PostgreSQL. One SQL text for both:
 * "?" parameters, TEXT, BIGINT epoch ms, INTEGER as boolean, BLOB, ON CONFLICT, RETURNING (what to avoid: README.md).
 *
 * A struct db is one connection and belongs to one thread at a time; db_pool hands out readers and the one writer.
 * Statements are prepared once per connection and text (the text must be a string literal: its address is the key) and
 * are reset when released. No statement is ever built by formatting.
 *
 * "Where" is the path of an SQLite file, or postgresql://user@host:port/name. YH_E_AWAY: the server cannot be reached; the
 * connection comes back by itself, a transaction that went with it is lost.
 */
#ifndef YH_DB_DB_H
#define YH_DB_DB_H

#include "base/err.h"
#include "base/str.h"

struct db;
struct db_stmt;
struct db_pool;

/* SQLite: WAL, foreign keys on, busy timeout 5 s. PostgreSQL: SERIALIZABLE for writers, committed rows for readers. */
yh_must yh_err db_open(const char *where, bool read_only, struct db **ret);
void db_close(struct db *d);

/* Structure, constraints and references of a whole database file: CORRUPT names the file and the first thing wrong. Of a
 * server: that it is there and that no index or constraint is left unfinished or switched off. */
yh_must yh_err db_check(const char *where);

bool db_is_server(const char *where); /* not a file */

/* Statements: db_prepare, bind in order, db_step until no row, release. Wrong SQL: INTERNAL here or at the first step. */
yh_must yh_err db_prepare(struct db *d, const char *sql_literal, struct db_stmt **ret);
void db_release(struct db_stmt *s);
void db_releasep(struct db_stmt **s);
#define db_stmt_auto yh_cleanup(db_releasep) struct db_stmt

/* Binding is positional, from 1; errors stay in the statement and surface at db_step. */
void db_bind_i64(struct db_stmt *s, int at, int64_t v);
void db_bind_str(struct db_stmt *s, int at, yh_str v);
void db_bind_z(struct db_stmt *s, int at, const char *z); /* NULL binds NULL */
void db_bind_blob(struct db_stmt *s, int at, yh_str v);
void db_bind_null(struct db_stmt *s, int at);

yh_must yh_err db_step(struct db_stmt *s, bool *ret_row);
yh_must yh_err db_exec(struct db_stmt *s);   /* step to the end, for statements without rows; then resets */

int64_t db_i64(const struct db_stmt *s, int column);   /* columns from 0; NULL reads as 0 */
yh_str db_str(const struct db_stmt *s, int column);    /* text or blob; valid until the next step or release */
bool db_is_null(const struct db_stmt *s, int column);
int64_t db_changes(const struct db *d);

/* Runs `work` in a transaction, as if it were alone with the database; commits on YH_OK, rolls back otherwise; repeats a busy or
 * serialisation failure up to five times. `work` must be repeatable. */
yh_must yh_err db_txn(struct db *d, yh_err (*work)(struct db *d, void *user), void *user);

/* Numbered, append-only migrations: a table of {number, name, sql text}; what is missing is applied in order, each in a
 * transaction, and recorded with its checksum. An applied migration whose text changed is an error. */
struct db_migration {
    int number;
    const char *name;
    const char *sql;
};
yh_must yh_err db_migrate(struct db *d, const struct db_migration *rows, size_t n);
yh_must yh_err db_is_new(struct db *d, bool *ret); /* never migrated; not within a transaction */

/* Pool: readers on several threads, one writer. db_pool_get blocks until one is free. */
yh_must yh_err db_pool_open(const char *where, unsigned readers, struct db_pool **ret);
void db_pool_close(struct db_pool *p);
struct db *db_pool_reader(struct db_pool *p);
struct db *db_pool_writer(struct db_pool *p);
void db_pool_put(struct db_pool *p, struct db *d);

#endif
