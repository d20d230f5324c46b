/* The same rows as the page shows, as a file: same filters, same scope, columns as chosen. */
#include <stdio.h>

#include "base/clock.h"
#include "kit/kit_internal.h"
#include "kit/list_http.h"

#define FILE_MAX      ((size_t)96 << 20)
#define PROGRESS_EACH 2000u

struct export {
    struct http_request *rq;
    const struct list *l;
    struct sheet_writer *writer;
    int columns[LIST_COLUMNS_MAX]; /* indexes, in the order of the file */
    size_t column_n;
    uint64_t rows, total; /* total 0: unknown */
    yh_str progress;
};

static void tell_progress(const struct export *x, bool done)
{
    yh_buf_auto json = yh_buf_make(512);
    struct yh_json j = yh_json_to(&json);
    yh_json_obj(&j);
    yh_json_kstr(&j, "id", x->progress);
    yh_json_ku64(&j, "done", x->rows);
    yh_json_key(&j, "total");
    if (x->total)
        yh_json_u64(&j, x->total);
    else
        yh_json_null(&j);
    yh_json_kbool(&j, "finished", done);
    yh_json_obj_end(&j);
    if (!json.failed)
        http_tell(x->rq, "progress", yh_buf_view(&json));
}

static void put_decimal(struct sheet_writer *w, yh_str digits)
{
    yh_dec d;
    if (yh_dec_parse(digits, &d))
        sheet_put_dec(w, d);
    else
        sheet_put_text(w, digits);
}

static void put_cell(struct sheet_writer *w, const struct list_column *c, const struct db_stmt *s, int at)
{
    if (db_is_null(s, at))
        sheet_put_blank(w);
    else if (c->type == LIST_INT)
        sheet_put_i64(w, db_i64(s, at));
    else if (c->type == LIST_TIME)
        sheet_put_time(w, db_i64(s, at));
    else if (c->type == LIST_BOOL)
        sheet_put_bool(w, db_i64(s, at) != 0);
    else if (c->type == LIST_DECIMAL)
        put_decimal(w, db_str(s, at));
    else
        sheet_put_text(w, list_shown(c, db_str(s, at)));
}

static yh_err put_row(void *user, const struct db_stmt *s)
{
    struct export *x = user;
    for (size_t i = 0; i < x->column_n; i++)
        put_cell(x->writer, &x->l->columns[x->columns[i]], s, x->columns[i]);
    x->rows++;
    if (x->progress.n && x->rows % PROGRESS_EACH == 0)
        tell_progress(x, false);
    return sheet_row_end(x->writer);
}

static yh_err append(void *user, yh_str bytes)
{
    yh_buf_str(user, bytes);
    return yh_buf_check(user);
}

/* ---- which columns ---- */

static yh_err choose_one(struct export *x, yh_str key)
{
    const struct list_column *c = list_column_find(x->l, key);
    if (!c || c->unexported)
        return yh_fail(YH_E_INVALID, "没有可以导出的列“%.*s”", YH_FMT(yh_str_sub(key, 0, 40)));
    for (size_t i = 0; i < x->column_n; i++)
        if (x->columns[i] == (int)(c - x->l->columns))
            return yh_fail(YH_E_INVALID, "“%s”列重复", c->title);
    x->columns[x->column_n++] = (int)(c - x->l->columns);
    return YH_OK;
}

static yh_err choose_columns(struct export *x)
{
    yh_str chosen = {NULL, 0}, piece;
    http_query(x->rq, "columns", &chosen);
    while (yh_str_split(&chosen, ',', &piece))
        YH_TRY(choose_one(x, piece));
    if (x->column_n)
        return YH_OK;
    for (const struct list_column *c = x->l->columns; c->key; c++)
        if (!c->unexported)
            x->columns[x->column_n++] = (int)(c - x->l->columns);
    return YH_OK;
}

/* ---- the file ---- */

static yh_err write_rows(struct export *x, struct db *d)
{
    struct list_query q = list_query_of(x->rq);
    bool exact = false;
    if (x->progress.n) {
        YH_TRY(list_count(d, x->l, &q, &x->total, &exact));
        x->total = exact ? x->total : 0;
        tell_progress(x, false);
    }
    YH_TRY(list_all(d, x->l, &q, put_row, x));
    return sheet_writer_finish(x->writer);
}

static yh_err write_file(struct export *x, sheet_form form)
{
    struct sheet_column columns[LIST_COLUMNS_MAX];
    for (size_t i = 0; i < x->column_n; i++) {
        const struct list_column *c = &x->l->columns[x->columns[i]];
        columns[i] = (struct sheet_column){.title = c->title, .group = c->group, .width = c->width};
    }
    struct sheet_layout layout = {
        .form = form, .name = x->l->title, .columns = columns, .n = x->column_n, .bom = true};
    yh_buf *out = http_output(x->rq, sheet_content_type(form), FILE_MAX);
    sheet_writer_auto *w = NULL;
    YH_TRY(sheet_writer_new(&layout, append, out, &w));
    x->writer = w;
    kit_loan_auto loan = {list_pool(x->rq), db_pool_reader(list_pool(x->rq))};
    return write_rows(x, loan.d);
}

static yh_err note_export(const struct export *x)
{
    const struct kit_host *host = x->rq->app;
    char rows[24];
    snprintf(rows, sizeof rows, "%llu", (unsigned long long)x->rows);
    struct kit_note note = {.event = "export", .origin = x->rq->user->name, .at = yh_clock_now(),
                            .fields = {{"list", yh_str_of(x->l->name)}, {"rows", yh_str_of(rows)},
                                       {"by", x->rq->user->name}, {"peer", yh_str_of(x->rq->peer)}}};
    return kit_note_tell(host->kit, &note);
}

static void name_file(const struct export *x, sheet_form form)
{
    struct yh_civil c = yh_civil_of(yh_clock_now(), YH_CST);
    char name[200];
    snprintf(name, sizeof name, "%s-%04d%02d%02d-%02d%02d%s", x->l->title, c.year, c.month, c.day, c.hour, c.minute,
             sheet_extension(form));
    http_attachment(x->rq, yh_str_of(name));
}

yh_err list_export_handler(struct http_request *rq)
{
    struct export x = {.rq = rq, .l = list_of_route(rq)};
    yh_str form_word = {NULL, 0};
    http_query(rq, "progress", &x.progress);
    http_query(rq, "form", &form_word);
    sheet_form form = yh_str_is(form_word, "csv") ? SHEET_CSV : SHEET_XLSX;
    yh_err e = choose_columns(&x);
    if (e == YH_OK)
        e = write_file(&x, form);
    if (e != YH_OK)
        return list_refused(rq, e);
    YH_TRY(note_export(&x));
    if (x.progress.n)
        tell_progress(&x, true);
    name_file(&x, form);
    return YH_OK;
}
