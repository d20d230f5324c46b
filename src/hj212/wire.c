#include "hj212/wire.h"

#include "hj212/framer.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

size_t hj212_wire_start(yh_str s)
{
    size_t n = 0;
    while (n < HJ212_HEAD && n < s.n && (n < 2 ? s.p[n] == '#' : is_digit(s.p[n])))
        n++;
    return n;
}

static unsigned digits_value(const char *p, size_t n)
{
    unsigned v = 0;
    for (size_t i = 0; i < n; i++)
        v = v * 10 + (unsigned)(p[i] - '0');
    return v;
}

unsigned hj212_wire_declared(yh_str frame)
{
    return digits_value(frame.p + 2, 4);
}

size_t hj212_wire_find_start(yh_str s, size_t from)
{
    for (size_t at = yh_str_find(s, '#', from); at < s.n; at = yh_str_find(s, '#', at + 1)) {
        size_t matched = hj212_wire_start((yh_str){s.p + at, s.n - at});
        if (matched == HJ212_HEAD || at + matched == s.n)
            return at;
    }
    return s.n;
}

static int hex_value(char c)
{
    if (is_digit(c))
        return c - '0';
    char upper = (char)(c & ~0x20);
    return upper >= 'A' && upper <= 'F' ? upper - 'A' + 10 : -1;
}

bool hj212_wire_hex4(const char *p, uint16_t *ret)
{
    unsigned v = 0;
    for (size_t i = 0; i < HJ212_CRC_CHARS; i++) {
        int digit = hex_value(p[i]);
        if (digit < 0)
            return false;
        v = v << 4 | (unsigned)digit;
    }
    *ret = (uint16_t)v;
    return true;
}

static size_t find_cp(yh_str segment)
{
    size_t at = yh_str_find(segment, '&', 0);
    if (at >= 3 && at + 1 < segment.n && memcmp(segment.p + at - 3, "CP=&&", 5) == 0)
        return at - 3;
    const char *hit = segment.n ? memmem(segment.p, segment.n, "CP=&&", 5) : NULL;
    return hit ? (size_t)(hit - segment.p) : segment.n;
}

bool hj212_wire_cp(yh_str segment, yh_str *ret_cp, bool *ret_closed)
{
    size_t open = find_cp(segment);
    if (open == segment.n)
        return false;
    yh_str cp = {segment.p + open + 5, segment.n - open - 5};
    size_t end = cp.n;
    while (end >= 2 && !(cp.p[end - 1] == '&' && cp.p[end - 2] == '&'))
        end--;
    *ret_closed = end >= 2;
    *ret_cp = end >= 2 ? (yh_str){cp.p, end - 2} : cp;
    return true;
}

bool hj212_wire_is_hexlist(yh_str cp)
{
    return yh_str_starts(cp, YH_S("{0x")) || yh_str_starts(cp, YH_S("{0X"));
}

static bool plain_block(const char *p)
{
    for (size_t i = 0; i < 16; i++)
        if ((unsigned char)p[i] < 0x20 || (unsigned char)p[i] > 0x7E)
            return false;
    return true;
}

/*
 * A block of cipher text is printable once in eight million, which happens every day at a large platform: one block decides
 * nothing. Text begins with a key, and a damaged byte leaves most of its blocks readable.
 */
bool hj212_wire_is_cipher(yh_str cp)
{
    size_t blocks = cp.n / 16, plain = 0;
    if (blocks == 0 || (plain_block(cp.p) && memchr(cp.p, '=', 16)))
        return false;
    for (size_t i = 0; i < blocks; i++)
        plain += plain_block(cp.p + 16 * i);
    return plain * 2 < blocks;
}

static bool looks_enciphered(yh_str segment)
{
    yh_str cp;
    bool closed;
    return hj212_wire_cp(segment, &cp, &closed) && closed && (hj212_wire_is_hexlist(cp) || hj212_wire_is_cipher(cp));
}

bool hj212_wire_by_length(yh_str frame, struct hj212_layout *ret)
{
    size_t declared = hj212_wire_declared(frame);
    if (declared > HJ212_SEGMENT_MAX || frame.n < HJ212_HEAD + declared + HJ212_CRC_CHARS)
        return false;
    struct hj212_layout l = {
        .segment = {frame.p + HJ212_HEAD, declared},
        .crc_text = {frame.p + HJ212_HEAD + declared, HJ212_CRC_CHARS},
        .declared = declared,
    };
    l.crc_readable = hj212_wire_hex4(l.crc_text.p, &l.crc_given);
    if (!l.crc_readable)
        return false;
    l.crc_calc = hj212_crc(l.segment.p, declared);
    l.closed = yh_str_ends(l.segment, YH_S("&&"));
    if (l.crc_calc != l.crc_given) {
        l.enciphered = l.closed && hj212_crc_possible(l.crc_given) && looks_enciphered(l.segment);
        if (!l.enciphered)
            return false;
    }
    *ret = l;
    return true;
}

/* What follows the last "&&" is the CRC, however it was written, as long as it is short. */
static void find_crc_text(yh_str body, struct hj212_layout *l)
{
    l->segment = body;
    size_t tail = 0;
    while (tail < HJ212_CRC_CHARS && tail < body.n && body.p[body.n - 1 - tail] != '&')
        tail++;
    size_t end = body.n - tail;
    if (end < 2 || body.p[end - 1] != '&' || body.p[end - 2] != '&')
        return;
    l->segment = (yh_str){body.p, end};
    l->crc_text = (yh_str){body.p + end, tail};
    l->closed = true;
    l->crc_readable = tail == HJ212_CRC_CHARS && hj212_wire_hex4(l->crc_text.p, &l->crc_given);
}

/* "##000169": six length digits instead of four; believed when the CRC behind them fits. */
static void try_six_digits(yh_str frame, struct hj212_layout *l)
{
    yh_str s = l->segment;
    if (s.n < 3 || !is_digit(s.p[0]) || !is_digit(s.p[1]) || is_digit(s.p[2]))
        return;
    uint16_t crc = hj212_crc(s.p + 2, s.n - 2);
    if (!l->crc_readable || crc != l->crc_given)
        return;
    l->six_digits = true;
    l->declared = digits_value(frame.p + 2, 6);
    l->segment = (yh_str){s.p + 2, s.n - 2};
    l->crc_calc = crc;
}

void hj212_wire_by_end(yh_str frame, struct hj212_layout *ret)
{
    struct hj212_layout l = {.declared = hj212_wire_declared(frame)};
    while (frame.n > HJ212_HEAD && (frame.p[frame.n - 1] == '\n' || frame.p[frame.n - 1] == '\r'))
        frame.n--;
    find_crc_text((yh_str){frame.p + HJ212_HEAD, frame.n - HJ212_HEAD}, &l);
    l.crc_calc = hj212_crc(l.segment.p, l.segment.n);
    if (l.crc_readable && l.crc_calc != l.crc_given) {
        try_six_digits(frame, &l);
        l.enciphered = l.crc_calc != l.crc_given && looks_enciphered(l.segment);
    }
    *ret = l;
}
