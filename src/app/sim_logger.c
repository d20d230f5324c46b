#include "app/sim_logger.h"

#include "app/sim_command.h"
#include "app/sim_upload.h"

#define STATE_EVERY    (5 * YH_MINUTE)
#define BEAT_EVERY     YH_MINUTE
#define SPREAD_MAX     (30 * YH_SECOND) /* over which the loggers send their periods */
#define LOOK_EVERY     200              /* ms, at faults that begin and end */
#define PUMP_EVERY     10               /* ms */
#define PUMP_MAX       8 /* frames of the past before the next look at what is due */
#define PAUSE_MAX      YH_DAY

void sim_context_init(struct sim_context *c)
{
    *c = (struct sim_context){
        .interval = YH_MINUTE,
        .groups = yh_buf_make(65536),
        .cp = yh_buf_make(8192),
        .frame = yh_buf_make(8192),
        .damaged = yh_buf_make(8192),
    };
}

void sim_context_done(struct sim_context *c)
{
    yh_buf_done(&c->groups);
    yh_buf_done(&c->cp);
    yh_buf_done(&c->frame);
    yh_buf_done(&c->damaged);
}

/* ---- when ---- */

static bool is_period(sim_kind kind)
{
    return kind >= SIM_MINUTE;
}

yh_time sim_step(const struct sim_logger *l, sim_kind kind)
{
    switch (kind) {
    case SIM_RTD:
        return l->rtd_interval;
    case SIM_STATE:
        return STATE_EVERY;
    case SIM_BEAT:
        return BEAT_EVERY;
    case SIM_MINUTE:
        return l->minute_interval;
    case SIM_LOG:
    case SIM_HOUR:
        return YH_HOUR;
    case SIM_DAY:
    case SIM_RUNTIME:
    case SIM_KIND_COUNT:
        break;
    }
    return YH_DAY;
}

/* Each logger has its own place in a span of time, so that a fleet does not send all at once. */
static yh_time place_in(const struct sim_context *c, const struct sim_logger *l, yh_time span)
{
    return c->outlets ? (yh_time)l->number * span / (yh_time)c->outlets : 0;
}

static bool sends(const struct sim_logger *l, sim_kind kind)
{
    switch (kind) {
    case SIM_RTD:
        return l->rtd_on;
    case SIM_STATE:
        return l->state_on;
    case SIM_BEAT:
        return l->station.beat[0] != '\0';
    case SIM_LOG:
        return l->station.edition != HJ212_ED_2005;
    case SIM_MINUTE:
    case SIM_HOUR:
    case SIM_DAY:
    case SIM_RUNTIME:
        return true;
    case SIM_KIND_COUNT:
        break;
    }
    return false;
}

static yh_time place_after(const struct sim_context *c, const struct sim_logger *l, yh_time step, yh_time spread, yh_time t)
{
    yh_time at = yh_time_floor(t, step, YH_CST) + place_in(c, l, spread);
    return at > t ? at : at + step;
}

static yh_time next_after(const struct sim_context *c, const struct sim_logger *l, sim_kind kind, yh_time due, yh_time now)
{
    yh_time step = sim_step(l, kind);
    if (is_period(kind))
        return place_after(c, l, step, step / 4 < SPREAD_MAX ? step / 4 : SPREAD_MAX, now);
    yh_time next = place_after(c, l, step, step, due);
    return next > now - 10 * step ? next : place_after(c, l, step, step, now); /* goes on from here after a pause */
}

static bool is_watched(const struct sim_script *s, size_t number)
{
    for (size_t i = 0; i < s->fault_count; i++) {
        const struct sim_fault *f = &s->faults[i];
        if (f->kind > SIM_FAULT_FLAG && f->kind != SIM_FAULT_FRAME && f->kind != SIM_FAULT_REPEAT &&
            sim_chosen(&f->outlets, number))
            return true;
    }
    return false;
}

static void back_to(struct sim_logger *l, sim_kind kind, yh_time history, yh_time now)
{
    yh_time step = sim_step(l, kind), end = yh_time_floor(now, step, YH_CST) - step; /* the last one is sent as live */
    if (history > 0)
        l->missed[kind] = (struct sim_span){yh_time_floor(now - history, step, YH_CST), end};
}

void sim_logger_init(const struct sim_context *c, const struct sim_station *station, size_t number, yh_time now,
                     struct sim_logger *ret)
{
    *ret = (struct sim_logger){
        .station = *station,
        .number = number,
        .rtd_on = true,
        .state_on = true,
        .rtd_interval = c->interval,
        .minute_interval = 10 * YH_MINUTE,
        .last_act = now,
        .watched = is_watched(c->script, number),
    };
    if (station->edition == HJ212_ED_2025)
        ret->minute_interval = YH_MINUTE;
    yh_time first = now + place_in(c, ret, c->interval < YH_SECOND ? c->interval : YH_SECOND);
    for (sim_kind k = 0; k < SIM_KIND_COUNT; k++)
        ret->next[k] = first;
    back_to(ret, SIM_MINUTE, c->history, now);
    back_to(ret, SIM_HOUR, c->history > c->hour_history ? c->history : c->hour_history, now);
    back_to(ret, SIM_DAY, c->hour_history, now);
    back_to(ret, SIM_RUNTIME, c->hour_history, now);
}

static bool is_empty(const struct sim_span *s)
{
    return s->next >= s->end;
}

static bool has_past(const struct sim_logger *l)
{
    for (sim_kind k = 0; k < SIM_KIND_COUNT; k++)
        if (!is_empty(&l->missed[k]))
            return true;
    return l->reading.open;
}

yh_time sim_logger_due(const struct sim_context *c, const struct sim_logger *l, yh_time now)
{
    (void)c;
    yh_time due = l->watched ? now + LOOK_EVERY : now + YH_HOUR;
    for (sim_kind k = 0; k < SIM_KIND_COUNT; k++)
        if (sends(l, k) && l->next[k] < due)
            due = l->next[k];
    if (l->up && has_past(l) && now + PUMP_EVERY < due)
        due = now + PUMP_EVERY;
    return due;
}

/* ---- what goes wrong ---- */

static void hang_up(struct sim_context *c, struct sim_logger *l, yh_time pause)
{
    l->up = false;
    c->sink.hang_up(c->sink.user, (unsigned)(pause < PAUSE_MAX ? pause : PAUSE_MAX));
}

static void set_clocks(const struct sim_context *c, struct sim_logger *l, yh_time now)
{
    for (size_t i = 0; i < c->script->fault_count; i++) {
        const struct sim_fault *f = &c->script->faults[i];
        if (f->kind != SIM_FAULT_CLOCK || !sim_chosen(&f->outlets, l->number))
            continue;
        if (f->from > l->last_act && f->from <= now)
            l->clock_offset = f->clock == YH_TIME_NONE ? f->shift : f->clock - f->from;
        if (f->to > l->last_act && f->to <= now)
            l->clock_offset = 0;
    }
}

static yh_err send_junk(struct sim_context *c, struct sim_logger *l, const struct sim_fault *f, yh_time now)
{
    l->next_junk = now + f->every;
    yh_buf_clear(&c->damaged);
    sim_junk_write(sim_mix(l->station.seed + l->frames, YH_S("junk")) ^ (uint64_t)now, &c->damaged);
    YH_TRY(yh_buf_check(&c->damaged));
    return c->sink.put(c->sink.user, WIRE_BYTES, yh_buf_view(&c->damaged), YH_S(""));
}

static yh_err spoil(struct sim_context *c, struct sim_logger *l, yh_time now)
{
    const struct sim_fault *f;
    set_clocks(c, l, now);
    bool trickles = sim_script_fault(c->script, l->number, SIM_FAULT_TRICKLE, now) != NULL;
    if (trickles != l->trickles)
        c->sink.trickle(c->sink.user, trickles);
    l->trickles = trickles;
    if (l->up && (f = sim_script_fault(c->script, l->number, SIM_FAULT_JUNK, now)) && now >= l->next_junk)
        YH_TRY(send_junk(c, l, f, now));
    if (l->up && (f = sim_script_fault(c->script, l->number, SIM_FAULT_STORM, now)) && now >= l->next_storm) {
        l->next_storm = now + f->every;
        hang_up(c, l, 0);
    }
    if (l->up && (f = sim_script_fault(c->script, l->number, SIM_FAULT_OFFLINE, now)))
        hang_up(c, l, f->to - now);
    return YH_OK;
}

/* ---- sending ---- */

static void note_missed(struct sim_logger *l, sim_kind kind, yh_time at)
{
    struct sim_span *s = &l->missed[kind];
    if (is_empty(s))
        s->next = at;
    s->end = at + sim_step(l, kind);
}

static yh_err live(struct sim_context *c, struct sim_logger *l, sim_kind kind, yh_time now)
{
    yh_time due = l->next[kind], step = sim_step(l, kind);
    l->next[kind] = next_after(c, l, kind, due, now);
    yh_time at = is_period(kind) ? yh_time_floor(due, step, YH_CST) - step
                 : step < YH_SECOND ? due : yh_time_floor(due, YH_SECOND, YH_CST);
    if (sim_script_fault(c->script, l->number, SIM_FAULT_GAP, at))
        return YH_OK;
    bool late = sim_script_fault(c->script, l->number, SIM_FAULT_LATE, now) != NULL;
    if (l->up && !late && c->sink.has_room(c->sink.user))
        return sim_upload(c, l, kind, at, false, now);
    if (is_period(kind) || (late && kind == SIM_RTD))
        note_missed(l, kind, at);
    return YH_OK;
}

static yh_err one_missed(struct sim_context *c, struct sim_logger *l, bool *ret_sent, yh_time now)
{
    for (sim_kind k = 0; k < SIM_KIND_COUNT; k++) {
        struct sim_span *s = &l->missed[k];
        if (is_empty(s))
            continue;
        yh_time at = s->next;
        s->next += sim_step(l, k);
        *ret_sent = true;
        return sim_script_fault(c->script, l->number, SIM_FAULT_GAP, at) ? YH_OK : sim_upload(c, l, k, at, true, now);
    }
    return YH_OK;
}

static yh_err past(struct sim_context *c, struct sim_logger *l, yh_time now)
{
    bool sent = !sim_script_fault(c->script, l->number, SIM_FAULT_LATE, now);
    for (int i = 0; i < PUMP_MAX && sent && c->sink.has_room(c->sink.user); i++) {
        sent = false;
        YH_TRY(one_missed(c, l, &sent, now));
    }
    for (int i = 0; i < PUMP_MAX && l->reading.open && c->sink.has_room(c->sink.user); i++)
        YH_TRY(sim_command_go_on(c, l, now));
    return YH_OK;
}

yh_err sim_logger_act(struct sim_context *c, struct sim_logger *l, yh_time now)
{
    if (l->watched)
        YH_TRY(spoil(c, l, now));
    for (sim_kind k = 0; k < SIM_KIND_COUNT; k++)
        while (sends(l, k) && l->next[k] <= now)
            YH_TRY(live(c, l, k, now));
    if (l->up && has_past(l))
        YH_TRY(past(c, l, now));
    l->last_act = now;
    return YH_OK;
}

/* ---- the line ---- */

/* Since 2017 a logger tells when it was switched on. */
static yh_err report_start(struct sim_context *c, struct sim_logger *l, yh_time now)
{
    if (l->frames > 1 || l->station.edition == HJ212_ED_2005)
        return YH_OK;
    yh_buf_clear(&c->cp);
    yh_buf_puts(&c->cp, "DataTime=");
    sim_put_time(l, now, false, &c->cp);
    yh_buf_puts(&c->cp, ";RestartTime=");
    sim_put_time(l, now - YH_MINUTE, false, &c->cp);
    return sim_send(c, l, "2081", l->station.st, yh_buf_view(&c->cp), now);
}

yh_err sim_logger_opened(struct sim_context *c, struct sim_logger *l, yh_time now)
{
    l->up = true;
    l->reading.open = false; /* its result would reach nobody */
    if (l->station.login[0]) {
        yh_buf_clear(&c->cp);
        if (l->station.edition == HJ212_ED_2005)
            yh_buf_puts(&c->cp, "Leader=1;VerSion=2.5");
        YH_TRY(sim_send(c, l, l->station.login, "91", yh_buf_view(&c->cp), now));
    }
    return report_start(c, l, now);
}

yh_err sim_logger_received(struct sim_context *c, struct sim_logger *l, yh_str raw, yh_time now)
{
    return sim_command(c, l, raw, now);
}
