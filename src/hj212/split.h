/*
 * Puts split packets together: parts that agree in MN, ST, CN, DataTime and PNUM belong to one set, in any order; the QN
 * may differ. A set is handed out when it is complete, and handed back with what is missing when no part came for the
 * time limit. Nothing is ever dropped: when a bound is reached, adding is refused until the oldest set was taken.
 *
 * Parts are copied, so this owns its memory, within the bounds given. One thread. Pure: `now` is an argument.
 */
#ifndef YH_HJ212_SPLIT_H
#define YH_HJ212_SPLIT_H

#include "hj212/frame.h"

struct hj212_split_limits {
    yh_time wait;     /* after the last part */
    size_t max_sets;
    size_t max_bytes; /* of all parts held */
};

struct hj212_split_part {
    unsigned pno;
    yh_time received;
    uint64_t tag; /* the caller's, e.g. number in the evidence log */
    yh_str raw;
};

struct hj212_split_set {
    yh_str mn, st, cn, data_time; /* data_time is empty when the parts have none */
    unsigned pnum;
    unsigned part_count;
    const struct hj212_split_part *parts; /* by pno */
    unsigned repeats;             /* parts that came again; the later one is kept */
    bool complete;
};

struct hj212_split;

/* Has PNUM and PNO with 1 <= PNO <= PNUM; the D bit of Flag is not asked for, as it is often wrong. */
bool hj212_split_is_part(const struct hj212_frame *f);

yh_must yh_err hj212_split_new(const struct hj212_split_limits *limits, struct hj212_split **ret);
void hj212_split_free(struct hj212_split *s);

/*
 * Adds a part; *ret_done is the set it completed (to be freed by the caller) or NULL. YH_E_INVALID when the frame is no
 * part; YH_E_TOO_LARGE when a bound is reached: take the oldest set and add again (a part that is larger than
 * max_bytes can never be added).
 */
yh_must yh_err hj212_split_add(struct hj212_split *s, const struct hj212_frame *f, yh_str raw, uint64_t tag, yh_time now,
                               struct hj212_split_set **ret_done);

/* The next set whose time is over, or NULL. The caller frees it. */
struct hj212_split_set *hj212_split_take_overdue(struct hj212_split *s, yh_time now);

/* The set that waits longest, whatever the time; NULL when there is none. */
struct hj212_split_set *hj212_split_take_oldest(struct hj212_split *s);

void hj212_split_set_free(struct hj212_split_set *set);

/* Numbers that did not come, as "2,5-7"; nothing when complete. */
void hj212_split_missing(const struct hj212_split_set *set, yh_buf *out);

/* CP areas of the parts one after the other, DataTime once. */
yh_must yh_err hj212_split_join(const struct hj212_split_set *set, const struct hj212_key *key, yh_buf *out);

#endif
