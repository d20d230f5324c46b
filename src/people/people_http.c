#include "people/people_http.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"
#include "kit/access.h"

/* ---- days and texts ---- */

yh_err people_refuse(struct people_problem *p, yh_err code, const char *field, const char *fmt, ...)
{
    va_list args;
    p->field = field;
    va_start(args, fmt);
    vsnprintf(p->message, sizeof p->message, fmt, args);
    va_end(args);
    return yh_fail(code, "%s", p->message);
}

void people_day_of(yh_time t, char ret[PEOPLE_DAY])
{
    struct yh_civil c = yh_civil_of(t, YH_CST);
    char text[40];
    snprintf(text, sizeof text, "%04d-%02d-%02d", c.year, c.month, c.day);
    memcpy(ret, text, PEOPLE_DAY - 1);
    ret[PEOPLE_DAY - 1] = '\0';
}

bool people_day_valid(yh_str day)
{
    yh_time t;
    return day.n == PEOPLE_DAY - 1 && yh_str_cmp(day, PEOPLE_SINCE) > 0 && yh_str_cmp(day, PEOPLE_FOREVER) < 0 &&
           yh_time_parse(day, YH_CST, &t);
}

yh_err people_check_text(struct people_problem *p, const char *field, const char *title, yh_str text, size_t max)
{
    yh_str s = yh_str_trim(text);
    bool clean = yh_str_is_utf8(s) && s.n == text.n;
    for (size_t i = 0; i < s.n; i++)
        clean &= (unsigned char)s.p[i] >= 0x20 && s.p[i] != 0x7f;
    if (!clean || s.n == 0 || yh_utf8_count(s) > max)
        return people_refuse(p, YH_E_INVALID, field, "%s应为 1 至 %zu 个字符,首尾不留空格,不含控制字符。", title, max);
    return YH_OK;
}

void people_json_day(struct yh_json *j, const char *key, yh_str day)
{
    bool open = yh_str_eq(day, PEOPLE_SINCE) || yh_str_eq(day, PEOPLE_FOREVER);
    yh_json_key(j, key);
    if (open)
        yh_json_null(j);
    else
        yh_json_str(j, day);
}

/* ---- requests ---- */

static yh_err today(struct http_request *rq, yh_str *ret)
{
    char day[PEOPLE_DAY];
    people_day_of(yh_clock_now(), day);
    *ret = yh_arena_str(rq->arena, yh_str_of(day));
    return ret->p ? YH_OK : yh_fail(YH_E_NO_MEMORY, "no memory for a day");
}

yh_err people_day_asked(struct http_request *rq, yh_str *ret)
{
    yh_str day = {0};
    if (!http_query(rq, "day", &day))
        return today(rq, ret);
    if (!people_day_valid(day)) {
        http_problem_field(rq, "day", "日期应为历法中的一天,如 2026-11-25");
        return http_problem(rq, 422, "invalid", "日期不对,请按 年-月-日 填写。");
    }
    *ret = day;
    return YH_OK;
}

yh_err people_body_day(struct http_request *rq, const char *field, yh_str *ret, struct people_problem *p)
{
    yh_str day = http_body_str(rq, field);
    if (day.n == 0)
        return today(rq, ret);
    if (!people_day_valid(day))
        return people_refuse(p, YH_E_INVALID, field, "日期应为历法中的一天,如 2026-11-25。");
    *ret = day;
    return YH_OK;
}

int64_t people_body_id(const struct http_request *rq, const char *name)
{
    const json_t *v = rq->body ? json_object_get(rq->body, name) : NULL;
    return json_is_integer(v) ? json_integer_value(v) : 0;
}

bool people_path_id(const struct http_request *rq, const char *name, int64_t *ret)
{
    return yh_str_to_i64(http_path_param(rq, name), ret) && *ret > 0;
}

yh_err people_not_found(struct http_request *rq, const char *what)
{
    const char *title = yh_arena_printf(rq->arena, "没有这个%s,可能已被撤销或不在您的数据范围内。", what);
    return http_problem(rq, 404, "not_found", title ? title : what);
}

/* ---- changes ---- */

struct changing {
    struct http_request *rq;
    const struct people_work *w;
    struct people_problem problem;
    yh_time now;
};

static yh_err put_note(struct db *d, const struct changing *c)
{
    yh_buf_auto text = yh_buf_make(65536);
    struct yh_json j = yh_json_to(&text);
    char *body = c->rq->body ? json_dumps(c->rq->body, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    yh_json_obj(&j);
    yh_json_kz(&j, "event", c->w->event);
    yh_json_ktime(&j, "at", c->now);
    yh_json_kstr(&j, "by", c->rq->user->name);
    yh_json_kz(&j, "peer", c->rq->peer);
    yh_json_kstr(&j, "path", c->rq->path);
    yh_json_key(&j, "change");
    yh_json_raw(&j, yh_str_of(body ? body : "null"));
    yh_json_obj_end(&j);
    free(body);
    YH_TRY(yh_buf_check(&text));
    return kit_note_keep(d, c->rq->user->name, yh_buf_view(&text));
}

static yh_err change(struct db *d, void *user)
{
    struct changing *c = user;
    c->problem = (struct people_problem){0};
    YH_TRY(c->w->work(d, c->w->user, &c->problem));
    YH_TRY(kit_access_refresh(d, 0, c->now));
    return put_note(d, c);
}

static yh_err refused(struct http_request *rq, yh_err e, const struct people_problem *p)
{
    bool known = e == YH_E_INVALID || e == YH_E_CONFLICT || e == YH_E_NOT_FOUND;
    if (!known || !p->message[0])
        return e;
    const char *message = yh_arena_printf(rq->arena, "%s", p->message);
    if (p->field)
        http_problem_field(rq, p->field, message ? message : "");
    return http_problem(rq, e == YH_E_CONFLICT ? 409 : e == YH_E_NOT_FOUND ? 404 : 422, yh_err_name(e), message ? message : "");
}

yh_err people_change(struct http_request *rq, const struct people_work *w)
{
    struct kit *kit = ((const struct kit_host *)rq->app)->kit;
    struct changing c = {.rq = rq, .w = w, .now = yh_clock_now()};
    struct db *d = db_pool_writer(kit_pool(kit));
    yh_err e = db_txn(d, change, &c);
    db_pool_put(kit_pool(kit), d);
    if (e != YH_OK)
        return refused(rq, e, &c.problem);
    kit_rights_changed(kit, 0);
    return YH_OK;
}
