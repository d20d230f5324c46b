#include "base/timestamp.h"

/* Days since 1970-01-01 of a civil date, era arithmetic on years that begin in March. */
static int64_t days_of(int year, int month, int day)
{
    int64_t y = year - (month <= 2);
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + doe - 719468;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    int64_t q = a / b;
    return a % b < 0 ? q - 1 : q;
}

struct yh_civil yh_civil_of(yh_time t, int offset_minutes)
{
    int64_t local = t + offset_minutes * YH_MINUTE;
    int64_t days = floor_div(local, YH_DAY);
    int64_t rest = local - days * YH_DAY;
    int64_t z = days + 719468;
    int64_t era = floor_div(z, 146097);
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    int64_t month = mp < 10 ? mp + 3 : mp - 9;
    return (struct yh_civil){
        .year = (int)(yoe + era * 400 + (month <= 2)),
        .month = (int)month,
        .day = (int)(doy - (153 * mp + 2) / 5 + 1),
        .hour = (int)(rest / YH_HOUR),
        .minute = (int)(rest / YH_MINUTE % 60),
        .second = (int)(rest / YH_SECOND % 60),
        .ms = (int)(rest % YH_SECOND),
    };
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

bool yh_civil_valid(const struct yh_civil *c)
{
    return c->year >= 1 && c->year <= 9999 && c->month >= 1 && c->month <= 12 && c->day >= 1 &&
           c->day <= days_in_month(c->year, c->month) && c->hour >= 0 && c->hour < 24 && c->minute >= 0 &&
           c->minute < 60 && c->second >= 0 && c->second < 60 && c->ms >= 0 && c->ms < 1000;
}

yh_time yh_time_of(const struct yh_civil *c, int offset_minutes)
{
    return days_of(c->year, c->month, c->day) * YH_DAY + c->hour * YH_HOUR + c->minute * YH_MINUTE +
           c->second * YH_SECOND + c->ms - offset_minutes * YH_MINUTE;
}

yh_time yh_time_floor(yh_time t, yh_time step, int offset_minutes)
{
    yh_time shift = offset_minutes * YH_MINUTE;
    return floor_div(t + shift, step) * step - shift;
}

void yh_time_rfc3339(yh_time t, int offset_minutes, yh_buf *out)
{
    struct yh_civil c = yh_civil_of(t, offset_minutes);
    yh_buf_printf(out, "%04d-%02d-%02dT%02d:%02d:%02d", c.year, c.month, c.day, c.hour, c.minute, c.second);
    if (c.ms)
        yh_buf_printf(out, ".%03d", c.ms);
    int o = offset_minutes < 0 ? -offset_minutes : offset_minutes;
    if (offset_minutes == 0)
        yh_buf_putc(out, 'Z');
    else
        yh_buf_printf(out, "%c%02d:%02d", offset_minutes < 0 ? '-' : '+', o / 60, o % 60);
}

/* Takes exactly n digits off *s. */
static bool take_digits(yh_str *s, size_t n, int *ret)
{
    int v = 0;
    if (s->n < n)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (s->p[i] < '0' || s->p[i] > '9')
            return false;
        v = v * 10 + (s->p[i] - '0');
    }
    *s = yh_str_sub(*s, n, s->n);
    *ret = v;
    return true;
}

static bool take_char(yh_str *s, char c)
{
    if (s->n == 0 || s->p[0] != c)
        return false;
    *s = yh_str_sub(*s, 1, s->n);
    return true;
}

static bool take_fraction(yh_str *s, int *ret_ms)
{
    int ms = 0;
    size_t digits = 0;
    while (s->n && s->p[0] >= '0' && s->p[0] <= '9') {
        if (digits < 3)
            ms = ms * 10 + (s->p[0] - '0');
        digits++;
        *s = yh_str_sub(*s, 1, s->n);
    }
    for (size_t i = digits; i < 3; i++)
        ms *= 10;
    *ret_ms = ms;
    return digits > 0 && digits <= 9;
}

static bool take_offset(yh_str *s, int default_offset, int *ret)
{
    *ret = default_offset;
    if (s->n == 0)
        return true;
    if (take_char(s, 'Z') || take_char(s, 'z')) {
        *ret = 0;
        return true;
    }
    int sign = take_char(s, '-') ? -1 : take_char(s, '+') || take_char(s, ' ') ? 1 : 0;
    int hours, minutes;
    if (!sign || !take_digits(s, 2, &hours) || !take_char(s, ':') || !take_digits(s, 2, &minutes) || hours > 23 ||
        minutes > 59)
        return false;
    *ret = sign * (hours * 60 + minutes);
    return true;
}

bool yh_time_parse(yh_str s, int default_offset, yh_time *ret)
{
    struct yh_civil c = {0};
    int offset = default_offset;
    if (!take_digits(&s, 4, &c.year) || !take_char(&s, '-') || !take_digits(&s, 2, &c.month) ||
        !take_char(&s, '-') || !take_digits(&s, 2, &c.day))
        return false;
    if (s.n) {
        if (!(take_char(&s, 'T') || take_char(&s, 't') || take_char(&s, ' ')) || !take_digits(&s, 2, &c.hour) ||
            !take_char(&s, ':') || !take_digits(&s, 2, &c.minute))
            return false;
        if (take_char(&s, ':')) {
            if (!take_digits(&s, 2, &c.second))
                return false;
            if (take_char(&s, '.') && !take_fraction(&s, &c.ms))
                return false;
        }
        if (!take_offset(&s, default_offset, &offset))
            return false;
    }
    if (s.n || !yh_civil_valid(&c))
        return false;
    *ret = yh_time_of(&c, offset);
    return true;
}
