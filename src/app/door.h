/* The gate's connections in the words of the monitoring wing, which stands above the gate. */
#ifndef YH_APP_DOOR_H
#define YH_APP_DOOR_H

#include "gate/gate.h"
#include "monitor/http.h"

/* Fills all but host and port. */
yh_must yh_err door_look(struct gate *gate, struct yh_arena *arena, struct monitor_door *ret);

#endif
