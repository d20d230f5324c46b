/* Decoding: bytes to frames, items, times and dictionary rows, against copying the same bytes. One core, CPU time. */
#include "app/bench.h"
#include "hj212/dict.h"

struct work {
    struct hj212_frame frame;
    yh_buf scratch;
    char *copy;
    size_t bytes; /* of all captures */
    volatile uint64_t sink; /* so that nothing is left out */
};

static yh_err prepare(struct bench *b)
{
    struct work *w = calloc(1, sizeof *w);
    b->own = w;
    if (!w)
        return yh_fail(YH_E_NO_MEMORY, "no memory to decode");
    w->scratch = yh_buf_make(HJ212_BUFFER_MAX);
    YH_TRY(bench_frames_load(b));
    size_t largest = 0;
    for (size_t i = 0; i < b->capture_count; i++) {
        w->bytes += b->captures[i].bytes.n;
        largest = b->captures[i].bytes.n > largest ? b->captures[i].bytes.n : largest;
    }
    w->copy = malloc(largest);
    return w->copy ? YH_OK : yh_fail(YH_E_NO_MEMORY, "no memory to copy %zu bytes", largest);
}

static void done(struct bench *b)
{
    struct work *w = b->own;
    if (!w)
        return;
    yh_buf_done(&w->scratch);
    free(w->copy);
    free(w);
}

static void decode_one(struct work *w, const struct hj212_event *event)
{
    static const struct hj212_key none;
    hj212_parse(event->raw, &none, &w->scratch, &w->frame);
    unsigned at = 0;
    struct hj212_measure m;
    yh_time time = 0;
    (void)hj212_time_parse(hj212_field(&w->frame, "DataTime"), YH_CST, &time);
    uint64_t seen = (uint64_t)time;
    while (hj212_next_measure(&w->frame, &at, &m))
        seen += (uint64_t)m.value.m + (hj212_factor_find(m.factor) != NULL);
    w->sink = w->sink + seen;
}

static uint64_t walk(struct work *w, yh_str rest, void (*each)(struct work *w, const struct hj212_event *event))
{
    struct hj212_framer framer = {0};
    struct hj212_event event;
    uint64_t frames = 0;
    while (rest.n && hj212_framer_next(&framer, rest, true, &event) != HJ212_NEED_MORE) {
        if (event.kind != HJ212_JUNK) {
            frames++;
            each(w, &event);
        }
        rest = yh_str_sub(rest, event.consumed, rest.n);
    }
    return frames;
}

static void cut_one(struct work *w, const struct hj212_event *event)
{
    w->sink = w->sink + event->segment.n;
}

/* All captures until so many frames have passed; *ret_passes times all bytes. */
static double timed_walk(const struct bench *b, void (*each)(struct work *w, const struct hj212_event *event),
                         uint64_t *ret_frames, unsigned *ret_passes)
{
    struct work *w = b->own;
    int64_t start = bench_thread_ns();
    *ret_frames = 0;
    *ret_passes = 0;
    while (*ret_frames < (uint64_t)b->options.frames) {
        for (size_t i = 0; i < b->capture_count; i++)
            *ret_frames += walk(w, yh_buf_view(&b->captures[i].bytes), each);
        ++*ret_passes;
    }
    return (double)(bench_thread_ns() - start) / 1e9;
}

static double timed_copy(const struct bench *b, unsigned passes)
{
    struct work *w = b->own;
    int64_t start = bench_thread_ns();
    for (unsigned p = 0; p < passes; p++) {
        for (size_t i = 0; i < b->capture_count; i++) {
            memcpy(w->copy, b->captures[i].bytes.p, b->captures[i].bytes.n);
            w->sink = w->sink + (unsigned char)w->copy[p % b->captures[i].bytes.n];
        }
    }
    return (double)(bench_thread_ns() - start) / 1e9;
}

static yh_err run(struct bench *b, unsigned number, double *ret)
{
    const struct work *w = b->own;
    uint64_t frames, cut_frames;
    unsigned passes, cut_passes;
    (void)number;
    double decode = timed_walk(b, decode_one, &frames, &passes);
    double copy = timed_copy(b, passes);
    double cut = timed_walk(b, cut_one, &cut_frames, &cut_passes);
    ret[0] = (double)frames / decode;
    ret[1] = (double)w->bytes * passes / decode / 1e6;
    ret[2] = copy / decode;
    ret[3] = (double)cut_frames / cut;
    return YH_OK;
}

const struct bench_row bench_decode = {
    .name = "decode",
    .figures = {"frames_per_s", "mb_per_s", "ratio_to_memcpy", "cut_frames_per_s"},
    .prepare = prepare, .run = run, .done = done,
};
