/*
 * The HTTP rows of forwarding. http_config.app points to a struct relay_host, which begins with the host of the monitoring
 * wing.
 */
#ifndef YH_RELAY_RELAY_HTTP_H
#define YH_RELAY_RELAY_HTTP_H

#include "monitor/http.h"
#include "relay/relay.h"

struct relay_host {
    struct monitor_host monitor; /* first: where the others look for themselves */
    struct relay *relay;
    uint16_t own_port;           /* of our own HJ 212 server */
};

extern const struct http_route relay_routes[];

#endif
