#include "monitor/registry.h"

#include <pthread.h>

#include "base/clock.h"
#include "source/factor.h"
#include "source/source.h"

#define INFO_MAX      (256u * 1024u)
#define UNKNOWN_BATCH 512u

void station_info_free(struct station_info *info)
{
    if (!info)
        return;
    yh_arena_done(&info->arena);
    free(info);
}

const struct station_factor *station_factor_find(const struct station_info *info, yh_str code)
{
    for (size_t i = 0; i < info->factor_count; i++)
        if (yh_str_eq(info->factors[i].code, code))
            return &info->factors[i];
    return NULL;
}

/* ---- profile ---- */

static live_answer answer_of(yh_str policy)
{
    return yh_str_is(policy, "always") ? LIVE_ANSWER_ALWAYS
           : yh_str_is(policy, "never") ? LIVE_ANSWER_NEVER
                                        : LIVE_ANSWER_STANDARD;
}

static void set_profile(struct live_station *s, const struct source_profile *p)
{
    struct ingest_profile profile = {
        .known = true, .accept_bad_crc = p->accept_bad_crc,
        .accept_clock = yh_str_is(p->clock_policy, "accept"), .offset_minutes = p->time_offset_minutes};
    size_t n = yh_min_size(p->password.n, sizeof profile.password - 1);
    if (n)
        memcpy(profile.password, p->password.p, n);
    profile.key.set = p->sm4_key.n && yh_hex_decode(p->sm4_key, profile.key.b, sizeof profile.key.b);
    s->profile = profile;
    s->answer = answer_of(p->answer_policy);
}

static bool take_profile(void *user, const struct source_station *row)
{
    struct live *live = user;
    live_lock(live);
    struct live_station *s = live_know(live, row->mn);
    if (s)
        set_profile(s, &row->profile);
    live_unlock(live);
    return s != NULL;
}

yh_err registry_load_profiles(struct db *db, struct live *live)
{
    return source_station_list(db, NULL, take_profile, live);
}

/* ---- facts ---- */

static struct station_info *info_of(const struct source_station *row)
{
    struct station_info *i = calloc(1, sizeof *i);
    if (!i)
        return NULL;
    i->arena = yh_arena_make(INFO_MAX);
    yh_arena *a = &i->arena;
    i->name = yh_arena_str(a, row->name);
    i->enterprise_id = row->enterprise_id;
    i->enterprise_name = yh_arena_str(a, row->enterprise_name);
    i->outlet_id = row->outlet_id;
    i->outlet_code = yh_arena_str(a, row->outlet_code);
    i->outlet_name = yh_arena_str(a, row->outlet_name);
    i->medium = yh_arena_str(a, row->medium);
    i->region_code = yh_arena_str(a, row->region_code);
    i->region_name = yh_arena_str(a, row->region_name);
    i->edition = yh_arena_str(a, row->profile.edition);
    i->clock_policy = yh_arena_str(a, row->profile.clock_policy);
    i->dialect = yh_arena_str(a, row->profile.dialect);
    i->answer_policy = yh_arena_str(a, row->profile.answer_policy);
    i->interval_minutes = row->profile.interval_minutes;
    i->end_stamped = yh_str_is(row->profile.period_stamp, "end");
    return i;
}

struct loading {
    struct live *live;
    bool failed;
};

static bool take_station(void *user, const struct source_station *row)
{
    struct loading *l = user;
    struct station_info *info = info_of(row);
    live_lock(l->live);
    struct live_station *s = info ? live_know(l->live, row->mn) : NULL;
    if (s) {
        station_info_free(s->info);
        s->info = info;
        set_profile(s, &row->profile);
    }
    live_unlock(l->live);
    l->failed = s == NULL;
    if (l->failed)
        station_info_free(info);
    return s != NULL;
}

/* Appends a factor; the array grows inside the station's arena, in powers of two. */
static bool add_factor(struct station_info *info, const struct source_factor *f)
{
    size_t n = info->factor_count;
    if ((n & (n - 1)) == 0) {
        struct station_factor *bigger = YH_NEW_N(&info->arena, struct station_factor, n ? n * 2 : 1);
        if (!bigger)
            return false;
        if (n)
            memcpy(bigger, info->factors, n * sizeof *bigger);
        info->factors = bigger;
    }
    info->factors[info->factor_count++] = (struct station_factor){
        .code = yh_arena_str(&info->arena, f->code),
        .name = yh_arena_str(&info->arena, f->name),
        .unit = yh_arena_str(&info->arena, f->unit),
        .decimals = f->decimals,
        .has_limit = f->has_limit,
        .limit = f->limit,
        .has_low = f->has_low,
        .low = f->low,
        .basis = yh_arena_str(&info->arena, f->basis),
    };
    return true;
}

static bool take_factor(void *user, const struct source_factor *f)
{
    struct loading *l = user;
    live_lock(l->live);
    struct live_station *s = live_find(l->live, f->mn);
    bool ok = !s || !s->info || add_factor(s->info, f);
    live_unlock(l->live);
    l->failed = !ok;
    return ok;
}

static yh_err check(const struct loading *l)
{
    return l->failed ? yh_fail(YH_E_NO_MEMORY, "no memory for the list of stations") : YH_OK;
}

static yh_err load_all(struct db *db, struct live *live)
{
    struct loading l = {.live = live};
    YH_TRY(source_station_list(db, NULL, take_station, &l));
    YH_TRY(check(&l));
    YH_TRY(source_factors(db, (yh_str){0}, yh_clock_now(), take_factor, &l));
    return check(&l);
}

yh_err registry_load(struct db_pool *pool, struct live *live)
{
    struct db *db = db_pool_reader(pool);
    yh_err e = load_all(db, live);
    db_pool_put(pool, db);
    return e;
}

static yh_err load_one(struct db *db, struct live *live, yh_str mn)
{
    yh_arena_auto arena = yh_arena_make(INFO_MAX);
    struct source_station row;
    struct loading l = {.live = live};
    YH_TRY(source_station_by_mn(db, mn, &arena, &row));
    take_station(&l, &row);
    YH_TRY(check(&l));
    YH_TRY(source_factors(db, mn, yh_clock_now(), take_factor, &l));
    return check(&l);
}

yh_err registry_load_one(struct db_pool *pool, struct live *live, yh_str mn)
{
    /* One at a time: what is put into the book last was then also read last. */
    static pthread_mutex_t loading = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&loading);
    struct db *db = db_pool_reader(pool);
    yh_err e = load_one(db, live, mn);
    db_pool_put(pool, db);
    pthread_mutex_unlock(&loading);
    return e;
}

/* ---- newest values ---- */

#define LATEST_MAX 128

/* When the newest of these values arrived, by its log record; YH_TIME_NONE when the log does not say. */
static yh_time received_of(struct chain *chain, uint64_t seq)
{
    yh_buf_auto bytes = yh_buf_make(CHAIN_PAYLOAD_MAX + 4096);
    struct chain_record r;
    return chain_get(chain, seq, &bytes, &r, NULL) == YH_OK ? r.received : YH_TIME_NONE;
}

static bool put_latest(struct live_station *s, const struct series_latest *rows, size_t n, uint64_t *ret_newest_seq)
{
    struct live_latest *latest = calloc(n, sizeof *latest);
    if (!latest)
        return false;
    *ret_newest_seq = 0;
    for (size_t i = 0; i < n; i++) {
        memcpy(latest[i].factor, rows[i].factor, sizeof latest[i].factor);
        latest[i].field = rows[i].field;
        latest[i].value = rows[i].v.value;
        latest[i].flag = rows[i].v.flag;
        latest[i].time = rows[i].v.time;
        latest[i].seq = rows[i].v.seq;
        if (rows[i].v.time > s->last_data_time)
            s->last_data_time = rows[i].v.time;
        if (rows[i].v.seq > *ret_newest_seq)
            *ret_newest_seq = rows[i].v.seq;
    }
    free(s->latest);
    s->latest = latest;
    s->latest_n = s->latest_cap = n;
    return true;
}

/* Which factors the station has ever reported, in which kinds. */
static yh_err load_factors(struct series *series, struct live_station *s)
{
    struct series_latest rows[LATEST_MAX];
    for (unsigned k = 0; k < SERIES_KIND_COUNT; k++) {
        size_t n = 0;
        yh_err e = series_latest(series, yh_str_of(s->mn), (series_kind)k, INT64_MAX, rows, LATEST_MAX, &n);
        if (e != YH_OK && e != YH_E_NOT_FOUND)
            return e;
        for (size_t i = 0; e == YH_OK && i < n; i++)
            live_note_factor(s, yh_str_of(rows[i].factor), (series_kind)k);
    }
    return YH_OK;
}

static yh_err load_latest(struct series *series, struct chain *chain, struct live_station *s)
{
    struct series_latest rows[LATEST_MAX];
    size_t n;
    uint64_t newest;
    YH_TRY(load_factors(series, s));
    yh_err e = series_latest(series, yh_str_of(s->mn), SERIES_RTD, yh_clock_now() + LIVE_CLOCK_LIMIT, rows, LATEST_MAX, &n);
    if (e == YH_E_NOT_FOUND || (e == YH_OK && n == 0))
        return YH_OK;
    YH_TRY(e);
    if (!put_latest(s, rows, n, &newest))
        return yh_fail(YH_E_NO_MEMORY, "no memory for newest values");
    yh_time received = received_of(chain, newest);
    if (received > s->last_received)
        s->last_received = received;
    return YH_OK;
}

yh_err registry_load_latest(struct series *series, struct chain *chain, struct live *live)
{
    size_t at = 0;
    struct live_station *s;
    yh_err e = YH_OK;
    live_lock(live);
    while (e == YH_OK && live_next(live, &at, &s))
        if (s->known)
            e = load_latest(series, chain, s);
    live_unlock(live);
    return e;
}

yh_err registry_load_latest_one(struct series *series, struct chain *chain, struct live *live, yh_str mn)
{
    live_lock(live);
    struct live_station *s = live_find(live, mn);
    yh_err e = s ? load_latest(series, chain, s) : YH_OK;
    live_unlock(live);
    return e;
}

/* ---- unknown senders ---- */

static struct source_unknown unknown_of(const struct live_station *s)
{
    return (struct source_unknown){
        .mn = yh_str_of(s->mn),
        .first_seen = s->first_received,
        .last_seen = s->last_received,
        .frames = s->frames - s->saved_frames,
        .last_seq = s->last_seq,
        .peer = yh_str_of(s->peer),
        .edition = yh_str_of(hj212_edition_name(s->edition)),
        .st = yh_str_of(s->st),
        .last_cn = yh_str_of(s->last_cn),
    };
}

/* Up to `max` senders to be told; they count as told at once and are told again when the database refuses. */
static size_t collect_unknown(struct live *live, struct yh_arena *arena, struct source_unknown *rows, size_t max)
{
    size_t at = 0, n = 0;
    struct live_station *s;
    live_lock(live);
    while (n < max && live_next(live, &at, &s)) {
        if (s->known || !s->dirty || s->first_received == YH_TIME_NONE)
            continue;
        struct source_unknown row = unknown_of(s);
        row.mn = yh_arena_str(arena, row.mn);
        row.peer = yh_arena_str(arena, row.peer);
        row.st = yh_arena_str(arena, row.st);
        row.last_cn = yh_arena_str(arena, row.last_cn);
        rows[n++] = row;
        s->saved_frames = s->frames;
        s->dirty = false;
    }
    live_unlock(live);
    return n;
}

static void take_back(struct live *live, const struct source_unknown *rows, size_t n)
{
    live_lock(live);
    for (size_t i = 0; i < n; i++) {
        struct live_station *s = live_find(live, rows[i].mn);
        if (s) {
            s->saved_frames -= rows[i].frames;
            s->dirty = true;
        }
    }
    live_unlock(live);
}

yh_err registry_save_unknown(struct db_pool *pool, struct live *live)
{
    yh_arena_auto arena = yh_arena_make(1024 * 1024);
    struct source_unknown rows[UNKNOWN_BATCH];
    size_t n = collect_unknown(live, &arena, rows, UNKNOWN_BATCH);
    if (n == 0)
        return YH_OK;
    struct db *db = db_pool_writer(pool);
    yh_err e = source_unknown_put(db, rows, n);
    db_pool_put(pool, db);
    if (e != YH_OK)
        take_back(live, rows, n);
    return e;
}
