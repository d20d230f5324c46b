#include "support.h"

#include "hj212/compose.h"
#include "hj212/framer.h"
#include "hj212/sm4.h"

static yh_err compose(const struct hj212_message *m, yh_buf *out)
{
    yh_buf_clear(out);
    return hj212_compose(m, out);
}

static void fixed_order(void **state)
{
    (void)state;
    yh_buf_auto out = yh_buf_make(8192);
    struct hj212_message m = {
        .qn = YH_S("20160801085857223"), .st = YH_S("32"), .cn = YH_S("1062"), .pw = YH_S("100000"),
        .mn = YH_S("010000A8900016F000169DC0"), .flag = 5, .cp = YH_S("RtdInterval=30")};
    assert_int_equal(compose(&m, &out), YH_OK);
    assert_str(yh_buf_view(&out), "##0101QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;"
                                  "CP=&&RtdInterval=30&&1C80\r\n");
    m = (struct hj212_message){.st = YH_S("32"), .flag = 7, .pnum = 3, .pno = 2, .rf = true, .extra = YH_S("X=1;"), .cp = YH_S("")};
    assert_int_equal(compose(&m, &out), YH_OK);
    const struct hj212_frame *f = parse_z(out.p, out.n, NULL);
    assert_str(f->segment, "ST=32;Flag=7;PNUM=3;PNO=2;RF=1;X=1;CP=&&&&");
    assert_int_equal(f->status, HJ212_OK);
    m.flag = -1;
    assert_int_equal(compose(&m, &out), YH_OK);
    assert_null(strstr(yh_buf_z(&out), "Flag"));
}

static void refused_texts(void **state)
{
    (void)state;
    yh_buf_auto out = yh_buf_make(8192);
    static const char *const wrong[] = {"a;b", "a,ST=1", "a&&b", "a\r", "a\nb", "##0001"};
    for (size_t i = 0; i < YH_LEN(wrong); i++) {
        struct hj212_message m = {.mn = yh_str_of(wrong[i]), .flag = -1};
        assert_int_equal(compose(&m, &out), YH_E_INVALID);
        assert_int_equal(out.n, 0);
    }
    struct hj212_message m = {.cp = YH_S("a&&b"), .flag = -1};
    assert_int_equal(compose(&m, &out), YH_E_INVALID);
    m = (struct hj212_message){.extra = YH_S("X=1"), .flag = -1};
    assert_int_equal(compose(&m, &out), YH_E_INVALID);
}

static void size_limit(void **state)
{
    (void)state;
    char text[HJ212_SEGMENT_MAX + 1];
    yh_buf_auto out = yh_buf_make(8192);
    memset(text, 'x', sizeof text);
    struct hj212_message m = {.mn = YH_S("A"), .flag = -1, .cp = {text, HJ212_SEGMENT_MAX - 12}};
    assert_int_equal(compose(&m, &out), YH_OK);
    assert_int_equal(parse_z(out.p, out.n, NULL)->status, HJ212_OK);
    m.cp.n++;
    assert_int_equal(compose(&m, &out), YH_E_TOO_LARGE);
    yh_buf_clear(&out);
    assert_int_equal(hj212_wrap((yh_str){text, sizeof text}, &out), YH_E_TOO_LARGE);
}

static void put_extras(const struct hj212_frame *f, yh_buf *out)
{
    for (unsigned i = 0; i < f->extra_count; i++) {
        yh_buf_str(out, f->extra[i].key);
        yh_buf_putc(out, '=');
        yh_buf_str(out, f->extra[i].value);
        yh_buf_putc(out, ';');
    }
}

static int number(yh_str s)
{
    uint64_t v = 0;
    return s.p && yh_str_to_u64(s, &v) ? (int)v : 0;
}

static struct hj212_message message_of(const struct hj212_frame *f, const struct hj212_key *key, yh_buf *extra)
{
    put_extras(f, extra);
    return (struct hj212_message){
        .qn = f->header[HJ212_QN], .st = f->header[HJ212_ST], .cn = f->header[HJ212_CN], .pw = f->header[HJ212_PW],
        .mn = f->header[HJ212_MN], .flag = f->has_flag ? (int)f->flag : -1, .pnum = number(f->header[HJ212_PNUM]),
        .pno = number(f->header[HJ212_PNO]), .rf = f->header[HJ212_RF].p, .extra = yh_buf_view(extra), .cp = f->cp,
        .key = f->decrypted ? key : NULL};
}

static void same_items(const struct hj212_frame *a, const struct hj212_frame *b)
{
    assert_int_equal(a->item_count, b->item_count);
    for (unsigned i = 0; i < a->item_count; i++) {
        assert_int_equal(a->items[i].group, b->items[i].group);
        assert_view(a->items[i].key, b->items[i].key);
        assert_int_equal(!a->items[i].value.p, !b->items[i].value.p);
        if (a->items[i].value.p)
            assert_view(a->items[i].value, b->items[i].value);
    }
}

static void same_header(const struct hj212_frame *a, const struct hj212_frame *b)
{
    for (unsigned k = 0; k < HJ212_HEADER_COUNT; k++) {
        if (k == HJ212_PNUM || k == HJ212_PNO)
            assert_int_equal(number(a->header[k]), number(b->header[k]));
        else
            assert_view(a->header[k], b->header[k]);
    }
    assert_int_equal(a->extra_count, b->extra_count);
    for (unsigned i = 0; i < a->extra_count; i++) {
        assert_view(a->extra[i].key, b->extra[i].key);
        assert_view(a->extra[i].value, b->extra[i].value);
    }
}

static void round_trip(const struct vector *v)
{
    struct hj212_frame f;
    yh_buf_auto scratch = yh_buf_make(8192), extra = yh_buf_make(1024), out = yh_buf_make(8192);
    hj212_parse(v->raw, &v->key, &scratch, &f);
    if (f.status != HJ212_OK)
        return;
    struct hj212_message m = message_of(&f, &v->key, &extra);
    assert_int_equal(hj212_compose(&m, &out), YH_OK);
    const struct hj212_frame *again = parse_z(out.p, out.n, &v->key);
    assert_int_equal(again->status, HJ212_OK);
    assert_int_equal(again->encrypted, f.encrypted);
    assert_int_equal(again->edition, f.edition);
    assert_view(again->cp, f.cp);
    same_header(again, &f);
    same_items(again, &f);
    if (f.encrypted && !f.hexlist) {
        assert_view(yh_buf_view(&out), v->raw);
    }
}

static void every_accepted_vector(void **state)
{
    (void)state;
    struct vectors all = vectors_load();
    for (size_t i = 0; i < all.n; i++)
        round_trip(&all.v[i]);
    vectors_free(&all);
}

static void unknown_fields_survive(void **state)
{
    (void)state;
    yh_buf_auto raw = yh_buf_make(8192);
    struct vector v = {.raw = wrap_z("ST=32;CN=2011;Lat=1;MN=A;Lon=2;CP=&&zz-New=1,novalue;Strange=//;//&&", &raw)};
    round_trip(&v);
}

static void check_answer(yh_err e, yh_buf *out, const char *segment)
{
    assert_int_equal(e, YH_OK);
    const struct hj212_frame *f = parse_z(out->p, out->n, NULL);
    assert_int_equal(f->status, HJ212_OK);
    assert_str(f->segment, segment);
    yh_buf_clear(out);
}

static void answers(void **state)
{
    (void)state;
    yh_buf_auto out = yh_buf_make(8192);
    struct hj212_brief b;
    hj212_peek(YH_S("QN=20160801085857223;ST=32;CN=2011;PW=1;MN=M;Flag=7;PNUM=2;PNO=1;CP=&&&&"), &b);
    check_answer(hj212_answer_data(&b, &out), &out, "QN=20160801085857223;ST=91;CN=9014;PW=1;MN=M;Flag=4;CP=&&&&");
    check_answer(hj212_answer_notice(&b, &out), &out, "QN=20160801085857223;ST=91;CN=9013;PW=1;MN=M;Flag=4;CP=&&&&");
    check_answer(hj212_answer_request(&b, 1, &out), &out, "QN=20160801085857223;ST=91;CN=9011;PW=1;MN=M;Flag=4;CP=&&QnRtn=1&&");
    check_answer(hj212_answer_result(&b, 100, &out), &out,
                 "QN=20160801085857223;ST=91;CN=9012;PW=1;MN=M;Flag=4;CP=&&ExeRtn=100&&");
    b.edition = HJ212_ED_2025;
    check_answer(hj212_answer_data(&b, &out), &out, "QN=20160801085857223;ST=91;CN=9014;PW=1;MN=M;Flag=8;CP=&&&&");
    hj212_peek(YH_S("ST=32;CN=2051;QN=20040516010101001;PW=1;MN=M;PNO=1;PNUM=2;CP=&&&&"), &b);
    check_answer(hj212_answer_data(&b, &out), &out,
                 "ST=91;CN=9014;PW=1;MN=M;CP=&&QN=20040516010101001;CN=2051;PNO=1;PNUM=2&&");
    check_answer(hj212_answer_notice(&b, &out), &out, "ST=91;CN=9013;PW=1;MN=M;CP=&&QN=20040516010101001&&");
    check_answer(hj212_answer_request(&b, 2, &out), &out, "ST=91;CN=9011;PW=1;MN=M;CP=&&QN=20040516010101001;QnRtn=2&&");
    hj212_peek(YH_S("ST=32;CN=2011;MN=M;Flag=1;CP=&&&&"), &b);
    check_answer(hj212_answer_data(&b, &out), &out, "ST=91;CN=9014;MN=M;Flag=0;CP=&&CN=2011&&");
}

static yh_err rewritten(const char *segment, int64_t shift_ms, bool ask_ack, const char *mn, yh_buf *out)
{
    const struct hj212_frame *f = parse_segment_z(segment);
    yh_buf_clear(out);
    return hj212_rewrite(f, shift_ms, ask_ack, yh_str_of(mn), out);
}

static void rewrite(void **state)
{
    (void)state;
    yh_buf_auto out = yh_buf_make(8192);
    assert_int_equal(rewritten("ST=32;CN=2011;MN=OLD;CP=&&DataTime=20160824235900000;a-Rtd=1;QN=20160101000000001;"
                               "BeginTime=20160824235900,EndTime=2016082423590,DataTime=never&&",
                               90000, true, "LONGER", &out), YH_OK);
    check_answer(YH_OK, &out,
                 "ST=32;CN=2011;MN=LONGER;Flag=1;CP=&&DataTime=20160825000030000;a-Rtd=1;QN=20160101000130001;"
                 "BeginTime=20160825000030,EndTime=2016082500003,DataTime=never&&");
    assert_int_equal(rewritten("Flag=8;MN=A;QN=20160824235900000;CP=&&&&", -1, true, "", &out), YH_OK);
    check_answer(YH_OK, &out, "Flag=9;MN=A;QN=20160824235859999;CP=&&&&");
    assert_int_equal(rewritten("MN=A;Flag=5CP=&&x=1&&", 0, true, "", &out), YH_OK);
    check_answer(YH_OK, &out, "MN=A;Flag=5CP=&&x=1&&");
    assert_int_equal(rewritten("MN=ACP=&&x=1&&", 0, true, "", &out), YH_OK);
    check_answer(YH_OK, &out, "MN=A;Flag=1;CP=&&x=1&&");
    assert_int_equal(rewritten("QN=20160824235900000;MN=A;CP=&&&&", INT64_MAX, false, "", &out), YH_OK);
    check_answer(YH_OK, &out, "QN=20160824235900000;MN=A;CP=&&&&");
    assert_int_equal(rewritten("MN=A&&", 0, true, "", &out), YH_E_INVALID);
    assert_int_equal(rewritten("MN=A;Flag=x;CP=&&&&", 0, true, "", &out), YH_E_INVALID);
    assert_int_equal(rewritten("MN=A;CP=&&&&", 0, true, "B;C", &out), YH_E_INVALID);
}

static void rewrite_changes_nothing_it_should_not(void **state)
{
    (void)state;
    struct vectors all = vectors_load();
    for (size_t i = 0; i < all.n; i++) {
        struct hj212_frame f;
        yh_buf_auto scratch = yh_buf_make(8192), out = yh_buf_make(8192);
        hj212_parse(all.v[i].raw, &all.v[i].key, &scratch, &f);
        yh_err e = hj212_rewrite(&f, 0, false, YH_S(""), &out);
        if (f.encrypted)
            assert_int_equal(e, YH_E_UNSUPPORTED);
        else if (f.status == HJ212_OK && !(f.warnings >> HJ212_W_CRC_LOWER_CASE & 1))
            assert_view(yh_buf_view(&out), all.v[i].raw);
        else
            assert_int_equal(e, YH_OK);
    }
    vectors_free(&all);
}

static void sm4_vectors(void **state)
{
    (void)state;
    /* GB/T 32907 appendix A.1: key and text 0123456789ABCDEFFEDCBA9876543210. */
    struct hj212_key key;
    unsigned char text[18];
    yh_buf_auto out = yh_buf_make(1024), hex = yh_buf_make(1024), back = yh_buf_make(1024);
    assert_int_equal(hj212_key_parse(YH_S("0123456789abcdefFEDCBA9876543210"), &key), YH_OK);
    assert_true(yh_hex_decode(YH_S("0123456789ABCDEFFEDCBA98765432104142"), text, sizeof text));
    yh_str plain = {(const char *)text, sizeof text};
    assert_int_equal(hj212_sm4_encipher(&key, plain, &out), YH_OK);
    yh_buf_hex(&hex, out.p, out.n);
    assert_str(yh_buf_view(&hex), "681EDF34D206965E86B3E94F536E42464142"); /* the tail of two bytes stays in the clear */
    yh_buf_clear(&hex);
    hj212_hexlist_write(yh_buf_view(&out), &hex);
    assert_true(yh_str_starts(yh_buf_view(&hex), YH_S("{0x68,0x1E,0xDF")));
    assert_true(yh_str_ends(yh_buf_view(&hex), YH_S("0x46}AB")));
    assert_int_equal(hj212_hexlist_read(yh_buf_view(&hex), &back), YH_OK);
    assert_view(yh_buf_view(&back), yh_buf_view(&out));
    yh_buf_clear(&hex);
    assert_int_equal(hj212_sm4_decipher(&key, yh_buf_view(&out), &hex), YH_OK);
    assert_view(yh_buf_view(&hex), plain);
    assert_int_equal(hj212_sm4_encipher(&key, YH_S("short"), &hex), YH_OK);
    assert_true(yh_str_ends(yh_buf_view(&hex), YH_S("short")));
}

static void sm4_refuses(void **state)
{
    (void)state;
    struct hj212_key key;
    yh_buf_auto out = yh_buf_make(1024);
    static const char *const keys[] = {"", "00", "0123456789abcdefFEDCBA987654321", "0123456789abcdefFEDCBA987654321x"};
    for (size_t i = 0; i < YH_LEN(keys); i++)
        assert_int_equal(hj212_key_parse(yh_str_of(keys[i]), &key), YH_E_INVALID);
    static const char *const lists[] = {"", "{", "{}", "{0x", "{0xE", "{0xE4", "{0xE4,", "{0xE4,}", "{0xG4}", "{0xE4 }", "0xE4}"};
    for (size_t i = 0; i < YH_LEN(lists); i++)
        assert_int_equal(hj212_hexlist_read(yh_str_of(lists[i]), &out), YH_E_INVALID);
    yh_buf_clear(&out);
    assert_int_equal(hj212_hexlist_read(YH_S("{0xe4, 0X3E}tail"), &out), YH_OK);
    assert_str(yh_buf_view(&out), "\xE4\x3Etail");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fixed_order),
        cmocka_unit_test(refused_texts),
        cmocka_unit_test(size_limit),
        cmocka_unit_test(every_accepted_vector),
        cmocka_unit_test(unknown_fields_survive),
        cmocka_unit_test(answers),
        cmocka_unit_test(rewrite),
        cmocka_unit_test(rewrite_changes_nothing_it_should_not),
        cmocka_unit_test(sm4_vectors),
        cmocka_unit_test(sm4_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
