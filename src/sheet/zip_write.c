#include "sheet/zip_write.h"

#define LEVEL     3
#define FLAGS     0x0808u /* sizes follow; names are UTF-8 */
#define DOS_DATE  0x0021u /* 1980-01-01: the same content gives the same file */
#define CHUNK     32768u

static void put_le(yh_buf *b, uint64_t v, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        yh_buf_putc(b, (char)(v >> 8 * i & 0xFF));
}

static yh_err emit(struct zip_writer *w, const void *p, size_t n)
{
    w->at += n;
    if (w->at > UINT32_MAX)
        return yh_fail(YH_E_TOO_LARGE, "the archive would be larger than 4 GiB");
    return w->sink(w->user, (yh_str){p, n});
}

static yh_err emit_buf(struct zip_writer *w, const yh_buf *b)
{
    YH_TRY(yh_buf_check(b));
    return emit(w, b->p, b->n);
}

void zip_writer_done(struct zip_writer *w)
{
    if (w->deflating)
        deflateEnd(&w->z);
    w->deflating = false;
}

yh_err zip_begin(struct zip_writer *w, const char *name)
{
    yh_buf_auto head = yh_buf_make(512);
    if (w->n == SHEET_ZIP_ENTRIES)
        return yh_fail(YH_E_INTERNAL, "too many parts");
    w->z = (z_stream){0};
    if (deflateInit2(&w->z, LEVEL, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return yh_fail(YH_E_NO_MEMORY, "no memory to pack a sheet");
    w->deflating = true;
    w->entries[w->n++] = (struct zip_entry){.name = name, .offset = (uint32_t)w->at};
    put_le(&head, 0x04034b50, 4);
    put_le(&head, 20, 2);
    put_le(&head, FLAGS, 2);
    put_le(&head, Z_DEFLATED, 2);
    put_le(&head, (uint64_t)DOS_DATE << 16, 4);
    put_le(&head, 0, 4); /* crc and sizes follow the bytes */
    put_le(&head, 0, 8);
    put_le(&head, strlen(name), 2);
    put_le(&head, 0, 2);
    yh_buf_puts(&head, name);
    return emit_buf(w, &head);
}

static yh_err pump(struct zip_writer *w, yh_str bytes, int how)
{
    unsigned char out[CHUNK];
    w->z.next_in = (Bytef *)(uintptr_t)bytes.p;
    w->z.avail_in = (uInt)bytes.n;
    do {
        w->z.next_out = out;
        w->z.avail_out = CHUNK;
        if (deflate(&w->z, how) == Z_STREAM_ERROR)
            return yh_fail(YH_E_INTERNAL, "a sheet cannot be packed");
        size_t n = CHUNK - w->z.avail_out;
        w->entries[w->n - 1].packed += (uint32_t)n;
        if (n)
            YH_TRY(emit(w, out, n));
    } while (w->z.avail_out == 0);
    return YH_OK;
}

yh_err zip_put(struct zip_writer *w, yh_str bytes)
{
    struct zip_entry *e = &w->entries[w->n - 1];
    if ((uint64_t)e->plain + bytes.n > UINT32_MAX)
        return yh_fail(YH_E_TOO_LARGE, "a part would be larger than 4 GiB");
    e->crc = (uint32_t)crc32_z(e->crc, (const Bytef *)bytes.p, bytes.n);
    e->plain += (uint32_t)bytes.n;
    return pump(w, bytes, Z_NO_FLUSH);
}

yh_err zip_end(struct zip_writer *w)
{
    const struct zip_entry *e = &w->entries[w->n - 1];
    yh_buf_auto tail = yh_buf_make(64);
    YH_TRY(pump(w, YH_S(""), Z_FINISH));
    zip_writer_done(w);
    put_le(&tail, 0x08074b50, 4);
    put_le(&tail, e->crc, 4);
    put_le(&tail, e->packed, 4);
    put_le(&tail, e->plain, 4);
    return emit_buf(w, &tail);
}

static void put_listed(yh_buf *out, const struct zip_entry *e)
{
    put_le(out, 0x02014b50, 4);
    put_le(out, 20, 2);
    put_le(out, 20, 2);
    put_le(out, FLAGS, 2);
    put_le(out, Z_DEFLATED, 2);
    put_le(out, (uint64_t)DOS_DATE << 16, 4);
    put_le(out, e->crc, 4);
    put_le(out, e->packed, 4);
    put_le(out, e->plain, 4);
    put_le(out, strlen(e->name), 2);
    put_le(out, 0, 8); /* no extra field, comment, disk, inner attributes */
    put_le(out, 0, 4);
    put_le(out, e->offset, 4);
    yh_buf_puts(out, e->name);
}

yh_err zip_finish(struct zip_writer *w)
{
    yh_buf_auto list = yh_buf_make(8192);
    uint64_t from = w->at;
    for (size_t i = 0; i < w->n; i++)
        put_listed(&list, &w->entries[i]);
    size_t size = list.n;
    put_le(&list, 0x06054b50, 4);
    put_le(&list, 0, 4);
    put_le(&list, w->n, 2);
    put_le(&list, w->n, 2);
    put_le(&list, size, 4);
    put_le(&list, from, 4);
    put_le(&list, 0, 2);
    return emit_buf(w, &list);
}
