#include "app/sim_value.h"

#include "hj212/dict.h"

#define SLOW_STEP (20 * YH_MINUTE)
#define VALUE_MAX 1000000000

static const struct sim_factor water_factors[] = {
    {"w00000", "B01", SIM_FLOW, 2, 4200, 350, 80},      {"w01018", "011", SIM_POLLUTANT, 1, 280, 180, 90},
    {"w21003", "060", SIM_POLLUTANT, 2, 210, 220, 120}, {"w21011", "101", SIM_POLLUTANT, 2, 26, 150, 100},
    {"w21001", "065", SIM_POLLUTANT, 2, 870, 140, 80},  {"w01001", "001", SIM_PLAIN, 2, 742, 12, 10},
    {"w01010", "", SIM_PLAIN, 1, 193, 60, 15},          {"w01012", "003", SIM_POLLUTANT, 1, 90, 150, 150},
};

static const struct sim_factor air_factors[] = {
    {"a00000", "B02", SIM_FLOW, 2, 4650, 150, 50},      {"a34013", "01", SIM_POLLUTANT, 2, 420, 120, 150},
    {"a21026", "02", SIM_POLLUTANT, 2, 1350, 200, 150}, {"a21002", "03", SIM_POLLUTANT, 1, 280, 150, 120},
    {"a19001", "S01", SIM_OXYGEN, 2, 780, 60, 40},      {"a01012", "S03", SIM_PLAIN, 1, 1240, 40, 20},
    {"a01011", "S02", SIM_PLAIN, 2, 1180, 120, 60},     {"a01014", "S05", SIM_PLAIN, 1, 92, 50, 40},
    {"a01013", "S08", SIM_PLAIN, 3, 320, 90, 80},
};

/* Permille of the swing at each hour of the day, +08:00: a low before dawn, peaks in the morning and the evening. */
static const int day_curve[24] = {-500, -680, -820, -930, -1000, -900, -550, 50,   560, 840, 960, 900,
                                  780,  660,  560,  520,  600,   780,  950, 1000, 800, 420, 20,  -280};

static uint64_t mix(uint64_t x)
{
    x ^= x >> 30;
    x *= 0xbf58476d1ce4e5b9u;
    x ^= x >> 27;
    x *= 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

uint64_t sim_mix(uint64_t seed, yh_str text)
{
    uint64_t x = mix(seed + 0x9e3779b97f4a7c15u);
    for (size_t i = 0; i < text.n; i++)
        x = mix(x ^ (unsigned char)text.p[i]);
    return x;
}

/* -1000 .. 1000 */
static int64_t swing(uint64_t seed, int64_t at)
{
    return (int64_t)(mix(seed ^ mix((uint64_t)at)) % 2001) - 1000;
}

/* ---- which factors ---- */

static bool has_factor(const struct sim_factor *f, size_t n, const char *code)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(f[i].code, code) == 0)
            return true;
    return false;
}

static size_t more_factors(const char *medium, size_t max, struct sim_factor *ret, size_t n)
{
    size_t count;
    const struct hj212_factor *all = hj212_factors(&count);
    for (size_t i = 0; i < count && n < max; i++) {
        const struct hj212_factor *d = &all[i];
        bool fits = strcmp(d->medium, medium) == 0 && strncmp(d->unit, "mg/", 3) == 0 && strlen(d->code) == 6;
        if (!fits || has_factor(ret, n, d->code))
            continue;
        uint8_t decimals = d->decimals >= 0 && d->decimals <= 4 ? (uint8_t)d->decimals : 2;
        int64_t base = 200 + (int64_t)(sim_mix(0, yh_str_of(d->code)) % 4000);
        ret[n++] = (struct sim_factor){d->code, d->code_2005, SIM_POLLUTANT, decimals, base, 150, 120};
    }
    return n;
}

size_t sim_factors(const char *medium, size_t max, struct sim_factor *ret)
{
    bool water = strcmp(medium, "water") == 0;
    const struct sim_factor *usual = water ? water_factors : air_factors;
    max = yh_min_size(max, SIM_FACTORS_MAX);
    size_t n = yh_min_size(max, water ? YH_LEN(water_factors) : YH_LEN(air_factors));
    memcpy(ret, usual, n * sizeof *ret);
    return more_factors(medium, max, ret, n);
}

/* ---- values ---- */

static int64_t day_swing(yh_time t)
{
    yh_time in_day = t - yh_time_floor(t, YH_DAY, YH_CST);
    int hour = (int)(in_day / YH_HOUR);
    int64_t a = day_curve[hour], b = day_curve[(hour + 1) % 24];
    return a + (b - a) * (in_day % YH_HOUR) / YH_HOUR;
}

/* Noise that wanders: between two random points, one every SLOW_STEP. */
static int64_t slow_swing(uint64_t seed, yh_time t)
{
    yh_time begin = yh_time_floor(t, SLOW_STEP, YH_CST);
    int64_t a = swing(seed, begin), b = swing(seed, begin + SLOW_STEP);
    return a + (b - a) * (t - begin) / SLOW_STEP;
}

static int64_t healthy(const struct sim_series *s, yh_time minute)
{
    const struct sim_factor *f = s->factor;
    uint64_t seed = sim_mix(s->seed, yh_str_of(f->code));
    int64_t reach = f->day < 100 ? f->day : 200; /* narrow factors differ little between stations too */
    int64_t level = f->base * (1000000 + swing(seed, -1) * reach) / 1000;
    int64_t permille = 1000000 + day_swing(minute) * f->day + slow_swing(seed, minute) * f->noise +
                       swing(seed, minute) * f->noise / 3;
    int64_t value = (level / 10 * (permille / 1000) / 1000 + 50) / 100;
    return value < 0 ? 0 : value;
}

static int64_t bent(const struct sim_series *s, const struct sim_bend *b, yh_time minute, int64_t value)
{
    switch (b->kind) {
    case SIM_CONSTANT: {
        yh_dec d;
        if (!b->has_value)
            return healthy(s, yh_time_floor(b->from, YH_MINUTE, YH_CST));
        return yh_dec_rescale(b->value, s->factor->decimals, YH_ROUND_HALF_EVEN, &d) ? d.m : value;
    }
    case SIM_DRIFT:
        return value + value * b->permille / 1000 * ((minute - b->from) / YH_MINUTE) / 60;
    case SIM_SCALE:
        return value * b->permille / 1000;
    }
    return value;
}

/* Whatever a script does, totals stay within 64 bits. */
static int64_t bounded(int64_t value)
{
    return value > VALUE_MAX ? VALUE_MAX : value < -VALUE_MAX ? -VALUE_MAX : value;
}

static int64_t with_bends(const struct sim_series *s, yh_time minute, int64_t value)
{
    for (size_t i = 0; i < s->bend_count; i++) {
        const struct sim_bend *b = &s->bends[i];
        if (minute + YH_MINUTE > b->from && minute < b->to)
            value = bounded(bent(s, b, minute, value));
    }
    return value;
}

/* How far the moments of a minute lie from its mean. */
static int64_t reach(const struct sim_series *s, yh_time minute, int64_t value)
{
    int64_t part = swing(sim_mix(s->seed + 1, yh_str_of(s->factor->code)), minute);
    return value * s->factor->noise * (500 + (part < 0 ? -part : part) / 2) / 4000000;
}

int64_t sim_minute(const struct sim_series *s, yh_time t)
{
    yh_time minute = yh_time_floor(t, YH_MINUTE, YH_CST);
    return with_bends(s, minute, healthy(s, minute));
}

int64_t sim_moment(const struct sim_series *s, yh_time t)
{
    yh_time minute = yh_time_floor(t, YH_MINUTE, YH_CST);
    int64_t value = healthy(s, minute);
    return with_bends(s, minute, value + reach(s, minute, value) * swing(sim_mix(s->seed + 2, yh_str_of(s->factor->code)), t) / 1000);
}

static int64_t divide(__int128 sum, int64_t by)
{
    int64_t half = sum < 0 ? -by / 2 : by / 2;
    return (int64_t)((sum + half) / by);
}

static struct sim_period of_minute(const struct sim_series *s, yh_time minute)
{
    int64_t value = healthy(s, minute), away = reach(s, minute, value);
    int64_t a = with_bends(s, minute, value - away), b = with_bends(s, minute, value + away);
    return (struct sim_period){a < b ? a : b, with_bends(s, minute, value), a < b ? b : a};
}

struct sim_period sim_period(const struct sim_series *s, yh_time from, yh_time to)
{
    yh_time first = yh_time_floor(from, YH_MINUTE, YH_CST);
    struct sim_period p = of_minute(s, first);
    int64_t sum = p.avg, n = 1;
    for (yh_time t = first + YH_MINUTE; t < to; t += YH_MINUTE, n++) {
        struct sim_period m = of_minute(s, t);
        sum += m.avg;
        p.min = m.min < p.min ? m.min : p.min;
        p.max = m.max > p.max ? m.max : p.max;
    }
    p.avg = divide(sum, n);
    return p;
}

static int64_t power_of_ten(unsigned n)
{
    int64_t p = 1;
    while (n--)
        p *= 10;
    return p;
}

int64_t sim_converted(int64_t value, int64_t oxygen, uint8_t oxygen_decimals)
{
    int64_t unit = power_of_ten(oxygen_decimals);
    if (oxygen >= 20 * unit)
        return value;
    return divide(value * 15 * unit, 21 * unit - oxygen);
}

yh_dec sim_volume(int64_t flow, uint8_t decimals, bool water, yh_time span)
{
    int64_t per = power_of_ten(decimals) * (water ? 1000 : 1);
    return (yh_dec){divide((__int128)flow * (span / YH_SECOND) * 100, per), 2};
}

/* mg/L is g/m3 in water: a thousandth of kg; mg/m3 in air: a millionth. */
yh_dec sim_mass(int64_t concentration, uint8_t decimals, bool water, yh_dec volume)
{
    int64_t per = power_of_ten(decimals) * 100 * (water ? 1 : 1000);
    return (yh_dec){divide((__int128)concentration * volume.m, per), 3};
}
