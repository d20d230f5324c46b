#include "kit/import_http.h"

#include <stdio.h>

#define SHOWN_ROWS     20u
#define SHOWN_PROBLEMS 200u
#define REPORT_MAX     ((size_t)64 << 20)

static const char *const reports[] = {"xlsx", NULL};
const struct http_field import_query[] = {
    {.name = "commit", .type = HTTP_T_BOOL, .title = "写入;否则只检查"},
    {.name = "report", .type = HTTP_T_STRING, .values = reports, .title = "以表格返回未导入的行及原因"},
    {.name = NULL},
};

static const struct http_schema text_schema = {.name = NULL, .item = HTTP_T_STRING};
static const struct http_field problem_fields[] = {
    {.name = "row", .type = HTTP_T_INT, .required = true, .title = "行号"},
    {.name = "column", .type = HTTP_T_STRING, .required = true, .nullable = true, .title = "列"},
    {.name = "title", .type = HTTP_T_STRING, .required = true, .nullable = true, .title = "列名"},
    {.name = "message", .type = HTTP_T_STRING, .required = true, .title = "原因"},
    {.name = NULL},
};
static const struct http_schema problem_schema = {.name = "ImportProblem", .fields = problem_fields};
static const struct http_field row_fields[] = {
    {.name = "row", .type = HTTP_T_INT, .required = true, .title = "行号"},
    {.name = "ok", .type = HTTP_T_BOOL, .required = true, .title = "可以导入"},
    {.name = "values", .type = HTTP_T_ARRAY, .required = true, .of = &text_schema, .title = "各列内容"},
    {.name = NULL},
};
static const struct http_schema row_schema = {.name = "ImportRow", .fields = row_fields};
static const struct http_field result_fields[] = {
    {.name = "committed", .type = HTTP_T_BOOL, .required = true, .title = "已写入"},
    {.name = "rows", .type = HTTP_T_INT, .required = true, .title = "行数"},
    {.name = "failed", .type = HTTP_T_INT, .required = true, .title = "有误的行数"},
    {.name = "ignored", .type = HTTP_T_STRING, .required = true, .title = "未使用的列"},
    {.name = "columns", .type = HTTP_T_ARRAY, .required = true, .of = &text_schema, .title = "列名"},
    {.name = "preview", .type = HTTP_T_ARRAY, .required = true, .of = &row_schema, .title = "前几行"},
    {.name = "problems", .type = HTTP_T_ARRAY, .required = true, .of = &problem_schema, .title = "有误的行"},
    {.name = NULL},
};
const struct http_schema import_schema = {.name = "ImportResult", .fields = result_fields};

/* ---- the answer ---- */

static void put_row(struct yh_json *j, const struct import *im, const struct import_row *row)
{
    yh_json_obj(j);
    yh_json_ku64(j, "row", row->number);
    yh_json_kbool(j, "ok", row->problem == NULL);
    yh_json_key(j, "values");
    yh_json_arr(j);
    for (size_t i = 0; im->columns[i].key; i++)
        yh_json_str(j, row->values[i]);
    yh_json_arr_end(j);
    yh_json_obj_end(j);
}

static void put_problem(struct yh_json *j, const struct import *im, const struct import_row *row)
{
    const struct import_column *c = import_column_find(im, row->problem->column);
    yh_json_obj(j);
    yh_json_ku64(j, "row", row->number);
    yh_json_kz(j, "column", row->problem->column);
    yh_json_kz(j, "title", c ? c->title : NULL);
    yh_json_kz(j, "message", row->problem->message);
    yh_json_obj_end(j);
}

static void put_problems(struct yh_json *j, const struct import *im, const struct import_result *r)
{
    size_t shown = 0;
    yh_json_key(j, "problems");
    yh_json_arr(j);
    for (size_t i = 0; i < r->n && shown < SHOWN_PROBLEMS; i++)
        if (r->rows[i].problem) {
            put_problem(j, im, &r->rows[i]);
            shown++;
        }
    yh_json_arr_end(j);
}

static void put_result(struct yh_json *j, const struct import *im, const struct import_result *r)
{
    yh_json_obj(j);
    yh_json_kbool(j, "committed", r->committed);
    yh_json_ku64(j, "rows", r->n);
    yh_json_ku64(j, "failed", r->failed);
    yh_json_kstr(j, "ignored", r->ignored);
    yh_json_key(j, "columns");
    yh_json_arr(j);
    for (const struct import_column *c = im->columns; c->key; c++)
        yh_json_z(j, c->title);
    yh_json_arr_end(j);
    yh_json_key(j, "preview");
    yh_json_arr(j);
    for (size_t i = 0; i < r->n && i < SHOWN_ROWS; i++)
        put_row(j, im, &r->rows[i]);
    yh_json_arr_end(j);
    put_problems(j, im, r);
    yh_json_obj_end(j);
}

static yh_err append(void *user, yh_str bytes)
{
    yh_buf_str(user, bytes);
    return yh_buf_check(user);
}

static yh_err answer_report(struct http_request *rq, const struct import *im, const struct import_result *r)
{
    yh_buf *out = http_output(rq, sheet_content_type(SHEET_XLSX), REPORT_MAX);
    YH_TRY(import_report(im, r, append, out));
    http_attachment(rq, YH_S("未导入的行.xlsx"));
    http_keep_nothing(rq);
    return YH_OK;
}

static yh_err refused(struct http_request *rq, yh_err e)
{
    char cause[300];
    bool own_fault = e == YH_E_INVALID || e == YH_E_TOO_LARGE || e == YH_E_UNSUPPORTED;
    if (!own_fault)
        return e;
    snprintf(cause, sizeof cause, "%s。", yh_cause());
    return http_problem(rq, e == YH_E_TOO_LARGE ? 413 : 422, "bad_sheet", cause);
}

static yh_err run(struct db_pool *pool, const struct import *im, void *user, bool commit, struct import_result *r)
{
    struct db *d = db_pool_writer(pool);
    yh_err e = import_run(im, d, user, commit, r);
    db_pool_put(pool, d);
    return e;
}

static bool asked(struct http_request *rq, const char *name, const char *value)
{
    yh_str given = {NULL, 0};
    return http_query(rq, name, &given) && yh_str_is(given, value);
}

yh_err import_answer(struct http_request *rq, struct db_pool *pool, const struct import *im, void *user,
                     struct yh_arena *arena, struct import_result *ret)
{
    bool commit = asked(rq, "commit", "true"), report = asked(rq, "report", "xlsx");
    struct import_result r = {0};
    *ret = r;
    yh_err e = import_read(im, rq->raw, arena, &r);
    if (e != YH_OK)
        return refused(rq, e);
    YH_TRY(run(pool, im, user, commit && !report, &r));
    *ret = r;
    if (report)
        return answer_report(rq, im, &r);
    if (!r.committed)
        http_keep_nothing(rq);
    put_result(http_json(rq), im, &r);
    return YH_OK;
}

yh_err import_template_answer(struct http_request *rq, const struct import *im)
{
    yh_buf *out = http_output(rq, sheet_content_type(SHEET_XLSX), REPORT_MAX);
    yh_buf_auto name = yh_buf_make(256);
    YH_TRY(import_template(im, append, out));
    yh_buf_printf(&name, "%s模板.xlsx", im->title);
    http_attachment(rq, yh_buf_view(&name));
    return YH_OK;
}
