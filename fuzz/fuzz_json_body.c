/*
 * The input is the body of a request. It is parsed and checked against a row with every kind of field; what passes is
 * written out again and must pass once more.
 */
#include "fuzz.h"
#include "net/http_check.h"

static const char *const kinds[] = {"rtd", "hour", NULL};
static const struct http_schema texts = {.name = "Texts", .item = HTTP_T_STRING};
static const struct http_schema tree;
static const struct http_field tree_fields[] = {
    {.name = "name", .type = HTTP_T_STRING, .required = true, .min = 1},
    {.name = "kind", .type = HTTP_T_STRING, .values = kinds},
    {.name = "code", .type = HTTP_T_STRING, .pattern = "[a-z]{1,8}[0-9]*"},
    {.name = "count", .type = HTTP_T_INT, .min = -10, .max = 1000},
    {.name = "limit", .type = HTTP_T_DECIMAL, .nullable = true, .min = 0, .max = 10},
    {.name = "at", .type = HTTP_T_TIME},
    {.name = "on", .type = HTTP_T_BOOL},
    {.name = "rate", .type = HTTP_T_NUMBER},
    {.name = "tags", .type = HTTP_T_ARRAY, .of = &texts, .max = 10},
    {.name = "above", .type = HTTP_T_OBJECT, .of = &tree, .nullable = true},
    {.name = "below", .type = HTTP_T_ARRAY, .of = &tree, .min = 1},
    {.name = "any", .type = HTTP_T_ANY},
    {.name = NULL},
};
static const struct http_schema tree = {.name = "Tree", .fields = tree_fields};

static size_t faults(const json_t *value)
{
    yh_arena_auto arena = yh_arena_make(1u << 20);
    struct http_checker c = {.arena = &arena};
    http_check_json(&c, &tree, value);
    size_t listed = 0;
    for (const struct http_fault *f = c.first; f; f = f->next, listed++)
        CHECK(f->message && f->message[0]);
    CHECK(listed <= HTTP_FAULTS_MAX);
    return c.n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    yh_json_auto *value = NULL;
    if (yh_json_parse((yh_str){(const char *)data, size}, &value) != YH_OK || faults(value) > 0)
        return 0;
    CHECK(json_is_object(value) && json_is_string(json_object_get(value, "name")));
    char *again = json_dumps(value, JSON_COMPACT);
    yh_json_auto *second = NULL;
    CHECK(again && yh_json_parse(yh_str_of(again), &second) == YH_OK);
    CHECK(faults(second) == 0);
    free(again);
    return 0;
}
