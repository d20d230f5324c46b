/*
 * Composer: writes frames as receivers in the field expect them: fixed field order with Flag before CP, length and CRC
 * zero-padded to four characters, CR LF. Also re-writes captured frames (times, Flag) for replay and forwarding.
 */
#ifndef YH_HJ212_COMPOSE_H
#define YH_HJ212_COMPOSE_H

#include "hj212/frame.h"

struct hj212_message {
    yh_str qn, st, cn, pw, mn; /* empty = left out */
    int flag;                  /* < 0: no Flag field */
    int pnum, pno;             /* 0 = left out */
    bool rf;                   /* RF=1 (2025, back-filled) */
    yh_str extra;              /* "k=v;" text put before CP unchanged */
    yh_str cp;                 /* text between the && */
    const struct hj212_key *key; /* enciphers the CP area (2025) */
};

/* YH_E_TOO_LARGE when the segment exceeds HJ212_SEGMENT_MAX, YH_E_INVALID when a field holds ';', '&&' and the like. */
yh_must yh_err hj212_compose(const struct hj212_message *m, yh_buf *out);

/* Wraps a ready data segment: "##" + length + segment + CRC + CR LF. */
yh_must yh_err hj212_wrap(yh_str segment, yh_buf *out);

/*
 * The answers to a frame, in the edition of the frame answered (2017 and later: QN repeated in the header, CP empty or
 * QnRtn/ExeRtn; 2005: ST=91 with the QN, in a data answer also the CN and packet number, inside CP).
 */
yh_must yh_err hj212_answer_data(const struct hj212_brief *to, yh_buf *out);               /* 9014 */
yh_must yh_err hj212_answer_notice(const struct hj212_brief *to, yh_buf *out);             /* 9013 */
yh_must yh_err hj212_answer_request(const struct hj212_brief *to, int qn_rtn, yh_buf *out); /* 9011 */
yh_must yh_err hj212_answer_result(const struct hj212_brief *to, int exe_rtn, yh_buf *out); /* 9012 */

/*
 * Re-writes a captured frame: every DataTime, BeginTime, EndTime and QN moved by shift_ms (same digit count), `ask_ack`
 * sets Flag bit 0 (adding Flag when absent), `mn` replaces the MN when not empty; length and CRC computed anew.
 * Enciphered frames are YH_E_UNSUPPORTED.
 */
yh_must yh_err hj212_rewrite(const struct hj212_frame *f, int64_t shift_ms, bool ask_ack, yh_str mn, yh_buf *out);

#endif
