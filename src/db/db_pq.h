/*
 * libpq, found when the first PostgreSQL connection is opened: a machine that only uses SQLite does without it. What is
 * used of its interface stands here once more, as libpq.so.5 has had it since 2006 (tests/unit/db/test_pq.c compares it
 * with libpq-fe.h where that is installed).
 */
#ifndef YH_DB_DB_PQ_H
#define YH_DB_DB_PQ_H

#include "base/err.h"

typedef struct pg_conn PGconn;
typedef struct pg_result PGresult;
typedef unsigned int Oid;
typedef void (*PQnoticeProcessor)(void *arg, const char *message);

typedef struct db_pq_option { /* PQconninfoOption */
    char *keyword, *envvar, *compiled, *val, *label, *dispchar;
    int dispsize;
} db_pq_option;

enum { PQ_CONNECTION_OK = 0, PQ_CONNECTION_BAD = 1 };
enum { PQ_EMPTY_QUERY = 0, PQ_COMMAND_OK = 1, PQ_TUPLES_OK = 2, PQ_BAD_RESPONSE = 5, PQ_FATAL_ERROR = 7, PQ_SINGLE_TUPLE = 9 };
enum { PQ_TRANS_IDLE = 0, PQ_TRANS_ACTIVE = 1, PQ_TRANS_INTRANS = 2, PQ_TRANS_INERROR = 3, PQ_TRANS_UNKNOWN = 4 };
enum { PQ_OID_BOOL = 16, PQ_OID_BYTEA = 17, PQ_OID_INT8 = 20 };

/* Enumerations of libpq are int here: the same on every ABI it is built for. */
#define DB_PQ_FUNCTIONS(F)                                                                                   \
    F(PGconn *, connectdbParams, (const char *const *keywords, const char *const *values, int expand_dbname)) \
    F(void, finish, (PGconn *c))                                                                             \
    F(int, status, (const PGconn *c))                                                                        \
    F(int, transactionStatus, (const PGconn *c))                                                             \
    F(int, serverVersion, (const PGconn *c))                                                                 \
    F(int, socket, (const PGconn *c))                                                                        \
    F(int, consumeInput, (PGconn *c))                                                                        \
    F(char *, errorMessage, (const PGconn *c))                                                               \
    F(const char *, parameterStatus, (const PGconn *c, const char *name))                                    \
    F(PQnoticeProcessor, setNoticeProcessor, (PGconn *c, PQnoticeProcessor proc, void *arg))                 \
    F(db_pq_option *, conninfoParse, (const char *info, char **message))                                     \
    F(void, conninfoFree, (db_pq_option *options))                                                           \
    F(void, freemem, (void *p))                                                                              \
    F(PGresult *, exec, (PGconn *c, const char *sql))                                                        \
    F(PGresult *, prepare, (PGconn *c, const char *name, const char *sql, int n, const Oid *types))          \
    F(int, sendQueryParams, (PGconn *c, const char *sql, int n, const Oid *types, const char *const *values, \
                             const int *lengths, const int *formats, int result_format))                     \
    F(int, sendQueryPrepared, (PGconn *c, const char *name, int n, const char *const *values,                \
                               const int *lengths, const int *formats, int result_format))                   \
    F(int, setSingleRowMode, (PGconn *c))                                                                    \
    F(PGresult *, getResult, (PGconn *c))                                                                    \
    F(int, resultStatus, (const PGresult *r))                                                                \
    F(char *, resultErrorField, (const PGresult *r, int field))                                              \
    F(void, clear, (PGresult *r))                                                                            \
    F(int, ntuples, (const PGresult *r))                                                                     \
    F(int, nfields, (const PGresult *r))                                                                     \
    F(Oid, ftype, (const PGresult *r, int column))                                                           \
    F(char *, getvalue, (const PGresult *r, int row, int column))                                            \
    F(int, getlength, (const PGresult *r, int row, int column))                                              \
    F(int, getisnull, (const PGresult *r, int row, int column))                                              \
    F(size_t, resultMemorySize, (const PGresult *r))                                                         \
    F(char *, cmdStatus, (PGresult *r))                                                                      \
    F(char *, cmdTuples, (PGresult *r))

struct db_pq {
#define DB_PQ_MEMBER(type, name, args) type(*name) args;
    DB_PQ_FUNCTIONS(DB_PQ_MEMBER)
#undef DB_PQ_MEMBER
};

/* Loaded once per process, never unloaded; UNSUPPORTED says what to install. */
yh_must yh_err db_pq_load(const struct db_pq **ret);

/* The same from another file name, not kept; for tests. */
yh_must yh_err db_pq_load_from(const char *library, struct db_pq *ret);

#endif
