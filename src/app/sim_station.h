/*
 * Who the simulated loggers are: edition, medium, MN, dialect, key. All of it follows from seed and number, so that a
 * platform can be told beforehand whom to expect (yuheng sim --list, yuheng demo init). Pure.
 */
#ifndef YH_APP_SIM_STATION_H
#define YH_APP_SIM_STATION_H

#include "app/sim_value.h"
#include "hj212/frame.h"

#define SIM_FIRST_DEFAULT 900001 /* firm numbers below belong to the stories of the demo */
#define SIM_LAST          999999
#define SIM_SEED_DEFAULT  1
#define SIM_MN_MAX        24
#define SIM_PASSWORD_MAX  16

/* A row of the fleet. */
struct sim_group {
    unsigned count;
    hj212_edition edition;
    const char *medium;       /* "water" "air" */
    unsigned factors;         /* 0: the usual ones */
    const char *login, *beat; /* CN, "" for none */
    bool asks;                /* for an answer to everything */
    bool enciphers;           /* 2025 only */
    unsigned cp_max;          /* longer areas are split; 0: the standard's limit */
};

/* The factors of both media, shared by a fleet. */
struct sim_catalog {
    struct sim_factor water[SIM_FACTORS_MAX], air[SIM_FACTORS_MAX];
    size_t water_count, air_count;
};
void sim_catalog_make(struct sim_catalog *ret);

struct sim_station {
    uint64_t seed;
    char mn[SIM_MN_MAX + 1], password[SIM_PASSWORD_MAX + 1];
    hj212_edition edition;
    const char *medium, *st, *login, *beat;
    const struct sim_factor *factors[SIM_FACTORS_MAX]; /* in the catalogue */
    size_t factor_count;
    bool asks, enciphers;
    struct hj212_key key;
    size_t cp_max;
};

/* The fleet without a script: the three editions, both media, four ways to keep a line alive, every second logger of 2025
 * enciphers. Factors: 0 for the usual ones. */
struct sim_group sim_mix_of(size_t number, unsigned factors);

/* Number `number` of the fleet whose first firm is `first`. */
void sim_station_make(const struct sim_catalog *catalog, const struct sim_group *group, uint64_t seed, unsigned first,
                      size_t number, struct sim_station *ret);

/* The factor's code in the station's edition. */
const char *sim_code(const struct sim_station *s, const struct sim_factor *f);

struct yh_json;
void sim_station_json(const struct sim_station *s, struct yh_json *out);

#endif
