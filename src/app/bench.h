/*
 * `yuheng bench`: what the program does per second on this machine, always beside a bare baseline that runs in turn with
 * it in the same process, so that the ratio means something on a busy machine.
 *
 * A bench is a row: it prepares once, then gives its figures run by run; what is printed are all runs and the median of
 * each figure. docs/internals/performance.md says how every figure is measured.
 */
#ifndef YH_APP_BENCH_H
#define YH_APP_BENCH_H

#include "app/capture.h"
#include "base/json.h"

#define BENCH_FIGURES_MAX 80
#define BENCH_FILES_MAX   16
#define BENCH_CORES       2 /* shares are told of two cores, the smallest machine we promise to run on */

struct bench_options {
    int64_t runs, frames, connections, window, seconds, rate, idle, outlets, days;
    const char *dir; /* a folder of its own is made in it and removed at the end */
    char *const *files;
    size_t file_count;
};

struct bench {
    struct bench_options options;
    char dir[4096];
    struct capture_loggers loggers;
    struct capture captures[BENCH_FILES_MAX];
    size_t capture_count;
    void *own; /* of the bench that runs */
};

struct bench_row {
    const char *name;
    const char *figures[BENCH_FIGURES_MAX]; /* NULL ends it when shorter; "rows.day_us" stands in an object "rows" */
    yh_err (*prepare)(struct bench *b);
    yh_err (*run)(struct bench *b, unsigned run, double *ret); /* one number per figure; NAN: not measured */
    void (*done)(struct bench *b);                             /* also after a failed prepare */
    void (*notes)(const struct bench *b, struct yh_json *j);   /* more keys of the JSON; may be NULL */
};

extern const struct bench_row bench_decode, bench_ingest, bench_store, bench_http;

/* The files given, or frames of our own making when none are: ten factors, edition 2017. */
yh_must yh_err bench_frames_load(struct bench *b);

int64_t bench_thread_ns(void); /* CPU time of the calling thread */
double bench_seconds(void);    /* monotonic */
void bench_pause(void);        /* some milliseconds, while something outside is waited for */
void bench_folder_remove(const char *path);

#endif
