/* Grants, postings and tree in; permissions and reach out. Pure. */
#include "kit/access.h"

#define DEPTH_MAX 16      /* levels of the tree */
#define ROWS_MAX  200000  /* of one account */

struct work {
    const struct access_tree *tree;
    const struct access_person *person;
    yh_time now;
    struct yh_arena *arena;
    struct access_rows out;
    const struct access_grant *grant; /* being worked on */
    bool failed;
};

static yh_time later(yh_time a, yh_time b)
{
    return a > b ? a : b;
}

static yh_time earlier(yh_time a, yh_time b)
{
    return a < b ? a : b;
}

yh_time kit_day_time(yh_str day)
{
    yh_time t = 0;
    if (yh_str_is(day, "9999-12-31") || !yh_time_parse(day, YH_CST, &t))
        return KIT_FOREVER;
    return t;
}

static void push(struct work *w, struct access_row row)
{
    struct access_rows *o = &w->out;
    if (o->n == o->cap && !w->failed) {
        size_t cap = o->cap ? o->cap * 2 : 64;
        struct access_row *bigger = cap <= ROWS_MAX * 2 ? YH_NEW_N(w->arena, struct access_row, cap) : NULL;
        if (bigger && o->n)
            memcpy(bigger, o->rows, o->n * sizeof *bigger);
        w->failed = bigger == NULL;
        o->rows = bigger ? bigger : o->rows;
        o->cap = bigger ? cap : o->cap;
    }
    if (!w->failed)
        o->rows[o->n++] = row;
}

/* One key, under every permission of the grant's role that reaches data. */
static void reach(struct work *w, const char *kind, yh_str key, yh_time from, yh_time to)
{
    const struct kit_role *role = w->grant->role;
    size_t n;
    const struct kit_permission *all = kit_permissions(&n);
    from = later(from, w->now);
    for (size_t i = 0; from < to && role->permissions[i]; i++) {
        size_t at;
        if (kit_permission_find(yh_str_of(role->permissions[i]), &at) && all[at].data)
            push(w, (struct access_row){all[at].name, yh_str_of(kind), key, from, to});
    }
}

static void reach_id(struct work *w, const char *kind, int64_t id, yh_time from, yh_time to)
{
    char *text = yh_arena_printf(w->arena, "%lld", (long long)id);
    w->failed |= text == NULL;
    if (text)
        reach(w, kind, yh_str_of(text), from, to);
}

/* The permissions themselves, whether or not there is data behind them. */
static void permit(struct work *w)
{
    const struct kit_role *role = w->grant->role;
    yh_time from = later(w->grant->from, w->now);
    size_t at, n;
    const struct kit_permission *all = kit_permissions(&n);
    for (size_t i = 0; from < w->grant->to && role->permissions[i]; i++)
        if (kit_permission_find(yh_str_of(role->permissions[i]), &at))
            push(w, (struct access_row){all[at].name, YH_S("right"), YH_S(""), from, w->grant->to});
}

/* ---- the tree ---- */

static void reach_regions(struct work *w, int64_t agency, yh_time from, yh_time to)
{
    for (size_t i = 0; i < w->tree->region_n; i++) {
        const struct access_region *r = &w->tree->regions[i];
        yh_time f = later(from, r->from), t = earlier(to, r->to);
        if (r->agency != agency || f >= t)
            continue;
        if (!r->whole)
            reach(w, "region", r->code, f, t);
        for (size_t c = 0; r->whole && c < w->tree->code_n; c++)
            reach(w, "region", w->tree->codes[c], f, t);
    }
}

/* An agency reaches only while it exists. */
static void reach_agency(struct work *w, int64_t agency, yh_time from, yh_time to)
{
    for (size_t i = 0; i < w->tree->span_n; i++) {
        const struct access_span *s = &w->tree->spans[i];
        yh_time f = later(from, s->from), t = earlier(to, s->to);
        if (s->agency != agency || f >= t)
            continue;
        reach_id(w, "agency", agency, f, t);
        reach_regions(w, agency, f, t);
    }
}

static void reach_below(struct work *w, int64_t agency, yh_time from, yh_time to, int depth)
{
    reach_agency(w, agency, from, to);
    for (size_t i = 0; depth < DEPTH_MAX && i < w->tree->span_n; i++) {
        const struct access_span *s = &w->tree->spans[i];
        yh_time f = later(from, s->from), t = earlier(to, s->to);
        if (s->parent == agency && f < t)
            reach_below(w, s->agency, f, t, depth + 1);
    }
}

/* ---- scopes ---- */

static void reach_posting(struct work *w, const struct access_posting *p)
{
    yh_time from = later(w->grant->from, p->from), to = earlier(w->grant->to, p->to);
    if (from >= to)
        return;
    if (w->grant->reach == KIT_REACH_DEPARTMENT && p->department)
        reach_id(w, "department", p->department, from, to);
    if (w->grant->reach == KIT_REACH_AGENCY)
        reach_agency(w, p->agency, from, to);
    if (w->grant->reach == KIT_REACH_AGENCY_BELOW)
        reach_below(w, p->agency, from, to, 0);
}

static void reach_item(struct work *w, const struct access_item *item)
{
    const struct access_grant *g = w->grant;
    int64_t agency = 0;
    if (yh_str_is(item->kind, "agency") && yh_str_to_i64(item->key, &agency)) {
        reach_agency(w, agency, g->from, g->to);
        return;
    }
    char *kind = yh_arena_z(w->arena, item->kind);
    w->failed |= kind == NULL;
    if (kind)
        reach(w, kind, item->key, g->from, g->to);
    for (size_t i = 0; yh_str_is(item->kind, "region") && i < w->tree->region_n; i++) {
        const struct access_region *r = &w->tree->regions[i];
        if (!r->whole && yh_str_eq(r->code, item->key))
            reach_id(w, "agency", r->agency, later(g->from, r->from), earlier(g->to, r->to));
    }
}

static void reach_self(struct work *w)
{
    if (w->person->officer)
        reach_id(w, "officer", w->person->officer, w->grant->from, w->grant->to);
    if (w->person->enterprise)
        reach_id(w, "enterprise", w->person->enterprise, w->grant->from, w->grant->to);
}

static void reach_grant(struct work *w)
{
    permit(w);
    if (w->grant->reach == KIT_REACH_ALL)
        reach(w, "all", YH_S(""), w->grant->from, w->grant->to);
    if (w->grant->reach == KIT_REACH_SELF)
        reach_self(w);
    for (size_t i = 0; i < w->person->posting_n; i++)
        reach_posting(w, &w->person->postings[i]);
    for (size_t i = 0; i < w->grant->item_n; i++)
        reach_item(w, &w->grant->items[i]);
}

/* ---- in order, and joined ---- */

static int compare(const void *a, const void *b)
{
    const struct access_row *x = a, *y = b;
    int c = strcmp(x->permission, y->permission);
    c = c ? c : yh_str_cmp(x->kind, y->kind);
    c = c ? c : yh_str_cmp(x->key, y->key);
    return c ? c : x->from < y->from ? -1 : x->from > y->from;
}

static bool same_key(const struct access_row *x, const struct access_row *y)
{
    return strcmp(x->permission, y->permission) == 0 && yh_str_eq(x->kind, y->kind) && yh_str_eq(x->key, y->key);
}

static void join(struct access_rows *o)
{
    size_t kept = 0;
    if (o->n)
        qsort(o->rows, o->n, sizeof *o->rows, compare);
    for (size_t i = 0; i < o->n; i++) {
        struct access_row *last = kept ? &o->rows[kept - 1] : NULL;
        if (last && same_key(last, &o->rows[i]) && o->rows[i].from <= last->to)
            last->to = later(last->to, o->rows[i].to);
        else
            o->rows[kept++] = o->rows[i];
    }
    o->n = kept;
}

yh_err kit_access_compute(const struct access_tree *tree, const struct access_person *person, yh_time now,
                          struct yh_arena *arena, struct access_rows *ret)
{
    struct work w = {.tree = tree, .person = person, .now = now, .arena = arena};
    for (size_t i = 0; !person->disabled && i < person->grant_n; i++) {
        w.grant = &person->grants[i];
        reach_grant(&w);
    }
    if (w.failed)
        return yh_fail(YH_E_NO_MEMORY, "no memory for what an account may see");
    join(&w.out);
    *ret = w.out;
    return YH_OK;
}
