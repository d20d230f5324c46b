#include "hj212/diagnose.h"

#include "hj212/framer.h"
#include "hj212/text.h"
#include "hj212/wire.h"

static const struct {
    const char *name, *text;
} causes[HJ212_CAUSE_COUNT] = {
    [HJ212_CAUSE_NONE] = {NULL, ""},
    [HJ212_CAUSE_LENGTH_SHORT] = {"length-short", "长度字段偏小"},
    [HJ212_CAUSE_LENGTH_LONG] = {"length-long", "长度字段偏大"},
    [HJ212_CAUSE_LENGTH_HEX] = {"length-hex", "长度字段写成了十六进制"},
    [HJ212_CAUSE_CRC_MODBUS] = {"crc-modbus", "这是 MODBUS 的 CRC，不是 HJ 212 附录 A 的算法"},
    [HJ212_CAUSE_CRC_MODBUS_LOW_FIRST] = {"crc-modbus-low-first", "这是 MODBUS 的 CRC，且低字节在前"},
    [HJ212_CAUSE_CRC_BYTESWAPPED] = {"crc-byteswapped", "CRC 算法正确，但高低字节颠倒"},
    [HJ212_CAUSE_CRC_WHOLE_FRAME] = {"crc-whole-frame", "CRC 把包头“##”和长度也算了进去，应只算数据段"},
    [HJ212_CAUSE_CRC_THREE_DIGITS] = {"crc-three-digits", "CRC 不足四位，前导零丢失"},
    [HJ212_CAUSE_CRC_RAW_BYTES] = {"crc-raw-bytes", "CRC 是两个原始字节，应为四位十六进制字符"},
    [HJ212_CAUSE_CRC_PLACEHOLDER] = {"crc-placeholder", "CRC 位置上没有真正的校验值"},
    [HJ212_CAUSE_BYTES_LOST] = {"bytes-lost", "传输中丢失了字节"},
    [HJ212_CAUSE_BYTES_ADDED] = {"bytes-added", "数据段被改动或混入了多余字节"},
    [HJ212_CAUSE_CRC_IMPOSSIBLE] = {"crc-impossible", "HJ 212 的 CRC 只有 256 种取值，此值不在其中，发送端算法有误"},
    [HJ212_CAUSE_CRC_MISMATCH] = {"crc-mismatch", "CRC 与内容不符，内容可能在传输中损坏"},
    [HJ212_CAUSE_TRUNCATED] = {"truncated", "报文中途中断，没有结尾的“&&”和 CRC"},
    [HJ212_CAUSE_OVERRUN] = {"overrun-by-next-frame", "报文未结束，下一条报文已经开始"},
    [HJ212_CAUSE_NO_START] = {"no-start", "没有包头“##”和四位长度"},
    [HJ212_CAUSE_KEY] = {"key-wrong", "SM4 密钥不能解开数据区"},
    [HJ212_CAUSE_NO_HEADER] = {"no-header", "校验正确，但没有可读的字段"},
};

const char *hj212_cause_name(hj212_cause c)
{
    return c < HJ212_CAUSE_COUNT ? causes[c].name : NULL;
}

static uint16_t swapped(uint16_t v)
{
    return (uint16_t)(v << 8 | v >> 8);
}

/* The segment's length as the sender would have written it in hexadecimal with decimal digits only. */
static bool length_is_hex(const struct hj212_frame *f, yh_str raw)
{
    uint16_t v;
    return raw.n >= HJ212_HEAD && hj212_wire_hex4(raw.p + 2, &v) && v == f->plain_len;
}

static hj212_cause diagnose_length(const struct hj212_frame *f, yh_str raw)
{
    if (length_is_hex(f, raw))
        return HJ212_CAUSE_LENGTH_HEX;
    return f->declared_len < f->plain_len ? HJ212_CAUSE_LENGTH_SHORT : HJ212_CAUSE_LENGTH_LONG;
}

/* The four characters were no hex number. */
static hj212_cause diagnose_crc_text(const struct hj212_frame *f)
{
    yh_str t = f->crc_text;
    char padded[4] = {'0', '0', '0', '0'};
    uint16_t v;
    if (t.n > 0 && t.n < 4)
        memcpy(padded + 4 - t.n, t.p, t.n);
    if (t.n > 0 && t.n < 4 && hj212_wire_hex4(padded, &v) && v == f->crc_calc)
        return HJ212_CAUSE_CRC_THREE_DIGITS;
    if (t.n == 2) {
        uint16_t high_first = (uint16_t)((unsigned char)t.p[0] << 8 | (unsigned char)t.p[1]);
        if (high_first == f->crc_calc || swapped(high_first) == f->crc_calc)
            return HJ212_CAUSE_CRC_RAW_BYTES;
    }
    return HJ212_CAUSE_CRC_PLACEHOLDER;
}

static hj212_cause diagnose_crc(const struct hj212_frame *f, yh_str raw)
{
    uint16_t given = f->crc_given, modbus = hj212_crc_modbus(f->segment.p, f->segment.n);
    if (given == modbus)
        return HJ212_CAUSE_CRC_MODBUS;
    if (swapped(given) == modbus)
        return HJ212_CAUSE_CRC_MODBUS_LOW_FIRST;
    if (swapped(given) == f->crc_calc)
        return HJ212_CAUSE_CRC_BYTESWAPPED;
    size_t before = (size_t)(f->segment.p - raw.p);
    if (f->segment.p >= raw.p && before <= HJ212_HEAD + 2 && given == hj212_crc(raw.p, before + f->segment.n))
        return HJ212_CAUSE_CRC_WHOLE_FRAME;
    if (!hj212_crc_possible(given))
        return HJ212_CAUSE_CRC_IMPOSSIBLE;
    if (f->actual_len < f->declared_len)
        return HJ212_CAUSE_BYTES_LOST;
    if (f->actual_len > f->declared_len)
        return HJ212_CAUSE_BYTES_ADDED;
    return given == 0 ? HJ212_CAUSE_CRC_PLACEHOLDER : HJ212_CAUSE_CRC_MISMATCH;
}

hj212_cause hj212_diagnose(const struct hj212_frame *f, yh_str raw)
{
    switch (f->status) {
    case HJ212_OK:
        return HJ212_CAUSE_NONE;
    case HJ212_LENGTH_ERROR:
        return diagnose_length(f, raw);
    case HJ212_CRC_ERROR:
        return f->crc_readable ? diagnose_crc(f, raw) : diagnose_crc_text(f);
    case HJ212_ENCRYPTED:
        return f->key_rejected ? HJ212_CAUSE_KEY : HJ212_CAUSE_NONE;
    case HJ212_MALFORMED:
        break;
    }
    return f->crc_readable ? HJ212_CAUSE_NO_HEADER : hj212_diagnose_junk(raw);
}

hj212_cause hj212_diagnose_junk(yh_str junk)
{
    uint16_t length;
    if (hj212_wire_start(junk) < HJ212_HEAD) {
        bool hex = junk.n >= HJ212_HEAD && yh_str_starts(junk, YH_S("##")) && hj212_wire_hex4(junk.p + 2, &length);
        return hex ? HJ212_CAUSE_LENGTH_HEX : HJ212_CAUSE_NO_START;
    }
    char last = junk.p[junk.n - 1];
    return last == '\r' || last == '\n' ? HJ212_CAUSE_TRUNCATED : HJ212_CAUSE_OVERRUN;
}

void hj212_cause_text(hj212_cause c, const struct hj212_frame *f, yh_buf *out)
{
    if (c >= HJ212_CAUSE_COUNT)
        return;
    yh_buf_puts(out, causes[c].text);
    if (!f || c == HJ212_CAUSE_NONE || f->status == HJ212_MALFORMED)
        return;
    if (f->declared_len != f->plain_len)
        yh_buf_printf(out, "；声明长度 %zu，实际 %zu", f->declared_len, f->plain_len);
    if (f->status == HJ212_CRC_ERROR) {
        yh_buf_puts(out, "；报文中 CRC 为“");
        hj212_escape(f->crc_text, out);
        yh_buf_printf(out, "”，应为 %04X", f->crc_calc);
    }
}
