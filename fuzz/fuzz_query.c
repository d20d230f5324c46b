/*
 * The input is a path, a zero byte and a query string, as they could stand in a request line. Whatever passes must be
 * clean UTF-8 without control characters and fit its row.
 */
#include "fuzz.h"
#include "net/http_check.h"
#include "net/http_router.h"

static const char *const states[] = {"online", "late", NULL};
static const struct http_field fields[] = {
    {.name = "q", .type = HTTP_T_STRING, .max = 20},
    {.name = "mn", .type = HTTP_T_STRING, .pattern = "[0-9A-Z]{4,24}"},
    {.name = "state", .type = HTTP_T_STRING, .values = states},
    {.name = "limit", .type = HTTP_T_INT, .min = 1, .max = 500},
    {.name = "from", .type = HTTP_T_TIME},
    {.name = "least", .type = HTTP_T_DECIMAL, .min = -5, .max = 5},
    {.name = "exceeding", .type = HTTP_T_BOOL},
    {.name = NULL},
};

static void check_clean(yh_str s)
{
    CHECK(yh_str_is_utf8(s));
    CHECK(s.p[s.n] == '\0' && strlen(s.p) == s.n);
    for (size_t i = 0; i < s.n; i++)
        CHECK((unsigned char)s.p[i] >= 0x20 && s.p[i] != 0x7f);
}

static void check_path(struct yh_arena *arena, yh_str raw)
{
    struct http_path path;
    if (!http_path_parse(arena, raw, &path))
        return;
    CHECK(path.n >= 1 && path.n <= HTTP_SEGMENTS_MAX);
    for (size_t i = 0; i < path.n; i++)
        check_clean(path.segment[i]);
}

static void check_query(struct yh_arena *arena, yh_str raw)
{
    struct http_params q;
    struct http_checker c = {.arena = arena};
    if (!http_params_parse(arena, raw, &q))
        return;
    http_check_params(&c, fields, &q);
    CHECK(q.n <= HTTP_QUERY_MAX);
    for (size_t i = 0; i < q.n; i++)
        check_clean(q.v[i].value);
    const struct http_param *limit = http_params_find(&q, "limit");
    int64_t v;
    if (c.n == 0 && limit)
        CHECK(yh_str_to_i64(limit->value, &v) && v >= 1 && v <= 500);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    yh_arena_auto arena = yh_arena_make(1u << 20);
    yh_str input = {(const char *)data, size};
    size_t cut = yh_str_find(input, '\0', 0);
    check_path(&arena, yh_str_sub(input, 0, cut));
    check_query(&arena, yh_str_sub(input, yh_min_size(cut + 1, size), size));
    return 0;
}
