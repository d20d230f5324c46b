#include "relay/target.h"

#include <stdarg.h>

#include "base/clock.h"

#define MEMORY_MAX  (8u << 20)
#define SAVE_MS     1000
#define SAVE_BIG_MS 5000 /* a cursor in many pieces is written less often */
#define BIG_SPANS   2000
#define MEMBERS_MS  10000

void relay_target_say(struct relay_target *t, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(t->cause, sizeof t->cause, fmt, args);
    va_end(args);
}

/* ---- birth and end ---- */

static bool add_opened(void *user, const struct relay_open_row *r)
{
    struct relay_target *t = user;
    char *qn = strndup(r->qn.p, r->qn.n);
    yh_time at;
    if (!qn || yh_map_put(&t->opened, relay_seq_key(&r->seq), qn) != YH_OK) {
        free(qn);
        return false;
    }
    if (hj212_time_parse(r->qn, YH_CST, &at) && at > t->last_qn)
        t->last_qn = at;
    return true;
}

static yh_err load_progress(struct relay_target *t, struct db *d)
{
    yh_arena_auto arena = yh_arena_make(2 * RELAY_DUE_TEXT);
    struct relay_due due = {0};
    yh_str text;
    YH_TRY(relay_store_progress(d, t->setup.id, &arena, &text, &t->counts));
    YH_TRY(relay_due_parse(&due, text));
    relay_plan_init(&t->plan, &due, chain_durable(t->works->config.chain));
    return relay_store_opened(d, t->setup.id, add_opened, t);
}

static yh_err load(struct relay_target *t, struct db *d, int64_t id)
{
    YH_TRY(relay_store_get(d, id, &t->memory, &t->setup));
    t->rule = (struct relay_rule){
        .rewrite = t->setup.mode == RELAY_REWRITE, .edition = t->setup.edition, .ask_ack = t->setup.ask_ack,
        .pw = t->setup.password,
    };
    YH_TRY(load_progress(t, d));
    return relay_members_read(t, d);
}

yh_err relay_target_new(struct relay_works *w, struct db *d, int64_t id, struct relay_target **ret)
{
    struct relay_target *t = calloc(1, sizeof *t);
    if (!t)
        return yh_fail(YH_E_NO_MEMORY, "no memory for a target");
    *t = (struct relay_target){.works = w, .memory = yh_arena_make(MEMORY_MAX), .fd = -1, .connected_at = YH_TIME_NONE,
                               .last_ack = YH_TIME_NONE, .oldest_at = YH_TIME_NONE};
    yh_err e = load(t, d, id);
    if (e != YH_OK) {
        relay_target_free(t);
        return e;
    }
    t->members_ms = t->tokens_ms = yh_clock_mono_us() / 1000;
    *ret = t;
    return YH_OK;
}

static void free_values(yh_map *m)
{
    yh_str key;
    void *value;
    for (size_t at = 0; yh_map_next(m, &at, &key, &value);)
        free(value);
    yh_map_done(m);
}

void relay_target_free(struct relay_target *t)
{
    if (!t)
        return;
    relay_link_close(t);
    net_loop_cancel(t->works->loop, t->soon);
    relay_reader_close(&t->live_reader);
    relay_reader_close(&t->fill_reader);
    relay_lines_free(t);
    relay_plan_done(&t->plan);
    relay_members_done(t);
    free_values(&t->opened);
    free_values(&t->suspects);
    relay_asides_clear(t);
    free(t->asides);
    free(t->closes);
    yh_arena_done(&t->memory);
    free(t);
}

/* ---- a round ---- */

static void refresh_members(struct relay_target *t, int64_t now_ms)
{
    if (now_ms - t->members_ms < MEMBERS_MS)
        return;
    t->members_ms = now_ms;
    struct db *d = db_pool_reader(t->works->config.pool);
    yh_err e = relay_members_read(t, d);
    db_pool_put(t->works->config.pool, d);
    if (e != YH_OK)
        relay_target_say(t, "读取站点名单失败:%.120s", yh_cause());
    relay_lines_prune(t, now_ms);
}

static void save_now_and_then(struct relay_target *t, int64_t now_ms)
{
    int64_t pause = t->plan.due.n > BIG_SPANS ? SAVE_BIG_MS : SAVE_MS;
    if (!t->dirty || now_ms - t->saved_ms < pause)
        return;
    t->saved_ms = now_ms;
    if (relay_target_save(t) != YH_OK)
        relay_target_say(t, "转发进度暂不能保存:%.120s", yh_cause());
}

void relay_target_tick(struct relay_target *t, int64_t now_ms)
{
    refresh_members(t, now_ms);
    relay_link_step(t, now_ms);
    relay_lanes_read(t, now_ms);
    relay_send_step(t, now_ms);
    save_now_and_then(t, now_ms);
}

/* ---- how it stands ---- */

static const char *state_of(const struct relay_target *t)
{
    static const char *const by_link[] = {[RELAY_DOWN] = "down", [RELAY_DIALLING] = "connecting", [RELAY_UP] = "up"};
    relay_link link = t->link == RELAY_DOWN && t->failures == 0 ? RELAY_DIALLING : t->link; /* about to begin */
    return t->setup.paused ? "paused" : t->mute ? "mute" : by_link[link];
}

/* Reception of the first record that is not settled. */
static yh_time oldest_of(struct relay_target *t, uint64_t head)
{
    struct chain_record r;
    uint64_t seq;
    if (!relay_due_next(&t->plan.due, 0, &seq) || seq >= head)
        return YH_TIME_NONE;
    yh_buf_clear(&t->works->scratch);
    if (t->oldest_at == YH_TIME_NONE || t->oldest_seq != seq)
        t->oldest_at = chain_get(t->works->config.chain, seq, &t->works->scratch, &r, NULL) == YH_OK ? r.received : YH_TIME_NONE;
    t->oldest_seq = seq;
    return t->oldest_at;
}

void relay_target_status(struct relay_target *t, struct relay_status *ret)
{
    uint64_t head = chain_durable(t->works->config.chain);
    *ret = (struct relay_status){
        .state = state_of(t), .counts = t->counts, .connected_at = t->connected_at, .last_ack = t->last_ack,
        .open = t->open_n, .head = head,
    };
    snprintf(ret->cause, sizeof ret->cause, "%s", t->setup.paused ? "" : t->cause);
    ret->behind = relay_plan_behind(&t->plan, head, &ret->fill);
    ret->oldest = oldest_of(t, head);
}
