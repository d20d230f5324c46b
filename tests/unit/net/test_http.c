/* Routing, the API description, static files, start and stop: without a client. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "net/http_router.h"
#include "net/http_static.h"

static yh_err nothing(struct http_request *rq)
{
    (void)rq;
    return YH_OK;
}

#define ROW(m, p) {.method = (m), .path = (p), .handler = nothing, .summary = "s", .tag = "t"}

static const struct http_route rows[] = {
    ROW(HTTP_GET, "/api/stations"),
    ROW(HTTP_GET, "/api/stations/{mn}"),
    ROW(HTTP_PATCH, "/api/stations/{mn}"),
    ROW(HTTP_GET, "/api/stations/unknown"),
    ROW(HTTP_POST, "/api/stations/unknown/{mn}/admit"),
    ROW(HTTP_GET, "/api/stations/{mn}/series"),
    ROW(HTTP_GET, "/api/{a}/x/{b}"),
    {.path = NULL},
};

static void add_all(struct http_router *r)
{
    for (const struct http_route *row = rows; row->path; row++)
        assert_int_equal(http_router_add(r, row), YH_OK);
}

static void find(const struct http_router *r, struct yh_arena *arena, const char *path, const char *route,
                 const char *first_param)
{
    struct http_path parsed;
    struct http_match m;
    assert_true(http_path_parse(arena, yh_str_of(path), &parsed));
    bool found = http_router_find(r, &parsed, &m);
    assert_int_equal(found, route != NULL);
    if (!route)
        return;
    const struct http_route *any = NULL;
    for (size_t i = 0; i < HTTP_METHODS; i++)
        any = m.by_method[i] ? m.by_method[i] : any;
    assert_string_equal(any->path, route);
    assert_int_equal(m.params > 0, first_param != NULL);
    if (first_param)
        assert_true(yh_str_is(m.param[0], first_param));
}

static void a_literal_wins_and_has_a_way_back(void **state)
{
    (void)state;
    yh_arena_auto arena = yh_arena_make(1u << 16);
    struct http_router *r = NULL;
    assert_int_equal(http_router_new(&r), YH_OK);
    add_all(r);
    find(r, &arena, "/api/stations", "/api/stations", NULL);
    find(r, &arena, "/api/stations/A1", "/api/stations/{mn}", "A1");
    find(r, &arena, "/api/stations/unknown", "/api/stations/unknown", NULL);
    find(r, &arena, "/api/stations/unknown/A1/admit", "/api/stations/unknown/{mn}/admit", "A1");
    find(r, &arena, "/api/stations/unknown/series", "/api/stations/{mn}/series", "unknown");
    find(r, &arena, "/api/stations/x/7", "/api/{a}/x/{b}", "stations");
    find(r, &arena, "/api/stations/a%2Fb/series", "/api/stations/{mn}/series", "a/b");
    find(r, &arena, "/api", NULL, NULL);
    find(r, &arena, "/api/stations/", NULL, NULL);
    find(r, &arena, "/api//series", NULL, NULL);
    find(r, &arena, "/api/stations/A1/series/more", NULL, NULL);
    http_router_free(r);
}

static void routes_that_cannot_be(void **state)
{
    (void)state;
    struct http_router *r = NULL;
    assert_int_equal(http_router_new(&r), YH_OK);
    add_all(r);
    static const struct http_route twice = ROW(HTTP_GET, "/api/stations/{other}");
    static const struct http_route bare = ROW(HTTP_GET, "api");
    static const struct http_route empty = ROW(HTTP_GET, "/api//x");
    static const struct http_route many = ROW(HTTP_GET, "/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}");
    assert_int_equal(http_router_add(r, &twice), YH_E_CONFLICT);
    assert_int_equal(http_router_add(r, &bare), YH_E_INVALID);
    assert_int_equal(http_router_add(r, &empty), YH_E_INVALID);
    assert_int_equal(http_router_add(r, &many), YH_E_INVALID);
    http_router_free(r);
}

static void paths_that_cannot_be(void **state)
{
    (void)state;
    yh_arena_auto arena = yh_arena_make(1u << 16);
    struct http_path p;
    static const char *const bad[] = {"", "api", "*", "/a%00", "/%", "/%ff", "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q"};
    for (size_t i = 0; i < YH_LEN(bad); i++)
        assert_false(http_path_parse(&arena, yh_str_of(bad[i]), &p));
    assert_true(http_path_parse(&arena, YH_S("/"), &p));
    assert_int_equal(p.n, 1);
    assert_int_equal(p.segment[0].n, 0);
}

/* ---- the API description */

static const struct http_schema node_schema;
static const struct http_field node_fields[] = {
    {.name = "id", .type = HTTP_T_INT, .required = true, .min = 1, .max = 9},
    {.name = "at", .type = HTTP_T_TIME, .nullable = true},
    {.name = "value", .type = HTTP_T_DECIMAL},
    {.name = "parent", .type = HTTP_T_OBJECT, .of = &node_schema, .nullable = true},
    {.name = "children", .type = HTTP_T_ARRAY, .of = &node_schema, .max = 5},
    {.name = NULL},
};
static const struct http_schema node_schema = {.name = "Node", .fields = node_fields};
static const struct http_field other_fields[] = {{.name = "x", .type = HTTP_T_BOOL}, {.name = NULL}};
static const struct http_schema same_name = {.name = "Node", .fields = other_fields};

static json_t *describe(const struct http_route *table)
{
    const struct http_route *const tables[] = {table, NULL};
    yh_buf_auto text = yh_buf_make(1u << 20);
    json_t *doc = NULL;
    assert_int_equal(http_openapi(tables, &text), YH_OK);
    assert_int_equal(yh_json_parse(yh_buf_view(&text), &doc), YH_OK);
    return doc;
}

/* Follows "a/b/c"; "~1" stands for a slash inside a key. */
static const json_t *at(const json_t *v, const char *path)
{
    yh_str rest = yh_str_of(path), piece;
    while (v && yh_str_split(&rest, '/', &piece)) {
        char key[128];
        size_t n = 0;
        for (size_t i = 0; i < piece.n; i++)
            if (piece.p[i] == '~' && ++i < piece.n)
                key[n++] = '/';
            else
                key[n++] = piece.p[i];
        key[n] = '\0';
        v = json_is_array(v) ? json_array_get(v, (size_t)(key[0] - '0')) : json_object_get(v, key);
    }
    return v;
}

static void is_text(const json_t *v, const char *path, const char *expected)
{
    assert_string_equal(json_string_value(at(v, path)), expected);
}

static void the_description_follows_the_rows(void **state)
{
    (void)state;
    static const struct http_field query[] = {
        {.name = "limit", .type = HTTP_T_INT, .max = 500, .title = "每页条数"}, {.name = NULL}};
    static const struct http_route table[] = {
        {HTTP_GET, "/api/v1/nodes/{id}", "node:read", query, NULL, &node_schema, 0, nothing, "节点", "系统"},
        {HTTP_PUT, "/api/v1/nodes/{id}", "node:write", NULL, &node_schema, &node_schema, 0, nothing, "改节点", "系统"},
        {HTTP_GET, "/healthz", NULL, NULL, NULL, NULL, 0, nothing, "状态", "系统"},
        {.path = NULL},
    };
    yh_json_auto *doc = describe(table);
    is_text(doc, "openapi", "3.1.0");
    const json_t *get = at(doc, "paths/~1api~1v1~1nodes~1{id}/get");
    is_text(get, "x-permission", "node:read");
    is_text(get, "operationId", "get_nodes_id");
    is_text(get, "parameters/0/name", "id");
    is_text(get, "parameters/1/name", "limit");
    is_text(get, "parameters/1/in", "query");
    is_text(get, "responses/200/content/application~1json/schema/$ref", "#/components/schemas/Node");
    is_text(doc, "paths/~1api~1v1~1nodes~1{id}/put/requestBody/content/application~1json/schema/$ref",
            "#/components/schemas/Node");
    is_text(doc, "paths/~1api~1v1~1nodes~1{id}/put/responses/422/content/application~1problem+json/schema/$ref",
            "#/components/schemas/Problem");
    assert_true(json_is_null(at(doc, "paths/~1healthz/get/x-permission")));
    assert_non_null(at(doc, "paths/~1api~1v1~1events/get"));
    const json_t *node = at(doc, "components/schemas/Node");
    is_text(node, "required/0", "id");
    is_text(node, "properties/at/type/1", "null");
    is_text(node, "properties/at/format", "date-time");
    is_text(node, "properties/value/format", "decimal");
    is_text(node, "properties/parent/anyOf/0/$ref", "#/components/schemas/Node");
    is_text(node, "properties/children/items/$ref", "#/components/schemas/Node");
    assert_int_equal(json_integer_value(at(node, "properties/id/maximum")), 9);
    assert_true(json_is_false(at(node, "additionalProperties")));
}

static void two_schemas_of_one_name_are_a_mistake(void **state)
{
    (void)state;
    static const struct http_route table[] = {
        {HTTP_GET, "/a", NULL, NULL, NULL, &node_schema, 0, nothing, "a", "t"},
        {HTTP_GET, "/b", NULL, NULL, NULL, &same_name, 0, nothing, "b", "t"},
        {.path = NULL},
    };
    const struct http_route *const tables[] = {table, NULL};
    yh_buf_auto text = yh_buf_make(1u << 20);
    assert_int_equal(http_openapi(tables, &text), YH_E_CONFLICT);
    yh_buf_auto small = yh_buf_make(100);
    const struct http_route *const fine[] = {rows, NULL};
    assert_int_not_equal(http_openapi(fine, &small), YH_OK);
}

/* ---- static files */

struct folder {
    char path[64];
};

static int make_folder(void **state)
{
    struct folder *f = calloc(1, sizeof *f);
    memcpy(f->path, "/tmp/net-static-XXXXXX", 23);
    assert_non_null(mkdtemp(f->path));
    *state = f;
    return 0;
}

static int drop_folder(void **state)
{
    struct folder *f = *state;
    static const char *const names[] = {"/d/assets/a.js", "/d/assets/a.js.gz", "/d/index.html", "/d/link.html",
                                        "/d/assets", "/d", ""};
    for (size_t i = 0; i < YH_LEN(names); i++) {
        char path[128];
        snprintf(path, sizeof path, "%s%s", f->path, names[i]);
        assert_int_equal(remove(path), 0);
    }
    free(f);
    return 0;
}

static void put(const struct folder *f, const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s%s", f->path, name);
    assert_int_equal(yh_file_replace(path, yh_str_of(text), 0644), YH_OK);
}

static void fill(const struct folder *f)
{
    char path[128], link[128];
    snprintf(path, sizeof path, "%s/d/assets", f->path);
    assert_int_equal(yh_dir_make(path), YH_OK);
    put(f, "/d/index.html", "<p>");
    put(f, "/d/assets/a.js", "plain");
    put(f, "/d/assets/a.js.gz", "packed");
    snprintf(link, sizeof link, "%s/d/link.html", f->path);
    assert_int_equal(symlink("index.html", link), 0);
}

static void files_are_found_by_their_path_only(void **state)
{
    const struct folder *folder = *state;
    fill(folder);
    struct http_static *s = NULL;
    assert_int_equal(http_static_load(folder->path, &s), YH_OK);
    const struct http_file *index = http_static_find(s, YH_S("/d/index.html"));
    const struct http_file *js = http_static_find(s, YH_S("/d/assets/a.js"));
    assert_non_null(index);
    assert_non_null(js);
    assert_string_equal(index->cache, "no-cache");
    assert_string_equal(js->cache, "public, max-age=31536000, immutable");
    assert_string_equal(js->type, "text/javascript; charset=utf-8");
    assert_ptr_equal(http_static_find(s, YH_S("/d/some/page")), index);
    assert_ptr_equal(http_static_find(s, YH_S("/d/")), index);
    static const char *const none[] = {"/", "/d", "/d/assets/b.js", "/d/link.html", "/d/../d/index.html.gz", "/m/page",
                                       "/d/assets/a.js.gz", "", "/d/assets/dir"};
    for (size_t i = 0; i < YH_LEN(none); i++)
        assert_null(http_static_find(s, yh_str_of(none[i])));
    assert_string_equal(http_static_redirect(s, YH_S("/")), "/d/");
    assert_string_equal(http_static_redirect(s, YH_S("/d")), "/d/");
    assert_null(http_static_redirect(s, YH_S("/m")));
    assert_int_equal(http_static_coding(js, YH_S("br, GZIP")), HTTP_GZIP);
    assert_int_equal(http_static_coding(js, YH_S("gzip;q=0")), HTTP_IDENTITY);
    assert_int_equal(http_static_coding(js, YH_S("xgzip")), HTTP_IDENTITY);
    assert_string_not_equal(js->etag[HTTP_IDENTITY], js->etag[HTTP_GZIP]);
    http_static_free(s);
}

static void etags(void **state)
{
    (void)state;
    assert_true(http_etag_matches(YH_S("\"a\""), "\"a\""));
    assert_true(http_etag_matches(YH_S("\"b\", W/\"a\""), "\"a\""));
    assert_true(http_etag_matches(YH_S("*"), "\"a\""));
    assert_false(http_etag_matches(YH_S("\"ab\""), "\"a\""));
    assert_false(http_etag_matches(YH_S(""), "\"a\""));
}

/* ---- start and stop */

static void starting_says_what_is_wrong(void **state)
{
    (void)state;
    struct http_server *s = NULL;
    const struct http_route *const tables[] = {rows, NULL};
    struct http_config missing = {.host = "127.0.0.1", .static_dir = "/does/not/exist"};
    assert_int_equal(http_start(&missing, tables, &s), YH_E_NOT_FOUND);
    const struct http_route *const twice[] = {rows, rows, NULL};
    struct http_config plain = {.host = "127.0.0.1"};
    assert_int_equal(http_start(&plain, twice, &s), YH_E_CONFLICT);
    assert_null(s);
    assert_int_equal(http_start(&plain, tables, &s), YH_OK);
    struct http_config taken = {.host = "127.0.0.1", .port = http_port(s)};
    struct http_server *second = NULL;
    assert_int_equal(http_start(&taken, tables, &second), YH_E_IO);
    assert_null(second);
    http_publish(s, "tick", YH_S("{}"));
    assert_int_equal(http_event_clients(s), 0);
    assert_int_equal(http_stats(s).events, 1);
    http_stop(s);
    http_stop(NULL);
}

static void one_worker_is_enough(void **state)
{
    (void)state;
    const struct http_route *const tables[] = {rows, NULL};
    struct http_config single = {.host = "127.0.0.1", .threads = 1};
    struct http_server *s = NULL;
    assert_int_equal(http_start(&single, tables, &s), YH_OK);
    assert_int_not_equal(http_port(s), 0);
    http_stop(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_literal_wins_and_has_a_way_back),
        cmocka_unit_test(routes_that_cannot_be),
        cmocka_unit_test(paths_that_cannot_be),
        cmocka_unit_test(the_description_follows_the_rows),
        cmocka_unit_test(two_schemas_of_one_name_are_a_mistake),
        cmocka_unit_test_setup_teardown(files_are_found_by_their_path_only, make_folder, drop_folder),
        cmocka_unit_test(etags),
        cmocka_unit_test(starting_says_what_is_wrong),
        cmocka_unit_test(one_worker_is_enough),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
