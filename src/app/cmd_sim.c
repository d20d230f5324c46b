#include <signal.h>
#include <stdatomic.h>

#include "app/cli.h"
#include "app/cmd.h"
#include "app/sim.h"
#include "base/clock.h"
#include "base/file.h"

#define SCRIPT_MAX (1024 * 1024)
#define LIST_MAX   (64 * 1024 * 1024)

struct options {
    const char *gate, *script;
    int64_t outlets, factors, interval, rate, seconds, seed, first, history_hours, hourly_days;
    bool list;
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

static bool within(int64_t v, int64_t min, int64_t max)
{
    return v >= min && v <= max;
}

static bool options_sane(const struct options *o)
{
    return within(o->outlets, 0, SIM_OUTLETS_MAX) && within(o->factors, 0, SIM_FACTORS_MAX) &&
           within(o->interval, 1, 3600) && within(o->rate, 0, 1000000) && within(o->seconds, 0, 86400000) &&
           within(o->seed, -1, INT64_MAX) && within(o->first, 0, SIM_LAST) && within(o->history_hours, 0, 9600) &&
           within(o->hourly_days, 0, 400);
}

static yh_err load_script(const char *path, struct sim_script *script)
{
    yh_buf_auto text = yh_buf_make(SCRIPT_MAX);
    YH_TRY(yh_file_read(path, &text));
    /* DataTime has whole seconds: the first one must not lie before the start. */
    return sim_script_read(yh_buf_view(&text), yh_time_floor(yh_clock_now(), YH_SECOND, YH_CST), script);
}

/* A rate is that of real-time data over all loggers. */
static yh_err settle_interval(const struct options *o, struct sim_config *c)
{
    c->interval = o->rate ? (yh_time)c->outlets * YH_SECOND / o->rate : o->interval * YH_SECOND;
    if (c->interval < 1)
        return yh_fail(YH_E_INVALID, "%zu loggers cannot send %lld frames a second, at most 1000 each", c->outlets,
                       (long long)o->rate);
    if (c->interval > YH_HOUR)
        return yh_fail(YH_E_INVALID, "less than one frame an hour for each logger");
    return YH_OK;
}

static yh_err configure(const struct options *o, struct sim_script *script, struct sim_config *c)
{
    if (o->script)
        YH_TRY(load_script(o->script, script));
    size_t in_script = sim_script_outlets(script);
    *c = (struct sim_config){
        .outlets = o->outlets ? (size_t)o->outlets : in_script,
        .factors = (unsigned)o->factors,
        .first = (unsigned)o->first,
        .seed = o->seed >= 0 ? (uint64_t)o->seed : script->has_seed ? script->seed : SIM_SEED_DEFAULT,
        .history = o->history_hours * YH_HOUR,
        .hour_history = o->hourly_days * YH_DAY,
        .run_for = o->seconds * YH_SECOND,
        .script = script,
        .stopped = stopped,
    };
    if (c->outlets == 0)
        return yh_fail(YH_E_INVALID, "--outlets N is missing, and no script names a fleet");
    if (o->first + (int64_t)c->outlets - 1 > SIM_LAST)
        return yh_fail(YH_E_INVALID, "the firm numbers end at %d", SIM_LAST);
    return settle_interval(o, c);
}

static int list(const struct sim_config *c)
{
    yh_buf_auto out = yh_buf_make(LIST_MAX);
    if (sim_list(c, &out) != YH_OK)
        return cli_fail(CLI_FAILED, "sim");
    fwrite(yh_buf_view(&out).p, 1, out.n, stdout);
    return CLI_OK;
}

static int simulate(const struct options *o, struct sim_script *script)
{
    struct sim_config c;
    if (configure(o, script, &c) != YH_OK)
        return cli_fail(CLI_USAGE, "sim");
    if (o->list)
        return list(&c);
    if (!o->gate) {
        fprintf(stderr, "yuheng: sim: --gate HOST:PORT is missing\n");
        return CLI_USAGE;
    }
    if (cli_host_port(o->gate, c.host, sizeof c.host, &c.port) != YH_OK)
        return cli_fail(CLI_USAGE, "sim");
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    return sim_run(&c) == YH_OK ? CLI_OK : cli_fail(CLI_FAILED, "sim");
}

int cmd_sim(int argc, char **argv)
{
    struct options o = {.interval = 60, .seed = -1, .first = SIM_FIRST_DEFAULT};
    const struct cli_option rows[] = {
        {"--gate", CLI_TEXT, &o.gate, "HOST:PORT", "数采网关地址", false},
        {"--outlets", CLI_NUMBER, &o.outlets, "N", "数采仪台数;脚本列有台数时可省略", false},
        {"--factors", CLI_NUMBER, &o.factors, "K", "每台的因子数,默认按介质取常用因子", false},
        {"--interval", CLI_NUMBER, &o.interval, "S", "实时数据间隔(秒),默认 60", false},
        {"--rate", CLI_NUMBER, &o.rate, "F/s", "全部数采仪每秒实时帧数之和,代替 --interval", false},
        {"--seconds", CLI_NUMBER, &o.seconds, "T", "运行时间(秒),默认直到中断", false},
        {"--script", CLI_TEXT, &o.script, "FILE", "剧本:台数、故障与反控应答(docs/guide/sim.md)", false},
        {"--seed", CLI_NUMBER, &o.seed, "N", "种子,默认 1;同一种子数值相同", false},
        {"--first", CLI_NUMBER, &o.first, "N", "第一台的企业序号,默认 900001", false},
        {"--history", CLI_NUMBER, &o.history_hours, "H", "先补传最近 H 小时的分钟和小时数据", false},
        {"--hourly-days", CLI_NUMBER, &o.hourly_days, "D", "先补传最近 D 天的小时和日数据", false},
        {"--list", CLI_FLAG, &o.list, NULL, "只列出各台的 MN、版本、密码和密钥,不连接", false},
    };
    const struct cli_command cmd = {"yuheng sim --gate HOST:PORT --outlets N [选项]", "模拟数采仪:按三个版本真实上报并应答反控",
                                    rows, YH_LEN(rows), 0, 0};
    int n, status;
    if (!cli_parse(&cmd, argc, argv, &n, &status))
        return status;
    if (!options_sane(&o)) {
        fprintf(stderr, "yuheng: sim: a number is out of range (see --help)\n");
        return CLI_USAGE;
    }
    struct sim_script *script = calloc(1, sizeof *script);
    if (!script)
        return CLI_FAILED;
    status = simulate(&o, script);
    free(script);
    return status;
}
