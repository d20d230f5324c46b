#include "base/json.h"

#include "hj212/dialect.h"
#include "hj212/diagnose.h"
#include "hj212/items.h"
#include "hj212/text.h"
#include "hj212/wire.h"

/* Longest text of a frame after conversion to UTF-8. */
#define TEXT_MAX ((size_t)64 * 1024)

struct writer {
    struct yh_json *j;
    yh_buf scratch;
};

static void put_text(struct writer *w, yh_str text)
{
    if (!text.p) {
        yh_json_null(w->j);
        return;
    }
    yh_json_str(w->j, hj212_text_utf8(text, &w->scratch));
    yh_buf_depends(w->j->out, &w->scratch);
}

static void put_key(struct writer *w, yh_str key)
{
    yh_json_key_str(w->j, hj212_text_utf8(key, &w->scratch));
    yh_buf_depends(w->j->out, &w->scratch);
}

static void put_crc(struct yh_json *j, const char *key, uint16_t crc)
{
    unsigned char bytes[2] = {(unsigned char)(crc >> 8), (unsigned char)crc};
    yh_json_key(j, key);
    yh_json_hex(j, bytes, sizeof bytes);
}

static void put_checks(struct writer *w, const struct hj212_frame *f)
{
    bool judged = !f->encrypted || f->decrypted; /* while enciphered nobody knows the CRC */
    yh_json_ku64(w->j, "declared_len", f->declared_len);
    yh_json_ku64(w->j, "actual_len", f->actual_len);
    yh_json_kbool(w->j, "length_ok", f->declared_len == f->plain_len);
    if (f->crc_readable) {
        put_crc(w->j, "crc_given", f->crc_given);
    } else {
        yh_json_key(w->j, "crc_given");
        put_text(w, f->crc_text);
    }
    if (judged) {
        put_crc(w->j, "crc_calc", f->crc_calc);
        yh_json_kbool(w->j, "crc_ok", f->crc_readable && f->crc_given == f->crc_calc);
    } else {
        yh_json_kz(w->j, "crc_calc", NULL);
        yh_json_kz(w->j, "crc_ok", NULL);
    }
}

/* A key that comes twice keeps its last value, as readers of JSON would. */
static bool comes_again(const struct hj212_frame *f, unsigned i)
{
    for (unsigned k = i + 1; k < f->extra_count; k++)
        if (yh_str_eq(f->extra[k].key, f->extra[i].key))
            return true;
    return false;
}

static void put_header(struct writer *w, const struct hj212_frame *f)
{
    yh_json_key(w->j, "header");
    yh_json_obj(w->j);
    for (unsigned k = 0; k < HJ212_HEADER_COUNT; k++) {
        if (!f->header[k].p)
            continue;
        yh_json_key(w->j, hj212_header_name(k));
        put_text(w, f->header[k]);
    }
    for (unsigned i = 0; i < f->extra_count; i++) {
        if (comes_again(f, i))
            continue;
        put_key(w, f->extra[i].key);
        put_text(w, f->extra[i].value);
    }
    yh_json_obj_end(w->j);
}

static void put_flag(struct writer *w, const struct hj212_frame *f)
{
    yh_json_key(w->j, "flag");
    if (f->has_flag) {
        yh_json_obj(w->j);
        yh_json_ku64(w->j, "raw", f->flag);
        yh_json_kz(w->j, "version", hj212_edition_name(f->edition));
        yh_json_kbool(w->j, "split", f->split);
        yh_json_kbool(w->j, "ack", f->wants_ack);
        yh_json_obj_end(w->j);
    } else {
        yh_json_null(w->j);
    }
    yh_json_kz(w->j, "version", hj212_edition_name(f->edition));
}

static void put_items(struct writer *w, const struct hj212_frame *f)
{
    yh_json_key(w->j, "items");
    yh_json_arr(w->j);
    for (unsigned i = 0; i < f->item_count; i++) {
        yh_json_arr(w->j);
        yh_json_u64(w->j, f->items[i].group);
        put_text(w, f->items[i].key);
        put_text(w, f->items[i].value);
        yh_json_arr_end(w->j);
    }
    yh_json_arr_end(w->j);
}

/* Items with a value, by key; equal keys in order of appearance, so that the last one is the one that counts. */
struct sorted {
    unsigned n;
    uint16_t at[HJ212_ITEMS_MAX];
};

static int by_key(const void *a, const void *b, void *frame)
{
    const struct hj212_frame *f = frame;
    const uint16_t *x = a, *y = b;
    yh_str kx = f->items[*x].key, ky = f->items[*y].key, fx = kx, fy = ky, rest_x = {"", 0}, rest_y = {"", 0};
    hj212_factor_key(kx, &fx, &rest_x);
    hj212_factor_key(ky, &fy, &rest_y);
    int c = yh_str_cmp(fx, fy);
    c = c ? c : yh_str_cmp(rest_x, rest_y);
    return c ? c : (*x > *y) - (*x < *y);
}

static void sort_items(const struct hj212_frame *f, bool factors, struct sorted *ret)
{
    yh_str factor, field;
    ret->n = 0;
    for (unsigned i = 0; i < f->item_count; i++)
        if (f->items[i].value.p && hj212_factor_key(f->items[i].key, &factor, &field) == factors)
            ret->at[ret->n++] = (uint16_t)i;
    union {
        const struct hj212_frame *ro;
        void *rw;
    } context = {.ro = f};
    qsort_r(ret->at, ret->n, sizeof ret->at[0], by_key, context.rw);
}

static bool last_of_key(const struct hj212_frame *f, const struct sorted *s, unsigned i)
{
    return i + 1 == s->n || !yh_str_eq(f->items[s->at[i]].key, f->items[s->at[i + 1]].key);
}

static void put_factors(struct writer *w, const struct hj212_frame *f)
{
    struct sorted s;
    yh_str open = {NULL, 0}, factor, field;
    sort_items(f, true, &s);
    yh_json_key(w->j, "factors");
    yh_json_obj(w->j);
    for (unsigned i = 0; i < s.n; i++) {
        const struct hj212_item *item = &f->items[s.at[i]];
        if (!last_of_key(f, &s, i))
            continue;
        hj212_factor_key(item->key, &factor, &field);
        if (!open.p || !yh_str_eq(open, factor)) {
            if (open.p)
                yh_json_obj_end(w->j);
            open = factor;
            put_key(w, factor);
            yh_json_obj(w->j);
        }
        put_key(w, field);
        put_text(w, item->value);
    }
    if (open.p)
        yh_json_obj_end(w->j);
    yh_json_obj_end(w->j);
}

static void put_fields(struct writer *w, const struct hj212_frame *f)
{
    struct sorted s;
    sort_items(f, false, &s);
    yh_json_key(w->j, "fields");
    yh_json_obj(w->j);
    for (unsigned i = 0; i < s.n; i++) {
        if (!last_of_key(f, &s, i))
            continue;
        put_key(w, f->items[s.at[i]].key);
        put_text(w, f->items[s.at[i]].value);
    }
    yh_json_obj_end(w->j);
}

static void put_area(struct writer *w, const struct hj212_frame *f)
{
    bool open = !f->encrypted || f->decrypted;
    yh_json_key(w->j, "cp");
    if (open || f->hexlist)
        put_text(w, f->cp);
    else
        yh_json_null(w->j);
    yh_json_kz(w->j, "encoding", open ? hj212_encoding_name(hj212_encoding_of(f->cp)) : NULL);
    put_items(w, f);
    put_factors(w, f);
    put_fields(w, f);
    if (f->encrypted) {
        yh_json_kz(w->j, "encrypted", f->hexlist ? "hexlist" : "raw");
        yh_json_kbool(w->j, "decrypted", f->decrypted);
    }
}

static void put_warnings(struct writer *w, const struct hj212_frame *f)
{
    yh_json_key(w->j, "warnings");
    yh_json_arr(w->j);
    for (unsigned bit = 0; bit < HJ212_WARNING_COUNT; bit++)
        if (f->warnings >> bit & 1)
            yh_json_z(w->j, hj212_warning_name(bit));
    yh_json_arr_end(w->j);
}

static void put_cause(struct writer *w, const struct hj212_frame *f, yh_str raw)
{
    hj212_cause cause = hj212_diagnose(f, raw);
    yh_json_kz(w->j, "cause", hj212_cause_name(cause));
    if (cause == HJ212_CAUSE_NONE)
        return;
    yh_buf_clear(&w->scratch);
    hj212_cause_text(cause, f, &w->scratch);
    yh_json_kstr(w->j, "cause_text", yh_buf_view(&w->scratch));
    yh_buf_depends(w->j->out, &w->scratch);
}

const char *hj212_frame_event(const struct hj212_frame *f)
{
    return f->status == HJ212_CRC_ERROR || f->status == HJ212_MALFORMED ? "bad" : "frame";
}

void hj212_junk_json(yh_str junk, struct yh_json *out)
{
    hj212_cause cause = hj212_diagnose_junk(junk);
    yh_buf_auto text = yh_buf_make(TEXT_MAX);
    hj212_cause_text(cause, NULL, &text);
    yh_json_obj(out);
    yh_json_kz(out, "event", "junk");
    yh_json_key(out, "hex");
    yh_json_hex(out, junk.p, junk.n);
    yh_json_kz(out, "cause", hj212_cause_name(cause));
    yh_json_kstr(out, "cause_text", yh_buf_view(&text));
    yh_buf_depends(out->out, &text);
    yh_json_obj_end(out);
}

static const char *tail_name(yh_str raw)
{
    if (yh_str_ends(raw, YH_S("\r\n")))
        return "crlf";
    if (yh_str_ends(raw, YH_S("\n")))
        return "lf";
    return yh_str_ends(raw, YH_S("\r")) ? "cr" : "none";
}

void hj212_frame_json(const struct hj212_frame *f, yh_str raw, const char *event, struct yh_json *out)
{
    struct writer w = {.j = out, .scratch = yh_buf_make(TEXT_MAX)};
    yh_json_obj(out);
    yh_json_kz(out, "event", event);
    yh_json_kz(out, "status", hj212_status_name(f->status));
    put_checks(&w, f);
    put_header(&w, f);
    put_flag(&w, f);
    put_area(&w, f);
    put_warnings(&w, f);
    put_cause(&w, f, raw);
    yh_json_kz(out, "tail", tail_name(raw));
    const struct hj212_dialect *dialect = hj212_dialect_of(f);
    yh_json_kz(out, "dialect", dialect ? dialect->name : NULL);
    yh_json_obj_end(out);
    yh_buf_done(&w.scratch);
}
