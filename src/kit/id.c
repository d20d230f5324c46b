#include "kit/id.h"

#include <stdatomic.h>

#include "base/clock.h"

#define EPOCH     INT64_C(1704067200000) /* 2024-01-01T00:00:00Z */
#define TAIL_BITS 12

static _Atomic int64_t newest;

int64_t kit_id_next(void)
{
    uint16_t r;
    yh_random(&r, sizeof r);
    /* Half of the tail is left for counting up; a burst beyond it borrows from the next millisecond. */
    int64_t fresh = (yh_clock_now() - EPOCH) << TAIL_BITS | (r & 0x7ff);
    int64_t seen = atomic_load(&newest);
    int64_t id;
    do {
        id = fresh > seen ? fresh : seen + 1;
    } while (!atomic_compare_exchange_weak(&newest, &seen, id));
    return id;
}

yh_time kit_id_time(int64_t id)
{
    return (id >> TAIL_BITS) + EPOCH;
}
