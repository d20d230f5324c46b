#include "base/arena.h"

#include <stdarg.h>

#define CHUNK 8192u

struct yh_arena_chunk {
    struct yh_arena_chunk *next;
    size_t size; /* of the bytes behind this header */
    max_align_t bytes[];
};

void yh_arena_done(yh_arena *a)
{
    struct yh_arena_chunk *c = a->head;
    while (c) {
        struct yh_arena_chunk *next = c->next;
        free(c);
        c = next;
    }
    *a = (yh_arena){.max = a->max};
}

void yh_arena_reset(yh_arena *a)
{
    struct yh_arena_chunk *keep = a->head;
    if (!keep)
        return;
    a->head = keep->next;
    size_t max = a->max;
    yh_arena_done(a);
    keep->next = NULL;
    *a = (yh_arena){.head = keep, .at = (char *)keep->bytes, .end = (char *)keep->bytes + keep->size,
                    .used = keep->size, .max = max};
}

static bool add_chunk(yh_arena *a, size_t n)
{
    size_t left = a->max - a->used;
    if (n > left)
        return false;
    size_t size = n > CHUNK ? n : yh_min_size(CHUNK, left);
    struct yh_arena_chunk *c = malloc(sizeof *c + size);
    if (!c)
        return false;
    c->next = a->head;
    c->size = size;
    a->head = c;
    a->at = (char *)c->bytes;
    a->end = a->at + size;
    a->used += size;
    return true;
}

void *yh_arena_alloc(yh_arena *a, size_t n)
{
    if (n > a->max)
        return NULL;
    n = n ? (n + 15) & ~(size_t)15 : 16;
    if (n > (size_t)(a->end - a->at) && !add_chunk(a, n))
        return NULL;
    void *p = a->at;
    a->at += n;
    return memset(p, 0, n);
}

void *yh_arena_array(yh_arena *a, size_t count, size_t size)
{
    size_t n;
    return __builtin_mul_overflow(count, size, &n) ? NULL : yh_arena_alloc(a, n);
}

void *yh_arena_more(yh_arena *a, void *rows, size_t n, size_t size)
{
    if (n & (n - 1))
        return rows;
    void *bigger = n > SIZE_MAX / 2 ? NULL : yh_arena_array(a, n ? 2 * n : 1, size);
    if (bigger && n)
        memcpy(bigger, rows, n * size);
    return bigger;
}

char *yh_arena_z(yh_arena *a, yh_str s)
{
    char *p = yh_arena_alloc(a, s.n + 1);
    if (p && s.n)
        memcpy(p, s.p, s.n);
    return p;
}

yh_str yh_arena_str(yh_arena *a, yh_str s)
{
    const char *p = yh_arena_z(a, s);
    return p ? (yh_str){p, s.n} : (yh_str){NULL, 0};
}

char *yh_arena_printf(yh_arena *a, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    char *p = n < 0 ? NULL : yh_arena_alloc(a, (size_t)n + 1);
    if (p)
        vsnprintf(p, (size_t)n + 1, fmt, again);
    va_end(again);
    return p;
}
