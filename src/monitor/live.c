#include "monitor/live.h"

#include <pthread.h>

#include "base/map.h"
#include "hj212/dialect.h"
#include "monitor/registry.h"
#include "source/source.h"

struct live {
    pthread_mutex_t lock;
    yh_map stations; /* MN -> struct live_station */
    size_t unknown;
};

static const char *const state_words[LIVE_STATE_COUNT] = {
    [LIVE_NEVER] = "never", [LIVE_ONLINE] = "online", [LIVE_LATE] = "late",
    [LIVE_ABNORMAL] = "abnormal", [LIVE_OFFLINE] = "offline",
};

const char *live_state_word(live_state s)
{
    return state_words[s];
}

bool live_state_of_word(yh_str word, live_state *ret)
{
    for (unsigned s = 0; s < LIVE_STATE_COUNT; s++) {
        if (yh_str_is(word, state_words[s])) {
            *ret = (live_state)s;
            return true;
        }
    }
    return false;
}

yh_err live_new(struct live **ret)
{
    struct live *l = calloc(1, sizeof *l);
    if (!l)
        return yh_fail(YH_E_NO_MEMORY, "no memory for the live state");
    pthread_mutex_init(&l->lock, NULL);
    *ret = l;
    return YH_OK;
}

static void station_free(struct live_station *s)
{
    station_info_free(s->info);
    free(s->latest);
    free(s->factors);
    free(s);
}

void live_free(struct live *l)
{
    if (!l)
        return;
    size_t at = 0;
    struct live_station *s;
    while (live_next(l, &at, &s))
        station_free(s);
    yh_map_done(&l->stations);
    pthread_mutex_destroy(&l->lock);
    free(l);
}

void live_lock(struct live *l)
{
    pthread_mutex_lock(&l->lock);
}

void live_unlock(struct live *l)
{
    pthread_mutex_unlock(&l->lock);
}

struct live_station *live_find(struct live *l, yh_str mn)
{
    return yh_map_get(&l->stations, mn);
}

static int compare_weight(const void *a, const void *b)
{
    const struct live_station *x = *(struct live_station *const *)a, *y = *(struct live_station *const *)b;
    if (x->frames != y->frames)
        return x->frames < y->frames ? -1 : 1;
    return (x->last_received > y->last_received) - (x->last_received < y->last_received);
}

/* A tenth goes at once, so that a flood pays for the search seldom. */
static void forget_some(struct live *l)
{
    struct live_station **unknown = calloc(l->unknown, sizeof(struct live_station *)), *s;
    size_t n = 0, at = 0;
    if (!unknown)
        return;
    while (n < l->unknown && live_next(l, &at, &s))
        if (!s->known)
            unknown[n++] = s;
    qsort(unknown, n, sizeof(struct live_station *), compare_weight);
    for (size_t i = 0; i < LIVE_UNKNOWN_MAX / 10 && i < n; i++) {
        yh_map_remove(&l->stations, yh_str_of(unknown[i]->mn));
        station_free(unknown[i]);
        l->unknown--;
    }
    free(unknown);
}

static struct live_station *create(struct live *l, yh_str mn)
{
    struct live_station *s = calloc(1, sizeof *s);
    if (!s || yh_map_put(&l->stations, mn, s) != YH_OK) {
        free(s);
        return NULL;
    }
    memcpy(s->mn, mn.p, mn.n);
    s->first_received = s->last_received = s->last_data_time = s->state_since = YH_TIME_NONE;
    l->unknown++;
    return s;
}

struct live_station *live_take(struct live *l, yh_str mn)
{
    struct live_station *s = live_find(l, mn);
    if (s || !source_mn_valid(mn))
        return s;
    if (l->unknown >= LIVE_UNKNOWN_MAX)
        forget_some(l);
    return l->unknown < LIVE_UNKNOWN_MAX ? create(l, mn) : NULL;
}

struct live_station *live_know(struct live *l, yh_str mn)
{
    if (mn.n == 0 || mn.n > LIVE_MN_MAX)
        return NULL;
    struct live_station *s = live_find(l, mn);
    if (!s)
        s = create(l, mn);
    if (s && !s->known) {
        s->known = true;
        s->profile.known = true;
        l->unknown--;
    }
    return s;
}

size_t live_unknown(const struct live *l)
{
    return l->unknown;
}

bool live_next(struct live *l, size_t *at, struct live_station **ret)
{
    yh_str key;
    void *value;
    if (!yh_map_next(&l->stations, at, &key, &value))
        return false;
    *ret = value;
    return true;
}

static void copy_short(char *to, size_t size, yh_str from)
{
    size_t n = yh_min_size(from.n, size - 1);
    if (n)
        memcpy(to, from.p, n);
    to[n] = '\0';
}

struct live_frame live_frame_of(const struct chain_record *r, const struct ingest_result *result)
{
    struct live_frame f = {
        .seq = r->seq,
        .received = r->received,
        .data_time = result->has_time ? result->data_time : YH_TIME_NONE,
        .size = (uint32_t)r->payload.n,
        .kind = (uint8_t)r->kind,
        .issue = (uint8_t)result->issue,
    };
    if (result->frame)
        copy_short(f.cn, sizeof f.cn, result->frame->header[HJ212_CN]);
    return f;
}

bool live_is_fault_flag(char flag)
{
    return flag != 0 && flag != 'N' && flag != '3';
}

/* A station names its factors in the same order every time: the one behind the last is tried first. */
static struct live_factor *find_factor(const struct live_station *s, yh_str code, size_t guess)
{
    for (size_t i = guess; i < s->factor_n && i < guess + 2; i++)
        if (yh_str_is(code, s->factors[i].code))
            return &s->factors[i];
    for (size_t i = 0; i < s->factor_n; i++)
        if (yh_str_is(code, s->factors[i].code))
            return &s->factors[i];
    return NULL;
}

const struct live_factor *live_factor_find(const struct live_station *s, yh_str code)
{
    return find_factor(s, code, 0);
}

static struct live_factor *add_factor(struct live_station *s, yh_str code)
{
    if (s->factor_n == LIVE_FACTORS_MAX)
        return NULL;
    if (s->factor_n == s->factor_cap) {
        size_t cap = s->factor_cap ? s->factor_cap * 2 : 8;
        struct live_factor *bigger = realloc(s->factors, cap * sizeof *bigger);
        if (!bigger)
            return NULL;
        s->factors = bigger;
        s->factor_cap = cap;
    }
    struct live_factor *f = &s->factors[s->factor_n++];
    *f = (struct live_factor){0};
    copy_short(f->code, sizeof f->code, code);
    return f;
}

/* Returns its place, for the next guess. */
static size_t note_factor(struct live_station *s, yh_str code, series_kind kind, size_t guess)
{
    struct live_factor *f = find_factor(s, code, guess);
    if (!f)
        f = add_factor(s, code);
    if (!f)
        return guess;
    f->kinds |= (uint8_t)(1u << kind);
    return (size_t)(f - s->factors);
}

void live_note_factor(struct live_station *s, yh_str code, series_kind kind)
{
    (void)note_factor(s, code, kind, 0);
}

static bool is_latest_of(const struct live_latest *l, yh_str factor, series_field field)
{
    return l->field == field && yh_str_is(factor, l->factor);
}

static struct live_latest *latest_place(struct live_station *s, yh_str factor, series_field field, size_t guess)
{
    if (guess < s->latest_n && is_latest_of(&s->latest[guess], factor, field))
        return &s->latest[guess];
    for (size_t i = 0; i < s->latest_n; i++)
        if (is_latest_of(&s->latest[i], factor, field))
            return &s->latest[i];
    if (s->latest_n == LIVE_FACTORS_MAX)
        return NULL;
    if (s->latest_n == s->latest_cap) {
        size_t cap = s->latest_cap ? s->latest_cap * 2 : 8;
        struct live_latest *bigger = realloc(s->latest, cap * sizeof *bigger);
        if (!bigger)
            return NULL;
        s->latest = bigger;
        s->latest_cap = cap;
    }
    struct live_latest *l = &s->latest[s->latest_n++];
    *l = (struct live_latest){.field = field, .time = YH_TIME_NONE};
    copy_short(l->factor, sizeof l->factor, factor);
    return l;
}

/* "Latest" is the last measured, not the last received; a value from the future is not measured yet. */
static void note_latest(struct live_station *s, const struct chain_record *r, const struct ingest_result *result)
{
    size_t guess = 0;
    for (size_t i = 0; i < result->cell_count; i++) {
        const struct series_cell *cell = &result->cells[i];
        struct live_latest *l = latest_place(s, cell->factor, cell->field, guess);
        guess = l ? (size_t)(l - s->latest) + 1 : guess;
        if (!l || result->data_time < l->time || (result->data_time == l->time && r->seq < l->seq))
            continue;
        l->value = cell->value;
        l->flag = cell->flag;
        l->time = result->data_time;
        l->seq = r->seq;
    }
}

static void note_rtd(struct live_station *s, const struct chain_record *r, const struct ingest_result *result)
{
    if (result->data_time >= s->last_data_time) { /* data filled in later say nothing about the clock */
        s->has_offset = true;
        s->clock_offset_ms = result->data_time - r->received;
    }
    if (result->data_time > r->received + LIVE_CLOCK_LIMIT)
        return;
    if (result->data_time >= s->last_data_time) {
        s->flagged = false;
        for (size_t i = 0; i < result->cell_count; i++)
            s->flagged |= live_is_fault_flag(result->cells[i].flag);
        s->last_data_time = result->data_time;
    }
    note_latest(s, r, result);
}

void live_note(struct live_station *s, const struct chain_record *r, const struct ingest_result *result)
{
    if (r->kind != CHAIN_FRAME && r->kind != CHAIN_BAD && r->kind != CHAIN_JUNK)
        return;
    s->issues[result->issue]++;
    s->frames += r->kind == CHAIN_FRAME;
    s->bad += r->kind == CHAIN_BAD;
    s->last_seq = r->seq;
    if (r->seq >= s->saved_next) {
        s->unsaved += r->kind == CHAIN_FRAME;
        s->dirty = true;
    }
    s->recent[s->recent_n++ % LIVE_RECENT] = live_frame_of(r, result);
    if (r->kind == CHAIN_JUNK)
        return;
    if (s->first_received == YH_TIME_NONE)
        s->first_received = r->received;
    if (r->received > s->last_received)
        s->last_received = r->received;
    copy_short(s->peer, sizeof s->peer, r->peer);
    if (!result->frame || r->kind == CHAIN_BAD)
        return;
    s->edition = result->frame->edition;
    copy_short(s->last_cn, sizeof s->last_cn, result->frame->header[HJ212_CN]);
    const struct hj212_dialect *dialect = hj212_dialect_of(result->frame);
    if (dialect)
        copy_short(s->dialect, sizeof s->dialect, yh_str_of(dialect->name));
    yh_str st = result->frame->header[HJ212_ST];
    if (st.n && !yh_str_is(st, "91"))
        copy_short(s->st, sizeof s->st, st);
    if (result->issue != INGEST_FINE && result->issue != INGEST_FUTURE)
        return;
    s->values += result->cell_count;
    size_t at = 0;
    for (size_t i = 0; i < result->cell_count; i++)
        at = note_factor(s, result->cells[i].factor, result->kind, at);
    if (result->kind == SERIES_RTD)
        note_rtd(s, r, result);
}

static live_state state_now(const struct live_station *s, yh_time now)
{
    if (s->last_received == YH_TIME_NONE)
        return LIVE_NEVER;
    if (now - s->last_received > LIVE_OFFLINE_AFTER)
        return LIVE_OFFLINE;
    bool clock_ahead = s->has_offset && s->clock_offset_ms > LIVE_CLOCK_LIMIT && !s->profile.accept_clock;
    if (s->flagged || clock_ahead)
        return LIVE_ABNORMAL;
    if (s->last_data_time != YH_TIME_NONE && now - s->last_data_time > LIVE_LATE_AFTER)
        return LIVE_LATE;
    return LIVE_ONLINE;
}

bool live_judge_state(struct live_station *s, yh_time now)
{
    if (s->last_received > now) /* the clock was set back: its silence counts from now on */
        s->last_received = now;
    live_state state = state_now(s, now);
    if (s->state_since != YH_TIME_NONE && state == s->state)
        return false;
    bool first = s->state_since == YH_TIME_NONE;
    s->state = state;
    /* A station that fell silent before this start has been offline since then, not since now. */
    s->state_since = first && state == LIVE_OFFLINE ? s->last_received + LIVE_OFFLINE_AFTER : now;
    return true;
}

const struct live_frame *live_recent(const struct live_station *s, size_t i)
{
    if (i >= s->recent_n || i >= LIVE_RECENT)
        return NULL;
    return &s->recent[(s->recent_n - 1 - i) % LIVE_RECENT];
}

void live_correct(struct live_station *s, uint64_t seq, const struct ingest_result *result)
{
    for (size_t i = 0; i < LIVE_RECENT && i < s->recent_n; i++) {
        struct live_frame *f = &s->recent[i];
        if (f->seq != seq)
            continue;
        f->issue = (uint8_t)result->issue;
        f->data_time = result->has_time ? result->data_time : YH_TIME_NONE;
    }
}

struct ingest_profile live_profile(struct live *l, yh_str mn)
{
    live_lock(l);
    const struct live_station *s = live_find(l, mn);
    struct ingest_profile profile = s ? s->profile : (struct ingest_profile){0};
    live_unlock(l);
    return profile;
}

void live_connected(struct live *l, yh_str mn, const char *peer, bool on)
{
    live_lock(l);
    struct live_station *s = on ? live_take(l, mn) : live_find(l, mn);
    if (s && on) {
        s->connections++;
        snprintf(s->peer, sizeof s->peer, "%s", peer);
    } else if (s && s->connections > 0) {
        s->connections--;
    }
    live_unlock(l);
}

void live_repeated(struct live *l, yh_str mn, yh_time now)
{
    live_lock(l);
    struct live_station *s = live_find(l, mn);
    if (s) {
        s->repeated++;
        if (now > s->last_received)
            s->last_received = now;
    }
    live_unlock(l);
}
