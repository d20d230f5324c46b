#include <signal.h>

#include "app/cli.h"
#include "app/cmd.h"

struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
};

static const struct command commands[] = {
    {"serve", cmd_serve, "启动服务:数采网关、存证日志、网页与接口"},
    {"decode", cmd_decode, "把 HJ 212 字节流逐帧解析为 JSON"},
    {"replay", cmd_replay, "把采集的报文当作数采仪重新发送"},
    {"sim", cmd_sim, "模拟数采仪:按三个版本真实上报并应答反控"},
    {"log", cmd_log, "证据日志:核对、导出、检查点、分段、复制、增长"},
    {"series", cmd_series, "查询已存监测数据"},
    {"rebuild", cmd_rebuild, "由存证日志重新计算派生数据,或核对"},
    {"user", cmd_user, "用户管理"},
    {"demo", cmd_demo, "建立示范数据"},
    {"bench", cmd_bench, "本机性能测试,与裸基线对比"},
    {"config", cmd_config, "检查并打印设置"},
    {NULL, NULL, NULL},
};

static void print_commands(FILE *to)
{
    fprintf(to, "渝衡 yuheng 0.1.0 — 生态环境智慧执法平台\n用法:yuheng 命令 [选项],每个命令都有 --help\n");
    for (const struct command *c = commands; c->name; c++)
        fprintf(to, "  %-10s %s\n", c->name, c->summary);
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    if (argc < 2) {
        fprintf(stderr, "yuheng: no command given (try: yuheng --help)\n");
        return CLI_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        print_commands(stdout);
        return CLI_OK;
    }
    for (const struct command *c = commands; c->name; c++)
        if (strcmp(argv[1], c->name) == 0)
            return c->run(argc - 1, argv + 1);
    fprintf(stderr, "yuheng: unknown command '%s' (try: yuheng --help)\n", argv[1]);
    return CLI_USAGE;
}
