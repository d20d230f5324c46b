#include "net/http_check.h"

#define LINE_MAX_CHARS 200 /* a text without a length of its own is one line */
#define ITEMS_MAX 1000

/* Where a value stands; turned into text only when it is at fault. */
struct place {
    const struct place *up;
    const char *name; /* NULL: item `index` of an array */
    size_t index;
};

static void write_place(const struct place *at, yh_buf *out)
{
    if (at->up)
        write_place(at->up, out);
    if (!at->name) {
        yh_buf_printf(out, "[%zu]", at->index);
        return;
    }
    if (out->n)
        yh_buf_putc(out, '.');
    yh_str name = yh_str_of(at->name);
    yh_buf_str(out, yh_str_is_utf8(name) ? yh_str_sub(name, 0, 64) : YH_S("?"));
}

void http_fault_add(struct http_checker *c, const char *field, const char *message)
{
    if (c->n >= HTTP_FAULTS_MAX)
        return;
    struct http_fault *f = YH_NEW(c->arena, struct http_fault);
    if (!f)
        return;
    f->field = field;
    f->message = message;
    if (c->last)
        c->last->next = f;
    else
        c->first = f;
    c->last = f;
    c->n++;
}

static void fault(struct http_checker *c, const struct place *at, const char *message)
{
    yh_buf_auto where = yh_buf_make(512);
    write_place(at, &where);
    const char *field = yh_arena_z(c->arena, yh_buf_view(&where));
    if (!message || !field)
        message = "无法检查";
    c->n += !field; /* still at fault when there is no memory to say where */
    if (field)
        http_fault_add(c, field, message);
}

static bool has_range(const struct http_field *f)
{
    return f->min != 0 || f->max != 0;
}

static const char *range_text(struct http_checker *c, const struct http_field *f)
{
    return yh_arena_printf(c->arena, "应在 %lld 到 %lld 之间", (long long)f->min, (long long)f->max);
}

static const char *values_text(struct http_checker *c, const char *const *values)
{
    yh_buf_auto text = yh_buf_make(1024);
    yh_buf_puts(&text, "只能是:");
    for (const char *const *v = values; *v; v++)
        yh_buf_printf(&text, "%s%s", v == values ? "" : "、", *v);
    return text.failed ? "不在允许的取值之内" : yh_arena_z(c->arena, yh_buf_view(&text));
}

static bool is_listed(const char *const *values, yh_str s)
{
    for (; *values; values++)
        if (yh_str_is(s, *values))
            return true;
    return false;
}

/* Line breaks and tabs belong only into texts that may be longer than a line. */
static bool has_control(yh_str s, bool many_lines)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if ((c < 0x20 && !(many_lines && (c == '\n' || c == '\r' || c == '\t'))) || c == 0x7f)
            return true;
    }
    return false;
}

static void check_string(struct http_checker *c, const struct place *at, const struct http_field *f, yh_str s)
{
    int64_t max = f->max ? f->max : LINE_MAX_CHARS;
    int64_t count = (int64_t)yh_utf8_count(s);
    if (f->values) {
        if (!is_listed(f->values, s))
            fault(c, at, values_text(c, f->values));
    } else if (c->own) {
        return;
    } else if (has_control(s, max > LINE_MAX_CHARS)) {
        fault(c, at, "含有不可见的控制字符,请删除后重试");
    } else if (count < f->min || count > max) {
        fault(c, at, f->min == max ? yh_arena_printf(c->arena, "长度应为 %lld 个字", (long long)max)
                                   : yh_arena_printf(c->arena, "长度应为 %lld 到 %lld 个字", (long long)f->min,
                                                     (long long)max));
    } else if (f->pattern && !http_patterns_match(c->patterns, f->pattern, s.p)) {
        fault(c, at, yh_arena_printf(c->arena, "%s的格式不对,请核对", f->title ? f->title : "内容"));
    }
}

static void check_int(struct http_checker *c, const struct place *at, const struct http_field *f, int64_t v)
{
    if (has_range(f) && (v < f->min || v > f->max))
        fault(c, at, range_text(c, f));
}

static void check_decimal(struct http_checker *c, const struct place *at, const struct http_field *f, yh_str s)
{
    yh_dec d;
    if (!yh_dec_parse(s, &d))
        fault(c, at, "应为数字,如 12.50");
    else if (has_range(f) && (yh_dec_cmp(d, (yh_dec){f->min, 0}) < 0 || yh_dec_cmp(d, (yh_dec){f->max, 0}) > 0))
        fault(c, at, range_text(c, f));
}

static void check_time(struct http_checker *c, const struct place *at, yh_str s)
{
    yh_time t;
    struct yh_civil civil = {0};
    if (yh_time_parse(s, YH_CST, &t))
        civil = yh_civil_of(t, YH_CST);
    if (civil.year < 1 || civil.year > 9999) /* also where only its offset leads beyond: answers are written at +08:00 */
        fault(c, at, "应为时间,如 2026-11-23T08:15:00+08:00");
}

/* ---- query parameters: texts */

static void check_param(struct http_checker *c, const struct http_field *f, yh_str s)
{
    struct place at = {.name = f->name};
    int64_t number;
    switch (f->type) {
    case HTTP_T_INT:
        if (yh_str_to_i64(s, &number))
            check_int(c, &at, f, number);
        else
            fault(c, &at, "应为整数");
        break;
    case HTTP_T_BOOL:
        if (!yh_str_is(s, "true") && !yh_str_is(s, "false"))
            fault(c, &at, "只能是 true 或 false");
        break;
    case HTTP_T_DECIMAL:
        check_decimal(c, &at, f, s);
        break;
    case HTTP_T_TIME:
        check_time(c, &at, s);
        break;
    case HTTP_T_STRING:
    case HTTP_T_NUMBER:
    case HTTP_T_OBJECT:
    case HTTP_T_ARRAY:
    case HTTP_T_ANY:
        check_string(c, &at, f, s);
        break;
    }
}

static const struct http_field *field_named(const struct http_field *fields, yh_str name)
{
    for (const struct http_field *f = fields; f && f->name; f++)
        if (yh_str_is(name, f->name))
            return f;
    return NULL;
}

/* A time typed by hand often carries its + unescaped, which reads as a space. */
static void restore_plus(struct yh_arena *arena, yh_str *value)
{
    char *text = yh_arena_z(arena, *value);
    if (!text)
        return;
    for (size_t i = 0; i < value->n; i++)
        if (text[i] == ' ')
            text[i] = '+';
    value->p = text;
}

void http_check_params(struct http_checker *c, const struct http_field *fields, struct http_params *q)
{
    for (size_t i = 0; i < q->n; i++) {
        struct http_param *p = &q->v[i];
        const struct http_field *f = field_named(fields, p->name);
        struct place at = {.name = p->name.p};
        if (!f) {
            fault(c, &at, "没有这个查询参数,请删除或改正名称");
        } else if (http_params_find(q, f->name) != p) {
            fault(c, &at, "重复出现,只能给一次");
        } else {
            if (f->type == HTTP_T_TIME)
                restore_plus(c->arena, &p->value);
            check_param(c, f, p->value);
        }
    }
    for (const struct http_field *f = fields; f && f->name; f++)
        if (f->required && !http_params_find(q, f->name))
            fault(c, &(struct place){.name = f->name}, "必填,请补充");
}

/* ---- bodies: JSON values */

static void check_value(struct http_checker *c, const struct place *at, const struct http_field *f, const json_t *v);

static yh_str text_of(const json_t *v)
{
    return (yh_str){json_string_value(v), json_string_length(v)};
}

static void string_value(struct http_checker *c, const struct place *at, const struct http_field *f, const json_t *v)
{
    if (json_is_string(v))
        check_string(c, at, f, text_of(v));
    else
        fault(c, at, "应为文字");
}

static void int_value(struct http_checker *c, const struct place *at, const struct http_field *f, const json_t *v)
{
    if (json_is_integer(v))
        check_int(c, at, f, json_integer_value(v));
    else
        fault(c, at, "应为整数");
}

static void bool_value(struct http_checker *c, const struct place *at, const struct http_field *f, const json_t *v)
{
    (void)f;
    if (!json_is_boolean(v))
        fault(c, at, "只能是 true 或 false");
}

static void decimal_value(struct http_checker *c, const struct place *at, const struct http_field *f,
                          const json_t *v)
{
    if (json_is_string(v))
        check_decimal(c, at, f, text_of(v));
    else
        fault(c, at, "应为写成文字的数字,如 \"12.50\"");
}

static void time_value(struct http_checker *c, const struct place *at, const struct http_field *f, const json_t *v)
{
    (void)f;
    if (json_is_string(v))
        check_time(c, at, text_of(v));
    else
        fault(c, at, "应为时间,如 2026-11-23T08:15:00+08:00");
}

static void check_fields(struct http_checker *c, const struct place *at, const struct http_field *fields,
                         const json_t *object)
{
    const char *key;
    const json_t *v;
    void *iterator = json_object_iter((json_t *)(uintptr_t)object);
    for (; iterator && c->n < HTTP_FAULTS_MAX; iterator = json_object_iter_next((json_t *)(uintptr_t)object, iterator)) {
        key = json_object_iter_key(iterator);
        v = json_object_iter_value(iterator);
        struct place inside = {.up = at, .name = key};
        const struct http_field *f = field_named(fields, yh_str_of(key));
        if (f)
            check_value(c, &inside, f, v);
        else
            fault(c, &inside, "没有这个字段,请删除或改正名称");
    }
    for (const struct http_field *f = fields; f->name; f++)
        if (f->required && !json_object_get(object, f->name))
            fault(c, &(struct place){.up = at, .name = f->name}, "必填,请补充");
}

static void object_value(struct http_checker *c, const struct place *at, const struct http_field *f,
                         const json_t *v)
{
    if (!json_is_object(v))
        fault(c, at, "应为对象 {…}");
    else if (f->of && f->of->fields)
        check_fields(c, at, f->of->fields, v);
}

static struct http_field item_field(const struct http_field *array)
{
    struct http_field item = *array;
    item.type = array->of->fields ? HTTP_T_OBJECT : array->of->item;
    item.min = item.max = 0;
    item.nullable = false;
    return item;
}

static void array_value(struct http_checker *c, const struct place *at, const struct http_field *f, const json_t *v)
{
    if (!json_is_array(v)) {
        fault(c, at, "应为列表 […]");
        return;
    }
    int64_t max = f->max ? f->max : c->own ? INT64_MAX : ITEMS_MAX; /* the bound guards against others, not ourselves */
    size_t n = json_array_size(v);
    if ((int64_t)n < f->min || (int64_t)n > max) {
        fault(c, at, yh_arena_printf(c->arena, "应有 %lld 到 %lld 项", (long long)f->min, (long long)max));
        return;
    }
    if (!f->of)
        return;
    struct http_field item = item_field(f);
    for (size_t i = 0; i < n && c->n < HTTP_FAULTS_MAX; i++)
        check_value(c, &(struct place){.up = at, .index = i}, &item, json_array_get(v, i));
}

static void number_value(struct http_checker *c, const struct place *at, const struct http_field *f, const json_t *v)
{
    (void)f;
    if (!json_is_number(v))
        fault(c, at, "应为数字");
}

static void any_value(struct http_checker *c, const struct place *at, const struct http_field *f, const json_t *v)
{
    (void)c, (void)at, (void)f, (void)v;
}

static void check_value(struct http_checker *c, const struct place *at, const struct http_field *f, const json_t *v)
{
    static void (*const checks[])(struct http_checker *, const struct place *, const struct http_field *,
                                  const json_t *) = {
        [HTTP_T_STRING] = string_value,   [HTTP_T_INT] = int_value,   [HTTP_T_BOOL] = bool_value,
        [HTTP_T_DECIMAL] = decimal_value, [HTTP_T_TIME] = time_value, [HTTP_T_OBJECT] = object_value,
        [HTTP_T_ARRAY] = array_value,     [HTTP_T_ANY] = any_value,       [HTTP_T_NUMBER] = number_value,
    };
    if (!json_is_null(v))
        checks[f->type](c, at, f, v);
    else if (!f->nullable && f->type != HTTP_T_ANY)
        fault(c, at, "不能为空 (null)");
}

void http_check_json(struct http_checker *c, const struct http_schema *schema, const json_t *value)
{
    struct place at = {.name = ""};
    struct http_field top = {.type = schema->fields ? HTTP_T_OBJECT : schema->item, .of = schema};
    check_value(c, &at, &top, value);
}
