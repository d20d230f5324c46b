/*
 * The input is a list of parts, four bytes each: station and time, PNUM, PNO, seconds that pass. Whatever the order, every
 * part must come back in exactly one set, unless a later one with its number took its place.
 */
#include "fuzz.h"
#include "hj212/compose.h"
#include "hj212/framer.h"
#include "hj212/split.h"

static struct hj212_frame frame;

struct tally {
    size_t added, returned;
};

static void give_back(struct tally *t, struct hj212_split_set *set)
{
    if (!set)
        return;
    yh_buf_auto missing = yh_buf_make((size_t)1 << 20);
    CHECK(set->part_count >= 1 && set->part_count <= set->pnum);
    CHECK(set->complete == (set->part_count == set->pnum));
    for (unsigned i = 0; i < set->part_count; i++) {
        CHECK(set->parts[i].pno >= 1 && set->parts[i].pno <= set->pnum);
        CHECK(i == 0 || set->parts[i - 1].pno < set->parts[i].pno);
    }
    hj212_split_missing(set, &missing);
    CHECK((missing.n == 0) == set->complete);
    t->returned += set->part_count + set->repeats;
    hj212_split_set_free(set);
}

static yh_err add(struct hj212_split *s, const uint8_t *op, size_t tag, yh_time now, struct hj212_split_set **ret_done)
{
    yh_buf_auto segment = yh_buf_make(HJ212_SEGMENT_MAX), raw = yh_buf_make(HJ212_BUFFER_MAX),
                scratch = yh_buf_make(HJ212_BUFFER_MAX);
    yh_buf_printf(&segment, "ST=31;CN=2051;MN=%u;Flag=6;PNUM=%u;PNO=%u;CP=&&DataTime=%u&&", op[0] & 7u, op[1], op[2],
                  op[0] >> 6);
    CHECK(hj212_wrap(yh_buf_view(&segment), &raw) == YH_OK);
    hj212_parse(yh_buf_view(&raw), NULL, &scratch, &frame);
    *ret_done = NULL;
    return hj212_split_add(s, &frame, yh_buf_view(&raw), tag, now, ret_done);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct hj212_split_limits limits = {.wait = 30000, .max_sets = 8, .max_bytes = 4096};
    struct hj212_split *s = NULL;
    struct tally t = {0};
    yh_time now = 0;
    CHECK(hj212_split_new(&limits, &s) == YH_OK);
    for (size_t i = 0; i + 4 <= size; i += 4) {
        struct hj212_split_set *set;
        now += data[i + 3] * YH_SECOND;
        while ((set = hj212_split_take_overdue(s, now)))
            give_back(&t, set);
        yh_err e;
        while ((e = add(s, data + i, i, now, &set)) == YH_E_TOO_LARGE)
            give_back(&t, hj212_split_take_oldest(s));
        t.added += e == YH_OK;
        give_back(&t, set);
    }
    struct hj212_split_set *set;
    while ((set = hj212_split_take_oldest(s)))
        give_back(&t, set);
    CHECK(t.added == t.returned);
    hj212_split_free(s);
    return 0;
}
