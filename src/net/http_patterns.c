#include <regex.h>

#include "base/map.h"
#include "net/http_check.h"

struct http_patterns {
    yh_map compiled; /* pattern -> regex_t */
    yh_map seen;     /* address of a field table -> itself; ends the walk of recursive schemas */
};

static yh_err compile(const char *pattern, regex_t *ret)
{
    yh_buf_auto whole = yh_buf_make(4096);
    yh_buf_printf(&whole, "^(%s)$", pattern);
    int rc = regcomp(ret, yh_buf_z(&whole), REG_EXTENDED | REG_NOSUB);
    if (rc == 0)
        return YH_OK;
    char why[128];
    regerror(rc, ret, why, sizeof why);
    return yh_fail(YH_E_INTERNAL, "pattern %s: %s", pattern, why);
}

yh_err http_patterns_new(struct http_patterns **ret)
{
    struct http_patterns *p = calloc(1, sizeof *p);
    if (!p)
        return yh_fail(YH_E_NO_MEMORY, "no memory for patterns");
    *ret = p;
    return YH_OK;
}

void http_patterns_free(struct http_patterns *p)
{
    if (!p)
        return;
    size_t at = 0;
    yh_str key;
    void *value;
    while (yh_map_next(&p->compiled, &at, &key, &value)) {
        regfree(value);
        free(value);
    }
    yh_map_done(&p->compiled);
    yh_map_done(&p->seen);
    free(p);
}

static yh_err add_pattern(struct http_patterns *p, const char *pattern)
{
    if (yh_map_get(&p->compiled, yh_str_of(pattern)))
        return YH_OK;
    yh_free_auto regex_t *re = calloc(1, sizeof *re);
    if (!re)
        return yh_fail(YH_E_NO_MEMORY, "no memory for patterns");
    YH_TRY(compile(pattern, re));
    yh_err e = yh_map_put(&p->compiled, yh_str_of(pattern), re);
    if (e != YH_OK) {
        regfree(re);
        return e;
    }
    (void)yh_steal(&re);
    return YH_OK;
}

yh_err http_patterns_add_fields(struct http_patterns *p, const struct http_field *fields)
{
    static char here;
    yh_str address = {(const char *)&fields, sizeof(void *)};
    if (!fields || yh_map_get(&p->seen, address))
        return YH_OK;
    YH_TRY(yh_map_put(&p->seen, address, &here));
    for (const struct http_field *f = fields; f->name; f++) {
        if (f->pattern)
            YH_TRY(add_pattern(p, f->pattern));
        YH_TRY(http_patterns_add_schema(p, f->of));
    }
    return YH_OK;
}

yh_err http_patterns_add_schema(struct http_patterns *p, const struct http_schema *schema)
{
    return schema ? http_patterns_add_fields(p, schema->fields) : YH_OK;
}

bool http_patterns_match(const struct http_patterns *p, const char *pattern, const char *value)
{
    const regex_t *known = p ? yh_map_get(&p->compiled, yh_str_of(pattern)) : NULL;
    if (known)
        return regexec(known, value, 0, NULL, 0) == 0;
    regex_t once;
    if (compile(pattern, &once) != YH_OK)
        return false;
    bool fits = regexec(&once, value, 0, NULL, 0) == 0;
    regfree(&once);
    return fits;
}
