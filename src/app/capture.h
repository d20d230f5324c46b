/*
 * Captured traffic in memory: a file of raw bytes (plain or .gz) cut into the spans it consists of, in order.
 */
#ifndef YH_APP_CAPTURE_H
#define YH_APP_CAPTURE_H

#include "hj212/frame.h"
#include "hj212/framer.h"

struct capture_span {
    hj212_event_kind kind; /* HJ212_FRAME, HJ212_BAD or HJ212_JUNK */
    yh_str raw;            /* points into the capture */
    unsigned logger;       /* index of the sender; broken spans belong to the sender before them */
    bool hourly;           /* a frame of hour or day values */
};

struct capture {
    yh_time hour;  /* start of the captured hour by the file's name (YYYY-MM-DD_HH), else of its first data time */
    yh_buf bytes;
    struct capture_span *spans;
    size_t span_count, span_cap;
};

/* Senders over all files. */
struct capture_loggers {
    char (*mn)[33];
    size_t n, cap;
};

yh_must yh_err capture_load(const char *path, struct capture_loggers *loggers, struct capture *ret);
void capture_done(struct capture *c);
void capture_loggers_done(struct capture_loggers *l);

#endif
