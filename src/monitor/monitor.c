#include "monitor/monitor.h"

#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "hj212/split.h"
#include "monitor/rederive.h"
#include "monitor/registry.h"
#include "monitor/station_scope.h"
#include "source/source.h"

#define WARM_RECORDS      200000u
#define FLUSH_US          30000000
#define WAIT_MS           200
#define RETRY_US          1000000
#define PUBLISH_PER_TICK  400 /* "value" events a second at most: a browser shows no more */
#define HALT_US           3000000  /* a stop waits no longer for the backlog */
#define COMPLAIN_US       60000000 /* the same trouble is said again after this */
#define SPLIT_WAIT        (5 * YH_MINUTE)
#define SPLIT_SETS_MAX    1024u
#define SPLIT_BYTES_MAX   (16u * 1024u * 1024u)

struct complaint {
    char cause[200];
    int64_t said_us;
};

struct monitor {
    struct monitor_config config;
    struct ingest *ingest;
    struct chain_cursor *cursor;
    struct chain_record record; /* the last one read */
    bool held;                  /* it could not be taken yet */
    bool flush_failed;          /* tried again every round */
    struct hj212_split *splits; /* split uploads whose parts are still coming */
    uint64_t position;
    yh_time read_up_to; /* reception of the last record taken */
    int64_t flushed_us, ticked_us;
    struct complaint trouble, unsaved;
    int64_t end_us; /* once stopped: until when records are still read */
    unsigned published;
    pthread_t thread;
    bool thread_runs;
    atomic_bool stop, changed; /* changed: stations may have to be derived again */
    struct faults *faults;
    pthread_mutex_t lock; /* of what follows */
    struct monitor_stats stats;
};

/* Says a trouble, and the same again only after a while. */
static void say(struct complaint *c, const char *cause, uint64_t position)
{
    int64_t now_us = yh_clock_mono_us();
    if (strcmp(cause, c->cause) == 0 && now_us - c->said_us < COMPLAIN_US)
        return;
    yh_log(YH_LOG_ERROR, "monitor", "record %llu: %s", (unsigned long long)position, cause);
    snprintf(c->cause, sizeof c->cause, "%s", cause);
    c->said_us = now_us;
}

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
    yh_buf_auto topic = yh_buf_make(256);
    live_lock(m->config.live);
    station_topic(live_find(m->config.live, r->origin), r->origin, &topic);
    live_unlock(m->config.live);
    if (yh_buf_check(&text) == YH_OK && yh_buf_check(&topic) == YH_OK)
        m->config.publish(m->config.user, "value", yh_buf_view(&topic), yh_buf_view(&text));
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
    yh_buf_auto topic = yh_buf_make(256);
    station_topic(s, yh_str_of(s->mn), &topic);
    if (yh_buf_check(&text) == YH_OK && yh_buf_check(&topic) == YH_OK)
        m->config.publish(m->config.user, event, yh_buf_view(&topic), yh_buf_view(&text));
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

/* Who sent the record, under the lock: a good frame introduces its sender, a broken one says nothing reliable. */
static struct live_station *sender_of(struct live *live, const struct chain_record *r)
{
    if (r->kind == CHAIN_FRAME)
        return live_take(live, r->origin);
    return r->kind == CHAIN_BAD || r->kind == CHAIN_JUNK ? live_find(live, r->origin) : NULL;
}

/* Up to which record the database has counted this sender, if the book does not know it yet: a record that is read again
 * after a crash is not counted again. */
static yh_err counted_before(struct monitor *m, const struct chain_record *r, uint64_t *ret_next)
{
    live_lock(m->config.live);
    bool in_book = live_find(m->config.live, r->origin) != NULL;
    live_unlock(m->config.live);
    *ret_next = 0;
    if (in_book || r->kind != CHAIN_FRAME || !source_mn_valid(r->origin))
        return YH_OK;
    struct db *db = db_pool_reader(m->config.pool);
    yh_err e = source_unknown_next(db, r->origin, ret_next);
    db_pool_put(m->config.pool, db);
    return e;
}

/* Notes the record at its sender, and tells the browsers of one that was never heard before. */
static yh_err note_sender(struct monitor *m, const struct chain_record *r, const struct ingest_result *result, bool tell)
{
    uint64_t counted;
    YH_TRY(counted_before(m, r, &counted));
    live_lock(m->config.live);
    struct live_station *s = sender_of(m->config.live, r);
    bool first = s && !s->known && s->frames == 0 && counted == 0 && r->kind == CHAIN_FRAME;
    if (s && counted > s->saved_next)
        s->saved_next = counted;
    if (s)
        live_note(s, r, result);
    if (first && tell)
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
    YH_TRY(note_sender(m, r, &result, true));
    count(m, &result);
    faults_note(m->faults, r, &result);
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
        say(&m->unsaved, yh_cause(), m->position);
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
    if (!now && !m->flush_failed && !series_flush_due(m->config.series) && now_us - m->flushed_us < FLUSH_US)
        return YH_OK;
    m->flushed_us = now_us;
    bool full = series_flush_due(m->config.series);
    yh_err e = series_flush(m->config.series, m->position);
    m->flush_failed = e != YH_OK;
    if (!full)
        malloc_trim(0); /* or the allocator keeps for ever what a backlog took; under load it is needed again at once */
    return e;
}

static void set_position(struct monitor *m, bool caught_up)
{
    pthread_mutex_lock(&m->lock);
    m->stats.position = m->position;
    m->stats.caught_up = caught_up;
    pthread_mutex_unlock(&m->lock);
}

static bool out_of_time(const struct monitor *m)
{
    return atomic_load(&m->stop) && yh_clock_mono_us() >= m->end_us;
}

/* The next record; one that could not be taken comes again. */
static yh_err next_record(struct monitor *m)
{
    if (m->held)
        return YH_OK;
    YH_TRY(chain_cursor_next(m->cursor, &m->record, NULL));
    m->held = true;
    return YH_OK;
}

/* Reads what is durable; `live_now` once the start's backlog is done. */
static yh_err read_on(struct monitor *m, bool live_now)
{
    for (unsigned n = 0; !out_of_time(m); n++) {
        yh_err e = next_record(m);
        if (e == YH_E_NOT_FOUND) {
            set_position(m, true);
            return YH_OK;
        }
        YH_TRY(e);
        YH_TRY(take_record(m, &m->record, live_now));
        m->held = false;
        m->position = m->record.seq + 1;
        m->read_up_to = m->record.received;
        if (n % 1024 == 1023) {
            YH_TRY(flush_when_due(m, false));
            set_position(m, live_now);
            tick(m, live_now);
        }
    }
    set_position(m, false);
    return YH_OK;
}

static void set_cause(struct monitor *m, const char *cause)
{
    pthread_mutex_lock(&m->lock);
    snprintf(m->stats.cause, sizeof m->stats.cause, "%s", cause);
    pthread_mutex_unlock(&m->lock);
}

static void complain(struct monitor *m)
{
    char cause[sizeof m->stats.cause];
    snprintf(cause, sizeof cause, "%s", yh_cause());
    say(&m->trouble, cause, m->position);
    set_cause(m, cause);
}

/* The flush comes first: while the disk takes none, reading goes on only as long as memory has room for what is read. */
static yh_err round_of_work(struct monitor *m, bool *live_now)
{
    yh_err flushed = flush_when_due(m, false);
    if (flushed != YH_OK)
        complain(m);
    if (flushed != YH_OK && series_flush_due(m->config.series))
        return flushed;
    yh_err read = read_on(m, *live_now);
    if (read != YH_OK)
        complain(m);
    *live_now |= read == YH_OK;
    return flushed != YH_OK ? flushed : read;
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

/* Until there is more to read or it is time to look around; a log that stands still says so at once, without waiting. */
static void wait_for_more(struct monitor *m)
{
    yh_err e = chain_wait_durable(m->config.chain, m->position, WAIT_MS);
    if (e != YH_OK && e != YH_E_TIMEOUT)
        usleep(WAIT_MS * 1000);
}

/* A failing disk must not end the watch: what was read stays in memory, the log keeps what comes, and each round tries
 * again. Stations that cannot be derived again do not keep the others waiting. */
static void *run(void *user)
{
    struct monitor *m = user;
    bool live_now = false;
    while (!atomic_load(&m->stop)) {
        bool works = true;
        if (derive_changed(m) != YH_OK && !atomic_load(&m->stop)) {
            complain(m);
            works = false;
        }
        works &= round_of_work(m, &live_now) == YH_OK;
        tick(m, live_now);
        if (!works) {
            usleep(RETRY_US);
            continue;
        }
        set_cause(m, "");
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
    yh_err e = faults_new(&m->faults);
    if (e == YH_OK)
        e = ingest_new(&m->ingest);
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
        struct ingest_profile profile = live_profile(m->config.live, r.origin);
        struct ingest_result result;
        e = ingest_record(m->ingest, &r, &profile, NULL, &result);
        if (e == YH_OK)
            e = note_sender(m, &r, &result, false);
        if (e != YH_OK)
            break;
        faults_note(m->faults, &r, &result);
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
    m->end_us = yh_clock_mono_us() + HALT_US;
    yh_err read = read_on(m, false), flushed = flush_when_due(m, true);
    if (read != YH_OK || flushed != YH_OK)
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
    faults_free(m->faults);
    pthread_mutex_destroy(&m->lock);
    free(m);
}

struct faults *monitor_faults(const struct monitor *m)
{
    return m->faults;
}

void monitor_stats_get(struct monitor *m, struct monitor_stats *ret)
{
    pthread_mutex_lock(&m->lock);
    *ret = m->stats;
    pthread_mutex_unlock(&m->lock);
}
