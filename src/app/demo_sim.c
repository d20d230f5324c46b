#include "app/demo_sim.h"

#include "app/sim_station.h"
#include "source/source.h"

/* A station as source_seed_demo wants it; the views point into `station`. */
struct seeded {
    struct sim_station station;
    yh_str factors[SIM_FACTORS_MAX];
};

static struct source_demo_station row_of(struct seeded *s)
{
    for (size_t i = 0; i < s->station.factor_count; i++)
        s->factors[i] = yh_str_of(sim_code(&s->station, s->station.factors[i]));
    return (struct source_demo_station){yh_str_of(s->station.mn), yh_str_of(s->station.st), s->factors,
                                        s->station.factor_count};
}

/* These loggers keep to the standard, unlike the captured ones. */
static yh_err set_profile(struct db *writer, const struct sim_station *s, yh_time now)
{
    char key[2 * sizeof s->key.b + 1] = "";
    yh_hex_encode(s->key.b, sizeof s->key.b, key);
    key[sizeof key - 1] = '\0';
    yh_json_auto *patch = json_pack("{s:s, s:s, s:s, s:s}", "edition", hj212_edition_name(s->edition), "clock_policy",
                                    "flag", "period_stamp", "start", "password", s->password);
    if (!patch || (s->key.set && json_object_set_new(patch, "sm4_key", json_string(key)) != 0))
        return yh_fail(YH_E_NO_MEMORY, "no memory for a profile");
    return source_profile_patch(writer, yh_str_of(s->mn), patch, NULL, now, NULL);
}

static yh_err seed(struct db *writer, struct seeded *all, yh_time now, size_t *ret_created)
{
    struct source_demo_station rows[DEMO_SIM_OUTLETS];
    size_t created = 0;
    for (size_t i = 0; i < DEMO_SIM_OUTLETS; i++)
        rows[i] = row_of(&all[i]);
    YH_TRY(source_seed_demo(writer, rows, DEMO_SIM_OUTLETS, now, &created));
    for (size_t i = 0; i < DEMO_SIM_OUTLETS; i++)
        YH_TRY(set_profile(writer, &all[i].station, now));
    *ret_created += created;
    return YH_OK;
}

yh_err demo_sim_seed(struct db *writer, yh_time now, size_t *ret_created)
{
    struct sim_catalog *catalog = calloc(1, sizeof *catalog);
    struct seeded *all = calloc(DEMO_SIM_OUTLETS, sizeof *all);
    yh_err e;
    if (catalog && all) {
        sim_catalog_make(catalog);
        for (size_t i = 0; i < DEMO_SIM_OUTLETS; i++) {
            struct sim_group group = sim_mix_of(i, 0);
            sim_station_make(catalog, &group, SIM_SEED_DEFAULT, SIM_FIRST_DEFAULT, i, &all[i].station);
        }
        e = seed(writer, all, now, ret_created);
    } else {
        e = yh_fail(YH_E_NO_MEMORY, "no memory for the simulated stations");
    }
    free(catalog);
    free(all);
    return e;
}
