/*
 * VictoriaMetrics: a series for each outlet, factor and kind, values as floats, times; no flags, no seq, no reception, no
 * versions. 10,000 values a batch in its Prometheus text format over HTTP. It does not sync, and holds what is new in
 * memory for a second.
 */
#include "app/bench_rival.h"
#include "base/file.h"

#define PROGRAM       "victoria-metrics"
#define MERGE_SECONDS 120
#define QUIET_SECONDS 1
#define BATCH_BYTES (BENCH_RIVAL_BATCH * BENCH_FACTORS * 128u)

static const char *metric_of(series_kind kind)
{
    return kind == SERIES_HOUR ? "hour" : "rtd";
}

/* ---- the server ---- */

static yh_err start(const char *program, const char *dir, struct bench_server *ret)
{
    uint16_t port;
    char address[64], data[4400], log[4400], path[4400];
    YH_TRY(bench_server_port(&port));
    snprintf(path, sizeof path, "%s", program);
    snprintf(address, sizeof address, "-httpListenAddr=127.0.0.1:%u", (unsigned)port);
    snprintf(data, sizeof data, "-storageDataPath=%s/data", dir);
    snprintf(log, sizeof log, "%s/out", dir);
    char retention[] = "-retentionPeriod=100y", level[] = "-loggerLevel=WARN", plain[] = "-http.disableResponseCompression";
    char *args[] = {path, address, data, retention, level, plain, NULL};
    return bench_server_start(args, port, log, "/health", ret);
}

/* ---- filling ---- */

static yh_err send_batch(struct bench_rival *s)
{
    yh_str nothing;
    if (s->records == 0)
        return YH_OK;
    YH_TRY(yh_buf_check(&s->batch));
    YH_TRY(bench_server_ask(&s->server, "/api/v1/import/prometheus", yh_buf_view(&s->batch), &nothing));
    yh_buf_clear(&s->batch);
    s->records = 0;
    return YH_OK;
}

static yh_err take(void *store, const struct series_record *r)
{
    struct bench_rival *s = store;
    for (size_t i = 0; i < r->cell_count; i++) {
        const struct series_cell *c = &r->cells[i];
        yh_buf_puts(&s->batch, metric_of(r->kind));
        yh_buf_puts(&s->batch, "{mn=\"");
        yh_buf_str(&s->batch, r->mn);
        yh_buf_puts(&s->batch, "\",f=\"");
        yh_buf_str(&s->batch, c->factor);
        yh_buf_puts(&s->batch, "\"} ");
        yh_dec_format(c->value, &s->batch);
        yh_buf_putc(&s->batch, ' ');
        yh_buf_i64(&s->batch, r->time);
        yh_buf_putc(&s->batch, '\n');
    }
    return ++s->records == BENCH_RIVAL_BATCH ? send_batch(s) : YH_OK;
}

/* The sum of the figures whose lines in /metrics begin so. */
static yh_err metric(struct bench_rival *s, const char *prefix, double *ret)
{
    yh_str text;
    YH_TRY(bench_server_ask(&s->server, "/metrics", (yh_str){0}, &text));
    size_t n = strlen(prefix);
    *ret = 0;
    while (text.n) {
        const char *end = memchr(text.p, '\n', text.n);
        yh_str line = {text.p, end ? (size_t)(end - text.p) : text.n};
        if (line.n > n && memcmp(line.p, prefix, n) == 0) {
            const char *value = memrchr(line.p, ' ', line.n);
            *ret += value ? strtod(value, NULL) : 0;
        }
        text = yh_str_sub(text, line.n + (end != NULL), text.n);
    }
    return YH_OK;
}

/* Merging goes on behind the answer: it is over when nothing has been at work for some time. */
static yh_err merge(struct bench_rival *s)
{
    yh_str nothing;
    YH_TRY(bench_server_ask(&s->server, "/internal/force_flush", (yh_str){0}, &nothing));
    YH_TRY(bench_server_ask(&s->server, "/internal/force_merge", (yh_str){0}, &nothing));
    double quiet_from = bench_seconds(), until = quiet_from + MERGE_SECONDS, active;
    while (bench_seconds() < quiet_from + QUIET_SECONDS) {
        YH_TRY(metric(s, "vm_active_merges{", &active));
        if (active > 0)
            quiet_from = bench_seconds();
        if (quiet_from > until)
            return yh_fail(YH_E_INTERNAL, "%s merges without end", PROGRAM);
        bench_pause();
    }
    return YH_OK;
}

static yh_err fill(struct bench_rival *s, struct bench_store_times *ret)
{
    struct bench_taker t = {.take = take, .store = s};
    double wall = bench_seconds(), cpu = bench_server_cpu(&s->server), size, rows;
    YH_TRY(bench_data_give(s->data, &t));
    YH_TRY(send_batch(s));
    ret->load_s = bench_seconds() - wall;
    ret->load_cpu_s = bench_server_cpu(&s->server) - cpu;
    YH_TRY(merge(s));
    YH_TRY(metric(s, "vm_data_size_bytes{", &size));
    YH_TRY(metric(s, "vm_rows{type=\"storage/", &rows));
    if (rows != (double)s->data->values)
        return yh_fail(YH_E_INTERNAL, "%s holds %.0f values", PROGRAM, rows);
    ret->bytes = size / (double)s->data->values;
    return YH_OK;
}

/* ---- reading ---- */

/* One line a series; its times are counted by their commas. */
static uint64_t count_values(yh_str lines)
{
    static const char key[] = "\"timestamps\":[";
    uint64_t n = 0;
    const char *at = lines.p, *end = lines.p + lines.n;
    while (at < end && (at = memmem(at, (size_t)(end - at), key, sizeof key - 1)) != NULL)
        for (n++; at < end && *at != ']'; at++)
            n += *at == ',';
    return n;
}

/* One or all factors of an outlet. */
static yh_err range(struct bench_rival *s, unsigned outlet, int factor, series_kind kind, yh_time from, yh_time to, uint64_t *ret_n)
{
    char mn[32], match[128];
    yh_str lines;
    yh_buf_auto target = yh_buf_make(1024);
    bench_mn(outlet, mn);
    int n = snprintf(match, sizeof match, "%s{mn=\"%s\"", metric_of(kind), mn);
    snprintf(match + n, sizeof match - (size_t)n, factor < 0 ? "}" : ",f=\"%s\"}", factor < 0 ? "" : bench_factor((unsigned)factor));
    yh_buf_puts(&target, "/api/v1/export?match%5B%5D=");
    bench_url_escape(&target, match);
    yh_buf_printf(&target, "&start=%.3f&end=%.3f", (double)from / 1e3, (double)(to - 1) / 1e3);
    YH_TRY(bench_server_ask(&s->server, yh_buf_z(&target), (yh_str){0}, &lines));
    *ret_n += count_values(lines);
    return YH_OK;
}

/* By series and day: an answer is a list of ["time","count"] a series, of which every second text is a count. */
static uint64_t sum_counts(yh_str json)
{
    static const char key[] = ",\"";
    uint64_t sum = 0;
    const char *values = memmem(json.p, json.n, "\"values\":", 9), *end = json.p + json.n;
    while (values) {
        const char *stop = memmem(values, (size_t)(end - values), "]]", 2);
        const char *at = values;
        while (stop && (at = memmem(at, (size_t)(stop - at), key, 2)) != NULL)
            sum += strtoull(at += 2, NULL, 10);
        values = stop ? memmem(stop, (size_t)(end - stop), "\"values\":", 9) : NULL;
    }
    return sum;
}

static yh_err above(void *store, uint64_t *ret_n)
{
    struct bench_rival *s = store;
    char query[128];
    yh_str json;
    yh_buf_auto target = yh_buf_make(1024);
    snprintf(query, sizeof query, "count_gt_over_time(rtd[1d], %.2f)", (double)s->data->limit / 100);
    size_t days = s->data->steps[SERIES_RTD] / (size_t)(YH_DAY / BENCH_STEP);
    double first = (double)(BENCH_START + YH_DAY - 1) / 1e3;
    yh_buf_puts(&target, "/api/v1/query_range?nocache=1&query=");
    bench_url_escape(&target, query);
    yh_buf_printf(&target, "&start=%.3f&end=%.3f&step=86400", first, first + (double)(days - 1) * 86400);
    YH_TRY(bench_server_ask(&s->server, yh_buf_z(&target), (yh_str){0}, &json));
    *ret_n = sum_counts(json);
    return YH_OK;
}

static const struct bench_rival_kind kind = {PROGRAM, "victoria", BATCH_BYTES, start, fill, range, above};

yh_err bench_victoria(const struct bench *b, const struct bench_data *d, bool *ret_there, struct bench_store_times *ret)
{
    return bench_rival_measure(b, d, &kind, ret_there, ret);
}
