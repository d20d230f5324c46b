/*
 * Who may have how many of the process's descriptors, worked out before anything is opened: loggers, pages, and what log,
 * databases and forwarding need, so that no crowd takes from another what it lives on. Numbers in, numbers out.
 */
#ifndef YH_APP_DESCRIPTORS_H
#define YH_APP_DESCRIPTORS_H

#include "gate/limits.h"

/*
 * Kept for the program itself, more than it can use: 64 upstream platforms; segments, tree, checkpoints, packing and the
 * readers of the log (at most 40); the two databases, by writers, readers and handlers, with journal and temporary files
 * (at most 100); loops, listeners and standard streams (20).
 */
#define DESCRIPTORS_OWN  256u
#define DESCRIPTORS_HTTP 1024u /* pages and event streams when descriptors are scarce: an office, not a district */
#define DESCRIPTORS_HTTP_MOST 8192u

struct descriptors {
    unsigned loggers; /* without those kept for addresses with few (LIMITS_KEPT) */
    unsigned http;
};

/* `limit` descriptors in all; loggers get no more than `wanted`. Of a small limit they still get half. */
struct descriptors descriptors_share(uint64_t limit, unsigned wanted);

#endif
