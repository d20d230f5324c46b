#include <signal.h>
#include <stdatomic.h>

#include "app/cli.h"
#include "app/cmd.h"
#include "app/replay.h"
#include "base/clock.h"
#include "base/json.h"

#define FILES_MAX   64
#define DRAIN_MS    10000
#define DAYS_MAX    400
#define HISTORY_MAX 240

struct options {
    const char *gate;
    int64_t connections, rate, history_hours, hourly_days;
    bool max, live, ask_ack;
};

struct player {
    struct options o;
    struct capture files[FILES_MAX];
    size_t file_count;
    struct capture_loggers loggers;
    struct replay *replay;
};

static atomic_bool stop_asked;

static void on_signal(int number)
{
    (void)number;
    atomic_store(&stop_asked, true);
}

static bool stopped(void)
{
    return atomic_load(&stop_asked);
}

/* The files once, in order, at the asked rate. */
static yh_err play_once(struct player *p)
{
    int64_t start = yh_clock_mono_us();
    uint64_t n = 0;
    for (size_t f = 0; f < p->file_count; f++) {
        for (size_t i = 0; i < p->files[f].span_count && !stopped(); i++, n++) {
            if (!p->o.max)
                YH_TRY(wire_run_until(replay_wire(p->replay), start + (int64_t)(n * 1000000 / (uint64_t)p->o.rate)));
            YH_TRY(replay_send(p->replay, &p->files[f].spans[i], 0));
        }
    }
    return YH_OK;
}

/* Whole hours are paired with the files in turn, so that every run maps the same hour to the same file. */
static const struct capture *file_of(const struct player *p, yh_time hour, int64_t *ret_shift)
{
    const struct capture *c = &p->files[(uint64_t)(hour / YH_HOUR) % p->file_count];
    *ret_shift = hour - c->hour;
    return c;
}

/* One hour of the past at full speed. */
static yh_err play_hour(struct player *p, yh_time hour, bool hourly_only)
{
    int64_t shift;
    const struct capture *c = file_of(p, hour, &shift);
    for (size_t i = 0; i < c->span_count && !stopped(); i++)
        if (!hourly_only || c->spans[i].hourly)
            YH_TRY(replay_send(p->replay, &c->spans[i], shift));
    return YH_OK;
}

static yh_err play_history(struct player *p, yh_time this_hour)
{
    for (yh_time h = this_hour - p->o.hourly_days * YH_DAY; h < this_hour && !stopped(); h += YH_HOUR)
        YH_TRY(play_hour(p, h, h < this_hour - p->o.history_hours * YH_HOUR));
    return wire_drain(replay_wire(p->replay), DRAIN_MS);
}

/* A captured hour played against the clock: span i of n at i/n of the hour; what lies before now goes at once. */
static yh_err play_live_hour(struct player *p, yh_time hour)
{
    int64_t shift;
    const struct capture *c = file_of(p, hour, &shift);
    int64_t wall_to_mono = yh_clock_mono_us() - yh_clock_now() * 1000;
    for (size_t i = 0; i < c->span_count && !stopped(); i++) {
        yh_time due = hour + (yh_time)(i * (uint64_t)YH_HOUR / c->span_count);
        YH_TRY(wire_run_until(replay_wire(p->replay), due * 1000 + wall_to_mono));
        YH_TRY(replay_send(p->replay, &c->spans[i], shift));
    }
    return YH_OK;
}

static yh_err play_live(struct player *p)
{
    yh_time hour = yh_time_floor(yh_clock_now(), YH_HOUR, YH_CST);
    YH_TRY(play_history(p, hour));
    for (; !stopped(); hour += YH_HOUR)
        YH_TRY(play_live_hour(p, hour));
    return YH_OK;
}

static yh_err load_files(struct player *p, char **paths, size_t n)
{
    for (; p->file_count < n; p->file_count++)
        YH_TRY(capture_load(paths[p->file_count], &p->loggers, &p->files[p->file_count]));
    return YH_OK;
}

static yh_err play(struct player *p, const struct replay_config *config)
{
    YH_TRY(replay_open(config, p->loggers.n, &p->replay));
    YH_TRY(p->o.live ? play_live(p) : play_once(p));
    return wire_drain(replay_wire(p->replay), stopped() ? 0 : DRAIN_MS);
}

static void player_done(struct player *p)
{
    replay_close(p->replay);
    for (size_t i = 0; i < p->file_count; i++)
        capture_done(&p->files[i]);
    capture_loggers_done(&p->loggers);
    free(p);
}

static bool options_sane(const struct options *o)
{
    return o->connections >= 0 && o->connections <= 20000 && o->rate > 0 && o->history_hours >= 0 &&
           o->history_hours <= HISTORY_MAX && o->hourly_days >= 0 && o->hourly_days <= DAYS_MAX;
}

int cmd_replay(int argc, char **argv)
{
    struct options o = {.rate = 100};
    const struct cli_option rows[] = {
        {"--gate", CLI_TEXT, &o.gate, "HOST:PORT", "数采网关地址", true},
        {"--connections", CLI_NUMBER, &o.connections, "N", "连接数,默认每台数采仪一条", false},
        {"--rate", CLI_NUMBER, &o.rate, "F/s", "每秒帧数,默认 100", false},
        {"--max", CLI_FLAG, &o.max, NULL, "不限速", false},
        {"--ask-ack", CLI_FLAG, &o.ask_ack, NULL, "每帧都要求应答", false},
        {"--live", CLI_FLAG, &o.live, NULL, "时间平移到今天,按实时速度循环播放", false},
        {"--history", CLI_NUMBER, &o.history_hours, "H", "--live 开始前补传最近 H 小时的全部数据", false},
        {"--hourly-days", CLI_NUMBER, &o.hourly_days, "D", "--live 开始前补传最近 D 天的小时数据", false},
    };
    const struct cli_command cmd = {"yuheng replay --gate HOST:PORT [选项] FILE…", "把采集的报文当作数采仪重新发送", rows,
                                    YH_LEN(rows), 1, FILES_MAX};
    int n, status;
    if (!cli_parse(&cmd, argc, argv, &n, &status))
        return status;
    struct replay_config config = {.connections = (unsigned)o.connections, .ask_ack = o.ask_ack};
    if (!options_sane(&o)) {
        fprintf(stderr, "yuheng: replay: a number is out of range (see --help)\n");
        return CLI_USAGE;
    }
    if (cli_host_port(o.gate, config.host, sizeof config.host, &config.port) != YH_OK)
        return cli_fail(CLI_USAGE, "replay");
    struct player *p = calloc(1, sizeof *p);
    if (!p)
        return CLI_FAILED;
    p->o = o;
    /* History shorter than what is sent in full would leave a hole between the two. */
    if (p->o.hourly_days * 24 < p->o.history_hours)
        p->o.hourly_days = (p->o.history_hours + 23) / 24;
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    int exit_code = CLI_OK;
    if (load_files(p, argv, (size_t)n) != YH_OK)
        exit_code = cli_fail(CLI_USAGE, "replay");
    else if (play(p, &config) != YH_OK)
        exit_code = cli_fail(CLI_FAILED, "replay");
    if (p->replay && exit_code == CLI_OK)
        wire_print_result(replay_wire(p->replay));
    player_done(p);
    return exit_code;
}
