/* SIGHUP: reads the settings again. What can change while the server runs changes at once; a file that cannot be read
 * changes nothing. Either way the evidence log gets a note of it. */
#ifndef YH_APP_RELOAD_H
#define YH_APP_RELOAD_H

#include "app/config.h"
#include "app/serve.h"

void reload(struct server *s, const struct config_line *line, struct config *now);

#endif
