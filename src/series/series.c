#include "series/internal.h"

#define TAIL_MAX_DEFAULT ((size_t)32 << 20)

static yh_err open_store(struct series *s)
{
    YH_TRY(db_open(s->path, s->read_only, &s->db));
    if (!s->read_only)
        YH_TRY(series_store_migrate(s->db));
    /* The position first: a reader beside a running server must not miss a station that a later flush brings.
     */
    YH_TRY(series_store_position(s->db, &s->position));
    YH_TRY(series_store_points(s->db, s));
    return series_codec_new(&s->codec);
}

yh_err series_open(const struct series_config *config, struct series **ret)
{
    struct series *s = calloc(1, sizeof *s);
    if (!s)
        return yh_fail(YH_E_NO_MEMORY, "no memory for the series");
    s->read_only = config->read_only;
    s->tail_max = config->tail_max_bytes ? config->tail_max_bytes : TAIL_MAX_DEFAULT;
    s->next_point = 1;
    s->loaded_end = &s->loaded;
    pthread_rwlock_init(&s->lock, NULL);
    pthread_mutex_init(&s->readers_lock, NULL);
    s->path = strdup(config->path);
    yh_err e = s->path ? open_store(s) : yh_fail(YH_E_NO_MEMORY, "no memory for the series");
    if (e != YH_OK) {
        series_close(s);
        return e;
    }
    *ret = s;
    return YH_OK;
}

void series_close(struct series *s)
{
    if (!s)
        return;
    series_forget(s, NULL);
    series_readers_close(s);
    series_codec_free(s->codec);
    db_close(s->db);
    free(s->dirty);
    free(s->scratch);
    free(s->path);
    pthread_mutex_destroy(&s->readers_lock);
    pthread_rwlock_destroy(&s->lock);
    free(s);
}
