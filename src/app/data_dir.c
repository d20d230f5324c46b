#include "app/data_dir.h"

#include <unistd.h>

#include "base/file.h"

static bool join(char *to, const char *dir, const char *name)
{
    return snprintf(to, DATA_PATH_MAX, "%s/%s", dir, name) < DATA_PATH_MAX;
}

yh_err data_dir_paths(const char *dir, struct data_paths *ret)
{
    if (!join(ret->log, dir, "log") || !join(ret->business, dir, "yuheng.db") || !join(ret->series, dir, "series.db") ||
        !join(ret->demo, dir, "demo"))
        return yh_fail(YH_E_TOO_LARGE, "the path of the data directory is too long");
    return YH_OK;
}

yh_err data_dir_prepare(const char *dir, struct data_paths *ret)
{
    YH_TRY(data_dir_paths(dir, ret));
    return yh_dir_make(dir);
}

yh_err data_dir_existing(const char *dir, struct data_paths *ret)
{
    YH_TRY(data_dir_paths(dir, ret));
    if (access(ret->log, R_OK) != 0)
        return yh_fail(YH_E_NOT_FOUND, "%s holds no evidence log", dir);
    return YH_OK;
}

bool data_dir_is_demo(const struct data_paths *p)
{
    return access(p->demo, F_OK) == 0;
}
