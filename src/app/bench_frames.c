/* Frames to measure with, and the clocks. */
#include <time.h>

#include "app/bench.h"
#include "base/file.h"
#include "hj212/compose.h"

#define MADE_FRAMES 4000u
#define MADE_HOUR   1704074400000 /* 2024-01-01 10:00 +08:00 */
#define PAUSE_NS    20000000

double bench_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int64_t bench_thread_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

void bench_pause(void)
{
    const struct timespec t = {0, PAUSE_NS};
    (void)nanosleep(&t, NULL);
}

static void put_factors(yh_buf *cp, unsigned number)
{
    static const char *const codes[] = {"a34013", "a21026", "a21002", "a19001", "a01011",
                                        "a01012", "a01013", "a01014", "a00000", "a21005"};
    for (unsigned i = 0; i < YH_LEN(codes); i++) {
        unsigned v = (number * 37 + i * 1009) % 10000;
        yh_buf_printf(cp, ";%s-Rtd=%u.%02u,%s-Flag=N", codes[i], v / 100, v % 100, codes[i]);
    }
}

static yh_err make_frame(unsigned number, yh_buf *cp, yh_buf *out)
{
    char mn[25];
    yh_buf_auto qn = yh_buf_make(32);
    yh_time at = MADE_HOUR + (yh_time)number * YH_HOUR / MADE_FRAMES;
    snprintf(mn, sizeof mn, "MADE%010u", number % 100);
    hj212_time_format(at, YH_CST, true, &qn);
    yh_buf_clear(cp);
    yh_buf_puts(cp, "DataTime=");
    hj212_time_format(at, YH_CST, false, cp);
    put_factors(cp, number);
    struct hj212_message m = {.qn = yh_buf_view(&qn), .st = YH_S("31"), .cn = YH_S("2011"), .pw = YH_S("123456"),
                              .mn = yh_str_of(mn), .flag = 5, .cp = yh_buf_view(cp)};
    return hj212_compose(&m, out);
}

/* Through a file, so that made frames and captured ones take the same way. */
static yh_err make_file(struct bench *b, char *path, size_t size)
{
    yh_buf_auto cp = yh_buf_make(4096), out = yh_buf_make(MADE_FRAMES * 4096);
    for (unsigned i = 0; i < MADE_FRAMES; i++)
        YH_TRY(make_frame(i, &cp, &out));
    if (snprintf(path, size, "%s/2024-01-01_10.h212", b->dir) >= (int)size)
        return yh_fail(YH_E_TOO_LARGE, "path too long: %s", b->dir);
    return yh_file_replace(path, yh_buf_view(&out), 0600);
}

yh_err bench_frames_load(struct bench *b)
{
    char made[sizeof b->dir + 32];
    for (; b->capture_count < b->options.file_count; b->capture_count++)
        YH_TRY(capture_load(b->options.files[b->capture_count], &b->loggers, &b->captures[b->capture_count]));
    if (b->capture_count)
        return YH_OK;
    YH_TRY(make_file(b, made, sizeof made));
    YH_TRY(capture_load(made, &b->loggers, &b->captures[0]));
    b->capture_count = 1;
    return YH_OK;
}
