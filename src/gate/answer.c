#include "gate/answer.h"

#include "hj212/compose.h"
#include "hj212/dict.h"

enum { QN_RTN_REFUSED = 2, QN_RTN_PASSWORD = 3 };

static const char *kind_of(yh_str cn)
{
    const struct hj212_command *command = hj212_command_find(cn, YH_S("D>P"));
    return command ? command->kind : "";
}

static bool is_heartbeat(yh_str cn)
{
    return yh_str_is(cn, "9015");
}

static bool is_due(const struct hj212_brief *brief, const struct gate_verdict *verdict)
{
    switch (verdict->answer) {
    case GATE_ANSWER_ALWAYS:
        return true;
    case GATE_ANSWER_NEVER:
        return false;
    case GATE_ANSWER_STANDARD:
        return brief->wants_ack;
    }
    return false;
}

yh_err answer_compose(const struct hj212_brief *brief, const struct gate_verdict *verdict, yh_buf *out)
{
    /* A frame without MN or CN names nobody whom an answer could reach. */
    if (brief->mn.n == 0 || brief->cn.n == 0 || !is_due(brief, verdict))
        return YH_OK;
    /* An acknowledgement is not acknowledged again, or two careful peers would talk for ever. */
    if (yh_str_is(brief->cn, "9014") || yh_str_is(brief->cn, "9013"))
        return YH_OK;
    const char *kind = kind_of(brief->cn);
    if (strcmp(kind, "request") == 0)
        return hj212_answer_request(brief, verdict->refuse_password ? QN_RTN_PASSWORD : QN_RTN_REFUSED, out);
    if (verdict->refuse_password)
        return YH_OK;
    if (strcmp(kind, "notice") == 0 || is_heartbeat(brief->cn))
        return hj212_answer_notice(brief, out);
    return hj212_answer_data(brief, out);
}
