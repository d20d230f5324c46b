#include "series/version.h"

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
