/*
 * One simulated logger: when it sends what, what goes wrong with it, how it answers commands. Knows no socket and no
 * clock: it is told the time and hands over bytes. All loggers of a run share one context and one thread.
 *
 *   sim_logger_opened    its line is up: log-in and restart report
 *   sim_logger_act       sends what is due; live data first, then what was missed, then what was asked for
 *   sim_logger_received  a frame of the platform
 *   sim_logger_due       when to act next
 */
#ifndef YH_APP_SIM_LOGGER_H
#define YH_APP_SIM_LOGGER_H

#include "app/sim_script.h"
#include "app/wire_client.h"

typedef enum sim_kind {
    SIM_RTD, SIM_STATE, SIM_BEAT, SIM_LOG,        /* of a moment */
    SIM_MINUTE, SIM_HOUR, SIM_DAY, SIM_RUNTIME,   /* of a period */
    SIM_KIND_COUNT
} sim_kind;

/* Where a logger's bytes go; all calls are about the logger that is acting. */
struct sim_sink {
    void *user;
    yh_err (*put)(void *user, wire_what what, yh_str bytes, yh_str qn);
    bool (*has_room)(void *user);
    void (*hang_up)(void *user, unsigned pause_ms);
    void (*trickle)(void *user, bool on);
};

struct sim_context {
    const struct sim_script *script;
    size_t outlets;
    yh_time interval;     /* of real-time data */
    yh_time history;      /* minutes and hours of that long before the start are back-filled */
    yh_time hour_history; /* hours and days */
    struct sim_sink sink;
    yh_buf groups, cp, frame, damaged; /* of one frame at a time */
};

void sim_context_init(struct sim_context *c);
void sim_context_done(struct sim_context *c);

typedef enum sim_setting {
    SIM_OVER_TIME, SIM_RE_COUNT, SIM_WARN_TIME, SIM_ALARM_TARGET, SIM_REPORT_TIME, SIM_CSTART_TIME, SIM_CTIME, SIM_STIME,
    SIM_SETTING_COUNT
} sim_setting;

#define SIM_SETTING_MAX 23
#define SIM_INFOS_MAX   4

/* A parameter the platform has set (3021). */
struct sim_info {
    char id[7], value[25];
};

/* [next, end) of what is still to be sent; nothing when next >= end. */
struct sim_span {
    yh_time next, end;
};

/* The request that is being carried out. */
struct sim_reading {
    bool open;
    sim_kind kind;
    struct sim_span span;
    char qn[18], cn[5];
    bool has_flag, sent_any;
};

struct sim_logger {
    struct sim_station station;
    size_t number;
    bool up, rtd_on, state_on, trickles, watched;
    yh_time rtd_interval, minute_interval;
    yh_time clock_offset; /* of its own clock */
    yh_time last_act, next_storm, next_junk;
    yh_time next[SIM_KIND_COUNT];
    struct sim_span missed[SIM_KIND_COUNT];
    struct sim_reading reading;
    uint64_t frames, last_qn_ms;
    char settings[SIM_SETTING_COUNT][SIM_SETTING_MAX + 1]; /* empty: as delivered */
    char limits[96];
    struct sim_info infos[SIM_INFOS_MAX];
};

void sim_logger_init(const struct sim_context *c, const struct sim_station *station, size_t number, yh_time now,
                     struct sim_logger *ret);

yh_must yh_err sim_logger_opened(struct sim_context *c, struct sim_logger *l, yh_time now);
yh_must yh_err sim_logger_act(struct sim_context *c, struct sim_logger *l, yh_time now);
yh_must yh_err sim_logger_received(struct sim_context *c, struct sim_logger *l, yh_str raw, yh_time now);
yh_time sim_logger_due(const struct sim_context *c, const struct sim_logger *l, yh_time now);

yh_time sim_step(const struct sim_logger *l, sim_kind kind);

#endif
