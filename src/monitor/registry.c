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
        .accept_clock = yh_str_is(p->clock_policy, "accept"), .ahead_minutes = p->time_offset_minutes - YH_CST};
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

/* What the stores know of a station's newest values; gathered without the lock of the book. */
struct newest {
    struct series_latest rows[LATEST_MAX]; /* real-time values measured by now */
    size_t n;
    yh_time received; /* of the record they came from last; YH_TIME_NONE when the log does not say */
    struct live_factor factors[LATEST_MAX];
    size_t factor_n;
};

static yh_time received_of(struct chain *chain, uint64_t seq)
{
    yh_buf_auto bytes = yh_buf_make(CHAIN_PAYLOAD_MAX + 4096);
    struct chain_record r;
    return chain_get(chain, seq, &bytes, &r, NULL) == YH_OK ? r.received : YH_TIME_NONE;
}

static yh_err latest_of(struct series *series, yh_str mn, series_kind kind, yh_time not_after, struct series_latest *rows,
                        size_t *ret_n)
{
    *ret_n = 0;
    yh_err e = series_latest(series, mn, kind, not_after, rows, LATEST_MAX, ret_n);
    return e == YH_E_NOT_FOUND ? YH_OK : e;
}

static void add_kind(struct newest *to, const struct series_latest *row, series_kind kind)
{
    size_t i = 0;
    while (i < to->factor_n && strcmp(to->factors[i].code, row->factor) != 0)
        i++;
    if (i == LATEST_MAX)
        return;
    if (i == to->factor_n)
        memcpy(to->factors[to->factor_n++].code, row->factor, sizeof row->factor);
    to->factors[i].kinds |= (uint8_t)(1u << kind);
}

static yh_err gather(struct series *series, struct chain *chain, yh_str mn, struct newest *to)
{
    size_t n;
    *to = (struct newest){.received = YH_TIME_NONE};
    for (unsigned k = 0; k < SERIES_KIND_COUNT; k++) {
        YH_TRY(latest_of(series, mn, (series_kind)k, INT64_MAX, to->rows, &n));
        for (size_t i = 0; i < n; i++)
            add_kind(to, &to->rows[i], (series_kind)k);
    }
    YH_TRY(latest_of(series, mn, SERIES_RTD, yh_clock_now() + LIVE_CLOCK_LIMIT, to->rows, &to->n));
    uint64_t newest = 0;
    for (size_t i = 0; i < to->n; i++)
        if (to->rows[i].v.seq > newest)
            newest = to->rows[i].v.seq;
    if (to->n)
        to->received = received_of(chain, newest);
    return YH_OK;
}

static struct live_latest latest_from(const struct series_latest *row)
{
    struct live_latest l = {.field = row->field, .value = row->v.value, .flag = row->v.flag, .time = row->v.time,
                            .seq = row->v.seq};
    memcpy(l.factor, row->factor, sizeof l.factor);
    return l;
}

/* Replaces what the book holds. Under its lock. */
static yh_err apply(struct live_station *s, const struct newest *from)
{
    struct live_latest *latest = calloc(from->n + 1, sizeof *latest);
    if (!latest)
        return yh_fail(YH_E_NO_MEMORY, "no memory for newest values");
    s->last_data_time = YH_TIME_NONE;
    s->flagged = false;
    for (size_t i = 0; i < from->n; i++) {
        latest[i] = latest_from(&from->rows[i]);
        if (latest[i].time > s->last_data_time)
            s->last_data_time = latest[i].time;
    }
    for (size_t i = 0; i < from->n; i++)
        s->flagged |= latest[i].time == s->last_data_time && live_is_fault_flag(latest[i].flag);
    free(s->latest);
    s->latest = latest;
    s->latest_n = from->n;
    s->latest_cap = from->n + 1;
    s->factor_n = 0;
    for (size_t i = 0; i < from->factor_n; i++)
        for (unsigned k = 0; k < SERIES_KIND_COUNT; k++)
            if (from->factors[i].kinds >> k & 1)
                live_note_factor(s, yh_str_of(from->factors[i].code), (series_kind)k);
    if (from->received > s->last_received)
        s->last_received = from->received;
    return YH_OK;
}

yh_err registry_reload_latest(struct series *series, struct chain *chain, struct live *live, yh_str mn)
{
    struct newest newest;
    YH_TRY(gather(series, chain, mn, &newest));
    live_lock(live);
    struct live_station *s = live_find(live, mn);
    yh_err e = s ? apply(s, &newest) : YH_OK;
    live_unlock(live);
    return e;
}

yh_err registry_load_latest(struct series *series, struct chain *chain, struct live *live)
{
    size_t at = 0;
    struct live_station *s;
    struct newest newest;
    yh_err e = YH_OK;
    live_lock(live);
    while (e == YH_OK && live_next(live, &at, &s)) {
        if (!s->known)
            continue;
        e = gather(series, chain, yh_str_of(s->mn), &newest);
        if (e == YH_OK)
            e = apply(s, &newest);
    }
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
        .frames = s->unsaved,
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
        s->unsaved = 0;
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
            s->unsaved += rows[i].frames;
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
