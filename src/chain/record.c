#include "chain/record.h"

#include <endian.h>

#include "chain/crc32c.h"

void chain_put_u32(char *p, uint32_t v)
{
    v = htole32(v);
    memcpy(p, &v, sizeof v);
}

void chain_put_u64(char *p, uint64_t v)
{
    v = htole64(v);
    memcpy(p, &v, sizeof v);
}

uint32_t chain_take_u32(const char *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return le32toh(v);
}

uint64_t chain_take_u64(const char *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return le64toh(v);
}

yh_err chain_record_check(const struct chain_record *r)
{
    if (r->kind < CHAIN_FRAME || r->kind > CHAIN_SENT)
        return yh_fail(YH_E_INVALID, "unknown kind of record: %d", (int)r->kind);
    if (r->origin.n > CHAIN_ORIGIN_MAX)
        return yh_fail(YH_E_TOO_LARGE, "origin has %zu bytes, at most %d fit", r->origin.n, CHAIN_ORIGIN_MAX);
    if (r->peer.n > CHAIN_PEER_MAX)
        return yh_fail(YH_E_TOO_LARGE, "peer has %zu bytes, at most %u fit", r->peer.n, CHAIN_PEER_MAX);
    if (r->payload.n > CHAIN_PAYLOAD_MAX)
        return yh_fail(YH_E_TOO_LARGE, "payload has %zu bytes, at most %u fit", r->payload.n, CHAIN_PAYLOAD_MAX);
    return YH_OK;
}

size_t chain_record_size(const struct chain_record *r)
{
    return CHAIN_PREFIX + CHAIN_BODY_FIXED + r->origin.n + r->peer.n + r->payload.n;
}

static char *put_bytes(char *to, yh_str s)
{
    if (s.n)
        memcpy(to, s.p, s.n);
    return to + s.n;
}

void chain_record_write(char *to, const struct chain_record *r, uint64_t seq, uint32_t commit_at)
{
    chain_put_u32(to, (uint32_t)(chain_record_size(r) - CHAIN_PREFIX));
    chain_put_u32(to + 4, commit_at);
    chain_put_u32(to + 8, 0);
    char *body = to + CHAIN_PREFIX;
    chain_put_u64(body, seq);
    chain_put_u64(body + 8, (uint64_t)r->received);
    body[16] = (char)r->kind;
    body[17] = (char)r->origin.n;
    body[18] = (char)r->peer.n;
    body[19] = 0;
    chain_put_u32(body + 20, (uint32_t)r->payload.n);
    put_bytes(put_bytes(put_bytes(body + CHAIN_BODY_FIXED, r->origin), r->peer), r->payload);
}

static uint32_t guard_of(const char *stored)
{
    uint32_t crc = chain_crc32c(0, stored, 8);
    return chain_crc32c(crc, stored + CHAIN_PREFIX, chain_take_u32(stored));
}

void chain_guard_set(char *stored)
{
    chain_put_u32(stored + 8, guard_of(stored));
}

bool chain_record_parse(yh_str body, struct chain_record *ret)
{
    if (body.n < CHAIN_BODY_FIXED)
        return false;
    const uint8_t *sizes = (const uint8_t *)body.p + 16;
    size_t origin_n = sizes[1], peer_n = sizes[2], payload_n = chain_take_u32(body.p + 20);
    if (sizes[0] < CHAIN_FRAME || sizes[0] > CHAIN_SENT || sizes[3] != 0 || origin_n > CHAIN_ORIGIN_MAX ||
        peer_n > CHAIN_PEER_MAX || payload_n > CHAIN_PAYLOAD_MAX ||
        body.n != CHAIN_BODY_FIXED + origin_n + peer_n + payload_n)
        return false;
    const char *at = body.p + CHAIN_BODY_FIXED;
    *ret = (struct chain_record){
        .seq = chain_take_u64(body.p),
        .received = (yh_time)chain_take_u64(body.p + 8),
        .kind = (chain_kind)sizes[0],
        .origin = {at, origin_n},
        .peer = {at + origin_n, peer_n},
        .payload = {at + origin_n + peer_n, payload_n},
    };
    return true;
}

struct chain_found chain_look(yh_str bytes, uint64_t offset)
{
    struct chain_found f = {.what = CHAIN_AT_END, .offset = offset};
    if (bytes.n == 0)
        return f;
    f.what = CHAIN_AT_SHORT;
    f.size = CHAIN_PREFIX;
    if (bytes.n < CHAIN_PREFIX)
        return f;
    size_t length = chain_take_u32(bytes.p);
    f.commit_at = chain_take_u32(bytes.p + 4);
    bool footer = f.commit_at == CHAIN_FOOTER_MARK;
    if (length < CHAIN_BODY_FIXED || length > (footer ? CHAIN_FOOTER_MAX : CHAIN_BODY_MAX)) {
        f.what = CHAIN_AT_BAD;
        return f;
    }
    f.size = CHAIN_PREFIX + length;
    if (bytes.n < f.size)
        return f;
    f.body = (yh_str){bytes.p + CHAIN_PREFIX, length};
    bool good = (footer || chain_record_parse(f.body, &f.record)) && guard_of(bytes.p) == chain_take_u32(bytes.p + 8);
    f.what = !good ? CHAIN_AT_BAD : footer ? CHAIN_AT_FOOTER : CHAIN_AT_RECORD;
    return f;
}
