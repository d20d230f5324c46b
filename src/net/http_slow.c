#include "net/http_slow.h"

struct http_slow {
    pthread_mutex_t lock;
    pthread_cond_t given;
    struct http_reply *waiting[HTTP_SLOW_WAITING]; /* a ring */
    unsigned first, n;
    bool stopping;
    pthread_t threads[HTTP_SLOW_THREADS];
    unsigned thread_n;
};

/* NULL: the end. */
static struct http_reply *take(struct http_slow *s)
{
    struct http_reply *r = NULL;
    pthread_mutex_lock(&s->lock);
    while (s->n == 0 && !s->stopping)
        pthread_cond_wait(&s->given, &s->lock);
    if (s->n) {
        r = s->waiting[s->first];
        s->first = (s->first + 1) % HTTP_SLOW_WAITING;
        s->n--;
    }
    pthread_mutex_unlock(&s->lock);
    return r;
}

static void *work(void *user)
{
    struct http_slow *s = user;
    struct http_reply *r;
    while ((r = take(s))) {
        struct MHD_Connection *mhd = r->mhd;
        http_run(r);
        MHD_resume_connection(mhd); /* from here on *r belongs to the worker thread again */
    }
    return NULL;
}

yh_err http_slow_start(struct http_slow **ret)
{
    struct http_slow *s = calloc(1, sizeof *s);
    if (!s)
        return yh_fail(YH_E_NO_MEMORY, "no memory for slow requests");
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->given, NULL);
    while (s->thread_n < HTTP_SLOW_THREADS && pthread_create(&s->threads[s->thread_n], NULL, work, s) == 0)
        s->thread_n++;
    if (s->thread_n < HTTP_SLOW_THREADS) {
        http_slow_stop(s);
        return yh_fail(YH_E_NO_MEMORY, "cannot start the threads for slow requests");
    }
    *ret = s;
    return YH_OK;
}

bool http_slow_give(struct http_slow *s, struct http_reply *r)
{
    pthread_mutex_lock(&s->lock);
    bool room = s->n < HTTP_SLOW_WAITING && !s->stopping;
    if (room) {
        MHD_suspend_connection(r->mhd); /* before anybody can wake it */
        s->waiting[(s->first + s->n++) % HTTP_SLOW_WAITING] = r;
        pthread_cond_signal(&s->given);
    }
    pthread_mutex_unlock(&s->lock);
    return room;
}

void http_slow_stop(struct http_slow *s)
{
    if (!s)
        return;
    pthread_mutex_lock(&s->lock);
    s->stopping = true;
    pthread_cond_broadcast(&s->given);
    pthread_mutex_unlock(&s->lock);
    for (unsigned i = 0; i < s->thread_n; i++)
        pthread_join(s->threads[i], NULL);
    pthread_cond_destroy(&s->given);
    pthread_mutex_destroy(&s->lock);
    free(s);
}
