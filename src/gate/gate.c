#include "gate/gate.h"

#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "gate/conn.h"
#include "net/tcp.h"

#define RETRY_MS 500 /* a log that stands still wakes nobody, so paused connections look again by themselves */
#define SWEEP_MS 2000
#define TURN_MS  20 /* how exactly those who rest are woken */

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

void gate_tell(struct gate *g, gate_event what, const char *who)
{
    yh_buf_auto line = yh_buf_make(512);
    if (events_tell(&g->events, what, who, yh_clock_mono_us(), &line))
        yh_log(YH_LOG_WARN, "gate", "%s", yh_buf_z(&line));
}

/* ---- those who rest, and those who are slow ---- */

static void on_turn(void *user)
{
    struct gate *g = user;
    int64_t now = yh_clock_mono_us();
    g->rest_timer = false;
    struct conn_link due, *next; /* apart, or whoever rests again would be met again */
    conn_link_init(&due);
    for (struct conn_link *l = g->resting.next; l != &g->resting; l = next) {
        next = l->next;
        if (conn_of(l, resting)->rest_us <= now) {
            conn_link_drop(l);
            conn_link_add(&due, l);
        }
    }
    while (!conn_link_empty(&due))
        conn_wake(conn_of(due.next, resting));
    if (!conn_link_empty(&g->resting))
        gate_wake_later(g);
}

/* Without memory for the timer, the retry does it. */
void gate_wake_later(struct gate *g)
{
    if (!g->rest_timer)
        g->rest_timer = net_loop_timer(g->loop, TURN_MS, false, on_turn, g) != 0;
}

static void cut_late(struct gate *g)
{
    int64_t begun = yh_clock_mono_us() - (int64_t)g->limits.partial_ms * 1000;
    while (!conn_link_empty(&g->partial) && conn_of(g->partial.next, partial)->partial_us <= begun)
        conn_cut(conn_of(g->partial.next, partial));
}

static void on_retry(void *user)
{
    struct gate *g = user;
    for_pending(g);
    cut_late(g);
    if (!conn_link_empty(&g->resting))
        gate_wake_later(g);
    if (g->deaf)
        accept_again(g);
}

static void on_sweep(void *user)
{
    struct gate *g = user;
    int64_t now = yh_clock_mono_us();
    int64_t idle_since = now - (int64_t)g->limits.idle_ms * 1000;
    int64_t deaf_since = now - (int64_t)g->limits.answer_ms * 1000;
    struct conn_link *next;
    for (struct conn_link *l = g->all.next; l != &g->all; l = next) {
        next = l->next;
        struct conn *c = conn_of(l, all);
        bool deaf = c->out.n && c->sent_us < deaf_since;
        bool idle = c->last_us < idle_since && (!c->held_back || c->clogged) && c->wait_n == 0;
        if (deaf)
            gate_tell(g, GATE_CLOSED_DEAF, c->peer);
        else if (idle)
            events_count(&g->events, GATE_CLOSED_IDLE, 1);
        if (idle || deaf)
            conn_drop(c);
    }
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
    YH_TRY(limits_new(g->config.max_connections, &g->book));
    g->drained_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (g->drained_fd < 0)
        return yh_fail_errno("cannot make an eventfd");
    g->scratch = malloc(CONN_HOLD_MAX + CONN_READ_MAX);
    if (!g->scratch)
        return yh_fail(YH_E_NO_MEMORY, "no memory for the gate");
    YH_TRY(net_listen(g->config.host, g->config.port, ACCEPT_BACKLOG, &g->listen_fd));
    YH_TRY(accept_begin(g));
    bool timers = net_loop_timer(g->loop, RETRY_MS, true, on_retry, g) != 0 &&
                  net_loop_timer(g->loop, SWEEP_MS, true, on_sweep, g) != 0;
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
    g->limits = config->limits ? *config->limits : gate_limits_default;
    g->listen_fd = g->drained_fd = -1;
    g->answer = yh_buf_make(4096);
    conn_link_init(&g->all);
    conn_link_init(&g->pending);
    conn_link_init(&g->resting);
    conn_link_init(&g->partial);
    roster_init(&g->roster);
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

/* ---- the end ---- */

void gate_drained(struct gate *g)
{
    uint64_t one = 1;
    ssize_t put = write(g->drained_fd, &one, sizeof one);
    (void)put;
}

static void on_drain(void *user)
{
    struct gate *g = user;
    accept_end(g);
    g->draining = true;
    struct conn_link *next;
    for (struct conn_link *l = g->all.next; l != &g->all; l = next) {
        next = l->next;
        conn_drain(conn_of(l, all));
    }
    if (conn_link_empty(&g->all))
        gate_drained(g);
}

uint64_t gate_drain(struct gate *g, uint64_t ms)
{
    if (!g->thread_runs || net_loop_post(g->loop, on_drain, g) != YH_OK)
        return atomic_load(&g->count.connections);
    int64_t end = yh_clock_mono_us() + (int64_t)ms * 1000;
    struct pollfd done = {.fd = g->drained_fd, .events = POLLIN};
    for (int64_t left = (int64_t)ms; left > 0; left = (end - yh_clock_mono_us()) / 1000)
        if (poll(&done, 1, (int)left) > 0)
            break;
    return atomic_load(&g->count.connections);
}

void gate_halt(struct gate *g)
{
    if (!g->thread_runs)
        return;
    net_loop_stop(g->loop);
    pthread_join(g->thread, NULL);
    g->thread_runs = false;
    g->draining = true;
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
    if (g->drained_fd >= 0)
        close(g->drained_fd);
    repeat_free(g->repeat);
    limits_free(g->book);
    free(g->scratch);
    yh_buf_done(&g->answer);
    net_loop_free(g->loop);
    roster_done(&g->roster);
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
        .held = atomic_load(&c->held),
    };
}

void gate_metrics(const struct gate *g, yh_buf *out)
{
    uint64_t most = g->config.max_connections + g->config.max_connections / LIMITS_KEPT;
    yh_buf_printf(out,
                  "# HELP yuheng_gate_held_bytes memory held for frames and answers of all connections\n"
                  "# TYPE yuheng_gate_held_bytes gauge\nyuheng_gate_held_bytes %llu\n"
                  "# HELP yuheng_gate_addresses addresses with open connections\n"
                  "# TYPE yuheng_gate_addresses gauge\nyuheng_gate_addresses %llu\n"
                  "# HELP yuheng_gate_connections_max connections allowed, those kept for addresses with few included\n"
                  "# TYPE yuheng_gate_connections_max gauge\nyuheng_gate_connections_max %llu\n",
                  (unsigned long long)atomic_load(&g->count.held), (unsigned long long)atomic_load(&g->count.addresses),
                  (unsigned long long)most);
    events_metrics(&g->events, out);
}

/* ---- new limits ---- */

struct new_limits {
    struct gate *gate;
    struct gate_limits limits;
};

static void on_limits(void *user)
{
    struct new_limits *n = user;
    n->gate->limits = n->limits;
    free(n);
}

yh_err gate_limits_set(struct gate *g, const struct gate_limits *limits)
{
    struct new_limits *n = malloc(sizeof *n);
    if (!n)
        return yh_fail(YH_E_NO_MEMORY, "no memory for new limits");
    *n = (struct new_limits){g, *limits};
    yh_err e = net_loop_post(g->loop, on_limits, n);
    if (e != YH_OK)
        free(n);
    return e;
}
