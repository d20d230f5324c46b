#include "app/serve.h"

#include <limits.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/data_dir.h"
#include "app/descriptors.h"
#include "app/door.h"
#include "app/status_http.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "gate/gate.h"
#include "kit/access.h"
#include "kit/account.h"
#include "kit/accounts_http.h"
#include "kit/replay_http.h"
#include "kit/session_http.h"
#include "monitor/http.h"
#include "monitor/registry.h"
#include "people/people_http.h"
#include "relay/relay_http.h"
#include "source/lists.h"

#define READERS 4
#define HTTP_THREADS 4 /* twice as many as passwords are hashed at a time, so that pages go on beside sign-ins */
#define NOTE_MS 5000

#define TABLES_MAX 64

struct server {
    struct relay_host host; /* what handlers see */
    struct serve_config config;
    struct data_paths paths;
    struct descriptors share;
    struct db_pool *pool;
    struct chain *chain;
    struct series *series;
    struct live *live;
    struct kit *kit;
    struct monitor *monitor;
    struct relay *relay;
    _Atomic(struct gate *) gate; /* the log's writer thread calls it */
    uint16_t gate_port;          /* that it listens on, since the start */
    struct http_route *list_routes;               /* of all lists, made at start */
    const struct http_route *tables[TABLES_MAX]; /* all rows */
    _Atomic(struct http_server *) http; /* handlers may run before the start has finished */
    uint64_t frames_before;
    _Atomic uint64_t frames_per_s_x10;
    int64_t rate_us;
    yh_err log_health, pack_health; /* as last said */
    bool database_away;             /* as last said */
};

/* ---- between the rooms ---- */

static void on_durable(void *user, uint64_t durable)
{
    struct server *s = user;
    (void)durable;
    struct gate *gate = atomic_load(&s->gate);
    if (gate)
        gate_durable(gate);
}

static gate_answer gate_answer_of(live_answer a)
{
    static const gate_answer answers[] = {
        [LIVE_ANSWER_STANDARD] = GATE_ANSWER_STANDARD,
        [LIVE_ANSWER_ALWAYS] = GATE_ANSWER_ALWAYS,
        [LIVE_ANSWER_NEVER] = GATE_ANSWER_NEVER,
    };
    return answers[a];
}

static void on_judge(void *user, const struct hj212_brief *brief, struct gate_verdict *ret)
{
    struct server *s = user;
    live_lock(s->live);
    const struct live_station *station = live_find(s->live, brief->mn);
    if (station && station->known) {
        ret->accept_bad_crc = station->profile.accept_bad_crc;
        ret->answer = gate_answer_of(station->answer);
        ret->refuse_password =
            station->profile.password[0] && !yh_secret_eq(brief->pw, yh_str_of(station->profile.password));
    }
    live_unlock(s->live);
}

static void on_repeated(void *user, const struct hj212_brief *brief)
{
    struct server *s = user;
    live_repeated(s->live, brief->mn, yh_clock_now());
}

static void on_connected(void *user, yh_str mn, const char *peer, bool on)
{
    struct server *s = user;
    live_connected(s->live, mn, peer, on);
}

static void on_publish(void *user, const char *event, yh_str topic, yh_str json)
{
    struct server *s = user;
    struct http_server *http = atomic_load(&s->http);
    if (http)
        http_publish_to(http, event, topic, json);
}

static void get_traffic(void *user, struct monitor_traffic *ret)
{
    struct server *s = user;
    struct gate_stats g;
    gate_stats_get(atomic_load(&s->gate), &g);
    *ret = (struct monitor_traffic){
        .frames = g.frames, .bad = g.bad, .junk = g.junk, .acknowledged = g.answered, .repeated = g.repeated,
        .refused = g.refused, .bytes = g.bytes, .connections = g.connections, .paused = g.paused,
    };
}

static yh_err get_door(void *user, struct yh_arena *arena, struct monitor_door *ret)
{
    struct server *s = user;
    ret->host = yh_str_of(s->config.gate_host);
    ret->port = s->gate_port;
    return door_look(atomic_load(&s->gate), arena, ret);
}

static void get_gate_metrics(void *user, yh_buf *out)
{
    struct server *s = user;
    gate_metrics(atomic_load(&s->gate), out);
}

static double get_rate(void *user)
{
    const struct server *s = user;
    return (double)atomic_load(&s->frames_per_s_x10) / 10.0;
}

/* The log itself never speaks: that it stopped, and that it goes on, is said here once each. */
static void watch_log(struct server *s)
{
    yh_err health = chain_health(s->chain);
    if (health == s->log_health)
        return;
    s->log_health = health;
    if (health == YH_OK)
        yh_log(YH_LOG_INFO, "serve", "the evidence log takes records again");
    else
        yh_log(YH_LOG_ERROR, "serve", "the evidence log stands still, nothing is acknowledged: %s", yh_cause());
}

/* Nothing is lost by it, but a sealed segment that does not verify is reported before anybody asks. */
static void watch_packing(struct server *s)
{
    yh_err health = chain_pack_health(s->chain);
    if (health == s->pack_health)
        return;
    s->pack_health = health;
    if (health == YH_OK)
        yh_log(YH_LOG_INFO, "serve", "all sealed segments of the evidence log can be packed again");
    else
        yh_log(YH_LOG_ERROR, "serve", "a sealed segment of the evidence log is not packed: %s", yh_cause());
}

/* A tick delivers notes, so it asks the database anyway. */
static void watch_database(struct server *s, yh_err e)
{
    bool away = e == YH_E_AWAY;
    if (away == s->database_away)
        return;
    s->database_away = away;
    if (away)
        yh_log(YH_LOG_ERROR, "serve", "the business database is away, stations are answered all the same: %s", yh_cause());
    else
        yh_log(YH_LOG_INFO, "serve", "the business database is back");
}

static void on_tick(void *user)
{
    struct server *s = user;
    watch_log(s);
    watch_packing(s);
    struct monitor_traffic t;
    get_traffic(s, &t);
    int64_t now_us = yh_clock_mono_us();
    uint64_t arrived = t.frames + t.repeated;
    uint64_t passed = (uint64_t)(now_us - s->rate_us);
    if (passed)
        atomic_store(&s->frames_per_s_x10, (arrived - s->frames_before) * 10000000 / passed);
    s->rate_us = now_us;
    s->frames_before = arrived;
    yh_err delivered = kit_deliver_notes(s->kit);
    watch_database(s, delivered);
    /* A log that stands still has complained already. */
    if (delivered != YH_OK && delivered != YH_E_AWAY && chain_health(s->chain) == YH_OK)
        yh_log(YH_LOG_ERROR, "serve", "notes wait for the evidence log: %s", yh_cause());
    yh_buf_auto text = yh_buf_make(4096);
    struct yh_json j = yh_json_to(&text);
    monitor_traffic_json(&s->host.monitor.monitor, &j);
    if (yh_buf_check(&text) == YH_OK)
        on_publish(s, "traffic", YH_S(KIT_TOPIC_PERMISSION "\tstation:read"), yh_buf_view(&text));
}

static yh_err on_note(void *user, yh_str origin, yh_str json)
{
    struct server *s = user;
    struct chain_record record = {.received = yh_clock_now(), .kind = CHAIN_NOTE, .origin = origin, .payload = json};
    uint64_t seq;
    YH_TRY(chain_append(s->chain, &record, &seq));
    return chain_wait_durable(s->chain, seq, NOTE_MS);
}

static void on_session_ended(void *user, yh_str account_id)
{
    struct server *s = user;
    struct http_server *http = atomic_load(&s->http);
    if (http)
        http_events_end(http, account_id);
}

static void on_remember(void *user, yh_str raw, uint64_t seq)
{
    gate_remember(user, raw, seq);
}

/* ---- start ---- */

static yh_err open_chain(struct server *s)
{
    struct chain_config config = {
        .commit_ms = 5, .segment_bytes = s->config.segment_bytes, .pack = true, .on_durable = on_durable, .user = s};
    struct chain_recovery recovery;
    YH_TRY(chain_open(s->paths.log, &config, &recovery, &s->chain));
    if (recovery.cut_bytes)
        yh_log(YH_LOG_WARN, "serve", "evidence log: cut %llu bytes of a record that was never acknowledged",
               (unsigned long long)recovery.cut_bytes);
    yh_log(YH_LOG_INFO, "serve", "evidence log: %llu records", (unsigned long long)recovery.records);
    return YH_OK;
}

/* A program may bring other roles than the one before it: everybody's reach is computed anew. */
static yh_err refresh_access(struct db *d, void *user)
{
    (void)user;
    return kit_access_refresh(d, 0, yh_clock_now());
}

static yh_err open_business(struct server *s)
{
    YH_TRY(kit_database_open(s->config.business, true, READERS, &s->pool));
    struct db *writer = db_pool_writer(s->pool);
    yh_err e = source_prepare(writer);
    if (e == YH_OK)
        e = people_prepare(writer, yh_clock_now());
    if (e == YH_OK)
        e = db_txn(writer, refresh_access, NULL);
    db_pool_put(s->pool, writer);
    return e;
}

static yh_err open_kit(struct server *s)
{
    struct kit_config config = {
        .pool = s->pool, .key_dir = s->config.data_dir, .portal = s->config.portal, .note = on_note, .note_user = s,
        .ended = on_session_ended, .ended_user = s};
    YH_TRY(kit_open(&config, &s->kit));
    struct kit_first_account made[KIT_FIRST_ACCOUNTS];
    size_t n = 0;
    YH_TRY(kit_account_first(s->kit, yh_clock_now(), made, &n));
    for (size_t i = 0; i < n; i++)
        fprintf(stderr, "首次启动:已创建%s %s,一次性密码 %s ,请登录后立即修改。\n", made[i].title, made[i].username, made[i].password);
    explicit_bzero(made, sizeof made);
    return YH_OK;
}

static yh_err open_stores(struct server *s)
{
    YH_TRY(data_dir_prepare(s->config.data_dir, &s->paths));
    YH_TRY(open_chain(s));
    YH_TRY(open_business(s));
    struct series_config series = {.path = s->paths.series};
    YH_TRY(series_open(&series, &s->series));
    YH_TRY(live_new(&s->live));
    YH_TRY(registry_load(s->pool, s->live));
    return open_kit(s);
}

static yh_err start_monitor(struct server *s)
{
    struct monitor_config config = {
        .chain = s->chain, .series = s->series, .pool = s->pool, .live = s->live,
        .publish = on_publish, .tick = on_tick, .user = s,
    };
    return monitor_new(&config, &s->monitor);
}

/* A crowd of loggers or of browsers must not take the descriptors that log and databases live on. */
static struct descriptors share_descriptors(const struct serve_config *config)
{
    unsigned wanted = config->max_connections ? config->max_connections : SERVE_LOGGERS;
    struct rlimit limit;
    bool known = getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
    struct descriptors share = descriptors_share(known ? limit.rlim_cur : UINT64_MAX, wanted);
    if (share.loggers < wanted)
        yh_log(YH_LOG_INFO, "serve", "%u loggers instead of %u, and %u more of addresses with few: the process may open %llu descriptors",
               share.loggers, wanted, share.loggers / LIMITS_KEPT, (unsigned long long)limit.rlim_cur);
    return share;
}

static yh_err start_gate(struct server *s)
{
    struct gate_config config = {
        .host = s->config.gate_host, .port = s->config.gate_port, .chain = s->chain,
        .max_connections = s->share.loggers, .limits = s->config.limits,
        .judge = on_judge, .repeated = on_repeated, .connected = on_connected, .user = s,
    };
    struct gate *gate;
    YH_TRY(gate_new(&config, &gate));
    s->gate_port = gate_port(gate);
    atomic_store(&s->gate, gate);
    YH_TRY(monitor_warm(s->monitor, on_remember, gate));
    return registry_load_latest(s->series, s->chain, s->live);
}

static yh_err start_relay(struct server *s)
{
    struct relay_config config = {.chain = s->chain, .pool = s->pool, .own_port = server_gate_port(s)};
    return relay_start(&config, &s->relay);
}

static const struct http_route *const route_tables[] = {
    kit_session_routes, kit_account_routes, kit_portal_routes, kit_accounts_routes, kit_grant_routes, kit_role_routes,
    agency_routes, officer_routes, trace_routes, overview_routes, station_routes, series_routes, frame_routes,
    frame_log_routes, inspect_routes, connection_routes, growth_routes, registry_routes, relay_routes, status_routes, NULL,
};

static const struct list *const lists[] = {&source_stations, &source_unknown_senders, NULL};

/* The front end: as given, or web/dist beside the program's folder, as the build leaves it. */
static const char *web_dir(const struct server *s, char *found, size_t size)
{
    if (s->config.web_dir)
        return s->config.web_dir;
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n <= 0)
        return NULL;
    self[n] = '\0';
    char *slash = strrchr(self, '/');
    if (!slash)
        return NULL;
    *slash = '\0';
    struct stat st;
    static const char *const places[] = {"/../web/dist", "/../share/yuheng/web"};
    for (size_t i = 0; i < YH_LEN(places); i++)
        if (snprintf(found, size, "%s%s", self, places[i]) < (int)size && stat(found, &st) == 0 && S_ISDIR(st.st_mode))
            return found;
    return NULL;
}

static yh_err start_http(struct server *s)
{
    char found[PATH_MAX + 32];
    s->host.monitor = (struct monitor_host){
        .kit = {.kit = s->kit, .lists = lists},
        .monitor = {.chain = s->chain, .series = s->series, .pool = s->pool, .live = s->live, .monitor = s->monitor,
                    .traffic = get_traffic, .frames_per_s = get_rate, .gate_metrics = get_gate_metrics, .door = get_door,
                    .user = s,
                    .demo = data_dir_is_demo(&s->paths)},
    };
    s->host.relay = s->relay;
    s->host.own_port = server_gate_port(s);
    struct http_config config = {
        .host = s->config.http_host, .port = s->config.http_port, .threads = HTTP_THREADS, .static_dir = web_dir(s, found, sizeof found),
        .connections = s->share.http,
        .app = &s->host, .authenticate = kit_authenticate, .permitted = kit_permitted, .listen = kit_listen,
        .replay = {kit_replay_find, kit_replay_keep}, .slow = kit_slow_handlers, .check_replies = s->config.check_replies,
    };
    if (!config.static_dir)
        yh_log(YH_LOG_WARN, "serve", "no built front end found: only the interface under /api/v1 is served");
    struct http_server *http;
    _Static_assert(YH_LEN(route_tables) < TABLES_MAX, "room for the lists' rows");
    YH_TRY(list_routes(lists, &s->list_routes));
    memcpy(s->tables, route_tables, sizeof route_tables);
    s->tables[YH_LEN(route_tables) - 1] = s->list_routes;
    kit_matrix_routes(s->tables);
    YH_TRY(http_start(&config, s->tables, &http));
    atomic_store(&s->http, http);
    return YH_OK;
}

static yh_err start_all(struct server *s)
{
    YH_TRY(open_stores(s));
    YH_TRY(start_monitor(s));
    YH_TRY(start_gate(s));
    YH_TRY(start_relay(s));
    YH_TRY(start_http(s));
    YH_TRY(monitor_run(s->monitor));
    return gate_run(atomic_load(&s->gate));
}

yh_err server_start(const struct serve_config *config, struct server **ret)
{
    struct server *s = calloc(1, sizeof *s);
    if (!s)
        return yh_fail(YH_E_NO_MEMORY, "no memory for the server");
    s->config = *config;
    s->share = share_descriptors(config);
    s->rate_us = yh_clock_mono_us();
    yh_err e = start_all(s);
    if (e != YH_OK) {
        server_stop(s);
        return e;
    }
    *ret = s;
    return YH_OK;
}

/* Waits until what the gate has appended is durable, so that the answers owed for it can leave. */
static void settle_chain(struct server *s)
{
    uint64_t appended = chain_size(s->chain);
    if (appended && chain_wait_durable(s->chain, appended - 1, 5000) != YH_OK)
        yh_log(YH_LOG_ERROR, "serve", "the evidence log did not finish: %s", yh_cause());
}

/* While log, worker and pages still run: what has arrived at the gate is logged and answered. */
static void drain(const struct server *s, struct gate *gate)
{
    uint64_t left = gate_drain(gate, s->config.drain_ms);
    if (left)
        yh_log(YH_LOG_WARN, "serve", "%llu connections were not finished within %llu ms", (unsigned long long)left,
               (unsigned long long)s->config.drain_ms);
}

static void close_business(struct server *s)
{
    db_pool_close(s->pool);
    if (kit_database_mark(s->config.business) != YH_OK)
        yh_log(YH_LOG_WARN, "serve", "the closed database could not be noted: %s", yh_cause());
}

/*
 * First everybody who appends or publishes falls silent, then the log is settled, then the answers it allows leave. The
 * gate is freed after the log's writer thread has ended, which calls into it.
 */
void server_stop(struct server *s)
{
    if (!s)
        return;
    struct gate *gate = atomic_load(&s->gate);
    if (gate && s->config.drain_ms)
        drain(s, gate);
    if (gate)
        gate_halt(gate);
    if (s->monitor)
        monitor_halt(s->monitor);
    if (atomic_load(&s->http))
        http_stop(atomic_load(&s->http));
    relay_stop(s->relay);
    if (s->kit)
        kit_close(s->kit);
    if (s->chain)
        settle_chain(s);
    if (gate)
        gate_settle(gate);
    monitor_free(s->monitor);
    if (s->series)
        series_close(s->series);
    if (s->chain)
        chain_close(s->chain);
    gate_free(gate);
    live_free(s->live);
    free(s->list_routes);
    if (s->pool)
        close_business(s);
    free(s);
}

yh_err server_limits_set(struct server *s, const struct gate_limits *limits, uint64_t drain_ms)
{
    YH_TRY(gate_limits_set(atomic_load(&s->gate), limits));
    s->config.drain_ms = drain_ms;
    return YH_OK;
}

yh_err server_note(struct server *s, yh_str origin, yh_str json)
{
    struct db *writer = db_pool_writer(s->pool);
    yh_err e = kit_note_keep(writer, origin, json);
    db_pool_put(s->pool, writer);
    YH_TRY(e);
    (void)!kit_deliver_notes(s->kit); /* the tick tries again, and says so */
    return YH_OK;
}

uint16_t server_http_port(const struct server *s)
{
    return http_port(atomic_load(&s->http));
}

uint16_t server_gate_port(const struct server *s)
{
    return s->gate_port;
}

void server_progress(const struct server *s, struct server_progress *ret)
{
    struct monitor_stats m;
    struct gate_stats g;
    monitor_stats_get(s->monitor, &m);
    gate_stats_get(atomic_load(&s->gate), &g);
    *ret = (struct server_progress){.logged = chain_durable(s->chain), .derived = m.position, .values = m.values,
                                    .connections = g.connections};
}
