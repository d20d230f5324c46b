/*
 * Ingest: loggers over TCP into a whole server with a data directory of its own: framed, checked, logged, synced,
 * answered, decoded, stored and noted at the station. In turn with it the same load against a bare echo server.
 */
#include <malloc.h>
#include <time.h>
#include <unistd.h>

#include "app/bench.h"
#include "app/bench_load.h"
#include "app/serve.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "hj212/compose.h"
#include "kit/account.h"
#include "kit/kit.h"
#include "source/source.h"

#define STREAM_MAX  ((size_t)1 << 30)
#define LIMITLESS   1000000u /* a second */
#define SETTLE_S    60.0
#define PER_OWNER   900u /* outlets DA001 .. DA900 */

struct work {
    struct bench_child server, echo;
    struct bench_stream *streams;
    struct hj212_frame frame;
    yh_buf scratch;
    int64_t shift; /* of the next pass, so that no two frames are ever the same */
    struct gate_limits limits;
    struct serve_config config;
};

/* ---- the data directory: one admitted station for each connection ---- */

static bool first_region(void *user, const struct source_region *r)
{
    return snprintf(user, 16, "%.*s", YH_FMT(r->code)) == 0;
}

static yh_err admit(struct db *d, const char *region, unsigned number)
{
    char mn[32], outlet[32], owner[64];
    struct source_problem problem = {0};
    snprintf(mn, sizeof mn, "BENCH%019u", number);
    snprintf(outlet, sizeof outlet, "DA%03u", number % PER_OWNER + 1);
    snprintf(owner, sizeof owner, "基准测试 %u", number / PER_OWNER);
    const struct source_admission a = {
        .mn = yh_str_of(mn), .name = yh_str_of(mn), .enterprise_name = yh_str_of(owner), .outlet_code = yh_str_of(outlet),
        .outlet_name = yh_str_of(outlet), .medium = YH_S("air"), .region_code = yh_str_of(region), .st = YH_S("31"),
        .cause = YH_S("bench")};
    return source_admit(d, &a, yh_clock_now(), &problem);
}

static yh_err admit_all(struct db *d, unsigned n)
{
    char region[16] = "";
    YH_TRY(source_prepare(d));
    YH_TRY(source_regions(d, first_region, region));
    for (unsigned i = 0; i < n; i++)
        YH_TRY(admit(d, region, i));
    return YH_OK;
}

static yh_err make_data(const struct bench *b)
{
    struct db_pool *pool;
    struct kit *kit;
    struct kit_first_account made[KIT_FIRST_ACCOUNTS];
    size_t n;
    YH_TRY(kit_database_open(b->dir, true, 1, &pool));
    struct db *writer = db_pool_writer(pool);
    yh_err e = admit_all(writer, (unsigned)b->options.connections);
    db_pool_put(pool, writer);
    struct kit_config config = {.pool = pool};
    if (e == YH_OK && (e = kit_open(&config, &kit)) == YH_OK) {
        e = kit_account_first(kit, yh_clock_now(), made, &n); /* nobody has to sign in */
        kit_close(kit);
    }
    db_pool_close(pool);
    return e;
}

/* What the server process says of itself. */
struct report {
    struct server_progress progress;
    size_t allocated; /* bytes handed out by malloc */
};

static yh_err serve(int control, void *user)
{
    const struct work *w = user;
    yh_log_set_level(YH_LOG_WARN);
    struct server *server;
    YH_TRY(server_start(&w->config, &server));
    yh_err e = bench_serve_ready(control, server_gate_port(server));
    while (e == YH_OK && bench_serve_asked(control)) {
        struct report r = {.allocated = mallinfo2().uordblks};
        server_progress(server, &r.progress);
        e = yh_write_full(control, "the bench", &r, sizeof r);
    }
    server_stop(server);
    return e;
}

/* ---- frames ---- */

static size_t count_frames(const struct capture *c)
{
    size_t n = 0;
    for (size_t i = 0; i < c->span_count; i++)
        n += c->spans[i].kind == HJ212_FRAME;
    return n;
}

/* The captured frames one after the other, each as if this station had sent it `shift` later, asking for an answer. */
static yh_err add_frame(struct work *w, const struct capture_span *span, unsigned station, int64_t shift,
                        struct bench_stream *s)
{
    static const struct hj212_key none;
    char mn[32];
    if (span->kind != HJ212_FRAME)
        return YH_OK;
    hj212_parse(span->raw, &none, &w->scratch, &w->frame);
    if (w->frame.status != HJ212_OK || w->frame.encrypted)
        return YH_OK;
    snprintf(mn, sizeof mn, "BENCH%019u", station);
    YH_TRY(hj212_rewrite(&w->frame, shift, true, yh_str_of(mn), &s->bytes));
    return bench_stream_end(s);
}

static yh_err fill_stream(struct bench *b, unsigned station, size_t frames, struct bench_stream *s)
{
    struct work *w = b->own;
    int64_t shift = w->shift;
    size_t at = station; /* stations are not in step */
    bench_stream_clear(s);
    while (s->n < frames) {
        for (size_t i = 0; i < b->capture_count && s->n < frames; i++) {
            const struct capture *c = &b->captures[i];
            for (size_t k = 0; k < c->span_count && s->n < frames; k++)
                YH_TRY(add_frame(w, &c->spans[(k + at * 97) % c->span_count], station, shift, s));
        }
        if (s->n == 0)
            return yh_fail(YH_E_INVALID, "the files hold no usable frame");
        shift += 12 * YH_HOUR;
    }
    return YH_OK;
}

static yh_err fill_streams(struct bench *b, size_t frames)
{
    struct work *w = b->own;
    unsigned n = (unsigned)b->options.connections;
    size_t each = frames / n ? frames / n : 1;
    for (unsigned i = 0; i < n; i++)
        YH_TRY(fill_stream(b, i, each, &w->streams[i]));
    size_t per_pass = count_frames(&b->captures[0]);
    w->shift += (int64_t)(1 + each / (per_pass ? per_pass : 1)) * 12 * YH_HOUR;
    return YH_OK;
}

/* ---- prepare ---- */

static yh_err prepare(struct bench *b)
{
    struct work *w = calloc(1, sizeof *w);
    b->own = w;
    if (!w || !(w->streams = calloc((size_t)b->options.connections, sizeof *w->streams)))
        return yh_fail(YH_E_NO_MEMORY, "no memory for the load");
    for (unsigned i = 0; i < (unsigned)b->options.connections; i++)
        w->streams[i].bytes = yh_buf_make(STREAM_MAX);
    w->scratch = yh_buf_make(HJ212_BUFFER_MAX);
    YH_TRY(bench_frames_load(b));
    YH_TRY(make_data(b));
    w->limits = gate_limits_default; /* they are asked, but do not hold the load back */
    w->limits.address_rate = w->limits.accept_rate = w->limits.station_rate = LIMITLESS;
    w->limits.address_burst = w->limits.accept_burst = w->limits.station_burst = LIMITLESS;
    w->config = (struct serve_config){
        .data_dir = b->dir, .business = b->dir, .http_host = "127.0.0.1", .gate_host = "127.0.0.1", .limits = &w->limits};
    YH_TRY(bench_child_start(bench_echo_serve, NULL, &w->echo));
    return bench_child_start(serve, w, &w->server);
}

static void done(struct bench *b)
{
    struct work *w = b->own;
    if (!w)
        return;
    bench_child_stop(&w->server);
    bench_child_stop(&w->echo);
    for (unsigned i = 0; w->streams && i < (unsigned)b->options.connections; i++)
        bench_stream_done(&w->streams[i]);
    free(w->streams);
    yh_buf_done(&w->scratch);
    free(w);
}

/* ---- measuring ---- */

static struct bench_load load_of(const struct bench *b, uint16_t port)
{
    const struct work *w = b->own;
    return (struct bench_load){
        .port = port, .connections = (unsigned)b->options.connections, .window = (unsigned)b->options.window, .marks = 1,
        .streams = w->streams, .stream_count = (unsigned)b->options.connections};
}

/* Asks the server again and again until it says so. */
static yh_err wait_until(const struct work *w, bool (*reached)(const struct report *r, uint64_t goal), uint64_t goal,
                         struct report *ret)
{
    const struct timespec pause = {.tv_nsec = 2000000};
    double end = bench_seconds() + SETTLE_S;
    while (bench_seconds() < end) {
        YH_TRY(bench_child_ask(&w->server, ret, sizeof *ret));
        if (reached(ret, goal))
            return YH_OK;
        nanosleep(&pause, NULL);
    }
    return yh_fail(YH_E_TIMEOUT, "the server does not follow the load");
}

static bool all_stored(const struct report *r, uint64_t goal)
{
    return r->progress.derived >= r->progress.logged + goal;
}

static bool connections_are(const struct report *r, uint64_t goal)
{
    return r->progress.connections == goal;
}

/* Until the worker has stored everything that is logged. */
static yh_err settle(const struct work *w, struct report *ret)
{
    return wait_until(w, all_stored, 0, ret);
}

struct speed {
    double echo_per_s, echo_cpu_us, frames_per_s, acked_per_s, values_per_s, cpu_us;
};

static yh_err at_full_speed(struct bench *b, struct speed *ret)
{
    struct work *w = b->own;
    struct bench_load load = load_of(b, w->echo.port);
    struct bench_loaded echo, ours;
    struct report before, after;
    YH_TRY(fill_streams(b, (size_t)b->options.frames));
    double cpu = bench_child_cpu(&w->echo);
    YH_TRY(bench_load_run(&load, &echo));
    ret->echo_cpu_us = (bench_child_cpu(&w->echo) - cpu) * 1e6 / (double)echo.answered;
    load.port = w->server.port;
    YH_TRY(settle(w, &before));
    cpu = bench_child_cpu(&w->server);
    double start = bench_seconds();
    YH_TRY(bench_load_run(&load, &ours));
    YH_TRY(settle(w, &after));
    double seconds = bench_seconds() - start;
    ret->echo_per_s = (double)echo.answered / echo.seconds;
    ret->frames_per_s = (double)ours.answered / seconds;
    ret->acked_per_s = (double)ours.answered / ours.seconds;
    ret->values_per_s = (double)(after.progress.values - before.progress.values) / seconds;
    ret->cpu_us = (bench_child_cpu(&w->server) - cpu) * 1e6 / (double)ours.answered;
    return YH_OK;
}

static yh_err at_steady_rate(struct bench *b, struct bench_loaded *ret, double *ret_share)
{
    struct work *w = b->own;
    struct bench_load load = load_of(b, w->server.port);
    struct report r;
    load.rate = (double)b->options.rate;
    YH_TRY(fill_streams(b, (size_t)(b->options.rate * b->options.seconds)));
    YH_TRY(settle(w, &r));
    double cpu = bench_child_cpu(&w->server), start = bench_seconds();
    YH_TRY(bench_load_run(&load, ret));
    YH_TRY(settle(w, &r));
    double used = bench_child_cpu(&w->server) - cpu;
    *ret_share = used / ((bench_seconds() - start) * BENCH_CORES) * 6600 / load.rate;
    return YH_OK;
}

/* User memory of a connection that says nothing. */
static yh_err at_rest(struct bench *b, double *ret_bytes)
{
    struct work *w = b->own;
    size_t n = (size_t)b->options.idle;
    yh_free_auto int *fds = calloc(n, sizeof *fds);
    if (!fds)
        return yh_fail(YH_E_NO_MEMORY, "no memory for %zu connections", n);
    struct report before, after = {0};
    YH_TRY(wait_until(w, connections_are, 0, &before));
    yh_err e = bench_idle_open(w->server.port, n, fds);
    if (e == YH_OK)
        e = wait_until(w, connections_are, n, &after);
    *ret_bytes = ((double)after.allocated - (double)before.allocated) / (double)n;
    for (size_t i = 0; i < n; i++)
        yh_fd_close(&fds[i]);
    return e;
}

static yh_err run(struct bench *b, unsigned number, double *ret)
{
    struct work *w = b->own;
    struct speed s = {0};
    struct bench_loaded steady;
    double share = 0, idle = 0;
    (void)number;
    YH_TRY(at_rest(b, &idle));
    YH_TRY(at_full_speed(b, &s));
    YH_TRY(at_steady_rate(b, &steady, &share));
    const double figures[] = {s.frames_per_s, s.values_per_s, steady.ms_p50, steady.ms_p99, s.frames_per_s / s.echo_per_s,
                              share, s.acked_per_s, s.echo_per_s, s.cpu_us, s.echo_cpu_us, idle,
                              bench_child_rss(&w->server) / 1e6};
    memcpy(ret, figures, sizeof figures);
    return YH_OK;
}

const struct bench_row bench_ingest = {
    .name = "ingest",
    .figures = {"frames_per_s", "values_per_s", "ack_ms_p50", "ack_ms_p99", "ratio_to_echo", "cpu_share_at_6600",
                "acked_per_s", "echo_per_s", "cpu_us_per_frame", "echo_cpu_us_per_frame", "idle_bytes", "rss_mb"},
    .prepare = prepare, .run = run, .done = done,
};
