/* What is done to a JSON answer on its way out: a tag, so that unchanged data is not sent again, and gzip. */
#include <zlib.h>

#include "net/http_internal.h"

#define PACK_FROM 4096u /* below, packing costs more than it saves */
#define PACK_LEVEL 2

/* Tells answers apart; not a defence against anyone. */
static uint64_t fingerprint(yh_str s)
{
    uint64_t h = 0x9E3779B97F4A7C15u ^ s.n;
    for (size_t i = 0; i < s.n; i += sizeof h) {
        uint64_t word = 0;
        memcpy(&word, s.p + i, yh_min_size(sizeof word, s.n - i));
        h = (h ^ word) * 0xD6E8FEB86659FD93u;
        h ^= h >> 32;
    }
    return h;
}

static bool pack(yh_str plain, yh_buf *out)
{
    z_stream z = {0};
    if (deflateInit2(&z, PACK_LEVEL, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return false;
    size_t bound = deflateBound(&z, plain.n);
    char *to = yh_buf_reserve(out, bound);
    bool done = false;
    if (to) {
        z.next_in = (Bytef *)(uintptr_t)plain.p;
        z.avail_in = (uInt)plain.n;
        z.next_out = (Bytef *)to;
        z.avail_out = (uInt)bound;
        done = deflate(&z, Z_FINISH) == Z_STREAM_END;
        out->n += z.total_out;
    }
    deflateEnd(&z);
    return done;
}

static void replace_body(struct http_reply *r, yh_buf *body)
{
    yh_buf_done(&r->out);
    r->out = *body;
    r->shared = (yh_str){NULL, 0};
    *body = yh_buf_make(0);
}

static bool unchanged(struct http_reply *r, yh_str plain)
{
    char tag[24];
    snprintf(tag, sizeof tag, "\"%016llx\"", (unsigned long long)fingerprint(plain));
    http_set_header(&r->rq, "ETag", yh_arena_printf(r->rq.arena, "W/%s", tag));
    return !r->is_problem && http_etag_matches(http_header(&r->rq, "If-None-Match"), tag);
}

static void pack_if_wanted(struct http_reply *r, yh_str plain)
{
    if (r->is_problem || plain.n < PACK_FROM)
        return;
    http_set_header(&r->rq, "Vary", "Accept-Encoding");
    yh_buf_auto packed = yh_buf_make(plain.n + 1024);
    if (r->is_problem || !http_accepts_coding(http_header(&r->rq, "Accept-Encoding"), "gzip") || !pack(plain, &packed))
        return;
    http_set_header(&r->rq, "Content-Encoding", "gzip");
    if (!r->is_problem)
        replace_body(r, &packed);
}

void http_encode(struct http_reply *r)
{
    bool is_json = r->content_type && strcmp(r->content_type, "application/json") == 0;
    if (!is_json || r->is_problem || r->is_stream || r->status != 200)
        return;
    yh_str plain = r->shared.p ? r->shared : yh_buf_view(&r->out);
    if (r->rq.method == HTTP_GET && unchanged(r, plain)) {
        yh_buf nothing = yh_buf_make(0);
        replace_body(r, &nothing);
        r->status = 304;
        r->content_type = NULL;
        return;
    }
    pack_if_wanted(r, plain);
}
