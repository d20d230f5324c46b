#include "db/db_pg.h"

#include <poll.h>

#include "base/clock.h"
#include "db/db_pg_text.h"

#define PAUSE_US     500000
#define PAUSE_MAX_US 15000000
#define WAIT_FOR_MIGRATIONS "120000" /* ms, for another program that is at it */
#define LOCK_NUMBER "7955931130"     /* any number that is always the same: advisory locks are known by one */

/* ---- connecting ---- */

static void no_notices(void *arg, const char *message)
{
    (void)arg;
    (void)message;
}

static const char *option(const db_pq_option *options, const char *keyword)
{
    for (; options->keyword; options++)
        if (strcmp(options->keyword, keyword) == 0)
            return options->val && *options->val ? options->val : NULL;
    return NULL;
}

/* Checks the form of the address and keeps what may be shown of it. */
static yh_err look_at(struct db_pg *d)
{
    char *message = NULL;
    db_pq_option *options = d->pq->conninfoParse(d->where, &message);
    if (!options) {
        size_t n = message ? strcspn(message, "\"\n") : 0; /* what is quoted may hold the password */
        yh_err e = yh_fail(YH_E_INVALID, "not a PostgreSQL address (postgresql://user@host:port/name): %.*s", (int)n, message);
        d->pq->freemem(message);
        return e;
    }
    const char *host = option(options, "host"), *port = option(options, "port"), *name = option(options, "dbname");
    snprintf(d->shown, sizeof d->shown, "PostgreSQL %.120s:%.8s/%.64s", host ? host : "(local)", port ? port : "5432",
             name ? name : "");
    d->pq->conninfoFree(options);
    return YH_OK;
}

static yh_err check_server(struct db_pg *d)
{
    int version = d->pq->serverVersion(d->c);
    const char *encoding = d->pq->parameterStatus(d->c, "server_encoding");
    if (version < DB_PG_SERVER_MIN)
        return yh_fail(YH_E_UNSUPPORTED, "%s is version %d.%d, needed is %d or newer", d->shown, version / 10000,
                       version / 100 % 100, DB_PG_SERVER_MIN / 10000);
    if (!encoding || strcmp(encoding, "UTF8") != 0)
        return yh_fail(YH_E_UNSUPPORTED, "%s is encoded in %s; create it with ENCODING 'UTF8' TEMPLATE template0", d->shown,
                       encoding ? encoding : "an unknown way");
    return YH_OK;
}

static yh_err exec(struct db_pg *d, const char *sql, const char *what)
{
    PGresult *r = d->pq->exec(d->c, sql);
    yh_err e = db_pg_result(d, r, what);
    d->pq->clear(r);
    return e;
}

static yh_err is_true(struct db_pg *d, const char *sql, const char *what, bool *ret)
{
    PGresult *r = d->pq->exec(d->c, sql);
    yh_err e = db_pg_result(d, r, what);
    if (e == YH_OK)
        *ret = d->pq->ntuples(r) == 1 && strcmp(d->pq->getvalue(r, 0, 0), "t") == 0;
    d->pq->clear(r);
    return e;
}

/* The table has no rows: locking it is what `begin` needs, without the snapshot that a function call would take. */
static yh_err make_gate(struct db_pg *d)
{
    bool there = false;
    YH_TRY(is_true(d, "SELECT to_regclass('db_write_gate') IS NOT NULL", "cannot read the database", &there));
    if (there)
        return YH_OK;
    return exec(d,
                "BEGIN; SELECT pg_advisory_xact_lock(" LOCK_NUMBER ");"
                "CREATE TABLE IF NOT EXISTS db_write_gate (held BIGINT); COMMIT",
                "cannot prepare the database");
}

/* What a server's own settings might have otherwise, and what YH_OK promises: it is on disk. */
static yh_err configure(struct db_pg *d)
{
    YH_TRY(check_server(d));
    YH_TRY(exec(d,
                "SET standard_conforming_strings = on; SET bytea_output = hex; SET lock_timeout = 5000;"
                "SET idle_in_transaction_session_timeout = 60000; SET client_min_messages = warning;"
                "SELECT set_config('synchronous_commit', 'on', false)"
                " WHERE current_setting('synchronous_commit') = 'off'",
                "cannot configure the database"));
    if (d->read_only)
        return exec(d, "SET default_transaction_read_only = on", "cannot configure the database");
    YH_TRY(make_gate(d));
    return exec(d, "SET default_transaction_isolation = serializable", "cannot configure the database");
}

static void disconnect(struct db_pg *d)
{
    if (d->c)
        d->pq->finish(d->c);
    d->c = NULL;
    d->streaming = NULL;
}

/* The defaults stand before the address, which may say otherwise; the encoding behind it. */
static yh_err connect_once(struct db_pg *d)
{
    const char *const keywords[] = {"connect_timeout", "keepalives_idle", "keepalives_interval", "keepalives_count",
                                    "tcp_user_timeout", "application_name", "dbname", "client_encoding", NULL};
    const char *const values[] = {"3", "10", "3", "3", "15000", "yuheng", d->where, "UTF8", NULL};
    disconnect(d);
    d->generation++;
    d->c = d->pq->connectdbParams(keywords, values, 1);
    if (!d->c)
        return yh_fail(YH_E_NO_MEMORY, "no memory for a database connection");
    if (d->pq->status(d->c) != PQ_CONNECTION_OK)
        return db_pg_away(d);
    d->pq->setNoticeProcessor(d->c, no_notices, NULL);
    return configure(d);
}

/* Trying takes the caller's time; a server that does not even refuse is left alone longer. */
static yh_err connect_again(struct db_pg *d)
{
    int64_t begun = yh_clock_mono_us();
    if (begun < d->next_try_us)
        return db_pg_away(d);
    yh_err e = connect_once(d);
    if (e == YH_OK)
        return YH_OK;
    int64_t now = yh_clock_mono_us(), pause = PAUSE_US + 4 * (now - begun);
    d->next_try_us = now + (pause < PAUSE_MAX_US ? pause : PAUSE_MAX_US);
    if (d->pq->status(d->c) == PQ_CONNECTION_OK)
        disconnect(d); /* it is there but not as it must be */
    return e;
}

/* A server that stopped has closed its end; that is seen before anything is sent. */
static bool is_alive(struct db_pg *d)
{
    if (!d->c || d->pq->status(d->c) != PQ_CONNECTION_OK)
        return false;
    struct pollfd p = {.fd = d->pq->socket(d->c), .events = POLLIN | POLLRDHUP};
    if (d->streaming || poll(&p, 1, 0) <= 0)
        return true;
    return d->pq->consumeInput(d->c) && d->pq->status(d->c) == PQ_CONNECTION_OK;
}

yh_err db_pg_ready(struct db_pg *d)
{
    if (is_alive(d))
        return YH_OK;
    if (d->base.txn_depth)
        return yh_fail(YH_E_AWAY, "%.150s: the connection broke within a transaction", d->shown);
    return connect_again(d);
}

/* ---- the driver ---- */

static void close_server(struct db *base)
{
    struct db_pg *d = db_pg_of(base);
    disconnect(d);
    free(d->where);
    free(d);
}

static yh_err open_server(const char *where, bool read_only, struct db **ret)
{
    const struct db_pq *pq = NULL;
    YH_TRY(db_pq_load(&pq));
    struct db_pg *d = calloc(1, sizeof *d);
    char *copy = strdup(where);
    if (!d || !copy) {
        free(d);
        free(copy);
        return yh_fail(YH_E_NO_MEMORY, "no memory for a database connection");
    }
    d->base.driver = &db_pg_driver;
    d->pq = pq;
    d->where = copy;
    d->read_only = read_only;
    yh_err e = look_at(d);
    if (e == YH_OK)
        e = connect_once(d);
    if (e != YH_OK) {
        db_close(&d->base);
        return e;
    }
    *ret = &d->base;
    return YH_OK;
}

static yh_err run(struct db *base, const char *sql, const char *what)
{
    struct db_pg *d = db_pg_of(base);
    YH_TRY(db_pg_ready(d));
    YH_TRY(db_pg_park(d));
    return exec(d, sql, what);
}

static yh_err define(struct db *base, const char *sql, const char *what)
{
    yh_buf_auto text = yh_buf_make(DB_PG_TEXT_MAX);
    YH_TRY(db_pg_types(sql, &text));
    return run(base, yh_buf_z(&text), what);
}

static db_txn_state state(const struct db *base)
{
    static const db_txn_state states[] = {
        [PQ_TRANS_IDLE] = DB_TXN_NONE, [PQ_TRANS_ACTIVE] = DB_TXN_OPEN, [PQ_TRANS_INTRANS] = DB_TXN_OPEN,
        [PQ_TRANS_INERROR] = DB_TXN_FAILED, [PQ_TRANS_UNKNOWN] = DB_TXN_LOST};
    const struct db_pg *d = db_pg_of(base);
    return d->c ? states[d->pq->transactionStatus(d->c)] : DB_TXN_LOST;
}

/*
 * SQLite's writers stand in line. Here they run side by side as long as the result is as if they did (SERIALIZABLE), and
 * one that failed to twice runs alone: all others share the gate, it takes it for itself. LOCK TABLE takes no snapshot, so
 * that who waited sees what those before it have written.
 */
static yh_err begin(struct db *base, unsigned attempt)
{
    static const char shared[] = "BEGIN ISOLATION LEVEL SERIALIZABLE; LOCK TABLE db_write_gate IN ROW SHARE MODE";
    static const char alone[] = "BEGIN ISOLATION LEVEL SERIALIZABLE; LOCK TABLE db_write_gate IN EXCLUSIVE MODE";
    static const char reading[] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
    struct db_pg *d = db_pg_of(base);
    yh_err e = run(base, d->read_only ? reading : attempt < 2 ? shared : alone, "cannot begin a transaction");
    if (e != YH_OK && d->c && d->pq->transactionStatus(d->c) == PQ_TRANS_INERROR)
        d->pq->clear(d->pq->exec(d->c, "ROLLBACK"));
    return e;
}

static yh_err migrations_lock(struct db *base)
{
    return run(base,
               "SET lock_timeout = " WAIT_FOR_MIGRATIONS "; SELECT pg_advisory_lock(" LOCK_NUMBER "); SET lock_timeout = 5000",
               "another program is changing the database's tables");
}

/* A connection that broke has let go of it by that. */
static void migrations_unlock(struct db *base)
{
    (void)!run(base, "SELECT pg_advisory_unlock(" LOCK_NUMBER ")", "cannot unlock");
}

static int64_t changes(const struct db *base)
{
    return db_pg_of(base)->changes;
}

const struct db_driver db_pg_driver = {
    .open = open_server, .close = close_server, .check = db_pg_check,
    .run = run, .define = define, .begin = begin, .state = state, .changes = changes,
    .migrations_lock = migrations_lock, .migrations_unlock = migrations_unlock,
    .stmt_new = db_pg_stmt_new, .stmt_free = db_pg_stmt_free, .stmt_reset = db_pg_stmt_reset,
    .bind_i64 = db_pg_bind_i64, .bind_text = db_pg_bind_text, .bind_blob = db_pg_bind_blob, .bind_null = db_pg_bind_null,
    .step = db_pg_step, .i64 = db_pg_i64, .str = db_pg_str, .is_null = db_pg_is_null,
};
