/* Shapes of the requests and replies of forwarding. */
#ifndef YH_RELAY_RELAY_SCHEMA_H
#define YH_RELAY_RELAY_SCHEMA_H

#include "net/http.h"

extern const struct http_schema relay_new_schema, relay_patch_schema;
extern const struct http_schema relay_list_schema;
extern const struct http_schema relay_page_schema; /* with lists and frames set aside */
extern const struct http_schema relay_retry_schema;
extern const struct http_schema relay_nothing_schema;

#endif
