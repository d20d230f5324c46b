/* What the log takes on disk, segment by segment and in all. */
#include "chain/log.h"

void chain_space_get(struct chain *c, struct chain_space *ret)
{
    struct chain_space space = {0};
    pthread_mutex_lock(&c->mu);
    space.segments = c->segment_n;
    for (size_t i = 0; i < c->segment_n; i++) {
        const struct chain_segment *s = &c->segments[i];
        space.sealed += s->sealed;
        space.packed += s->packed;
        space.plain_bytes += s->end;
        space.stored_bytes += s->sealed ? s->stored : s->end;
    }
    pthread_mutex_unlock(&c->mu);
    *ret = space;
}

static void fill(const struct chain_segment *s, uint64_t durable, struct chain_segment_info *ret)
{
    *ret = (struct chain_segment_info){
        .first = s->first,
        .count = s->sealed ? s->count : durable - s->first,
        .from = s->count ? s->received_min : YH_TIME_NONE,
        .to = s->count ? s->received_max : YH_TIME_NONE,
        .plain_bytes = s->end,
        .stored_bytes = s->sealed ? s->stored : s->end,
        .sealed = s->sealed,
        .packed = s->packed,
    };
    if (s->packed)
        chain_packed_name(s->first, ret->file);
    else
        chain_segment_name(s->first, ret->file);
}

yh_err chain_segments_get(struct chain *c, struct chain_segment_info **ret, size_t *ret_n)
{
    YH_TRY(chain_refresh(c));
    pthread_mutex_lock(&c->mu);
    size_t n = c->segment_n;
    struct chain_segment_info *rows = calloc(n + 1, sizeof *rows);
    for (size_t i = 0; rows && i < n; i++)
        fill(&c->segments[i], atomic_load(&c->durable), &rows[i]);
    pthread_mutex_unlock(&c->mu);
    if (!rows)
        return yh_fail(YH_E_NO_MEMORY, "no memory to list the segments");
    *ret = rows;
    *ret_n = n;
    return YH_OK;
}
