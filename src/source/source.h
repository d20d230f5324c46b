/*
 * The registry of pollution sources: which logger (MN) measures which outlet of which enterprise in which region, and how
 * to talk with it. Factors and limits are in source/factor.h, codes and their checks in source/code.h.
 *
 * Every function works on the connection it is given and keeps nothing in memory. Views handed to a callback are valid
 * during the call; those of source_station_by_mn live in the arena. A callback returns false to stop.
 *
 * An operation that refuses returns INVALID, CONFLICT or NOT_FOUND and, when asked, says which field and why in Chinese.
 */
#ifndef YH_SOURCE_SOURCE_H
#define YH_SOURCE_SOURCE_H

#include "base/arena.h"
#include "base/json.h"
#include "db/db.h"
#include "source/code.h"

struct source_problem {
    const char *field;  /* name of the field in the request */
    char message[256];  /* Chinese, what is wrong and what to do */
};

/* Brings the dictionaries (regions) into a migrated database; at every start, on the writer. */
yh_must yh_err source_prepare(struct db *d);

/* ---- stations ---- */

struct source_profile {
    yh_str edition;       /* "auto" "2005" "2017" "2025" */
    yh_str clock_policy;  /* "flag" "accept" */
    yh_str answer_policy; /* "standard" "always" "never" */
    yh_str dialect;       /* "standard", or a word of ours */
    yh_str password;      /* empty: any */
    yh_str sm4_key;       /* 32 hex digits; empty: none */
    bool accept_bad_crc;
    int time_offset_minutes; /* of the times it sends, east of UTC */
    int interval_minutes;
    yh_str period_stamp;  /* "start" "end": what DataTime of minute and hour data marks */
};

struct source_station {
    yh_str mn, name, st;
    int64_t enterprise_id, outlet_id;
    yh_str enterprise_name, credit_code; /* credit_code empty: unknown */
    yh_str outlet_code, outlet_name, medium;
    yh_str region_code, region_name;
    struct source_profile profile;
    bool demo;
    yh_time created_at;
    yh_str cause;
};

struct source_filter {
    yh_str q;      /* part of MN, station or enterprise name; empty: all. ASCII letters in either case */
    yh_str medium, region_code; /* empty: all */
    yh_str after;  /* MN of the last row seen; empty: from the start */
    size_t limit;  /* 0: all */
};

/* In order of MN. filter NULL: all. */
yh_must yh_err source_station_list(struct db *d, const struct source_filter *filter,
                                   bool (*each)(void *user, const struct source_station *s), void *user);
yh_must yh_err source_station_count(struct db *d, const struct source_filter *filter, uint64_t *ret); /* ignores after, limit */
yh_must yh_err source_station_by_mn(struct db *d, yh_str mn, struct yh_arena *arena, struct source_station *ret);

/* What the evidence log shall say of a change: stored in its transaction, brought there by kit_deliver_notes. */
struct source_note {
    yh_str origin, json;
};

struct source_admission {
    yh_str mn, name;
    yh_str enterprise_name, credit_code; /* credit_code may be empty */
    yh_str outlet_code, outlet_name, medium;
    yh_str region_code;
    yh_str st;    /* may be empty: taken from what the unknown sender sent */
    bool demo;
    yh_str cause; /* who admits */
    const struct source_note *note; /* may be NULL; not stored when nothing changes */
};

/*
 * Creates what is missing of enterprise, outlet and station in one transaction, takes the MN off the unknown ones and
 * asks for the station's values to be derived. The same admission again changes nothing; an MN, outlet or credit code that belongs to something else is CONFLICT.
 */
yh_must yh_err source_admit(struct db *d, const struct source_admission *a, yh_time now, struct source_problem *ret_problem);

/* Changes the profile fields that stand in `patch` (keys as in struct source_profile; null clears password and sm4_key);
 * all of them or none. Asks for the values to be derived again when they depend on what stands in the patch. NOT_FOUND: no
 * such station. note may be NULL. */
yh_must yh_err source_profile_patch(struct db *d, yh_str mn, json_t *patch, const struct source_note *note, yh_time now,
                                    struct source_problem *ret_problem);

/* The same, each with the pool's writer for the time of the call. */
yh_must yh_err source_admit_pooled(struct db_pool *p, const struct source_admission *a, yh_time now,
                                   struct source_problem *ret_problem);
yh_must yh_err source_profile_patch_pooled(struct db_pool *p, yh_str mn, json_t *patch, const struct source_note *note,
                                           yh_time now, struct source_problem *ret_problem);

/* Stations whose values must be derived again, oldest request first. Done takes out that request, not a newer one. */
yh_must yh_err source_rederive_ask(struct db *d, yh_str mn);
yh_must yh_err source_rederive_list(struct db *d, bool (*each)(void *user, yh_str mn, int64_t asked), void *user);
yh_must yh_err source_rederive_done(struct db *d, yh_str mn, int64_t asked);

/* ---- regions ---- */

struct source_region {
    yh_str code, name, kind, enforcement_unit, uniform_zone;
};

/* Those that exist and can hold a source (not the city as a whole), by code. */
yh_must yh_err source_regions(struct db *d, bool (*each)(void *user, const struct source_region *r), void *user);

/* ---- senders nobody has admitted ---- */

#define SOURCE_UNKNOWN_MAX 20000 /* rows; beyond, those heard least give way (the log has all) */

struct source_unknown {
    yh_str mn;
    yh_time first_seen, last_seen;
    uint64_t frames;   /* put: since the last put; list: in all */
    uint64_t last_seq; /* log record of the last one */
    yh_str peer, edition, st, last_cn;
};

/* One transaction. A row whose last_seq is not newer than what is stored is not counted again; one whose MN is not valid
 * or is admitted by now is skipped. */
yh_must yh_err source_unknown_put(struct db *d, const struct source_unknown *rows, size_t n);

/* Newest first. `after_mn` empty: from the start; otherwise what follows that row (nothing when it is gone). limit 0: all. */
yh_must yh_err source_unknown_list(struct db *d, yh_str after_mn, size_t limit,
                                   bool (*each)(void *user, const struct source_unknown *u), void *user);
yh_must yh_err source_unknown_count(struct db *d, uint64_t *ret);

/* The first log record of this sender that is not counted yet; 0 when it is not listed. */
yh_must yh_err source_unknown_next(struct db *d, yh_str mn, uint64_t *ret);

/* ---- demo ---- */

struct source_demo_station {
    yh_str mn, st;
    const yh_str *factors;
    size_t factor_count;
};

/*
 * Registers captured senders under fictional firms ("示范·…") in real districts, with limits marked 示范限值. Names, codes
 * and districts follow from the MN. What is admitted already, or measures neither water nor air, is left alone.
 */
yh_must yh_err source_seed_demo(struct db *d, const struct source_demo_station *stations, size_t n, yh_time now,
                                size_t *ret_created);

#endif
