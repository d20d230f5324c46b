/* Statements of PostgreSQL: running them and reading their rows. */
#include "db/db_pg.h"

#define KEPT_PREPARATIONS 4
#define VALUE_KEPT        (64u << 10) /* a larger one gives its memory back */

static struct db_pg_stmt *of(const struct db_stmt *s)
{
    return (struct db_pg_stmt *)(uintptr_t)s;
}

/* ---- sending ---- */

/* Where a value is bound its type counts; NULL fits any. Whether that differs from what was prepared. */
static bool take_types(struct db_pg_stmt *s)
{
    bool other = false;
    for (unsigned i = 0; i < s->params; i++) {
        if (s->values[i].is_null || s->values[i].type == s->types[i])
            continue;
        s->types[i] = s->values[i].type;
        other = true;
    }
    return other;
}

static void point_at_values(struct db_pg_stmt *s)
{
    for (unsigned i = 0; i < s->params; i++) {
        const struct db_pg_value *v = &s->values[i];
        s->pointers[i] = v->is_null ? NULL : v->bytes.p;
        s->lengths[i] = v->is_null ? 0 : (int)v->bytes.n - 1;
        s->formats[i] = !v->is_null && v->is_binary;
    }
}

/* Whether it can be sent by name: prepared on this connection and for these types, or it is now. */
static yh_err make_prepared(struct db_pg *d, struct db_pg_stmt *s, bool other_types)
{
    if (s->generation != d->generation) {
        s->generation = d->generation;
        s->preparations = 0;
        s->prepared = false;
    }
    if (other_types)
        s->prepared = false;
    if (s->prepared || !s->base.cached || s->preparations == KEPT_PREPARATIONS)
        return YH_OK;
    snprintf(s->name, sizeof s->name, "s%u", ++d->names);
    PGresult *r = d->pq->prepare(d->c, s->name, s->text, (int)s->params, s->types);
    yh_err e = db_pg_result(d, r, s->base.sql);
    d->pq->clear(r);
    s->prepared = e == YH_OK;
    s->preparations += s->prepared;
    return e;
}

static yh_err send(struct db_pg *d, struct db_pg_stmt *s)
{
    int sent, n = (int)s->params;
    bool other_types = take_types(s);
    point_at_values(s);
    YH_TRY(make_prepared(d, s, other_types));
    if (s->prepared)
        sent = d->pq->sendQueryPrepared(d->c, s->name, n, s->pointers, s->lengths, s->formats, 0);
    else
        sent = d->pq->sendQueryParams(d->c, s->text, n, s->types, s->pointers, s->lengths, s->formats, 0);
    if (sent)
        return YH_OK;
    if (d->pq->status(d->c) != PQ_CONNECTION_OK)
        return db_pg_away(d);
    return yh_fail(YH_E_INTERNAL, "%.200s: %.200s", s->base.sql, d->pq->errorMessage(d->c));
}

/* ---- results ---- */

static void note_changes(struct db_pg *d, PGresult *r)
{
    int64_t n;
    const char *tag = d->pq->cmdStatus(r);
    if (strncmp(tag, "SELECT", 6) != 0 && yh_str_to_i64(yh_str_of(d->pq->cmdTuples(r)), &n))
        d->changes = n;
}

static void drain(struct db_pg *d)
{
    PGresult *r;
    while ((r = d->pq->getResult(d->c)))
        d->pq->clear(r);
}

/* All of it: a failure may follow the first result, at the commit of a statement that stands alone. */
static yh_err take_whole(struct db_pg *d, struct db_pg_stmt *s)
{
    PGresult *r;
    yh_err e = YH_OK;
    while ((r = d->pq->getResult(d->c))) {
        if (e == YH_OK)
            e = db_pg_result(d, r, s->base.sql);
        if (e == YH_OK && !s->rows) {
            note_changes(d, r);
            s->rows = r;
        } else {
            d->pq->clear(r);
        }
    }
    if (e == YH_OK && !s->rows)
        e = db_pg_away(d);
    return e;
}

/* The first of many; the others come when they are asked for. */
static yh_err take_first(struct db_pg *d, struct db_pg_stmt *s)
{
    s->rows = d->pq->getResult(d->c);
    yh_err e = s->rows ? db_pg_result(d, s->rows, s->base.sql) : db_pg_away(d);
    if (e == YH_OK && d->pq->resultStatus(s->rows) == PQ_SINGLE_TUPLE)
        d->streaming = s;
    else
        drain(d);
    return e;
}

static void forget_rows(struct db_pg *d, struct db_pg_stmt *s)
{
    if (d->streaming == s) {
        drain(d);
        d->streaming = NULL;
    }
    d->pq->clear(s->rows);
    s->rows = NULL;
    while (s->parked_at < s->parked_n)
        d->pq->clear(s->parked[s->parked_at++]);
    s->parked_at = s->parked_n = s->parked_bytes = 0;
    yh_arena_reset(&s->decoded);
    s->running = false;
}

static yh_err start_once(struct db_pg *d, struct db_pg_stmt *s)
{
    YH_TRY(db_pg_ready(d));
    YH_TRY(db_pg_park(d));
    YH_TRY(send(d, s));
    if (s->only_reads)
        d->pq->setSingleRowMode(d->c);
    yh_err e = s->only_reads ? take_first(d, s) : take_whole(d, s);
    if (e != YH_OK) {
        forget_rows(d, s);
        return e;
    }
    s->row = -1;
    s->running = true;
    return YH_OK;
}

/* Within a transaction a failure is the transaction's, which db_txn repeats; a statement alone is one itself. */
static yh_err start(struct db_pg *d, struct db_pg_stmt *s)
{
    yh_err e;
    unsigned tries = 0;
    if (s->bind_err != YH_OK)
        return yh_fail(s->bind_err, "%.200s: %.200s", s->base.sql, yh_cause());
    do
        e = start_once(d, s);
    while (d->base.txn_depth == 0 && db_try_again(e, &tries));
    return e;
}

static PGresult *next_rows(struct db_pg *d, struct db_pg_stmt *s)
{
    if (s->parked_at < s->parked_n) {
        s->parked_bytes -= d->pq->resultMemorySize(s->parked[s->parked_at]);
        return s->parked[s->parked_at++];
    }
    if (d->streaming != s)
        return NULL;
    PGresult *r = d->pq->getResult(d->c);
    if (!r)
        d->streaming = NULL;
    return r;
}

yh_err db_pg_step(struct db_stmt *base, bool *ret_row)
{
    struct db_pg_stmt *s = of(base);
    struct db_pg *d = db_pg_of(base->d);
    if (!s->running)
        YH_TRY(start(d, s));
    yh_arena_reset(&s->decoded);
    while (s->rows && ++s->row >= d->pq->ntuples(s->rows)) {
        d->pq->clear(s->rows);
        s->rows = next_rows(d, s);
        s->row = -1;
        yh_err e = s->rows ? db_pg_result(d, s->rows, base->sql) : YH_OK;
        if (e != YH_OK) {
            forget_rows(d, s);
            return e;
        }
    }
    *ret_row = s->rows != NULL;
    if (!s->rows)
        forget_rows(d, s);
    return YH_OK;
}

/* ---- reading ahead ---- */

static yh_err keep(struct db_pg *d, struct db_pg_stmt *s, PGresult *r)
{
    s->parked_bytes += d->pq->resultMemorySize(r);
    if (s->parked_n == s->parked_cap) {
        size_t cap = s->parked_cap ? s->parked_cap * 2 : 64;
        PGresult **bigger = reallocarray(s->parked, cap, sizeof *bigger);
        if (!bigger)
            return yh_fail(YH_E_NO_MEMORY, "no memory for rows read ahead");
        s->parked = bigger;
        s->parked_cap = cap;
    }
    if (s->parked_bytes > DB_PG_PARKED_MAX)
        return yh_fail(YH_E_TOO_LARGE, "%.200s: too many rows are left while another statement runs", s->base.sql);
    s->parked[s->parked_n++] = r;
    return YH_OK;
}

yh_err db_pg_park(struct db_pg *d)
{
    struct db_pg_stmt *s = d->streaming;
    PGresult *r;
    yh_err e = YH_OK;
    while (s && (r = d->pq->getResult(d->c))) {
        if (e == YH_OK)
            e = keep(d, s, r);
        if (e != YH_OK)
            d->pq->clear(r);
    }
    d->streaming = NULL;
    return e;
}

/* ---- end ---- */

static void forget_values(struct db_pg_stmt *s)
{
    s->bind_err = YH_OK;
    for (unsigned i = 0; s->values && i < s->params; i++) {
        s->values[i].is_null = true;
        if (s->values[i].bytes.cap > VALUE_KEPT)
            yh_buf_done(&s->values[i].bytes);
    }
}

void db_pg_stmt_reset(struct db_stmt *base, bool also_values)
{
    forget_rows(db_pg_of(base->d), of(base));
    if (also_values)
        forget_values(of(base));
}

/* ---- columns ---- */

static bool has(const struct db_pg *d, const struct db_pg_stmt *s, int column)
{
    return s->rows && s->row >= 0 && column >= 0 && column < d->pq->nfields(s->rows) &&
           !d->pq->getisnull(s->rows, s->row, column);
}

static yh_str as_sent(const struct db_pg *d, const struct db_pg_stmt *s, int column)
{
    return (yh_str){d->pq->getvalue(s->rows, s->row, column), (size_t)d->pq->getlength(s->rows, s->row, column)};
}

/* Sums come as decimal numbers of any length; what stands before the point counts, as in SQLite. */
int64_t db_pg_i64(const struct db_stmt *base, int column)
{
    const struct db_pg_stmt *s = of(base);
    const struct db_pg *d = db_pg_of(base->d);
    int64_t n = 0;
    if (!has(d, s, column))
        return 0;
    yh_str text = as_sent(d, s, column);
    if (d->pq->ftype(s->rows, column) == PQ_OID_BOOL)
        return yh_str_is(text, "t");
    return yh_str_to_i64(yh_str_sub(text, 0, yh_str_find(text, '.', 0)), &n) ? n : 0;
}

/* Blobs come as \x and hexadecimal digits. */
static yh_str decoded(struct db_pg_stmt *s, yh_str sent)
{
    yh_str hex = yh_str_sub(sent, 2, sent.n);
    char *bytes = yh_arena_alloc(&s->decoded, hex.n / 2 + 1);
    if (!bytes || !yh_hex_decode(hex, bytes, hex.n / 2))
        return YH_S("");
    return (yh_str){bytes, hex.n / 2};
}

yh_str db_pg_str(const struct db_stmt *base, int column)
{
    struct db_pg_stmt *s = of(base);
    const struct db_pg *d = db_pg_of(base->d);
    if (!has(d, s, column))
        return YH_S("");
    yh_str text = as_sent(d, s, column);
    Oid type = d->pq->ftype(s->rows, column);
    if (type == PQ_OID_BYTEA)
        return decoded(s, text);
    if (type == PQ_OID_BOOL)
        return yh_str_is(text, "t") ? YH_S("1") : YH_S("0");
    return text;
}

bool db_pg_is_null(const struct db_stmt *base, int column)
{
    return !has(db_pg_of(base->d), of(base), column);
}
