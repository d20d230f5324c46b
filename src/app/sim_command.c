#include "app/sim_command.h"

#include "app/sim_upload.h"
#include "hj212/compose.h"
#include "hj212/dict.h"
#include "hj212/framer.h"
#include "hj212/sm4.h"

#define READ_BACK_MAX (400 * YH_DAY)

enum { QN_READY = 1, QN_REFUSED = 2, QN_PASSWORD = 3, QN_MN = 4, QN_CN = 8 };
enum { EXE_LATER = 0, EXE_DONE = 1, EXE_FAILED = 2, EXE_CONDITION = 3, EXE_TIMEOUT = 4, EXE_BUSY = 5, EXE_BROKEN = 6,
       EXE_NO_DATA = 100 };

struct call;

/* How a command is carried out. */
struct row {
    const char *cn;
    int (*run)(struct call *call, yh_err *e); /* the ExeRtn; EXE_LATER when sim_command_go_on will send it */
    sim_setting settings[2];
    unsigned setting_count;
    sim_kind kind;
};

/* A command that is being carried out. */
struct call {
    struct sim_context *c;
    struct sim_logger *l;
    const struct hj212_frame *f;
    const struct hj212_brief *brief;
    yh_time now;
    const struct row *row;
};

/* ---- answers ---- */

static yh_err answer(struct call *call, yh_err (*compose)(const struct hj212_brief *to, int code, yh_buf *out), int code)
{
    struct sim_context *c = call->c;
    yh_buf_clear(&c->frame);
    YH_TRY(compose(call->brief, code, &c->frame));
    return sim_put(c, call->l, yh_buf_view(&c->frame), false, YH_S(""), call->now);
}

static yh_err compose_notice(const struct hj212_brief *to, int code, yh_buf *out)
{
    (void)code;
    return hj212_answer_notice(to, out);
}

/* One frame of data under the command's number, from c->cp. */
static yh_err send_data(struct call *call)
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

/* A field as the standards spell it in one place or another. */
static yh_str field(const struct hj212_frame *f, const char *name)
{
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

static void put_polluter(struct call *call, yh_buf *out)
{
    yh_str id = field(call->f, "PolId");
    const struct sim_station *s = &call->l->station;
    yh_buf_printf(out, "PolId=%.*s", YH_FMT(id.n ? id : yh_str_of(sim_code(s, s->factors[0]))));
}

/* A command names no analyser, or one the station has. */
static bool has_analyser(const struct call *call)
{
    yh_str id = field(call->f, "PolId");
    const struct sim_station *s = &call->l->station;
    for (size_t i = 0; i < s->factor_count; i++)
        if (yh_str_is(id, sim_code(s, s->factors[i])))
            return true;
    return id.n == 0;
}

/* ---- the commands ---- */

static int run_set(struct call *call, yh_err *e)
{
    (void)e;
    const struct row *r = call->row;
    for (unsigned i = 0; i < r->setting_count; i++)
        if (!is_allowed(r->settings[i], field(call->f, settings[r->settings[i]].name)))
            return EXE_CONDITION;
    for (unsigned i = 0; i < r->setting_count; i++) {
        sim_setting s = r->settings[i];
        snprintf(call->l->settings[s], sizeof call->l->settings[s], "%.*s", YH_FMT(field(call->f, settings[s].name)));
    }
    return EXE_DONE;
}

static int run_read(struct call *call, yh_err *e)
{
    yh_buf *cp = &call->c->cp;
    yh_buf_clear(cp);
    if (call->row->cn[0] == '3') { /* of an analyser */
        if (!has_analyser(call))
            return EXE_CONDITION;
        put_polluter(call, cp);
    }
    for (unsigned i = 0; i < call->row->setting_count; i++) {
        if (cp->n)
            yh_buf_putc(cp, ';');
        put_setting(call->l, call->row->settings[i], cp);
    }
    *e = send_data(call);
    return EXE_DONE;
}

static int run_read_time(struct call *call, yh_err *e)
{
    yh_buf *cp = &call->c->cp;
    yh_buf_clear(cp);
    if (field(call->f, "PolId").n) {
        put_polluter(call, cp);
        yh_buf_putc(cp, ';');
    }
    yh_buf_puts(cp, "SystemTime=");
    sim_put_time(call->l, call->now, false, cp);
    *e = send_data(call);
    return EXE_DONE;
}

static int run_set_time(struct call *call, yh_err *e)
{
    (void)e;
    yh_time t;
    if (!hj212_time_parse(field(call->f, "SystemTime"), YH_CST, &t))
        return EXE_CONDITION;
    if (!field(call->f, "PolId").n) /* an analyser's clock stamps nothing here */
        call->l->clock_offset = t - call->now;
    return EXE_DONE;
}

static int run_read_interval(struct call *call, yh_err *e)
{
    bool minutes = strcmp(call->row->cn, "1063") == 0;
    yh_buf_clear(&call->c->cp);
    if (minutes)
        yh_buf_printf(&call->c->cp, "MinInterval=%lld", (long long)(call->l->minute_interval / YH_MINUTE));
    else
        yh_buf_printf(&call->c->cp, "RtdInterval=%lld", (long long)(call->l->rtd_interval / YH_SECOND));
    *e = send_data(call);
    return EXE_DONE;
}

static int run_set_rtd_interval(struct call *call, yh_err *e)
{
    (void)e;
    int64_t seconds;
    if (!yh_str_to_i64(field(call->f, "RtdInterval"), &seconds) || seconds < 30 || seconds > 3600)
        return EXE_CONDITION;
    call->l->rtd_interval = seconds * YH_SECOND;
    call->l->next[SIM_RTD] = call->now + call->l->rtd_interval;
    return EXE_DONE;
}

static int run_set_minute_interval(struct call *call, yh_err *e)
{
    static const int64_t allowed[] = {1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30};
    (void)e;
    int64_t minutes;
    if (!yh_str_to_i64(field(call->f, "MinInterval"), &minutes))
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

static int run_set_password(struct call *call, yh_err *e)
{
    (void)e;
    yh_str v = field(call->f, call->l->station.edition == HJ212_ED_2005 ? "PW" : "NewPW");
    if (!is_plain(v) || v.n > SIM_PASSWORD_MAX)
        return EXE_CONDITION;
    snprintf(call->l->station.password, sizeof call->l->station.password, "%.*s", YH_FMT(v));
    return EXE_DONE;
}

static int run_set_mn(struct call *call, yh_err *e)
{
    (void)e;
    yh_str v = field(call->f, "MN");
    if (!is_plain(v) || v.n > SIM_MN_MAX)
        return EXE_CONDITION;
    snprintf(call->l->station.mn, sizeof call->l->station.mn, "%.*s", YH_FMT(v));
    return EXE_DONE;
}

/* A key as 32 hex digits, or as the 16 characters themselves. */
static int run_set_key(struct call *call, yh_err *e)
{
    (void)e;
    yh_str v = field(call->f, "NewSK");
    struct hj212_key key = {.set = true};
    if (v.n == sizeof key.b)
        memcpy(key.b, v.p, sizeof key.b);
    else if (hj212_key_parse(v, &key) != YH_OK)
        return EXE_CONDITION;
    call->l->station.key = key;
    call->l->station.enciphers = true;
    return EXE_DONE;
}

static int run_start_rtd(struct call *call, yh_err *e)
{
    (void)e;
    call->l->rtd_on = true;
    call->l->next[SIM_RTD] = call->now;
    return EXE_DONE;
}

static int run_stop_rtd(struct call *call, yh_err *e)
{
    (void)e;
    call->l->rtd_on = false;
    return EXE_DONE;
}

static int run_start_state(struct call *call, yh_err *e)
{
    (void)e;
    call->l->state_on = true;
    call->l->next[SIM_STATE] = call->now;
    return EXE_DONE;
}

static int run_stop_state(struct call *call, yh_err *e)
{
    (void)e;
    call->l->state_on = false;
    return EXE_DONE;
}

/* ---- history ---- */

static bool times_of(struct call *call, yh_time *ret_begin, yh_time *ret_end)
{
    if (!hj212_time_parse(field(call->f, "BeginTime"), YH_CST, ret_begin) ||
        !hj212_time_parse(field(call->f, "EndTime"), YH_CST, ret_end))
        return false;
    *ret_begin -= call->l->clock_offset;
    *ret_end -= call->l->clock_offset;
    return *ret_begin <= *ret_end;
}

/* The records that begin in [BeginTime, EndTime] and are finished. They follow one by one. */
static int run_history(struct call *call, yh_err *e)
{
    (void)e;
    struct sim_reading *r = &call->l->reading;
    yh_time step = sim_step(call->l, call->row->kind), begin, end;
    if (!times_of(call, &begin, &end))
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

yh_err sim_command_go_on(struct sim_context *c, struct sim_logger *l, yh_time now)
{
    struct sim_reading *r = &l->reading;
    while (r->span.next < r->span.end) {
        yh_time at = r->span.next;
        r->span.next += sim_step(l, r->kind);
        if (sim_script_fault(c->script, l->number, SIM_FAULT_GAP, at))
            continue;
        r->sent_any = true;
        return sim_upload(c, l, r->kind, at, false, now);
    }
    struct hj212_brief brief = {.mn = yh_str_of(l->station.mn), .cn = yh_str_of(r->cn), .qn = yh_str_of(r->qn),
                                .pw = yh_str_of(l->station.password), .has_flag = r->has_flag,
                                .edition = l->station.edition};
    struct call call = {.c = c, .l = l, .brief = &brief, .now = now};
    r->open = false;
    return answer(&call, hj212_answer_result, r->sent_any ? EXE_DONE : EXE_NO_DATA);
}

/* What this kind of station never has: raw cycles of VOC, single noise measurements, alarm records. */
static int run_no_data(struct call *call, yh_err *e)
{
    (void)e;
    yh_time begin, end;
    return times_of(call, &begin, &end) ? EXE_NO_DATA : EXE_CONDITION;
}

/* The standard sample of the last noon. */
static int run_standard_sample(struct call *call, yh_err *e)
{
    const struct sim_station *s = &call->l->station;
    const struct sim_factor *f = s->factors[s->factor_count > 1];
    yh_buf *cp = &call->c->cp;
    yh_time begin, end, noon = yh_time_floor(call->now - YH_DAY / 2, YH_DAY, YH_CST) + YH_DAY / 2;
    if (!times_of(call, &begin, &end))
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
    *e = send_data(call);
    return EXE_DONE;
}

/* ---- limits of 2005 ---- */

static int run_read_limits(struct call *call, yh_err *e)
{
    const struct sim_station *s = &call->l->station;
    yh_buf *cp = &call->c->cp;
    yh_buf_clear(cp);
    yh_buf_puts(cp, call->l->limits);
    for (size_t i = 0; i < s->factor_count && !call->l->limits[0]; i++) {
        if (i)
            yh_buf_putc(cp, ';');
        yh_buf_printf(cp, "%s-LowValue=0,%s-UpValue=", sim_code(s, s->factors[i]), sim_code(s, s->factors[i]));
        yh_dec_format((yh_dec){2 * s->factors[i]->base, s->factors[i]->decimals}, cp);
    }
    *e = send_data(call);
    return EXE_DONE;
}

static int run_set_limits(struct call *call, yh_err *e)
{
    (void)e;
    yh_str cp = call->f->cp;
    if (!cp.n || cp.n >= sizeof call->l->limits || !memmem(cp.p, cp.n, "-UpValue=", 9))
        return EXE_CONDITION;
    snprintf(call->l->limits, sizeof call->l->limits, "%.*s", YH_FMT(cp));
    return EXE_DONE;
}

/* ---- analysers ---- */

static int run_operate(struct call *call, yh_err *e)
{
    (void)e;
    return has_analyser(call) ? EXE_DONE : EXE_CONDITION;
}

static int run_keep_sample(struct call *call, yh_err *e)
{
    yh_buf *cp = &call->c->cp;
    yh_buf_clear(cp);
    yh_buf_puts(cp, "DataTime=");
    sim_put_time(call->l, call->now, false, cp);
    yh_buf_printf(cp, ";VaseNo=%llu", 1 + (unsigned long long)(call->l->frames % 24));
    *e = send_data(call);
    return EXE_DONE;
}

static int run_read_serial(struct call *call, yh_err *e)
{
    const struct sim_station *s = &call->l->station;
    yh_buf *cp = &call->c->cp;
    if (!has_analyser(call))
        return EXE_CONDITION;
    yh_str id = field(call->f, "PolId");
    id = id.n ? id : yh_str_of(sim_code(s, s->factors[0]));
    yh_buf_clear(cp);
    put_polluter(call, cp);
    yh_buf_printf(cp, ";%.*s-SN=%016llX", YH_FMT(id), (unsigned long long)sim_mix(s->seed, id));
    *e = send_data(call);
    return EXE_DONE;
}

static const struct {
    const char *id, *value;
} infos[] = {
    {"i12001", "0"},     {"i12002", "0"},  {"i12003", "0"},    {"i13001", "500"},   {"i13002", "0.1"},
    {"i13003", "120"},   {"i13004", "165.0"}, {"i13005", "15"}, {"i13007", "0.00"}, {"i13008", "1.000"},
    {"i13009", "4.0"},   {"i22001", "0"},  {"i22002", "0"},    {"i22003", "0"},     {"i22101", "0"},
    {"i23001", "98.325"},
};

static bool put_info(const struct call *call, yh_str id, yh_time at, yh_buf *out)
{
    const struct sim_logger *l = call->l;
    yh_buf_printf(out, ";%.*s-Info=", YH_FMT(id));
    if (yh_str_is(id, "i11001") || yh_str_is(id, "i21001")) {
        sim_put_log(l, at, out);
        return true;
    }
    for (size_t i = 0; i < SIM_INFOS_MAX; i++) {
        if (yh_str_is(id, l->infos[i].id)) {
            yh_buf_puts(out, l->infos[i].value);
            return true;
        }
    }
    for (size_t i = 0; i < YH_LEN(infos); i++) {
        if (yh_str_is(id, infos[i].id)) {
            yh_buf_puts(out, infos[i].value);
            return true;
        }
    }
    return false;
}

static int run_read_info(struct call *call, yh_err *e)
{
    yh_buf *cp = &call->c->cp;
    yh_time begin, end = call->now;
    if (times_of(call, &begin, &end) && end > call->now)
        end = call->now;
    yh_buf_clear(cp);
    yh_buf_puts(cp, "DataTime=");
    sim_put_time(call->l, call->now, false, cp);
    yh_buf_putc(cp, ';');
    put_polluter(call, cp);
    unsigned found = 0;
    for (unsigned i = 0; i < call->f->item_count; i++) {
        const struct hj212_item *item = &call->f->items[i];
        if (!yh_str_is(item->key, "InfoId") || !item->value.n)
            continue;
        if (!put_info(call, item->value, end, cp))
            return EXE_CONDITION;
        found++;
    }
    if (!found || !has_analyser(call))
        return EXE_CONDITION;
    *e = send_data(call);
    return EXE_DONE;
}

static void keep_info(struct sim_logger *l, yh_str id, yh_str value)
{
    size_t at = 0;
    while (at < SIM_INFOS_MAX && l->infos[at].id[0] && !yh_str_is(id, l->infos[at].id))
        at++;
    struct sim_info *info = &l->infos[at % SIM_INFOS_MAX];
    snprintf(info->id, sizeof info->id, "%.*s", YH_FMT(id));
    snprintf(info->value, sizeof info->value, "%.*s", YH_FMT(value));
}

static int run_set_info(struct call *call, yh_err *e)
{
    (void)e;
    unsigned found = 0;
    if (!has_analyser(call))
        return EXE_CONDITION;
    for (unsigned i = 0; i < call->f->item_count; i++) {
        const struct hj212_item *item = &call->f->items[i];
        if (!yh_str_ends(item->key, YH_S("-Info")))
            continue;
        yh_str id = yh_str_sub(item->key, 0, item->key.n - 5);
        if (id.n != sizeof call->l->infos[0].id - 1 || !item->value.n ||
            item->value.n >= sizeof call->l->infos[0].value)
            return EXE_CONDITION;
        keep_info(call->l, id, item->value);
        found++;
    }
    return found ? EXE_DONE : EXE_CONDITION;
}

/* ---- which command is which ---- */

static const struct row rows[] = {
    {.cn = "1000", .run = run_set, .settings = {SIM_OVER_TIME, SIM_RE_COUNT}, .setting_count = 2},
    {.cn = "1001", .run = run_set, .settings = {SIM_WARN_TIME}, .setting_count = 1},
    {.cn = "1002", .run = run_set_mn},
    {.cn = "1011", .run = run_read_time},
    {.cn = "1012", .run = run_set_time},
    {.cn = "1014", .run = run_set_key},
    {.cn = "1021", .run = run_read_limits},
    {.cn = "1022", .run = run_set_limits},
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
    {.cn = "3011", .run = run_operate},
    {.cn = "3012", .run = run_operate},
    {.cn = "3013", .run = run_operate},
    {.cn = "3014", .run = run_operate},
    {.cn = "3015", .run = run_keep_sample},
    {.cn = "3016", .run = run_set, .settings = {SIM_CSTART_TIME, SIM_CTIME}, .setting_count = 2},
    {.cn = "3017", .run = run_read, .settings = {SIM_CSTART_TIME, SIM_CTIME}, .setting_count = 2},
    {.cn = "3018", .run = run_read, .settings = {SIM_STIME}, .setting_count = 1},
    {.cn = "3019", .run = run_read_serial},
    {.cn = "3020", .run = run_read_info},
    {.cn = "3021", .run = run_set_info},
    {.cn = "3022", .run = run_operate},
    {.cn = "3024", .run = run_operate},
};

static const struct row *find_row(yh_str cn)
{
    for (size_t i = 0; i < YH_LEN(rows); i++)
        if (yh_str_is(cn, rows[i].cn))
            return &rows[i];
    return NULL;
}

static bool knows(const struct sim_station *s, const struct hj212_command *command)
{
    switch (s->edition) {
    case HJ212_ED_2005:
        return command->in_2005;
    case HJ212_ED_2025:
        return command->in_2025;
    case HJ212_ED_2017:
    case HJ212_ED_UNKNOWN:
        break;
    }
    return command->in_2017;
}

static int exe_of(sim_reply reply)
{
    static const int codes[SIM_REPLY_COUNT] = {
        [SIM_REPLY_FAIL] = EXE_FAILED, [SIM_REPLY_CONDITION] = EXE_CONDITION, [SIM_REPLY_TIMEOUT] = EXE_TIMEOUT,
        [SIM_REPLY_BUSY] = EXE_BUSY,   [SIM_REPLY_BROKEN] = EXE_BROKEN,       [SIM_REPLY_NO_DATA] = EXE_NO_DATA,
    };
    return codes[reply];
}

static yh_err execute(struct call *call, sim_reply reply)
{
    const struct sim_station *s = &call->l->station;
    yh_err e = YH_OK;
    int code = exe_of(reply);
    YH_TRY(answer(call, hj212_answer_request, QN_READY));
    if (reply == SIM_REPLY_HANG)
        return YH_OK;
    if (code == 0)
        code = call->l->reading.open ? EXE_BUSY : call->row->run(call, &e);
    YH_TRY(e);
    bool without_result = s->edition == HJ212_ED_2005 && (yh_str_is(call->brief->cn, "2011"));
    if (code == EXE_LATER || without_result)
        return YH_OK;
    return answer(call, hj212_answer_result, code);
}

static int refusal(const struct call *call, const struct hj212_command *command, sim_reply reply)
{
    const struct sim_station *s = &call->l->station;
    if (!yh_str_is(call->brief->mn, s->mn))
        return QN_MN;
    if (!yh_str_is(call->brief->pw, s->password))
        return QN_PASSWORD;
    if (!call->row || !command || !knows(s, command))
        return QN_CN;
    return reply == SIM_REPLY_REFUSE ? QN_REFUSED : QN_READY;
}

static yh_err notice(struct call *call)
{
    yh_err e = YH_OK;
    if (call->row)
        call->row->run(call, &e);
    YH_TRY(e);
    return answer(call, compose_notice, 0);
}

static bool is_answer(yh_str cn)
{
    return cn.n == 4 && cn.p[0] == '9';
}

yh_err sim_command(struct sim_context *c, struct sim_logger *l, yh_str raw, yh_time now)
{
    yh_buf_auto scratch = yh_buf_make(HJ212_BUFFER_MAX);
    struct hj212_frame f;
    struct hj212_brief brief;
    hj212_parse(raw, &l->station.key, &scratch, &f);
    hj212_peek(f.segment, &brief);
    sim_reply reply = sim_script_reply(c->script, l->number, brief.cn);
    const struct hj212_command *command = hj212_command_find(brief.cn, YH_S("P>D"));
    bool is_dialect = command && strcmp(command->kind, "dialect") == 0; /* written through, never answered */
    if (is_answer(brief.cn) || reply == SIM_REPLY_SILENT || is_dialect)
        return YH_OK;
    struct call call = {c, l, &f, &brief, now, find_row(brief.cn)};
    int code = refusal(&call, command, reply);
    if (code != QN_READY)
        return answer(&call, hj212_answer_request, code);
    return strcmp(command->kind, "notice") == 0 ? notice(&call) : execute(&call, reply);
}
