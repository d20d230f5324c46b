#include "monitor/monitor.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "hj212/split.h"
#include "monitor/rederive.h"
#include "monitor/registry.h"
#include "source/source.h"

#define WARM_RECORDS      200000u
#define FLUSH_US          30000000
#define WAIT_MS           200
#define PUBLISH_PER_TICK  400 /* "value" events a second at most: a browser shows no more */
#define PAUSE_US          1000000 /* after a failure */
#define SPLIT_WAIT        (5 * YH_MINUTE)
#define SPLIT_SETS_MAX    1024u
#define SPLIT_BYTES_MAX   (16u * 1024u * 1024u)

struct monitor {
    struct monitor_config config;
    struct ingest *ingest;
    struct chain_cursor *cursor; /* NULL: to be opened at position */
    struct hj212_split *splits;  /* split uploads whose parts are still coming */
    uint64_t position;
    yh_time read_up_to; /* reception of the last record read */
    int64_t flushed_us, ticked_us;
    unsigned published;
    pthread_t thread;
    bool thread_runs;
    atomic_bool stop, changed; /* changed: stations may have to be derived again */
    pthread_mutex_t lock;      /* of what follows */
    struct monitor_stats stats;
};

/* ---- one record ---- */

static void publish_value(struct monitor *m, const struct chain_record *r, const struct ingest_result *result)
{
    if (m->published++ >= PUBLISH_PER_TICK)
        return;
    yh_buf_auto text = yh_buf_make(65536);
    struct yh_json j = yh_json_to(&text);
    yh_json_obj(&j);
    yh_json_kstr(&j, "mn", r->origin);
    yh_json_kz(&j, "kind", series_kind_name(result->kind));
    yh_json_ktime(&j, "time", result->data_time);
    yh_json_ku64(&j, "seq", r->seq);
    yh_json_ktime(&j, "received", r->received);
    yh_json_key(&j, "cells");
    yh_json_arr(&j);
    for (size_t i = 0; i < result->cell_count; i++) {
        const struct series_cell *c = &result->cells[i];
        yh_json_obj(&j);
        yh_json_kstr(&j, "factor", c->factor);
        yh_json_kz(&j, "field", series_field_name(c->field));
        yh_json_kdec(&j, "value", c->value);
        yh_json_kstr(&j, "flag", (yh_str){&c->flag, c->flag ? 1 : 0});
        yh_json_obj_end(&j);
    }
    yh_json_arr_end(&j);
    yh_json_obj_end(&j);
    if (yh_buf_check(&text) == YH_OK)
        m->config.publish(m->config.user, "value", yh_buf_view(&text));
}

static void publish_mn(struct monitor *m, const char *event, const struct live_station *s)
{
    yh_buf_auto text = yh_buf_make(4096);
    struct yh_json j = yh_json_to(&text);
    yh_json_obj(&j);
    yh_json_kz(&j, "mn", s->mn);
    if (s->known) {
        yh_json_kz(&j, "state", live_state_word(s->state));
        yh_json_ktime(&j, "state_since", s->state_since);
        yh_json_kbool(&j, "connected", s->connections > 0);
        yh_json_ktime(&j, "last_received", s->last_received);
    }
    yh_json_obj_end(&j);
    if (yh_buf_check(&text) == YH_OK)
        m->config.publish(m->config.user, event, yh_buf_view(&text));
}

static void count(struct monitor *m, const struct ingest_result *result)
{
    pthread_mutex_lock(&m->lock);
    m->stats.issues[result->issue]++;
    if (result->issue == INGEST_FINE || result->issue == INGEST_FUTURE) {
        m->stats.values += result->cell_count;
        m->stats.repeated_records += result->effect == SERIES_SAME;
        m->stats.versions += result->effect == SERIES_VERSION;
    }
    pthread_mutex_unlock(&m->lock);
}

/* Up to which record the database has counted this sender, if the book does not know it yet: a record that is read again
 * after a crash is not counted again. */
static yh_err counted_before(struct monitor *m, yh_str mn, uint64_t *ret_next)
{
    live_lock(m->config.live);
    bool in_book = live_find(m->config.live, mn) != NULL;
    live_unlock(m->config.live);
    *ret_next = 0;
    if (in_book || mn.n == 0)
        return YH_OK;
    struct db *db = db_pool_reader(m->config.pool);
    yh_err e = source_unknown_next(db, mn, ret_next);
    db_pool_put(m->config.pool, db);
    return e;
}

/* Notes the record at its sender; *ret_first when it was never heard before. Under the lock. */
static struct live_station *note_sender(struct monitor *m, const struct chain_record *r, uint64_t counted,
                                        const struct ingest_result *result, bool *ret_first)
{
    struct live_station *s = live_take(m->config.live, r->origin);
    *ret_first = s && !s->known && s->frames == 0 && r->kind == CHAIN_FRAME;
    if (!s)
        return NULL;
    if (counted > s->saved_next)
        s->saved_next = counted;
    live_note(s, r, result);
    return s;
}

static yh_err note_and_tell(struct monitor *m, const struct chain_record *r, const struct ingest_result *result)
{
    uint64_t counted;
    bool first;
    YH_TRY(counted_before(m, r->origin, &counted));
    live_lock(m->config.live);
    const struct live_station *s = note_sender(m, r, counted, result, &first);
    if (first && counted == 0)
        publish_mn(m, "unknown", s);
    live_unlock(m->config.live);
    return YH_OK;
}

/* Parts are stored as they come; a set that stays incomplete is counted at its station. */
static void give_up_split(struct monitor *m, struct hj212_split_set *set)
{
    live_lock(m->config.live);
    struct live_station *s = live_find(m->config.live, set->mn);
    if (s)
        s->issues[INGEST_SPLIT]++;
    live_unlock(m->config.live);
    pthread_mutex_lock(&m->lock);
    m->stats.issues[INGEST_SPLIT]++;
    pthread_mutex_unlock(&m->lock);
    hj212_split_set_free(set);
}

static void watch_splits(struct monitor *m, const struct chain_record *r, const struct ingest_result *result)
{
    if (!result->frame || r->kind != CHAIN_FRAME || !hj212_split_is_part(result->frame))
        return;
    struct hj212_split_set *done = NULL;
    yh_err e;
    while ((e = hj212_split_add(m->splits, result->frame, r->payload, r->seq, r->received, &done)) == YH_E_TOO_LARGE) {
        struct hj212_split_set *oldest = hj212_split_take_oldest(m->splits);
        if (!oldest)
            return;
        give_up_split(m, oldest);
    }
    if (e == YH_OK && done)
        hj212_split_set_free(done);
}

/* By the clock of the log: while a backlog is read, the rest of a set may stand only a few records further on. */
static void give_up_overdue(struct monitor *m, bool caught_up)
{
    yh_time now = caught_up ? yh_clock_now() : m->read_up_to;
    struct hj212_split_set *set;
    while ((set = hj212_split_take_overdue(m->splits, now)) != NULL)
        give_up_split(m, set);
}

static yh_err take_record(struct monitor *m, const struct chain_record *r, bool live_now)
{
    struct ingest_profile profile = live_profile(m->config.live, r->origin);
    struct ingest_result result;
    YH_TRY(ingest_record(m->ingest, r, &profile, m->config.series, &result));
    YH_TRY(note_and_tell(m, r, &result));
    count(m, &result);
    watch_splits(m, r, &result);
    if (live_now && result.cell_count && result.effect != SERIES_SAME)
        publish_value(m, r, &result);
    return YH_OK;
}

/* ---- rounds ---- */

static void judge_states(struct monitor *m, yh_time now)
{
    size_t at = 0;
    struct live_station *s;
    live_lock(m->config.live);
    while (live_next(m->config.live, &at, &s))
        if (live_judge_state(s, now) && s->known)
            publish_mn(m, "station", s);
    live_unlock(m->config.live);
}

static void save_unknown(struct monitor *m)
{
    if (registry_save_unknown(m->config.pool, m->config.live) != YH_OK)
        yh_log(YH_LOG_ERROR, "monitor", "unknown stations not saved: %s", yh_cause());
}

static void tick(struct monitor *m, bool caught_up)
{
    int64_t now_us = yh_clock_mono_us();
    if (now_us - m->ticked_us < 1000000)
        return;
    m->ticked_us = now_us;
    m->published = 0;
    judge_states(m, yh_clock_now());
    give_up_overdue(m, caught_up);
    save_unknown(m);
    if (m->config.tick)
        m->config.tick(m->config.user);
}

static yh_err flush_when_due(struct monitor *m, bool now)
{
    int64_t now_us = yh_clock_mono_us();
    if (!now && !series_flush_due(m->config.series) && now_us - m->flushed_us < FLUSH_US)
        return YH_OK;
    m->flushed_us = now_us;
    return series_flush(m->config.series, m->position);
}

static void set_position(struct monitor *m, bool caught_up)
{
    pthread_mutex_lock(&m->lock);
    m->stats.position = m->position;
    m->stats.caught_up = caught_up;
    pthread_mutex_unlock(&m->lock);
}

/* A record that failed is read again in the next round: the cursor is past it, the position is not. */
static yh_err read_record(struct monitor *m, const struct chain_record *r, bool live_now)
{
    yh_err e = take_record(m, r, live_now);
    if (e != YH_OK) {
        chain_cursor_close(m->cursor);
        m->cursor = NULL;
        return e;
    }
    m->position = r->seq + 1;
    m->read_up_to = r->received;
    return YH_OK;
}

/* Reads what is durable; `live_now` once the start's backlog is done. */
static yh_err read_on(struct monitor *m, bool live_now)
{
    struct chain_record r;
    if (!m->cursor)
        YH_TRY(chain_cursor_open(m->config.chain, m->position, &m->cursor));
    for (unsigned n = 0;; n++) {
        yh_err e = chain_cursor_next(m->cursor, &r, NULL);
        if (e == YH_E_NOT_FOUND)
            break;
        YH_TRY(e);
        YH_TRY(read_record(m, &r, live_now));
        if (n % 1024 == 1023) {
            YH_TRY(flush_when_due(m, false));
            set_position(m, live_now);
            tick(m, live_now);
        }
    }
    set_position(m, true);
    return YH_OK;
}

static yh_err derive_changed(struct monitor *m)
{
    const struct rederive work = {.chain = m->config.chain, .series = m->config.series, .pool = m->config.pool,
                                  .live = m->config.live, .stop = &m->stop};
    if (!atomic_exchange(&m->changed, false))
        return YH_OK;
    yh_err e = rederive_run(&work, m->position);
    if (e != YH_OK)
        atomic_store(&m->changed, true);
    return e;
}

static yh_err round_of_work(struct monitor *m, bool *live_now)
{
    YH_TRY(derive_changed(m));
    YH_TRY(read_on(m, *live_now));
    *live_now = true;
    YH_TRY(flush_when_due(m, false));
    tick(m, true);
    return YH_OK;
}

/* Until there is more to read or it is time to look around; a log that has stopped says so at once, without waiting. */
static void wait_for_more(struct monitor *m)
{
    yh_err e = chain_wait_durable(m->config.chain, m->position, WAIT_MS);
    if (e != YH_OK && e != YH_E_TIMEOUT)
        usleep(WAIT_MS * 1000);
}

/* A failing disk must not end the watch: what was read stays in memory, the log keeps what comes, and each round tries
 * again. */
static void *run(void *user)
{
    struct monitor *m = user;
    bool live_now = false;
    while (!atomic_load(&m->stop)) {
        if (round_of_work(m, &live_now) != YH_OK) {
            yh_log(YH_LOG_ERROR, "monitor", "record %llu: %s", (unsigned long long)m->position, yh_cause());
            usleep(PAUSE_US);
            continue;
        }
        wait_for_more(m);
    }
    return NULL;
}

yh_err monitor_new(const struct monitor_config *config, struct monitor **ret)
{
    struct monitor *m = calloc(1, sizeof *m);
    if (!m)
        return yh_fail(YH_E_NO_MEMORY, "no memory for the monitor");
    m->config = *config;
    m->read_up_to = YH_TIME_NONE;
    atomic_store(&m->changed, true); /* what an earlier run left unfinished */
    m->flushed_us = yh_clock_mono_us();
    pthread_mutex_init(&m->lock, NULL);
    const struct hj212_split_limits limits = {.wait = SPLIT_WAIT, .max_sets = SPLIT_SETS_MAX, .max_bytes = SPLIT_BYTES_MAX};
    yh_err e = ingest_new(&m->ingest);
    if (e == YH_OK)
        e = hj212_split_new(&limits, &m->splits);
    if (e == YH_OK)
        e = series_position(config->series, &m->position);
    if (e == YH_OK)
        e = chain_cursor_open(config->chain, m->position, &m->cursor);
    if (e != YH_OK) {
        monitor_free(m);
        return e;
    }
    *ret = m;
    return YH_OK;
}

static yh_err warm_record(struct monitor *m, const struct chain_record *r)
{
    struct ingest_profile profile = live_profile(m->config.live, r->origin);
    struct ingest_result result;
    uint64_t counted;
    bool first;
    YH_TRY(ingest_record(m->ingest, r, &profile, NULL, &result));
    YH_TRY(counted_before(m, r->origin, &counted));
    live_lock(m->config.live);
    (void)note_sender(m, r, counted, &result, &first);
    live_unlock(m->config.live);
    return YH_OK;
}

yh_err monitor_warm(struct monitor *m, void (*each)(void *user, yh_str raw, uint64_t seq), void *user)
{
    uint64_t durable = chain_durable(m->config.chain);
    uint64_t from = durable > WARM_RECORDS ? durable - WARM_RECORDS : 0;
    struct chain_cursor *cursor;
    YH_TRY(chain_cursor_open(m->config.chain, from, &cursor));
    struct chain_record r;
    yh_err e;
    while ((e = chain_cursor_next(cursor, &r, NULL)) == YH_OK) {
        if (r.kind == CHAIN_FRAME)
            each(user, r.payload, r.seq);
        if (r.seq >= m->position)
            continue; /* the worker will note these itself */
        e = warm_record(m, &r);
        if (e != YH_OK)
            break;
    }
    chain_cursor_close(cursor);
    return e == YH_E_NOT_FOUND ? YH_OK : e;
}

yh_err monitor_run(struct monitor *m)
{
    int failed = pthread_create(&m->thread, NULL, run, m);
    if (failed)
        return yh_fail(YH_E_NO_MEMORY, "cannot start the monitor's thread: %s", strerror(failed));
    m->thread_runs = true;
    return YH_OK;
}

void monitor_halt(struct monitor *m)
{
    if (!m->thread_runs)
        return;
    atomic_store(&m->stop, true);
    pthread_join(m->thread, NULL);
    m->thread_runs = false;
    if (read_on(m, false) != YH_OK || flush_when_due(m, true) != YH_OK)
        yh_log(YH_LOG_ERROR, "monitor", "not everything is written, the next start goes on: %s", yh_cause());
    save_unknown(m);
}

void monitor_stations_changed(struct monitor *m)
{
    atomic_store(&m->changed, true);
}

void monitor_free(struct monitor *m)
{
    if (!m)
        return;
    monitor_halt(m);
    if (m->cursor)
        chain_cursor_close(m->cursor);
    ingest_free(m->ingest);
    hj212_split_free(m->splits);
    pthread_mutex_destroy(&m->lock);
    free(m);
}

void monitor_stats_get(struct monitor *m, struct monitor_stats *ret)
{
    pthread_mutex_lock(&m->lock);
    *ret = m->stats;
    pthread_mutex_unlock(&m->lock);
}
