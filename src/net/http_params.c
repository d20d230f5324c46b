#include "net/http_check.h"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The byte at raw[*at], which moves on behind it; -1 for a broken escape. */
static int next_byte(yh_str raw, size_t *at)
{
    char c = raw.p[(*at)++];
    if (c != '%')
        return (unsigned char)c;
    if (raw.n - *at < 2)
        return -1;
    int high = hex_digit(raw.p[*at]);
    int low = hex_digit(raw.p[*at + 1]);
    *at += 2;
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

bool http_decode(struct yh_arena *arena, yh_str raw, bool plus_is_space, yh_str *ret)
{
    char *text = yh_arena_alloc(arena, raw.n + 1);
    if (!text)
        return false;
    size_t n = 0;
    for (size_t at = 0; at < raw.n;) {
        bool space = plus_is_space && raw.p[at] == '+';
        int byte = next_byte(raw, &at);
        if (byte < 0x20 || byte == 0x7f)
            return false;
        text[n++] = space ? ' ' : (char)byte;
    }
    yh_str decoded = {text, n};
    if (!yh_str_is_utf8(decoded))
        return false;
    *ret = decoded;
    return true;
}

static bool parse_one(struct yh_arena *arena, yh_str piece, struct http_params *q)
{
    size_t eq = yh_str_find(piece, '=', 0);
    struct http_param p;
    if (!http_decode(arena, yh_str_sub(piece, 0, eq), true, &p.name)
        || !http_decode(arena, yh_str_sub(piece, yh_min_size(eq + 1, piece.n), piece.n), true, &p.value))
        return false;
    if (p.value.n == 0)
        return true;
    if (q->n == HTTP_QUERY_MAX)
        return false;
    q->v[q->n++] = p;
    return true;
}

bool http_params_parse(struct yh_arena *arena, yh_str raw, struct http_params *ret)
{
    ret->n = 0;
    yh_str piece;
    while (yh_str_split(&raw, '&', &piece))
        if (piece.n && !parse_one(arena, piece, ret))
            return false;
    return true;
}

const struct http_param *http_params_find(const struct http_params *q, const char *name)
{
    for (size_t i = 0; i < q->n; i++)
        if (yh_str_is(q->v[i].name, name))
            return &q->v[i];
    return NULL;
}
