/*
 * Connecting without waiting: a short-lived thread of its own resolves the name and connects, so that a dead name server or
 * a black hole holds up nobody. The caller asks now and then and may walk away at any time.
 */
#ifndef YH_RELAY_DIAL_H
#define YH_RELAY_DIAL_H

#include "base/err.h"
#include "base/str.h"

struct relay_dial;

yh_must yh_err relay_dial_start(yh_str host, uint16_t port, int timeout_ms, struct relay_dial **ret);

/* BUSY: not decided yet. Otherwise the end of *d, which becomes NULL: a nonblocking socket, or why there is none (Chinese). */
yh_must yh_err relay_dial_take(struct relay_dial **d, int *ret_fd);

void relay_dial_drop(struct relay_dial **d); /* NULL inside is fine */

#endif
