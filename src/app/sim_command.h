/* Reverse control: how a simulated logger answers the commands of a platform. */
#ifndef YH_APP_SIM_COMMAND_H
#define YH_APP_SIM_COMMAND_H

#include "app/sim_logger.h"

/* A frame of the platform. Acknowledgements and answers need none. */
yh_must yh_err sim_command(struct sim_context *c, struct sim_logger *l, yh_str raw, yh_time now);

/* Sends the next record of the request that is open; after the last one the result. */
yh_must yh_err sim_command_go_on(struct sim_context *c, struct sim_logger *l, yh_time now);

#endif
