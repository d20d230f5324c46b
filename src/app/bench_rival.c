#include "app/bench_rival.h"

#include "base/file.h"

static yh_err day(void *store, unsigned outlet, unsigned factor, uint64_t *ret_n)
{
    struct bench_rival *r = store;
    return r->how->range(r, outlet, (int)factor, SERIES_RTD, BENCH_START, BENCH_START + YH_DAY, ret_n);
}

static yh_err month(void *store, unsigned outlet, uint64_t *ret_n)
{
    struct bench_rival *r = store;
    return r->how->range(r, outlet, -1, SERIES_HOUR, BENCH_START, BENCH_START + BENCH_HOUR_DAYS * YH_DAY, ret_n);
}

static double cpu_of(const void *store)
{
    const struct bench_rival *r = store;
    return bench_server_cpu(&r->server) + (double)bench_thread_ns() / 1e9;
}

static yh_err run(struct bench_rival *r, const char *program, const char *dir, struct bench_store_times *ret)
{
    const struct bench_reader reader = {day, month, r->how->above, cpu_of};
    YH_TRY(r->how->start(program, dir, &r->server));
    YH_TRY(r->how->fill(r, ret));
    return bench_store_read(r->data, &reader, r, ret);
}

yh_err bench_rival_measure(const struct bench *b, const struct bench_data *d, const struct bench_rival_kind *how,
                           bool *ret_there, struct bench_store_times *ret)
{
    char program[4200], dir[sizeof b->dir + 32];
    *ret_there = bench_server_find(how->program, program, sizeof program);
    if (!*ret_there)
        return YH_OK;
    snprintf(dir, sizeof dir, "%s/%s", b->dir, how->folder);
    YH_TRY(yh_dir_make(dir));
    struct bench_rival r = {.how = how, .data = d, .batch = yh_buf_make(how->batch_bytes), .server = {.fd = -1}};
    *ret = (struct bench_store_times){0};
    yh_err e = run(&r, program, dir, ret);
    bench_server_stop(&r.server);
    yh_buf_done(&r.batch);
    bench_folder_remove(dir);
    return e;
}
