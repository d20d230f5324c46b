#include "app/replay.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "hj212/compose.h"

#define OUT_HIGH   65536u
#define LATENCIES  65536u
#define BACKOFF_MS 500

struct link {
    int fd; /* -1: closed */
    int64_t retry_us;
    unsigned failures;
    yh_buf out, in;
    struct hj212_framer framer;
    int64_t *asked_us; /* send times of frames whose answer is open, oldest first */
    size_t asked_n, asked_cap;
};

struct replay {
    struct replay_config config;
    struct link *links;
    struct pollfd *polls;
    size_t link_count;
    struct hj212_frame frame;
    yh_buf scratch, moved;
    struct replay_result result;
    uint32_t latency_us[LATENCIES]; /* the newest ones */
    uint64_t latency_n;
    int64_t start_us;
};

static yh_err dial(const struct replay *r, int *ret_fd)
{
    char port[8];
    snprintf(port, sizeof port, "%u", r->config.port);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
    int failed = getaddrinfo(r->config.host, port, &hints, &found);
    if (failed)
        return yh_fail(YH_E_INVALID, "cannot resolve %s: %s", r->config.host, gai_strerror(failed));
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok = fd >= 0 && connect(fd, found->ai_addr, found->ai_addrlen) == 0 && fcntl(fd, F_SETFL, O_NONBLOCK) == 0;
    yh_err e = ok ? YH_OK : yh_fail_errno("cannot reach %s:%u", r->config.host, r->config.port);
    freeaddrinfo(found);
    if (!ok && fd >= 0)
        close(fd);
    if (ok)
        *ret_fd = fd;
    return e;
}

yh_err replay_open(const struct replay_config *config, size_t loggers, struct replay **ret)
{
    struct replay *r = calloc(1, sizeof *r);
    if (!r)
        return yh_fail(YH_E_NO_MEMORY, "no memory to replay");
    r->config = *config;
    r->link_count = config->connections ? yh_min_size(config->connections, loggers) : loggers;
    r->links = calloc(r->link_count, sizeof *r->links);
    r->polls = calloc(r->link_count, sizeof *r->polls);
    r->scratch = yh_buf_make(HJ212_BUFFER_MAX);
    r->moved = yh_buf_make(HJ212_BUFFER_MAX);
    r->start_us = yh_clock_mono_us();
    yh_err e = r->links && r->polls ? YH_OK : yh_fail(YH_E_NO_MEMORY, "no memory for %zu connections", r->link_count);
    for (size_t i = 0; i < r->link_count && r->links; i++) {
        r->links[i].fd = -1;
        r->links[i].out = yh_buf_make(4 * OUT_HIGH);
        r->links[i].in = yh_buf_make(OUT_HIGH);
    }
    for (size_t i = 0; e == YH_OK && i < r->link_count; i++)
        e = dial(r, &r->links[i].fd);
    if (e != YH_OK) {
        replay_close(r);
        return e;
    }
    *ret = r;
    return YH_OK;
}

void replay_close(struct replay *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->link_count && r->links; i++) {
        struct link *l = &r->links[i];
        yh_fd_close(&l->fd);
        yh_buf_done(&l->out);
        yh_buf_done(&l->in);
        free(l->asked_us);
    }
    free(r->links);
    free(r->polls);
    yh_buf_done(&r->scratch);
    yh_buf_done(&r->moved);
    free(r);
}

/* ---- one connection ---- */

static void lose(struct link *l)
{
    yh_fd_close(&l->fd);
    l->retry_us = yh_clock_mono_us() + (int64_t)BACKOFF_MS * 1000 * (1 << (l->failures < 6 ? l->failures : 6));
    l->failures++;
    l->asked_n = 0;
    l->framer = (struct hj212_framer){0};
    yh_buf_clear(&l->out);
    yh_buf_clear(&l->in);
}

static void reopen(struct replay *r, struct link *l)
{
    if (l->fd >= 0 || yh_clock_mono_us() < l->retry_us)
        return;
    if (dial(r, &l->fd) != YH_OK) {
        lose(l);
        return;
    }
    l->failures = 0;
    r->result.reconnects++;
}

static void note_answer(struct replay *r, struct link *l, const struct hj212_event *event)
{
    struct hj212_key none = {0};
    hj212_parse(event->raw, &none, &r->scratch, &r->frame);
    yh_str cn = r->frame.header[HJ212_CN];
    if (yh_str_is(cn, "9011") && !yh_str_is(hj212_field(&r->frame, "QnRtn"), "1"))
        r->result.rejected++;
    else if (yh_str_is(cn, "9014") || yh_str_is(cn, "9013"))
        r->result.acknowledged++;
    if (l->asked_n == 0)
        return;
    int64_t waited = yh_clock_mono_us() - l->asked_us[0];
    r->latency_us[r->latency_n++ % LATENCIES] = (uint32_t)waited;
    memmove(l->asked_us, l->asked_us + 1, --l->asked_n * sizeof *l->asked_us);
}

static void read_answers(struct replay *r, struct link *l)
{
    char *to = yh_buf_reserve(&l->in, 16384);
    ssize_t got = to ? recv(l->fd, to, 16384, 0) : -1;
    if (got == 0 || (got < 0 && (!to || (errno != EAGAIN && errno != EINTR)))) {
        lose(l);
        return;
    }
    l->in.n += got > 0 ? (size_t)got : 0;
    struct hj212_event event;
    hj212_event_kind kind;
    do {
        kind = hj212_framer_next(&l->framer, yh_buf_view(&l->in), false, &event);
        if (kind == HJ212_FRAME)
            note_answer(r, l, &event);
        yh_buf_consume(&l->in, event.consumed);
    } while (kind != HJ212_NEED_MORE);
}

static void write_out(struct link *l)
{
    ssize_t put = send(l->fd, l->out.p, l->out.n, MSG_NOSIGNAL);
    if (put >= 0)
        yh_buf_consume(&l->out, (size_t)put);
    else if (errno != EAGAIN && errno != EINTR)
        lose(l);
}

/* One round over all connections; true when a byte moved. */
static bool step(struct replay *r, int wait_ms)
{
    for (size_t i = 0; i < r->link_count; i++) {
        struct link *l = &r->links[i];
        reopen(r, l);
        r->polls[i] = (struct pollfd){.fd = l->fd, .events = (short)(POLLIN | (l->out.n ? POLLOUT : 0))};
    }
    int ready = poll(r->polls, r->link_count, wait_ms);
    for (size_t i = 0; ready > 0 && i < r->link_count; i++) {
        struct link *l = &r->links[i];
        if (l->fd >= 0 && r->polls[i].revents & (POLLIN | POLLHUP | POLLERR))
            read_answers(r, l);
        if (l->fd >= 0 && r->polls[i].revents & POLLOUT)
            write_out(l);
    }
    return ready > 0;
}

static bool note_asked(struct link *l)
{
    if (l->asked_n == l->asked_cap) {
        size_t cap = l->asked_cap ? l->asked_cap * 2 : 64;
        int64_t *bigger = realloc(l->asked_us, cap * sizeof *bigger);
        if (!bigger)
            return false;
        l->asked_us = bigger;
        l->asked_cap = cap;
    }
    l->asked_us[l->asked_n++] = yh_clock_mono_us();
    return true;
}

/* The bytes to send for a span: as captured, or rewritten into r->moved. Broken spans are never touched. */
static yh_err prepare(struct replay *r, const struct capture_span *span, int64_t shift_ms, yh_str *ret, bool *ret_asks)
{
    *ret = span->raw;
    *ret_asks = false;
    if (span->kind != HJ212_FRAME)
        return YH_OK;
    struct hj212_key none = {0};
    hj212_parse(span->raw, &none, &r->scratch, &r->frame);
    *ret_asks = r->frame.wants_ack || r->config.ask_ack;
    if (shift_ms == 0 && !r->config.ask_ack)
        return YH_OK;
    yh_buf_clear(&r->moved);
    YH_TRY(hj212_rewrite(&r->frame, shift_ms, r->config.ask_ack, (yh_str){"", 0}, &r->moved));
    *ret = yh_buf_view(&r->moved);
    return YH_OK;
}

yh_err replay_send(struct replay *r, const struct capture_span *span, int64_t shift_ms)
{
    struct link *l = &r->links[span->logger % r->link_count];
    while (l->fd >= 0 && l->out.n > OUT_HIGH)
        step(r, 100);
    yh_str bytes;
    bool asks;
    YH_TRY(prepare(r, span, shift_ms, &bytes, &asks));
    reopen(r, l);
    if (l->fd < 0)
        return YH_OK; /* a logger without a line loses what it measures */
    if (asks && !note_asked(l))
        return yh_fail(YH_E_NO_MEMORY, "no memory for open answers");
    yh_buf_str(&l->out, bytes);
    r->result.sent += span->kind == HJ212_FRAME;
    r->result.asked += asks;
    return yh_buf_check(&l->out);
}

yh_err replay_run_until(struct replay *r, int64_t until_us)
{
    for (;;) {
        int64_t left = until_us - yh_clock_mono_us();
        step(r, left <= 0 ? 0 : left > 200000 ? 200 : (int)(left / 1000));
        if (left <= 0)
            return YH_OK;
    }
}

static bool is_idle(const struct replay *r)
{
    for (size_t i = 0; i < r->link_count; i++)
        if (r->links[i].fd >= 0 && (r->links[i].out.n || r->links[i].asked_n))
            return false;
    return true;
}

yh_err replay_drain(struct replay *r, unsigned patience_ms)
{
    int64_t last_move = yh_clock_mono_us();
    while (!is_idle(r) && yh_clock_mono_us() - last_move < (int64_t)patience_ms * 1000)
        if (step(r, 50))
            last_move = yh_clock_mono_us();
    r->result.seconds = (double)(yh_clock_mono_us() - r->start_us) / 1e6;
    return YH_OK;
}

static int compare(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

void replay_result(const struct replay *r, struct replay_result *ret)
{
    *ret = r->result;
    size_t n = yh_min_size((size_t)r->latency_n, LATENCIES);
    uint32_t *sorted = n ? malloc(n * sizeof *sorted) : NULL;
    if (!sorted)
        return;
    memcpy(sorted, r->latency_us, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, compare);
    ret->ack_ms_p50 = sorted[n / 2] / 1000.0;
    ret->ack_ms_p99 = sorted[n - 1 - n / 100] / 1000.0;
    free(sorted);
}
