/*
 * From a logged record to stored values: decodes the frame with what is known about its station and puts its cells into
 * the series. A function of the record and the profile alone, so that replaying the log gives the same series.
 *
 * Only real-time (2011), minute (2051), hour (2061) and day (2031) uploads carry values. Everything else, and everything
 * that cannot be used, comes back with its issue: it stays in the log and is counted, never dropped silently.
 */
#ifndef YH_MONITOR_INGEST_H
#define YH_MONITOR_INGEST_H

#include "chain/chain.h"
#include "hj212/frame.h"
#include "series/series.h"

/* Why a record gave no values, or gave them with a reservation. The word is what pages and counters show. */
typedef enum ingest_issue {
    INGEST_FINE,
    INGEST_NO_VALUES,    /* a frame that carries none by its command; not a fault */
    INGEST_BAD_CRC,
    INGEST_JUNK,
    INGEST_MALFORMED,    /* no MN, CN or no readable structure */
    INGEST_UNKNOWN,      /* station not admitted */
    INGEST_PASSWORD,
    INGEST_ENCRYPTED,    /* SM4 area and no key, or a key that does not open it */
    INGEST_NO_TIME,      /* values without a readable DataTime */
    INGEST_SPLIT,        /* parts of a split upload never came; those that came are stored */
    INGEST_FUTURE,       /* data time more than an hour ahead of reception; stored, and said */
    INGEST_BEYOND,       /* a year or a number of factors that no series takes; not stored */
    INGEST_ISSUE_COUNT
} ingest_issue;

const char *ingest_issue_word(ingest_issue i); /* "bad_crc" */
const char *ingest_issue_text(ingest_issue i); /* Chinese, for officers */

/* What the platform knows about the sender; zeroes fit an ordinary station. */
struct ingest_profile {
    bool known;
    bool accept_bad_crc;
    bool accept_clock;    /* a clock that is off is not said (clock policy "accept") */
    int ahead_minutes;    /* of the times the logger writes, relative to China's +08:00 */
    char password[33];    /* empty: any */
    struct hj212_key key;
};

struct ingest_result {
    ingest_issue issue;
    bool has_kind;           /* the command carries values of `kind` */
    series_kind kind;
    bool has_time;
    yh_time data_time;
    const struct hj212_frame *frame; /* NULL for junk; valid until the next record */
    const struct series_cell *cells; /* what was put; same lifetime */
    size_t cell_count;
    series_effect effect;
};

struct ingest;
yh_must yh_err ingest_new(struct ingest **ret);
void ingest_free(struct ingest *in);

/* Decodes r; with `s` also stores. Fails only when the store does: what the series refuse is an issue of the sender. */
yh_must yh_err ingest_record(struct ingest *in, const struct chain_record *r, const struct ingest_profile *profile,
                             struct series *s, struct ingest_result *ret);

#endif
