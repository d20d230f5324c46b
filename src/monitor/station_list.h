/* Which stations a list shows and in which order: by enterprise, then MN. All calls under the live lock. */
#ifndef YH_MONITOR_STATION_LIST_H
#define YH_MONITOR_STATION_LIST_H

#include "base/arena.h"
#include "monitor/live.h"

struct kit_scope;
struct station_filter {
    const struct kit_scope *scope; /* what the person reaches */
    yh_str q;      /* part of MN, station, enterprise or region; ASCII letters in either case; empty: all */
    yh_str medium; /* empty: all */
    bool by_state, exceeding;
    live_state state;
};

struct station_selection {
    struct live_station **items;
    size_t n;
};

/* All admitted stations that match, in the arena. */
yh_must yh_err station_select(struct live *live, const struct station_filter *f, struct yh_arena *arena,
                              struct station_selection *ret);

/* Index of the first station behind `cursor`, the MN of the last one shown, whether or not that one still matches.
 * Empty, or nobody's MN: from the start. */
size_t station_page_start(struct live *live, const struct station_selection *all, yh_str cursor);

#endif
