#include "chain/verify.h"

#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "chain/leaves.h"
#include "chain/log.h"
#include "chain/packed.h"
#include "chain/part.h"

#define WINDOW (256u << 10)

struct audit {
    const char *dir;
    bool part;                  /* sealed segments copied away, no tree (part.h) */
    struct chain_part piece;
    struct chain_verdict *v;
    struct yh_sm3 *sm3;
    struct chain_keys *keys;
    struct chain_tree tree;     /* grows in memory; its file is what is compared */
    uint64_t leaves;            /* in the tree file */
    struct chain_checkpoints heads;
    uint64_t head_next;         /* checkpoint to meet next */
    struct chain_head head;     /* of it */
    uint64_t proved;            /* records under the newest checkpoint whose root they gave */
    bool has_against;
    struct chain_checkpoint against;
    uint64_t limit;             /* records to read: the durable ones beside a writer */
    char *window;               /* bytes of the tree file */
    uint64_t window_at;
    size_t window_n;
    struct chain_leaves leaves_now; /* read, not yet counted in */
};

static void set_damage(struct audit *a, uint64_t seq, const char *file, uint64_t offset)
{
    struct chain_damage *d = &a->v->damage;
    *d = (struct chain_damage){.found = true, .seq = seq, .offset = offset};
    snprintf(d->file, sizeof d->file, "%s", file);
}

/* The last failure's cause becomes the verdict. */
static yh_err damaged(struct audit *a, uint64_t seq, const char *file, uint64_t offset)
{
    set_damage(a, seq, file, offset);
    snprintf(a->v->damage.cause, sizeof a->v->damage.cause, "%s", yh_cause());
    return YH_E_CORRUPT;
}

static yh_err damaged_because(struct audit *a, uint64_t seq, const char *file, uint64_t offset, const char *why)
{
    (void)yh_fail(YH_E_CORRUPT, "file %s at offset %" PRIu64 ": %s (record %" PRIu64 ")", file, offset, why, seq);
    return damaged(a, seq, file, offset);
}

/* What the damaged record says of itself, as far as it can be read. */
static void describe(struct audit *a, const struct chain_file *f, uint64_t offset)
{
    char raw[CHAIN_PREFIX + CHAIN_BODY_FIXED + CHAIN_ORIGIN_MAX];
    struct chain_damage *d = &a->v->damage;
    size_t n;
    if (chain_file_read(f, d->file, raw, sizeof raw, offset, &n) != YH_OK || n < CHAIN_PREFIX + CHAIN_BODY_FIXED ||
        chain_take_u32(raw) == 0) /* zeros stand for what cannot be unpacked */
        return;
    const char *body = raw + CHAIN_PREFIX;
    size_t origin_n = yh_min_size((uint8_t)body[17], CHAIN_ORIGIN_MAX);
    origin_n = yh_min_size(origin_n, n - CHAIN_PREFIX - CHAIN_BODY_FIXED);
    d->has_record = true;
    d->received = (yh_time)chain_take_u64(body + 8);
    for (size_t i = 0; i < origin_n; i++) {
        char c = body[CHAIN_BODY_FIXED + i];
        d->origin[i] = c >= 0x20 && c < 0x7F ? c : '?';
    }
}

static yh_err damaged_record(struct audit *a, const struct chain_file *f, const char *name, uint64_t seq,
                             uint64_t offset, const char *why)
{
    yh_err e = damaged_because(a, seq, name, offset, why);
    describe(a, f, offset);
    return e;
}

static yh_err load_head(struct audit *a)
{
    uint64_t before = a->head.size;
    a->head = (struct chain_head){.size = UINT64_MAX};
    if (a->head_next == a->v->checkpoints)
        return YH_OK;
    yh_buf_auto text = yh_buf_make(4096);
    struct chain_checkpoint c;
    uint64_t offset = (a->head_next + 1) * CHAIN_SLOT;
    if (chain_checkpoints_get(&a->heads, a->head_next, &text, &c) != YH_OK)
        return damaged(a, before, "checkpoints", offset);
    if (c.head.size <= before)
        return damaged_because(a, before, "checkpoints", offset, "a checkpoint does not cover more than the one before");
    if (chain_checkpoint_check(a->keys, yh_buf_view(&text), &c) != YH_OK)
        return damaged_because(a, c.head.size - 1, "checkpoints", offset, "the signature of a checkpoint does not verify");
    a->v->signatures++;
    a->head = c.head;
    return YH_OK;
}

static yh_err check_heads(struct audit *a)
{
    uint64_t size = a->tree.edge.size;
    if (size != a->head.size && !(a->has_against && size == a->against.head.size))
        return YH_OK;
    yh_sm3_hash root = merkle_edge_root(a->sm3, &a->tree.edge);
    if (a->has_against && size == a->against.head.size && !yh_sm3_eq(&root, &a->against.head.root))
        return damaged_because(a, size - 1, "(checkpoint given)", 0,
                               "the log's records are not those that this checkpoint signed");
    if (size != a->head.size)
        return YH_OK;
    if (!yh_sm3_eq(&root, &a->head.root))
        return damaged_because(a, size - 1, "checkpoints", (a->head_next + 1) * CHAIN_SLOT,
                               "the records do not give the root that was signed");
    a->head_next++;
    a->proved = size;
    return load_head(a);
}

/* n bytes of the tree file, from a window that moves forward. */
static yh_err tree_bytes(struct audit *a, uint64_t offset, size_t n, const char **ret)
{
    if (offset < a->window_at || offset + n > a->window_at + a->window_n) {
        a->window_at = offset;
        YH_TRY(chain_pread(a->tree.fd, "the tree file", a->window, WINDOW, offset, &a->window_n));
    }
    if (n > a->window_n)
        return yh_fail(YH_E_CORRUPT, "file tree: ends at offset %" PRIu64, offset + a->window_n);
    *ret = a->window + (offset - a->window_at);
    return YH_OK;
}

/* The tree stands behind the record that does not fit, as if the ones after it had never been read. */
static yh_err wrong_node(struct audit *a, const struct chain_file *file, const char *name, const struct merkle_edge *before,
                         uint64_t node)
{
    const struct chain_leaves *l = &a->leaves_now;
    size_t i = 0;
    while (chain_tree_nodes(before->size + i + 1) <= node)
        i++;
    uint64_t seq = before->size + i;
    a->tree.edge = *before;
    for (size_t k = 0; k <= i; k++)
        merkle_edge_add(a->sm3, &a->tree.edge, &l->leaf[k]);
    (void)damaged_because(a, seq, "tree", CHAIN_TREE_HEADER + node * YH_SM3_LEN,
                          node == chain_tree_nodes(seq) ? "the leaf is not that of the record in the segment"
                                                        : "the node is not that of the records below it");
    struct chain_damage kept = a->v->damage;
    snprintf(a->v->damage.file, sizeof a->v->damage.file, "%s", name);
    describe(a, file, l->of[i].offset);
    memcpy(a->v->damage.file, kept.file, sizeof kept.file);
    return YH_E_CORRUPT;
}

/* Compares the nodes that the gathered leaves complete with what is stored; there may be fewer stored. */
static yh_err check_nodes(struct audit *a, const struct chain_file *file, const char *name, const struct merkle_edge *before)
{
    uint64_t from = before->size, to = a->tree.edge.size < a->leaves ? a->tree.edge.size : a->leaves;
    if (from >= to)
        return YH_OK;
    uint64_t offset = CHAIN_TREE_HEADER + chain_tree_nodes(from) * YH_SM3_LEN;
    size_t n = (size_t)(chain_tree_nodes(to) - chain_tree_nodes(from)) * YH_SM3_LEN, at = 0;
    const char *stored = NULL;
    yh_err e = tree_bytes(a, offset, n, &stored);
    if (e == YH_E_CORRUPT)
        return damaged(a, from, "tree", offset);
    YH_TRY(e);
    if (memcmp(stored, a->tree.pending.p, n) == 0)
        return YH_OK;
    while (memcmp(stored + at, a->tree.pending.p + at, YH_SM3_LEN) == 0)
        at += YH_SM3_LEN;
    return wrong_node(a, file, name, before, chain_tree_nodes(from) + at / YH_SM3_LEN);
}

/* Counts the gathered records in. No checkpoint ends in the middle of them. */
static yh_err settle(struct audit *a, const struct chain_file *file, const char *name, struct chain_segment *s,
                     struct chain_index *x)
{
    struct chain_leaves *l = &a->leaves_now;
    const struct merkle_edge before = a->tree.edge;
    if (l->n == 0)
        return YH_OK;
    chain_leaves_hash(l);
    yh_buf_clear(&a->tree.pending);
    YH_TRY(chain_tree_add_many(&a->tree, l->leaf, l->n));
    YH_TRY(check_nodes(a, file, name, &before));
    for (size_t i = 0; i < l->n; i++)
        YH_TRY(chain_segment_count(s, x, l->of[i].received, l->of[i].size));
    chain_leaves_clear(l);
    return check_heads(a);
}

/* Behind the last record of a sealed segment: exactly the footer that its records give. */
static yh_err check_footer(struct audit *a, const struct chain_file *f, const char *name, const struct chain_segment *s,
                           const struct chain_index *x, uint64_t file_size)
{
    yh_buf_auto want = yh_buf_make(CHAIN_FOOTER_MAX + 64);
    yh_sm3_hash after = merkle_edge_root(a->sm3, &a->tree.edge);
    YH_TRY(chain_footer_write(s, x, &after, &want));
    yh_free_auto char *have = malloc(want.n);
    size_t n;
    if (!have)
        return yh_fail(YH_E_NO_MEMORY, "no memory for a footer");
    YH_TRY(chain_file_read(f, name, have, want.n, s->end, &n));
    if (n != want.n || file_size != s->end + want.n || memcmp(have, want.p, n) != 0)
        return damaged_because(a, s->first + s->count, name, s->end,
                               "neither a record nor the footer that these records give");
    return YH_OK;
}

static yh_err check_header(struct audit *a, const struct chain_file *f, const char *name, uint64_t first)
{
    struct chain_header h;
    yh_err e = chain_header_read(f, first, &h);
    if (e == YH_E_CORRUPT)
        return damaged(a, first, name, 0);
    YH_TRY(e);
    yh_sm3_hash root = merkle_edge_root(a->sm3, &a->tree.edge);
    if (!yh_sm3_eq(&root, &h.before))
        return damaged_because(a, first, name, 0, "the segment does not continue the records before it");
    if (h.checkpoints > a->v->checkpoints && !a->v->live)
        return damaged_because(a, first, "checkpoints", (a->v->checkpoints + 1) * CHAIN_SLOT,
                               "checkpoints were removed from the end");
    return YH_OK;
}

/* Bytes behind the records of the last segment: a footer, or the torn tail of a crash, or damage. */
static yh_err check_end(struct audit *a, const struct chain_file *file, const char *name,
                        const struct chain_segment *s, const struct chain_index *x, uint64_t file_size)
{
    if (chain_tail_check(file->fd, s, file_size, a->leaves) != YH_OK)
        return damaged_record(a, file, name, s->first + s->count, s->end,
                              "the record was acknowledged and does not verify or is missing");
    yh_buf_auto footer = yh_buf_make(CHAIN_FOOTER_MAX + 64);
    yh_sm3_hash after = merkle_edge_root(a->sm3, &a->tree.edge);
    YH_TRY(chain_footer_write(s, x, &after, &footer));
    if (file_size - s->end < footer.n) {
        a->v->torn_bytes = file_size - s->end;
        return YH_OK;
    }
    struct chain_found f;
    yh_cleanup(chain_scan_done) struct chain_scan scan = {0};
    chain_scan_init(&scan, file, s->end);
    YH_TRY(chain_scan_next(&scan, &f));
    if (f.what == CHAIN_AT_FOOTER)
        return check_footer(a, file, name, s, x, file_size);
    a->v->torn_bytes = file_size - s->end;
    return YH_OK;
}

static bool ends_at(const struct audit *a, uint64_t size)
{
    return size == a->head.size || (a->has_against && size == a->against.head.size);
}

static yh_err read_records(struct audit *a, const struct chain_file *file, const char *name, struct chain_segment *s,
                           struct chain_index *x)
{
    struct chain_leaves *l = &a->leaves_now;
    yh_cleanup(chain_scan_done) struct chain_scan scan = {0};
    chain_scan_init(&scan, file, CHAIN_HEADER);
    for (;;) {
        struct chain_found f;
        uint64_t seq = a->tree.edge.size + l->n;
        if (l->n && (chain_leaves_full(l) || ends_at(a, seq)))
            YH_TRY(settle(a, file, name, s, x));
        if (seq >= a->limit)
            return settle(a, file, name, s, x);
        yh_err e = chain_scan_next(&scan, &f);
        if (e != YH_OK || f.what != CHAIN_AT_RECORD || f.record.seq != seq) {
            YH_TRY(settle(a, file, name, s, x)); /* damage before it is told first */
            return e;
        }
        if (f.commit_at > s->count + l->n) {
            YH_TRY(settle(a, file, name, s, x));
            return damaged_record(a, file, name, seq, f.offset, "the commit began before the segment");
        }
        YH_TRY(chain_leaves_add(l, &f));
    }
}

/* What was read of a packed segment, or of its growth figures, was not under its guard. */
static yh_err check_packing(struct audit *a, const struct chain_file *f, const char *name, uint64_t first)
{
    yh_buf_auto growth = yh_buf_make(CHAIN_FOOTER_MAX);
    if (f->packed && f->packed->damaged)
        return damaged_because(a, f->packed->damaged_seq, name, 0,
                               "the packed bytes of the records from this one on do not verify");
    if (f->packed && chain_packed_growth(f->packed, f->fd, &growth) != YH_OK)
        return damaged(a, first, name, f->packed->growth_at);
    return YH_OK;
}

static yh_err check_sealed_end(struct audit *a, const struct chain_file *file, const char *name,
                               const struct chain_segment *s, const struct chain_index *x, uint64_t size)
{
    struct chain_found f;
    yh_cleanup(chain_scan_done) struct chain_scan scan = {0};
    chain_scan_init(&scan, file, s->end);
    YH_TRY(chain_scan_next(&scan, &f));
    if (f.what != CHAIN_AT_FOOTER)
        return damaged_record(a, file, name, a->tree.edge.size, s->end, "the record does not verify");
    YH_TRY(check_footer(a, file, name, s, x, size));
    return check_packing(a, file, name, s->first);
}

static yh_err open_segment(struct audit *a, uint64_t first, struct chain_file *ret, char ret_name[CHAIN_NAME])
{
    yh_err e = chain_file_open(a->dir, first, ret);
    if (e == YH_E_CORRUPT) { /* only packed ones say so here */
        chain_packed_name(first, ret_name);
        return damaged(a, first, ret_name, 0);
    }
    YH_TRY(e);
    chain_file_name(ret, first, ret_name);
    if (ret->packed) {
        ret->packed->lenient = true;
        a->v->packed++;
    }
    return YH_OK;
}

static yh_err audit_segment(struct audit *a, uint64_t first, bool is_last)
{
    char name[CHAIN_NAME];
    struct chain_segment s = {.first = first, .end = CHAIN_HEADER};
    yh_cleanup(chain_index_done) struct chain_index x = {0};
    chain_file_auto file = CHAIN_FILE_NONE;
    uint64_t size;
    YH_TRY(open_segment(a, first, &file, name));
    YH_TRY(check_header(a, &file, name, first));
    YH_TRY(read_records(a, &file, name, &s, &x));
    a->v->segments++;
    bool complete = file.packed && s.count == file.packed->count;
    if (a->tree.edge.size == a->limit && !complete) /* what came later is not looked at */
        return YH_OK;
    YH_TRY(chain_file_size(&file, &size));
    if (is_last && !a->v->live && !a->part && !file.packed)
        return check_end(a, &file, name, &s, &x, size);
    return check_sealed_end(a, &file, name, &s, &x, size);
}

static yh_err audit_segments(struct audit *a)
{
    yh_free_auto uint64_t *firsts = NULL;
    size_t n;
    YH_TRY(chain_segment_list(a->dir, &firsts, &n));
    uint64_t stop = a->part ? a->piece.end : a->limit;
    for (size_t i = 0; (i < n || i == 0 || a->part) && a->tree.edge.size < stop; i++) {
        if (i >= n || firsts[i] != a->tree.edge.size) {
            char name[CHAIN_NAME];
            chain_segment_name(a->tree.edge.size, name);
            return damaged_because(a, a->tree.edge.size, name, 0, "the segment is missing");
        }
        YH_TRY(audit_segment(a, firsts[i], i + 1 == n));
    }
    return YH_OK;
}

static yh_err audit_tree_end(struct audit *a)
{
    struct stat st;
    uint64_t records = a->tree.edge.size, want = CHAIN_TREE_HEADER + chain_tree_nodes(records) * YH_SM3_LEN;
    if (fstat(a->tree.fd, &st) != 0)
        return yh_fail_errno("cannot stat the tree file");
    if (a->v->live)
        return YH_OK;
    if (a->leaves > records)
        return damaged_because(a, records, "tree", want, "acknowledged records are missing at the end of the log");
    if (a->leaves == records && (uint64_t)st.st_size != want)
        return damaged_because(a, records, "tree", want, "there are bytes behind the last node");
    return YH_OK;
}

static yh_err audit_ends(struct audit *a)
{
    uint64_t records = a->tree.edge.size;
    if (a->head_next < a->v->checkpoints)
        return damaged_because(a, records, "checkpoints", (a->head_next + 1) * CHAIN_SLOT,
                               "a checkpoint signed more records than the log has: it was cut");
    if (a->has_against && a->against.head.size > records)
        return damaged_because(a, records, "(checkpoint given)", 0,
                               "this checkpoint signed more records than the log has: it was cut or rolled back");
    return audit_tree_end(a);
}

/* A slot that is not complete is a crash while signing or damage; without a writer it is reported. */
static yh_err open_heads(struct audit *a)
{
    struct stat st;
    yh_err e = chain_checkpoints_open(a->dir, false, &a->heads);
    if (e != YH_OK)
        return damaged(a, 0, "checkpoints", 0);
    if (a->v->live) {
        YH_TRY(chain_checkpoints_count(&a->heads, &a->v->checkpoints));
        return load_head(a);
    }
    if (fstat(a->heads.fd, &st) != 0)
        return yh_fail_errno("cannot stat the file checkpoints");
    uint64_t size = (uint64_t)st.st_size;
    a->v->checkpoints = size / CHAIN_SLOT - 1;
    if (size % CHAIN_SLOT != 0)
        return damaged_because(a, 0, "checkpoints", size - size % CHAIN_SLOT, "the last checkpoint is not complete");
    return load_head(a);
}

/* The newest checkpoint was written after the tree had been synced: the tree reaches at least as far. */
static yh_err check_tree_reach(struct audit *a)
{
    yh_buf_auto text = yh_buf_make(4096);
    struct chain_checkpoint newest;
    if (a->v->checkpoints == 0)
        return YH_OK;
    if (chain_checkpoints_get(&a->heads, a->v->checkpoints - 1, &text, &newest) != YH_OK)
        return damaged(a, 0, "checkpoints", a->v->checkpoints * CHAIN_SLOT);
    if (newest.head.size > a->leaves)
        return damaged_because(a, a->leaves, "tree", CHAIN_TREE_HEADER + chain_tree_nodes(a->leaves) * YH_SM3_LEN,
                               "the tree ends before the newest checkpoint");
    return YH_OK;
}

static yh_err open_against(struct audit *a, yh_str text)
{
    yh_str key_id;
    if (text.n == 0)
        return YH_OK;
    YH_TRY(chain_checkpoint_parse(text, &a->against, &key_id));
    a->has_against = true;
    if (chain_checkpoint_check(a->keys, text, &a->against) != YH_OK)
        return damaged(a, 0, "(checkpoint given)", 0);
    return YH_OK;
}

static yh_err open_keys(struct audit *a)
{
    if (chain_keys_open(a->dir, false, &a->keys) != YH_OK || chain_keys_verify(a->keys, a->dir) != YH_OK)
        return damaged(a, 0, "keys", 0);
    return YH_OK;
}

static yh_err open_tree(struct audit *a)
{
    if (chain_tree_open(a->dir, false, &a->tree) != YH_OK)
        return damaged(a, 0, "tree", 0);
    YH_TRY(chain_tree_leaves(&a->tree, &a->leaves));
    a->limit = a->v->live ? a->leaves : UINT64_MAX;
    return check_tree_reach(a);
}

static yh_err run_whole(struct audit *a, yh_str against)
{
    YH_TRY(open_keys(a));
    YH_TRY(open_against(a, against));
    YH_TRY(open_heads(a));
    YH_TRY(open_tree(a));
    YH_TRY(audit_segments(a));
    return audit_ends(a);
}

/* ---- a part ---- */

static yh_err open_part(struct audit *a)
{
    if (chain_part_read(a->dir, &a->piece) != YH_OK)
        return damaged(a, 0, "part", 0);
    a->tree.edge = a->piece.before;
    a->tree.pending = yh_buf_make(CHAIN_FOOTER_MAX);
    a->limit = UINT64_MAX;
    a->v->first = a->piece.first;
    if (a->has_against && (a->against.head.size < a->piece.first || a->against.head.size > a->piece.end))
        return yh_fail(YH_E_INVALID, "the checkpoint given signed %" PRIu64 " records, which this part cannot tell",
                       a->against.head.size);
    return YH_OK;
}

/* Heads over records before the part: only their signatures can be checked; the one at its very start is met. */
static yh_err skip_early_heads(struct audit *a)
{
    while (a->head.size < a->piece.first) {
        a->head_next++;
        YH_TRY(load_head(a));
    }
    return a->piece.first ? check_heads(a) : YH_OK;
}

/* The head that covers the part signed more than it holds: the proof leads from here to there. */
static yh_err check_cover(struct audit *a)
{
    uint64_t end = a->tree.edge.size;
    if (end != a->piece.end)
        return damaged_because(a, a->piece.end, "part", 0, "the segments do not end where the part does");
    if (a->proved == end && a->head_next == a->piece.checkpoint + 1 && a->piece.path.n == 0)
        return YH_OK;
    yh_sm3_hash root = merkle_edge_root(a->sm3, &a->tree.edge);
    if (a->head_next != a->piece.checkpoint || a->head_next >= a->v->checkpoints ||
        !merkle_verify_consistency(a->sm3, end, &root, a->head.size, &a->head.root, a->piece.path.path,
                                   a->piece.path.n))
        return damaged_because(a, end - 1, "part", 0, "the records do not lead to the root that was signed");
    return YH_OK;
}

/* Signed after what this part needs: left by a copy that did not come to its end. */
static yh_err check_late_heads(struct audit *a)
{
    while (a->head_next < a->v->checkpoints) {
        a->head_next++;
        YH_TRY(load_head(a));
    }
    return YH_OK;
}

static yh_err run_part(struct audit *a, yh_str against)
{
    YH_TRY(open_keys(a));
    YH_TRY(open_against(a, against));
    YH_TRY(open_part(a));
    YH_TRY(open_heads(a));
    YH_TRY(skip_early_heads(a));
    YH_TRY(audit_segments(a));
    YH_TRY(check_cover(a));
    return check_late_heads(a);
}

static yh_err run(struct audit *a, yh_str against)
{
    YH_TRY(yh_sm3_new(&a->sm3));
    a->leaves_now = chain_leaves_make();
    a->window = malloc(WINDOW);
    if (!a->window)
        return yh_fail(YH_E_NO_MEMORY, "no memory to verify");
    a->v->root = merkle_edge_root(a->sm3, &a->tree.edge);
    return a->part ? run_part(a, against) : run_whole(a, against);
}

static yh_err audit(const char *dir, yh_str against, bool part, struct chain_verdict *ret)
{
    *ret = (struct chain_verdict){.live = !part && chain_is_live(dir)};
    struct audit a = {.dir = dir, .part = part, .v = ret, .tree = {.fd = -1}, .heads = {.fd = -1}};
    yh_err e = run(&a, against);
    ret->records = a.tree.edge.size;
    if (a.sm3)
        ret->root = merkle_edge_root(a.sm3, &a.tree.edge);
    yh_sm3_free(a.sm3);
    chain_keys_free(a.keys);
    chain_tree_close(&a.tree);
    chain_checkpoints_close(&a.heads);
    chain_leaves_done(&a.leaves_now);
    free(a.window);
    return e;
}

/* A part has no tree. */
static yh_err refuse_part(const char *dir)
{
    char tree[CHAIN_PATH];
    struct chain_part part;
    YH_TRY(chain_path(dir, "tree", tree));
    if (access(tree, F_OK) == 0 || chain_part_read(dir, &part) == YH_E_NOT_FOUND)
        return YH_OK;
    return yh_fail(YH_E_INVALID, "%s holds a part of a log, which is verified as such", dir);
}

yh_err chain_verify(const char *dir, yh_str against, struct chain_verdict *ret)
{
    if (access(dir, R_OK | X_OK) != 0)
        return yh_fail_errno("cannot read the log %s", dir);
    YH_TRY(refuse_part(dir));
    yh_err e = audit(dir, against, false, ret);
    if (e == YH_E_CORRUPT && !ret->live && chain_is_live(dir)) /* a writer started meanwhile and moved the end */
        e = audit(dir, against, false, ret);
    return e;
}

yh_err chain_verify_part(const char *dir, yh_str against, struct chain_verdict *ret)
{
    struct chain_part part;
    if (access(dir, R_OK | X_OK) != 0)
        return yh_fail_errno("cannot read %s", dir);
    yh_err e = chain_part_read(dir, &part);
    if (e == YH_E_NOT_FOUND)
        return e;
    return audit(dir, against, true, ret);
}
