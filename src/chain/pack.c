/*
 * Packing sealed segments, on a thread of its own that yields to all others. A segment is packed when the writer has
 * left it; readers that have the plain file open keep it, later ones find the packed one.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "chain/growth.h"
#include "chain/log.h"
#include "chain/packed.h"

#define PAUSE_TURNS 30 /* of retry_ms, after a failure */
#define NICE 10
#define GROWTH_BYTES (64u << 20)

struct job {
    const char *dir;
    uint64_t first;
    const struct chain_tree *tree;
    const _Atomic bool *stop;
    char beside[CHAIN_PATH], packed[CHAIN_PATH], plain[CHAIN_PATH];
    struct chain_segment segment;
};

static yh_err job_paths(struct job *j)
{
    char name[CHAIN_NAME];
    chain_packed_name(j->first, name);
    YH_TRY(chain_path(j->dir, name, j->packed));
    YH_TRY(chain_segment_path(j->dir, j->first, j->plain));
    if (snprintf(j->beside, sizeof j->beside, "%s.new", j->packed) >= (int)sizeof j->beside)
        return yh_fail(YH_E_TOO_LARGE, "path too long: %s", j->packed);
    return YH_OK;
}

/* ---- writing ---- */

struct packing {
    struct job *job;
    int fd;
    struct chain_pack pack;
    struct chain_scan scan;
    struct chain_growth growth;
    yh_buf raw;
};

static void packing_done(struct packing *p)
{
    chain_pack_done(&p->pack);
    chain_scan_done(&p->scan);
    chain_growth_done(&p->growth);
    yh_buf_done(&p->raw);
}

/* Plain bytes from the last frame's end to `end` become a frame that begins with record seq. */
static yh_err put_frame(struct packing *p, uint64_t end, uint64_t seq)
{
    size_t n, want = (size_t)(end - p->pack.plain_at);
    yh_buf_clear(&p->raw);
    char *to = yh_buf_reserve(&p->raw, want);
    if (!to)
        return yh_fail(YH_E_NO_MEMORY, "no memory to pack a segment");
    YH_TRY(chain_pread(p->fd, "a segment", to, want, p->pack.plain_at, &n));
    if (n != want)
        return chain_bad_record(p->job->first, seq, p->pack.plain_at, "is missing");
    if (atomic_load(p->job->stop))
        return yh_fail(YH_E_CLOSED, "the log is being closed");
    return chain_pack_add(&p->pack, (yh_str){to, n}, seq);
}

static yh_err put_records(struct packing *p)
{
    const struct chain_segment *s = &p->job->segment;
    uint64_t frame_seq = s->first, end = s->first + s->count;
    for (uint64_t seq = s->first; seq < end; seq++) {
        struct chain_found f;
        YH_TRY(chain_scan_next(&p->scan, &f));
        if (f.what != CHAIN_AT_RECORD || f.record.seq != seq)
            return chain_bad_record(s->first, seq, f.offset, "does not verify");
        YH_TRY(chain_growth_count(&p->growth, &f.record));
        if (seq + 1 < end && seq + 1 - frame_seq < CHAIN_FRAME_RECORDS &&
            p->scan.offset - p->pack.plain_at < CHAIN_FRAME_BYTES)
            continue;
        YH_TRY(put_frame(p, p->scan.offset, frame_seq));
        frame_seq = seq + 1;
    }
    return YH_OK;
}

static yh_err put_footer(struct packing *p, uint64_t size)
{
    const struct chain_segment *s = &p->job->segment;
    while (p->pack.plain_at < size) {
        uint64_t left = size - p->pack.plain_at;
        uint64_t part = left < CHAIN_FRAME_BYTES ? left : CHAIN_FRAME_BYTES;
        YH_TRY(put_frame(p, p->pack.plain_at + part, s->first + s->count));
    }
    return YH_OK;
}

static yh_err write_packed(struct job *j, int plain_fd, int out)
{
    yh_cleanup(packing_done) struct packing p = {.job = j, .fd = plain_fd, .raw = yh_buf_make(CHAIN_FRAME_MAX)};
    yh_buf_auto growth = yh_buf_make(GROWTH_BYTES);
    const struct chain_file plain = {.fd = plain_fd};
    uint64_t size;
    YH_TRY(chain_footer_read(&plain, j->first, &j->segment, NULL));
    YH_TRY(chain_file_size(&plain, &size));
    YH_TRY(chain_pack_begin(out, &p.pack));
    chain_scan_init(&p.scan, &plain, CHAIN_HEADER);
    YH_TRY(put_frame(&p, CHAIN_HEADER, j->first)); /* by itself: damage to records does not keep a log from opening */
    YH_TRY(put_records(&p));
    YH_TRY(put_footer(&p, size));
    YH_TRY(chain_growth_write(&p.growth, &growth));
    return chain_pack_end(&p.pack, j->first, j->segment.count, yh_buf_view(&growth));
}

/* ---- reading back ---- */

static yh_err check_leaves(const struct job *j, const struct chain_file *f)
{
    yh_cleanup(yh_sm3_freep) struct yh_sm3 *sm3 = NULL;
    yh_cleanup(chain_scan_done) struct chain_scan scan = {0};
    YH_TRY(yh_sm3_new(&sm3));
    chain_scan_init(&scan, f, CHAIN_HEADER);
    for (uint64_t seq = j->first; seq < j->first + j->segment.count; seq++) {
        struct chain_found found;
        yh_sm3_hash stored;
        YH_TRY(chain_scan_next(&scan, &found));
        if (found.what != CHAIN_AT_RECORD || found.record.seq != seq)
            return chain_bad_record(j->first, seq, found.offset, "does not verify after packing");
        yh_sm3_hash leaf = merkle_leaf(sm3, found.body);
        YH_TRY(chain_tree_node(j->tree, 0, seq, &stored));
        if (!yh_sm3_eq(&leaf, &stored))
            return chain_bad_record(j->first, seq, found.offset, "differs from its leaf in the tree file");
        if (atomic_load(j->stop))
            return yh_fail(YH_E_CLOSED, "the log is being closed");
    }
    return scan.offset == j->segment.end ? YH_OK : chain_bad_record(j->first, j->first, 0, "was packed wrongly");
}

/* What does not stand in a record: header, footer and trailer, byte for byte. */
static yh_err check_rest(const struct job *j, int plain_fd, const struct chain_file *f)
{
    uint64_t size, packed_size, at = j->segment.end;
    YH_TRY(chain_file_stored(&(const struct chain_file){.fd = plain_fd}, &size));
    YH_TRY(chain_file_size(f, &packed_size));
    if (size != packed_size)
        return chain_bad_record(j->first, j->first, 0, "was packed wrongly");
    char a[4096], b[4096];
    for (uint64_t from = 0, part; from < size; from = from == 0 ? at : from + part) {
        size_t n, m;
        part = from == 0 ? CHAIN_HEADER : yh_min_size(sizeof a, (size_t)(size - from));
        YH_TRY(chain_pread(plain_fd, "a segment", a, (size_t)part, from, &n));
        YH_TRY(chain_file_read(f, "a packed segment", b, (size_t)part, from, &m));
        if (n != part || m != part || memcmp(a, b, n) != 0)
            return chain_bad_record(j->first, j->first, from, "was packed wrongly");
    }
    return YH_OK;
}

static yh_err read_back(const struct job *j, int plain_fd)
{
    chain_file_auto f = {.fd = open(j->beside, O_RDONLY | O_CLOEXEC)};
    yh_buf_auto growth = yh_buf_make(GROWTH_BYTES);
    if (f.fd < 0)
        return yh_fail_errno("cannot open %s", j->beside);
    (void)posix_fadvise(f.fd, 0, 0, POSIX_FADV_DONTNEED); /* from the disk, not from memory */
    YH_TRY(chain_packed_open(f.fd, j->first, &f.packed));
    YH_TRY(chain_packed_growth(f.packed, f.fd, &growth));
    YH_TRY(check_leaves(j, &f));
    return check_rest(j, plain_fd, &f);
}

static yh_err make_beside(struct job *j, int plain_fd)
{
    if (unlink(j->beside) != 0 && errno != ENOENT)
        return yh_fail_errno("cannot remove the leftover %s", j->beside);
    yh_fd_auto out = open(j->beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    if (out < 0)
        return yh_fail_errno("cannot create %s", j->beside);
    YH_TRY(write_packed(j, plain_fd, out));
    if (fsync(out) != 0)
        return yh_fail_errno("cannot sync %s", j->beside);
    return read_back(j, plain_fd);
}

static yh_err put_in_place(const struct job *j)
{
    if (rename(j->beside, j->packed) != 0)
        return yh_fail_errno("cannot put %s in place", j->packed);
    YH_TRY(yh_dir_sync(j->dir));
    if (unlink(j->plain) != 0)
        return yh_fail_errno("cannot remove %s", j->plain);
    return yh_dir_sync(j->dir);
}

static yh_err stored_size(const struct job *j, uint64_t *ret)
{
    const struct chain_file f = {.fd = open(j->packed, O_RDONLY | O_CLOEXEC)};
    if (f.fd < 0)
        return yh_fail_errno("cannot open %s", j->packed);
    yh_err e = chain_file_stored(&f, ret);
    close(f.fd);
    return e;
}

yh_err chain_pack_segment(const char *dir, uint64_t first, const struct chain_tree *tree, const _Atomic bool *stop,
                          uint64_t *ret_stored)
{
    struct job j = {.dir = dir, .first = first, .tree = tree, .stop = stop};
    YH_TRY(job_paths(&j));
    yh_fd_auto plain = -1;
    yh_err e = chain_segment_open(dir, first, false, &plain);
    if (e == YH_E_NOT_FOUND) { /* an earlier try failed behind the removal */
        YH_TRY(yh_dir_sync(dir));
        return stored_size(&j, ret_stored);
    }
    YH_TRY(e);
    e = make_beside(&j, plain);
    if (e == YH_OK)
        e = put_in_place(&j);
    else
        unlink(j.beside);
    YH_TRY(e);
    return stored_size(&j, ret_stored);
}

/* ---- the thread ---- */

/* The next sealed segment behind `after` that is not packed; never the last, which is the writer's. mu held. */
static struct chain_segment *find_work(struct chain *c, uint64_t after, bool any)
{
    for (size_t i = 0; i + 1 < c->segment_n; i++) {
        struct chain_segment *s = &c->segments[i];
        if (s->sealed && !s->packed && (any || s->first > after))
            return s;
    }
    return NULL;
}

static void pause_for(struct chain *c, int64_t ms)
{
    int64_t us = yh_clock_mono_us() + ms * 1000;
    struct timespec until = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
    while (!atomic_load(&c->pack_stop) && yh_clock_mono_us() < us)
        pthread_cond_timedwait(&c->pack, &c->mu, &until);
}

static void note_result(struct chain *c, uint64_t first, yh_err e, uint64_t stored)
{
    if (e == YH_E_CLOSED)
        return;
    if (e != YH_OK) {
        c->pack_health = e;
        c->pack_failed = first;
        snprintf(c->pack_cause, sizeof c->pack_cause, "%s", yh_cause());
        return;
    }
    if (c->pack_failed == first)
        c->pack_health = YH_OK;
    for (size_t i = 0; i < c->segment_n; i++) {
        if (c->segments[i].first != first)
            continue;
        c->segments[i].packed = true;
        c->segments[i].stored = stored;
    }
}

/* One that cannot be packed does not keep the others from it; after a pause it is tried again. */
static void *packer(void *arg)
{
    struct chain *c = arg;
    bool any = true;
    uint64_t after = 0;
    setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
    pthread_mutex_lock(&c->mu);
    while (!atomic_load(&c->pack_stop)) {
        struct chain_segment *s = find_work(c, after, any);
        if (!s && any) {
            pthread_cond_wait(&c->pack, &c->mu);
            continue;
        }
        if (!s) {
            pause_for(c, (int64_t)c->config.retry_ms * PAUSE_TURNS);
            any = true;
            continue;
        }
        uint64_t first = s->first, stored = 0;
        pthread_mutex_unlock(&c->mu);
        yh_err e = chain_pack_segment(c->dir, first, &c->tree, &c->pack_stop, &stored);
        pthread_mutex_lock(&c->mu);
        note_result(c, first, e, stored);
        if (e != YH_OK) {
            any = false;
            after = first;
        }
    }
    pthread_mutex_unlock(&c->mu);
    return NULL;
}

yh_err chain_packer_start(struct chain *c)
{
    int e = pthread_create(&c->packer, NULL, packer, c);
    if (e != 0)
        return yh_fail(YH_E_NO_MEMORY, "cannot start the log's packer: error %d", e);
    c->has_packer = true;
    return YH_OK;
}

void chain_packer_stop(struct chain *c)
{
    if (!c->has_packer)
        return;
    pthread_mutex_lock(&c->mu);
    atomic_store(&c->pack_stop, true);
    pthread_cond_signal(&c->pack);
    pthread_mutex_unlock(&c->mu);
    pthread_join(c->packer, NULL);
    c->has_packer = false;
}

yh_err chain_pack_health(const struct chain *c)
{
    struct chain *m = (struct chain *)(uintptr_t)c; /* the lock is no part of the visible state */
    pthread_mutex_lock(&m->mu);
    yh_err e = c->pack_health == YH_OK ? YH_OK : yh_fail(c->pack_health, "%s", c->pack_cause);
    pthread_mutex_unlock(&m->mu);
    return e;
}
