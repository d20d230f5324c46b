/* From a list's table to its plan: conditions, and statements by the combination that is asked for. */
#include "kit/list_internal.h"

#include <stdio.h>

bool list_is_text(list_type t)
{
    return t == LIST_TEXT || t == LIST_DECIMAL;
}

const struct list_column *list_column_find(const struct list *l, yh_str key)
{
    for (const struct list_column *c = l->columns; c->key; c++)
        if (yh_str_is(key, c->key))
            return c;
    return NULL;
}

const struct list *list_find(const struct list *const *lists, yh_str name)
{
    for (; lists && *lists; lists++)
        if (yh_str_is(name, (*lists)->name))
            return *lists;
    return NULL;
}

/* ---- conditions ---- */

static yh_err own_text(yh_buf *text, char **ret)
{
    YH_TRY(yh_buf_check(text));
    *ret = strdup(yh_buf_z(text));
    return *ret ? YH_OK : yh_fail(YH_E_NO_MEMORY, "no memory for a list");
}

static yh_err add_condition(struct list_plan *p, const struct list_column *c, list_op op, const char *suffix, yh_buf *text,
                            unsigned values)
{
    char *sql = NULL;
    if (p->condition_n == LIST_CONDITIONS_MAX)
        return yh_fail(YH_E_INTERNAL, "a list has more than %d filters", LIST_CONDITIONS_MAX);
    YH_TRY(own_text(text, &sql));
    yh_buf_clear(text);
    struct list_condition *made = &p->conditions[p->condition_n++];
    *made = (struct list_condition){.column = c, .op = op, .sql = sql, .values = values};
    int n = snprintf(made->param, sizeof made->param, "%s%s", c ? c->key : "q", suffix);
    return n < (int)sizeof made->param ? YH_OK : yh_fail(YH_E_INTERNAL, "a column's key is too long");
}

static void put_contains(yh_buf *out, const struct list_column *c)
{
    yh_buf_printf(out, "LOWER(%s) LIKE ? ESCAPE '!'", c->sql);
}

static yh_err plan_column(struct list_plan *p, const struct list_column *c, yh_buf *text)
{
    if (c->filters & LIST_EQUAL) {
        yh_buf_printf(text, "%s = ?", c->sql);
        YH_TRY(add_condition(p, c, OP_EQUAL, "", text, 1));
    }
    if (c->filters & LIST_CONTAINS) {
        put_contains(text, c);
        YH_TRY(add_condition(p, c, OP_CONTAINS, "", text, 1));
    }
    if (c->filters & LIST_IN) {
        yh_buf_printf(text, "%s IN (?", c->sql);
        for (int i = 1; i < LIST_CHOICES_MAX; i++)
            yh_buf_puts(text, ", ?");
        yh_buf_putc(text, ')');
        YH_TRY(add_condition(p, c, OP_IN, "", text, LIST_CHOICES_MAX));
    }
    if (c->filters & LIST_RANGE) {
        yh_buf_printf(text, "%s >= ?", c->sql);
        YH_TRY(add_condition(p, c, OP_FROM, "_from", text, 1));
        yh_buf_printf(text, "%s < ?", c->sql);
        YH_TRY(add_condition(p, c, OP_TO, "_to", text, 1));
    }
    return YH_OK;
}

static yh_err plan_search(struct list_plan *p, const struct list *l, yh_buf *text)
{
    unsigned n = 0;
    for (const struct list_column *c = l->columns; c->key; c++) {
        if (!c->search)
            continue;
        yh_buf_puts(text, n++ ? " OR " : "(");
        put_contains(text, c);
    }
    if (n == 0)
        return YH_OK;
    yh_buf_putc(text, ')');
    return add_condition(p, NULL, OP_SEARCH, "", text, n);
}

/* ---- the plan ---- */

static bool is_one_kind(unsigned filters)
{
    unsigned kinds = filters & (LIST_EQUAL | LIST_CONTAINS | LIST_IN);
    return (kinds & (kinds - 1)) == 0;
}

static yh_err check_table(const struct list *l)
{
    size_t n = 0;
    for (const struct list_column *c = l->columns; c->key; c++, n++)
        if (!c->sql || !c->title || !is_one_kind(c->filters) || (c->sortable && c->type == LIST_DECIMAL))
            return yh_fail(YH_E_INTERNAL, "column %s of list %s contradicts itself", c->key, l->name);
    const char *sort = l->sort + (l->sort[0] == '-');
    const struct list_column *first = list_column_find(l, yh_str_of(sort));
    if (n == 0 || n > LIST_COLUMNS_MAX || !list_column_find(l, yh_str_of(l->key)) || !first || !first->sortable)
        return yh_fail(YH_E_INTERNAL, "list %s contradicts itself", l->name);
    return YH_OK;
}

static yh_err plan_list(const struct list *l)
{
    yh_buf_auto text = yh_buf_make(LIST_SQL_MAX);
    YH_TRY(check_table(l));
    struct list_plan *p = calloc(1, sizeof *p);
    if (!p)
        return yh_fail(YH_E_NO_MEMORY, "no memory for a list");
    pthread_mutex_init(&p->lock, NULL);
    l->memo->plan = p; /* stays until the program ends */
    YH_TRY(plan_search(p, l, &text));
    for (const struct list_column *c = l->columns; c->key; c++, p->column_n++) {
        YH_TRY(plan_column(p, c, &text));
        if (strcmp(c->key, l->key) == 0)
            p->key = p->column_n;
    }
    return YH_OK;
}

yh_err list_prepare(const struct list *const *lists)
{
    for (; *lists; lists++)
        if (!(*lists)->memo->plan)
            YH_TRY(plan_list(*lists));
    return YH_OK;
}

/* ---- statements ---- */

static void put_conditions(yh_buf *out, const struct list_plan *p, uint32_t filters, bool guarded)
{
    for (size_t i = 0; i < p->condition_n; i++) {
        if (guarded)
            yh_buf_printf(out, " AND (CAST(? AS INTEGER) = 0 OR %s)", p->conditions[i].sql);
        else if (filters >> i & 1)
            yh_buf_printf(out, " AND %s", p->conditions[i].sql);
    }
}

/* The order's first column also by itself: that is what an index can begin at. */
static void put_after(yh_buf *out, const struct list *l, const struct list_asked *a)
{
    const char *order = l->columns[a->order].sql, *key = l->columns[l->memo->plan->key].sql;
    const char *than = a->descending ? "<" : ">";
    if (a->after && a->order == l->memo->plan->key)
        yh_buf_printf(out, " AND %s %s ?", key, than);
    else if (a->after)
        yh_buf_printf(out, " AND %s %s= ? AND (%s, %s) %s (?, ?)", order, than, order, key, than);
}

static void put_order(yh_buf *out, const struct list *l, const struct list_asked *a)
{
    const char *how = a->descending ? " DESC" : "";
    yh_buf_printf(out, " ORDER BY %s%s", l->columns[a->order].sql, how);
    if (a->order != l->memo->plan->key)
        yh_buf_printf(out, ", %s%s", l->columns[l->memo->plan->key].sql, how);
}

static void put_columns(yh_buf *out, const struct list *l)
{
    for (const struct list_column *c = l->columns; c->key; c++) {
        yh_buf_puts(out, c == l->columns ? "SELECT " : ", ");
        yh_buf_puts(out, c->sql);
    }
}

/* A range in a column that has an index of its own may cut so much that the order comes cheap: left to the database. */
static bool cuts_elsewhere(const struct list *l, const struct list_asked *a)
{
    const struct list_plan *p = l->memo->plan;
    for (size_t i = 0; i < p->condition_n; i++) {
        const struct list_condition *c = &p->conditions[i];
        if ((a->filters >> i & 1) && (c->op == OP_FROM || c->op == OP_TO) && c->column->sortable)
            return true;
    }
    return false;
}

static yh_err compose(const struct list *l, const struct list_asked *a, list_kind kind, bool guarded, char **ret)
{
    yh_buf_auto text = yh_buf_make(LIST_SQL_MAX);
    if (kind == LIST_KIND_COUNT)
        yh_buf_puts(&text, "SELECT COUNT(*) FROM (SELECT 1");
    else
        put_columns(&text, l);
    const struct list_column *order = kind == LIST_KIND_COUNT ? NULL : &l->columns[a->order];
    bool own = order && order->from && !cuts_elsewhere(l, a);
    yh_buf_printf(&text, "%s%s%s", own ? order->from : l->from, l->where, own ? order->on : "");
    put_conditions(&text, l->memo->plan, a->filters, guarded);
    if (kind != LIST_KIND_COUNT) {
        put_after(&text, l, a);
        put_order(&text, l, a);
    }
    yh_buf_puts(&text, kind == LIST_KIND_COUNT ? " LIMIT ?) AS counted" : " LIMIT ?");
    return own_text(&text, ret);
}

static uint16_t shape_of(const struct list_asked *a, list_kind kind)
{
    if (kind == LIST_KIND_COUNT)
        return UINT16_MAX;
    return (uint16_t)(a->order << 2 | (unsigned)a->descending << 1 | a->after);
}

static const char *known_text(const struct list_plan *p, uint32_t filters, uint16_t shape)
{
    for (size_t i = 0; i < p->text_n; i++)
        if (p->texts[i].filters == filters && p->texts[i].shape == shape)
            return p->texts[i].sql;
    return NULL;
}

static yh_err keep_text(struct list_plan *p, uint32_t filters, uint16_t shape, char *sql)
{
    if (p->text_n == p->text_cap) {
        size_t cap = p->text_cap ? p->text_cap * 2 : 16;
        struct list_text *larger = realloc(p->texts, cap * sizeof *larger);
        if (!larger)
            return yh_fail(YH_E_NO_MEMORY, "no memory for a list");
        p->texts = larger;
        p->text_cap = cap;
    }
    p->texts[p->text_n++] = (struct list_text){filters, shape, sql};
    return YH_OK;
}

static yh_err find_text(const struct list *l, const struct list_asked *a, list_kind kind, const char **ret, bool *ret_guarded)
{
    struct list_plan *p = l->memo->plan;
    uint16_t shape = shape_of(a, kind);
    const char *known = known_text(p, a->filters, shape);
    bool guarded = !known && p->own_n >= LIST_TEXTS_MAX && a->filters != 0;
    uint32_t filters = guarded ? UINT32_MAX : a->filters;
    if (guarded)
        known = known_text(p, filters, shape);
    *ret_guarded = guarded;
    *ret = known;
    if (known)
        return YH_OK;
    char *sql = NULL;
    YH_TRY(compose(l, a, kind, guarded, &sql));
    yh_err e = keep_text(p, filters, shape, sql);
    if (e != YH_OK) {
        free(sql);
        return e;
    }
    p->own_n += !guarded && filters != 0;
    *ret = sql;
    return YH_OK;
}

yh_err list_sql(const struct list *l, const struct list_asked *a, list_kind kind, const char **ret, bool *ret_guarded)
{
    pthread_mutex_lock(&l->memo->plan->lock);
    yh_err e = find_text(l, a, kind, ret, ret_guarded);
    pthread_mutex_unlock(&l->memo->plan->lock);
    return e;
}
