/* Which answer a frame of a logger gets, by the tables of the standard. Pure. */
#ifndef YH_GATE_ANSWER_H
#define YH_GATE_ANSWER_H

#include "base/buf.h"
#include "gate/gate.h"

/*
 * Composes the answer into `out` (nothing when none is due). An answer is due when the frame asks for one (Flag bit 0)
 * unless the station's profile says always or never. Data, results and unknown commands get 9014, notices and heartbeats
 * 9013, requests of the logger 9011 with QnRtn 2 (the platform does not execute them by itself) or 3 (wrong password).
 */
yh_must yh_err answer_compose(const struct hj212_brief *brief, const struct gate_verdict *verdict, yh_buf *out);

#endif
