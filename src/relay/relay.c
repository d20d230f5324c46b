#include "relay/relay.h"

#include <pthread.h>

#include "base/clock.h"
#include "base/log.h"
#include "relay/target.h"

#define TICK_MS    50
#define STATUS_MS  250
#define SETUPS_MAX (64u << 20)

struct shown {
    int64_t id;
    struct relay_status status;
};

struct relay {
    struct relay_works works;
    struct relay_target *targets[RELAY_TARGETS_MAX];
    size_t n;
    int64_t shown_ms;
    pthread_t thread;
    bool running;
    pthread_mutex_t lock; /* guards what is below */
    struct shown shown[RELAY_TARGETS_MAX];
    size_t shown_n;
};

/* ---- what others see ---- */

static void show(struct relay *r)
{
    struct shown fresh[RELAY_TARGETS_MAX];
    for (size_t i = 0; i < r->n; i++) {
        fresh[i].id = r->targets[i]->setup.id;
        relay_target_status(r->targets[i], &fresh[i].status);
    }
    pthread_mutex_lock(&r->lock);
    memcpy(r->shown, fresh, r->n * sizeof *fresh);
    r->shown_n = r->n;
    pthread_mutex_unlock(&r->lock);
}

yh_err relay_status_get(struct relay *r, int64_t id, struct relay_status *ret)
{
    yh_err e = YH_E_NOT_FOUND;
    pthread_mutex_lock(&r->lock);
    for (size_t i = 0; i < r->shown_n; i++) {
        if (r->shown[i].id == id) {
            *ret = r->shown[i].status;
            e = YH_OK;
        }
    }
    pthread_mutex_unlock(&r->lock);
    if (e != YH_OK)
        return e;
    uint64_t head = chain_durable(r->works.config.chain);
    ret->behind += head - ret->head;
    ret->head = head;
    return YH_OK;
}

struct metric {
    const char *name, *type, *help;
    size_t at; /* in struct relay_status, a uint64_t */
};

#define METRIC(name, type, member, help) {name, type, help, offsetof(struct relay_status, member)}

static const struct metric metrics[] = {
    METRIC("yuheng_relay_behind", "gauge", behind, "log records not forwarded yet"),
    METRIC("yuheng_relay_fill", "gauge", fill, "of these, records left over from before"),
    METRIC("yuheng_relay_open", "gauge", open, "frames sent and not answered"),
    METRIC("yuheng_relay_sent_total", "counter", counts.sent, "frames sent, repeats included"),
    METRIC("yuheng_relay_acknowledged_total", "counter", counts.acknowledged, "frames acknowledged by the upstream platform"),
    METRIC("yuheng_relay_timeouts_total", "counter", counts.timeouts, "tries that were not answered in time"),
    METRIC("yuheng_relay_refused_total", "counter", counts.refused, "tries that were refused"),
};

static void put_metric(const struct metric *m, const struct shown *rows, size_t n, yh_buf *out)
{
    yh_buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", m->name, m->help, m->name, m->type);
    for (size_t i = 0; i < n; i++) {
        uint64_t value;
        memcpy(&value, (const char *)&rows[i].status + m->at, sizeof value);
        yh_buf_printf(out, "%s{id=\"%lld\"} %llu\n", m->name, (long long)rows[i].id, (unsigned long long)value);
    }
}

void relay_metrics(struct relay *r, yh_buf *out)
{
    pthread_mutex_lock(&r->lock);
    for (size_t i = 0; i < YH_LEN(metrics) && r->shown_n; i++)
        put_metric(&metrics[i], r->shown, r->shown_n, out);
    pthread_mutex_unlock(&r->lock);
}

/* ---- targets ---- */

/* That the database is away is said by who watches it; here it is only tried again. */
static void save(struct relay_target *t)
{
    relay_send_finish(t);
    yh_err e = t->dirty ? relay_target_save(t) : YH_OK;
    if (e != YH_OK && e != YH_E_AWAY)
        yh_log(YH_LOG_ERROR, "relay", "the progress of target %lld is not saved: %s", (long long)t->setup.id, yh_cause());
}

static void drop(struct relay *r, size_t at, bool saves)
{
    if (saves)
        save(r->targets[at]);
    relay_target_free(r->targets[at]);
    r->targets[at] = r->targets[--r->n];
}

static struct relay_target *find(struct relay *r, int64_t id)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->targets[i]->setup.id == id)
            return r->targets[i];
    return NULL;
}

static const struct relay_setup *setup_of(const struct relay_setup *rows, size_t n, int64_t id)
{
    for (size_t i = 0; i < n; i++)
        if (rows[i].id == id)
            return &rows[i];
    return NULL;
}

/* Targets that are gone or changed; a changed one comes back as new. */
static void drop_old(struct relay *r, const struct relay_setup *rows, size_t n)
{
    for (size_t i = r->n; i-- > 0;) {
        const struct relay_setup *now = setup_of(rows, n, r->targets[i]->setup.id);
        if (!now || now->updated_at != r->targets[i]->setup.updated_at)
            drop(r, i, now != NULL);
    }
}

static void add_new(struct relay *r, struct db *d, const struct relay_setup *rows, size_t n)
{
    for (size_t i = 0; i < n && r->n < RELAY_TARGETS_MAX; i++) {
        if (find(r, rows[i].id))
            continue;
        if (relay_target_new(&r->works, d, rows[i].id, &r->targets[r->n]) == YH_OK)
            r->n++;
        else
            yh_log(YH_LOG_ERROR, "relay", "target %lld is not served: %s", (long long)rows[i].id, yh_cause());
    }
}

static yh_err load(struct relay *r)
{
    yh_arena_auto arena = yh_arena_make(SETUPS_MAX);
    struct relay_setup *rows;
    size_t n;
    struct db *d = db_pool_reader(r->works.config.pool);
    yh_err e = relay_store_list(d, &arena, &rows, &n);
    db_pool_put(r->works.config.pool, d);
    YH_TRY(e);
    drop_old(r, rows, n); /* saves with the writer, so no reader may be held */
    d = db_pool_reader(r->works.config.pool);
    add_new(r, d, rows, n);
    db_pool_put(r->works.config.pool, d);
    return YH_OK;
}

/* ---- the thread ---- */

static void on_tick(void *user)
{
    struct relay *r = user;
    int64_t now_ms = net_loop_now_ms(r->works.loop);
    for (size_t i = 0; i < r->n; i++)
        relay_target_tick(r->targets[i], now_ms);
    if (now_ms - r->shown_ms < STATUS_MS)
        return;
    r->shown_ms = now_ms;
    show(r);
}

static void on_reload(void *user)
{
    struct relay *r = user;
    if (load(r) != YH_OK)
        yh_log(YH_LOG_ERROR, "relay", "the targets cannot be read: %s", yh_cause());
    for (size_t i = 0; i < r->n; i++)
        if (relay_target_again(r->targets[i]) != YH_OK)
            yh_log(YH_LOG_ERROR, "relay", "frames set aside cannot be taken back: %s", yh_cause());
    show(r);
}

void relay_reload(struct relay *r)
{
    (void)net_loop_post(r->works.loop, on_reload, r);
}

static void *run(void *user)
{
    struct relay *r = user;
    net_loop_run(r->works.loop);
    return NULL;
}

static yh_err start(struct relay *r)
{
    YH_TRY(net_loop_new(&r->works.loop));
    YH_TRY(load(r));
    show(r);
    if (!net_loop_timer(r->works.loop, TICK_MS, true, on_tick, r))
        return yh_fail(YH_E_NO_MEMORY, "no memory for forwarding");
    if (pthread_create(&r->thread, NULL, run, r) != 0)
        return yh_fail(YH_E_NO_MEMORY, "no thread for forwarding");
    r->running = true;
    return YH_OK;
}

yh_err relay_start(const struct relay_config *c, struct relay **ret)
{
    struct relay *r = calloc(1, sizeof *r);
    if (!r)
        return yh_fail(YH_E_NO_MEMORY, "no memory for forwarding");
    r->works.config = *c;
    r->works.scratch = yh_buf_make(CHAIN_PAYLOAD_MAX + 1024);
    pthread_mutex_init(&r->lock, NULL);
    yh_err e = start(r);
    if (e != YH_OK) {
        relay_stop(r);
        return e;
    }
    *ret = r;
    return YH_OK;
}

void relay_stop(struct relay *r)
{
    if (!r)
        return;
    if (r->running) {
        net_loop_stop(r->works.loop);
        pthread_join(r->thread, NULL);
    }
    while (r->n)
        drop(r, r->n - 1, true);
    net_loop_free(r->works.loop);
    yh_buf_done(&r->works.scratch);
    pthread_mutex_destroy(&r->lock);
    free(r);
}
