/* Which stations the asking person reaches, and which topic their events have. */
#ifndef YH_MONITOR_STATION_SCOPE_H
#define YH_MONITOR_STATION_SCOPE_H

#include "kit/scope.h"
#include "monitor/live.h"

/* Under the live lock. A sender that is not admitted lies nowhere: only who reaches everything sees it. s may be NULL. */
bool station_in_scope(const struct kit_scope *scope, const struct live_station *s);

/* May the person see records of this sender, under the request's permission? */
yh_must yh_err station_reached(const struct http_request *rq, struct live *live, yh_str mn, bool *ret);

/* Topic of an event about the station (kit/session_http.h). Under the live lock; s may be NULL. */
void station_topic(const struct live_station *s, yh_str mn, yh_buf *out);

#endif
