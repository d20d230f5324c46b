#include "box.h"

#include <ftw.h>
#include <poll.h>
#include <unistd.h>

#include "base/clock.h"
#include "hj212/compose.h"
#include "kit/kit.h"
#include "monitor/registry.h"
#include "source/source.h"

#define DEADLINE_US 60000000

static void on_event(void *user, const char *event, yh_str topic, yh_str json)
{
    struct box *b = user;
    assert_true(yh_str_starts(topic, YH_S("station\t")));
    yh_json_auto *parsed = NULL;
    check_ok(yh_json_parse(json, &parsed));
    b->values += strcmp(event, "value") == 0;
    b->unknown += strcmp(event, "unknown") == 0;
    b->stations += strcmp(event, "station") == 0;
}

struct box *box_open(void)
{
    struct box *b = calloc(1, sizeof *b);
    char path[96];
    snprintf(b->dir, sizeof b->dir, "/tmp/yuheng-monitor-XXXXXX");
    assert_non_null(mkdtemp(b->dir));
    snprintf(path, sizeof path, "%s/log", b->dir);
    struct chain_config log = {.commit_ms = 0};
    struct chain_recovery found;
    check_ok(chain_open(path, &log, &found, &b->chain));
    check_ok(kit_database_open(b->dir, true, 2, &b->pool));
    struct db *writer = db_pool_writer(b->pool);
    check_ok(source_prepare(writer));
    db_pool_put(b->pool, writer);
    snprintf(path, sizeof path, "%s/series.db", b->dir);
    struct series_config series = {.path = path};
    check_ok(series_open(&series, &b->series));
    return b;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st, (void)kind, (void)at;
    return remove(path);
}

void box_close(struct box *b)
{
    box_halt(b);
    series_close(b->series);
    chain_close(b->chain);
    db_pool_close(b->pool);
    assert_int_equal(nftw(b->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
    free(b);
}

void box_run(struct box *b)
{
    check_ok(live_new(&b->live));
    check_ok(registry_load(b->pool, b->live));
    struct monitor_config config = {.chain = b->chain, .series = b->series, .pool = b->pool, .live = b->live,
                                    .publish = on_event, .user = b};
    check_ok(monitor_new(&config, &b->monitor));
    check_ok(registry_load_latest(b->series, b->chain, b->live));
    check_ok(monitor_run(b->monitor));
}

void box_halt(struct box *b)
{
    monitor_free(b->monitor);
    live_free(b->live);
    b->monitor = NULL;
    b->live = NULL;
}

void box_wait(struct box *b)
{
    struct monitor_stats s;
    int64_t end = yh_clock_mono_us() + DEADLINE_US;
    monitor_stats_get(b->monitor, &s);
    while (s.position < chain_size(b->chain) || !s.caught_up || box_number(b, "SELECT COUNT(*) FROM rederivation")) {
        assert_true(yh_clock_mono_us() < end);
        poll(NULL, 0, 1);
        monitor_stats_get(b->monitor, &s);
    }
}

uint64_t box_append(struct box *b, yh_str mn, const char *segment, yh_time received)
{
    yh_buf_auto frame = yh_buf_make(8192);
    uint64_t seq;
    check_ok(hj212_wrap(yh_str_of(segment), &frame));
    struct chain_record r = {.received = received, .kind = CHAIN_FRAME, .origin = mn, .peer = YH_S("192.0.2.1:5"),
                             .payload = yh_buf_view(&frame)};
    check_ok(chain_append(b->chain, &r, &seq));
    check_ok(chain_wait_durable(b->chain, seq, 60000));
    return seq;
}

/* What the handlers do after a change in the database. */
static void follow(struct box *b, const char *mn)
{
    if (!b->monitor)
        return;
    check_ok(registry_load_one(b->pool, b->live, yh_str_of(mn)));
    monitor_stations_changed(b->monitor);
}

void box_admit(struct box *b, const char *mn, const char *outlet)
{
    const struct source_admission a = {.mn = yh_str_of(mn), .name = YH_S("站点"), .enterprise_name = YH_S("示范·厂"),
                                       .outlet_code = yh_str_of(outlet), .outlet_name = YH_S("排口"),
                                       .medium = YH_S("water"), .region_code = YH_S("500107"), .cause = YH_S("test")};
    check_ok(source_admit_pooled(b->pool, &a, yh_clock_now(), NULL));
    follow(b, mn);
}

void box_patch(struct box *b, const char *mn, const char *json)
{
    yh_json_auto *patch = NULL;
    check_ok(yh_json_parse(yh_str_of(json), &patch));
    check_ok(source_profile_patch_pooled(b->pool, yh_str_of(mn), patch, NULL, yh_clock_now(), NULL));
    follow(b, mn);
}

uint64_t box_values(struct box *b)
{
    struct series_totals t;
    check_ok(series_totals(b->series, &t));
    return t.values;
}

int64_t box_number(struct box *b, const char *sql_literal)
{
    struct db *d = db_pool_reader(b->pool);
    struct db_stmt *s = NULL;
    bool row = false;
    check_ok(db_prepare(d, sql_literal, &s));
    check_ok(db_step(s, &row));
    int64_t n = row ? db_i64(s, 0) : -1;
    db_release(s);
    db_pool_put(b->pool, d);
    return n;
}
