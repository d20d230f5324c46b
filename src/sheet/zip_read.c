#include "sheet/zip_read.h"

#define END_SIZE    22u
#define LISTED_SIZE 46u
#define LOCAL_SIZE  30u
#define RATIO_FROM  (1u << 20)

static yh_err broken(const char *what)
{
    return yh_fail(YH_E_INVALID, "文件已损坏或不是 Excel 文件(%s),请重新导出后上传", what);
}

static uint64_t le(yh_str s, size_t at, unsigned bytes)
{
    uint64_t v = 0;
    for (unsigned i = bytes; i > 0; i--)
        v = v << 8 | (unsigned char)s.p[at + i - 1];
    return v;
}

static bool find_directory(yh_str f, size_t *ret_at)
{
    size_t lowest = f.n > END_SIZE + 65535 ? f.n - END_SIZE - 65535 : 0;
    for (size_t at = f.n < END_SIZE ? 0 : f.n - END_SIZE + 1; at > lowest; at--)
        if (le(f, at - 1, 4) == 0x06054b50) {
            *ret_at = at - 1;
            return true;
        }
    return false;
}

static yh_err read_listed(struct zip_archive *a, size_t *at, size_t end, struct zip_part *ret)
{
    yh_str f = a->file;
    if (end - *at < LISTED_SIZE || le(f, *at, 4) != 0x02014b50)
        return broken("目录");
    size_t name = (size_t)le(f, *at + 28, 2), extra = (size_t)le(f, *at + 30, 2), comment = (size_t)le(f, *at + 32, 2);
    if (end - *at - LISTED_SIZE < name + extra + comment)
        return broken("目录");
    if (le(f, *at + 8, 2) & 0x41)
        return yh_fail(YH_E_UNSUPPORTED, "文件已加密,请取消密码后重新上传");
    *ret = (struct zip_part){.name = yh_str_sub(f, *at + LISTED_SIZE, name),
                             .method = (uint16_t)le(f, *at + 10, 2),
                             .crc = (uint32_t)le(f, *at + 16, 4),
                             .packed = (size_t)le(f, *at + 20, 4),
                             .plain = (size_t)le(f, *at + 24, 4),
                             .offset = (size_t)le(f, *at + 42, 4)};
    *at += LISTED_SIZE + name + extra + comment;
    return YH_OK;
}

/* Moves `offset` from the local header to the bytes. */
static yh_err locate(struct zip_archive *a, struct zip_part *p, size_t directory)
{
    yh_str f = a->file;
    if (p->offset > directory || directory - p->offset < LOCAL_SIZE || le(f, p->offset, 4) != 0x04034b50)
        return broken("条目");
    size_t head = LOCAL_SIZE + (size_t)le(f, p->offset + 26, 2) + (size_t)le(f, p->offset + 28, 2);
    if (directory - p->offset < head || directory - p->offset - head < p->packed)
        return broken("条目");
    p->offset += head;
    return YH_OK;
}

static int by_offset(const void *x, const void *y)
{
    const struct zip_part *a = x, *b = y;
    return (a->offset > b->offset) - (a->offset < b->offset);
}

/* Entries that share their bytes are how a small file becomes petabytes. */
static yh_err refuse_overlap(const struct zip_archive *a)
{
    for (size_t i = 1; i < a->n; i++)
        if (a->parts[i - 1].offset + a->parts[i - 1].packed > a->parts[i].offset)
            return broken("条目重叠");
    return YH_OK;
}

static yh_err check_plausible(const struct zip_archive *a)
{
    size_t plain = 0;
    for (size_t i = 0; i < a->n; i++) {
        plain += a->parts[i].plain;
        if (plain > a->limits->inflated_bytes)
            return yh_fail(YH_E_TOO_LARGE, "文件展开后过大(超过 %zu MB),请分批上传", a->limits->inflated_bytes >> 20);
    }
    return YH_OK;
}

yh_err zip_archive_open(yh_str file, const struct sheet_limits *limits, struct yh_arena *arena, struct zip_archive *ret)
{
    struct zip_archive a = {.file = file, .limits = limits};
    size_t end = 0;
    if (!find_directory(file, &end))
        return broken("不完整");
    size_t n = (size_t)le(file, end + 10, 2), at = (size_t)le(file, end + 16, 4);
    if (le(file, end + 4, 4) != 0 || n == 0xFFFF || at == 0xFFFFFFFF)
        return yh_fail(YH_E_UNSUPPORTED, "不支持分卷或超大的压缩格式,请用 Excel 或 WPS 另存为 .xlsx 后重试");
    if (n > limits->entries)
        return yh_fail(YH_E_TOO_LARGE, "文件内的部件过多(超过 %zu 个)", limits->entries);
    if (at > end)
        return broken("目录");
    size_t directory = at;
    a.parts = YH_NEW_N(arena, struct zip_part, n + 1);
    if (!a.parts)
        return yh_fail(YH_E_NO_MEMORY, "no memory to read a sheet");
    for (; a.n < n; a.n++) {
        YH_TRY(read_listed(&a, &at, end, &a.parts[a.n]));
        YH_TRY(locate(&a, &a.parts[a.n], directory));
    }
    qsort(a.parts, a.n, sizeof *a.parts, by_offset);
    YH_TRY(refuse_overlap(&a));
    YH_TRY(check_plausible(&a));
    *ret = a;
    return YH_OK;
}

const struct zip_part *zip_find(const struct zip_archive *a, yh_str name)
{
    for (size_t i = 0; i < a->n; i++)
        if (yh_str_eq_nocase(a->parts[i].name, name))
            return &a->parts[i];
    return NULL;
}

yh_err zip_stream_open(struct zip_archive *a, const struct zip_part *part, struct zip_stream *ret)
{
    struct zip_stream s = {.a = a, .part = part};
    if (part->method != 0 && part->method != Z_DEFLATED)
        return yh_fail(YH_E_UNSUPPORTED, "不支持文件内的压缩方法,请用 Excel 或 WPS 另存为 .xlsx 后重试");
    *ret = s;
    ret->z.next_in = (Bytef *)(uintptr_t)(a->file.p + part->offset);
    ret->z.avail_in = (uInt)part->packed;
    ret->open = part->method == Z_DEFLATED;
    if (ret->open && inflateInit2(&ret->z, -MAX_WBITS) != Z_OK) {
        ret->open = false;
        return yh_fail(YH_E_NO_MEMORY, "no memory to read a sheet");
    }
    return YH_OK;
}

void zip_stream_done(struct zip_stream *s)
{
    if (s->open)
        inflateEnd(&s->z);
    s->open = false;
}

static yh_err inflate_some(struct zip_stream *s, void *to, size_t room, size_t *ret_n)
{
    s->z.next_out = to;
    s->z.avail_out = (uInt)room;
    int rc = inflate(&s->z, Z_NO_FLUSH);
    *ret_n = room - s->z.avail_out;
    s->ended = rc == Z_STREAM_END;
    if (rc == Z_STREAM_END || (rc == Z_OK && (*ret_n || s->z.avail_in)))
        return YH_OK;
    return rc == Z_MEM_ERROR ? yh_fail(YH_E_NO_MEMORY, "no memory to read a sheet") : broken("压缩数据");
}

static void copy_some(struct zip_stream *s, void *to, size_t room, size_t *ret_n)
{
    size_t n = yh_min_size(room, s->z.avail_in);
    memcpy(to, s->z.next_in, n);
    s->z.next_in += n;
    s->z.avail_in -= (uInt)n;
    s->ended = s->z.avail_in == 0;
    *ret_n = n;
}

static yh_err check_swelling(const struct zip_stream *s)
{
    const struct sheet_limits *l = s->a->limits;
    if (s->a->inflated > l->inflated_bytes)
        return yh_fail(YH_E_TOO_LARGE, "文件展开后过大(超过 %zu MB),请分批上传", l->inflated_bytes >> 20);
    if (s->out > RATIO_FROM && s->out / l->ratio > s->part->packed)
        return yh_fail(YH_E_TOO_LARGE, "文件的压缩比异常,疑似压缩炸弹,已拒绝");
    if (s->out > s->part->plain)
        return broken("大小不符");
    if (s->ended && (s->crc != s->part->crc || s->out != s->part->plain))
        return broken("校验不符");
    return YH_OK;
}

yh_err zip_stream_read(struct zip_stream *s, void *to, size_t room, size_t *ret_n)
{
    size_t n = 0;
    if (s->ended) {
        *ret_n = 0;
        return YH_OK;
    }
    if (s->part->method == 0)
        copy_some(s, to, room, &n);
    else
        YH_TRY(inflate_some(s, to, room, &n));
    s->out += n;
    s->a->inflated += n;
    s->crc = (uint32_t)crc32_z(s->crc, to, n);
    YH_TRY(check_swelling(s));
    *ret_n = n;
    return YH_OK;
}
