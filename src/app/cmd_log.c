/* yuheng log verify | export | checkpoint (and cmd_log_store.c): the evidence log from outside, also beside a running server. */
#include "app/cli.h"
#include "app/cmd.h"
#include "app/cmd_log.h"
#include "app/data_dir.h"
#include "base/file.h"
#include "base/json.h"
#include "chain/chain.h"
#include "chain/verify.h"
#include "hj212/text.h"

#define LINE_MAX_BYTES ((size_t)8 << 20) /* a record, every byte escaped, fits */
#define FLUSH_BYTES ((size_t)64 << 10)

static int exit_for(yh_err e)
{
    return e == YH_OK ? CLI_OK : e == YH_E_CORRUPT ? CLI_FAILED : CLI_USAGE;
}

static yh_err put_out(yh_buf *out)
{
    YH_TRY(yh_buf_check(out));
    size_t put = fwrite(out->p, 1, out->n, stdout);
    if (put != out->n || fflush(stdout) != 0)
        return yh_fail_errno("cannot write the output");
    yh_buf_clear(out);
    return YH_OK;
}

/* Always with milliseconds, so that all lines look alike. */
static void json_received(struct yh_json *j, yh_time t)
{
    struct yh_civil c = yh_civil_of(t, YH_CST);
    char text[64];
    snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03d+08:00", c.year, c.month, c.day, c.hour, c.minute,
             c.second, c.ms);
    yh_json_kz(j, "received", text);
}

static void json_damage(struct yh_json *j, const struct chain_damage *d)
{
    yh_json_key(j, "first_bad");
    yh_json_obj(j);
    yh_json_ku64(j, "seq", d->seq);
    if (d->has_record) {
        json_received(j, d->received);
        yh_json_kz(j, "origin", d->origin);
    }
    yh_json_kz(j, "file", d->file);
    yh_json_ku64(j, "offset", d->offset);
    yh_json_kz(j, "cause", d->cause);
    yh_json_obj_end(j);
}

static void json_verdict(yh_buf *out, const struct chain_verdict *v)
{
    struct yh_json j = yh_json_to(out);
    yh_json_obj(&j);
    yh_json_kbool(&j, "ok", !v->damage.found);
    yh_json_ku64(&j, "first", v->first);
    yh_json_ku64(&j, "records", v->records);
    yh_json_key(&j, "root");
    yh_json_hex(&j, v->root.b, YH_SM3_LEN);
    yh_json_ku64(&j, "checkpoints", v->checkpoints);
    yh_json_ku64(&j, "signatures", v->signatures);
    yh_json_ku64(&j, "segments", v->segments);
    yh_json_ku64(&j, "packed", v->packed);
    yh_json_ku64(&j, "torn_bytes", v->torn_bytes);
    yh_json_kbool(&j, "writer_running", v->live);
    if (v->damage.found)
        json_damage(&j, &v->damage);
    yh_json_obj_end(&j);
    yh_buf_putc(out, '\n');
}

static yh_err verify(const struct data_paths *paths, const char *against, bool part)
{
    struct chain_verdict v;
    yh_buf_auto kept = yh_buf_make(65536);
    yh_buf_auto out = yh_buf_make(65536);
    if (against) {
        YH_TRY(yh_file_read(against, &kept));
        if (kept.n == 0)
            return yh_fail(YH_E_INVALID, "%s is empty", against);
    }
    yh_err e = part ? chain_verify_part(paths->log, yh_buf_view(&kept), &v)
                    : chain_verify(paths->log, yh_buf_view(&kept), &v);
    if (e != YH_OK && !v.damage.found)
        return e;
    json_verdict(&out, &v);
    YH_TRY(put_out(&out));
    return v.damage.found ? yh_fail(YH_E_CORRUPT, "%s", v.damage.cause) : YH_OK;
}

static int cmd_verify(int argc, char **argv)
{
    const char *data = NULL, *against = NULL;
    bool part = false;
    const struct cli_option options[] = {
        {"--data", CLI_TEXT, &data, "DIR", "数据目录", true},
        {"--against", CLI_TEXT, &against, "CHECKPOINT", "另行保存的检查点文件,用于发现截断与回滚", false},
        {"--part", CLI_FLAG, &part, NULL, "数据目录是 log copy 复制出来的一部分", false},
    };
    const struct cli_command cmd = {
        .usage = "yuheng log verify --data DIR [--against CHECKPOINT] [--part]",
        .summary = "逐字节重读证据日志,核对每条记录、哈希树、检查点与签名;不成立时退出码为 1 并指出第一条",
        .options = options,
        .option_count = YH_LEN(options),
    };
    int args, code;
    struct data_paths paths;
    if (!cli_parse(&cmd, argc, argv, &args, &code))
        return code;
    yh_err e = data_dir_existing(data, &paths);
    if (e == YH_OK)
        e = verify(&paths, against, part);
    return e == YH_OK ? CLI_OK : cli_fail(exit_for(e), "log verify");
}

struct filter {
    yh_time from, to; /* from <= received < to */
    yh_str mn;        /* empty: all */
};

static bool wanted(const struct filter *f, const struct chain_record *r)
{
    return (r->kind == CHAIN_FRAME || r->kind == CHAIN_BAD) && r->received >= f->from && r->received < f->to &&
           (f->mn.n == 0 || yh_str_eq(f->mn, r->origin));
}

static void export_line(yh_buf *out, yh_buf *escaped, const struct chain_record *r, const yh_sm3_hash *leaf)
{
    struct yh_json j = yh_json_to(out);
    yh_buf_clear(escaped);
    hj212_escape(r->payload, escaped);
    yh_json_obj(&j);
    yh_json_ku64(&j, "seq", r->seq);
    json_received(&j, r->received);
    yh_json_kstr(&j, "mn", r->origin);
    yh_json_key(&j, "leaf");
    yh_json_hex(&j, leaf->b, YH_SM3_LEN);
    yh_json_kstr(&j, "frame", yh_buf_view(escaped));
    yh_json_kz(&j, "kind", r->kind == CHAIN_BAD ? "bad" : "frame");
    yh_json_obj_end(&j);
    yh_buf_putc(out, '\n');
}

static yh_err export_records(struct chain_cursor *cur, uint64_t end, const struct filter *f)
{
    yh_buf_auto out = yh_buf_make(2 * LINE_MAX_BYTES);
    yh_buf_auto escaped = yh_buf_make(LINE_MAX_BYTES);
    struct chain_record r = {0};
    yh_sm3_hash leaf;
    yh_err e;
    while ((e = chain_cursor_next(cur, &r, &leaf)) == YH_OK && r.seq < end) {
        if (wanted(f, &r))
            export_line(&out, &escaped, &r, &leaf);
        if (out.n >= FLUSH_BYTES || out.failed)
            YH_TRY(put_out(&out));
    }
    if (e != YH_OK && e != YH_E_NOT_FOUND)
        return e;
    return put_out(&out);
}

/* Up to what is durable now: beside a running server the export ends. */
static yh_err export_log(const struct data_paths *paths, const struct filter *f)
{
    struct chain_config config = {.read_only = true};
    struct chain *c;
    struct chain_cursor *cur;
    uint64_t from = 0;
    YH_TRY(chain_open(paths->log, &config, NULL, &c));
    yh_err e = chain_seek_time(c, f->from, &from);
    uint64_t end = chain_durable(c);
    if (e == YH_OK)
        e = chain_cursor_open(c, from, &cur);
    if (e == YH_OK) {
        e = export_records(cur, end, f);
        chain_cursor_close(cur);
    }
    chain_close(c);
    return e;
}

static int cmd_export(int argc, char **argv)
{
    const char *data = NULL, *mn = NULL;
    struct filter f = {.from = YH_TIME_NONE, .to = INT64_MAX};
    const struct cli_option options[] = {
        {"--data", CLI_TEXT, &data, "DIR", "数据目录", true},
        {"--from", CLI_TIME, &f.from, "T", "接收时间不早于", false},
        {"--to", CLI_TIME, &f.to, "T", "接收时间早于", false},
        {"--mn", CLI_TEXT, &mn, "MN", "只导出该数采仪", false},
    };
    const struct cli_command cmd = {
        .usage = "yuheng log export --data DIR [--from T] [--to T] [--mn MN]",
        .summary = "导出原始数据帧,每行一个 JSON 对象",
        .options = options,
        .option_count = YH_LEN(options),
    };
    int args, code;
    struct data_paths paths;
    if (!cli_parse(&cmd, argc, argv, &args, &code))
        return code;
    f.mn = yh_str_of(mn);
    yh_err e = data_dir_existing(data, &paths);
    if (e == YH_OK)
        e = export_log(&paths, &f);
    return e == YH_OK ? CLI_OK : cli_fail(exit_for(e), "log export");
}

static yh_err print_checkpoint(const struct data_paths *paths)
{
    struct chain_config config = {.read_only = true};
    struct chain *c;
    struct chain_checkpoint newest;
    yh_buf_auto text = yh_buf_make(65536);
    YH_TRY(chain_open(paths->log, &config, NULL, &c));
    yh_err e = chain_checkpoint_latest(c, &text, &newest);
    chain_close(c);
    YH_TRY(e);
    return put_out(&text);
}

static int cmd_checkpoint(int argc, char **argv)
{
    const char *data = NULL;
    const struct cli_option options[] = {{"--data", CLI_TEXT, &data, "DIR", "数据目录", true}};
    const struct cli_command cmd = {
        .usage = "yuheng log checkpoint --data DIR",
        .summary = "输出最新的已签名检查点,供第三方留存",
        .options = options,
        .option_count = YH_LEN(options),
    };
    int args, code;
    struct data_paths paths;
    if (!cli_parse(&cmd, argc, argv, &args, &code))
        return code;
    yh_err e = data_dir_existing(data, &paths);
    if (e == YH_OK)
        e = print_checkpoint(&paths);
    return e == YH_OK ? CLI_OK : cli_fail(exit_for(e), "log checkpoint");
}

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} actions[] = {
    {"verify", cmd_verify},
    {"export", cmd_export},
    {"checkpoint", cmd_checkpoint},
    {"list", cmd_log_list},
    {"copy", cmd_log_copy},
    {"growth", cmd_log_growth},
};

int cmd_log(int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < YH_LEN(actions); i++)
        if (strcmp(argv[1], actions[i].name) == 0)
            return actions[i].run(argc - 1, argv + 1);
    bool help = argc > 1 && strcmp(argv[1], "--help") == 0;
    fprintf(help ? stdout : stderr, "%s用法:yuheng log verify|export|checkpoint|list|copy|growth --data DIR …(每个都有 --help)\n",
            help ? "" : "yuheng: log: ");
    return help ? CLI_OK : CLI_USAGE;
}
