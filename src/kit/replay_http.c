#include "kit/replay_http.h"

#include "base/clock.h"
#include "kit/kit_internal.h"
#include "kit/session_http.h"

#define KEEP       YH_DAY
#define ANSWER_MAX (256u << 10) /* a larger answer is not kept; the call then runs again */
#define CALL_MAX   (64u << 20)

static const char sql_find[] =
    "SELECT request_hash, status, answer FROM idempotent_answer WHERE account_id = ? AND idem_key = ? AND created_at > ?";
static const char sql_forget[] = "DELETE FROM idempotent_answer WHERE created_at <= ?";
static const char sql_keep[] =
    "INSERT INTO idempotent_answer (account_id, idem_key, request_hash, status, answer, created_at)"
    " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (account_id, idem_key) DO NOTHING";

static bool applies(const struct http_request *rq)
{
    return rq->user && rq->user->session && rq->route->permission;
}

static int64_t account_of(const struct http_request *rq)
{
    const struct kit_session *s = rq->user->session;
    return s->account_id;
}

/* One call = method, path and body; keys of the body in any order. */
static yh_err hash_call(const struct http_request *rq, char ret_hex[KIT_HEX_SIZE])
{
    yh_buf_auto call = yh_buf_make(CALL_MAX);
    yh_buf_u64(&call, rq->method);
    yh_buf_putc(&call, ' ');
    yh_buf_str(&call, rq->path);
    yh_buf_putc(&call, '\n');
    if (rq->body) {
        char *text = json_dumps(rq->body, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
        if (!text)
            return yh_fail(YH_E_NO_MEMORY, "no memory to tell a call from another");
        yh_buf_puts(&call, text);
        free(text);
    }
    yh_buf_str(&call, rq->raw);
    YH_TRY(yh_buf_check(&call));
    return kit_hash_hex("call", yh_buf_view(&call), ret_hex);
}

yh_err kit_replay_find(struct http_request *rq, yh_str key, bool *ret_found, int *ret_status, yh_str *ret_json)
{
    char hash[KIT_HEX_SIZE];
    *ret_found = false;
    if (!applies(rq))
        return YH_OK;
    YH_TRY(hash_call(rq, hash));
    kit_loan_auto l = kit_reader(kit_of(rq));
    db_stmt_auto *s = NULL;
    bool row = false;
    YH_TRY(db_prepare(l.d, sql_find, &s));
    db_bind_i64(s, 1, account_of(rq));
    db_bind_str(s, 2, key);
    db_bind_i64(s, 3, yh_clock_now() - KEEP);
    YH_TRY(db_step(s, &row));
    if (!row)
        return YH_OK;
    if (!yh_str_is(db_str(s, 0), hash))
        return http_problem(rq, 422, "idempotency_key_reused", "该 Idempotency-Key 已用于另一次操作,请更换后重试。");
    yh_str answer = yh_arena_str(rq->arena, db_str(s, 2));
    if (!answer.p)
        return yh_fail(YH_E_NO_MEMORY, "no memory for the first answer");
    *ret_status = (int)db_i64(s, 1);
    *ret_json = answer;
    *ret_found = true;
    return YH_OK;
}

struct keeping {
    int64_t account;
    yh_str key, json;
    const char *hash;
    int status;
    yh_time now;
};

static yh_err keep(struct db *d, void *user)
{
    const struct keeping *k = user;
    db_stmt_auto *forget = NULL, *s = NULL;
    YH_TRY(db_prepare(d, sql_forget, &forget));
    db_bind_i64(forget, 1, k->now - KEEP);
    YH_TRY(db_exec(forget));
    YH_TRY(db_prepare(d, sql_keep, &s));
    db_bind_i64(s, 1, k->account);
    db_bind_str(s, 2, k->key);
    db_bind_z(s, 3, k->hash);
    db_bind_i64(s, 4, k->status);
    db_bind_str(s, 5, k->json);
    db_bind_i64(s, 6, k->now);
    return db_exec(s);
}

yh_err kit_replay_keep(struct http_request *rq, yh_str key, int status, yh_str json)
{
    char hash[KIT_HEX_SIZE];
    if (!applies(rq) || json.n > ANSWER_MAX)
        return YH_OK;
    YH_TRY(hash_call(rq, hash));
    struct keeping k = {account_of(rq), key, json, hash, status, yh_clock_now()};
    kit_loan_auto l = kit_writer(kit_of(rq));
    return db_txn(l.d, keep, &k);
}
