/*
 * Framer: cuts a byte stream into frames, broken frames and junk (rules of section 2 of HJ 212 practice: skip to "##" and
 * four digits; believe the length only when the CRC behind it fits; otherwise the candidate ends at the first CR, LF or
 * next "##"+digits; a wrong length never swallows a neighbour; chunk borders never change the result).
 *
 * The framer owns no memory: the caller keeps one contiguous receive buffer and calls hj212_framer_next() until it says
 * HJ212_NEED_MORE; bytes before `consumed` may then be dropped. State is a few words, so an idle connection costs
 * nothing. Pure; one framer per connection.
 */
#ifndef YH_HJ212_FRAMER_H
#define YH_HJ212_FRAMER_H

#include "base/str.h"

#define HJ212_SEGMENT_MAX    4096 /* accepted with a warning beyond 1024 */
#define HJ212_SEGMENT_NORMAL 1024
/* Longest span a caller must be able to hold: ## + length digits + segment + CRC + CR LF, with room to resynchronise. */
#define HJ212_BUFFER_MAX     (2 * (HJ212_SEGMENT_MAX + 16))

typedef enum hj212_event_kind { HJ212_NEED_MORE, HJ212_FRAME, HJ212_BAD, HJ212_JUNK } hj212_event_kind;

struct hj212_event {
    hj212_event_kind kind;
    yh_str raw;       /* whole span, from "##" on, CR LF included when eaten; for junk the junk */
    yh_str segment;   /* data segment (FRAME and BAD) */
    size_t consumed;  /* bytes of the input that are finished, including skipped bare CR LF */
};

struct hj212_framer {
    size_t scanned; /* bytes of the pending input known to hold no end yet; only saves time */
};

/*
 * FRAME: the CRC fits, or the CP area is enciphered and only the key can tell. A frame is delivered as soon as its CRC
 * is there: a CR LF that comes later, in another chunk, is skipped as a bare CR LF and is not part of `raw`.
 *
 * Looks at the front of `input` (everything held and not yet consumed). With `end` no more bytes will come: what is
 * left is delivered as bad or junk.
 */
hj212_event_kind hj212_framer_next(struct hj212_framer *f, yh_str input, bool end, struct hj212_event *ret);

/* CRC of HJ 212 appendix A. Four upper-case hex digits, high byte first, when written. */
uint16_t hj212_crc(const void *bytes, size_t n);
bool hj212_crc_possible(uint16_t crc); /* only 256 values can occur; any other is the sender's fault */

/* CRC-16/MODBUS, which many senders take for the CRC of HJ 212; to name the fault, never to accept. */
uint16_t hj212_crc_modbus(const void *bytes, size_t n);

#endif
