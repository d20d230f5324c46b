/* Servers in a process of their own, and the bare echo server. */
#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "app/bench_load.h"
#include "base/file.h"
#include "net/tcp.h"

#define EVENTS 64

static bool read_full(int fd, void *to, size_t n)
{
    size_t have = 0;
    while (have < n) {
        ssize_t got = read(fd, (char *)to + have, n - have);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        have += (size_t)got;
    }
    return true;
}

static int run_child(int control, yh_err (*serve)(int control, void *user), void *user)
{
    yh_err e = serve(control, user);
    if (e != YH_OK)
        fprintf(stderr, "yuheng: bench: server: %s\n", yh_cause());
    return e == YH_OK ? 0 : 1;
}

yh_err bench_child_start(yh_err (*serve)(int control, void *user), void *user, struct bench_child *ret)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return yh_fail_errno("cannot make a socket pair");
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        close(pair[0]);
        _exit(run_child(pair[1], serve, user));
    }
    close(pair[1]);
    struct bench_child c = {.pid = pid, .control = pair[0]};
    if (pid < 0) {
        close(pair[0]);
        return yh_fail_errno("cannot start a server process");
    }
    if (!read_full(c.control, &c.port, sizeof c.port)) {
        bench_child_stop(&c);
        return yh_fail(YH_E_INTERNAL, "the server process did not start");
    }
    *ret = c;
    return YH_OK;
}

void bench_child_stop(struct bench_child *c)
{
    if (c->pid <= 0)
        return;
    yh_fd_close(&c->control);
    while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    *c = (struct bench_child){.control = -1};
}

yh_err bench_child_ask(const struct bench_child *c, void *reply, size_t n)
{
    YH_TRY(yh_write_full(c->control, "the server process", "?", 1));
    return read_full(c->control, reply, n) ? YH_OK : yh_fail(YH_E_CLOSED, "the server process ended");
}

double bench_child_cpu(const struct bench_child *c)
{
    clockid_t clock;
    struct timespec t = {0};
    if (clock_getcpuclockid(c->pid, &clock) == 0)
        (void)clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

double bench_child_rss(const struct bench_child *c)
{
    char path[64], line[128];
    long pages = 0;
    snprintf(path, sizeof path, "/proc/%d/statm", c->pid);
    FILE *f = fopen(path, "re");
    if (f && fgets(line, sizeof line, f)) {
        const char *second = strchr(line, ' ');
        pages = second ? strtol(second, NULL, 10) : 0;
    }
    if (f)
        fclose(f);
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

yh_err bench_serve_ready(int control, uint16_t port)
{
    return yh_write_full(control, "the bench", &port, sizeof port);
}

bool bench_serve_asked(int control)
{
    char question;
    return read_full(control, &question, 1);
}

/* ---- echo ---- */

struct echo {
    int epoll, listen_fd, control;
    char bytes[65536];
};

static bool watch(const struct echo *s, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    return epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static void accept_one(const struct echo *s)
{
    int fd;
    if (net_accept(s->listen_fd, &fd) != YH_OK)
        return;
    (void)fcntl(fd, F_SETFL, 0); /* blocking: a send that waits is the simplest back-pressure */
    if (!watch(s, fd))
        close(fd);
}

static void echo_one(struct echo *s, int fd)
{
    ssize_t got = recv(fd, s->bytes, sizeof s->bytes, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0 || send(fd, s->bytes, (size_t)got, MSG_NOSIGNAL) != got)
        close(fd);
}

static yh_err echo_loop(struct echo *s)
{
    struct epoll_event events[EVENTS];
    for (;;) {
        int n = epoll_wait(s->epoll, events, EVENTS, -1);
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            if (fd == s->control)
                return YH_OK;
            if (fd == s->listen_fd)
                accept_one(s);
            else
                echo_one(s, fd);
        }
    }
}

yh_err bench_echo_serve(int control, void *user)
{
    (void)user;
    static struct echo s;
    s = (struct echo){.control = control, .epoll = epoll_create1(EPOLL_CLOEXEC)};
    YH_TRY(net_listen("127.0.0.1", 0, 1024, &s.listen_fd));
    if (s.epoll < 0 || !watch(&s, s.listen_fd) || !watch(&s, control))
        return yh_fail_errno("cannot watch the listener");
    YH_TRY(bench_serve_ready(control, net_local_port(s.listen_fd)));
    return echo_loop(&s);
}
