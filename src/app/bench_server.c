#include "app/bench_server.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "app/bench.h"
#include "base/file.h"
#include "net/tcp.h"

#define START_SECONDS 60
#define STOP_SECONDS  20
#define CONNECT_MS    2000
#define ANSWER_MAX    ((size_t)256 << 20)

/* ---- the process ---- */

bool bench_server_find(const char *program, char *ret, size_t size)
{
    const char *path = getenv("PATH");
    yh_str rest = yh_str_of(path ? path : "/usr/bin");
    for (;;) {
        size_t n = 0;
        while (n < rest.n && rest.p[n] != ':')
            n++;
        int length = snprintf(ret, size, "%.*s/%s", (int)n, rest.p, program);
        if (length > 0 && (size_t)length < size && access(ret, X_OK) == 0)
            return true;
        if (n == rest.n)
            break;
        rest = yh_str_sub(rest, n + 1, rest.n);
    }
    return snprintf(ret, size, "/usr/sbin/%s", program) < (int)size && access(ret, X_OK) == 0;
}

yh_err bench_server_port(uint16_t *ret)
{
    yh_fd_auto fd = -1;
    YH_TRY(net_listen("127.0.0.1", 0, 1, &fd));
    *ret = net_local_port(fd);
    return YH_OK;
}

static bool has_ended(struct bench_server *s)
{
    if (s->pid > 0 && waitpid(s->pid, NULL, WNOHANG) == s->pid)
        s->pid = 0;
    return s->pid == 0;
}

static void run_program(char *const *args, const char *log)
{
    int out = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (out < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
        _exit(126);
    execv(args[0], args);
    _exit(127);
}

yh_err bench_server_start(char *const *args, uint16_t port, const char *log, const char *target, struct bench_server *ret)
{
    fflush(NULL);
    struct bench_server s = {.fd = -1, .port = port, .in = yh_buf_make(ANSWER_MAX)};
    s.pid = fork();
    if (s.pid < 0)
        return yh_fail_errno("cannot start %s", args[0]);
    if (s.pid == 0)
        run_program(args, log);
    double until = bench_seconds() + START_SECONDS;
    yh_str body;
    while (!has_ended(&s) && bench_seconds() < until) {
        if (bench_server_ask(&s, target, (yh_str){0}, &body) == YH_OK) {
            *ret = s;
            return YH_OK;
        }
        bench_pause();
    }
    bench_server_stop(&s);
    return yh_fail(YH_E_INTERNAL, "%s did not start", args[0]);
}

void bench_server_stop(struct bench_server *s)
{
    yh_fd_close(&s->fd);
    yh_buf_done(&s->in);
    if (s->pid > 0)
        (void)kill(s->pid, SIGTERM);
    double until = bench_seconds() + STOP_SECONDS;
    while (!has_ended(s)) {
        if (bench_seconds() > until)
            (void)kill(s->pid, SIGKILL);
        bench_pause();
    }
}

double bench_server_cpu(const struct bench_server *s)
{
    clockid_t clock;
    struct timespec t = {0};
    if (s->pid > 0 && clock_getcpuclockid(s->pid, &clock) == 0)
        (void)clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- HTTP ---- */

static yh_err hang_up(struct bench_server *s, const char *why)
{
    yh_fd_close(&s->fd);
    s->fd = -1;
    return yh_fail(YH_E_CLOSED, "server on port %u: %s", (unsigned)s->port, why);
}

/* More bytes of the answer; they are added to s->in. */
static yh_err receive(struct bench_server *s)
{
    char *to = yh_buf_reserve(&s->in, 65536);
    if (!to)
        return hang_up(s, "the answer is too long");
    ssize_t got;
    do
        got = recv(s->fd, to, 65536, 0);
    while (got < 0 && errno == EINTR);
    if (got <= 0)
        return hang_up(s, "hung up");
    s->in.n += (size_t)got;
    return YH_OK;
}

/* The index behind `text`, from `from` on. */
static bool find_text(yh_str in, size_t from, const char *text, size_t *ret)
{
    size_t n = strlen(text);
    const char *at = from <= in.n ? memmem(in.p + from, in.n - from, text, n) : NULL;
    if (!at)
        return false;
    *ret = (size_t)(at - in.p) + n;
    return true;
}

static yh_err wait_text(struct bench_server *s, size_t from, const char *text, size_t *ret)
{
    while (!find_text(yh_buf_view(&s->in), from, text, ret))
        YH_TRY(receive(s));
    return YH_OK;
}

static yh_err wait_bytes(struct bench_server *s, size_t n)
{
    while (s->in.n < n)
        YH_TRY(receive(s));
    return YH_OK;
}

static bool header_value(const struct bench_server *s, size_t head, const char *name, yh_str *ret)
{
    size_t begin, end;
    yh_str all = {s->in.p, head};
    if (!find_text(all, 0, name, &begin) || !find_text(all, begin, "\r\n", &end))
        return false;
    *ret = yh_str_trim(yh_str_sub(all, begin, end - 2 - begin));
    return true;
}

/* Joins the chunks where they stand: the body begins at `head`. */
static yh_err take_chunks(struct bench_server *s, size_t head, size_t *ret_n)
{
    size_t at = head, to = head, text_end;
    for (;;) {
        YH_TRY(wait_text(s, at, "\r\n", &text_end));
        size_t n = strtoul(s->in.p + at, NULL, 16);
        if (n > ANSWER_MAX)
            return hang_up(s, "a chunk is too long");
        YH_TRY(wait_bytes(s, text_end + n + 2));
        memmove(s->in.p + to, s->in.p + text_end, n);
        to += n;
        at = text_end + n + 2;
        if (n == 0)
            break;
    }
    *ret_n = to - head;
    return YH_OK;
}

static yh_err take_body(struct bench_server *s, size_t head, size_t *ret_n)
{
    yh_str text;
    *ret_n = 0;
    if (header_value(s, head, "\r\nTransfer-Encoding:", &text) && yh_str_eq_nocase(text, YH_S("chunked")))
        return take_chunks(s, head, ret_n);
    if (header_value(s, head, "\r\nContent-Length:", &text)) {
        *ret_n = strtoul(text.p, NULL, 10);
        return wait_bytes(s, head + *ret_n);
    }
    return YH_OK; /* 204 */
}

static yh_err take_answer(struct bench_server *s, yh_str *ret_body)
{
    size_t head, n;
    yh_str text;
    yh_buf_clear(&s->in);
    YH_TRY(wait_text(s, 0, "\r\n\r\n", &head));
    unsigned long status = s->in.n > 12 ? strtoul(s->in.p + 9, NULL, 10) : 0;
    bool closes = header_value(s, head, "\r\nConnection:", &text) && yh_str_eq_nocase(text, YH_S("close"));
    YH_TRY(take_body(s, head, &n));
    *ret_body = (yh_str){s->in.p + head, n};
    if (closes) {
        yh_fd_close(&s->fd);
        s->fd = -1;
    }
    if (status == 200 || status == 204)
        return YH_OK;
    return yh_fail(YH_E_INTERNAL, "server on port %u: %lu %.*s", (unsigned)s->port, status,
                   (int)yh_min_size(n, 300), s->in.p + head);
}

yh_err bench_server_ask(struct bench_server *s, const char *target, yh_str body, yh_str *ret_body)
{
    if (s->fd < 0)
        YH_TRY(net_connect("127.0.0.1", s->port, CONNECT_MS, &s->fd));
    yh_buf_auto head = yh_buf_make(16384);
    yh_buf_printf(&head, "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nContent-Length: %zu\r\n\r\n", body.n ? "POST" : "GET",
                  target, (unsigned)s->port, body.n);
    YH_TRY(yh_buf_check(&head));
    if (yh_write_full(s->fd, "the server", head.p, head.n) != YH_OK ||
        (body.n && yh_write_full(s->fd, "the server", body.p, body.n) != YH_OK))
        return hang_up(s, "took no request");
    return take_answer(s, ret_body);
}

void bench_url_escape(yh_buf *out, const char *text)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";
    for (; *text; text++) {
        if (strchr(plain, *text))
            yh_buf_putc(out, *text);
        else
            yh_buf_printf(out, "%%%02X", (unsigned)(unsigned char)*text);
    }
}
