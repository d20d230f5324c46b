/*
 * Why a frame is bad: the probable fault, as a machine word and as a sentence an officer can hand on to the station's
 * operator. A guess from the bytes alone, never a reason to accept the frame. Pure.
 */
#ifndef YH_HJ212_DIAGNOSE_H
#define YH_HJ212_DIAGNOSE_H

#include "hj212/frame.h"

typedef enum hj212_cause {
    HJ212_CAUSE_NONE,
    HJ212_CAUSE_LENGTH_SHORT,      /* CRC good; the length field is smaller than the segment */
    HJ212_CAUSE_LENGTH_LONG,       /* CRC good; the length field is larger */
    HJ212_CAUSE_LENGTH_HEX,        /* the length is hexadecimal: with letters junk, without them a wrong length */
    HJ212_CAUSE_CRC_MODBUS,
    HJ212_CAUSE_CRC_MODBUS_LOW_FIRST,
    HJ212_CAUSE_CRC_BYTESWAPPED,
    HJ212_CAUSE_CRC_WHOLE_FRAME,   /* CRC over "##" and the length as well */
    HJ212_CAUSE_CRC_THREE_DIGITS,  /* a leading zero was lost */
    HJ212_CAUSE_CRC_RAW_BYTES,     /* two bytes instead of four hex digits */
    HJ212_CAUSE_CRC_PLACEHOLDER,   /* "**", "0000" or nothing where the CRC belongs */
    HJ212_CAUSE_BYTES_LOST,        /* the segment is shorter than declared and its CRC does not fit */
    HJ212_CAUSE_BYTES_ADDED,       /* longer than declared, CRC does not fit */
    HJ212_CAUSE_CRC_IMPOSSIBLE,    /* none of the 256 values an HJ 212 CRC can have */
    HJ212_CAUSE_CRC_MISMATCH,
    HJ212_CAUSE_TRUNCATED,         /* breaks off before "&&" + CRC */
    HJ212_CAUSE_OVERRUN,           /* the next frame begins in its middle */
    HJ212_CAUSE_NO_START,          /* no "##" + four digits at all */
    HJ212_CAUSE_KEY,               /* the SM4 key does not open it */
    HJ212_CAUSE_NO_HEADER,         /* CRC good, nothing readable inside */
    HJ212_CAUSE_COUNT
} hj212_cause;

/* `raw` is the span the frame was parsed from. HJ212_CAUSE_NONE for a good frame. */
hj212_cause hj212_diagnose(const struct hj212_frame *f, yh_str raw);

/* For a junk event of the framer. */
hj212_cause hj212_diagnose_junk(yh_str junk);

const char *hj212_cause_name(hj212_cause c); /* "crc-modbus" ...; NULL for none */

/* One Chinese sentence with the figures of this frame; `f` may be NULL for junk. */
void hj212_cause_text(hj212_cause c, const struct hj212_frame *f, yh_buf *out);

#endif
