/* A logged record and its proof: what a value on any page leads back to. */
#include "monitor/http.h"

#include "chain/merkle.h"
#include "hj212/text.h"
#include "monitor/frame_json.h"
#include "monitor/station_scope.h"

#define RECORD_MAX (CHAIN_PAYLOAD_MAX + 4096)

static const char *const kind_words[] = {
    [CHAIN_FRAME] = "frame", [CHAIN_BAD] = "bad", [CHAIN_JUNK] = "junk", [CHAIN_NOTE] = "note", [CHAIN_SENT] = "sent",
};

const char *frame_kind_word(unsigned kind)
{
    return kind < YH_LEN(kind_words) && kind_words[kind] ? kind_words[kind] : "unknown";
}

/* ---- one record ---- */

static yh_err record_of(struct http_request *rq, yh_buf *bytes, struct chain_record *ret, yh_sm3_hash *ret_leaf)
{
    uint64_t seq;
    if (!yh_str_to_u64(http_path_param(rq, "seq"), &seq))
        return http_problem(rq, 404, "not_found", "没有这条存证记录,请核对编号。");
    bool reached = false;
    yh_err e = chain_get(monitor_http_of(rq)->chain, seq, bytes, ret, ret_leaf);
    if (e == YH_OK)
        e = station_reached(rq, monitor_http_of(rq)->live, ret->origin, &reached);
    if (e == YH_E_NOT_FOUND || (e == YH_OK && !reached))
        return http_problem(rq, 404, "not_found", "没有这条存证记录,请核对编号。");
    return e;
}

/* Notes of the platform itself (sign-in, changes) are for the audit, not for whoever may read measurements. */
static bool is_readable(const struct chain_record *r)
{
    return r->kind != CHAIN_NOTE;
}

static yh_err put_content(struct http_request *rq, struct yh_json *j, const struct chain_record *r)
{
    if (r->kind == CHAIN_JUNK) {
        frame_json_put_junk(j, r->payload);
        return YH_OK;
    }
    struct hj212_key key = live_profile(monitor_http_of(rq)->live, r->origin).key;
    struct hj212_frame *f = YH_NEW(rq->arena, struct hj212_frame);
    if (!f)
        return yh_fail(YH_E_NO_MEMORY, "no memory to decode a frame");
    yh_buf_auto plain = yh_buf_make(HJ212_EXTRA_MAX * 1024);
    hj212_parse(r->payload, &key, &plain, f);
    YH_TRY(yh_buf_memory(&plain));
    frame_json_put(j, f, r->payload, r->kind == CHAIN_BAD ? "bad" : "frame");
    return YH_OK;
}

static yh_err get_frame(struct http_request *rq)
{
    yh_buf_auto bytes = yh_buf_make(RECORD_MAX);
    yh_buf_auto escaped = yh_buf_make(4 * RECORD_MAX);
    struct chain_record r;
    yh_sm3_hash leaf;
    YH_TRY(record_of(rq, &bytes, &r, &leaf));
    if (!is_readable(&r))
        return http_problem(rq, 403, "denied", "这是平台自身的操作记录,请由审计管理员查看。");
    hj212_escape(r.payload, &escaped);
    struct yh_json *j = http_json(rq);
    yh_json_obj(j);
    yh_json_ku64(j, "seq", r.seq);
    yh_json_ktime(j, "received", r.received);
    yh_json_kz(j, "kind", frame_kind_word(r.kind));
    yh_json_kstr(j, "mn", r.origin);
    yh_json_kstr(j, "peer", r.peer);
    yh_json_key(j, "leaf");
    yh_json_hex(j, leaf.b, sizeof leaf.b);
    yh_json_kstr(j, "raw", yh_buf_view(&escaped));
    YH_TRY(put_content(rq, j, &r));
    yh_json_obj_end(j);
    return YH_OK;
}

/* ---- its proof ---- */

static yh_err put_checkpoint(struct chain *chain, uint64_t seq, struct yh_json *j)
{
    yh_buf_auto text = yh_buf_make(16384);
    yh_buf_auto key = yh_buf_make(4096);
    struct chain_checkpoint c;
    yh_json_key(j, "checkpoint");
    yh_err e = chain_checkpoint_covering(chain, seq, &text, &c);
    if (e == YH_E_NOT_FOUND) {
        yh_json_null(j);
        return YH_OK;
    }
    YH_TRY(e);
    YH_TRY(chain_public_key(chain, &key));
    yh_json_obj(j);
    yh_json_ku64(j, "number", c.number);
    yh_json_ku64(j, "size", c.head.size);
    yh_json_key(j, "root");
    yh_json_hex(j, c.head.root.b, sizeof c.head.root.b);
    yh_json_ktime(j, "at", c.head.at);
    yh_json_kstr(j, "text", c.text);
    yh_json_kstr(j, "signature", c.signature);
    yh_json_kstr(j, "public_key", yh_buf_view(&key));
    yh_json_kbool(j, "signature_ok", chain_checkpoint_verify(chain, c.number) == YH_OK);
    yh_json_obj_end(j);
    return YH_OK;
}

/* The tree the proof is made for: that of the checkpoint which covers the record, so that the signed root is the one
 * reached; before the first such checkpoint the newest tree. */
static uint64_t proof_size(struct chain *chain, uint64_t seq)
{
    yh_buf_auto text = yh_buf_make(16384);
    struct chain_checkpoint c;
    return chain_checkpoint_covering(chain, seq, &text, &c) == YH_OK ? c.head.size : chain_durable(chain);
}

static yh_err get_proof(struct http_request *rq)
{
    struct chain *chain = monitor_http_of(rq)->chain;
    yh_buf_auto bytes = yh_buf_make(RECORD_MAX);
    yh_cleanup(yh_sm3_freep) struct yh_sm3 *sm3 = NULL;
    struct chain_record r;
    struct chain_proof proof;
    yh_sm3_hash leaf, root;
    YH_TRY(record_of(rq, &bytes, &r, &leaf));
    YH_TRY(yh_sm3_new(&sm3));
    uint64_t size = proof_size(chain, r.seq);
    YH_TRY(chain_root(chain, size, &root));
    YH_TRY(chain_prove_inclusion(chain, r.seq, size, &proof));
    struct yh_json *j = http_json(rq);
    yh_json_obj(j);
    yh_json_ku64(j, "seq", r.seq);
    yh_json_key(j, "leaf");
    yh_json_hex(j, leaf.b, sizeof leaf.b);
    yh_json_ku64(j, "tree_size", size);
    yh_json_key(j, "path");
    yh_json_arr(j);
    for (unsigned i = 0; i < proof.n; i++)
        yh_json_hex(j, proof.path[i].b, sizeof proof.path[i].b);
    yh_json_arr_end(j);
    yh_json_key(j, "root");
    yh_json_hex(j, root.b, sizeof root.b);
    yh_json_kbool(j, "verified", merkle_verify_inclusion(sm3, &leaf, r.seq, size, proof.path, proof.n, &root));
    YH_TRY(put_checkpoint(chain, r.seq, j));
    yh_json_obj_end(j);
    return YH_OK;
}

/* ---- the log as a whole ---- */

static yh_err put_checkpoints(struct chain *chain, int64_t limit, struct yh_json *j)
{
    uint64_t count = chain_checkpoint_count(chain);
    yh_json_key(j, "checkpoints");
    yh_json_arr(j);
    for (uint64_t i = 0; i < count && i < (uint64_t)limit; i++) {
        yh_buf_auto text = yh_buf_make(16384);
        struct chain_checkpoint c;
        YH_TRY(chain_checkpoint_get(chain, count - 1 - i, &text, &c));
        yh_json_obj(j);
        yh_json_ku64(j, "number", c.number);
        yh_json_ku64(j, "size", c.head.size);
        yh_json_key(j, "root");
        yh_json_hex(j, c.head.root.b, sizeof c.head.root.b);
        yh_json_ktime(j, "at", c.head.at);
        yh_json_obj_end(j);
    }
    yh_json_arr_end(j);
    return YH_OK;
}

static yh_err get_evidence(struct http_request *rq)
{
    struct chain *chain = monitor_http_of(rq)->chain;
    uint64_t durable = chain_durable(chain);
    yh_sm3_hash root;
    YH_TRY(chain_root(chain, durable, &root));
    struct yh_json *j = http_json(rq);
    yh_json_obj(j);
    yh_json_ku64(j, "records", durable);
    yh_json_ku64(j, "durable", durable);
    yh_json_key(j, "root");
    yh_json_hex(j, root.b, sizeof root.b);
    yh_json_kz(j, "health", chain_health(chain) == YH_OK ? "ok" : yh_cause());
    yh_json_ku64(j, "checkpoint_count", chain_checkpoint_count(chain));
    YH_TRY(put_checkpoints(chain, http_query_int(rq, "limit", 50), j));
    yh_json_obj_end(j);
    return YH_OK;
}

/* ---- rows ---- */

static const struct http_field frame_fields[] = {
    {.name = "seq", .type = HTTP_T_INT, .required = true, .title = "存证编号"},
    {.name = "received", .type = HTTP_T_TIME, .required = true, .title = "接收时间"},
    {.name = "kind", .type = HTTP_T_STRING, .required = true, .title = "类别"},
    {.name = "mn", .type = HTTP_T_STRING, .required = true, .title = "设备编码"},
    {.name = "peer", .type = HTTP_T_STRING, .required = true, .title = "来源地址"},
    {.name = "leaf", .type = HTTP_T_STRING, .required = true, .title = "叶子哈希(SM3)"},
    {.name = "raw", .type = HTTP_T_STRING, .required = true, .title = "原文(转义)"},
    {.name = "decoded", .type = HTTP_T_ANY, .required = true, .nullable = true, .title = "解析结果"},
    {.name = "explained", .type = HTTP_T_OBJECT, .required = true, .nullable = true, .of = &frame_explained_schema},
    {.name = "cause", .type = HTTP_T_STRING, .required = true, .nullable = true, .title = "故障"},
    {.name = "cause_text", .type = HTTP_T_STRING, .required = true, .nullable = true, .title = "可能原因"},
    {.name = NULL},
};
static const struct http_schema frame_schema = {.name = "Frame", .fields = frame_fields};

static const struct http_schema string_schema = {.name = NULL, .item = HTTP_T_STRING};

static const struct http_field proof_checkpoint_fields[] = {
    {.name = "number", .type = HTTP_T_INT, .required = true, .title = "检查点序号"},
    {.name = "size", .type = HTTP_T_INT, .required = true, .title = "记录数"},
    {.name = "root", .type = HTTP_T_STRING, .required = true, .title = "根哈希"},
    {.name = "at", .type = HTTP_T_TIME, .required = true, .title = "签发时间"},
    {.name = "text", .type = HTTP_T_STRING, .required = true, .title = "签名原文"},
    {.name = "signature", .type = HTTP_T_STRING, .required = true, .title = "SM2 签名"},
    {.name = "public_key", .type = HTTP_T_STRING, .required = true, .title = "公钥"},
    {.name = "signature_ok", .type = HTTP_T_BOOL, .required = true, .title = "验签通过"},
    {.name = NULL},
};
static const struct http_schema proof_checkpoint_schema = {.name = "SignedCheckpoint", .fields = proof_checkpoint_fields};

static const struct http_field proof_fields[] = {
    {.name = "seq", .type = HTTP_T_INT, .required = true, .title = "存证编号"},
    {.name = "leaf", .type = HTTP_T_STRING, .required = true, .title = "叶子哈希"},
    {.name = "tree_size", .type = HTTP_T_INT, .required = true, .title = "树的大小"},
    {.name = "path", .type = HTTP_T_ARRAY, .required = true, .of = &string_schema, .title = "路径"},
    {.name = "root", .type = HTTP_T_STRING, .required = true, .title = "根哈希"},
    {.name = "verified", .type = HTTP_T_BOOL, .required = true, .title = "验证通过"},
    {.name = "checkpoint", .type = HTTP_T_OBJECT, .required = true, .nullable = true, .of = &proof_checkpoint_schema},
    {.name = NULL},
};
static const struct http_schema proof_schema = {.name = "Proof", .fields = proof_fields};

static const struct http_field checkpoint_fields[] = {
    {.name = "number", .type = HTTP_T_INT, .required = true},
    {.name = "size", .type = HTTP_T_INT, .required = true},
    {.name = "root", .type = HTTP_T_STRING, .required = true},
    {.name = "at", .type = HTTP_T_TIME, .required = true},
    {.name = NULL},
};
static const struct http_schema checkpoint_schema = {.name = "Checkpoint", .fields = checkpoint_fields};

static const struct http_field evidence_fields[] = {
    {.name = "records", .type = HTTP_T_INT, .required = true, .title = "记录数"},
    {.name = "durable", .type = HTTP_T_INT, .required = true, .title = "已落盘"},
    {.name = "root", .type = HTTP_T_STRING, .required = true, .title = "根哈希"},
    {.name = "health", .type = HTTP_T_STRING, .required = true, .title = "状态"},
    {.name = "checkpoint_count", .type = HTTP_T_INT, .required = true, .title = "检查点数"},
    {.name = "checkpoints", .type = HTTP_T_ARRAY, .required = true, .of = &checkpoint_schema},
    {.name = NULL},
};
static const struct http_schema evidence_schema = {.name = "Evidence", .fields = evidence_fields};

static const struct http_field evidence_query[] = {
    {.name = "limit", .type = HTTP_T_INT, .min = 1, .max = 500, .title = "检查点条数"},
    {.name = NULL},
};

const struct http_route frame_routes[] = {
    {.method = HTTP_GET, .path = "/api/v1/frames/{seq}", .permission = "station:read", .reply = &frame_schema,
     .handler = get_frame, .summary = "存证记录:原文、解析与说明", .tag = "存证"},
    {.method = HTTP_GET, .path = "/api/v1/frames/{seq}/proof", .permission = "station:read", .reply = &proof_schema,
     .handler = get_proof, .summary = "存证记录的包含证明与检查点", .tag = "存证"},
    {.method = HTTP_GET, .path = "/api/v1/evidence", .permission = "station:read", .query = evidence_query,
     .reply = &evidence_schema, .handler = get_evidence, .summary = "存证日志概况", .tag = "存证"},
    {.path = NULL},
};
