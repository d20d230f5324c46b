/*
 * The records of one sender, newest first, page by page as far back as the log reaches.
 *
 * The newest stand in the book. Older ones are looked for in the log itself, chunk by chunk towards its beginning, within
 * a bound per call: nobody pays for an index while frames arrive, and what a page costs is bounded by what it reads.
 */
#ifndef YH_MONITOR_FRAME_LOG_H
#define YH_MONITOR_FRAME_LOG_H

#include "base/arena.h"
#include "monitor/live.h"

struct frame_log_query {
    yh_str mn;
    uint64_t before;  /* only records with a smaller number; UINT64_MAX: from the newest on */
    size_t limit;
    chain_kind kind;  /* CHAIN_FRAME, CHAIN_BAD, CHAIN_JUNK; 0: any of them */
    yh_str cn;        /* empty: any */
    bool faults;      /* only those that are broken or gave no values for a reason */
    uint64_t scan_max; /* records read at most; 0: the usual bound */
};

struct frame_log_page {
    struct live_frame *rows; /* in the arena */
    size_t n;
    uint64_t next;    /* records below this number were not looked at; 0: none is left */
};

bool frame_log_is_fault(const struct live_frame *f);

/* YH_E_NOT_FOUND when nobody of that name was ever heard. */
yh_must yh_err frame_log_page(struct chain *chain, struct live *live, const struct frame_log_query *q,
                              struct yh_arena *arena, struct frame_log_page *ret);

#endif
