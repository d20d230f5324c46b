#include "app/sim_station.h"

#include <stdio.h>

#include "base/json.h"

#define CP_MAX_2005 960
#define CP_MAX_2017 950

void sim_catalog_make(struct sim_catalog *ret)
{
    ret->water_count = sim_factors("water", SIM_FACTORS_MAX, ret->water);
    ret->air_count = sim_factors("air", SIM_FACTORS_MAX, ret->air);
}

static const char *const regions[] = {"500107", "500116", "500115", "500102", "500101", "500114", "500156", "500237"};

/* Log-in and keep-alive as they are met in the field; 2025 has its own heartbeat. */
static const struct {
    const char *login, *beat;
} dialects[] = {{"9021", "9021"}, {"", "9015"}, {"", "8013"}, {"", ""}};

struct sim_group sim_mix_of(size_t number, unsigned factors)
{
    static const hj212_edition editions[] = {HJ212_ED_2017, HJ212_ED_2025, HJ212_ED_2005};
    size_t round = number / YH_LEN(editions);
    struct sim_group g = {
        .count = 1,
        .edition = editions[number % YH_LEN(editions)],
        .medium = round % 2 ? "air" : "water",
        .factors = factors,
        .login = dialects[round % YH_LEN(dialects)].login,
        .beat = dialects[round % YH_LEN(dialects)].beat,
        .asks = true,
    };
    if (g.edition == HJ212_ED_2025) {
        g.login = "";
        g.beat = "9015";
        g.enciphers = round % 2 == 0;
    }
    return g;
}

/* DE, district, firm, outlet (demo city, section 1); the MN of 2005 ends behind the firm. */
static void name(struct sim_station *s, unsigned first, size_t number)
{
    const char *region = regions[number % YH_LEN(regions)];
    unsigned firm = (unsigned)((first + number) % 1000000);
    if (s->edition == HJ212_ED_2005)
        snprintf(s->mn, sizeof s->mn, "DE%s%06u", region, firm);
    else
        snprintf(s->mn, sizeof s->mn, "DE%s%06u0100000000", region, firm);
}

static void make_key(struct sim_station *s)
{
    uint64_t half = s->seed;
    for (size_t i = 0; i < sizeof s->key.b; i++) {
        if (i % 8 == 0)
            half = sim_mix(half, YH_S("sm4"));
        s->key.b[i] = (uint8_t)(half >> (i % 8 * 8));
    }
    s->key.set = true;
}

/* What 2005 has no code for is not measured by its loggers. */
static void choose_factors(const struct sim_catalog *c, struct sim_station *s, unsigned wanted)
{
    bool water = strcmp(s->medium, "water") == 0;
    const struct sim_factor *all = water ? c->water : c->air;
    size_t n = water ? c->water_count : c->air_count, usual = water ? 5 : 9;
    size_t max = wanted ? wanted : usual;
    for (size_t i = 0; i < n && s->factor_count < max; i++)
        if (s->edition != HJ212_ED_2005 || all[i].code_2005[0])
            s->factors[s->factor_count++] = &all[i];
}

void sim_station_make(const struct sim_catalog *catalog, const struct sim_group *group, uint64_t seed, unsigned first,
                      size_t number, struct sim_station *ret)
{
    size_t limit = group->edition == HJ212_ED_2005 ? CP_MAX_2005 : CP_MAX_2017;
    *ret = (struct sim_station){
        .password = "123456",
        .edition = group->edition,
        .medium = group->medium,
        .st = strcmp(group->medium, "water") == 0 ? "32" : "31",
        .login = group->login,
        .beat = group->beat,
        .asks = group->asks,
        .enciphers = group->enciphers && group->edition == HJ212_ED_2025,
        .cp_max = group->cp_max && group->cp_max < limit ? group->cp_max : limit,
    };
    name(ret, first, number);
    ret->seed = sim_mix(seed, yh_str_of(ret->mn));
    choose_factors(catalog, ret, group->factors);
    if (ret->enciphers)
        make_key(ret);
}

const char *sim_code(const struct sim_station *s, const struct sim_factor *f)
{
    return s->edition == HJ212_ED_2005 ? f->code_2005 : f->code;
}

void sim_station_json(const struct sim_station *s, struct yh_json *out)
{
    yh_json_obj(out);
    yh_json_kz(out, "mn", s->mn);
    yh_json_kz(out, "edition", hj212_edition_name(s->edition));
    yh_json_kz(out, "medium", s->medium);
    yh_json_kz(out, "st", s->st);
    yh_json_kz(out, "password", s->password);
    yh_json_key(out, "sm4_key");
    if (s->key.set)
        yh_json_hex(out, s->key.b, sizeof s->key.b);
    else
        yh_json_null(out);
    yh_json_kz(out, "login", s->login);
    yh_json_kz(out, "heartbeat", s->beat);
    yh_json_key(out, "factors");
    yh_json_arr(out);
    for (size_t i = 0; i < s->factor_count; i++)
        yh_json_z(out, sim_code(s, s->factors[i]));
    yh_json_arr_end(out);
    yh_json_obj_end(out);
}
