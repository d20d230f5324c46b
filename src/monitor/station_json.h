/* How a station and its values look in every reply. All calls under the live lock. */
#ifndef YH_MONITOR_STATION_JSON_H
#define YH_MONITOR_STATION_JSON_H

#include "base/json.h"
#include "monitor/live.h"
#include "monitor/registry.h"

void station_json_fields(struct yh_json *j, const struct live_station *s); /* inside an open object */
void station_json_factor(struct yh_json *j, const struct live_station *s, yh_str code);
void station_json_profile(struct yh_json *j, const struct live_station *s);

/* Whether a value stands above the station's limit, or below its lower one (pH); a flagged value cannot exceed. */
bool station_exceeds(const struct live_station *s, yh_str factor, yh_dec value, char flag);
bool station_exceeding(const struct live_station *s); /* any newest real-time value */

/* The registered factors and those merely seen, in that order: calls `each` once per code. */
void station_each_factor(const struct live_station *s, void (*each)(void *user, yh_str code), void *user);

/* What the dictionary or the station calls the factor; the code itself when nobody knows it. */
yh_str station_factor_name(const struct live_station *s, yh_str code);
const char *station_flag_name(char flag); /* NULL without flag or for an unknown one */

#endif
