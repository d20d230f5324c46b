#include <signal.h>
#include <sys/resource.h>

#include "app/cli.h"
#include "app/cmd.h"
#include "app/serve.h"
#include "base/log.h"

/* Every logger is a descriptor; the usual soft limit of 1024 would turn the 1025th away. */
static void raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static void wait_for_stop(const sigset_t *signals)
{
    int number;
    sigwait(signals, &number);
    yh_log(YH_LOG_INFO, "serve", "stopping on signal %d", number);
}

static yh_err take_segment_size(int64_t mib, struct serve_config *config)
{
    if (mib < 1 || mib > 1024)
        return yh_fail(YH_E_INVALID, "--segment-mib has to be between 1 and 1024");
    config->segment_bytes = (uint64_t)mib << 20;
    return YH_OK;
}

int cmd_serve(int argc, char **argv)
{
    struct serve_config config = {0};
    int64_t segment_mib = 64;
    const char *http = "127.0.0.1:8080", *gate = "127.0.0.1:9212";
    const struct cli_option rows[] = {
        {"--data", CLI_TEXT, &config.data_dir, "DIR", "数据目录", true},
        {"--http", CLI_TEXT, &http, "HOST:PORT", "网页与接口地址,默认 127.0.0.1:8080", false},
        {"--gate", CLI_TEXT, &gate, "HOST:PORT", "数采网关地址,默认 127.0.0.1:9212", false},
        {"--segment-mib", CLI_NUMBER, &segment_mib, "N", "存证日志每段的大小(MiB),写满即封存并压缩;1 至 1024,默认 64", false},
        {"--check-replies", CLI_FLAG, &config.check_replies, NULL, "测试用:应答与接口文档不符时报错", false},
        {"--web", CLI_TEXT, &config.web_dir, "DIR", "前端文件目录,默认在程序旁查找", false},
    };
    const struct cli_command cmd = {"yuheng serve --data DIR [--http HOST:PORT] [--gate HOST:PORT]", "启动服务", rows,
                                    YH_LEN(rows), 0, 0};
    int n, status;
    if (!cli_parse(&cmd, argc, argv, &n, &status))
        return status;
    if (take_segment_size(segment_mib, &config) != YH_OK ||
        cli_host_port(http, config.http_host, sizeof config.http_host, &config.http_port) != YH_OK ||
        cli_host_port(gate, config.gate_host, sizeof config.gate_host, &config.gate_port) != YH_OK)
        return cli_fail(CLI_USAGE, "serve");
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, NULL); /* before any thread: they all inherit it */
    raise_file_limit();
    struct server *server;
    if (server_start(&config, &server) != YH_OK)
        return cli_fail(CLI_FAILED, "serve");
    printf("ready http=%s:%u gate=%s:%u\n", config.http_host, server_http_port(server), config.gate_host,
           server_gate_port(server));
    fflush(stdout);
    wait_for_stop(&signals);
    server_stop(server);
    return CLI_OK;
}
