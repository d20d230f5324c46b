/* The sign-in rows over the real HTTP server, with answers checked against their schemas. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "kit/account.h"
#include "kit/replay_http.h"
#include "kit/session_http.h"

#define OK(call) assert_int_equal((call), YH_OK)
#define GOOD     "Correct-horse-9"

struct box {
    struct kit_host host; /* first, as the kit asks */
    char dir[64];
    char path[96];
    struct db_pool *pool;
    struct http_server *server;
    unsigned runs;  /* of the admin route below */
    unsigned ended; /* sessions the kit reported */
};

static yh_err run_admin(struct http_request *rq)
{
    struct box *b = rq->app;
    struct yh_json *j = http_json(rq);
    yh_json_obj(j);
    yh_json_ki64(j, "run", ++b->runs);
    yh_json_obj_end(j);
    return YH_OK;
}

static const struct http_field run_fields[] = {{.name = "what", .type = HTTP_T_STRING}, {0}};
static const struct http_schema run_body = {.name = "Run", .fields = run_fields};
static const struct http_route other_routes[] = {
    {HTTP_POST, "/api/v1/run", "relay:admin", NULL, &run_body, NULL, 0, run_admin, "测试", "测试"},
    {0},
};
static const struct http_route *const tables[] = {kit_session_routes, other_routes, NULL};

static void add(struct box *b, const char *name, const char *role)
{
    int64_t id;
    const struct kit_new_account a = {yh_str_of(name), YH_S("张三"), yh_str_of(role), YH_S(GOOD), false, 0, 0};
    OK(kit_account_add(b->host.kit, &a, YH_S("test"), yh_clock_now(), &id));
}

static void count_ended(void *user, yh_str account_id)
{
    int64_t id;
    assert_true(yh_str_to_i64(account_id, &id) && id > 0);
    ((struct box *)user)->ended++;
}

static yh_err no_note(void *user, yh_str origin, yh_str json)
{
    (void)user;
    (void)origin;
    (void)json;
    return YH_OK;
}

static int setup(void **state)
{
    struct box *b = calloc(1, sizeof *b);
    snprintf(b->dir, sizeof b->dir, "/tmp/yuheng-session-XXXXXX");
    assert_non_null(mkdtemp(b->dir));
    snprintf(b->path, sizeof b->path, "%s/yuheng.db", b->dir);
    OK(kit_database_open(b->dir, true, 2, &b->pool));
    struct kit_config config = {.pool = b->pool, .note = no_note, .ended = count_ended, .ended_user = b};
    OK(kit_open(&config, &b->host.kit));
    add(b, "chief", "admin");
    add(b, "duty1", "duty");
    const struct http_config http = {.host = "127.0.0.1", .app = b, .authenticate = kit_authenticate,
                                     .permitted = kit_permitted,
                                     .replay = {kit_replay_find, kit_replay_keep}, .check_replies = true};
    OK(http_start(&http, tables, &b->server));
    *state = b;
    return 0;
}

static int teardown(void **state)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    struct box *b = *state;
    http_stop(b->server);
    kit_close(b->host.kit);
    db_pool_close(b->pool);
    for (size_t i = 0; i < YH_LEN(suffixes); i++) {
        char name[112];
        snprintf(name, sizeof name, "%s%s", b->path, suffixes[i]);
        unlink(name);
    }
    assert_int_equal(rmdir(b->dir), 0);
    free(b);
    return 0;
}

/* ---- a small client ---- */

struct browser {
    char cookie[128]; /* "yh_session=…" */
    char csrf[80];
};

struct answer {
    int status;
    yh_buf text;
    json_t *json;
};

static void answer_done(struct answer *a)
{
    yh_buf_done(&a->text);
    json_decref(a->json);
}
#define answer_auto yh_cleanup(answer_done) struct answer

static int connect_to(struct box *b)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(http_port(b->server))};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static struct answer call(struct box *b, const struct browser *w, const char *method, const char *path, const char *body,
                          const char *headers)
{
    struct answer a = {.text = yh_buf_make(1 << 20)};
    yh_buf_auto rq = yh_buf_make(1 << 20);
    yh_buf_printf(&rq, "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%s", method, path, headers);
    if (w->cookie[0])
        yh_buf_printf(&rq, "Cookie: %s\r\n", w->cookie);
    if (w->csrf[0])
        yh_buf_printf(&rq, "X-CSRF-Token: %s\r\n", w->csrf);
    if (body)
        yh_buf_printf(&rq, "Content-Type: application/json\r\nContent-Length: %zu\r\n", strlen(body));
    yh_buf_printf(&rq, "\r\n%s", body ? body : "");
    yh_fd_auto fd = connect_to(b);
    OK(yh_write_full(fd, "socket", rq.p, rq.n));
    OK(yh_file_read_fd(fd, "socket", &a.text));
    const char *text = yh_buf_z(&a.text), *end = strstr(text, "\r\n\r\n");
    int64_t status;
    assert_non_null(end);
    assert_true(yh_str_to_i64((yh_str){text + 9, 3}, &status));
    a.status = (int)status;
    OK(yh_json_parse(yh_str_of(end + 4), &a.json));
    return a;
}

static const char *text_of(const struct answer *a, const char *key)
{
    return json_string_value(json_object_get(a->json, key));
}

static struct answer enter(struct box *b, struct browser *w, const char *name, const char *password)
{
    char body[256];
    *w = (struct browser){0};
    snprintf(body, sizeof body, "{\"username\":\"%s\",\"password\":\"%s\"}", name, password);
    struct answer a = call(b, w, "POST", "/api/v1/session", body, "");
    const char *cookie = strstr(yh_buf_z(&a.text), "yh_session=");
    if (a.status == 200) {
        assert_non_null(cookie);
        snprintf(w->cookie, sizeof w->cookie, "%.*s", (int)strcspn(cookie, ";"), cookie);
        snprintf(w->csrf, sizeof w->csrf, "%s", text_of(&a, "csrf"));
    }
    return a;
}

static void must_enter(struct box *b, struct browser *w, const char *name)
{
    answer_auto a = enter(b, w, name, GOOD);
    assert_int_equal(a.status, 200);
}

/* ---- tests ---- */

static void signing_in_shows_who_and_what(void **state)
{
    struct box *b = *state;
    struct browser w;
    answer_auto in = enter(b, &w, "duty1", GOOD);
    assert_int_equal(in.status, 200);
    const char *head = yh_buf_z(&in.text);
    assert_non_null(strstr(head, "; Path=/; HttpOnly; SameSite=Strict; Max-Age=43200"));
    assert_null(strstr(head, "; Secure"));
    json_t *user = json_object_get(in.json, "user");
    assert_string_equal(json_string_value(json_object_get(user, "username")), "duty1");
    assert_string_equal(json_string_value(json_object_get(user, "name")), "张三");
    assert_string_equal(json_string_value(json_object_get(user, "role")), "duty");
    assert_int_equal(json_array_size(json_object_get(user, "permissions")), 3);
    assert_int_equal(json_array_size(json_object_get(user, "roles")), 1);
    assert_true(json_is_false(json_object_get(user, "must_change")));
    yh_time expires;
    assert_true(yh_time_parse(yh_str_of(text_of(&in, "expires")), 0, &expires));
    assert_true(expires > yh_clock_now() + 29 * YH_MINUTE && expires < yh_clock_now() + 31 * YH_MINUTE);

    answer_auto again = call(b, &w, "GET", "/api/v1/session", NULL, "");
    assert_int_equal(again.status, 200);
    assert_string_equal(text_of(&again, "csrf"), w.csrf);
}

static void strangers_are_told_to_sign_in(void **state)
{
    struct box *b = *state;
    struct browser w = {0};
    answer_auto none = call(b, &w, "GET", "/api/v1/session", NULL, "");
    assert_int_equal(none.status, 401);
    snprintf(w.cookie, sizeof w.cookie, "yh_session=%064d", 0);
    answer_auto forged = call(b, &w, "GET", "/api/v1/session", NULL, "");
    assert_int_equal(forged.status, 401);
}

static void wrong_passwords_are_refused_then_locked(void **state)
{
    struct box *b = *state;
    struct browser w;
    for (int i = 0; i < 5; i++) {
        answer_auto a = enter(b, &w, i % 2 ? "duty1" : "DUTY1", "Wrong-horse-99");
        assert_int_equal(a.status, 401);
        assert_string_equal(text_of(&a, "code"), "bad_credentials");
        assert_null(strstr(yh_buf_z(&a.text), "Set-Cookie"));
    }
    answer_auto locked = enter(b, &w, "duty1", GOOD);
    assert_int_equal(locked.status, 429);
    assert_string_equal(text_of(&locked, "code"), "locked");
    assert_non_null(strstr(yh_buf_z(&locked.text), "Retry-After: "));
    assert_non_null(strstr(text_of(&locked, "title"), "秒后再试"));
    answer_auto unknown = enter(b, &w, "nobody", GOOD);
    assert_int_equal(unknown.status, 401);
    answer_auto empty = enter(b, &w, "", "");
    assert_int_equal(empty.status, 422);
}

static void signing_out_needs_the_token_and_ends_it(void **state)
{
    struct box *b = *state;
    struct browser w, without;
    must_enter(b, &w, "duty1");
    without = w;
    without.csrf[0] = '\0';
    answer_auto refused = call(b, &without, "DELETE", "/api/v1/session", NULL, "");
    assert_int_equal(refused.status, 403);
    answer_auto out = call(b, &w, "DELETE", "/api/v1/session", NULL, "");
    assert_int_equal(out.status, 200);
    assert_non_null(strstr(yh_buf_z(&out.text), "yh_session=; "));
    assert_int_equal(b->ended, 1);
    answer_auto after = call(b, &w, "GET", "/api/v1/session", NULL, "");
    assert_int_equal(after.status, 401);
}

static void own_password_is_changed(void **state)
{
    struct box *b = *state;
    struct browser w;
    must_enter(b, &w, "duty1");
    static const char path[] = "/api/v1/session/password";
    answer_auto wrong = call(b, &w, "PUT", path, "{\"current\":\"Wrong-horse-99\",\"password\":\"Fresh-horse-10\"}", "");
    assert_int_equal(wrong.status, 403);
    assert_string_equal(text_of(&wrong, "code"), "bad_credentials");
    answer_auto weak = call(b, &w, "PUT", path, "{\"current\":\"" GOOD "\",\"password\":\"weak\"}", "");
    assert_int_equal(weak.status, 422);
    assert_non_null(json_object_get(json_object_get(weak.json, "fields"), "password"));
    answer_auto done = call(b, &w, "PUT", path, "{\"current\":\"" GOOD "\",\"password\":\"Fresh-horse-10\"}", "");
    assert_int_equal(done.status, 200);
    answer_auto old = enter(b, &w, "duty1", GOOD);
    assert_int_equal(old.status, 401);
    answer_auto fresh = enter(b, &w, "duty1", "Fresh-horse-10");
    assert_int_equal(fresh.status, 200);
}

static void roles_open_only_their_doors(void **state)
{
    struct box *b = *state;
    struct browser w;
    must_enter(b, &w, "duty1");
    answer_auto denied = call(b, &w, "POST", "/api/v1/run", "{}", "");
    assert_int_equal(denied.status, 403);
    assert_int_equal(b->runs, 0);
    must_enter(b, &w, "chief");
    answer_auto allowed = call(b, &w, "POST", "/api/v1/run", "{}", "");
    assert_int_equal(allowed.status, 200);
    assert_int_equal(b->runs, 1);
}

static void repeated_key_gets_the_first_answer(void **state)
{
    struct box *b = *state;
    struct browser w;
    static const char key[] = "Idempotency-Key: 0123456789abcdef\r\n";
    must_enter(b, &w, "chief");
    answer_auto first = call(b, &w, "POST", "/api/v1/run", "{\"what\":\"a\"}", key);
    answer_auto again = call(b, &w, "POST", "/api/v1/run", "{ \"what\" : \"a\" }", key);
    assert_int_equal(first.status, 200);
    assert_int_equal(again.status, 200);
    assert_true(json_equal(first.json, again.json));
    assert_int_equal(b->runs, 1);
    answer_auto other = call(b, &w, "POST", "/api/v1/run", "{\"what\":\"b\"}", key);
    assert_int_equal(other.status, 422);
    assert_string_equal(text_of(&other, "code"), "idempotency_key_reused");
    answer_auto without = call(b, &w, "POST", "/api/v1/run", "{\"what\":\"a\"}", "");
    assert_int_equal(json_integer_value(json_object_get(without.json, "run")), 2);
    add(b, "deputy", "admin"); /* keys belong to an account */
    must_enter(b, &w, "deputy");
    answer_auto theirs = call(b, &w, "POST", "/api/v1/run", "{\"what\":\"a\"}", key);
    assert_int_equal(json_integer_value(json_object_get(theirs.json, "run")), 3);
}

static void who_must_change_may_do_nothing_else(void **state)
{
    struct box *b = *state;
    struct browser w;
    OK(kit_account_passwd(b->host.kit, YH_S("chief"), YH_S(GOOD), true, YH_S("cli"), yh_clock_now()));
    answer_auto in = enter(b, &w, "chief", GOOD);
    assert_int_equal(in.status, 200);
    assert_true(json_is_true(json_object_get(json_object_get(in.json, "user"), "must_change")));

    answer_auto run = call(b, &w, "POST", "/api/v1/run", "{}", "");
    assert_int_equal(run.status, 403);
    assert_string_equal(text_of(&run, "code"), "must_change");
    assert_int_equal(b->runs, 0);
    answer_auto events = call(b, &w, "GET", "/api/v1/events", NULL, "");
    assert_int_equal(events.status, 403);
    answer_auto shown = call(b, &w, "GET", "/api/v1/session", NULL, "");
    assert_int_equal(shown.status, 200);
    answer_auto open = call(b, &w, "GET", "/api/v1/openapi.json", NULL, ""); /* open to everybody */
    assert_int_equal(open.status, 200);

    answer_auto changed = call(b, &w, "PUT", "/api/v1/session/password",
                               "{\"current\":\"" GOOD "\",\"password\":\"Another-horse-9\"}", "");
    assert_int_equal(changed.status, 200);
    answer_auto again = enter(b, &w, "chief", "Another-horse-9");
    assert_int_equal(again.status, 200);
    answer_auto ran = call(b, &w, "POST", "/api/v1/run", "{}", "");
    assert_int_equal(ran.status, 200);

    OK(kit_account_passwd(b->host.kit, YH_S("duty1"), YH_S(GOOD), true, YH_S("cli"), yh_clock_now()));
    answer_auto other = enter(b, &w, "duty1", GOOD);
    assert_int_equal(other.status, 200);
    answer_auto out = call(b, &w, "DELETE", "/api/v1/session", NULL, "");
    assert_int_equal(out.status, 200);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(signing_in_shows_who_and_what),
        T(strangers_are_told_to_sign_in),
        T(wrong_passwords_are_refused_then_locked),
        T(signing_out_needs_the_token_and_ends_it),
        T(own_password_is_changed),
        T(roles_open_only_their_doors),
        T(who_must_change_may_do_nothing_else),
        T(repeated_key_gets_the_first_answer),
    };
    return cmocka_run_group_tests_name("kit-session-http", tests, NULL, NULL);
}
