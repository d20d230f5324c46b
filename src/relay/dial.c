#include "relay/dial.h"

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

/* The last one out frees. */
static void *dial_main(void *user)
{
    struct relay_dial *d = user;
    int fd = -1;
    yh_err e = net_connect(d->host, d->port, d->timeout_ms, &fd);
    if (e == YH_OK && fcntl(fd, F_SETFL, O_NONBLOCK) != 0) {
        e = yh_fail_errno("cannot use the connection to %s", d->host);
        yh_fd_close(&fd);
    }
    pthread_mutex_lock(&d->lock);
    d->fd = fd;
    d->error = e;
    if (e != YH_OK)
        snprintf(d->cause, sizeof d->cause, "%s", yh_cause());
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
