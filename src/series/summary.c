#include "series/summary.h"

#include "series/ints.h"

#define ROWS_MIN 512

struct tally {
    struct series_summary s;
    bool versions; /* a key occurs twice: which one is current is not for us to say */
};

static struct series_fact fact_of(const struct series_row *row, const struct series_cell_at *c)
{
    return (struct series_fact){row->time, row->seq, row->received, c->m, row->seq, c->scale, c->flag};
}

static yh_dec value_of(const struct series_fact *f)
{
    return (yh_dec){f->m, f->scale};
}

static void count(struct tally *t, const struct series_fact *f)
{
    struct series_summary *s = &t->s;
    if (s->count == 0) {
        *s = (struct series_summary){1, *f, *f, *f, *f};
        return;
    }
    t->versions = t->versions || f->time == s->last.time;
    if (yh_dec_cmp(value_of(f), value_of(&s->min)) < 0)
        s->min = *f;
    if (yh_dec_cmp(value_of(f), value_of(&s->max)) > 0)
        s->max = *f;
    s->last = *f;
    s->count++;
}

static uint64_t delay_of(const struct series_fact *f)
{
    return (uint64_t)f->received - (uint64_t)f->time;
}

/* Relative to a fact the reader knows already, so that most numbers are small. */
static void put_fact(yh_buf *out, const struct series_fact *f, const struct series_fact *base)
{
    series_varint_put(out, series_zigzag((uint64_t)f->time - (uint64_t)base->time));
    series_varint_put(out, series_zigzag(f->seq - base->seq));
    series_varint_put(out, series_zigzag(delay_of(f) - delay_of(base)));
    series_varint_put(out, series_zigzag((uint64_t)f->m - (uint64_t)base->m));
    yh_buf_putc(out, (char)f->scale);
    yh_buf_putc(out, f->flag);
}

/* The first and last value usually stand in the same records as those of the column before. */
struct neighbour {
    struct series_fact first, last;
};

static void put_column(yh_buf *out, const struct series_column_name *name, const struct tally *t,
                       struct neighbour *before)
{
    yh_buf_putc(out, (char)name->factor_n);
    yh_buf_add(out, name->factor, name->factor_n);
    yh_buf_putc(out, (char)name->field);
    series_varint_put(out, t->versions ? 0 : t->s.count);
    if (t->versions)
        return;
    put_fact(out, &t->s.first, &before->first);
    put_fact(out, &t->s.last, &before->last);
    put_fact(out, &t->s.min, &t->s.first);
    put_fact(out, &t->s.max, &t->s.first);
    *before = (struct neighbour){t->s.first, t->s.last};
}

yh_err series_summary_encode(const struct series_rows *rows, const struct series_columns *columns,
                             yh_buf *out)
{
    if (rows->n < ROWS_MIN)
        return YH_OK;
    yh_free_auto struct tally *all = calloc(columns->n, sizeof *all);
    if (!all)
        return yh_fail(YH_E_NO_MEMORY, "no memory to summarise %u columns", columns->n);
    for (size_t i = 0; i < rows->n; i++) {
        const struct series_row *row = &rows->rows[i];
        for (uint32_t k = 0; k < row->cell_n; k++) {
            const struct series_cell_at *c = &rows->cells[row->cell_at + k];
            struct series_fact f = fact_of(row, c);
            count(&all[c->column], &f);
        }
    }
    struct neighbour before = {0};
    for (uint32_t i = 0; i < columns->n; i++)
        if (all[i].s.count)
            put_column(out, &columns->names[i], &all[i], &before);
    uint32_t hash = yh_hash32(yh_buf_view(out));
    yh_buf_add(out, &hash, sizeof hash);
    return yh_buf_check(out);
}

/* ---- reading ---- */

static bool take_delta(yh_str *in, uint64_t base, uint64_t *ret)
{
    uint64_t z;
    if (!series_varint_take(in, &z))
        return false;
    *ret = base + series_unzigzag(z);
    return true;
}

static bool take_fact(yh_str *in, const struct series_fact *base, struct series_fact *ret)
{
    uint64_t time, delay, m;
    if (!take_delta(in, (uint64_t)base->time, &time) || !take_delta(in, base->seq, &ret->seq) ||
        !take_delta(in, delay_of(base), &delay) || !take_delta(in, (uint64_t)base->m, &m) || in->n < 2 ||
        (uint8_t)in->p[0] > YH_DEC_MAX_SCALE)
        return false;
    ret->time = (yh_time)time;
    ret->received = (yh_time)(time + delay);
    ret->m = (int64_t)m;
    ret->last = ret->seq;
    ret->scale = (uint8_t)in->p[0];
    ret->flag = in->p[1];
    *in = (yh_str){in->p + 2, in->n - 2};
    return true;
}

static bool take_column(yh_str *in, struct neighbour *before, struct series_column_name *ret_name,
                        struct series_summary *ret)
{
    size_t factor_n = in->n ? (uint8_t)in->p[0] : 0;
    if (in->n < factor_n + 2 ||
        !series_column_name_make(yh_str_sub(*in, 1, factor_n), (series_field)(uint8_t)in->p[factor_n + 1],
                                 ret_name))
        return false;
    *in = (yh_str){in->p + factor_n + 2, in->n - factor_n - 2};
    if (!series_varint_take(in, &ret->count))
        return false;
    if (ret->count == 0)
        return true;
    if (!take_fact(in, &before->first, &ret->first) || !take_fact(in, &before->last, &ret->last) ||
        !take_fact(in, &ret->first, &ret->min) || !take_fact(in, &ret->first, &ret->max))
        return false;
    *before = (struct neighbour){ret->first, ret->last};
    return true;
}

yh_err series_summary_find(yh_str bytes, const struct series_column_name *name, bool *ret_known,
                           struct series_summary *ret)
{
    uint32_t hash;
    *ret_known = false;
    if (bytes.n <= sizeof hash)
        return YH_OK;
    yh_str in = yh_str_sub(bytes, 0, bytes.n - sizeof hash);
    memcpy(&hash, bytes.p + in.n, sizeof hash);
    if (hash != yh_hash32(in))
        return yh_fail(YH_E_CORRUPT, "stored block: summary does not match its hash");
    struct neighbour before = {0};
    while (in.n) {
        struct series_column_name at;
        struct series_summary s = {0};
        if (!take_column(&in, &before, &at, &s))
            return yh_fail(YH_E_CORRUPT, "stored block: unreadable summary");
        if (series_column_cmp(&at, name) != 0)
            continue;
        *ret_known = s.count > 0;
        *ret = s;
        return YH_OK;
    }
    *ret_known = true;
    *ret = (struct series_summary){0};
    return YH_OK;
}
