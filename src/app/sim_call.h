/* A command that a simulated logger carries out. Private to the sim_command files. */
#ifndef YH_APP_SIM_CALL_H
#define YH_APP_SIM_CALL_H

#include "app/sim_logger.h"

enum { EXE_LATER = 0, EXE_DONE = 1, EXE_FAILED = 2, EXE_CONDITION = 3, EXE_TIMEOUT = 4, EXE_BUSY = 5, EXE_BROKEN = 6,
       EXE_NO_DATA = 100 };

struct sim_call;

/* How a command is carried out. */
struct sim_row {
    const char *cn;
    int (*run)(struct sim_call *call, yh_err *e); /* the ExeRtn; EXE_LATER when sim_command_go_on will send it */
    sim_setting settings[2];
    unsigned setting_count;
    sim_kind kind;
};

struct sim_call {
    struct sim_context *c;
    struct sim_logger *l;
    const struct hj212_frame *f;
    const struct hj212_brief *brief;
    yh_time now;
    const struct sim_row *row;
};

/* Commands about parameters, clocks, keys and stored data; and those about analysers. NULL: not one of them. */
const struct sim_row *sim_command_row(yh_str cn);
const struct sim_row *sim_analyser_row(yh_str cn);
const struct sim_row *sim_row_in(const struct sim_row *rows, size_t n, yh_str cn);

/* One frame of data under the command's number, from c->cp. */
yh_must yh_err sim_call_send(struct sim_call *call);

/* A field as the standards spell it in one place or another; p == NULL without it. */
yh_str sim_call_field(const struct sim_call *call, const char *name);
bool sim_call_times(const struct sim_call *call, yh_time *ret_begin, yh_time *ret_end); /* of the true clock */

/* The command names no analyser, or one the station has. */
bool sim_call_has_analyser(const struct sim_call *call);
void sim_call_put_analyser(const struct sim_call *call, yh_buf *out); /* "PolId=…" */

#endif
