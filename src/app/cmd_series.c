#include <unistd.h>

#include "app/business.h"
#include "app/cli.h"
#include "app/cmd.h"
#include "app/offline.h"
#include "base/file.h"
#include "base/json.h"

#define ROWS_MAX  ((size_t)1 << 26)
#define CHUNK     ((size_t)64 * 1024)
#define CHUNK_MAX ((size_t)1024 * 1024)

struct query {
    yh_str mn, factor;
    series_kind kind;
    yh_time from, to;
    bool json;
};

struct entry {
    series_field field;
    struct series_value v;
};

struct entries {
    struct entry *p;
    size_t n, cap;
    series_field field; /* being collected */
    bool seen[SERIES_FIELD_COUNT];
    yh_err error;
};

/* What is printed of a record, in this order; `always` also when no record has it. */
struct column {
    const char *name;
    series_field field;
    bool always;
};

static const struct column rtd_columns[] = {{"value", SERIES_F_RTD, true}};
static const struct column aggregate_columns[] = {
    {"min", SERIES_F_MIN, true},       {"avg", SERIES_F_AVG, true},       {"max", SERIES_F_MAX, true},
    {"cou", SERIES_F_COU, true},       {"zsmin", SERIES_F_ZS_MIN, false}, {"zsavg", SERIES_F_ZS_AVG, false},
    {"zsmax", SERIES_F_ZS_MAX, false},
};

static const struct column *columns_of(series_kind kind, size_t *ret_n)
{
    if (kind == SERIES_RTD) {
        *ret_n = YH_LEN(rtd_columns);
        return rtd_columns;
    }
    *ret_n = YH_LEN(aggregate_columns);
    return aggregate_columns;
}

static bool collect(void *user, const struct series_value *v)
{
    struct entries *all = user;
    if (all->n == all->cap) {
        size_t cap = all->cap ? all->cap * 2 : 1024;
        struct entry *p = cap <= ROWS_MAX ? reallocarray(all->p, cap, sizeof *p) : NULL;
        if (!p) {
            all->error = yh_fail(YH_E_TOO_LARGE, "more than %zu values, ask for a shorter span", all->n);
            return false;
        }
        all->p = p;
        all->cap = cap;
    }
    all->p[all->n++] = (struct entry){all->field, *v};
    all->seen[all->field] = true;
    return true;
}

static int compare_entries(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->v.time != y->v.time)
        return x->v.time < y->v.time ? -1 : 1;
    return (x->field > y->field) - (x->field < y->field);
}

static yh_err collect_all(struct series *s, const struct query *q, struct entries *all)
{
    size_t n;
    const struct column *columns = columns_of(q->kind, &n);
    for (size_t i = 0; i < n; i++) {
        all->field = columns[i].field;
        YH_TRY(series_range(s, q->mn, q->kind, q->factor, columns[i].field, q->from, q->to, collect, all));
        YH_TRY(all->error);
    }
    qsort(all->p, all->n, sizeof *all->p, compare_entries);
    return YH_OK;
}

/* ---- printing: one record = the entries of one data time ---- */

static const struct entry *entry_of(const struct entry *record, size_t n, series_field field)
{
    for (size_t i = 0; i < n; i++)
        if (record[i].field == field)
            return &record[i];
    return NULL;
}

/* The flag belongs to the factor; the fields of one record carry the same one. */
static char flag_of(const struct entry *record, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (record[i].v.flag)
            return record[i].v.flag;
    return 0;
}

static bool is_printed(const struct column *c, const struct entries *all)
{
    return c->always || all->seen[c->field];
}

static void csv_head(const struct query *q, const struct entries *all, yh_buf *out)
{
    size_t n;
    const struct column *columns = columns_of(q->kind, &n);
    yh_buf_puts(out, "time");
    for (size_t i = 0; i < n; i++)
        if (is_printed(&columns[i], all))
            yh_buf_printf(out, ",%s", columns[i].name);
    yh_buf_puts(out, ",flag\n");
}

static void csv_record(const struct query *q, const struct entries *all, const struct entry *record,
                       size_t record_n, yh_buf *out)
{
    size_t n;
    const struct column *columns = columns_of(q->kind, &n);
    yh_time_rfc3339(record[0].v.time, YH_CST, out);
    for (size_t i = 0; i < n; i++) {
        if (!is_printed(&columns[i], all))
            continue;
        const struct entry *e = entry_of(record, record_n, columns[i].field);
        yh_buf_putc(out, ',');
        if (e)
            yh_dec_format(e->v.value, out);
    }
    char flag = flag_of(record, record_n);
    yh_buf_putc(out, ',');
    yh_buf_add(out, &flag, flag ? 1 : 0);
    yh_buf_putc(out, '\n');
}

static void json_record(const struct query *q, const struct entries *all, const struct entry *record,
                        size_t record_n, yh_buf *out)
{
    size_t n;
    const struct column *columns = columns_of(q->kind, &n);
    struct yh_json j = yh_json_to(out);
    uint64_t seq = record[0].v.last_seq;
    unsigned versions = 1;
    yh_json_obj(&j);
    yh_json_ktime(&j, "time", record[0].v.time);
    for (size_t i = 0; i < n; i++) {
        if (!is_printed(&columns[i], all))
            continue;
        const struct entry *e = entry_of(record, record_n, columns[i].field);
        yh_json_key(&j, columns[i].name);
        if (!e) {
            yh_json_null(&j);
            continue;
        }
        yh_json_dec(&j, e->v.value);
        seq = e->v.seq < seq ? e->v.seq : seq;
        versions = e->v.versions > versions ? e->v.versions : versions;
    }
    char flag = flag_of(record, record_n);
    yh_json_kstr(&j, "flag", (yh_str){&flag, flag ? 1 : 0});
    yh_json_ku64(&j, "seq", seq);
    yh_json_ku64(&j, "versions", versions);
    yh_json_obj_end(&j);
}

static yh_err put_out(yh_buf *out)
{
    YH_TRY(yh_buf_check(out));
    YH_TRY(yh_write_full(STDOUT_FILENO, "standard output", out->p, out->n));
    yh_buf_clear(out);
    return YH_OK;
}

static yh_err print_all(const struct query *q, const struct entries *all)
{
    yh_buf_auto out = yh_buf_make(CHUNK_MAX);
    if (q->json)
        yh_buf_putc(&out, '[');
    else
        csv_head(q, all, &out);
    for (size_t from = 0, to; from < all->n; from = to) {
        to = from + 1;
        while (to < all->n && all->p[to].v.time == all->p[from].v.time)
            to++;
        if (q->json) {
            yh_buf_puts(&out, from ? ",\n" : "\n");
            json_record(q, all, all->p + from, to - from, &out);
        } else {
            csv_record(q, all, all->p + from, to - from, &out);
        }
        if (out.n >= CHUNK)
            YH_TRY(put_out(&out));
    }
    if (q->json)
        yh_buf_puts(&out, all->n ? "\n]\n" : "]\n");
    return put_out(&out);
}

static void series_closep(struct series **s)
{
    series_close(*s);
}

static yh_err run(const char *data_dir, const char *db, const struct query *q)
{
    struct data_paths paths;
    YH_TRY(data_dir_existing(data_dir, &paths));
    yh_cleanup(series_closep) struct series *s = NULL;
    YH_TRY(series_open(&(struct series_config){.path = paths.series, .read_only = true}, &s));
    YH_TRY(catch_up(data_dir, db, s));
    struct entries all = {0};
    yh_err e = collect_all(s, q, &all);
    if (e == YH_OK)
        e = print_all(q, &all);
    free(all.p);
    return e;
}

int cmd_series(int argc, char **argv)
{
    const char *data = NULL, *db = NULL, *mn = NULL, *factor = NULL, *kind = "rtd", *format = "csv";
    struct query q = {.from = INT64_MIN, .to = INT64_MAX};
    const struct cli_option rows[] = {
        {"--data", CLI_TEXT, &data, "DIR", "数据目录", true},
        business_option(&db),
        {"--mn", CLI_TEXT, &mn, "MN", "设备编码", true},
        {"--factor", CLI_TEXT, &factor, "CODE", "因子编码", true},
        {"--kind", CLI_TEXT, &kind, "KIND", "rtd(默认)、minute、hour 或 day", false},
        {"--from", CLI_TIME, &q.from, "T", "起始时间(含)", false},
        {"--to", CLI_TIME, &q.to, "T", "结束时间(不含)", false},
        {"--format", CLI_TEXT, &format, "FORMAT", "csv(默认)或 json", false},
    };
    const struct cli_command cmd = {
        "yuheng series --data DIR --mn MN --factor CODE [--kind KIND] [--from T] [--to T] "
        "[--format csv|json]",
        "输出已存储的监测值",
        rows,
        YH_LEN(rows),
        0,
        0};
    int n, status;
    if (!cli_parse(&cmd, argc, argv, &n, &status))
        return status;
    q.mn = yh_str_of(mn);
    q.factor = yh_str_of(factor);
    q.json = strcmp(format, "json") == 0;
    if (!series_kind_of(yh_str_of(kind), &q.kind)) {
        fprintf(stderr, "yuheng: --kind is rtd, minute, hour or day, not '%s'\n", kind);
        return CLI_USAGE;
    }
    if (!q.json && strcmp(format, "csv") != 0) {
        fprintf(stderr, "yuheng: --format is csv or json, not '%s'\n", format);
        return CLI_USAGE;
    }
    return run(data, db, &q) == YH_OK ? CLI_OK : cli_fail(CLI_USAGE, "series");
}
