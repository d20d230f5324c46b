/* Statements of PostgreSQL: their text and their values. */
#include "db/db_pg.h"
#include "db/db_pg_text.h"

static struct db_pg_stmt *of(const struct db_stmt *s)
{
    return (struct db_pg_stmt *)(uintptr_t)s;
}

/* ---- making ---- */

static bool make_arrays(struct db_pg_stmt *s)
{
    size_t n = s->params ? s->params : 1;
    s->values = calloc(n, sizeof *s->values);
    s->types = calloc(n, sizeof *s->types);
    s->pointers = calloc(n, sizeof *s->pointers);
    s->lengths = calloc(n, sizeof *s->lengths);
    s->formats = calloc(n, sizeof *s->formats);
    if (!s->values || !s->types || !s->pointers || !s->lengths || !s->formats)
        return false;
    for (size_t i = 0; i < s->params; i++)
        s->values[i] = (struct db_pg_value){.is_null = true, .bytes = yh_buf_make(DB_PG_VALUE_MAX)};
    return true;
}

static yh_err fill(struct db_pg_stmt *s, const char *sql)
{
    yh_buf_auto text = yh_buf_make(DB_PG_TEXT_MAX);
    YH_TRY(db_pg_text(sql, &text, &s->params));
    s->text = strdup(yh_buf_z(&text));
    s->only_reads = db_pg_only_reads(sql);
    s->decoded = yh_arena_make(DB_PG_VALUE_MAX);
    if (!s->text || !make_arrays(s))
        return yh_fail(YH_E_NO_MEMORY, "no memory for a statement");
    return YH_OK;
}

yh_err db_pg_stmt_new(struct db *d, const char *sql, bool cache, struct db_stmt **ret)
{
    struct db_pg_stmt *s = calloc(1, sizeof *s);
    if (!s)
        return yh_fail(YH_E_NO_MEMORY, "no memory for a statement");
    s->base.d = d;
    s->base.cached = cache;
    yh_err e = fill(s, sql);
    if (e != YH_OK) {
        db_pg_stmt_free(&s->base);
        return e;
    }
    *ret = &s->base;
    return YH_OK;
}

void db_pg_stmt_free(struct db_stmt *base)
{
    struct db_pg_stmt *s = of(base);
    db_pg_stmt_reset(base, true);
    if (s->values)
        for (size_t i = 0; i < s->params; i++)
            yh_buf_done(&s->values[i].bytes);
    yh_arena_done(&s->decoded);
    free(s->values);
    free(s->types);
    free(s->pointers);
    free(s->lengths);
    free(s->formats);
    free(s->parked);
    free(s->text);
    free(s);
}

/* ---- values ---- */

static struct db_pg_value *value_at(struct db_pg_stmt *s, int at)
{
    if (at >= 1 && (unsigned)at <= s->params)
        return &s->values[at - 1];
    s->bind_err = yh_fail(YH_E_INTERNAL, "%.200s: has %u parameters, not %d", s->base.sql, s->params, at);
    return NULL;
}

/* The new value, empty; NULL when there is no such place. */
static struct db_pg_value *begin_value(struct db_stmt *base, int at, Oid type, bool is_binary)
{
    struct db_pg_value *v = value_at(of(base), at);
    if (v) {
        yh_buf_clear(&v->bytes);
        v->bytes.failed = v->bytes.no_memory = false;
        v->is_null = false;
        v->type = type;
        v->is_binary = is_binary;
    }
    return v;
}

static void end_value(struct db_stmt *base, struct db_pg_value *v)
{
    yh_buf_putc(&v->bytes, '\0');
    yh_err e = yh_buf_check(&v->bytes);
    if (e != YH_OK)
        of(base)->bind_err = e;
}

/* A number says its type: inferred, "? - 1" would be one of 32 bits. */
void db_pg_bind_i64(struct db_stmt *base, int at, int64_t number)
{
    struct db_pg_value *v = begin_value(base, at, PQ_OID_INT8, false);
    if (!v)
        return;
    yh_buf_i64(&v->bytes, number);
    end_value(base, v);
}

/* A text does not, so that it may stand where the server wants one of its own kinds. */
void db_pg_bind_text(struct db_stmt *base, int at, yh_str text)
{
    struct db_pg_value *v = begin_value(base, at, 0, false);
    if (!v)
        return;
    if (text.n && (memchr(text.p, '\0', text.n) || !yh_str_is_utf8(text)))
        of(base)->bind_err = yh_fail(YH_E_INVALID, "a text with a zero byte or not in UTF-8 cannot be stored");
    yh_buf_str(&v->bytes, text);
    end_value(base, v);
}

void db_pg_bind_blob(struct db_stmt *base, int at, yh_str bytes)
{
    struct db_pg_value *v = begin_value(base, at, PQ_OID_BYTEA, true);
    if (!v)
        return;
    yh_buf_str(&v->bytes, bytes);
    end_value(base, v);
}

void db_pg_bind_null(struct db_stmt *base, int at)
{
    struct db_pg_value *v = value_at(of(base), at);
    if (v)
        v->is_null = true;
}
