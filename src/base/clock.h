/* The machine's clocks and random source. Pure rooms never include this: they are handed `now`. */
#ifndef YH_BASE_CLOCK_H
#define YH_BASE_CLOCK_H

#include "base/timestamp.h"

yh_time yh_clock_now(void);      /* wall clock */
int64_t yh_clock_mono_us(void);  /* microseconds that never go back */

/* Fills with bytes from the kernel's generator; aborts when the kernel has none. */
void yh_random(void *bytes, size_t n);

#endif
