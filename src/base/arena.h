/*
 * yh_arena: memory for one unit of work (a request, a batch of frames, a document). Everything taken from it is gone
 * when the unit ends; most functions then free nothing. Bounded: past `max` bytes it returns NULL.
 * Owned by one thread.
 */
#ifndef YH_BASE_ARENA_H
#define YH_BASE_ARENA_H

#include "base/str.h"

struct yh_arena_chunk;

typedef struct yh_arena {
    struct yh_arena_chunk *head;
    char *at;
    char *end;
    size_t used;
    size_t max;
} yh_arena;

#define yh_arena_auto yh_cleanup(yh_arena_done) struct yh_arena

static inline yh_arena yh_arena_make(size_t max)
{
    return (yh_arena){.max = max};
}

void yh_arena_done(yh_arena *a);
void yh_arena_reset(yh_arena *a); /* keeps the newest chunk for the next unit */

/* Zeroed memory, aligned to 16; NULL when the maximum or the machine's memory is reached. */
void *yh_arena_alloc(yh_arena *a, size_t n) __attribute__((malloc));
void *yh_arena_array(yh_arena *a, size_t count, size_t size);

/* An array that grows: room for one more behind the first n. Doubles when n is a power of two, so nobody keeps a capacity;
 * what it has left behind goes with the arena. NULL as above, `rows` stays then. */
void *yh_arena_more(yh_arena *a, void *rows, size_t n, size_t size);

char *yh_arena_z(yh_arena *a, yh_str s);       /* NUL-terminated copy */
yh_str yh_arena_str(yh_arena *a, yh_str s);    /* copy as a view ({NULL,0} when out of memory), also NUL-terminated */
char *yh_arena_printf(yh_arena *a, const char *fmt, ...) yh_printf(2, 3);

#define YH_NEW(arena, type) ((type *)yh_arena_alloc((arena), sizeof(type)))
#define YH_NEW_N(arena, type, n) ((type *)yh_arena_array((arena), (n), sizeof(type)))

#endif
