#include <assert.h>
#include <pthread.h>

#include "db/db_internal.h"

struct db_pool {
    pthread_mutex_t lock;
    pthread_cond_t returned;
    struct db *writer;
    bool writer_out;
    unsigned readers;
    unsigned idle_count;
    struct db **idle; /* stack of the readers that are free */
};

static yh_err open_all(struct db_pool *p, const char *path, unsigned readers)
{
    YH_TRY(db_open(path, false, &p->writer));
    for (; p->readers < readers; p->readers++) {
        YH_TRY(db_open(path, true, &p->idle[p->readers]));
        p->idle_count++;
    }
    return YH_OK;
}

yh_err db_pool_open(const char *path, unsigned readers, struct db_pool **ret)
{
    assert(readers > 0);
    struct db_pool *p = calloc(1, sizeof *p);
    struct db **idle = calloc(readers, sizeof(struct db *));
    if (!p || !idle) {
        free(p);
        free(idle);
        return yh_fail(YH_E_NO_MEMORY, "no memory for a database pool");
    }
    p->idle = idle;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->returned, NULL);
    yh_err e = open_all(p, path, readers);
    if (e != YH_OK) {
        db_pool_close(p);
        return e;
    }
    *ret = p;
    return YH_OK;
}

void db_pool_close(struct db_pool *p)
{
    if (!p)
        return;
    assert(!p->writer_out && p->idle_count == p->readers);
    for (unsigned i = 0; i < p->idle_count; i++)
        db_close(p->idle[i]);
    db_close(p->writer);
    pthread_cond_destroy(&p->returned);
    pthread_mutex_destroy(&p->lock);
    free(p->idle);
    free(p);
}

struct db *db_pool_reader(struct db_pool *p)
{
    pthread_mutex_lock(&p->lock);
    while (p->idle_count == 0)
        pthread_cond_wait(&p->returned, &p->lock);
    struct db *d = p->idle[--p->idle_count];
    pthread_mutex_unlock(&p->lock);
    return d;
}

struct db *db_pool_writer(struct db_pool *p)
{
    pthread_mutex_lock(&p->lock);
    while (p->writer_out)
        pthread_cond_wait(&p->returned, &p->lock);
    p->writer_out = true;
    pthread_mutex_unlock(&p->lock);
    return p->writer;
}

void db_pool_put(struct db_pool *p, struct db *d)
{
    if (!d)
        return;
    assert(d->txn_depth == 0);
    pthread_mutex_lock(&p->lock);
    if (d == p->writer) {
        p->writer_out = false;
    } else {
        assert(p->idle_count < p->readers);
        p->idle[p->idle_count++] = d;
    }
    pthread_cond_broadcast(&p->returned);
    pthread_mutex_unlock(&p->lock);
}
