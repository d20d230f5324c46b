#include "app/cli.h"
#include "app/cmd.h"
#include "app/config.h"

static int print(yh_buf *out)
{
    if (yh_buf_check(out) != YH_OK)
        return cli_fail(CLI_FAILED, "config");
    fwrite(out->p, 1, out->n, stdout);
    return CLI_OK;
}

int cmd_config(int argc, char **argv)
{
    struct config_line line = {0};
    bool table = false;
    struct cli_option options[CONFIG_OPTIONS + 1];
    config_options(&line, options);
    options[CONFIG_OPTIONS] = (struct cli_option){"--table", CLI_FLAG, &table, NULL, "只打印全部设置的说明表(Markdown)", false};
    const struct cli_command cmd = {"yuheng config --data DIR [--http HOST:PORT] … | yuheng config --table",
                                    "检查并打印生效的设置(JSON):值、默认值、来源", options, YH_LEN(options), 0, 0};
    int n, status;
    if (!cli_parse(&cmd, argc, argv, &n, &status))
        return status;
    yh_buf_auto out = yh_buf_make(1 << 20);
    if (table) {
        config_table(&out);
        return print(&out);
    }
    struct config config;
    if (!line.data) {
        fprintf(stderr, "yuheng: config: --data DIR or --table is missing\n");
        return CLI_USAGE;
    }
    if (config_load(&line, &config) != YH_OK)
        return cli_fail(CLI_USAGE, "config");
    struct yh_json j = yh_json_to(&out);
    config_json(&config, line.data, &j);
    yh_buf_putc(&out, '\n');
    return print(&out);
}
