/* Days of a spreadsheet: counted from 1899-12-30, except before March 1900, where a day too many is counted. */
#include "sheet/sheet_internal.h"

#define FIRST_SOUND_DAY 61 /* 1900-03-01 */

bool sheet_serial_of(yh_time t, bool whole_day, yh_buf *out)
{
    const int64_t unit = 10000000000; /* ten decimals */
    int64_t local = t + YH_CST * YH_MINUTE;
    int64_t day = local / YH_DAY - (local % YH_DAY < 0);
    int64_t rest = local - day * YH_DAY;
    int64_t serial = day - SHEET_EPOCH_1900;
    if (serial < FIRST_SOUND_DAY || serial > SHEET_DAYS_MAX)
        return false;
    yh_buf_i64(out, serial);
    if (!whole_day && rest)
        yh_buf_printf(out, ".%010lld", (long long)((rest * unit + YH_DAY / 2) / YH_DAY));
    return true;
}

static void put_clock(const struct yh_civil *c, yh_buf *out)
{
    yh_buf_printf(out, "%02d:%02d:%02d", c->hour, c->minute, c->second);
}

bool sheet_date_text(double serial, bool from_1904, yh_buf *out)
{
    if (!(serial >= 0) || serial >= SHEET_DAYS_MAX + 1)
        return false;
    int64_t days = (int64_t)serial; /* not negative */
    int64_t seconds = (int64_t)((serial - (double)days) * 86400 + 0.5);
    days += seconds / 86400; /* rounded up to midnight */
    seconds %= 86400;
    if (!from_1904 && days == FIRST_SOUND_DAY - 1)
        return false;
    int64_t since_1970 = days + (from_1904 ? SHEET_EPOCH_1904 : SHEET_EPOCH_1900);
    if (!from_1904 && days < FIRST_SOUND_DAY)
        since_1970++;
    struct yh_civil c = yh_civil_of(since_1970 * YH_DAY + seconds * YH_SECOND, 0);
    if (!yh_civil_valid(&c))
        return false;
    if (days > 0 || from_1904)
        yh_buf_printf(out, "%04d-%02d-%02d", c.year, c.month, c.day);
    if (seconds > 0 && (days > 0 || from_1904))
        yh_buf_putc(out, ' ');
    if (seconds > 0 || (days == 0 && !from_1904))
        put_clock(&c, out);
    return true;
}

/* The end of a quoted, escaped or bracketed piece of a format code that begins at `i`; `i` itself when there is none. */
static size_t skip_literal(yh_str code, size_t i)
{
    char c = code.p[i];
    if (c == '\\' || c == '_' || c == '*')
        return i + 2;
    if (c == '"')
        return yh_str_find(code, '"', i + 1) + 1;
    bool elapsed = c == '[' && i + 1 < code.n && strchr("hmsHMS", code.p[i + 1]);
    if (c == '[' && !elapsed)
        return yh_str_find(code, ']', i + 1) + 1;
    return i;
}

bool sheet_format_is_date(yh_str code)
{
    if (yh_str_eq_nocase(code, YH_S("General")))
        return false;
    for (size_t i = 0; i < code.n;) {
        size_t next = skip_literal(code, i);
        if (next == i && strchr("yYmMdDhHsS", code.p[i]))
            return true;
        i = next == i ? i + 1 : next;
    }
    return false;
}

/* 27 to 36 and 50 to 58 are dates of the East Asian editions. */
bool sheet_builtin_is_date(int64_t id)
{
    return (id >= 14 && id <= 22) || (id >= 27 && id <= 36) || (id >= 45 && id <= 47) || (id >= 50 && id <= 58);
}
