/*
 * The input is taken as a frame, and again as a data segment with the right length and CRC around it. The JSON must be
 * valid, and an accepted frame must survive re-writing and composing with all its items.
 */
#include "base/json.h"
#include "fuzz.h"
#include "hj212/compose.h"
#include "hj212/framer.h"
#include "hj212/split.h"

static struct hj212_frame first, second;

/* jansson knows no NUL in keys, JSON does: write another control character in its place. */
static void replace_nul(yh_buf *text)
{
    static const char nul[] = "\\u0000";
    char *p = text->p, *end = text->p + text->n;
    while ((p = memmem(p, (size_t)(end - p), nul, sizeof nul - 1)))
        p[5] = '1';
}

static void check_json(const struct hj212_frame *f, yh_str raw)
{
    yh_buf_auto text = yh_buf_make((size_t)4 << 20);
    struct yh_json j = yh_json_to(&text);
    hj212_frame_json(f, raw, hj212_frame_event(f), &j);
    CHECK(yh_buf_check(&text) == YH_OK);
    CHECK(yh_str_is_utf8(yh_buf_view(&text)));
    replace_nul(&text);
    yh_json_auto *v = json_loadb(text.p, text.n, 0, NULL);
    CHECK(v);
}

static void check_measures(const struct hj212_frame *f)
{
    struct hj212_measure m;
    unsigned at = 0, count = 0;
    while (hj212_next_measure(f, &at, &m))
        count++;
    CHECK(count <= f->item_count);
}

static void same_items(const struct hj212_frame *a, const struct hj212_frame *b)
{
    CHECK(a->item_count == b->item_count);
    for (unsigned i = 0; i < a->item_count; i++) {
        const struct hj212_item *x = &a->items[i], *y = &b->items[i];
        CHECK(x->group == y->group && yh_str_eq(x->key, y->key) && yh_str_eq(x->value, y->value));
        CHECK(!x->value.p == !y->value.p);
    }
}

static void check_rewrite(const struct hj212_frame *f)
{
    yh_buf_auto out = yh_buf_make(HJ212_BUFFER_MAX), scratch = yh_buf_make(HJ212_BUFFER_MAX);
    if (hj212_rewrite(f, 0, false, YH_S(""), &out) != YH_OK)
        return;
    hj212_parse(yh_buf_view(&out), NULL, &scratch, &second);
    CHECK(second.status == f->status || second.status == HJ212_OK);
    CHECK(yh_str_eq(second.segment, f->segment));
    same_items(f, &second);
    yh_buf_clear(&out);
    if (hj212_rewrite(f, 86400000, true, YH_S("NEW"), &out) == YH_OK) {
        hj212_parse(yh_buf_view(&out), NULL, &scratch, &second);
        CHECK(second.wants_ack || second.header[HJ212_FLAG].p);
        CHECK(second.item_count == f->item_count);
    }
}

static void check_compose(const struct hj212_frame *f, const struct hj212_key *key)
{
    yh_buf_auto out = yh_buf_make(HJ212_BUFFER_MAX), scratch = yh_buf_make(HJ212_BUFFER_MAX);
    struct hj212_message m = {
        .qn = f->header[HJ212_QN], .st = f->header[HJ212_ST], .cn = f->header[HJ212_CN], .pw = f->header[HJ212_PW],
        .mn = f->header[HJ212_MN], .flag = f->has_flag && f->flag < 1000 ? (int)f->flag : 4, .cp = f->cp,
        .key = f->decrypted ? key : NULL};
    if (hj212_compose(&m, &out) != YH_OK)
        return;
    hj212_parse(yh_buf_view(&out), key, &scratch, &second);
    if (second.encrypted && !f->encrypted) /* bytes that look enciphered by chance */
        return;
    CHECK(second.status == HJ212_OK);
    CHECK(yh_str_eq(second.cp, f->cp));
    same_items(f, &second);
}

static void check_frame(yh_str raw, const struct hj212_key *key)
{
    yh_buf_auto scratch = yh_buf_make(HJ212_BUFFER_MAX);
    hj212_parse(raw, key, &scratch, &first);
    CHECK(first.item_count <= HJ212_ITEMS_MAX);
    check_json(&first, raw);
    check_measures(&first);
    if (first.status != HJ212_OK)
        return;
    check_rewrite(&first);
    check_compose(&first, key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct hj212_key none, key = {true, "0000000000000000"};
    yh_str raw = {(const char *)data, size};
    yh_buf_auto wrapped = yh_buf_make(HJ212_BUFFER_MAX);
    struct hj212_brief b;
    if (size > HJ212_BUFFER_MAX)
        return 0;
    check_frame(raw, &none);
    check_frame(raw, &key);
    hj212_peek(raw, &b);
    if (hj212_wrap(raw, &wrapped) == YH_OK)
        check_frame(yh_buf_view(&wrapped), &none);
    return 0;
}
