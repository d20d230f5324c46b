/* What the log takes on disk, segment by segment and in all. */
#include <errno.h>
#include <sys/stat.h>

#include "base/file.h"
#include "chain/log.h"

/* The segment that grows; beside another process only its file tells, unless it was sealed and packed meanwhile. */
static yh_err bytes_of_last(const struct chain *c, const struct chain_segment *s, uint64_t *ret)
{
    char path[CHAIN_PATH];
    struct stat st;
    *ret = s->end;
    if (!c->config.read_only)
        return YH_OK;
    YH_TRY(chain_segment_path(c->dir, s->first, path));
    if (stat(path, &st) == 0)
        *ret = (uint64_t)st.st_size;
    else if (errno != ENOENT)
        return yh_fail_errno("cannot stat %s", path);
    return YH_OK;
}

static yh_err fill(const struct chain *c, const struct chain_segment *s, struct chain_segment_info *ret)
{
    *ret = (struct chain_segment_info){
        .first = s->first,
        .count = s->sealed ? s->count : atomic_load(&c->durable) - s->first,
        .from = s->count ? s->received_min : YH_TIME_NONE,
        .to = s->count ? s->received_max : YH_TIME_NONE,
        .plain_bytes = s->plain,
        .stored_bytes = s->stored,
        .sealed = s->sealed,
        .packed = s->packed,
    };
    if (s->packed)
        chain_packed_name(s->first, ret->file);
    else
        chain_segment_name(s->first, ret->file);
    if (s->sealed)
        return YH_OK;
    YH_TRY(bytes_of_last(c, s, &ret->plain_bytes));
    ret->stored_bytes = ret->plain_bytes;
    return YH_OK;
}

static yh_err fill_all(const struct chain *c, struct chain_segment_info *rows)
{
    for (size_t i = 0; i < c->segment_n; i++)
        YH_TRY(fill(c, &c->segments[i], &rows[i]));
    return YH_OK;
}

yh_err chain_segments_get(struct chain *c, struct chain_segment_info **ret, size_t *ret_n)
{
    YH_TRY(chain_refresh(c));
    pthread_mutex_lock(&c->mu);
    size_t n = c->segment_n;
    yh_free_auto struct chain_segment_info *rows = calloc(n + 1, sizeof *rows);
    yh_err e = rows ? fill_all(c, rows) : yh_fail(YH_E_NO_MEMORY, "no memory to list the segments");
    pthread_mutex_unlock(&c->mu);
    YH_TRY(e);
    *ret = yh_steal(&rows);
    *ret_n = n;
    return YH_OK;
}

yh_err chain_space_get(struct chain *c, struct chain_space *ret)
{
    yh_free_auto struct chain_segment_info *rows = NULL;
    size_t n;
    YH_TRY(chain_segments_get(c, &rows, &n));
    struct chain_space space = {.segments = n};
    for (size_t i = 0; i < n; i++) {
        space.sealed += rows[i].sealed;
        space.packed += rows[i].packed;
        space.plain_bytes += rows[i].plain_bytes;
        space.stored_bytes += rows[i].stored_bytes;
    }
    *ret = space;
    return YH_OK;
}
