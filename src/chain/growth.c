#include "chain/growth.h"

#include "base/file.h"
#include "chain/log.h"
#include "chain/packed.h"

#define ROW_FIXED 24u
#define WRITTEN_MAX (64u << 20)

void chain_growth_done(struct chain_growth *g)
{
    size_t at = 0;
    yh_str key;
    void *row;
    while (yh_map_next(&g->rows, &at, &key, &row))
        free(row);
    yh_map_done(&g->rows);
    *g = (struct chain_growth){0};
}

int32_t chain_growth_day(yh_time t)
{
    return (int32_t)((yh_time_floor(t, YH_DAY, YH_CST) + YH_CST * YH_MINUTE) / YH_DAY);
}

void chain_growth_day_text(int32_t day, char ret[16])
{
    struct yh_civil c = yh_civil_of((yh_time)day * YH_DAY, 0);
    if (snprintf(ret, 16, "%04d-%02d-%02d", c.year, c.month, c.day) >= 16)
        ret[0] = '\0';
}

static struct chain_growth_row *new_row(int32_t day, yh_str origin)
{
    struct chain_growth_row *row = calloc(1, sizeof *row + origin.n);
    if (!row)
        return NULL;
    char *text = (char *)(row + 1);
    if (origin.n)
        memcpy(text, origin.p, origin.n);
    row->day = day;
    row->origin = (yh_str){text, origin.n};
    return row;
}

static yh_err add(struct chain_growth *g, int32_t day, yh_str origin, uint64_t records, uint64_t bytes)
{
    char key[4 + CHAIN_ORIGIN_MAX];
    origin = yh_str_sub(origin, 0, CHAIN_ORIGIN_MAX);
    chain_put_u32(key, (uint32_t)day);
    if (origin.n)
        memcpy(key + 4, origin.p, origin.n);
    yh_str k = {key, 4 + origin.n};
    struct chain_growth_row *row = yh_map_get(&g->rows, k);
    if (!row) {
        row = new_row(day, origin);
        if (!row || yh_map_put(&g->rows, k, row) != YH_OK) {
            free(row);
            return yh_fail(YH_E_NO_MEMORY, "no memory for growth figures");
        }
    }
    row->records += records;
    row->bytes += bytes;
    return YH_OK;
}

yh_err chain_growth_count(struct chain_growth *g, const struct chain_record *r)
{
    yh_str origin = r->kind == CHAIN_NOTE ? YH_S("") : r->origin;
    return add(g, chain_growth_day(r->received), origin, 1, chain_record_size(r));
}

yh_err chain_growth_merge(struct chain_growth *g, const struct chain_growth *more, int32_t from, int32_t to)
{
    size_t at = 0;
    yh_str key;
    void *value;
    while (yh_map_next(&more->rows, &at, &key, &value)) {
        const struct chain_growth_row *row = value;
        if (row->day >= from && row->day <= to)
            YH_TRY(add(g, row->day, row->origin, row->records, row->bytes));
    }
    return YH_OK;
}

static int by_day_and_origin(const void *a, const void *b)
{
    const struct chain_growth_row *const *x = a, *const *y = b;
    if ((*x)->day != (*y)->day)
        return (*x)->day < (*y)->day ? -1 : 1;
    return yh_str_cmp((*x)->origin, (*y)->origin);
}

yh_err chain_growth_sorted(const struct chain_growth *g, struct chain_growth_row ***ret, size_t *ret_n)
{
    struct chain_growth_row **rows = calloc(g->rows.n + 1, sizeof *rows);
    if (!rows)
        return yh_fail(YH_E_NO_MEMORY, "no memory for growth figures");
    size_t at = 0, n = 0;
    yh_str key;
    void *value;
    while (yh_map_next(&g->rows, &at, &key, &value))
        rows[n++] = value;
    qsort(rows, n, sizeof(struct chain_growth_row *), by_day_and_origin);
    *ret = rows;
    *ret_n = n;
    return YH_OK;
}

yh_err chain_growth_write(const struct chain_growth *g, yh_buf *out)
{
    yh_free_auto struct chain_growth_row **rows = NULL;
    size_t n;
    YH_TRY(chain_growth_sorted(g, &rows, &n));
    for (size_t i = 0; i < n; i++) {
        char fixed[ROW_FIXED];
        chain_put_u32(fixed, (uint32_t)rows[i]->day);
        chain_put_u32(fixed + 4, (uint32_t)rows[i]->origin.n);
        chain_put_u64(fixed + 8, rows[i]->records);
        chain_put_u64(fixed + 16, rows[i]->bytes);
        yh_buf_add(out, fixed, sizeof fixed);
        yh_buf_str(out, rows[i]->origin);
    }
    return yh_buf_check(out);
}

yh_err chain_growth_parse(struct chain_growth *g, yh_str stored, int32_t from, int32_t to)
{
    while (stored.n) {
        size_t origin_n = stored.n >= ROW_FIXED ? chain_take_u32(stored.p + 4) : 0;
        if (stored.n < ROW_FIXED || origin_n > CHAIN_ORIGIN_MAX || stored.n - ROW_FIXED < origin_n)
            return yh_fail(YH_E_CORRUPT, "growth figures end in the middle of a row");
        int32_t day = (int32_t)chain_take_u32(stored.p);
        if (day >= from && day <= to)
            YH_TRY(add(g, day, yh_str_sub(stored, ROW_FIXED, origin_n), chain_take_u64(stored.p + 8),
                       chain_take_u64(stored.p + 16)));
        stored = yh_str_sub(stored, ROW_FIXED + origin_n, stored.n);
    }
    return YH_OK;
}

/* ---- of an open log ---- */

static yh_err count_records(struct chain *c, uint64_t from, uint64_t end, struct chain_growth *g)
{
    struct chain_cursor *cur;
    struct chain_record r;
    yh_err e = YH_OK;
    YH_TRY(chain_cursor_open(c, from, &cur));
    for (uint64_t seq = from; e == YH_OK && seq < end; seq++) {
        e = chain_cursor_next(cur, &r, NULL);
        if (e == YH_OK)
            e = chain_growth_count(g, &r);
    }
    chain_cursor_close(cur);
    return e;
}

/* The last segment is read once; later calls go on from there. */
static yh_err read_last(struct chain *c, const struct chain_segment *s, uint64_t end, int32_t from, int32_t to,
                        struct chain_growth *g)
{
    struct chain_growth_tail *t = &c->growth;
    pthread_mutex_lock(&t->mu);
    if (t->first != s->first || t->next < s->first) {
        chain_growth_done(&t->table);
        t->first = t->next = s->first;
    }
    struct chain_growth fresh = {0};
    yh_err e = t->next < end ? count_records(c, t->next, end, &fresh) : YH_OK;
    if (e == YH_OK && t->next < end) {
        e = chain_growth_merge(&t->table, &fresh, INT32_MIN, INT32_MAX);
        t->next = end;
    }
    if (e == YH_OK)
        e = chain_growth_merge(g, &t->table, from, to);
    else
        t->next = 0; /* half merged: read anew next time */
    chain_growth_done(&fresh);
    pthread_mutex_unlock(&t->mu);
    return e;
}

static yh_err read_sealed(struct chain *c, const struct chain_segment *s, int32_t from, int32_t to,
                          struct chain_growth *g)
{
    if (s->count == 0 || chain_growth_day(s->received_max) < from || chain_growth_day(s->received_min) > to)
        return YH_OK;
    chain_file_auto file = CHAIN_FILE_NONE;
    YH_TRY(chain_file_open(c->dir, s->first, &file));
    if (file.packed) {
        yh_buf_auto stored = yh_buf_make(WRITTEN_MAX);
        YH_TRY(chain_packed_growth(file.packed, file.fd, &stored));
        return chain_growth_parse(g, yh_buf_view(&stored), from, to);
    }
    struct chain_growth all = {0};
    yh_err e = count_records(c, s->first, s->first + s->count, &all);
    if (e == YH_OK)
        e = chain_growth_merge(g, &all, from, to);
    chain_growth_done(&all);
    return e;
}

yh_err chain_growth_read(struct chain *c, int32_t from, int32_t to, struct chain_growth *g)
{
    YH_TRY(chain_refresh(c));
    pthread_mutex_lock(&c->mu);
    size_t n = c->segment_n;
    uint64_t durable = atomic_load(&c->durable);
    yh_free_auto struct chain_segment *segments = calloc(n + 1, sizeof *segments);
    if (segments && n)
        memcpy(segments, c->segments, n * sizeof *segments);
    pthread_mutex_unlock(&c->mu);
    if (!segments)
        return yh_fail(YH_E_NO_MEMORY, "no memory for growth figures");
    for (size_t i = 0; i < n; i++) {
        if (segments[i].sealed)
            YH_TRY(read_sealed(c, &segments[i], from, to, g));
        else
            YH_TRY(read_last(c, &segments[i], durable, from, to, g));
    }
    return YH_OK;
}
