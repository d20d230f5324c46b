#include "kit/portal.h"

#include <pthread.h>
#include <stdio.h>

#include <openssl/evp.h>

#include "base/clock.h"
#include "kit/jwt.h"
#include "kit/kit_internal.h"
#include "kit/portal_internal.h"
#include "net/fetch.h"

#define SETTINGS_FRESH YH_HOUR   /* the provider's endpoints and keys */
#define KEYS_AGAIN     YH_MINUTE /* an unknown key is asked for at most so often */
#define SECRET_BYTES   32
#define URL_MAX        2048

/* What the provider says about itself (OpenID Connect Discovery 1.0); guarded by the lock, which also keeps the calls
 * one after the other. */
struct kit_portal {
    struct kit_portal_config config;
    pthread_mutex_t lock;
    json_t *settings, *keys; /* NULL: not fetched yet */
    yh_time settings_at, keys_at;
};

yh_err kit_portal_new(const struct kit_portal_config *config, struct kit_portal **ret)
{
    struct kit_portal *p = NULL;
    if (config->issuer && config->issuer[0]) {
        p = calloc(1, sizeof *p);
        if (!p)
            return yh_fail(YH_E_NO_MEMORY, "no memory for the portal");
        p->config = *config;
        pthread_mutex_init(&p->lock, NULL);
    }
    *ret = p;
    return YH_OK;
}

void kit_portal_free(struct kit_portal *p)
{
    if (!p)
        return;
    json_decref(p->settings);
    json_decref(p->keys);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

bool kit_portal_enabled(const struct kit *k)
{
    return k->portal && k->vault;
}

const char *kit_portal_title(const struct kit *k)
{
    return k->portal ? k->portal->config.title : "";
}

yh_str kit_portal_issuer(const struct kit *k)
{
    return k->portal ? yh_str_of(k->portal->config.issuer) : YH_S("");
}

/* ---- texts ---- */

/* Percent-encoded as a form value or query value. */
static void put_encoded(yh_buf *out, yh_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
                     c == '_' || c == '~';
        if (plain)
            yh_buf_putc(out, c);
        else
            yh_buf_printf(out, "%%%02X", (unsigned char)c);
    }
}

struct pair {
    const char *key;
    yh_str value;
};

static void put_pairs(yh_buf *out, const struct pair *pairs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        yh_buf_printf(out, "%s%s=", i ? "&" : "", pairs[i].key);
        put_encoded(out, pairs[i].value);
    }
}

static yh_err random_text(struct yh_arena *arena, yh_str *ret)
{
    uint8_t bits[SECRET_BYTES];
    yh_random(bits, sizeof bits);
    *ret = kit_base64url((yh_str){(const char *)bits, sizeof bits}, arena);
    return ret->p ? YH_OK : yh_fail(YH_E_NO_MEMORY, "no memory for a sign-in");
}

/* PKCE, method S256: RFC 7636 section 4.2. */
static yh_err challenge_of(yh_str verifier, struct yh_arena *arena, yh_str *ret)
{
    uint8_t hash[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    if (EVP_Digest(verifier.p, verifier.n, hash, &n, EVP_sha256(), NULL) != 1)
        return yh_fail(YH_E_INTERNAL, "SHA-256 is not to be had from the crypto library");
    *ret = kit_base64url((yh_str){(const char *)hash, n}, arena);
    return ret->p ? YH_OK : yh_fail(YH_E_NO_MEMORY, "no memory for a sign-in");
}

static yh_err callback_url(const struct kit_portal *p, struct yh_arena *arena, yh_str *ret)
{
    const char *url = yh_arena_printf(arena, "%s" KIT_PORTAL_BACK, p->config.public_url);
    *ret = url ? yh_str_of(url) : (yh_str){0};
    return url ? YH_OK : yh_fail(YH_E_NO_MEMORY, "no memory for a sign-in");
}

/* ---- what the provider says ---- */

static yh_err fetch_json(const struct fetch_request *rq, struct yh_arena *arena, json_t **ret)
{
    int status = 0;
    yh_str body;
    YH_TRY(net_fetch(rq, arena, &status, &body));
    if (status >= 500)
        return yh_fail(YH_E_CLOSED, "the portal answered %d", status);
    if (status != 200)
        return yh_fail(YH_E_UNAUTH, "the portal answered %d: %.*s", status, YH_FMT(yh_str_sub(body, 0, 200)));
    YH_TRY(yh_json_parse(body, ret));
    return YH_OK;
}

static const char *setting(const struct kit_portal *p, const char *name)
{
    return json_string_value(json_object_get(p->settings, name));
}

static yh_err need_settings(struct kit_portal *p, yh_time now, struct yh_arena *arena)
{
    if (p->settings && now >= p->settings_at && now - p->settings_at < SETTINGS_FRESH)
        return YH_OK;
    json_t *fresh = NULL;
    const char *url = yh_arena_printf(arena, "%s/.well-known/openid-configuration", p->config.issuer);
    if (!url)
        return yh_fail(YH_E_NO_MEMORY, "no memory for a sign-in");
    const struct fetch_request rq = {.url = url};
    YH_TRY(fetch_json(&rq, arena, &fresh));
    const char *issuer = json_string_value(json_object_get(fresh, "issuer"));
    bool whole = issuer && strcmp(issuer, p->config.issuer) == 0;
    static const char *const needed[] = {"authorization_endpoint", "token_endpoint", "jwks_uri"};
    for (size_t i = 0; i < YH_LEN(needed); i++)
        whole = whole && json_is_string(json_object_get(fresh, needed[i]));
    if (!whole) {
        json_decref(fresh);
        return yh_fail(YH_E_CLOSED, "%s does not describe an OpenID Connect provider of that name", url);
    }
    json_decref(p->settings);
    p->settings = fresh;
    p->settings_at = now;
    return YH_OK;
}

static yh_err fetch_keys(struct kit_portal *p, yh_time now, struct yh_arena *arena)
{
    json_t *fresh = NULL;
    const struct fetch_request rq = {.url = setting(p, "jwks_uri")};
    YH_TRY(fetch_json(&rq, arena, &fresh));
    json_decref(p->keys);
    p->keys = fresh;
    p->keys_at = now;
    return YH_OK;
}

/* A provider changes its keys now and then: one that is not known is asked for, but not by everybody who invents one. */
static yh_err check_token(struct kit_portal *p, yh_str token, const struct kit_jwt_expected *x, struct yh_arena *arena,
                          json_t **ret_claims)
{
    bool stale = !p->keys || x->now < p->keys_at || x->now - p->keys_at > SETTINGS_FRESH;
    if (stale)
        YH_TRY(fetch_keys(p, x->now, arena));
    yh_err e = kit_jwt_check(token, p->keys, x, ret_claims);
    if (e != YH_E_NOT_FOUND || stale || x->now - p->keys_at < KEYS_AGAIN)
        return e;
    YH_TRY(fetch_keys(p, x->now, arena));
    return kit_jwt_check(token, p->keys, x, ret_claims);
}

/* ---- leaving ---- */

/* What is remembered in the browser: state, nonce, verifier, account, time, and the page to come back to; a line each. */
struct trip {
    yh_str state, nonce, verifier, back;
    int64_t account;
    yh_time begun;
};

static yh_err seal_trip(struct kit *k, const struct trip *t, struct yh_arena *arena, yh_str *ret)
{
    const char *text = yh_arena_printf(arena, "%.*s\n%.*s\n%.*s\n%lld\n%lld\n%.*s", YH_FMT(t->state), YH_FMT(t->nonce),
                                       YH_FMT(t->verifier), (long long)t->account, (long long)t->begun, YH_FMT(t->back));
    if (!text)
        return yh_fail(YH_E_NO_MEMORY, "no memory for a sign-in");
    return kit_vault_seal(k->vault, YH_S("portal"), yh_str_of(text), arena, ret);
}

static yh_err open_trip(struct kit *k, yh_str cookie, yh_time now, struct yh_arena *arena, struct trip *ret)
{
    yh_str text, account, begun;
    struct trip t = {0};
    if (kit_vault_open_text(k->vault, YH_S("portal"), cookie, arena, &text) != YH_OK)
        return yh_fail(YH_E_INVALID, "no sign-in was begun in this browser");
    bool whole = yh_str_split(&text, '\n', &t.state) && yh_str_split(&text, '\n', &t.nonce) &&
                 yh_str_split(&text, '\n', &t.verifier) && yh_str_split(&text, '\n', &account) &&
                 yh_str_split(&text, '\n', &begun) && yh_str_to_i64(account, &t.account) && yh_str_to_i64(begun, &t.begun);
    if (!whole || now < t.begun || now - t.begun > KIT_PORTAL_TIME)
        return yh_fail(YH_E_INVALID, "the sign-in was begun too long ago");
    t.back = text;
    *ret = t;
    return YH_OK;
}

static yh_err build_url(const struct kit_portal *p, const struct trip *t, struct yh_arena *arena, yh_str *ret)
{
    yh_str challenge, callback;
    yh_buf_auto url = yh_buf_make(URL_MAX);
    YH_TRY(challenge_of(t->verifier, arena, &challenge));
    YH_TRY(callback_url(p, arena, &callback));
    const struct pair pairs[] = {
        {"response_type", YH_S("code")},  {"scope", YH_S("openid")}, {"client_id", yh_str_of(p->config.client)},
        {"redirect_uri", callback},       {"state", t->state},       {"nonce", t->nonce},
        {"code_challenge", challenge},    {"code_challenge_method", YH_S("S256")},
    };
    const char *endpoint = setting(p, "authorization_endpoint");
    yh_buf_printf(&url, "%s%c", endpoint, strchr(endpoint, '?') ? '&' : '?');
    put_pairs(&url, pairs, YH_LEN(pairs));
    YH_TRY(yh_buf_check(&url));
    *ret = yh_arena_str(arena, yh_buf_view(&url));
    return ret->p ? YH_OK : yh_fail(YH_E_NO_MEMORY, "no memory for a sign-in");
}

static yh_err enter_alone(struct kit_portal *p)
{
    bool alone = pthread_mutex_trylock(&p->lock) == 0;
    return alone ? YH_OK : yh_fail(YH_E_BUSY, "the portal is being asked for somebody else");
}

yh_err kit_portal_begin(struct kit *k, yh_str back, int64_t account, yh_time now, struct yh_arena *arena, yh_str *ret_url,
                        yh_str *ret_cookie)
{
    struct kit_portal *p = k->portal;
    struct trip t = {.back = back, .account = account, .begun = now};
    YH_TRY(random_text(arena, &t.state));
    YH_TRY(random_text(arena, &t.nonce));
    YH_TRY(random_text(arena, &t.verifier));
    YH_TRY(enter_alone(p));
    yh_err e = need_settings(p, now, arena);
    if (e == YH_OK)
        e = build_url(p, &t, arena, ret_url);
    pthread_mutex_unlock(&p->lock);
    YH_TRY(e);
    return seal_trip(k, &t, arena, ret_cookie);
}

/* ---- coming back ---- */

static yh_err redeem(const struct kit_portal *p, const struct trip *t, yh_str code, struct yh_arena *arena, yh_str *ret_token)
{
    yh_str callback;
    yh_buf_auto form = yh_buf_make(URL_MAX);
    json_t *answer = NULL;
    YH_TRY(callback_url(p, arena, &callback));
    const struct pair pairs[] = {
        {"grant_type", YH_S("authorization_code")}, {"code", code}, {"redirect_uri", callback},
        {"client_id", yh_str_of(p->config.client)}, {"code_verifier", t->verifier},
    };
    put_pairs(&form, pairs, YH_LEN(pairs));
    YH_TRY(yh_buf_check(&form));
    bool secret = p->config.secret[0] != '\0';
    const struct fetch_request rq = {.url = setting(p, "token_endpoint"), .form = yh_buf_z(&form),
                                     .user = secret ? p->config.client : NULL, .password = p->config.secret};
    YH_TRY(fetch_json(&rq, arena, &answer));
    const char *token = json_string_value(json_object_get(answer, "id_token"));
    *ret_token = token ? yh_arena_str(arena, yh_str_of(token)) : (yh_str){0};
    json_decref(answer);
    return ret_token->p ? YH_OK : yh_fail(YH_E_UNAUTH, "the portal gave no identity token");
}

/* The cause stays: it is noted. */
static yh_err refused(void)
{
    char cause[256];
    snprintf(cause, sizeof cause, "%s", yh_cause());
    return yh_fail(YH_E_UNAUTH, "%s", cause);
}

/* The portal's lasting name of the person. */
static yh_err identify(struct kit_portal *p, const struct trip *t, yh_str code, yh_time now, struct yh_arena *arena,
                       yh_str *ret_subject)
{
    yh_str token;
    json_t *claims = NULL;
    const struct kit_jwt_expected x = {yh_str_of(p->config.issuer), yh_str_of(p->config.client), t->nonce, now};
    YH_TRY(need_settings(p, now, arena));
    YH_TRY(redeem(p, t, code, arena, &token));
    yh_err e = check_token(p, token, &x, arena, &claims);
    if (e == YH_E_INVALID || e == YH_E_NOT_FOUND)
        return refused();
    YH_TRY(e);
    *ret_subject = yh_arena_str(arena, yh_str_of(json_string_value(json_object_get(claims, "sub"))));
    json_decref(claims);
    return ret_subject->p ? YH_OK : yh_fail(YH_E_NO_MEMORY, "no memory for a sign-in");
}

static yh_err link_own(struct kit *k, const struct trip *t, yh_str subject, yh_time now, struct kit_portal_result *ret)
{
    ret->linked = true;
    return kit_portal_link_account(k, kit_portal_issuer(k), subject, t->account, YH_S("self"), now);
}

static yh_err note_refusal(struct kit *k, yh_str subject, yh_str peer, yh_time now, yh_err why)
{
    char cause[256];
    snprintf(cause, sizeof cause, "%s", yh_cause());
    const struct kit_note note = {
        "session.refused", YH_S("portal"), now,
        {{"subject", subject}, {"reason", YH_S("portal")}, {"peer", kit_clip_text(peer, 64)}, {"cause", yh_str_of(cause)}}};
    YH_TRY(kit_note_tell(k, &note));
    return yh_fail(why, "%s", cause);
}

static yh_err open_session(struct kit *k, yh_str subject, const struct kit_portal_return *r, yh_time now,
                           struct yh_arena *arena, struct kit_portal_result *ret)
{
    yh_err e = kit_portal_person(k, kit_portal_issuer(k), subject, arena, &ret->session);
    if (e == YH_E_NOT_FOUND || e == YH_E_DENIED)
        return note_refusal(k, subject, r->peer, now, e);
    YH_TRY(e);
    return kit_session_open(k, r->peer, r->user_agent, now, arena, ret->token, &ret->session);
}

yh_err kit_portal_finish(struct kit *k, const struct kit_portal_return *r, yh_time now, struct yh_arena *arena,
                         struct kit_portal_result *ret)
{
    struct trip t = {0};
    yh_str subject = {0};
    *ret = (struct kit_portal_result){0};
    YH_TRY(open_trip(k, r->cookie, now, arena, &t));
    if (r->code.n == 0 || !yh_secret_eq(r->state, t.state))
        return yh_fail(YH_E_INVALID, "the portal's answer belongs to another sign-in");
    ret->back = t.back;
    YH_TRY(enter_alone(k->portal));
    yh_err e = identify(k->portal, &t, r->code, now, arena, &subject);
    pthread_mutex_unlock(&k->portal->lock);
    if (e == YH_E_UNAUTH)
        return note_refusal(k, YH_S(""), r->peer, now, e);
    YH_TRY(e);
    return t.account ? link_own(k, &t, subject, now, ret) : open_session(k, subject, r, now, arena, ret);
}
