#include "db/db_pq.h"

#include <dlfcn.h>
#include <pthread.h>

#define LIBRARY "libpq.so.5"

static yh_err find(void *library, const char *name, void *ret_function)
{
    void *at = dlsym(library, name);
    if (!at)
        return yh_fail(YH_E_UNSUPPORTED, "%s is too old for this program: it has no %s", LIBRARY, name);
    memcpy(ret_function, &at, sizeof at);
    return YH_OK;
}

yh_err db_pq_load_from(const char *library, struct db_pq *ret)
{
    void *so = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    if (!so)
        return yh_fail(YH_E_UNSUPPORTED, "PostgreSQL needs the library libpq (Debian: apt install libpq5): %s", dlerror());
#define DB_PQ_FIND(type, name, args) YH_TRY(find(so, "PQ" #name, &ret->name));
    DB_PQ_FUNCTIONS(DB_PQ_FIND)
#undef DB_PQ_FIND
    return YH_OK;
}

static struct db_pq loaded;
static bool is_loaded;

yh_err db_pq_load(const struct db_pq **ret)
{
    static pthread_mutex_t loading = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&loading);
    yh_err e = is_loaded ? YH_OK : db_pq_load_from(LIBRARY, &loaded);
    is_loaded = e == YH_OK;
    pthread_mutex_unlock(&loading);
    if (e == YH_OK)
        *ret = &loaded;
    return e;
}
