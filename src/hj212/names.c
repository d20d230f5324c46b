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

static const char *const warnings[HJ212_WARNING_COUNT] = {
    [HJ212_W_LENGTH_SIX_DIGITS] = "length_six_digits",
    [HJ212_W_SEGMENT_OVER_1024] = "segment_over_1024",
    [HJ212_W_HEADER_SEPARATOR] = "header_separator",
    [HJ212_W_HEADER_ITEM_WITHOUT_VALUE] = "header_item_without_value",
    [HJ212_W_HEADER_KEY_CASE] = "header_key_case",
    [HJ212_W_HEADER_DUPLICATE_KEY] = "header_duplicate_key",
    [HJ212_W_HEADER_TOO_MANY] = "header_too_many_fields",
    [HJ212_W_HEADER_MISSING_CN] = "header_missing:CN",
    [HJ212_W_HEADER_MISSING_ST] = "header_missing:ST",
    [HJ212_W_FLAG_UNREADABLE] = "flag_unreadable",
    [HJ212_W_CP_MISSING] = "cp_missing",
    [HJ212_W_CP_NOT_CLOSED] = "cp_not_closed",
    [HJ212_W_CP_DUPLICATE_KEY] = "cp_duplicate_key",
    [HJ212_W_CP_ITEM_WITHOUT_VALUE] = "cp_item_without_value",
    [HJ212_W_CP_LOG_NOT_CLOSED] = "cp_log_not_closed",
    [HJ212_W_CP_SPACE] = "cp_space",
    [HJ212_W_CP_TOO_MANY_ITEMS] = "cp_too_many_items",
    [HJ212_W_FLAG_SPLIT_MISMATCH] = "flag_split_mismatch",
    [HJ212_W_CRC_LOWER_CASE] = "crc_lower_case",
    [HJ212_W_CRC_IS_MODBUS] = "crc_is_modbus",
    [HJ212_W_CRC_IS_MODBUS_SWAPPED] = "crc_is_modbus_swapped",
};

unsigned hj212_warning_count(void)
{
    return HJ212_WARNING_COUNT;
}

const char *hj212_warning_name(unsigned bit)
{
    return bit < HJ212_WARNING_COUNT ? warnings[bit] : "";
}
