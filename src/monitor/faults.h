/*
 * What goes wrong with the records, counted by cause: why a frame is broken (hj212/diagnose.h), or why a good one gave no
 * values (ingest_issue). A sender that is not admitted is no fault: those stand in a list of their own. Counted since start,
 * and over the newest records read at start. Any thread.
 */
#ifndef YH_MONITOR_FAULTS_H
#define YH_MONITOR_FAULTS_H

#include "monitor/ingest.h"

#define FAULT_TEXT 320

struct fault {
    const char *cause; /* machine word */
    char text[FAULT_TEXT]; /* Chinese, with the figures of the newest record */
    uint64_t count;
    uint64_t last_seq;
    yh_time last_received;
    char last_mn[CHAIN_ORIGIN_MAX + 1];
};

struct faults;
yh_must yh_err faults_new(struct faults **ret);
void faults_free(struct faults *f); /* NULL is fine */

void faults_note(struct faults *f, const struct chain_record *r, const struct ingest_result *result);

#define FAULTS_MAX 64
/* Those that occurred, most frequent first; *ret_since is the reception of the first record looked at. */
size_t faults_get(struct faults *f, struct fault ret[FAULTS_MAX], yh_time *ret_since);

#endif
