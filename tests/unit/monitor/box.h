/* A data directory with log, series, registry and live book, as the server puts them together; without gate and HTTP. */
#ifndef TESTS_UNIT_MONITOR_BOX_H
#define TESTS_UNIT_MONITOR_BOX_H

#include "../check.h"

#include "chain/chain.h"
#include "db/db.h"
#include "monitor/live.h"
#include "monitor/monitor.h"
#include "series/series.h"

struct box {
    char dir[64];
    struct chain *chain;
    struct series *series;
    struct db_pool *pool;
    struct live *live;
    struct monitor *monitor; /* NULL while stopped */
    unsigned values, unknown, stations; /* events published */
};

struct box *box_open(void);
void box_close(struct box *b);

void box_run(struct box *b);  /* loads the book and starts a worker */
void box_halt(struct box *b); /* stops it cleanly */
void box_wait(struct box *b); /* until everything appended is read and nothing has to be derived again */

/* Appends a frame around `segment`, received at `received`. */
uint64_t box_append(struct box *b, yh_str mn, const char *segment, yh_time received);
void box_admit(struct box *b, const char *mn, const char *outlet);
void box_patch(struct box *b, const char *mn, const char *json);

uint64_t box_values(struct box *b); /* in the series */
int64_t box_number(struct box *b, const char *sql_literal);

#endif
