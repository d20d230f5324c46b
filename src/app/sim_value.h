/*
 * What a simulated station measures: a pure function of seed, factor and time, so that the same moment gives the same
 * value in every run, in every order and in back-filled data too. Integers only.
 *
 * The unit is the minute: a level of the station, a curve over the day and noise give its mean, and the moments in it lie
 * around that. A period takes the mean of its minutes and the least and largest moment they allow, so that hours agree
 * with their minutes and Min <= Avg <= Max always holds.
 */
#ifndef YH_APP_SIM_VALUE_H
#define YH_APP_SIM_VALUE_H

#include "base/dec.h"
#include "base/timestamp.h"

#define SIM_FACTORS_MAX 64

typedef enum sim_role {
    SIM_PLAIN,      /* pH, temperature ...: no total */
    SIM_FLOW,       /* L/s in water, m3/s in air: the total is a volume in m3 */
    SIM_POLLUTANT,  /* mg/L or mg/m3: the total is a mass in kg */
    SIM_OXYGEN      /* of flue gas; pollutants are converted with it */
} sim_role;

struct sim_factor {
    const char *code, *code_2005; /* code_2005 is "" when there is none */
    sim_role role;
    uint8_t decimals;
    int64_t base;   /* usual value, scaled by the decimals */
    int day, noise; /* how far curve and noise move it, in permille */
};

/* Factors of "water" or "air": the usual ones first, then more of the dictionary. At most SIM_FACTORS_MAX. */
size_t sim_factors(const char *medium, size_t max, struct sim_factor *ret);

typedef enum sim_bend_kind { SIM_CONSTANT, SIM_DRIFT, SIM_SCALE } sim_bend_kind;

/* A fault of the measurement. Applied in order. */
struct sim_bend {
    sim_bend_kind kind;
    yh_time from, to;
    bool has_value;  /* CONSTANT: without one the value of `from` stays */
    yh_dec value;
    int permille;    /* DRIFT: added for each hour; SCALE: 1000 changes nothing */
};

/* One factor of one station. */
struct sim_series {
    uint64_t seed; /* of the station */
    const struct sim_factor *factor;
    const struct sim_bend *bends;
    size_t bend_count;
};

uint64_t sim_mix(uint64_t seed, yh_str text); /* a seed for something with a name */

int64_t sim_minute(const struct sim_series *s, yh_time t); /* mean of the minute that holds t */
int64_t sim_moment(const struct sim_series *s, yh_time t); /* within Min and Max of its minute */

struct sim_period {
    int64_t min, avg, max;
};
/* Over the whole minutes in [from, to); at least one is taken. */
struct sim_period sim_period(const struct sim_series *s, yh_time from, yh_time to);

/* A pollutant converted to 6 % oxygen; `oxygen` scaled by its factor's decimals. The value itself above 20 %. */
int64_t sim_converted(int64_t value, int64_t oxygen, uint8_t oxygen_decimals);

/* Totals of a period, rounded half up: volume in m3 with two decimals, mass in kg with three. */
yh_dec sim_volume(int64_t flow, uint8_t decimals, bool water, yh_time span);
yh_dec sim_mass(int64_t concentration, uint8_t decimals, bool water, yh_dec volume);

#endif
