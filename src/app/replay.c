#include "app/replay.h"

#include "hj212/compose.h"

struct replay {
    struct replay_config config;
    struct wire_client *wire;
    size_t connections;
    struct hj212_frame frame;
    yh_buf scratch, moved;
};

yh_err replay_open(const struct replay_config *config, size_t loggers, struct replay **ret)
{
    struct replay *r = calloc(1, sizeof *r);
    if (!r)
        return yh_fail(YH_E_NO_MEMORY, "no memory to replay");
    r->config = *config;
    r->connections = config->connections ? yh_min_size(config->connections, loggers) : loggers;
    r->scratch = yh_buf_make(HJ212_BUFFER_MAX);
    r->moved = yh_buf_make(HJ212_BUFFER_MAX);
    struct wire_config wire = {.port = config->port, .connections = r->connections};
    snprintf(wire.host, sizeof wire.host, "%s", config->host);
    yh_err e = wire_open(&wire, &r->wire);
    if (e != YH_OK) {
        replay_close(r);
        return e;
    }
    *ret = r;
    return YH_OK;
}

void replay_close(struct replay *r)
{
    if (!r)
        return;
    wire_close(r->wire);
    yh_buf_done(&r->scratch);
    yh_buf_done(&r->moved);
    free(r);
}

struct wire_client *replay_wire(struct replay *r)
{
    return r->wire;
}

/* The bytes to send for a span: as captured, or rewritten into r->moved. Broken spans are never touched. */
static yh_err prepare(struct replay *r, const struct capture_span *span, int64_t shift_ms, yh_str *ret, bool *ret_asks)
{
    *ret = span->raw;
    *ret_asks = false;
    if (span->kind != HJ212_FRAME)
        return YH_OK;
    struct hj212_key none = {0};
    hj212_parse(span->raw, &none, &r->scratch, &r->frame);
    *ret_asks = r->frame.wants_ack || r->config.ask_ack;
    if (shift_ms == 0 && !r->config.ask_ack)
        return YH_OK;
    yh_buf_clear(&r->moved);
    YH_TRY(hj212_rewrite(&r->frame, shift_ms, r->config.ask_ack, (yh_str){"", 0}, &r->moved));
    *ret = yh_buf_view(&r->moved);
    return YH_OK;
}

/* The QN as it leaves: rewriting may have moved it. */
static yh_str qn_of(yh_str bytes)
{
    struct hj212_brief brief;
    hj212_peek(yh_str_sub(bytes, 6, bytes.n), &brief); /* behind "##" and four digits */
    return brief.qn;
}

yh_err replay_send(struct replay *r, const struct capture_span *span, int64_t shift_ms)
{
    size_t conn = span->logger % r->connections;
    YH_TRY(wire_wait_room(r->wire, conn));
    yh_str bytes;
    bool asks;
    YH_TRY(prepare(r, span, shift_ms, &bytes, &asks));
    wire_what what = asks ? WIRE_ASKING : span->kind == HJ212_FRAME ? WIRE_FRAME : WIRE_BYTES;
    return wire_put(r->wire, conn, what, bytes, asks ? qn_of(bytes) : YH_S(""));
}
