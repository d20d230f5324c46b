/* Frame inspector: what a pasted text holds, and a frame made from its fields. Nothing is stored. */
#include "monitor/http.h"
#include "monitor/station_scope.h"

#include "hj212/compose.h"
#include "hj212/framer.h"
#include "hj212/sm4.h"
#include "hj212/text.h"
#include "monitor/frame_json.h"

#define INPUT_MAX    ((size_t)64 * 1024) /* bytes that are looked at */
#define EVENTS_MAX   200u
#define ITEMS_MAX    HJ212_ITEMS_MAX
#define SM4_BLOCK    16u /* what is left of the area behind the last whole block stays as it is */
#define COMPOSED_MAX (2 * HJ212_SEGMENT_MAX)

/* ---- which bytes the text stands for ---- */

typedef enum reading { READ_RAW, READ_ESCAPED, READ_HEX, READINGS } reading;

static const char *const reading_words[READINGS] = {[READ_RAW] = "raw", [READ_ESCAPED] = "escaped", [READ_HEX] = "hex"};

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Pairs of hex digits, as a serial monitor shows them: "23 23 30 31 ...". */
static bool read_hex(yh_str text, yh_buf *out)
{
    yh_buf_auto digits = yh_buf_make(INPUT_MAX * 4);
    for (size_t i = 0; i < text.n; i++)
        if (!is_space(text.p[i]))
            yh_buf_putc(&digits, text.p[i]);
    size_t n = digits.n / 2;
    char *to = n && digits.n % 2 == 0 ? yh_buf_reserve(out, n) : NULL;
    if (!to || digits.failed || !yh_hex_decode(yh_buf_view(&digits), to, n))
        return false;
    out->n += n;
    return true;
}

static unsigned good_frames(yh_str bytes)
{
    struct hj212_framer framer = {0};
    struct hj212_event e;
    unsigned good = 0;
    while (hj212_framer_next(&framer, bytes, true, &e) != HJ212_NEED_MORE) {
        good += e.kind == HJ212_FRAME;
        bytes = yh_str_sub(bytes, e.consumed, bytes.n);
    }
    return good;
}

/* Hex when it is nothing else; escaped when that reads, unless the backslashes belong to the frames. */
static reading read_text(yh_str text, yh_buf *out)
{
    if (read_hex(text, out))
        return READ_HEX;
    yh_buf_clear(out);
    bool escaped = yh_str_find(text, '\\', 0) < text.n && hj212_unescape(text, out);
    if (escaped && good_frames(yh_buf_view(out)) >= good_frames(text))
        return READ_ESCAPED;
    yh_buf_clear(out);
    yh_buf_str(out, text);
    return READ_RAW;
}

/* ---- what they hold ---- */

struct inspection {
    struct http_request *rq;
    struct yh_json *j;
    struct hj212_frame *frame;
    struct hj212_key given;
    yh_buf plain;
    size_t shown, omitted;
};

/* The key that was given, or else the one in the profile of the sender the frame names. */
static struct hj212_key key_for(struct inspection *x, yh_str segment, const char **ret_from)
{
    struct hj212_brief brief;
    hj212_peek(segment, &brief);
    struct live *live = monitor_http_of(x->rq)->live;
    struct hj212_key key = x->given;
    bool reached = false; /* a station's key opens its frames only to those who see the station */
    if (!key.set && station_reached(x->rq, live, brief.mn, &reached) == YH_OK && reached)
        key = live_profile(live, brief.mn).key;
    *ret_from = !key.set ? NULL : x->given.set ? "given" : "station";
    return key;
}

static void put_frame(struct inspection *x, const struct hj212_event *e)
{
    const char *key_from;
    struct hj212_key key = key_for(x, e->segment, &key_from);
    struct hj212_frame *f = x->frame;
    hj212_parse(e->raw, &key, &x->plain, f);
    yh_buf_depends(x->j->out, &x->plain);
    const char *event = hj212_frame_event(f);
    yh_str mn = f->header[HJ212_MN];
    yh_json_kz(x->j, "kind", event);
    yh_json_key(x->j, "mn");
    if (mn.p)
        yh_json_str(x->j, mn);
    else
        yh_json_null(x->j);
    yh_json_kz(x->j, "key_from", f->encrypted ? key_from : NULL);
    frame_json_put(x->j, f, e->raw, event);
}

static void put_junk(struct inspection *x, const struct hj212_event *e)
{
    yh_json_kz(x->j, "kind", "junk");
    yh_json_kz(x->j, "mn", NULL);
    yh_json_kz(x->j, "key_from", NULL);
    frame_json_put_junk(x->j, e->raw);
}

static yh_err put_event(struct inspection *x, const struct hj212_event *e)
{
    yh_buf_auto escaped = yh_buf_make(4 * INPUT_MAX);
    hj212_escape(e->raw, &escaped);
    YH_TRY(yh_buf_check(&escaped));
    yh_json_obj(x->j);
    yh_json_kstr(x->j, "raw", yh_buf_view(&escaped));
    yh_json_ku64(x->j, "size", e->raw.n);
    if (e->kind == HJ212_JUNK)
        put_junk(x, e);
    else
        put_frame(x, e);
    yh_json_obj_end(x->j);
    return YH_OK;
}

static bool is_blank(yh_str s)
{
    return yh_str_trim(s).n == 0;
}

static yh_err put_events(struct inspection *x, yh_str bytes)
{
    struct hj212_framer framer = {0};
    struct hj212_event e;
    while (hj212_framer_next(&framer, bytes, true, &e) != HJ212_NEED_MORE) {
        bytes = yh_str_sub(bytes, e.consumed, bytes.n);
        if (e.kind == HJ212_JUNK && is_blank(e.raw))
            continue;
        if (x->shown == EVENTS_MAX) {
            x->omitted++;
            continue;
        }
        x->shown++;
        YH_TRY(put_event(x, &e));
    }
    return YH_OK;
}

static yh_err put_inspection(struct inspection *x, reading how, yh_str bytes)
{
    yh_json_obj(x->j);
    yh_json_kz(x->j, "read_as", reading_words[how]);
    yh_json_ku64(x->j, "size", bytes.n);
    yh_json_key(x->j, "events");
    yh_json_arr(x->j);
    YH_TRY(put_events(x, bytes));
    yh_json_arr_end(x->j);
    yh_json_ku64(x->j, "omitted", x->omitted);
    yh_json_obj_end(x->j);
    return YH_OK;
}

/* Empty: none. The row has checked the digits. */
static yh_err read_key(struct http_request *rq, struct hj212_key *ret)
{
    yh_str hex = http_body_str(rq, "key");
    return hex.n ? hj212_key_parse(hex, ret) : YH_OK;
}

static yh_err decode_frames(struct http_request *rq)
{
    yh_buf_auto bytes = yh_buf_make(4 * INPUT_MAX);
    struct inspection x = {.rq = rq, .frame = YH_NEW(rq->arena, struct hj212_frame)};
    if (!x.frame)
        return yh_fail(YH_E_NO_MEMORY, "no memory to decode a frame");
    http_keep_nothing(rq);
    YH_TRY(read_key(rq, &x.given));
    reading how = read_text(http_body_str(rq, "text"), &bytes);
    if (bytes.failed || bytes.n > INPUT_MAX) {
        http_problem_field(rq, "text", "一次最多检查 64 KB 报文");
        return http_problem(rq, 422, "invalid", "报文过长,一次最多检查 64 KB,请分次检查。");
    }
    x.j = http_json(rq);
    x.plain = yh_buf_make(2 * INPUT_MAX);
    yh_err e = put_inspection(&x, how, yh_buf_view(&bytes));
    yh_buf_done(&x.plain);
    return e;
}

/* ---- composing ---- */

static yh_str factor_of(yh_str key)
{
    return yh_str_sub(key, 0, yh_str_find(key, '-', 0));
}

/* Fields of one factor share a group: "w01018-Rtd=1,w01018-Flag=N". */
static void put_cp(json_t *items, yh_buf *cp)
{
    size_t i;
    json_t *item;
    yh_str before = {NULL, 0};
    json_array_foreach(items, i, item) {
        yh_str key = yh_str_of(json_string_value(json_object_get(item, "key")));
        yh_str value = yh_str_of(json_string_value(json_object_get(item, "value")));
        bool same = before.n && factor_of(key).n < key.n && yh_str_eq(factor_of(key), before);
        if (i)
            yh_buf_putc(cp, same ? ',' : ';');
        yh_buf_str(cp, key);
        yh_buf_putc(cp, '=');
        yh_buf_str(cp, value);
        before = factor_of(key);
    }
}

static int body_int(const struct http_request *rq, const char *name, int otherwise)
{
    const json_t *v = json_object_get(rq->body, name);
    return json_is_integer(v) ? (int)json_integer_value(v) : otherwise;
}

/* Version bits of the edition; bit 0 asks for an answer, bit 1 announces packet numbers. 2005 knows no version. */
static int flag_of(const struct http_request *rq, yh_str edition, int pnum)
{
    bool ack = json_is_true(json_object_get(rq->body, "ack"));
    int bits = (ack ? 1 : 0) | (pnum > 0 ? 2 : 0);
    int usual = yh_str_is(edition, "2025") ? 8 | bits : yh_str_is(edition, "2017") ? 4 | bits : bits ? bits : -1;
    return body_int(rq, "flag", usual);
}

static yh_err refused(struct http_request *rq, yh_err e)
{
    if (e == YH_E_TOO_LARGE)
        return http_problem(rq, 422, "too_large", "数据段超过 4096 字节,请减少字段或分包。");
    if (e == YH_E_INVALID)
        return http_problem(rq, 422, "invalid", "字段里不能含有报文自身的分隔符(; , = ## &&)和换行,请改正后重试。");
    return e;
}

static void put_composed(struct yh_json *j, yh_str raw, bool enciphered)
{
    yh_buf_auto escaped = yh_buf_make(4 * COMPOSED_MAX);
    hj212_escape(raw, &escaped);
    yh_json_obj(j);
    yh_json_key(j, "text");
    if (enciphered)
        yh_json_null(j);
    else
        yh_json_str(j, yh_str_trim(raw));
    yh_json_kstr(j, "raw", yh_buf_view(&escaped));
    yh_json_key(j, "hex");
    yh_json_hex(j, raw.p, raw.n);
    yh_json_kstr(j, "crc", yh_str_sub(raw, raw.n - 6, 4)); /* before CR LF */
    yh_json_ku64(j, "length", raw.n - 12);                 /* without ##, length, CRC, CR LF */
    yh_json_obj_end(j);
}

static yh_err compose_frame(struct http_request *rq)
{
    yh_buf_auto cp = yh_buf_make(HJ212_SEGMENT_MAX), out = yh_buf_make(COMPOSED_MAX);
    struct hj212_key key = {0};
    yh_str edition = http_body_str(rq, "edition");
    http_keep_nothing(rq);
    YH_TRY(read_key(rq, &key));
    if (key.set && !yh_str_is(edition, "2025")) {
        http_problem_field(rq, "key", "加密只见于 HJ 212-2025,请改选版本或清空密钥");
        return http_problem(rq, 422, "invalid", "所选版本没有加密,请改选 HJ 212-2025 或清空密钥。");
    }
    put_cp(json_object_get(rq->body, "items"), &cp);
    if (yh_buf_check(&cp) != YH_OK)
        return refused(rq, YH_E_TOO_LARGE);
    int pnum = body_int(rq, "pnum", 0);
    struct hj212_message m = {
        .qn = http_body_str(rq, "qn"), .st = http_body_str(rq, "st"), .cn = http_body_str(rq, "cn"),
        .pw = http_body_str(rq, "pw"), .mn = http_body_str(rq, "mn"), .flag = flag_of(rq, edition, pnum),
        .pnum = pnum, .pno = body_int(rq, "pno", 0), .rf = json_is_true(json_object_get(rq->body, "rf")),
        .cp = yh_buf_view(&cp), .key = &key,
    };
    yh_err e = hj212_compose(&m, &out);
    if (e != YH_OK)
        return refused(rq, e);
    put_composed(http_json(rq), yh_buf_view(&out), key.set && cp.n >= SM4_BLOCK);
    return YH_OK;
}

/* ---- rows ---- */

static const char *const readings[] = {"raw", "escaped", "hex", NULL};
static const char *const kinds[] = {"frame", "bad", "junk", NULL};
static const char *const key_sources[] = {"given", "station", NULL};
static const char *const editions[] = {"2005", "2017", "2025", NULL};

#define KEY_PATTERN "^([0-9A-Fa-f]{32})?$"

static const struct http_field decode_fields[] = {
    {.name = "text", .type = HTTP_T_STRING, .required = true, .min = 1, .max = 4 * 64 * 1024,
     .title = "报文:原文、转义文本或十六进制,可以有多帧"},
    {.name = "key", .type = HTTP_T_STRING, .max = 32, .pattern = KEY_PATTERN, .title = "SM4 密钥(32 位十六进制)"},
    {.name = NULL},
};
static const struct http_schema decode_schema = {.name = "FrameText", .fields = decode_fields};

static const struct http_field event_fields[] = {
    {.name = "kind", .type = HTTP_T_STRING, .required = true, .values = kinds, .title = "类别"},
    {.name = "raw", .type = HTTP_T_STRING, .required = true, .title = "原文(转义)"},
    {.name = "size", .type = HTTP_T_INT, .required = true, .title = "字节数"},
    {.name = "mn", .type = HTTP_T_STRING, .required = true, .nullable = true, .title = "设备编码"},
    {.name = "key_from", .type = HTTP_T_STRING, .required = true, .nullable = true, .values = key_sources,
     .title = "所用密钥的来处"},
    {.name = "decoded", .type = HTTP_T_ANY, .required = true, .nullable = true, .title = "解析结果"},
    {.name = "explained", .type = HTTP_T_OBJECT, .required = true, .nullable = true, .of = &frame_explained_schema},
    {.name = "cause", .type = HTTP_T_STRING, .required = true, .nullable = true, .title = "故障"},
    {.name = "cause_text", .type = HTTP_T_STRING, .required = true, .nullable = true, .title = "可能原因"},
    {.name = NULL},
};
static const struct http_schema event_schema = {.name = "InspectedFrame", .fields = event_fields};

static const struct http_field inspection_fields[] = {
    {.name = "read_as", .type = HTTP_T_STRING, .required = true, .values = readings, .title = "文本按何种写法读取"},
    {.name = "size", .type = HTTP_T_INT, .required = true, .title = "字节数"},
    {.name = "events", .type = HTTP_T_ARRAY, .required = true, .of = &event_schema, .title = "逐帧结果"},
    {.name = "omitted", .type = HTTP_T_INT, .required = true, .title = "未列出的段数"},
    {.name = NULL},
};
static const struct http_schema inspection_schema = {.name = "Inspection", .fields = inspection_fields};

static const struct http_field compose_item_fields[] = {
    {.name = "key", .type = HTTP_T_STRING, .required = true, .min = 1, .max = 64, .pattern = "^[^;,=&#]+$", .title = "字段"},
    {.name = "value", .type = HTTP_T_STRING, .required = true, .max = 1000, .pattern = "^[^;,&#\r\n]*$", .title = "值"},
    {.name = NULL},
};
static const struct http_schema compose_item_schema = {.name = "ComposeItem", .fields = compose_item_fields};

#define HEADER_FIELD(key, most, words)                                                                       \
    {.name = key, .type = HTTP_T_STRING, .max = most, .pattern = "^[^;,=&#]*$", .title = words}

static const struct http_field compose_fields[] = {
    {.name = "edition", .type = HTTP_T_STRING, .required = true, .values = editions, .title = "协议版本"},
    HEADER_FIELD("qn", 20, "请求编号"),
    HEADER_FIELD("st", 5, "系统编码"),
    {.name = "cn", .type = HTTP_T_STRING, .required = true, .min = 1, .max = 7, .pattern = "^[^;,=&#]+$", .title = "命令编码"},
    HEADER_FIELD("pw", 32, "访问密码"),
    HEADER_FIELD("mn", 64, "设备编码"),
    {.name = "ack", .type = HTTP_T_BOOL, .title = "要求应答"},
    {.name = "flag", .type = HTTP_T_INT, .nullable = true, .min = 0, .max = 255, .title = "Flag(不填则按版本)"},
    {.name = "pnum", .type = HTTP_T_INT, .nullable = true, .min = 1, .max = 9999, .title = "总包数"},
    {.name = "pno", .type = HTTP_T_INT, .nullable = true, .min = 1, .max = 9999, .title = "包号"},
    {.name = "rf", .type = HTTP_T_BOOL, .title = "补传(2025)"},
    {.name = "items", .type = HTTP_T_ARRAY, .required = true, .max = ITEMS_MAX, .of = &compose_item_schema,
     .title = "数据区字段"},
    {.name = "key", .type = HTTP_T_STRING, .max = 32, .pattern = KEY_PATTERN, .title = "SM4 密钥(32 位十六进制)"},
    {.name = NULL},
};
static const struct http_schema compose_schema = {.name = "FrameFields", .fields = compose_fields};

static const struct http_field composed_fields[] = {
    {.name = "text", .type = HTTP_T_STRING, .required = true, .nullable = true, .title = "报文(加密后没有可读文本)"},
    {.name = "raw", .type = HTTP_T_STRING, .required = true, .title = "报文(转义)"},
    {.name = "hex", .type = HTTP_T_STRING, .required = true, .title = "报文(十六进制)"},
    {.name = "crc", .type = HTTP_T_STRING, .required = true, .title = "校验码"},
    {.name = "length", .type = HTTP_T_INT, .required = true, .title = "数据段长度"},
    {.name = NULL},
};
static const struct http_schema composed_schema = {.name = "ComposedFrame", .fields = composed_fields};

const struct http_route inspect_routes[] = {
    {.method = HTTP_POST, .path = "/api/v1/frames/decode", .permission = "station:read", .body = &decode_schema,
     .reply = &inspection_schema, .max_body = 1024 * 1024, .handler = decode_frames,
     .summary = "检查粘贴的报文", .tag = "报文"},
    {.method = HTTP_POST, .path = "/api/v1/frames/compose", .permission = "station:read", .body = &compose_schema,
     .reply = &composed_schema, .handler = compose_frame, .summary = "由字段组装报文", .tag = "报文"},
    {.path = NULL},
};
