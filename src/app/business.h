/* Where the business database is: --db, the row db of DIR/yuheng.conf, or the file in DIR. */
#ifndef YH_APP_BUSINESS_H
#define YH_APP_BUSINESS_H

#include "app/cli.h"
#include "app/data_dir.h"

/* The row of a command's table; `target` is the const char * that business_place wants as `db`. */
struct cli_option business_option(const char **target);

/* The folder, or the server's address: what kit_database_open and its sisters take. `db` may be NULL. */
yh_must yh_err business_place(const char *dir, const char *db, char ret_place[DATA_PATH_MAX]);

/* An address as it may be shown: without its password. `size` as large as the address. */
void business_shown(const char *place, char *ret, size_t size);

#endif
