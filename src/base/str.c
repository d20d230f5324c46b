#include "base/str.h"

int yh_str_cmp(yh_str a, yh_str b)
{
    size_t n = yh_min_size(a.n, b.n);
    int c = n ? memcmp(a.p, b.p, n) : 0;
    return c ? c : (a.n > b.n) - (a.n < b.n);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool yh_str_eq_nocase(yh_str a, yh_str b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        if (lower(a.p[i]) != lower(b.p[i]))
            return false;
    return true;
}

bool yh_str_starts(yh_str s, yh_str prefix)
{
    return s.n >= prefix.n && yh_str_eq((yh_str){s.p, prefix.n}, prefix);
}

bool yh_str_ends(yh_str s, yh_str suffix)
{
    return s.n >= suffix.n && yh_str_eq((yh_str){s.p + (s.n - suffix.n), suffix.n}, suffix);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

yh_str yh_str_trim(yh_str s)
{
    while (s.n && is_space(s.p[0]))
        s = (yh_str){s.p + 1, s.n - 1};
    while (s.n && is_space(s.p[s.n - 1]))
        s.n--;
    return s;
}

yh_str yh_str_sub(yh_str s, size_t from, size_t n)
{
    from = yh_min_size(from, s.n);
    return (yh_str){from ? s.p + from : s.p, yh_min_size(n, s.n - from)};
}

size_t yh_str_find(yh_str s, char c, size_t from)
{
    if (from >= s.n)
        return s.n;
    const char *hit = memchr(s.p + from, c, s.n - from);
    return hit ? (size_t)(hit - s.p) : s.n;
}

bool yh_str_split(yh_str *rest, char sep, yh_str *ret_piece)
{
    if (!rest->p)
        return false;
    size_t at = yh_str_find(*rest, sep, 0);
    *ret_piece = (yh_str){rest->p, at};
    *rest = at < rest->n ? (yh_str){rest->p + at + 1, rest->n - at - 1} : (yh_str){NULL, 0};
    return true;
}

bool yh_str_to_u64(yh_str s, uint64_t *ret)
{
    uint64_t v = 0;
    if (s.n == 0)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        unsigned digit = (unsigned)((unsigned char)s.p[i] - '0');
        if (digit > 9 || __builtin_mul_overflow(v, 10u, &v) || __builtin_add_overflow(v, digit, &v))
            return false;
    }
    *ret = v;
    return true;
}

bool yh_str_to_i64(yh_str s, int64_t *ret)
{
    bool negative = s.n && s.p[0] == '-';
    if (s.n && (s.p[0] == '-' || s.p[0] == '+'))
        s = yh_str_sub(s, 1, s.n);
    uint64_t v;
    if (!yh_str_to_u64(s, &v) || v > (uint64_t)INT64_MAX + (negative ? 1u : 0u))
        return false;
    *ret = negative ? (int64_t)(0 - v) : (int64_t)v;
    return true;
}

bool yh_str_is_ascii(yh_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] >= 0x80)
            return false;
    return true;
}

/* Length of the well-formed UTF-8 sequence at p, 0 when it is not one (Unicode table 3-7). */
static size_t utf8_step(const unsigned char *p, size_t n)
{
    if (p[0] < 0x80)
        return 1;
    size_t len = p[0] >= 0xC2 && p[0] <= 0xDF ? 2 : (p[0] & 0xF0) == 0xE0 ? 3 : p[0] >= 0xF0 && p[0] <= 0xF4 ? 4 : 0;
    if (len == 0 || len > n)
        return 0;
    unsigned char low = 0x80, high = 0xBF;
    if (p[0] == 0xE0)
        low = 0xA0;
    else if (p[0] == 0xED)
        high = 0x9F;
    else if (p[0] == 0xF0)
        low = 0x90;
    else if (p[0] == 0xF4)
        high = 0x8F;
    if (p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++)
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    return len;
}

bool yh_str_is_utf8(yh_str s)
{
    for (size_t i = 0; i < s.n;) {
        size_t step = utf8_step((const unsigned char *)s.p + i, s.n - i);
        if (step == 0)
            return false;
        i += step;
    }
    return true;
}

size_t yh_utf8_count(yh_str s)
{
    size_t count = 0;
    for (size_t i = 0; i < s.n; i++)
        count += ((unsigned char)s.p[i] & 0xC0) != 0x80;
    return count;
}

void yh_hex_encode(const void *bytes, size_t n, char *ret_hex)
{
    const unsigned char *b = bytes;
    for (size_t i = 0; i < n; i++) {
        ret_hex[2 * i] = "0123456789ABCDEF"[b[i] >> 4];
        ret_hex[2 * i + 1] = "0123456789ABCDEF"[b[i] & 15];
    }
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool yh_hex_decode(yh_str hex, void *ret_bytes, size_t n)
{
    unsigned char *out = ret_bytes;
    if (hex.n != 2 * n)
        return false;
    for (size_t i = 0; i < n; i++) {
        int high = hex_digit(hex.p[2 * i]), low = hex_digit(hex.p[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

bool yh_secret_eq(yh_str a, yh_str b)
{
    unsigned char differ = (unsigned char)(a.n != b.n);
    for (size_t i = 0; i < a.n && i < b.n; i++)
        differ |= (unsigned char)(a.p[i] ^ b.p[i]);
    return differ == 0;
}
