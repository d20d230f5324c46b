/* The program's log, for edges only (gate, HTTP wrapper, worker, main): one line per event on standard error. */
#ifndef YH_BASE_LOG_H
#define YH_BASE_LOG_H

#include "base/yh.h"

typedef enum yh_log_level { YH_LOG_DEBUG, YH_LOG_INFO, YH_LOG_WARN, YH_LOG_ERROR } yh_log_level;

void yh_log_set_level(yh_log_level least);

/* "2026-11-23T08:15:00.250+08:00 WARN gate: text". One write per line, so threads do not mix. */
void yh_log(yh_log_level level, const char *area, const char *fmt, ...) yh_printf(3, 4);

#endif
