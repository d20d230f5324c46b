/*
 * yh_buf: a growing byte buffer that states its maximum when it is born, so that input cannot eat the machine.
 *
 * Appending past the maximum, or running out of memory, sets `failed`; later appends do nothing, and the writer checks
 * once at the end with yh_buf_check(). The bytes are not NUL-terminated; yh_buf_z() terminates them.
 * Owned by one thread. Release with yh_buf_done (or declare with yh_buf_auto).
 */
#ifndef YH_BASE_BUF_H
#define YH_BASE_BUF_H

#include "base/err.h"
#include "base/str.h"

typedef struct yh_buf {
    char *p;
    size_t n;
    size_t cap;
    size_t max;
    bool failed;
    bool no_memory; /* it failed because the machine has no more */
} yh_buf;

#define yh_buf_auto yh_cleanup(yh_buf_done) struct yh_buf

/* NO_MEMORY when that was what failed; a text that was too long is no matter here. */
yh_must yh_err yh_buf_memory(const yh_buf *b);

/* What was added to `b` came by way of `part`: when that one ran out of memory, `b` did. */
static inline void yh_buf_depends(yh_buf *b, const yh_buf *part)
{
    if (part->no_memory)
        b->failed = b->no_memory = true;
}

static inline yh_buf yh_buf_make(size_t max)
{
    return (yh_buf){.max = max};
}

void yh_buf_done(yh_buf *b);
void yh_buf_clear(yh_buf *b); /* keeps the memory */

void yh_buf_add(yh_buf *b, const void *bytes, size_t n);
void yh_buf_puts(yh_buf *b, const char *z);
void yh_buf_putc(yh_buf *b, char c);
void yh_buf_str(yh_buf *b, yh_str s);
void yh_buf_i64(yh_buf *b, int64_t v);
void yh_buf_u64(yh_buf *b, uint64_t v);
void yh_buf_hex(yh_buf *b, const void *bytes, size_t n);
void yh_buf_printf(yh_buf *b, const char *fmt, ...) yh_printf(2, 3);

/* Room for n more bytes, to be filled by the caller, who then adds to b->n. NULL when it does not fit. */
char *yh_buf_reserve(yh_buf *b, size_t n);

/* Drops the first n bytes. */
void yh_buf_consume(yh_buf *b, size_t n);

/* YH_OK, or why the buffer is incomplete. */
yh_must yh_err yh_buf_check(const yh_buf *b);

static inline yh_str yh_buf_view(const yh_buf *b)
{
    return (yh_str){b->p ? b->p : "", b->n};
}

/* NUL-terminated contents, "" when failed; valid until the next change. */
const char *yh_buf_z(yh_buf *b);

#endif
