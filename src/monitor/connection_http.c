/* Who is connected, as the door sees it, joined with what the book knows about the senders. */
#include "monitor/http.h"

#include "hj212/dialect.h"
#include "monitor/frame_json.h"
#include "monitor/registry.h"
#include "monitor/station_scope.h"

enum sender { SENDER_ANY, SENDER_KNOWN, SENDER_UNKNOWN, SENDER_SILENT /* connected, said nothing readable yet */ };

struct filter {
    yh_str q, state, edition;
    enum sender sender;
};

static bool contains(yh_str text, yh_str part)
{
    return memmem(text.p, text.n, part.p, part.n) != NULL;
}

/* ---- filter; under the book's lock ---- */

static bool sender_fits(const struct live_station *s, yh_str q)
{
    return s && s->info && (contains(s->info->name, q) || contains(s->info->enterprise_name, q));
}

static bool text_fits(struct live *live, const struct monitor_peer *p, yh_str q)
{
    if (q.n == 0 || contains(p->peer, q))
        return true;
    for (size_t i = 0; i < p->mn_n; i++)
        if (contains(p->mns[i], q) || sender_fits(live_find(live, p->mns[i]), q))
            return true;
    return false;
}

static enum sender sender_of(struct live *live, const struct monitor_peer *p)
{
    enum sender kind = SENDER_SILENT;
    for (size_t i = 0; i < p->mn_n; i++) {
        const struct live_station *s = live_find(live, p->mns[i]);
        if (!s || !s->known)
            return SENDER_UNKNOWN;
        kind = SENDER_KNOWN;
    }
    return kind;
}

static bool fits(struct live *live, const struct monitor_peer *p, const struct filter *f)
{
    if (f->state.n && !yh_str_is(f->state, p->state))
        return false;
    if (f->edition.n && (p->last_frame == YH_TIME_NONE || !yh_str_is(f->edition, hj212_edition_name(p->edition))))
        return false;
    if (f->sender != SENDER_ANY && sender_of(live, p) != f->sender)
        return false;
    return text_fits(live, p, f->q);
}

/* ---- how they look; under the book's lock ---- */

static void put_station(struct yh_json *j, struct live *live, yh_str mn)
{
    const struct live_station *s = live_find(live, mn);
    bool known = s && s->known && s->info;
    yh_json_obj(j);
    yh_json_kstr(j, "mn", mn);
    yh_json_kbool(j, "known", known);
    yh_json_key(j, "name");
    if (known)
        yh_json_str(j, s->info->name);
    else
        yh_json_null(j);
    yh_json_kz(j, "dialect", s ? s->dialect : "");
    yh_json_kz(j, "dialect_name", s ? hj212_dialect_title(s->dialect) : NULL);
    yh_json_key(j, "clock_offset_s");
    if (s && s->has_offset)
        yh_json_i64(j, s->clock_offset_ms / 1000);
    else
        yh_json_null(j);
    yh_json_key(j, "last_seq");
    if (s && s->recent_n)
        yh_json_u64(j, s->last_seq);
    else
        yh_json_null(j);
    yh_json_obj_end(j);
}

static void put_peer(struct yh_json *j, struct live *live, const struct monitor_peer *p)
{
    bool spoke = p->last_frame != YH_TIME_NONE;
    yh_json_obj(j);
    yh_json_ku64(j, "id", p->id);
    yh_json_kstr(j, "peer", p->peer);
    yh_json_ktime(j, "since", p->since);
    yh_json_kz(j, "state", p->state);
    yh_json_kz(j, "edition", spoke ? hj212_edition_name(p->edition) : "");
    yh_json_ktime(j, "last_frame", p->last_frame);
    yh_json_kstr(j, "last_cn", p->cn);
    yh_json_kz(j, "last_cn_name", spoke ? frame_command_name(p->cn, YH_S("")) : NULL);
    yh_json_ku64(j, "frames", p->frames);
    yh_json_ku64(j, "bad", p->bad);
    yh_json_ku64(j, "junk", p->junk);
    yh_json_ku64(j, "bytes", p->bytes);
    yh_json_ku64(j, "waiting", p->waiting);
    yh_json_key(j, "stations");
    yh_json_arr(j);
    for (size_t i = 0; i < p->mn_n; i++)
        put_station(j, live, p->mns[i]);
    yh_json_arr_end(j);
    yh_json_ku64(j, "station_count", p->mn_total);
    yh_json_obj_end(j);
}

static void put_door(struct yh_json *j, const struct monitor_door *d)
{
    yh_json_key(j, "listen");
    yh_json_obj(j);
    yh_json_kstr(j, "host", d->host);
    yh_json_ki64(j, "port", d->port);
    yh_json_obj_end(j);
    yh_json_ku64(j, "connected", d->peer_n);
    yh_json_ku64(j, "accepted", d->accepted);
    yh_json_ku64(j, "refused", d->refused);
    yh_json_key(j, "refusals");
    yh_json_arr(j);
    for (size_t i = 0; i < d->refusal_n; i++) {
        yh_json_obj(j);
        yh_json_ktime(j, "at", d->refusals[i].at);
        yh_json_kstr(j, "peer", d->refusals[i].peer);
        yh_json_kz(j, "reason", d->refusals[i].why);
        yh_json_obj_end(j);
    }
    yh_json_arr_end(j);
}

/* ---- within reach; under the book's lock ---- */

static void keep_reached_mns(struct live *live, const struct kit_scope *scope, struct monitor_peer *p)
{
    size_t kept = 0;
    for (size_t i = 0; i < p->mn_n; i++)
        if (station_in_scope(scope, live_find(live, p->mns[i])))
            p->mns[kept++] = p->mns[i];
    p->mn_n = p->mn_total = kept;
}

/* Connections that speak for nobody within reach do not exist for the person, nor do the addresses that were refused. */
static void keep_reached(struct live *live, const struct kit_scope *scope, struct monitor_door *d)
{
    size_t kept = 0;
    if (scope->all)
        return;
    for (size_t i = 0; i < d->peer_n; i++) {
        keep_reached_mns(live, scope, &d->peers[i]);
        if (d->peers[i].mn_n)
            d->peers[kept++] = d->peers[i];
    }
    d->peer_n = kept;
    d->refusal_n = 0;
}

/* ---- the page ---- */

struct page {
    uint64_t before; /* connections made before this one; they come newest first */
    size_t limit, total, n;
    uint64_t last;
    bool more;
};

static void put_peers(struct yh_json *j, struct live *live, const struct monitor_door *d, const struct filter *f,
                      struct page *page)
{
    yh_json_key(j, "items");
    yh_json_arr(j);
    for (size_t i = d->peer_n; i-- > 0;) {
        const struct monitor_peer *p = &d->peers[i];
        if (!fits(live, p, f))
            continue;
        page->total++;
        if (p->id >= page->before)
            continue;
        page->more = page->n == page->limit;
        if (page->more)
            continue;
        page->n++;
        page->last = p->id;
        put_peer(j, live, p);
    }
    yh_json_arr_end(j);
}

static void read_filter(const struct http_request *rq, struct filter *ret)
{
    static const char *const words[] = {[SENDER_KNOWN] = "known", [SENDER_UNKNOWN] = "unknown", [SENDER_SILENT] = "silent"};
    yh_str sender = {0};
    http_query(rq, "q", &ret->q);
    http_query(rq, "state", &ret->state);
    http_query(rq, "edition", &ret->edition);
    http_query(rq, "sender", &sender);
    for (unsigned i = SENDER_KNOWN; i < YH_LEN(words); i++)
        if (yh_str_is(sender, words[i]))
            ret->sender = (enum sender)i;
}

static yh_err list_connections(struct http_request *rq)
{
    const struct monitor_http *m = monitor_http_of(rq);
    struct page page = {.before = UINT64_MAX, .limit = (size_t)http_query_int(rq, "limit", 50)};
    struct kit_scope scope;
    YH_TRY(kit_scope_of(rq, &scope));
    struct filter filter = {0};
    struct monitor_door door = {0};
    yh_str cursor = {0};
    if (http_query(rq, "cursor", &cursor) && !yh_str_to_u64(cursor, &page.before)) {
        http_problem_field(rq, "cursor", "游标应为连接编号");
        return http_problem(rq, 422, "invalid", "游标不对,请从第一页重新查询。");
    }
    read_filter(rq, &filter);
    YH_TRY(m->door(m->user, rq->arena, &door));
    struct yh_json *j = http_json(rq);
    yh_json_obj(j);
    live_lock(m->live);
    keep_reached(m->live, &scope, &door);
    put_peers(j, m->live, &door, &filter, &page);
    live_unlock(m->live);
    yh_json_ku64(j, "total", page.total);
    yh_json_kz(j, "next", page.more ? yh_arena_printf(rq->arena, "%llu", (unsigned long long)page.last) : NULL);
    put_door(j, &door);
    yh_json_obj_end(j);
    return YH_OK;
}

/* ---- rows ---- */

static const char *const states[] = {"served", "waiting", "paused", "clogged", "limited", NULL};
static const char *const editions[] = {"2005", "2017", "2025", NULL};
static const char *const senders[] = {"known", "unknown", "silent", NULL};

static const struct http_field connections_query[] = {
    {.name = "q", .type = HTTP_T_STRING, .max = 100, .title = "来源地址、设备编码、站点或企业"},
    {.name = "state", .type = HTTP_T_STRING, .values = states, .title = "状态"},
    {.name = "sender", .type = HTTP_T_STRING, .values = senders, .title = "是否已登记"},
    {.name = "edition", .type = HTTP_T_STRING, .values = editions, .title = "协议版本"},
    {.name = "limit", .type = HTTP_T_INT, .min = 1, .max = 500, .title = "每页条数"},
    {.name = "cursor", .type = HTTP_T_STRING, .max = 20, .title = "游标"},
    {.name = NULL},
};

static const struct http_field station_fields[] = {
    {.name = "mn", .type = HTTP_T_STRING, .required = true, .title = "设备编码"},
    {.name = "known", .type = HTTP_T_BOOL, .required = true, .title = "已登记"},
    {.name = "name", .type = HTTP_T_STRING, .required = true, .nullable = true, .title = "站点名称"},
    {.name = "dialect", .type = HTTP_T_STRING, .required = true, .title = "方言"},
    {.name = "dialect_name", .type = HTTP_T_STRING, .required = true, .nullable = true, .title = "方言名称"},
    {.name = "clock_offset_s", .type = HTTP_T_INT, .required = true, .nullable = true, .title = "时钟偏差"},
    {.name = "last_seq", .type = HTTP_T_INT, .required = true, .nullable = true, .title = "最近存证编号"},
    {.name = NULL},
};
static const struct http_schema station_schema = {.name = "ConnectedStation", .fields = station_fields};

static const struct http_field peer_fields[] = {
    {.name = "id", .type = HTTP_T_INT, .required = true, .title = "连接编号"},
    {.name = "peer", .type = HTTP_T_STRING, .required = true, .title = "来源地址"},
    {.name = "since", .type = HTTP_T_TIME, .required = true, .title = "连接于"},
    {.name = "state", .type = HTTP_T_STRING, .required = true, .values = states, .title = "状态"},
    {.name = "edition", .type = HTTP_T_STRING, .required = true, .title = "协议版本"},
    {.name = "last_frame", .type = HTTP_T_TIME, .required = true, .nullable = true, .title = "最近完好报文"},
    {.name = "last_cn", .type = HTTP_T_STRING, .required = true, .title = "最近命令"},
    {.name = "last_cn_name", .type = HTTP_T_STRING, .required = true, .nullable = true, .title = "命令名称"},
    {.name = "frames", .type = HTTP_T_INT, .required = true, .title = "完好帧"},
    {.name = "bad", .type = HTTP_T_INT, .required = true, .title = "坏帧"},
    {.name = "junk", .type = HTTP_T_INT, .required = true, .title = "杂字节段"},
    {.name = "bytes", .type = HTTP_T_INT, .required = true, .title = "接收字节"},
    {.name = "waiting", .type = HTTP_T_INT, .required = true, .title = "待落盘的应答"},
    {.name = "stations", .type = HTTP_T_ARRAY, .required = true, .of = &station_schema, .title = "设备"},
    {.name = "station_count", .type = HTTP_T_INT, .required = true, .title = "设备数"},
    {.name = NULL},
};
static const struct http_schema peer_schema = {.name = "Connection", .fields = peer_fields};

static const struct http_field listen_fields[] = {
    {.name = "host", .type = HTTP_T_STRING, .required = true, .title = "监听地址"},
    {.name = "port", .type = HTTP_T_INT, .required = true, .title = "端口"},
    {.name = NULL},
};
static const struct http_schema listen_schema = {.name = "ListenAddress", .fields = listen_fields};

static const struct http_field refusal_fields[] = {
    {.name = "at", .type = HTTP_T_TIME, .required = true, .title = "时间"},
    {.name = "peer", .type = HTTP_T_STRING, .required = true, .title = "来源地址"},
    {.name = "reason", .type = HTTP_T_STRING, .required = true, .title = "原因"},
    {.name = NULL},
};
static const struct http_schema refusal_schema = {.name = "Refusal", .fields = refusal_fields};

static const struct http_field list_fields[] = {
    {.name = "items", .type = HTTP_T_ARRAY, .required = true, .of = &peer_schema},
    {.name = "total", .type = HTTP_T_INT, .required = true, .title = "总数"},
    {.name = "next", .type = HTTP_T_STRING, .required = true, .nullable = true, .title = "下一页游标"},
    {.name = "listen", .type = HTTP_T_OBJECT, .required = true, .of = &listen_schema},
    {.name = "connected", .type = HTTP_T_INT, .required = true, .title = "当前连接"},
    {.name = "accepted", .type = HTTP_T_INT, .required = true, .title = "累计接入"},
    {.name = "refused", .type = HTTP_T_INT, .required = true, .title = "累计拒绝"},
    {.name = "refusals", .type = HTTP_T_ARRAY, .required = true, .of = &refusal_schema, .title = "最近拒绝"},
    {.name = NULL},
};
static const struct http_schema list_schema = {.name = "ConnectionList", .fields = list_fields};

const struct http_route connection_routes[] = {
    {.method = HTTP_GET, .path = "/api/v1/connections", .permission = "station:read", .query = connections_query,
     .reply = &list_schema, .handler = list_connections, .summary = "数采仪连接", .tag = "接入"},
    {.path = NULL},
};
