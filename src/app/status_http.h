/* Rows about the program itself: health, metrics, dictionaries. */
#ifndef YH_APP_STATUS_HTTP_H
#define YH_APP_STATUS_HTTP_H

#include "net/http.h"

extern const struct http_route status_routes[];

#endif
