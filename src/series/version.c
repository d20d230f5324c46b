#include "series/version.h"

#define FACTS_BYTES_MAX ((size_t)1 << 30)

void series_facts_done(struct series_facts *f)
{
    free(f->p);
    *f = (struct series_facts){0};
}

yh_err series_facts_reserve(struct series_facts *f, size_t n)
{
    if (f->n + n <= f->cap)
        return YH_OK;
    size_t cap = f->cap ? f->cap * 2 : 64;
    if (cap < f->n + n)
        cap = f->n + n;
    struct series_fact *p = cap <= FACTS_BYTES_MAX / sizeof *p ? reallocarray(f->p, cap, sizeof *p) : NULL;
    if (!p)
        return yh_fail(YH_E_NO_MEMORY, "no memory to read %zu values", cap);
    f->p = p;
    f->cap = cap;
    return YH_OK;
}

yh_err series_facts_add(struct series_facts *f, const struct series_fact *fact)
{
    YH_TRY(series_facts_reserve(f, 1));
    f->p[f->n++] = *fact;
    return YH_OK;
}

static int compare_content(const struct series_fact *x, const struct series_fact *y)
{
    if (x->m != y->m)
        return x->m < y->m ? -1 : 1;
    if (x->scale != y->scale)
        return x->scale < y->scale ? -1 : 1;
    return (x->flag > y->flag) - (x->flag < y->flag);
}

static int by_time(const void *a, const void *b)
{
    const struct series_fact *x = a, *y = b;
    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    if (x->seq != y->seq)
        return x->seq < y->seq ? -1 : 1;
    return compare_content(x, y);
}

static int by_content(const void *a, const void *b)
{
    const struct series_fact *x = a, *y = b;
    int c = compare_content(x, y);
    return c ? c : (x->seq > y->seq) - (x->seq < y->seq);
}

static int by_last(const void *a, const void *b)
{
    const struct series_fact *x = a, *y = b;
    if (x->last != y->last)
        return x->last < y->last ? -1 : 1;
    return compare_content(x, y);
}

void series_facts_sort(struct series_fact *facts, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        if (by_time(&facts[i - 1], &facts[i]) > 0) {
            qsort(facts, n, sizeof *facts, by_time);
            return;
        }
    }
}

size_t series_versions_reduce(struct series_fact *facts, size_t n)
{
    if (n <= 1)
        return n;
    qsort(facts, n, sizeof *facts, by_content);
    size_t kept = 0;
    for (size_t i = 1; i < n; i++) {
        if (compare_content(&facts[kept], &facts[i]) != 0)
            facts[++kept] = facts[i];
        else if (facts[i].last > facts[kept].last)
            facts[kept].last = facts[i].last;
    }
    qsort(facts, kept + 1, sizeof *facts, by_last);
    return kept + 1;
}

struct series_value series_value_of(const struct series_fact *current, size_t versions)
{
    return (struct series_value){
        .time = current->time,
        .value = {current->m, current->scale},
        .flag = current->flag,
        .seq = current->seq,
        .versions = (unsigned)versions,
        .last_seq = current->last,
        .received = current->received,
    };
}
