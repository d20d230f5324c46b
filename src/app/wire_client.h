/*
 * Many client connections to one platform over real TCP, in one thread: what replayed and simulated loggers share.
 *
 * A lost connection is opened again with a growing pause. What was queued on it is lost, as it is with a real logger
 * without memory. Answers are counted and matched to what asked for them by QN; the platform answers in order, so that an
 * answer also closes whatever was asked before it.
 */
#ifndef YH_APP_WIRE_CLIENT_H
#define YH_APP_WIRE_CLIENT_H

#include "base/buf.h"
#include "hj212/frame.h"

struct wire_config {
    char host[256];
    uint16_t port;
    size_t connections;
    /* Both optional, called while bytes move. They may put and drop; they may not wait, run or drain. */
    void (*opened)(void *user, size_t conn);
    void (*received)(void *user, size_t conn, yh_str raw); /* every frame of the platform, after it was counted */
    void *user;
};

struct wire_result {
    uint64_t sent, asked, acknowledged, rejected, reconnects;
    double seconds;
    double ack_ms_p50, ack_ms_p99; /* of answers; 0 when none */
};

typedef enum wire_what {
    WIRE_BYTES,  /* not counted: junk, half frames */
    WIRE_FRAME,
    WIRE_ASKING  /* a frame that wants an answer */
} wire_what;

struct wire_client;
yh_must yh_err wire_open(const struct wire_config *config, struct wire_client **ret);
void wire_close(struct wire_client *w); /* NULL is fine */

bool wire_is_up(const struct wire_client *w, size_t conn);
bool wire_has_room(const struct wire_client *w, size_t conn);

/* Moves bytes until the connection has room or is lost. */
yh_must yh_err wire_wait_room(struct wire_client *w, size_t conn);

/* Queues bytes; they are lost when the connection is down. YH_E_TOO_LARGE when the caller never looked for room. */
yh_must yh_err wire_put(struct wire_client *w, size_t conn, wire_what what, yh_str bytes, yh_str qn);

void wire_drop(struct wire_client *w, size_t conn, unsigned pause_ms); /* hangs up, dials again after the pause */
void wire_trickle(struct wire_client *w, size_t conn, bool on);        /* one byte a packet */

/* Moves bytes until `until_us` (monotonic) has come. */
yh_must yh_err wire_run_until(struct wire_client *w, int64_t until_us);

/* Waits until everything is sent and every asked answer is there, or nothing has moved for `patience_ms`. */
yh_must yh_err wire_drain(struct wire_client *w, unsigned patience_ms);

void wire_result(const struct wire_client *w, struct wire_result *ret);
void wire_print_result(const struct wire_client *w); /* one JSON line on standard output */

#endif
