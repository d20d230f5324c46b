#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include "app/cli.h"
#include "app/cmd.h"
#include "base/file.h"
#include "base/json.h"
#include "hj212/frame.h"
#include "hj212/framer.h"
#include "hj212/sm4.h"
#include "hj212/text.h"

#define CHUNK ((size_t)64 * 1024)
#define LINE_MAX_BYTES ((size_t)64 * 1024) /* of escaped text */
#define OUTPUT_MAX ((size_t)4 * 1024 * 1024)

struct decoder {
    struct hj212_key key;
    yh_buf scratch; /* deciphered CP area */
    yh_buf out;     /* JSON lines not yet written */
    struct hj212_frame frame;
};

static yh_err flush(struct decoder *d)
{
    YH_TRY(yh_buf_check(&d->out));
    YH_TRY(yh_write_full(STDOUT_FILENO, "standard output", d->out.p, d->out.n));
    yh_buf_clear(&d->out);
    return YH_OK;
}

static yh_err end_line(struct decoder *d)
{
    yh_buf_putc(&d->out, '\n');
    return d->out.n >= CHUNK ? flush(d) : YH_OK;
}

static yh_err print_junk(struct decoder *d, yh_str raw)
{
    struct yh_json j = yh_json_to(&d->out);
    hj212_junk_json(raw, &j);
    return end_line(d);
}

static yh_err print_frame(struct decoder *d, yh_str raw)
{
    struct yh_json j = yh_json_to(&d->out);
    hj212_parse(raw, &d->key, &d->scratch, &d->frame);
    hj212_frame_json(&d->frame, raw, hj212_frame_event(&d->frame), &j);
    return end_line(d);
}

static yh_err print_events(struct decoder *d, struct hj212_framer *f, yh_buf *held, bool end)
{
    size_t done = 0;
    struct hj212_event e;
    while (hj212_framer_next(f, yh_str_sub(yh_buf_view(held), done, held->n), end, &e) != HJ212_NEED_MORE) {
        YH_TRY(e.kind == HJ212_JUNK ? print_junk(d, e.raw) : print_frame(d, e.raw));
        done += e.consumed;
    }
    yh_buf_consume(held, done + e.consumed);
    return YH_OK;
}

static void close_gz(gzFile *g)
{
    if (*g)
        gzclose_r(*g);
}

/* Appends up to CHUNK bytes; *ret_n == 0 at the end. Plain and gzip input alike. */
static yh_err read_chunk(gzFile in, const char *name, yh_buf *to, size_t *ret_n)
{
    char *room = yh_buf_reserve(to, CHUNK);
    if (!room)
        return yh_buf_check(to);
    int n = gzread(in, room, (unsigned)CHUNK);
    int code = Z_OK;
    const char *why = n <= 0 ? gzerror(in, &code) : "";
    if (n < 0 || code < Z_OK)
        return yh_fail(YH_E_INVALID, "%s: cannot read: %s", name, code == Z_ERRNO ? strerror(errno) : why);
    to->n += (size_t)n;
    *ret_n = (size_t)n;
    return YH_OK;
}

static yh_err decode_stream(struct decoder *d, gzFile in, const char *name)
{
    struct hj212_framer framer = {0};
    yh_buf_auto held = yh_buf_make(CHUNK + HJ212_BUFFER_MAX);
    size_t n;
    do {
        YH_TRY(read_chunk(in, name, &held, &n));
        YH_TRY(print_events(d, &framer, &held, n == 0));
    } while (n);
    return YH_OK;
}

/* The frame of a line: what the framer cuts out first, or the whole line when it finds none. */
static yh_str frame_of_line(yh_str line)
{
    struct hj212_framer framer = {0};
    struct hj212_event e;
    yh_str rest = line;
    while (hj212_framer_next(&framer, rest, true, &e) != HJ212_NEED_MORE) {
        if (e.kind != HJ212_JUNK)
            return e.raw;
        rest = yh_str_sub(rest, e.consumed, rest.n);
    }
    return line;
}

static yh_err print_line(struct decoder *d, yh_str line)
{
    yh_str raw = frame_of_line(line);
    hj212_parse(raw, &d->key, &d->scratch, &d->frame);
    if (d->frame.segment.p == raw.p) /* no "##" and length before it */
        return print_junk(d, line);
    return print_frame(d, raw);
}

static yh_err take_lines(struct decoder *d, yh_buf *held, yh_buf *bytes, const char *name, uint64_t *number, bool end)
{
    size_t done = 0;
    yh_str all = yh_buf_view(held);
    while (done < all.n) {
        size_t newline = yh_str_find(all, '\n', done);
        if (newline == all.n && !end)
            break;
        yh_str line = yh_str_sub(all, done, newline - done);
        if (yh_str_ends(line, YH_S("\r")))
            line.n--;
        (*number)++;
        yh_buf_clear(bytes);
        if (!hj212_unescape(line, bytes))
            return yh_fail(YH_E_INVALID, "%s: line %llu: not an escaped frame （\\r \\n \\t \\\\ \\xHH)", name,
                           (unsigned long long)*number);
        YH_TRY(print_line(d, yh_buf_view(bytes)));
        done = newline < all.n ? newline + 1 : all.n;
    }
    yh_buf_consume(held, done);
    if (held->n > LINE_MAX_BYTES)
        return yh_fail(YH_E_TOO_LARGE, "%s: line %llu is longer than %zu bytes", name,
                       (unsigned long long)*number + 1, LINE_MAX_BYTES);
    return YH_OK;
}

static yh_err decode_lines(struct decoder *d, gzFile in, const char *name)
{
    yh_buf_auto held = yh_buf_make(LINE_MAX_BYTES + CHUNK);
    yh_buf_auto bytes = yh_buf_make(LINE_MAX_BYTES + CHUNK);
    uint64_t number = 0;
    size_t n;
    do {
        YH_TRY(read_chunk(in, name, &held, &n));
        YH_TRY(take_lines(d, &held, &bytes, name, &number, n == 0));
    } while (n);
    return YH_OK;
}

static yh_err open_input(const char *path, gzFile *ret)
{
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : dup(STDIN_FILENO);
    if (fd < 0)
        return yh_fail_errno("%s", path ? path : "standard input");
    gzFile g = gzdopen(fd, "rb");
    if (!g) {
        close(fd);
        return yh_fail(YH_E_NO_MEMORY, "out of memory");
    }
    *ret = g;
    return YH_OK;
}

static yh_err decode(struct decoder *d, const char *key, const char *path, bool lines)
{
    yh_cleanup(close_gz) gzFile in = NULL;
    const char *name = path ? path : "standard input";
    if (key)
        YH_TRY(hj212_key_parse(yh_str_of(key), &d->key));
    YH_TRY(open_input(path, &in));
    return lines ? decode_lines(d, in, name) : decode_stream(d, in, name);
}

int cmd_decode(int argc, char **argv)
{
    bool lines = false;
    const char *key = NULL;
    const struct cli_option options[] = {
        {"--lines", CLI_FLAG, &lines, NULL, "输入为文本，每行一帧（\\r \\n \\t \\\\ \\xHH 转义）", false},
        {"--key", CLI_TEXT, &key, "HEX", "SM4 密钥，32 位十六进制", false},
    };
    const struct cli_command cmd = {
        .usage = "yuheng decode [--lines] [--key HEX] [FILE]",
        .summary = "把 HJ 212 字节流（也可为 .gz）逐帧解析，每帧输出一行 JSON；没有 FILE 时读标准输入",
        .options = options,
        .option_count = YH_LEN(options),
        .max_args = 1,
    };
    int args, status = CLI_OK;
    if (!cli_parse(&cmd, argc, argv, &args, &status))
        return status;
    struct decoder d = {.scratch = yh_buf_make(2 * HJ212_SEGMENT_MAX), .out = yh_buf_make(OUTPUT_MAX)};
    if (decode(&d, key, args ? argv[0] : NULL, lines) != YH_OK)
        status = cli_fail(CLI_USAGE, "decode");
    if (flush(&d) != YH_OK && status == CLI_OK) /* also what was decoded before a failure */
        status = cli_fail(CLI_USAGE, "decode");
    yh_buf_done(&d.scratch);
    yh_buf_done(&d.out);
    return status;
}
