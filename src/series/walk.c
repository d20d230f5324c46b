#include "base/sm3.h"
#include "series/ints.h"
#include "series/scan.h"

struct entry {
    uint32_t place, column; /* place of the column in name order */
    struct series_fact fact;
};

/* Everything of one station and kind, window by window, in the fixed order of series_walk. */
struct walk {
    struct series *s;
    struct series_reader *reader;
    bool (*each)(void *user, const struct series_walk_item *i);
    void *user;
    bool stopped;
    /* of the station and kind at hand */
    struct series_walk_item item;
    bool stored;
    int64_t point;
    struct series_columns columns; /* a copy that grows with what the blocks name */
    uint32_t *order;               /* place of a column in name order */
    uint32_t ordered;
    struct series_rows tail;
    size_t tail_at;
    struct series_rows batch;
    struct entry *entries; /* of one data time */
    size_t entry_cap;
    struct series_facts facts; /* of one value */
};

static int compare_entries(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->place != y->place)
        return x->place < y->place ? -1 : 1;
    return (x->fact.seq > y->fact.seq) - (x->fact.seq < y->fact.seq);
}

static int compare_names(const void *a, const void *b, void *names)
{
    const uint32_t *x = a, *y = b;
    const struct series_column_name *n = names;
    return series_column_cmp(&n[*x], &n[*y]);
}

static yh_err order_columns(struct walk *w)
{
    uint32_t n = w->columns.n;
    if (w->ordered == n && w->order)
        return YH_OK;
    yh_free_auto uint32_t *sorted = calloc(n + 1, sizeof *sorted);
    uint32_t *order = reallocarray(w->order, n + 1, sizeof *order);
    if (order)
        w->order = order;
    if (!sorted || !order)
        return yh_fail(YH_E_NO_MEMORY, "no memory to order %u columns", n);
    for (uint32_t i = 0; i < n; i++)
        sorted[i] = i;
    qsort_r(sorted, n, sizeof *sorted, compare_names, w->columns.names);
    for (uint32_t i = 0; i < n; i++)
        order[sorted[i]] = i;
    w->ordered = n;
    return YH_OK;
}

static yh_err give_value(struct walk *w, const struct entry *entries, size_t n)
{
    w->facts.n = 0;
    YH_TRY(series_facts_reserve(&w->facts, n));
    struct series_fact *facts = w->facts.p;
    for (size_t i = 0; i < n; i++)
        facts[i] = entries[i].fact;
    size_t versions = series_versions_reduce(facts, n);
    series_facts_sort(facts, versions);
    const struct series_column_name *name = &w->columns.names[entries[0].column];
    w->item.factor = series_column_factor(name);
    w->item.field = (series_field)name->field;
    for (size_t i = 0; i < versions && !w->stopped; i++) {
        w->item.v = series_value_of(&facts[i], versions);
        w->stopped = !w->each(w->user, &w->item);
    }
    return YH_OK;
}

static yh_err reserve_entries(struct walk *w, size_t n)
{
    if (n <= w->entry_cap)
        return YH_OK;
    struct entry *more = reallocarray(w->entries, 2 * n, sizeof *more);
    if (!more)
        return yh_fail(YH_E_NO_MEMORY, "no memory for %zu values", n);
    w->entries = more;
    w->entry_cap = 2 * n;
    return YH_OK;
}

static void sort_entries(struct entry *entries, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        if (compare_entries(&entries[i - 1], &entries[i]) > 0) {
            qsort(entries, n, sizeof *entries, compare_entries);
            return;
        }
    }
}

/* All rows [from, to) of one data time. */
static yh_err give_time(struct walk *w, size_t from, size_t to)
{
    const struct series_rows *r = &w->batch;
    size_t n = 0, at = 0;
    for (size_t i = from; i < to; i++)
        n += r->rows[i].cell_n;
    YH_TRY(reserve_entries(w, n));
    struct entry *entries = w->entries;
    for (size_t i = from; i < to; i++) {
        const struct series_row *row = &r->rows[i];
        for (uint32_t k = 0; k < row->cell_n; k++) {
            const struct series_cell_at *c = &r->cells[row->cell_at + k];
            entries[at++] =
                (struct entry){w->order[c->column],
                               c->column,
                               {row->time, row->seq, row->received, c->m, row->seq, c->scale, c->flag}};
        }
    }
    sort_entries(entries, n);
    for (size_t a = 0, b; a < n && !w->stopped; a = b) {
        b = a + 1;
        while (b < n && entries[b].column == entries[a].column)
            b++;
        YH_TRY(give_value(w, entries + a, b - a));
    }
    return YH_OK;
}

/* Adds what the tail holds before `end` to the window collected so far and gives all of it out. */
static yh_err advance(struct walk *w, yh_time end)
{
    struct series_rows *r = &w->batch;
    for (; w->tail_at < w->tail.n && w->tail.rows[w->tail_at].time < end; w->tail_at++)
        YH_TRY(series_rows_append(r, &w->tail.rows[w->tail_at],
                                  w->tail.cells + w->tail.rows[w->tail_at].cell_at));
    series_rows_sort(r);
    YH_TRY(order_columns(w));
    for (size_t from = 0, to; from < r->n && !w->stopped; from = to) {
        to = from + 1;
        while (to < r->n && r->rows[to].time == r->rows[from].time)
            to++;
        YH_TRY(give_time(w, from, to));
    }
    series_rows_clear(r);
    return YH_OK;
}

static yh_err walk_blocks(struct walk *w)
{
    struct series_piece_query q = {w->point, w->item.kind, INT64_MIN, INT64_MAX, INT64_MIN, INT64_MAX, 0};
    db_stmt_auto *st = NULL;
    YH_TRY(series_store_pieces(w->reader->db, &q, &st));
    yh_time current = INT64_MIN;
    while (!w->stopped) {
        struct series_piece piece;
        yh_time window;
        bool any;
        YH_TRY(series_store_piece_next(st, &any, &window, &piece));
        if (!any)
            break;
        if (window != current)
            YH_TRY(advance(w, window));
        current = window;
        YH_TRY(series_rows_load(w->reader->codec, piece.data, &w->columns, NULL, &w->batch));
    }
    return YH_OK;
}

static yh_err copy_tail_locked(struct walk *w, const struct series_point *p)
{
    w->stored = p->stored;
    w->point = p->id;
    for (uint32_t i = 0; i < p->columns.n; i++) {
        const struct series_column_name *name = &p->columns.names[i];
        uint32_t number;
        if (i >= w->columns.n)
            YH_TRY(series_columns_add(&w->columns, series_column_factor(name), (series_field)name->field,
                                      &number));
    }
    const struct series_windows *all = &p->windows[w->item.kind];
    for (size_t i = 0; i < all->n; i++) {
        const struct series_rows *t = &all->p[i]->tail;
        for (size_t k = 0; k < t->n; k++)
            YH_TRY(series_rows_append(&w->tail, &t->rows[k], t->cells + t->rows[k].cell_at));
    }
    return YH_OK;
}

static void walk_reset(struct walk *w)
{
    series_columns_done(&w->columns);
    series_rows_clear(&w->tail);
    series_rows_clear(&w->batch);
    w->tail_at = w->ordered = 0;
}

static yh_err walk_kind(struct walk *w, yh_str mn, series_kind kind)
{
    walk_reset(w);
    w->item = (struct series_walk_item){.mn = mn, .kind = kind};
    pthread_rwlock_rdlock(&w->s->lock);
    const struct series_point *p = yh_map_get(&w->s->points, mn);
    yh_err e = p ? copy_tail_locked(w, p) : YH_OK;
    pthread_rwlock_unlock(&w->s->lock);
    if (e != YH_OK || !p)
        return e;
    if (w->stored)
        YH_TRY(walk_blocks(w));
    return w->stopped ? YH_OK : advance(w, INT64_MAX);
}

static int compare_str(const void *a, const void *b)
{
    const yh_str *x = a, *y = b;
    return yh_str_cmp(*x, *y);
}

/* Station numbers in order, copied: stations may come while we walk. */
static yh_err list_points(struct series *s, yh_arena *arena, yh_str **ret, size_t *ret_n)
{
    size_t n = 0, at = 0;
    yh_str mn;
    void *p;
    pthread_rwlock_rdlock(&s->lock);
    yh_str *list = YH_NEW_N(arena, yh_str, s->points.n + 1);
    while (list && yh_map_next(&s->points, &at, &mn, &p)) {
        list[n] = yh_arena_str(arena, mn);
        if (!list[n++].p)
            list = NULL;
    }
    pthread_rwlock_unlock(&s->lock);
    if (!list)
        return yh_fail(YH_E_NO_MEMORY, "no memory to list the stations");
    qsort(list, n, sizeof *list, compare_str);
    *ret = list;
    *ret_n = n;
    return YH_OK;
}

static yh_err walk_all(struct walk *w)
{
    yh_arena_auto arena = yh_arena_make(SERIES_READ_MAX);
    yh_str *points = NULL;
    size_t n = 0;
    YH_TRY(list_points(w->s, &arena, &points, &n));
    for (size_t i = 0; i < n && !w->stopped; i++)
        for (unsigned k = 0; k < SERIES_KIND_COUNT && !w->stopped; k++)
            YH_TRY(walk_kind(w, points[i], (series_kind)k));
    return YH_OK;
}

yh_err series_walk(struct series *s, bool (*each)(void *user, const struct series_walk_item *i), void *user)
{
    struct walk w = {.s = s, .each = each, .user = user};
    YH_TRY(series_reader_take(s, &w.reader));
    yh_err e = walk_all(&w);
    series_reader_give(s, w.reader);
    walk_reset(&w);
    series_rows_done(&w.tail);
    series_rows_done(&w.batch);
    series_facts_done(&w.facts);
    free(w.entries);
    free(w.order);
    return e;
}

/* ---- totals ---- */

struct tally {
    struct series_totals totals;
    struct yh_sm3 *sm3;
    struct series_walk_item last;
    char mn[SERIES_MN_MAX], factor[SERIES_FACTOR_MAX]; /* of `last` */
};

/* What differs from the item before, with a head that says so: every list of items has bytes of its own. */
static void hash_item(struct yh_sm3 *sm3, const struct series_walk_item *i, bool same_record,
                      bool same_origin)
{
    char bytes[128];
    yh_buf b = {.p = bytes, .cap = sizeof bytes, .max = sizeof bytes}; /* on the stack: never grows */
    yh_buf_putc(&b, (char)(same_record + 2 * same_origin));
    if (!same_record) {
        yh_buf_putc(&b, (char)i->mn.n);
        yh_buf_str(&b, i->mn);
        yh_buf_putc(&b, (char)i->kind);
        series_varint_put(&b, series_zigzag((uint64_t)i->v.time));
    }
    if (!same_origin) {
        series_varint_put(&b, i->v.seq);
        series_varint_put(&b, i->v.last_seq);
        series_varint_put(&b, series_zigzag((uint64_t)i->v.received));
    }
    yh_buf_putc(&b, (char)i->factor.n);
    yh_buf_str(&b, i->factor);
    yh_buf_putc(&b, (char)i->field);
    yh_buf_putc(&b, (char)i->v.value.scale);
    yh_buf_putc(&b, i->v.flag);
    series_varint_put(&b, series_zigzag((uint64_t)i->v.value.m));
    assert(!b.failed);
    yh_sm3_add(sm3, b.p, b.n);
}

static bool count_item(void *user, const struct series_walk_item *i)
{
    struct tally *t = user;
    bool same_point = t->totals.points && yh_str_eq(i->mn, t->last.mn);
    bool same_record = same_point && i->kind == t->last.kind && i->v.time == t->last.v.time;
    bool same_value = same_record && i->field == t->last.field && yh_str_eq(i->factor, t->last.factor);
    t->totals.points += !same_point;
    t->totals.records += !same_record;
    t->totals.values += !same_value;
    t->totals.versions++;
    bool same_origin = same_record && i->v.seq == t->last.v.seq && i->v.last_seq == t->last.v.last_seq &&
                       i->v.received == t->last.v.received;
    hash_item(t->sm3, i, same_record, same_origin);
    t->last = *i;
    memcpy(t->mn, i->mn.p, i->mn.n);
    memcpy(t->factor, i->factor.p, i->factor.n);
    t->last.mn.p = t->mn;
    t->last.factor.p = t->factor;
    return true;
}

static yh_err stored_size(struct series *s, struct series_totals *ret)
{
    struct series_reader *r;
    YH_TRY(series_reader_take(s, &r));
    yh_err e = series_store_size(r->db, &ret->blocks, &ret->block_bytes);
    series_reader_give(s, r);
    return e;
}

yh_err series_totals(struct series *s, struct series_totals *ret)
{
    yh_cleanup(yh_sm3_freep) struct yh_sm3 *sm3 = NULL;
    YH_TRY(yh_sm3_new(&sm3));
    struct tally t = {.sm3 = sm3};
    yh_sm3_begin(sm3);
    YH_TRY(series_walk(s, count_item, &t));
    yh_sm3_hash digest = yh_sm3_end(sm3);
    memcpy(t.totals.digest, digest.b, sizeof digest.b);
    YH_TRY(stored_size(s, &t.totals));
    *ret = t.totals;
    return YH_OK;
}
