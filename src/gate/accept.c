/* Letting in: one listener, at a bounded rate, by the book of limits. */
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "gate/conn.h"
#include "net/tcp.h"

static void refuse(struct gate *g, int fd, const char *peer, gate_event why)
{
    gate_tell(g, why, peer);
    roster_refuse(&g->roster, peer, events_word(why));
    close(fd);
}

static void admit(struct gate *g, int fd)
{
    static const gate_event refusals[] = {
        [LIMITS_FULL] = GATE_REFUSED_FULL,
        [LIMITS_ADDRESS_OPEN] = GATE_REFUSED_ADDRESS_OPEN,
        [LIMITS_ADDRESS_RATE] = GATE_REFUSED_ADDRESS_RATE,
    };
    char peer[NET_PEER_MAX];
    unsigned char address[16];
    uint32_t place;
    net_peer_text(fd, peer);
    net_peer_address(fd, address);
    limits_verdict verdict = limits_admit(g->book, &g->limits, address, yh_clock_mono_us(), &place);
    if (verdict != LIMITS_ADMIT) {
        refuse(g, fd, peer, refusals[verdict]);
    } else if (conn_open(g, fd, peer, place) != YH_OK) {
        limits_left(g->book, place);
        refuse(g, fd, peer, GATE_REFUSED_RESOURCES);
    }
    atomic_store(&g->count.addresses, limits_addresses(g->book));
}

static void on_look_again(void *user)
{
    accept_again(user);
}

/* New connections wait in the kernel: for `ms`, or until the next retry. */
static void look_away(struct gate *g, uint64_t ms, gate_event why)
{
    gate_tell(g, why, "");
    net_loop_del(g->loop, g->listen_fd);
    g->deaf = ms == 0 || net_loop_timer(g->loop, ms, false, on_look_again, g) == 0;
}

/* One waiting connection; false when none is to be taken now. */
static bool accept_one(struct gate *g)
{
    int64_t now = yh_clock_mono_us();
    int64_t wait = bucket_wait(&g->accepts, g->limits.accept_rate, g->limits.accept_burst, now);
    if (wait) {
        look_away(g, (uint64_t)wait / 1000 + 1, GATE_DELAYED_ACCEPT_RATE);
        return false;
    }
    int fd;
    yh_err e = net_accept(g->listen_fd, &fd);
    if (e == YH_E_NO_MEMORY) /* the listener stays readable: look away, or the loop spins */
        look_away(g, 0, GATE_DELAYED_DESCRIPTORS);
    if (e != YH_OK)
        return false;
    bucket_take(&g->accepts, g->limits.accept_rate, 1, now);
    admit(g, fd);
    return true;
}

static void on_accept(void *user, uint32_t events)
{
    struct gate *g = user;
    (void)events;
    for (int i = 0; i < 64; i++)
        if (!accept_one(g))
            return;
}

yh_err accept_begin(struct gate *g)
{
    return net_loop_add(g->loop, g->listen_fd, EPOLLIN, on_accept, g);
}

void accept_again(struct gate *g)
{
    g->deaf = g->listen_fd >= 0 && accept_begin(g) != YH_OK;
}

/* Those who wait in the kernel have been told that they are connected, and may have sent. */
void accept_end(struct gate *g)
{
    int fd;
    for (unsigned i = 0; i < 2 * ACCEPT_BACKLOG && net_accept(g->listen_fd, &fd) == YH_OK; i++)
        admit(g, fd);
    net_loop_del(g->loop, g->listen_fd);
    close(g->listen_fd);
    g->listen_fd = -1;
    g->deaf = false;
}
