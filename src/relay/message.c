#include "relay/message.h"

#include "hj212/compose.h"
#include "hj212/dialect.h"

enum { FLAG_ACK = 1, FLAG_SPLIT = 2, FLAG_2017 = 4, FLAG_2025 = 8, FLAG_EDITION = 0xfc };
#define EXTRA_MAX 1024
#define CODE_DONE 1

bool relay_forwards(yh_str cn)
{
    return cn.n && cn.p[0] != '9' && cn.p[0] != '1' && !hj212_is_heartbeat(cn) && !hj212_is_login(cn);
}

/* ---- making ---- */

static bool has_parts(const struct hj212_frame *f)
{
    return f->header[HJ212_PNUM].n && f->header[HJ212_PNO].n;
}

/* < 0: no Flag field, as most frames of 2005. */
static int flag_of(const struct relay_rule *rule, const struct hj212_frame *f)
{
    int bits = (f->has_flag ? (int)f->flag & (FLAG_ACK | FLAG_SPLIT) : 0) | (rule->ask_ack ? FLAG_ACK : 0);
    switch (rule->edition) {
    case HJ212_ED_2005:
        return bits || f->has_flag ? bits : -1;
    case HJ212_ED_2017:
        return bits | FLAG_2017 | (has_parts(f) ? FLAG_SPLIT : 0);
    case HJ212_ED_2025:
        return bits | FLAG_2025 | (has_parts(f) ? FLAG_SPLIT : 0);
    case HJ212_ED_UNKNOWN:
        break;
    }
    return f->has_flag ? (int)(f->flag & FLAG_EDITION) | bits : rule->ask_ack ? FLAG_ACK : -1;
}

static int number_of(yh_str text)
{
    int64_t v;
    return yh_str_to_i64(text, &v) && v > 0 && v <= 99999999 ? (int)v : 0;
}

static void put_extra(const struct hj212_frame *f, yh_buf *out)
{
    for (unsigned i = 0; i < f->extra_count; i++) {
        yh_buf_str(out, f->extra[i].key);
        yh_buf_putc(out, '=');
        yh_buf_str(out, f->extra[i].value);
        yh_buf_putc(out, ';');
    }
}

static yh_str or_else(yh_str first, yh_str otherwise)
{
    return first.n ? first : otherwise;
}

/* Only 2025 knows enciphered areas; the other editions get plain text. */
static bool enciphers(const struct relay_rule *rule, const struct hj212_frame *f)
{
    return f->decrypted && (rule->edition == HJ212_ED_UNKNOWN || rule->edition == HJ212_ED_2025);
}

static yh_err compose(const struct relay_rule *rule, const struct relay_stamp *stamp, const struct hj212_frame *f, yh_buf *out)
{
    yh_buf_auto extra = yh_buf_make(EXTRA_MAX);
    if (f->encrypted && !f->decrypted)
        return yh_fail(YH_E_UNSUPPORTED, "the frame is enciphered and no key opens it");
    if (f->warnings >> HJ212_W_CP_MISSING & 1 || f->warnings >> HJ212_W_HEADER_TOO_MANY & 1)
        return yh_fail(YH_E_INVALID, "the frame cannot be taken apart");
    put_extra(f, &extra);
    YH_TRY(yh_buf_check(&extra));
    struct hj212_message m = {
        .qn = or_else(stamp->qn, f->header[HJ212_QN]),
        .st = f->header[HJ212_ST],
        .cn = f->header[HJ212_CN],
        .pw = or_else(rule->pw, f->header[HJ212_PW]),
        .mn = or_else(stamp->mn, f->header[HJ212_MN]),
        .flag = flag_of(rule, f),
        .pnum = number_of(f->header[HJ212_PNUM]),
        .pno = number_of(f->header[HJ212_PNO]),
        .rf = yh_str_is(f->header[HJ212_RF], "1"),
        .extra = yh_buf_view(&extra),
        .cp = f->cp,
        .key = enciphers(rule, f) ? stamp->key : NULL,
    };
    return hj212_compose(&m, out);
}

yh_err relay_message(const struct relay_rule *rule, yh_str raw, const struct relay_stamp *stamp, yh_buf *scratch,
                     struct hj212_frame *f, yh_buf *out)
{
    static const struct hj212_key no_key;
    if (rule->rewrite) {
        hj212_parse(raw, stamp->key ? stamp->key : &no_key, scratch, f);
        YH_TRY(yh_buf_memory(scratch));
        return compose(rule, stamp, f, out);
    }
    yh_buf_str(out, raw);
    if (!yh_str_ends(raw, YH_S("\r\n"))) /* the end of line came apart from the frame and was not logged with it */
        yh_buf_puts(out, "\r\n");
    return yh_buf_check(out);
}

/* ---- reading answers ---- */

static bool refuses(const struct hj212_frame *f, const char *field, int *ret_code)
{
    int64_t v;
    if (!yh_str_to_i64(hj212_field(f, field), &v) || v == CODE_DONE || v < 0 || v > 999)
        return false;
    *ret_code = (int)v;
    return true;
}

void relay_reply_read(yh_str raw, yh_buf *scratch, struct hj212_frame *f, struct relay_reply *ret)
{
    static const struct hj212_key no_key;
    hj212_parse(raw, &no_key, scratch, f);
    yh_str cn = f->header[HJ212_CN];
    *ret = (struct relay_reply){
        .mn = f->header[HJ212_MN],
        .qn = or_else(hj212_field(f, "QN"), f->header[HJ212_QN]),
    };
    bool data = yh_str_is(cn, "9014"), notice = yh_str_is(cn, "9013");
    if (!data && !notice && !yh_str_is(cn, "9011") && !yh_str_is(cn, "9012"))
        return;
    if (refuses(f, "QnRtn", &ret->code) || refuses(f, "ExeRtn", &ret->code))
        ret->kind = RELAY_REPLY_REFUSAL;
    else if (data || notice)
        ret->kind = RELAY_REPLY_ACK;
}
