#include "app/business.h"

#include "app/config.h"

struct cli_option business_option(const char **target)
{
    return (struct cli_option){"--db", CLI_TEXT, target, "URL",
                               "业务数据库 postgresql://用户@主机:端口/库名,缺省用设置中的 db,再缺省用数据目录中的文件", false};
}

yh_err business_place(const char *dir, const char *db, char ret_place[DATA_PATH_MAX])
{
    struct config c;
    const struct config_line line = {.data = dir, .db = db};
    YH_TRY(config_load(&line, &c));
    const char *place = c.db[0] ? c.db : dir;
    if (snprintf(ret_place, DATA_PATH_MAX, "%s", place) >= DATA_PATH_MAX)
        return yh_fail(YH_E_TOO_LARGE, "the path of the data directory is too long");
    return YH_OK;
}

/* Replaces [from, to) by three stars. */
static void hide(char *text, size_t size, size_t from, size_t to)
{
    char rest[CONFIG_TEXT_MAX];
    snprintf(rest, sizeof rest, "%s", text + to);
    snprintf(text + from, size - from, "***%s", rest);
}

void business_shown(const char *place, char *ret, size_t size)
{
    snprintf(ret, size, "%s", place);
    char *from = strstr(ret, "://");
    if (!from)
        return;
    char *parameter = strstr(ret, "password=");
    if (parameter) {
        size_t at = (size_t)(parameter - ret) + strlen("password=");
        hide(ret, size, at, at + strcspn(ret + at, "&"));
    }
    size_t user = (size_t)(from - ret) + 3, end = user + strcspn(ret + user, "/?");
    char *at_sign = memrchr(ret + user, '@', end - user);
    char *colon = memchr(ret + user, ':', end - user);
    if (at_sign && colon && colon < at_sign)
        hide(ret, size, (size_t)(colon - ret) + 1, (size_t)(at_sign - ret));
}
