#include "gate/gate.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "gate/conn.h"
#include "net/tcp.h"

#define RETRY_MS 500 /* a log that stands still wakes nobody, so paused connections look again by themselves */
#define SWEEP_MS 15000
#define DEAF_US  30000000 /* a peer that takes none of its answers for so long is closed */

static void for_pending(struct gate *g)
{
    uint64_t durable = chain_durable(g->config.chain);
    struct conn_link *next;
    for (struct conn_link *l = g->pending.next; l != &g->pending; l = next) {
        next = l->next;
        conn_continue(conn_of(l, pending), durable);
    }
}

static void on_durable(void *user)
{
    struct gate *g = user;
    atomic_store(&g->durable_posted, false);
    for_pending(g);
}

void gate_durable(struct gate *g)
{
    if (!atomic_exchange(&g->durable_posted, true) && net_loop_post(g->loop, on_durable, g) != YH_OK)
        atomic_store(&g->durable_posted, false); /* the next commit or the retry wakes instead */
}

static yh_err listen_again(struct gate *g);

static void on_retry(void *user)
{
    struct gate *g = user;
    for_pending(g);
    if (g->deaf)
        g->deaf = listen_again(g) != YH_OK;
}

static void on_sweep(void *user)
{
    struct gate *g = user;
    int64_t now = yh_clock_mono_us();
    int64_t limit = now - (int64_t)g->config.idle_ms * 1000;
    struct conn_link *next;
    for (struct conn_link *l = g->all.next; l != &g->all; l = next) {
        next = l->next;
        struct conn *c = conn_of(l, all);
        bool idle = c->last_us < limit && !c->paused && c->wait_n == 0;
        bool deaf = c->out.n && c->sent_us < now - DEAF_US;
        if (idle || deaf)
            conn_drop(c);
    }
}

/* Said once until somebody gets in again: a flood of connections must not become a flood of lines. */
static void refuse(struct gate *g, int fd, const char *peer, const char *why)
{
    if (!g->full_said)
        yh_log(YH_LOG_WARN, "gate", "%s refused: %s", peer, why);
    g->full_said = true;
    close(fd);
}

static void admit(struct gate *g, int fd)
{
    char peer[NET_PEER_MAX];
    net_peer_text(fd, peer);
    if (atomic_load(&g->count.connections) >= g->config.max_connections)
        refuse(g, fd, peer, "too many connections");
    else if (conn_open(g, fd, peer) != YH_OK)
        refuse(g, fd, peer, yh_cause());
    else
        g->full_said = false;
}

static void on_accept(void *user, uint32_t events)
{
    struct gate *g = user;
    (void)events;
    for (int i = 0; i < 64; i++) {
        int fd;
        yh_err e = net_accept(g->listen_fd, &fd);
        if (e == YH_E_NO_MEMORY) { /* the listener stays readable: look away, or the loop spins */
            net_loop_del(g->loop, g->listen_fd);
            g->deaf = true;
            yh_log(YH_LOG_WARN, "gate", "%s", yh_cause());
        }
        if (e != YH_OK)
            return;
        admit(g, fd);
    }
}

static yh_err listen_again(struct gate *g)
{
    return net_loop_add(g->loop, g->listen_fd, EPOLLIN, on_accept, g);
}

static void *run(void *user)
{
    struct gate *g = user;
    net_loop_run(g->loop);
    return NULL;
}

static yh_err start(struct gate *g)
{
    YH_TRY(net_loop_new(&g->loop));
    YH_TRY(repeat_new(&g->repeat));
    g->scratch = malloc(CONN_HOLD_MAX + CONN_READ_MAX);
    if (!g->scratch)
        return yh_fail(YH_E_NO_MEMORY, "no memory for the gate");
    YH_TRY(net_listen(g->config.host, g->config.port, 4096, &g->listen_fd));
    YH_TRY(listen_again(g));
    bool timers = net_loop_timer(g->loop, RETRY_MS, true, on_retry, g) != 0 &&
                  net_loop_timer(g->loop, yh_min_size(SWEEP_MS, g->config.idle_ms), true, on_sweep, g) != 0;
    return timers ? YH_OK : yh_fail(YH_E_NO_MEMORY, "no memory for the gate");
}

yh_err gate_new(const struct gate_config *config, struct gate **ret)
{
    struct gate *g = calloc(1, sizeof *g);
    if (!g)
        return yh_fail(YH_E_NO_MEMORY, "no memory for the gate");
    g->config = *config;
    if (!g->config.max_connections)
        g->config.max_connections = 20000;
    if (!g->config.idle_ms)
        g->config.idle_ms = 30 * 60 * 1000;
    g->listen_fd = -1;
    g->answer = yh_buf_make(4096);
    conn_link_init(&g->all);
    conn_link_init(&g->pending);
    yh_err e = start(g);
    if (e != YH_OK) {
        gate_free(g);
        return e;
    }
    *ret = g;
    return YH_OK;
}

void gate_settle(struct gate *g)
{
    uint64_t durable = chain_durable(g->config.chain);
    struct conn_link *next;
    for (struct conn_link *l = g->pending.next; l != &g->pending; l = next) {
        next = l->next;
        conn_answer(conn_of(l, pending), durable);
    }
}

yh_err gate_run(struct gate *g)
{
    int failed = pthread_create(&g->thread, NULL, run, g);
    if (failed)
        return yh_fail(YH_E_NO_MEMORY, "cannot start the gate's thread: %s", strerror(failed));
    g->thread_runs = true;
    return YH_OK;
}

void gate_halt(struct gate *g)
{
    if (!g->thread_runs)
        return;
    net_loop_stop(g->loop);
    pthread_join(g->thread, NULL);
    g->thread_runs = false;
    struct conn_link *next;
    for (struct conn_link *l = g->all.next; l != &g->all; l = next) {
        next = l->next;
        conn_end(conn_of(l, all));
    }
}

void gate_free(struct gate *g)
{
    if (!g)
        return;
    gate_halt(g);
    while (!conn_link_empty(&g->all))
        conn_close(conn_of(g->all.next, all));
    if (g->listen_fd >= 0)
        close(g->listen_fd);
    repeat_free(g->repeat);
    free(g->scratch);
    yh_buf_done(&g->answer);
    net_loop_free(g->loop);
    free(g);
}

uint16_t gate_port(const struct gate *g)
{
    return net_local_port(g->listen_fd);
}

void gate_remember(struct gate *g, yh_str raw, uint64_t seq)
{
    repeat_add(g->repeat, repeat_print(g->repeat, raw), seq);
}

void gate_stats_get(const struct gate *g, struct gate_stats *ret)
{
    const struct gate_counters *c = &g->count;
    *ret = (struct gate_stats){
        .frames = atomic_load(&c->frames),
        .bad = atomic_load(&c->bad),
        .junk = atomic_load(&c->junk),
        .junk_bytes = atomic_load(&c->junk_bytes),
        .bytes = atomic_load(&c->bytes),
        .answered = atomic_load(&c->answered),
        .repeated = atomic_load(&c->repeated),
        .refused = atomic_load(&c->refused),
        .connections = atomic_load(&c->connections),
        .accepted = atomic_load(&c->accepted),
        .waiting = atomic_load(&c->waiting),
        .paused = atomic_load(&c->paused),
    };
}
