/* The connection to the upstream platform: dialled by a thread of its own, tried again after growing pauses. */
#include "relay/target.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "net/tcp.h"

#define DIAL_MS      5000
#define RETRY_MIN_MS 500
#define RETRY_MAX_MS 60000
#define STEADY_MS    30000 /* a link that has stood so long has not failed */
#define OUT_MAX      (1u << 20)
#define OUT_HIGH     (256u << 10)

static void schedule_retry(struct relay_target *t, int64_t now_ms)
{
    int64_t pause = RETRY_MIN_MS;
    for (unsigned i = 0; i < t->failures && pause < RETRY_MAX_MS; i++)
        pause *= 2;
    t->retry_ms = now_ms + (pause < RETRY_MAX_MS ? pause : RETRY_MAX_MS);
    t->failures++;
}

void relay_link_close(struct relay_target *t)
{
    relay_dial_drop(&t->dial);
    if (t->fd >= 0) {
        net_loop_del(t->works->loop, t->fd);
        close(t->fd);
    }
    t->fd = -1;
    t->link = RELAY_DOWN;
    t->connected_at = YH_TIME_NONE;
    t->watching_out = false;
    yh_buf_done(&t->in);
    yh_buf_done(&t->out);
}

void relay_link_lost(struct relay_target *t, const char *cause)
{
    if (t->link != RELAY_UP)
        return;
    relay_target_say(t, "%s", cause);
    relay_send_lost(t);
    relay_link_close(t);
    int64_t now_ms = yh_clock_mono_us() / 1000;
    if (now_ms - t->up_ms >= STEADY_MS && !t->mute)
        t->failures = 0;
    schedule_retry(t, now_ms);
}

/* ---- sending ---- */

static void watch_out(struct relay_target *t, bool on)
{
    if (on != t->watching_out && net_loop_mod(t->works->loop, t->fd, on ? EPOLLIN | EPOLLOUT : EPOLLIN) == YH_OK)
        t->watching_out = on;
}

/* A broken socket is noticed by whoever reads it next. */
static void flush(struct relay_target *t)
{
    while (t->out.n) {
        ssize_t put = send(t->fd, t->out.p, t->out.n, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            break;
        yh_buf_consume(&t->out, (size_t)put);
    }
    watch_out(t, t->out.n > 0);
}

bool relay_link_has_room(const struct relay_target *t)
{
    return t->out.n < OUT_HIGH;
}

void relay_link_write(struct relay_target *t, yh_str bytes)
{
    yh_buf_str(&t->out, bytes);
    t->stream_end += bytes.n;
    flush(t);
}

uint64_t relay_link_taken(const struct relay_target *t)
{
    struct tcp_info info;
    socklen_t n = sizeof info;
    int queued = 0;
    if (t->fd < 0 || ioctl(t->fd, SIOCOUTQ, &queued) != 0 || queued < 0)
        return 0;
    /* Of a broken connection the queue says nothing, and the order of the two calls matters. */
    if (getsockopt(t->fd, IPPROTO_TCP, TCP_INFO, &info, &n) != 0 || info.tcpi_state != TCP_ESTABLISHED)
        return 0;
    return t->stream_end - t->out.n - (uint64_t)queued;
}

/* ---- receiving ---- */

static bool digest(struct relay_target *t)
{
    struct hj212_event event;
    for (;;) {
        hj212_event_kind kind = hj212_framer_next(&t->framer, yh_buf_view(&t->in), false, &event);
        if (kind == HJ212_FRAME)
            relay_send_answered(t, event.raw);
        if (t->link != RELAY_UP)
            return false;
        yh_buf_consume(&t->in, event.consumed);
        if (kind == HJ212_NEED_MORE)
            return true;
    }
}

static void readable(struct relay_target *t)
{
    for (bool more = true; more;) {
        size_t room = t->in.max - t->in.n;
        char *to = yh_buf_reserve(&t->in, room);
        ssize_t got = to ? recv(t->fd, to, room, MSG_DONTWAIT) : -1;
        if (got < 0 && to && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
            return;
        if (got <= 0) {
            relay_link_lost(t, got == 0 ? "上级平台关闭了连接" : "与上级平台的连接中断");
            return;
        }
        t->in.n += (size_t)got;
        more = digest(t);
    }
}

static void on_event(void *user, uint32_t events)
{
    struct relay_target *t = user;
    int64_t now_ms = net_loop_now_ms(t->works->loop);
    if (events & EPOLLOUT)
        flush(t);
    if (events & (EPOLLIN | EPOLLERR | EPOLLHUP))
        readable(t);
    if (t->rule.rewrite)
        relay_send_soon(t); /* QN are written to the database before they leave: many at once */
    else
        relay_send_step(t, now_ms);
}

/* ---- connecting ---- */

/* A target that is ourselves would get its own frames for ever. */
static bool is_own_gate(const struct relay_target *t, int fd)
{
    char here[NET_PEER_MAX], there[NET_PEER_MAX];
    struct sockaddr_storage a = {0}, b = {0};
    socklen_t an = sizeof a, bn = sizeof b;
    uint16_t own = t->works->config.own_port;
    if (own != t->setup.port || getsockname(fd, (struct sockaddr *)&a, &an) != 0 ||
        getpeername(fd, (struct sockaddr *)&b, &bn) != 0)
        return false;
    net_address_text((struct sockaddr *)&a, here);
    net_address_text((struct sockaddr *)&b, there);
    return strcmp(here, there) == 0;
}

static void failed(struct relay_target *t, int64_t now_ms, const char *cause)
{
    t->link = RELAY_DOWN;
    relay_target_say(t, "连接失败:%s", cause);
    schedule_retry(t, now_ms);
}

static void begin(struct relay_target *t, int64_t now_ms)
{
    t->link = RELAY_UP;
    t->up_ms = now_ms;
    t->connected_at = yh_clock_now();
    t->in = yh_buf_make(2 * HJ212_BUFFER_MAX);
    t->out = yh_buf_make(OUT_MAX);
    t->framer = (struct hj212_framer){0};
    t->stream_end = 0;
    if (!t->mute)
        relay_target_say(t, "%s", "");
    relay_fill_rewind(t, now_ms);
}

static void connected(struct relay_target *t, int fd, int64_t now_ms)
{
    int on = 1;
    if (is_own_gate(t, fd)) {
        close(fd);
        failed(t, now_ms, "目标地址是本平台自身");
        return;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    if (net_loop_add(t->works->loop, fd, EPOLLIN, on_event, t) != YH_OK) {
        close(fd);
        failed(t, now_ms, yh_cause());
        return;
    }
    t->fd = fd;
    begin(t, now_ms);
}

static void dial_start(struct relay_target *t, int64_t now_ms)
{
    if (relay_dial_start(t->setup.host, t->setup.port, DIAL_MS, &t->dial) == YH_OK)
        t->link = RELAY_DIALLING;
    else
        failed(t, now_ms, yh_cause());
}

static void dial_take(struct relay_target *t, int64_t now_ms)
{
    int fd = -1;
    yh_err e = relay_dial_take(&t->dial, &fd);
    if (e == YH_OK)
        connected(t, fd, now_ms);
    else if (e != YH_E_BUSY)
        failed(t, now_ms, yh_cause());
}

void relay_link_step(struct relay_target *t, int64_t now_ms)
{
    if (t->setup.paused)
        return;
    if (t->link == RELAY_DOWN && now_ms >= t->retry_ms)
        dial_start(t, now_ms);
    else if (t->link == RELAY_DIALLING)
        dial_take(t, now_ms);
}
