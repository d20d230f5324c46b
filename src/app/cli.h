/*
 * Command lines as tables: a command lists its options as rows, cli_parse() fills them in. Wrong usage gets one clear
 * line on standard error and CLI_USAGE; --help prints the table.
 */
#ifndef YH_APP_CLI_H
#define YH_APP_CLI_H

#include "base/err.h"
#include "base/timestamp.h"

enum { CLI_OK = 0, CLI_FAILED = 1, CLI_USAGE = 2 };

typedef enum cli_kind { CLI_FLAG, CLI_TEXT, CLI_NUMBER, CLI_TIME } cli_kind;

struct cli_option {
    const char *name; /* "--data" */
    cli_kind kind;
    void *target;     /* bool*, const char**, int64_t*, yh_time* */
    const char *value_name; /* "DIR"; NULL for flags */
    const char *help;
    bool required;
};

struct cli_command {
    const char *usage; /* "yuheng decode [--lines] [FILE]" */
    const char *summary;
    const struct cli_option *options;
    size_t option_count;
    size_t min_args, max_args; /* positional */
};

/*
 * Parses argv[1..]; positional arguments are moved to the front of argv (argv[0..n-1]) and counted in *ret_args.
 * Returns CLI_OK to go on; otherwise the caller returns *ret_exit (0 after --help, 2 after wrong usage).
 */
bool cli_parse(const struct cli_command *cmd, int argc, char **argv, int *ret_args, int *ret_exit);

/* Prints "yuheng: <what>: <yh_cause()>" and returns `exit_code`. */
int cli_fail(int exit_code, const char *what);

/* Splits "HOST:PORT" or "[::1]:PORT"; host is copied into `host`. */
yh_must yh_err cli_host_port(const char *text, char *host, size_t host_size, uint16_t *ret_port);

#endif
