/*
 * The open log, shared by open.c, writer.c, reader.c and head.c.
 *
 * Who may touch what: `mu` guards the batch, the health, the segment list and the last segment's index; `durable` and
 * `checkpoints` are atomics that only the writer advances, after the bytes they speak of are in place; everything under
 * "writer" belongs to the writer thread (to chain_open before it starts and to chain_close after it ended).
 */
#ifndef YH_CHAIN_LOG_H
#define YH_CHAIN_LOG_H

#include <pthread.h>
#include <stdatomic.h>

#include "chain/checkpoint.h"
#include "chain/growth.h"
#include "chain/keys.h"
#include "chain/log_file.h"
#include "chain/tree.h"

/* Growth of the last segment, as far as somebody asked for it. */
struct chain_growth_tail {
    pthread_mutex_t mu;
    uint64_t first, next;
    struct chain_growth table;
};

struct chain {
    char dir[CHAIN_PATH];
    struct chain_config config;
    int lock_fd;
    struct chain_keys *keys;
    struct chain_tree tree;
    struct chain_checkpoints heads;
    _Atomic uint64_t durable;
    _Atomic uint64_t checkpoints;

    pthread_mutex_t mu;
    pthread_cond_t work; /* something to commit, or stop */
    pthread_cond_t done; /* durable advanced, or health changed */
    pthread_cond_t pack; /* a segment was sealed, or stop */
    yh_buf open;         /* records of the open batch */
    uint64_t open_first; /* seq of the first of them */
    uint64_t next_seq;
    int64_t open_since;  /* monotonic us */
    size_t committing;   /* bytes of the batch the writer has taken */
    bool stop;
    yh_err health;
    char health_cause[400];
    struct chain_segment *segments;
    size_t segment_n, segment_cap;
    struct chain_index last_index; /* of the last segment, while it is not sealed */
    yh_err pack_health;  /* of the newest segment that could not be packed, until it is */
    uint64_t pack_failed;
    char pack_cause[400];

    struct chain_growth_tail growth;

    pthread_t packer;
    bool has_packer;
    _Atomic bool pack_stop;

    /* writer */
    pthread_t thread;
    bool has_thread;
    struct yh_sm3 *sm3;
    int fd;            /* last segment */
    yh_buf batch;      /* taken, not yet durable */
    bool dirty;        /* the last commit failed: bytes behind the durable end may be in the file */
    bool distrusted;   /* a sync failed: the file takes no more records */
    uint64_t head_size; /* records of the newest checkpoint */
    int64_t head_since; /* monotonic us of it */
};

/* The last segment; there always is one in a writable log. */
static inline struct chain_segment *chain_last(struct chain *c)
{
    return &c->segments[c->segment_n - 1];
}

yh_must yh_err chain_segment_add(struct chain *c, const struct chain_segment *s); /* mu held, or before the threads */

/* Read only: looks again at what a running writer has made durable since. */
yh_must yh_err chain_refresh(struct chain *c);

/* writer.c */
yh_must yh_err chain_writer_start(struct chain *c);
void chain_writer_stop(struct chain *c);

/* pack.c: the thread that packs sealed segments */
yh_must yh_err chain_packer_start(struct chain *c);
void chain_packer_stop(struct chain *c);

/*
 * Packs one sealed segment: writes beside, syncs, reads back and compares every leaf with the tree, renames, removes the
 * plain file. YH_E_CLOSED when *stop became true meanwhile; whatever fails, the plain file is still there.
 */
yh_must yh_err chain_pack_segment(const char *dir, uint64_t first, const struct chain_tree *tree,
                                  const _Atomic bool *stop, uint64_t *ret_stored);

/* recover.c: is a writer at work on the log in this folder? */
bool chain_is_live(const char *dir);

/*
 * Judges the bytes of an unsealed last segment behind its good records: CORRUPT when the next record was acknowledged,
 * because its number is below `floor` or because a good record of a later commit stands behind it.
 */
yh_must yh_err chain_tail_check(int fd, const struct chain_segment *last, uint64_t size, uint64_t floor);

/* recover.c: brings segments, tree and checkpoints of a log that nobody writes to into one state. */
yh_must yh_err chain_recover(struct chain *c, struct chain_recovery *ret);

/* recover.c: after a failed sync of the tree, whose pages the kernel may have dropped: writes the nodes behind the newest
 * checkpoint again, from the records. */
yh_must yh_err chain_tree_again(struct chain *c);

/* head.c: signs and stores the tree head of everything durable. */
yh_must yh_err chain_head_sign(struct chain *c);

#endif
