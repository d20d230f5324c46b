#include "hj212/text.h"

#include <iconv.h>

hj212_encoding hj212_encoding_of(yh_str text)
{
    if (yh_str_is_ascii(text))
        return HJ212_ASCII;
    return yh_str_is_utf8(text) ? HJ212_UTF8 : HJ212_GB18030;
}

const char *hj212_encoding_name(hj212_encoding e)
{
    static const char *const names[] = {[HJ212_ASCII] = "ascii", [HJ212_UTF8] = "utf-8", [HJ212_GB18030] = "gb18030"};
    return names[e];
}

static void close_iconv(iconv_t *c)
{
    if (*c != (iconv_t)-1)
        iconv_close(*c);
}

/* iconv wants a mutable pointer to the input although it only reads it. */
static size_t convert(iconv_t c, yh_str *in, char **to, size_t *room)
{
    union {
        const char *ro;
        char *rw;
    } from = {.ro = in->p};
    size_t result = iconv(c, &from.rw, &in->n, to, room);
    in->p = from.ro;
    return result;
}

yh_str hj212_text_utf8(yh_str text, yh_buf *scratch)
{
    static const char unknown[] = "\xEF\xBF\xBD";
    yh_buf_clear(scratch);
    if (hj212_encoding_of(text) != HJ212_GB18030)
        return text;
    yh_cleanup(close_iconv) iconv_t c = iconv_open("UTF-8", "GB18030");
    if (c == (iconv_t)-1)
        return text;
    while (text.n) {
        size_t room = 4 * text.n;
        char *start = yh_buf_reserve(scratch, room), *to = start;
        if (!start)
            break;
        size_t result = convert(c, &text, &to, &room);
        scratch->n += (size_t)(to - start);
        if (result != (size_t)-1)
            break;
        yh_buf_add(scratch, unknown, sizeof unknown - 1);
        text = yh_str_sub(text, 1, text.n);
    }
    return yh_buf_view(scratch);
}

void hj212_escape(yh_str bytes, yh_buf *out)
{
    for (size_t i = 0; i < bytes.n; i++) {
        char c = bytes.p[i];
        char letter = c == '\r' ? 'r' : c == '\n' ? 'n' : c == '\t' ? 't' : c == '\\' ? '\\' : '\0';
        if (letter) {
            yh_buf_putc(out, '\\');
            yh_buf_putc(out, letter);
        } else if (c >= ' ' && c <= '~') {
            yh_buf_putc(out, c);
        } else {
            yh_buf_puts(out, "\\x");
            yh_buf_hex(out, &c, 1);
        }
    }
}

/* The byte that an escape after the backslash stands for; *used is how many characters it takes. */
static bool escape_value(yh_str s, char *ret, size_t *used)
{
    *used = 1;
    switch (s.n ? s.p[0] : '\0') {
    case 'r':
        *ret = '\r';
        return true;
    case 'n':
        *ret = '\n';
        return true;
    case 't':
        *ret = '\t';
        return true;
    case '\\':
        *ret = '\\';
        return true;
    case 'x':
        *used = 3;
        return s.n >= 3 && yh_hex_decode(yh_str_sub(s, 1, 2), ret, 1);
    default:
        return false;
    }
}

bool hj212_unescape(yh_str text, yh_buf *out)
{
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == '\\') {
            size_t used;
            if (!escape_value(yh_str_sub(text, i + 1, text.n), &c, &used))
                return false;
            i += used;
        }
        yh_buf_putc(out, c);
    }
    return !out->failed;
}
