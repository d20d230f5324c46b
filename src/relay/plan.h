/*
 * Which record comes next: two lanes over one relay_due. The live lane walks from its border towards the end of the log;
 * the fill lane takes what is left before the border, oldest first. When the live lane has fallen behind it jumps to the end;
 * what it leaves behind is the fill lane's without further bookkeeping. A record is handed out by one lane at a time: it is
 * "out" until it is settled (never again) or returned (the fill lane finds it). Pure; owned by one thread.
 */
#ifndef YH_RELAY_PLAN_H
#define YH_RELAY_PLAN_H

#include "base/map.h"
#include "relay/due.h"

struct relay_plan {
    struct relay_due due;
    uint64_t live_at; /* border: the live lane looks at this record next */
    uint64_t fill_at; /* how far this pass of the fill lane has come */
    yh_map out;       /* seq -> what the caller attached */
};

/* Takes over `due`; the live lane begins at `border`. */
void relay_plan_init(struct relay_plan *p, struct relay_due *due, uint64_t border);
void relay_plan_done(struct relay_plan *p); /* what is attached belongs to the caller */

/* The next record of a lane, without handing it out; *ret_seq < head. The live lane steps over what is not to do. */
bool relay_plan_live(struct relay_plan *p, uint64_t head, uint64_t *ret_seq);
bool relay_plan_fill(struct relay_plan *p, uint64_t head, uint64_t *ret_seq);
/* The lane has looked at the record and leaves it for a later pass. */
void relay_plan_pass_live(struct relay_plan *p, uint64_t seq);
void relay_plan_pass_fill(struct relay_plan *p, uint64_t seq);
void relay_plan_rewind_fill(struct relay_plan *p);

yh_must yh_err relay_plan_hand_out(struct relay_plan *p, uint64_t seq, void *attached);
void *relay_plan_find(const struct relay_plan *p, uint64_t seq);
void relay_plan_return(struct relay_plan *p, uint64_t seq);
yh_must yh_err relay_plan_settle(struct relay_plan *p, uint64_t seq);

/* The live lane goes on at `head`. */
void relay_plan_jump(struct relay_plan *p, uint64_t head);

/* Records before head not settled; of those, how many stand before the border. */
uint64_t relay_plan_behind(const struct relay_plan *p, uint64_t head, uint64_t *ret_fill);

#endif
