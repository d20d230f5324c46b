#include "monitor/station_scope.h"

#include "kit/session_http.h"
#include "monitor/registry.h"

bool station_in_scope(const struct kit_scope *scope, const struct live_station *s)
{
    if (scope->all)
        return true;
    if (!s || !s->known || !s->info)
        return false;
    return kit_scope_has(scope, KIT_SCOPE_REGION, s->info->region_code) ||
           kit_scope_has_id(scope, KIT_SCOPE_ENTERPRISE, s->info->enterprise_id) ||
           kit_scope_has(scope, KIT_SCOPE_STATION, yh_str_of(s->mn));
}

yh_err station_reached(const struct http_request *rq, struct live *live, yh_str mn, bool *ret)
{
    struct kit_scope scope;
    YH_TRY(kit_scope_of(rq, &scope));
    live_lock(live);
    *ret = station_in_scope(&scope, live_find(live, mn));
    live_unlock(live);
    return YH_OK;
}

void station_topic(const struct live_station *s, yh_str mn, yh_buf *out)
{
    bool known = s && s->known && s->info;
    yh_buf_puts(out, KIT_TOPIC_STATION "\t");
    yh_buf_str(out, known ? s->info->region_code : YH_S(""));
    yh_buf_putc(out, '\t');
    if (known)
        yh_buf_i64(out, s->info->enterprise_id);
    yh_buf_putc(out, '\t');
    if (known)
        yh_buf_str(out, mn);
}
