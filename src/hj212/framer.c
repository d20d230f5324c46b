#include "hj212/framer.h"

#include "hj212/wire.h"

/* Junk is delivered in pieces of this size when no frame starts for so long; a candidate without end likewise. */
#define JUNK_MAX ((size_t)HJ212_SEGMENT_MAX)
#define CANDIDATE_MAX ((size_t)(HJ212_HEAD + HJ212_SEGMENT_MAX + HJ212_CRC_CHARS))

static hj212_event_kind deliver(struct hj212_event *e, hj212_event_kind kind, yh_str raw, yh_str segment)
{
    *e = (struct hj212_event){kind, raw, segment, raw.n};
    return kind;
}

static hj212_event_kind wait_more(struct hj212_framer *f, struct hj212_event *e, size_t scanned)
{
    f->scanned = scanned;
    return deliver(e, HJ212_NEED_MORE, (yh_str){"", 0}, (yh_str){"", 0});
}

static bool is_line_end(char c)
{
    return c == '\r' || c == '\n';
}

/* Length of the optional CR LF at `at`. */
static size_t line_end(yh_str in, size_t at)
{
    size_t n = at < in.n && in.p[at] == '\r';
    return n + (at + n < in.n && in.p[at + n] == '\n');
}

static hj212_event_kind skip_junk(struct hj212_framer *f, yh_str in, bool end, struct hj212_event *e)
{
    size_t at = hj212_wire_find_start(in, f->scanned);
    if (at >= JUNK_MAX)
        at = JUNK_MAX;
    else if (end && in.n - at < HJ212_HEAD)
        at = in.n;
    else if (in.n - at < HJ212_HEAD)
        return wait_more(f, e, at);
    return deliver(e, HJ212_JUNK, (yh_str){in.p, at}, (yh_str){"", 0});
}

/* Where the candidate ends when its length is not believed: first CR, LF or start of a frame; also a start that may
 * still become one at the end of the text. */
static size_t find_end(yh_str in, size_t from)
{
    size_t limit = yh_min_size(in.n, CANDIDATE_MAX + 1);
    for (size_t at = from; at < limit; at++) {
        if (is_line_end(in.p[at]))
            return at;
        if (in.p[at] != '#')
            continue;
        size_t matched = hj212_wire_start((yh_str){in.p + at, in.n - at});
        if (matched == HJ212_HEAD || at + matched == in.n)
            return at;
    }
    return limit;
}

static hj212_event_kind judge(yh_str candidate, struct hj212_layout *l)
{
    hj212_wire_by_end(candidate, l);
    if (!l->closed || !l->crc_readable)
        return HJ212_JUNK;
    return l->crc_calc == l->crc_given || l->enciphered ? HJ212_FRAME : HJ212_BAD;
}

static hj212_event_kind cut(struct hj212_framer *f, yh_str in, bool end, struct hj212_event *e)
{
    size_t at = find_end(in, f->scanned);
    if (at > CANDIDATE_MAX)
        return deliver(e, HJ212_JUNK, (yh_str){in.p, CANDIDATE_MAX}, (yh_str){"", 0});
    bool ended = at < in.n && (is_line_end(in.p[at]) || in.n - at >= HJ212_HEAD);
    if (!ended && !end)
        return wait_more(f, e, at);
    if (!ended)
        at = in.n;
    struct hj212_layout l;
    hj212_event_kind kind = judge((yh_str){in.p, at}, &l);
    /* A station may wait for the answer to a frame, so that is not held back for a line feed; the rest is. */
    if (kind != HJ212_FRAME && !end && in.p[at] == '\r' && at + 1 == in.n)
        return wait_more(f, e, at);
    at += line_end(in, at);
    return deliver(e, kind, (yh_str){in.p, at}, kind == HJ212_JUNK ? (yh_str){"", 0} : l.segment);
}

static hj212_event_kind candidate(struct hj212_framer *f, yh_str in, bool end, struct hj212_event *e)
{
    if (f->scanned >= HJ212_HEAD) /* the length was disproved earlier */
        return cut(f, in, end, e);
    struct hj212_layout l;
    size_t declared = hj212_wire_declared(in);
    if (hj212_wire_by_length(in, &l)) {
        size_t n = HJ212_HEAD + declared + HJ212_CRC_CHARS;
        return deliver(e, HJ212_FRAME, (yh_str){in.p, n + line_end(in, n)}, l.segment);
    }
    if (!end && declared <= HJ212_SEGMENT_MAX && in.n < HJ212_HEAD + declared + HJ212_CRC_CHARS)
        return wait_more(f, e, 0);
    f->scanned = HJ212_HEAD;
    return cut(f, in, end, e);
}

hj212_event_kind hj212_framer_next(struct hj212_framer *f, yh_str input, bool end, struct hj212_event *ret)
{
    size_t bare = 0;
    while (bare < input.n && is_line_end(input.p[bare]))
        bare++;
    yh_str in = {input.p + bare, input.n - bare};
    hj212_event_kind kind;
    if (in.n == 0)
        kind = wait_more(f, ret, 0);
    else if (hj212_wire_start(in) == HJ212_HEAD)
        kind = candidate(f, in, end, ret);
    else
        kind = skip_junk(f, in, end, ret);
    if (kind != HJ212_NEED_MORE)
        f->scanned = 0;
    ret->consumed += bare;
    return kind;
}
