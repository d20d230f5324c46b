#include "chain/log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"

static void apply_defaults(struct chain_config *c)
{
    if (c->checkpoint_records == 0)
        c->checkpoint_records = 10000;
    if (c->checkpoint_ms == 0)
        c->checkpoint_ms = 60000;
    if (c->segment_bytes == 0)
        c->segment_bytes = 64u << 20;
    if (c->retry_ms == 0)
        c->retry_ms = 1000;
    if (c->pending_max == 0)
        c->pending_max = 64u << 20;
}

/* One writer per log: an open-file-description lock, gone with the process whatever happens to it. */
static yh_err take_lock(struct chain *c)
{
    char path[CHAIN_PATH];
    YH_TRY(chain_path(c->dir, "lock", path));
    c->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (c->lock_fd < 0)
        return yh_fail_errno("cannot open %s", path);
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(c->lock_fd, F_OFD_SETLK, &whole) == 0)
        return YH_OK;
    if (errno == EAGAIN || errno == EACCES)
        return yh_fail(YH_E_CONFLICT, "another process writes to the log %s", c->dir);
    return yh_fail_errno("cannot lock %s", path);
}

yh_err chain_segment_add(struct chain *c, const struct chain_segment *s)
{
    if (c->segment_n == c->segment_cap) {
        size_t cap = c->segment_cap ? c->segment_cap * 2 : 64;
        struct chain_segment *more = reallocarray(c->segments, cap, sizeof *more);
        if (!more)
            return yh_fail(YH_E_NO_MEMORY, "no memory for the list of segments");
        c->segments = more;
        c->segment_cap = cap;
    }
    c->segments[c->segment_n++] = *s;
    return YH_OK;
}

static void release(struct chain *c)
{
    chain_tree_close(&c->tree);
    chain_checkpoints_close(&c->heads);
    yh_fd_close(&c->fd);
    yh_fd_close(&c->lock_fd);
    chain_keys_free(c->keys);
    yh_sm3_free(c->sm3);
    yh_buf_done(&c->open);
    yh_buf_done(&c->batch);
    free(c->segments);
    chain_index_done(&c->last_index);
    pthread_cond_destroy(&c->work);
    pthread_cond_destroy(&c->done);
    pthread_cond_destroy(&c->pack);
    pthread_mutex_destroy(&c->mu);
    pthread_mutex_destroy(&c->growth.mu);
    chain_growth_done(&c->growth.table);
    free(c);
}

static yh_err allocate(const char *dir, const struct chain_config *config, struct chain **ret)
{
    struct chain *c = calloc(1, sizeof *c);
    if (!c)
        return yh_fail(YH_E_NO_MEMORY, "no memory for the log");
    c->config = config ? *config : (struct chain_config){.commit_ms = 5};
    apply_defaults(&c->config);
    c->lock_fd = c->fd = c->tree.fd = c->heads.fd = -1;
    c->open = yh_buf_make(c->config.pending_max + CHAIN_PREFIX + CHAIN_BODY_MAX);
    c->batch = yh_buf_make(c->open.max);
    pthread_mutex_init(&c->mu, NULL);
    pthread_mutex_init(&c->growth.mu, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&c->work, &monotonic);
    pthread_cond_init(&c->done, &monotonic);
    pthread_cond_init(&c->pack, &monotonic);
    pthread_condattr_destroy(&monotonic);
    snprintf(c->dir, sizeof c->dir, "%s", dir);
    if (strlen(dir) + CHAIN_NAME + 8 < sizeof c->dir) {
        *ret = c;
        return YH_OK;
    }
    release(c);
    return yh_fail(YH_E_TOO_LARGE, "path too long: %s", dir);
}

static yh_err open_parts(struct chain *c, struct chain_recovery *ret)
{
    YH_TRY(yh_sm3_new(&c->sm3));
    if (!c->config.read_only) {
        YH_TRY(yh_dir_make(c->dir));
        YH_TRY(take_lock(c));
    }
    YH_TRY(chain_recover(c, ret));
    if (c->config.read_only)
        return YH_OK;
    c->head_since = yh_clock_mono_us();
    YH_TRY(chain_writer_start(c));
    if (!c->config.pack)
        return YH_OK;
    yh_err e = chain_packer_start(c);
    if (e != YH_OK)
        chain_writer_stop(c);
    return e;
}

static yh_err open_once(const char *dir, const struct chain_config *config, struct chain_recovery *ret_recovery,
                        struct chain **ret)
{
    struct chain *c = NULL;
    struct chain_recovery found = {0};
    YH_TRY(allocate(dir, config, &c));
    yh_err e = open_parts(c, &found);
    if (e != YH_OK) {
        release(c);
        return e;
    }
    if (ret_recovery)
        *ret_recovery = found;
    *ret = c;
    return YH_OK;
}

yh_err chain_open(const char *dir, const struct chain_config *config, struct chain_recovery *ret_recovery,
                  struct chain **ret)
{
    bool was_live = chain_is_live(dir);
    yh_err e = open_once(dir, config, ret_recovery, ret);
    /* A reader that meets a starting writer sees the end of the log move. */
    if (e == YH_E_CORRUPT && config && config->read_only && !was_live && chain_is_live(dir))
        e = open_once(dir, config, ret_recovery, ret);
    return e;
}

void chain_close(struct chain *c)
{
    if (!c)
        return;
    chain_packer_stop(c);
    chain_writer_stop(c);
    release(c);
}
