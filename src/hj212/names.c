#include "hj212/frame.h"

const char *hj212_edition_name(hj212_edition e)
{
    static const char *const names[] = {
        [HJ212_ED_UNKNOWN] = "reserved", [HJ212_ED_2005] = "2005", [HJ212_ED_2017] = "2017", [HJ212_ED_2025] = "2025"};
    return names[e];
}

const char *hj212_status_name(hj212_status s)
{
    static const char *const names[] = {
        [HJ212_OK] = "ok", [HJ212_LENGTH_ERROR] = "length_error", [HJ212_CRC_ERROR] = "crc_error",
        [HJ212_ENCRYPTED] = "encrypted", [HJ212_MALFORMED] = "malformed"};
    return names[s];
}

static const struct {
    const char *name, *text;
} warnings[HJ212_WARNING_COUNT] = {
    [HJ212_W_LENGTH_SIX_DIGITS] = {"length_six_digits", "长度写成六位"},
    [HJ212_W_SEGMENT_OVER_1024] = {"segment_over_1024", "数据段超过 1024 字节"},
    [HJ212_W_HEADER_SEPARATOR] = {"header_separator", "报头分隔符不规范"},
    [HJ212_W_HEADER_ITEM_WITHOUT_VALUE] = {"header_item_without_value", "报头有字段没有值"},
    [HJ212_W_HEADER_KEY_CASE] = {"header_key_case", "报头字段大小写不规范"},
    [HJ212_W_HEADER_DUPLICATE_KEY] = {"header_duplicate_key", "报头字段重复"},
    [HJ212_W_HEADER_TOO_MANY] = {"header_too_many_fields", "报头字段过多"},
    [HJ212_W_HEADER_MISSING_CN] = {"header_missing:CN", "报头缺少 CN(命令编码)"},
    [HJ212_W_HEADER_MISSING_ST] = {"header_missing:ST", "报头缺少 ST(系统编码)"},
    [HJ212_W_FLAG_UNREADABLE] = {"flag_unreadable", "Flag 不是数字"},
    [HJ212_W_CP_MISSING] = {"cp_missing", "没有 CP 数据区"},
    [HJ212_W_CP_NOT_CLOSED] = {"cp_not_closed", "CP 数据区没有以 && 结束"},
    [HJ212_W_CP_DUPLICATE_KEY] = {"cp_duplicate_key", "数据区字段重复,以最后一个为准"},
    [HJ212_W_CP_ITEM_WITHOUT_VALUE] = {"cp_item_without_value", "数据区有字段没有值"},
    [HJ212_W_CP_LOG_NOT_CLOSED] = {"cp_log_not_closed", "日志文本没有以 // 结束"},
    [HJ212_W_CP_SPACE] = {"cp_space", "数据区含多余空格"},
    [HJ212_W_CP_TOO_MANY_ITEMS] = {"cp_too_many_items", "数据区字段超过 512 个,超出部分未解析"},
    [HJ212_W_FLAG_SPLIT_MISMATCH] = {"flag_split_mismatch", "拆分包标志与包号不一致"},
    [HJ212_W_CRC_LOWER_CASE] = {"crc_lower_case", "校验码为小写"},
    [HJ212_W_CRC_IS_MODBUS] = {"crc_is_modbus", "校验码按 MODBUS 规则计算"},
    [HJ212_W_CRC_IS_MODBUS_SWAPPED] = {"crc_is_modbus_swapped", "校验码按 MODBUS 规则计算且高低字节颠倒"},
};

unsigned hj212_warning_count(void)
{
    return HJ212_WARNING_COUNT;
}

const char *hj212_warning_name(unsigned bit)
{
    return bit < HJ212_WARNING_COUNT ? warnings[bit].name : "";
}

const char *hj212_warning_text(unsigned bit)
{
    return bit < HJ212_WARNING_COUNT ? warnings[bit].text : "";
}
