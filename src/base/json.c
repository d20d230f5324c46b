#include "base/json.h"

static void before_value(struct yh_json *j)
{
    if (!j->after_key && !j->first[j->depth])
        yh_buf_putc(j->out, ',');
    j->first[j->depth] = false;
    j->after_key = false;
}

static void enter(struct yh_json *j, char c)
{
    before_value(j);
    yh_buf_putc(j->out, c);
    if (j->depth == YH_JSON_DEPTH) {
        j->out->failed = true;
        return;
    }
    j->first[++j->depth] = true;
}

static void leave(struct yh_json *j, char c)
{
    yh_buf_putc(j->out, c);
    if (j->depth > 0)
        j->depth--;
}

void yh_json_obj(struct yh_json *j)
{
    enter(j, '{');
}

void yh_json_obj_end(struct yh_json *j)
{
    leave(j, '}');
}

void yh_json_arr(struct yh_json *j)
{
    enter(j, '[');
}

void yh_json_arr_end(struct yh_json *j)
{
    leave(j, ']');
}

static void put_escape(yh_buf *out, unsigned char c)
{
    switch (c) {
    case '"':
        yh_buf_puts(out, "\\\"");
        break;
    case '\\':
        yh_buf_puts(out, "\\\\");
        break;
    case '\n':
        yh_buf_puts(out, "\\n");
        break;
    case '\r':
        yh_buf_puts(out, "\\r");
        break;
    case '\t':
        yh_buf_puts(out, "\\t");
        break;
    default:
        yh_buf_printf(out, "\\u%04x", c);
    }
}

/* Bytes of one well-formed character at s, 0 for a byte that belongs to none. */
static size_t char_len(yh_str s)
{
    for (size_t n = 1; n <= 4 && n <= s.n; n++)
        if (yh_str_is_utf8((yh_str){s.p, n}))
            return n;
    return 0;
}

static void put_string(yh_buf *out, yh_str s)
{
    yh_buf_putc(out, '"');
    size_t plain = 0; /* start of the run that needs no change */
    for (size_t i = 0; i < s.n;) {
        unsigned char c = (unsigned char)s.p[i];
        if (c >= 0x20 && c < 0x80 && c != '"' && c != '\\') {
            i++;
            continue;
        }
        size_t step = c < 0x80 ? 0 : char_len(yh_str_sub(s, i, s.n));
        if (step) {
            i += step;
            continue;
        }
        yh_buf_str(out, yh_str_sub(s, plain, i - plain));
        if (c < 0x80)
            put_escape(out, c);
        else
            yh_buf_puts(out, "\xEF\xBF\xBD");
        plain = ++i;
    }
    yh_buf_str(out, yh_str_sub(s, plain, s.n));
    yh_buf_putc(out, '"');
}

void yh_json_key_str(struct yh_json *j, yh_str key)
{
    before_value(j);
    put_string(j->out, key);
    yh_buf_putc(j->out, ':');
    j->after_key = true;
}

void yh_json_key(struct yh_json *j, const char *key)
{
    yh_json_key_str(j, yh_str_of(key));
}

void yh_json_str(struct yh_json *j, yh_str s)
{
    before_value(j);
    put_string(j->out, s);
}

void yh_json_z(struct yh_json *j, const char *z)
{
    if (z)
        yh_json_str(j, yh_str_of(z));
    else
        yh_json_null(j);
}

void yh_json_i64(struct yh_json *j, int64_t v)
{
    before_value(j);
    yh_buf_i64(j->out, v);
}

void yh_json_u64(struct yh_json *j, uint64_t v)
{
    before_value(j);
    yh_buf_u64(j->out, v);
}

void yh_json_bool(struct yh_json *j, bool v)
{
    before_value(j);
    yh_buf_puts(j->out, v ? "true" : "false");
}

void yh_json_null(struct yh_json *j)
{
    before_value(j);
    yh_buf_puts(j->out, "null");
}

void yh_json_double(struct yh_json *j, double v)
{
    before_value(j);
    if (v - v != 0) /* NaN and infinities have no JSON form */
        yh_buf_puts(j->out, "null");
    else
        yh_buf_printf(j->out, "%.6g", v);
}

void yh_json_dec(struct yh_json *j, yh_dec d)
{
    before_value(j);
    yh_buf_putc(j->out, '"');
    yh_dec_format(d, j->out);
    yh_buf_putc(j->out, '"');
}

void yh_json_time(struct yh_json *j, yh_time t)
{
    if (t == YH_TIME_NONE) {
        yh_json_null(j);
        return;
    }
    before_value(j);
    yh_buf_putc(j->out, '"');
    yh_time_rfc3339(t, YH_CST, j->out);
    yh_buf_putc(j->out, '"');
}

void yh_json_hex(struct yh_json *j, const void *p, size_t n)
{
    before_value(j);
    yh_buf_putc(j->out, '"');
    yh_buf_hex(j->out, p, n);
    yh_buf_putc(j->out, '"');
}

void yh_json_raw(struct yh_json *j, yh_str json)
{
    before_value(j);
    yh_buf_str(j->out, json);
}

void yh_json_kstr(struct yh_json *j, const char *key, yh_str s)
{
    yh_json_key(j, key);
    yh_json_str(j, s);
}

void yh_json_kz(struct yh_json *j, const char *key, const char *z)
{
    yh_json_key(j, key);
    yh_json_z(j, z);
}

void yh_json_ki64(struct yh_json *j, const char *key, int64_t v)
{
    yh_json_key(j, key);
    yh_json_i64(j, v);
}

void yh_json_ku64(struct yh_json *j, const char *key, uint64_t v)
{
    yh_json_key(j, key);
    yh_json_u64(j, v);
}

void yh_json_kbool(struct yh_json *j, const char *key, bool v)
{
    yh_json_key(j, key);
    yh_json_bool(j, v);
}

void yh_json_kdec(struct yh_json *j, const char *key, yh_dec d)
{
    yh_json_key(j, key);
    yh_json_dec(j, d);
}

void yh_json_ktime(struct yh_json *j, const char *key, yh_time t)
{
    yh_json_key(j, key);
    yh_json_time(j, t);
}

/* jansson recurses up to 2048 levels; a request never needs more than 64. */
static bool too_deep(yh_str text)
{
    unsigned depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > 64)
                return true;
        } else if ((c == '}' || c == ']') && depth > 0) {
            depth--;
        }
    }
    return false;
}

yh_err yh_json_parse(yh_str text, json_t **ret)
{
    if (too_deep(text))
        return yh_fail(YH_E_INVALID, "JSON is nested more than 64 levels deep");
    json_error_t error;
    json_t *v = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (!v)
        return yh_fail(YH_E_INVALID, "JSON line %d, column %d: %s", error.line, error.column, error.text);
    *ret = v;
    return YH_OK;
}
