#include "hj212/items.h"

yh_str hj212_field(const struct hj212_frame *f, const char *key)
{
    yh_str want = yh_str_of(key);
    for (unsigned i = 0; i < f->item_count; i++)
        if (f->items[i].value.p && yh_str_eq(f->items[i].key, want))
            return f->items[i].value;
    return (yh_str){NULL, 0};
}

static bool all_digits(yh_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    return true;
}

static int digits(yh_str s, size_t at, size_t n)
{
    int v = 0;
    for (size_t i = at; i < at + n; i++)
        v = v * 10 + (s.p[i] - '0');
    return v;
}

bool hj212_time_parse(yh_str s, int offset_minutes, yh_time *ret)
{
    if ((s.n != 17 && s.n != 14 && s.n != 13) || !all_digits(s))
        return false;
    struct yh_civil c = {
        .year = digits(s, 0, 4),
        .month = digits(s, 4, 2),
        .day = digits(s, 6, 2),
        .hour = digits(s, 8, 2),
        .minute = digits(s, 10, 2),
        .second = s.n == 13 ? 10 * digits(s, 12, 1) : digits(s, 12, 2), /* 13: the last digit was cut off */
        .ms = s.n == 17 ? digits(s, 14, 3) : 0,
    };
    if (!yh_civil_valid(&c))
        return false;
    *ret = yh_time_of(&c, offset_minutes);
    return true;
}

static void put_digits(char *to, int v, size_t n)
{
    while (n--) {
        to[n] = (char)('0' + v % 10);
        v /= 10;
    }
}

void hj212_time_format(yh_time t, int offset_minutes, bool milliseconds, yh_buf *out)
{
    struct yh_civil c = yh_civil_of(t, offset_minutes);
    char text[17];
    put_digits(text, c.year, 4);
    put_digits(text + 4, c.month, 2);
    put_digits(text + 6, c.day, 2);
    put_digits(text + 8, c.hour, 2);
    put_digits(text + 10, c.minute, 2);
    put_digits(text + 12, c.second, 2);
    put_digits(text + 14, c.ms, 3);
    yh_buf_add(out, text, milliseconds ? 17 : 14);
}

static char flag_letter(const struct hj212_item *item, yh_str factor)
{
    yh_str k = item->key;
    bool is_flag = k.n == factor.n + 5 && item->value.p && item->value.n == 1 &&
                   memcmp(k.p + factor.n, "-Flag", 5) == 0 && memcmp(k.p, factor.p, factor.n) == 0;
    return is_flag ? item->value.p[0] : '\0';
}

/* The flag in the measure's own group counts; only when that has none, one of another group. */
static char find_flag(const struct hj212_frame *f, unsigned at, yh_str factor)
{
    char flag = '\0';
    unsigned group = f->items[at].group, first = at;
    if (f->flag_items == 0)
        return flag;
    while (first > 0 && f->items[first - 1].group == group)
        first--;
    for (unsigned i = first; i < f->item_count && f->items[i].group == group; i++)
        if ((flag = flag_letter(&f->items[i], factor)) != '\0')
            return flag;
    for (unsigned i = 0; i < f->item_count && !flag; i++)
        flag = flag_letter(&f->items[i], factor);
    return flag;
}

/* Flags and times are written with digits too, but they are no measurements. */
static bool is_measured_field(yh_str field)
{
    return field.n && !yh_str_is(field, "Flag") && !yh_str_ends(field, YH_S("Time"));
}

bool hj212_next_measure(const struct hj212_frame *f, unsigned *at, struct hj212_measure *ret)
{
    while (*at < f->item_count) {
        unsigned i = (*at)++;
        struct hj212_measure m = {.text = f->items[i].value};
        if (!m.text.p || !hj212_factor_key(f->items[i].key, &m.factor, &m.field) || !m.factor.n ||
            !is_measured_field(m.field) || !yh_dec_parse(m.text, &m.value))
            continue;
        m.flag = find_flag(f, i, m.factor);
        *ret = m;
        return true;
    }
    return false;
}
