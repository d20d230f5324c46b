#include "app/sim.h"

#include "base/clock.h"
#include "base/json.h"

#define NAP_MAX        200   /* ms between two looks at the wish to stop */
#define DRAIN_MS       10000
#define DRAIN_STOP_MS  1000

struct sim {
    const struct sim_config *config;
    struct sim_context context;
    struct sim_catalog catalog;
    struct wire_client *wire; /* NULL while the first connections are made */
    struct sim_logger *loggers;
    yh_time *due;
    size_t acting;
    yh_err failed; /* inside a call from the connections */
};

/* ---- what the acting logger does to its connection ---- */

static yh_err put(void *user, wire_what what, yh_str bytes, yh_str qn)
{
    struct sim *s = user;
    return wire_put(s->wire, s->acting, what, bytes, qn);
}

static bool has_room(void *user)
{
    struct sim *s = user;
    return wire_has_room(s->wire, s->acting);
}

static void hang_up(void *user, unsigned pause_ms)
{
    struct sim *s = user;
    wire_drop(s->wire, s->acting, pause_ms);
}

static void trickle(void *user, bool on)
{
    struct sim *s = user;
    wire_trickle(s->wire, s->acting, on);
}

/* ---- what happens to it ---- */

static void settled(struct sim *s, size_t conn, yh_err e, yh_time now)
{
    if (e != YH_OK && s->failed == YH_OK)
        s->failed = e;
    s->due[conn] = sim_logger_due(&s->context, &s->loggers[conn], now);
}

static void opened(void *user, size_t conn)
{
    struct sim *s = user;
    yh_time now = yh_clock_now();
    if (!s->wire)
        return;
    s->acting = conn;
    settled(s, conn, sim_logger_opened(&s->context, &s->loggers[conn], now), now);
}

static void received(void *user, size_t conn, yh_str raw)
{
    struct sim *s = user;
    yh_time now = yh_clock_now();
    s->acting = conn;
    settled(s, conn, sim_logger_received(&s->context, &s->loggers[conn], raw, now), now);
}

static void act(struct sim *s, size_t conn, yh_time now)
{
    s->acting = conn;
    s->loggers[conn].up = wire_is_up(s->wire, conn);
    settled(s, conn, sim_logger_act(&s->context, &s->loggers[conn], now), now);
}

/* ---- the run ---- */

static struct sim_station station_of(const struct sim_config *config, const struct sim_catalog *catalog, size_t number)
{
    struct sim_group group = sim_script_group(config->script, number, config->factors);
    struct sim_station station;
    sim_station_make(catalog, &group, config->seed, config->first, number, &station);
    return station;
}

static yh_err prepare(struct sim *s)
{
    const struct sim_config *config = s->config;
    sim_context_init(&s->context);
    sim_catalog_make(&s->catalog);
    s->context.script = config->script;
    s->context.outlets = config->outlets;
    s->context.interval = config->interval;
    s->context.history = config->history;
    s->context.hour_history = config->hour_history;
    s->context.sink = (struct sim_sink){s, put, has_room, hang_up, trickle};
    s->loggers = calloc(config->outlets, sizeof *s->loggers);
    s->due = calloc(config->outlets, sizeof *s->due);
    return s->loggers && s->due ? YH_OK : yh_fail(YH_E_NO_MEMORY, "no memory for %zu loggers", config->outlets);
}

static yh_err dial(struct sim *s)
{
    const struct sim_config *config = s->config;
    struct wire_config wire = {.port = config->port, .connections = config->outlets, .opened = opened,
                               .received = received, .user = s};
    snprintf(wire.host, sizeof wire.host, "%s", config->host);
    struct wire_client *client;
    YH_TRY(wire_open(&wire, &client));
    s->wire = client;
    yh_time now = yh_clock_now();
    for (size_t i = 0; i < config->outlets; i++) {
        struct sim_station station = station_of(config, &s->catalog, i);
        sim_logger_init(&s->context, &station, i, now, &s->loggers[i]);
        opened(s, i);
    }
    return s->failed;
}

static yh_err play(struct sim *s)
{
    yh_time end = s->config->run_for ? yh_clock_now() + s->config->run_for : INT64_MAX;
    for (;;) {
        yh_time now = yh_clock_now(), next = now + NAP_MAX;
        for (size_t i = 0; i < s->config->outlets; i++) {
            if (s->due[i] <= now)
                act(s, i, now);
            next = s->due[i] < next ? s->due[i] : next;
        }
        if (s->failed != YH_OK)
            return s->failed;
        if (now >= end || s->config->stopped())
            return YH_OK;
        next = next < end ? next : end;
        YH_TRY(wire_run_until(s->wire, yh_clock_mono_us() + (next - now) * 1000));
    }
}

static void sim_done(struct sim *s)
{
    wire_close(s->wire);
    sim_context_done(&s->context);
    free(s->loggers);
    free(s->due);
    free(s);
}

static yh_err run(struct sim *s)
{
    YH_TRY(prepare(s));
    YH_TRY(dial(s));
    YH_TRY(play(s));
    YH_TRY(wire_drain(s->wire, s->config->stopped() ? DRAIN_STOP_MS : DRAIN_MS));
    wire_print_result(s->wire);
    return YH_OK;
}

yh_err sim_run(const struct sim_config *config)
{
    struct sim *s = calloc(1, sizeof *s);
    if (!s)
        return yh_fail(YH_E_NO_MEMORY, "no memory to simulate");
    s->config = config;
    yh_err e = run(s);
    sim_done(s);
    return e;
}

yh_err sim_list(const struct sim_config *config, yh_buf *out)
{
    struct sim_catalog *catalog = calloc(1, sizeof *catalog);
    if (!catalog)
        return yh_fail(YH_E_NO_MEMORY, "no memory for the factors");
    sim_catalog_make(catalog);
    for (size_t i = 0; i < config->outlets; i++) {
        struct sim_station station = station_of(config, catalog, i);
        struct yh_json j = yh_json_to(out);
        sim_station_json(&station, &j);
        yh_buf_putc(out, '\n');
    }
    free(catalog);
    return yh_buf_check(out);
}
