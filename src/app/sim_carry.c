/* Commands about parameters, clocks, keys and stored data. */
#include "app/sim_call.h"
#include "app/sim_upload.h"
#include "hj212/sm4.h"

#define READ_BACK_MAX (400 * YH_DAY)

yh_err sim_call_send(struct sim_call *call)
{
    YH_TRY(yh_buf_check(&call->c->cp));
    return sim_send(call->c, call->l, call->row->cn, call->l->station.st, yh_buf_view(&call->c->cp), call->now);
}

/* ---- parameters ---- */

static const struct {
    const char *name, *delivered;
    int64_t min, max; /* both 0: any text */
} settings[SIM_SETTING_COUNT] = {
    [SIM_OVER_TIME] = {"OverTime", "10", 1, 86400},
    [SIM_RE_COUNT] = {"ReCount", "3", 1, 99},
    [SIM_WARN_TIME] = {"WarnTime", "1", 1, 1440},
    [SIM_ALARM_TARGET] = {"AlarmTarget", "10000000001", 0, 0},
    [SIM_REPORT_TIME] = {"ReportTime", "0100", 0, 2359},
    [SIM_CSTART_TIME] = {"CstartTime", "000000", 0, 0},
    [SIM_CTIME] = {"CTime", "2", 0, 24},
    [SIM_STIME] = {"Stime", "30", 0, 120},
};

yh_str sim_call_field(const struct sim_call *call, const char *name)
{
    const struct hj212_frame *f = call->f;
    static const struct {
        const char *name, *also;
    } spellings[] = {{"CTime", "Ctime"}, {"PolId", "PolID"}};
    yh_str v = hj212_field(f, name);
    for (size_t i = 0; i < YH_LEN(spellings) && !v.p; i++)
        if (strcmp(name, spellings[i].name) == 0)
            v = hj212_field(f, spellings[i].also);
    return v;
}

static bool has_range(sim_setting s)
{
    return settings[s].min || settings[s].max;
}

static bool is_allowed(sim_setting s, yh_str v)
{
    int64_t number;
    if (!v.n || v.n > SIM_SETTING_MAX)
        return false;
    return !has_range(s) || (yh_str_to_i64(v, &number) && number >= settings[s].min && number <= settings[s].max);
}

static void put_setting(const struct sim_logger *l, sim_setting s, yh_buf *out)
{
    yh_buf_printf(out, "%s=%s", settings[s].name, l->settings[s][0] ? l->settings[s] : settings[s].delivered);
}

void sim_call_put_analyser(const struct sim_call *call, yh_buf *out)
{
    yh_str id = sim_call_field(call, "PolId");
    const struct sim_station *s = &call->l->station;
    yh_buf_printf(out, "PolId=%.*s", YH_FMT(id.n ? id : yh_str_of(sim_code(s, s->factors[0]))));
}

bool sim_call_has_analyser(const struct sim_call *call)
{
    yh_str id = sim_call_field(call, "PolId");
    const struct sim_station *s = &call->l->station;
    for (size_t i = 0; i < s->factor_count; i++)
        if (yh_str_is(id, sim_code(s, s->factors[i])))
            return true;
    return id.n == 0;
}

/* ---- the commands ---- */

static int run_set(struct sim_call *call, yh_err *e)
{
    (void)e;
    const struct sim_row *r = call->row;
    for (unsigned i = 0; i < r->setting_count; i++)
        if (!is_allowed(r->settings[i], sim_call_field(call, settings[r->settings[i]].name)))
            return EXE_CONDITION;
    for (unsigned i = 0; i < r->setting_count; i++) {
        sim_setting s = r->settings[i];
        snprintf(call->l->settings[s], sizeof call->l->settings[s], "%.*s", YH_FMT(sim_call_field(call, settings[s].name)));
    }
    return EXE_DONE;
}

static int run_read(struct sim_call *call, yh_err *e)
{
    yh_buf *cp = &call->c->cp;
    yh_buf_clear(cp);
    if (call->row->cn[0] == '3') { /* of an analyser */
        if (!sim_call_has_analyser(call))
            return EXE_CONDITION;
        sim_call_put_analyser(call, cp);
    }
    for (unsigned i = 0; i < call->row->setting_count; i++) {
        if (cp->n)
            yh_buf_putc(cp, ';');
        put_setting(call->l, call->row->settings[i], cp);
    }
    *e = sim_call_send(call);
    return EXE_DONE;
}

static int run_read_time(struct sim_call *call, yh_err *e)
{
    yh_buf *cp = &call->c->cp;
    yh_buf_clear(cp);
    if (sim_call_field(call, "PolId").n) {
        sim_call_put_analyser(call, cp);
        yh_buf_putc(cp, ';');
    }
    yh_buf_puts(cp, "SystemTime=");
    sim_put_time(call->l, call->now, false, cp);
    *e = sim_call_send(call);
    return EXE_DONE;
}

static int run_set_time(struct sim_call *call, yh_err *e)
{
    (void)e;
    yh_time t;
    if (!hj212_time_parse(sim_call_field(call, "SystemTime"), YH_CST, &t))
        return EXE_CONDITION;
    if (!sim_call_field(call, "PolId").n) /* an analyser's clock stamps nothing here */
        call->l->clock_offset = t - call->now;
    return EXE_DONE;
}

static int run_read_interval(struct sim_call *call, yh_err *e)
{
    bool minutes = strcmp(call->row->cn, "1063") == 0;
    yh_buf_clear(&call->c->cp);
    if (minutes)
        yh_buf_printf(&call->c->cp, "MinInterval=%lld", (long long)(call->l->minute_interval / YH_MINUTE));
    else
        yh_buf_printf(&call->c->cp, "RtdInterval=%lld", (long long)(call->l->rtd_interval / YH_SECOND));
    *e = sim_call_send(call);
    return EXE_DONE;
}

static int run_set_rtd_interval(struct sim_call *call, yh_err *e)
{
    (void)e;
    int64_t seconds;
    if (!yh_str_to_i64(sim_call_field(call, "RtdInterval"), &seconds) || seconds < 30 || seconds > 3600)
        return EXE_CONDITION;
    call->l->rtd_interval = seconds * YH_SECOND;
    call->l->next[SIM_RTD] = call->now + call->l->rtd_interval;
    return EXE_DONE;
}

static int run_set_minute_interval(struct sim_call *call, yh_err *e)
{
    static const int64_t allowed[] = {1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30};
    (void)e;
    int64_t minutes;
    if (!yh_str_to_i64(sim_call_field(call, "MinInterval"), &minutes))
        return EXE_CONDITION;
    for (size_t i = 0; i < YH_LEN(allowed); i++) {
        if (minutes == allowed[i]) {
            call->l->minute_interval = minutes * YH_MINUTE;
            return EXE_DONE;
        }
    }
    return EXE_CONDITION;
}

static bool is_plain(yh_str text)
{
    for (size_t i = 0; i < text.n; i++)
        if (!((text.p[i] >= '0' && text.p[i] <= '9') || ((text.p[i] | 32) >= 'a' && (text.p[i] | 32) <= 'z')))
            return false;
    return text.n > 0;
}

static int run_set_password(struct sim_call *call, yh_err *e)
{
    (void)e;
    yh_str v = sim_call_field(call, call->l->station.edition == HJ212_ED_2005 ? "PW" : "NewPW");
    if (!is_plain(v) || v.n > SIM_PASSWORD_MAX)
        return EXE_CONDITION;
    snprintf(call->l->station.password, sizeof call->l->station.password, "%.*s", YH_FMT(v));
    return EXE_DONE;
}

static int run_set_mn(struct sim_call *call, yh_err *e)
{
    (void)e;
    yh_str v = sim_call_field(call, "MN");
    if (!is_plain(v) || v.n > SIM_MN_MAX)
        return EXE_CONDITION;
    snprintf(call->l->station.mn, sizeof call->l->station.mn, "%.*s", YH_FMT(v));
    return EXE_DONE;
}

/* A key as 32 hex digits, or as the 16 characters themselves. */
static int run_set_key(struct sim_call *call, yh_err *e)
{
    (void)e;
    yh_str v = sim_call_field(call, "NewSK");
    struct hj212_key key = {.set = true};
    if (v.n == sizeof key.b)
        memcpy(key.b, v.p, sizeof key.b);
    else if (hj212_key_parse(v, &key) != YH_OK)
        return EXE_CONDITION;
    call->l->station.key = key;
    call->l->station.enciphers = true;
    return EXE_DONE;
}

static int run_start_rtd(struct sim_call *call, yh_err *e)
{
    (void)e;
    call->l->rtd_on = true;
    call->l->next[SIM_RTD] = call->now;
    return EXE_DONE;
}

static int run_stop_rtd(struct sim_call *call, yh_err *e)
{
    (void)e;
    call->l->rtd_on = false;
    return EXE_DONE;
}

static int run_start_state(struct sim_call *call, yh_err *e)
{
    (void)e;
    call->l->state_on = true;
    call->l->next[SIM_STATE] = call->now;
    return EXE_DONE;
}

static int run_stop_state(struct sim_call *call, yh_err *e)
{
    (void)e;
    call->l->state_on = false;
    return EXE_DONE;
}

/* ---- history ---- */

bool sim_call_times(const struct sim_call *call, yh_time *ret_begin, yh_time *ret_end)
{
    if (!hj212_time_parse(sim_call_field(call, "BeginTime"), YH_CST, ret_begin) ||
        !hj212_time_parse(sim_call_field(call, "EndTime"), YH_CST, ret_end))
        return false;
    *ret_begin -= call->l->clock_offset;
    *ret_end -= call->l->clock_offset;
    return *ret_begin <= *ret_end;
}

/* The records that begin in [BeginTime, EndTime] and are finished. They follow one by one. */
static int run_history(struct sim_call *call, yh_err *e)
{
    (void)e;
    struct sim_reading *r = &call->l->reading;
    yh_time step = sim_step(call->l, call->row->kind), begin, end;
    if (!sim_call_times(call, &begin, &end))
        return EXE_CONDITION;
    if (begin < call->now - READ_BACK_MAX)
        begin = call->now - READ_BACK_MAX;
    *r = (struct sim_reading){.open = true, .kind = call->row->kind, .has_flag = call->brief->has_flag};
    r->span.next = yh_time_floor(begin + step - 1, step, YH_CST);
    r->span.end = end + 1 < call->now - step + 1 ? end + 1 : call->now - step + 1;
    snprintf(r->qn, sizeof r->qn, "%.*s", YH_FMT(call->brief->qn));
    snprintf(r->cn, sizeof r->cn, "%s", call->row->cn);
    return EXE_LATER;
}

/* What this kind of station never has: raw cycles of VOC, single noise measurements, alarm records. */
static int run_no_data(struct sim_call *call, yh_err *e)
{
    (void)e;
    yh_time begin, end;
    return sim_call_times(call, &begin, &end) ? EXE_NO_DATA : EXE_CONDITION;
}

/* The standard sample of the last noon. */
static int run_standard_sample(struct sim_call *call, yh_err *e)
{
    const struct sim_station *s = &call->l->station;
    const struct sim_factor *f = s->factors[s->factor_count > 1];
    yh_buf *cp = &call->c->cp;
    yh_time begin, end, noon = yh_time_floor(call->now - YH_DAY / 2, YH_DAY, YH_CST) + YH_DAY / 2;
    if (!sim_call_times(call, &begin, &end))
        return EXE_CONDITION;
    if (noon < begin || noon > end)
        return EXE_NO_DATA;
    int64_t error = (int64_t)(sim_mix(s->seed + (uint64_t)(noon / YH_DAY), YH_S("sample")) % 81) - 40;
    yh_buf_clear(cp);
    yh_buf_puts(cp, "DataTime=");
    sim_put_time(call->l, noon, false, cp);
    yh_buf_printf(cp, ";%s-SampleRd=", sim_code(s, f));
    yh_dec_format((yh_dec){f->base + f->base * error / 1000, f->decimals}, cp);
    yh_buf_printf(cp, ",%s-StandardValue=", sim_code(s, f));
    yh_dec_format((yh_dec){f->base, f->decimals}, cp);
    yh_buf_printf(cp, ",%s-ResultType=1", sim_code(s, f));
    *e = sim_call_send(call);
    return EXE_DONE;
}

/* ---- which command is which ---- */

static const struct sim_row rows[] = {
    {.cn = "1000", .run = run_set, .settings = {SIM_OVER_TIME, SIM_RE_COUNT}, .setting_count = 2},
    {.cn = "1001", .run = run_set, .settings = {SIM_WARN_TIME}, .setting_count = 1},
    {.cn = "1002", .run = run_set_mn},
    {.cn = "1011", .run = run_read_time},
    {.cn = "1012", .run = run_set_time},
    {.cn = "1014", .run = run_set_key},
    {.cn = "1031", .run = run_read, .settings = {SIM_ALARM_TARGET}, .setting_count = 1},
    {.cn = "1032", .run = run_set, .settings = {SIM_ALARM_TARGET}, .setting_count = 1},
    {.cn = "1041", .run = run_read, .settings = {SIM_REPORT_TIME}, .setting_count = 1},
    {.cn = "1042", .run = run_set, .settings = {SIM_REPORT_TIME}, .setting_count = 1},
    {.cn = "1061", .run = run_read_interval},
    {.cn = "1062", .run = run_set_rtd_interval},
    {.cn = "1063", .run = run_read_interval},
    {.cn = "1064", .run = run_set_minute_interval},
    {.cn = "1072", .run = run_set_password},
    {.cn = "2011", .run = run_start_rtd},
    {.cn = "2012", .run = run_stop_rtd},
    {.cn = "2013", .run = run_no_data},
    {.cn = "2021", .run = run_start_state},
    {.cn = "2022", .run = run_stop_state},
    {.cn = "2031", .run = run_history, .kind = SIM_DAY},
    {.cn = "2041", .run = run_history, .kind = SIM_RUNTIME},
    {.cn = "2051", .run = run_history, .kind = SIM_MINUTE},
    {.cn = "2052", .run = run_no_data},
    {.cn = "2061", .run = run_history, .kind = SIM_HOUR},
    {.cn = "2062", .run = run_standard_sample},
    {.cn = "2071", .run = run_no_data},
    {.cn = "3016", .run = run_set, .settings = {SIM_CSTART_TIME, SIM_CTIME}, .setting_count = 2},
    {.cn = "3017", .run = run_read, .settings = {SIM_CSTART_TIME, SIM_CTIME}, .setting_count = 2},
    {.cn = "3018", .run = run_read, .settings = {SIM_STIME}, .setting_count = 1},
};

const struct sim_row *sim_row_in(const struct sim_row *all, size_t n, yh_str cn)
{
    for (size_t i = 0; i < n; i++)
        if (yh_str_is(cn, all[i].cn))
            return &all[i];
    return NULL;
}

const struct sim_row *sim_command_row(yh_str cn)
{
    return sim_row_in(rows, YH_LEN(rows), cn);
}
