#include "app/cli.h"

#include "base/str.h"

static void print_help(const struct cli_command *cmd)
{
    printf("用法:%s\n%s\n", cmd->usage, cmd->summary);
    for (size_t i = 0; i < cmd->option_count; i++) {
        const struct cli_option *o = &cmd->options[i];
        char left[64];
        snprintf(left, sizeof left, "%s%s%s", o->name, o->value_name ? " " : "", o->value_name ? o->value_name : "");
        printf("  %-28s %s\n", left, o->help);
    }
}

static const struct cli_option *find_option(const struct cli_command *cmd, yh_str name)
{
    for (size_t i = 0; i < cmd->option_count; i++)
        if (yh_str_is(name, cmd->options[i].name))
            return &cmd->options[i];
    return NULL;
}

static bool usage_error(const struct cli_command *cmd, int *ret_exit, const char *problem, const char *what)
{
    fprintf(stderr, "yuheng: %s: %s (usage: %s)\n", problem, what, cmd->usage);
    *ret_exit = CLI_USAGE;
    return false;
}

static bool store(const struct cli_option *o, const char *text)
{
    switch (o->kind) {
    case CLI_FLAG:
        *(bool *)o->target = true;
        return true;
    case CLI_TEXT:
        *(const char **)o->target = text;
        return true;
    case CLI_NUMBER:
        return yh_str_to_i64(yh_str_of(text), (int64_t *)o->target);
    case CLI_TIME:
        return yh_time_parse(yh_str_of(text), YH_CST, (yh_time *)o->target);
    }
    return false;
}

/* One option at argv[*at], its value inside ("--a=b") or in the next argument. */
static bool take_option(const struct cli_command *cmd, int argc, char **argv, int *at, uint64_t *seen, int *ret_exit)
{
    yh_str text = yh_str_of(argv[*at]);
    size_t equals = yh_str_find(text, '=', 0);
    const struct cli_option *o = find_option(cmd, yh_str_sub(text, 0, equals));
    if (!o)
        return usage_error(cmd, ret_exit, "unknown option", argv[*at]);
    const char *value = equals < text.n ? argv[*at] + equals + 1 : NULL;
    if (o->kind == CLI_FLAG && value)
        return usage_error(cmd, ret_exit, "option takes no value", o->name);
    if (o->kind != CLI_FLAG && !value) {
        if (*at + 1 >= argc)
            return usage_error(cmd, ret_exit, "option needs a value", o->name);
        value = argv[++*at];
    }
    if (!store(o, value))
        return usage_error(cmd, ret_exit, "option has an unreadable value", argv[*at]);
    *seen |= (uint64_t)1 << (o - cmd->options);
    return true;
}

bool cli_parse(const struct cli_command *cmd, int argc, char **argv, int *ret_args, int *ret_exit)
{
    uint64_t seen = 0;
    size_t args = 0;
    bool only_args = false;
    for (int i = 1; i < argc; i++) {
        if (!only_args && strcmp(argv[i], "--") == 0) {
            only_args = true;
        } else if (!only_args && (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)) {
            print_help(cmd);
            *ret_exit = CLI_OK;
            return false;
        } else if (!only_args && strncmp(argv[i], "--", 2) == 0) {
            if (!take_option(cmd, argc, argv, &i, &seen, ret_exit))
                return false;
        } else {
            argv[args++] = argv[i];
        }
    }
    for (size_t i = 0; i < cmd->option_count; i++)
        if (cmd->options[i].required && !(seen >> i & 1))
            return usage_error(cmd, ret_exit, "option is missing", cmd->options[i].name);
    if (args < cmd->min_args)
        return usage_error(cmd, ret_exit, "an argument is missing", "see --help");
    if (args > cmd->max_args)
        return usage_error(cmd, ret_exit, "one argument too many", argv[cmd->max_args]);
    *ret_args = (int)args;
    return true;
}

int cli_fail(int exit_code, const char *what)
{
    fprintf(stderr, "yuheng: %s: %s\n", what, yh_cause());
    return exit_code;
}

yh_err cli_host_port(const char *text, char *host, size_t host_size, uint16_t *ret_port)
{
    const char *colon = strrchr(text, ':');
    uint64_t port;
    if (!colon || !yh_str_to_u64(yh_str_of(colon + 1), &port) || port > 65535)
        return yh_fail(YH_E_INVALID, "'%s' is not HOST:PORT", text);
    yh_str h = {text, (size_t)(colon - text)};
    if (h.n >= 2 && h.p[0] == '[' && h.p[h.n - 1] == ']')
        h = yh_str_sub(h, 1, h.n - 2);
    if (h.n == 0 || h.n >= host_size)
        return yh_fail(YH_E_INVALID, "'%s' names no host", text);
    memcpy(host, h.p, h.n);
    host[h.n] = '\0';
    *ret_port = (uint16_t)port;
    return YH_OK;
}
