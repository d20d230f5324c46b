/*
 * A parsed frame: spans into the raw bytes, nothing copied. Tolerant: whatever can be read is read, every deviation is
 * named (a warning bit) and nothing is thrown away. Pure.
 *
 * Sources: HJ/T 212-2005, HJ 212-2017, HJ 212-2025 (the last through implementations that quote it).
 */
#ifndef YH_HJ212_FRAME_H
#define YH_HJ212_FRAME_H

#include "base/buf.h"
#include "base/dec.h"
#include "base/timestamp.h"

#define HJ212_ITEMS_MAX 512
#define HJ212_EXTRA_MAX 16

typedef enum hj212_edition { HJ212_ED_UNKNOWN, HJ212_ED_2005, HJ212_ED_2017, HJ212_ED_2025 } hj212_edition;

typedef enum hj212_status {
    HJ212_OK, HJ212_LENGTH_ERROR /* CRC good, length wrong */, HJ212_CRC_ERROR, HJ212_ENCRYPTED /* no key */,
    HJ212_MALFORMED
} hj212_status;

/* What was tolerated, as bit numbers of `warnings`; the order is the order of the names in the JSON. */
typedef enum hj212_warning {
    HJ212_W_LENGTH_SIX_DIGITS,
    HJ212_W_SEGMENT_OVER_1024,
    HJ212_W_HEADER_SEPARATOR, /* ',' or nothing where ';' belongs */
    HJ212_W_HEADER_ITEM_WITHOUT_VALUE,
    HJ212_W_HEADER_KEY_CASE,
    HJ212_W_HEADER_DUPLICATE_KEY,
    HJ212_W_HEADER_TOO_MANY,  /* more than HJ212_EXTRA_MAX unknown fields */
    HJ212_W_HEADER_MISSING_CN,
    HJ212_W_HEADER_MISSING_ST,
    HJ212_W_FLAG_UNREADABLE,
    HJ212_W_CP_MISSING,
    HJ212_W_CP_NOT_CLOSED,    /* the segment does not end with "&&" */
    HJ212_W_CP_DUPLICATE_KEY, /* with different values */
    HJ212_W_CP_ITEM_WITHOUT_VALUE,
    HJ212_W_CP_LOG_NOT_CLOSED, /* "//" without its counterpart */
    HJ212_W_CP_SPACE,
    HJ212_W_CP_TOO_MANY_ITEMS, /* more than HJ212_ITEMS_MAX */
    HJ212_W_FLAG_SPLIT_MISMATCH,
    HJ212_W_CRC_LOWER_CASE,
    HJ212_W_CRC_IS_MODBUS,
    HJ212_W_CRC_IS_MODBUS_SWAPPED,
    HJ212_WARNING_COUNT
} hj212_warning;

struct hj212_item {
    unsigned group; /* groups are separated by ';' and count from 0 */
    yh_str key;     /* trimmed */
    yh_str value;   /* p == NULL when the item had no '=' */
};

struct hj212_extra {
    yh_str key, value;
};

typedef enum hj212_header_key {
    HJ212_QN, HJ212_ST, HJ212_CN, HJ212_PW, HJ212_MN, HJ212_FLAG, HJ212_PNUM, HJ212_PNO, HJ212_RF, HJ212_HEADER_COUNT
} hj212_header_key;

struct hj212_frame {
    hj212_status status;
    hj212_edition edition;         /* of the frame: from Flag, without Flag 2005 */
    yh_str segment;                /* as received; the whole text when it does not begin with "##" and digits */
    yh_str header[HJ212_HEADER_COUNT]; /* p == NULL: absent */
    struct hj212_extra extra[HJ212_EXTRA_MAX]; /* unknown header fields */
    unsigned extra_count;
    bool has_flag;
    unsigned flag;                 /* valid when has_flag */
    bool wants_ack;                /* Flag bit 0 */
    bool split;                    /* Flag bit 1: PNUM and PNO present */
    yh_str cp;                     /* text of the CP area (deciphered when a key was given) */
    bool encrypted, decrypted;     /* enciphered CP area seen / opened */
    bool hexlist;                  /* enciphered as {0xE4,0x3E,...} */
    bool key_rejected;             /* enciphered, and the key given does not open it */
    size_t declared_len, actual_len;
    size_t plain_len;              /* of the segment without hexlist notation: what declared_len has to be */
    yh_str crc_text;               /* as written */
    uint16_t crc_given, crc_calc;  /* calc: over the plain segment; meaningless while enciphered */
    bool crc_readable;             /* the four characters were hex */
    uint64_t warnings;             /* bits, see hj212_warning_name() */
    unsigned item_count;
    unsigned flag_items;           /* how many of the items are a "-Flag" */
    struct hj212_item items[HJ212_ITEMS_MAX];
};

struct hj212_key {
    bool set;
    uint8_t b[16]; /* SM4 */
};

/*
 * Parses one span cut by the framer (FRAME or BAD). `scratch` receives the deciphered CP area and must outlive the
 * frame; it is cleared first. When memory ran out, scratch->no_memory says so and the frame says nothing. Items beyond
 * HJ212_ITEMS_MAX are counted in a warning and left in cp.
 */
void hj212_parse(yh_str raw, const struct hj212_key *key, yh_buf *scratch, struct hj212_frame *ret);

/* Cheap look for the gate: finds MN, CN, Flag bits without parsing items. */
struct hj212_brief {
    yh_str mn, cn, pw, qn, st, pnum, pno;
    bool has_flag, wants_ack;
    hj212_edition edition;
};
void hj212_peek(yh_str segment, struct hj212_brief *ret);

/* First value of a CP key without '-', e.g. "DataTime", also inside 2005 answers ("QN"); p == NULL when absent. */
yh_str hj212_field(const struct hj212_frame *f, const char *key);

/* "20160824100331000" (17), 14 or 13 digits (the last one was cut off), at `offset_minutes`; false when it is no time. */
bool hj212_time_parse(yh_str digits, int offset_minutes, yh_time *ret);
void hj212_time_format(yh_time t, int offset_minutes, bool milliseconds, yh_buf *out);

/*
 * A measured cell: factor and field from "w01018-Rtd", with the flag of the same factor ("w01018-Flag") attached.
 * Walks the factor items that carry a number; start with *at = 0. Non-numeric values and non-factor items are skipped
 * (they stay available as items).
 */
struct hj212_measure {
    yh_str factor, field; /* "w01018", "Rtd" */
    yh_str text;          /* digits as reported */
    yh_dec value;
    char flag;            /* 0 = none */
};
bool hj212_next_measure(const struct hj212_frame *f, unsigned *at, struct hj212_measure *ret);

const char *hj212_edition_name(hj212_edition e); /* "2005" "2017" "2025" "reserved" */
const char *hj212_status_name(hj212_status s);   /* "ok" "length_error" "crc_error" "encrypted" "malformed" */
const char *hj212_header_name(hj212_header_key k); /* "QN" ... */
unsigned hj212_warning_count(void);
const char *hj212_warning_name(unsigned bit);    /* machine word, e.g. "space-around-equals" */
const char *hj212_warning_text(unsigned bit);  /* Chinese, for officers */

/* Writes the frame as the JSON object of the contract (keys of tests/vectors/hj212/README.md plus "cause"), used by
 * `yuheng decode`, the frame page and the frame API alike. `event` is "frame" or "bad". */
struct yh_json;
void hj212_frame_json(const struct hj212_frame *f, yh_str raw, const char *event, struct yh_json *out);

/* "frame" when the CRC fits or only the key can tell, else "bad". */
const char *hj212_frame_event(const struct hj212_frame *f);

/* {"event":"junk","hex":...,"cause":...} */
void hj212_junk_json(yh_str junk, struct yh_json *out);

#endif
