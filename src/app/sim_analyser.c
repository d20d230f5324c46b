/* Commands about analysers: limits, operations, samples, serial numbers, state and parameters. */
#include "app/sim_call.h"
#include "app/sim_upload.h"

/* ---- limits of 2005 ---- */

static int run_read_limits(struct sim_call *call, yh_err *e)
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
    *e = sim_call_send(call);
    return EXE_DONE;
}

static int run_set_limits(struct sim_call *call, yh_err *e)
{
    (void)e;
    yh_str cp = call->f->cp;
    if (!cp.n || cp.n >= sizeof call->l->limits || !memmem(cp.p, cp.n, "-UpValue=", 9))
        return EXE_CONDITION;
    snprintf(call->l->limits, sizeof call->l->limits, "%.*s", YH_FMT(cp));
    return EXE_DONE;
}

/* ---- analysers ---- */

static int run_operate(struct sim_call *call, yh_err *e)
{
    (void)e;
    return sim_call_has_analyser(call) ? EXE_DONE : EXE_CONDITION;
}

static int run_keep_sample(struct sim_call *call, yh_err *e)
{
    yh_buf *cp = &call->c->cp;
    yh_buf_clear(cp);
    yh_buf_puts(cp, "DataTime=");
    sim_put_time(call->l, call->now, false, cp);
    yh_buf_printf(cp, ";VaseNo=%llu", 1 + (unsigned long long)(call->l->frames % 24));
    *e = sim_call_send(call);
    return EXE_DONE;
}

static int run_read_serial(struct sim_call *call, yh_err *e)
{
    const struct sim_station *s = &call->l->station;
    yh_buf *cp = &call->c->cp;
    if (!sim_call_has_analyser(call))
        return EXE_CONDITION;
    yh_str id = sim_call_field(call, "PolId");
    id = id.n ? id : yh_str_of(sim_code(s, s->factors[0]));
    yh_buf_clear(cp);
    sim_call_put_analyser(call, cp);
    yh_buf_printf(cp, ";%.*s-SN=%016llX", YH_FMT(id), (unsigned long long)sim_mix(s->seed, id));
    *e = sim_call_send(call);
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

static bool put_info(const struct sim_call *call, yh_str id, yh_time at, yh_buf *out)
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

static int run_read_info(struct sim_call *call, yh_err *e)
{
    yh_buf *cp = &call->c->cp;
    yh_time begin, end = call->now;
    if (sim_call_times(call, &begin, &end) && end > call->now)
        end = call->now;
    yh_buf_clear(cp);
    yh_buf_puts(cp, "DataTime=");
    sim_put_time(call->l, call->now, false, cp);
    yh_buf_putc(cp, ';');
    sim_call_put_analyser(call, cp);
    unsigned found = 0;
    for (unsigned i = 0; i < call->f->item_count; i++) {
        const struct hj212_item *item = &call->f->items[i];
        if (!yh_str_is(item->key, "InfoId") || !item->value.n)
            continue;
        if (!put_info(call, item->value, end, cp))
            return EXE_CONDITION;
        found++;
    }
    if (!found || !sim_call_has_analyser(call))
        return EXE_CONDITION;
    *e = sim_call_send(call);
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

static int run_set_info(struct sim_call *call, yh_err *e)
{
    (void)e;
    unsigned found = 0;
    if (!sim_call_has_analyser(call))
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

static const struct sim_row rows[] = {
    {.cn = "1021", .run = run_read_limits},
    {.cn = "1022", .run = run_set_limits},
    {.cn = "3011", .run = run_operate},
    {.cn = "3012", .run = run_operate},
    {.cn = "3013", .run = run_operate},
    {.cn = "3014", .run = run_operate},
    {.cn = "3015", .run = run_keep_sample},
    {.cn = "3019", .run = run_read_serial},
    {.cn = "3020", .run = run_read_info},
    {.cn = "3021", .run = run_set_info},
    {.cn = "3022", .run = run_operate},
    {.cn = "3024", .run = run_operate},
};

const struct sim_row *sim_analyser_row(yh_str cn)
{
    return sim_row_in(rows, YH_LEN(rows), cn);
}
