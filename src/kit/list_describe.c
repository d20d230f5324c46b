/* Parameters and schemas of a list, out of its table. They live as long as the program. */
#include "kit/list_http.h"

#define FIELDS_MAX (LIST_CONDITIONS_MAX + 8)

static http_type type_of(list_type t)
{
    static const http_type types[] = {HTTP_T_STRING, HTTP_T_INT, HTTP_T_DECIMAL, HTTP_T_TIME, HTTP_T_BOOL};
    return types[t];
}

static const char **order_words(const struct list *l)
{
    const char **words = calloc(2 * LIST_COLUMNS_MAX + 1, sizeof *words);
    size_t n = 0;
    for (const struct list_column *c = l->columns; words && c->key; c++) {
        if (!c->sortable)
            continue;
        char *down = malloc(strlen(c->key) + 2);
        if (!down)
            break;
        down[0] = '-';
        memcpy(down + 1, c->key, strlen(c->key) + 1);
        words[n++] = c->key;
        words[n++] = down;
    }
    return words;
}

static struct http_field parameter_of(const struct list_condition *c)
{
    struct http_field f = {.name = c->param, .type = HTTP_T_STRING, .max = 100, .title = c->column ? c->column->title : "关键词"};
    bool plain = c->op == OP_EQUAL || c->op == OP_FROM || c->op == OP_TO;
    if (plain && !list_is_text(c->column->type))
        f.type = type_of(c->column->type);
    if (f.type != HTTP_T_STRING)
        f.max = 0;
    if (c->op == OP_IN)
        f.max = 200;
    return f;
}

/* ---- the two sets of parameters ---- */

static const char *const forms[] = {"xlsx", "csv", NULL};

static const struct http_field paging[] = {
    {.name = "limit", .type = HTTP_T_INT, .min = 1, .max = LIST_PAGE_MAX, .title = "每页条数"},
    {.name = "cursor", .type = HTTP_T_STRING, .max = 4000, .title = "游标"},
};
static const struct http_field exporting[] = {
    {.name = "form", .type = HTTP_T_STRING, .values = forms, .title = "格式"},
    {.name = "columns", .type = HTTP_T_STRING, .max = 1000, .title = "导出的列,逗号分隔,按此顺序"},
    {.name = "progress", .type = HTTP_T_STRING, .min = 8, .max = 64, .title = "事件 progress 中的标识"},
};

static yh_err make_fields(const struct list *l, const char **order, const struct http_field *extra, size_t n,
                          struct http_field **ret)
{
    const struct list_plan *p = l->memo->plan;
    struct http_field *f = calloc(FIELDS_MAX, sizeof *f);
    if (!f || !order)
        return yh_fail(YH_E_NO_MEMORY, "no memory for a list");
    size_t at = 0;
    for (size_t i = 0; i < p->condition_n; i++)
        f[at++] = parameter_of(&p->conditions[i]);
    f[at++] = (struct http_field){.name = "sort", .type = HTTP_T_STRING, .values = order, .title = "排序,减号为倒序"};
    memcpy(f + at, extra, n * sizeof *extra);
    *ret = f;
    return YH_OK;
}

/* ---- the reply ---- */

static struct http_schema *schema_of(const char *name, struct http_field *fields)
{
    struct http_schema *s = calloc(1, sizeof *s);
    if (s)
        *s = (struct http_schema){.name = name, .fields = fields};
    return s;
}

static yh_err make_row(const struct list *l, struct http_schema **ret)
{
    struct http_field *f = calloc(LIST_COLUMNS_MAX + 1, sizeof *f);
    size_t n = 0;
    for (const struct list_column *c = l->columns; f && c->key; c++)
        f[n++] = (struct http_field){
            .name = c->key, .type = type_of(c->type), .required = true, .nullable = c->nullable, .title = c->title};
    *ret = f ? schema_of(l->schema, f) : NULL;
    return *ret ? YH_OK : yh_fail(YH_E_NO_MEMORY, "no memory for a list");
}

static yh_err make_page(const struct list *l, const struct http_schema *row, struct http_schema **ret)
{
    struct http_field *f = calloc(5, sizeof *f);
    yh_buf_auto name = yh_buf_make(128);
    yh_buf_printf(&name, "%sList", l->schema);
    char *kept = name.failed ? NULL : strdup(yh_buf_z(&name));
    if (!f || !kept)
        return yh_fail(YH_E_NO_MEMORY, "no memory for a list");
    f[0] = (struct http_field){.name = "items", .type = HTTP_T_ARRAY, .required = true, .of = row};
    f[1] = (struct http_field){.name = "total", .type = HTTP_T_INT, .required = true, .title = "条数"};
    f[2] = (struct http_field){.name = "total_exact", .type = HTTP_T_BOOL, .required = true, .title = "否:实际更多"};
    f[3] = (struct http_field){
        .name = "next", .type = HTTP_T_STRING, .required = true, .nullable = true, .title = "下一页游标"};
    *ret = schema_of(kept, f);
    return *ret ? YH_OK : yh_fail(YH_E_NO_MEMORY, "no memory for a list");
}

yh_err list_describe(const struct list *l)
{
    struct list_plan *p = l->memo->plan;
    const char **order = order_words(l);
    YH_TRY(make_fields(l, order, paging, YH_LEN(paging), &p->fields));
    YH_TRY(make_fields(l, order, exporting, YH_LEN(exporting), &p->export_fields));
    YH_TRY(make_row(l, &p->row));
    return make_page(l, p->row, &p->page);
}
