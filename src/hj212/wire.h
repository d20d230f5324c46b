/*
 * Layout of a frame on the wire, shared by framer and parser: "##", length digits, segment, four CRC characters.
 * Private to this room.
 */
#ifndef YH_HJ212_WIRE_H
#define YH_HJ212_WIRE_H

#include "base/str.h"

#define HJ212_HEAD 6 /* "##" and four digits */
#define HJ212_CRC_CHARS 4

/* Bytes of "##" + four digits that match at the front of s: 6 is a whole start, s.n with less may become one. */
size_t hj212_wire_start(yh_str s);
unsigned hj212_wire_declared(yh_str frame); /* frame begins with a whole start */

/* Position of the first whole start at or after `from`, or of one the end of the text cuts off, or s.n. */
size_t hj212_wire_find_start(yh_str s, size_t from);

bool hj212_wire_hex4(const char *p, uint16_t *ret); /* either case */

struct hj212_layout {
    yh_str segment;
    yh_str crc_text;   /* as written; empty when there is none */
    uint16_t crc_given; /* valid when crc_readable */
    bool crc_readable;
    uint16_t crc_calc; /* over the segment as received */
    size_t declared;
    bool six_digits;   /* the length has six digits instead of four */
    bool closed;       /* "&&" stands before the CRC */
    bool enciphered;   /* looks enciphered: the CRC says nothing without the key */
};

/* The length is to be believed: segment of that length and a CRC that fits, or an enciphered CP area of that length.
 * False also when the text is too short for it. */
bool hj212_wire_by_length(yh_str frame, struct hj212_layout *ret);

/* The length is not believed: the segment ends where the text (without CR LF) does. */
void hj212_wire_by_end(yh_str frame, struct hj212_layout *ret);

/* The CP area between "CP=&&" and the last "&&"; false when there is none. *ret_closed: the last "&&" was there. */
bool hj212_wire_cp(yh_str segment, yh_str *ret_cp, bool *ret_closed);

/* {0xE4,0x3E,...} notation, or whole 16-byte blocks most of which are no plain text. */
bool hj212_wire_is_hexlist(yh_str cp);
bool hj212_wire_is_cipher(yh_str cp);

#endif
