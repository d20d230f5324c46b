#include "app/sim_command.h"

#include "app/sim_call.h"
#include "app/sim_upload.h"
#include "hj212/compose.h"
#include "hj212/dict.h"
#include "hj212/framer.h"

enum { QN_READY = 1, QN_REFUSED = 2, QN_PASSWORD = 3, QN_MN = 4, QN_CN = 8 };

static yh_err answer(struct sim_call *call, yh_err (*compose)(const struct hj212_brief *to, int code, yh_buf *out), int code)
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
    struct sim_call call = {.c = c, .l = l, .brief = &brief, .now = now};
    r->open = false;
    return answer(&call, hj212_answer_result, r->sent_any ? EXE_DONE : EXE_NO_DATA);
}

static const struct sim_row *row_of(yh_str cn)
{
    const struct sim_row *row = sim_command_row(cn);
    return row ? row : sim_analyser_row(cn);
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

static yh_err execute(struct sim_call *call, sim_reply reply)
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

static int refusal(const struct sim_call *call, const struct hj212_command *command, sim_reply reply)
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

static yh_err notice(struct sim_call *call)
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
    struct sim_call call = {c, l, &f, &brief, now, row_of(brief.cn)};
    int code = refusal(&call, command, reply);
    if (code != QN_READY)
        return answer(&call, hj212_answer_request, code);
    return strcmp(command->kind, "notice") == 0 ? notice(&call) : execute(&call, reply);
}
