#include "base/buf.h"

#include <stdarg.h>

void yh_buf_done(yh_buf *b)
{
    free(b->p);
    *b = (yh_buf){.max = b->max};
}

void yh_buf_clear(yh_buf *b)
{
    b->n = 0;
    b->failed = b->no_memory = false;
}

/* Memory for `content` bytes; one byte more is always held, so that a full buffer can still be terminated. */
static bool grow(yh_buf *b, size_t n)
{
    size_t content, want;
    if (b->failed || __builtin_add_overflow(b->n, n, &content) || content > b->max ||
        __builtin_add_overflow(content, 1u, &want))
        return false;
    if (want <= b->cap)
        return true;
    size_t cap = b->cap ? b->cap : 128;
    while (cap < want)
        cap = cap > SIZE_MAX / 2 ? want : cap * 2;
    if (cap > b->max)
        cap = b->max + (b->max < SIZE_MAX ? 1u : 0u);
    char *p = realloc(b->p, cap);
    b->no_memory = !p;
    if (!p)
        return false;
    b->p = p;
    b->cap = cap;
    return true;
}

char *yh_buf_reserve(yh_buf *b, size_t n)
{
    if (!grow(b, n)) {
        b->failed = true;
        return NULL;
    }
    return b->p + b->n;
}

void yh_buf_add(yh_buf *b, const void *bytes, size_t n)
{
    if (n == 0)
        return;
    char *to = yh_buf_reserve(b, n);
    if (!to)
        return;
    memcpy(to, bytes, n);
    b->n += n;
}

void yh_buf_puts(yh_buf *b, const char *z)
{
    yh_buf_add(b, z, strlen(z));
}

void yh_buf_putc(yh_buf *b, char c)
{
    yh_buf_add(b, &c, 1);
}

void yh_buf_str(yh_buf *b, yh_str s)
{
    yh_buf_add(b, s.p, s.n);
}

void yh_buf_u64(yh_buf *b, uint64_t v)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + v % 10);
        v /= 10;
    } while (v);
    yh_buf_add(b, digits + at, sizeof digits - at);
}

void yh_buf_i64(yh_buf *b, int64_t v)
{
    if (v < 0)
        yh_buf_putc(b, '-');
    yh_buf_u64(b, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

void yh_buf_hex(yh_buf *b, const void *bytes, size_t n)
{
    char *to = yh_buf_reserve(b, 2 * n);
    if (!to)
        return;
    yh_hex_encode(bytes, n, to);
    b->n += 2 * n;
}

void yh_buf_printf(yh_buf *b, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    char *to = yh_buf_reserve(b, n < 0 ? SIZE_MAX : (size_t)n);
    if (to) {
        vsnprintf(to, (size_t)n + 1, fmt, again);
        b->n += (size_t)n;
    }
    va_end(again);
}

void yh_buf_consume(yh_buf *b, size_t n)
{
    n = yh_min_size(n, b->n);
    if (n == 0)
        return;
    memmove(b->p, b->p + n, b->n - n);
    b->n -= n;
}

yh_err yh_buf_memory(const yh_buf *b)
{
    return b->no_memory ? yh_fail(YH_E_NO_MEMORY, "no memory for a longer text") : YH_OK;
}

yh_err yh_buf_check(const yh_buf *b)
{
    YH_TRY(yh_buf_memory(b));
    if (b->failed)
        return yh_fail(YH_E_TOO_LARGE, "the text is longer than %zu bytes", b->max);
    return YH_OK;
}

const char *yh_buf_z(yh_buf *b)
{
    if (!grow(b, 0)) {
        b->failed = true;
        return "";
    }
    b->p[b->n] = '\0';
    return b->p;
}
