/*
 * What goes to the upstream platform for a stored frame, and what its answers mean. Pure.
 */
#ifndef YH_RELAY_MESSAGE_H
#define YH_RELAY_MESSAGE_H

#include "hj212/frame.h"

struct relay_rule {
    bool rewrite;          /* false: byte for byte, nothing below applies */
    hj212_edition edition; /* UNKNOWN: that of the frame */
    bool ask_ack;          /* Flag bit 0 set in every frame */
    yh_str pw;             /* empty: as in the frame */
};

/* Data, states, alarms and logs are for other platforms; answers, parameters (1xxx), heartbeats and logins belong to the
 * line between a logger and its platform. */
bool relay_forwards(yh_str cn);

/* The parts of a frame that a made message depends on, beside the frame. */
struct relay_stamp {
    yh_str qn;                   /* new QN; empty: as in the frame */
    yh_str mn;                   /* at the upstream platform; empty: as in the frame */
    const struct hj212_key *key; /* of the station; what was enciphered is enciphered again */
};

/*
 * Appends the message to `out`, the same bytes whenever it is made from the same frame, rule and stamp. `f` is working
 * space. UNSUPPORTED: enciphered, and the key does not open it. INVALID: cannot be composed anew. Byte for byte never fails
 * on account of the frame.
 */
yh_must yh_err relay_message(const struct relay_rule *rule, yh_str raw, const struct relay_stamp *stamp, yh_buf *scratch,
                             struct hj212_frame *f, yh_buf *out);

typedef enum relay_reply_kind { RELAY_REPLY_OTHER, RELAY_REPLY_ACK, RELAY_REPLY_REFUSAL } relay_reply_kind;

struct relay_reply {
    relay_reply_kind kind;
    yh_str mn, qn; /* empty: the answer does not say */
    int code;      /* QnRtn or ExeRtn of a refusal */
};

/* `f` is working space and holds what the views point to. */
void relay_reply_read(yh_str raw, yh_buf *scratch, struct hj212_frame *f, struct relay_reply *ret);

#endif
