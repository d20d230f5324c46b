/* Splits the text of a CP area into items. Private to this room. */
#ifndef YH_HJ212_ITEMS_H
#define YH_HJ212_ITEMS_H

#include "hj212/frame.h"

/* Fills items, item_count and flag_items from f->cp and adds the warnings about the CP area. */
void hj212_split_items(struct hj212_frame *f);

/* Cuts "w01018-Rtd" at its first '-'; false for a key of the record ("DataTime"). */
bool hj212_factor_key(yh_str key, yh_str *ret_factor, yh_str *ret_field);

static inline void hj212_warn(struct hj212_frame *f, hj212_warning w)
{
    f->warnings |= (uint64_t)1 << w;
}

#endif
