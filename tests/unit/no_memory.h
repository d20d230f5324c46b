/*
 * Allocation that fails on request, for programs linked with tests/unit/no_memory.c and its `--wrap` arguments. Only the
 * calling thread is concerned, and only code linked statically: ours.
 */
#ifndef YH_TEST_NO_MEMORY_H
#define YH_TEST_NO_MEMORY_H

#include <stdbool.h>

/* The n-th allocation from now on fails, n from 1; all after it succeed. 0: none fails. */
void no_memory_at(int n);

/* Did it fail? Also ends the failing. */
bool no_memory_hit(void);

/* Runs `work` with the 1st, 2nd, ... allocation failing, until none is left to fail; how often it did. `work` checks for
 * itself that what comes out is either right or a clean refusal. */
int no_memory_loop(void (*work)(void *user), void *user);

#endif
