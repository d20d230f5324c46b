/*
 * What the gate refuses, delays, cuts short, closes or drops, by cause: one table from which the counters, the metrics and
 * the log lines come. Counting is for the gate's thread, reading for any.
 */
#ifndef YH_GATE_EVENTS_H
#define YH_GATE_EVENTS_H

#include <stdatomic.h>

#include "base/buf.h"

typedef enum gate_event {
    GATE_REFUSED_FULL, GATE_REFUSED_ADDRESS_OPEN, GATE_REFUSED_ADDRESS_RATE, GATE_REFUSED_RESOURCES,
    GATE_DELAYED_ACCEPT_RATE, GATE_DELAYED_DESCRIPTORS, GATE_DELAYED_STATION_RATE, GATE_DELAYED_LOG, GATE_DELAYED_PEER,
    GATE_DELAYED_MEMORY,
    GATE_CUT_LATE,
    GATE_CLOSED_IDLE, GATE_CLOSED_DEAF, GATE_CLOSED_BROKEN, GATE_CLOSED_RESOURCES,
    GATE_DROPPED_LINE,
    GATE_EVENT_COUNT
} gate_event;

struct events {
    _Atomic uint64_t n[GATE_EVENT_COUNT];
    struct {
        int64_t said_us; /* 0: never */
        uint64_t said_n;
    } line[GATE_EVENT_COUNT];
};

const char *events_word(gate_event what); /* the cause in the metrics */

void events_count(struct events *e, gate_event what, uint64_t n);

/* Counts one and composes a line for the log, at most one per minute and cause; false when it is not time for one. */
bool events_tell(struct events *e, gate_event what, const char *who, int64_t now_us, yh_buf *ret_line);

/* Prometheus text, one metric with the label "cause" per kind of event. */
void events_metrics(const struct events *e, yh_buf *out);

#endif
