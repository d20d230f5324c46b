/* The simulated stations of a demo: registered like the captured ones, so that ./run can let `yuheng sim` play them. */
#ifndef YH_APP_DEMO_SIM_H
#define YH_APP_DEMO_SIM_H

#include "base/timestamp.h"
#include "db/db.h"

#define DEMO_SIM_OUTLETS 12 /* as many as ./run starts */

/* Stations of all three editions under fictional names, with password and key; *ret_created is added to. */
yh_must yh_err demo_sim_seed(struct db *writer, yh_time now, size_t *ret_created);

#endif
