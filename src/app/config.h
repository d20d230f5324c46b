/*
 * Settings: DIR/yuheng.conf, lines of "key = value", "#" begins a comment. One table of rows gives parsing, checks, what
 * `yuheng config` prints and docs/admin/config.md. The command line stands above the file, the file above the defaults.
 * All or nothing: what cannot be read changes nothing, and the cause names file, line and what is allowed.
 */
#ifndef YH_APP_CONFIG_H
#define YH_APP_CONFIG_H

#include "app/cli.h"
#include "base/json.h"
#include "gate/limits.h"

#define CONFIG_TEXT_MAX 1024
#define CONFIG_ROWS 33

typedef enum config_source { CONFIG_DEFAULT, CONFIG_FILE, CONFIG_LINE } config_source;

struct config {
    char http[CONFIG_TEXT_MAX], gate[CONFIG_TEXT_MAX], web[CONFIG_TEXT_MAX]; /* web "": look beside the program */
    char db[CONFIG_TEXT_MAX]; /* address of the business database's server, "": the file in DIR */
    char portal_issuer[CONFIG_TEXT_MAX], portal_client[CONFIG_TEXT_MAX], portal_secret_file[CONFIG_TEXT_MAX],
        portal_title[CONFIG_TEXT_MAX], public_url[CONFIG_TEXT_MAX];
    uint64_t max_connections, drain_ms, segment_bytes;
    struct gate_limits limits;
    config_source source[CONFIG_ROWS]; /* by row */
};

/* What a command line may say about settings; NULL: nothing. */
struct config_line {
    const char *data, *http, *gate, *web, *max_connections, *log_segment, *db;
};

#define CONFIG_OPTIONS 7
void config_options(struct config_line *line, struct cli_option ret[CONFIG_OPTIONS]);

/* The pieces of it: the defaults, and a file above what *c holds. `path` is for the cause; after a failure *c is useless. */
yh_must yh_err config_defaults(struct config *c);
yh_must yh_err config_parse(yh_str content, const char *path, struct config *c);

yh_must yh_err config_load(const struct config_line *line, struct config *ret);

/*
 * What a newer reading changes: settings that can change while the server runs are taken over into *now, others are only
 * named. Writes [{"key","from","to","in_force"}]; the count of changes.
 */
size_t config_adopt(struct config *now, const struct config *newer, struct yh_json *changes);

/* {"file":...,"items":[{"key","value","default","unit","min","max","source","live","help"}]} */
void config_json(const struct config *c, const char *dir, struct yh_json *j);

void config_table(yh_buf *out); /* the rows as Markdown */

#endif
