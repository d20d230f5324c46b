#define CURL_DISABLE_TYPECHECK /* its macros stand before the functions that are looked up here */
#include "net/fetch.h"

#include <dlfcn.h>
#include <pthread.h>

#include <curl/curl.h>
#undef curl_easy_setopt
#undef curl_easy_getinfo

#include "base/buf.h"

#define DEFAULT_TIMEOUT 5000
#define DEFAULT_MAX     (256u << 10)

/* What is used of the library. */
static struct {
    CURLcode (*global_init)(long flags);
    CURL *(*easy_init)(void);
    CURLcode (*easy_setopt)(CURL *c, CURLoption option, ...);
    CURLcode (*easy_perform)(CURL *c);
    CURLcode (*easy_getinfo)(CURL *c, CURLINFO info, ...);
    void (*easy_cleanup)(CURL *c);
    const char *(*easy_strerror)(CURLcode code);
    bool ready;
} curl;

static bool look_up(void *library)
{
    const struct {
        const char *name;
        void *at;
    } wanted[] = {
        {"curl_global_init", &curl.global_init},   {"curl_easy_init", &curl.easy_init},
        {"curl_easy_setopt", &curl.easy_setopt},   {"curl_easy_perform", &curl.easy_perform},
        {"curl_easy_getinfo", &curl.easy_getinfo}, {"curl_easy_cleanup", &curl.easy_cleanup},
        {"curl_easy_strerror", &curl.easy_strerror},
    };
    for (size_t i = 0; i < YH_LEN(wanted); i++) {
        void *found = dlsym(library, wanted[i].name);
        if (!found)
            return false;
        memcpy(wanted[i].at, &found, sizeof found);
    }
    return true;
}

static void load(void)
{
    void *library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
    curl.ready = library && look_up(library) && curl.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

static size_t take(char *bytes, size_t size, size_t n, void *user)
{
    yh_buf *body = user;
    yh_buf_add(body, bytes, size * n);
    return body->failed ? 0 : size * n;
}

static void set_up(CURL *c, const struct fetch_request *rq, yh_buf *body)
{
    curl.easy_setopt(c, CURLOPT_URL, rq->url);
    curl.easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    curl.easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
    curl.easy_setopt(c, CURLOPT_NOSIGNAL, 1L); /* other threads have their own */
    curl.easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)(rq->timeout_ms ? rq->timeout_ms : DEFAULT_TIMEOUT));
    curl.easy_setopt(c, CURLOPT_USERAGENT, "yuheng");
    curl.easy_setopt(c, CURLOPT_WRITEFUNCTION, take);
    curl.easy_setopt(c, CURLOPT_WRITEDATA, body);
    if (rq->form)
        curl.easy_setopt(c, CURLOPT_POSTFIELDS, rq->form);
    if (rq->user) {
        curl.easy_setopt(c, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        curl.easy_setopt(c, CURLOPT_USERNAME, rq->user);
        curl.easy_setopt(c, CURLOPT_PASSWORD, rq->password ? rq->password : "");
    }
}

static yh_err err_of(CURLcode code, const char *url, const yh_buf *body)
{
    if (code == CURLE_OK)
        return YH_OK;
    yh_err e = code == CURLE_OPERATION_TIMEDOUT                                  ? YH_E_TIMEOUT
               : code == CURLE_OUT_OF_MEMORY                                     ? YH_E_NO_MEMORY
               : code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL ? YH_E_INVALID
               : code == CURLE_WRITE_ERROR && body->failed                       ? YH_E_TOO_LARGE
                                                                                 : YH_E_CLOSED;
    return yh_fail(e, "%.200s: %s", url, curl.easy_strerror(code));
}

yh_err net_fetch(const struct fetch_request *rq, struct yh_arena *arena, int *ret_status, yh_str *ret_body)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    if (!curl.ready)
        return yh_fail(YH_E_UNSUPPORTED, "libcurl (package libcurl4) is needed to call %.200s", rq->url);
    yh_buf_auto body = yh_buf_make(rq->max ? rq->max : DEFAULT_MAX);
    long status = 0;
    CURL *c = curl.easy_init();
    if (!c)
        return yh_fail(YH_E_NO_MEMORY, "no memory to call %.200s", rq->url);
    set_up(c, rq, &body);
    yh_err e = err_of(curl.easy_perform(c), rq->url, &body);
    if (e == YH_OK)
        curl.easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
    curl.easy_cleanup(c);
    YH_TRY(e);
    yh_str kept = yh_arena_str(arena, yh_buf_view(&body));
    if (!kept.p)
        return yh_fail(YH_E_NO_MEMORY, "no memory for an answer of %zu bytes", body.n);
    *ret_status = (int)status;
    *ret_body = kept;
    return YH_OK;
}
