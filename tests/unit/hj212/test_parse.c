#include "support.h"

#include "hj212/compose.h"
#include "hj212/diagnose.h"
#include "hj212/framer.h"
#include "hj212/sm4.h"

static json_t *frame_object(const struct vector *v)
{
    yh_buf_auto scratch = yh_buf_make(8192), text = yh_buf_make((size_t)1 << 20);
    struct hj212_frame f;
    struct yh_json j = yh_json_to(&text);
    hj212_parse(v->raw, &v->key, &scratch, &f);
    hj212_frame_json(&f, v->raw, hj212_frame_event(&f), &j);
    assert_int_equal(yh_buf_check(&text), YH_OK);
    json_t *got = json_loadb(text.p, text.n, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(got);
    return got;
}

static void remove_warning(json_t *object, const char *word)
{
    json_t *list = json_object_get(object, "warnings");
    for (size_t i = json_array_size(list); i-- > 0;)
        if (strcmp(json_string_value(json_array_get(list, i)), word) == 0)
            json_array_remove(list, i);
}

static void every_vector(void **state)
{
    (void)state;
    struct vectors all = vectors_load();
    assert_int_equal(all.n, 710);
    for (size_t i = 0; i < all.n; i++) {
        yh_json_auto *got = frame_object(&all.v[i]);
        remove_warning(got, "segment_over_1024"); /* not named by the vectors */
        json_object_del(got, "event");
        json_object_del(got, "cause");
        json_object_del(got, "cause_text");
        json_object_del(got, "dialect");
        if (!json_equal(got, all.v[i].expected)) {
            print_message("%s\n", all.v[i].id.p);
            json_dumpf(got, stderr, JSON_INDENT(1) | JSON_SORT_KEYS);
            fail();
        }
    }
    vectors_free(&all);
}

static bool warned(const struct hj212_frame *f, hj212_warning w)
{
    return f->warnings >> w & 1;
}

static void header_in_any_order(void **state)
{
    (void)state;
    const struct hj212_frame *f =
        parse_segment_z("CN=2011;QN=20240520210700000;Foo=a,b;MN=X1;PW=1;ST=31;RF=1;Flag=4;CP=&&DataTime=20240520210600&&");
    assert_int_equal(f->status, HJ212_OK);
    assert_int_equal(f->edition, HJ212_ED_2017);
    assert_str(f->header[HJ212_MN], "X1");
    assert_str(f->header[HJ212_RF], "1");
    assert_null(f->header[HJ212_PNUM].p);
    assert_int_equal(f->extra_count, 1);
    assert_str(f->extra[0].key, "Foo");
    assert_str(f->extra[0].value, "a,b");
    assert_int_equal(f->warnings, 0);
}

static void header_oddities(void **state)
{
    (void)state;
    const struct hj212_frame *f = parse_segment_z("QN=1,ST=32;cn=2011;junk;MN=A;MN=B;Flag=x;CP=&&a-b=1&&");
    assert_true(warned(f, HJ212_W_HEADER_SEPARATOR));
    assert_true(warned(f, HJ212_W_HEADER_KEY_CASE));
    assert_true(warned(f, HJ212_W_HEADER_ITEM_WITHOUT_VALUE));
    assert_true(warned(f, HJ212_W_HEADER_DUPLICATE_KEY));
    assert_true(warned(f, HJ212_W_FLAG_UNREADABLE));
    assert_false(warned(f, HJ212_W_HEADER_MISSING_CN));
    assert_str(f->header[HJ212_ST], "32");
    assert_str(f->header[HJ212_CN], "2011");
    assert_str(f->header[HJ212_MN], "B");
    assert_int_equal(f->edition, HJ212_ED_2005);
    assert_false(f->has_flag);
}

static void editions_and_flag_bits(void **state)
{
    (void)state;
    static const struct {
        const char *flag;
        hj212_edition edition;
        bool ack, split;
    } rows[] = {
        {"0", HJ212_ED_2005, false, false}, {"1", HJ212_ED_2005, true, false},  {"3", HJ212_ED_2005, true, true},
        {"4", HJ212_ED_2017, false, false}, {"7", HJ212_ED_2017, true, true},   {"9", HJ212_ED_2025, true, false},
        {"10", HJ212_ED_2025, false, true}, {"13", HJ212_ED_UNKNOWN, true, false},
    };
    for (size_t i = 0; i < YH_LEN(rows); i++) {
        yh_buf_auto segment = yh_buf_make(256);
        yh_buf_printf(&segment, "ST=32;CN=2011;MN=A;Flag=%s;PNUM=1;PNO=1;CP=&&&&", rows[i].flag);
        const struct hj212_frame *f = parse_segment_z(yh_buf_z(&segment));
        assert_int_equal(f->edition, rows[i].edition);
        assert_int_equal(f->wants_ack, rows[i].ack);
        assert_int_equal(f->split, rows[i].split);
        assert_int_equal(warned(f, HJ212_W_FLAG_SPLIT_MISMATCH), !rows[i].split);
    }
    assert_string_equal(hj212_edition_name(HJ212_ED_UNKNOWN), "reserved");
}

static void items_and_log_texts(void **state)
{
    (void)state;
    const struct hj212_frame *f = parse_segment_z(
        "ST=32;CN=3020;MN=A;CP=&&DataTime=20240520210600;i11001-Info=//a;b,c=d-e//,x-Info=1;;odd, k = v ;url=http://x&&");
    assert_int_equal(f->status, HJ212_OK);
    assert_int_equal(f->item_count, 6);
    assert_str(f->items[1].value, "//a;b,c=d-e//");
    assert_int_equal(f->items[1].group, 1);
    assert_str(f->items[2].key, "x-Info");
    assert_int_equal(f->items[2].group, 1);
    assert_str(f->items[3].key, "odd");
    assert_null(f->items[3].value.p);
    assert_int_equal(f->items[3].group, 3);
    assert_str(f->items[4].key, "k");
    assert_str(f->items[4].value, "v");
    assert_str(f->items[5].value, "http://x");
    assert_true(warned(f, HJ212_W_CP_ITEM_WITHOUT_VALUE));
    assert_true(warned(f, HJ212_W_CP_SPACE));
    assert_true(warned(f, HJ212_W_CP_LOG_NOT_CLOSED));
    assert_str(hj212_field(f, "k"), "v");
    assert_null(hj212_field(f, "odd").p);
    assert_null(hj212_field(f, "none").p);
}

static void too_many_items(void **state)
{
    (void)state;
    for (unsigned n = HJ212_ITEMS_MAX - 1; n <= HJ212_ITEMS_MAX + 1; n++) {
        yh_buf_auto segment = yh_buf_make(HJ212_SEGMENT_MAX);
        yh_buf_puts(&segment, "ST=32;CN=2011;MN=A;CP=&&");
        for (unsigned i = 0; i < n; i++)
            yh_buf_printf(&segment, "%sa%u=", i ? ";" : "", i);
        yh_buf_puts(&segment, "&&");
        const struct hj212_frame *f = parse_segment_z(yh_buf_z(&segment));
        assert_int_equal(f->status, HJ212_OK);
        assert_int_equal(f->item_count, n < HJ212_ITEMS_MAX ? n : HJ212_ITEMS_MAX);
        assert_int_equal(warned(f, HJ212_W_CP_TOO_MANY_ITEMS), n > HJ212_ITEMS_MAX);
        assert_true(yh_str_ends(f->cp, YH_S("=")));
    }
}

static void area_missing_or_open(void **state)
{
    (void)state;
    const struct hj212_frame *f = parse_segment_z("ST=32;CN=9015;MN=A&&");
    assert_int_equal(f->status, HJ212_OK);
    assert_true(warned(f, HJ212_W_CP_MISSING));
    assert_str(f->header[HJ212_MN], "A");
    f = parse_segment_z("ST=32;CN=2011;MN=A;CP=&&a-b=1");
    assert_int_equal(f->status, HJ212_OK);
    assert_true(warned(f, HJ212_W_CP_NOT_CLOSED));
    assert_str(f->cp, "a-b=1");
}

static void texts_that_are_no_frames(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "#", "##", "##12", "##0000", "##0001", "##0010ST", "no frame", "##00A1ST=1&&0000"};
    for (size_t i = 0; i < YH_LEN(texts); i++) {
        const struct hj212_frame *f = parse_z(texts[i], strlen(texts[i]), NULL);
        assert_int_equal(f->status, HJ212_MALFORMED);
        assert_int_equal(f->item_count, 0);
    }
    const struct hj212_frame *f = PARSE("##0000FFFF"); /* length and CRC of nothing fit */
    assert_int_equal(f->status, HJ212_MALFORMED);
    assert_int_equal(hj212_diagnose(f, YH_S("##0000FFFF")), HJ212_CAUSE_NO_HEADER);
}

static void times(void **state)
{
    (void)state;
    yh_time t;
    yh_buf_auto out = yh_buf_make(64);
    assert_true(hj212_time_parse(YH_S("20160824100331000"), YH_CST, &t));
    assert_int_equal(t, 1472004211000);
    assert_true(hj212_time_parse(YH_S("20160824100331"), YH_CST, &t));
    assert_int_equal(t, 1472004211000);
    assert_true(hj212_time_parse(YH_S("2016082410450"), YH_CST, &t));
    assert_int_equal(t, 1472006700000);
    hj212_time_format(t + 7, YH_CST, true, &out);
    hj212_time_format(t, 0, false, &out);
    assert_str(yh_buf_view(&out), "2016082410450000720160824024500");
    static const char *const wrong[] = {"", "2016", "20160230000000", "20160824240000", "2016082410033x", "201608241003310001",
                                        "00000000000000", "2016082410456A"};
    for (size_t i = 0; i < YH_LEN(wrong); i++)
        assert_false(hj212_time_parse(yh_str_of(wrong[i]), YH_CST, &t));
}

static void check_measure(const struct hj212_frame *f, unsigned *at, const char *factor, const char *field,
                          const char *text, char flag)
{
    struct hj212_measure m;
    assert_true(hj212_next_measure(f, at, &m));
    assert_str(m.factor, factor);
    assert_str(m.field, field);
    assert_str(m.text, text);
    assert_int_equal(m.flag, flag);
    yh_dec want;
    assert_true(yh_dec_parse(yh_str_of(text), &want));
    assert_int_equal(m.value.m, want.m);
    assert_int_equal(m.value.scale, want.scale);
}

static void measures(void **state)
{
    (void)state;
    const struct hj212_frame *f = parse_segment_z(
        "ST=31;CN=2011;MN=A;CP=&&DataTime=20160824000000;B02-Rtd=0.50;S05-Rtd=8.0,S05-Flag=N;S05-ZsRtd=123.5,S05-Flag=D;"
        "p99101-Rtd=St;a-SampleTime=20160824000000,a-Avg=-1;a-Flag=3;x-Flag=1,x-Rtd=;y-Rtd=7,y-Flag=NN&&");
    unsigned at = 0;
    struct hj212_measure m;
    check_measure(f, &at, "B02", "Rtd", "0.50", '\0');
    check_measure(f, &at, "S05", "Rtd", "8.0", 'N');
    check_measure(f, &at, "S05", "ZsRtd", "123.5", 'D');
    check_measure(f, &at, "a", "Avg", "-1", '3'); /* the flag of another group */
    check_measure(f, &at, "y", "Rtd", "7", '\0');
    assert_false(hj212_next_measure(f, &at, &m));
}

static void peek(void **state)
{
    (void)state;
    struct hj212_brief b;
    hj212_peek(YH_S("QN=20240520210700000;ST=31;CN=2051;PW=1;MN=M;Flag=7;PNUM=2;PNO=1;CP=&&MN=not;&&"), &b);
    assert_str(b.mn, "M");
    assert_str(b.cn, "2051");
    assert_str(b.qn, "20240520210700000");
    assert_str(b.st, "31");
    assert_str(b.pw, "1");
    assert_str(b.pnum, "2");
    assert_str(b.pno, "1");
    assert_true(b.has_flag && b.wants_ack);
    assert_int_equal(b.edition, HJ212_ED_2017);
    hj212_peek(YH_S(""), &b);
    assert_null(b.mn.p);
    assert_false(b.has_flag);
}

static void other_encodings(void **state)
{
    (void)state;
    /* "清洗" in GB 18030 */
    const struct hj212_frame *f = parse_segment_z("ST=32;CN=3020;MN=A;CP=&&i11001-Info=//\xC7\xE5\xCF\xB4//&&");
    yh_buf_auto text = yh_buf_make(65536);
    struct yh_json j = yh_json_to(&text);
    hj212_frame_json(f, f->segment, "frame", &j);
    yh_json_auto *v = NULL;
    assert_int_equal(yh_json_parse(yh_buf_view(&text), &v), YH_OK);
    assert_string_equal(json_string_value(json_object_get(v, "encoding")), "gb18030");
    assert_string_equal(json_string_value(json_object_get(v, "cp")), "i11001-Info=//清洗//");
    f = parse_segment_z("ST=32;CN=3020;MN=A;CP=&&a=\xFF\x01\x80&&");
    yh_buf_clear(&text);
    j = yh_json_to(&text);
    hj212_frame_json(f, f->segment, "frame", &j);
    assert_true(yh_str_is_utf8(yh_buf_view(&text)));
}

static json_t *object_of(const struct hj212_frame *f, yh_str raw)
{
    yh_buf_auto text = yh_buf_make(65536);
    struct yh_json j = yh_json_to(&text);
    json_t *v = NULL;
    hj212_frame_json(f, raw, hj212_frame_event(f), &j);
    assert_int_equal(yh_json_parse(yh_buf_view(&text), &v), YH_OK);
    return v;
}

static void check_without_key(const struct vector *v)
{
    struct hj212_key wrong = {.set = true, .b = {1, 2, 3}};
    const struct hj212_frame *f = parse_z(v->raw.p, v->raw.n, NULL);
    assert_int_equal(f->status, HJ212_ENCRYPTED);
    assert_true(f->encrypted && !f->decrypted);
    assert_int_equal(f->item_count, 0);
    assert_int_equal(f->declared_len, f->plain_len); /* the length can be judged without the key */
    assert_int_equal(hj212_diagnose(f, v->raw), HJ212_CAUSE_NONE);
    yh_json_auto *object = object_of(f, v->raw);
    assert_true(json_is_null(json_object_get(object, "crc_ok")));
    assert_string_equal(json_string_value(json_object_get(object, "status")), "encrypted");
    assert_string_equal(json_string_value(json_object_get(object, "event")), "frame");
    f = parse_z(v->raw.p, v->raw.n, &wrong);
    assert_int_equal(f->status, HJ212_ENCRYPTED);
    assert_int_equal(hj212_diagnose(f, v->raw), HJ212_CAUSE_KEY);
}

/* A flipped bit in the second block leaves the first readable, and the CRC finds it. */
static void check_damaged(const struct vector *v)
{
    char bytes[4096];
    memcpy(bytes, v->raw.p, v->raw.n);
    const char *open = memmem(bytes, v->raw.n, "CP=&&", 5);
    assert_non_null(open);
    bytes[(size_t)(open - bytes) + 5 + 20] ^= 1;
    const struct hj212_frame *f = parse_z(bytes, v->raw.n, &v->key);
    assert_int_equal(f->status, HJ212_CRC_ERROR);
    assert_true(f->decrypted);
}

static void enciphered(void **state)
{
    (void)state;
    struct vectors all = vectors_load();
    unsigned count = 0;
    for (size_t i = 0; i < all.n; i++) {
        if (!all.v[i].key.set)
            continue;
        const struct hj212_frame *f = parse_z(all.v[i].raw.p, all.v[i].raw.n, &all.v[i].key);
        bool hexlist = f->hexlist;
        assert_int_equal(f->status, HJ212_OK);
        check_without_key(&all.v[i]);
        if (!hexlist)
            check_damaged(&all.v[i]);
        count++;
    }
    assert_int_equal(count, 4);
    vectors_free(&all);
}

/* One enciphered frame in 256 has a cipher text that fits the CRC of the plain text. */
static void enciphered_with_a_crc_that_fits_the_cipher_text(void **state)
{
    (void)state;
    struct hj212_key key, wrong;
    const struct hj212_key none = {0};
    unsigned found = 0;
    yh_buf_auto raw = yh_buf_make(8192);
    assert_int_equal(hj212_key_parse(YH_S("30313233343536373839616263646566"), &key), YH_OK);
    assert_int_equal(hj212_key_parse(YH_S("00000000000000000000000000000000"), &wrong), YH_OK);
    for (unsigned i = 0; i < 4096; i++) {
        char cp[80]; /* the header does not matter: the CRC is linear */
        snprintf(cp, sizeof cp, "DataTime=20261125080000;w01018-Rtd=%u.0,w01018-Flag=N", i);
        struct hj212_message m = {.st = YH_S("32"), .cn = YH_S("2011"), .pw = YH_S("123456"), .flag = 9,
                                  .mn = YH_S("DE5001079000010100000000"), .key = &key, .cp = yh_str_of(cp)};
        yh_buf_clear(&raw);
        assert_int_equal(hj212_compose(&m, &raw), YH_OK);
        const struct hj212_frame *f = parse_z(raw.p, raw.n, &key);
        assert_int_equal(f->status, HJ212_OK);
        assert_true(f->encrypted && f->decrypted && f->item_count == 3);
        uint16_t crc = hj212_crc(raw.p + 6, raw.n - 12);
        if (crc != f->crc_given)
            continue;
        found++;
        assert_int_equal(parse_z(raw.p, raw.n, &none)->status, HJ212_ENCRYPTED);
        f = parse_z(raw.p, raw.n, &wrong);
        assert_false(f->decrypted);
    }
    assert_in_range(found, 4, 40);
}

/* A block of cipher text may happen to be printable; the frame is no worse for it. */
static void enciphered_with_a_printable_block(void **state)
{
    (void)state;
    struct hj212_key key;
    const struct hj212_key none = {0};
    static const char *const lucky[] = {"ABCDEFGHIJKLMNOP", "=============== ", "&&&&&&&&&&&&&&&&"};
    assert_int_equal(hj212_key_parse(YH_S("30313233343536373839616263646566"), &key), YH_OK);
    for (size_t i = 0; i < YH_LEN(lucky); i++) {
        yh_buf_auto cp = yh_buf_make(4096);
        yh_buf_auto raw = yh_buf_make(8192);
        yh_buf_puts(&cp, "DataTime=20261125080000;w01018-R");
        assert_int_equal(hj212_sm4_decipher(&key, yh_str_of(lucky[i]), &cp), YH_OK);
        yh_buf_puts(&cp, "w01018-Flag=N;w21003-Rtd=2.0,w21003-Flag=N");
        struct hj212_message m = {.st = YH_S("32"), .cn = YH_S("2011"), .pw = YH_S("123456"), .flag = 9,
                                  .mn = YH_S("DE5001079000010100000000"), .key = &key, .cp = yh_buf_view(&cp)};
        assert_int_equal(hj212_compose(&m, &raw), YH_OK);
        struct hj212_framer framer = {0};
        struct hj212_event event;
        assert_int_equal(hj212_framer_next(&framer, yh_buf_view(&raw), false, &event), HJ212_FRAME);
        assert_int_equal(event.consumed, raw.n);
        assert_int_equal(parse_z(raw.p, raw.n, &none)->status, HJ212_ENCRYPTED);
        const struct hj212_frame *f = parse_z(raw.p, raw.n, &key);
        assert_int_equal(f->status, HJ212_OK);
        assert_str(hj212_field(f, "DataTime"), "20261125080000");
    }
}

static void junk_object(void **state)
{
    (void)state;
    yh_buf_auto text = yh_buf_make(65536);
    struct yh_json j = yh_json_to(&text);
    hj212_junk_json(YH_S("##0100ab\r\n"), &j);
    yh_json_auto *v = NULL;
    assert_int_equal(yh_json_parse(yh_buf_view(&text), &v), YH_OK);
    assert_string_equal(json_string_value(json_object_get(v, "event")), "junk");
    assert_string_equal(json_string_value(json_object_get(v, "hex")), "232330313030" "61620D0A");
    assert_string_equal(json_string_value(json_object_get(v, "cause")), "truncated");
}

static void unknown_header_fields_in_json(void **state)
{
    (void)state;
    yh_json_auto *v = object_of(parse_segment_z("ST=32;Foo=1;Foo=2;Bar=3;CN=2011;CP=&&k=1;k=2&&"), YH_S("\n"));
    json_t *header = json_object_get(v, "header");
    assert_string_equal(json_string_value(json_object_get(header, "Foo")), "2");
    assert_string_equal(json_string_value(json_object_get(header, "Bar")), "3");
    assert_string_equal(json_string_value(json_object_get(json_object_get(v, "fields"), "k")), "2");
    assert_string_equal(json_string_value(json_object_get(v, "tail")), "lf");
    assert_true(json_is_null(json_object_get(v, "flag")));
}

static const char *cause_of(const char *raw)
{
    const struct hj212_frame *f = parse_z(raw, strlen(raw), NULL);
    const char *name = hj212_cause_name(hj212_diagnose(f, yh_str_of(raw)));
    return name ? name : "none";
}

/* Its CRC is 3E80. */
#define SEGMENT "ST=32;CN=2011;PW=123456;MN=A;CP=&&w01018-Rtd=1.0&&"

static void causes(void **state)
{
    (void)state;
    char modbus[5], swapped[5], whole[5];
    uint16_t m = hj212_crc_modbus(SEGMENT, sizeof SEGMENT - 1);
    snprintf(modbus, sizeof modbus, "%04X", m);
    snprintf(swapped, sizeof swapped, "%04X", (m & 0xFFu) << 8 | m >> 8);
    snprintf(whole, sizeof whole, "%04X", hj212_crc("##0050" SEGMENT, 6 + sizeof SEGMENT - 1));
    const struct {
        const char *length, *crc, *cause;
    } rows[] = {
        {"0050", "3E80", "none"},          {"0050", "3e80", "none"},
        {"0049", "3E80", "length-short"},  {"0060", "3E80", "length-long"},
        {"0032", "3E80", "length-hex"},    {"0050", modbus, "crc-modbus"},
        {"0050", swapped, "crc-modbus-low-first"}, {"0050", "803E", "crc-byteswapped"},
        {"0050", whole, "crc-whole-frame"}, {"0050", "1234", "crc-impossible"},
        {"0050", "C0C1", "crc-mismatch"},  {"0053", "C0C1", "bytes-lost"},
        {"0047", "C0C1", "bytes-added"},   {"0050", "**", "crc-placeholder"},
        {"0050", "", "crc-placeholder"},   {"0050", ">\x80", "crc-raw-bytes"},
        {"0050", "0000", "crc-placeholder"},
    };
    for (size_t i = 0; i < YH_LEN(rows); i++) {
        yh_buf_auto raw = yh_buf_make(256);
        yh_buf_printf(&raw, "##%s" SEGMENT "%s\r\n", rows[i].length, rows[i].crc);
        assert_string_equal(cause_of(yh_buf_z(&raw)), rows[i].cause);
    }
    assert_string_equal(cause_of("##0050ST=32;CN=2011\r\n"), "truncated");
    assert_string_equal(cause_of("##0050ST=32;CN=2011"), "overrun-by-next-frame");
    assert_string_equal(cause_of("noise"), "no-start");
    assert_string_equal(cause_of("##00A9ST=32;CP=&&&&0000\r\n"), "length-hex");
    assert_int_equal(hj212_diagnose_junk(YH_S("")), HJ212_CAUSE_NO_START);
}

static void lost_leading_zero(void **state)
{
    (void)state;
    /* Look for a segment whose CRC begins with 0. */
    for (unsigned i = 0; i < 1000; i++) {
        yh_buf_auto raw = yh_buf_make(256);
        yh_buf_printf(&raw, "ST=32;CN=2011;MN=A;CP=&&a-Rtd=%03u&&", i);
        uint16_t crc = hj212_crc(raw.p, raw.n);
        if (crc >= 0x1000 || crc < 0x100)
            continue;
        yh_buf_auto frame = yh_buf_make(256);
        yh_buf_printf(&frame, "##%04zu%s%X\r\n", raw.n, yh_buf_z(&raw), crc);
        assert_string_equal(cause_of(yh_buf_z(&frame)), "crc-three-digits");
        return;
    }
    fail();
}

static void every_cause_has_its_words(void **state)
{
    (void)state;
    const struct hj212_frame *f = PARSE("##0295ST=32;CN=2011;PW=123456;MN=A;CP=&&w01018-Rtd=1.0&&3E80\r\n");
    yh_buf_auto text = yh_buf_make(4096);
    hj212_cause_text(hj212_diagnose(f, f->segment), f, &text);
    assert_non_null(strstr(yh_buf_z(&text), "声明长度 295，实际 50"));
    for (unsigned c = HJ212_CAUSE_NONE + 1; c < HJ212_CAUSE_COUNT; c++) {
        yh_buf_clear(&text);
        assert_non_null(hj212_cause_name((hj212_cause)c));
        hj212_cause_text((hj212_cause)c, NULL, &text);
        assert_true(text.n > 0);
    }
    for (unsigned w = 0; w < hj212_warning_count(); w++)
        assert_true(strlen(hj212_warning_name(w)) > 0);
    assert_string_equal(hj212_warning_name(hj212_warning_count()), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_vector),
        cmocka_unit_test(header_in_any_order),
        cmocka_unit_test(header_oddities),
        cmocka_unit_test(editions_and_flag_bits),
        cmocka_unit_test(items_and_log_texts),
        cmocka_unit_test(too_many_items),
        cmocka_unit_test(area_missing_or_open),
        cmocka_unit_test(texts_that_are_no_frames),
        cmocka_unit_test(times),
        cmocka_unit_test(measures),
        cmocka_unit_test(peek),
        cmocka_unit_test(other_encodings),
        cmocka_unit_test(enciphered),
        cmocka_unit_test(enciphered_with_a_crc_that_fits_the_cipher_text),
        cmocka_unit_test(enciphered_with_a_printable_block),
        cmocka_unit_test(junk_object),
        cmocka_unit_test(unknown_header_fields_in_json),
        cmocka_unit_test(causes),
        cmocka_unit_test(lost_leading_zero),
        cmocka_unit_test(every_cause_has_its_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
