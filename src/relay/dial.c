#include "relay/dial.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>

#include "base/file.h"
#include "net/tcp.h"

struct relay_dial {
    pthread_mutex_t lock; /* guards the rest of what changes */
    bool done, dropped;
    int fd;
    yh_err error;
    char cause[160];
    char host[256];
    uint16_t port;
    int timeout_ms;
};

static void dial_free(struct relay_dial *d)
{
    yh_fd_close(&d->fd);
    pthread_mutex_destroy(&d->lock);
    free(d);
}

/* For officers; `why` is an errno, 0 for a name that means nothing. */
static const char *cause_of(int why)
{
    static const struct {
        int why;
        const char *text;
    } rows[] = {
        {0, "地址无法解析,请核对域名或 IP"}, {ECONNREFUSED, "对方拒绝连接,请核对端口及对方服务是否启动"},
        {ETIMEDOUT, "连接超时,请核对地址与防火墙"}, {EHOSTUNREACH, "网络不通,请检查线路"},
        {ENETUNREACH, "网络不通,请检查线路"}, {EACCES, "本机防火墙不允许连接"}, {EPERM, "本机防火墙不允许连接"},
    };
    for (size_t i = 0; i < YH_LEN(rows); i++)
        if (rows[i].why == why)
            return rows[i].text;
    return NULL;
}

/* The last one out frees. */
static void *dial_main(void *user)
{
    struct relay_dial *d = user;
    int fd = -1;
    errno = 0;
    yh_err e = net_connect(d->host, d->port, d->timeout_ms, &fd);
    const char *cause = e == YH_OK ? NULL : cause_of(e == YH_E_INVALID ? 0 : errno);
    if (e == YH_OK && fcntl(fd, F_SETFL, O_NONBLOCK) != 0) {
        e = yh_fail_errno("cannot use the connection to %s", d->host);
        yh_fd_close(&fd);
    }
    pthread_mutex_lock(&d->lock);
    d->fd = fd;
    d->error = e;
    if (e != YH_OK)
        snprintf(d->cause, sizeof d->cause, "%s", cause ? cause : yh_cause());
    d->done = true;
    bool dropped = d->dropped;
    pthread_mutex_unlock(&d->lock);
    if (dropped)
        dial_free(d);
    return NULL;
}

yh_err relay_dial_start(yh_str host, uint16_t port, int timeout_ms, struct relay_dial **ret)
{
    struct relay_dial *d = calloc(1, sizeof *d);
    pthread_t thread;
    if (!d)
        return yh_fail(YH_E_NO_MEMORY, "no memory to connect");
    d->fd = -1;
    d->port = port;
    d->timeout_ms = timeout_ms;
    snprintf(d->host, sizeof d->host, "%.*s", YH_FMT(host));
    pthread_mutex_init(&d->lock, NULL);
    if (pthread_create(&thread, NULL, dial_main, d) != 0) {
        dial_free(d);
        return yh_fail(YH_E_NO_MEMORY, "no thread to connect");
    }
    pthread_detach(thread);
    *ret = d;
    return YH_OK;
}

yh_err relay_dial_take(struct relay_dial **dial, int *ret_fd)
{
    struct relay_dial *d = *dial;
    pthread_mutex_lock(&d->lock);
    bool done = d->done;
    pthread_mutex_unlock(&d->lock);
    if (!done)
        return YH_E_BUSY;
    yh_err e = d->error == YH_OK ? YH_OK : yh_fail(d->error, "%s", d->cause);
    if (e == YH_OK) {
        *ret_fd = d->fd;
        d->fd = -1;
    }
    *dial = NULL;
    dial_free(d);
    return e;
}

void relay_dial_drop(struct relay_dial **dial)
{
    struct relay_dial *d = *dial;
    *dial = NULL;
    if (!d)
        return;
    pthread_mutex_lock(&d->lock);
    bool done = d->done;
    d->dropped = true;
    pthread_mutex_unlock(&d->lock);
    if (done)
        dial_free(d);
}
