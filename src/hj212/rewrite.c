#include "hj212/compose.h"
#include "hj212/framer.h"

/* Years that four digits can hold. */
#define FIRST_TIME (-719162 * YH_DAY)  /* 0001-01-01 */
#define LAST_TIME  (2932897 * YH_DAY - 1) /* 9999-12-31 */

/* Copies the segment from left to right, with other text in place of some spans. */
struct rewriter {
    yh_buf out;
    const char *from; /* not copied yet */
    int64_t shift_ms;
    bool ask_ack;
    yh_str mn;
};

static void copy_until(struct rewriter *w, const char *p)
{
    yh_buf_add(&w->out, w->from, (size_t)(p - w->from));
    w->from = p;
}

static void skip(struct rewriter *w, yh_str span)
{
    copy_until(w, span.p);
    w->from = span.p + span.n;
}

/* Keeps the digit count; text that is no time stays as it is. */
static void shift_time(struct rewriter *w, yh_str digits)
{
    yh_time t, shifted;
    if (w->shift_ms == 0 || !hj212_time_parse(digits, 0, &t) || __builtin_add_overflow(t, w->shift_ms, &shifted) ||
        shifted < FIRST_TIME || shifted > LAST_TIME)
        return;
    skip(w, digits);
    size_t before = w->out.n;
    hj212_time_format(shifted, 0, digits.n == 17, &w->out);
    if (!w->out.failed)
        w->out.n = before + digits.n;
}

static void rewrite_flag(struct rewriter *w, const struct hj212_frame *f)
{
    if (!w->ask_ack || !f->has_flag || f->wants_ack)
        return;
    skip(w, f->header[HJ212_FLAG]);
    yh_buf_u64(&w->out, f->flag | 1);
}

static void rewrite_field(struct rewriter *w, const struct hj212_frame *f, hj212_header_key k)
{
    if (k == HJ212_QN)
        shift_time(w, f->header[k]);
    if (k == HJ212_FLAG)
        rewrite_flag(w, f);
    if (k == HJ212_MN && w->mn.n) {
        skip(w, f->header[k]);
        yh_buf_str(&w->out, w->mn);
    }
}

/* The three fields that may change, in the order they stand in. */
static void rewrite_header(struct rewriter *w, const struct hj212_frame *f)
{
    static const hj212_header_key keys[] = {HJ212_QN, HJ212_MN, HJ212_FLAG};
    for (const char *at = f->segment.p;;) {
        hj212_header_key next = HJ212_HEADER_COUNT;
        for (size_t i = 0; i < YH_LEN(keys); i++) {
            const char *p = f->header[keys[i]].p;
            if (p && p >= at && (next == HJ212_HEADER_COUNT || p < f->header[next].p))
                next = keys[i];
        }
        if (next == HJ212_HEADER_COUNT)
            return;
        rewrite_field(w, f, next);
        at = f->header[next].p + 1;
    }
}

static void add_flag(struct rewriter *w, const struct hj212_frame *f)
{
    const char *before_cp = f->cp.p - 5;
    copy_until(w, before_cp);
    if (before_cp > f->segment.p && before_cp[-1] != ';')
        yh_buf_putc(&w->out, ';');
    yh_buf_puts(&w->out, "Flag=1;");
}

static bool is_time_key(yh_str key)
{
    static const char *const keys[] = {"DataTime", "BeginTime", "EndTime", "QN"};
    for (size_t i = 0; i < YH_LEN(keys); i++)
        if (yh_str_is(key, keys[i]))
            return true;
    return false;
}

static yh_err rewrite(struct rewriter *w, const struct hj212_frame *f)
{
    bool has_cp = !(f->warnings >> HJ212_W_CP_MISSING & 1);
    if (yh_str_find(w->mn, ';', 0) < w->mn.n)
        return yh_fail(YH_E_INVALID, "an MN may not hold a separator");
    if (f->encrypted)
        return yh_fail(YH_E_UNSUPPORTED, "an enciphered frame cannot be re-written");
    if (f->status == HJ212_MALFORMED || !has_cp)
        return yh_fail(YH_E_INVALID, "the frame has no CP area");
    if (w->ask_ack && !f->has_flag && f->header[HJ212_FLAG].p)
        return yh_fail(YH_E_INVALID, "the Flag of the frame is no number");
    rewrite_header(w, f);
    if (w->ask_ack && !f->has_flag)
        add_flag(w, f);
    for (unsigned i = 0; i < f->item_count; i++)
        if (f->items[i].value.p && is_time_key(f->items[i].key))
            shift_time(w, f->items[i].value);
    copy_until(w, f->segment.p + f->segment.n);
    return yh_buf_check(&w->out);
}

yh_err hj212_rewrite(const struct hj212_frame *f, int64_t shift_ms, bool ask_ack, yh_str mn, yh_buf *out)
{
    struct rewriter w = {
        .out = yh_buf_make(HJ212_SEGMENT_MAX),
        .from = f->segment.p,
        .shift_ms = shift_ms,
        .ask_ack = ask_ack,
        .mn = mn,
    };
    yh_err e = rewrite(&w, f);
    if (e == YH_OK)
        e = hj212_wrap(yh_buf_view(&w.out), out);
    yh_buf_done(&w.out);
    return e;
}
