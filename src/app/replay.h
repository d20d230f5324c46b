/*
 * Plays captured traffic as the loggers that sent it: each logger on one connection, over real TCP.
 *
 * The player sends spans in order, never faster than the peer reads, and counts the answers. A lost connection is opened
 * again with a growing pause; what had been handed to it may be lost, as it is with a real logger without memory.
 */
#ifndef YH_APP_REPLAY_H
#define YH_APP_REPLAY_H

#include "app/capture.h"

struct replay_config {
    char host[256];
    uint16_t port;
    unsigned connections; /* 0: one for each logger */
    bool ask_ack;         /* set Flag bit 0 in every frame */
};

struct replay_result {
    uint64_t sent, asked, acknowledged, rejected, reconnects;
    double seconds;
    double ack_ms_p50, ack_ms_p99; /* of answers; 0 when none */
};

struct replay;
yh_must yh_err replay_open(const struct replay_config *config, size_t loggers, struct replay **ret);
void replay_close(struct replay *r);

/* Queues one span with its times moved by shift_ms (0: the bytes as they are). Waits while the connection's buffer is full. */
yh_must yh_err replay_send(struct replay *r, const struct capture_span *span, int64_t shift_ms);

/* Moves bytes until `until_us` (monotonic) has come. */
yh_must yh_err replay_run_until(struct replay *r, int64_t until_us);

/* Waits until everything is sent and every asked answer is there, or nothing has moved for `patience_ms`. */
yh_must yh_err replay_drain(struct replay *r, unsigned patience_ms);

void replay_result(const struct replay *r, struct replay_result *ret);

#endif
