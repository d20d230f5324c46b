/* OpenAPI 3.1 out of the route rows. */
#include "base/map.h"
#include "net/http_internal.h"

struct writer {
    struct yh_json j;
    yh_map seen; /* component name -> schema */
    const struct http_schema *queue[512]; /* components in order of first use */
    size_t n;
    yh_err failed;
};

static void kv(struct writer *w, const char *key, const char *value)
{
    yh_json_kz(&w->j, key, value);
}

static void open_obj(struct writer *w, const char *key)
{
    yh_json_key(&w->j, key);
    yh_json_obj(&w->j);
}

static void close_obj(struct writer *w)
{
    yh_json_obj_end(&w->j);
}

/* ---- schemas */

static void want_component(struct writer *w, const struct http_schema *schema)
{
    const struct http_schema *known = yh_map_get(&w->seen, yh_str_of(schema->name));
    if (known == schema || w->failed)
        return;
    if (known)
        w->failed = yh_fail(YH_E_CONFLICT, "two schemas are named %s", schema->name);
    else if (w->n == YH_LEN(w->queue))
        w->failed = yh_fail(YH_E_TOO_LARGE, "more than %zu schemas", YH_LEN(w->queue));
    else if ((w->failed = yh_map_put(&w->seen, yh_str_of(schema->name), (void *)(uintptr_t)schema)) == YH_OK)
        w->queue[w->n++] = schema;
}

static void put_ref_members(struct writer *w, const struct http_schema *schema)
{
    char ref[160];
    snprintf(ref, sizeof ref, "#/components/schemas/%s", schema->name);
    want_component(w, schema);
    kv(w, "$ref", ref);
}

static const struct {
    const char *type, *format;
} kinds[] = {
    [HTTP_T_STRING] = {"string", NULL},
    [HTTP_T_INT] = {"integer", "int64"},
    [HTTP_T_BOOL] = {"boolean", NULL},
    [HTTP_T_DECIMAL] = {"string", "decimal"},
    [HTTP_T_TIME] = {"string", "date-time"},
    [HTTP_T_OBJECT] = {"object", NULL},
    [HTTP_T_ARRAY] = {"array", NULL},
    [HTTP_T_ANY] = {NULL, NULL},
    [HTTP_T_NUMBER] = {"number", "double"},
};

static void put_type(struct writer *w, http_type type, bool nullable)
{
    if (!kinds[type].type)
        return;
    yh_json_key(&w->j, "type");
    if (nullable)
        yh_json_arr(&w->j);
    yh_json_z(&w->j, kinds[type].type);
    if (nullable) {
        yh_json_z(&w->j, "null");
        yh_json_arr_end(&w->j);
    }
    if (kinds[type].format)
        kv(w, "format", kinds[type].format);
}

static void put_values(struct writer *w, const struct http_field *f)
{
    yh_json_key(&w->j, "enum");
    yh_json_arr(&w->j);
    for (const char *const *v = f->values; *v; v++)
        yh_json_z(&w->j, *v);
    if (f->nullable)
        yh_json_null(&w->j);
    yh_json_arr_end(&w->j);
}

static void put_bound(struct writer *w, const char *key, int64_t value, bool written)
{
    if (written)
        yh_json_ki64(&w->j, key, value);
}

static void put_pattern(struct writer *w, const char *pattern)
{
    yh_buf_auto whole = yh_buf_make(4096);
    yh_buf_printf(&whole, "^(%s)$", pattern);
    kv(w, "pattern", yh_buf_z(&whole));
}

static void put_bounds(struct writer *w, const struct http_field *f)
{
    bool ranged = f->min != 0 || f->max != 0;
    switch (f->type) {
    case HTTP_T_INT:
        put_bound(w, "minimum", f->min, ranged);
        put_bound(w, "maximum", f->max, ranged);
        break;
    case HTTP_T_STRING:
        put_bound(w, "minLength", f->min, f->min > 0 && !f->values);
        put_bound(w, "maxLength", f->max, f->max > 0 && !f->values);
        break;
    case HTTP_T_ARRAY:
        put_bound(w, "minItems", f->min, f->min > 0);
        put_bound(w, "maxItems", f->max, f->max > 0);
        break;
    case HTTP_T_DECIMAL:
        put_bound(w, "x-minimum", f->min, ranged);
        put_bound(w, "x-maximum", f->max, ranged);
        break;
    case HTTP_T_BOOL:
    case HTTP_T_TIME:
    case HTTP_T_OBJECT:
    case HTTP_T_ANY:
    case HTTP_T_NUMBER:
        break;
    }
}

static void put_field(struct writer *w, const struct http_field *f);

static void put_items(struct writer *w, const struct http_field *array)
{
    struct http_field item = *array;
    item.type = array->of->fields ? HTTP_T_OBJECT : array->of->item;
    item.min = item.max = 0;
    item.nullable = false;
    item.title = NULL;
    yh_json_key(&w->j, "items");
    put_field(w, &item);
}

static void put_object_ref(struct writer *w, const struct http_field *f)
{
    if (!f->nullable) {
        put_ref_members(w, f->of);
        return;
    }
    yh_json_key(&w->j, "anyOf");
    yh_json_arr(&w->j);
    yh_json_obj(&w->j);
    put_ref_members(w, f->of);
    close_obj(w);
    yh_json_obj(&w->j);
    kv(w, "type", "null");
    close_obj(w);
    yh_json_arr_end(&w->j);
}

static void put_plain(struct writer *w, const struct http_field *f)
{
    bool scalar = f->type != HTTP_T_ARRAY;
    put_type(w, f->type, f->nullable);
    put_bounds(w, f);
    if (scalar && f->pattern)
        put_pattern(w, f->pattern);
    if (scalar && f->values)
        put_values(w, f);
    if (!scalar && f->of)
        put_items(w, f);
}

static void put_field(struct writer *w, const struct http_field *f)
{
    yh_json_obj(&w->j);
    if (f->title)
        kv(w, "title", f->title);
    if (f->type == HTTP_T_OBJECT && f->of)
        put_object_ref(w, f);
    else
        put_plain(w, f);
    close_obj(w);
}

static void put_required(struct writer *w, const struct http_field *fields)
{
    bool any = false;
    for (const struct http_field *f = fields; f->name; f++)
        any |= f->required;
    if (!any)
        return;
    yh_json_key(&w->j, "required");
    yh_json_arr(&w->j);
    for (const struct http_field *f = fields; f->name; f++)
        if (f->required)
            yh_json_z(&w->j, f->name);
    yh_json_arr_end(&w->j);
}

static void put_component(struct writer *w, const struct http_schema *schema)
{
    yh_json_key(&w->j, schema->name);
    if (!schema->fields) {
        put_field(w, &(struct http_field){.type = schema->item});
        return;
    }
    yh_json_obj(&w->j);
    kv(w, "type", "object");
    put_required(w, schema->fields);
    open_obj(w, "properties");
    for (const struct http_field *f = schema->fields; f->name; f++) {
        yh_json_key(&w->j, f->name);
        put_field(w, f);
    }
    close_obj(w);
    yh_json_kbool(&w->j, "additionalProperties", false);
    close_obj(w);
}

/* ---- operations */

static const char *const method_words[HTTP_METHODS] = {
    [HTTP_GET] = "get", [HTTP_POST] = "post", [HTTP_PUT] = "put", [HTTP_PATCH] = "patch", [HTTP_DELETE] = "delete",
};

static void put_operation_id(struct writer *w, const struct http_route *r)
{
    yh_buf_auto id = yh_buf_make(512);
    yh_str path = yh_str_of(r->path);
    if (yh_str_starts(path, YH_S("/api/v1")))
        path = yh_str_sub(path, 7, path.n);
    yh_buf_puts(&id, method_words[r->method]);
    for (size_t i = 0; i < path.n; i++)
        if (path.p[i] == '/' || path.p[i] == '.' || path.p[i] == '-')
            yh_buf_putc(&id, '_');
        else if (path.p[i] != '{' && path.p[i] != '}')
            yh_buf_putc(&id, path.p[i]);
    kv(w, "operationId", yh_buf_z(&id));
}

static void put_parameter(struct writer *w, const char *in, const struct http_field *f)
{
    yh_json_obj(&w->j);
    kv(w, "name", f->name);
    kv(w, "in", in);
    if (f->required)
        yh_json_kbool(&w->j, "required", true);
    if (f->title)
        kv(w, "description", f->title);
    yh_json_key(&w->j, "schema");
    struct http_field bare = *f;
    bare.title = NULL;
    put_field(w, &bare);
    close_obj(w);
}

static void put_path_parameters(struct writer *w, const struct http_route *r)
{
    yh_str rest = yh_str_of(r->path);
    yh_str segment;
    while (yh_str_split(&rest, '/', &segment)) {
        char name[64];
        if (segment.n < 3 || segment.n > sizeof name || segment.p[0] != '{')
            continue;
        snprintf(name, sizeof name, "%.*s", (int)segment.n - 2, segment.p + 1);
        put_parameter(w, "path", &(struct http_field){.name = name, .type = HTTP_T_STRING, .required = true});
    }
}

static void put_parameters(struct writer *w, const struct http_route *r)
{
    static const struct http_field key = {.name = "Idempotency-Key", .type = HTTP_T_STRING, .min = 8, .max = 128,
                                          .title = "同一键值的重复请求得到首次的答复"};
    yh_json_key(&w->j, "parameters");
    yh_json_arr(&w->j);
    put_path_parameters(w, r);
    for (const struct http_field *f = r->query; f && f->name; f++)
        put_parameter(w, "query", f);
    if (r->method != HTTP_GET)
        put_parameter(w, "header", &key);
    yh_json_arr_end(&w->j);
}

static void put_content(struct writer *w, const char *type, const struct http_schema *schema)
{
    open_obj(w, "content");
    open_obj(w, type);
    open_obj(w, "schema");
    put_ref_members(w, schema);
    close_obj(w);
    close_obj(w);
    close_obj(w);
}

static const struct http_field problem_fields[] = {
    {.name = "type", .type = HTTP_T_STRING, .required = true},
    {.name = "title", .type = HTTP_T_STRING, .required = true, .title = "可据以处理的中文说明"},
    {.name = "status", .type = HTTP_T_INT, .required = true},
    {.name = "code", .type = HTTP_T_STRING, .required = true, .title = "供程序判断的短词"},
    {.name = "detail", .type = HTTP_T_STRING, .max = 2000},
    {.name = "fields", .type = HTTP_T_OBJECT, .title = "字段名 → 中文说明"},
    {.name = NULL},
};
static const struct http_schema problem_schema = {.name = "Problem", .fields = problem_fields};

static void put_problem(struct writer *w, const char *status, const char *description)
{
    open_obj(w, status);
    kv(w, "description", description);
    put_content(w, "application/problem+json", &problem_schema);
    close_obj(w);
}

static void put_success(struct writer *w, const struct http_route *r)
{
    open_obj(w, "200");
    kv(w, "description", "成功");
    if (r->reply)
        put_content(w, "application/json", r->reply);
    close_obj(w);
}

static void put_responses(struct writer *w, const struct http_route *r)
{
    open_obj(w, "responses");
    put_success(w, r);
    if (r->query || r->body)
        put_problem(w, "400", "请求的写法不对");
    if (r->permission)
        put_problem(w, "401", "尚未登录");
    if (r->permission && (r->permission[0] || r->method != HTTP_GET))
        put_problem(w, "403", "没有权限或页面已过期");
    if (strchr(r->path, '{'))
        put_problem(w, "404", "没有找到");
    if (r->body)
        put_problem(w, "413", "正文过大");
    if (r->body && r->body != &http_file) {
        put_problem(w, "415", "正文不是 application/json");
        put_problem(w, "422", "内容不符合要求,见 fields");
    }
    put_problem(w, "default", "其他失败");
    close_obj(w);
}

static void put_file_body(struct writer *w)
{
    open_obj(w, "requestBody");
    yh_json_kbool(&w->j, "required", true);
    open_obj(w, "content");
    open_obj(w, "application/octet-stream");
    close_obj(w);
    close_obj(w);
    close_obj(w);
}

static void put_security(struct writer *w, const struct http_route *r)
{
    static const char *const schemes[] = {"session", "bearer"};
    yh_json_key(&w->j, "security");
    yh_json_arr(&w->j);
    for (size_t i = 0; r->permission && i < YH_LEN(schemes); i++) {
        yh_json_obj(&w->j);
        yh_json_key(&w->j, schemes[i]);
        yh_json_arr(&w->j);
        yh_json_arr_end(&w->j);
        close_obj(w);
    }
    yh_json_arr_end(&w->j);
}

static void put_operation(struct writer *w, const struct http_route *r)
{
    open_obj(w, method_words[r->method]);
    put_operation_id(w, r);
    if (r->summary)
        kv(w, "summary", r->summary);
    if (r->tag) {
        yh_json_key(&w->j, "tags");
        yh_json_arr(&w->j);
        yh_json_z(&w->j, r->tag);
        yh_json_arr_end(&w->j);
    }
    yh_json_key(&w->j, "x-permission");
    yh_json_z(&w->j, r->permission); /* null: public; "": any signed-in user */
    put_parameters(w, r);
    if (r->body == &http_file) {
        put_file_body(w);
    } else if (r->body) {
        open_obj(w, "requestBody");
        yh_json_kbool(&w->j, "required", true);
        put_content(w, "application/json", r->body);
        close_obj(w);
    }
    put_responses(w, r);
    put_security(w, r);
    close_obj(w);
}

/* ---- the document */

static const struct http_route *nth_route(const struct http_route *const *tables, size_t n)
{
    for (size_t t = 0; tables[t]; t++)
        for (const struct http_route *r = tables[t]; r->path; r++)
            if (n-- == 0)
                return r;
    for (const struct http_route *r = http_own_routes; r->path; r++)
        if (n-- == 0)
            return r;
    return NULL;
}

static bool is_first_with_path(const struct http_route *const *tables, size_t at)
{
    const char *path = nth_route(tables, at)->path;
    for (size_t i = 0; i < at; i++)
        if (strcmp(nth_route(tables, i)->path, path) == 0)
            return false;
    return true;
}

/* One path holds all its methods, wherever their rows stand. */
static void put_paths(struct writer *w, const struct http_route *const *tables)
{
    open_obj(w, "paths");
    const struct http_route *r;
    for (size_t i = 0; (r = nth_route(tables, i)); i++) {
        if (!is_first_with_path(tables, i))
            continue;
        open_obj(w, r->path);
        const struct http_route *same;
        for (size_t k = i; (same = nth_route(tables, k)); k++)
            if (strcmp(same->path, r->path) == 0)
                put_operation(w, same);
        close_obj(w);
    }
    close_obj(w);
}

static void put_scheme(struct writer *w, const char *name, const char *type, const char *key, const char *value,
                       const char *extra_key, const char *extra)
{
    open_obj(w, name);
    kv(w, "type", type);
    kv(w, key, value);
    if (extra_key)
        kv(w, extra_key, extra);
    close_obj(w);
}

static void put_components(struct writer *w)
{
    open_obj(w, "components");
    open_obj(w, "schemas");
    for (size_t i = 0; i < w->n; i++) /* the queue grows while components name others */
        put_component(w, w->queue[i]);
    close_obj(w);
    open_obj(w, "securitySchemes");
    put_scheme(w, "session", "apiKey", "in", "cookie", "name", "yh_session");
    put_scheme(w, "bearer", "http", "scheme", "bearer", NULL, NULL);
    close_obj(w);
    close_obj(w);
}

static void put_document(struct writer *w, const struct http_route *const *tables)
{
    yh_json_obj(&w->j);
    kv(w, "openapi", "3.1.0");
    open_obj(w, "info");
    kv(w, "title", "渝衡 生态环境智慧执法平台");
    kv(w, "version", "1");
    kv(w, "description", "以 Cookie 登录的修改类请求须带 X-CSRF-Token;时间为带时区的 RFC 3339;监测值与限值为文字;请求中未注明长度的文字最多 200 字。");
    close_obj(w);
    put_paths(w, tables);
    put_components(w);
    close_obj(w);
}

yh_err http_openapi(const struct http_route *const *tables, yh_buf *out)
{
    struct writer *w = calloc(1, sizeof *w);
    if (!w)
        return yh_fail(YH_E_NO_MEMORY, "no memory for the API description");
    w->j = yh_json_to(out);
    put_document(w, tables);
    yh_err e = w->failed;
    yh_map_done(&w->seen);
    free(w);
    return e != YH_OK ? e : yh_buf_check(out);
}
