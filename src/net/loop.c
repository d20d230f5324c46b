#include "net/loop.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "net/timers.h"

#define MAX_POSTED 1000000u
#define MAX_FD (1 << 22)
#define BATCH 256

struct watch {
    net_event_cb cb; /* NULL: not watched */
    void *user;
    uint32_t generation;
};

struct task {
    net_task_cb cb;
    void *user;
};

struct tasks {
    struct task *v;
    size_t n, cap;
};

struct net_loop {
    int epoll;
    int wake;
    struct watch *watches; /* by descriptor */
    int watch_cap;
    struct net_timers timers;
    int64_t now_ms;
    atomic_bool stop;
    pthread_mutex_t lock; /* guards posted */
    struct tasks posted;
    struct tasks running;
};

static int64_t mono_ms(void)
{
    return yh_clock_mono_us() / 1000;
}

static void wake_up(struct net_loop *l)
{
    int saved = errno;
    uint64_t one = 1;
    /* A full counter means that a wake-up is pending already. */
    ssize_t put = write(l->wake, &one, sizeof one);
    (void)put;
    errno = saved;
}

static void on_wake(void *user, uint32_t events)
{
    (void)events;
    struct net_loop *l = user;
    uint64_t count;
    ssize_t got = read(l->wake, &count, sizeof count);
    (void)got;
}

static yh_err open_loop(struct net_loop *l)
{
    l->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (l->epoll < 0)
        return yh_fail_errno("cannot make an epoll set");
    l->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (l->wake < 0)
        return yh_fail_errno("cannot make an eventfd");
    l->now_ms = mono_ms();
    return net_loop_add(l, l->wake, EPOLLIN, on_wake, l);
}

yh_err net_loop_new(struct net_loop **ret)
{
    struct net_loop *l = calloc(1, sizeof *l);
    if (!l)
        return yh_fail(YH_E_NO_MEMORY, "no memory for an event loop");
    l->epoll = l->wake = -1;
    pthread_mutex_init(&l->lock, NULL);
    yh_err e = open_loop(l);
    if (e != YH_OK) {
        net_loop_free(l);
        return e;
    }
    *ret = l;
    return YH_OK;
}

void net_loop_free(struct net_loop *l)
{
    if (!l)
        return;
    yh_fd_close(&l->wake);
    yh_fd_close(&l->epoll);
    net_timers_done(&l->timers);
    pthread_mutex_destroy(&l->lock);
    free(l->posted.v);
    free(l->running.v);
    free(l->watches);
    free(l);
}

static yh_err make_room(struct net_loop *l, int fd)
{
    if (fd < l->watch_cap)
        return YH_OK;
    if (fd >= MAX_FD)
        return yh_fail(YH_E_TOO_LARGE, "descriptor %d is above the loop's limit", fd);
    int cap = l->watch_cap ? l->watch_cap : 64;
    while (cap <= fd)
        cap *= 2;
    struct watch *v = realloc(l->watches, (size_t)cap * sizeof *v);
    if (!v)
        return yh_fail(YH_E_NO_MEMORY, "no memory for %d descriptors", cap);
    memset(v + l->watch_cap, 0, (size_t)(cap - l->watch_cap) * sizeof *v);
    l->watches = v;
    l->watch_cap = cap;
    return YH_OK;
}

static struct epoll_event event_of(const struct net_loop *l, int fd, uint32_t events)
{
    return (struct epoll_event){.events = events,
                                .data.u64 = (uint64_t)l->watches[fd].generation << 32 | (uint32_t)fd};
}

yh_err net_loop_add(struct net_loop *l, int fd, uint32_t events, net_event_cb cb, void *user)
{
    if (fd < 0)
        return yh_fail(YH_E_INVALID, "cannot watch descriptor %d", fd);
    YH_TRY(make_room(l, fd));
    struct watch *w = &l->watches[fd];
    if (w->cb)
        return yh_fail(YH_E_CONFLICT, "descriptor %d is watched already", fd);
    w->generation++;
    struct epoll_event event = event_of(l, fd, events);
    if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &event) != 0)
        return yh_fail_errno("cannot watch descriptor %d", fd);
    w->cb = cb;
    w->user = user;
    return YH_OK;
}

static bool is_watched(const struct net_loop *l, int fd)
{
    return fd >= 0 && fd < l->watch_cap && l->watches[fd].cb;
}

yh_err net_loop_mod(struct net_loop *l, int fd, uint32_t events)
{
    if (!is_watched(l, fd))
        return yh_fail(YH_E_NOT_FOUND, "descriptor %d is not watched", fd);
    struct epoll_event event = event_of(l, fd, events);
    if (epoll_ctl(l->epoll, EPOLL_CTL_MOD, fd, &event) != 0)
        return yh_fail_errno("cannot change the watch of descriptor %d", fd);
    return YH_OK;
}

void net_loop_del(struct net_loop *l, int fd)
{
    if (!is_watched(l, fd))
        return;
    epoll_ctl(l->epoll, EPOLL_CTL_DEL, fd, NULL);
    l->watches[fd].cb = NULL;
    l->watches[fd].generation++;
}

uint64_t net_loop_timer(struct net_loop *l, uint64_t ms, bool repeat, net_task_cb cb, void *user)
{
    int64_t span = ms > (uint64_t)INT32_MAX ? INT32_MAX : (int64_t)ms;
    if (repeat && span == 0)
        span = 1;
    return net_timers_add(&l->timers, mono_ms() + span, repeat ? span : 0, cb, user);
}

void net_loop_cancel(struct net_loop *l, uint64_t timer)
{
    net_timers_cancel(&l->timers, timer);
}

static yh_err push(struct tasks *t, struct task task)
{
    if (t->n == t->cap) {
        size_t cap = t->cap ? 2 * t->cap : 32;
        struct task *v = realloc(t->v, cap * sizeof *v);
        if (!v)
            return YH_E_NO_MEMORY;
        t->v = v;
        t->cap = cap;
    }
    t->v[t->n++] = task;
    return YH_OK;
}

yh_err net_loop_post(struct net_loop *l, net_task_cb cb, void *user)
{
    pthread_mutex_lock(&l->lock);
    bool first = l->posted.n == 0;
    yh_err e = l->posted.n >= MAX_POSTED ? YH_E_BUSY : push(&l->posted, (struct task){cb, user});
    pthread_mutex_unlock(&l->lock);
    if (e != YH_OK)
        return yh_fail(e, "the loop's mailbox is full");
    if (first)
        wake_up(l);
    return YH_OK;
}

static void run_posted(struct net_loop *l)
{
    pthread_mutex_lock(&l->lock);
    struct tasks batch = l->posted;
    l->posted = l->running;
    l->running = batch;
    pthread_mutex_unlock(&l->lock);
    for (size_t i = 0; i < batch.n; i++)
        batch.v[i].cb(batch.v[i].user);
    l->running.n = 0;
}

static int wait_ms(const struct net_loop *l)
{
    int64_t next = net_timers_next(&l->timers);
    if (next == INT64_MAX)
        return -1;
    int64_t left = next - mono_ms();
    return left <= 0 ? 0 : left > INT32_MAX ? INT32_MAX : (int)left;
}

static void deliver(struct net_loop *l, const struct epoll_event *event)
{
    int fd = (int)(uint32_t)event->data.u64;
    struct watch w = l->watches[fd];
    if (w.cb && w.generation == (uint32_t)(event->data.u64 >> 32))
        w.cb(w.user, event->events);
}

void net_loop_run(struct net_loop *l)
{
    struct epoll_event events[BATCH];
    while (!atomic_load(&l->stop)) {
        int n = epoll_wait(l->epoll, events, BATCH, wait_ms(l));
        l->now_ms = mono_ms();
        for (int i = 0; i < n; i++)
            deliver(l, &events[i]);
        run_posted(l);
        net_timers_fire(&l->timers, l->now_ms);
    }
    run_posted(l);
    atomic_store(&l->stop, false);
}

void net_loop_stop(struct net_loop *l)
{
    atomic_store(&l->stop, true);
    wake_up(l);
}

int64_t net_loop_now_ms(const struct net_loop *l)
{
    return l->now_ms;
}
