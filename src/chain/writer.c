/*
 * The writer thread: takes the open batch, writes it behind the last durable record, hashes while the disk works,
 * syncs, and only then publishes. Any failure leaves the batch in hand; it is tried again after a pause, behind the
 * same durable end, so that no record is ever written twice or lost while the process lives.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "chain/log.h"

#define EARLY_BYTES (1u << 20) /* a batch of this size does not wait for company */
#define FLUSH_BYTES (256u << 10)
#define KEEP_BYTES (8u << 20) /* a buffer that a burst made larger is given back */

static struct timespec at_us(int64_t us)
{
    return (struct timespec){.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
}

static yh_err stopped(const struct chain *c)
{
    return yh_fail(c->health, "%s", c->health_cause);
}

static yh_err append_locked(struct chain *c, const struct chain_record *r, uint64_t *ret_seq)
{
    if (c->health != YH_OK)
        return stopped(c);
    if (c->stop)
        return yh_fail(YH_E_CLOSED, "the log is being closed");
    size_t size = chain_record_size(r);
    if (c->open.n + c->committing + size > c->config.pending_max && c->open.n + c->committing > 0)
        return yh_fail(YH_E_BUSY, "the log has %zu bytes waiting for the disk", c->open.n + c->committing);
    char *to = yh_buf_reserve(&c->open, size);
    if (!to) {
        c->open.failed = false;
        return yh_fail(YH_E_NO_MEMORY, "no memory for the open batch");
    }
    bool first = c->open.n == 0, was_early = c->open.n >= EARLY_BYTES;
    if (first) {
        c->open_first = c->next_seq;
        c->open_since = yh_clock_mono_us();
    }
    chain_record_write(to, r, c->next_seq, (uint32_t)(c->next_seq - c->open_first));
    c->open.n += size;
    *ret_seq = c->next_seq++;
    if (first || (!was_early && c->open.n >= EARLY_BYTES))
        pthread_cond_signal(&c->work);
    return YH_OK;
}

yh_err chain_append(struct chain *c, const struct chain_record *r, uint64_t *ret_seq)
{
    if (c->config.read_only)
        return yh_fail(YH_E_CONFLICT, "the log is open for reading only");
    YH_TRY(chain_record_check(r));
    pthread_mutex_lock(&c->mu);
    yh_err e = append_locked(c, r, ret_seq);
    pthread_mutex_unlock(&c->mu);
    return e;
}

yh_err chain_wait_durable(struct chain *c, uint64_t seq, unsigned timeout_ms)
{
    struct timespec deadline = at_us(yh_clock_mono_us() + (int64_t)timeout_ms * 1000);
    yh_err e = YH_OK;
    int waited = 0;
    pthread_mutex_lock(&c->mu);
    while (e == YH_OK && atomic_load(&c->durable) <= seq) {
        if (c->health != YH_OK)
            e = stopped(c);
        else if (waited == ETIMEDOUT)
            e = yh_fail(YH_E_TIMEOUT, "record %" PRIu64 " is not durable after %u ms", seq, timeout_ms);
        else
            waited = pthread_cond_timedwait(&c->done, &c->mu, &deadline);
    }
    pthread_mutex_unlock(&c->mu);
    return e;
}

yh_err chain_health(const struct chain *c)
{
    struct chain *m = (struct chain *)(uintptr_t)c; /* the lock is no part of the visible state */
    pthread_mutex_lock(&m->mu);
    yh_err e = c->health == YH_OK ? YH_OK : stopped(c);
    pthread_mutex_unlock(&m->mu);
    return e;
}

static void guard_batch(yh_buf *batch)
{
    for (char *p = batch->p, *end = p + batch->n; p < end; p += CHAIN_PREFIX + chain_take_u32(p))
        chain_guard_set(p);
}

static yh_err hash_batch(struct chain *c)
{
    struct yh_sm3_text texts[CHAIN_TREE_MANY];
    yh_sm3_hash leaves[CHAIN_TREE_MANY];
    for (const char *p = c->batch.p, *end = p + c->batch.n; p < end;) {
        size_t n = 0;
        for (; p < end && n < CHAIN_TREE_MANY; n++) {
            yh_str body = {p + CHAIN_PREFIX, chain_take_u32(p)};
            texts[n] = merkle_leaf_text(body);
            p = body.p + body.n;
        }
        yh_sm3_many(texts, n, leaves);
        YH_TRY(chain_tree_add_many(&c->tree, leaves, n));
    }
    return YH_OK;
}

static yh_err sync_segment(struct chain *c)
{
    if (fdatasync(c->fd) == 0)
        return YH_OK;
    c->distrusted = true;
    return yh_fail_errno("cannot sync the log");
}

static yh_err write_batch(struct chain *c)
{
    uint64_t end = chain_last(c)->end;
    guard_batch(&c->batch);
    YH_TRY(chain_pwrite_full(c->fd, "the log", c->batch.p, c->batch.n, end));
    if (c->batch.n >= FLUSH_BYTES) /* lets the disk begin while the leaves are hashed; the sync below decides */
        (void)sync_file_range(c->fd, (off_t)end, (off_t)c->batch.n, SYNC_FILE_RANGE_WRITE);
    YH_TRY(hash_batch(c));
    YH_TRY(sync_segment(c));
    return chain_tree_flush(&c->tree);
}

static yh_err count_batch(struct chain *c)
{
    for (const char *p = c->batch.p, *end = p + c->batch.n; p < end;) {
        size_t size = CHAIN_PREFIX + chain_take_u32(p);
        yh_time received = (yh_time)chain_take_u64(p + CHAIN_PREFIX + 8);
        YH_TRY(chain_segment_count(chain_last(c), &c->last_index, received, size));
        p += size;
    }
    return YH_OK;
}

static yh_err publish(struct chain *c)
{
    pthread_mutex_lock(&c->mu);
    struct chain_segment before = *chain_last(c);
    size_t indexed = c->last_index.n;
    yh_err e = count_batch(c);
    if (e == YH_OK) {
        atomic_store(&c->durable, c->tree.edge.size);
        c->committing = 0;
        pthread_cond_broadcast(&c->done);
    } else {
        *chain_last(c) = before;
        c->last_index.n = indexed;
    }
    pthread_mutex_unlock(&c->mu);
    YH_TRY(e);
    if (c->batch.cap > KEEP_BYTES)
        yh_buf_done(&c->batch);
    yh_buf_clear(&c->batch);
    if (c->config.on_durable)
        c->config.on_durable(c->config.user, c->tree.edge.size);
    return YH_OK;
}

/*
 * Takes back what a failed commit left behind the durable end: first in the tree, since a leaf there says that its
 * record is durable. After a failed sync the kernel may have dropped pages, so the file is opened and read anew.
 */
static yh_err repair(struct chain *c)
{
    struct chain_segment *last = chain_last(c);
    if (c->tree.distrusted)
        YH_TRY(chain_tree_again(c));
    YH_TRY(chain_tree_cut(&c->tree));
    if (c->distrusted) {
        yh_fd_close(&c->fd);
        YH_TRY(chain_segment_open(c->dir, last->first, true, &c->fd));
        YH_TRY(chain_segment_reread(&(const struct chain_file){.fd = c->fd}, last));
    }
    if (!last->sealed) {
        if (ftruncate(c->fd, (off_t)last->end) != 0)
            return yh_fail_errno("cannot cut the log");
        YH_TRY(sync_segment(c));
    }
    c->dirty = false;
    return YH_OK;
}

static yh_err seal(struct chain *c)
{
    yh_sm3_hash after = merkle_edge_root(c->sm3, &c->tree.edge);
    yh_buf_auto footer = yh_buf_make(CHAIN_FOOTER_MAX + 64);
    YH_TRY(chain_footer_write(chain_last(c), &c->last_index, &after, &footer));
    YH_TRY(chain_pwrite_full(c->fd, "the log", footer.p, footer.n, chain_last(c)->end));
    YH_TRY(sync_segment(c));
    pthread_mutex_lock(&c->mu);
    chain_last(c)->sealed = true;
    chain_last(c)->plain = chain_last(c)->stored = chain_last(c)->end + footer.n;
    chain_index_done(&c->last_index);
    pthread_mutex_unlock(&c->mu);
    return YH_OK;
}

static yh_err next_segment(struct chain *c)
{
    struct chain_header h = {
        .first = c->tree.edge.size,
        .checkpoints = atomic_load(&c->checkpoints),
        .before = merkle_edge_root(c->sm3, &c->tree.edge),
    };
    int fd;
    YH_TRY(chain_segment_create(c->dir, &h, &fd));
    struct chain_segment s = {.first = h.first, .end = CHAIN_HEADER};
    pthread_mutex_lock(&c->mu);
    yh_err e = chain_segment_add(c, &s);
    pthread_cond_signal(&c->pack); /* the one before it is sealed */
    pthread_mutex_unlock(&c->mu);
    if (e != YH_OK) {
        close(fd);
        return e;
    }
    yh_fd_close(&c->fd);
    c->fd = fd;
    c->distrusted = false;
    return YH_OK;
}

/* A segment that is full, or whose disk once failed to sync, is closed for good before the next record. */
static yh_err make_room(struct chain *c)
{
    struct chain_segment *last = chain_last(c);
    bool full = last->end >= c->config.segment_bytes && last->count > 0;
    if (c->distrusted && last->count == 0) /* read anew and empty: nothing to part from */
        c->distrusted = false;
    if (!last->sealed && (full || c->distrusted))
        YH_TRY(seal(c));
    return chain_last(c)->sealed ? next_segment(c) : YH_OK;
}

static yh_err commit(struct chain *c)
{
    if (c->dirty || c->distrusted)
        YH_TRY(repair(c));
    if (c->batch.n == 0)
        return YH_OK;
    YH_TRY(make_room(c));
    struct merkle_edge before = c->tree.edge;
    yh_err e = write_batch(c);
    if (e == YH_OK)
        e = publish(c);
    if (e != YH_OK)
        chain_tree_rollback(&c->tree, &before);
    return e;
}

static bool head_due(const struct chain *c, bool stopping)
{
    uint64_t fresh = c->tree.edge.size - c->head_size;
    if (fresh == 0)
        return false;
    return stopping || fresh >= c->config.checkpoint_records ||
           yh_clock_mono_us() - c->head_since >= (int64_t)c->config.checkpoint_ms * 1000;
}

static void set_health(struct chain *c, yh_err e)
{
    pthread_mutex_lock(&c->mu);
    if (c->health != e || e != YH_OK) {
        c->health = e;
        snprintf(c->health_cause, sizeof c->health_cause, "%s", e == YH_OK ? "" : yh_cause());
        pthread_cond_broadcast(&c->done);
    }
    pthread_mutex_unlock(&c->mu);
}

static yh_err work(struct chain *c, bool stopping)
{
    yh_err e = commit(c);
    if (e == YH_OK && head_due(c, stopping))
        e = chain_head_sign(c);
    if (e != YH_OK)
        c->dirty = true;
    if (e != YH_OK || c->health != YH_OK) /* only this thread changes it */
        set_health(c, e);
    return e;
}

/* When the thread has to act next, in monotonic us; INT64_MAX: not before somebody appends. */
static int64_t next_deadline(const struct chain *c)
{
    int64_t head = INT64_MAX;
    if (c->tree.edge.size > c->head_size)
        head = c->head_since + (int64_t)c->config.checkpoint_ms * 1000;
    if (c->open.n == 0)
        return head;
    int64_t batch = c->open.n >= EARLY_BYTES ? 0 : c->open_since + (int64_t)c->config.commit_ms * 1000;
    return batch < head ? batch : head;
}

static void take_batch(struct chain *c)
{
    if (c->batch.n > 0 || c->open.n == 0)
        return;
    yh_buf taken = c->open;
    c->open = c->batch;
    c->batch = taken;
    c->committing = c->batch.n;
}

struct turn {
    bool closing; /* the log is being closed */
    bool last;    /* and nothing is left after this batch */
};

/* Sleeps until there is work, then takes the open batch unless one is still in hand. */
static struct turn wait_and_take(struct chain *c, bool failed)
{
    pthread_mutex_lock(&c->mu);
    int64_t retry = yh_clock_mono_us() + (int64_t)c->config.retry_ms * 1000;
    for (;;) {
        int64_t until = failed ? retry : next_deadline(c);
        if (c->stop || until <= yh_clock_mono_us())
            break;
        if (until == INT64_MAX) {
            pthread_cond_wait(&c->work, &c->mu);
        } else {
            struct timespec deadline = at_us(until);
            pthread_cond_timedwait(&c->work, &c->mu, &deadline);
        }
    }
    take_batch(c);
    struct turn t = {.closing = c->stop, .last = c->stop && c->open.n == 0};
    pthread_mutex_unlock(&c->mu);
    return t;
}

static void *writer(void *arg)
{
    struct chain *c = arg;
    bool failed = false;
    struct turn t;
    do {
        t = wait_and_take(c, failed);
        failed = work(c, t.last) != YH_OK;
    } while (!t.last && !(t.closing && failed));
    return NULL;
}

yh_err chain_writer_start(struct chain *c)
{
    int e = pthread_create(&c->thread, NULL, writer, c);
    if (e != 0)
        return yh_fail(YH_E_NO_MEMORY, "cannot start the log's writer: error %d", e);
    c->has_thread = true;
    return YH_OK;
}

void chain_writer_stop(struct chain *c)
{
    if (!c->has_thread)
        return;
    pthread_mutex_lock(&c->mu);
    c->stop = true;
    pthread_cond_signal(&c->work);
    pthread_mutex_unlock(&c->mu);
    pthread_join(c->thread, NULL);
    c->has_thread = false;
}
