/* Reading records by number, in order and by time. Only records below the durable mark are ever looked at. */
#include <inttypes.h>

#include "chain/log.h"
#include "chain/packed.h"

struct chain_cursor {
    struct chain *c;
    uint64_t next;
    uint64_t known; /* durable mark when the buffer was filled: bytes behind it may have been read half-written */
    uint64_t first; /* of the segment that is open */
    struct chain_file file;
    struct chain_scan scan;
    struct yh_sm3 *sm3;
};

/* The index in memory was the last segment's; now another one is the last. */
static yh_err add_behind(struct chain *c, const struct chain_segment *s)
{
    chain_index_done(&c->last_index);
    return chain_segment_add(c, s);
}

static yh_err refresh_segments(struct chain *c)
{
    yh_free_auto uint64_t *firsts = NULL;
    size_t n;
    YH_TRY(chain_segment_list(c->dir, &firsts, &n));
    for (size_t i = 0; i < n; i++) {
        if (i < c->segment_n && c->segments[i].sealed)
            continue;
        struct chain_segment s = {.first = firsts[i], .end = CHAIN_HEADER};
        chain_file_auto file = CHAIN_FILE_NONE;
        YH_TRY(chain_file_open(c->dir, firsts[i], &file));
        yh_err e = chain_footer_read(&file, firsts[i], &s, NULL);
        if (e != YH_OK && e != YH_E_NOT_FOUND)
            return e;
        if (i < c->segment_n)
            c->segments[i] = s;
        else
            YH_TRY(add_behind(c, &s));
    }
    return YH_OK;
}

yh_err chain_refresh(struct chain *c)
{
    if (!c->config.read_only)
        return YH_OK;
    uint64_t leaves, heads;
    YH_TRY(chain_checkpoints_count(&c->heads, &heads));
    YH_TRY(chain_tree_leaves(&c->tree, &leaves));
    yh_err e = YH_OK;
    pthread_mutex_lock(&c->mu);
    if (leaves > atomic_load(&c->durable)) {
        e = refresh_segments(c);
        if (e == YH_OK)
            atomic_store(&c->durable, leaves);
    }
    if (heads > atomic_load(&c->checkpoints))
        atomic_store(&c->checkpoints, heads);
    pthread_mutex_unlock(&c->mu);
    return e;
}

uint64_t chain_size(struct chain *c)
{
    pthread_mutex_lock(&c->mu);
    uint64_t size = c->next_seq;
    pthread_mutex_unlock(&c->mu);
    return size;
}

uint64_t chain_durable(const struct chain *c)
{
    return atomic_load(&c->durable);
}

/* Where to start looking for seq: at most CHAIN_STRIDE records before it, where an index is at hand. */
struct place {
    struct chain_segment segment;
    uint64_t offset;
};

static bool place_in_memory(struct chain *c, uint64_t seq, struct place *ret)
{
    size_t low = 0, high = c->segment_n;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (c->segments[middle].first <= seq)
            low = middle;
        else
            high = middle;
    }
    if (c->segment_n == 0)
        return false;
    size_t block = (size_t)((seq - c->segments[low].first) / CHAIN_STRIDE);
    bool indexed = low + 1 == c->segment_n && block < c->last_index.n;
    *ret = (struct place){c->segments[low], indexed ? c->last_index.entries[block].offset : CHAIN_HEADER};
    return true;
}

/* One entry of an index; the guard and number of the record found there tell when it is wrong. */
static yh_err place_in_sealed(const struct chain_file *f, uint64_t seq, struct place *p)
{
    size_t n, block = (size_t)((seq - p->segment.first) / CHAIN_STRIDE);
    char entry[8];
    if (f->packed) {
        uint64_t offset = chain_packed_find(f->packed, seq);
        p->offset = offset ? offset : CHAIN_HEADER;
        return YH_OK;
    }
    if (!p->segment.sealed || seq == p->segment.first || seq >= p->segment.first + p->segment.count)
        return YH_OK;
    YH_TRY(chain_pread(f->fd, "a segment index", entry, sizeof entry, chain_footer_entry(&p->segment, block), &n));
    p->offset = n == sizeof entry ? chain_take_u64(entry) : CHAIN_HEADER;
    return YH_OK;
}

/* Opens the segment that holds seq and starts the scan in front of it. */
static yh_err open_at(struct chain *c, uint64_t seq, struct chain_scan *scan, struct chain_file *file,
                      uint64_t *ret_first)
{
    struct place p;
    pthread_mutex_lock(&c->mu);
    bool found = place_in_memory(c, seq, &p);
    pthread_mutex_unlock(&c->mu);
    if (!found)
        return yh_fail(YH_E_NOT_FOUND, "the log is empty");
    struct chain_file opened;
    YH_TRY(chain_file_open(c->dir, p.segment.first, &opened));
    yh_err e = place_in_sealed(&opened, seq, &p);
    if (e != YH_OK) {
        chain_file_close(&opened);
        return e;
    }
    *file = opened;
    chain_scan_init(scan, file, p.offset);
    *ret_first = p.segment.first;
    return YH_OK;
}

/* Steps until the record `seq`, which is durable; *file moves on to the next segment behind a footer. */
static yh_err step_to(struct chain *c, uint64_t seq, struct chain_scan *scan, struct chain_file *file,
                      uint64_t *first, struct chain_found *ret)
{
    for (;;) {
        struct chain_found f;
        YH_TRY(chain_scan_next(scan, &f));
        if (f.what == CHAIN_AT_FOOTER && seq > *first) {
            struct chain_file next;
            YH_TRY(chain_file_open(c->dir, seq, &next));
            chain_file_close(file);
            *file = next;
            *first = seq;
            chain_scan_init(scan, file, CHAIN_HEADER);
            continue;
        }
        if (f.what != CHAIN_AT_RECORD || f.record.seq > seq)
            return chain_bad_record(*first, seq, f.offset, "does not verify");
        if (f.record.seq == seq) {
            *ret = f;
            return YH_OK;
        }
    }
}

static yh_err must_be_durable(struct chain *c, uint64_t seq)
{
    if (seq < atomic_load(&c->durable))
        return YH_OK;
    YH_TRY(chain_refresh(c));
    if (seq < atomic_load(&c->durable))
        return YH_OK;
    return yh_fail(YH_E_NOT_FOUND, "the log has no record %" PRIu64 " yet", seq);
}

static yh_err check_leaf(struct chain *c, uint64_t first, const struct chain_found *f, yh_sm3_hash *ret)
{
    yh_cleanup(yh_sm3_freep) struct yh_sm3 *sm3 = NULL;
    yh_sm3_hash stored;
    YH_TRY(yh_sm3_new(&sm3));
    yh_sm3_hash leaf = merkle_leaf(sm3, f->body);
    YH_TRY(chain_tree_node(&c->tree, 0, f->record.seq, &stored));
    if (!yh_sm3_eq(&leaf, &stored))
        return chain_bad_record(first, f->record.seq, f->offset, "differs from its leaf in the tree file");
    *ret = leaf;
    return YH_OK;
}

yh_err chain_get(struct chain *c, uint64_t seq, yh_buf *arena_buf, struct chain_record *ret, yh_sm3_hash *ret_leaf)
{
    yh_cleanup(chain_scan_done) struct chain_scan scan = {0};
    chain_file_auto file = CHAIN_FILE_NONE;
    uint64_t first;
    struct chain_found f;
    yh_sm3_hash leaf;
    YH_TRY(must_be_durable(c, seq));
    YH_TRY(open_at(c, seq, &scan, &file, &first));
    YH_TRY(step_to(c, seq, &scan, &file, &first, &f));
    YH_TRY(check_leaf(c, first, &f, &leaf));
    size_t start = arena_buf->n;
    yh_buf_add(arena_buf, f.body.p, f.body.n);
    YH_TRY(yh_buf_check(arena_buf));
    (void)chain_record_parse((yh_str){arena_buf->p + start, f.body.n}, ret);
    if (ret_leaf)
        *ret_leaf = leaf;
    return YH_OK;
}

yh_err chain_cursor_open(struct chain *c, uint64_t from_seq, struct chain_cursor **ret)
{
    struct chain_cursor *cur = calloc(1, sizeof *cur);
    if (!cur)
        return yh_fail(YH_E_NO_MEMORY, "no memory for a cursor");
    *cur = (struct chain_cursor){.c = c, .next = from_seq, .file = CHAIN_FILE_NONE};
    yh_err e = yh_sm3_new(&cur->sm3);
    if (e != YH_OK) {
        free(cur);
        return e;
    }
    *ret = cur;
    return YH_OK;
}

yh_err chain_cursor_next(struct chain_cursor *cur, struct chain_record *ret, yh_sm3_hash *ret_leaf)
{
    if (cur->next >= cur->known) {
        YH_TRY(must_be_durable(cur->c, cur->next));
        cur->known = atomic_load(&cur->c->durable);
        chain_scan_init(&cur->scan, &cur->file, cur->scan.offset);
    }
    if (cur->file.fd < 0)
        YH_TRY(open_at(cur->c, cur->next, &cur->scan, &cur->file, &cur->first));
    struct chain_found f;
    YH_TRY(step_to(cur->c, cur->next, &cur->scan, &cur->file, &cur->first, &f));
    cur->next++;
    *ret = f.record;
    if (ret_leaf)
        *ret_leaf = merkle_leaf(cur->sm3, f.body);
    return YH_OK;
}

void chain_cursor_close(struct chain_cursor *cur)
{
    if (!cur)
        return;
    chain_file_close(&cur->file);
    chain_scan_done(&cur->scan);
    yh_sm3_free(cur->sm3);
    free(cur);
}

/* The first record of the segment worth looking at: blocks that end before t are skipped. */
static yh_err seek_start(struct chain *c, size_t number, yh_time t, uint64_t *ret_seq, bool *ret_any)
{
    yh_cleanup(chain_index_done) struct chain_index index = {0};
    pthread_mutex_lock(&c->mu);
    struct chain_segment s = c->segments[number];
    size_t block = 0;
    bool in_memory = !s.sealed && c->last_index.n > 0;
    while (in_memory && block < c->last_index.n && c->last_index.entries[block].received_max < t)
        block++;
    *ret_any = !s.sealed ? !in_memory || block < c->last_index.n : s.count > 0 && s.received_max >= t;
    pthread_mutex_unlock(&c->mu);
    if (s.sealed && *ret_any) {
        chain_file_auto file = CHAIN_FILE_NONE;
        YH_TRY(chain_file_open(c->dir, s.first, &file));
        YH_TRY(chain_footer_read(&file, s.first, &s, &index));
        while (block < index.n && index.entries[block].received_max < t)
            block++;
    }
    *ret_seq = s.first + block * CHAIN_STRIDE;
    return YH_OK;
}

static yh_err scan_for_time(struct chain *c, uint64_t from, yh_time t, uint64_t *ret_seq)
{
    struct chain_cursor *cur;
    struct chain_record r = {.received = YH_TIME_NONE};
    YH_TRY(chain_cursor_open(c, from, &cur));
    yh_err e = YH_OK;
    uint64_t seq = from;
    while ((e = chain_cursor_next(cur, &r, NULL)) == YH_OK && r.received < t)
        seq = r.seq + 1;
    chain_cursor_close(cur);
    if (e == YH_OK || e == YH_E_NOT_FOUND) {
        *ret_seq = seq;
        return YH_OK;
    }
    return e;
}

yh_err chain_seek_time(struct chain *c, yh_time t, uint64_t *ret_seq)
{
    YH_TRY(chain_refresh(c));
    pthread_mutex_lock(&c->mu);
    size_t n = c->segment_n;
    pthread_mutex_unlock(&c->mu);
    for (size_t i = 0; i < n; i++) {
        uint64_t from;
        bool any;
        YH_TRY(seek_start(c, i, t, &from, &any));
        if (any)
            return scan_for_time(c, from, t, ret_seq);
    }
    *ret_seq = chain_durable(c);
    return YH_OK;
}
