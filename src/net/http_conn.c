#include "net/http_conn.h"

#include <sys/socket.h>

#include "base/clock.h"

static const char too_slow[] =
    "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nCache-Control: no-store\r\n"
    "Content-Type: application/problem+json\r\nX-Content-Type-Options: nosniff\r\nContent-Length: 124\r\n\r\n"
    "{\"type\":\"about:blank\",\"title\":\"请求没有在规定时间内到齐,请检查网络后重试\",\"status\":408,\"code\":\"timeout\"}";

void http_conns_init(struct http_conns *l)
{
    *l = (struct http_conns){0};
    pthread_mutex_init(&l->lock, NULL);
}

void http_conns_done(struct http_conns *l)
{
    pthread_mutex_destroy(&l->lock);
}

static int64_t now_ms(void)
{
    return yh_clock_mono_us() / 1000;
}

static int64_t state_of(http_phase phase, unsigned ms)
{
    return (ms ? now_ms() + ms : 0) << 3 | (int64_t)phase;
}

static http_phase phase_of(int64_t state)
{
    return (http_phase)(state & 7);
}

struct http_conn *http_conn_new(struct http_conns *l, int fd, const struct sockaddr *peer, unsigned header_ms)
{
    struct http_conn *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->fd = fd;
    net_address_text(peer, c->peer);
    atomic_store(&c->state, state_of(HTTP_HEADER, header_ms));
    pthread_mutex_lock(&l->lock);
    c->next = l->first;
    if (c->next)
        c->next->prev = c;
    l->first = c;
    l->n++;
    pthread_mutex_unlock(&l->lock);
    return c;
}

void http_conn_free(struct http_conns *l, struct http_conn *c)
{
    pthread_mutex_lock(&l->lock);
    if (c->prev)
        c->prev->next = c->next;
    else
        l->first = c->next;
    if (c->next)
        c->next->prev = c->prev;
    l->n--;
    pthread_mutex_unlock(&l->lock);
    free(c);
}

bool http_conn_enter(struct http_conn *c, http_phase phase, unsigned ms)
{
    int_fast64_t old = atomic_load(&c->state);
    int64_t next = state_of(phase, ms);
    do {
        if (phase_of(old) == HTTP_CUT)
            return false;
    } while (!atomic_compare_exchange_weak(&c->state, &old, next));
    return true;
}

http_phase http_conn_phase(const struct http_conn *c)
{
    return phase_of(atomic_load(&c->state));
}

void http_conn_cut(struct http_conn *c)
{
    atomic_store(&c->state, HTTP_CUT);
    shutdown(c->fd, SHUT_RDWR);
}

static void cut_if_late(struct http_conns *l, struct http_conn *c, int64_t now)
{
    int_fast64_t state = atomic_load(&c->state);
    int64_t end = state >> 3;
    if (end == 0 || now < end || !atomic_compare_exchange_strong(&c->state, &state, HTTP_CUT))
        return;
    http_phase phase = phase_of(state);
    if (phase == HTTP_HEADER || phase == HTTP_BODY) /* nobody else is writing there */
        send(c->fd, too_slow, sizeof too_slow - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (phase != HTTP_IDLE)
        atomic_fetch_add(&l->cut, 1);
    shutdown(c->fd, SHUT_RDWR);
}

void http_conns_cut_late(struct http_conns *l)
{
    int64_t now = now_ms();
    pthread_mutex_lock(&l->lock);
    for (struct http_conn *c = l->first; c; c = c->next)
        cut_if_late(l, c, now);
    pthread_mutex_unlock(&l->lock);
}

size_t http_conns_count(struct http_conns *l)
{
    pthread_mutex_lock(&l->lock);
    size_t n = l->n;
    pthread_mutex_unlock(&l->lock);
    return n;
}
