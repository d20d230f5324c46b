/* Inside the db room: what stands behind struct db and struct db_stmt for PostgreSQL. */
#ifndef YH_DB_DB_PG_H
#define YH_DB_DB_PG_H

#include "base/arena.h"
#include "base/buf.h"
#include "db/db_internal.h"
#include "db/db_pq.h"

#define DB_PG_VALUE_MAX  (256u << 20) /* of one bound value */
#define DB_PG_PARKED_MAX (64u << 20)  /* rows of an unfinished statement that another one had to step over */
#define DB_PG_SERVER_MIN 130000

struct db_pg_stmt;

struct db_pg {
    struct db base; /* first */
    const struct db_pq *pq;
    PGconn *c;            /* NULL: not connected */
    char *where;
    char shown[256];      /* for people, without the password */
    bool read_only;
    unsigned generation;  /* of the connection: what was prepared on an older one is gone */
    unsigned names;       /* given to prepared statements */
    int64_t changes;
    int64_t next_try_us;  /* a server that is away is not asked again before */
    struct db_pg_stmt *streaming; /* rows are still coming for it */
};

struct db_pg_value {
    bool is_null, is_binary;
    Oid type; /* 0: as the server infers it */
    yh_buf bytes;
};

struct db_pg_stmt {
    struct db_stmt base; /* first */
    char *text;          /* with $n */
    unsigned params;
    bool only_reads;
    yh_err bind_err;

    struct db_pg_value *values;
    Oid *types;              /* as prepared */
    const char **pointers;   /* the four arrays that libpq wants */
    int *lengths, *formats;

    unsigned generation;     /* of the connection it was used on last */
    bool prepared;           /* there, under `name` */
    unsigned preparations;   /* there; a text whose types keep changing is no longer kept */
    char name[16];

    bool running;
    PGresult *rows;          /* those at hand */
    int row;                 /* the current one among them */
    PGresult **parked;       /* those that follow, read ahead */
    size_t parked_n, parked_at, parked_cap, parked_bytes;
    yh_arena decoded;        /* blobs of the current row */
};

static inline struct db_pg *db_pg_of(const struct db *d)
{
    return (struct db_pg *)(uintptr_t)d;
}

/* YH_OK unless the result is a failure; then "what: reason" is the cause. */
yh_must yh_err db_pg_result(struct db_pg *d, const PGresult *r, const char *what);

yh_err db_pg_away(struct db_pg *d); /* the connection is gone: AWAY, with the library's reason */

/* A connection that can be used: opens it again when it broke and no transaction went with it. */
yh_must yh_err db_pg_ready(struct db_pg *d);

/* Reads ahead what a streaming statement has coming, so that another can run. */
yh_must yh_err db_pg_park(struct db_pg *d);

yh_must yh_err db_pg_check(const char *where);

yh_must yh_err db_pg_stmt_new(struct db *d, const char *sql, bool cache, struct db_stmt **ret);
void db_pg_stmt_free(struct db_stmt *s);
void db_pg_stmt_reset(struct db_stmt *s, bool forget_values);
void db_pg_bind_i64(struct db_stmt *s, int at, int64_t v);
void db_pg_bind_text(struct db_stmt *s, int at, yh_str v);
void db_pg_bind_blob(struct db_stmt *s, int at, yh_str v);
void db_pg_bind_null(struct db_stmt *s, int at);
yh_must yh_err db_pg_step(struct db_stmt *s, bool *ret_row);
int64_t db_pg_i64(const struct db_stmt *s, int column);
yh_str db_pg_str(const struct db_stmt *s, int column);
bool db_pg_is_null(const struct db_stmt *s, int column);

#endif
