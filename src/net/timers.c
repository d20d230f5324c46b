#include "net/timers.h"

#define MAX_TIMERS (1u << 24)

void net_timers_done(struct net_timers *t)
{
    free(t->slots);
    free(t->heap);
    *t = (struct net_timers){0};
}

static bool earlier(const struct net_timers *t, uint32_t a, uint32_t b)
{
    return t->slots[t->heap[a]].at < t->slots[t->heap[b]].at;
}

static void swap(struct net_timers *t, uint32_t a, uint32_t b)
{
    uint32_t slot = t->heap[a];
    t->heap[a] = t->heap[b];
    t->heap[b] = slot;
    t->slots[t->heap[a]].heap_at = a;
    t->slots[t->heap[b]].heap_at = b;
}

static void sift_up(struct net_timers *t, uint32_t i)
{
    while (i > 0 && earlier(t, i, (i - 1) / 2)) {
        swap(t, i, (i - 1) / 2);
        i = (i - 1) / 2;
    }
}

static void sift_down(struct net_timers *t, uint32_t i)
{
    for (;;) {
        uint32_t least = i;
        for (uint32_t child = 2 * i + 1; child <= 2 * i + 2 && child < t->n; child++)
            if (earlier(t, child, least))
                least = child;
        if (least == i)
            return;
        swap(t, i, least);
        i = least;
    }
}

static bool grow(struct net_timers *t)
{
    uint32_t cap = t->cap ? 2 * t->cap : 16;
    if (cap > MAX_TIMERS)
        return false;
    struct net_timer *slots = realloc(t->slots, cap * sizeof *slots);
    if (!slots)
        return false;
    t->slots = slots;
    uint32_t *heap = realloc(t->heap, cap * sizeof *heap);
    if (!heap)
        return false;
    t->heap = heap;
    t->cap = cap;
    return true;
}

static bool take_slot(struct net_timers *t, uint32_t *ret)
{
    if (t->free_head) {
        *ret = t->free_head - 1;
        t->free_head = t->slots[*ret].heap_at;
        return true;
    }
    if (t->used == t->cap && !grow(t))
        return false;
    *ret = t->used++;
    t->slots[*ret].generation = 1;
    return true;
}

uint64_t net_timers_add(struct net_timers *t, int64_t at, int64_t every, void (*cb)(void *), void *user)
{
    uint32_t slot;
    if (!take_slot(t, &slot))
        return 0;
    struct net_timer *timer = &t->slots[slot];
    uint32_t generation = timer->generation;
    *timer = (struct net_timer){.at = at, .every = every, .cb = cb, .user = user, .generation = generation,
                                .heap_at = t->n};
    t->heap[t->n] = slot;
    sift_up(t, t->n++);
    return (uint64_t)generation << 32 | slot;
}

static void drop(struct net_timers *t, uint32_t slot)
{
    uint32_t i = t->slots[slot].heap_at;
    swap(t, i, --t->n);
    if (i < t->n) {
        sift_down(t, i);
        sift_up(t, i);
    }
    struct net_timer *timer = &t->slots[slot];
    if (++timer->generation == 0)
        timer->generation = 1;
    timer->cb = NULL;
    timer->heap_at = t->free_head;
    t->free_head = slot + 1;
}

void net_timers_cancel(struct net_timers *t, uint64_t id)
{
    uint32_t slot = (uint32_t)id;
    if (slot < t->used && t->slots[slot].cb && t->slots[slot].generation == (uint32_t)(id >> 32))
        drop(t, slot);
}

int64_t net_timers_next(const struct net_timers *t)
{
    return t->n ? t->slots[t->heap[0]].at : INT64_MAX;
}

void net_timers_fire(struct net_timers *t, int64_t now)
{
    while (t->n && t->slots[t->heap[0]].at <= now) {
        uint32_t slot = t->heap[0];
        struct net_timer due = t->slots[slot];
        if (due.every > 0) {
            t->slots[slot].at = now + due.every;
            sift_down(t, 0);
        } else {
            drop(t, slot);
        }
        due.cb(due.user);
    }
}
