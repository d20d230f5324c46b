#include "kit/import.h"

#include <stdio.h>

#include "sheet/read.h"

#define HEADING_ROWS 10

const struct import_column *import_column_find(const struct import *im, const char *key)
{
    for (const struct import_column *c = im->columns; key && c->key; c++)
        if (strcmp(c->key, key) == 0)
            return c;
    return NULL;
}

static size_t column_count(const struct import *im)
{
    size_t n = 0;
    while (im->columns[n].key)
        n++;
    return n;
}

/* ---- reading ---- */

struct reading {
    const struct import *im;
    struct yh_arena *arena;
    struct import_result *r;
    size_t columns;
    bool found; /* the headings */
    size_t headings_tried;
    int place[200]; /* column of the sheet -> column of the table, -1: nobody knows it */
    size_t width;
    yh_buf ignored;
    const char *missing;
};

/* "*企业名称" and "企业/企业名称" are 企业名称 as well. */
static yh_str heading_of(yh_str s)
{
    s = yh_str_trim(s);
    size_t last = 0;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == '/')
            last = i + 1;
    s = yh_str_sub(s, last, s.n);
    while (s.n && s.p[0] == '*')
        s = yh_str_sub(s, 1, s.n);
    while (s.n && s.p[s.n - 1] == '*')
        s.n--;
    return yh_str_trim(s);
}

static int column_named(const struct reading *g, yh_str heading)
{
    for (size_t i = 0; i < g->columns; i++)
        if (yh_str_is(heading, g->im->columns[i].title))
            return (int)i;
    return -1;
}

static const char *missing_heading(const struct reading *g, const bool *seen)
{
    for (size_t i = 0; i < g->columns; i++)
        if (g->im->columns[i].required && !seen[i])
            return g->im->columns[i].title;
    return NULL;
}

static yh_err try_headings(struct reading *g, const struct sheet_cell *cells, size_t n)
{
    bool seen[IMPORT_COLUMNS_MAX] = {false};
    size_t known = 0;
    yh_buf_clear(&g->ignored);
    for (size_t i = 0; i < n && i < YH_LEN(g->place); i++) {
        yh_str heading = heading_of(cells[i].text);
        int at = column_named(g, heading);
        g->place[i] = at;
        if (at >= 0 && seen[at])
            return yh_fail(YH_E_INVALID, "表头“%s”出现了两次,请删除多余的一列", g->im->columns[at].title);
        if (at >= 0) {
            seen[at] = true;
            known++;
        } else if (heading.n) {
            yh_buf_printf(&g->ignored, "%s%.*s", g->ignored.n ? "、" : "", YH_FMT(yh_str_sub(heading, 0, 90)));
        }
    }
    const char *missing = missing_heading(g, seen);
    if (known && !g->missing)
        g->missing = missing;
    g->found = known && !missing;
    g->width = n;
    return YH_OK;
}

static void fault_of_cell(struct import_row *row, struct reading *g, size_t column, const char *message)
{
    struct import_problem *p = row->problem ? NULL : YH_NEW(g->arena, struct import_problem);
    if (!p)
        return;
    p->column = g->im->columns[column].key;
    snprintf(p->message, sizeof p->message, "%s", message);
    row->problem = p;
}

static void take_cell(struct reading *g, struct import_row *row, size_t column, const struct sheet_cell *cell)
{
    row->values[column] = yh_arena_str(g->arena, yh_str_trim(cell->text));
    if (cell->kind == SHEET_ERROR)
        fault_of_cell(row, g, column, "单元格的公式出错,请改为具体内容。");
    else if (cell->rounded)
        fault_of_cell(row, g, column, "以数字存放,后几位已丢失。请把这一列设为文本格式后重新填写。");
}

static yh_err grow(struct reading *g)
{
    struct import_result *r = g->r;
    size_t cap = r->cap ? r->cap * 2 : 256;
    if (r->n < r->cap)
        return YH_OK;
    struct import_row *larger = YH_NEW_N(g->arena, struct import_row, cap);
    if (!larger)
        return yh_fail(YH_E_TOO_LARGE, "表格的内容过多,请分批导入");
    if (r->n)
        memcpy(larger, r->rows, r->n * sizeof *larger);
    r->rows = larger;
    r->cap = cap;
    return YH_OK;
}

static yh_err take_row(struct reading *g, size_t number, const struct sheet_cell *cells, size_t n)
{
    YH_TRY(grow(g));
    struct import_row row = {.number = number, .values = YH_NEW_N(g->arena, yh_str, g->columns)};
    bool any = false;
    for (size_t i = 0; row.values && i < n && i < g->width && i < YH_LEN(g->place); i++) {
        if (g->place[i] < 0 || cells[i].kind == SHEET_EMPTY)
            continue;
        take_cell(g, &row, (size_t)g->place[i], &cells[i]);
        any |= row.values[g->place[i]].n > 0;
        if (!row.values[g->place[i]].p)
            row.values = NULL;
    }
    if (!row.values)
        return yh_fail(YH_E_TOO_LARGE, "表格的内容过多,请分批导入");
    if (any)
        g->r->rows[g->r->n++] = row;
    return YH_OK;
}

/* Rows of the template that explain are no data. */
static bool is_help(yh_str first)
{
    return yh_str_starts(first, YH_S("说明:")) || yh_str_starts(first, YH_S("示例:"));
}

static yh_err each_row(void *user, size_t number, const struct sheet_cell *cells, size_t n)
{
    struct reading *g = user;
    if (g->found)
        return is_help(yh_str_trim(cells[0].text)) ? YH_OK : take_row(g, number, cells, n);
    if (g->headings_tried++ == HEADING_ROWS)
        return YH_OK;
    return try_headings(g, cells, n);
}

static yh_err check_reading(const struct reading *g)
{
    if (!g->found && g->missing)
        return yh_fail(YH_E_INVALID, "表头缺少“%s”,请使用下载的模板", g->missing);
    if (!g->found)
        return yh_fail(YH_E_INVALID, "没有找到表头,请使用下载的模板");
    return g->r->n ? YH_OK : yh_fail(YH_E_INVALID, "表头下面没有内容");
}

yh_err import_read(const struct import *im, yh_str file, struct yh_arena *arena, struct import_result *ret)
{
    struct sheet_limits limits = sheet_limits_default;
    struct import_result r = {0};
    struct reading g = {.im = im, .arena = arena, .r = &r, .columns = column_count(im), .ignored = yh_buf_make(4096)};
    limits.file_bytes = IMPORT_FILE_MAX;
    limits.rows = IMPORT_ROWS_MAX + HEADING_ROWS;
    yh_err e = sheet_read(file, &limits, each_row, &g);
    if (e == YH_OK)
        e = check_reading(&g);
    if (e == YH_OK && r.n > IMPORT_ROWS_MAX)
        e = yh_fail(YH_E_TOO_LARGE, "一次最多导入 %d 行,请分批导入", IMPORT_ROWS_MAX);
    r.ignored = yh_arena_str(arena, yh_buf_view(&g.ignored));
    yh_buf_done(&g.ignored);
    if (e == YH_OK && !r.ignored.p)
        e = yh_fail(YH_E_NO_MEMORY, "no memory for an import");
    if (e == YH_OK)
        r.problems = YH_NEW_N(arena, struct import_problem, IMPORT_PROBLEMS_MAX);
    if (e == YH_OK && !r.problems)
        e = yh_fail(YH_E_NO_MEMORY, "no memory for an import");
    if (e == YH_OK)
        *ret = r;
    return e;
}

/* ---- applying ---- */

struct run {
    const struct import *im;
    void *user;
    bool commit;
    struct import_result *r;
    bool undone; /* rolled back on purpose */
};

static const struct import_problem counted_only = {.message = "有误,未逐行列出。"};

static void fail_row(struct import_result *r, struct import_row *row, const char *column, const char *message)
{
    r->failed++;
    row->problem = &counted_only;
    if (r->problem_n == IMPORT_PROBLEMS_MAX)
        return;
    struct import_problem *p = &r->problems[r->problem_n++];
    *p = (struct import_problem){.column = column};
    snprintf(p->message, sizeof p->message, "%s", message);
    row->problem = p;
}

static bool check_filled(struct run *u, struct import_row *row)
{
    for (size_t i = 0; u->im->columns[i].key; i++) {
        char message[200];
        if (!u->im->columns[i].required || row->values[i].n)
            continue;
        snprintf(message, sizeof message, "请填写%s。", u->im->columns[i].title);
        fail_row(u->r, row, u->im->columns[i].key, message);
        return false;
    }
    return true;
}

struct one {
    struct run *u;
    struct import_row *row;
    struct import_problem problem;
};

static yh_err apply_one(struct db *d, void *user)
{
    struct one *o = user;
    return o->u->im->apply(d, o->u->user, o->row->values, &o->problem);
}

static yh_err run_row(struct db *d, struct run *u, struct import_row *row)
{
    struct one o = {.u = u, .row = row};
    if (!check_filled(u, row))
        return YH_OK;
    yh_err e = db_txn(d, apply_one, &o); /* nested: a row that fails leaves nothing behind */
    bool own_fault = (e == YH_E_INVALID || e == YH_E_CONFLICT || e == YH_E_NOT_FOUND) && o.problem.message[0];
    if (own_fault)
        fail_row(u->r, row, o.problem.column, o.problem.message);
    return own_fault ? YH_OK : e;
}

/* Faults found while reading stay with their row; those of an attempt that is repeated do not. */
static yh_err run_rows(struct db *d, void *user)
{
    struct run *u = user;
    struct import_result *r = u->r;
    r->failed = r->problem_n = 0;
    for (size_t i = 0; i < r->n; i++) {
        struct import_row *row = &r->rows[i];
        bool from_reading = row->problem && row->problem != &counted_only &&
                            (row->problem < r->problems || row->problem >= r->problems + IMPORT_PROBLEMS_MAX);
        if (from_reading) {
            r->failed++;
            continue;
        }
        row->problem = NULL;
        YH_TRY(run_row(d, u, row));
    }
    u->undone = !u->commit || r->failed > 0;
    if (u->undone)
        return yh_fail(YH_E_CLOSED, "a trial, or rows failed");
    return u->im->finish ? u->im->finish(d, u->user, r->n) : YH_OK;
}

yh_err import_run(const struct import *im, struct db *d, void *user, bool commit, struct import_result *r)
{
    struct run u = {im, user, commit, r, false};
    yh_err e = db_txn(d, run_rows, &u);
    if (u.undone && e == YH_E_CLOSED)
        return YH_OK;
    r->committed = e == YH_OK;
    return e;
}

/* ---- sheets ---- */

static size_t make_columns(const struct import *im, struct sheet_column *out)
{
    size_t n = 0;
    for (const struct import_column *c = im->columns; c->key; c++)
        out[n++] = (struct sheet_column){.title = c->title, .group = c->group, .width = c->width};
    return n;
}

yh_err import_template(const struct import *im, sheet_sink sink, void *user)
{
    struct sheet_column columns[IMPORT_COLUMNS_MAX];
    struct sheet_layout l = {.form = SHEET_XLSX, .name = im->title, .columns = columns, .n = make_columns(im, columns)};
    sheet_writer_auto *w = NULL;
    YH_TRY(sheet_writer_new(&l, sink, user, &w));
    for (int row = 0; row < 2; row++) {
        for (const struct import_column *c = im->columns; c->key; c++) {
            yh_buf_auto text = yh_buf_make(512);
            yh_buf_puts(&text, c != im->columns ? "" : row == 0 ? "说明:" : "示例:");
            yh_buf_puts(&text, row == 1 ? (c->example ? c->example : "") : c->required ? "必填。" : "可不填。");
            yh_buf_puts(&text, row == 0 && c->help ? c->help : "");
            sheet_put_text(w, yh_buf_view(&text));
        }
        YH_TRY(sheet_row_end(w));
    }
    return sheet_writer_finish(w);
}

static yh_err report_row(const struct import *im, struct sheet_writer *w, const struct import_row *row)
{
    const struct import_column *c = import_column_find(im, row->problem->column);
    sheet_put_i64(w, (int64_t)row->number);
    sheet_put_text(w, yh_str_of(c ? c->title : ""));
    sheet_put_text(w, yh_str_of(row->problem->message));
    for (size_t i = 0; im->columns[i].key; i++)
        sheet_put_text(w, row->values[i]);
    return sheet_row_end(w);
}

yh_err import_report(const struct import *im, const struct import_result *r, sheet_sink sink, void *user)
{
    struct sheet_column columns[IMPORT_COLUMNS_MAX + 3] = {
        {.title = "原行号", .width = 8}, {.title = "有误的列", .width = 16}, {.title = "原因", .width = 48}};
    struct sheet_layout l = {
        .form = SHEET_XLSX, .name = "未导入的行", .columns = columns, .n = 3 + make_columns(im, columns + 3)};
    sheet_writer_auto *w = NULL;
    YH_TRY(sheet_writer_new(&l, sink, user, &w));
    for (size_t i = 0; i < r->n; i++)
        if (r->rows[i].problem)
            YH_TRY(report_row(im, w, &r->rows[i]));
    return sheet_writer_finish(w);
}
