#include "hj212/compose.h"

#include "hj212/framer.h"
#include "hj212/sm4.h"

static void put_frame_digits(yh_buf *out, size_t v)
{
    char digits[4];
    for (size_t i = sizeof digits; i-- > 0; v /= 10)
        digits[i] = (char)('0' + v % 10);
    yh_buf_add(out, digits, sizeof digits);
}

/* The CRC belongs to the plain segment, also when `segment` is enciphered. */
static yh_err wrap(yh_str segment, uint16_t crc, yh_buf *out)
{
    const unsigned char bytes[2] = {(unsigned char)(crc >> 8), (unsigned char)crc};
    if (segment.n > HJ212_SEGMENT_MAX)
        return yh_fail(YH_E_TOO_LARGE, "a data segment of %zu bytes is over the limit", segment.n);
    yh_buf_puts(out, "##");
    put_frame_digits(out, segment.n);
    yh_buf_str(out, segment);
    yh_buf_hex(out, bytes, sizeof bytes);
    yh_buf_puts(out, "\r\n");
    return yh_buf_check(out);
}

yh_err hj212_wrap(yh_str segment, yh_buf *out)
{
    return wrap(segment, hj212_crc(segment.p, segment.n), out);
}

static bool holds(yh_str s, const char *what)
{
    return s.p && memmem(s.p, s.n, what, strlen(what));
}

static bool has_line_end(yh_str s)
{
    return yh_str_find(s, '\r', 0) < s.n || yh_str_find(s, '\n', 0) < s.n;
}

static yh_err check_text(const char *name, yh_str s)
{
    if (has_line_end(s) || holds(s, "&&") || holds(s, "##"))
        return yh_fail(YH_E_INVALID, "%s may not hold a line end, && or ##", name);
    return YH_OK;
}

static yh_err put_field(yh_buf *out, const char *name, yh_str value)
{
    if (!value.n)
        return YH_OK;
    if (yh_str_find(value, ';', 0) < value.n || yh_str_find(value, ',', 0) < value.n)
        return yh_fail(YH_E_INVALID, "%s may not hold a separator", name);
    YH_TRY(check_text(name, value));
    yh_buf_puts(out, name);
    yh_buf_putc(out, '=');
    yh_buf_str(out, value);
    yh_buf_putc(out, ';');
    return YH_OK;
}

static void put_number(yh_buf *out, const char *name, int value)
{
    yh_buf_puts(out, name);
    yh_buf_i64(out, value);
    yh_buf_putc(out, ';');
}

static yh_err put_header(const struct hj212_message *m, yh_buf *out)
{
    YH_TRY(put_field(out, "QN", m->qn));
    YH_TRY(put_field(out, "ST", m->st));
    YH_TRY(put_field(out, "CN", m->cn));
    YH_TRY(put_field(out, "PW", m->pw));
    YH_TRY(put_field(out, "MN", m->mn));
    if (m->flag >= 0)
        put_number(out, "Flag=", m->flag);
    if (m->pnum > 0)
        put_number(out, "PNUM=", m->pnum);
    if (m->pno > 0)
        put_number(out, "PNO=", m->pno);
    if (m->rf)
        yh_buf_puts(out, "RF=1;");
    YH_TRY(check_text("an extra header field", m->extra));
    if (m->extra.n && !yh_str_ends(m->extra, YH_S(";")))
        return yh_fail(YH_E_INVALID, "extra header fields end with ;");
    yh_buf_str(out, m->extra);
    return YH_OK;
}

static yh_err encipher(yh_str plain, size_t cp_at, const struct hj212_key *key, yh_buf *out)
{
    yh_buf_str(out, yh_str_sub(plain, 0, cp_at));
    YH_TRY(hj212_sm4_encipher(key, yh_str_sub(plain, cp_at, plain.n - 2 - cp_at), out));
    yh_buf_puts(out, "&&");
    return yh_buf_check(out);
}

yh_err hj212_compose(const struct hj212_message *m, yh_buf *out)
{
    yh_buf_auto plain = yh_buf_make(HJ212_SEGMENT_MAX);
    yh_buf_auto cipher = yh_buf_make(HJ212_SEGMENT_MAX);
    YH_TRY(put_header(m, &plain));
    if (holds(m->cp, "&&"))
        return yh_fail(YH_E_INVALID, "the CP area may not hold &&");
    yh_buf_puts(&plain, "CP=&&");
    size_t cp_at = plain.n;
    yh_buf_str(&plain, m->cp);
    yh_buf_puts(&plain, "&&");
    YH_TRY(yh_buf_check(&plain));
    yh_str segment = yh_buf_view(&plain);
    uint16_t crc = hj212_crc(segment.p, segment.n);
    if (m->key && m->key->set) {
        YH_TRY(encipher(segment, cp_at, m->key, &cipher));
        segment = yh_buf_view(&cipher);
    }
    return wrap(segment, crc, out);
}
