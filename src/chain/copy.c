/* Copying sealed segments away, so that the copy verifies without the log it comes from (part.h). */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "chain/log.h"
#include "chain/part.h"

#define CHUNK (1u << 20)

struct copying {
    struct chain *c;
    const char *to;
    struct chain_segment *segments; /* as they were at the start */
    size_t n;
    struct chain_checkpoint newest;
    size_t at, stop; /* segments to copy */
    struct chain_copied *done;
};

/* ---- one file ---- */

static yh_err hash_file(int in, int out, struct yh_sm3 *sm3, char *chunk, uint64_t *ret_n, yh_sm3_hash *ret)
{
    uint64_t at = 0;
    yh_sm3_begin(sm3);
    for (size_t n = 1; n;) {
        YH_TRY(chain_pread(in, "a segment", chunk, CHUNK, at, &n));
        yh_sm3_add(sm3, chunk, n);
        if (out >= 0)
            YH_TRY(chain_pwrite_full(out, "the copy of a segment", chunk, n, at));
        at += n;
    }
    *ret_n = at;
    *ret = yh_sm3_end(sm3);
    return YH_OK;
}

static yh_err copy_bytes(int in, int out, uint64_t *ret_n)
{
    yh_cleanup(yh_sm3_freep) struct yh_sm3 *sm3 = NULL;
    yh_free_auto char *chunk = malloc(CHUNK);
    uint64_t again;
    yh_sm3_hash put, got;
    if (!chunk)
        return yh_fail(YH_E_NO_MEMORY, "no memory to copy a segment");
    YH_TRY(yh_sm3_new(&sm3));
    YH_TRY(hash_file(in, out, sm3, chunk, ret_n, &put));
    if (fsync(out) != 0)
        return yh_fail_errno("cannot sync the copy of a segment");
    (void)posix_fadvise(out, 0, 0, POSIX_FADV_DONTNEED);
    YH_TRY(hash_file(out, -1, sm3, chunk, &again, &got));
    if (again != *ret_n || !yh_sm3_eq(&put, &got))
        return yh_fail(YH_E_IO, "the copy of a segment reads differently from what was written");
    return YH_OK;
}

static yh_err copy_beside(int in, const char *beside, uint64_t *ret_n)
{
    if (unlink(beside) != 0 && errno != ENOENT)
        return yh_fail_errno("cannot remove the leftover %s", beside);
    yh_fd_auto out = open(beside, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    if (out < 0)
        return yh_fail_errno("cannot create %s", beside);
    return copy_bytes(in, out, ret_n);
}

static yh_err copy_file(int in, const char *path, uint64_t *ret_n)
{
    char beside[CHAIN_PATH];
    if (snprintf(beside, sizeof beside, "%s.new", path) >= (int)sizeof beside)
        return yh_fail(YH_E_TOO_LARGE, "path too long: %s", path);
    yh_err e = copy_beside(in, beside, ret_n);
    if (e == YH_OK && rename(beside, path) != 0)
        e = yh_fail_errno("cannot put %s in place", path);
    if (e != YH_OK)
        unlink(beside);
    return e;
}

static bool is_there(const char *dir, uint64_t first, const struct chain_file *source, uint64_t stored)
{
    chain_file_auto copy = CHAIN_FILE_NONE;
    uint64_t size;
    return chain_file_open(dir, first, &copy) == YH_OK && !copy.packed == !source->packed &&
           chain_file_stored(&copy, &size) == YH_OK && size == stored;
}

/* The copy holds one file per segment: a packed one takes the place of the plain one of an earlier copy. */
static yh_err copy_segment(struct copying *k, const struct chain_segment *s)
{
    char name[CHAIN_NAME], path[CHAIN_PATH], plain[CHAIN_PATH];
    chain_file_auto source = CHAIN_FILE_NONE;
    uint64_t stored = 0, n;
    YH_TRY(chain_file_open(k->c->dir, s->first, &source));
    YH_TRY(chain_file_stored(&source, &stored));
    if (is_there(k->to, s->first, &source, stored))
        return YH_OK;
    chain_file_name(&source, s->first, name);
    YH_TRY(chain_path(k->to, name, path));
    YH_TRY(chain_segment_path(k->to, s->first, plain));
    YH_TRY(copy_file(source.fd, path, &n));
    YH_TRY(yh_dir_sync(k->to));
    if (source.packed && unlink(plain) != 0 && errno != ENOENT)
        return yh_fail_errno("cannot remove %s", plain);
    k->done->segments++;
    k->done->bytes += n;
    return YH_OK;
}

/* ---- what goes with them ---- */

static yh_err put_key(const struct copying *k)
{
    char path[CHAIN_PATH];
    yh_buf_auto ours = yh_buf_make(65536), theirs = yh_buf_make(65536);
    YH_TRY(chain_keys_public_pem(k->c->keys, &ours));
    YH_TRY(chain_path(k->to, "keys", path));
    YH_TRY(yh_dir_make(path));
    YH_TRY(chain_path(k->to, "keys/sm2.pub", path));
    if (access(path, F_OK) != 0)
        return yh_file_replace(path, yh_buf_view(&ours), 0644);
    YH_TRY(yh_file_read(path, &theirs));
    if (!yh_str_eq(yh_buf_view(&ours), yh_buf_view(&theirs)))
        return yh_fail(YH_E_CONFLICT, "%s holds a part of another log", k->to);
    return YH_OK;
}

static yh_err put_checkpoints(const struct copying *k, uint64_t number)
{
    char path[CHAIN_PATH];
    size_t n, length = (size_t)(number + 2) * CHAIN_SLOT;
    yh_free_auto char *bytes = malloc(length);
    if (!bytes)
        return yh_fail(YH_E_NO_MEMORY, "no memory to copy the checkpoints");
    YH_TRY(chain_pread(k->c->heads.fd, "the file checkpoints", bytes, length, 0, &n));
    if (n != length)
        return yh_fail(YH_E_CORRUPT, "file checkpoints: ends before number %" PRIu64, number);
    YH_TRY(chain_path(k->to, "checkpoints", path));
    return yh_file_replace(path, (yh_str){bytes, n}, 0640);
}

static yh_err find_peaks(const struct chain *c, uint64_t first, struct merkle_edge *ret)
{
    uint64_t start = 0;
    ret->size = first;
    for (unsigned k = 64; k-- > 0;) {
        if (!(first >> k & 1))
            continue;
        YH_TRY(chain_tree_node(&c->tree, k, start >> k, &ret->peak[k]));
        start += (uint64_t)1 << k;
    }
    return YH_OK;
}

static yh_err put_part(const struct copying *k)
{
    char path[CHAIN_PATH];
    yh_buf_auto text = yh_buf_make(65536), checkpoint = yh_buf_make(4096);
    struct chain_part part = {.first = k->done->first, .end = k->done->end};
    struct chain_checkpoint cover;
    YH_TRY(chain_checkpoint_covering(k->c, part.end - 1, &checkpoint, &cover));
    part.checkpoint = cover.number;
    YH_TRY(find_peaks(k->c, part.first, &part.before));
    YH_TRY(chain_prove_consistency(k->c, part.end, cover.head.size, &part.path));
    YH_TRY(chain_part_write(&part, &text));
    YH_TRY(put_checkpoints(k, cover.number));
    YH_TRY(chain_path(k->to, "part", path));
    return yh_file_replace(path, yh_buf_view(&text), 0640);
}

/* ---- which ones ---- */

static yh_err snapshot(struct copying *k)
{
    pthread_mutex_lock(&k->c->mu);
    k->n = k->c->segment_n;
    k->segments = calloc(k->n + 1, sizeof *k->segments);
    if (k->segments && k->n)
        memcpy(k->segments, k->c->segments, k->n * sizeof *k->segments);
    pthread_mutex_unlock(&k->c->mu);
    return k->segments ? YH_OK : yh_fail(YH_E_NO_MEMORY, "no memory to copy a log");
}

static yh_err refuse_foreign(const char *to)
{
    char path[CHAIN_PATH];
    YH_TRY(chain_path(to, "tree", path));
    if (access(path, F_OK) == 0)
        return yh_fail(YH_E_CONFLICT, "%s holds a log of its own", to);
    return YH_OK;
}

/* Where to begin: at the segment asked for, or where the part that is there begins. */
static yh_err choose_start(struct copying *k, uint64_t number)
{
    struct chain_part part;
    yh_err e = chain_part_read(k->to, &part);
    if (e == YH_E_NOT_FOUND) {
        k->at = (size_t)number;
        return YH_OK;
    }
    YH_TRY(e);
    for (k->at = 0; k->at < k->n && k->segments[k->at].first != part.first;)
        k->at++;
    if (k->at == k->n || (number && number != k->at))
        return yh_fail(YH_E_CONFLICT, "%s holds a part that begins with record %" PRIu64, k->to, part.first);
    return YH_OK;
}

static yh_err choose(struct copying *k, uint64_t number)
{
    yh_buf_auto text = yh_buf_make(4096);
    yh_err e = chain_checkpoint_latest(k->c, &text, &k->newest);
    if (e != YH_OK && e != YH_E_NOT_FOUND)
        return e;
    uint64_t signed_n = e == YH_OK ? k->newest.head.size : 0;
    YH_TRY(choose_start(k, number));
    for (k->stop = k->at; k->stop < k->n; k->stop++) {
        const struct chain_segment *s = &k->segments[k->stop];
        if (!s->sealed || s->count == 0 || s->first + s->count > signed_n)
            break;
    }
    if (k->stop <= k->at)
        return yh_fail(YH_E_NOT_FOUND, "no segment from number %zu on is sealed and signed yet", k->at);
    k->done->first = k->segments[k->at].first;
    k->done->end = k->segments[k->stop - 1].first + k->segments[k->stop - 1].count;
    k->done->next_segment = k->stop;
    return YH_OK;
}

static yh_err run(struct copying *k, uint64_t number)
{
    struct chain_part part;
    YH_TRY(yh_dir_make(k->to));
    YH_TRY(snapshot(k));
    if (chain_part_read(k->to, &part) == YH_E_NOT_FOUND)
        YH_TRY(refuse_foreign(k->to));
    YH_TRY(choose(k, number));
    YH_TRY(put_key(k));
    for (size_t i = k->at; i < k->stop; i++)
        YH_TRY(copy_segment(k, &k->segments[i]));
    return put_part(k);
}

yh_err chain_copy(const char *from, const char *to, uint64_t number, struct chain_copied *ret)
{
    struct chain_config config = {.read_only = true};
    struct chain_copied done = {0};
    struct copying k = {.to = to, .done = &done};
    YH_TRY(chain_open(from, &config, NULL, &k.c));
    yh_err e = run(&k, number);
    free(k.segments);
    chain_close(k.c);
    if (e == YH_OK)
        *ret = done;
    return e;
}
