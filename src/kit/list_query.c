/* One question to a list: taken apart, bound, run. */
#include "kit/list_internal.h"

/* ---- what is asked ---- */

static yh_err wrong(const char *what)
{
    return yh_fail(YH_E_INVALID, "%s", what);
}

static yh_err ask_order(const struct list *l, yh_str sort, struct list_asked *a)
{
    yh_str given = sort.n ? sort : yh_str_of(l->sort);
    a->descending = given.p[0] == '-';
    const struct list_column *c = list_column_find(l, yh_str_sub(given, a->descending, given.n));
    if (!c || !c->sortable)
        return wrong("不能按这一列排序");
    a->order = (size_t)(c - l->columns);
    return YH_OK;
}

static void ask_filters(const struct list *l, const struct list_query *q, struct list_asked *a)
{
    const struct list_plan *p = l->memo->plan;
    for (size_t i = 0; i < p->condition_n; i++) {
        bool search = p->conditions[i].op == OP_SEARCH;
        yh_str value = search ? q->q : (yh_str){NULL, 0};
        bool given = search ? q->q.n > 0 : q->param && q->param(q->user, p->conditions[i].param, &value) && value.n;
        if (!given)
            continue;
        a->filters |= 1u << i;
        a->values[i] = value;
    }
}

static yh_err ask(const struct list *l, const struct list_query *q, bool paged, struct list_asked *ret)
{
    struct list_asked a = {0};
    YH_TRY(ask_order(l, q->sort, &a));
    ask_filters(l, q, &a);
    if (paged && q->cursor.n)
        YH_TRY(list_cursor_read(l, q->cursor, &a));
    *ret = a;
    return YH_OK;
}

/* ---- binding ---- */

struct binding {
    struct db_stmt *s;
    int at;
    yh_err failed;
};

static void bind_text(struct binding *b, yh_str v)
{
    db_bind_str(b->s, b->at++, v);
}

static void bind_i64(struct binding *b, int64_t v)
{
    db_bind_i64(b->s, b->at++, v);
}

static void bind_value(struct binding *b, list_type type, yh_str v)
{
    int64_t n = 0;
    yh_time t = 0;
    if (list_is_text(type))
        bind_text(b, v);
    else if (yh_str_to_i64(v, &n))
        bind_i64(b, n);
    else if (type == LIST_TIME && yh_time_parse(v, YH_CST, &t))
        bind_i64(b, t);
    else if (type == LIST_BOOL)
        bind_i64(b, yh_str_is(v, "true"));
    else
        b->failed = wrong("筛选条件不是数字或时间");
}

/* "%…%" in ASCII lower case with the pattern characters taken literally. */
static void bind_pattern(struct binding *b, yh_str part, unsigned times)
{
    yh_buf_auto pattern = yh_buf_make(2 * LIST_PATTERN_MAX + 2);
    yh_buf_putc(&pattern, '%');
    for (size_t i = 0; i < part.n; i++) {
        char c = part.p[i];
        if (c == '%' || c == '_' || c == '!')
            yh_buf_putc(&pattern, '!');
        yh_buf_putc(&pattern, c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c);
    }
    yh_buf_putc(&pattern, '%');
    if (pattern.failed)
        b->failed = yh_fail(YH_E_TOO_LARGE, "查询文字过长,请缩短");
    while (times--)
        bind_text(b, yh_buf_view(&pattern));
}

/* Places that nobody fills repeat the last value. */
static void bind_choices(struct binding *b, list_type type, yh_str list)
{
    yh_str rest = list, piece = {NULL, 0}, last = {NULL, 0};
    unsigned n = 0;
    while (yh_str_split(&rest, ',', &piece)) {
        if (n++ == LIST_CHOICES_MAX) {
            b->failed = wrong("同一列最多选 16 项");
            return;
        }
        bind_value(b, type, piece);
        last = piece;
    }
    for (; n < LIST_CHOICES_MAX; n++)
        bind_value(b, type, last);
}

static void bind_condition(struct binding *b, const struct list_condition *c, yh_str value)
{
    if (c->op == OP_SEARCH || c->op == OP_CONTAINS)
        bind_pattern(b, value, c->values);
    else if (c->op == OP_IN)
        bind_choices(b, c->column->type, value);
    else
        bind_value(b, c->column->type, value);
}

static void bind_nothing(struct binding *b, const struct list_condition *c)
{
    bool text = !c->column || c->op == OP_CONTAINS || list_is_text(c->column->type);
    for (unsigned i = 0; i < c->values; i++) {
        if (text)
            bind_text(b, YH_S(""));
        else
            bind_i64(b, 0);
    }
}

static void bind_conditions(struct binding *b, const struct list_plan *p, const struct list_asked *a, bool guarded)
{
    for (size_t i = 0; i < p->condition_n; i++) {
        bool given = a->filters >> i & 1;
        if (guarded)
            bind_i64(b, given);
        if (given)
            bind_condition(b, &p->conditions[i], a->values[i]);
        else if (guarded)
            bind_nothing(b, &p->conditions[i]);
    }
}

static void bind_after(struct binding *b, const struct list *l, const struct list_asked *a)
{
    list_type order = l->columns[a->order].type, key = l->columns[l->memo->plan->key].type;
    if (!a->after)
        return;
    if (a->order != l->memo->plan->key) {
        bind_value(b, order, a->after_value);
        bind_value(b, order, a->after_value);
    }
    bind_value(b, key, a->after_key);
}

static yh_err prepare(struct db *d, const struct list *l, const struct list_query *q, const struct list_asked *a,
                      list_kind kind, int64_t limit, struct db_stmt **ret)
{
    const char *sql = NULL;
    bool guarded = false;
    YH_TRY(list_sql(l, a, kind, &sql, &guarded));
    YH_TRY(db_prepare(d, sql, ret));
    struct binding b = {.s = *ret, .at = 1};
    b.at = kit_scope_bind(*ret, b.at, &(struct kit_scope){.account_id = q->account, .permission = l->permission, .at = q->at});
    bind_conditions(&b, l->memo->plan, a, guarded);
    if (kind != LIST_KIND_COUNT)
        bind_after(&b, l, a);
    bind_i64(&b, limit);
    return b.failed;
}

/* ---- running ---- */

struct place {
    yh_str value, key;
};

static yh_err keep_value(const struct db_stmt *s, size_t column, list_type type, struct yh_arena *arena, yh_str *ret)
{
    char *z = list_is_text(type) ? NULL : yh_arena_printf(arena, "%lld", (long long)db_i64(s, (int)column));
    *ret = list_is_text(type) ? yh_arena_str(arena, db_str(s, (int)column)) : yh_str_of(z);
    return ret->p ? YH_OK : yh_fail(YH_E_NO_MEMORY, "no memory for a page");
}

static yh_err place_of(const struct list *l, const struct list_asked *a, const struct db_stmt *s, struct yh_arena *arena,
                       struct place *ret)
{
    size_t key = l->memo->plan->key;
    YH_TRY(keep_value(s, key, l->columns[key].type, arena, &ret->key));
    return keep_value(s, a->order, l->columns[a->order].type, arena, &ret->value);
}

yh_err list_page(struct db *d, const struct list *l, const struct list_query *q, struct yh_arena *arena, list_row_fn each,
                 void *user, yh_str *ret_next)
{
    struct list_asked a;
    db_stmt_auto *s = NULL;
    struct place last = {{NULL, 0}, {NULL, 0}};
    size_t limit = q->limit && q->limit <= LIST_PAGE_MAX ? q->limit : LIST_PAGE_MAX;
    YH_TRY(ask(l, q, true, &a));
    YH_TRY(prepare(d, l, q, &a, LIST_KIND_PAGE, (int64_t)limit + 1, &s));
    *ret_next = YH_S("");
    for (size_t n = 0;; n++) {
        bool row = false;
        YH_TRY(db_step(s, &row));
        if (!row)
            return YH_OK;
        if (n == limit)
            return list_cursor_make(l, &a, last.value, last.key, arena, ret_next);
        YH_TRY(each(user, s));
        if (n + 1 == limit)
            YH_TRY(place_of(l, &a, s, arena, &last));
    }
}

yh_err list_all(struct db *d, const struct list *l, const struct list_query *q, list_row_fn each,
                        void *user)
{
    struct list_asked a;
    db_stmt_auto *s = NULL;
    YH_TRY(ask(l, q, false, &a));
    YH_TRY(prepare(d, l, q, &a, LIST_KIND_ALL, LIST_EXPORT_MAX + 1, &s));
    for (size_t n = 0;; n++) {
        bool row = false;
        YH_TRY(db_step(s, &row));
        if (!row)
            return YH_OK;
        if (n == LIST_EXPORT_MAX)
            return yh_fail(YH_E_TOO_LARGE, "结果超过 %d 行,请加上筛选条件后再导出", LIST_EXPORT_MAX);
        YH_TRY(each(user, s));
    }
}

yh_err list_count(struct db *d, const struct list *l, const struct list_query *q, uint64_t *ret,
                          bool *ret_exact)
{
    struct list_asked a;
    db_stmt_auto *s = NULL;
    bool row = false;
    uint64_t most = l->count_most ? l->count_most : 10000;
    YH_TRY(ask(l, q, false, &a));
    YH_TRY(prepare(d, l, q, &a, LIST_KIND_COUNT, (int64_t)most + 1, &s));
    YH_TRY(db_step(s, &row));
    uint64_t n = (uint64_t)db_i64(s, 0);
    *ret = n < most ? n : most;
    *ret_exact = n <= most;
    return YH_OK;
}
