#include "relay/relay_http.h"

#include "base/clock.h"
#include "base/log.h"
#include "hj212/dict.h"
#include "kit/id.h"
#include "kit/scope.h"
#include "relay/relay_schema.h"
#include "relay/setup_json.h"

#define ASIDES_SHOWN 200
#define BODY_MAX     (1u << 20)
#define NOTE_MAX     (1u << 19)

static struct relay_host *host_of(const struct http_request *rq)
{
    return rq->app;
}

static yh_err not_found(struct http_request *rq)
{
    return http_problem(rq, 404, "not_found", "没有这个转发目标,可能已被删除。");
}

static bool id_of(const struct http_request *rq, int64_t *ret)
{
    return yh_str_to_i64(http_path_param(rq, "id"), ret);
}

/* ---- within reach ---- */

/* A target that takes frames of other regions too is for those who reach everything. */
static bool reaches(const struct kit_scope *scope, const struct relay_setup *s)
{
    return scope->all || (s->scope == RELAY_REGION && kit_scope_has(scope, KIT_SCOPE_REGION, s->region_code));
}

/* The target, as far as the asking person reaches it; NOT_FOUND otherwise. */
static yh_err find(const struct http_request *rq, struct db *d, int64_t id, struct relay_setup *ret)
{
    struct kit_scope scope;
    YH_TRY(kit_scope_on(d, rq, &scope));
    YH_TRY(relay_store_get(d, id, rq->arena, ret));
    return reaches(&scope, ret) ? YH_OK : yh_fail(YH_E_NOT_FOUND, "the target is out of reach");
}

/* ---- looking ---- */

static void status_of(const struct http_request *rq, const struct relay_setup *s, struct relay_status *ret)
{
    struct relay_status fresh = {
        .state = s->paused ? "paused" : "connecting", .oldest = YH_TIME_NONE, .connected_at = YH_TIME_NONE, .last_ack = YH_TIME_NONE};
    if (relay_status_get(host_of(rq)->relay, s->id, ret) != YH_OK)
        *ret = fresh;
}

static void put_status(struct yh_json *j, const struct relay_status *s)
{
    yh_json_kz(j, "state", s->state);
    yh_json_kz(j, "cause", s->cause[0] ? s->cause : NULL);
    yh_json_ktime(j, "connected_at", s->connected_at);
    yh_json_ktime(j, "last_ack", s->last_ack);
    yh_json_ku64(j, "lag_records", s->behind);
    yh_json_key(j, "lag_seconds");
    if (s->behind == 0)
        yh_json_null(j);
    else
        yh_json_i64(j, s->oldest == YH_TIME_NONE ? 0 : (yh_clock_now() - s->oldest) / 1000);
    yh_json_ku64(j, "fill_records", s->fill);
    yh_json_ku64(j, "open", s->open);
    yh_json_ku64(j, "sent", s->counts.sent);
    yh_json_ku64(j, "acknowledged", s->counts.acknowledged);
    yh_json_ku64(j, "timeouts", s->counts.timeouts);
    yh_json_ku64(j, "refused", s->counts.refused);
}

static yh_err put_relay(struct http_request *rq, struct db *d, const struct relay_setup *s, bool lists)
{
    struct yh_json *j = http_json(rq);
    struct relay_status status;
    uint64_t aside;
    YH_TRY(relay_store_aside_count(d, s->id, &aside));
    status_of(rq, s, &status);
    yh_json_ki64(j, "id", s->id);
    relay_setup_json(s, lists, j);
    yh_json_ktime(j, "created_at", s->created_at);
    yh_json_kstr(j, "created_by", s->cause);
    yh_json_ktime(j, "updated_at", s->updated_at);
    put_status(j, &status);
    yh_json_ku64(j, "aside_total", aside);
    return YH_OK;
}

static yh_err put_list(struct http_request *rq, struct db *d, int64_t none)
{
    (void)none;
    struct yh_json *j = http_json(rq);
    struct relay_setup *rows;
    struct kit_scope scope;
    size_t n, shown = 0;
    YH_TRY(kit_scope_on(d, rq, &scope));
    YH_TRY(relay_store_list(d, rq->arena, &rows, &n));
    yh_json_obj(j);
    yh_json_key(j, "items");
    yh_json_arr(j);
    for (size_t i = 0; i < n; i++) {
        if (!reaches(&scope, &rows[i]))
            continue;
        shown++;
        yh_json_obj(j);
        YH_TRY(put_relay(rq, d, &rows[i], false));
        yh_json_obj_end(j);
    }
    yh_json_arr_end(j);
    yh_json_ku64(j, "total", shown);
    yh_json_kz(j, "next", NULL);
    yh_json_obj_end(j);
    return YH_OK;
}

static bool put_aside(void *user, const struct relay_aside *a)
{
    struct yh_json *j = user;
    const struct hj212_command *command = hj212_command_find(a->cn, YH_S("D>P"));
    yh_json_obj(j);
    yh_json_ku64(j, "seq", a->seq);
    yh_json_kstr(j, "mn", a->mn);
    yh_json_kstr(j, "cn", a->cn);
    yh_json_kz(j, "cn_name", command ? command->name : NULL);
    yh_json_kz(j, "reason", relay_reason_words[a->reason]);
    yh_json_ki64(j, "code", a->code);
    yh_json_ku64(j, "tries", a->tries);
    yh_json_ktime(j, "at", a->at);
    yh_json_kbool(j, "again", a->again);
    yh_json_obj_end(j);
    return true;
}

static yh_err put_page(struct http_request *rq, struct db *d, int64_t id)
{
    struct yh_json *j = http_json(rq);
    struct relay_setup s;
    yh_err e = find(rq, d, id, &s);
    if (e == YH_E_NOT_FOUND)
        return not_found(rq);
    YH_TRY(e);
    yh_json_obj(j);
    YH_TRY(put_relay(rq, d, &s, true));
    yh_json_key(j, "aside");
    yh_json_arr(j);
    YH_TRY(relay_store_aside_list(d, id, ASIDES_SHOWN, put_aside, j));
    yh_json_arr_end(j);
    yh_json_obj_end(j);
    return YH_OK;
}

static yh_err reading(struct http_request *rq, int64_t id, yh_err (*put)(struct http_request *rq, struct db *d, int64_t id))
{
    struct db_pool *pool = host_of(rq)->monitor.monitor.pool;
    struct db *d = db_pool_reader(pool);
    yh_err e = put(rq, d, id);
    db_pool_put(pool, d);
    return e;
}

static yh_err list_relays(struct http_request *rq)
{
    return reading(rq, 0, put_list);
}

static yh_err show(struct http_request *rq, int64_t id)
{
    return reading(rq, id, put_page);
}

static yh_err get_relay(struct http_request *rq)
{
    int64_t id;
    return id_of(rq, &id) ? show(rq, id) : not_found(rq);
}

/* ---- changing ---- */

/* One change: the row and the note about it stand in the same transaction. */
struct change {
    struct http_request *rq;
    const char *event;
    int64_t id;
    struct relay_setup setup;
    yh_str due;
    int64_t marked;
    struct source_problem problem;
};

static yh_err keep_note(struct db *d, const struct change *c, bool lists)
{
    yh_buf_auto text = yh_buf_make(NOTE_MAX);
    struct yh_json j = yh_json_to(&text);
    yh_json_obj(&j);
    yh_json_kz(&j, "event", c->event);
    yh_json_ktime(&j, "at", yh_clock_now());
    yh_json_kstr(&j, "by", c->rq->user->name);
    yh_json_kz(&j, "peer", c->rq->peer);
    yh_json_ki64(&j, "relay", c->id);
    relay_setup_json(&c->setup, lists, &j);
    yh_json_obj_end(&j);
    YH_TRY(yh_buf_check(&text));
    return kit_note_keep(d, c->rq->user->name, yh_buf_view(&text));
}

/* Nobody has frames forwarded that he may not see. */
static yh_err check(struct db *d, struct change *c)
{
    struct kit_scope scope;
    YH_TRY(kit_scope_on(d, c->rq, &scope));
    if (!reaches(&scope, &c->setup)) {
        c->problem.field = "scope";
        snprintf(c->problem.message, sizeof c->problem.message, "转发范围超出您的数据范围,请选择您负责的区县。");
        return yh_fail(YH_E_INVALID, "the forwarded stations are out of reach");
    }
    return relay_setup_check(d, &c->setup, host_of(c->rq)->own_port, &c->problem);
}

static yh_err full(struct db *d, struct change *c)
{
    struct relay_setup *rows;
    size_t n;
    YH_TRY(relay_store_list(d, c->rq->arena, &rows, &n));
    if (n < RELAY_TARGETS_MAX)
        return YH_OK;
    snprintf(c->problem.message, sizeof c->problem.message, "最多可设 %d 个转发目标。", RELAY_TARGETS_MAX);
    return yh_fail(YH_E_CONFLICT, "no more than %d targets", RELAY_TARGETS_MAX);
}

static yh_err add(struct db *d, void *user)
{
    struct change *c = user;
    YH_TRY(full(d, c));
    YH_TRY(check(d, c));
    YH_TRY(relay_store_add(d, &c->setup, c->due, yh_clock_now()));
    return keep_note(d, c, true);
}

static yh_err change(struct db *d, void *user)
{
    struct change *c = user;
    struct relay_setup before;
    YH_TRY(find(c->rq, d, c->id, &before));
    c->setup = before;
    YH_TRY(relay_setup_merge(c->rq->body, c->rq->arena, &c->setup));
    YH_TRY(check(d, c));
    yh_time now = yh_clock_now();
    YH_TRY(relay_store_change(d, &c->setup, now > before.updated_at ? now : before.updated_at + 1));
    return keep_note(d, c, true);
}

static yh_err remove_it(struct db *d, void *user)
{
    struct change *c = user;
    YH_TRY(find(c->rq, d, c->id, &c->setup));
    YH_TRY(relay_store_remove(d, c->id));
    return keep_note(d, c, false);
}

static yh_err mark_again(struct db *d, void *user)
{
    struct change *c = user;
    YH_TRY(find(c->rq, d, c->id, &c->setup));
    YH_TRY(relay_store_mark_again(d, c->id, &c->marked));
    return c->marked ? keep_note(d, c, false) : YH_OK;
}

/* What was refused, with the field it is about. */
static yh_err refused(struct http_request *rq, yh_err e, struct change *c)
{
    if (e == YH_E_NOT_FOUND)
        return not_found(rq);
    if (e == YH_E_CONFLICT && !c->problem.message[0]) {
        c->problem.field = "name";
        snprintf(c->problem.message, sizeof c->problem.message, "已有同名的转发目标,请换一个名称。");
    }
    if (!c->problem.message[0])
        return e;
    if (c->problem.field)
        http_problem_field(rq, c->problem.field, c->problem.message);
    return http_problem(rq, e == YH_E_CONFLICT ? 409 : 422, yh_err_name(e), c->problem.message);
}

/* What cannot be put on record for the time being is not done. */
static yh_err run(struct http_request *rq, struct change *c, yh_err (*work)(struct db *d, void *user))
{
    const struct relay_host *host = host_of(rq);
    if (chain_health(host->monitor.monitor.chain) != YH_OK)
        return http_problem(rq, 503, "evidence_log_stopped", "存证日志暂停写入,变更无法留痕,请待磁盘恢复后重试。");
    struct db *d = db_pool_writer(host->monitor.monitor.pool);
    yh_err e = db_txn(d, work, c);
    db_pool_put(host->monitor.monitor.pool, d);
    if (e != YH_OK)
        return refused(rq, e, c);
    relay_reload(host->relay);
    if (kit_deliver_notes(host->monitor.kit.kit) != YH_OK)
        yh_log(YH_LOG_WARN, "relay", "a note of %.*s waits for the evidence log: %s", YH_FMT(rq->user->name), yh_cause());
    return YH_OK;
}

/* The cursor of a new target: everything received since `from`, or what comes from now on. */
static yh_err first_due(struct http_request *rq, yh_str *ret)
{
    struct chain *chain = host_of(rq)->monitor.monitor.chain;
    uint64_t seq = chain_size(chain);
    yh_str text = http_body_str(rq, "from");
    yh_time from;
    if (text.n && yh_time_parse(text, YH_CST, &from)) {
        yh_err e = chain_seek_time(chain, from, &seq);
        if (e == YH_E_NOT_FOUND)
            seq = chain_size(chain);
        else
            YH_TRY(e);
    }
    char *due = yh_arena_printf(rq->arena, "%llu-", (unsigned long long)seq);
    if (!due)
        return yh_fail(YH_E_NO_MEMORY, "no memory for a forwarding cursor");
    *ret = yh_str_of(due);
    return YH_OK;
}

static yh_err add_relay(struct http_request *rq)
{
    struct change c = {.rq = rq, .event = "relay.add", .id = kit_id_next()};
    relay_setup_defaults(&c.setup);
    YH_TRY(relay_setup_merge(rq->body, rq->arena, &c.setup));
    c.setup.id = c.id;
    c.setup.cause = rq->user->name;
    YH_TRY(first_due(rq, &c.due));
    YH_TRY(run(rq, &c, add));
    return show(rq, c.id);
}

static yh_err patch_relay(struct http_request *rq)
{
    struct change c = {.rq = rq, .event = "relay.change"};
    if (!id_of(rq, &c.id))
        return not_found(rq);
    YH_TRY(run(rq, &c, change));
    return show(rq, c.id);
}

static yh_err delete_relay(struct http_request *rq)
{
    struct change c = {.rq = rq, .event = "relay.remove"};
    if (!id_of(rq, &c.id))
        return not_found(rq);
    YH_TRY(run(rq, &c, remove_it));
    yh_json_obj(http_json(rq));
    yh_json_obj_end(http_json(rq));
    return YH_OK;
}

static yh_err retry_relay(struct http_request *rq)
{
    struct change c = {.rq = rq, .event = "relay.retry"};
    if (!id_of(rq, &c.id))
        return not_found(rq);
    YH_TRY(run(rq, &c, mark_again));
    struct yh_json *j = http_json(rq);
    yh_json_obj(j);
    yh_json_ki64(j, "marked", c.marked);
    yh_json_obj_end(j);
    return YH_OK;
}

/* ---- rows ---- */

#define ONE "/api/v1/relays/{id}"

const struct http_route relay_routes[] = {
    {.method = HTTP_GET, .path = "/api/v1/relays", .permission = "station:read", .reply = &relay_list_schema,
     .handler = list_relays, .summary = "转发目标及其进度", .tag = "数据转发"},
    {.method = HTTP_POST, .path = "/api/v1/relays", .permission = "relay:admin", .body = &relay_new_schema,
     .reply = &relay_page_schema, .max_body = BODY_MAX, .handler = add_relay, .summary = "新增转发目标", .tag = "数据转发"},
    {.method = HTTP_GET, .path = ONE, .permission = "station:read", .reply = &relay_page_schema,
     .handler = get_relay, .summary = "转发目标详情与搁置的报文", .tag = "数据转发"},
    {.method = HTTP_PATCH, .path = ONE, .permission = "relay:admin", .body = &relay_patch_schema,
     .reply = &relay_page_schema, .max_body = BODY_MAX, .handler = patch_relay, .summary = "修改、暂停或恢复转发目标",
     .tag = "数据转发"},
    {.method = HTTP_DELETE, .path = ONE, .permission = "relay:admin", .reply = &relay_nothing_schema,
     .handler = delete_relay, .summary = "删除转发目标", .tag = "数据转发"},
    {.method = HTTP_POST, .path = ONE "/retry", .permission = "relay:admin", .reply = &relay_retry_schema,
     .handler = retry_relay, .summary = "重新发送搁置的报文", .tag = "数据转发"},
    {.path = NULL},
};
