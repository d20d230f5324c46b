#include "app/sim_upload.h"

#include "hj212/compose.h"

#define BENDS_MAX 16

static const char *const cn_of[SIM_KIND_COUNT] = {
    [SIM_RTD] = "2011",    [SIM_STATE] = "2021", [SIM_LOG] = "3020",     [SIM_MINUTE] = "2051",
    [SIM_HOUR] = "2061",   [SIM_DAY] = "2031",   [SIM_RUNTIME] = "2041",
};

/* ---- one frame ---- */

void sim_put_time(const struct sim_logger *l, yh_time t, bool milliseconds, yh_buf *out)
{
    hj212_time_format(t + l->clock_offset, YH_CST, milliseconds, out);
}

static void next_qn(struct sim_logger *l, yh_time now, char ret[18])
{
    yh_buf_auto text = yh_buf_make(32);
    uint64_t ms = (uint64_t)now;
    l->last_qn_ms = ms > l->last_qn_ms ? ms : l->last_qn_ms + 1;
    sim_put_time(l, (yh_time)l->last_qn_ms, true, &text);
    snprintf(ret, 18, "%s", yh_buf_z(&text));
}

/* A tolerant receiver takes it and answers. One that is too long is taken only when more bytes follow. */
static bool is_readable(sim_damage d)
{
    return d == SIM_CRC_LOWER || d == SIM_LENGTH_SHORT;
}

static const struct sim_fault *fault_of_frame(const struct sim_context *c, const struct sim_logger *l, sim_fault_kind kind,
                                              yh_time now)
{
    for (size_t i = 0; i < c->script->fault_count; i++) {
        const struct sim_fault *f = &c->script->faults[i];
        if (f->kind == kind && l->frames % f->nth == 0 && sim_fault_holds(f, l->number, now))
            return f;
    }
    return NULL;
}

yh_err sim_put(struct sim_context *c, struct sim_logger *l, yh_str frame, bool asks, yh_str qn, yh_time now)
{
    l->frames++;
    const struct sim_fault *damaged = fault_of_frame(c, l, SIM_FAULT_FRAME, now);
    const struct sim_fault *again = fault_of_frame(c, l, SIM_FAULT_REPEAT, now);
    if (damaged) {
        yh_buf_clear(&c->damaged);
        sim_damage_write(damaged->damage, frame, sim_mix(l->station.seed + l->frames, YH_S("place")), &c->damaged);
        YH_TRY(yh_buf_check(&c->damaged));
        frame = yh_buf_view(&c->damaged);
        asks = asks && is_readable(damaged->damage);
    }
    for (int i = again ? 2 : 1; i > 0; i--)
        YH_TRY(c->sink.put(c->sink.user, asks ? WIRE_ASKING : WIRE_FRAME, frame, qn));
    return YH_OK;
}

/* HJ 212-2025, section 6: uploads 2000 to 2999, 1014 and 3020. */
static bool is_secret(const char *cn)
{
    return cn[0] == '2' || strcmp(cn, "1014") == 0 || strcmp(cn, "3020") == 0;
}

static int flag_of(const struct sim_station *s, bool split)
{
    int flag = (s->asks ? 1 : 0) | (split ? 2 : 0);
    switch (s->edition) {
    case HJ212_ED_2025:
        return flag | 8;
    case HJ212_ED_2005:
        return flag ? flag : -1;
    case HJ212_ED_2017:
    case HJ212_ED_UNKNOWN:
        break;
    }
    return flag | 4;
}

struct part {
    const char *cn, *st;
    int pnum, pno; /* 0: not split */
    bool late;
    yh_str cp;
};

static yh_err send_part(struct sim_context *c, struct sim_logger *l, const struct part *p, yh_time now)
{
    const struct sim_station *s = &l->station;
    char qn[18];
    next_qn(l, now, qn);
    struct hj212_message m = {
        .qn = yh_str_of(qn),
        .st = yh_str_of(p->st),
        .cn = yh_str_of(p->cn),
        .pw = yh_str_of(s->password),
        .mn = yh_str_of(s->mn),
        .flag = flag_of(s, p->pnum > 0),
        .pnum = p->pnum,
        .pno = p->pno,
        .rf = p->late && s->edition == HJ212_ED_2025,
        .cp = p->cp,
        .key = s->enciphers && is_secret(p->cn) ? &s->key : NULL,
    };
    yh_buf_clear(&c->frame);
    YH_TRY(hj212_compose(&m, &c->frame));
    return sim_put(c, l, yh_buf_view(&c->frame), s->asks, m.qn, now);
}

yh_err sim_send(struct sim_context *c, struct sim_logger *l, const char *cn, const char *st, yh_str cp, yh_time now)
{
    struct part p = {.cn = cn, .st = st, .cp = cp};
    return send_part(c, l, &p, now);
}

/* ---- the groups of a record, and the parts it is sent in ---- */

struct record {
    const char *cn;
    yh_time at;
    bool milliseconds, late;
    yh_buf *text;                     /* groups one behind the other, without the ';' */
    size_t end[SIM_FACTORS_MAX + 2];
    size_t n;
};

static void end_group(struct record *r)
{
    r->end[r->n++] = r->text->n;
}

static yh_str group(const struct record *r, size_t i)
{
    size_t from = i ? r->end[i - 1] : 0;
    return yh_str_sub(yh_buf_view(r->text), from, r->end[i] - from);
}

/* Writes DataTime and as many groups as fit, at least one; returns the first group that is left. */
static size_t fill_part(const struct sim_logger *l, const struct record *r, size_t first, yh_buf *cp)
{
    yh_buf_clear(cp);
    yh_buf_puts(cp, "DataTime=");
    sim_put_time(l, r->at, r->milliseconds, cp);
    size_t i = first;
    for (; i < r->n && (i == first || cp->n + 1 + group(r, i).n <= l->station.cp_max); i++) {
        yh_buf_putc(cp, ';');
        yh_buf_str(cp, group(r, i));
    }
    return i;
}

static yh_err send_record(struct sim_context *c, struct sim_logger *l, const struct record *r, yh_time now)
{
    int parts = 0;
    YH_TRY(yh_buf_check(r->text));
    for (size_t i = 0; i < r->n; parts++)
        i = fill_part(l, r, i, &c->cp);
    size_t at = 0;
    for (int pno = 1; pno <= parts; pno++) {
        at = fill_part(l, r, at, &c->cp);
        YH_TRY(yh_buf_check(&c->cp));
        struct part p = {.cn = r->cn, .st = l->station.st, .late = r->late, .cp = yh_buf_view(&c->cp)};
        p.pnum = parts > 1 ? parts : 0;
        p.pno = parts > 1 ? pno : 0;
        YH_TRY(send_part(c, l, &p, now));
    }
    return YH_OK;
}

/* ---- measured values ---- */

struct sim_series sim_series_of(const struct sim_context *c, const struct sim_logger *l, const struct sim_factor *f,
                                size_t max, struct sim_bend *bends)
{
    size_t n = sim_script_bends(c->script, l->number, f->code, max, bends);
    return (struct sim_series){l->station.seed, f, bends, n};
}

static void put_value(yh_buf *out, const char *code, const char *field, yh_dec v)
{
    yh_buf_puts(out, code);
    yh_buf_putc(out, '-');
    yh_buf_puts(out, field);
    yh_buf_putc(out, '=');
    yh_dec_format(v, out);
    yh_buf_putc(out, ',');
}

static void put_flag(const struct sim_context *c, const struct sim_logger *l, const struct sim_factor *f, yh_time t,
                     struct record *r)
{
    yh_buf_puts(r->text, sim_code(&l->station, f));
    yh_buf_puts(r->text, "-Flag=");
    yh_buf_putc(r->text, sim_script_flag(c->script, l->number, f->code, t));
    end_group(r);
}

static const struct sim_factor *factor_with(const struct sim_station *s, sim_role role)
{
    for (size_t i = 0; i < s->factor_count; i++)
        if (s->factors[i]->role == role)
            return s->factors[i];
    return NULL;
}

/* Values of one factor that stand for one another: oxygen of the same moment or period. */
static yh_dec converted(int64_t value, const struct sim_factor *f, int64_t oxygen, const struct sim_factor *of_oxygen)
{
    return (yh_dec){sim_converted(value, oxygen, of_oxygen->decimals), f->decimals};
}

static void add_moments(const struct sim_context *c, const struct sim_logger *l, struct record *r)
{
    const struct sim_station *s = &l->station;
    const struct sim_factor *o2 = factor_with(s, SIM_OXYGEN);
    struct sim_bend bends[BENDS_MAX];
    int64_t oxygen = 0;
    if (o2) {
        struct sim_series of_oxygen = sim_series_of(c, l, o2, BENDS_MAX, bends);
        oxygen = sim_moment(&of_oxygen, r->at);
    }
    for (size_t i = 0; i < s->factor_count; i++) {
        const struct sim_factor *f = s->factors[i];
        struct sim_series series = sim_series_of(c, l, f, BENDS_MAX, bends);
        int64_t v = sim_moment(&series, r->at);
        put_value(r->text, sim_code(s, f), "Rtd", (yh_dec){v, f->decimals});
        if (o2 && f->role == SIM_POLLUTANT)
            put_value(r->text, sim_code(s, f), "ZsRtd", converted(v, f, oxygen, o2));
        put_flag(c, l, f, r->at, r);
    }
}

struct totals {
    bool water;
    yh_time span;
    const struct sim_factor *oxygen;
    int64_t oxygen_avg;
    bool has_volume;
    yh_dec volume;
};

static struct totals totals_of(const struct sim_context *c, const struct sim_logger *l, yh_time at, yh_time end)
{
    const struct sim_station *s = &l->station;
    const struct sim_factor *flow = factor_with(s, SIM_FLOW);
    struct totals t = {.water = strcmp(s->medium, "water") == 0, .span = end - at, .oxygen = factor_with(s, SIM_OXYGEN)};
    struct sim_bend bends[BENDS_MAX];
    if (flow) {
        struct sim_series series = sim_series_of(c, l, flow, BENDS_MAX, bends);
        t.has_volume = true;
        t.volume = sim_volume(sim_period(&series, at, end).avg, flow->decimals, t.water, t.span);
    }
    if (t.oxygen) {
        struct sim_series series = sim_series_of(c, l, t.oxygen, BENDS_MAX, bends);
        t.oxygen_avg = sim_period(&series, at, end).avg;
    }
    return t;
}

static void put_total(const struct totals *t, const struct sim_factor *f, const char *code, int64_t avg, yh_buf *out)
{
    if (!t->has_volume)
        return;
    if (f->role == SIM_FLOW)
        put_value(out, code, "Cou", t->volume);
    else if (f->role == SIM_POLLUTANT)
        put_value(out, code, "Cou", sim_mass(avg, f->decimals, t->water, t->volume));
}

static void add_periods(const struct sim_context *c, const struct sim_logger *l, yh_time end, struct record *r)
{
    struct totals t = totals_of(c, l, r->at, end);
    struct sim_bend bends[BENDS_MAX];
    for (size_t i = 0; i < l->station.factor_count; i++) {
        const struct sim_factor *f = l->station.factors[i];
        const char *code = sim_code(&l->station, f);
        struct sim_series series = sim_series_of(c, l, f, BENDS_MAX, bends);
        struct sim_period p = sim_period(&series, r->at, end);
        put_total(&t, f, code, p.avg, r->text);
        put_value(r->text, code, "Min", (yh_dec){p.min, f->decimals});
        put_value(r->text, code, "Avg", (yh_dec){p.avg, f->decimals});
        put_value(r->text, code, "Max", (yh_dec){p.max, f->decimals});
        if (t.oxygen && f->role == SIM_POLLUTANT) {
            put_value(r->text, code, "ZsMin", converted(p.min, f, t.oxygen_avg, t.oxygen));
            put_value(r->text, code, "ZsAvg", converted(p.avg, f, t.oxygen_avg, t.oxygen));
            put_value(r->text, code, "ZsMax", converted(p.max, f, t.oxygen_avg, t.oxygen));
        }
        put_flag(c, l, f, r->at, r);
    }
}

/* ---- state and log ---- */

static void add_text(struct record *r, const char *text)
{
    yh_buf_puts(r->text, text);
    end_group(r);
}

void sim_put_log(const struct sim_logger *l, yh_time t, yh_buf *out)
{
    static const char *const entries[] = {"仪表运行正常", "自动清洗完成", "零点核查合格", "试剂余量充足", "与数采仪通讯正常"};
    yh_buf_puts(out, "//");
    sim_put_time(l, t, false, out);
    yh_buf_putc(out, ' ');
    yh_buf_puts(out, entries[sim_mix(l->station.seed, YH_S("log")) / 7 % YH_LEN(entries)]);
    yh_buf_puts(out, "//");
}

static void add_log(const struct sim_logger *l, struct record *r)
{
    yh_buf_puts(r->text, "PolId=");
    yh_buf_puts(r->text, sim_code(&l->station, l->station.factors[l->station.factor_count > 1]));
    end_group(r);
    yh_buf_puts(r->text, "i11001-Info=");
    sim_put_log(l, r->at, r->text);
    end_group(r);
}

/* Fills the record; one with no group is not sent. */
static void fill(const struct sim_context *c, const struct sim_logger *l, sim_kind kind, struct record *r)
{
    switch (kind) {
    case SIM_RTD:
        r->milliseconds = l->rtd_interval < YH_SECOND;
        add_moments(c, l, r);
        return;
    case SIM_STATE:
        add_text(r, "SB1-RS=1");
        add_text(r, "SB2-RS=1");
        return;
    case SIM_LOG:
        add_log(l, r);
        return;
    case SIM_RUNTIME:
        add_text(r, "SB1-RT=24.0");
        add_text(r, "SB2-RT=23.5");
        return;
    case SIM_MINUTE:
    case SIM_HOUR:
    case SIM_DAY:
        add_periods(c, l, r->at + sim_step(l, kind), r);
        return;
    case SIM_BEAT:
    case SIM_KIND_COUNT:
        break;
    }
}

/* The heartbeat of 2025 is empty; before, each region had its own. */
static yh_err send_beat(struct sim_context *c, struct sim_logger *l, yh_time now)
{
    const char *cn = l->station.beat;
    yh_buf_clear(&c->cp);
    if (strcmp(cn, "8013") == 0) {
        yh_buf_puts(&c->cp, "HeartbeatTime=120");
    } else if (l->station.edition != HJ212_ED_2025 && strcmp(cn, "9015") == 0) {
        yh_buf_puts(&c->cp, "DataTime=");
        sim_put_time(l, now, true, &c->cp);
        yh_buf_puts(&c->cp, ";CON-RT=0");
    }
    return sim_send(c, l, cn, "91", yh_buf_view(&c->cp), now);
}

yh_err sim_upload(struct sim_context *c, struct sim_logger *l, sim_kind kind, yh_time at, bool late, yh_time now)
{
    if (kind == SIM_BEAT)
        return send_beat(c, l, now);
    yh_buf_clear(&c->groups);
    struct record r = {.cn = cn_of[kind], .at = at, .late = late, .text = &c->groups};
    fill(c, l, kind, &r);
    return send_record(c, l, &r, now);
}
