#include <malloc.h>
#include <signal.h>
#include <sys/resource.h>

#include "app/cli.h"
#include "app/cmd.h"
#include "app/config.h"
#include "app/reload.h"
#include "app/serve.h"
#include "base/file.h"
#include "base/log.h"

#define ALLOCATOR_KEEPS (1 << 20)
#define SECRET_MAX 4096

/* Every logger is a descriptor; the usual soft limit of 1024 would turn the 1025th away. */
static void raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* By itself the allocator raises its thresholds to the largest block it has seen, and every thread may then keep that much:
 * one sign-in by each of the HTTP threads, and the process is larger by 80 MB for ever. */
static void give_memory_back(void)
{
    mallopt(M_MMAP_THRESHOLD, ALLOCATOR_KEEPS);
    mallopt(M_TRIM_THRESHOLD, ALLOCATOR_KEEPS);
}

static void block(sigset_t *signals)
{
    sigemptyset(signals);
    sigaddset(signals, SIGINT);
    sigaddset(signals, SIGTERM);
    sigaddset(signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, signals, NULL); /* before any thread: they all inherit it */
}

static void serve_until_stopped(const sigset_t *signals, struct server *server, const struct config_line *line,
                                struct config *settings)
{
    int number;
    while (sigwait(signals, &number) == 0 && number == SIGHUP)
        reload(server, line, settings);
    yh_log(YH_LOG_INFO, "serve", "stopping on signal %d", number);
}

/* The first line of the file. */
static yh_err read_secret(const char *path, yh_buf *secret)
{
    if (path[0] == '\0')
        return YH_OK;
    YH_TRY(yh_file_read(path, secret));
    yh_str text = yh_buf_view(secret), line = yh_str_trim(yh_str_sub(text, 0, yh_str_find(text, '\n', 0)));
    if (line.n == 0)
        return yh_fail(YH_E_INVALID, "%s is empty", path);
    yh_buf_consume(secret, (size_t)(line.p - text.p));
    secret->n = line.n;
    return YH_OK;
}

static yh_err prepare_portal(const struct config *settings, struct serve_config *config, yh_buf *secret)
{
    if (settings->portal_issuer[0] && (!settings->portal_client[0] || !settings->public_url[0]))
        return yh_fail(YH_E_INVALID, "portal-issuer needs portal-client and public-url");
    YH_TRY(read_secret(settings->portal_secret_file, secret));
    config->portal = (struct kit_portal_config){settings->portal_issuer, settings->portal_client, yh_buf_z(secret),
                                                settings->portal_title, settings->public_url};
    return YH_OK;
}

static yh_err prepare(struct config *settings, struct serve_config *config, yh_buf *secret)
{
    YH_TRY(prepare_portal(settings, config, secret));
    YH_TRY(cli_host_port(settings->http, config->http_host, sizeof config->http_host, &config->http_port));
    YH_TRY(cli_host_port(settings->gate, config->gate_host, sizeof config->gate_host, &config->gate_port));
    config->web_dir = settings->web[0] ? settings->web : NULL;
    config->max_connections = (unsigned)settings->max_connections;
    config->segment_bytes = settings->segment_bytes;
    config->limits = &settings->limits;
    config->drain_ms = settings->drain_ms;
    config->business = settings->db[0] ? settings->db : config->data_dir;
    return YH_OK;
}

int cmd_serve(int argc, char **argv)
{
    struct serve_config config = {0};
    struct config_line line = {0};
    struct config settings;
    yh_buf_auto secret = yh_buf_make(SECRET_MAX);
    struct cli_option rows[CONFIG_OPTIONS + 1];
    config_options(&line, rows);
    rows[0].required = true;
    rows[CONFIG_OPTIONS] = (struct cli_option){"--check-replies", CLI_FLAG, &config.check_replies, NULL,
                                               "测试用:应答与接口文档不符时报错", false};
    const struct cli_command cmd = {"yuheng serve --data DIR [--http HOST:PORT] [--gate HOST:PORT] [--db URL]",
                                    "启动服务;SIGHUP 重读设置", rows, YH_LEN(rows), 0, 0};
    int n, status;
    if (!cli_parse(&cmd, argc, argv, &n, &status))
        return status;
    config.data_dir = line.data;
    if (config_load(&line, &settings) != YH_OK || prepare(&settings, &config, &secret) != YH_OK)
        return cli_fail(CLI_USAGE, "serve");
    sigset_t signals;
    block(&signals);
    raise_file_limit();
    give_memory_back();
    struct server *server;
    if (server_start(&config, &server) != YH_OK)
        return cli_fail(CLI_FAILED, "serve");
    printf("ready http=%s:%u gate=%s:%u\n", config.http_host, server_http_port(server), config.gate_host,
           server_gate_port(server));
    fflush(stdout);
    serve_until_stopped(&signals, server, &line, &settings);
    server_stop(server);
    return CLI_OK;
}
