#include "sheet/sheet_internal.h"

const struct sheet_limits sheet_limits_default = {.file_bytes = (size_t)32 << 20,
                                                  .entries = 1000,
                                                  .inflated_bytes = (size_t)512 << 20,
                                                  .ratio = 200,
                                                  .string_bytes = (size_t)64 << 20,
                                                  .rows = 100000,
                                                  .columns = 200,
                                                  .cell_bytes = (size_t)128 << 10,
                                                  .merges = 20000};

yh_err sheet_read(yh_str file, const struct sheet_limits *limits, sheet_row_fn each, void *user)
{
    if (file.n == 0)
        return yh_fail(YH_E_INVALID, "文件是空的,请选择含有数据的文件");
    if (file.n > limits->file_bytes)
        return yh_fail(YH_E_TOO_LARGE, "文件过大(超过 %zu MB),请分批上传", limits->file_bytes >> 20);
    if (yh_str_starts(file, YH_S("\xD0\xCF\x11\xE0")))
        return yh_fail(YH_E_UNSUPPORTED, "不支持旧版 .xls 或加密的文件,请用 Excel 或 WPS 另存为 .xlsx 后重试");
    if (yh_str_starts(file, YH_S("PK")))
        return sheet_read_xlsx(file, limits, each, user);
    return sheet_read_csv(file, limits, each, user);
}
