#include "gate/events.h"

#define SAY_EVERY_US 60000000

enum kind { REFUSED, DELAYED, CUT, CLOSED, DROPPED, KINDS };

static const struct {
    const char *metric, *help;
} kinds[KINDS] = {
    [REFUSED] = {"yuheng_gate_refused_connections_total", "connections that were not let in"},
    [DELAYED] = {"yuheng_gate_delayed_total", "times that somebody was made to wait"},
    [CUT] = {"yuheng_gate_cut_total", "unfinished frames written to the evidence log as they stood"},
    [CLOSED] = {"yuheng_gate_closed_total", "connections that the gate closed or that broke"},
    [DROPPED] = {"yuheng_gate_dropped_answers_total", "answers that could not be delivered"},
};

static const struct {
    enum kind kind;
    const char *cause, *line; /* without a line only counted: ordinary, or told elsewhere */
} rows[GATE_EVENT_COUNT] = {
    [GATE_REFUSED_FULL] = {REFUSED, "full", "refused: as many connections as allowed are open"},
    [GATE_REFUSED_ADDRESS_OPEN] = {REFUSED, "address_connections", "refused: its address has as many connections as allowed"},
    [GATE_REFUSED_ADDRESS_RATE] = {REFUSED, "address_rate", "refused: its address connects too often"},
    [GATE_REFUSED_RESOURCES] = {REFUSED, "resources", "refused: the machine has no memory for it"},
    [GATE_DELAYED_ACCEPT_RATE] = {DELAYED, "accept_rate", "new connections wait: more arrive than allowed per second"},
    [GATE_DELAYED_DESCRIPTORS] = {DELAYED, "descriptors", "new connections wait: the process is out of descriptors"},
    [GATE_DELAYED_STATION_RATE] = {DELAYED, "station_rate", "held back: its station sends more frames per second than allowed"},
    [GATE_DELAYED_LOG] = {DELAYED, "log", NULL},
    [GATE_DELAYED_PEER] = {DELAYED, "peer_not_reading", "held back: it does not take its answers"},
    [GATE_DELAYED_MEMORY] = {DELAYED, "memory", "held back: too much is held in memory for all connections together"},
    [GATE_CUT_LATE] = {CUT, "late", "a frame was not finished in time and is logged as it stands"},
    [GATE_CLOSED_IDLE] = {CLOSED, "idle", NULL},
    [GATE_CLOSED_DEAF] = {CLOSED, "peer_not_reading", "closed: it takes none of its answers"},
    [GATE_CLOSED_BROKEN] = {CLOSED, "broken", NULL},
    [GATE_CLOSED_RESOURCES] = {CLOSED, "resources", "closed: the machine has no memory for it"},
    [GATE_DROPPED_LINE] = {DROPPED, "connection_lost", NULL},
};

const char *events_word(gate_event what)
{
    return rows[what].cause;
}

void events_count(struct events *e, gate_event what, uint64_t n)
{
    atomic_fetch_add_explicit(&e->n[what], n, memory_order_relaxed);
}

bool events_tell(struct events *e, gate_event what, const char *who, int64_t now_us, yh_buf *ret_line)
{
    events_count(e, what, 1);
    int64_t said = e->line[what].said_us;
    if (!rows[what].line || (said && now_us - said < SAY_EVERY_US))
        return false;
    uint64_t n = atomic_load_explicit(&e->n[what], memory_order_relaxed);
    uint64_t more = n - e->line[what].said_n - 1;
    yh_buf_printf(ret_line, "%s%s%s", who, *who ? " " : "", rows[what].line);
    if (more)
        yh_buf_printf(ret_line, " (and %llu more like it since the last line)", (unsigned long long)more);
    e->line[what].said_us = now_us;
    e->line[what].said_n = n;
    return true;
}

void events_metrics(const struct events *e, yh_buf *out)
{
    for (unsigned k = 0; k < KINDS; k++) {
        yh_buf_printf(out, "# HELP %s %s\n# TYPE %s counter\n", kinds[k].metric, kinds[k].help, kinds[k].metric);
        for (unsigned i = 0; i < GATE_EVENT_COUNT; i++)
            if (rows[i].kind == k)
                yh_buf_printf(out, "%s{cause=\"%s\"} %llu\n", kinds[k].metric, rows[i].cause,
                              (unsigned long long)atomic_load_explicit(&e->n[i], memory_order_relaxed));
    }
}
