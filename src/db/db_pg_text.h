/* From the one SQL text to PostgreSQL's. Pure. */
#ifndef YH_DB_DB_PG_TEXT_H
#define YH_DB_DB_PG_TEXT_H

#include "base/buf.h"

#define DB_PG_TEXT_MAX (1u << 20)

/* '?' outside of quotes and comments becomes $1, $2, ...; their count. */
yh_must yh_err db_pg_text(const char *sql, yh_buf *out, unsigned *ret_params);

/*
 * The types of a migration: BLOB becomes BYTEA, INTEGER becomes BIGINT (SQLite's has 64 bits) and TEXT is compared by code
 * point whatever the database's own collation is. Keywords are upper case in our texts; CAST(... AS TEXT) stays.
 */
yh_must yh_err db_pg_types(const char *sql, yh_buf *out);

/* Only reads: its rows may be fetched one by one, because no failure can follow that would undo anything. */
bool db_pg_only_reads(const char *sql);

#endif
