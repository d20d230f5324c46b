/*
 * Plays captured traffic as the loggers that sent it: each logger on one connection, over real TCP.
 *
 * The player sends spans in order, never faster than the peer reads, and counts the answers (wire_client.h).
 */
#ifndef YH_APP_REPLAY_H
#define YH_APP_REPLAY_H

#include "app/capture.h"
#include "app/wire_client.h"

struct replay_config {
    char host[256];
    uint16_t port;
    unsigned connections; /* 0: one for each logger */
    bool ask_ack;         /* set Flag bit 0 in every frame */
};

struct replay;
yh_must yh_err replay_open(const struct replay_config *config, size_t loggers, struct replay **ret);
void replay_close(struct replay *r);
struct wire_client *replay_wire(struct replay *r);

/* Queues one span with its times moved by shift_ms (0: the bytes as they are). Waits while the connection's buffer is full. */
yh_must yh_err replay_send(struct replay *r, const struct capture_span *span, int64_t shift_ms);

#endif
