/* Shapes of the station replies, shared by the rows that answer with them. */
#ifndef YH_MONITOR_STATION_SCHEMA_H
#define YH_MONITOR_STATION_SCHEMA_H

#include "net/http.h"

extern const struct http_schema station_schema;         /* a row of the list */
extern const struct http_schema station_list_schema;
extern const struct http_schema station_page_schema;    /* with factors, profile, counters */
extern const struct http_schema station_factor_schema;
extern const struct http_schema station_profile_schema;
extern const struct http_schema region_list_schema;

#endif
