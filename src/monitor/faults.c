#include "monitor/faults.h"

#include <pthread.h>

#include "hj212/diagnose.h"

#define ROWS (HJ212_CAUSE_COUNT + INGEST_ISSUE_COUNT)
_Static_assert(ROWS <= FAULTS_MAX, "every cause has its row");

struct faults {
    pthread_mutex_t lock;
    yh_time since; /* YH_TIME_NONE: nothing was looked at */
    struct fault rows[ROWS];
};

yh_err faults_new(struct faults **ret)
{
    struct faults *f = calloc(1, sizeof *f);
    if (!f)
        return yh_fail(YH_E_NO_MEMORY, "no memory for the counters of faults");
    pthread_mutex_init(&f->lock, NULL);
    f->since = YH_TIME_NONE;
    *ret = f;
    return YH_OK;
}

void faults_free(struct faults *f)
{
    if (!f)
        return;
    pthread_mutex_destroy(&f->lock);
    free(f);
}

static void put_text(struct fault *row, const yh_buf *text)
{
    size_t n = yh_min_size(text->n, sizeof row->text - 1);
    while (n > 0 && n < text->n && ((unsigned char)text->p[n] & 0xC0) == 0x80)
        n--; /* not in the middle of a character */
    if (n)
        memcpy(row->text, text->p, n);
    row->text[n] = '\0';
}

static void count(struct fault *row, const struct chain_record *r)
{
    row->count++;
    row->last_seq = r->seq;
    row->last_received = r->received;
    size_t n = yh_min_size(r->origin.n, sizeof row->last_mn - 1);
    if (n)
        memcpy(row->last_mn, r->origin.p, n);
    row->last_mn[n] = '\0';
}

static hj212_cause cause_of(const struct chain_record *r, const struct ingest_result *result)
{
    if (r->kind == CHAIN_JUNK)
        return hj212_diagnose_junk(r->payload);
    return result->frame ? hj212_diagnose(result->frame, r->payload) : HJ212_CAUSE_NONE;
}

static void note(struct faults *f, const struct chain_record *r, const struct ingest_result *result, hj212_cause cause)
{
    yh_buf_auto text = yh_buf_make(4096);
    struct fault *row = NULL;
    if (cause != HJ212_CAUSE_NONE) {
        row = &f->rows[cause];
        row->cause = hj212_cause_name(cause);
        hj212_cause_text(cause, r->kind == CHAIN_JUNK ? NULL : result->frame, &text);
    } else if (result->issue >= INGEST_BAD_CRC && result->issue != INGEST_UNKNOWN) {
        row = &f->rows[HJ212_CAUSE_COUNT + result->issue];
        row->cause = ingest_issue_word(result->issue);
        yh_buf_puts(&text, ingest_issue_text(result->issue));
    }
    if (!row)
        return;
    put_text(row, &text);
    count(row, r);
}

void faults_note(struct faults *f, const struct chain_record *r, const struct ingest_result *result)
{
    if (r->kind != CHAIN_FRAME && r->kind != CHAIN_BAD && r->kind != CHAIN_JUNK)
        return;
    hj212_cause cause = cause_of(r, result);
    pthread_mutex_lock(&f->lock);
    if (f->since == YH_TIME_NONE)
        f->since = r->received;
    note(f, r, result, cause);
    pthread_mutex_unlock(&f->lock);
}

static int most_first(const void *a, const void *b)
{
    const struct fault *x = a, *y = b;
    return (x->count < y->count) - (x->count > y->count);
}

size_t faults_get(struct faults *f, struct fault ret[FAULTS_MAX], yh_time *ret_since)
{
    size_t n = 0;
    pthread_mutex_lock(&f->lock);
    for (size_t i = 0; i < ROWS; i++)
        if (f->rows[i].count)
            ret[n++] = f->rows[i];
    *ret_since = f->since;
    pthread_mutex_unlock(&f->lock);
    qsort(ret, n, sizeof *ret, most_first);
    return n;
}
