/*
 * Row ids made by the program: 53 bits (exact in a browser's number), ordered by time: 41 bits of milliseconds since
 * 2024-01-01, 12 bits that begin at random within each millisecond and then count. Any thread; never repeats within a
 * process, and two processes meet only when they hit the same millisecond and number, which the primary key refuses.
 */
#ifndef YH_KIT_ID_H
#define YH_KIT_ID_H

#include "base/timestamp.h"

int64_t kit_id_next(void);

/* When the id was made, to the millisecond. */
yh_time kit_id_time(int64_t id);

#endif
