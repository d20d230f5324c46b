/* Simulated loggers on real connections: one thread, one connection each. */
#ifndef YH_APP_SIM_H
#define YH_APP_SIM_H

#include "app/sim_logger.h"

struct sim_config {
    char host[256];
    uint16_t port;
    size_t outlets;
    unsigned factors; /* 0: the usual ones */
    unsigned first;
    uint64_t seed;
    yh_time interval, history, hour_history;
    yh_time run_for; /* 0: until stopped() */
    const struct sim_script *script;
    bool (*stopped)(void);
};

/* Dials, plays to the end and prints the figures of the connections. */
yh_must yh_err sim_run(const struct sim_config *config);

/* One line of JSON for each logger. */
yh_must yh_err sim_list(const struct sim_config *config, yh_buf *out);

#endif
