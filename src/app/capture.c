#include "app/capture.h"

#include <zlib.h>

#define CAPTURE_MAX (1024u * 1024u * 1024u)

static yh_err read_all(const char *path, yh_buf *out)
{
    gzFile f = gzopen(path, "rb"); /* plain files pass through */
    if (!f)
        return yh_fail_errno("cannot open %s", path);
    int got = 0;
    char *to;
    while ((to = yh_buf_reserve(out, 65536)) != NULL && (got = gzread(f, to, 65536)) > 0)
        out->n += (size_t)got;
    int closed = gzclose(f);
    if (!to)
        return yh_fail(YH_E_TOO_LARGE, "%s is larger than %zu bytes", path, out->max);
    if (got < 0 || closed != Z_OK)
        return yh_fail(YH_E_CORRUPT, "%s is not readable to its end (broken gzip data)", path);
    return YH_OK;
}

static yh_err logger_index(struct capture_loggers *l, yh_str mn, unsigned *ret)
{
    mn = yh_str_sub(mn, 0, sizeof *l->mn - 1);
    for (size_t i = 0; i < l->n; i++) {
        if (yh_str_is(mn, l->mn[i])) {
            *ret = (unsigned)i;
            return YH_OK;
        }
    }
    if (l->n == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 64;
        void *bigger = realloc(l->mn, cap * sizeof *l->mn);
        if (!bigger)
            return yh_fail(YH_E_NO_MEMORY, "no memory for %zu loggers", cap);
        l->mn = bigger;
        l->cap = cap;
    }
    memset(l->mn[l->n], 0, sizeof *l->mn);
    memcpy(l->mn[l->n], mn.p, mn.n);
    *ret = (unsigned)l->n++;
    return YH_OK;
}

static yh_err add_span(struct capture *c, struct capture_span span)
{
    if (c->span_count == c->span_cap) {
        size_t cap = c->span_cap ? c->span_cap * 2 : 1024;
        struct capture_span *bigger = realloc(c->spans, cap * sizeof *bigger);
        if (!bigger)
            return yh_fail(YH_E_NO_MEMORY, "no memory for %zu frames", cap);
        c->spans = bigger;
        c->span_cap = cap;
    }
    c->spans[c->span_count++] = span;
    return YH_OK;
}

static yh_err cut(struct capture *c, struct capture_loggers *loggers)
{
    struct hj212_framer framer = {0};
    struct hj212_event event;
    yh_str rest = yh_buf_view(&c->bytes);
    unsigned logger = 0;
    while (rest.n && hj212_framer_next(&framer, rest, true, &event) != HJ212_NEED_MORE) {
        struct hj212_brief brief = {0};
        if (event.kind == HJ212_FRAME) {
            hj212_peek(event.segment, &brief);
            YH_TRY(logger_index(loggers, brief.mn, &logger));
        }
        bool hourly = yh_str_is(brief.cn, "2061") || yh_str_is(brief.cn, "2031");
        YH_TRY(add_span(c, (struct capture_span){event.kind, event.raw, logger, hourly}));
        rest = yh_str_sub(rest, event.consumed, rest.n);
    }
    return YH_OK;
}

/* ".../2016-08-24_10.h212.gz" -> 2016-08-24 10:00 +08:00 */
static bool hour_by_name(const char *path, yh_time *ret)
{
    const char *slash = strrchr(path, '/');
    yh_str name = yh_str_of(slash ? slash + 1 : path);
    char text[17];
    if (name.n < 13 || name.p[10] != '_')
        return false;
    snprintf(text, sizeof text, "%.10sT%.2s:00", name.p, name.p + 11);
    return yh_time_parse(yh_str_of(text), YH_CST, ret);
}

static bool hour_by_data(const struct capture *c, yh_time *ret)
{
    yh_buf_auto scratch = yh_buf_make(HJ212_BUFFER_MAX);
    struct hj212_key none = {0};
    struct hj212_frame *frame = malloc(sizeof *frame);
    bool found = false;
    for (size_t i = 0; frame && !found && i < c->span_count; i++) {
        if (c->spans[i].kind != HJ212_FRAME)
            continue;
        hj212_parse(c->spans[i].raw, &none, &scratch, frame);
        found = hj212_time_parse(hj212_field(frame, "DataTime"), YH_CST, ret);
    }
    free(frame);
    if (found)
        *ret = yh_time_floor(*ret, YH_HOUR, YH_CST);
    return found;
}

yh_err capture_load(const char *path, struct capture_loggers *loggers, struct capture *ret)
{
    struct capture c = {.bytes = yh_buf_make(CAPTURE_MAX)};
    yh_err e = read_all(path, &c.bytes);
    if (e == YH_OK)
        e = cut(&c, loggers);
    if (e == YH_OK && c.span_count == 0)
        e = yh_fail(YH_E_INVALID, "%s holds no HJ 212 frame", path);
    if (e == YH_OK && !hour_by_name(path, &c.hour) && !hour_by_data(&c, &c.hour))
        e = yh_fail(YH_E_INVALID, "%s: neither its name nor its frames say which hour it is", path);
    if (e != YH_OK) {
        capture_done(&c);
        return e;
    }
    *ret = c;
    return YH_OK;
}

void capture_done(struct capture *c)
{
    yh_buf_done(&c->bytes);
    free(c->spans);
    c->spans = NULL;
}

void capture_loggers_done(struct capture_loggers *l)
{
    free(l->mn);
    *l = (struct capture_loggers){0};
}
