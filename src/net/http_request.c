#include "net/http_internal.h"

yh_str http_path_param(const struct http_request *rq, const char *name)
{
    yh_str rest = yh_str_of(rq->route->path);
    yh_str segment;
    for (size_t at = 0; yh_str_split(&rest, '/', &segment);) {
        if (segment.n < 3 || segment.p[0] != '{')
            continue;
        if (yh_str_is(yh_str_sub(segment, 1, segment.n - 2), name))
            return rq->reply->match.param[at];
        at++;
    }
    return YH_S("");
}

bool http_query(const struct http_request *rq, const char *name, yh_str *ret)
{
    const struct http_param *p = http_params_find(&rq->reply->params, name);
    if (p)
        *ret = p->value;
    return p != NULL;
}

int64_t http_query_int(const struct http_request *rq, const char *name, int64_t otherwise)
{
    yh_str text;
    int64_t v;
    return http_query(rq, name, &text) && yh_str_to_i64(text, &v) ? v : otherwise;
}

yh_time http_query_time(const struct http_request *rq, const char *name, yh_time otherwise)
{
    yh_str text;
    yh_time t;
    return http_query(rq, name, &text) && yh_time_parse(text, YH_CST, &t) ? t : otherwise;
}

yh_str http_header(const struct http_request *rq, const char *name)
{
    return yh_str_of(MHD_lookup_connection_value(rq->reply->mhd, MHD_HEADER_KIND, name));
}

yh_str http_cookie(const struct http_request *rq, const char *name)
{
    return yh_str_of(MHD_lookup_connection_value(rq->reply->mhd, MHD_COOKIE_KIND, name));
}

yh_str http_body_str(const struct http_request *rq, const char *name)
{
    const json_t *v = json_object_get(rq->body, name);
    return json_is_string(v) ? (yh_str){json_string_value(v), json_string_length(v)} : YH_S("");
}
