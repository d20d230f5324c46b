#include "chain/tree.h"

#include <assert.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "chain/log_file.h"

#define FILE_NAME "tree"
#define KEEP_BYTES (4u << 20)

const char chain_tree_header[CHAIN_TREE_HEADER] = "yuheng merkle tree SM3 1\n";

static unsigned ones(uint64_t v)
{
    return (unsigned)__builtin_popcountll(v);
}

uint64_t chain_tree_nodes(uint64_t leaves)
{
    return 2 * leaves - ones(leaves);
}

static uint64_t node_offset(uint64_t position)
{
    return CHAIN_TREE_HEADER + position * YH_SM3_LEN;
}

yh_err chain_tree_open(const char *dir, bool writable, struct chain_tree *ret)
{
    char path[CHAIN_PATH], header[CHAIN_TREE_HEADER];
    size_t n;
    YH_TRY(chain_path(dir, FILE_NAME, path));
    yh_fd_auto fd = open(path, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC);
    if (fd < 0)
        return yh_fail_errno("cannot open %s", path);
    YH_TRY(chain_pread(fd, path, header, sizeof header, 0, &n));
    if (n != sizeof header || memcmp(header, chain_tree_header, sizeof header) != 0)
        return yh_fail(YH_E_CORRUPT, "file tree: the header does not verify (offset 0)");
    *ret = (struct chain_tree){.fd = fd, .pending = yh_buf_make((size_t)4 << 30), .in_memory = !writable};
    fd = -1;
    return YH_OK;
}

yh_err chain_tree_create(const char *dir, struct chain_tree *ret)
{
    char path[CHAIN_PATH];
    YH_TRY(chain_path(dir, FILE_NAME, path));
    YH_TRY(yh_file_replace(path, (yh_str){chain_tree_header, sizeof chain_tree_header}, 0640));
    return chain_tree_open(dir, true, ret);
}

void chain_tree_close(struct chain_tree *t)
{
    yh_fd_close(&t->fd);
    yh_buf_done(&t->pending);
}

yh_err chain_tree_leaves(const struct chain_tree *t, uint64_t *ret)
{
    struct stat st;
    if (fstat(t->fd, &st) != 0)
        return yh_fail_errno("cannot stat the tree file");
    uint64_t nodes = st.st_size < (off_t)CHAIN_TREE_HEADER ? 0 : ((uint64_t)st.st_size - CHAIN_TREE_HEADER) / YH_SM3_LEN;
    uint64_t leaves = nodes / 2;
    while (chain_tree_nodes(leaves + 1) <= nodes)
        leaves++;
    *ret = leaves;
    return YH_OK;
}

yh_err chain_tree_node(const struct chain_tree *t, unsigned level, uint64_t number, yh_sm3_hash *ret)
{
    uint64_t completing = ((number + 1) << level) - 1; /* the leaf whose arrival completes it */
    uint64_t position = chain_tree_nodes(completing) + level;
    if (t->in_memory && position >= chain_tree_nodes(t->flushed)) {
        uint64_t at = (position - chain_tree_nodes(t->flushed)) * YH_SM3_LEN;
        if (at + YH_SM3_LEN <= t->pending.n) {
            memcpy(ret->b, t->pending.p + at, YH_SM3_LEN);
            return YH_OK;
        }
    }
    size_t n;
    yh_sm3_hash h;
    YH_TRY(chain_pread(t->fd, FILE_NAME, h.b, sizeof h.b, node_offset(position), &n));
    if (n != sizeof h.b)
        return yh_fail(YH_E_CORRUPT, "file tree: ends before node %" PRIu64, position);
    *ret = h;
    return YH_OK;
}

static yh_err load_edge(const struct chain_tree *t, uint64_t size, struct merkle_edge *ret)
{
    *ret = (struct merkle_edge){.size = size};
    for (unsigned level = 0; level < 64; level++)
        if (size >> level & 1)
            YH_TRY(chain_tree_node(t, level, (size >> level) - 1, &ret->peak[level]));
    return YH_OK;
}

yh_err chain_tree_resume(struct chain_tree *t, uint64_t size)
{
    YH_TRY(load_edge(t, size, &t->edge));
    t->flushed = size;
    t->pending.n = 0;
    return YH_OK;
}

yh_err chain_tree_cut(struct chain_tree *t)
{
    uint64_t end = node_offset(chain_tree_nodes(t->flushed));
    if (ftruncate(t->fd, (off_t)end) != 0)
        return yh_fail_errno("cannot cut the tree file");
    return chain_tree_sync(t);
}

yh_err chain_tree_add(struct chain_tree *t, struct yh_sm3 *sm3, const yh_sm3_hash *leaf)
{
    struct merkle_edge *e = &t->edge;
    yh_sm3_hash node = *leaf;
    unsigned level = 0;
    yh_buf_add(&t->pending, node.b, sizeof node.b);
    for (; e->size >> level & 1; level++) {
        node = merkle_node(sm3, &e->peak[level], &node);
        yh_buf_add(&t->pending, node.b, sizeof node.b);
    }
    e->peak[level] = node;
    e->size++;
    return yh_buf_check(&t->pending);
}

yh_err chain_tree_flush(struct chain_tree *t)
{
    assert(!t->in_memory);
    YH_TRY(chain_pwrite_full(t->fd, "the tree file", t->pending.p, t->pending.n,
                             node_offset(chain_tree_nodes(t->flushed))));
    t->flushed = t->edge.size;
    if (t->pending.cap > KEEP_BYTES)
        yh_buf_done(&t->pending);
    yh_buf_clear(&t->pending);
    return YH_OK;
}

yh_err chain_tree_sync(struct chain_tree *t)
{
    t->distrusted = fdatasync(t->fd) != 0;
    return t->distrusted ? yh_fail_errno("cannot sync the tree file") : YH_OK;
}

void chain_tree_rollback(struct chain_tree *t, const struct merkle_edge *edge)
{
    t->edge = *edge;
    t->flushed = edge->size;
    yh_buf_clear(&t->pending);
}

/* Root of the leaves from .. from+count-1, where `from` is a multiple of a power of two >= count. */
static yh_err range_root(const struct chain_tree *t, struct yh_sm3 *sm3, uint64_t from, uint64_t count,
                         yh_sm3_hash *ret)
{
    yh_sm3_hash root, peak;
    bool any = false;
    uint64_t end = from + count;
    for (unsigned level = 0; level < 64; level++) {
        if (!(count >> level & 1))
            continue;
        end -= (uint64_t)1 << level;
        YH_TRY(chain_tree_node(t, level, end >> level, &peak));
        root = any ? merkle_node(sm3, &peak, &root) : peak;
        any = true;
    }
    assert(any);
    *ret = root;
    return YH_OK;
}

yh_err chain_tree_root(const struct chain_tree *t, struct yh_sm3 *sm3, uint64_t size, yh_sm3_hash *ret)
{
    if (size)
        return range_root(t, sm3, 0, size, ret);
    yh_sm3_begin(sm3);
    *ret = yh_sm3_end(sm3);
    return YH_OK;
}

/* Largest power of two below n, n > 1. */
static uint64_t split_of(uint64_t n)
{
    return (uint64_t)1 << (63 - __builtin_clzll(n - 1));
}

/* The siblings are met from the root down and listed from the leaf up. */
static void turn_round(struct chain_proof *p)
{
    for (unsigned i = 0; i < p->n / 2; i++) {
        yh_sm3_hash kept = p->path[i];
        p->path[i] = p->path[p->n - 1 - i];
        p->path[p->n - 1 - i] = kept;
    }
}

yh_err chain_tree_inclusion(const struct chain_tree *t, struct yh_sm3 *sm3, uint64_t index, uint64_t size,
                            struct chain_proof *ret)
{
    struct chain_proof p = {0};
    uint64_t from = 0, count = size;
    while (count > 1) {
        uint64_t left = split_of(count);
        if (index < from + left) {
            YH_TRY(range_root(t, sm3, from + left, count - left, &p.path[p.n++]));
            count = left;
        } else {
            YH_TRY(range_root(t, sm3, from, left, &p.path[p.n++]));
            from += left;
            count -= left;
        }
    }
    turn_round(&p);
    *ret = p;
    return YH_OK;
}

yh_err chain_tree_consistency(const struct chain_tree *t, struct yh_sm3 *sm3, uint64_t old_size, uint64_t new_size,
                              struct chain_proof *ret)
{
    struct chain_proof p = {0};
    uint64_t from = 0, count = new_size;
    /* Down to the subtree whose right edge is the old tree's right edge. */
    while (old_size != 0 && from + count != old_size) {
        uint64_t left = split_of(count);
        if (old_size <= from + left) {
            YH_TRY(range_root(t, sm3, from + left, count - left, &p.path[p.n++]));
            count = left;
        } else {
            YH_TRY(range_root(t, sm3, from, left, &p.path[p.n++]));
            from += left;
            count -= left;
        }
    }
    if (from != 0) /* otherwise it is the old root, which the verifier has */
        YH_TRY(range_root(t, sm3, from, count, &p.path[p.n++]));
    turn_round(&p);
    *ret = p;
    return YH_OK;
}
