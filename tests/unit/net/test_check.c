/* Decoding and checking against field tables: the pure half of the HTTP facade. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/http_check.h"

static const char *const kinds[] = {"rtd", "hour", NULL};
static const struct http_schema numbers = {.name = "Numbers", .item = HTTP_T_INT};
static const struct http_field point_fields[] = {
    {.name = "x", .type = HTTP_T_INT, .required = true, .min = -180, .max = 180},
    {.name = "y", .type = HTTP_T_INT, .nullable = true},
    {.name = NULL},
};
static const struct http_schema point = {.name = "Point", .fields = point_fields};
static const struct http_schema tree;
static const struct http_field tree_fields[] = {
    {.name = "name", .type = HTTP_T_STRING, .required = true, .min = 1},
    {.name = "children", .type = HTTP_T_ARRAY, .of = &tree},
    {.name = NULL},
};
static const struct http_schema tree = {.name = "Tree", .fields = tree_fields};
static const struct http_field all_fields[] = {
    {.name = "text", .type = HTTP_T_STRING, .min = 2, .max = 4},
    {.name = "line", .type = HTTP_T_STRING},
    {.name = "page", .type = HTTP_T_STRING, .max = 201},
    {.name = "code", .type = HTTP_T_STRING, .pattern = "a|bc"},
    {.name = "kind", .type = HTTP_T_STRING, .values = kinds},
    {.name = "count", .type = HTTP_T_INT},
    {.name = "limit", .type = HTTP_T_DECIMAL, .min = 0, .max = 10},
    {.name = "at", .type = HTTP_T_TIME},
    {.name = "on", .type = HTTP_T_BOOL},
    {.name = "rate", .type = HTTP_T_NUMBER},
    {.name = "point", .type = HTTP_T_OBJECT, .of = &point, .nullable = true},
    {.name = "points", .type = HTTP_T_ARRAY, .of = &point, .min = 1, .max = 3},
    {.name = "numbers", .type = HTTP_T_ARRAY, .of = &numbers},
    {.name = "tree", .type = HTTP_T_OBJECT, .of = &tree},
    {.name = "free", .type = HTTP_T_OBJECT},
    {.name = "any", .type = HTTP_T_ANY},
    {.name = NULL},
};
static const struct http_schema all = {.name = "All", .fields = all_fields};

/* Field of the first fault, "" when everything fits; in a static buffer. */
static const char *first_fault(const char *json)
{
    static char field[256];
    yh_arena_auto arena = yh_arena_make(1u << 20);
    yh_json_auto *value = NULL;
    assert_int_equal(yh_json_parse(yh_str_of(json), &value), YH_OK);
    struct http_checker c = {.arena = &arena};
    http_check_json(&c, &all, value);
    snprintf(field, sizeof field, "%s", c.first ? c.first->field : "");
    return field;
}

static void values_that_fit(void **state)
{
    (void)state;
    static const char *const good[] = {
        "{}",
        "{\"text\":\"渝衡\"}",
        "{\"text\":\"四个汉字\"}",
        "{\"page\":\"a\\nb\\tc\"}",
        "{\"code\":\"bc\"}",
        "{\"kind\":\"hour\"}",
        "{\"count\":-9223372036854775808}",
        "{\"limit\":\"10.00\"}",
        "{\"limit\":\"0\"}",
        "{\"at\":\"2026-11-23\"}",
        "{\"on\":false}",
        "{\"rate\":0.5}",
        "{\"rate\":5}",
        "{\"point\":null}",
        "{\"point\":{\"x\":-180,\"y\":null}}",
        "{\"points\":[{\"x\":1},{\"x\":2}]}",
        "{\"numbers\":[]}",
        "{\"numbers\":[1,2]}",
        "{\"tree\":{\"name\":\"a\",\"children\":[{\"name\":\"b\",\"children\":[]}]}}",
        "{\"free\":{\"whatever\":[1]}}",
        "{\"any\":null}",
        "{\"any\":[{\"a\":1}]}",
    };
    for (size_t i = 0; i < YH_LEN(good); i++)
        assert_string_equal(first_fault(good[i]), "");
}

static void values_that_do_not_fit(void **state)
{
    (void)state;
    static const struct {
        const char *json, *field;
    } bad[] = {
        {"[]", ""},
        {"{\"text\":\"a\"}", "text"},
        {"{\"text\":\"五个汉字了\"}", "text"},
        {"{\"text\":5}", "text"},
        {"{\"text\":null}", "text"},
        {"{\"line\":\"a\\nb\"}", "line"},
        {"{\"page\":\"a\\u0007\"}", "page"},
        {"{\"page\":\"\\u007f\"}", "page"},
        {"{\"code\":\"abc\"}", "code"},
        {"{\"code\":\"b\"}", "code"},
        {"{\"kind\":\"day\"}", "kind"},
        {"{\"kind\":\"\"}", "kind"},
        {"{\"count\":1.0}", "count"},
        {"{\"count\":\"1\"}", "count"},
        {"{\"limit\":\"10.01\"}", "limit"},
        {"{\"limit\":\"-0.1\"}", "limit"},
        {"{\"limit\":\"\"}", "limit"},
        {"{\"limit\":3}", "limit"},
        {"{\"at\":\"2026-02-30\"}", "at"},
        {"{\"at\":0}", "at"},
        {"{\"on\":0}", "on"},
        {"{\"rate\":\"0.5\"}", "rate"},
        {"{\"point\":{}}", "point.x"},
        {"{\"point\":{\"x\":181}}", "point.x"},
        {"{\"point\":{\"x\":1,\"z\":1}}", "point.z"},
        {"{\"point\":[1]}", "point"},
        {"{\"points\":[]}", "points"},
        {"{\"points\":[{\"x\":1},{\"x\":1},{\"x\":1},{\"x\":1}]}", "points"},
        {"{\"points\":[{\"x\":1},null]}", "points[1]"},
        {"{\"numbers\":[1,\"2\"]}", "numbers[1]"},
        {"{\"tree\":{\"name\":\"a\",\"children\":[{\"name\":\"b\",\"children\":[{\"nam\":\"c\"}]}]}}",
         "tree.children[0].children[0].nam"},
        {"{\"free\":[]}", "free"},
        {"{\"nothing\":1}", "nothing"},
    };
    for (size_t i = 0; i < YH_LEN(bad); i++) {
        yh_arena_auto arena = yh_arena_make(1u << 20);
        yh_json_auto *value = NULL;
        assert_int_equal(yh_json_parse(yh_str_of(bad[i].json), &value), YH_OK);
        struct http_checker c = {.arena = &arena};
        http_check_json(&c, &all, value);
        assert_int_not_equal(c.n, 0);
        assert_string_equal(c.first->field, bad[i].field);
        assert_true(strlen(c.first->message) > 0);
    }
}

static void faults_are_counted_even_without_memory(void **state)
{
    (void)state;
    yh_arena_auto arena = yh_arena_make(0);
    yh_json_auto *value = NULL;
    assert_int_equal(yh_json_parse(YH_S("{\"count\":\"1\"}"), &value), YH_OK);
    struct http_checker c = {.arena = &arena};
    http_check_json(&c, &all, value);
    assert_int_not_equal(c.n, 0);
}

static void compiled_patterns_judge_like_fresh_ones(void **state)
{
    (void)state;
    struct http_patterns *p = NULL;
    assert_int_equal(http_patterns_new(&p), YH_OK);
    assert_int_equal(http_patterns_add_schema(p, &all), YH_OK);
    assert_int_equal(http_patterns_add_schema(p, &all), YH_OK);
    for (int compiled = 0; compiled < 2; compiled++) {
        const struct http_patterns *with = compiled ? p : NULL;
        assert_true(http_patterns_match(with, "a|bc", "a"));
        assert_true(http_patterns_match(with, "a|bc", "bc"));
        assert_false(http_patterns_match(with, "a|bc", "ac"));
        assert_false(http_patterns_match(with, "a|bc", "a\n"));
        assert_false(http_patterns_match(with, "a|bc", ""));
    }
    static const struct http_field broken[] = {{.name = "x", .pattern = "("}, {.name = NULL}};
    assert_int_equal(http_patterns_add_fields(p, broken), YH_E_INTERNAL);
    http_patterns_free(p);
    http_patterns_free(NULL);
}

static void decoding(void **state)
{
    (void)state;
    yh_arena_auto arena = yh_arena_make(1u << 16);
    yh_str out;
    assert_true(http_decode(&arena, YH_S("%E6%B8%9d+%2B"), true, &out));
    assert_true(yh_str_is(out, "渝 +"));
    assert_true(http_decode(&arena, YH_S("a+b"), false, &out));
    assert_true(yh_str_is(out, "a+b"));
    assert_true(http_decode(&arena, YH_S(""), false, &out));
    assert_int_equal(out.n, 0);
    static const char *const bad[] = {"%", "%4", "%4g", "%g4", "%00", "a%0Ab", "%7f", "\x01", "%80", "%c0%af", "%f5%80%80%80"};
    for (size_t i = 0; i < YH_LEN(bad); i++)
        assert_false(http_decode(&arena, yh_str_of(bad[i]), true, &out));
}

static void query_strings(void **state)
{
    (void)state;
    yh_arena_auto arena = yh_arena_make(1u << 16);
    struct http_params q;
    assert_true(http_params_parse(&arena, YH_S("a=1&&b=x=y&c&d=&e=%26"), &q));
    assert_int_equal(q.n, 3);
    assert_true(yh_str_is(http_params_find(&q, "a")->value, "1"));
    assert_true(yh_str_is(http_params_find(&q, "b")->value, "x=y"));
    assert_true(yh_str_is(http_params_find(&q, "e")->value, "&"));
    assert_null(http_params_find(&q, "c"));
    assert_true(http_params_parse(&arena, YH_S(""), &q));
    assert_int_equal(q.n, 0);
    assert_false(http_params_parse(&arena, YH_S("a=%"), &q));
}

static void query_values_are_checked_like_texts(void **state)
{
    (void)state;
    static const struct http_field fields[] = {
        {.name = "limit", .type = HTTP_T_INT, .min = 1, .max = 500, .required = true},
        {.name = "from", .type = HTTP_T_TIME},
        {.name = NULL},
    };
    static const struct {
        const char *query;
        size_t faults;
    } cases[] = {{"limit=5", 0},         {"limit=", 1},          {"from=2026-11-23", 1}, {"limit=5&from=x&z=1", 2},
                 {"limit=5&limit=6", 1}, {"limit=0x10", 1},      {"limit=5&from=2026-11-23T00:00:00+08:00", 0}};
    for (size_t i = 0; i < YH_LEN(cases); i++) {
        yh_arena_auto arena = yh_arena_make(1u << 16);
        struct http_params q;
        struct http_checker c = {.arena = &arena};
        assert_true(http_params_parse(&arena, yh_str_of(cases[i].query), &q));
        http_check_params(&c, fields, &q);
        assert_int_equal(c.n, cases[i].faults);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_that_fit),
        cmocka_unit_test(values_that_do_not_fit),
        cmocka_unit_test(faults_are_counted_even_without_memory),
        cmocka_unit_test(compiled_patterns_judge_like_fresh_ones),
        cmocka_unit_test(decoding),
        cmocka_unit_test(query_strings),
        cmocka_unit_test(query_values_are_checked_like_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
