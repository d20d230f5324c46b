/* The registry as lists (kit/list.h), and the import that fills it. */
#ifndef YH_SOURCE_LISTS_H
#define YH_SOURCE_LISTS_H

#include "kit/import.h"
#include "kit/list.h"
#include "source/source.h"

extern const struct list source_stations;        /* 站点台账 */
extern const struct list source_unknown_senders; /* 待接入站点 */

/* Who imports, and what the evidence log shall say of it. */
struct source_import {
    yh_str cause;
    yh_time now;
    const struct source_note *note; /* may be NULL; stored in the import's transaction */
};

/* Admission of many stations; `user` of import_run is a struct source_import. The first column is the MN. */
extern const struct import source_station_import;

#endif
