#include "app/wire_client.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "hj212/framer.h"

#define OUT_HIGH   65536u
#define IN_MAX     65536u
#define READ_MAX   16384u
#define LATENCIES  65536u
#define EVENTS_MAX 256
#define BACKOFF_MS 500u

struct asked {
    int64_t at_us;
    uint64_t qn; /* 0: none that can be read */
};

struct link {
    int fd; /* -1: closed */
    bool connecting, trickle;
    uint32_t events; /* registered */
    int64_t retry_us;
    unsigned failures;
    yh_buf out, in;
    struct hj212_framer framer;
    struct asked *asked; /* frames whose answer is open, oldest first: [asked_at, asked_n) */
    size_t asked_at, asked_n, asked_cap;
};

struct wire_client {
    struct wire_config config;
    struct addrinfo *address;
    int epoll;
    struct link *links;
    size_t down; /* closed links */
    int64_t next_retry_us;
    bool began; /* every connection was tried once: from now on an open one is opened again */
    struct wire_result result;
    uint32_t latency_us[LATENCIES]; /* the newest ones */
    uint64_t latency_n;
    int64_t start_us;
    char scratch[READ_MAX];
};

static size_t conn_of(const struct wire_client *w, const struct link *l)
{
    return (size_t)(l - w->links);
}

/* ---- dialling ---- */

static void lose(struct wire_client *w, struct link *l, unsigned pause_ms)
{
    if (l->fd >= 0)
        w->down++;
    yh_fd_close(&l->fd); /* also leaves the epoll set */
    l->retry_us = yh_clock_mono_us() + (int64_t)pause_ms * 1000;
    w->next_retry_us = l->retry_us < w->next_retry_us ? l->retry_us : w->next_retry_us;
    l->connecting = false;
    l->events = 0;
    l->asked_at = l->asked_n = 0;
    l->framer = (struct hj212_framer){0};
    yh_buf_done(&l->out);
    yh_buf_done(&l->in);
}

/* The line broke by itself: the pause grows with every failure in a row. */
static void fail_line(struct wire_client *w, struct link *l)
{
    unsigned steps = l->failures < 6 ? l->failures : 6;
    l->failures++;
    lose(w, l, BACKOFF_MS << steps);
}

static bool watch(struct wire_client *w, struct link *l, uint32_t events)
{
    if (l->events == events)
        return true;
    struct epoll_event e = {.events = events, .data.u64 = conn_of(w, l)};
    int op = l->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    l->events = events;
    return epoll_ctl(w->epoll, op, l->fd, &e) == 0;
}

static void settle(struct wire_client *w, struct link *l)
{
    int on = 1;
    setsockopt(l->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    l->connecting = false;
    l->failures = 0;
    w->result.reconnects += w->began;
    if (w->config.opened)
        w->config.opened(w->config.user, conn_of(w, l));
}

static yh_err dial(struct wire_client *w, struct link *l, bool wait)
{
    l->fd = socket(w->address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | (wait ? 0 : SOCK_NONBLOCK), 0);
    if (l->fd < 0)
        return yh_fail_errno("cannot open a socket");
    w->down--;
    if (connect(l->fd, w->address->ai_addr, w->address->ai_addrlen) == 0)
        return YH_OK;
    if (errno != EINPROGRESS)
        return yh_fail_errno("cannot reach %s:%u", w->config.host, w->config.port);
    l->connecting = true;
    return YH_OK;
}

static void redial(struct wire_client *w, struct link *l)
{
    if (dial(w, l, false) != YH_OK || !watch(w, l, l->connecting ? EPOLLOUT : EPOLLIN))
        fail_line(w, l);
    else if (!l->connecting)
        settle(w, l);
}

static void redial_due(struct wire_client *w)
{
    int64_t now = yh_clock_mono_us(), next = INT64_MAX;
    if (w->down == 0 || now < w->next_retry_us)
        return;
    w->next_retry_us = INT64_MAX;
    for (size_t i = 0; i < w->config.connections; i++) {
        struct link *l = &w->links[i];
        if (l->fd < 0 && now >= l->retry_us)
            redial(w, l);
        if (l->fd < 0 && l->retry_us < next)
            next = l->retry_us;
    }
    w->next_retry_us = next;
}

static void connected(struct wire_client *w, struct link *l)
{
    int failed = 0;
    socklen_t size = sizeof failed;
    if (getsockopt(l->fd, SOL_SOCKET, SO_ERROR, &failed, &size) < 0 || failed)
        fail_line(w, l);
    else
        settle(w, l);
}

/* ---- answers ---- */

/* The QN an answer repeats: in the header since 2017, in CP before. */
static uint64_t answered_qn(yh_str segment)
{
    const char *at = memmem(segment.p, segment.n, "QN=", 3);
    uint64_t qn = 0;
    if (!at)
        return 0;
    size_t from = (size_t)(at - segment.p) + 3, to = from;
    while (to < segment.n && segment.p[to] >= '0' && segment.p[to] <= '9')
        to++;
    return yh_str_to_u64(yh_str_sub(segment, from, to - from), &qn) ? qn : 0;
}

static void match(struct wire_client *w, struct link *l, uint64_t qn)
{
    size_t at = l->asked_at;
    while (qn && at < l->asked_n && l->asked[at].qn && l->asked[at].qn != qn)
        at++;
    if (at >= l->asked_n)
        return;
    w->latency_us[w->latency_n++ % LATENCIES] = (uint32_t)(yh_clock_mono_us() - l->asked[at].at_us);
    l->asked_at = at + 1;
    if (l->asked_at == l->asked_n)
        l->asked_at = l->asked_n = 0;
}

static void note_frame(struct wire_client *w, struct link *l, const struct hj212_event *event)
{
    struct hj212_brief brief;
    hj212_peek(event->segment, &brief);
    bool confirms = yh_str_is(brief.cn, "9014") || yh_str_is(brief.cn, "9013");
    bool refuses = yh_str_is(brief.cn, "9011") && !memmem(event->segment.p, event->segment.n, "QnRtn=1&&", 9);
    w->result.acknowledged += confirms;
    w->result.rejected += refuses;
    if (confirms || yh_str_is(brief.cn, "9011"))
        match(w, l, answered_qn(event->segment));
    if (w->config.received)
        w->config.received(w->config.user, conn_of(w, l), event->raw);
}

static void take_frames(struct wire_client *w, struct link *l)
{
    struct hj212_event event;
    hj212_event_kind kind;
    do {
        kind = hj212_framer_next(&l->framer, yh_buf_view(&l->in), false, &event);
        if (kind == HJ212_FRAME)
            note_frame(w, l, &event);
        if (l->fd < 0)
            return; /* hung up by the callback */
        yh_buf_consume(&l->in, event.consumed);
    } while (kind != HJ212_NEED_MORE);
    if (l->in.n == 0)
        yh_buf_done(&l->in);
}

static void read_answers(struct wire_client *w, struct link *l)
{
    ssize_t got = recv(l->fd, w->scratch, sizeof w->scratch, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got > 0)
        yh_buf_add(&l->in, w->scratch, (size_t)got);
    if (got <= 0 || l->in.failed)
        fail_line(w, l);
    else
        take_frames(w, l);
}

/* ---- moving bytes ---- */

static void write_out(struct wire_client *w, struct link *l)
{
    size_t n = l->trickle ? yh_min_size(l->out.n, 1) : l->out.n;
    ssize_t put = send(l->fd, l->out.p, n, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (put < 0 && errno != EAGAIN && errno != EINTR) {
        fail_line(w, l);
        return;
    }
    yh_buf_consume(&l->out, put > 0 ? (size_t)put : 0);
    if (l->out.n == 0 && !watch(w, l, EPOLLIN))
        fail_line(w, l);
}

static void handle(struct wire_client *w, struct link *l, uint32_t events)
{
    if (l->connecting) {
        connected(w, l);
        if (l->fd >= 0 && !watch(w, l, EPOLLIN | (l->out.n ? EPOLLOUT : 0u)))
            fail_line(w, l);
        return;
    }
    if (l->fd >= 0 && events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        read_answers(w, l);
    if (l->fd >= 0 && l->out.n && events & EPOLLOUT)
        write_out(w, l);
}

/* One round over all connections that are ready; true when one was. */
static bool step(struct wire_client *w, int wait_ms)
{
    struct epoll_event ready[EVENTS_MAX];
    redial_due(w);
    int n = epoll_wait(w->epoll, ready, EVENTS_MAX, wait_ms);
    for (int i = 0; i < n; i++)
        handle(w, &w->links[ready[i].data.u64], ready[i].events);
    return n > 0;
}

/* ---- life ---- */

static yh_err resolve(struct wire_client *w)
{
    char port[8];
    snprintf(port, sizeof port, "%u", w->config.port);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    int failed = getaddrinfo(w->config.host, port, &hints, &w->address);
    if (failed)
        return yh_fail(YH_E_INVALID, "cannot resolve %s: %s", w->config.host, gai_strerror(failed));
    return YH_OK;
}

static yh_err make_links(struct wire_client *w)
{
    size_t n = w->config.connections;
    w->links = calloc(n ? n : 1, sizeof *w->links);
    if (!w->links)
        return yh_fail(YH_E_NO_MEMORY, "no memory for %zu connections", n);
    for (size_t i = 0; i < n; i++) {
        w->links[i].fd = -1;
        w->links[i].out = yh_buf_make(4 * OUT_HIGH);
        w->links[i].in = yh_buf_make(IN_MAX);
    }
    w->down = n;
    w->epoll = epoll_create1(EPOLL_CLOEXEC);
    return w->epoll < 0 ? yh_fail_errno("cannot wait for connections") : YH_OK;
}

/* The first try of every connection is waited for: a platform that is not there is an error, not a reason to retry. */
static yh_err begin(struct wire_client *w)
{
    YH_TRY(resolve(w));
    YH_TRY(make_links(w));
    for (size_t i = 0; i < w->config.connections; i++) {
        YH_TRY(dial(w, &w->links[i], true));
        if (!watch(w, &w->links[i], EPOLLIN))
            return yh_fail_errno("cannot wait for a connection");
        settle(w, &w->links[i]);
    }
    w->began = true;
    return YH_OK;
}

yh_err wire_open(const struct wire_config *config, struct wire_client **ret)
{
    struct wire_client *w = calloc(1, sizeof *w);
    if (!w)
        return yh_fail(YH_E_NO_MEMORY, "no memory for a client");
    w->config = *config;
    w->epoll = -1;
    w->next_retry_us = INT64_MAX;
    w->start_us = yh_clock_mono_us();
    yh_err e = begin(w);
    if (e != YH_OK) {
        wire_close(w);
        return e;
    }
    *ret = w;
    return YH_OK;
}

void wire_close(struct wire_client *w)
{
    if (!w)
        return;
    for (size_t i = 0; w->links && i < w->config.connections; i++) {
        struct link *l = &w->links[i];
        yh_fd_close(&l->fd);
        yh_buf_done(&l->out);
        yh_buf_done(&l->in);
        free(l->asked);
    }
    free(w->links);
    yh_fd_close(&w->epoll);
    if (w->address)
        freeaddrinfo(w->address);
    free(w);
}

bool wire_is_up(const struct wire_client *w, size_t conn)
{
    return w->links[conn].fd >= 0 && !w->links[conn].connecting;
}

bool wire_has_room(const struct wire_client *w, size_t conn)
{
    return wire_is_up(w, conn) && w->links[conn].out.n <= OUT_HIGH;
}

yh_err wire_wait_room(struct wire_client *w, size_t conn)
{
    while (wire_is_up(w, conn) && w->links[conn].out.n > OUT_HIGH)
        step(w, 100);
    redial_due(w);
    return YH_OK;
}

static bool note_asked(struct link *l, yh_str qn)
{
    if (l->asked_n == l->asked_cap && l->asked_at > l->asked_cap / 2) {
        memmove(l->asked, l->asked + l->asked_at, (l->asked_n - l->asked_at) * sizeof *l->asked);
        l->asked_n -= l->asked_at;
        l->asked_at = 0;
    }
    if (l->asked_n == l->asked_cap) {
        size_t cap = l->asked_cap ? l->asked_cap * 2 : 16;
        struct asked *bigger = realloc(l->asked, cap * sizeof *bigger);
        if (!bigger)
            return false;
        l->asked = bigger;
        l->asked_cap = cap;
    }
    uint64_t number = 0;
    if (!yh_str_to_u64(qn, &number))
        number = 0;
    l->asked[l->asked_n++] = (struct asked){yh_clock_mono_us(), number};
    return true;
}

yh_err wire_put(struct wire_client *w, size_t conn, wire_what what, yh_str bytes, yh_str qn)
{
    struct link *l = &w->links[conn];
    if (!wire_is_up(w, conn))
        return YH_OK;
    if (what == WIRE_ASKING && !note_asked(l, qn))
        return yh_fail(YH_E_NO_MEMORY, "no memory for open answers");
    yh_buf_str(&l->out, bytes);
    w->result.sent += what != WIRE_BYTES;
    w->result.asked += what == WIRE_ASKING;
    YH_TRY(yh_buf_check(&l->out));
    if (!watch(w, l, EPOLLIN | EPOLLOUT))
        return yh_fail_errno("cannot wait for a connection");
    return YH_OK;
}

void wire_drop(struct wire_client *w, size_t conn, unsigned pause_ms)
{
    if (w->links[conn].fd >= 0)
        lose(w, &w->links[conn], pause_ms);
}

void wire_trickle(struct wire_client *w, size_t conn, bool on)
{
    w->links[conn].trickle = on;
}

yh_err wire_run_until(struct wire_client *w, int64_t until_us)
{
    for (;;) {
        int64_t left = until_us - yh_clock_mono_us();
        step(w, left <= 0 ? 0 : left > 200000 ? 200 : (int)((left + 999) / 1000));
        if (left <= 0)
            return YH_OK;
    }
}

static bool is_idle(const struct wire_client *w)
{
    for (size_t i = 0; i < w->config.connections; i++)
        if (wire_is_up(w, i) && (w->links[i].out.n || w->links[i].asked_n))
            return false;
    return true;
}

yh_err wire_drain(struct wire_client *w, unsigned patience_ms)
{
    int64_t last_move = yh_clock_mono_us();
    while (!is_idle(w) && yh_clock_mono_us() - last_move < (int64_t)patience_ms * 1000)
        if (step(w, 50))
            last_move = yh_clock_mono_us();
    w->result.seconds = (double)(yh_clock_mono_us() - w->start_us) / 1e6;
    return YH_OK;
}

/* ---- result ---- */

static int compare(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

void wire_result(const struct wire_client *w, struct wire_result *ret)
{
    *ret = w->result;
    size_t n = yh_min_size((size_t)w->latency_n, LATENCIES);
    uint32_t *sorted = n ? malloc(n * sizeof *sorted) : NULL;
    if (!sorted)
        return;
    memcpy(sorted, w->latency_us, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, compare);
    ret->ack_ms_p50 = sorted[n / 2] / 1000.0;
    ret->ack_ms_p99 = sorted[n - 1 - n / 100] / 1000.0;
    free(sorted);
}

void wire_print_result(const struct wire_client *w)
{
    struct wire_result r;
    wire_result(w, &r);
    printf("{\"sent\":%llu,\"asked\":%llu,\"acknowledged\":%llu,\"rejected\":%llu,\"reconnects\":%llu,\"seconds\":%.3f,"
           "\"ack_ms_p50\":%.3f,\"ack_ms_p99\":%.3f}\n",
           (unsigned long long)r.sent, (unsigned long long)r.asked, (unsigned long long)r.acknowledged,
           (unsigned long long)r.rejected, (unsigned long long)r.reconnects, r.seconds, r.ack_ms_p50, r.ack_ms_p99);
}
