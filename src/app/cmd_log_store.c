/* yuheng log list | copy | growth: segments on disk, copying them away, how fast they grow. */
#include <fcntl.h>
#include <unistd.h>

#include "app/cli.h"
#include "app/cmd_log.h"
#include "app/data_dir.h"
#include "base/file.h"
#include "base/json.h"
#include "base/sm3.h"
#include "chain/growth.h"
#include "chain/part.h"

#define OUT_MAX ((size_t)256 << 20)
#define CHUNK (1u << 20)

static yh_err put_out(yh_buf *out)
{
    YH_TRY(yh_buf_check(out));
    size_t put = fwrite(out->p, 1, out->n, stdout);
    if (put != out->n || fflush(stdout) != 0)
        return yh_fail_errno("cannot write the output");
    yh_buf_clear(out);
    return YH_OK;
}

static yh_err open_log(const char *data, struct chain **ret)
{
    struct chain_config config = {.read_only = true};
    struct data_paths paths;
    YH_TRY(data_dir_existing(data, &paths));
    return chain_open(paths.log, &config, NULL, ret);
}

static int finish(yh_err e, const char *what)
{
    return e == YH_OK ? CLI_OK : cli_fail(e == YH_E_CORRUPT ? CLI_FAILED : CLI_USAGE, what);
}

/* ---- list ---- */

static yh_err hash_fd(int fd, const char *path, uint64_t *ret_n, yh_sm3_hash *ret)
{
    yh_cleanup(yh_sm3_freep) struct yh_sm3 *sm3 = NULL;
    yh_free_auto char *chunk = malloc(CHUNK);
    if (!chunk)
        return yh_fail(YH_E_NO_MEMORY, "no memory to read %s", path);
    YH_TRY(yh_sm3_new(&sm3));
    yh_sm3_begin(sm3);
    uint64_t read_n = 0;
    for (;;) {
        ssize_t n = read(fd, chunk, CHUNK);
        if (n < 0)
            return yh_fail_errno("cannot read %s", path);
        if (n == 0)
            break;
        yh_sm3_add(sm3, chunk, (size_t)n);
        read_n += (uint64_t)n;
    }
    *ret_n = read_n;
    *ret = yh_sm3_end(sm3);
    return YH_OK;
}

/* NOT_FOUND: a running server has packed it meanwhile. */
static yh_err hash_file(const char *dir, const char *file, uint64_t *ret_n, yh_sm3_hash *ret)
{
    char path[DATA_PATH_MAX + 64];
    snprintf(path, sizeof path, "%s/%s", dir, file);
    yh_fd_auto fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return yh_fail_errno("cannot open %s", path);
    return hash_fd(fd, path, ret_n, ret);
}

static void segment_json(struct yh_json *j, size_t number, const struct chain_segment_info *s, const yh_sm3_hash *hash)
{
    yh_json_obj(j);
    yh_json_ku64(j, "number", number);
    yh_json_kz(j, "file", s->file);
    yh_json_ku64(j, "first", s->first);
    yh_json_key(j, "last");
    if (s->count)
        yh_json_u64(j, s->first + s->count - 1);
    else
        yh_json_null(j);
    yh_json_ku64(j, "records", s->count);
    yh_json_ktime(j, "from", s->from);
    yh_json_ktime(j, "to", s->to);
    yh_json_ku64(j, "bytes", s->plain_bytes);
    yh_json_key(j, "packed_bytes");
    if (s->packed)
        yh_json_u64(j, s->stored_bytes);
    else
        yh_json_null(j);
    yh_json_kbool(j, "sealed", s->sealed);
    yh_json_key(j, "sm3");
    yh_json_hex(j, hash->b, YH_SM3_LEN);
    yh_json_obj_end(j);
}

static yh_err list_one(const char *dir, size_t number, struct chain_segment_info *s)
{
    yh_buf_auto out = yh_buf_make(65536);
    struct yh_json j = yh_json_to(&out);
    yh_sm3_hash hash;
    yh_err e = hash_file(dir, s->file, &s->stored_bytes, &hash);
    if (e == YH_E_NOT_FOUND && s->sealed && !s->packed) {
        size_t n = strlen(s->file);
        snprintf(s->file + n, sizeof s->file - n, ".zst");
        e = hash_file(dir, s->file, &s->stored_bytes, &hash);
        s->packed = e == YH_OK;
    }
    YH_TRY(e);
    if (!s->packed) /* what was hashed: the last one may have grown */
        s->plain_bytes = s->stored_bytes;
    segment_json(&j, number, s, &hash);
    yh_buf_putc(&out, '\n');
    return put_out(&out);
}

static yh_err list(const char *data)
{
    struct chain *c;
    struct data_paths paths;
    yh_free_auto struct chain_segment_info *rows = NULL;
    size_t n;
    YH_TRY(data_dir_existing(data, &paths));
    YH_TRY(open_log(data, &c));
    yh_err e = chain_segments_get(c, &rows, &n);
    chain_close(c);
    for (size_t i = 0; e == YH_OK && i < n; i++)
        e = list_one(paths.log, i, &rows[i]);
    return e;
}

int cmd_log_list(int argc, char **argv)
{
    const char *data = NULL;
    const struct cli_option options[] = {{"--data", CLI_TEXT, &data, "DIR", "数据目录", true}};
    const struct cli_command cmd = {
        .usage = "yuheng log list --data DIR",
        .summary = "列出证据日志的分段,每行一个 JSON 对象:编号、首末序号、接收时间、字节数、压缩后字节数、文件 SM3",
        .options = options,
        .option_count = YH_LEN(options),
    };
    int args, code;
    if (!cli_parse(&cmd, argc, argv, &args, &code))
        return code;
    return finish(list(data), "log list");
}

/* ---- copy ---- */

static yh_err copy(const char *data, const char *to, uint64_t number)
{
    struct data_paths source, target;
    struct chain_copied done;
    yh_buf_auto out = yh_buf_make(65536);
    struct yh_json j = yh_json_to(&out);
    YH_TRY(data_dir_existing(data, &source));
    YH_TRY(data_dir_prepare(to, &target));
    YH_TRY(chain_copy(source.log, target.log, number, &done));
    yh_json_obj(&j);
    yh_json_ku64(&j, "first", done.first);
    yh_json_ku64(&j, "last", done.end - 1);
    yh_json_ku64(&j, "copied_segments", done.segments);
    yh_json_ku64(&j, "copied_bytes", done.bytes);
    yh_json_ku64(&j, "next_segment", done.next_segment);
    yh_json_obj_end(&j);
    yh_buf_putc(&out, '\n');
    return put_out(&out);
}

int cmd_log_copy(int argc, char **argv)
{
    const char *data = NULL, *to = NULL;
    int64_t number = 0;
    const struct cli_option options[] = {
        {"--data", CLI_TEXT, &data, "DIR", "数据目录", true},
        {"--to", CLI_TEXT, &to, "DIR", "复制到的目录;已有复制时只补新的分段", true},
        {"--from", CLI_NUMBER, &number, "N", "从第 N 段开始(编号见 log list),默认 0", false},
    };
    const struct cli_command cmd = {
        .usage = "yuheng log copy --data DIR --to DIR [--from N]",
        .summary = "复制已封存且已签名的分段,连同检查点与证明;复制件可用 log verify --part 单独核对",
        .options = options,
        .option_count = YH_LEN(options),
    };
    int args, code;
    if (!cli_parse(&cmd, argc, argv, &args, &code))
        return code;
    yh_err e = number < 0 ? yh_fail(YH_E_INVALID, "--from counts from 0") : copy(data, to, (uint64_t)number);
    return finish(e, "log copy");
}

/* ---- growth ---- */

static void growth_json(struct yh_json *j, struct chain_growth_row *const *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char day[16];
        chain_growth_day_text(rows[i]->day, day);
        yh_json_obj(j);
        yh_json_kz(j, "day", day);
        if (rows[i]->origin.n)
            yh_json_kstr(j, "mn", rows[i]->origin);
        else
            yh_json_kz(j, "mn", NULL);
        yh_json_ku64(j, "records", rows[i]->records);
        yh_json_ku64(j, "bytes", rows[i]->bytes);
        yh_json_obj_end(j);
    }
}

static yh_err growth(struct chain *c, int32_t from, int32_t to)
{
    yh_cleanup(chain_growth_done) struct chain_growth g = {0};
    yh_free_auto struct chain_growth_row **rows = NULL;
    yh_buf_auto out = yh_buf_make(OUT_MAX);
    struct yh_json j = yh_json_to(&out);
    struct chain_space space;
    size_t n;
    YH_TRY(chain_growth_read(c, from, to, &g));
    YH_TRY(chain_growth_sorted(&g, &rows, &n));
    YH_TRY(chain_space_get(c, &space));
    yh_json_obj(&j);
    yh_json_ku64(&j, "segments", space.segments);
    yh_json_ku64(&j, "packed", space.packed);
    yh_json_ku64(&j, "bytes", space.plain_bytes);
    yh_json_ku64(&j, "stored_bytes", space.stored_bytes);
    yh_json_key(&j, "rows");
    yh_json_arr(&j);
    growth_json(&j, rows, n);
    yh_json_arr_end(&j);
    yh_json_obj_end(&j);
    yh_buf_putc(&out, '\n');
    return put_out(&out);
}

int cmd_log_growth(int argc, char **argv)
{
    const char *data = NULL;
    yh_time from = YH_TIME_NONE, to = YH_TIME_NONE;
    const struct cli_option options[] = {
        {"--data", CLI_TEXT, &data, "DIR", "数据目录", true},
        {"--from", CLI_TIME, &from, "DAY", "自该日起", false},
        {"--to", CLI_TIME, &to, "DAY", "至该日止(含)", false},
    };
    const struct cli_command cmd = {
        .usage = "yuheng log growth --data DIR [--from DAY] [--to DAY]",
        .summary = "证据日志的增长:每站每日的记录数与字节数(JSON)",
        .options = options,
        .option_count = YH_LEN(options),
    };
    int args, code;
    struct chain *c;
    if (!cli_parse(&cmd, argc, argv, &args, &code))
        return code;
    yh_err e = open_log(data, &c);
    if (e == YH_OK) {
        e = growth(c, from == YH_TIME_NONE ? INT32_MIN : chain_growth_day(from),
                   to == YH_TIME_NONE ? INT32_MAX : chain_growth_day(to));
        chain_close(c);
    }
    return finish(e, "log growth");
}
