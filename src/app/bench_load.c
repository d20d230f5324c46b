#include "app/bench_load.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/bench.h"
#include "base/file.h"
#include "net/tcp.h"

#define READ_BYTES 65536u
#define STALL_S    30.0
#define EVENTS     64

/* ---- messages ---- */

yh_err bench_stream_end(struct bench_stream *s)
{
    YH_TRY(yh_buf_check(&s->bytes));
    if (s->n == s->cap) {
        size_t cap = s->cap ? 2 * s->cap : 256;
        size_t *more = reallocarray(s->ends, cap, sizeof *more);
        if (!more)
            return yh_fail(YH_E_NO_MEMORY, "no memory for %zu messages", cap);
        s->ends = more;
        s->cap = cap;
    }
    s->ends[s->n++] = s->bytes.n;
    return YH_OK;
}

void bench_stream_clear(struct bench_stream *s)
{
    yh_buf_clear(&s->bytes);
    s->n = 0;
}

void bench_stream_done(struct bench_stream *s)
{
    yh_buf_done(&s->bytes);
    free(s->ends);
    *s = (struct bench_stream){0};
}

/* ---- connections ---- */

struct link {
    int fd;
    const struct bench_stream *stream;
    size_t at;              /* bytes of the stream that are sent in this pass */
    uint64_t sent, answered;
    unsigned marks;         /* of the next answer, seen so far */
    double *sent_at;        /* of the last `window` messages */
    bool blocked;           /* waits for room in the socket */
};

struct latencies {
    float *ms;
    size_t n, cap;
};

struct loader {
    const struct bench_load *load;
    struct link *links;
    int epoll;
    double start, now, moved;
    bool ending; /* nothing more is sent */
    uint64_t answered;
    struct latencies latencies;
    char in[READ_BYTES];
};

static yh_err note_latency(struct latencies *l, double ms)
{
    if (l->n == l->cap) {
        size_t cap = l->cap ? 2 * l->cap : 65536;
        float *more = reallocarray(l->ms, cap, sizeof *more);
        if (!more)
            return yh_fail(YH_E_NO_MEMORY, "no memory for %zu times", cap);
        l->ms = more;
        l->cap = cap;
    }
    l->ms[l->n++] = (float)ms;
    return YH_OK;
}

static yh_err open_link(struct loader *l, unsigned i)
{
    struct link *k = &l->links[i];
    k->stream = &l->load->streams[i % l->load->stream_count];
    k->sent_at = calloc(l->load->window, sizeof *k->sent_at);
    if (!k->sent_at)
        return yh_fail(YH_E_NO_MEMORY, "no memory for a connection");
    YH_TRY(net_connect("127.0.0.1", l->load->port, 5000, &k->fd));
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = k};
    if (fcntl(k->fd, F_SETFL, O_NONBLOCK) != 0 || epoll_ctl(l->epoll, EPOLL_CTL_ADD, k->fd, &event) != 0)
        return yh_fail_errno("cannot watch a connection");
    return YH_OK;
}

static yh_err set_blocked(struct loader *l, struct link *k, bool blocked)
{
    if (k->blocked == blocked)
        return YH_OK;
    k->blocked = blocked;
    struct epoll_event event = {.events = EPOLLIN | (blocked ? EPOLLOUT : 0u), .data.ptr = k};
    return epoll_ctl(l->epoll, EPOLL_CTL_MOD, k->fd, &event) == 0 ? YH_OK : yh_fail_errno("cannot watch a connection");
}

/* How many messages of this link may have been sent by now. */
static uint64_t allowed(const struct loader *l, const struct link *k)
{
    const struct bench_load *load = l->load;
    uint64_t most = k->answered + load->window;
    if (load->seconds <= 0 && most > k->stream->n)
        most = k->stream->n;
    if (load->rate > 0) {
        double share = (l->now - l->start) * load->rate / load->connections;
        double early = (double)(k - l->links) / load->connections; /* spreads the links over the pace */
        uint64_t due = (uint64_t)(share + early);
        most = due < most ? due : most;
    }
    return most;
}

/* Counts the messages that are sent whole; the stream starts again behind its last one. */
static void count_sent(struct loader *l, struct link *k)
{
    const struct bench_stream *s = k->stream;
    while (k->at >= s->ends[k->sent % s->n]) {
        k->sent_at[k->sent % l->load->window] = l->now;
        k->sent++;
        if (k->sent % s->n == 0) {
            k->at = 0;
            break;
        }
    }
}

static yh_err send_some(struct loader *l, struct link *k)
{
    const struct bench_stream *s = k->stream;
    for (;;) {
        uint64_t most = allowed(l, k);
        bool begun = k->at > (k->sent % s->n ? s->ends[k->sent % s->n - 1] : 0);
        if (most <= k->sent && !begun)
            return set_blocked(l, k, false);
        if (l->ending && !begun)
            return set_blocked(l, k, false);
        uint64_t count = most > k->sent && !l->ending ? most - k->sent : 1;
        size_t last = k->sent % s->n + yh_min_size(count, s->n - k->sent % s->n) - 1;
        ssize_t put = send(k->fd, s->bytes.p + k->at, s->ends[last] - k->at, MSG_NOSIGNAL);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0 && errno == EAGAIN)
            return set_blocked(l, k, true);
        if (put < 0)
            return yh_fail_errno("a connection broke");
        k->at += (size_t)put;
        l->moved = l->now;
        count_sent(l, k);
    }
}

static yh_err take_answers(struct loader *l, struct link *k, size_t n)
{
    const char *p = l->in, *end = l->in + n;
    while ((p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
        p++;
        if (++k->marks < l->load->marks)
            continue;
        k->marks = 0;
        if (k->answered == k->sent)
            return yh_fail(YH_E_INVALID, "an answer that nobody asked for");
        YH_TRY(note_latency(&l->latencies, (l->now - k->sent_at[k->answered % l->load->window]) * 1000));
        k->answered++;
        l->answered++;
    }
    return YH_OK;
}

static yh_err read_some(struct loader *l, struct link *k)
{
    ssize_t got = recv(k->fd, l->in, sizeof l->in, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return YH_OK;
    if (got <= 0)
        return yh_fail(YH_E_CLOSED, "the server closed a connection");
    l->moved = l->now;
    return take_answers(l, k, (size_t)got);
}

static bool is_finished(struct loader *l)
{
    l->ending = l->load->seconds > 0 && l->now - l->start >= l->load->seconds;
    if (l->load->seconds > 0 && !l->ending)
        return false;
    for (unsigned i = 0; i < l->load->connections; i++) {
        const struct link *k = &l->links[i];
        uint64_t wanted = l->load->seconds > 0 ? k->sent : k->stream->n;
        if (k->answered < wanted || k->blocked)
            return false;
    }
    return true;
}

static yh_err round_of_load(struct loader *l)
{
    struct epoll_event events[EVENTS];
    bool paced = l->load->rate > 0;
    int n = epoll_wait(l->epoll, events, EVENTS, paced ? 1 : 100);
    l->now = bench_seconds();
    for (int i = 0; i < n; i++) {
        struct link *k = events[i].data.ptr;
        if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
            YH_TRY(read_some(l, k));
        YH_TRY(send_some(l, k));
    }
    for (unsigned i = 0; paced && i < l->load->connections; i++)
        YH_TRY(send_some(l, &l->links[i]));
    if (l->now - l->moved > STALL_S)
        return yh_fail(YH_E_TIMEOUT, "nothing has moved for %.0f s", STALL_S);
    return YH_OK;
}

static int compare(const void *a, const void *b)
{
    const float *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void conclude(struct loader *l, struct bench_loaded *ret)
{
    struct latencies *t = &l->latencies;
    *ret = (struct bench_loaded){.answered = l->answered, .seconds = l->now - l->start};
    if (t->n == 0)
        return;
    qsort(t->ms, t->n, sizeof *t->ms, compare);
    ret->ms_p50 = (double)t->ms[t->n / 2];
    ret->ms_p99 = (double)t->ms[t->n - 1 - t->n / 100];
}

static yh_err drive(struct loader *l)
{
    l->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (l->epoll < 0)
        return yh_fail_errno("cannot make an epoll set");
    for (unsigned i = 0; i < l->load->connections; i++)
        YH_TRY(open_link(l, i));
    l->start = l->now = l->moved = bench_seconds();
    for (unsigned i = 0; i < l->load->connections; i++)
        YH_TRY(send_some(l, &l->links[i]));
    while (!is_finished(l))
        YH_TRY(round_of_load(l));
    return YH_OK;
}

yh_err bench_load_run(const struct bench_load *load, struct bench_loaded *ret)
{
    struct loader *l = calloc(1, sizeof *l);
    if (!l || !(l->links = calloc(load->connections, sizeof *l->links))) {
        free(l);
        return yh_fail(YH_E_NO_MEMORY, "no memory for %u connections", load->connections);
    }
    l->load = load;
    l->epoll = -1;
    for (unsigned i = 0; i < load->connections; i++)
        l->links[i].fd = -1;
    yh_err e = drive(l);
    if (e == YH_OK)
        conclude(l, ret);
    for (unsigned i = 0; i < load->connections; i++) {
        yh_fd_close(&l->links[i].fd);
        free(l->links[i].sent_at);
    }
    yh_fd_close(&l->epoll);
    free(l->latencies.ms);
    free(l->links);
    free(l);
    return e;
}

yh_err bench_idle_open(uint16_t port, size_t n, int *fds)
{
    for (size_t i = 0; i < n; i++)
        fds[i] = -1;
    for (size_t i = 0; i < n; i++)
        YH_TRY(net_connect("127.0.0.1", port, 5000, &fds[i]));
    return YH_OK;
}
