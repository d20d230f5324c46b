/* A simulated logger whose line ends in a buffer. */
#ifndef YH_TEST_SIM_BOX_H
#define YH_TEST_SIM_BOX_H

#include "../check.h"

#include "app/sim_logger.h"

#define BOX_FRAMES_MAX 8192
#define BOX_START      1795564800000 /* 2026-11-25 08:00:00 +08:00 */

struct box {
    struct sim_script script;
    struct sim_catalog catalog;
    struct sim_context context;
    struct sim_logger logger;
    yh_buf bytes;
    size_t end[BOX_FRAMES_MAX]; /* of each put */
    wire_what what[BOX_FRAMES_MAX];
    size_t n;
    bool full, trickles;
    unsigned hung_up, pause_ms;
    struct hj212_frame frame; /* the last one that box_frame gave */
    yh_buf scratch;
};

struct box *box_new(const struct sim_group *group, const char *script);
void box_free(struct box *b);
void box_forget(struct box *b); /* what was sent */

void box_act(struct box *b, yh_time now);
/* Acts whenever something is due. */
void box_run(struct box *b, yh_time from, yh_time to);

const struct hj212_frame *box_frame(struct box *b, size_t i);
const struct hj212_frame *box_find(struct box *b, const char *cn, size_t skip); /* NULL when there are not so many */
size_t box_count(struct box *b, const char *cn);
yh_str box_raw(const struct box *b, size_t i);

/* A command of the platform, in the name of the logger. */
void box_tell(struct box *b, const char *cn, const char *cp, yh_time now);

#endif
