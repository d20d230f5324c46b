/*
 * What is known about every sender right now: connection, newest data, clock, counters, state. Kept in memory, rebuilt
 * from the log and the series at start; never a source of truth.
 *
 * Threads: everything between live_lock and live_unlock, except the last three calls, which lock by themselves.
 */
#ifndef YH_MONITOR_LIVE_H
#define YH_MONITOR_LIVE_H

#include "monitor/ingest.h"

#define LIVE_MN_MAX       CHAIN_ORIGIN_MAX
#define LIVE_RECENT       64
#define LIVE_UNKNOWN_MAX  10000 /* senders without admission that are remembered one by one */
#define LIVE_FACTORS_MAX  1000  /* factors of a station that pages show; the series take more */

/* Limits of the state, in milliseconds. */
#define LIVE_LATE_AFTER    (30 * YH_MINUTE)
#define LIVE_OFFLINE_AFTER (30 * YH_MINUTE)
#define LIVE_CLOCK_LIMIT   (10 * YH_MINUTE)

typedef enum live_state {
    LIVE_NEVER,    /* 未上报 */
    LIVE_ONLINE,   /* 在线 */
    LIVE_LATE,     /* 迟报: it talks, but its newest data are old */
    LIVE_ABNORMAL, /* 异常: its newest values carry a fault flag, or its clock runs ahead */
    LIVE_OFFLINE,  /* 离线 */
    LIVE_STATE_COUNT
} live_state;

/* When frames of the station are answered. */
typedef enum live_answer { LIVE_ANSWER_STANDARD /* as Flag asks */, LIVE_ANSWER_ALWAYS, LIVE_ANSWER_NEVER } live_answer;

const char *live_state_word(live_state s);
bool live_state_of_word(yh_str word, live_state *ret);

struct live_latest {
    char factor[SERIES_FACTOR_MAX + 1];
    series_field field;
    yh_dec value;
    char flag;
    yh_time time;
    uint64_t seq;
};

/* A factor the station was ever heard to report, and in which kinds of data. */
struct live_factor {
    char code[SERIES_FACTOR_MAX + 1];
    uint8_t kinds; /* bit 1 << series_kind */
};

/* A logged record of the station, as its list of frames shows it. */
struct live_frame {
    uint64_t seq;
    yh_time received, data_time; /* data_time: YH_TIME_NONE without one */
    uint32_t size;
    uint8_t kind;  /* chain_kind */
    uint8_t issue; /* ingest_issue */
    char cn[6];
};

struct live_station {
    char mn[LIVE_MN_MAX + 1];
    bool known;
    struct station_info *info; /* registered facts, owned; NULL for unknown senders (monitor/registry.h) */
    struct ingest_profile profile;
    live_answer answer;
    unsigned connections;
    char peer[64];
    yh_time first_received, last_received, last_data_time; /* YH_TIME_NONE: never */
    bool has_offset;
    int64_t clock_offset_ms; /* data time minus reception of the newest real-time frame, by data time */
    hj212_edition edition;
    char st[6], last_cn[6], dialect[24]; /* dialect as recognised */
    uint64_t last_seq;
    uint64_t frames, bad, repeated, values;
    uint64_t unsaved;    /* of an unknown sender: frames to be told to the database */
    uint64_t saved_next; /* of an unknown sender: the database has counted the records before this one */
    uint64_t issues[INGEST_ISSUE_COUNT];
    bool flagged;        /* the newest real-time record carries a fault flag */
    live_state state;
    yh_time state_since;
    struct live_latest *latest;
    size_t latest_n, latest_cap;
    struct live_factor *factors;
    size_t factor_n, factor_cap;
    struct live_frame recent[LIVE_RECENT]; /* ring */
    uint64_t recent_n;   /* ever */
    bool dirty;          /* an unknown sender has something to be told */
};

struct station_info;
struct live;
yh_must yh_err live_new(struct live **ret);
void live_free(struct live *l);

void live_lock(struct live *l);
void live_unlock(struct live *l);

/* Under the lock. NULL when absent. live_take makes it: NULL for what cannot be an MN and without memory. At the bound
 * the unknown senders heard least and longest ago give way, so that a flood of names does not hide a true newcomer. */
struct live_station *live_find(struct live *l, yh_str mn);
struct live_station *live_take(struct live *l, yh_str mn);
struct live_station *live_know(struct live *l, yh_str mn); /* makes it an admitted one */
size_t live_unknown(const struct live *l);
bool live_next(struct live *l, size_t *at, struct live_station **ret);

/* The row of a record in a list of frames. */
struct live_frame live_frame_of(const struct chain_record *r, const struct ingest_result *result);

/* What a decoded record says about its sender. Under the lock. */
void live_note(struct live_station *s, const struct chain_record *r, const struct ingest_result *result);

void live_note_factor(struct live_station *s, yh_str code, series_kind kind);
const struct live_factor *live_factor_find(const struct live_station *s, yh_str code);

/* State by the rules above; true when it changed (state and state_since are then new). Under the lock. */
bool live_judge_state(struct live_station *s, yh_time now);

/* The i-th newest record, NULL when there are fewer. Under the lock. */
const struct live_frame *live_recent(const struct live_station *s, size_t i);

/* A recent record is seen differently now: its row in the list of newest frames. Under the lock. */
void live_correct(struct live_station *s, uint64_t seq, const struct ingest_result *result);

/* A flag that says something against the value: anything but 'N', '3' (normal, at air stations) and none at all. */
bool live_is_fault_flag(char flag);

struct ingest_profile live_profile(struct live *l, yh_str mn); /* zeroes when the sender is not known */
void live_connected(struct live *l, yh_str mn, const char *peer, bool on);
void live_repeated(struct live *l, yh_str mn, yh_time now); /* a resend: a sign of life, not a new record */

#endif
