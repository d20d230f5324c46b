/*
 * Fictional firms for captured senders. A number drawn from the MN chooses region, words, industry and code; when what it
 * chose is taken, the next number is drawn. Nothing here describes a real firm or district.
 */
#include <stdio.h>

#include "base/map.h"
#include "source/factor.h"
#include "source/source_internal.h"

#define DRAWS     200
#define REGIONS   64
#define BASIS     "示范限值"
#define CAUSE     "demo"
#define VALID_SINCE 1420041600000 /* 2015-01-01 00:00 +08:00 */

static const char sql_is_admitted[] = "SELECT 1 FROM station WHERE mn = ?";
static const char sql_is_taken[] =
    "SELECT 1 FROM enterprise WHERE (region_code = ? AND name = ?) OR credit_code = ?";
static const char sql_profile[] =
    "UPDATE station SET edition = '2005', clock_policy = 'accept', period_stamp = 'end' WHERE mn = ?";

/* ---- words ---- */

static const char *const first_words[] = {"青", "碧", "云", "清", "长", "石", "金", "玉", "龙", "凤",
                                          "松", "竹", "双", "高", "临", "南", "北", "东", "西", "明"};
static const char *const second_words[] = {"溪", "江", "河", "岭", "峰", "泉", "湖", "桥", "滩", "湾",
                                           "坪", "坝", "川", "山", "林", "谷", "岩", "塘", "洲", "原"};

/* An industry and what its outlet may hold: decimal text per kind of limit, NULL where none is set. */
struct industry {
    const char *name, *medium;
    const char *dust, *so2, *nox;
};

static const struct industry industries[] = {
    {"污水处理厂", "water", NULL, NULL, NULL}, {"造纸厂", "water", NULL, NULL, NULL},
    {"印染厂", "water", NULL, NULL, NULL},     {"食品厂", "water", NULL, NULL, NULL},
    {"制药厂", "water", NULL, NULL, NULL},     {"酿造厂", "water", NULL, NULL, NULL},
    {"电镀厂", "water", NULL, NULL, NULL},     {"皮革厂", "water", NULL, NULL, NULL},
    {"火电厂", "air", "10", "35", "50"},       {"热力站", "air", "10", "35", "100"},
    {"水泥厂", "air", "20", "100", "200"},     {"钢铁厂", "air", "10", "35", "50"},
    {"焦化厂", "air", "15", "50", "150"},      {"砖瓦厂", "air", "30", "100", "200"},
    {"玻璃厂", "air", "30", "100", "200"},     {"垃圾焚烧发电厂", "air", "20", "80", "200"},
};

/* Limits of factors: the text itself, or the industry's column. */
typedef enum column { OWN, DUST, SO2, NOX } column;
static const struct demo_limit {
    const char *code_2005, *code_2017, *medium;
    column column;
    const char *low, *limit;
} limits[] = {
    {"011", "w01018", "water", OWN, "", "50"},  {"060", "w21003", "water", OWN, "", "5"},
    {"001", "w01001", "water", OWN, "6", "9"},  {"101", "w21011", "water", OWN, "", "0.5"},
    {"065", "w21001", "water", OWN, "", "15"},  {"01", "a34013", "air", DUST, "", NULL},
    {"02", "a21026", "air", SO2, "", NULL},     {"03", "a21002", "air", NOX, "", NULL},
};

/* ---- one firm ---- */

struct regions {
    char codes[REGIONS][8];
    size_t n;
};

/* Districts and counties with a code of the standard. */
static bool add_region(void *user, const struct source_region *r)
{
    struct regions *all = user;
    uint64_t number;
    if (r->code.n == 6 && yh_str_to_u64(r->code, &number) && all->n < REGIONS)
        snprintf(all->codes[all->n++], sizeof all->codes[0], "%.*s", YH_FMT(r->code));
    return true;
}

struct firm {
    const struct industry *industry;
    const char *region;
    char name[96];
    char station[160];
    char credit[SOURCE_CREDIT_LEN + 1];
};

static uint32_t draw(yh_str mn, unsigned attempt, const char *what)
{
    char text[96];
    int n = snprintf(text, sizeof text, "%.*s/%u/%s", YH_FMT(mn), attempt, what);
    return yh_hash32((yh_str){text, (size_t)n});
}

static const struct industry *choose_industry(yh_str mn, const char *medium)
{
    const struct industry *fitting[YH_LEN(industries)];
    size_t n = 0;
    for (size_t i = 0; i < YH_LEN(industries); i++)
        if (strcmp(industries[i].medium, medium) == 0)
            fitting[n++] = &industries[i];
    return n ? fitting[draw(mn, 0, "industry") % n] : NULL;
}

static bool is_water(const struct industry *i)
{
    return strcmp(i->medium, "water") == 0;
}

/* Numbers below 1000 belong to the firms of the demo city's stories. */
static void invent(yh_str mn, unsigned attempt, const struct regions *all, struct firm *f)
{
    char first8[9], org8[9];
    f->region = all->codes[draw(mn, attempt, "region") % all->n];
    snprintf(f->name, sizeof f->name, "示范·%s%s%s", first_words[draw(mn, attempt, "first") % YH_LEN(first_words)],
             second_words[draw(mn, attempt, "second") % YH_LEN(second_words)], f->industry->name);
    snprintf(f->station, sizeof f->station, "%s %s", f->name, is_water(f->industry) ? "废水总排口" : "废气总排口");
    snprintf(first8, sizeof first8, "91%.6s", f->region);
    snprintf(org8, sizeof org8, "DEM%05u", 1000 + draw(mn, attempt, "number") % 99000);
    bool made = source_credit_make(yh_str_of(first8), yh_str_of(org8), f->credit);
    (void)made; /* digits and D, E, M always occur in the code's alphabet */
}

static yh_err exists(struct db *d, const char *sql, const yh_str *args, int n, bool *ret)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql, &s));
    for (int i = 0; i < n; i++)
        db_bind_str(s, i + 1, args[i]);
    return db_step(s, ret);
}

static yh_err invent_free(struct db *d, yh_str mn, const struct regions *all, struct firm *f)
{
    for (unsigned attempt = 0; attempt < DRAWS; attempt++) {
        bool taken = false;
        invent(mn, attempt, all, f);
        const yh_str args[] = {yh_str_of(f->region), yh_str_of(f->name), yh_str_of(f->credit)};
        YH_TRY(exists(d, sql_is_taken, args, 3, &taken));
        if (!taken)
            return YH_OK;
    }
    return yh_fail(YH_E_TOO_LARGE, "no free name is left for a demo firm");
}

/* ---- its factors ---- */

static const char *limit_text(const struct demo_limit *l, const struct industry *i)
{
    switch (l->column) {
    case OWN:
        return l->limit;
    case DUST:
        return i->dust;
    case SO2:
        return i->so2;
    case NOX:
        return i->nox;
    }
    return NULL;
}

static yh_err add_limit(struct db *d, yh_str mn, yh_str factor, const struct industry *industry, yh_time now)
{
    for (size_t i = 0; i < YH_LEN(limits); i++) {
        const struct demo_limit *l = &limits[i];
        if (strcmp(l->medium, industry->medium) != 0 ||
            (!yh_str_is(factor, l->code_2005) && !yh_str_is(factor, l->code_2017)))
            continue;
        struct source_limit limit = {mn, factor, yh_str_of(l->low), yh_str_of(limit_text(l, industry)), YH_S(BASIS),
                                     VALID_SINCE, YH_S(CAUSE)};
        return source_limit_add(d, &limit, now, NULL);
    }
    return YH_OK;
}

static yh_err add_factors(struct db *d, const struct source_demo_station *s, const struct industry *industry, yh_time now)
{
    for (size_t i = 0; i < s->factor_count; i++) {
        struct source_factor_row row = {s->mn, s->factors[i], YH_S(""), YH_S(""), -1, YH_S(CAUSE)};
        bool twice = false;
        for (size_t j = 0; j < i; j++)
            twice |= yh_str_eq(s->factors[i], s->factors[j]);
        if (twice || !source_factor_valid(s->factors[i])) /* damaged frames give damaged codes */
            continue;
        YH_TRY(source_factor_add(d, &row, now));
        YH_TRY(add_limit(d, s->mn, s->factors[i], industry, now));
    }
    return YH_OK;
}

/* ---- all ---- */

struct seeding {
    const struct source_demo_station **sorted;
    size_t n;
    yh_time now;
    struct regions regions;
    size_t created;
};

static yh_err seed_one(struct db *d, struct seeding *w, const struct source_demo_station *s)
{
    struct firm f = {0};
    bool there = false;
    const char *medium = source_st_medium(s->st);
    if (!medium || !source_mn_valid(s->mn))
        return YH_OK;
    f.industry = choose_industry(s->mn, medium);
    if (!f.industry)
        return YH_OK;
    YH_TRY(exists(d, sql_is_admitted, &s->mn, 1, &there));
    if (there)
        return YH_OK;
    YH_TRY(invent_free(d, s->mn, &w->regions, &f));
    struct source_admission a = {.mn = s->mn,
                                 .name = yh_str_of(f.station),
                                 .enterprise_name = yh_str_of(f.name),
                                 .credit_code = yh_str_of(f.credit),
                                 .outlet_code = yh_str_of(is_water(f.industry) ? "DW001" : "DA001"),
                                 .outlet_name = yh_str_of(is_water(f.industry) ? "废水总排口" : "废气总排口"),
                                 .medium = yh_str_of(f.industry->medium),
                                 .region_code = yh_str_of(f.region),
                                 .st = s->st,
                                 .demo = true,
                                 .cause = YH_S(CAUSE)};
    YH_TRY(source_admit(d, &a, w->now, NULL));
    YH_TRY(source_run(d, sql_profile, &s->mn, 1));
    YH_TRY(add_factors(d, s, f.industry, w->now));
    w->created++;
    return YH_OK;
}

static yh_err seed(struct db *d, void *user)
{
    struct seeding *w = user;
    w->created = 0;
    w->regions.n = 0;
    YH_TRY(source_regions(d, add_region, &w->regions));
    if (w->regions.n == 0)
        return yh_fail(YH_E_CONFLICT, "the region dictionary is not loaded");
    for (size_t i = 0; i < w->n; i++)
        YH_TRY(seed_one(d, w, w->sorted[i]));
    return YH_OK;
}

static int by_mn(const void *a, const void *b)
{
    const struct source_demo_station *const *x = a, *const *y = b;
    return yh_str_cmp((*x)->mn, (*y)->mn);
}

yh_err source_seed_demo(struct db *d, const struct source_demo_station *stations, size_t n, yh_time now,
                        size_t *ret_created)
{
    const struct source_demo_station **sorted = calloc(n ? n : 1, sizeof *sorted);
    if (!sorted)
        return yh_fail(YH_E_NO_MEMORY, "no memory to seed the demo");
    for (size_t i = 0; i < n; i++)
        sorted[i] = &stations[i];
    qsort(sorted, n, sizeof *sorted, by_mn); /* whoever comes first gets the name, whatever the order of the input */
    struct seeding w = {.sorted = sorted, .n = n, .now = now};
    yh_err e = db_txn(d, seed, &w);
    free(sorted);
    YH_TRY(e);
    *ret_created = w.created;
    return YH_OK;
}
