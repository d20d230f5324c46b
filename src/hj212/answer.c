#include "hj212/compose.h"

#define ANSWER_CP_MAX ((size_t)256)

static void put_item(yh_buf *cp, const char *name, yh_str value)
{
    if (!value.n)
        return;
    if (cp->n)
        yh_buf_putc(cp, ';');
    yh_buf_puts(cp, name);
    yh_buf_putc(cp, '=');
    yh_buf_str(cp, value);
}

static void put_code(yh_buf *cp, const char *name, int code)
{
    if (cp->n)
        yh_buf_putc(cp, ';');
    yh_buf_puts(cp, name);
    yh_buf_putc(cp, '=');
    yh_buf_i64(cp, code);
}

/* Flag of an answer: the edition's version bits, nothing asked back. */
static int answer_flag(const struct hj212_brief *to)
{
    switch (to->edition) {
    case HJ212_ED_2005:
        return to->has_flag ? 0 : -1;
    case HJ212_ED_2025:
        return 8;
    case HJ212_ED_2017:
    case HJ212_ED_UNKNOWN:
        break;
    }
    return 4;
}

static yh_err answer(const struct hj212_brief *to, const char *cn, yh_buf *cp, yh_buf *out)
{
    YH_TRY(yh_buf_check(cp));
    struct hj212_message m = {
        .qn = to->edition == HJ212_ED_2005 ? (yh_str){"", 0} : to->qn,
        .st = YH_S("91"),
        .cn = yh_str_of(cn),
        .pw = to->pw,
        .mn = to->mn,
        .flag = answer_flag(to),
        .cp = yh_buf_view(cp),
    };
    return hj212_compose(&m, out);
}

/* 2005 repeats the QN inside CP. */
static void begin_cp(const struct hj212_brief *to, yh_buf *cp)
{
    if (to->edition == HJ212_ED_2005)
        put_item(cp, "QN", to->qn);
}

yh_err hj212_answer_data(const struct hj212_brief *to, yh_buf *out)
{
    yh_buf_auto cp = yh_buf_make(ANSWER_CP_MAX);
    begin_cp(to, &cp);
    if (to->edition == HJ212_ED_2005) {
        put_item(&cp, "CN", to->cn);
        put_item(&cp, "PNO", to->pno);
        put_item(&cp, "PNUM", to->pnum);
    }
    return answer(to, "9014", &cp, out);
}

yh_err hj212_answer_notice(const struct hj212_brief *to, yh_buf *out)
{
    yh_buf_auto cp = yh_buf_make(ANSWER_CP_MAX);
    begin_cp(to, &cp);
    return answer(to, "9013", &cp, out);
}

yh_err hj212_answer_request(const struct hj212_brief *to, int qn_rtn, yh_buf *out)
{
    yh_buf_auto cp = yh_buf_make(ANSWER_CP_MAX);
    begin_cp(to, &cp);
    put_code(&cp, "QnRtn", qn_rtn);
    return answer(to, "9011", &cp, out);
}

yh_err hj212_answer_result(const struct hj212_brief *to, int exe_rtn, yh_buf *out)
{
    yh_buf_auto cp = yh_buf_make(ANSWER_CP_MAX);
    begin_cp(to, &cp);
    put_code(&cp, "ExeRtn", exe_rtn);
    return answer(to, "9012", &cp, out);
}
