#include "check.h"

#include "relay/setup_json.h"

/* Merges a body into the defaults and checks it; the database is needed for regions only. */
static yh_err judge(const char *body, uint16_t own_port, struct relay_setup *s, struct source_problem *problem)
{
    static struct yh_arena arena;
    yh_json_auto *json = NULL;
    yh_arena_done(&arena);
    arena = yh_arena_make(1 << 20);
    *problem = (struct source_problem){0};
    check_ok(yh_json_parse(yh_str_of(body), &json));
    relay_setup_defaults(s);
    check_ok(relay_setup_merge(json, &arena, s));
    return relay_setup_check(NULL, s, own_port, problem);
}

static void what_is_not_said_keeps_its_value(void **state)
{
    (void)state;
    struct relay_setup s;
    struct source_problem p;
    check_ok(judge("{\"name\":\"a\",\"host\":\"h\",\"port\":9212}", 0, &s, &p));
    assert_true(s.pace_ms == 3000 && s.answer_ms == 5000 && s.tries == 3 && s.rate_per_s == 100);
    assert_true(s.scope == RELAY_ALL && s.mode == RELAY_RAW && !s.paused && s.port == 9212);
    check_ok(judge("{\"name\":\"a\",\"host\":\"h\",\"port\":1,\"mode\":\"rewrite\",\"edition\":\"2025\",\"ask_ack\":true,"
                   "\"scope\":\"list\",\"stations\":[\"M1\"],\"names\":[{\"mn\":\"M1\",\"upstream_mn\":\"U1\"}],\"tries\":1}", 0, &s, &p));
    assert_true(s.mode == RELAY_REWRITE && s.edition == HJ212_ED_2025 && s.ask_ack && s.scope == RELAY_LIST && s.tries == 1);
    check_str(s.mns[0], "M1");
    check_str(s.names[0].upstream_mn, "U1");
}

static void what_cannot_work_is_refused_with_its_field(void **state)
{
    (void)state;
    static const struct {
        const char *body, *field;
    } rows[] = {
        {"{\"name\":\"  \",\"host\":\"h\"}", "name"},
        {"{\"name\":\"a\",\"host\":\"127.0.0.1\",\"port\":9212}", "host"},
        {"{\"name\":\"a\",\"host\":\"localhost\",\"port\":9212}", "host"},
        {"{\"name\":\"a\",\"password\":\"a b\"}", "password"},
        {"{\"name\":\"a\",\"password\":\"a;b\"}", "password"},
        {"{\"name\":\"a\",\"scope\":\"list\"}", "stations"},
        {"{\"name\":\"a\",\"stations\":[\"M;1\"]}", "stations"},
        {"{\"name\":\"a\",\"names\":[{\"mn\":\"M1\",\"upstream_mn\":\"U1\"}]}", "names"},
        {"{\"name\":\"a\",\"mode\":\"rewrite\",\"names\":[{\"mn\":\"M1\",\"upstream_mn\":\"\"}]}", "names"},
        {"{\"name\":\"a\",\"mode\":\"rewrite\",\"names\":[{\"mn\":\"M1\",\"upstream_mn\":\"U\"},{\"mn\":\"M1\",\"upstream_mn\":\"V\"}]}", "names"},
        {"{\"name\":\"a\",\"mode\":\"rewrite\",\"names\":[{\"mn\":\"M1\",\"upstream_mn\":\"U\"},{\"mn\":\"M2\",\"upstream_mn\":\"U\"}]}", "names"},
    };
    struct relay_setup s;
    struct source_problem p;
    for (size_t i = 0; i < YH_LEN(rows); i++) {
        check_err(judge(rows[i].body, 9212, &s, &p), YH_E_INVALID);
        assert_string_equal(p.field, rows[i].field);
        assert_true(p.message[0]);
    }
    check_ok(judge("{\"name\":\"a\",\"host\":\"127.0.0.1\",\"port\":9213}", 9212, &s, &p));
}

static void the_password_is_not_written(void **state)
{
    (void)state;
    struct relay_setup s;
    struct source_problem p;
    yh_buf_auto text = yh_buf_make(65536);
    struct yh_json j = yh_json_to(&text);
    check_ok(judge("{\"name\":\"a\",\"host\":\"h\",\"password\":\"SECRET\"}", 0, &s, &p));
    yh_json_obj(&j);
    relay_setup_json(&s, true, &j);
    yh_json_obj_end(&j);
    check_ok(yh_buf_check(&text));
    assert_null(memmem(text.p, text.n, "SECRET", 6));
    assert_non_null(memmem(text.p, text.n, "\"password_set\":true", 19));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_said_keeps_its_value),
        cmocka_unit_test(what_cannot_work_is_refused_with_its_field),
        cmocka_unit_test(the_password_is_not_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
