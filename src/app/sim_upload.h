/* What a simulated logger writes: the frames of its uploads, split, enciphered or damaged as they have to be. */
#ifndef YH_APP_SIM_UPLOAD_H
#define YH_APP_SIM_UPLOAD_H

#include "app/sim_logger.h"

/* Data of one kind: of the moment `at`, or of the period that begins there. `late`: marked as back-filled where the
 * edition can. */
yh_must yh_err sim_upload(struct sim_context *c, struct sim_logger *l, sim_kind kind, yh_time at, bool late, yh_time now);

/* One frame with this CP area, in the name of the logger. */
yh_must yh_err sim_send(struct sim_context *c, struct sim_logger *l, const char *cn, const char *st, yh_str cp,
                        yh_time now);

/* A ready frame, damaged or repeated when the script says so. `asks`: an answer with this QN is due. */
yh_must yh_err sim_put(struct sim_context *c, struct sim_logger *l, yh_str frame, bool asks, yh_str qn, yh_time now);

/* Digits of a time as the logger's clock shows it. */
void sim_put_time(const struct sim_logger *l, yh_time t, bool milliseconds, yh_buf *out);

/* The text of a log entry of that moment. */
void sim_put_log(const struct sim_logger *l, yh_time t, yh_buf *out);

struct sim_series sim_series_of(const struct sim_context *c, const struct sim_logger *l, const struct sim_factor *f,
                                size_t max, struct sim_bend *bends);

#endif
