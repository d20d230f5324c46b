/*
 * A small server with one route of every kind, for tests/api/http.test.mjs.
 * http-test-server [name=value ...]: static=DIR header_ms= body_ms= beat_ms= stream_ms= kept= per_address= threads=
 * Prints "ready http=127.0.0.1:PORT"; then obeys lines on standard input: "publish EVENT JSON", "flood COUNT BYTES",
 * "end USER", "stats", and ends at "stop" or the end of input. Answers every line with one line.
 */
#include <pthread.h>
#include <signal.h>

#include "base/clock.h"
#include "net/http.h"

static const char *const states[] = {"online", "late", "offline", NULL};
static const struct http_field enterprise_fields[] = {
    {.name = "id", .type = HTTP_T_INT, .required = true, .min = 1, .max = 1000000},
    {.name = "name", .type = HTTP_T_STRING, .required = true, .min = 2, .max = 20, .title = "企业名称"},
    {.name = NULL},
};
static const struct http_schema enterprise = {.name = "Enterprise", .fields = enterprise_fields};
static const struct http_schema texts = {.name = "Texts", .item = HTTP_T_STRING};
static const struct http_field station_fields[] = {
    {.name = "mn", .type = HTTP_T_STRING, .required = true, .pattern = "[0-9A-Z]{4,24}", .title = "设备编码"},
    {.name = "state", .type = HTTP_T_STRING, .values = states},
    {.name = "limit", .type = HTTP_T_DECIMAL, .nullable = true, .min = 0, .max = 1000},
    {.name = "since", .type = HTTP_T_TIME},
    {.name = "active", .type = HTTP_T_BOOL},
    {.name = "note", .type = HTTP_T_STRING, .max = 1000},
    {.name = "tags", .type = HTTP_T_ARRAY, .max = 5, .of = &texts, .pattern = "[a-z]+"},
    {.name = "enterprise", .type = HTTP_T_OBJECT, .of = &enterprise},
    {.name = "others", .type = HTTP_T_ARRAY, .of = &enterprise},
    {.name = "extra", .type = HTTP_T_ANY},
    {.name = NULL},
};
static const struct http_schema station = {.name = "Station", .fields = station_fields};
static const struct http_field list_query[] = {
    {.name = "q", .type = HTTP_T_STRING, .max = 10},
    {.name = "limit", .type = HTTP_T_INT, .min = 1, .max = 500},
    {.name = "from", .type = HTTP_T_TIME},
    {.name = "exceeding", .type = HTTP_T_BOOL},
    {.name = "state", .type = HTTP_T_STRING, .values = states},
    {.name = NULL},
};
static const struct http_field echo_fields[] = {
    {.name = "mn", .type = HTTP_T_STRING, .required = true},
    {.name = "who", .type = HTTP_T_STRING, .required = true, .nullable = true},
    {.name = NULL},
};
static const struct http_schema echo = {.name = "Echo", .fields = echo_fields};

static yh_err get_station(struct http_request *rq)
{
    struct yh_json *j = http_json(rq);
    yh_json_obj(j);
    yh_json_kstr(j, "mn", http_path_param(rq, "mn"));
    yh_json_kz(j, "who", rq->user ? rq->user->name.p : NULL);
    yh_json_obj_end(j);
    return YH_OK;
}

static yh_err list_stations(struct http_request *rq)
{
    yh_str q = YH_S("");
    bool has_q = http_query(rq, "q", &q);
    struct yh_json *j = http_json(rq);
    yh_json_obj(j);
    yh_json_kbool(j, "has_q", has_q);
    yh_json_kstr(j, "q", q);
    yh_json_ki64(j, "limit", http_query_int(rq, "limit", 50));
    yh_json_ktime(j, "from", http_query_time(rq, "from", YH_TIME_NONE));
    yh_json_obj_end(j);
    return YH_OK;
}

static yh_err post_station(struct http_request *rq)
{
    if (yh_str_is(http_body_str(rq, "mn"), "TAKEN"))
        return yh_fail(YH_E_CONFLICT, "station TAKEN is there already");
    http_status(rq, 201);
    http_set_header(rq, "Location", "/api/v1/stations/x");
    struct yh_json *j = http_json(rq);
    yh_json_obj(j);
    yh_json_kstr(j, "mn", http_body_str(rq, "mn"));
    yh_json_kz(j, "who", rq->user->name.p);
    yh_json_obj_end(j);
    return YH_OK;
}

static yh_err delete_station(struct http_request *rq)
{
    (void)rq;
    return YH_OK;
}

static yh_err fail_inside(struct http_request *rq)
{
    (void)rq;
    return yh_fail(YH_E_IO, "secret path /var/lib/x");
}

static yh_err wrong_reply(struct http_request *rq)
{
    struct yh_json *j = http_json(rq);
    yh_json_obj(j);
    yh_json_ki64(j, "mn", 7);
    yh_json_obj_end(j);
    return YH_OK;
}

static yh_err own_problem(struct http_request *rq)
{
    http_problem_field(rq, "mn", "已被占用");
    return http_problem(rq, 409, "mn_taken", "设备编码已被占用,请换一个");
}

static yh_err metrics(struct http_request *rq)
{
    http_raw(rq, "text/plain; version=0.0.4", YH_S("up 1\n"));
    return YH_OK;
}

/* The last answer that came with a key. */
static struct {
    char key[129];
    char json[4096];
    int status;
} kept;
static int handled;

static yh_err count_calls(struct http_request *rq)
{
    struct yh_json *j = http_json(rq);
    yh_json_obj(j);
    yh_json_ki64(j, "n", __atomic_add_fetch(&handled, 1, __ATOMIC_SEQ_CST));
    yh_json_obj_end(j);
    return YH_OK;
}

/* Somebody outside, who answers when the test says so. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool answers;
} outside = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false};

static yh_err wait_outside(struct http_request *rq)
{
    pthread_mutex_lock(&outside.lock);
    while (!outside.answers)
        pthread_cond_wait(&outside.changed, &outside.lock);
    pthread_mutex_unlock(&outside.lock);
    return count_calls(rq);
}

static void release(void)
{
    pthread_mutex_lock(&outside.lock);
    outside.answers = true;
    pthread_cond_broadcast(&outside.changed);
    pthread_mutex_unlock(&outside.lock);
}

static const http_handler slow_handlers[] = {wait_outside, NULL};

static yh_err find_kept(struct http_request *rq, yh_str key, bool *ret_found, int *ret_status, yh_str *ret_json)
{
    *ret_found = yh_str_is(key, kept.key);
    *ret_status = kept.status;
    *ret_json = yh_arena_str(rq->arena, yh_str_of(kept.json));
    return YH_OK;
}

static yh_err keep_answer(struct http_request *rq, yh_str key, int status, yh_str json)
{
    (void)rq;
    snprintf(kept.key, sizeof kept.key, "%.*s", YH_FMT(key));
    snprintf(kept.json, sizeof kept.json, "%.*s", YH_FMT(json));
    kept.status = status;
    return YH_OK;
}

static const struct http_route routes[] = {
    {HTTP_GET, "/api/v1/stations", "", list_query, NULL, NULL, 0, list_stations, "站点列表", "监测"},
    {HTTP_POST, "/api/v1/stations", "station:admit", NULL, &station, &echo, 4096, post_station, "接入站点", "监测"},
    {HTTP_GET, "/api/v1/stations/{mn}", "station:read", NULL, NULL, &echo, 0, get_station, "站点", "监测"},
    {HTTP_DELETE, "/api/v1/stations/{mn}", "station:admit", NULL, NULL, NULL, 0, delete_station, "删除站点", "监测"},
    {HTTP_GET, "/api/v1/public/{mn}", NULL, NULL, NULL, &echo, 0, get_station, "公开信息", "公开"},
    {HTTP_POST, "/api/v1/public", NULL, NULL, &station, &echo, 1u << 20, own_problem, "公开提交", "公开"},
    {HTTP_POST, "/api/v1/count", NULL, NULL, NULL, NULL, 0, count_calls, "计数", "公开"},
    {HTTP_GET, "/api/v1/outside", NULL, NULL, NULL, NULL, 0, wait_outside, "等待外部", "公开"},
    {HTTP_GET, "/api/v1/broken", NULL, NULL, NULL, NULL, 0, fail_inside, "内部错误", "公开"},
    {HTTP_GET, "/api/v1/wrong", NULL, NULL, NULL, &echo, 0, wrong_reply, "答复不符", "公开"},
    {HTTP_GET, "/metrics", NULL, NULL, NULL, NULL, 0, metrics, "指标", "系统"},
    {.path = NULL},
};

static const struct http_user duty_cookie = {
    .id = {"u1", 2}, .name = {"duty", 4}, .role = {"duty", 4}, .csrf = {"token-1", 7}, .via_cookie = true};
static const struct http_user duty_bearer = {.id = {"u1", 2}, .name = {"duty", 4}, .role = {"duty", 4}};
static const struct http_user viewer = {.id = {"u2", 2}, .name = {"viewer", 6}, .role = {"viewer", 6}};

static yh_err authenticate(struct http_request *rq, const struct http_user **ret)
{
    yh_str bearer = http_header(rq, "Authorization");
    if (yh_str_is(http_cookie(rq, "yh_session"), "duty"))
        *ret = &duty_cookie;
    else if (yh_str_is(bearer, "Bearer duty"))
        *ret = &duty_bearer;
    else if (yh_str_is(bearer, "Bearer viewer"))
        *ret = &viewer;
    else if (yh_str_is(bearer, "Bearer down"))
        return yh_fail(YH_E_IO, "session store is away");
    return YH_OK;
}

static bool permitted(const struct http_user *user, const char *permission)
{
    return yh_str_is(user->role, "duty") || strcmp(permission, "station:read") == 0;
}

static const char *static_dir;
static struct http_config config = {
    .host = "127.0.0.1", .per_address = 1000, .authenticate = authenticate, .permitted = permitted,
    .replay = {find_kept, keep_answer}, .check_replies = true,
    .slow = slow_handlers,
};

static bool set_option(const char *arg)
{
    const char *eq = strchr(arg, '=');
    if (!eq)
        return false;
    struct {
        const char *name;
        unsigned *value;
    } numbers[] = {{"header_ms", &config.header_ms}, {"body_ms", &config.body_ms},     {"beat_ms", &config.beat_ms},
                   {"stream_ms", &config.stream_ms}, {"idle_ms", &config.idle_ms},     {"threads", &config.threads},
                   {"answer_ms", &config.answer_ms}, {"per_address", &config.per_address}};
    yh_str name = {arg, (size_t)(eq - arg)};
    int64_t value;
    if (yh_str_is(name, "static")) {
        static_dir = eq + 1;
        return true;
    }
    if (!yh_str_to_i64(yh_str_of(eq + 1), &value) || value < 0 || value > 1000000)
        return false;
    if (yh_str_is(name, "kept"))
        config.events_kept = (size_t)value;
    if (yh_str_is(name, "port"))
        config.port = (uint16_t)value;
    for (size_t i = 0; i < YH_LEN(numbers); i++)
        if (yh_str_is(name, numbers[i].name))
            *numbers[i].value = (unsigned)value;
    return true;
}

static void flood(struct http_server *s, int64_t count, int64_t bytes)
{
    yh_buf_auto json = yh_buf_make(1u << 20);
    yh_buf_putc(&json, '"');
    for (int64_t i = 0; i < bytes; i++)
        yh_buf_putc(&json, 'x');
    yh_buf_putc(&json, '"');
    for (int64_t i = 0; i < count; i++)
        http_publish(s, "flood", yh_buf_view(&json));
}

static void print_stats(struct http_server *s)
{
    struct http_stats stats = http_stats(s);
    printf("{\"ok\":%llu,\"client\":%llu,\"server\":%llu,\"cut\":%llu,\"connections\":%llu,\"events\":%llu,"
           "\"refused\":%llu,\"dropped\":%llu,\"streams\":%zu}\n",
           (unsigned long long)stats.answers[2], (unsigned long long)stats.answers[4],
           (unsigned long long)stats.answers[5], (unsigned long long)stats.cut,
           (unsigned long long)stats.connections, (unsigned long long)stats.events,
           (unsigned long long)stats.events_refused, (unsigned long long)stats.streams_dropped,
           http_event_clients(s));
}

/* False at "stop". */
static bool obey(struct http_server *s, yh_str line)
{
    yh_str word, first;
    int64_t a = 0, b = 0;
    yh_str_split(&line, ' ', &word);
    if (yh_str_is(word, "stop"))
        return false;
    if (yh_str_is(word, "stats")) {
        print_stats(s);
        return true;
    }
    if (yh_str_is(word, "publish") && yh_str_split(&line, ' ', &first)) {
        char event[64];
        snprintf(event, sizeof event, "%.*s", YH_FMT(first));
        http_publish(s, event, line);
    } else if (yh_str_is(word, "flood") && yh_str_split(&line, ' ', &first) && yh_str_to_i64(first, &a)
               && yh_str_to_i64(line, &b)) {
        flood(s, a, b);
    } else if (yh_str_is(word, "release")) {
        release();
    } else if (yh_str_is(word, "end")) {
        http_events_end(s, line);
    }
    printf("done\n");
    return true;
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = 1; i < argc; i++)
        if (!set_option(argv[i])) {
            fprintf(stderr, "wrong option %s\n", argv[i]);
            return 2;
        }
    config.static_dir = static_dir;
    const struct http_route *const tables[] = {routes, NULL};
    struct http_server *s;
    if (http_start(&config, tables, &s) != YH_OK) {
        fprintf(stderr, "cannot start: %s\n", yh_cause());
        return 1;
    }
    printf("ready http=127.0.0.1:%u\n", http_port(s));
    char line[65536];
    while (fgets(line, sizeof line, stdin) && obey(s, yh_str_trim(yh_str_of(line))))
        continue;
    http_stop(s);
    printf("stopped\n");
    return 0;
}
