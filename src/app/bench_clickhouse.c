/*
 * ClickHouse: one wide MergeTree table a kind, a row for each record with values, flags, seq and reception; RowBinary over
 * HTTP, 10,000 values a batch. It does not sync: what it acknowledged may be lost with the power.
 */
#include "app/bench_rival.h"
#include "base/file.h"

#define BATCH_BYTES (BENCH_RIVAL_BATCH * 256u)

/* zstd rather than the default lz4: its best size, as ours. */
static const char config_text[] =
    "<?xml version=\"1.0\"?>\n<yandex>\n"
    "<logger><level>warning</level><log>%s/log</log><errorlog>%s/errors</errorlog></logger>\n"
    "<http_port>%u</http_port><listen_host>127.0.0.1</listen_host><timezone>UTC</timezone>\n"
    "<path>%s/data/</path><tmp_path>%s/tmp/</tmp_path><format_schema_path>%s/schemas/</format_schema_path>\n"
    "<compression><case><min_part_size>0</min_part_size><min_part_size_ratio>0</min_part_size_ratio>"
    "<method>zstd</method></case></compression>\n"
    "<mark_cache_size>67108864</mark_cache_size><users_config>%s/users.xml</users_config>\n"
    "<default_profile>default</default_profile><default_database>default</default_database>\n</yandex>\n";

static const char users_text[] =
    "<?xml version=\"1.0\"?>\n<yandex><profiles><default></default></profiles>\n"
    "<users><default><password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile>"
    "<quota>default</quota></default></users>\n<quotas><default></default></quotas></yandex>\n";

static const char *table_of(series_kind kind)
{
    return kind == SERIES_HOUR ? "hour" : "rtd";
}

/* ---- the server ---- */

static yh_err ask(struct bench_rival *s, const char *sql, yh_str body, yh_str *ret)
{
    yh_buf_auto target = yh_buf_make(16384);
    yh_buf_puts(&target, "/?query=");
    bench_url_escape(&target, sql);
    return bench_server_ask(&s->server, yh_buf_z(&target), body, ret);
}

/* Statements that change something must come by POST. */
static yh_err tell(struct bench_rival *s, const char *sql)
{
    yh_str nothing;
    return bench_server_ask(&s->server, "/", yh_str_of(sql), &nothing);
}

static yh_err write_config(const char *dir, uint16_t port)
{
    char path[4400];
    yh_buf_auto text = yh_buf_make(65536);
    static const char *const folders[] = {"data", "tmp", "schemas"};
    for (size_t i = 0; i < YH_LEN(folders); i++) {
        snprintf(path, sizeof path, "%s/%s", dir, folders[i]);
        YH_TRY(yh_dir_make(path));
    }
    yh_buf_printf(&text, config_text, dir, dir, (unsigned)port, dir, dir, dir, dir);
    YH_TRY(yh_buf_check(&text));
    snprintf(path, sizeof path, "%s/config.xml", dir);
    YH_TRY(yh_file_replace(path, yh_buf_view(&text), 0600));
    snprintf(path, sizeof path, "%s/users.xml", dir);
    return yh_file_replace(path, yh_str_of(users_text), 0600);
}

static yh_err start(const char *program, const char *dir, struct bench_server *ret)
{
    uint16_t port;
    char option[4400], log[4400], path[4400];
    YH_TRY(bench_server_port(&port));
    YH_TRY(write_config(dir, port));
    snprintf(option, sizeof option, "--config-file=%s/config.xml", dir);
    snprintf(log, sizeof log, "%s/out", dir);
    snprintf(path, sizeof path, "%s", program);
    char *args[] = {path, option, NULL};
    return bench_server_start(args, port, log, "/", ret);
}

static yh_err make_table(struct bench_rival *s, series_kind kind)
{
    yh_buf_auto sql = yh_buf_make(4096);
    yh_buf_printf(&sql, "CREATE TABLE %s (mn String, day Date, time Int64, seq UInt64, received Int64", table_of(kind));
    for (unsigned f = 0; f < BENCH_FACTORS; f++)
        yh_buf_printf(&sql, ", v%u Int64, f%u UInt8", f, f);
    yh_buf_puts(&sql, ") ENGINE = MergeTree() PARTITION BY toYYYYMM(day) ORDER BY (mn, time)");
    return tell(s, yh_buf_z(&sql));
}

/* ---- filling ---- */

static yh_err send_batch(struct bench_rival *s)
{
    char sql[64];
    yh_str nothing;
    if (s->records == 0)
        return YH_OK;
    snprintf(sql, sizeof sql, "INSERT INTO %s FORMAT RowBinary", table_of(s->kind));
    YH_TRY(yh_buf_check(&s->batch));
    YH_TRY(ask(s, sql, yh_buf_view(&s->batch), &nothing));
    yh_buf_clear(&s->batch);
    s->records = 0;
    return YH_OK;
}

static void add_i64(yh_buf *b, int64_t v)
{
    yh_buf_add(b, &v, sizeof v); /* little-endian on the wire, and on every machine that is supported */
}

static yh_err take(void *store, const struct series_record *r)
{
    struct bench_rival *s = store;
    if (r->kind != s->kind)
        YH_TRY(send_batch(s));
    s->kind = r->kind;
    yh_buf *b = &s->batch;
    uint16_t day = (uint16_t)(r->time / YH_DAY);
    yh_buf_putc(b, (char)r->mn.n); /* shorter than 128: one byte */
    yh_buf_str(b, r->mn);
    yh_buf_add(b, &day, sizeof day);
    add_i64(b, r->time);
    add_i64(b, (int64_t)r->seq);
    add_i64(b, r->received);
    for (size_t i = 0; i < r->cell_count; i++) {
        add_i64(b, r->cells[i].value.m);
        yh_buf_putc(b, r->cells[i].flag);
    }
    return ++s->records == BENCH_RIVAL_BATCH ? send_batch(s) : YH_OK;
}

static yh_err fill(struct bench_rival *s, struct bench_store_times *ret)
{
    YH_TRY(make_table(s, SERIES_HOUR));
    YH_TRY(make_table(s, SERIES_RTD));
    struct bench_taker t = {.take = take, .store = s};
    double wall = bench_seconds(), cpu = bench_server_cpu(&s->server);
    s->kind = SERIES_HOUR;
    YH_TRY(bench_data_give(s->data, &t));
    YH_TRY(send_batch(s));
    ret->load_s = bench_seconds() - wall;
    ret->load_cpu_s = bench_server_cpu(&s->server) - cpu;
    YH_TRY(tell(s, "OPTIMIZE TABLE hour FINAL"));
    YH_TRY(tell(s, "OPTIMIZE TABLE rtd FINAL"));
    yh_str size;
    YH_TRY(ask(s, "SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND database = 'default'", (yh_str){0}, &size));
    ret->bytes = (double)strtoull(size.p, NULL, 10) / (double)s->data->values;
    return YH_OK;
}

/* ---- reading ---- */

/* One or all factors of an outlet; *ret_n counts values. */
static yh_err range(struct bench_rival *s, unsigned outlet, int factor, series_kind kind, yh_time from, yh_time to, uint64_t *ret_n)
{
    char mn[32];
    yh_str rows;
    yh_buf_auto sql = yh_buf_make(4096);
    bench_mn(outlet, mn);
    yh_buf_puts(&sql, "SELECT time, seq");
    unsigned first = factor < 0 ? 0 : (unsigned)factor, last = factor < 0 ? BENCH_FACTORS - 1 : first;
    for (unsigned f = first; f <= last; f++)
        yh_buf_printf(&sql, ", v%u, f%u", f, f);
    yh_buf_printf(&sql, " FROM %s WHERE mn = '%s' AND time >= %lld AND time < %lld ORDER BY time FORMAT RowBinary",
                  table_of(kind), mn, (long long)from, (long long)to);
    YH_TRY(ask(s, yh_buf_z(&sql), (yh_str){0}, &rows));
    size_t columns = last - first + 1;
    *ret_n += rows.n / (16 + 9 * columns) * columns;
    return YH_OK;
}

/* By outlet, factor and day, as the row store. */
static yh_err above(void *store, uint64_t *ret_n)
{
    struct bench_rival *s = store;
    yh_str rows;
    yh_buf_auto sql = yh_buf_make(4096);
    yh_buf_puts(&sql, "SELECT ");
    for (unsigned f = 0; f < BENCH_FACTORS; f++)
        yh_buf_printf(&sql, "%scountIf(v%u > %lld)", f ? ", " : "", f, (long long)s->data->limit);
    yh_buf_puts(&sql, " FROM rtd GROUP BY mn, day FORMAT RowBinary");
    YH_TRY(ask(s, yh_buf_z(&sql), (yh_str){0}, &rows));
    for (size_t i = 0; i + 8 <= rows.n; i += 8) {
        uint64_t n;
        memcpy(&n, rows.p + i, sizeof n);
        *ret_n += n;
    }
    return YH_OK;
}

static const struct bench_rival_kind kind = {"clickhouse-server", "clickhouse", BATCH_BYTES, start, fill, range, above};

yh_err bench_clickhouse(const struct bench *b, const struct bench_data *d, bool *ret_there, struct bench_store_times *ret)
{
    return bench_rival_measure(b, d, &kind, ret_there, ret);
}
