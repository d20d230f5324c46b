/*
 * Opening a log: what is on disk must be one state. Records are the truth; the newest signed checkpoint and the leaves
 * in the tree file say how many of them were acknowledged. Behind those, bytes at the end of the last segment that do
 * not make a record are a torn tail; everything else that does not fit is damage.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "chain/log.h"

struct state {
    struct chain_head head;      /* newest checkpoint; size 0 when none */
    uint64_t leaves;             /* in the tree file */
    bool rebuild;                /* there was no tree file */
    bool live;                   /* another process is writing */
    uint64_t cut;                /* bytes of the torn tail */
};

bool chain_is_live(const char *dir)
{
    char path[CHAIN_PATH];
    if (chain_path(dir, "lock", path) != YH_OK)
        return false;
    yh_fd_auto fd = open(path, O_RDONLY | O_CLOEXEC);
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fd >= 0 && fcntl(fd, F_OFD_GETLK, &whole) == 0 && whole.l_type != F_UNLCK;
}

static yh_err missing(const char *name)
{
    return yh_fail(YH_E_CORRUPT, "file %s of the log is missing", name);
}

static yh_err open_checkpoints(struct chain *c, bool fresh)
{
    yh_err e = chain_checkpoints_open(c->dir, !c->config.read_only, &c->heads);
    if (e != YH_E_NOT_FOUND)
        return e;
    return fresh ? chain_checkpoints_create(c->dir, &c->heads) : missing("checkpoints");
}

static yh_err open_tree(struct chain *c, struct state *s)
{
    yh_err e = chain_tree_open(c->dir, !c->config.read_only, &c->tree);
    if (e == YH_E_NOT_FOUND && c->config.read_only)
        return missing("tree");
    if (e == YH_E_NOT_FOUND) {
        s->rebuild = true;
        e = chain_tree_create(c->dir, &c->tree);
    }
    YH_TRY(e);
    return chain_tree_leaves(&c->tree, &s->leaves);
}

static yh_err newest_head(struct chain *c, struct state *s)
{
    uint64_t count;
    YH_TRY(chain_checkpoints_count(&c->heads, &count));
    atomic_store(&c->checkpoints, count);
    if (count == 0)
        return YH_OK;
    yh_buf_auto text = yh_buf_make(4096);
    struct chain_checkpoint newest;
    YH_TRY(chain_checkpoints_get(&c->heads, count - 1, &text, &newest));
    if (chain_checkpoint_check(c->keys, yh_buf_view(&text), &newest) != YH_OK)
        return yh_fail(YH_E_CORRUPT, "file checkpoints: number %" PRIu64 ": %s", count - 1, yh_cause());
    s->head = newest.head;
    return YH_OK;
}

/* A later good record tells where its commit began: everything before that had been acknowledged. */
static bool acknowledged(const char *p, size_t n, uint64_t seq)
{
    for (size_t at = 1; at + CHAIN_PREFIX + CHAIN_BODY_FIXED <= n; at++) {
        struct chain_found f = chain_look((yh_str){p + at, n - at}, at);
        if (f.what == CHAIN_AT_RECORD && f.record.seq > seq && f.record.seq - f.commit_at > seq)
            return true;
    }
    return false;
}

yh_err chain_tail_check(int fd, const struct chain_segment *last, uint64_t size, uint64_t floor)
{
    uint64_t seq = last->first + last->count;
    if (seq < floor)
        return chain_bad_record(last->first, seq, last->end, "was acknowledged and does not verify or is missing");
    if (last->end >= size)
        return YH_OK;
    uint64_t page = last->end & ~(uint64_t)4095;
    size_t n = (size_t)(size - page), skip = (size_t)(last->end - page);
    char *p = mmap(NULL, n, PROT_READ, MAP_PRIVATE, fd, (off_t)page);
    if (p == MAP_FAILED)
        return yh_fail_errno("cannot read the end of the log");
    bool known = acknowledged(p + skip, n - skip, seq);
    munmap(p, n);
    return known ? chain_bad_record(last->first, seq, last->end, "was acknowledged and does not verify") : YH_OK;
}

/* Counts the good records of the unsealed last segment and judges what stands behind them. */
static yh_err scan_last(struct chain *c, int fd, struct chain_segment *last, struct state *s)
{
    yh_cleanup(chain_scan_done) struct chain_scan scan = {0};
    const struct chain_file file = {.fd = fd};
    struct stat st;
    chain_scan_init(&scan, &file, CHAIN_HEADER);
    for (;;) {
        struct chain_found f;
        YH_TRY(chain_scan_next(&scan, &f));
        if (f.what != CHAIN_AT_RECORD || f.record.seq != last->first + last->count)
            break;
        YH_TRY(chain_segment_count(last, &c->last_index, f.record.received, f.size));
    }
    if (fstat(fd, &st) != 0)
        return yh_fail_errno("cannot stat the log");
    uint64_t size = (uint64_t)st.st_size;
    YH_TRY(chain_tail_check(fd, last, size, s->leaves > s->head.size ? s->leaves : s->head.size));
    s->cut = size - last->end;
    if (s->cut == 0 || c->config.read_only)
        return YH_OK;
    if (ftruncate(fd, (off_t)last->end) != 0 || fdatasync(fd) != 0)
        return yh_fail_errno("cannot cut the torn tail of the log");
    return YH_OK;
}

/* The plain file of the last segment is the one that is written to; a packed one takes nothing more. */
static yh_err open_segment(const struct chain *c, uint64_t first, bool writable, struct chain_file *ret)
{
    YH_TRY(chain_file_open(c->dir, first, ret));
    if (!writable || ret->packed)
        return YH_OK;
    chain_file_close(ret);
    return chain_segment_open(c->dir, first, true, &ret->fd);
}

static yh_err load_segment(struct chain *c, uint64_t first, bool is_last, struct state *s)
{
    struct chain_header h;
    struct chain_segment seg = {.first = first, .end = CHAIN_HEADER};
    chain_file_auto file = CHAIN_FILE_NONE;
    YH_TRY(open_segment(c, first, is_last && !c->config.read_only, &file));
    YH_TRY(chain_header_read(&file, first, &h));
    if (h.checkpoints > atomic_load(&c->checkpoints))
        return yh_fail(YH_E_CORRUPT, "file checkpoints: ends before number %" PRIu64, h.checkpoints - 1);
    yh_err e = chain_footer_read(&file, first, &seg, NULL);
    if (e == YH_E_NOT_FOUND && !is_last)
        return chain_bad_record(first, first, 0, "begins a segment that is not sealed and not the last");
    if (e == YH_E_NOT_FOUND)
        e = s->live ? YH_OK : scan_last(c, file.fd, &seg, s);
    YH_TRY(e);
    YH_TRY(chain_segment_add(c, &seg));
    if (is_last && !file.packed) {
        c->fd = file.fd;
        file.fd = -1;
    }
    return YH_OK;
}

static yh_err load_segments(struct chain *c, const uint64_t *firsts, size_t n, struct state *s)
{
    uint64_t expected = 0;
    for (size_t i = 0; i < n; i++) {
        if (firsts[i] != expected) {
            char name[CHAIN_NAME];
            chain_segment_name(expected, name);
            return missing(name);
        }
        YH_TRY(load_segment(c, firsts[i], i + 1 == n, s));
        expected = chain_last(c)->first + chain_last(c)->count;
    }
    uint64_t floor = s->leaves > s->head.size ? s->leaves : s->head.size;
    if (s->live || expected >= floor)
        return YH_OK;
    return yh_fail(YH_E_CORRUPT, "acknowledged records are missing from number %" PRIu64 " on", expected);
}

static yh_err first_segment(struct chain *c, const struct state *s)
{
    char name[CHAIN_NAME];
    chain_segment_name(0, name);
    if (c->config.read_only)
        return yh_fail(YH_E_NOT_FOUND, "there is no log in %s", c->dir);
    if (s->leaves || s->head.size)
        return missing(name);
    struct chain_header h = {.before = merkle_edge_root(c->sm3, &c->tree.edge)};
    struct chain_segment seg = {.end = CHAIN_HEADER};
    YH_TRY(chain_segment_create(c->dir, &h, &c->fd));
    return chain_segment_add(c, &seg);
}

/* The tree as stored must be what the newest checkpoint signed. */
static yh_err check_root(struct chain *c, const struct state *s)
{
    if (s->leaves < s->head.size)
        return yh_fail(YH_E_CORRUPT, "file tree: ends before record %" PRIu64, s->head.size - 1);
    yh_sm3_hash root;
    YH_TRY(chain_tree_root(&c->tree, c->sm3, s->head.size, &root));
    if (s->head.size && !yh_sm3_eq(&root, &s->head.root))
        return yh_fail(YH_E_CORRUPT, "file tree: does not give the root that was signed over %" PRIu64
                       " records (if the file is removed, it is built again)", s->head.size);
    return YH_OK;
}

/*
 * A leaf behind the newest checkpoint may have been lost with the power (then it is missing or zero, since nodes never
 * straddle a sector); another value is damage in the record or in the tree.
 */
static yh_err compare_leaf(struct chain *c, const struct state *s, const struct chain_found *f, uint64_t first,
                           const yh_sm3_hash *leaf)
{
    static const yh_sm3_hash lost;
    yh_sm3_hash stored;
    if (s->rebuild || f->record.seq >= s->leaves)
        return YH_OK;
    YH_TRY(chain_tree_node(&c->tree, 0, f->record.seq, &stored));
    if (yh_sm3_eq(&stored, leaf) || yh_sm3_eq(&stored, &lost))
        return YH_OK;
    return chain_bad_record(first, f->record.seq, f->offset, "differs from its leaf in the tree file");
}

#define FLUSH_NODES (4u << 20) /* bytes */

static yh_err hash_segment(struct chain *c, const struct state *s, const struct chain_segment *seg)
{
    chain_file_auto file = CHAIN_FILE_NONE;
    yh_cleanup(chain_scan_done) struct chain_scan scan = {0};
    YH_TRY(chain_file_open(c->dir, seg->first, &file));
    chain_scan_init(&scan, &file, CHAIN_HEADER);
    for (uint64_t seq = seg->first; seq < seg->first + seg->count; seq++) {
        struct chain_found f;
        YH_TRY(chain_scan_next(&scan, &f));
        if (f.what != CHAIN_AT_RECORD || f.record.seq != seq)
            return chain_bad_record(seg->first, seq, f.offset, "does not verify");
        if (seq < c->tree.edge.size)
            continue;
        yh_sm3_hash leaf = merkle_leaf(c->sm3, f.body);
        YH_TRY(compare_leaf(c, s, &f, seg->first, &leaf));
        YH_TRY(chain_tree_add(&c->tree, c->sm3, &leaf));
        if (!c->config.read_only && c->tree.pending.n >= FLUSH_NODES)
            YH_TRY(chain_tree_flush(&c->tree));
    }
    return YH_OK;
}

/* Builds the tree from the newest checkpoint on (from the start when there was no tree file). */
static yh_err extend_tree(struct chain *c, const struct state *s)
{
    uint64_t from = s->rebuild ? 0 : s->head.size;
    YH_TRY(chain_tree_resume(&c->tree, from));
    for (size_t i = 0; i < c->segment_n; i++)
        if (c->segments[i].first + c->segments[i].count > from)
            YH_TRY(hash_segment(c, s, &c->segments[i]));
    if (c->config.read_only)
        return YH_OK;
    YH_TRY(chain_tree_flush(&c->tree));
    return chain_tree_cut(&c->tree);
}

static yh_err nodes_again(struct chain *c, const struct merkle_edge *want)
{
    static const struct state records_only = {.rebuild = true}; /* what the file holds now says nothing */
    YH_TRY(chain_tree_resume(&c->tree, c->head_size));
    for (size_t i = 0; i < c->segment_n; i++)
        if (c->segments[i].first + c->segments[i].count > c->head_size)
            YH_TRY(hash_segment(c, &records_only, &c->segments[i]));
    yh_sm3_hash is = merkle_edge_root(c->sm3, &c->tree.edge), expected = merkle_edge_root(c->sm3, want);
    if (!yh_sm3_eq(&is, &expected))
        return yh_fail(YH_E_CORRUPT, "the records behind the newest checkpoint no longer give the tree they gave");
    return chain_tree_flush(&c->tree);
}

yh_err chain_tree_again(struct chain *c)
{
    struct merkle_edge want = c->tree.edge;
    yh_err e = nodes_again(c, &want);
    if (e != YH_OK)
        chain_tree_rollback(&c->tree, &want);
    return e;
}

static yh_err settle(struct chain *c, struct state *s)
{
    if (s->live) {
        YH_TRY(check_root(c, s));
        YH_TRY(chain_tree_resume(&c->tree, s->leaves));
        atomic_store(&c->durable, s->leaves);
        return YH_OK;
    }
    if (!s->rebuild)
        YH_TRY(check_root(c, s));
    YH_TRY(extend_tree(c, s));
    if (s->rebuild) {
        s->leaves = c->tree.edge.size;
        YH_TRY(check_root(c, s));
    }
    atomic_store(&c->durable, c->tree.edge.size);
    return YH_OK;
}

yh_err chain_recover(struct chain *c, struct chain_recovery *ret)
{
    struct state s = {0};
    yh_free_auto uint64_t *firsts = NULL;
    size_t n;
    s.live = c->config.read_only && chain_is_live(c->dir);
    YH_TRY(chain_segment_list(c->dir, &firsts, &n));
    if (n == 0 && c->config.read_only)
        return first_segment(c, &s);
    YH_TRY(chain_keys_open(c->dir, !c->config.read_only, &c->keys));
    YH_TRY(open_checkpoints(c, n == 0 && !c->config.read_only));
    YH_TRY(newest_head(c, &s));
    YH_TRY(open_tree(c, &s));
    if (n == 0)
        YH_TRY(first_segment(c, &s));
    else
        YH_TRY(load_segments(c, firsts, n, &s));
    YH_TRY(settle(c, &s));
    c->next_seq = c->tree.edge.size;
    c->head_size = s.head.size;
    ret->cut_bytes = s.cut;
    ret->records = c->tree.edge.size;
    return YH_OK;
}
