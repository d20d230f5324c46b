#include "app/descriptors.h"

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

struct descriptors descriptors_share(uint64_t limit, unsigned wanted)
{
    uint64_t own = least(DESCRIPTORS_OWN, limit / 4), http = least(DESCRIPTORS_HTTP, limit / 4);
    uint64_t places = least(limit - own - http, (uint64_t)wanted + wanted / LIMITS_KEPT);
    uint64_t loggers = least(wanted, places - places / (LIMITS_KEPT + 1));
    while (loggers && loggers + loggers / LIMITS_KEPT > places) /* by at most one: both divisions round down */
        loggers--;
    return (struct descriptors){
        .loggers = (unsigned)loggers,
        .http = (unsigned)least(DESCRIPTORS_HTTP_MOST, limit - own - places),
    };
}
