#include <stdarg.h>
#include <stdio.h>

#include "kit/kit.h"
#include "source/source_internal.h"

yh_err source_refuse(struct source_problem *p, yh_err code, const char *field, const char *fmt, ...)
{
    struct source_problem made = {.field = field};
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(made.message, sizeof made.message, fmt, ap);
    va_end(ap);
    if (p)
        *p = made;
    return yh_fail(code, "%s", made.message);
}

bool source_text_clean(yh_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
            return false;
    return yh_str_is_utf8(s);
}

yh_err source_check_text(struct source_problem *p, const char *field, const char *title, yh_str text, size_t max)
{
    if (!source_text_clean(text))
        return source_refuse(p, YH_E_INVALID, field, "%s含有无法识别的字符,请重新填写。", title);
    size_t n = yh_utf8_count(text);
    if (n == 0)
        return source_refuse(p, YH_E_INVALID, field, "请填写%s。", title);
    if (n > max)
        return source_refuse(p, YH_E_INVALID, field, "%s超过 %zu 个字符,请缩短。", title, max);
    if (text.p[0] == ' ' || text.p[text.n - 1] == ' ')
        return source_refuse(p, YH_E_INVALID, field, "%s的首尾不能有空格。", title);
    return YH_OK;
}

yh_err source_changed(struct db *d, yh_str mn, const struct source_note *note, bool derive)
{
    if (note)
        YH_TRY(kit_note_keep(d, note->origin, note->json));
    return derive ? source_rederive_ask(d, mn) : YH_OK;
}

yh_err source_run(struct db *d, const char *sql_literal, const yh_str *args, int n)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_literal, &s));
    for (int i = 0; i < n; i++)
        db_bind_str(s, i + 1, args[i]);
    return db_exec(s);
}
